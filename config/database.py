"""The database: engine, sessions, column types, its clock, and how long anybody waits for it.

SQLite serves one machine and the demo, PostgreSQL a town; every statement in the project runs on both. A hung one costs
a caller seconds, and the next caller nothing (`config.away`).
"""

from __future__ import annotations

import copy
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    Integer,
    MetaData,
    Row,
    Table,
    bindparam,
    column,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from config.away import (
    BEGIN,
    HUNG,
    TRIAL,
    Breaker,
    DatabaseAway,
    begin_at_once,
    begin_on_postgresql,
    begin_with,
    give_way,
    limit_seconds,
    make_bounded_connect,
    take_turn,
    watch,
    write_beginning,
)
from config.sealing import Seal

CONNECT_SECONDS = 2
"""To get hold of a connection: psycopg allows no less. Also for the ping of one that is there already."""
STATEMENT_SECONDS = 8.0
"""For the answer to one statement, the wait for locks included: a carrier gives a webhook 15 s."""
IDLE_SECONDS = 2.0
"""Between two statements of a transaction on the alarm's way. A process that hangs in one holds rows that others need:
PostgreSQL ends it then, and they go on."""
PATIENT_IDLE_SECONDS = 60.0
"""The same for pages, lists and figures, which work out much between two statements."""

SAYS_SO_WITHIN = 1.0
"""A connection whose server is gone says so within so much; one that hangs does not."""

SQLITE_SECONDS = 6
"""For a turn among the threads of a process, and again among processes: a carrier gives a webhook 15 s."""

# Identifiers: bigint, which SQLite only numbers by itself when it is called INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


def store_as_value(kind: type[StrEnum], length: int = 20) -> Enum:
    """A column of a StrEnum, stored as its value in a plain column: the same on both databases, readable in psql."""
    return Enum(kind, native_enum=False, length=length, values_callable=lambda members: [m.value for m in members])


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. A naive datetime is refused; SQLite stores it without its zone and gives it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The parent of every table. Constraint names are spelt out so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime()}


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
        self.engine = _make_sqlite_engine(url) if url.startswith("sqlite") else _make_postgresql_engine(url, pool_size)
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


def _make_postgresql_engine(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        # An error goes to the log, and what was asked for is somebody's name or number.
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        # Transactions begin by a statement of ours, which also finds out whether the connection lives.
        isolation_level="AUTOCOMMIT",
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "joint-defence",
            # Behind a pooler that hands connections on after each transaction (pgbouncer) a statement that this
            # connection has prepared is another one's, or nobody's.
            "prepare_threshold": None,
            # A machine that vanished says nothing: its connections are given up by the kernel as well.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
        },
    )
    event.listen(engine, "do_connect", lambda _dialect, _record, given, named: make_bounded_connect(*given, **named))
    cast(Any, engine.dialect).do_begin = begin_on_postgresql
    return engine


def _make_sqlite_engine(url: str) -> Engine:
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


_ROWS_TO_SQLITE = 1000
"""So many rows in a statement: some 20 ms, after which an alarm may go first."""


def match_beginning(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """That a column begins so, by its index: PostgreSQL has to see the text when it plans, every time."""
    escaped = re.sub(r"([/%_])", r"/\1", text)
    pattern: Any = bindparam(None, f"{escaped}%", literal_execute=True)
    return column.like(pattern, escape="/")


def insert_or_skip(session: Session, table: type[Base], values: dict[str, Any]) -> Any:
    """An INSERT that does nothing where a unique key stands already; add `.returning(...)` to see which it was."""
    return _get_dialect(session).insert(table).values(values).on_conflict_do_nothing()


def insert_new(session: Session, model: type[Base], values: Mapping[str, Any]) -> int | None:
    """The same by a statement that is kept: the new row's id, or None where a unique key stands already."""
    adding = _make_insert_new(session.get_bind().dialect.name, model)
    made: int | None = session.connection().execute(adding, values).scalar()
    return made


@cache
def _make_insert_new(dialect: str, model: type[Base]) -> Any:
    adding = import_module(f"sqlalchemy.dialects.{dialect}").insert(model.__table__)
    return adding.on_conflict_do_nothing().returning(cast(Table, model.__table__).c.id)


def insert_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, skip_known: bool = False
) -> None:
    """Insert rows that all have the same columns; whatever they leave out takes the database's own default.

    `skip_known`: a row whose unique key stands already is left out.

    PostgreSQL gets them as one statement with an array a column: 500 rows in 10 ms, a third of what row by row takes.
    """
    if not rows:
        return
    table = cast(Table, model.__table__)
    if _is_sqlite(session):
        adding = _get_dialect(session).insert(table)
        for start in range(0, len(rows), _ROWS_TO_SQLITE):
            give_way(session)
            some = list(rows[start : start + _ROWS_TO_SQLITE])
            session.execute(adding.on_conflict_do_nothing() if skip_known else adding, some)
        return
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    alike = {name for name, values in columns.items() if values.count(values[0]) == len(values)}
    varied = [name for name in columns if name not in alike] or [next(iter(columns))]
    arrays = func.unnest(*(literal(columns[name], _get_dialect(session).ARRAY(table.c[name].type)) for name in varied))
    source = arrays.table_valued(*(column(name, table.c[name].type) for name in varied)).render_derived()
    values = [source.c[name] if name in varied else literal(columns[name][0], table.c[name].type) for name in columns]
    adding_all = _get_dialect(session).insert(table).from_select(list(columns), select(*values), include_defaults=False)
    session.execute(adding_all.on_conflict_do_nothing() if skip_known else adding_all)


def take_ids(session: Session, model: type[Base], many: int) -> list[int]:
    """So many ids for new rows of a table, which nobody else gets: rows that refer to each other go in by sets."""
    table = cast(Table, model.__table__)
    if _is_sqlite(session):
        # One writer, and this is it.
        last: int = session.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
        if table.dialect_options["sqlite"]["autoincrement"]:
            # An id that was taken out does not come again: the record of changes knows rows by it.
            taken = text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table.name)
            last = max(last, session.scalar(taken) or 0)
        return list(range(last + 1, last + 1 + many))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    each = func.generate_series(1, many).table_valued("place")
    return list(session.scalars(select(func.nextval(sequence)).select_from(each)))


def update_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Give rows their values by their `id`; all have the same columns. PostgreSQL gets them as one statement."""
    if not rows:
        return
    table = cast(Table, model.__table__)
    names = [name for name in rows[0] if name != "id"]
    if _is_sqlite(session):
        by_id = update(table).where(table.c.id == bindparam("key"))
        changed = [{"key": row["id"]} | {f"to_{name}": row[name] for name in names} for row in rows]
        giving = by_id.values({name: bindparam(f"to_{name}") for name in names})
        for start in range(0, len(changed), _ROWS_TO_SQLITE):
            give_way(session)
            session.connection().execute(giving, changed[start : start + _ROWS_TO_SQLITE])
        return
    arrays = (
        literal([row[name] for row in rows], _get_dialect(session).ARRAY(table.c[name].type)) for name in ("id", *names)
    )
    source = func.unnest(*arrays).table_valued(*(column(name, table.c[name].type) for name in ("id", *names)))
    source = source.render_derived()
    by_id = update(table).where(table.c.id == source.c.id)
    session.connection().execute(by_id.values({name: source.c[name] for name in names}))


def match_any(
    session: Session, of: ColumnElement[Any] | InstrumentedAttribute[Any], keys: Sequence[Any]
) -> ColumnElement[bool]:
    """Whether a column is one of `keys`. PostgreSQL gets an array: a name a key takes the driver longer than the answer
    takes the database. SQLite has a limit of 32,000.
    """
    if _is_sqlite(session):
        return of.in_(keys)
    return of == func.any(literal(list(keys), _get_dialect(session).ARRAY(of.type)))


def insert_or_update(session: Session, table: type[Base], *, keys: tuple[str, ...], update: tuple[str, ...]) -> Any:
    """An INSERT that, where the unique `keys` stand already, only brings the columns `update` up to date."""
    return _make_upsert(session.get_bind().dialect.name, table, keys, update)


@cache
def _make_upsert(dialect: str, table: type[Base], keys: tuple[str, ...], update: tuple[str, ...]) -> Any:
    # Kept: processes say twice a second that they live, and putting it together takes longer than that.
    statement = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in update}
    )


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _get_dialect(session: Session) -> Any:
    """The module of the session's dialect: the other one is not loaded."""
    return import_module(f"sqlalchemy.dialects.{session.get_bind().dialect.name}")
