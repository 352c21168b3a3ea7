"""From the record of changes back to rows: a table's model, who refers to it, and values as a row takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Date, Enum, Table, inspect, select, true
from sqlalchemy.orm import Session

from config.database import Base, UtcDateTime
from groups.errors import NothingToUndo, say
from groups.models.changes import Change

_KEPT_FOR_GOOD = frozenset({"subscriptions", "devices"})
ORDER = frozenset({"position", "rank"})
"""A newcomer that has only been moved along the row since can still be taken back."""


def list_references(model: type[Base]) -> Iterator[tuple[type[Base], Any]]:
    """The columns of all tables that refer to this one."""
    table = cast(Table, model.__table__)
    for mapper in Base.registry.mappers:
        for column in cast(Table, mapper.local_table).c:
            if any(key.column.table is table for key in column.foreign_keys):
                yield mapper.class_, column


def is_held_by(other: type[Base]) -> ColumnElement[bool] | None:
    """The rows of a table that keep what they refer to in use; None: it keeps nothing.

    A subscription or a gift of a household keeps it, whenever it was; where it lived and what was proven do not.
    """
    columns = cast(Table, other.__table__).c
    if "archived_at" in columns:
        return columns.archived_at.is_(None)
    return true() if columns.id.table.name in _KEPT_FOR_GOOD else None


@cache
def find_model(table: str) -> type[Base]:
    """The model of a table's name. Raises NothingToUndo where no such table is kept any more."""
    for mapper in Base.registry.mappers:
        if cast(Table, mapper.local_table).name == table:
            return cast(type[Base], mapper.class_)
    raise NothingToUndo(say("table_not_kept_any_more"))


def find_before(changes: Sequence[Change]) -> dict[str, Any] | None:
    """What these changes of one row, the last first, have changed, as it was before them; None: there was no row."""
    before: dict[str, Any] | None = {}
    for change in changes:
        # The first thing that was done to the row comes last here, and has the last word on what it was.
        before = None if change.before is None else (before or {}) | change.before
    return before


def is_in_force(session: Session, undone_by: str) -> bool:
    """Whether a change counts: nothing took it back, or the batch `undone_by` that did was taken back itself."""
    if not undone_by:
        return True
    taken_back = select(Change.undone_by).where(Change.batch == undone_by, Change.undone_by != "").limit(1)
    undoer = session.scalar(taken_back)
    return undoer is not None and not is_in_force(session, undoer)


def parse_row(model: type[Base], values: dict[str, Any]) -> dict[str, Any]:
    """Values as the record keeps them, as the row takes them. A column that is gone by now is passed over."""
    columns = inspect(model).columns
    return {name: _parse_value(columns[name].type, value) for name, value in values.items() if name in columns}


def _parse_value(kind: object, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return kind.enum_class(value) if isinstance(kind, Enum) and kind.enum_class is not None else value
