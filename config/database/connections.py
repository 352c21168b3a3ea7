"""Transactions: engine, sessions, the database's clock, and how long anybody waits for it.

A hung database costs a caller seconds, and the next caller nothing (`away`).
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Executable, Row, Table, func, insert, literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from config.database import postgresql, sqlite
from config.database.away import HUNG, Breaker, DatabaseAway
from config.database.postgresql import BEGIN, CONNECT_SECONDS, TRIAL, begin_with, limit_seconds, write_beginning
from config.database.sqlite import SQLITE_SECONDS, take_turn, watch
from config.database.tables import Base, UtcDateTime
from config.sealing import Seal

STATEMENT_SECONDS = 8.0
"""For the answer to one statement, the wait for locks included: a carrier gives a webhook 15 s."""
IDLE_SECONDS = 2.0
"""Between two statements of a transaction on the alarm's way. A process that hangs in one holds rows that others need:
PostgreSQL ends it then, and they go on."""
PATIENT_IDLE_SECONDS = 60.0
"""The same for pages, lists and figures, which work out much between two statements."""

SAYS_SO_WITHIN = 1.0
"""A connection whose server is gone says so within so much; one that hangs does not."""


@dataclass
class ClockDifference:
    """How far the database's clock was ahead of this machine's when it was last asked."""

    seen: timedelta = timedelta(0)


_CLOCK = select(func.clock_timestamp(type_=UtcDateTime()))


class Database:
    """An engine and its sessions. Made once a process; never shared across a fork."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        statement_seconds: float = STATEMENT_SECONDS,
        seal: Seal | None = None,
    ) -> None:
        if url.startswith("sqlite"):
            self.engine = sqlite.make_sqlite_engine(url)
        else:
            self.engine = postgresql.make_postgresql_engine(url, pool_size)
        self.statement_seconds = statement_seconds
        self._beginning = write_beginning(IDLE_SECONDS)
        self._clock_difference = ClockDifference()
        self.seal = seal or Seal()
        known = {"clock": self._clock_difference, "seal": self.seal}
        self.session = sessionmaker(self.engine, expire_on_commit=False, info=known)
        # SQLite has one writer, and whoever waits for it polls in ever longer naps: threads of one process take turns
        # here instead, so that an alarm is not overtaken for half a second by the callbacks of the one before.
        self._turn = threading.Lock() if self.is_sqlite else None
        self._presses = True
        self._breaker = Breaker()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """Where SQLite keeps it; None where there is no such file."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    def patient(self) -> Database:
        """The same database, for work that thinks for long between two statements of a transaction, and may wait."""
        found = copy.copy(self)
        found._beginning = write_beginning(PATIENT_IDLE_SECONDS)
        found._presses = False
        return found

    @contextmanager
    def begin(self, *, reads: bool = False, gives_way: bool = False) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back if it raises.

        `reads`: nothing is written in it, and on SQLite no alarm waits until it has been read to the end. `gives_way`:
        it may take seconds, and on SQLite it ends in GaveWay as soon as an alarm waits for it.
        Raises DatabaseAway, at once, while the database is known not to answer.
        """
        pressing = self.file if self._presses else None
        turn = nullcontext() if reads or self._turn is None else take_turn(self._turn, SQLITE_SECONDS, pressing)
        with turn, limit_seconds(self.statement_seconds), self.session() as session:
            with self._breaker.connecting(), limit_seconds(CONNECT_SECONDS):
                self._connect(session, reads=reads)
            if gives_way and self.file is not None:
                watch(session, self.file)
            try:
                yield session
                session.commit()
            except BaseException as error:
                hung = isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == HUNG
                if isinstance(error, DBAPIError) and error.connection_invalidated and not hung:
                    self._breaker.trip()
                session.rollback()
                if hung:
                    raise DatabaseAway("we were silent within a transaction for too long") from error
                raise

    def insert_quickly(self, model: type[Base], values: Mapping[str, Any]) -> None:
        """Insert a row in a transaction of its own, for which a page does not wait.

        PostgreSQL is asked once, and does not wait for its disk: where its machine fails, the rows of the last second
        may be lost. Raises as `begin`.
        """
        if self.is_sqlite:
            with self.begin() as session:
                session.execute(insert(model).values(values))
            return
        table = cast(Table, model.__table__)
        source = select(*(literal(value, table.c[name].type) for name, value in values.items()))
        source = source.where(func.set_config("synchronous_commit", "off", True) == "off")
        self.run_alone(insert(table).from_select(list(values), source, include_defaults=False), once=True)

    def run_alone(
        self, statement: Executable, values: Mapping[str, Any] | None = None, *, once: bool = False
    ) -> Sequence[Row[Any]]:
        """Run one statement that is its own transaction, on PostgreSQL; the rows of its answer.

        On a connection that a restarted server has left dead it is run again on a new one. `once`: it must not be, so
        the connection is tried before. It waits for its answer as any other, and for a lock as long. Raises as `begin`.
        """
        begun = time.monotonic()
        with limit_seconds(self.statement_seconds), begin_with(TRIAL if once else ""):
            while True:
                with self._breaker.connecting(), limit_seconds(CONNECT_SECONDS):
                    connection = self._connect_alone()
                with connection:
                    try:
                        found = connection.execute(statement, values or {})
                        return found.all() if found.returns_rows else ()
                    except DBAPIError as error:
                        # One that a server has left dead says so at once, and takes all others out of the pool with it.
                        if error.connection_invalidated and not once and time.monotonic() - begun < SAYS_SO_WITHIN:
                            once = True
                            continue
                        if error.connection_invalidated:
                            self._breaker.trip()
                        raise

    def note_clock(self, moment: datetime) -> None:
        """The database has said what time it is just now."""
        self._clock_difference.seen = moment - datetime.now(UTC)

    def _connect(self, session: Session, *, reads: bool) -> None:
        """Begin, and have the limits of this transaction set: others wait for what it locks no longer than so, should
        its process hang in it. Of the transaction, because a pooler hands the connection on. PostgreSQL says in the
        same breath what time it is.
        """
        options = {"reads": reads, "presses": self._presses}
        with begin_with(BEGIN if reads else self._beginning):
            try:
                connection = session.connection(execution_options=options)
            except DBAPIError as error:
                # A restarted server has left it dead: all of that age have gone with it.
                if not error.connection_invalidated:
                    raise
                connection = session.connection(execution_options=options)
        if not (reads or self.is_sqlite):
            _note_moment(session, connection.info["moment"])

    def _connect_alone(self) -> Connection:
        """A connection for one statement, tried if it is to be."""
        connection = self.engine.connect()
        try:
            connection.begin()
        except DBAPIError as error:
            if not error.connection_invalidated:
                connection.close()
                raise
            connection.rollback()
            connection.begin()
        return connection

    def estimate_now(self) -> datetime:
        """The database's clock as far as we can tell without it: ours, less the difference last seen."""
        return datetime.now(UTC) + self._clock_difference.seen

    def close(self) -> None:
        """Give every connection back. The process is about to end, or to fork."""
        self.engine.dispose()


def read_clock(session: Session) -> datetime:
    """The one clock all machines share: PostgreSQL's own, so that a machine five minutes off does no harm.

    It is asked once a transaction: what has passed since then is the same by every clock. With SQLite there is one
    machine, and its clock.
    """
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    told: tuple[object, datetime, float] | None = session.info.get("moment")
    if told is None or told[0] is not session.get_transaction():
        return _note_moment(session, session.execute(_CLOCK).scalar_one())
    return told[1] + timedelta(seconds=time.monotonic() - told[2])


def _note_moment(session: Session, moment: datetime) -> datetime:
    """The database has said what time it is, in this transaction."""
    session.info["moment"] = (session.get_transaction(), moment, time.monotonic())
    difference: ClockDifference | None = session.info.get("clock")
    if difference is not None:
        difference.seen = moment - datetime.now(UTC)
    return moment
