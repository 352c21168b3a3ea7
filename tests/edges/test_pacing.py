"""The pace: as many a second as the carrier allows, shared through Redis, kept without it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import select

from config.database import Database, clock
from joint_defense import intake
from joint_defense.models import Attempt, Delivery
from joint_defense.pacing import REDIS_REST, SHARE, Pace
from joint_defense.queues import connect_briefly
from joint_defense.rules.delivery import AttemptState, Channel
from joint_defense.rules.slowing import MOST, UNPACED
from joint_defense.runtime import Runtime
from joint_defense.tracking import record_status
from joint_defense.waking import DispatcherThread
from tests.conftest import MakeSettings
from tests.factories import Town
from tests.handsets import Network, answers, eventually
from tests.servers import RedisServer


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with connect_briefly(redis_url) as client:
        yield client


@pytest.fixture
def nowhere() -> Iterator[Redis]:
    """A Redis that is not there."""
    with connect_briefly("redis://127.0.0.1:1") as client:
        yield client


def leave_in(pace: Pace, seconds: float, wanted: int = 5) -> int:
    """How many requests may leave in so many seconds, asked as a sender asks."""
    end, left = time.monotonic() + seconds, 0
    while (now := time.monotonic()) < end:
        grant = pace.take(wanted)
        left += grant.count
        if not grant.count:
            time.sleep(max(min(grant.wait, end - now), 0.001))
    return left


def test_no_limit_is_no_limit(nowhere: Redis) -> None:
    pace = Pace(nowhere, "call", {"x": 0})
    assert not pace.limited
    assert (pace.take(1000).count, pace.take(1000).wait) == (1000, 0)


def test_the_first_request_leaves_at_once_and_the_next_in_its_turn(redis: Redis) -> None:
    pace = Pace(redis, "call", {"x": 2})
    first, second = pace.take(10), pace.take(10)
    assert (first.count, second.count) == (1, 0)
    assert 0.3 < second.wait <= 0.5


def test_the_rate_is_kept_by_two_processes_together(redis: Redis, redis_url: str) -> None:
    left: list[int] = []

    def send() -> None:
        with connect_briefly(redis_url) as own:
            left.append(leave_in(Pace(own, "call", {"x": 50}), 0.8))

    senders = [threading.Thread(target=send) for _ in range(2)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    # Never more than the rate; less only by what a busy machine sleeps in.
    assert 20 <= sum(left) <= 42


def test_two_numbers_have_a_pace_each(redis: Redis) -> None:
    assert Pace(redis, "call", {"a": 1}).take(1).count == Pace(redis, "call", {"b": 1}).take(1).count == 1


@pytest.mark.parametrize("where", ["redis", "nowhere"])
def test_several_numbers_share_the_work_by_what_each_can_do(where: str, request: pytest.FixtureRequest) -> None:
    pace = Pace(request.getfixturevalue(where), "call", {"slow": 10, "quick": 40})
    left = {"slow": 0, "quick": 0}
    end = time.monotonic() + 0.6
    while time.monotonic() < end:
        grant = pace.take(50)
        for number, count in grant.by_sender.items():
            left[number] += count
        time.sleep(max(min(grant.wait, end - time.monotonic()), 0.001))
    share = 1 if where == "redis" else SHARE
    assert 3 <= left["slow"] <= 7 / share + 1
    assert 8 <= left["quick"] <= 25 / share + 1
    assert pace.rate() == 50


def test_numbers_without_a_limit_carry_the_same(nowhere: Redis) -> None:
    pace = Pace(nowhere, "call", {"a": 0, "b": 0})
    assert pace.take(5).by_sender == {"a": 3, "b": 2}
    assert pace.take(5).by_sender == {"a": 2, "b": 3}
    assert pace.rate() == 0


@pytest.mark.parametrize("where", ["redis", "nowhere"])
def test_a_carriers_complaint_halves_the_pace_of_that_number_and_many_at_once_are_one(
    where: str, request: pytest.FixtureRequest
) -> None:
    pace = Pace(request.getfixturevalue(where), "call", {"a": 10, "b": 10})
    assert [pace.slow_down("a") for _ in range(20)] == [2.0] * 20
    assert pace.factors() == {"a": 2.0, "b": 1.0}
    assert pace.rate() == 15
    # Nothing leaves from it for one slower turn; the other number goes on.
    assert pace.take(5).by_sender == {"a": 0, "b": 1}


def test_a_complaint_slows_all_workers_down_and_those_without_a_limit_too(redis: Redis, redis_url: str) -> None:
    with connect_briefly(redis_url) as own:
        one, other = Pace(redis, "call", {"x": 0}), Pace(own, "call", {"x": 0})
        one.slow_down("x")
        assert other.take(50).count == 50
        assert other.factors() == {"x": 2.0}
        assert other.take(50).count <= 1
        assert other.rate() == pytest.approx(1 / UNPACED / 2)


@pytest.mark.parametrize("where", ["redis", "nowhere"])
def test_the_pace_is_slowed_to_a_bound_and_recovers_by_steps(
    where: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joint_defense.pacing.STEP", 0.3)
    monkeypatch.setattr("joint_defense.pacing.HOLD", 0.0)
    monkeypatch.setattr("joint_defense.rules.slowing.STEP", 0.3)
    monkeypatch.setattr("joint_defense.rules.slowing.HOLD", 0.0)
    pace = Pace(request.getfixturevalue(where), "call", {"x": 100})
    slowed = [pace.slow_down("x") for _ in range(8)]
    assert slowed[:4] == [2.0, 4.0, 8.0, 16.0]
    assert max(slowed) == MOST
    seen: list[float] = []
    while not seen or seen[-1] > 1:
        seen.append(pace.factors()["x"])
        time.sleep(0.02)
    assert list(dict.fromkeys(seen)) == [16.0, 8.0, 4.0, 2.0, 1.0]
    if where == "redis":
        time.sleep(0.35)
        assert not request.getfixturevalue("redis").exists("pace:call:x:slow")


def test_what_was_not_used_is_given_back(redis: Redis) -> None:
    pace = Pace(redis, "call", {"x": 1})
    assert pace.take(1).count == 1
    assert pace.take(1).count == 0
    pace.give_back("x", 1)
    assert pace.take(1).count == 1


def test_a_long_text_is_charged_for_all_its_segments_however_many(redis: Redis) -> None:
    pace = Pace(redis, "sms", {"x": 2})
    assert pace.take(1).count == 1
    pace.charge("x", 9)
    assert 4.5 < pace.take(1).wait <= 5
    # The bucket is kept until it has run dry, and not for ever.
    assert 5000 < redis.pttl("pace:sms:x") <= 8000


def test_without_redis_each_process_keeps_its_share(nowhere: Redis) -> None:
    started = time.monotonic()
    pace = Pace(nowhere, "call", {"x": 50})
    left = leave_in(pace, 0.8)
    assert 8 <= left <= 50 / SHARE * 0.8 + 2
    assert time.monotonic() - started < 2
    pace.charge("x", 50)
    assert pace.take(1).wait > 1.5
    pace.give_back("x", 50)
    assert pace.take(1).wait < 0.5


def test_a_redis_that_comes_back_is_asked_again(
    redis_server: RedisServer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = Pace(redis, "call", {"x": 1})
    redis_server.kill()
    pace.take(1)
    redis_server.start()
    assert not redis.exists("pace:call:x")
    later = time.monotonic() + REDIS_REST
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert pace.take(1).count == 1
    assert redis.exists("pace:call:x")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_more_calls_at_a_time_than_the_carrier_allows(database: Database, settings: MakeSettings) -> None:
    town = Town(database)
    wang = town.house("王")
    others = [town.house(f"户{number}") for number in range(6)]
    sid, token = "AC" + "0" * 32, "a-token-of-the-tests"
    options = ["--concurrent-calls", "2"]
    with Network.launch(
        account_sid=sid, auth_token=token, numbers=["+8657412345678"], speed=50, options=options
    ) as network:
        for house in others:
            network.handset(house.number).script(answers(after=2, hang_up_after=4))
        runtime = Runtime(settings(twilio_api_base_url=network.url, concurrent_calls=(2,)))
        thread = DispatcherThread(runtime, "worker")
        trigger = intake.Trigger("voice:CA1:alarm", wang.number, Channel.CALL)
        town.run(lambda session: intake.raise_alarm(session, trigger, clock(session)))
        thread.start()
        # No web process takes callbacks here: their part is played by asking the handsets.
        for house in others:
            call = network.handset(house.number).wait_for_call(status="completed", within=20)
            _tell(town, house.number, call.sid)
        eventually(lambda: len(network.placed("call")) == 6, "all six are called")
        thread.stop()
        runtime.close()
    states = town.read(lambda session: session.scalars(select(Attempt).where(Attempt.error_code.is_not(None))).all())
    assert states == []


def _tell(town: Town, number: str, sid: str) -> None:
    delivery = town.delivery(number)
    attempt = eventually(
        lambda: found if (found := town.attempt(delivery, 1)).sid else None, f"the call to {number} is on record"
    )
    assert attempt.sid == sid
    assert attempt.state is not AttemptState.COMPLETED
    town.run(lambda session: record_status(session, delivery.id, 1, sid, "completed", None, clock(session)))


SENDERS = ("+8657412345678", "+8657412345679")


def alarm_in(town: Town, houses: int) -> list[str]:
    """An alarm, raised now; the numbers it is to reach."""
    wang = town.house("王")
    others = [town.house(f"户{number}") for number in range(houses)]
    trigger = intake.Trigger(f"voice:{town.sid()}:alarm", wang.number, Channel.CALL)
    town.run(lambda session: intake.raise_alarm(session, trigger, clock(session)))
    return [house.number for house in others]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_several_senders_share_an_alarm_each_within_its_own_limits(database: Database, settings: MakeSettings) -> None:
    town = Town(database)
    sid, token = "AC" + "0" * 32, "a-token-of-the-tests"
    with Network.launch(account_sid=sid, auth_token=token, numbers=SENDERS) as network:
        runtime = Runtime(
            settings(
                twilio_api_base_url=network.url,
                twilio_from_number=",".join(SENDERS),
                calls_per_second="40,20",
                concurrent_calls="2,0",
            )
        )
        called = alarm_in(town, 8)
        for number in called:
            network.handset(number).script("manual")
        thread = DispatcherThread(runtime, "worker")
        thread.start()
        calls = eventually(lambda: found if len(found := network.placed("call")) == 8 else None, "all are called")
        thread.stop()
        runtime.close()
    assert sorted(each["to"] for each in calls) == sorted(called)
    from_first = [each for each in calls if each["from"] == SENDERS[0]]
    assert len(from_first) == 2  # nobody has hung up: it holds no more
    of_calls = select(Attempt.sender).join(Attempt.delivery).where(Delivery.channel == Channel.CALL)
    recorded = town.read(lambda session: session.scalars(of_calls).all())
    assert Counter(recorded) == Counter(each["from"] for each in calls)
