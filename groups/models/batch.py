"""The record of changes: what was done in one go is a batch, and a batch can be undone.

    batch = Batch(session, by, Action.CHANGE_NUMBER, now, zone)
    batch.change(phone, archived_at=now)
    batch.add(Phone(household_id=..., ...))
    ...
    undo(session, batch.key, by, now, zone)

Every use case that changes the roster or the enrolment writes its rows through a batch and through nothing else, so
that nothing is ever changed without a record.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from config.database import Base, give_way, insert_rows, match_any, take_ids, update_rows
from groups.models.changes import Action, Change, Source
from groups.models.roster import Household
from groups.rules.days import find_local_day

Row = TypeVar("Row", bound=Base)

FirstDay = Callable[[Any], date | None]
"""The first day whose figures a row's change may change."""
AT_ONCE = 2000
"""So many rows in a question: below every database's limit of parameters."""
MOST_INSERTED = 4000
"""So many new rows in a statement."""
UNRECORDED = frozenset({"id", "version", "ending", "password_hash", "code_digest", "failures", "failed_at"}) | {
    f"{channel}_refused_{what}" for channel in ("call", "text") for what in ("code", "at")
}
"""What nobody changes by hand, or must not be read from a record: keys, counters, the carrier's verdicts, secrets."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, and from where. `account_id` is None for a command and for the system."""

    name: str
    source: Source
    account_id: int | None = None


class Batch:
    """Changes that are made, recorded and undone together. Rows are flushed at once; whoever calls commits."""

    def __init__(self, session: Session, by: Author, action: Action, now: datetime, zone: ZoneInfo) -> None:
        self.session = session
        self.by = by
        self.action = action
        self.now = now
        self.zone = zone
        self.day = self.find_day(now)
        self.key = str(uuid.uuid4())
        self._households: dict[int, Household] = {}
        self.size = 0
        """How many rows it has changed; a batch that changed none left no record."""

    def find_day(self, moment: datetime) -> date:
        """The town's day at a moment."""
        return find_local_day(moment, self.zone)

    def add(self, row: Row, *, affects_from: date | None = None) -> Row:
        """A new row, with its id."""
        self.session.add(row)
        self.session.flush()
        self._record([self._make_entry(row, None, read_values(row), affects_from)])
        return row

    def change(self, row: Base, *, affects_from: date | None = None, **values: Any) -> bool:
        """Give the row these values; whether any was another before. A row with a `version` counts one up."""
        before = {name: simplify(getattr(row, name)) for name in values}
        after = {name: simplify(value) for name, value in values.items()}
        changed = [name for name in values if before[name] != after[name]]
        if not changed:
            return False
        entry = self._make_entry(row, {name: before[name] for name in changed}, None, affects_from)
        for name in changed:
            setattr(row, name, values[name])
        if hasattr(row, "version"):
            cast(Any, row).version += 1
        self.session.flush()
        self._record([entry | {"after": {name: after[name] for name in changed}}])
        return True

    def remove(self, row: Base, *, affects_from: date | None = None) -> None:
        """Take a row out. Only for tables without `archived_at`: what can be archived is never taken out."""
        if hasattr(row, "archived_at"):
            raise TypeError(f"{type(row).__name__} is archived, never removed")
        entry = self._make_entry(row, read_values(row), None, affects_from)
        self.session.delete(row)
        self.session.flush()
        self._record([entry])

    def add_all(
        self, model: type[Base], rows: Sequence[Mapping[str, Any]], *, affects_from: FirstDay | None = None
    ) -> list[int]:
        """Many new rows of a table at once; their ids, in the order of the rows.

        A row may bring an `id` that was taken for it; `affects_from` sees each row's values as attributes.
        """
        if not rows:
            return []
        self.session.flush()
        taken = iter(take_ids(self.session, model, sum("id" not in row for row in rows)))
        added = [_complete(model, row if "id" in row else {"id": next(taken), **row}) for row in rows]
        _insert(self.session, model, added)
        self._load_households({row["household_id"] for row in added if row.get("household_id")})
        self._record([self._make_entry_of_new(model, row, affects_from) for row in added])
        return [row["id"] for row in added]

    def _make_entry_of_new(
        self, model: type[Base], values: dict[str, Any], affects_from: FirstDay | None
    ) -> dict[str, Any]:
        row = SimpleNamespace(__tablename__=model.__tablename__, **values)
        after = {name: simplify(value) for name, value in values.items() if name not in UNRECORDED}
        return self._make_entry(row, None, after, affects_from(row) if affects_from else None)

    def change_all(
        self, model: type[Base], values: Mapping[int, Mapping[str, Any]], *, affects_from: FirstDay | None = None
    ) -> int:
        """Give many rows of a table their values at once, by id; how many were other before.

        `affects_from` sees each row as it was.
        """
        entries, wanted = [], []
        for row in self._read_rows(model, list(values)):
            identity = cast(Any, row).id
            given = values[identity]
            before = {name: simplify(getattr(row, name)) for name in given}
            changed = [name for name in given if before[name] != simplify(given[name])]
            if changed:
                after = {name: simplify(given[name]) for name in changed}
                first = affects_from(row) if affects_from else None
                entry = self._make_entry(row, {name: before[name] for name in changed}, after, first)
                entries.append(entry)
                new = {name: given[name] for name in changed}
                if hasattr(row, "version"):
                    new["version"] = cast(Any, row).version + 1
                wanted.append((identity, new))
        _write(self.session, model, wanted)
        self._record(entries)
        return len(entries)

    def remove_all(self, model: type[Base], ids: Sequence[int], *, affects_from: FirstDay | None = None) -> None:
        """Take many rows of a table out at once, as `remove` does one."""
        if "archived_at" in model.__table__.c:
            raise TypeError(f"{model.__name__} is archived, never removed")
        entries = [
            self._make_entry(row, read_values(row), None, affects_from(row) if affects_from else None)
            for row in self._read_rows(model, ids)
        ]
        key = cast(Table, model.__table__).c.id
        for start in range(0, len(ids), AT_ONCE):
            self.session.execute(delete(model).where(match_any(self.session, key, ids[start : start + AT_ONCE])))
        self._record(entries)

    def _read_rows(self, model: type[Row], ids: Sequence[int]) -> list[Row]:
        self.session.flush()
        key = cast(Table, model.__table__).c.id
        found: dict[int, Row] = {}
        for start in range(0, len(ids), AT_ONCE):
            some = (
                select(model)
                .where(match_any(self.session, key, ids[start : start + AT_ONCE]))
                .execution_options(populate_existing=True)
            )
            found |= {cast(Any, row).id: row for row in self.session.scalars(some)}
        self._load_households({getattr(row, "household_id", None) for row in found.values()} - {None})
        return [found[identity] for identity in ids]

    def _load_households(self, ids: set[Any]) -> None:
        """Have the households of many rows at hand: a question each would take longer than all the rest."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), AT_ONCE):
            of = match_any(self.session, Household.__table__.c.id, wanted[start : start + AT_ONCE])
            self._households |= {row.id: row for row in self.session.scalars(select(Household).where(of))}

    def _make_entry(
        self,
        row: Any,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
        affects_from: date | None,
    ) -> dict[str, Any]:
        give_way(self.session)
        return {
            "batch": self.key,
            "changed_at": self.now,
            "changed_on": self.day,
            "changed_by": self.by.name[:64],
            "account_id": self.by.account_id,
            "source": self.by.source,
            "action": str(self.action),
            "table": row.__tablename__,
            "row_id": row.id,
            **self._find_owner(row),
            "affects_from": affects_from,
            "before": before,
            "after": after,
        }

    def _find_owner(self, row: Any) -> dict[str, int | None]:
        """The household, group and village whose history a row belongs to."""
        places = {key: getattr(row, key, None) for key in ("village_id", "group_id", "household_id")}
        own = {"households": "household_id", "groups": "group_id", "villages": "village_id"}.get(row.__tablename__)
        if own is not None:
            places[own] = row.id
        elif (household_id := places["household_id"]) is not None:
            household = self._households.get(household_id) or self.session.get(Household, household_id)
            if household is not None:
                places = {"village_id": household.village_id, "group_id": household.group_id} | {
                    key: place for key, place in places.items() if place is not None
                }
        return places

    def _record(self, entries: Sequence[dict[str, Any]]) -> None:
        self.size += len(entries)
        _insert(self.session, Change, entries)


class _Written:
    """What a column's default sees of the row that it is for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def get_current_parameters(self) -> Mapping[str, Any]:
        return self._values


def _complete(model: type[Base], given: Mapping[str, Any]) -> dict[str, Any]:
    """The row with a value in every column: what is not given is the column's default."""
    values = {}
    for column in cast(Table, model.__table__).c:
        if column.name in given:
            values[column.name] = given[column.name]
        elif column.default is not None:
            default = cast(Any, column.default).arg
            values[column.name] = default(_Written(given)) if callable(default) else default
        elif column.nullable:
            values[column.name] = None
        else:
            raise TypeError(f"{model.__name__}.{column.name} has neither a value nor a default")
    return values


def read_values(row: Base) -> dict[str, Any]:
    """The row's columns as the record keeps them."""
    columns = row.__mapper__.column_attrs
    return {each.key: simplify(getattr(row, each.key)) for each in columns if each.key not in UNRECORDED}


def simplify(value: Any) -> Any:
    """A column's value as JSON keeps it: moments and days as ISO texts, words of a StrEnum as their value."""
    if isinstance(value, datetime):
        # As the database gives it back: an undo compares the two, and midnight here is 16:00 there.
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _insert(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, so many in a statement that a busy server answers each within the time that it has."""
    for start in range(0, len(rows), MOST_INSERTED):
        insert_rows(session, model, rows[start : start + MOST_INSERTED])


def _write(session: Session, model: type[Base], wanted: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Update rows by their id; those that change the same columns go to the database together."""
    if not wanted:
        return
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for identity, values in wanted:
        alike.setdefault(tuple(values), []).append({"id": identity} | values)
    for rows in alike.values():
        for start in range(0, len(rows), MOST_INSERTED):
            update_rows(session, model, rows[start : start + MOST_INSERTED])
    # What the session holds of these rows is old by now.
    session.expire_all()
