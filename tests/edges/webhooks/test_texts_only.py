"""Whole conversations over the carrier's webhooks: the given texts, a deaf caller, and an alarm that is held."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.database import read_clock
from joint_defense.alarms.closing import close
from joint_defense.models.incidents import Alert, IncidentUpdate
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import ClosingOutcome, Purpose
from tests.edges.webhooks.test_webhooks import Carrier, carrier, open_carrier, town  # noqa: F401  fixtures
from tests.support.factories import House, Town

GIVEN = json.loads((Path(__file__).parents[2] / "data/texts/given.json").read_text(encoding="utf-8"))


def read_line(document: str) -> str:
    """The text that a webhook was answered with; empty for none."""
    return html.unescape("".join(re.findall(r"<Message[^>]*>(.*?)</Message>", document, re.DOTALL)))


def close_all(group: Town) -> None:
    for incident in group.incidents():
        group.run(partial(close, incident_id=incident.id, outcome="helped", note="", by="村", now=incident.opened_at))


def outcome(phones: Carrier, state: str, sender: House, body: str, serial: int) -> str:
    """What a text that comes by the webhook comes to, as the tables show it."""

    def look() -> list[int]:
        wanted = (
            select(func.count()).select_from(Alert),
            select(func.count()).where(IncidentUpdate.kind == "said"),
            select(func.count()).where(Alert.withdrawn_at.is_not(None)),
        )
        return phones.town.read(lambda session: [session.scalar(each) or 0 for each in wanted])

    alerts, said, withdrawn = look()
    phones.text(body, sender.number, sid=f"SM{serial:032x}")
    now_alerts, now_said, now_withdrawn = look()
    if now_alerts > alerts:
        return "alarm"
    if now_withdrawn > withdrawn:
        return "taken_back"
    answers = [answer for household, answer in phones.town.answers() if household == sender.name]
    if answers:
        return str(answers[-1])
    if state == "member":
        return "no_alarm"
    return "passed_on" if now_said > said and state == "caller" else "none"


# What a text means is read without a database; that both keep what comes of it, the conversations below show.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_given_texts_come_to_what_is_right_over_the_webhook(carrier: Carrier, town: Town) -> None:  # noqa: F811
    """Each in a group of its own, so that none knows of another."""
    wrong = []
    for serial, case in enumerate(GIVEN):
        group = town.group(f"第{serial}组")
        wang, chen = town.house(f"王{serial}", group=group), town.house(f"陈{serial}", group=group)
        if case["state"] != "member":
            carrier.text("9", wang.number, sid=f"SMA{serial:030x}")
            town.place(after=10**9)
            if case["state"] == "after_all_clear":
                close_all(town)
        sender = wang if case["state"] == "caller" else chen
        given = outcome(carrier, case["state"], sender, case["body"], serial)
        if given not in case["right"] and not (given == "none" and "passed_on" in case["right"] and sender is chen):
            wrong.append((case["state"], case["body"], given, case["right"]))
    print(*wrong, f"{len(GIVEN) - len(wrong)} of {len(GIVEN)}", sep="\n")
    assert wrong == []


def test_a_deaf_caller_holds_the_whole_conversation_by_text(carrier: Carrier, town: Town) -> None:  # noqa: F811
    """With an automatic reply and a quoted answer among the neighbours; nobody speaks a word."""
    wang = town.house("王")
    chen, li, machine = town.house("陈"), town.house("李", leader=True), town.house("张")
    serial = iter(range(100))

    def text(house: House, body: str) -> str:
        return read_line(carrier.text(body, house.number, sid=f"SM{next(serial):032x}"))

    assert "马上呼叫3户邻居" in text(wang, "我聋哑人不能打电话 家里进贼了 救命")
    town.place(after=10**9)
    assert "还没有人回应" in text(wang, "有人来吗")
    assert text(machine, "您好，我在开会，短信已收到，稍后回复。") == ""
    assert text(machine, "您好，我在开会，短信已收到，稍后回复。") == ""
    assert town.answers() == []
    ours = "【十户联防】王家求助！墙下陶村3组·桥东第1家，21:07。能来请回复1，不能来请回复2，到了请回复3。必要时打110"
    thanks = text(chen, f"「{ours}」\n- - - - - -\n马上来")
    assert "谢谢" in thanks
    assert town.answers() == [("陈家", Answer.COMING)]
    assert "陈家" in text(wang, "谁来了")
    text(wang, "他们两个人，在后院，有刀")
    said = [line.detail["text"] for line in town.timeline("said")]
    assert "他们两个人，在后院，有刀" in said
    text(li, "3")
    assert "李家" in text(wang, "有人到了吗")
    passed = [line.text or "" for line in town.lines(town.incidents()[0].id, Purpose.WORDS)]
    assert any("在后院，有刀" in each for each in passed)
    assert "已取消" in text(wang, "没事了，谢谢大家")
    assert town.incidents()[0].closed_at is not None
    assert "不用来了" in text(chen, "我马上到")


def test_a_held_caller_is_asked_for_a_key_and_hears_only_what_is_true(carrier: Carrier, town: Town) -> None:  # noqa: F811
    wang, leader = town.house("王"), town.house("李", leader=True)
    town.house("陈")
    raised = town.raise_alarm(wang)
    malicious = ClosingOutcome.MALICIOUS
    town.run(lambda session: close(session, raised.incident_id or 0, malicious, "", "值", read_clock(session)))
    asked = carrier.call("/voice/menu/1", wang.number, sid="CA2", Digits="#9")
    key = re.search("是真的请按([5-8])，就马上呼叫2户邻居", asked)
    assert key is not None
    assert "正在呼叫" not in asked
    address = html.unescape(re.findall(r'action="([^"]+)"', asked)[0])
    wrong = carrier.call(address, wang.number, sid="CA2", Digits="1")
    assert f"按错了。是真的请按{key[1]}" in wrong
    done = carrier.call(address, wang.number, sid="CA2", Digits=key[1])
    assert "马上呼叫各户邻居" in done
    assert "held=1" not in done
    incident = town.incidents()[-1].id
    assert {line.household for line in town.lines(incident, Purpose.ALARM)} == {leader.name, "陈家"}


@pytest.mark.parametrize(("dialect", "hears"), [("common", False), ("twilio", True)])
def test_what_a_caller_says_on_the_held_line_is_kept_where_the_carrier_recognises_speech(
    open_carrier: Callable[..., Carrier],  # noqa: F811
    town: Town,  # noqa: F811
    dialect: str,
    hears: bool,
) -> None:
    held = open_carrier(carrier_dialect=dialect)
    wang, _ = town.house("王"), town.house("陈")
    held.call("/voice/menu/1", wang.number, Digits="#9")
    address = f"/voice/wait/{town.alerts()[0].id}/0/0"
    assert ('input="dtmf speech"' in held.call(address, wang.number)) is hears
    held.call(address, wang.number, SpeechResult="着火了，他们在二楼。")
    held.call(address, wang.number, SpeechResult="没事了不用来了")
    assert [line.detail["text"] for line in town.timeline("said")] == ["着火了，他们在二楼。", "没事了不用来了"]
    assert town.incidents()[0].closed_at is None
    assert town.incidents()[0].category == "fire"
