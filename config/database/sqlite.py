"""SQLite: one writer, for which threads and processes take turns, and alarms go before whole lists.

An alarm that has waited a moment for the writer writes a new mark into a file beside the database; whoever writes what
takes seconds looks for that between two rows, and ends in `GaveWay`: all of it is taken back, to be written
again later.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from config.database.away import DatabaseAway

SQLITE_SECONDS = 6
"""For a turn among the threads of a process, and again among processes: a carrier gives a webhook 15 s."""
PRESSES_AFTER = 0.15
"""Seconds that an alarm waits for SQLite's one writer before it asks for it."""
LOOKS_EVERY = 0.03
"""Seconds after which whoever writes a whole list looks again whether an alarm waits."""
_WATCH = "gives_way"


def make_sqlite_engine(url: str) -> Engine:
    """An engine whose every transaction says by itself whether it writes, and waits for the writer so long."""
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": SQLITE_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # The driver must not open transactions by itself: `_begin` below does, with a lock that cannot deadlock.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={SQLITE_SECONDS * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A deferred BEGIN that turns into a writer fails with "database is locked" whatever the busy_timeout.
        options = connection.get_execution_options()
        if options.get("reads"):
            connection.exec_driver_sql("BEGIN")
        elif not options.get("presses") or not begin_at_once(connection, SQLITE_SECONDS):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


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
