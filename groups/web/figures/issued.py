"""Reports as they were issued: the list, each as reported beside what is known today, and the files as they were."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.coverage import exports, figures, issued
from groups.coverage.rules.query import QUERY_WORDS, CoverageQuery, read_query
from groups.errors import GroupsError, InvalidChoice, UnknownVillage
from groups.models.batch import Author
from groups.models.changes import Source
from groups.web.enrolment.common import WRITERS, read_today, write_error
from groups.web.shell.access import get_signed_in, require
from groups.web.shell.downloads import TOWN, name_download
from groups.web.shell.times import get_zone

pages = Blueprint("issued", __name__, url_prefix="/coverage/reports")
MOST_SHOWN = 200


@pages.get("")
@require(*WRITERS)
def show() -> ResponseReturnValue:
    """The reports that were issued, the last first."""
    with get_database().begin(reads=True) as session:
        return render_template("figures/issued.html", reports=issued.list_issued(session, MOST_SHOWN))


@pages.post("")
@require(*WRITERS)
def issue() -> ResponseReturnValue:
    """Keep the report that the form's words ask for, as it stands now."""
    account = get_signed_in()
    try:
        with get_database().begin() as session:
            by = Author(account.name, Source.PAGE, account.account_id)
            number = issued.issue(session, _read_asked(session), by, read_clock(session), get_zone()).id
    except UnknownVillage:
        abort(404)
    except GroupsError as error:
        flash(write_error(error), "danger")
        return redirect(url_for("coverage.show"), 303)
    flash(gettext("Report %(number)s was issued.", number=number), "success")
    return redirect(url_for("issued.show_report", number=number), 303)


@pages.get("/<int:number>")
@require(*WRITERS)
def show_report(number: int) -> ResponseReturnValue:
    """As reported, and as known today."""
    try:
        with get_database().begin(reads=True) as session:
            beside = issued.compare_with_today(session, number, read_clock(session), get_zone())
            return render_template("figures/issued_report.html", beside=beside, forms=[*exports.FORMS])
    except InvalidChoice:
        abort(404)


@pages.get("/<int:number>/report.<form>")
@require(*WRITERS)
def export_printed(number: int, form: str) -> ResponseReturnValue:
    """The report in one of its forms, byte for byte as it was issued."""
    if form not in exports.FORMS:
        abort(404)
    try:
        with get_database().begin(reads=True) as session:
            content = issued.reprint(session, number, form)
            as_of = issued.get_issued(session, number).as_of
    except InvalidChoice:
        abort(404)
    except GroupsError as error:
        return Response(write_error(error), 500, mimetype="text/plain")
    response = Response(content, content_type=exports.FORMS[form])
    response.headers.update(
        name_download(f"{TOWN}十户联防覆盖率报表{number}号{as_of}.{form}", f"coverage-report-{number}-{as_of}.{form}")
    )
    return response


def _read_asked(session: Session) -> CoverageQuery:
    words = {name: word for name, word in request.form.items() if name in QUERY_WORDS}
    return read_query(words, figures.find_latest_day(session, read_today(session)), get_zone(), read_clock(session))
