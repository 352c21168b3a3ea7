"""The clock: whoever presses a key meanwhile waits for one incident's transaction, and not for hundreds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import Database, read_clock
from joint_defense.alarms import words_passed_on
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.models.upkeep import DevicePress
from joint_defense.processes.clock import PARTS, tick
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, Purpose
from tests.conftest import MakeSettings
from tests.support.factories import NOW, House, Town, at

INCIDENTS = 3
BEFORE = 100.0
"""Seconds ago: a first step of widening is due, and everything that was said is new."""


@pytest.fixture
def runtime(settings: MakeSettings) -> Iterator[Runtime]:
    made = Runtime(settings())
    yield made
    made.redis.close()
    made.close()


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def count_deliveries(town: Town) -> Counter[int]:
    counted = select(Delivery.incident_id, func.count()).group_by(Delivery.incident_id)
    return Counter({row[0]: row[1] for row in town.read(lambda session: session.execute(counted).all())})


def call_for_help(town: Town, since: float, name: str, *, answered: bool = True) -> int:
    """An alarm by text in a group of its own; of two neighbours one has said to come, and the caller has said more."""
    group = town.group(name)
    caller = town.house("王建国", group=group)
    town.house("李月芳", group=group)
    raised = town.raise_alarm(caller, channel=Channel.SMS, call_sid=None, after=since)
    assert raised.incident_id is not None
    town.place(after=since)
    if answered:
        town.run(partial(_answer_and_speak, raised.incident_id, caller, at(since + 50)))
    return raised.incident_id


def _answer_and_speak(incident_id: int, caller: House, now: datetime, session: Session) -> None:
    rung = select(Delivery).where(Delivery.incident_id == incident_id, Delivery.channel == Channel.CALL)
    acknowledge(session, session.scalars(rung).one(), Answer.COMING, Channel.CALL, now)
    words_passed_on.note_words(session, incident_id, caller.name, "他们在后院", now, by_caller=True)


def test_a_tick_keeps_each_incident_no_longer_than_it_takes_itself(
    runtime: Runtime, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = (town.read(read_clock) - NOW).total_seconds() - BEFORE
    told = [call_for_help(town, since, f"{number}组") for number in range(INCIDENTS)]
    held = [call_for_help(town, since, f"扣{number}组", answered=False) for number in range(INCIDENTS)]
    for incident_id in held:
        town.run(partial(_hold_back, incident_id, at(since + 20)))
    whole, steps = runtime.database.begin, list[Counter[int]]()

    @contextmanager
    def begin(**how: Any) -> Iterator[Session]:
        before = count_deliveries(town)
        with whole(**how) as session:
            yield session
        steps.append(count_deliveries(town) - before)

    monkeypatch.setattr(runtime.database, "begin", begin)
    assert tick(runtime, None, PARTS)
    assert all(len(each) <= 1 for each in steps), steps
    for purpose, incidents in ((Purpose.NEWS, told), (Purpose.WORDS, told), (Purpose.ALARM, held)):
        for incident_id in incidents:
            assert town.lines(incident_id, purpose), (purpose, incident_id)
    assert {each.held_until for each in town.incidents()} == {None}


def _hold_back(incident_id: int, until: datetime, session: Session) -> None:
    session.get_one(Incident, incident_id).held_until = until


def test_a_press_that_nobody_has_called_a_test_is_raised_by_the_tick_once(runtime: Runtime, town: Town) -> None:
    wang, _ = town.house("王建国"), town.house("李大明")

    def press(session: Session) -> None:
        now = read_clock(session)
        keyed = {"test_id": 0, "household_id": wang.id, "number": wang.number, "line_account": ""}
        session.add(DevicePress(**keyed, call_sid="CA1", pressed_at=now - timedelta(seconds=30), raise_at=now))
        session.add(DevicePress(**keyed, call_sid="CA2", pressed_at=now, raise_at=now + timedelta(seconds=20)))

    town.run(press)
    assert tick(runtime, None, PARTS)
    assert tick(runtime, None, PARTS)
    assert [each.call_sid for each in town.alerts()] == ["CA1"]
