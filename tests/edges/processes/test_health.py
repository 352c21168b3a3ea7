"""What is seen from outside: readiness, metrics, and the dead man's line on every page."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import create_app
from config.carriers import Account as CarrierAccount
from config.database import Database, read_clock
from joint_defense.alarms import intake
from joint_defense.alarms.intake import Trigger
from joint_defense.carriers.port import AccountTrouble, CarrierError, OutcomeUnknown
from joint_defense.delivery import claims, tracking
from joint_defense.delivery.lines import Line, LineStatus
from joint_defense.models.processes import AccountCheck, Heartbeat
from joint_defense.processes import heartbeats
from joint_defense.processes.heartbeats import AccountWatch
from joint_defense.rules.states import Channel
from tests.conftest import MakeSettings
from tests.support import loops
from tests.support.factories import Town

TOKEN = "a-token-for-the-metrics"
ACCOUNT = "AC" + "0" * 32
ACCOUNTS = (CarrierAccount(name="carrier", account_sid=ACCOUNT, auth_token=("t",), from_number=("+8657412345678",)),)


@pytest.fixture
def app(settings: MakeSettings) -> Iterator[Flask]:
    made = create_app(settings(metrics_token=TOKEN))
    yield made
    made.extensions["runtime"].redis.close()
    made.extensions["runtime"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def all_well(database: Database, silent_for: float = 0, role: str = "") -> None:
    """Worker, clock and account say that they are well; one of them has been silent for so many seconds."""
    with database.begin() as session:
        now = read_clock(session)
        for each in ("worker", "clock"):
            heartbeats.beat(session, f"{each}-1", each, now - timedelta(seconds=silent_for if each == role else 0))
        heartbeats.note_account(session, ACCOUNT, "ok", now)


def readiness(client: FlaskClient) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.get_json()


def test_with_everything_there_it_is_ready(client: FlaskClient, database: Database) -> None:
    all_well(database)
    parts = ("status", "database", "redis", "worker", "clock", "carrier", "spool")
    assert readiness(client) == (200, dict.fromkeys(parts, "ok"))


def test_one_dead_process_of_several_is_missed_until_another_starts_in_its_place(
    client: FlaskClient, database: Database
) -> None:
    all_well(database)
    with database.begin() as session:
        now = read_clock(session)
        for name, role, silent_for in (("a", "worker", 0), ("b", "worker", 40), ("c", "bulk", 31), ("d", "web", 29)):
            heartbeats.beat(session, f"{role}-{name}", role, now - timedelta(seconds=silent_for))
        # All of them have been there for a while.
        session.execute(update(Heartbeat).values(started_at=now - timedelta(minutes=5)))
    status, found = readiness(client)
    assert (status, found["worker"], found["bulk"]) == (503, "1 of 3 silent", "silent")
    assert "web" not in found
    assert "有2个进程已停止" in client.get("/sign-in").get_data(as_text=True)
    with database.begin() as session:
        heartbeats.beat(session, "bulk-new", "bulk", read_clock(session))
        heartbeats.beat(session, "worker-new", "worker", read_clock(session))
    status, found = readiness(client)
    assert (status, found["worker"], "bulk" in found) == (200, "ok", False)


def test_one_that_ended_as_it_was_told_to_is_not_missed(client: FlaskClient, database: Database) -> None:
    all_well(database)
    with database.begin() as session:
        heartbeats.beat(session, "worker-2", "worker", read_clock(session) - timedelta(seconds=40))
        session.execute(update(Heartbeat).values(started_at=read_clock(session) - timedelta(minutes=5)))
    assert readiness(client)[1]["worker"] == "1 of 2 silent"
    with database.begin() as session:
        heartbeats.say_goodbye(session, "worker-2")
    assert readiness(client)[1]["worker"] == "ok"


def test_what_waits_on_any_machine_and_what_is_aside_stand_where_people_look(
    client: FlaskClient, database: Database
) -> None:
    all_well(database)
    with database.begin() as session:
        now = read_clock(session)
        heartbeats.beat(session, "here:1:web", "web", now, heartbeats.Kept(2, 0))
        heartbeats.beat(session, "here:2:web", "web", now, heartbeats.Kept(2, 0))
        heartbeats.beat(session, "there:1:web", "web", now, heartbeats.Kept(1, 1))
    status, found = readiness(client)
    assert (status, found["spool"]) == (503, "3 waiting, 1 set aside")
    page = client.get("/sign-in").get_data(as_text=True)
    assert "有3条来电或短信存在磁盘上" in page
    assert "有1条来电或短信被搁置" in page
    figures = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).get_data(as_text=True)
    assert 'joint_defence_spooled_events_by_place{place="there"} 1.0' in figures
    assert 'joint_defence_set_aside_events_by_place{place="there"} 1.0' in figures
    assert "joint_defence_spooled_events 0.0" in figures


@pytest.mark.parametrize("role", ["worker", "clock"])
def test_thirty_seconds_of_silence_make_it_unready_and_stand_on_every_page(
    client: FlaskClient, database: Database, role: str
) -> None:
    words = {"worker": "发送进程已停止", "clock": "时钟进程已停止"}[role]
    all_well(database)
    assert words not in client.get("/sign-in").get_data(as_text=True)
    client.application.extensions["dead_man"]._looked_at -= 60
    all_well(database, silent_for=31, role=role)
    status, found = readiness(client)
    assert (status, found[role], found["status"]) == (503, "silent", "unready")
    page = client.get("/sign-in").get_data(as_text=True)
    assert words in page
    assert page.count('role="alert"') == 1


def test_an_account_that_the_carrier_refuses_or_that_nobody_asks_about_is_not_ready(
    client: FlaskClient, database: Database
) -> None:
    all_well(database)
    with database.begin() as session:
        heartbeats.note_account(session, ACCOUNT, "20003", read_clock(session))
    assert readiness(client)[1]["carrier"] == "20003"
    with database.begin() as session:
        session.execute(update(AccountCheck).values(at=read_clock(session) - timedelta(minutes=4), word="ok"))
    assert readiness(client)[1]["carrier"] == "unknown"
    assert readiness(client)[0] == 503


def test_a_number_that_is_not_the_accounts_is_told_and_without_another_nothing_is_ready(
    client: FlaskClient, database: Database
) -> None:
    all_well(database)
    line = Line(ACCOUNT, "+8657412345678")
    with database.begin() as session:
        heartbeats.note_number(session, line, "21210", read_clock(session))
        # What was said of a number that is in the settings no more says nothing.
        heartbeats.note_number(session, Line(ACCOUNT, "+8657411111111"), "21606", read_clock(session))
    status, words = readiness(client)
    assert (status, words["carrier"]) == (503, "21210")
    assert client.get("/readyz").get_json()["numbers"] == {"carrier": "1 refused (21210)"}
    assert "+8657412345678" in html.unescape(client.get("/sign-in").get_data(as_text=True))
    with database.begin() as session:
        heartbeats.note_number(session, line, "", read_clock(session))
    assert readiness(client)[0] == 200
    assert "numbers" not in readiness(client)[1]


class Account:
    """A carrier that says this of our account, once."""

    def __init__(self, error: CarrierError | None) -> None:
        self.error = error
        self.asked = 0

    async def check_account(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "word"),
    [(None, "ok"), (AccountTrouble("no", code=20003, status=401), "20003"), (OutcomeUnknown("?"), "broken off")],
)
def test_the_sender_asks_for_the_account_once_and_all_know(
    database: Database, error: CarrierError | None, word: str
) -> None:
    account = Account(error)

    async def in_database(work: Any) -> Any:
        return work()

    complained: list[str] = []

    async def ask() -> None:
        for _ in range(2):  # a second sender finds the answer of the first
            carriers: Any = {ACCOUNT: account}
            watch = AccountWatch(carriers, database, LineStatus([ACCOUNT]), in_database)
            task = asyncio.create_task(watch.run(complained.append))  # type: ignore[arg-type]
            await asyncio.sleep(0.05)
            task.cancel()

    loops.run(ask())
    with database.begin() as session:
        assert heartbeats.read_vitals(session, ACCOUNTS, read_clock(session)).account == word
        assert not heartbeats.is_account_due(session, ACCOUNT, read_clock(session))
        later = read_clock(session) + timedelta(seconds=6)
        assert heartbeats.is_account_due(session, ACCOUNT, later) == (word != "ok")
    assert account.asked == 1


def scraped(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert not re.search(r"\+86|王建国", text)
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_the_metrics_are_for_whoever_has_the_token(client: FlaskClient, settings: MakeSettings) -> None:
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 403
    without = create_app(settings())
    assert without.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
    without.extensions["runtime"].close()


def test_the_metrics_tell_of_alarms_requests_and_what_waits(client: FlaskClient, database: Database) -> None:
    all_well(database, silent_for=7, role="clock")
    town = Town(database)
    wang, _li, _chen = town.house("王建国"), town.house("李大明"), town.house("陈小红")

    def lived(now: datetime) -> None:
        with database.begin() as session:
            intake.raise_alarm(session, Trigger("voice:CA1", wang.number, Channel.CALL), now)
        with database.begin() as session:
            (claim,) = claims.claim(session, Channel.CALL, 1, "me", now + timedelta(seconds=2))
        with database.begin() as session:
            tracking.record_status(
                session,
                claim.delivery_id,
                1,
                "CA9",
                "ringing",
                None,
                now + timedelta(seconds=4),
                said_at=now + timedelta(seconds=3),
            )

    with database.begin() as session:
        begun = read_clock(session) - timedelta(seconds=90)
    lived(begun)
    found = scraped(client)
    expected = {
        'alarms_total{kind="alarm"}': 1,
        'requests{channel="call",state="ringing"}': 1,
        'deliveries{channel="call",state="waiting"}': 1,
        'deliveries{channel="sms",state="waiting"}': 2,
        'deliveries{channel="call",state="placed"}': 1,
        'deliveries_overdue{channel="sms"}': 2,
        'keypress_to_first_request_seconds{stat="median"}': 2,
        'keypress_to_last_request_seconds{stat="max"}': 2,
        'callback_lag_seconds{stat="max"}': 1,
        'queue_jobs{queue="alarm"}': 0,
        'up{part="database"}': 1,
        'up{part="redis"}': 1,
        'up{part="carrier"}': 1,
    }
    assert {name: found[f"joint_defence_{name}"] for name in expected} == expected
    assert 90 <= found['joint_defence_oldest_due_seconds{channel="sms"}'] < 100
    assert 7 <= found['joint_defence_heartbeat_age_seconds{role="clock"}'] < 17


def test_the_metrics_say_what_is_away(settings: MakeSettings, database: Database) -> None:
    app = create_app(settings(metrics_token=TOKEN, redis_url="redis://127.0.0.1:9", database_url="sqlite:////no/such"))
    found = scraped(app.test_client())
    assert found['joint_defence_up{part="database"}'] == found['joint_defence_up{part="redis"}'] == 0
    app.extensions["runtime"].close()


def test_heartbeats_are_of_the_newest_process(database: Database) -> None:
    with database.begin() as session:
        now = read_clock(session)
        heartbeats.beat(session, "gone", "clock", now - timedelta(hours=1))
        heartbeats.beat(session, "here", "clock", now)
        assert heartbeats.read_vitals(session, ACCOUNTS, now).word("clock") == "ok"
        assert session.get(Heartbeat, "gone") is not None
