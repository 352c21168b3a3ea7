"""Reports as they were issued: the list, each as reported beside what is known today, and the files as they were."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.database import clock
from config.services import database
from groups.coverage import exports, figures, issued
from groups.coverage.rules.query import QUERY_WORDS, CoverageQuery, query_of
from groups.errors import GroupsError, InvalidChoice, UnknownVillage
from groups.models.batch import Author
from groups.models.changes import Source
from groups.web.enrolment.common import WRITERS, today_of, words_of
from groups.web.shell.access import current, requires
from groups.web.shell.times import zone

pages = Blueprint("issued", __name__, url_prefix="/coverage/reports")
MOST_SHOWN = 200


@pages.get("")
@requires(*WRITERS)
def show() -> ResponseReturnValue:
    """The reports that were issued, the last first."""
    with database().begin(reads=True) as session:
        return render_template("figures/issued.html", reports=issued.issued_reports(session, MOST_SHOWN))


@pages.post("")
@requires(*WRITERS)
def issue() -> ResponseReturnValue:
    """Keep the report that the form's words ask for, as it stands now."""
    account = current()
    try:
        with database().begin() as session:
            by = Author(account.name, Source.PAGE, account.account_id)
            number = issued.issue(session, _asked(session), by, clock(session), zone()).id
    except UnknownVillage:
        abort(404)
    except GroupsError as error:
        flash(words_of(error), "danger")
        return redirect(url_for("coverage.show"), 303)
    flash(gettext("Report %(number)s was issued.", number=number), "success")
    return redirect(url_for("issued.report", number=number), 303)


@pages.get("/<int:number>")
@requires(*WRITERS)
def report(number: int) -> ResponseReturnValue:
    """As reported, and as known today."""
    try:
        with database().begin(reads=True) as session:
            beside = issued.beside_today(session, number, clock(session), zone())
            return render_template("figures/issued_report.html", beside=beside, forms=[*exports.FORMS])
    except InvalidChoice:
        abort(404)


@pages.get("/<int:number>/report.<form>")
@requires(*WRITERS)
def printed(number: int, form: str) -> ResponseReturnValue:
    """The report in one of its forms, byte for byte as it was issued."""
    if form not in exports.FORMS:
        abort(404)
    try:
        with database().begin(reads=True) as session:
            content = issued.printed_again(session, number, form)
            as_of = issued.issued_report(session, number).as_of
    except InvalidChoice:
        abort(404)
    except GroupsError as error:
        return Response(words_of(error), 500, mimetype="text/plain")
    response = Response(content, content_type=exports.FORMS[form])
    response.headers["Content-Disposition"] = f"attachment; filename=coverage-report-{number}-{as_of}.{form}"
    return response


def _asked(session: Session) -> CoverageQuery:
    words = {name: word for name, word in request.form.items() if name in QUERY_WORDS}
    return query_of(words, figures.latest_day(session, today_of(session)), zone())
