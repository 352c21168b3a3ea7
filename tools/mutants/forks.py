"""A fork of the warm process: it shares no connection with it or with other forks, and leaves nothing for the next one.

A connection to PostgreSQL that several forks use one after the other fails from the second on: its driver counts
statements in each fork anew, and prepares under a name what the server knows by that name already.
"""

from __future__ import annotations

import gc
import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import Engine

from tests.support.servers import PostgresServer

T = TypeVar("T")
NONE, TOO_LONG = "", "(hung)"


def run_in_fork(work: Callable[[], str], patience: float) -> str:
    """What `work` said in a fork, which is ended then, with its children; TOO_LONG after so many seconds.

    What it raised, in brackets, by its name.
    """
    with _putting_back():
        _close_connections()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.setpgid(0, 0)
                os.write(writing, (work() or "-").encode())
            except BaseException as error:
                os.write(writing, f"({type(error).__name__})".encode())
            finally:
                os._exit(0)
        os.close(writing)
        return listen(reading, child, patience)


def listen(reading: int, child: int, patience: float) -> str:
    """What a child of ours writes; it is ended then, with its children."""
    ready, _, _ = select.select([reading], [], [], patience)
    told = os.read(reading, 10_000).decode() if ready else TOO_LONG
    os.close(reading)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return NONE if told == "-" else told or "(died)"


def _close_connections() -> None:
    """Whoever needs one makes one: a pool, or what empties the database between two tests."""
    for engine in _find(Engine):
        engine.dispose()
    for connection in _find(psycopg.Connection):
        connection.close()


def _find(kind: type[T]) -> list[T]:
    """All that there are; a proxy is asked nothing."""
    return [each for each in gc.get_objects() if issubclass(type(each), kind)]


@contextmanager
def _putting_back() -> Iterator[None]:
    """Databases and schemas that are made meanwhile go: what remembers that they are there was in the fork."""
    before = {server: _list_made(server) for server in _list_servers()}
    try:
        yield
    finally:
        for server, made in before.items():
            for database, schemas in _list_made(server).items():
                if database not in made:
                    _drop(server, "postgres", "DROP DATABASE {} WITH (FORCE)", database)
                for schema in schemas - made.get(database, schemas):
                    _drop(server, database, "DROP SCHEMA {} CASCADE", schema)


def _list_servers() -> list[PostgresServer]:
    return [each for each in _find(PostgresServer) if each.program is not None and each.program.running]


def _list_made(server: PostgresServer) -> dict[str, set[str]]:
    """A server's databases, each with its schemas."""
    with server.connect() as connection:
        names = [str(name) for (name,) in connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")]
    made: dict[str, set[str]] = {}
    for name in names:
        with server.connect(name) as connection:
            schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")
            made[name] = {str(schema) for (schema,) in schemas}
    return made


def _drop(server: PostgresServer, database: str, statement: str, name: str) -> None:
    with server.connect(database) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
