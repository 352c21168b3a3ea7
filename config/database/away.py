"""A database that is away: what that is, and how nobody waits for it for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

REST = 0.5
"""After the database was found away it is not asked for so many seconds."""
SUSPECT_AFTER = 1.5
"""Whoever finds somebody waiting for a connection for so long does not wait as well."""


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
