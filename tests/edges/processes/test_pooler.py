"""Behind a pooler in transaction mode the alarm works; where the database is broken or away, the alarm is kept."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event

from app import create_app
from config.database import Database, read_clock
from joint_defense.alarms.closing import close
from joint_defense.models.incidents import Acknowledgement, Incident
from joint_defense.processes.clock import NOW_AND_THEN, PARTS, UNHURRIED, tick
from joint_defense.processes.drain import drain
from joint_defense.rules.states import AttemptState, ClosingOutcome
from tests.conftest import MakeSettings
from tests.edges.webhooks.test_webhooks import DIRECT, OUR_NUMBER, Carrier
from tests.support.factories import NOW, House, Town
from tests.support.handsets import eventually
from tests.support.pooler import Pooler

KEPT = "求助已记下，系统一恢复就"
PREPARED_AFTER = 5
"""psycopg's own: a statement that was executed more often is prepared on its connection."""


@pytest.fixture
def pooler(_fresh_postgresql: str) -> Iterator[Pooler]:
    folder, database = _fresh_postgresql.rpartition("host=")[2], _fresh_postgresql.rpartition("?")[0].rpartition("/")[2]
    with Pooler(f"{folder}/.s.PGSQL.5432", database) as made:
        yield made


@pytest.fixture
def database_url(pooler: Pooler) -> str:
    """Everything in this file goes through it."""
    return pooler.url


@pytest.fixture
def app(settings: MakeSettings) -> Iterator[Flask]:
    made = create_app(settings(direct_numbers=DIRECT))
    made.extensions["drainer"]._stopping.set()
    yield made
    made.extensions["waker"].close()
    made.extensions["runtime"].redis.close()
    made.extensions["runtime"].close()


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


@pytest.fixture
def carrier(app: Flask, town: Town) -> Carrier:
    return Carrier(app.test_client(), town)


def test_this_pooler_loses_what_was_prepared_as_one_in_transaction_mode_does(pooler: Pooler) -> None:
    place = pooler.url.rpartition("host=")[2]
    with psycopg.connect(host=place, user="postgres", dbname="town", autocommit=True) as connection:
        servers = {connection.execute("SELECT pg_backend_pid()").fetchone() for _ in range(PREPARED_AFTER)}
        assert len(servers) > 1
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            connection.execute("SELECT %s::int", [1], prepare=True)


def test_behind_a_pooler_alarms_come_in_leave_are_answered_and_watched_over(
    carrier: Carrier, app: Flask, town: Town
) -> None:
    runtime = app.extensions["runtime"]
    for number in range(PREPARED_AFTER + 2):
        group = town.group(f"第{number}组")
        caller, neighbour = town.house("王建国", group=group), town.house("李月芳", group=group)
        assert "马上呼叫1户邻居" in carrier.call("/voice/menu/1", caller.number, sid=f"CA{number}", Digits="#9")
        sent = town.place(after=(town.read(read_clock) - NOW).total_seconds())
        assert [claim.to for claim in sent].count(neighbour.number) == 2, "a call and a text"
        rung = town.delivery(neighbour.number)
        for status in ("ringing", "in-progress"):
            carrier.post(f"/status/{rung.id}/1", CallSid=str(town.attempt(rung).sid), CallStatus=status)
        assert town.attempt(rung).state is AttemptState.IN_PROGRESS
        carrier.call(f"/voice/answer/{rung.id}/1", OUR_NUMBER, to=neighbour.number, Digits="1")
        assert tick(runtime, None, (*PARTS, *(part for _, part in (*NOW_AND_THEN, *UNHURRIED))))
        assert app.test_client().get("/readyz").get_json()["database"] == "ok"
        now = town.read(read_clock)
        incident_id = max(each.id for each in town.incidents())
        over = partial(close, incident_id=incident_id, outcome=ClosingOutcome.HELPED, note="", by="村", now=now)
        assert town.run(over)
    assert runtime.spool.count() == 0
    assert carrier.count(Incident) == carrier.count(Acknowledgement) == PREPARED_AFTER + 2


def test_an_alarm_is_kept_whether_the_pooler_breaks_our_statements_or_has_no_server(
    carrier: Carrier, app: Flask, town: Town, pooler: Pooler, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = app.extensions["runtime"]
    first, second, third = (town.house("王建国", group=town.group(name)) for name in ("甲组", "乙组", "丙组"))
    engine = runtime.database.engine

    def prepare_at_once(connection: Any, *_: Any) -> None:
        connection.prepare_threshold = 0

    def call(caller: House, sid: str) -> str:
        caplog.clear()
        return carrier.call("/voice/menu/1", caller.number, sid=sid, Digits="#9")

    # Each statement is prepared, and the next transaction does not find it: the first may still be taken in.
    event.listen(engine, "connect", prepare_at_once)
    engine.dispose()
    said = [call(caller, f"CA{number}") for number, caller in enumerate((first, second))]
    event.remove(engine, "connect", prepare_at_once)
    engine.dispose()
    assert KEPT in said[-1]
    assert "'cause': 'broken'" in caplog.text
    assert "'cause': 'away'" not in caplog.text
    kept = sum(KEPT in each for each in said)
    assert (runtime.spool.count(), carrier.count(Incident)) == (kept, len(said) - kept)
    pooler.has_server = False
    assert KEPT in call(third, "CA9")
    assert "'cause': 'away'" in caplog.text
    assert "'cause': 'broken'" not in caplog.text
    pooler.has_server = True
    eventually(lambda: drain(runtime, lambda _: None), "what was kept is taken in")
    assert {alert.number for alert in town.alerts()} == {first.number, second.number, third.number}
