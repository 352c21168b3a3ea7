"""Numbers that people change by text: whose they may change, what a number is, and the change itself, on record."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from groups.directory.failing_numbers import match_failing
from groups.errors import GroupsError, InvalidNumber
from groups.models.accounts import Account, AccountRole
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.roster import Group, Household, Phone, Village
from groups.roster import households
from groups.rules import names
from groups.rules.phone import PhoneNumber, read_called_number


@dataclass(frozen=True, slots=True)
class ChangeablePhone:
    """A phone whose number somebody may change. `own`: it is of their own household."""

    phone_id: int
    number: str
    household_id: int
    head: str
    household_name: str
    household_name_en: str
    failing: bool
    own: bool


def list_changeable(session: Session, number: str) -> list[ChangeablePhone]:
    """The phones whose numbers somebody who writes from this number may change, in the order of households.

    Those of the own household, of the groups that it leads or is deputy of, and, by the phone of a head's account, of
    the village. Empty for anybody else.
    """
    own = session.scalar(select(Phone.household_id).where(Phone.number == number, Phone.archived_at.is_(None)))
    village = session.scalar(
        select(Account.village_id).where(
            Account.phone == number, Account.role == AccountRole.VILLAGE_HEAD, Account.archived_at.is_(None)
        )
    )
    led = select(Group.id).where(or_(Group.leader_id == own, Group.deputy_id == own), Group.archived_at.is_(None))
    whose = [Household.village_id == village] if village is not None else []
    whose += [Household.id == own, Household.group_id.in_(led)] if own is not None else []
    if not whose:
        return []
    rows = session.execute(
        select(Phone.id, Phone.number, Household.id, Household.head, match_failing())
        .join(Household, Household.id == Phone.household_id)
        .where(or_(*whose), Phone.archived_at.is_(None), Household.archived_at.is_(None))
        .order_by(Household.id, Phone.rank, Phone.id)
    )
    return [
        ChangeablePhone(
            phone_id=phone_id,
            number=found,
            household_id=household_id,
            head=head,
            household_name=names.name_household(head),
            household_name_en=names.name_household_in_english(head),
            failing=bool(failing),
            own=household_id == own,
        )
        for phone_id, found, household_id, head, failing in rows
    ]


def read_written_number(text: str, region: str, area_code: str, countries: Collection[str]) -> PhoneNumber | None:
    """The number that somebody has written; None for what is none, or in a country that is not called."""
    try:
        return read_called_number(text, region, area_code, countries)
    except InvalidNumber:
        return None


def find_household_of(session: Session, number: str) -> int | None:
    """The household at which an E.164 number stands; None for one that is free."""
    owner = households.find_owner(session, number)
    return None if owner is None else owner.household_id


def replace_number(
    session: Session, phone_id: int, number: PhoneNumber, by: str, now: datetime, zone: ZoneInfo
) -> int | None:
    """Put a number in the place of a phone's, as a change that can be undone; the new phone's id.

    None, and then nothing has changed, where the phone is not on the roster any more or the number is another's now.
    """
    phone = session.get(Phone, phone_id, populate_existing=True)
    if phone is None or phone.archived_at is not None:
        return None
    household = session.get_one(Household, phone.household_id)
    # One at a time changes a village's roster.
    session.execute(select(Village.id).where(Village.id == household.village_id).with_for_update(key_share=True))
    session.refresh(phone)
    session.refresh(household)
    if phone.archived_at is not None or household.archived_at is not None:
        return None
    batch = Batch(session, Author(by[:64], Source.TEXT), Action.CHANGE_NUMBER, now, zone)
    try:
        return households.change_number(batch, household, phone, number).id
    except GroupsError:
        return None
