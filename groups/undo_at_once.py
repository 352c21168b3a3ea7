"""Taking a whole batch back at once, where nothing stands in the way: an imported list has tens of thousands of rows.

The rows are read, compared, written and looked at afterwards by table, not one by one. Who may be named as an obstacle
is not asked here: that is for `undo`, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from config.database import Base, among
from groups.change_models import Change
from groups.changes import AT_ONCE, Batch, values_of
from groups.recorded_rows import ORDER, model_of, parsed, references


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
