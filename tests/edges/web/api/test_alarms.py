"""Programs that raise alarms by /api/v1/alarms: whom they reach, what they see, and what they are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from config.database import read_clock
from groups.accounts.api_clients import Scope, create_client
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.states import Channel, Purpose
from joint_defense.web.api import alarms
from tests.edges.webhooks.test_webhooks import Carrier, carrier, open_carrier, town  # noqa: F401  fixtures
from tests.support.factories import House, Town

Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(carrier: Carrier, town: Town) -> Ask:  # noqa: F811
    """Ask as a program of this name, which may raise alarms unless it has other scopes."""
    tokens: dict[str, str] = {}

    def send(
        path: str = "", given: Any = None, key: str | None = "smoke-1", name: str = "烟感平台", *scopes: Scope
    ) -> TestResponse:
        if name not in tokens:
            chosen = scopes or (Scope.ALARMS,)
            tokens[name] = town.run(lambda s: create_client(s, name, chosen, 600, "tests", read_clock(s)))[1]
        headers = {"Authorization": f"Bearer {tokens[name]}"} | ({"Idempotency-Key": key} if key is not None else {})
        address = f"/api/v1/alarms{path}"
        if given is None:
            return carrier.client.get(address, headers=headers)
        if isinstance(given, dict):
            return carrier.client.post(address, json=given, headers=headers)
        return carrier.client.post(address, data=given, headers=headers)

    return send


@pytest.fixture
def wang(town: Town) -> House:  # noqa: F811
    for name in ("李月芳", "陈小红"):
        town.house(name, leader=name == "李月芳")
    return town.house("王建国", "mm")


def told(town: Town, purpose: Purpose) -> list[tuple[str, Channel, str]]:  # noqa: F811
    return sorted(
        (each.household_name, each.channel, each.text or "")
        for each in town.deliveries(town.incidents()[-1].id)
        if each.purpose is purpose
    )


def test_a_detector_rings_the_neighbours_and_tells_its_own_household_which_can_take_it_back(
    ask: Ask,
    carrier: Carrier,  # noqa: F811
    town: Town,  # noqa: F811
    wang: House,
) -> None:
    given = {"number": wang.number, "by_device": True, "category": "fire", "text": "厨房烟感"}

    answer = ask(given=given)

    assert answer.status_code == 201
    raised = answer.get_json()
    assert (raised["outcome"], raised["households"], raised["repeated"]) == ("raised", 2, False)
    rung = {(name, channel) for name, channel, _ in told(town, Purpose.ALARM)}
    assert rung == {(name, channel) for name in ("李月芳家", "陈小红家") for channel in Channel}
    own = told(town, Purpose.NEWS)
    assert [channel for _, channel, _ in own] == [Channel.CALL, Channel.CALL, Channel.SMS, Channel.SMS]
    assert {text for _, channel, text in own if channel is Channel.SMS} == {
        "【十户联防】您家的报警器响了，马上呼叫2户邻居。没事请回复0。着火打119，报警打110。"
    }
    (alert,) = town.alerts()
    assert (alert.text, alert.category, alert.by_others) == ("厨房烟感", "fire", True)

    # The same once more, as a program does that has not heard the answer.
    again = ask(given=given)
    assert (again.status_code, again.get_json()) == (200, raised | {"repeated": True})
    assert (carrier.count(Alert), carrier.count(Incident)) == (1, 1)

    carrier.text("0", wang.number)
    state = ask(f"/{raised['id']}").get_json()
    assert (state["state"], state["outcome"]) == ("closed", "false_alarm")


def test_a_button_is_answered_by_text_alone_and_the_program_follows_who_comes_until_it_closes(
    ask: Ask,
    carrier: Carrier,  # noqa: F811
    town: Town,  # noqa: F811
    wang: House,
) -> None:
    number = ask(given={"number": wang.number, "text": ""}).get_json()["id"]
    ((name, channel, text),) = told(town, Purpose.NEWS)
    assert (name, channel) == ("王建国家", Channel.SMS)
    assert text.startswith("【十户联防】已收到，马上呼叫2户邻居。")

    town.place(after=10**9)
    chen = next(each for each in town.deliveries(number) if each.household_name == "陈小红家")
    carrier.text("1", chen.number, sid="SM9")
    state = ask(f"/{number}").get_json()
    assert state["coming"] == [{"name": "陈小红家", "minutes": None, "there": False}]
    assert (state["state"], state["called"], state["closed_at"]) == ("open", 2, None)

    # Another program sees and closes nothing of it.
    assert ask(f"/{number}", name="别的平台").status_code == 404
    assert ask(f"/{number}/close", {"outcome": "helped"}, name="别的平台").status_code == 404
    closed = ask(f"/{number}/close", {"outcome": "helped"})
    assert (closed.status_code, closed.get_json()["state"], closed.get_json()["outcome"]) == (200, "closed", "helped")
    assert [line.detail["by"] for line in town.timeline("closed")] == ["API 烟感平台"]
    assert told(town, Purpose.ALL_CLEAR)
    # Closed twice it stays as it is.
    assert ask(f"/{number}/close", {"outcome": "malicious"}).get_json()["outcome"] == "helped"


def test_pressed_again_with_another_key_it_is_the_same_alarm_and_the_household_is_told_once(
    ask: Ask,
    carrier: Carrier,  # noqa: F811
    town: Town,  # noqa: F811
    wang: House,
) -> None:
    first, again = (
        ask(given={"number": wang.number, "by_device": by_device}, key=key)
        for key, by_device in (("k1", False), ("k2", True))
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.get_json()["id"], again.get_json()["outcome"]) == (first.get_json()["id"], "joined")
    assert carrier.count(Incident) == 1
    assert [channel for _, channel, _ in told(town, Purpose.NEWS)] == [*[Channel.CALL] * 2, *[Channel.SMS] * 2]


@pytest.mark.parametrize(
    ("given", "key", "status", "code"),
    [
        ({"number": "+8613999999999"}, "k", 404, "not_on_roster"),
        ({"number": "谁"}, "k", 422, "wrong_field"),
        ({"number": ["+86"]}, "k", 422, "wrong_field"),
        ({"by_device": True}, "k", 422, "wrong_field"),
        ({"number": "OWN", "category": "flood"}, "k", 422, "wrong_field"),
        ({"number": "OWN", "text": "火" * 101}, "k", 422, "wrong_field"),
        ({"number": "OWN", "extra": 1}, "k", 422, "wrong_field"),
        ({"number": "OWN"}, None, 422, "idempotency_key"),
        ({"number": "OWN"}, "k" * 129, 422, "idempotency_key"),
        (b"not json", "k", 400, "bad_request"),
        (b"\xff\xfe", "k", 400, "bad_request"),
        (b"[]", "k", 400, "bad_request"),
        (b"1" * 20_000, "k", 413, "error"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_as_described_is_refused_with_a_word_and_rings_nobody(
    ask: Ask,
    carrier: Carrier,  # noqa: F811
    wang: House,
    given: Any,
    key: str | None,
    status: int,
    code: str,
) -> None:
    if isinstance(given, dict) and given.get("number") == "OWN":
        given = given | {"number": wang.number}
    answer = ask(given=given, key=key)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (status, code)
    assert carrier.count(Delivery) == 0


def test_one_without_the_scope_or_too_often_or_while_the_database_is_away_rings_nobody(
    ask: Ask,
    carrier: Carrier,  # noqa: F811
    town: Town,  # noqa: F811
    wang: House,
) -> None:
    reads = ask("", {"number": wang.number}, "k", "只读", Scope.COVERAGE, Scope.VILLAGES)
    assert reads.status_code == 403
    assert carrier.client.post("/api/v1/alarms", json={"number": wang.number}).status_code == 401

    for nth in range(6):
        raised = ask(given={"number": wang.number}, key=f"k{nth}").get_json()
        ask(f"/{raised['id']}/close", {"outcome": "false_alarm"})
    flood = ask(given={"number": wang.number}, key="k6")
    assert (flood.status_code, flood.get_json()["error"]["code"]) == (429, "too_many_alarms")
    assert carrier.count(Incident) == 6

    away = OperationalError("", {}, Exception("server closed the connection unexpectedly"), connection_invalidated=True)
    with patch.object(alarms, "raise_for_household", side_effect=away):
        answer = ask(given={"number": wang.number})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
