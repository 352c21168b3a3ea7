"""A list becomes the roster: read (workbooks), judge (rules), apply. All sound rows or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import take_ids
from groups.errors import ConfirmArchive, Message, NumberTaken, RosterFileError, say
from groups.models.batch import AT_ONCE, Author, Batch
from groups.models.changes import Action
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from groups.roster.imports.rules.guesses import NOTHING_SAID, Said
from groups.roster.imports.rules.judgement import Entry, Judgement, Owner, judge
from groups.roster.imports.rules.rows import ExaminedRow, ListRow, examine
from groups.roster.residences import follow_the_roster
from groups.roster.rules.door_order import weave
from groups.roster.rules.household import RosterHousehold
from groups.roster.villages import find_owners_elsewhere, read_roster
from groups.rules.names import make_keys
from groups.rules.phone import PhoneNumber

_TEXTS = ("door", "head", "landmark")


@dataclass(frozen=True, slots=True)
class RosterOnRecord:
    """What a list is judged against: the village's roster, and who has the list's numbers in other villages."""

    roster: list[RosterHousehold]
    elsewhere: dict[str, Owner]
    groups: tuple[str, ...]
    village: str = ""
    """The village's name."""

    def judge(
        self, rows: Sequence[ExaminedRow], region: str, *, complete: bool, decided: Said = NOTHING_SAID
    ) -> Judgement:
        """What the list comes to. `decided`: what somebody has said of guesses."""
        return judge(
            rows,
            self.roster,
            self.elsewhere,
            region,
            complete=complete,
            groups=self.groups,
            decided=decided,
            village=self.village,
        )


def read_roster_on_record(
    session: Session, village_id: int, rows: Sequence[ExaminedRow], *, shows_names: bool = True
) -> RosterOnRecord:
    """The roster as it is now, for a list that was examined.

    `shows_names`: whoever brings the list may know who has its numbers in other villages.
    """
    numbers = (phone.e164 for row in rows for phone in row.phones)
    owners = find_owners_elsewhere(session, village_id, numbers)
    groups = session.scalars(
        select(Group.name).where(Group.village_id == village_id, Group.archived_at.is_(None)).order_by(Group.position)
    )
    return RosterOnRecord(
        read_roster(session, village_id),
        {number: Owner(village, head if shows_names else "") for number, (village, head) in owners.items()},
        tuple(groups),
        session.get_one(Village, village_id).name,
    )


def judge_list(
    session: Session,
    village: Village,
    rows: Sequence[ListRow],
    region: str,
    area_code: str,
    *,
    complete: bool = False,
    countries: Collection[str] = (),
    decided: Said = NOTHING_SAID,
) -> Judgement:
    """What importing `rows` would do to the village's roster. Writes nothing.

    `complete`: the list names every household of the village; whoever is missing from it is to be archived.
    `countries`: those that are called; a number of another one is left out, with a warning. `decided`: what somebody
    has said of guesses.
    """
    examined = [examine(row, region, area_code, countries) for row in rows]
    on_record = read_roster_on_record(session, village.id, examined)
    return on_record.judge(examined, region, complete=complete, decided=decided)


def apply(
    session: Session,
    village: Village,
    judgement: Judgement,
    by: Author,
    now: datetime,
    zone: ZoneInfo,
    *,
    once_more: bool = False,
    progress: Callable[[int], None] = lambda percent: None,
) -> Batch:
    """Bring the roster to what was judged: every sound row, in one transaction. Rows in error are left out.

    What it changes is one batch, which can be undone as one; a batch of size 0 left no record. Groups are made as they
    are named. A phone that a household no longer lists is archived; a household that the list lacks stays, unless the
    list is complete. Raises RosterFileError where no row is sound, ConfirmArchive where more than a tenth of the
    village would be archived and nobody has said so `once_more`, NumberTaken where another village has just taken one.
    `progress` is told the percent that is done, of work that is half done already when it has been judged.
    """
    _check_may_apply(judgement, once_more)
    batch = Batch(session, by, Action.IMPORT_ROSTER, now, zone)
    _archive_households(batch, [household.id for household in judgement.archived])
    groups = _write_groups(batch, village, judgement.entries)
    on_record = _read_phones(session, [entry.household.id for entry in judgement.entries if entry.household])
    _archive_phones(batch, judgement.entries, on_record)
    progress(60)
    households = _write_households(batch, village, judgement.entries, groups)
    progress(70)
    _write_phones(batch, households, judgement.entries, on_record)
    progress(80)
    _count_up(batch, judgement.entries)
    progress(90)
    follow_the_roster(batch, villages={village.id})
    progress(95)
    return batch


def _check_may_apply(judgement: Judgement, once_more: bool) -> None:
    if not judgement.entries:
        if not judgement.errors:
            raise RosterFileError(say("no_household_to_import"))
        first = judgement.errors[0]
        reason = say("row_flaw", row=first.row, flaw=first.findings[0].message)
        raise RosterFileError(say("no_household_to_import_because", reason=reason))
    if (words := write_confirmation(judgement)) and not once_more:
        raise ConfirmArchive(words)


def write_confirmation(judgement: Judgement) -> Message | None:
    """What somebody has to say yes to twice before the list is written; None where there is nothing."""
    if judgement.looks_like_another_village:
        return _explain_another_village(judgement)
    if judgement.asks_once_more:
        return say("many_would_be_archived", count=len(judgement.archived))
    return None


def _explain_another_village(judgement: Judgement) -> Message:
    if judgement.fits_better:
        return say("perhaps_this_villages_list", count=judgement.replaced, village=judgement.fits_better)
    return say("perhaps_another_villages_list", count=judgement.replaced)


def _write_groups(batch: Batch, village: Village, entries: Sequence[Entry]) -> dict[str, int]:
    """The village's groups by name, those that the list names for the first time made behind the others."""
    on_record = batch.session.execute(
        select(Group.name, Group.id).where(Group.village_id == village.id, Group.archived_at.is_(None))
    )
    groups = dict(on_record.all())
    last = batch.session.scalar(select(func.max(Group.position)).where(Group.village_id == village.id)) or 0
    named_first = [name for name in dict.fromkeys(entry.group for entry in entries) if name and name not in groups]
    made = batch.add_all(
        Group,
        [
            {"village_id": village.id, "name": name, "position": position}
            for position, name in enumerate(named_first, start=last + 1)
        ],
    )
    return groups | dict(zip(named_first, made, strict=True))


def _archive_households(batch: Batch, households: Sequence[int]) -> None:
    """Take households out with their phones; a group that one of them led has no leader then."""
    gone = {"archived_at": batch.now}
    phones = _read_phones(batch.session, households)
    batch.change_all(Phone, {phone: gone for phone, _ in phones.values()})
    for place in ("leader_id", "deputy_id"):
        column = getattr(Group, place)
        led: list[int] = []
        for start in range(0, len(households), AT_ONCE):
            led += batch.session.scalars(select(Group.id).where(column.in_(households[start : start + AT_ONCE])))
        batch.change_all(Group, {group: {place: None} for group in led})
    batch.change_all(Household, dict.fromkeys(households, gone))


def _read_phones(session: Session, households: Sequence[int]) -> dict[tuple[int, str], tuple[int, int]]:
    """The active phones of these households: by household and number, the phone's id and rank."""
    phones: dict[tuple[int, str], tuple[int, int]] = {}
    for start in range(0, len(households), AT_ONCE):
        for household_id, number, phone_id, rank in session.execute(
            select(Phone.household_id, Phone.number, Phone.id, Phone.rank).where(
                Phone.household_id.in_(households[start : start + AT_ONCE]), Phone.archived_at.is_(None)
            )
        ):
            phones[household_id, number] = (phone_id, rank)
    return phones


def _archive_phones(
    batch: Batch, entries: Sequence[Entry], on_record: Mapping[tuple[int, str], tuple[int, int]]
) -> None:
    """Take out what is no longer listed, of all households first: a number may move from one to another."""
    listed = {
        (entry.household.id, phone.e164) for entry in entries if entry.household is not None for phone in entry.phones
    }
    gone = [phone for key, (phone, _) in on_record.items() if key not in listed]
    batch.change_all(Phone, {phone: {"archived_at": batch.now} for phone in gone})


def _write_households(batch: Batch, village: Village, entries: Sequence[Entry], groups: dict[str, int]) -> list[int]:
    """Add the new households and change the others, each at its place in its group's row; their ids, by entry."""
    taken = iter(take_ids(batch.session, Household, sum(entry.household is None for entry in entries)))
    ids = [entry.household.id if entry.household is not None else next(taken) for entry in entries]
    places = _find_places(batch.session, village, entries, ids, groups)
    new: list[dict[str, Any]] = []
    changed: dict[int, dict[str, Any]] = {}
    for number, entry in zip(ids, entries, strict=True):
        values: dict[str, Any] = {"group_id": groups.get(entry.group)} | {name: getattr(entry, name) for name in _TEXTS}
        if entry.household is None:
            place = {"position": places.pop(number)} if number in places else {}
            new.append({"id": number, "village_id": village.id, **values, **make_keys(entry.head), **place})
        elif {"group", *_TEXTS} & set(entry.changed):
            changed[number] = values | make_keys(entry.head)
    for number, position in places.items():
        changed[number] = changed.get(number, {}) | {"position": position}
    batch.change_all(Household, changed)
    batch.add_all(Household, new)
    return ids


def _count_up(batch: Batch, entries: Sequence[Entry]) -> None:
    """Tell whoever has one of these households open that its phones are not what they were."""
    ids = [
        entry.household.id
        for entry in entries
        if entry.household is not None and "phones" in entry.changed and not {"group", *_TEXTS} & set(entry.changed)
    ]
    for start in range(0, len(ids), AT_ONCE):
        some = update(Household).where(Household.id.in_(ids[start : start + AT_ONCE]))
        batch.session.execute(some.values(version=Household.version + 1))


def _write_phones(
    batch: Batch,
    households: Sequence[int],
    entries: Sequence[Entry],
    on_record: Mapping[tuple[int, str], tuple[int, int]],
) -> None:
    new: list[dict[str, Any]] = []
    ranks: dict[int, dict[str, Any]] = {}
    for household_id, entry in zip(households, entries, strict=True):
        for rank, phone in enumerate(entry.phones, start=1):
            existing = on_record.get((household_id, phone.e164))
            if existing is None:
                new.append(_make_phone(household_id, rank, phone))
            elif "phones" in entry.changed and existing[1] != rank:
                ranks[existing[0]] = {"rank": rank}
    batch.change_all(Phone, ranks)
    try:
        batch.add_all(Phone, new)
    except IntegrityError:
        raise NumberTaken(say("number_just_taken")) from None


def _make_phone(household_id: int, rank: int, phone: PhoneNumber) -> dict[str, Any]:
    kind = PhoneKind(phone.kind)
    return {
        "household_id": household_id,
        "number": phone.e164,
        "rank": rank,
        "kind": kind,
        "may_text": kind is PhoneKind.MOBILE,
    }


def _find_places(
    session: Session,
    village: Village,
    entries: Sequence[Entry],
    households: Sequence[int],
    groups: Mapping[str, int],
) -> dict[int, int]:
    """The doors of the groups that the list names, numbered anew where it has newcomers or another order."""
    doors: dict[str, list[int]] = defaultdict(list)
    newcomers: dict[str, set[int]] = defaultdict(set)
    for entry, household_id in zip(entries, households, strict=True):
        doors[entry.group].append(household_id)
        if entry.household is None or entry.household.group != entry.group:
            newcomers[entry.group].add(household_id)
    moving = {household_id for some in newcomers.values() for household_id in some}
    on_record: dict[int | None, dict[int, int]] = defaultdict(dict)
    for household_id, group_id, position in session.execute(
        select(Household.id, Household.group_id, Household.position)
        .where(Household.village_id == village.id, Household.archived_at.is_(None))
        .order_by(Household.position, Household.id)
    ):
        if household_id not in moving:
            on_record[group_id][household_id] = position
    places: dict[int, int] = {}
    for name, listed in doors.items():
        places |= _find_order(on_record[groups.get(name)], listed, has_newcomers=bool(newcomers[name]))
    return places


def _find_order(positions: Mapping[int, int], listed: Sequence[int], *, has_newcomers: bool) -> dict[int, int]:
    """The doors of a group numbered anew, where the list has newcomers or another order: position by household.

    `positions` are those of the households that stay in it, in their order.
    """
    order = weave(list(positions), listed)
    along_the_row = [positions.get(household, 0) for household in order]
    if not has_newcomers and all(before < after for before, after in pairwise(along_the_row)):
        return {}
    return {household: position for position, household in enumerate(order, start=1)}
