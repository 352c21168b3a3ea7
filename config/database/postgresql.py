"""PostgreSQL: connections that give up waiting, and how a transaction begins.

Its client library waits for an answer for ever, so `make_bounded_connect` makes connections that do not. A transaction
begins by words of ours, which also tell whether its connection lives and how long others wait for what it locks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Engine, create_engine, event

CONNECT_SECONDS = 2
"""To get hold of a connection: psycopg allows no less. Also for the ping of one that is there already."""
LOCK_SECONDS = 7.0
"""For a lock: PostgreSQL itself gives up then, because it does not notice a client that has gone away."""

_limit = threading.local()
_how = threading.local()


def make_postgresql_engine(url: str, pool_size: int) -> Engine:
    """An engine whose connections give up waiting, and whose transactions begin by words of ours (`begin_with`)."""
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
