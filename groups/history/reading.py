"""The record as its pages show it: what was done, batch by batch, the last first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from groups.models.accounts import Account
from groups.models.changes import Action, Change, Source
from groups.models.roster import Grid, Group, Household, Phone, Village

BATCHES_A_PAGE = 30
ROWS_AT_ONCE = 200
ROWS_A_BATCH = 40
"""So many rows of a batch are shown; of an import there may be thousands."""
MOST_PEOPLE = 50
"""So many accounts that a name may mean are asked for."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows of a table a batch added, took out of it, and touched in all."""

    added: int
    gone: int
    all: int


@dataclass(frozen=True, slots=True)
class Doing:
    """What somebody did in one go. `rows` are its first changes, `count` all of them; `undone`: all was taken back.

    `sums`: of a batch with more rows than are read, by table; `took_back`: what an undo took back.
    """

    key: str
    last_id: int
    changed_at: datetime
    changed_by: str
    source: Source
    action: str
    count: int
    undone: bool
    rows: tuple[Change, ...]
    sums: Mapping[str, Sum] = field(default_factory=dict)
    took_back: Doing | None = None

    @property
    def household_id(self) -> int | None:
        """Whose household the first of its changes is about."""
        return self.rows[0].household_id

    @property
    def village_id(self) -> int | None:
        """The village of the first of its changes; None: the town's."""
        return self.rows[0].village_id


@dataclass(frozen=True, slots=True)
class Names:
    """What households, phones, groups, grids and villages are called, by id; a phone by its number, a village by its
    code too.
    """

    heads: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    grids: Mapping[int, str] = field(default_factory=dict)
    villages: Mapping[int, str] = field(default_factory=dict)
    numbers: Mapping[int, str] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)


_SHOWN = Change.table != "residences"
"""Where somebody lived follows from what was done, and would say it twice."""
_SPEAKS_OF = {
    "leader_id": "household",
    "deputy_id": "household",
    "group_id": "group",
    "backup_group_id": "group",
    "grid_id": "grid",
    "village_id": "village",
}
"""The columns that hold the id of something with a name."""


@dataclass(frozen=True, slots=True)
class History:
    """A page of what was done; `older_than` leads to the next."""

    doings: tuple[Doing, ...]
    older_than: int | None


def read_history(
    session: Session,
    *,
    village_id: int | None = None,
    group_id: int | None = None,
    household_id: int | None = None,
    older_than: int | None = None,
    about: Sequence[ColumnElement[bool]] = (),
    most: int = BATCHES_A_PAGE,
) -> History:
    """What was done to a household, a group (and the households in it), a village, or all of the town.

    `about`: only the changes of which all this is true; `most`: so many batches.
    """
    whose = [*_make_conditions(village_id, group_id, household_id), *about]
    keys: dict[str, int] = {}
    last = older_than
    while len(keys) <= most:
        # Of an import of thousands of rows the first few tell that it was one; the rest is passed over.
        rows = session.execute(
            select(Change.batch, Change.id)
            .where(*whose, *([] if last is None else [Change.id < last]), Change.batch.not_in([*keys][-1:]))
            .order_by(Change.id.desc())
            .limit(ROWS_AT_ONCE)
        ).all()
        if not rows:
            break
        keys |= dict(rows)
        last = rows[-1][1]
    chosen = [*keys][:most]
    doings = _with_taken_back(session, _read_doings(session, chosen, whose))
    more = len(keys) > len(chosen)
    return History(doings, min(row.id for row in doings[-1].rows) if more else None)


def match_person(session: Session, text: str) -> ColumnElement[bool]:
    """The changes of people whose name has these letters: accounts that there are or were, and commands by theirs."""
    found = select(Account.name).where(Account.name.contains(text, autoescape=True)).limit(MOST_PEOPLE)
    return Change.changed_by.in_([text, *session.scalars(found)])


def match_enrolment() -> ColumnElement[bool]:
    """The changes of what a household has signed up for and was given, and its moves to another village."""
    moves = (Change.action == Action.MOVE_VILLAGE) & (Change.table == "households")
    return Change.table.in_(("subscriptions", "devices")) | moves


def find_last_change(session: Session, household_id: int) -> Change | None:
    """Who changed a household last."""
    mine = (Change.household_id == household_id, _SHOWN)
    return session.scalar(select(Change).where(*mine).order_by(Change.id.desc()).limit(1))


def find_batch_villages(session: Session, key: str) -> set[int | None]:
    """The villages that a batch changed; empty where there is no such batch."""
    return set(session.scalars(select(Change.village_id).where(Change.batch == key).distinct()))


def is_of_town(session: Session, key: str, table: str) -> bool:
    """Whether a batch changed rows of this table only, and none of any village."""
    rows = session.execute(select(Change.village_id, Change.table).where(Change.batch == key).distinct()).all()
    return bool(rows) and all(row.village_id is None and row.table == table for row in rows)


def read_names(session: Session, doings: Sequence[Doing]) -> Names:
    """What everything is called that these changes are about or speak of, archived or not."""
    ids: dict[str, set[int]] = {kind: set() for kind in ("household", "group", "grid", "village", "phone")}
    told = [each for doing in doings for each in (doing, doing.took_back) if each is not None]
    for change in (row for doing in told for row in doing.rows):
        ids["village"] |= set() if change.village_id is None else {change.village_id}
        ids["household"] |= set() if change.household_id is None else {change.household_id}
        for table, kind in (("groups", "group"), ("phones", "phone")):
            ids[kind] |= {change.row_id} if change.table == table else set()
        for values in (change.before or {}, change.after or {}):
            for column, kind in _SPEAKS_OF.items():
                ids[kind] |= {values[column]} if values.get(column) else set()
    villages = session.execute(
        select(Village.id, Village.name, Village.code).where(Village.id.in_(ids["village"]))
    ).all()
    return Names(
        dict(session.execute(select(Household.id, Household.head).where(Household.id.in_(ids["household"]))).all()),
        dict(session.execute(select(Group.id, Group.name).where(Group.id.in_(ids["group"]))).all()),
        dict(session.execute(select(Grid.id, Grid.name).where(Grid.id.in_(ids["grid"]))).all()),
        {village.id: village.name for village in villages},
        dict(session.execute(select(Phone.id, Phone.number).where(Phone.id.in_(ids["phone"]))).all()),
        {village.id: village.code for village in villages},
    )


def _make_conditions(
    village_id: int | None, group_id: int | None, household_id: int | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_SHOWN]
    if village_id is not None:
        found.append(Change.village_id == village_id)
    if household_id is not None:
        found.append(Change.household_id == household_id)
    if group_id is not None:
        own = select(Household.id).where(Household.group_id == group_id, Household.archived_at.is_(None))
        found.append(or_(Change.group_id == group_id, Change.household_id.in_(own)))
    return found


def _read_doings(session: Session, keys: Sequence[str], whose: list[ColumnElement[bool]]) -> tuple[Doing, ...]:
    """These batches, in three questions and one more for each that is too long to be read whole."""
    counted: dict[str, tuple[int, int]] = {
        key: (count, not_undone)
        for key, count, not_undone in session.execute(
            select(Change.batch, func.count(), func.count().filter(Change.undone_by == ""))
            .where(Change.batch.in_(keys), _SHOWN)
            .group_by(Change.batch)
        )
    }
    short = [key for key in keys if counted[key][0] <= ROWS_A_BATCH]
    long = [key for key in keys if key not in short]
    rows: dict[str, list[Change]] = defaultdict(list)
    for row in session.scalars(select(Change).where(Change.batch.in_(short), *whose).order_by(Change.id)):
        rows[row.batch].append(row)
    for key in long:
        rows[key] += session.scalars(
            select(Change).where(Change.batch == key, *whose).order_by(Change.id).limit(ROWS_A_BATCH)
        )
    sums = _sum_up(session, long, whose)
    return tuple(_make_doing(key, *counted[key], rows[key], sums.get(key, {})) for key in keys)


def _sum_up(session: Session, keys: Sequence[str], whose: list[ColumnElement[bool]]) -> dict[str, dict[str, Sum]]:
    """Of these batches, by table, how many rows each added, took out and touched."""
    found: dict[str, dict[str, Sum]] = defaultdict(dict)
    if keys:
        counts = (func.count().filter(column.is_(None)) for column in (Change.before, Change.after))
        asked = select(Change.batch, Change.table, *counts, func.count()).where(Change.batch.in_(keys), *whose)
        for key, table, *numbers in session.execute(asked.group_by(Change.batch, Change.table)):
            found[key][table] = Sum(*numbers)
    return found


def _with_taken_back(session: Session, doings: Sequence[Doing]) -> tuple[Doing, ...]:
    """Each undo with what it took back."""
    undos = [doing.key for doing in doings if doing.action == Action.UNDO]
    if not undos:
        return tuple(doings)
    asked = select(Change.undone_by, Change.batch).where(Change.undone_by != "", Change.undone_by.in_(undos)).distinct()
    keys = dict(session.execute(asked).all())
    taken = {doing.key: doing for doing in _read_doings(session, [*keys.values()], [_SHOWN])}
    return tuple(replace(doing, took_back=taken.get(keys.get(doing.key, ""))) for doing in doings)


def _make_doing(key: str, count: int, not_undone: int, rows: Sequence[Change], sums: Mapping[str, Sum]) -> Doing:
    first = rows[0]
    return Doing(
        key,
        rows[-1].id,
        first.changed_at,
        first.changed_by,
        first.source,
        first.action,
        count,
        not_undone == 0,
        tuple(rows),
        sums,
    )
