"""What a message at our number means, and the line it is answered with."""

from __future__ import annotations

from functools import partial

import pytest

from joint_defense.alarms.closing import close
from joint_defense.alarms.inbound_texts import Reply, Text, take_message
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome, DeliveryState, IncidentKind, Purpose
from joint_defense.rules.triggers import Category
from tests.support.factories import House, Town, at
from tests.usecases.at_once import at_once

CALL, SMS = Channel.CALL, Channel.SMS
STRANGER = "+8613999999999"


@pytest.fixture
def houses(town: Town) -> list[House]:
    """The caller, the leader, and two neighbours."""
    return [town.house("王"), town.house("李", leader=True), town.house("陈"), town.house("张", "mm")]


def text(town: Town, sender: House | str, body: str, *, after: float = 0, sid: str = "") -> Reply:
    number = sender if isinstance(sender, str) else sender.number
    message = Text(sid or town.sid(), number, body)
    return town.run(lambda session: take_message(session, message, at(after)))


def says(town: Town, sender: House | str, body: str, **more: float) -> str | None:
    return text(town, sender, body, **more).text  # type: ignore[arg-type]


def rings(town: Town, caller: House, after: float = 0) -> int:
    raised = town.raise_alarm(caller, after=after)
    town.place(after=after)
    assert raised.incident_id is not None
    return raised.incident_id


def test_a_word_in_need_raises_an_alarm_and_travels_to_the_neighbours(town: Town, houses: list[House]) -> None:
    reply = text(town, houses[0], " 着火了！厨房 ")
    assert reply.text == "【十户联防】已收到，马上呼叫3户邻居。按错了请回复0。报警请打110。"
    (alert,) = town.alerts()
    assert (alert.text, alert.category, alert.channel) == ("着火了！厨房", Category.FIRE, SMS)
    assert reply.incident_id == alert.incident_id


def test_what_a_phone_puts_below_a_text_is_not_what_the_caller_says(town: Town, houses: list[House]) -> None:
    text(town, houses[0], "9\n发自我的iPhone")
    (alert,) = town.alerts()
    assert alert.text == "9"


def test_the_same_text_again_gets_the_same_line_and_changes_nothing(town: Town, houses: list[House]) -> None:
    for body in ("救命", "你好", "1", "0"):
        sid = town.sid()
        first = text(town, houses[0], body, sid=sid)
        before = (len(town.incidents()), len(town.timeline()), len(town.deliveries(1)))
        assert text(town, houses[0], body, sid=sid, after=1) == first
        assert (len(town.incidents()), len(town.timeline()), len(town.deliveries(1))) == before


def test_the_same_answer_twice_at_the_same_instant_is_one_answer(town: Town, houses: list[House]) -> None:
    rings(town, houses[0])
    replies = at_once(*[lambda: text(town, houses[2], "1", sid="SM1")] * 4)
    assert len(set(replies)) == 1
    assert town.answers() == [("陈家", Answer.COMING)]


@pytest.mark.parametrize(
    ("body", "given", "line"),
    [
        ("1", Answer.COMING, "【十户联防】谢谢，已记下您正赶往王家。"),
        ("好嘞", Answer.COMING, "【十户联防】谢谢，已记下您正赶往王家。"),
        ("2", Answer.CANNOT, "【十户联防】知道了，已记下您不能去王家。谢谢。"),
        ("我到了", Answer.ON_SCENE, "【十户联防】谢谢，已记下您已到王家。"),
    ],
)
def test_a_reply_is_the_households_answer(town: Town, houses: list[House], body: str, given: Answer, line: str) -> None:
    rings(town, houses[0])
    assert says(town, houses[2], body) == line
    assert town.answers() == [("陈家", given)]


def test_a_reply_stops_the_ringing_of_the_household(town: Town, houses: list[House]) -> None:
    rings(town, houses[0])
    text(town, houses[3], "1", after=5)
    assert all(town.delivery(number).unwanted for number in houses[3].numbers)
    assert not town.delivery(houses[2].number).unwanted


def test_with_several_open_the_answer_says_which_it_counted_for(town: Town, houses: list[House]) -> None:
    wang, li, chen, _ = houses
    rings(town, wang)
    second = rings(town, li, after=200)
    reply = text(town, chen, "1", after=210)
    assert reply == Reply("【十户联防】谢谢，已记下您正赶往李家。（另有1起求助还没结束）", second)


def test_an_answer_after_the_close_hears_that_it_is_over_for_a_day(town: Town, houses: list[House]) -> None:
    incident = rings(town, houses[0])
    town.run(lambda s: close(s, incident, ClosingOutcome.HELPED, "", "村", at(30)))
    assert says(town, houses[2], "1", after=40) == "【十户联防】王家的事已解决，不用来了，谢谢您。"
    assert town.answers() == []
    assert "需要邻居帮忙请回复9" in (says(town, houses[2], "1", after=2 * 86_400) or "")


@pytest.mark.parametrize("word", ["取消", "误报", "0", "０"])
def test_the_caller_takes_the_alarm_back_by_text(town: Town, houses: list[House], word: str) -> None:
    rings(town, houses[0])
    assert says(town, houses[0], word) == "【十户联防】已取消，正在通知邻居们。"
    assert town.incidents()[0].outcome is ClosingOutcome.FALSE_ALARM


def test_one_of_two_callers_reads_that_the_other_still_calls(town: Town, houses: list[House]) -> None:
    rings(town, houses[0])
    town.raise_alarm(houses[2], after=1)
    assert says(town, houses[0], "0", after=2) == "【十户联防】已取消您家的求助；另有一户还在求助。"
    assert town.incidents()[0].closed_at is None


def test_a_neighbour_cannot_take_back_somebody_elses_alarm(town: Town, houses: list[House]) -> None:
    rings(town, houses[0])
    assert "能来请回复1" in (says(town, houses[2], "误报") or "")
    assert town.incidents()[0].closed_at is None


def test_the_leader_says_by_text_that_it_is_over_and_a_neighbour_cannot(town: Town, houses: list[House]) -> None:
    rings(town, houses[0])
    says(town, houses[2], "解除", after=1)
    assert town.incidents()[0].closed_at is None
    assert says(town, houses[1], "解除", after=2) == "【十户联防】王家的事已解决，不用来了，谢谢您。"
    assert town.incidents()[0].outcome is ClosingOutcome.HELPED


def test_a_neighbour_in_need_during_an_alarm_is_a_second_voice(town: Town, houses: list[House]) -> None:
    incident = rings(town, houses[0])
    reply = text(town, houses[2], "快马上来救命", after=5)
    assert reply.incident_id == incident
    assert [alert.household_name for alert in town.alerts()] == ["王家", "陈家"]
    assert town.answers() == []


def test_stop_is_confirmed_and_obeyed_and_calls_go_on_until_start(town: Town, houses: list[House]) -> None:
    chen = houses[2]
    assert "START" in (text(town, chen, "退订").text or "")
    assert town.phone(chen.number).text_refused_code == "21610"
    incident = rings(town, houses[0])
    states = {(line.number, line.channel): line.state for line in town.lines(incident, Purpose.ALARM)}
    assert states[chen.number, CALL] is DeliveryState.PLACED
    assert [each.stopped for each in town.claim() if each.to == chen.number] in ([], [True])
    assert text(town, chen, "START", after=5).text == "【十户联防】短信已恢复。"
    assert town.phone(chen.number).text_refused_code is None


def test_what_the_carrier_took_for_stop_counts_whatever_the_word_and_is_not_said_twice(
    town: Town, houses: list[House]
) -> None:
    def says_to_carrier(body: str, opt_out: str) -> Reply:
        message = Text(town.sid(), houses[2].number, body, opt_out)
        return town.run(lambda session: take_message(session, message, at(0)))

    assert says_to_carrier("不要再发", "STOP") == Reply(None)
    assert town.phone(houses[2].number).text_refused_code == "21610"
    assert says_to_carrier("again please", "START") == Reply(None)
    assert town.phone(houses[2].number).text_refused_code is None


def test_no_text_goes_out_to_a_phone_that_said_stop_in_the_midst_of_an_alarm(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    incident = rings(town, wang)
    text(town, chen, "1", after=1)
    text(town, chen, "STOP", after=2)
    text(town, wang, "快来", after=3)
    town.run(lambda s: close(s, incident, ClosingOutcome.HELPED, "", "村", at(30)))
    later = [each for each in town.claim(after=31) if each.channel is SMS]
    assert {each.stopped for each in later if each.to == chen.number} == {True}
    assert {each.stopped for each in later if each.to != chen.number} == {False}


def test_a_caller_whose_cancel_the_carrier_takes_for_stop_takes_the_alarm_back(town: Town, houses: list[House]) -> None:
    rings(town, houses[0])
    message = Text(town.sid(), houses[0].number, "Cancel", "STOP")
    town.run(lambda session: take_message(session, message, at(5)))
    assert town.incidents()[0].outcome is ClosingOutcome.FALSE_ALARM


def test_anything_else_gets_one_line_of_help_in_the_phones_language(town: Town, houses: list[House]) -> None:
    assert says(town, houses[0], "今天开会吗") == "【十户联防】需要邻居帮忙请回复9，或打本号码按#9。报警请打110。"
    assert (says(town, town.house("Smith", "e"), "hello") or "").startswith("[Joint Defence] To call your neighbours")


def test_a_stranger_gets_one_line_a_day_whatever_they_text(town: Town, houses: list[House]) -> None:
    first = says(town, STRANGER, "救命")
    assert first is not None
    assert "110" in first
    assert [says(town, STRANGER, body, after=60) for body in ("着火", "你好", "1", "退订")] == [None] * 4
    assert says(town, STRANGER, "救命", after=86_401 + 60) is not None
    assert town.incidents() == []


def test_a_silent_household_is_never_answered(town: Town, houses: list[House]) -> None:
    silent = town.house("静", silent=True)
    raised = text(town, silent, "救命")
    assert raised.text is None
    assert raised.incident_id is not None
    assert says(town, silent, "你好", after=1) is None
    assert says(town, silent, "0", after=2) is None
    assert town.incidents()[0].outcome is ClosingOutcome.FALSE_ALARM


def test_a_text_that_floods_is_told_to_dial_110(town: Town, houses: list[House]) -> None:
    for second in range(6):
        reply = text(town, houses[0], "救命", after=second * 200)
        incident_id = reply.incident_id or 0
        over = at(second * 200 + 9)
        town.run(partial(close, incident_id=incident_id, outcome=ClosingOutcome.HELPED, note="", by="村干部", now=over))
    assert says(town, houses[0], "救命", after=1300) == "您已多次求助，每次都已记下。现在请直接打110。"
    assert len([each for each in town.incidents() if each.kind is IncidentKind.ALARM]) == 6


def test_a_household_in_no_group_is_told_that_nobody_can_be_called(town: Town) -> None:
    assert "请马上打110" in (says(town, town.house("孤", group=None), "救命") or "")
