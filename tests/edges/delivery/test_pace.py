"""The pace: as many a second as the carrier allows, shared through Redis, kept without it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select

from config.database import Database, read_clock
from joint_defense.alarms import intake
from joint_defense.delivery.pace import HOLD, MOST, REDIS_REST, SHARE, STEP, UNPACED, Pace
from joint_defense.delivery.tracking import record_status
from joint_defense.models.incidents import Attempt, Delivery
from joint_defense.processes import heartbeats
from joint_defense.processes.dispatcher import DispatcherThread
from joint_defense.processes.questions import Question
from joint_defense.processes.queues import connect_briefly
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.states import AttemptState, Channel
from tests.conftest import MakeSettings
from tests.support.factories import Town
from tests.support.handsets import Network, answers, eventually
from tests.support.servers import RedisServer

SLOWED = "pace:call:x:slow"


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with connect_briefly(redis_url) as client:
        yield client


@pytest.fixture
def nowhere() -> Iterator[Redis]:
    """A Redis that is not there."""
    with connect_briefly("redis://127.0.0.1:1") as client:
        yield client


def let_leave(pace: Pace, count: int) -> list[float]:
    """Ask as a sender asks until so many requests have left; how long it was told to wait each time, in seconds."""
    waits: list[float] = []
    left = 0
    while left < count:
        grant = pace.take(min(5, count - left))
        left += grant.count
        waits.append(grant.wait)
        time.sleep(max(grant.wait, 0.001))
    return waits


def test_no_limit_is_no_limit(nowhere: Redis) -> None:
    pace = Pace(nowhere, "call", {"x": 0})
    assert not pace.limited
    assert (pace.take(1000).count, pace.take(1000).wait) == (1000, 0)


def test_the_first_request_leaves_at_once_and_the_next_in_its_turn(redis: Redis) -> None:
    pace = Pace(redis, "call", {"x": 0.1})
    first, second = pace.take(10), pace.take(10)
    assert (first.count, second.count) == (1, 0)
    assert 5 < second.wait <= 10


def test_the_rate_is_kept_by_two_processes_together(redis: Redis, redis_url: str) -> None:
    waits: list[float] = []

    def send() -> None:
        with connect_briefly(redis_url) as own:
            waits.extend(let_leave(Pace(own, "call", {"x": 50}), 20))

    begun = time.monotonic()
    senders = [threading.Thread(target=send) for _ in range(2)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    # Never more than the rate; less only by what a busy machine sleeps in: nobody is told to wait for more than a turn.
    assert time.monotonic() - begun >= 39 / 50
    assert max(waits) <= 1 / 50 + 0.001


def test_two_numbers_have_a_pace_each(redis: Redis) -> None:
    assert Pace(redis, "call", {"a": 1}).take(1).count == Pace(redis, "call", {"b": 1}).take(1).count == 1


@pytest.mark.parametrize("where", ["redis", "nowhere"])
def test_several_numbers_share_the_work_by_what_each_can_do(where: str, request: pytest.FixtureRequest) -> None:
    pace = Pace(request.getfixturevalue(where), "call", {"slow": 10, "quick": 40})
    share = 1 if where == "redis" else SHARE
    left: Counter[str] = Counter()
    begun = time.monotonic()
    while left["quick"] < 16:
        grant = pace.take(50)
        left.update(grant.by_sender)
        assert grant.wait <= share / 40 + 0.001
        time.sleep(max(grant.wait, 0.001))
    took = time.monotonic() - begun
    assert 3 <= left["slow"] <= took * 10 / share + 1
    assert left["quick"] <= took * 40 / share + 1
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
    client: Redis = request.getfixturevalue(where)
    pace = Pace(client, "call", {"x": 100})
    ours, passed = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: ours() + sum(passed))

    def wait(seconds: float) -> None:
        """By our clock; Redis' own cannot be set, so what is kept there is made older."""
        passed.append(seconds)
        if where == "redis":
            kept = client.get(SLOWED)
            assert isinstance(kept, bytes)
            factor, since = kept.decode().split()
            client.set(SLOWED, f"{factor} {float(since) - seconds}", keepttl=True)

    slowed = []
    for _ in range(8):
        slowed.append(pace.slow_down("x"))
        wait(HOLD)
    assert slowed == [2.0, 4.0, 8.0, MOST, MOST, MOST, MOST, MOST]
    if where == "redis":
        assert 4 * STEP < client.pttl(SLOWED) / 1000 <= 5 * STEP, "it is kept as long as it counts"
    seen = [pace.factors()["x"]]
    for _ in range(4):
        wait(STEP)
        seen.append(pace.factors()["x"])
    assert seen == [16.0, 8.0, 4.0, 2.0, 1.0]


def test_what_was_not_used_is_given_back(redis: Redis) -> None:
    pace = Pace(redis, "call", {"x": 0.1})
    assert pace.take(1).count == 1
    assert pace.take(1).count == 0
    pace.give_back("x", 1)
    assert pace.take(1).count == 1


def test_a_long_text_is_charged_for_all_its_segments_however_many(redis: Redis) -> None:
    pace = Pace(redis, "sms", {"x": 0.2})
    assert pace.take(1).count == 1
    pace.charge("x", 9)
    assert 45 < pace.take(1).wait <= 50
    # The bucket is kept until it has run dry, and not for ever.
    assert 46 < redis.pttl("pace:sms:x") / 1000 <= 53


def test_without_redis_each_process_keeps_its_share(nowhere: Redis) -> None:
    begun = time.monotonic()
    pace = Pace(nowhere, "call", {"x": 50})
    waits = let_leave(pace, 15)
    assert time.monotonic() - begun >= 14 / 50 * SHARE
    assert max(waits) <= SHARE / 50 + 0.001
    pace.charge("x", 500)
    assert pace.take(1).wait > 10
    pace.give_back("x", 500)
    assert pace.take(1).wait <= SHARE / 50 + 0.001


def test_without_redis_the_rate_is_divided_among_all_who_send(nowhere: Redis, database: Database) -> None:
    with database.begin() as session:
        for name, role in (("1", "worker"), ("2", "stand-in"), ("3", "stand-in"), ("4", "clock"), ("5", "web")):
            heartbeats.beat(session, name, role, read_clock(session))
        heartbeats.beat(session, "worker-0", "worker", read_clock(session) - timedelta(minutes=1))
    living, _ = Question(lambda ago: select(heartbeats.select_senders(ago).label("senders"))).ask(database)
    pace = Pace(nowhere, "call", {"x": 1})
    pace.share_with(living.senders)
    grant = pace.take(5)
    assert (grant.count, round(grant.wait)) == (1, 3)


def test_the_estimate_of_calls_a_second_adds_up_what_each_number_can_do(settings: MakeSettings, redis_url: str) -> None:
    def estimate(rates: str, at_a_time: str) -> float:
        runtime = Runtime(
            settings(
                redis_url=redis_url,
                twilio_from_number=",".join(SENDERS),
                calls_per_second=rates,
                concurrent_calls=at_a_time,
            )
        )
        try:
            return runtime.calls_a_second()
        finally:
            runtime.close()

    assert estimate("1,5", "0") == 6
    assert estimate("1,0", "0") == 0
    assert estimate("1,5", "15,0") == 5.5
    assert estimate("1,0", "0,30") == 2


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
        town.run(lambda session: intake.raise_alarm(session, trigger, read_clock(session)))
        thread.start()
        # No web process takes callbacks here: their part is played by asking the handsets.
        for house in others:
            call = network.handset(house.number).wait_for_call(status="completed")
            _tell(town, house.number, call.sid)
        eventually(lambda: len(network.placed("call")) == 6, "all six are called")
        # None was asked for that the carrier had to refuse.
        assert len(network.requests("call")) == 6
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
    town.run(lambda session: record_status(session, delivery.id, 1, sid, "completed", None, read_clock(session)))


SENDERS = ("+8657412345678", "+8657412345679")


def alarm_in(town: Town, houses: int) -> list[str]:
    """An alarm, raised now; the numbers it is to reach."""
    wang = town.house("王")
    others = [town.house(f"户{number}") for number in range(houses)]
    trigger = intake.Trigger(f"voice:{town.sid()}:alarm", wang.number, Channel.CALL)
    town.run(lambda session: intake.raise_alarm(session, trigger, read_clock(session)))
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
