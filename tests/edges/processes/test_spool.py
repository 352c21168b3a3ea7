"""Calls and texts while the database is away: kept on disk, answered truly, and taken in once it is back."""

from __future__ import annotations

import math
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app import create_app
from config.database import Breaker, Database, DatabaseAway, limit_seconds, postgresql, read_clock
from groups.models.roster import Household
from joint_defense.alarms import intake
from joint_defense.delivery import claims
from joint_defense.models.greetings import GreetingDay
from joint_defense.models.inbound import InboundEvent
from joint_defense.models.incidents import Acknowledgement, Alert, Delivery, Incident, IncidentUpdate
from joint_defense.processes import drain as drain_module
from joint_defense.processes.drain import drain
from joint_defense.processes.heartbeats import Kept
from joint_defense.processes.spool import LONGEST_PAUSE, Spool, SpooledEvent, SpooledKind
from joint_defense.rules.errors import NotSpooled
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, IncidentKind, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from joint_defense.rules.upkeep.greetings import GreetingOutcome, GreetingStep
from joint_defense.upkeep.greetings import greeting_days
from tests.conftest import MakeSettings
from tests.edges.webhooks.test_greeting_line import SENT, SON, ZONE, ask
from tests.edges.webhooks.test_webhooks import DIRECT, STRANGER, Carrier
from tests.support.factories import House, Town
from tests.support.handsets import eventually

KEPT, GO_TO_110 = "求助已记下", "系统出故障了，请马上打110"
BEGUN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


class Outage:
    """The application, whose database can be taken away."""

    def __init__(self, app: Flask) -> None:
        self.runtime = app.extensions["runtime"]
        self.drainer = app.extensions["drainer"]
        self.woken: list[int] = []

    def begins(self) -> None:
        self.runtime.database._breaker._rest_until = math.inf

    def ends(self) -> None:
        self.runtime.database._breaker._rest_until = 0.0

    def drain(self) -> bool:
        return drain(self.runtime, self.woken.append)

    @property
    def files(self) -> list[Path]:
        return sorted(Path(self.runtime.settings.state_dir).glob("spool/*.event"))


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


@pytest.fixture
def app(settings: MakeSettings) -> Iterator[Flask]:
    made = create_app(settings(direct_numbers=DIRECT))
    yield made
    made.extensions["drainer"].stop()
    made.extensions["waker"].close()
    made.extensions["runtime"].redis.close()
    made.extensions["runtime"].close()


@pytest.fixture
def carrier(app: Flask, town: Town) -> Carrier:
    return Carrier(app.test_client(), town)


@pytest.fixture
def outage(app: Flask) -> Iterator[Outage]:
    """From here on the database is away; the test says when it is back, and takes in what waits by itself."""
    app.extensions["drainer"]._stopping.set()
    made = Outage(app)
    made.begins()
    yield made
    made.ends()


@pytest.fixture
def wang(town: Town) -> House:
    town.house("李月芳", leader=True)
    return town.house("王建国")


def test_an_alarm_by_key_is_kept_once_however_often_it_is_repeated_and_taken_in_at_its_own_time(
    carrier: Carrier, outage: Outage, wang: House, database: Database
) -> None:
    with structlog.testing.capture_logs() as logs:
        assert "紧急求助请按井号9" in carrier.call("/voice/inbound", wang.number)
        said = carrier.call("/voice/menu/1", wang.number, Digits="#9")
        assert KEPT in said
        assert "110" in said
        assert "/voice/held/1" in said
        carrier.call("/voice/menu/1", wang.number, Digits="#9")
    assert len(outage.files) == 1
    assert stat.S_IMODE(outage.files[0].stat().st_mode) == 0o600
    assert wang.number not in str(logs)
    carrier.call("/voice/held/1", wang.number)
    time.sleep(1.1)
    outage.ends()
    # Repeated when the database is back and before the event's turn has come: it keeps its place and its time.
    assert "/voice/held/" in carrier.call("/voice/menu/1", wang.number, Digits="#9")
    assert outage.drain()
    assert outage.files == []
    with database.begin() as session:
        incident = session.scalars(select(Incident)).one()
        event = session.scalars(select(InboundEvent)).one()
        late = session.scalars(select(IncidentUpdate).where(IncidentUpdate.kind == "late")).one()
        assert incident.opened_at == event.received_at
        assert read_clock(session) - incident.opened_at >= timedelta(seconds=1)
        assert late.detail["household"] == "王建国家"
        assert late.detail["seconds"] >= 1
        assert session.scalar(select(func.count()).select_from(Delivery)) == 2
    assert outage.woken == [incident.id]
    assert "求助已收到，马上呼叫1户邻居" in carrier.call("/voice/held/2", wang.number)
    assert carrier.count(Incident) == 1


def test_a_call_to_a_direct_number_is_kept(carrier: Carrier, outage: Outage, wang: House) -> None:
    assert KEPT in carrier.call("/voice/inbound", wang.number, to=DIRECT)
    outage.ends()
    assert outage.drain()
    assert carrier.count(Incident) == 1


def test_a_stranger_is_told_once_it_is_known_that_it_is_one(carrier: Carrier, outage: Outage, wang: House) -> None:
    assert KEPT in carrier.call("/voice/inbound", STRANGER, to=DIRECT)
    outage.ends()
    assert outage.drain()
    assert "不在联防名单上" in carrier.call("/voice/held/1", STRANGER, to=DIRECT)
    assert (carrier.count(Incident), outage.woken) == (0, [])


def test_a_call_without_a_word_is_told_to_the_leader_later(carrier: Carrier, outage: Outage, wang: House) -> None:
    carrier.call("/voice/inbound", wang.number)
    assert "没有收到按键" in carrier.call("/voice/menu/1", wang.number, Digits="")
    assert "请直接打110" in carrier.call("/voice/menu/2", wang.number, Digits="")
    outage.ends()
    assert outage.drain()
    assert carrier.town.read(lambda session: session.scalars(select(Incident.kind)).all()) == [IncidentKind.WORDLESS]


@pytest.mark.parametrize("back_after", ["the first question", "the last question", "the call"])
def test_words_at_the_first_question_reach_the_leader_whenever_the_database_is_back(
    carrier: Carrier, outage: Outage, wang: House, back_after: str
) -> None:
    assert "没有听懂您说的话" in carrier.call("/voice/menu/1", wang.number, SpeechResult="家里有点事情")
    carrier.call("/voice/menu/1", wang.number, SpeechResult="家里有点事情")
    assert len(outage.files) == 1, "the carrier has repeated itself"
    if back_after != "the call":
        outage.ends()
    if back_after == "the first question":
        assert outage.drain()
    carrier.call("/voice/menu/2", wang.number, SpeechResult="听到没有")
    outage.ends()
    assert outage.drain()
    assert outage.drain()
    assert carrier.town.read(lambda session: session.scalars(select(Incident.kind)).all()) == [IncidentKind.WORDLESS]
    kept = carrier.town.read(lambda session: session.scalars(select(InboundEvent.text).order_by(InboundEvent.id)).all())
    assert "家里有点事情" in kept
    said = list_words(carrier)
    if back_after == "the last question":
        assert said == ["听到没有", "家里有点事情"], "taken in once the leader had been told of the call"
    else:
        assert said == ["家里有点事情；听到没有"]


@pytest.mark.parametrize("is_back_for_the_key", [True, False])
def test_words_before_the_key_reach_those_who_come_after_an_outage(
    carrier: Carrier, outage: Outage, wang: House, is_back_for_the_key: bool
) -> None:
    carrier.call("/voice/menu/1", wang.number, SpeechResult="家里有点事情")
    if is_back_for_the_key:
        outage.ends()
    carrier.call("/voice/menu/2", wang.number, Digits="#9")
    outage.ends()
    assert outage.drain()
    assert list_words(carrier) == ["家里有点事情"]
    assert carrier.count(Incident) == 1


def test_words_that_not_even_the_disk_takes_leave_the_menu_as_it_is(
    carrier: Carrier, outage: Outage, wang: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "fsync", refuse_to_write)
    assert "没有听懂您说的话" in carrier.call("/voice/menu/1", wang.number, SpeechResult="家里有点事情")
    assert "event_lost" in caplog.text
    assert "家里有点事情" not in caplog.text


def list_words(carrier: Carrier) -> list[str]:
    """What the timelines say that callers said, in its order."""
    said = select(IncidentUpdate.detail).where(IncidentUpdate.kind == UpdateKind.SAID).order_by(IncidentUpdate.id)
    return [each["text"] for each in carrier.town.read(lambda session: session.scalars(said).all())]


def refuse_to_write(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_texts_are_kept_and_taken_in_in_the_order_they_came(
    carrier: Carrier, outage: Outage, wang: House, town: Town, database: Database
) -> None:
    li = town.read(lambda session: session.scalars(select(Household).where(Household.head == "李月芳")).one().phones[0])
    assert KEPT in carrier.text("着火了", wang.number, sid="SM9")
    assert "已记下" in carrier.text("来了", li.number, sid="SM1")
    # Nothing but an alarm is answered with what is done about one.
    for serial, other in enumerate(("STOP", "谢谢", "谁来了", "误报")):
        said = carrier.text(other, li.number, sid=f"SM8{serial}")
        assert "已收到，系统恢复后处理" in said
        assert KEPT not in said
    outage.ends()
    with database.begin() as session:  # what it takes for an answer to be one: it was told of this alarm
        assert outage.runtime.spool.list_waiting()[0].text == "着火了"
        assert session.scalar(select(func.count()).select_from(Incident)) == 0
    assert outage.drain()
    assert carrier.town.read(lambda session: session.scalars(select(Alert.text)).all()) == ["着火了"]


def test_what_a_caller_cries_at_the_menu_is_kept_whole(carrier: Carrier, outage: Outage, wang: House) -> None:
    assert KEPT in carrier.call("/voice/menu/1", wang.number, SpeechResult="救命啊厨房着火了快来人")
    outage.ends()
    assert outage.drain()
    alert = carrier.town.read(lambda session: session.scalars(select(Alert)).one())
    assert (alert.category, alert.text) == (Category.FIRE, "救命啊厨房着火了快来人")


def test_a_neighbours_key_is_kept(carrier: Carrier, outage: Outage, wang: House, database: Database) -> None:
    outage.ends()
    carrier.call("/voice/menu/1", wang.number, Digits="#9")
    with database.begin() as session:
        (claim,) = claims.claim(session, Channel.CALL, 1, "me", read_clock(session))
    outage.begins()
    path = f"/voice/answer/{claim.delivery_id}/1"
    said = carrier.post(path, CallSid="CA7", From="+8657412345678", To=claim.to, Digits="1").get_data(as_text=True)
    assert "已记下" in said
    for _ in range(2):
        carrier.post(path, CallSid="CA7", From="+8657412345678", To=claim.to, Digits="1")
    assert len(outage.files) == 1
    # Somebody else's phone cannot answer for it.
    carrier.post(path, CallSid="CA8", From="+8657412345678", To=STRANGER, Digits="3")
    outage.ends()
    assert outage.drain()
    answers = carrier.town.read(lambda session: session.scalars(select(Acknowledgement.answer)).all())
    assert answers == [Answer.COMING]


def test_nine_on_a_good_morning_is_kept_and_calls_to_the_door_of_whoever_is_meant(
    carrier: Carrier, outage: Outage, wang: House
) -> None:
    outage.ends()
    call = ask(carrier.town, wang)

    def ask_contact(session: Session) -> None:
        day = session.scalars(select(GreetingDay)).one()
        day.step, day.next_at = GreetingStep.THIRD, read_clock(session)
        greeting_days.go_on(session, day.id, read_clock(session), ZONE)

    carrier.town.run(ask_contact)
    carrier.town.place(after=SENT)
    told = carrier.town.delivery(SON, Channel.CALL, Purpose.LOOK_IN)
    outage.begins()
    ours, path = "+8657412345678", f"/voice/answer/{told.id}/1?about=other"
    said = carrier.post(path, CallSid="CA71", From=ours, To=SON, Digits="9").get_data(as_text=True)
    assert "求助已记下，系统一恢复就呼叫邻居。请马上打110" in said
    outage.ends()
    assert outage.drain()
    assert [each.household_name for each in carrier.town.alerts()] == [wang.name]
    assert carrier.town.read(lambda s: s.scalars(select(GreetingDay.outcome)).one()) is GreetingOutcome.HELP
    carrier.town.run(lambda s: s.execute(update(Incident).values(closed_at=read_clock(s))))
    call = ask(carrier.town, wang)
    outage.begins()
    path = f"/voice/answer/{call.id}/1?about=self"
    said = carrier.post(path, CallSid="CA72", From=ours, To=wang.number, Digits="9").get_data(as_text=True)
    assert KEPT in said
    assert "/voice/held/1" in said
    outage.ends()
    assert outage.drain()
    assert [each.household_name for each in carrier.town.alerts()] == [wang.name, wang.name]


def test_the_caller_on_the_line_is_held_while_the_database_is_away(
    carrier: Carrier, outage: Outage, wang: House
) -> None:
    outage.ends()
    carrier.call("/voice/menu/1", wang.number, Digits="#9")
    alert_id = carrier.town.read(lambda session: session.scalars(select(Alert.id)).one())
    outage.begins()
    silent = carrier.call(f"/voice/wait/{alert_id}/0/0", wang.number)
    assert f"/voice/wait/{alert_id}/0/0" in silent
    assert "<Say" not in silent
    assert "请过一会儿再按" in carrier.call(f"/voice/wait/{alert_id}/0/0", wang.number, Digits="1")


def test_with_the_disk_away_too_the_caller_hears_to_dial_110(
    carrier: Carrier, outage: Outage, wang: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse_to_write)
    said = carrier.call("/voice/inbound", wang.number, to=DIRECT)
    assert GO_TO_110 in said
    assert KEPT not in said
    assert "110" in carrier.text("救命", wang.number)
    assert list(Path(outage.runtime.settings.state_dir).glob("spool/*")) == []


def test_the_web_process_takes_it_in_by_itself(carrier: Carrier, app: Flask, wang: House) -> None:
    outage = Outage(app)
    outage.begins()
    carrier.call("/voice/inbound", wang.number, to=DIRECT)
    outage.ends()
    eventually(lambda: not outage.files, "the spool is empty")
    assert carrier.count(Incident) == 1


def event(key: str, seconds: float = 0, number: str = "+8613800000001") -> SpooledEvent:
    return SpooledEvent(SpooledKind.ALARM, key, number, BEGUN + timedelta(seconds=seconds), "CA1")


def test_the_spool_gives_back_what_it_got_oldest_first_and_is_bounded(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", most=3)
    for key, seconds in (("b", 2), ("a", 1), ("c", 0)):
        spool.put(event(key, seconds))
    spool.put(event("a", 50))  # a repetition keeps the first one's time, though it is full
    with pytest.raises(NotSpooled, match="3 events wait"):
        spool.put(event("d"))
    assert Spool(tmp_path / "spool").list_waiting() == [event("c", 0), event("a", 1), event("b", 2)]
    spool.remove(event("c"))
    assert spool.count() == 2


def test_the_same_event_at_the_same_instant_is_one_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    threads = [threading.Thread(target=spool.put, args=(event("a", n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (spool.count(), len(list(tmp_path.iterdir()))) == (1, 1)


def test_what_is_no_event_is_set_aside_and_keeps_nothing_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    (tmp_path / "half.event").write_text('{"kind": "al')
    spool.put(event("a"))
    assert spool.list_waiting() == [event("a")]
    assert (tmp_path / "half.failed").exists()


def test_what_cannot_be_taken_in_keeps_no_other_back_and_is_tried_again_ever_more_rarely(
    carrier: Carrier, outage: Outage, town: Town, wang: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = town.house("赵小燕")
    for house in (wang, other):
        assert KEPT in carrier.call("/voice/menu/1", house.number, f"CA{house.id}", Digits="#9")
    outage.ends()
    whole = intake.raise_alarm

    def broken(session: Any, trigger: Any, *rest: Any) -> Any:
        if trigger.number == wang.number:
            raise ProgrammingError("select", None, Exception("there is no such column"))
        return whole(session, trigger, *rest)

    spool = outage.runtime.spool
    with monkeypatch.context() as patched:
        patched.setattr(drain_module, "raise_alarm", broken)
        assert not outage.drain()
        assert [alert.number for alert in town.alerts()] == [other.number]
        assert spool.kept() == Kept(1, 0)
        (waits,) = spool.list_waiting()
        assert waits.carrier_key in spool._failed
        assert [spool.put_off(waits) for _ in range(9)] == list(range(2, 11))
        assert LONGEST_PAUSE - 1 < spool._failed[waits.carrier_key][1] - time.monotonic() <= LONGEST_PAUSE
    assert not outage.drain(), "its time has not come"
    spool._failed.clear()
    assert outage.drain()
    assert spool.kept() == Kept()
    # The second voice joins what the first has opened meanwhile, whoever came first.
    assert sorted(alert.number for alert in town.alerts()) == sorted([wang.number, other.number])


@pytest.mark.parametrize("state", ["25006", "53100", "57P03", "08006"])
def test_a_database_that_only_reads_or_is_full_is_away_and_asked_again_at_once(
    carrier: Carrier, outage: Outage, wang: House, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    class Refused(Exception):
        sqlstate = state

    def refuse(*_: Any) -> Any:
        raise InternalError("insert", None, Refused())

    assert KEPT in carrier.call("/voice/menu/1", wang.number, Digits="#9")
    outage.ends()
    with monkeypatch.context() as patched:
        patched.setattr(drain_module, "raise_alarm", refuse)
        assert not outage.drain()
    (waits,) = outage.runtime.spool.list_waiting()
    assert outage.runtime.spool.is_due(waits)
    assert outage.drain()


def test_a_person_sets_aside_and_lets_be_tried_again(app: Flask, tmp_path: Path) -> None:
    spool = app.extensions["runtime"].spool
    spool.put(event("a"))
    (Path(app.extensions["runtime"].settings.state_dir) / "spool" / "half.failed").write_text("{")
    run = app.test_cli_runner().invoke
    listed = run(args=["spool", "list"]).output
    (name,) = (line.split("\t")[0] for line in listed.splitlines() if line.endswith("waits"))
    assert "half\t-\tunreadable\t-\taside" in listed
    assert event("a").number not in listed
    assert run(args=["spool", "set-aside", name]).exit_code == 0
    assert spool.kept() == Kept(0, 2)
    assert run(args=["spool", "set-aside", name]).exit_code == 1
    assert "1 will be tried again" in run(args=["spool", "retry"]).output
    assert spool.kept() == Kept(1, 1)


def test_a_household_whose_place_is_as_long_as_the_roster_allows_can_call_for_help(
    carrier: Carrier, town: Town
) -> None:
    wang = town.house("王建国")
    town.house("李月芳")
    with town.database.begin() as session:
        household = session.get_one(Household, wang.id)
        household.door, household.landmark, household.head = "庄" * 64, "桥" * 64, "窗" * 64
    assert "马上呼叫1户邻居" in carrier.call("/voice/menu/1", wang.number, Digits="#9")
    assert len(town.alerts()[0].place_en) > 200


def test_two_processes_never_take_in_at_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with spool.turn() as mine, Spool(tmp_path).turn() as theirs:
        assert (mine, theirs) == (True, False)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_statement_that_hangs_is_given_up_and_the_next_transaction_has_a_fresh_connection(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.database.away.REST", 60.0)
    database.statement_seconds = 0.3
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="not answered within"), database.begin() as session:
        session.execute(text("SELECT pg_sleep(20)"))
    assert time.monotonic() - begun < 15
    with pytest.raises(DatabaseAway), database.begin():  # for a moment nobody waits for it
        pass
    ours = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: ours() + 60)
    with database.begin() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_while_somebody_waits_in_vain_the_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    breaker = Breaker()
    hung = breaker.connecting()
    hung.__enter__()
    with breaker.connecting():
        pass  # a second beside it, so early
    now[0] = 1.6
    with pytest.raises(DatabaseAway), breaker.connecting():
        pass
    assert not hung.__exit__(OperationalError, OperationalError("", {}, Exception()), None)
    with pytest.raises(DatabaseAway), breaker.connecting():
        pass
    now[0] = 2.2
    probe = breaker.connecting()
    probe.__enter__()
    with pytest.raises(DatabaseAway), breaker.connecting():
        pass  # one at a time may try
    probe.__exit__(None, None, None)
    with breaker.connecting(), breaker.connecting():
        pass


def test_a_limit_holds_for_its_block_only() -> None:
    seen: list[Any] = []

    read: Callable[[], Any] = lambda: getattr(postgresql._limit, "seconds", None)  # noqa: E731
    with limit_seconds(8):
        with limit_seconds(2):
            seen.append(read())
        seen.append(read())
    assert [*seen, read()] == [2, 8, None]
