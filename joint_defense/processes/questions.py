"""What a process at rest asks the database again and again, second after second.

One statement, put together once and asked in one round trip and no transaction: nothing is begun, limited or committed
for it. Whoever finds something to do by its answer does it in a transaction, and looks there again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, Row, Select, bindparam, func, literal, type_coerce

from config.database import Database, UtcDateTime, read_clock

Ago = Callable[[timedelta], ColumnElement[datetime]]
"""The moment that was so long before the question is asked, by the database's clock."""
NOW = timedelta(0)


class Question:
    """One such statement. `write` makes it, and is given how to speak of moments; its answer is one row."""

    def __init__(self, write: Callable[[Ago], Select[Any]]) -> None:
        self._write = write
        self._for_postgresql: Select[Any] | None = None
        self._for_sqlite: Select[Any] | None = None
        self._spans: dict[str, timedelta] = {}

    def ask(self, database: Database) -> tuple[Row[Any], datetime]:
        """The answer, and the moment it was given at. Raises as `Database.begin`."""
        if database.is_sqlite:
            return self._ask_sqlite(database)
        if self._for_postgresql is None:
            self._for_postgresql = self._write(_tell_moment).add_columns(_tell_moment(NOW).label("asked_at"))
        (row,) = database.run_alone(self._for_postgresql)
        database.note_clock(row.asked_at)
        return row, row.asked_at

    def _ask_sqlite(self, database: Database) -> tuple[Row[Any], datetime]:
        if self._for_sqlite is None:
            self._for_sqlite = self._write(self._bind_moment)
        with database.begin(reads=True) as session:
            now = read_clock(session)
            moments = {name: now - span for name, span in self._spans.items()}
            return session.execute(self._for_sqlite, moments).one(), now

    def _bind_moment(self, span: timedelta) -> ColumnElement[datetime]:
        name = f"ago_{span.total_seconds():g}".replace(".", "_")
        self._spans[name] = span
        return bindparam(name, type_=UtcDateTime())


def _tell_moment(span: timedelta) -> ColumnElement[datetime]:
    # The statement's own moment, which stands still while it runs: an index can be held against it.
    now = func.statement_timestamp(type_=UtcDateTime())
    return now if not span else type_coerce(now - literal(span, Interval()), UtcDateTime())
