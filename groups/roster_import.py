"""A list becomes the roster: read (workbooks), judge (rules), apply. All sound rows or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from groups.errors import ConfirmArchive, RosterFileError
from groups.models import Group, Household, Phone, PhoneKind, Village
from groups.roster import owners_elsewhere, read_roster
from groups.rules.door_order import weave
from groups.rules.phone import PhoneNumber
from groups.rules.roster_judgement import Entry, Judgement, judge
from groups.rules.roster_rows import ListRow, RosterHousehold, examine

_TEXTS = ("door", "head", "landmark")


def preview(
    session: Session, village: Village, rows: Sequence[ListRow], region: str, area_code: str, *, complete: bool = False
) -> Judgement:
    """What importing `rows` would do to the village's roster. Writes nothing.

    `complete`: the list names every household of the village; whoever is missing from it is to be archived.
    """
    examined = [examine(row, region, area_code) for row in rows]
    numbers = (phone.e164 for row in examined for phone in row.phones)
    elsewhere = owners_elsewhere(session, village.id, numbers)
    return judge(examined, read_roster(session, village.id), elsewhere, region, complete=complete)


def apply(session: Session, village: Village, judgement: Judgement, now: datetime, *, once_more: bool = False) -> None:
    """Bring the roster to what was judged: every sound row, in one transaction. Rows in error are left out.

    Groups are made as they are named. A phone that a household no longer lists is archived; a household that the
    list lacks stays, unless the list is complete. Raises RosterFileError where no row is sound, and ConfirmArchive
    where more than a tenth of the village would be archived and nobody has said so `once_more`.
    """
    if not judgement.entries:
        reason = f"：第{judgement.errors[0].row}行{judgement.errors[0].findings[0].message}" if judgement.errors else ""
        raise RosterFileError(f"没有可导入的住户{reason} no row can be taken, nothing was written")
    if judgement.asks_once_more and not once_more:
        raise ConfirmArchive(
            f"将归档{len(judgement.archived)}户，超过全村十分之一，请再次确认 "
            "more than a tenth of the village would be archived: confirm once more"
        )
    _archive_households(session, judgement.archived, now)
    groups = _groups(session, village, judgement.entries)
    _archive_phones(session, judgement.entries, now)
    households = _write_households(session, village, judgement.entries, groups)
    doors: dict[str, list[int]] = defaultdict(list)
    newcomers: dict[str, set[int]] = defaultdict(set)
    for entry, household_id in zip(judgement.entries, households, strict=True):
        _write_phones(session, household_id, entry)
        doors[entry.group].append(household_id)
        if entry.household is None or entry.household.group != entry.group:
            newcomers[entry.group].add(household_id)
    for name, listed in doors.items():
        _put_in_order(session, village, groups.get(name), listed, newcomers[name])


def _groups(session: Session, village: Village, entries: Sequence[Entry]) -> dict[str, int]:
    """The village's groups by name, those that the list names for the first time made behind the others."""
    standing = session.execute(
        select(Group.name, Group.id).where(Group.village_id == village.id, Group.archived_at.is_(None))
    )
    groups = dict(standing.all())
    last = session.scalar(select(func.max(Group.position)).where(Group.village_id == village.id)) or 0
    named_first = [name for name in dict.fromkeys(entry.group for entry in entries) if name and name not in groups]
    made = [
        Group(village_id=village.id, name=name, position=position)
        for position, name in enumerate(named_first, start=last + 1)
    ]
    session.add_all(made)
    session.flush()
    return groups | {group.name: group.id for group in made}


def _archive_households(session: Session, households: Sequence[RosterHousehold], now: datetime) -> None:
    ids = [household.id for household in households]
    for start in range(0, len(ids), 500):  # below every database's limit of parameters
        some = ids[start : start + 500]
        session.execute(update(Household).where(Household.id.in_(some)).values(archived_at=now))
        session.execute(
            update(Phone).where(Phone.household_id.in_(some), Phone.archived_at.is_(None)).values(archived_at=now)
        )


def _archive_phones(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    """Take out what is no longer listed, of all households first: a number may move from one to another."""
    for entry in entries:
        if entry.household is None:
            continue
        gone = set(entry.household.phones) - {phone.e164 for phone in entry.phones}
        if gone:
            session.execute(
                update(Phone)
                .where(Phone.household_id == entry.household.id, Phone.number.in_(gone), Phone.archived_at.is_(None))
                .values(archived_at=now)
            )


def _write_households(
    session: Session, village: Village, entries: Sequence[Entry], groups: dict[str, int]
) -> list[int]:
    """Add the new households and change the others; their ids, entry by entry."""
    new: dict[int, Household] = {}
    for place, entry in enumerate(entries):
        values = {"group_id": groups.get(entry.group)} | {name: getattr(entry, name) for name in _TEXTS}
        if entry.household is None:
            new[place] = Household(village_id=village.id, **values)
        elif {"group", *_TEXTS} & set(entry.changed):
            session.execute(update(Household).where(Household.id == entry.household.id).values(values))
    session.add_all(new.values())
    session.flush()
    return [entry.household.id if entry.household is not None else new[place].id for place, entry in enumerate(entries)]


def _write_phones(session: Session, household_id: int, entry: Entry) -> None:
    had = set(entry.household.phones) if entry.household else set()
    for rank, phone in enumerate(entry.phones, start=1):
        if phone.e164 not in had:
            session.add(_new_phone(household_id, rank, phone))
        elif "phones" in entry.changed:
            session.execute(
                update(Phone).where(Phone.number == phone.e164, Phone.archived_at.is_(None)).values(rank=rank)
            )


def _new_phone(household_id: int, rank: int, phone: PhoneNumber) -> Phone:
    kind = PhoneKind(phone.kind)
    return Phone(household_id=household_id, number=phone.e164, rank=rank, kind=kind, may_text=kind is PhoneKind.MOBILE)


def _put_in_order(
    session: Session, village: Village, group_id: int | None, listed: Sequence[int], newcomers: set[int]
) -> None:
    """Number the doors of a group anew, where the list has newcomers or another order."""
    standing = session.execute(
        select(Household.id, Household.position)
        .where(
            Household.village_id == village.id,
            Household.group_id.is_(None) if group_id is None else Household.group_id == group_id,
            Household.archived_at.is_(None),
        )
        .order_by(Household.position, Household.id)
    )
    positions = dict(standing.all())
    order = weave([household for household in positions if household not in newcomers], listed)
    along_the_row = [positions[household] for household in order]
    if not newcomers and all(before < after for before, after in pairwise(along_the_row)):
        return
    session.execute(
        update(Household),
        [{"id": household, "position": position} for position, household in enumerate(order, start=1)],
    )
