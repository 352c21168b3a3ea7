"""Households and their phones: added, edited, moved, archived. Every change through a batch, nothing deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groups.errors import EditedMeanwhile, NoSuchHousehold, NotPossible, NumberTaken, say
from groups.models.batch import Batch
from groups.models.roster import FirstHelp, Group, Household, Language, Phone, PhoneKind, Village
from groups.roster.residences import follow_the_roster
from groups.rules.names import make_keys
from groups.rules.phone import PhoneNumber

MOST_PHONES = 8
"""More phones than this no household needs; an alarm rings them all."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What is kept of a household, tidied. `away_until` is the end of the last day they are away."""

    head: str
    door: str = ""
    landmark: str = ""
    note: str = ""
    silent: bool = False
    away_until: datetime | None = None
    first_help: FirstHelp | None = None


@dataclass(frozen=True, slots=True)
class PhoneEntry:
    """A phone as somebody writes it into a household; their order is the order of ringing. `id` None: a new one."""

    number: PhoneNumber
    id: int | None = None
    holder: str = ""
    may_call: bool = True
    may_text: bool = True
    language: Language = Language.CHINESE


@dataclass(frozen=True, slots=True)
class Owner:
    """The household at which a number stands."""

    phone_id: int
    household_id: int
    head: str
    group_name: str
    village_id: int
    village_name: str


def get_household(session: Session, village_id: int, household_id: int) -> Household:
    """An active household of the village. Raises NoSuchHousehold. Whoever changes it holds its village."""
    household = session.scalar(
        select(Household).where(
            Household.id == household_id, Household.village_id == village_id, Household.archived_at.is_(None)
        )
    )
    if household is None:
        raise NoSuchHousehold(say("household_not_on_roster"))
    return household


def get_phone(session: Session, household: Household, phone_id: int) -> Phone:
    """An active phone of the household. Raises EditedMeanwhile where it is not there any more."""
    phone = session.get(Phone, phone_id, populate_existing=True)
    if phone is None or phone.household_id != household.id or phone.archived_at is not None:
        raise EditedMeanwhile(say("somebody_else_just_changed_number"))
    return phone


def list_phones(session: Session, household_id: int) -> list[Phone]:
    """The active phones of a household, in their order."""
    return list(
        session.scalars(
            select(Phone)
            .where(Phone.household_id == household_id, Phone.archived_at.is_(None))
            .order_by(Phone.rank, Phone.id)
        )
    )


def find_owner(session: Session, number: str) -> Owner | None:
    """Where an E.164 number stands; None for one that is free."""
    found = session.execute(
        select(Phone.id, Household.id, Household.head, Group.name, Village.id, Village.name)
        .join(Household, Phone.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Phone.number == number, Phone.archived_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    phone_id, household_id, head, group_name, village_id, village_name = found
    return Owner(phone_id, household_id, head, group_name or "", village_id, village_name)


def add_household(
    batch: Batch,
    village_id: int,
    group_id: int | None,
    fields: Fields,
    phones: Sequence[PhoneEntry] = (),
    *,
    take: Collection[str] = (),
) -> Household:
    """A new household, behind the last door of its group. Raises NumberTaken, as `save_household` does."""
    household = Household(
        village_id=village_id,
        group_id=group_id,
        position=find_last_position(batch.session, village_id, group_id) + 1,
        **make_keys(fields.head),
        **asdict(fields),
    )
    batch.add(household)
    _write_phones(batch, household, phones, take)
    follow_the_roster(batch, households=[household.id])
    return household


def save_household(
    batch: Batch, household: Household, fields: Fields, phones: Sequence[PhoneEntry], *, take: Collection[str] = ()
) -> None:
    """Bring a household to these fields and phones; a phone that is not among them is archived.

    Raises NumberTaken for a number that stands at another household and is not one of those to `take` from it.
    """
    batch.change(household, **make_keys(fields.head), **asdict(fields))
    if _write_phones(batch, household, phones, take):
        household.version += 1
        batch.session.flush()


def rename_household(batch: Batch, household: Household, *, head: str, door: str, landmark: str) -> None:
    """Another head, door or landmark; all else stays."""
    batch.change(household, head=head, door=door, landmark=landmark, **make_keys(head))


def change_number(
    batch: Batch, household: Household, phone: Phone, number: PhoneNumber, *, take: Collection[str] = ()
) -> Phone:
    """Another number in the place of `phone`: what is known of the old one's reach does not count for the new.

    Raises NumberTaken, as `save_household` does.
    """
    if phone.number == number.e164:
        return phone
    _make_room(batch, household, number.e164, take)
    batch.change(phone, archived_at=batch.now)
    household.version += 1
    return batch.add(
        Phone(
            household_id=household.id,
            number=number.e164,
            rank=phone.rank,
            kind=PhoneKind(number.kind),
            holder=phone.holder,
            may_call=phone.may_call,
            # A landline takes no texts; a mobile in its place does.
            may_text=number.kind == "mobile" and (phone.may_text or phone.kind is PhoneKind.LANDLINE),
            language=phone.language,
        )
    )


def add_number(batch: Batch, household: Household, number: PhoneNumber, *, take: Collection[str] = ()) -> Phone:
    """One more phone, rung last. Raises NumberTaken, as `save_household` does, and NotPossible."""
    present = list_phones(batch.session, household.id)
    _check_count(len(present) + 1)
    _make_room(batch, household, number.e164, take)
    household.version += 1
    return batch.add(
        Phone(
            household_id=household.id,
            number=number.e164,
            rank=max((phone.rank for phone in present), default=0) + 1,
            kind=PhoneKind(number.kind),
            may_text=number.kind == "mobile",
        )
    )


def move_household(batch: Batch, household: Household, group_id: int | None) -> None:
    """Into another group of its village, behind that group's last door; None: into none."""
    if group_id is not None:
        group = batch.session.get(Group, group_id)
        if group is None or group.archived_at is not None or group.village_id != household.village_id:
            raise NotPossible(say("no_such_group_in_village"))
    position = find_last_position(batch.session, household.village_id, group_id) + 1
    if household.group_id != group_id:
        batch.change(household, group_id=group_id, position=position)
        follow_the_roster(batch, households=[household.id])


def archive_household(batch: Batch, household: Household) -> None:
    """Out of the roster, its phones with it, which are free for others; it leads no group any more."""
    for phone in list_phones(batch.session, household.id):
        batch.change(phone, archived_at=batch.now)
    offices = select(Group).where((Group.leader_id == household.id) | (Group.deputy_id == household.id))
    for group in batch.session.scalars(offices).all():
        held = {office: None for office in ("leader_id", "deputy_id") if getattr(group, office) == household.id}
        batch.change(group, **held)
    batch.change(household, archived_at=batch.now)
    follow_the_roster(batch, households=[household.id])


def set_away(batch: Batch, household: Household, until: datetime | None) -> None:
    """Nobody is at home before `until`; None: they are back."""
    batch.change(household, away_until=until)


def find_last_position(session: Session, village_id: int, group_id: int | None) -> int:
    """The last door of a group; 0 where it has none."""
    whose = Household.group_id.is_(None) if group_id is None else Household.group_id == group_id
    last = session.scalar(
        select(func.max(Household.position)).where(
            Household.village_id == village_id, whose, Household.archived_at.is_(None)
        )
    )
    return last or 0


def _write_phones(batch: Batch, household: Household, entries: Sequence[PhoneEntry], take: Collection[str]) -> bool:
    """Bring the phones to the entries, in their order; whether anything was other before."""
    _check_count(len(entries))
    size = batch.size
    present = {phone.id: phone for phone in list_phones(batch.session, household.id)}
    kept = {
        entry.id: entry for entry in entries if entry.id in present and present[entry.id].number == entry.number.e164
    }
    for phone_id, phone in present.items():
        if phone_id not in kept:
            batch.change(phone, archived_at=batch.now)
    for rank, entry in enumerate(entries, start=1):
        values: dict[str, Any] = {
            "rank": rank,
            "holder": entry.holder,
            "may_call": entry.may_call,
            "may_text": entry.may_text and entry.number.kind == "mobile",
            "language": entry.language,
        }
        if entry.id in kept:
            batch.change(present[entry.id], **values)
            continue
        _make_room(batch, household, entry.number.e164, take)
        batch.add(
            Phone(household_id=household.id, number=entry.number.e164, kind=PhoneKind(entry.number.kind), **values)
        )
    return batch.size > size


def _check_count(phones: int) -> None:
    if phones > MOST_PHONES:
        raise NotPossible(say("household_most_phones", most_phones=MOST_PHONES))


def _make_room(batch: Batch, household: Household, number: str, take: Collection[str]) -> None:
    owner = find_owner(batch.session, number)
    if owner is None:
        return
    if owner.household_id == household.id:
        raise NotPossible(say("household_number_already"))
    if number not in take:
        place = f"{owner.village_name}{owner.group_name}"
        raise NumberTaken(say("number_stands", place=place, head=owner.head), owner)
    batch.change(batch.session.get_one(Phone, owner.phone_id), archived_at=batch.now)
    other = batch.session.get_one(Household, owner.household_id)
    other.version += 1
