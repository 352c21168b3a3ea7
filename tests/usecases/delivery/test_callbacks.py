"""Status callbacks that come at once are taken in together, and each is answered for itself."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from time import sleep
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from config.database import Database, DatabaseAway
from joint_defense.delivery import tracking
from joint_defense.delivery.tracking import Report
from joint_defense.rules.errors import ForeignCallback, UnknownDelivery
from joint_defense.rules.states import Channel, DeliveryState
from joint_defense.webhooks.callbacks import MAY_WAIT, Reports
from tests.support.factories import Town
from tests.support.handsets import eventually


@pytest.fixture
def words(town: Town) -> list[Report]:
    """That each of eight neighbours' calls rings."""
    caller, *_ = [town.house(f"王{number}") for number in range(9)]
    town.raise_alarm(caller)
    calls = [claim for claim in town.claim() if claim.channel is Channel.CALL]
    return [Report(claim.delivery_id, claim.number, f"CA{claim.delivery_id:032x}", "ringing") for claim in calls]


def record_together(reports: Reports, given: list[Report]) -> list[bool | Exception]:
    """All at once; what comes of each."""

    def one(report: Report) -> bool | Exception:
        try:
            return reports.record(report)
        except (UnknownDelivery, ForeignCallback, OperationalError, DatabaseAway) as error:
            return error

    with ThreadPoolExecutor(len(given)) as pool:
        return list(pool.map(one, given))


def test_every_callback_of_many_is_answered_for_itself(town: Town, words: list[Report]) -> None:
    reports = Reports(town.database)
    assert record_together(reports, words) == [True] * 8
    known, unknown = words[0], Report(0, 1, words[0].sid, "ringing")
    foreign = Report(words[1].delivery_id, 1, "CAother", "ringing")
    outcomes = record_together(reports, [known, unknown, foreign])
    assert [type(each) for each in outcomes] == [bool, UnknownDelivery, ForeignCallback]
    assert outcomes[0] is False
    assert {town.delivery_by_id(each.delivery_id).state for each in words} == {DeliveryState.PLACED}


def test_one_callback_that_cannot_be_taken_in_does_not_keep_the_others_out(
    town: Town, words: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tracking.record_reports

    def stumbles(session: Any, given: list[Report], now: Any) -> list[Any]:
        if len(given) > 1:
            session.connection().exec_driver_sql("INSERT INTO villages (code) VALUES (NULL)")
        return record(session, given, now)

    monkeypatch.setattr(tracking, "record_reports", stumbles)
    assert record_together(Reports(town.database), words) == [True] * 8


def test_in_a_storm_few_requests_wait_and_what_the_others_said_is_taken_in_afterwards(
    town: Town, words: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, go_on, asked = tracking.record_reports, Event(), []

    def slowly(session: Any, given: list[Report], now: Any) -> list[Any]:
        asked.append(len(given))
        assert go_on.wait(20)
        if len(asked) == 2:
            # And once the database is away: nobody waits for these any more, so they are kept until it is back.
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return record(session, given, now)

    monkeypatch.setattr(tracking, "record_reports", slowly)
    reports = Reports(town.database)
    assert not reports.put_down(words[0]), "nobody waits yet"
    with ThreadPoolExecutor(MAY_WAIT) as pool:
        first = pool.submit(reports.record, words[0])
        eventually(lambda: asked == [1], "the first is at work")
        second = [pool.submit(reports.record, each) for each in words[1:MAY_WAIT]]
        eventually(lambda: reports.put_down(words[MAY_WAIT]), "as many wait as may")
        assert all(reports.put_down(each) for each in words[MAY_WAIT + 1 :])
        go_on.set()
        assert first.result() is True
        for each in second:
            with suppress(OperationalError):
                each.result()

    def rings() -> set[DeliveryState]:
        return {town.delivery_by_id(each.delivery_id).state for each in words[MAY_WAIT:]}

    eventually(lambda: rings() == {DeliveryState.PLACED}, "those that nobody waits for")


def test_a_database_that_is_away_is_asked_once_for_all_that_wait(words: list[Report]) -> None:
    asked: list[None] = []

    def slowly(*_: object) -> None:
        asked.append(None)
        sleep(0.2)

    with socket.create_server(("127.0.0.1", 0)) as nobody:
        away = Database(f"postgresql://nobody@127.0.0.1:{nobody.getsockname()[1]}/nothing")
    event.listen(away.engine, "do_connect", slowly)

    outcomes = record_together(Reports(away), words)

    assert {type(each) for each in outcomes} <= {OperationalError, DatabaseAway}
    assert len(asked) <= 2, "by the first, and for the seven that came while it was asked"
