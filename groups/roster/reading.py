"""The roster as its pages show it: a village's groups, a group's households, a household.

Columns, no entities, and two questions a page: a village has a few hundred households, a page its tenth of a second.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from groups.models.roster import FirstHelp, Grid, Group, Household, Language, Phone, PhoneKind, Village
from groups.roster.proofs import select_last_proof
from groups.roster.rules.door_order import sort_naturally
from groups.roster.rules.health import GroupFlaw, HouseFlaw, PhoneFlaw, PhoneState, find_group_flaws, find_house_flaw
from groups.rules.proofs import is_proven


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """A phone as a page shows it."""

    id: int
    number: str
    rank: int
    kind: PhoneKind
    holder: str
    may_call: bool
    may_text: bool
    language: Language
    call_refused_code: str | None
    text_refused_code: str | None
    failures: int
    proven_on: date | None
    """The last local day on which a person gave a sign there."""

    @property
    def state(self) -> PhoneState:
        return PhoneState(
            self.may_call,
            self.may_text,
            self.call_refused_code is not None,
            self.text_refused_code is not None,
            self.failures,
        )

    @property
    def flaws(self) -> tuple[PhoneFlaw, ...]:
        return self.state.flaws


@dataclass(frozen=True, slots=True)
class HouseLine:
    """A household as a page shows it, with its phones in their order. `away`: nobody is at home now."""

    id: int
    village_id: int
    group_id: int | None
    head: str
    door: str
    landmark: str
    note: str
    position: int
    silent: bool
    away_until: datetime | None
    first_help: FirstHelp | None
    version: int
    phones: tuple[PhoneLine, ...]
    away: bool

    @property
    def flaw(self) -> HouseFlaw | None:
        return find_house_flaw([phone.state for phone in self.phones])

    @property
    def needs_mending(self) -> bool:
        return self.flaw is not None or any(phone.flaws for phone in self.phones)

    @property
    def reachable(self) -> bool:
        """Whether somebody there may be expected to answer (有电话)."""
        return not self.away and any(phone.state.reachable for phone in self.phones)

    def is_proven(self, day: date) -> bool:
        """Whether a person has given a sign on one of its phones lately (近30天打通)."""
        return any(is_proven(phone.proven_on, day) for phone in self.phones)


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group in a line of its village's page. Leader and deputy by name; empty where there is none."""

    id: int
    name: str
    grid: str
    leader_id: int | None
    leader: str
    deputy_id: int | None
    deputy: str
    backup_group_id: int | None
    backup: str
    households: int
    phones: int
    reachable_phones: int
    reachable: int
    proven: int
    to_mend: int
    flaws: tuple[GroupFlaw, ...]


@dataclass(frozen=True, slots=True)
class VillageHome:
    """A village with its groups; `ungrouped` are the households that no group has taken in yet."""

    id: int
    code: str
    name: str
    groups: tuple[GroupCard, ...]
    ungrouped: int
    ungrouped_proven: int

    @property
    def households(self) -> int:
        return self.ungrouped + sum(group.households for group in self.groups)

    @property
    def to_mend(self) -> int:
        return sum(group.to_mend for group in self.groups)

    @property
    def flawed(self) -> list[GroupCard]:
        """The groups with flaws, those that leave somebody without help first."""
        found = [group for group in self.groups if group.flaws]
        return sorted(found, key=lambda group: GroupFlaw.UNREACHABLE not in group.flaws)


def read_village(session: Session, village: Village, now: datetime, today: date) -> VillageHome:
    """A village and its groups, in their order."""
    houses = list_houses_where(session, Household.village_id == village.id, now)
    of_group: dict[int | None, list[HouseLine]] = defaultdict(list)
    for house in houses:
        of_group[house.group_id].append(house)
    rows = _read_group_rows(session, Group.village_id == village.id)
    heads = _read_heads(session, rows, houses)
    names = {row.id: row.name for row in rows}
    groups = tuple(_make_card(row, of_group[row.id], heads, names, today) for row in rows)
    taken_in = {row.id for row in rows}
    outside = [house for house in houses if house.group_id not in taken_in]
    proven = sum(house.is_proven(today) for house in outside)
    return VillageHome(village.id, village.code, village.name, groups, len(outside), proven)


def read_group_card(session: Session, group_id: int, houses: Sequence[HouseLine], today: date) -> GroupCard:
    """An active group, and what stands behind its figures of `today`."""
    rows = _read_group_rows(session, Group.id == group_id)
    backup = select(Group.id, Group.name).where(Group.id == rows[0].backup_group_id)
    names = dict(session.execute(backup).all())
    return _make_card(rows[0], houses, _read_heads(session, rows, houses), names, today)


def list_houses(session: Session, village_id: int, group_id: int | None, now: datetime) -> list[HouseLine]:
    """The households of a group door by door; None: those of the village that are in none."""
    if group_id is not None:
        return list_houses_where(session, Household.group_id == group_id, now)
    in_none = or_(Household.group_id.is_(None), Group.id.is_(None))
    return list_houses_where(session, (Household.village_id == village_id) & in_none, now)


def list_village_houses(session: Session, village_id: int, now: datetime) -> list[HouseLine]:
    """All households of a village, door by door."""
    return list_houses_where(session, Household.village_id == village_id, now)


def find_house(session: Session, household_id: int, now: datetime) -> HouseLine | None:
    """An active household with its phones."""
    return next(iter(list_houses_where(session, Household.id == household_id, now)), None)


def list_group_names(session: Session, village_id: int) -> list[tuple[int, str]]:
    """The village's active groups, id and name, in their order."""
    rows = session.execute(
        select(Group.id, Group.name)
        .where(Group.village_id == village_id, Group.archived_at.is_(None))
        .order_by(Group.position, Group.id)
    )
    return [(group_id, name) for group_id, name in rows]


def list_house_names(session: Session, village_id: int) -> list[tuple[int, str, str]]:
    """The village's active households: id, head and door, by door. For choosing a leader."""
    rows = session.execute(
        select(Household.id, Household.head, Household.door).where(
            Household.village_id == village_id, Household.archived_at.is_(None)
        )
    )
    return sorted(((one, head, door) for one, head, door in rows), key=lambda each: (sort_naturally(each[2]), each[0]))


def list_houses_where(
    session: Session, whose: ColumnElement[bool], now: datetime, *, limit: int | None = None
) -> list[HouseLine]:
    """The active households of which this is true, with their phones, door by door; at most `limit` of them."""
    question = (
        select(
            Household.id,
            Household.village_id,
            Group.id,
            Household.head,
            Household.door,
            Household.landmark,
            Household.note,
            Household.position,
            Household.silent,
            Household.away_until,
            Household.first_help,
            Household.version,
        )
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(whose, Household.archived_at.is_(None))
        .order_by(Household.position, Household.id)
        .limit(limit)
    )
    rows: Sequence[Any] = session.execute(question).all()
    phones = _read_phones(session, [row[0] for row in rows])
    lines = []
    for row in rows:
        columns, (away_until, first_help, version) = tuple(row[:-3]), row[-3:]
        away = away_until is not None and away_until > now
        # A day that has passed is not shown, and goes with the next edit.
        until = away_until if away else None
        values: list[Any] = [*columns, until, first_help, version, tuple(phones[columns[0]]), away]
        lines.append(HouseLine(*values))
    return lines


def _read_phones(session: Session, households: Collection[int]) -> dict[int, list[PhoneLine]]:
    found: dict[int, list[PhoneLine]] = defaultdict(list)
    wanted = sorted(households)
    for start in range(0, len(wanted), 500):  # below every database's limit of parameters
        rows: Sequence[Any] = session.execute(
            select(
                Phone.household_id,
                Phone.id,
                Phone.number,
                Phone.rank,
                Phone.kind,
                Phone.holder,
                Phone.may_call,
                Phone.may_text,
                Phone.language,
                Phone.call_refused_code,
                Phone.text_refused_code,
                Phone.failures,
                select_last_proof(),
            )
            .where(Phone.household_id.in_(wanted[start : start + 500]), Phone.archived_at.is_(None))
            .order_by(Phone.rank, Phone.id)
        ).all()
        for household_id, *columns in rows:
            found[household_id].append(PhoneLine(*columns))
    return found


def _read_group_rows(session: Session, whose: ColumnElement[bool]) -> Sequence[Any]:
    question = (
        select(
            Group.id,
            Group.name,
            Group.leader_id,
            Group.deputy_id,
            Group.backup_group_id,
            func.coalesce(Grid.name, "").label("grid"),
        )
        .outerjoin(Grid, (Group.grid_id == Grid.id) & Grid.archived_at.is_(None))
        .where(whose, Group.archived_at.is_(None))
        .order_by(Group.position, Group.id)
    )
    return session.execute(question).all()


def _read_heads(session: Session, rows: Iterable[Any], known: Iterable[HouseLine]) -> dict[int, str]:
    """The names of leaders and deputies, also of those who live elsewhere."""
    names = {house.id: house.head for house in known}
    unknown = {one for row in rows for one in (row.leader_id, row.deputy_id) if one is not None} - names.keys()
    if unknown:
        names |= dict(
            session.execute(
                select(Household.id, Household.head).where(Household.id.in_(unknown), Household.archived_at.is_(None))
            ).all()
        )
    return names


def _make_card(
    row: Any, houses: Sequence[HouseLine], heads: dict[int, str], groups: dict[int, str], today: date
) -> GroupCard:
    phones = [phone.state for house in houses for phone in house.phones]
    reachable = sum(house.reachable for house in houses)
    return GroupCard(
        id=row.id,
        name=row.name,
        grid=row.grid,
        leader_id=row.leader_id,
        leader=heads.get(row.leader_id, ""),
        deputy_id=row.deputy_id,
        deputy=heads.get(row.deputy_id, ""),
        backup_group_id=row.backup_group_id,
        backup=groups.get(row.backup_group_id, ""),
        households=len(houses),
        phones=len(phones),
        reachable_phones=sum(phone.reachable for phone in phones),
        reachable=reachable,
        proven=sum(house.is_proven(today) for house in houses),
        to_mend=sum(house.needs_mending for house in houses),
        flaws=find_group_flaws(len(houses), reachable, has_leader=row.leader_id in heads),
    )
