"""Connections to PostgreSQL that a restarted server has left dead cost nobody an alarm, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, insert, literal, select, text

from config.database import Database, read_clock
from groups.models.roster import Village

END_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'joint-defence' AND datname = current_database()
"""


@pytest.fixture
def database(_fresh_postgresql: str) -> Iterator[Database]:
    made = Database(_fresh_postgresql)
    yield made
    made.close()


def end_connections(database: Database, many: int) -> None:
    """Fill the pool with so many, and end them all from the other side."""
    with ExitStack() as held:
        for _ in range(many):
            held.enter_context(database.begin()).scalar(select(1))
    address = database.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as other:
        assert len(other.execute(END_ALL).fetchall()) >= many


def test_every_way_to_the_database_goes_on_after_a_restart_of_its_server(database: Database) -> None:
    end_connections(database, 3)
    with ExitStack() as held:
        sessions = [held.enter_context(database.begin()) for _ in range(3)]
        assert [session.scalar(select(literal(7))) for session in sessions] == [7, 7, 7]
    end_connections(database, 2)
    with database.begin(reads=True) as session:
        assert session.scalar(select(literal(8))) == 8
    end_connections(database, 2)
    assert database.run_alone(select(literal(9))) == [(9,)]
    end_connections(database, 2)
    added = insert(Village).values(code="A", name="墙下陶村")
    database.run_alone(added, once=True)
    with database.begin() as session:
        assert session.scalar(select(func.count()).select_from(Village)) == 1


def test_a_transaction_has_its_limits_and_its_clock_and_leaves_neither_to_the_next(database: Database) -> None:
    asked = text("SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')")
    for each, idle in ((database, "2s"), (database.patient(), "1min"), (database, "2s")):
        with each.begin() as session:
            assert tuple(session.execute(asked).one()) == ("7s", idle)
            told = session.execute(select(func.clock_timestamp())).scalar_one()
            assert abs(read_clock(session) - told) < timedelta(seconds=1)
    with database.begin(reads=True) as session:
        assert tuple(session.execute(asked).one()) == ("0", "0")
    assert tuple(database.run_alone(asked)[0]) == ("0", "0")


def test_what_fails_in_the_middle_is_rolled_back_whole(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            session.add(Village(code="A", name="墙下陶村"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.begin() as session:
        assert session.scalar(select(func.count()).select_from(Village)) == 0
