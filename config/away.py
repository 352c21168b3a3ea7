"""A database that is away, or busy with a whole list: what that is, and how nobody waits for it for long.

PostgreSQL's client library waits for an answer for ever, so `make_bounded_connect` makes connections that give up, and
`Breaker` keeps everybody else from waiting for a database that somebody is waiting for in vain already. A transaction
begins by words of ours, which also tell whether its connection lives and how long others wait for what it locks.

SQLite has one writer. An alarm that has waited a moment for it writes a new mark into a file beside the database;
whoever writes what takes seconds looks for that between two rows, and ends in `GaveWay`: all of it is taken back, to
be written again later.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

REST = 0.5
"""After the database was found away it is not asked for so many seconds."""
SUSPECT_AFTER = 1.5
"""Whoever finds somebody waiting for a connection for so long does not wait as well."""

PRESSES_AFTER = 0.15
"""Seconds that an alarm waits for SQLite's one writer before it asks for it."""
LOOKS_EVERY = 0.03
"""Seconds after which whoever writes a whole list looks again whether an alarm waits."""
_WATCH = "gives_way"

LOCK_SECONDS = 7.0
"""For a lock: PostgreSQL itself gives up then, because it does not notice a client that has gone away."""

_limit = threading.local()
_how = threading.local()


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


BEGIN = "BEGIN"
TRIAL = "SELECT 1"


def write_beginning(idle_seconds: float) -> str:
    """What a transaction begins with. One message: a question of its own each would cost a third of a short one."""
    return (
        f"{BEGIN}; SELECT clock_timestamp(),"
        f" set_config('idle_in_transaction_session_timeout', '{idle_seconds:g}s', true),"
        f" set_config('lock_timeout', '{LOCK_SECONDS:g}s', true)"
    )


@contextmanager
def begin_with(words: str) -> Iterator[None]:
    """Within the block this thread's transactions begin with these words; with none, each statement is its own."""
    before: str = getattr(_how, "words", BEGIN)
    _how.words = words
    try:
        yield
    finally:
        _how.words = before


def begin_on_postgresql(proxied: Any) -> None:
    """Begin a transaction on PostgreSQL, and keep what time it is then, where that is asked for."""
    words: str = getattr(_how, "words", BEGIN)
    # With an isolation level of its own the driver begins by itself.
    if words and proxied.driver_connection.autocommit:
        cursor = proxied.driver_connection.cursor()
        cursor.execute(words, prepare=False)
        if cursor.nextset():
            proxied.info["moment"] = cursor.fetchone()[0].astimezone(UTC)
        cursor.close()


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


class GaveWay(Exception):
    """A whole list was being written to SQLite, an alarm waited, and all of it was taken back: write it again later."""


class _Watch:
    """Whether somebody has asked for the writer since the transaction began that gives way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began = _read(path)
        self._next = 0.0

    def check(self) -> None:
        """Raise GaveWay where an alarm waits."""
        if (now := time.monotonic()) >= self._next:
            self._next = now + LOOKS_EVERY
            if _read(self._path) != self._began:
                raise GaveWay


def watch(session: Session, file: Path) -> None:
    """Have a transaction that has begun on this database give way."""
    session.info[_WATCH] = _Watch(_name_mark(file))


def give_way(session: Session) -> None:
    """For whoever writes a whole list, between two rows: raise GaveWay where an alarm waits for SQLite's one writer."""
    found: _Watch | None = session.info.get(_WATCH)
    if found is not None:
        found.check()


def press(file: Path) -> None:
    """Ask whoever writes a whole list to give way. Where that cannot be said, the alarm waits as any other."""
    with suppress(OSError):
        _name_mark(file).write_bytes(os.urandom(8))


@contextmanager
def take_turn(turn: threading.Lock, seconds: float, file: Path | None) -> Iterator[None]:
    """Hold the turn of this process's threads. `file`: whoever wants it asks for it, of this database, after a moment.

    Raises DatabaseAway where it is not free within `seconds`.
    """
    first = seconds if file is None else PRESSES_AFTER
    if not turn.acquire(timeout=first):
        if file is not None:
            press(file)
        if file is None or not turn.acquire(timeout=seconds - first):
            raise DatabaseAway("no turn to write")
    try:
        yield
    finally:
        turn.release()


def begin_at_once(connection: Any, seconds: float) -> bool:
    """Begin to write, if nobody else does for longer than a moment. False, and it is asked for: somebody does.

    `seconds`: how long this connection waits otherwise.
    """
    file = Path(connection.engine.url.database or "")
    own = connection.connection.dbapi_connection
    own.execute(f"PRAGMA busy_timeout={PRESSES_AFTER * 1000:.0f}")
    try:
        own.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        if file.is_file():
            press(file)
        return False
    finally:
        own.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}")
    return True


def _name_mark(file: Path) -> Path:
    return file.with_name(f"{file.name}-press")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
