"""The sender of a process against a carrier with faults: nobody is lost, nobody is rung twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.database import read_clock
from config.settings import Settings
from groups.models.roster import Phone
from joint_defense.alarms import intake
from joint_defense.alarms.closing import close
from joint_defense.carriers.port import TooFast
from joint_defense.delivery import claims as delivery_claims
from joint_defense.models.incidents import Alert, Attempt, Delivery, Incident, IncidentUpdate
from joint_defense.processes import heartbeats
from joint_defense.processes.clock import ClockStandIn, tick
from joint_defense.processes.dispatcher import STALE, DispatcherThread
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.stand_in import StandIn, Waker
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState
from tests.conftest import MakeSettings
from tests.support.factories import House, Town, at
from tests.support.handsets import Network, eventually

SID = "AC" + "0" * 32
TOKEN = "a-token-of-the-tests"
OURS = "+8657412345678"
Sender = Callable[..., DispatcherThread]


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.launch(account_sid=SID, auth_token=TOKEN, numbers=[OURS], speed=50) as launched:
        yield launched


@pytest.fixture
def town(database: Any, network: Network) -> Town:
    network.mend()
    network.reset()
    return Town(database)


@pytest.fixture
def wang(town: Town) -> House:
    caller = town.house("王建国")
    for head in ("李大明", "陈小红", "赵小燕", "孙有福"):
        town.house(head)
    return caller


@pytest.fixture
def own_settings(settings: MakeSettings, network: Network) -> Settings:
    return settings(twilio_api_base_url=network.url, carrier_timeout=2)


@pytest.fixture
def sender(own_settings: Settings) -> Iterator[Sender]:
    started = []

    def start(**changes: Any) -> DispatcherThread:
        runtime = Runtime(own_settings.model_copy(update=changes))
        thread = DispatcherThread(runtime, "worker")
        started.append((thread, runtime))
        thread.start()
        return thread

    yield start
    for thread, runtime in started:
        thread.stop()
        runtime.close()


def alarm(town: Town, wang: House) -> int:
    """Raised now, as the senders' clock has it."""
    trigger = intake.Trigger(f"voice:{town.sid()}:alarm", wang.number, Channel.CALL)
    raised = town.run(lambda session: intake.raise_alarm(session, trigger, read_clock(session)))
    assert raised.incident_id is not None
    return raised.incident_id


def placed(town: Town) -> bool:
    states = town.read(lambda session: session.scalars(select(Delivery.state)).all())
    return bool(states) and not {DeliveryState.WAITING, DeliveryState.CLAIMED} & set(states)


def wait_until_placed(town: Town) -> None:
    eventually(lambda: placed(town), "everything is with the carrier")


def rung_once(network: Network, count: int = 4) -> None:
    """Each phone was called once and texted once, by the carrier's own list."""
    for kind in ("call", "message"):
        numbers = [each["to"] for each in network.placed(kind)]
        assert len(numbers) == len(set(numbers)) == count, kind


def test_everybody_is_called_and_texted_once_and_two_senders_share_the_work(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    sender(), sender()
    alarm(town, wang)
    wait_until_placed(town)
    rung_once(network)


def test_a_number_of_another_country_is_asked_of_no_carrier_and_the_alarm_goes_on_without_it(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    li = town.house("李小明")
    with town.database.begin() as session:
        session.execute(update(Phone).where(Phone.number == li.number).values(number="+12025550123"))
    sender()
    incident_id = alarm(town, wang)
    wait_until_placed(town)
    rung_once(network, 4)
    assert not [each for each in (*network.placed("call"), *network.placed("message")) if each["to"].startswith("+1")]

    def refused(session: Session) -> list[Any]:
        query = select(IncidentUpdate.detail).where(
            IncidentUpdate.incident_id == incident_id, IncidentUpdate.kind == "refused"
        )
        return [(each["channel"], each["code"]) for each in session.scalars(query)]

    eventually(lambda: sorted(town.read(refused)) == [("call", "99001"), ("sms", "99001")], "the timeline says so")


def test_a_carrier_that_asks_for_a_slower_pace_gets_it_from_every_worker_and_nothing_is_lost(
    town: Town, wang: House, network: Network, sender: Sender, own_settings: Settings
) -> None:
    network.fault(status=429, count=5)
    sender()
    alarm(town, wang)
    wait_until_placed(town)
    rung_once(network)
    another = Runtime(own_settings)
    slowed = [factor for pace in another.pace.values() for factor in pace.factors().values()]
    assert max(slowed) >= 2
    another.close()


def test_an_alarm_that_only_waits_because_the_carrier_complained_of_others_says_so(
    town: Town, wang: House, network: Network, sender: Sender, own_settings: Settings
) -> None:
    runtime = Runtime(own_settings)
    for pace in runtime.pace.values():
        for line in pace.factors():
            pace.slow_down(line)
    runtime.close()
    incident_id = alarm(town, wang)
    sender()
    wait_until_placed(town)
    rung_once(network)
    said = select(IncidentUpdate.kind).where(IncidentUpdate.incident_id == incident_id)
    assert town.read(lambda session: session.scalars(said).all()).count("carrier_slow") == 1


def test_after_a_500_the_carrier_is_asked_before_the_call_is_repeated(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    network.fault(status=500, count=5)
    sender()
    alarm(town, wang)
    wait_until_placed(town)
    rung_once(network)
    assert len([each for each in network.requests(kind="list") if each["to"]]) >= 3


def test_a_call_whose_answer_was_lost_is_found_and_not_repeated(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    network.fault(drop_after_accept=3)
    sender()
    alarm(town, wang)
    wait_until_placed(town)
    rung_once(network)


def test_a_connection_lost_before_the_carrier_took_the_call_is_made_good(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    network.fault(drop_before_accept=3)
    sender()
    alarm(town, wang)
    wait_until_placed(town)
    rung_once(network)


def test_a_number_refused_for_good_is_marked_on_the_roster_with_its_reason(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    dead = town.house("空号户")
    network.handset(dead.number).script(refuse_calls=21211, refuse_texts=21211)
    sender()
    alarm(town, wang)
    wait_until_placed(town)
    phone = town.phone(dead.number)
    assert (phone.call_refused_code, phone.text_refused_code) == ("21211", "21211")
    attempt = town.attempt(town.delivery(dead.number))
    assert (attempt.state, attempt.error) == (AttemptState.REFUSED, "号码无效（空号）")


def test_trouble_with_the_account_stands_on_the_timeline_and_the_alarm_is_kept(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    sender(twilio_auth_token=("wrong",))
    incident_id = alarm(town, wang)

    def told() -> bool:
        kinds = town.read(lambda session: session.scalars(select(IncidentUpdate.kind)).all())
        return "account_trouble" in kinds

    eventually(told, "the timeline says so")
    assert {each.state for each in town.deliveries(incident_id)} <= {DeliveryState.WAITING, DeliveryState.CLAIMED}
    assert network.placed("call") == []


def test_a_dead_senders_claims_are_given_back_and_looked_up_first(
    town: Town, wang: House, network: Network, sender: Sender, own_settings: Settings
) -> None:
    alarm(town, wang)
    dead = f"{heartbeats.name_place(Path(own_settings.state_dir) / 'owners')}:1:dead"
    claims = town.run(lambda session: delivery_claims.claim(session, Channel.CALL, 2, dead, read_clock(session)))
    runtime = Runtime(own_settings)
    assert tick(runtime, "clock-test:1:0")
    runtime.close()
    for claim in claims:
        given_back = town.delivery_by_id(claim.delivery_id)
        assert (given_back.state, given_back.look_up_first) == (DeliveryState.WAITING, True)
    sender()
    wait_until_placed(town)
    rung_once(network)
    assert {town.attempt(town.delivery_by_id(claim.delivery_id), 1).state for claim in claims} == {AttemptState.LOST}


def test_the_living_keep_what_they_have_in_hand(town: Town, wang: House, own_settings: Settings) -> None:
    runtime = Runtime(own_settings)
    owner = heartbeats.Owner(runtime.owners_directory, "worker")
    alarm(town, wang)
    claims = town.run(lambda session: delivery_claims.claim(session, Channel.CALL, 2, owner.name, read_clock(session)))
    assert tick(runtime, "clock-test:1:0")
    assert {town.delivery_by_id(claim.delivery_id).state for claim in claims} == {DeliveryState.CLAIMED}
    owner.close()
    assert tick(runtime, "clock-test:1:0")
    assert {town.delivery_by_id(claim.delivery_id).state for claim in claims} == {DeliveryState.WAITING}
    runtime.close()


def test_a_state_folder_that_takes_nothing_keeps_no_sender_from_sending(
    town: Town, wang: House, network: Network, sender: Sender, tmp_path: Path
) -> None:
    """A disk that is full, or mounted to be read only after an error, just when a worker starts."""
    (tmp_path / "no-folder").write_text("")
    nowhere = str(tmp_path / "no-folder" / "state")
    for _ in range(2):
        sender(state_dir=nowhere, carrier_timeout=5.0)
    # Longer than somebody who is silent is taken for alive: neither takes the other for dead.
    network.fault(hang_seconds=3)
    alarm(town, wang)
    wait_until_placed(town)
    rung_once(network)


class Watch:
    """A monotonic clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_host_name_and_two_state_folders_are_two_places_judged_by_heartbeat(
    town: Town, wang: House, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    living = heartbeats.Owner(there, "worker")
    watch = Watch()
    witness = heartbeats.Witness(here, watch)

    def lives(seconds: float) -> bool:
        """A look so many seconds after the other one said something."""
        watch.now = 100.0 + seconds
        now = at(seconds)
        return town.run(lambda session: witness.look(session, now)(living.name))

    town.run(lambda session: heartbeats.beat(session, living.name, "worker", at(0)))
    assert heartbeats.name_place(here) != heartbeats.name_place(there)
    assert [lives(seconds) for seconds in (0.5, 1.0, 1.9)] == [True, True, True]
    assert not lives(2.1)
    watch.now += 5.0  # the database was away: every heartbeat is old, and nobody is dead of it
    assert lives(8.0)
    living.close()


def test_a_sender_that_hangs_loses_what_it_has_in_hand_and_does_not_send_it_when_it_comes_to(
    town: Town, wang: House, tmp_path: Path
) -> None:
    hung = heartbeats.Owner(tmp_path, "worker")
    watch = Watch()
    witness = heartbeats.Witness(tmp_path, watch)
    alarm(town, wang)
    claims = town.run(lambda session: delivery_claims.claim(session, Channel.CALL, 1, hung.name, read_clock(session)))
    town.run(lambda session: heartbeats.beat(session, hung.name, "worker", read_clock(session) - timedelta(seconds=3)))

    def release() -> int:
        watch.now += 1.0
        return town.run(
            lambda session: delivery_claims.release_dead(
                session, witness.look(session, read_clock(session)), read_clock(session)
            )
        )

    assert town.run(lambda session: delivery_claims.is_held(session, claims[0]))
    assert [release() for _ in range(2)] == [0, 1]
    assert not town.run(lambda session: delivery_claims.is_held(session, claims[0]))
    # What it brings back late changes nothing in the hand of whoever has it now.
    # A second later: what it had in hand may have been on its way to the carrier.
    after = delivery_claims.ARRIVES_WITHIN
    now = town.run(lambda session: delivery_claims.claim(session, Channel.CALL, 50, "another", read_clock(session)))
    assert claims[0].delivery_id not in {each.delivery_id for each in now}
    town.run(lambda session: delivery_claims.claim(session, Channel.CALL, 1, "another", read_clock(session) + after))
    town.came(claims[0], TooFast("slow down", status=429))
    now_held = town.delivery_by_id(claims[0].delivery_id)
    assert (now_held.state, now_held.owner) == (DeliveryState.CLAIMED, "another")
    hung.close()


def test_what_waited_for_a_connection_while_somebody_else_took_it_over_does_not_leave(
    town: Town, wang: House, network: Network, sender: Sender, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a process that is stopped between its claims and its requests, and comes to when others have sent them."""
    connect, waiting, free = aiohttp.TCPConnector.connect, [], asyncio.Event()

    async def connect_late(connector: Any, request: Any, *rest: Any) -> Any:
        if request.method == "POST":
            waiting.append(request)
            await free.wait()
        return await connect(connector, request, *rest)

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", connect_late)
    hung = sender()
    incident = alarm(town, wang)
    due = len(town.deliveries(incident))
    eventually(lambda: len(waiting) == due, "all wait for a connection")
    another = heartbeats.Owner(tmp_path, "worker")
    town.run(lambda session: session.execute(update(Delivery).values(owner=another.name)))
    town.run(lambda session: heartbeats.beat(session, another.name, "worker", read_clock(session)))
    time.sleep(STALE)
    hung._loop.call_soon_threadsafe(free.set)
    hung.stop()
    assert not network.placed("call")
    assert not network.placed("message")
    assert {(each.state, each.owner) for each in town.deliveries(incident)} == {(DeliveryState.CLAIMED, another.name)}
    another.close()


def test_what_a_silent_worker_has_in_hand_goes_out_by_whoever_stands_in_and_no_clock_is_needed(
    town: Town, wang: House, network: Network, own_settings: Settings
) -> None:
    runtime = Runtime(own_settings)
    hung = heartbeats.Owner(runtime.owners_directory, "worker")
    watch = Watch()
    made = StandIn(runtime, heartbeats.Role.WEB, lambda: None)
    made._witness = heartbeats.Witness(runtime.owners_directory, watch)
    incident = alarm(town, wang)
    town.run(
        lambda session: [
            delivery_claims.claim(session, channel, 100, hung.name, read_clock(session)) for channel in Channel
        ]
    )
    town.run(lambda session: heartbeats.beat(session, hung.name, "worker", read_clock(session) - timedelta(seconds=3)))
    for watch.now in (1.0, 2.0):
        made._look()
    assert made.sends
    eventually(
        lambda: (
            all(each.state is not DeliveryState.CLAIMED for each in town.deliveries(incident))
            and len(network.requests(since=0)) >= len(town.deliveries(incident))
        ),
        "all is sent",
    )
    made.close()
    hung.close()
    runtime.close()


@pytest.fixture
def stand_in(own_settings: Settings) -> Iterator[StandIn]:
    runtime = Runtime(own_settings)
    made = StandIn(runtime, heartbeats.Role.WEB, lambda: None)
    yield made
    made.close()
    runtime.close()


@pytest.mark.parametrize("worker", ["dead", "hung", "never there"])
def test_an_alarm_that_no_worker_takes_in_hand_leaves_from_here_within_two_seconds(
    town: Town, wang: House, network: Network, stand_in: StandIn, worker: str
) -> None:
    if worker != "never there":
        silent_for = timedelta(seconds=0 if worker == "hung" else 60)
        town.run(lambda session: heartbeats.beat(session, "w", "worker", read_clock(session) - silent_for))
    stand_in.start()
    waker = Waker(stand_in._runtime, stand_in)
    begun = time.monotonic()
    waker.wake(alarm(town, wang))
    eventually(lambda: network.placed("call"), "the first call", within=20)
    # How soon on a machine that does nothing else is for `make faults`; here nobody else sends, however late.
    assert time.monotonic() - begun < 2 + 4
    wait_until_placed(town)
    rung_once(network)
    assert stand_in.sends


def test_with_a_worker_at_work_nobody_stands_in_for_it(
    town: Town, wang: House, network: Network, stand_in: StandIn, sender: Sender
) -> None:
    sender()
    eventually(
        lambda: town.read(lambda session: heartbeats.find_last_beat(session, heartbeats.Role.WORKER)),
        "the worker lives",
    )
    stand_in.start()
    Waker(stand_in._runtime, stand_in).wake(alarm(town, wang))
    wait_until_placed(town)
    time.sleep(1.3)
    assert not stand_in.sends
    rung_once(network)


def test_a_stand_in_ends_once_a_worker_has_been_at_it_for_a_while(
    town: Town, wang: House, stand_in: StandIn, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joint_defense.processes.stand_in.RELIEVED_AFTER", 0.5)
    alarm(town, wang)
    stand_in.start()
    eventually(lambda: stand_in.sends, "it sends")
    wait_until_placed(town)
    sender()
    eventually(lambda: not stand_in.sends, "it leaves it to the worker", within=10)


def test_who_stands_in_for_the_clock_keeps_its_turns(
    town: Town, own_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, later = Runtime(own_settings), [0.0]
    monotonic = time.monotonic
    monkeypatch.setattr("joint_defense.processes.clock.time.monotonic", lambda: monotonic() + later[0])
    stand_in = ClockStandIn(runtime)

    def forget(head: str) -> bool:
        """Whether an alarm that everybody has forgotten is closed by a look."""
        incident_id = alarm(town, town.house(head))
        long_ago = update(Incident).where(Incident.id == incident_id).values(opened_at=at(-400 * 86400))
        town.run(lambda session: session.execute(long_ago))
        town.run(lambda session: session.execute(update(Alert).values(on_line_until=None)))
        assert stand_in.look()
        return town.read(lambda session: session.get_one(Incident, incident_id).closed_at is not None)

    assert (forget("王"), forget("李")) == (True, False), "that is looked at every twenty seconds, and not at each look"
    later[0] = 21.0
    assert forget("张")
    runtime.close()


def test_while_no_clock_lives_its_work_is_done_here_and_nobody_says_that_a_clock_lives(
    town: Town, own_settings: Settings
) -> None:
    runtime, ticks = Runtime(own_settings), []
    made = StandIn(runtime, heartbeats.Role.WEB, lambda: ticks.append(1))
    town.run(lambda session: heartbeats.beat(session, "c", "clock", read_clock(session)))
    made._look()
    assert not ticks
    town.run(lambda session: heartbeats.beat(session, "c", "clock", read_clock(session) - timedelta(seconds=6)))
    made._look()
    assert ticks == [1]
    stand_in = ClockStandIn(runtime)
    assert stand_in.look()
    age = town.run(
        lambda session: read_clock(session) - (heartbeats.find_last_beat(session, "clock") or read_clock(session))
    )
    assert age > timedelta(seconds=5)
    runtime.close()


def test_a_part_of_a_tick_that_fails_keeps_no_other_and_stops_the_clocks_sign_of_life(
    town: Town, wang: House, own_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(own_settings)
    trigger = intake.Trigger("voice:CA1:alarm", wang.number, Channel.CALL)
    town.run(lambda session: intake.raise_alarm(session, trigger, read_clock(session) - timedelta(seconds=61)))
    # Something is in hand, so that the part that fails has something to do.
    town.run(lambda session: delivery_claims.claim(session, Channel.CALL, 1, "w", read_clock(session)))
    with monkeypatch.context() as broken:
        broken.setattr("joint_defense.delivery.claims.release_dead", lambda *_: 1 / 0)
        assert not tick(runtime, "clock-test:1:0")
    assert town.incidents()[0].steps_done == 1
    assert town.run(lambda session: heartbeats.find_last_beat(session, "clock")) is None
    with monkeypatch.context() as broken:
        broken.setattr("joint_defense.processes.heartbeats.beat_alone", lambda *_: 1 / 0)
        assert not tick(runtime, "clock-test:1:0")  # and the clock goes on
    assert tick(runtime, "clock-test:1:0")
    assert town.run(lambda session: heartbeats.find_last_beat(session, "clock")) is not None
    runtime.close()


def test_with_redis_away_the_process_that_took_the_alarm_sends_by_itself(
    town: Town, wang: House, network: Network, own_settings: Settings
) -> None:
    runtime = Runtime(own_settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"}))
    waker = Waker(runtime)
    network.fault(hang_seconds=1)
    waker.wake(alarm(town, wang))
    assert not placed(town), "nobody has waited for the carrier"
    wait_until_placed(town)
    waker.close()
    runtime.close()
    rung_once(network)


def test_under_a_tight_pace_each_household_is_rung_before_any_second_phone_nearest_doors_first(
    town: Town, network: Network, sender: Sender
) -> None:
    caller = town.house("王建国")
    near, far = town.house("近邻户", "mm"), town.house("远邻户", "mm")
    sender(calls_per_second=(10,))
    alarm(town, caller)
    wait_until_placed(town)
    calls = network.placed("call")
    assert [each["to"] for each in calls] == [near.numbers[0], far.numbers[0], near.numbers[1], far.numbers[1]]
    assert calls[-1]["at"] - calls[0]["at"] > 0.25


def test_a_sender_that_is_told_to_stop_finishes_what_is_in_flight(
    town: Town, wang: House, network: Network, sender: Sender
) -> None:
    network.fault(hang_seconds=1)
    thread = sender()
    alarm(town, wang)
    eventually(lambda: len(network.placed("call")) == 4, "the calls are out")
    thread.stop()
    states = town.read(lambda session: session.scalars(select(Attempt.state)).all())
    assert AttemptState.REQUESTING not in states


@pytest.mark.parametrize("dialect", ["somleng"])
def test_an_end_that_the_carrier_refuses_is_followed_by_a_look_and_the_place_is_free_again(
    town: Town, wang: House, sender: Sender, settings: MakeSettings, dialect: str
) -> None:
    """Somleng answers 21220 where the call is over already, and its one callback may get lost."""
    options = ["--dialect", dialect]
    with Network.launch(account_sid=SID, auth_token=TOKEN, numbers=[OURS], speed=50, options=options) as network:
        network.fault(callbacks={"lose": True})
        sender(twilio_api_base_url=network.url, concurrent_calls=(2,))
        first = alarm(town, wang)

        def ringing() -> list[Delivery]:
            calls = [each for each in town.deliveries(first) if each.channel is Channel.CALL]
            return [each for each in calls if each.state is DeliveryState.PLACED]

        eventually(lambda: len(ringing()) == 2, "as many calls as may be")
        for delivery in ringing():
            # The person at the other end declines, and we hear nothing of it.
            network.handset(delivery.number).wait_for_call("ringing")
            network.handset(delivery.number).hang_up()
            network.handset(delivery.number).wait_for_call("busy")
        town.run(lambda session: close(session, first, ClosingOutcome.FALSE_ALARM, "", "", read_clock(session)))

        def over() -> bool:
            states = {each.state for each in town.deliveries(first) if each.channel is Channel.CALL}
            return not states & {DeliveryState.PLACED, DeliveryState.CLAIMED}

        eventually(over, "nothing holds a place")
        assert [each["code"] for each in network.requests("update")] == [21220, 21220]
        assert len(network.requests("fetch")) >= 2


def test_a_call_that_the_carrier_does_not_know_any_more_ends_by_its_404(
    town: Town, wang: House, network: Network, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joint_defense.delivery.results.UNKNOWN_AFTER", timedelta(0))
    network.fault(callbacks={"lose": True})
    sender()
    incident_id = alarm(town, wang)
    wait_until_placed(town)
    network.reset()
    calls = [each.id for each in town.deliveries(incident_id) if each.channel is Channel.CALL]
    # As if they had been silent for long.
    old = update(Delivery).where(Delivery.id.in_(calls))
    town.run(lambda session: session.execute(old.values(due_at=read_clock(session))))
    over = {DeliveryState.UNREACHED}
    eventually(lambda: {town.delivery_by_id(each).state for each in calls} == over, "they are over")
