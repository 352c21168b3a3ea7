"""Erasing a household: names, doors and numbers go, the rows stay, so that the figures of the past stay as they were.

What a sign-up or a home counts for hangs on ids and days, never on a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, false, or_, select, update
from sqlalchemy.orm import Session

from config.database import match_any
from groups.errors import NoSuchHousehold, say
from groups.models.accounts import Account
from groups.models.batch import Batch
from groups.models.changes import ERASED, Change
from groups.models.enrolment import Subscription
from groups.models.responders import Responder
from groups.models.roster import Household, Phone
from groups.models.uploads import UploadRow
from groups.roster.households import archive_household
from groups.rules.names import make_keys

PERSONAL = frozenset(
    {"head", "door", "landmark", "note", "number", "holder", "consent_by", "search", "initials", "given", "serial"}
)
"""Columns that say who somebody is, wherever they stand in the record of changes."""
SENSITIVE = frozenset({"away_until", "first_help"})
"""What stands there of somebody's absence and health."""


def erase_household(batch: Batch, household_id: int) -> list[str]:
    """Take the household off the roster and blank whatever says who it was; its numbers, which others may still hold.

    That it was erased is on record, and nothing of what it was. Raises NoSuchHousehold.
    """
    session = batch.session
    household = session.get(Household, household_id)
    if household is None:
        raise NoSuchHousehold(say("no_such_household"))
    numbers = list_numbers(session, household_id)
    if household.archived_at is None:
        archive_household(batch, household)
    blank: dict[str, Any] = dict.fromkeys(("door", "landmark", "note"), "")
    blank |= {"away_until": None, "first_help": None, "silent": False}
    batch.change(household, head=ERASED, **blank, **make_keys(ERASED))
    for phone in session.scalars(select(Phone).where(Phone.household_id == household_id)).all():
        batch.change(phone, number="", holder="")
        phone.ending = ""
    for row in session.scalars(select(Subscription).where(Subscription.household_id == household_id)).all():
        batch.change(row, number="", consent_by=ERASED if row.consent_by else "")
    # Those of just now too: that it was erased is on record, and nothing of what it was.
    blank_changes(session, session.scalars(select(Change).where(Change.household_id == household_id)).all())
    erase_from_lists(session, numbers)
    return numbers


def list_numbers(session: Session, household_id: int) -> list[str]:
    """Every number that the household has or had, on its phones and its bills."""
    of_phones = session.scalars(select(Phone.number).where(Phone.household_id == household_id))
    billed = session.scalars(select(Subscription.number).where(Subscription.household_id == household_id))
    return sorted({number for number in (*of_phones, *billed) if number})


def erase_phones(session: Session, ids: Sequence[int]) -> None:
    """Blank the numbers and holders of archived phones; a phone that is on the roster keeps them."""
    archived = update(Phone).where(match_any(session, Phone.__table__.c.id, ids), Phone.archived_at.is_not(None))
    session.execute(archived.values(number="", ending="", holder=""))


def erase_former_duties(session: Session, numbers: Sequence[str]) -> None:
    """Blank responders who were taken off their list and had one of the numbers, and take it from closed accounts."""
    if numbers:
        off = update(Responder).where(Responder.number.in_(numbers), Responder.archived_at.is_not(None))
        session.execute(off.values(name=ERASED, number="", hours=""))
        closed = update(Account).where(Account.phone.in_(numbers), Account.archived_at.is_not(None))
        session.execute(closed.values(phone=None))


def blank_changes(session: Session, changes: Sequence[Change]) -> None:
    """Blank what these changes say of persons. A batch with such a change cannot be undone any more."""
    for change in changes:
        change.before, change.after = _blank(change.before), _blank(change.after)
    session.flush()


def _blank(values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: ERASED if name in PERSONAL and value else None if name in SENSITIVE else value
        for name, value in values.items()
    }


def erase_from_lists(session: Session, numbers: Sequence[str]) -> None:
    """Take rows with one of the numbers out of the previews of lists; the files go when their time is over."""
    if numbers:
        session.execute(delete(UploadRow).where(match_in_lists(numbers)).execution_options(synchronize_session=False))


def match_in_lists(numbers: Sequence[str]) -> ColumnElement[bool]:
    """The rows of lists' previews that say one of the numbers, with or without the country's code."""
    said = cast(UploadRow.data, String)
    return or_(false(), *(said.contains(each.removeprefix("+86").lstrip("+"), autoescape=True) for each in numbers))
