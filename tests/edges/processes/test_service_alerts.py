"""People are told that the service is not well: one after the other, until somebody takes it on or it is over."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from config.database import read_clock
from config.settings import AlertPerson, Settings, read_alert_people
from joint_defense.incidents import service_alerts
from joint_defense.models.incidents import Delivery
from joint_defense.models.processes import QuietSpan, ServiceAlert
from joint_defense.processes import heartbeats
from joint_defense.processes import service_alerts as telling
from joint_defense.processes.budget import Balances
from joint_defense.processes.clock import NOW_AND_THEN, tick
from joint_defense.processes.heartbeats import Role, read_vitals
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.service_alerts import Letter, send_letter
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.upkeep.service_alerts import AlertKind, Trouble, find_turn, is_taken_on, list_on_duty
from joint_defense.rules.wording.service import write_alert
from tests.conftest import MakeSettings
from tests.edges.webhooks.test_webhooks import (  # noqa: F401  fixtures
    OUR_NUMBER,
    Carrier,
    carrier,
    open_carrier,
    town,
)
from tests.support.factories import Town, at
from tests.support.handsets import Network, eventually
from tests.support.ports import free_port
from tests.support.web_servers import WebServer

SID = "AC" + "2" * 32
WANG, LI = "+8613905740001", "+8613905740002"
PEOPLE = [{"name": "王工", "phone": WANG}, {"name": "Li", "phone": LI, "language": "en"}]
MINUTE = 60.0


@pytest.fixture
def people(settings: MakeSettings) -> Settings:
    return settings(alert_people=json.dumps(PEOPLE))


def look(of: Town, settings: Settings, after: float, *troubles: Trouble) -> list[str]:
    """What the clock does with these troubles; whom it calls and texts, with what."""

    def work(session: Any) -> list[str]:
        last = session.scalar(select(Delivery.id).order_by(Delivery.id.desc()).limit(1)) or 0
        closed = service_alerts.note_troubles(session, troubles, "here", at(after))
        telling.tell_over(session, settings, closed, at(after))
        telling.tell_due(session, settings, at(after))
        session.flush()
        planned = select(Delivery).where(Delivery.id > last).order_by(Delivery.id)
        return [f"{each.channel} {each.number} {each.text}" for each in session.scalars(planned)]

    return of.run(work)


def test_one_after_the_other_is_told_until_a_key_takes_it_on_and_all_hear_that_it_is_over(
    carrier: Carrier,  # noqa: F811
    people: Settings,
) -> None:
    of, worker = carrier.town, Trouble(AlertKind.WORKER)
    assert look(of, people, 0, worker) == [], "it may be a restart"
    first = look(of, people, MINUTE, worker)
    assert first == [
        f"sms {WANG} 【十户联防】系统提醒：没有发送进程，由网页进程代发。您来处理请回复1，否则稍后提醒下一位。",
        f"call {WANG} 十户联防系统提醒：没有发送进程，由网页进程代发。\n您来处理请按1。",
    ]
    assert look(of, people, 5 * MINUTE, worker) == []
    second = look(of, people, 6 * MINUTE, worker)
    assert [line.split()[1] for line in second] == [LI, LI]
    assert "Reply 1" in second[0]
    assert look(of, people, 20 * MINUTE, worker) == []
    assert [line.split()[1] for line in look(of, people, 21 * MINUTE, worker)] == [WANG, WANG], "it begins again"

    # Behind everything of an alarm, by the same senders.
    caller = of.house("王建国")
    of.house("陈小红")
    of.raise_alarm(caller, after=21 * MINUTE)
    order = [claim.purpose for claim in of.claim(after=22 * MINUTE) if claim.channel is Channel.CALL]
    assert order[0] is Purpose.ALARM
    assert set(order[order.index(Purpose.SERVICE) :]) == {Purpose.SERVICE}

    rung = next(each for each in _rung(of) if each.number == LI and each.channel is Channel.CALL)
    path = f"/voice/answer/{rung.id}/1"
    assert "Thank you" not in carrier.call(path, OUR_NUMBER, to=LI, Digits="7"), "another key takes nothing on"
    assert "Thank you" in carrier.call(path, OUR_NUMBER, to=LI, Digits="1")
    assert "already" in carrier.call(path, OUR_NUMBER, to=LI, Digits="1")
    alert = of.read(lambda session: session.scalars(select(ServiceAlert)).one())
    assert (alert.taken_on_by, alert.next_at) == ("Li", None)
    assert look(of, people, 60 * MINUTE, worker) == []
    assert look(of, people, 61 * MINUTE) == [
        f"sms {WANG} 【十户联防】已恢复：没有发送进程，由网页进程代发。",
        f"sms {LI} [Joint Defence] Over: no sender lives, web sends in its place.",
    ]
    assert look(of, people, 62 * MINUTE) == []


def _rung(of: Town) -> list[Delivery]:
    return list(of.read(lambda s: s.scalars(select(Delivery).where(Delivery.purpose == Purpose.SERVICE)).all()))


def test_a_text_takes_it_on_and_a_trouble_of_a_moment_is_told_to_nobody(
    carrier: Carrier,  # noqa: F811
    people: Settings,
) -> None:
    of = carrier.town
    look(of, people, 0, Trouble(AlertKind.SPOOL, "", "3"))
    assert look(of, people, 30) == []
    assert of.read(lambda session: session.scalars(select(ServiceAlert)).all()) == []
    # Somebody waits already where events were set aside: at once, as now is by the service's own clock.
    now = of.read(read_clock)
    of.run(lambda session: service_alerts.open_alert(session, Trouble(AlertKind.ASIDE, "", "1"), now))
    of.run(lambda session: telling.tell_due(session, people, now))
    assert "已记下由您处理" in carrier.text("收到。", WANG)
    assert "已经有人处理" in carrier.text("1", WANG, sid="SM2")
    alert = of.read(lambda session: session.scalars(select(ServiceAlert)).one())
    assert alert.taken_on_by == "王工"


def test_maintenance_keeps_all_quiet_but_a_call_for_help_that_nobody_comes_to(
    town: Town,  # noqa: F811
    people: Settings,
) -> None:
    caller = town.house("王建国")
    town.house("陈小红")
    town.raise_alarm(caller)
    quiet = {"begins_at": at(0), "ends_at": at(3600), "reason": "", "made_by": ""}
    town.run(lambda session: session.add(QuietSpan(**quiet)))

    def find(after: float) -> list[Trouble]:
        return town.read(
            lambda s: list(telling.find_troubles(s, read_vitals(s, people.accounts, at(after)), at(after)))
        )

    assert {each.kind for each in find(0)} == {AlertKind.WORKER, AlertKind.CLOCK}, "nobody has ever beaten"

    assert AlertKind.NOBODY_COMES not in {each.kind for each in find(4 * MINUTE)}
    assert {each.kind for each in find(6 * MINUTE)} >= {AlertKind.NOBODY_COMES, AlertKind.OVERDUE}
    told = look(town, people, 6 * MINUTE, *find(6 * MINUTE))
    assert [line.split()[1] for line in told] == [WANG, WANG]
    assert "有求助还没有人答应赶来（墙下陶村" in told[0]
    town.run(lambda s: heartbeats.beat(s, "here:1:worker", Role.WORKER, at(3590)))
    after = look(town, people, 3601, *find(3600))
    assert any("没有时钟进程" in line for line in after), "what still lasts is told afterwards"
    assert not any("没有发送进程" in line for line in after)


def test_the_clock_looks_and_mail_and_webhook_arrive(
    settings: MakeSettings, mail_server: tuple[int, list[str]], posted: tuple[int, list[dict[str, Any]]]
) -> None:
    who = [{"name": "Li", "mail": "li@town.example", "webhook": f"http://127.0.0.1:{posted[0]}/x", "language": "en"}]
    with pytest.raises(ValueError, match="ALERT_SMTP"):
        settings(alert_people=json.dumps(who))
    made = settings(
        alert_people=json.dumps(who),
        alert_smtp=f"smtp://127.0.0.1:{mail_server[0]}",
        alert_mail_from="service@town.example",
    )
    send_letter(made, Letter(made.alert_people[0], AlertKind.DISK, "the disk is nearly full", at(0)))
    assert "Subject: [Joint Defence" in mail_server[1][0]
    assert "the disk is nearly full" in mail_server[1][0]
    assert posted[1] == [
        {"kind": "disk", "text": "the disk is nearly full", "over": False, "at": "2026-11-23T13:07:00+00:00"}
    ]
    runtime = Runtime(made)
    parts = tuple(part for _, part in NOW_AND_THEN if part is telling.watch_service)
    assert tick(runtime, None, parts)
    with runtime.database.begin() as session:
        kept = {each.kind for each in service_alerts.list_open(session)}
        assert {AlertKind.WORKER, AlertKind.CLOCK} <= kept
        # Once a week, on Monday from nine on; what it says is counted.
        monday = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
        (letter,) = telling.tell_of_the_week(session, made, monday)
        assert (
            letter.said == "[Joint Defence] The week: 0 alarms, 0 drills, 0 calls and texts, 0 with an error, 0 alerts."
        )
        assert telling.tell_of_the_week(session, made, monday) == []
        assert telling.tell_of_the_week(session, made, monday + timedelta(days=1)) == []
    runtime.close()


def test_a_mail_that_does_not_leave_is_tried_again_and_a_wrong_address_is_not(
    settings: MakeSettings, posted: tuple[int, list[dict[str, Any]]]
) -> None:
    def letter(webhook: str) -> tuple[Settings, Letter]:
        made = settings(alert_people=json.dumps([{"name": "Li", "webhook": webhook}]))
        return made, Letter(made.alert_people[0], AlertKind.DISK, "full", at(0))

    port, came = posted
    sick = f"http://127.0.0.1:{port}/sick"
    assert send_letter(*letter(sick), pauses=(0.01, 0.01)) == []
    assert len(came) == 3, "twice it was not taken"
    assert send_letter(*letter(sick.replace("sick", "unknown")), pauses=(0.01, 0.01)) == ["webhook"]
    assert len(came) == 4
    assert send_letter(*letter(f"http://127.0.0.1:{free_port()}/"), pauses=(0.01,)) == ["webhook"]


def in_thread(work: Callable[[], None]) -> None:
    """As the service asks: in the main thread may be Playwright's loop, once a browser was open."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


def test_an_account_that_runs_out_is_told_and_one_whose_carrier_does_not_tell_is_not(settings: MakeSettings) -> None:
    with Network.launch(
        account_sid=SID, auth_token="t", numbers=["+8657412345678"], options=["--balance", "8.50 CNY"]
    ) as poor:
        at_poor = {"twilio_api_base_url": poor.url, "twilio_account_sid": SID, "twilio_auth_token": "t"}
        runtime = Runtime(settings(**at_poor, low_balance="50", alert_people=json.dumps(PEOPLE)))
        tick(runtime, None, (telling.watch_service,))
        eventually(lambda: runtime.balances.read_low(), "asked in a thread")
        tick(runtime, None, (telling.watch_service,))
        with runtime.database.begin() as session:
            (kept,) = (each for each in service_alerts.list_open(session) if each.kind is AlertKind.BALANCE)
        assert "余额不足" in write_alert(kept.kind, kept.detail, "zh")
        assert kept.detail.endswith(" 8.50 CNY")
        runtime.close()
        for enough in (Balances(settings(**at_poor, low_balance="8")), Balances(settings(**at_poor))):
            in_thread(enough.ask)
            assert enough.read_low() == {}
    with Network.launch(account_sid=SID, auth_token="t", numbers=["+8657412345678"]) as silent:
        asked = Balances(settings(**at_poor | {"twilio_api_base_url": silent.url}, low_balance="50"))
        in_thread(asked.ask)
        assert asked.read_low() == {}


def test_the_commands_list_take_on_keep_quiet_and_test(settings: MakeSettings, database: Any) -> None:
    app: Flask = create_app(settings(alert_people=json.dumps(PEOPLE)))
    runner = app.test_cli_runner()
    told = runner.invoke(args=["alerts", "test"])
    assert (told.exit_code, "王工" in told.output) == (0, True), told.output
    silent: Flask = create_app(
        settings(alert_people=json.dumps(PEOPLE), ping_url=f"http://127.0.0.1:{free_port()}/secret")
    )
    deaf = silent.test_cli_runner().invoke(args=["alerts", "test"])
    assert (deaf.exit_code, "PING_URL: failed" in deaf.output, "secret" in deaf.output) == (1, True, False)
    silent.extensions["runtime"].close()
    with database.begin() as session:
        service_alerts.open_alert(session, Trouble(AlertKind.DISK, "m", "/var"), at(0))
        (kept,) = service_alerts.list_open(session)
        number = kept.id
    assert "磁盘快满了（/var）" in runner.invoke(args=["alerts", "list"]).output
    assert runner.invoke(args=["alerts", "take-on", str(number), "--by", "Chen"]).exit_code == 0
    again = runner.invoke(args=["alerts", "take-on", str(number), "--by", "Chen"])
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)
    assert runner.invoke(args=["alerts", "quiet", "--hours", "2", "--reason", "disk"]).exit_code == 0
    listed = runner.invoke(args=["alerts", "list"]).output
    assert ("Chen sees to it" in listed, "quiet until" in listed) == (True, True)
    assert runner.invoke(args=["alerts", "quiet", "--hours", "0"]).exit_code == 0
    assert "quiet until" not in runner.invoke(args=["alerts", "list"]).output
    app.extensions["runtime"].redis.close()
    app.extensions["runtime"].close()


@pytest.mark.parametrize(
    ("hours", "hour", "on_duty"),
    [
        ([(0, 24), (8, 20)], 3, [0]),
        ([(8, 20), (20, 8)], 3, [1]),
        ([(8, 20), (20, 8)], 12, [0]),
        ([(8, 20), (9, 17)], 3, [0, 1]),
        ([(20, 8)], 20, [0]),
    ],
)
def test_who_is_on_duty_and_everybody_where_nobody_is(
    hours: list[tuple[int, int]], hour: int, on_duty: list[int]
) -> None:
    assert list_on_duty(hours, hour) == on_duty
    assert [find_turn(told, [4, 7])[0] for told in range(4)] == [4, 7, 4, 7]
    assert [is_taken_on(text) for text in ("1", " 收到！", "11", "我来", "")] == [True, True, False, False, False]


@pytest.mark.parametrize("given", ["x", "{}", '[{"name": "A"}]', '[{"name": "A", "phone": "139"}]', '[{"nam": 1}]'])
def test_people_who_cannot_be_reached_stop_the_start(given: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_alert_people(given)
    assert AlertPerson(name="A", phone=WANG, hours="20-8").span == (20, 8)


@pytest.fixture
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """Port, and the letters that came."""
    letters: list[str] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    letters.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                if word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                self.wfile.write(b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], letters
        server.shutdown()


@pytest.fixture
def posted() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    came: list[dict[str, Any]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            sick = self.path == "/sick" and len(came) < 3
            self.send_response(503 if sick else 404 if self.path == "/unknown" else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = WebServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, came
    server.shutdown()
    thread.join()
    server.server_close()
