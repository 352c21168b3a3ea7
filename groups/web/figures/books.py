"""Whether the books are sound: what the nightly looks at them have found, and a button to look now."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from config.database import read_clock
from config.services import get_database, get_settings
from groups.coverage import nightly_check
from groups.coverage.jobs import check_books_of
from groups.models.accounts import AccountRole
from groups.rules.days import find_local_day
from groups.web.enrolment.common import WRITERS, list_own_villages
from groups.web.shell import page_warnings
from groups.web.shell.access import find_signed_in, require
from groups.web.shell.languages import tell_reader
from groups.web.shell.times import get_zone

pages = Blueprint("books", __name__, url_prefix="/coverage/books")


def register(app: Flask) -> None:
    """Add the page, and the line on every page of an administrator."""
    app.register_blueprint(pages)
    page_warnings.add(app, _list_warnings)


@pages.get("")
@require(*WRITERS)
def show() -> ResponseReturnValue:
    """What was found, day by day, the last first."""
    with get_database().begin(reads=True) as session:
        checks = nightly_check.read_last_checks(session)
    told = [(each, [tell_reader(flaw) for flaw in nightly_check.read_flaws(each)]) for each in checks]
    return render_template("figures/books.html", checks=told)


@pages.post("")
@require(*WRITERS)
def check() -> ResponseReturnValue:
    """Look at the books now, also where that was done today; of a county the bulk worker does."""
    with get_database().begin(reads=True) as session:
        large = list_own_villages(session).many
    if large and nightly_check.ENLIST_CHECK.of()():
        flash(gettext("The books are being looked at: load the page again in a minute."), "success")
    else:
        check_books_of(get_settings().database_url, get_database(), get_zone(), again=True)
        flash(gettext("The books were looked at."), "success")
    return redirect(url_for("books.show"), 303)


def _list_warnings() -> list[str]:
    """For an administrator: that something was found, or that nobody has looked for days."""
    account = find_signed_in()
    if account is None or account.role is not AccountRole.ADMIN:
        return []
    try:
        with get_database().begin(reads=True) as session:
            checks, today = nightly_check.read_last_checks(session, 1), find_local_day(read_clock(session), get_zone())
    except SQLAlchemyError:
        return []
    if not checks:
        return []
    if checks[0].found:
        text = gettext("The books of %(day)s are not sound: see Coverage, Books.", day=checks[0].day.isoformat())
        return [str(text)]
    if (today - checks[0].day).days > nightly_check.LATE_AFTER:
        text = gettext("The books were last looked at on %(day)s.", day=checks[0].day.isoformat())
        return [str(text)]
    return []
