"""A database that is away: what that is, and how nobody waits for it for long.

PostgreSQL's client library waits for an answer for ever, so `make_bounded_connect` makes connections that give up, and
`Breaker` keeps everybody else from waiting for a database that somebody is waiting for in vain already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

REST = 0.5
"""After the database was found away it is not asked for so many seconds."""
SUSPECT_AFTER = 1.5
"""Whoever finds somebody waiting for a connection for so long does not wait as well."""

_limit = threading.local()


class DatabaseAway(SQLAlchemyError):
    """The database did not answer a moment ago; it was not asked again."""


AWAY = (DatabaseAway, OperationalError, InterfaceError, PoolTimeout)
"""What is raised when the database is away, is full or is held by somebody else: later it may do the same thing."""


# PostgreSQL's classes of errors that pass: no connection, too few resources (a full disk, too many clients), an
# intervention of its operator; and of others: a server that only reads (a failover, a managed one whose disk is full),
# a transaction that hung for too long, a lock that was not to be had.
_PASSING_CLASSES = ("08", "53", "57")
HUNG = "25P03"
_PASSING = ("25006", HUNG, "55P03")


def is_away(error: Exception) -> bool:
    """Whether the database is to blame and may do the same thing later. Otherwise something is broken: look into it."""
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state is not None:
        return state in _PASSING or state.startswith(_PASSING_CLASSES)
    return isinstance(error, AWAY) and "no such" not in str(error)


@contextmanager
def limit_seconds(seconds: float) -> Iterator[None]:
    """Within the block this thread waits so long for each answer of PostgreSQL."""
    before: float | None = getattr(_limit, "seconds", None)
    _limit.seconds = seconds
    try:
        yield
    finally:
        _limit.seconds = before


def make_bounded_connect(*arguments: Any, **settings: Any) -> Any:
    """psycopg.connect, for a connection that waits as long as `limit_seconds` says. One that hung is closed."""
    return _make_bounded_class().connect(*arguments, **settings)


@lru_cache(maxsize=1)
def _make_bounded_class() -> Any:
    # PostgreSQL's driver costs 60 ms to load, and SQLite's users do not need it.
    import psycopg  # noqa: PLC0415

    class BoundedConnection(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            seconds: float | None = getattr(_limit, "seconds", None)
            if seconds is None or timeout is not None:
                return super().wait(gen, interval, timeout)
            try:
                return super().wait(gen, interval, seconds)
            except psycopg.errors._WaitTimeout as error:
                # What the server may still say would be taken for the answer to the next question.
                self.pgconn.finish()
                raise psycopg.OperationalError(f"the server has not answered within {seconds:g} s") from error

    return BoundedConnection


class Breaker:
    """Lets through whoever wants a connection, unless there is none to be had: then one at a time may try."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[object, float] = {}
        self._away = False
        self._rest_until = 0.0

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """Around getting hold of a connection. Raises DatabaseAway without trying."""
        token = object()
        with self._lock:
            now = time.monotonic()
            hung = any(now - since > SUSPECT_AFTER for since in self._waiting.values())
            if now < self._rest_until or hung or (self._away and self._waiting):
                raise DatabaseAway("the database does not answer")
            self._waiting[token] = now
        try:
            yield
        except SQLAlchemyError as error:
            # What is broken answers at once, and has another word in the log: whoever comes next meets it, too.
            if is_away(error):
                self.trip()
            raise
        else:
            self._away = False
        finally:
            with self._lock:
                del self._waiting[token]

    def trip(self) -> None:
        """The database is away: nobody is to wait for it for a moment."""
        with self._lock:
            self._away = True
            self._rest_until = time.monotonic() + REST
