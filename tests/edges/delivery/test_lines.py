"""Several accounts: who carries, who shares the work, and who takes over, against a carrier for each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from config.carriers import Account
from config.database import read_clock
from config.settings import Settings
from joint_defense.alarms import intake
from joint_defense.carriers.port import AccountTrouble, CarrierError, OutcomeUnknown, RefusedNumber, Undecided
from joint_defense.delivery.lines import Bundle, Line, Lines, LineStatus, find_carrying, takes_out
from joint_defense.delivery.pace import Pace
from joint_defense.models.incidents import Attempt, IncidentUpdate
from joint_defense.processes import heartbeats
from joint_defense.processes.dispatcher import DispatcherThread
from joint_defense.processes.queues import connect_briefly
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.states import AttemptState, Channel, DeliveryState
from tests.conftest import MakeSettings
from tests.support.factories import Town
from tests.support.handsets import Network, eventually

TOKEN = "a-token-of-the-tests"
SIDS = ("AC" + "1" * 32, "AC" + "2" * 32)
NUMBERS = ("+8657411110000", "+8657422220000")
MAIN, BACKUP = (Line(sid, number) for sid, number in zip(SIDS, NUMBERS, strict=True))


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def status(watch: Watch) -> LineStatus:
    return LineStatus(SIDS, watch)


@pytest.fixture
def nowhere() -> Iterator[Redis]:
    with connect_briefly("redis://127.0.0.1:1") as client:
        yield client


def lines_of(redis: Redis, status: LineStatus, weights: tuple[float, ...], rate: float = 0, whole: float = 0) -> Lines:
    bundles = {}
    for line, weight in zip((MAIN, BACKUP), weights, strict=True):
        account = Pace(redis, "call:account", {line.account: whole}) if whole else None
        bundles[line.account] = Bundle(line.account, weight, Pace(redis, "call", {line.sender: rate}), account)
    return Lines(Channel.CALL, bundles, status)


def refuse(status: LineStatus, error: CarrierError, line: Line = MAIN, channel: Channel = Channel.CALL) -> str:
    return status.note(line, channel, error, 1000.0, placing=True)


def test_work_is_shared_by_weight_and_who_has_none_stands_by(nowhere: Redis, status: LineStatus) -> None:
    def carried(weights: tuple[float, ...]) -> dict[Line, int]:
        lines, found = lines_of(nowhere, status, weights), Counter[Line]()
        for wanted in (1, 1, 1, 1, 3, 5, 8):
            found.update(lines.take(wanted).by_line)
        return {line: count for line, count in found.items() if count}

    assert carried((1, 1)) == {MAIN: 10, BACKUP: 10}
    assert carried((3, 1)) == {MAIN: 15, BACKUP: 5}
    assert carried((1, 0)) == {MAIN: 20}
    refuse(status, AccountTrouble("no", code=20003, status=401))
    assert carried((3, 1)) == carried((1, 0)) == {BACKUP: 20}


def test_what_one_may_not_send_is_offered_to_the_other(redis_url: str, status: LineStatus) -> None:
    with connect_briefly(redis_url) as redis:
        lines = lines_of(redis, status, (1, 1), rate=0.1)
        assert lines.take(10).by_line == {MAIN: 1, BACKUP: 1}
        grant = lines.take(10)
        assert (grant.count, 5 < grant.wait <= 10) == (0, True)


def test_an_accounts_pace_holds_whatever_its_numbers_might_send(redis_url: str, status: LineStatus) -> None:
    with connect_briefly(redis_url) as redis:
        numbers = Pace(redis, "call", {"+1": 0, "+2": 0, "+3": 0})
        whole = Pace(redis, "call:account", {SIDS[0]: 0.1})
        lines = Lines(Channel.CALL, {SIDS[0]: Bundle(SIDS[0], 1, numbers, whole)}, status)
        grant = lines.take(5)
        assert (grant.count, lines.take(5).count) == (1, 0)
        (line,) = (line for line, count in grant.by_line.items() if count)
        lines.give_back(line, 1)
        assert lines.take(5).count == 1
        assert lines.rate() == pytest.approx(0.1)


def test_a_complaint_about_one_number_slows_the_whole_account_for_calls(nowhere: Redis, status: LineStatus) -> None:
    bundle = Bundle(SIDS[0], 1, Pace(nowhere, "call", {"+1": 10, "+2": 10}))
    calls = Lines(Channel.CALL, {SIDS[0]: bundle}, status)
    assert calls.slow_down(Line(SIDS[0], "+1")) == 2
    assert set(calls.factors().values()) == {2.0}
    texts = Lines(Channel.SMS, {SIDS[0]: Bundle(SIDS[0], 1, Pace(nowhere, "sms", {"+1": 10, "+2": 10}))}, status)
    texts.slow_down(Line(SIDS[0], "+1"))
    assert texts.factors() == {Line(SIDS[0], "+1"): 2.0, Line(SIDS[0], "+2"): 1.0}


def test_calls_and_texts_go_out_each_for_itself_and_a_refusal_takes_both(status: LineStatus, watch: Watch) -> None:
    for _ in range(3):
        watch.now += 5
        status.note(MAIN, Channel.CALL, OutcomeUnknown("500", status=500), watch.now - 1, placing=True)
    assert status.out(MAIN.account, Channel.CALL) == "down"
    assert not status.out(MAIN.account, Channel.SMS)
    refuse(status, AccountTrouble("no", code=20003, status=401), BACKUP)
    assert {status.out(BACKUP.account, channel) for channel in Channel} == {"20003"}


def test_a_question_that_is_answered_keeps_nothing_in(status: LineStatus, watch: Watch) -> None:
    """Where creates fail and lists work, the look-ups in between must not hide it."""
    for _ in range(3):
        watch.now += 5
        status.note(MAIN, Channel.CALL, OutcomeUnknown("500", status=500), watch.now - 1, placing=True)
        status.note(MAIN, Channel.CALL, None, watch.now, placing=False)
    assert status.out(MAIN.account, Channel.CALL)


@pytest.mark.parametrize("error", [RefusedNumber("no", code=21211, status=400), Undecided("another's")])
def test_a_refused_callee_is_no_outage(status: LineStatus, error: CarrierError) -> None:
    assert refuse(status, error) == ""
    assert status.word(MAIN.account) == "ok"


def test_a_number_that_is_not_the_accounts_is_out_alone_and_tried_again(
    nowhere: Redis, status: LineStatus, watch: Watch
) -> None:
    pace = Pace(nowhere, "call", {"+1": 0, "+2": 0})
    lines = Lines(Channel.CALL, {SIDS[0]: Bundle(SIDS[0], 1, pace)}, status)
    wrong = Line(SIDS[0], "+1")
    assert refuse(status, AccountTrouble("no", code=21210, status=400), wrong) == ""
    assert lines.take(4).by_line == {Line(SIDS[0], "+2"): 4}
    assert lines.has_other(wrong)
    watch.now += 5
    assert lines.list_carrying() == {SIDS[0]: ["+1", "+2"]}


def test_where_none_carries_all_are_tried(nowhere: Redis, status: LineStatus) -> None:
    for line in (MAIN, BACKUP):
        refuse(status, AccountTrouble("no", code=20003, status=401), line)
    lines = lines_of(nowhere, status, (1, 0))
    assert sum(lines.take(4).by_line.values()) == 4
    # And none takes over from the other: what both decline would go to and fro without a pause.
    assert not lines.has_other(MAIN)


def test_what_others_said_counts_as_long_as_it_is_newer(status: LineStatus, watch: Watch) -> None:
    status.hear(MAIN.account, "down:call", 1.0)
    assert status.word(MAIN.account) == "down:call"
    assert not status.out(MAIN.account, Channel.SMS)
    watch.now += 6
    status.hear(MAIN.account, "ok", 0.0)
    assert status.word(MAIN.account) == "ok"
    status.hear(MAIN.account, "down:call", 7.0)
    assert status.word(MAIN.account) == "ok"
    status.hear(MAIN.account, "20003", 0.0)
    assert {status.out(MAIN.account, channel) for channel in Channel} == {"20003"}


def test_a_word_says_who_carries() -> None:
    out, carrying = ("20003", "401", "down:call"), ("ok", "429", "down:sms", "Unanswered", "")
    assert [takes_out(word, Channel.CALL) for word in (*out, *carrying)] == [True] * 3 + [False] * 5
    accounts = [
        Account(name=name, account_sid=sid, auth_token=("t",), from_number=(number,), weight=weight)
        for name, sid, number, weight in zip(("main", "backup"), SIDS, NUMBERS, (1, 0), strict=True)
    ]
    assert find_carrying(accounts, {"main": "ok", "backup": "ok"})[Channel.CALL] == ("main",)
    found = find_carrying(accounts, {"main": "down:call", "backup": "ok"})
    assert found == {Channel.CALL: ("backup",), Channel.SMS: ("main",)}
    assert find_carrying(accounts, {"main": "401", "backup": "20003"})[Channel.SMS] == ()


# Against a carrier for each account.

BUSY = 6.0
"""Seconds that a machine may take longer on which other tests run; less than one more time-out or pause would take."""
Start = Callable[..., DispatcherThread]


@pytest.fixture
def networks() -> Iterator[list[Network]]:
    with ExitStack() as running:
        yield [
            running.enter_context(Network.launch(account_sid=sid, auth_token=TOKEN, numbers=[number], speed=50))
            for sid, number in zip(SIDS, NUMBERS, strict=True)
        ]


@pytest.fixture
def town(database: Any) -> Town:
    return Town(database)


@pytest.fixture
def two(settings: MakeSettings, networks: list[Network]) -> Settings:
    accounts = [
        {
            "name": name,
            "account_sid": sid,
            "auth_token": TOKEN,
            "from_number": number,
            "api_base_url": network.url,
            "weight": weight,
            "calls_per_second": 0,
            "sms_segments_per_second": 0,
        }
        for name, sid, number, network, weight in zip(("main", "backup"), SIDS, NUMBERS, networks, (1, 0), strict=True)
    ]
    return settings(carriers=tuple(Account.model_validate(each) for each in accounts), carrier_timeout=10)


@pytest.fixture
def start(two: Settings) -> Iterator[Start]:
    started = []

    def begin(settings: Settings = two) -> DispatcherThread:
        runtime = Runtime(settings)
        thread = DispatcherThread(runtime, "worker")
        started.append((thread, runtime))
        thread.start()
        return thread

    yield begin
    for thread, runtime in started:
        thread.stop()
        runtime.close()


def alarm(town: Town, houses: int = 9) -> list[str]:
    """An alarm, raised now; the numbers it is to reach."""
    wang = town.house("王建国")
    others = [town.house(f"户{number}") for number in range(houses)]
    trigger = intake.Trigger(f"voice:{town.sid()}:alarm", wang.number, Channel.CALL)
    town.run(lambda session: intake.raise_alarm(session, trigger, read_clock(session)))
    return sorted(house.number for house in others)


def all_placed(networks: list[Network], numbers: list[str], since: float, within: float) -> float:
    """Every phone is called and texted once, by whichever carrier; when the last request was taken, after `since`."""

    def placed() -> list[dict[str, Any]] | None:
        found = [each for network in networks for kind in ("call", "message") for each in network.placed(kind)]
        return found if len(found) >= 2 * len(numbers) else None

    found = eventually(placed, "everybody is called and texted", within=within)
    time.sleep(1.5)  # whatever would be doubled has left by now
    for kind in ("call", "message"):
        called = sorted(each["to"] for network in networks for each in network.placed(kind))
        assert called == numbers, kind
    return float(max(each["at"] for each in found) - since)


def test_when_the_account_is_refused_everything_leaves_by_the_next_at_once(
    town: Town, networks: list[Network], start: Start
) -> None:
    main = networks[0]
    main.fault(status=401)
    start()
    numbers = alarm(town)
    begun = time.time()
    assert all_placed(networks, numbers, begun, within=20) < 2.0 + BUSY
    assert main.placed("call") == []
    accounts = town.read(lambda session: session.scalars(select(Attempt.account)).all())
    assert set(accounts) == {SIDS[1]}
    words = town.run(lambda session: heartbeats.read_accounts(session, read_clock(session)))
    assert words[SIDS[0]][0] == "20003"


def test_a_number_that_is_not_ours_sends_everything_to_the_next_at_once(
    town: Town, networks: list[Network], start: Start, two: Settings
) -> None:
    wrong = two.carriers[0].model_copy(update={"from_number": ("+8657419999999",)})
    start(two.model_copy(update={"carriers": (wrong, two.carriers[1])}))
    numbers = alarm(town)
    assert all_placed(networks, numbers, time.time(), within=20) < 2.0 + BUSY
    assert networks[0].placed("call") == networks[0].placed("message") == []
    kinds = town.read(lambda session: session.scalars(select(IncidentUpdate.kind)).all())
    assert kinds.count("carrier_changed") == 1
    line = Line(SIDS[0], "+8657419999999")
    with_wrong = (wrong, two.carriers[1])
    eventually(
        lambda: list(town.run(lambda session: heartbeats.read_refused_numbers(session, with_wrong))) == [line],
        "what is wrong with the number is on record",
    )
    vitals = town.run(lambda session: heartbeats.read_vitals(session, with_wrong, read_clock(session)))
    assert vitals.carries == dict.fromkeys(Channel, ("backup",))
    assert vitals.refused_numbers["main"] in {"1 refused (21210)", "1 refused (21606)"}


def test_a_number_from_which_something_leaves_again_is_the_accounts_own(
    town: Town, networks: list[Network], start: Start, two: Settings
) -> None:
    line = Line(SIDS[0], NUMBERS[0])
    sender = start()
    eventually(lambda: town.run(lambda session: heartbeats.find_last_beat(session, "worker")), "it lives")
    town.run(lambda session: heartbeats.note_number(session, line, "21210", read_clock(session)))
    # Others have been told so, and it reads that.
    eventually(lambda: sender._dispatcher is not None and sender._dispatcher._refused, "it has read so")
    alarm(town)
    eventually(
        lambda: not town.run(lambda session: heartbeats.read_refused_numbers(session, two.carriers)), "it is cleared"
    )


# Ten seconds of patience are the carrier's, and the same on both databases: each kind of silence is waited for on one.
@pytest.mark.parametrize(
    ("fault", "database_url"),
    [({"status": 500}, "postgresql"), ({"drop_before_accept": 10_000}, "sqlite")],
    ids=["errors", "cut off"],
    indirect=["database_url"],
)
def test_ten_seconds_of_errors_and_everything_leaves_by_the_next_within_two(
    town: Town, networks: list[Network], start: Start, fault: dict[str, Any]
) -> None:
    networks[0].fault(**fault)
    start()
    numbers = alarm(town)
    assert all_placed(networks, numbers, time.time(), within=40) <= 12.0 + BUSY
    assert networks[0].placed("call") == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_ten_seconds_of_silence_and_everything_leaves_by_the_next_within_two(
    town: Town, networks: list[Network], start: Start
) -> None:
    assert networks[0].process is not None
    pid = networks[0].process
    pid.send_signal(19)  # stopped: it takes connections, and answers nothing
    start()
    numbers = alarm(town)
    begun = time.time()
    backup = networks[1:]
    try:
        assert all_placed(backup, numbers, begun, within=40) <= 12.0 + BUSY
    finally:
        pid.send_signal(18)


def test_what_the_first_had_taken_is_found_there_and_not_repeated(
    town: Town, networks: list[Network], start: Start
) -> None:
    main, _ = networks
    main.fault(drop_after_accept=4)  # taken, and the answer lost
    start()
    numbers = alarm(town)
    begun = time.time()
    all_placed(networks, numbers, begun, within=30)
    assert len(main.placed("call")) == 9


def test_it_carries_again_once_it_answers(town: Town, networks: list[Network], start: Start) -> None:
    main = networks[0]
    main.fault(status=401)
    thread = start()
    numbers = alarm(town, houses=2)
    all_placed(networks, numbers, time.time(), within=20)
    main.mend()
    status = thread._runtime.line_status
    eventually(lambda: status.word(SIDS[0]) == "ok", "the account is back", within=30)
    elsewhere = town.group("4组")
    wang, _ = town.house("赵", group=elsewhere), town.house("钱", group=elsewhere)
    trigger = intake.Trigger("voice:CA99:alarm", wang.number, Channel.CALL)
    town.run(lambda session: intake.raise_alarm(session, trigger, read_clock(session)))
    eventually(lambda: len(main.placed("call")) >= 1, "the first account carries")
    assert {each.state for each in town.deliveries(1)} <= {DeliveryState.PLACED, DeliveryState.REACHED}
    assert AttemptState.LOST not in town.read(lambda session: session.scalars(select(Attempt.state)).all())
