"""What can wait for the clock: books every half an hour from two in the morning on, and no tick waits for any of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from joint_defense.processes import clock
from joint_defense.processes.clock import NOW_AND_THEN, UNHURRIED, tick
from joint_defense.processes.queues import BOOKS_JOB, BOOKS_KEPT_SECONDS, BULK, get_queue
from joint_defense.processes.runtime import Runtime
from tests.conftest import MakeSettings


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_from_two_in_the_morning_the_clock_has_the_books_looked_at(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(settings(timezone="Asia/Shanghai"))
    bulk = get_queue(BULK, runtime.redis)
    parts = tuple(part for _, part in UNHURRIED)
    asked = []
    # 01:59, 02:00 and 23:30 of the town; at the first it is still yesterday in UTC.
    for moment in (datetime(2026, 11, 29, 17, 59, tzinfo=UTC), datetime(2026, 11, 29, 18, tzinfo=UTC),
                   datetime(2026, 11, 30, 15, 30, tzinfo=UTC)):  # fmt: skip
        monkeypatch.setattr(runtime.database, "estimate_now", lambda moment=moment: moment)
        assert tick(runtime, None, parts)
        asked.append([(job.func_name, job.kwargs, job.ttl) for job in bulk.get_jobs()])
        runtime.redis.flushdb()
    assert asked == [[], *[[(BOOKS_JOB, {"again": False}, BOOKS_KEPT_SECONDS)]] * 2]
    # Asked for again before the last wish runs out is the rule: a worker that was away finds one.
    assert [every for every, part in UNHURRIED if part.__name__ == "_have_books_checked"] == [1800.0]
    assert not {part for _, part in NOW_AND_THEN} & set(parts), "nobody stands in for it"
    runtime.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_redis_the_clock_goes_on_and_asks_another_time(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(settings(redis_url="redis://127.0.0.1:1/0"))
    monkeypatch.setattr(runtime.database, "estimate_now", lambda: datetime(2026, 11, 30, 8, tzinfo=UTC))
    assert tick(runtime, None, tuple(part for _, part in UNHURRIED))
    runtime.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_tick_waits_for_what_can_wait(settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(settings())
    ticks, begun, held, stopping = threading.Semaphore(0), threading.Event(), threading.Event(), threading.Event()

    def plan(_runtime: Runtime) -> None:
        begun.set()
        held.wait(60)

    monkeypatch.setattr(clock, "PARTS", (lambda _runtime: ticks.release(),))
    monkeypatch.setattr(clock, "NOW_AND_THEN", ())
    monkeypatch.setattr(clock, "UNHURRIED", ((3600.0, plan),))
    monkeypatch.setattr(clock, "EVERY", 0.01)
    keeper = threading.Thread(target=clock.keep_time, args=(runtime, stopping))
    keeper.start()
    try:
        assert begun.wait(60)
        while ticks.acquire(blocking=False):
            pass
        assert [ticks.acquire(timeout=60) for _ in range(5)] == [True] * 5
    finally:
        held.set()
        stopping.set()
        keeper.join(60)
        runtime.close()
    assert not keeper.is_alive()
