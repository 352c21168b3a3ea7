"""Every TwiML document that the service can answer with, against the verbs of each carrier.

The builders of `carriers.twiml` are the only place that makes one; `tests/edges/webhooks/test_webhooks.py` and the
journeys hold what the webhooks really answer against the same tables.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from joint_defense.carriers import twiml
from joint_defense.carriers.port import DIALECTS
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.lines import Line
from joint_defense.delivery.sender import Announcer
from joint_defense.rules.states import Channel, IncidentKind, Purpose, Role
from joint_defense.rules.triggers import Category
from tests.support.carrier_verbs import CARRIERS, UNDERSTOOD_BY, check, problems

HERE = "https://town.example.cn/prefix/voice/x"
LINES = [("着火了！请来。", "zh"), ("Fire & smoke <here>!", "en")]
BUILT: dict[str, list[Callable[[], str]]] = {
    "say": [lambda: twiml.say(LINES), lambda: twiml.say([])],
    "tell": [lambda: twiml.tell("已解除。", "zh"), lambda: twiml.tell("& over. " * 900, "en")],
    "say_farewell": [lambda: twiml.say_farewell(LINES, action=HERE)],
    "ask": [
        lambda: twiml.ask(LINES, action=HERE, then=HERE, keys=2, timeout=5),
        lambda: twiml.ask([], action=HERE, then=HERE, keys=1, timeout=10),
    ],
    "write_conference": [
        lambda: twiml.write_conference(LINES, "incident-1", then=HERE, alone=HERE, leads=False, ends_with_us=True)
    ],
    "wait_alone": [lambda: twiml.wait_alone(LINES, then=HERE)],
    "write_announcement": [
        lambda: twiml.write_announcement(("王建国家求助！", "着火了。"), "能来请按1。", "zh", action=HERE, then=HERE),
        lambda: twiml.write_announcement(("Help!",), "Press 1.", "en", action=HERE, then=HERE),
    ],
    "write_text": [lambda: twiml.write_text("已收到 <&>\x01"), lambda: twiml.write_text(None)],
}
NEEDS = {"write_conference": "conference", "wait_alone": "conference"}
"""What a document asks of a carrier that not every one has: a field of `Dialect`."""


def test_every_builder_is_looked_at() -> None:
    builders = {
        name
        for name, found in inspect.getmembers(twiml, inspect.isfunction)
        if found.__module__ == twiml.__name__ and not name.startswith("_")
    }
    assert builders == set(BUILT)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("builder", BUILT)
def test_every_document_is_taken_by_every_carrier_that_it_can_be_sent_to(builder: str, dialect: str) -> None:
    switch = NEEDS.get(builder)
    if switch is not None and not getattr(DIALECTS[dialect], switch):
        return
    for build in BUILT[builder]:
        check(build(), dialect)


def test_what_not_every_carrier_has_is_switched_on_by_name() -> None:
    assert not any(getattr(DIALECTS["common"], switch) for switch in NEEDS.values())
    assert set(DIALECTS) == set(UNDERSTOOD_BY)
    for name in CARRIERS:
        can = problems(BUILT["write_conference"][0](), name) == []
        assert DIALECTS[name].conference is can


@pytest.mark.parametrize("name", CARRIERS)
def test_speech_is_asked_for_only_where_it_is_recognised(name: str) -> None:
    document = twiml.ask(LINES, action=HERE, then=HERE, keys=1, timeout=6, hears="zh")
    assert 'input="dtmf speech"' in document
    assert DIALECTS[name].speech is (problems(document, name) == [])
    assert "speech" not in twiml.ask(LINES, action=HERE, then=HERE, keys=1, timeout=6)


def test_the_tables_find_what_would_be_silence() -> None:
    assert problems("<Response><Gather><Pause/></Gather></Response>", "somleng")
    assert problems("<Response><Gather action='/x'/></Response>", "twilio")
    assert problems("<Response><Redirect>/x</Redirect></Response>", "twilio")
    assert problems("<Response><Say>你好</Say></Response>", "twilio")


# The longest that the roster takes, in letters that XML writes as five.
LONG = "&" * 40 + "Very long name and a place "


def alert(number: int, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "id": number,
        "household_name": ("王建国" * 40)[:80],
        "household_name_en": (LONG * 4)[:80],
        "place": ("墙下陶村，桥东第一家" * 60)[:200],
        "place_en": (LONG * 9)[:200],
        "door": (LONG * 3)[:64],
        "first_help": "alone",
        "number": "+8613805740001",
        "category": Category.BURGLARY,
        "text": "",
        "raised_at": datetime(2026, 1, 1, tzinfo=UTC),
        "withdrawn_at": None,
    }
    return SimpleNamespace(**(values | changes))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("voices", [1, 4, 9])
@pytest.mark.parametrize("purpose", [Purpose.ALARM, Purpose.WIDENING, Purpose.WORDLESS, Purpose.NEWS])
def test_what_travels_with_a_call_is_short_enough_at_the_rosters_limits_and_says_the_newest_voice(
    language: str, voices: int, purpose: Purpose
) -> None:
    base = "https://" + "a-long-host-name." * 12 + "example.cn/and/a/prefix"
    text = "王家、李家" * 300 if purpose is Purpose.NEWS else None
    claim = Claim(
        delivery_id=10**9,
        incident_id=1,
        number=3,
        channel=Channel.CALL,
        purpose=purpose,
        alert_id=0,
        to="+8613805740002",
        role=Role.MEMBER,
        language=language,
        text=text,
        look_up_first=False,
        requested_at=datetime(2026, 1, 1, tzinfo=UTC),
        line=Line("AC1", "+8657412345678"),
        owner="here:1:a",
    )
    alerts = [alert(number) for number in range(voices)]
    alerts[-1].household_name = alerts[-1].household_name_en = "NEWEST"
    incident = SimpleNamespace(kind=IncidentKind.ALARM, alerts=alerts, held_until=None)
    said = Announcer(base, 40, ZoneInfo("Asia/Shanghai"), "a key").call(claim, incident, alerts).twiml  # type: ignore[arg-type]
    assert len(said) <= 4_000
    assert purpose is Purpose.NEWS or "NEWEST" in said
    check(said)
