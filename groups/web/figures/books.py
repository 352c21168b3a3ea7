"""Whether the books are sound: what the nightly looks at them have found, and a button to look now."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from config.database import clock
from config.services import database, settings
from groups.coverage import books
from groups.coverage.jobs import check_books_of
from groups.models.accounts import AccountRole
from groups.rules.days import local_day
from groups.web.enrolment.common import WRITERS, own_villages
from groups.web.shell import page_warnings
from groups.web.shell.access import requires, signed_in
from groups.web.shell.languages import in_readers_language
from groups.web.shell.times import zone

pages = Blueprint("books", __name__, url_prefix="/coverage/books")


def register(app: Flask) -> None:
    """Add the page, and the line on every page of an administrator."""
    app.register_blueprint(pages)
    page_warnings.add(app, _warnings)


@pages.get("")
@requires(*WRITERS)
def show() -> ResponseReturnValue:
    """What was found, day by day, the last first."""
    with database().begin(reads=True) as session:
        checks = books.last_checks(session)
    told = [(each, [in_readers_language(flaw) for flaw in books.flaws_of(each)]) for each in checks]
    return render_template("figures/books.html", checks=told)


@pages.post("")
@requires(*WRITERS)
def check() -> ResponseReturnValue:
    """Look at the books now, also where that was done today; of a county the bulk worker does."""
    with database().begin(reads=True) as session:
        large = own_villages(session).many
    if large and books.ENLIST_CHECK.of()():
        flash(gettext("The books are being looked at: load the page again in a minute."), "success")
    else:
        check_books_of(settings().database_url, database(), zone(), again=True)
        flash(gettext("The books were looked at."), "success")
    return redirect(url_for("books.show"), 303)


def _warnings() -> list[str]:
    """For an administrator: that something was found, or that nobody has looked for days."""
    account = signed_in()
    if account is None or account.role is not AccountRole.ADMIN:
        return []
    try:
        with database().begin(reads=True) as session:
            checks, today = books.last_checks(session, 1), local_day(clock(session), zone())
    except SQLAlchemyError:
        return []
    if not checks:
        return []
    if checks[0].found:
        text = gettext("The books of %(day)s are not sound: see Coverage, Books.", day=checks[0].day.isoformat())
        return [str(text)]
    if (today - checks[0].day).days > books.LATE_AFTER:
        text = gettext("The books were last looked at on %(day)s.", day=checks[0].day.isoformat())
        return [str(text)]
    return []
