"""Taking back what was done in one go, where the rows still stand as it left them.

A later change on top is never overwritten: it is named, with who made it and when. What one batch did to a household
is taken back as a whole or not at all; `what_can_be` takes back the households of a batch on which nothing stands.

Taking a whole batch back at once, where nothing stands in the way: an imported list has tens of thousands of rows.

The rows are read, compared, written and looked at afterwards by table, not one by one. Who may be named as an
obstacle is not asked here: that is for `undo`, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import Base, among
from groups.enrolment.devices import check_one_home
from groups.enrolment.records import check_one_at_a_time
from groups.errors import ChangedSince, NothingToUndo
from groups.history.rows import ORDER, model_of, parsed, references
from groups.models.batch import AT_ONCE, Author, Batch, values_of
from groups.models.changes import Change
from groups.models.roster import Household
from groups.roster.residences import follow_the_roster

_TAKEN_BACK_ELSEWHERE = frozenset({"accounts", "invitations"})
"""Who may sign in is not undone but changed once more."""


class Why(StrEnum):
    """What stands in the way of taking a change back."""

    CHANGED_SINCE = "changed_since"
    """The row has been changed again; `later` is by whom, where that is on record."""
    TAKEN = "taken"
    """Its number, name or thing stands elsewhere by now."""
    IN_USE = "in_use"
    """Something that was added since belongs to it: a phone, a household of the group."""
    NOT_THERE = "not_there"
    """What it would go back to is archived."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A change that cannot be taken back, why, and the later change that stands on it."""

    change: Change
    why: Why
    later: Change | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """The batch that took another back, and what of that one still stands."""

    batch: Batch
    kept: tuple[Obstacle, ...]


def undo(session: Session, key: str, by: Author, now: datetime, zone: ZoneInfo, *, what_can_be: bool = False) -> Undone:
    """Take the batch `key` back: rows get the values they had, new ones are archived, archived ones come back.

    Raises NothingToUndo where there is no such batch or it was taken back already, and ChangedSince with the
    obstacles where later changes stand on it; `what_can_be` raises that only where nothing at all can be taken back.
    Raises SubscriptionOverlaps and DeviceElsewhere where a household would have two at a time, or a thing two homes.
    """
    changes = changes_to_undo(session, key)
    batch = Batch(session, by, "undo", now, zone)
    kept: list[Obstacle] = []
    standing = changes
    # Row by row only where something stands in the way: to say what.
    while not at_once(batch, standing) and (obstacles := _attempt(batch, standing)):
        kept += obstacles
        blocked = {_unit(one.change) for one in kept}
        if not what_can_be or all(_unit(one) in blocked for one in changes):
            raise ChangedSince("之后又有更改，不能撤销 it has been changed since: nothing was undone", kept)
        standing = [one for one in changes if _unit(one) not in blocked]
    blocked = {_unit(one.change) for one in kept}
    done = [one.id for one in changes if _unit(one) not in blocked]
    for start in range(0, len(done), 500):
        session.execute(update(Change).where(Change.id.in_(done[start : start + 500])).values(undone_by=batch.key))
    follow_the_roster(session, batch.day, households=_moved(session, changes), record=batch)
    # What was done since beside these rows stands: it must not come to two subscriptions, or two homes of a thing.
    check_one_at_a_time(session, {one.household_id for one in changes if one.household_id is not None})
    check_one_home(session, [one.row_id for one in changes if one.table == "devices"])
    return Undone(batch, tuple(kept))


def changes_to_undo(session: Session, key: str) -> Sequence[Change]:
    """What the batch did that still counts, the last first, held until the transaction ends. Raises NothingToUndo."""
    changes = session.scalars(
        select(Change).where(Change.batch == key, Change.undone_by == "").order_by(Change.id.desc()).with_for_update()
    ).all()
    if not changes or any(one.table in _TAKEN_BACK_ELSEWHERE for one in changes):
        raise NothingToUndo("没有可撤销的更改 there is nothing to undo: it was undone already, or never done")
    for one in changes:
        # Only read here: an attempt that is taken back must not empty them.
        session.expunge(one)
    return changes


def _moved(session: Session, changes: Sequence[Change]) -> set[int]:
    """The households whose place may be another by now: their own, and those of groups that changed."""
    groups = {one.row_id for one in changes if one.table == "groups"}
    of_groups = select(Household.id).where(Household.group_id.in_(groups)) if groups else None
    found = set() if of_groups is None else set(session.scalars(of_groups))
    return found | {one.household_id for one in changes if one.household_id is not None}


class _Blocked(Exception):
    """Takes the savepoint of an attempt back."""


def _attempt(batch: Batch, changes: Sequence[Change]) -> list[Obstacle]:
    """Take the changes back, or none of them where anything stands in the way: then what."""
    obstacles: list[Obstacle] = []
    size = batch.size
    try:
        with batch.session.begin_nested():
            for change in changes:
                obstacle = _obstacle_to(batch.session, change) or _take_back(batch, change)
                if obstacle is not None:
                    obstacles.append(obstacle)
            if obstacles:
                raise _Blocked
    except _Blocked:
        batch.size = size
        batch.session.expire_all()
    return obstacles


def _unit(change: Change) -> object:
    """What is taken back as a whole: a household, else a row."""
    return change.household_id or (change.table, change.row_id)


def _take_back(batch: Batch, change: Change) -> Obstacle | None:
    session = batch.session
    model = model_of(change.table)
    try:
        with session.begin_nested():
            row = session.get(model, change.row_id)
            if row is None:
                batch.add(model(id=change.row_id, **parsed(model, change.before or {})))
            elif change.before is not None:
                batch.change(row, affects_from=change.affects_from, **parsed(model, change.before))
            elif hasattr(row, "archived_at"):
                batch.change(row, archived_at=batch.now)
            else:
                batch.remove(row, affects_from=change.affects_from)
    except IntegrityError:
        return Obstacle(change, Why.TAKEN)
    return None


def _obstacle_to(session: Session, change: Change) -> Obstacle | None:
    model = model_of(change.table)
    row = session.get(model, change.row_id, with_for_update=True, populate_existing=True)
    if (row is None) != (change.after is None):
        return Obstacle(change, Why.CHANGED_SINCE, _later(session, change))
    if row is not None and change.after is not None:
        now = values_of(row)
        passed_over = ORDER if change.before is None else frozenset()
        if any(now.get(name) != value for name, value in change.after.items() if name not in passed_over):
            return Obstacle(change, Why.CHANGED_SINCE, _later(session, change))
    if row is not None and change.before is None and hasattr(row, "archived_at") and _in_use(session, model, row):
        return Obstacle(change, Why.IN_USE)
    if change.before is not None and not _leads_somewhere(session, model, row, change.before):
        return Obstacle(change, Why.NOT_THERE)
    return None


def _later(session: Session, change: Change) -> Change | None:
    """The last change on top of this one."""
    found = session.scalar(
        select(Change)
        .where(Change.table == change.table, Change.row_id == change.row_id, Change.id > change.id)
        .order_by(Change.id.desc())
        .limit(1)
    )
    if found is not None:
        session.expunge(found)
    return found


def _in_use(session: Session, model: type[Base], row: Base) -> bool:
    """Whether anything active refers to the row: archiving it would leave that hanging."""
    for other, column in references(model):
        if "archived_at" not in other.__table__.c:
            continue
        found = select(other.__table__.c.id).where(column == cast(Any, row).id, other.__table__.c.archived_at.is_(None))
        if session.scalar(found.limit(1)) is not None:
            return True
    return False


def _leads_somewhere(session: Session, model: type[Base], row: Base | None, values: dict[str, Any]) -> bool:
    """Whether all that the values refer to is still active; a row that comes back needs its owner, too."""
    table = cast(Table, model.__table__)
    comes_back = "archived_at" in values and values["archived_at"] is None
    for column in table.c:
        for key in column.foreign_keys:
            needed = column.key in values or (comes_back and not column.nullable)
            target = key.column.table
            if not needed or "archived_at" not in target.c:
                continue
            value = values.get(column.key, getattr(row, column.key, None))
            archived = select(target.c.id).where(target.c.id == value, target.c.archived_at.is_not(None))
            if value is not None and session.scalar(archived) is not None:
                return False
    return True


class _InTheWay(Exception):
    """Takes the savepoint back."""


@dataclass(slots=True)
class _Row:
    """What a batch did to a row: how it left it, what it goes back to, and since when that changes figures."""

    added: bool = False
    left: dict[str, Any] = field(default_factory=dict)
    back: dict[str, Any] = field(default_factory=dict)
    affects_from: date | None = None


_Rows = dict[type[Base], dict[int, _Row]]


def at_once(batch: Batch, changes: Sequence[Change]) -> bool:
    """Take these changes (the last first) back. False, with nothing done, where anything may stand in the way."""
    # A row that was taken out comes back with its old id; that is rare, and left to `undo`.
    if any(one.after is None for one in changes):
        return False
    rows = _by_row(changes)
    size = batch.size
    try:
        with batch.session.begin_nested():
            for model, of in rows.items():
                _check_as_left(batch, model, of)
            # Newcomers first: what they took, a number or a name, is wanted by those that come back.
            for model, of in rows.items():
                _take_newcomers_back(batch, model, of)
            for model, of in rows.items():
                _give_values_back(batch, model, of)
            for model, of in rows.items():
                _check_not_in_use(batch, model, [identity for identity, row in of.items() if row.added])
                _check_leads_somewhere(batch, model, of)
    except (_InTheWay, IntegrityError):
        batch.size = size
        batch.session.expire_all()
        return False
    return True


def _by_row(changes: Sequence[Change]) -> _Rows:
    rows: _Rows = {}
    for change in changes:
        row = rows.setdefault(model_of(change.table), {}).setdefault(change.row_id, _Row())
        row.left = (change.after or {}) | row.left
        row.added = change.before is None
        row.back |= change.before or {}
        days = [day for day in (row.affects_from, change.affects_from) if day is not None]
        row.affects_from = min(days, default=None)
    return rows


def _check_as_left(batch: Batch, model: type[Base], rows: dict[int, _Row]) -> None:
    """Hold the rows until the transaction ends; all must stand as the batch left them."""
    ids = sorted(rows)
    there = 0
    for start in range(0, len(ids), AT_ONCE):
        key = cast(Table, model.__table__).c.id
        held = select(model).where(among(batch.session, key, ids[start : start + AT_ONCE])).order_by(key)
        for found in batch.session.scalars(held.with_for_update().execution_options(populate_existing=True)):
            there += 1
            row, now = rows[cast(Any, found).id], values_of(found)
            passed_over = ORDER if row.added else frozenset()
            if any(now.get(name) != value for name, value in row.left.items() if name not in passed_over):
                raise _InTheWay
    if there != len(ids):
        raise _InTheWay


def _take_newcomers_back(batch: Batch, model: type[Base], rows: dict[int, _Row]) -> None:
    newcomers = [identity for identity, row in rows.items() if row.added]
    if not newcomers:
        return
    if "archived_at" in model.__table__.c:
        batch.change_all(model, {identity: {"archived_at": batch.now} for identity in newcomers})
    else:
        batch.remove_all(model, newcomers, affects_from=lambda row: rows[row.id].affects_from)


def _give_values_back(batch: Batch, model: type[Base], rows: dict[int, _Row]) -> None:
    values = {identity: parsed(model, row.back) for identity, row in rows.items() if not row.added}
    batch.change_all(model, values, affects_from=lambda row: rows[row.id].affects_from)


def _check_not_in_use(batch: Batch, model: type[Base], newcomers: Sequence[int]) -> None:
    """Nothing active may refer to what is archived now."""
    if "archived_at" not in model.__table__.c:
        return
    for other, column in references(model):
        table = cast(Table, other.__table__)
        if "archived_at" not in table.c:
            continue
        for start in range(0, len(newcomers), AT_ONCE):
            some = among(batch.session, column, newcomers[start : start + AT_ONCE])
            if batch.session.execute(select(table.c.id).where(some, table.c.archived_at.is_(None)).limit(1)).first():
                raise _InTheWay


def _check_leads_somewhere(batch: Batch, model: type[Base], rows: dict[int, _Row]) -> None:
    """What rows went back to, and what those that came back belong to, must be active."""
    table = cast(Table, model.__table__)
    changed = [identity for identity, row in rows.items() if not row.added]
    came_back = [identity for identity in changed if rows[identity].back.get("archived_at", "") is None]
    for column in table.c:
        for key in column.foreign_keys:
            target = key.column.table
            if "archived_at" not in target.c:
                continue
            back = {identity for identity in changed if column.key in rows[identity].back}
            asked = sorted(back if column.nullable else back.union(came_back))
            for start in range(0, len(asked), AT_ONCE):
                gone = (
                    select(table.c.id)
                    .join(target, target.c.id == column)
                    .where(among(batch.session, table.c.id, asked[start : start + AT_ONCE]))
                    .where(target.c.archived_at.is_not(None))
                )
                if batch.session.execute(gone.limit(1)).first():
                    raise _InTheWay
