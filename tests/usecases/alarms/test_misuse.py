"""Limits against misuse: an alarm held for its leader after a malicious one, mutes, and the misuse run again."""

from __future__ import annotations

import re
from functools import partial
from itertools import cycle

import pytest
from sqlalchemy import func, select

from joint_defense.alarms import closing, held_alarms
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.escalation import widening
from joint_defense.alarms.inbound_texts import Reply, Text, take_message
from joint_defense.alarms.intake import IntakeResult, Limits, Outcome
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.errors import InvalidMute
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome, Purpose
from tests.support.factories import House, Town, at


def write(town: Town, house: House, body: str, after: float) -> Reply:
    return town.run(lambda session: take_message(session, Text(town.sid(), house.number, body), at(after)))


def close_as_malicious(town: Town, raised: IntakeResult, after: float) -> None:
    town.run(
        partial(
            closing.close,
            incident_id=raised.incident_id or 0,
            outcome=ClosingOutcome.MALICIOUS,
            note="",
            by="值",
            now=at(after),
        )
    )


def close_all(town: Town, after: float) -> None:
    for incident in town.incidents():
        town.run(partial(closing.close, incident_id=incident.id, outcome="helped", note="", by="值", now=at(after)))


def rung(town: Town, raised: IntakeResult) -> set[str]:
    return {line.household for line in town.lines(raised.incident_id, Purpose.ALARM, Purpose.WIDENING)}


def timeline(town: Town, kind: str) -> list[str]:
    return [str(line.detail.get("why", "")) for line in town.timeline() if line.kind == kind]


@pytest.fixture
def misused(town: Town) -> tuple[House, House, House]:
    """A household whose alarm was closed as malicious a minute ago, the leader's, and one of the others."""
    wang, leader, chen = town.house("王"), town.house("李", leader=True), town.house("陈")
    town.house("张", "ml")
    first = town.raise_alarm(wang)
    assert not first.release_key
    assert len(rung(town, first)) == 3
    close_as_malicious(town, first, 30)
    return wang, leader, chen


@pytest.mark.parametrize("way", ["key", "leader", "voice", "watcher", "clock"])
def test_after_a_malicious_alarm_the_leader_is_rung_first_and_all_others_by_whichever_way_comes_first(
    town: Town, misused: tuple[House, House, House], way: str
) -> None:
    wang, leader, chen = misused
    held = town.raise_alarm(wang, after=60)
    assert (held.outcome, held.households, len(held.release_key)) == (Outcome.RAISED, 3, 1)
    assert rung(town, held) == {leader.name}
    again = town.raise_alarm(wang, after=65)
    assert (again.outcome, again.release_key) == (Outcome.JOINED, held.release_key)
    assert rung(town, held) == {leader.name}
    # Widening waits as well; before its time the clock lets nothing go.
    assert town.run(lambda session: held_alarms.find_overdue(session, at(80))) == []
    match way:
        case "key":
            assert "收到" in (write(town, wang, f"回复{held.release_key}", 70).text or "")
        case "leader":
            ring = town.delivery(leader.number)
            town.run(lambda session: acknowledge(session, session.merge(ring), Answer.COMING, Channel.CALL, at(70)))
        case "voice":
            town.raise_alarm(chen, after=70)
        case "watcher":
            town.run(lambda session: closing.ring_again(session, held.incident_id or 0, None, "值", at(70)))
        case "clock":
            due = town.run(lambda session: held_alarms.find_overdue(session, at(88.5)))
            assert due == [held.incident_id]
            for _ in range(2):
                town.run(lambda session: [held_alarms.release_overdue(session, each, at(88.5)) for each in due])
    others = {"张家"} if way == "voice" else {"陈家", "张家"}
    assert others <= rung(town, held)
    assert timeline(town, "released") == [way]
    phones = [(line.number, line.channel) for line in town.lines(held.incident_id, Purpose.ALARM)]
    assert len(phones) == len(set(phones))


def test_neither_a_guess_nor_words_let_a_held_alarm_go_to_all_and_the_widening_waits_for_it(
    town: Town, misused: tuple[House, House, House]
) -> None:
    wang, leader, _ = misused
    asked = write(town, wang, "救命", 60)
    found = re.search("请回复([5-8])", asked.text or "")
    assert found is not None
    assert "30秒内也会呼叫" in (asked.text or "")
    wrong = next(each for each in held_alarms.KEYS if each != found[1])
    for body in (wrong, "快来", "救命"):
        write(town, wang, body, 65)
    held = town.incidents()[-1]
    assert {line.household for line in town.lines(held.id, Purpose.ALARM)} == {leader.name}
    assert held.id not in town.run(lambda session: widening.find_due(session, at(2000)))
    write(town, wang, found[1], 70)
    assert held.id in town.run(lambda session: widening.find_due(session, at(2000)))


def test_a_household_without_a_leader_to_ask_a_silent_one_and_one_an_hour_later_are_not_held(town: Town) -> None:
    wang, quiet = town.house("王"), town.house("静", silent=True)
    town.house("陈")
    for house in (wang, quiet):
        close_as_malicious(town, town.raise_alarm(house), 10)
    assert not town.raise_alarm(wang, after=600).release_key
    close_all(town, 601)
    town.house("李", leader=True)
    assert not town.raise_alarm(quiet, after=1200).release_key
    close_all(town, 1201)
    assert town.raise_alarm(wang, after=1800).release_key
    close_all(town, 1801)
    assert not town.raise_alarm(wang, after=3700).release_key


def test_a_muted_number_rings_nobody_and_hears_why_while_what_is_open_and_its_other_phones_go_on(town: Town) -> None:
    wang, li = town.house("王", "mm"), town.house("李", leader=True)

    def mute(hours: int = 2, reason: str = "半夜乱打", number: str = wang.number) -> int:
        return town.run(lambda session: held_alarms.mute(session, number, hours, reason, "值班员", at(10)).id)

    for wrong, why in (
        ({"reason": " "}, "reason_missing"),
        ({"hours": 25}, "hours"),
        ({"number": "+8613800000000"}, "not_on_roster"),
    ):
        with pytest.raises(InvalidMute) as refused:
            mute(**wrong)
        assert refused.value.why == why
    opened = town.raise_alarm(wang)
    mute()
    assert town.raise_alarm(wang, after=20).outcome is Outcome.JOINED
    assert "不在" not in (write(town, wang, "他们在后院", 25).text or "")
    town.run(lambda session: closing.close(session, opened.incident_id or 0, "helped", "", "值", at(30)))
    before = len(town.incidents())
    assert town.raise_alarm(wang, after=400).outcome is Outcome.MUTED
    assert "暂停受理" in (write(town, wang, "9", 410).text or "")
    assert not town.run(lambda session: report_wordless(session, "wordless:1", wang.number, at(420))).told
    assert len(town.incidents()) == before
    other = town.raise_alarm(wang, number=wang.numbers[1], after=430)
    assert other.outcome is Outcome.RAISED
    town.run(lambda session: closing.close(session, other.incident_id or 0, "helped", "", "值", at(440)))
    # It still answers for others, and what was stopped is counted.
    town.raise_alarm(li, after=450)
    town.place(after=455)
    assert "谢谢" in (write(town, wang, "1", 460).text or "")
    listed = town.read(lambda session: held_alarms.list_mutes(session, at(470)))
    assert [(each.household, each.reason, each.muted_by, each.tries) for each in listed] == [
        ("王家", "半夜乱打", "值班员", 3)
    ]
    assert town.run(lambda session: [held_alarms.lift(session, listed[0].id, "镇", at(480)) for _ in range(2)]) == [
        True,
        False,
    ]
    assert town.read(lambda session: held_alarms.list_mutes(session, at(490)))[0].lifted_by == "镇"
    close_all(town, 500)
    assert town.raise_alarm(wang, after=700).outcome is Outcome.RAISED


def test_two_numbers_that_take_turns_and_are_closed_as_malicious_ring_a_street_once_each(town: Town) -> None:
    """The misuse that once came to 14 incidents, 601 calls and texts in 23 seconds."""
    first, second = town.house("甲", "m"), town.house("乙", "m")
    town.house("长", "ml", leader=True)
    for each in range(18):
        town.house(f"邻{each}", "ml")
    outcomes = []
    for turn, house in zip(range(40), cycle((first, second)), strict=False):
        raised = town.raise_alarm(house, after=turn * 0.6, limits=Limits())
        outcomes.append(raised.outcome)
        if raised.incident_id is not None:
            close_as_malicious(town, raised, turn * 0.6 + 0.3)
    incidents, sent = town.read(
        lambda session: (
            session.scalar(select(func.count()).select_from(Incident)),
            session.scalar(select(func.count()).where(Delivery.purpose == Purpose.ALARM)) or 0,
        )
    )
    print(f"{incidents} incidents, {sent} calls and texts planned in {40 * 0.6:.0f} s")
    assert (incidents, outcomes.count(Outcome.FLOOD)) == (12, 28)
    # Each household's first alarm goes to all (19 others and the other caller); the rest to the leader.
    assert sent <= 2 * (19 * 3 + 2) + 10 * 3
