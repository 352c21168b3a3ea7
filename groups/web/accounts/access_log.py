"""Who looked at people's numbers, for administrators: by person, by household, and what is unusual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from flask import Blueprint, Flask, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.models.accounts import Account, AccountRole
from groups.models.roster import Household, Village
from groups.privacy import access_log
from groups.privacy.access_log import LookQuestion
from groups.rules.days import end_of
from groups.web.history.filters import MOST_OFFERED, Sought
from groups.web.shell.access import require
from groups.web.shell.times import get_zone

pages = Blueprint("looks", __name__)

PAGES: Mapping[str, LazyString] = {
    "villages": _l("Village"),
    "group": _l("Group"),
    "household": _l("Household"),
    "roster_files": _l("Roster as a file"),
    "printing": _l("Directory"),
    "town_directory": _l("Directory of the town"),
    "watch": _l("Lists of a village"),
    "centre": _l("Town centre"),
    "imports": _l("Preview of a list"),
    "uploads": _l("Preview of a list"),
    "history": _l("Changes"),
    "accounts": _l("Accounts"),
    "enrolment": _l("Sign-ups"),
    "enrolment_consents": _l("Consent"),
    "enrolment_devices": _l("Ledger of gifts"),
    "enrolment_household": _l("Sign-ups"),
    "enrolment_history": _l("Sign-ups"),
    "enrolment_bill": _l("Bill"),
    "enrolment_lists": _l("Carrier's list"),
    "coverage": _l("Check household by household"),
    "api": _l("API for other systems"),
    "board": _l("Incident"),
    "actions": _l("Incident"),
    "mutes": _l("Muted numbers"),
    "links": _l("Link in a text"),
    "upkeep": _l("Numbers to mend"),
    "village_checks": _l("Half-monthly check"),
    "command": _l("Command"),
    "looks": _l("Who looked"),
}
"""The pages that show numbers, by the name of their blueprint; a command has none."""


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(pages)


@pages.get("/looks")
@require(AccountRole.ADMIN)
def show_looks() -> ResponseReturnValue:
    """The looks of all, of one `account`, or at one `household`, by person, village and day; without any of these, the
    sums of each person.
    """
    with get_database().begin(reads=True) as session:
        sought = Sought.read(session)
        question = LookQuestion(
            account_id=_read_id("account"),
            household_id=_read_id("household"),
            older_than=_read_id("before"),
            who=sought.who,
            village_id=sought.village.id if sought.village else None,
            span=None if sought.day is None else _make_span(sought.day),
        )
        whole = question == LookQuestion() and not sought.wrong
        lines, older = ([], None) if sought.wrong else access_log.read_looks(session, question)
        people = access_log.sum_by_person(session, read_clock(session), get_zone()) if whole else []
        title = _write_title(session, question)
        villages = session.scalars(select(Village.name).order_by(Village.id).limit(MOST_OFFERED)).all()
    html = render_template(
        "accounts/looks.html",
        lines=lines,
        older=older,
        people=people,
        title=title,
        question=question,
        sought=sought,
        villages=villages,
        days=access_log.REVIEWED.days,
        words=tell_page,
    )
    return html, 422 if sought.wrong else 200


def _make_span(day: date) -> tuple[datetime, datetime]:
    """The local day from its first moment to the next one's."""
    tick = timedelta(microseconds=1)
    return end_of(day - timedelta(days=1), get_zone()) + tick, end_of(day, get_zone()) + tick


def tell_page(page: str) -> LazyString | str:
    """A page in words; its name in the code where there are none."""
    return PAGES.get(page.partition(".")[0], page)


def _read_id(name: str) -> int | None:
    found = request.args.get(name, type=int)
    return found if found is None or 0 < found < 2**63 else 0


def _write_title(session: Session, question: LookQuestion) -> str:
    """Whose looks these are, or whose numbers; 404 where there is nobody of this id."""
    if question.account_id is not None:
        account = session.get(Account, question.account_id)
        return account.name if account is not None else abort(404)
    if question.household_id is not None:
        household = session.get(Household, question.household_id)
        return household.head if household is not None else abort(404)
    return ""
