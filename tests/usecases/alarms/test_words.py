"""What people write besides: kept, shown, passed on in batches, and answered; and machines, which are not."""

from __future__ import annotations

from functools import partial

import pytest

from joint_defense.alarms import words_passed_on
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.closing import close
from joint_defense.alarms.inbound_texts import Reply, Text, take_message
from joint_defense.models.incidents import Delivery
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome, Purpose
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording.alarm import count_segments
from tests.support.factories import House, Town, at

AUTO = "您好，我在开会，短信已收到，稍后回复。"


@pytest.fixture
def houses(town: Town) -> list[House]:
    """The caller, the leader, and two neighbours."""
    return [town.house("王"), town.house("李", leader=True), town.house("陈"), town.house("张", "mm")]


def text(town: Town, sender: House | str, body: str, *, after: float = 0) -> Reply:
    number = sender if isinstance(sender, str) else sender.number
    return town.run(lambda session: take_message(session, Text(town.sid(), number, body), at(after)))


def calls_for_help(town: Town, caller: House, body: str = "9") -> int:
    raised = text(town, caller, body)
    town.place()
    assert raised.incident_id is not None
    return raised.incident_id


def passes_on(town: Town, after: float) -> int:
    found = town.read(lambda session: words_passed_on.find_with_words(session, at(after)))
    return sum(town.run(partial(words_passed_on.pass_on, incident_id=each, now=at(after))) for each, _ in found)


def passed(town: Town, incident: int) -> list[tuple[str, str | None]]:
    """The texts that pass words on: household and text, in their order."""
    return [(line.household, line.text) for line in town.lines(incident, Purpose.WORDS)]


def sent(town: Town, after: float) -> None:
    town.place(after=after)


def test_a_callers_words_are_kept_and_go_to_those_who_come_and_to_nobody_else(town: Town, houses: list[House]) -> None:
    wang, li, chen, _ = houses
    incident = calls_for_help(town, wang)
    text(town, chen, "1", after=5)
    text(town, li, "2", after=6)
    reply = text(town, wang, "他们在后院，有刀", after=10)
    assert reply == Reply("【十户联防】收到，会转告赶来的1户。没事了请回复0。", incident)
    (said,) = town.timeline("said")
    assert said.detail == {"household": "王家", "text": "他们在后院，有刀", "by_caller": True}
    assert passed(town, incident) == [("陈家", "【十户联防】王家：他们在后院，有刀")]


def test_words_go_out_at_most_once_a_minute_and_then_together(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    incident = calls_for_help(town, wang)
    text(town, chen, "1", after=5)
    for second, said in ((10, "门没锁"), (20, "在二楼"), (30, "快点")):
        text(town, wang, said, after=second)
    sent(town, 11)
    assert [passes_on(town, second) for second in (40, 69, 71, 72, 140)] == [0, 0, 1, 0, 0]
    assert passed(town, incident) == [("陈家", "【十户联防】王家：门没锁"), ("陈家", "【十户联防】王家：在二楼；快点")]


def test_whoever_comes_later_reads_what_was_said_before(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    incident = calls_for_help(town, wang)
    assert text(town, wang, "门没锁", after=5).text == (
        "【十户联防】收到，已记下，有人来就转告。现在还没有人赶来，请打110。没事了请回复0。"
    )
    assert passed(town, incident) == []
    text(town, chen, "1", after=60)
    assert passed(town, incident) == [("陈家", "【十户联防】王家：门没锁")]


def test_a_text_stays_within_two_segments_and_the_rest_comes_a_minute_later(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    incident = calls_for_help(town, wang)
    text(town, chen, "1", after=1)
    for second in range(4):
        text(town, wang, f"第{second}句" + "后院的门开着" * 8, after=2 + second)
    sent(town, 3)
    for second in range(60, 600, 61):
        passes_on(town, second)
        sent(town, second)
    got = [body or "" for _, body in passed(town, incident)]
    assert all(count_segments(body) <= 2 for body in got)
    assert all(any(f"第{number}句" in body for body in got) for number in range(4))


def test_links_are_cut_out_of_what_is_passed_on(town: Town, houses: list[House]) -> None:
    incident = calls_for_help(town, houses[0])
    text(town, houses[2], "1", after=1)
    text(town, houses[0], "快看 https://evil.example/x 他在门口", after=2)
    assert passed(town, incident) == [("陈家", "【十户联防】王家：快看 … 他在门口")]


def test_a_caller_who_texts_reads_what_the_neighbours_write(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    incident = calls_for_help(town, wang)
    text(town, chen, "马上到，我带灭火器", after=5)
    assert town.answers() == [("陈家", Answer.COMING)]
    assert passed(town, incident) == [("王家", "【十户联防】陈家：马上到，我带灭火器")]


def test_what_a_caller_writes_names_what_has_happened(town: Town, houses: list[House]) -> None:
    calls_for_help(town, houses[0])
    text(town, houses[0], "厨房着火了", after=5)
    assert town.incidents()[0].category is Category.FIRE


def test_the_caller_asks_who_comes_and_reads_it(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    calls_for_help(town, wang)
    assert "110" in (text(town, wang, "有人来吗？", after=5).text or "")
    text(town, chen, "1", after=6)
    assert text(town, wang, "谁来了", after=7).text == "【十户联防】陈家正在赶来。"
    # Answered, so nobody else is told of it, and what they do not know yet need not wait for a minute.
    text(town, wang, "他们在后院", after=8)
    assert passed(town, town.incidents()[0].id) == [("陈家", "【十户联防】王家：他们在后院")]


def test_a_neighbour_asks_where_and_who_and_is_told(town: Town, houses: list[House]) -> None:
    wang, _, chen, zhang = houses
    calls_for_help(town, wang)
    where = text(town, chen, "在哪里？", after=5).text or ""
    assert "王家" in where
    assert "桥东第1家" in where
    assert "13805000001" in where
    text(town, zhang, "1", after=6)
    assert text(town, chen, "谁去了？", after=7).text == "【十户联防】张家正在赶来。"
    assert town.answers() == [("张家", Answer.COMING)]


def test_words_that_are_no_answer_are_kept_and_it_is_said_how_to_answer_once(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    calls_for_help(town, wang)
    assert text(town, chen, "没着火，是烧稻草", after=5).text == (
        "【十户联防】收到。能来请回复1，不能来请回复2，到了请回复3。"
    )
    assert text(town, chen, "我看见烟了", after=8).text is None
    assert [line.detail["text"] for line in town.timeline("said")] == ["没着火，是烧稻草", "我看见烟了"]
    assert town.answers() == []


def test_an_automatic_reply_answers_nothing_and_is_not_answered(town: Town, houses: list[House]) -> None:
    incident = calls_for_help(town, houses[0])
    assert [text(town, houses[2], AUTO, after=second).text for second in (1, 2, 3)] == [None] * 3
    assert (town.answers(), town.timeline("said")) == ([], [])
    assert len(town.timeline("machine")) == 1
    assert not town.delivery(houses[2].number).unwanted
    assert passed(town, incident) == []


def test_an_unknown_machine_is_recognised_when_it_repeats_itself(town: Town, houses: list[House]) -> None:
    calls_for_help(town, houses[0])
    odd = "本机现已转接至秘书台处理中"
    replies = [text(town, houses[2], odd, after=second * 120).text for second in range(5)]
    assert [reply is not None for reply in replies] == [True, True, False, False, False]


def test_a_quoted_alarm_is_no_answer_and_what_stands_beside_it_is(town: Town, houses: list[House]) -> None:
    calls_for_help(town, houses[0])
    quoted = "【十户联防】王家求助！墙下陶村3组。电话13805000001。能来请回复1，不能来请回复2，到了请回复3。必要时打110"
    text(town, houses[2], f"「{quoted}」", after=1)
    text(town, houses[3], f"「{quoted}」\n1", after=2)
    assert town.answers() == [("张家", Answer.COMING)]


def test_a_neighbours_own_trouble_is_an_alarm_while_another_is_open(town: Town, houses: list[House]) -> None:
    incident = calls_for_help(town, houses[0])
    assert text(town, houses[2], "我家进贼了，我不在家，快去看看", after=5).incident_id == incident
    assert [alert.household_name for alert in town.alerts()] == ["王家", "陈家"]
    assert town.answers() == []


def test_after_the_all_clear_an_answer_reads_that_nobody_needs_to_come(town: Town, houses: list[House]) -> None:
    incident = calls_for_help(town, houses[0])
    town.run(lambda session: close(session, incident, ClosingOutcome.HELPED, "", "村", at(30)))
    for body in ("1", "我马上来", "还要去吗？"):
        assert "王家" in (text(town, houses[2], body, after=40).text or "")
    assert text(town, houses[2], AUTO, after=50).text is None
    assert town.answers() == []


def test_the_caller_says_that_it_is_over_and_that_is_no_false_alarm(town: Town, houses: list[House]) -> None:
    calls_for_help(town, houses[0])
    text(town, houses[0], "没事了，谢谢大家", after=5)
    assert town.incidents()[0].outcome is ClosingOutcome.HELPED


def test_the_line_of_help_comes_at_most_once_an_hour(town: Town, houses: list[House]) -> None:
    replies = [text(town, houses[0], f"今天开会吗{after}", after=after).text for after in (0, 60, 3500, 3700)]
    assert [reply is not None for reply in replies] == [True, False, False, True]


def test_a_silent_caller_is_heard_and_never_answered(town: Town, houses: list[House]) -> None:
    silent = town.house("静", silent=True)
    incident = calls_for_help(town, silent)
    text(town, houses[2], "1", after=1)
    assert text(town, silent, "他在客厅", after=5).text is None
    assert passed(town, incident) == [("陈家", "【十户联防】静家：他在客厅")]
    text(town, houses[2], "到了，开门", after=90)
    assert all(each.number != silent.number for each in _words_to(town, incident))


def _words_to(town: Town, incident: int) -> list[Delivery]:
    return [each for each in town.deliveries(incident) if each.purpose is Purpose.WORDS]


@pytest.mark.parametrize(
    "said",
    [
        *("谁来了他们有刀快点", "不管谁来了都别开门", "谁来把狗牵走", "到哪了门从后面进", "有人来吗我在二楼厕所"),
        *("anyone coming he has a gun", "who is coming please hurry he is upstairs"),
    ],
)
def test_a_question_with_anything_besides_is_answered_and_passed_on(town: Town, houses: list[House], said: str) -> None:
    wang, _, chen, _ = houses
    incident = calls_for_help(town, wang)
    text(town, chen, "1", after=5)
    assert "陈家" in (text(town, wang, said, after=10).text or "")
    assert passed(town, incident) == [("陈家", f"【十户联防】王家：{said}")]


@pytest.mark.parametrize(
    "said", ["谁来了", "有人来吗？", "来了几个人", "邻居什么时候到", "Who is coming?", "is anyone coming"]
)
def test_a_question_alone_is_answered_and_passed_on_to_nobody(town: Town, houses: list[House], said: str) -> None:
    wang, _, chen, _ = houses
    incident = calls_for_help(town, wang)
    text(town, chen, "1", after=5)
    assert "陈家" in (text(town, wang, said, after=10).text or "")
    assert passed(town, incident) == []


def test_a_caller_reads_how_many_are_told_and_not_how_many_come(town: Town) -> None:
    wang, chen, zhao = town.house("王"), town.house("陈"), town.house("赵", "l")
    incident = calls_for_help(town, wang)
    rung = town.delivery(zhao.numbers[0])
    town.run(lambda s: acknowledge(s, s.merge(rung), Answer.COMING, Channel.CALL, at(5)))
    assert text(town, wang, "门没锁", after=10).text == (
        "【十户联防】收到，已记下。赶来的1户收不到短信，没法转告；紧急请打110。没事了请回复0。"
    )
    text(town, chen, "1", after=80)
    assert "会转告赶来的1户。" in (text(town, wang, "在二楼", after=90).text or "")
    assert {household for household, _ in passed(town, incident)} == {"陈家"}


def test_what_was_said_is_passed_on_for_twelve_hours(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    incident = calls_for_help(town, wang)
    text(town, chen, "1", after=5)
    text(town, wang, "门没锁", after=10)
    sent(town, 11)
    text(town, wang, "在二楼", after=20)
    assert passes_on(town, 12 * 3600) == 0
    assert passes_on(town, 12 * 3600 - 1) == 1
    assert passed(town, incident)[1:] == [("陈家", "【十户联防】王家：在二楼")]


def test_what_is_said_in_one_alarm_goes_to_nobody_of_another(town: Town, houses: list[House]) -> None:
    wang, _, chen, _ = houses
    elsewhere = town.group("别组")
    sun, zhou = town.house("孙", group=elsewhere), town.house("周", group=elsewhere)
    incident, other = calls_for_help(town, wang), calls_for_help(town, sun)
    text(town, sun, "是我前夫，有刀", after=3)
    text(town, wang, "门没锁", after=4)
    text(town, chen, "1", after=5)
    text(town, zhou, "1", after=6)
    assert passed(town, incident) == [("陈家", "【十户联防】王家：门没锁")]
    assert passed(town, other) == [("周家", "【十户联防】孙家：是我前夫，有刀")]
