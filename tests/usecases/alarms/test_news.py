"""The caller's news: spoken while they hold the line, by text once they have hung up, never to a silent house."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from joint_defense.alarms import closing, news_on_line, news_sent
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.news_on_line import News, Patience
from joint_defense.alarms.news_sent import InVain
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.triggers import Category
from tests.support.factories import House, Town, at

CALL, SMS = Channel.CALL, Channel.SMS
PATIENCE = Patience()


@dataclass
class Story:
    """An alarm of one house, which its neighbours answer."""

    town: Town
    caller: House
    incident_id: int
    alert_id: int

    def answers(self, house: House, given: Answer = Answer.COMING, *, after: float) -> None:
        told = self.town.delivery(house.number, SMS)
        self.town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), given, SMS, at(after)))

    def asks(self, before: News | None = None, *, after: float) -> News:
        """The caller on the line asks, having heard what was said before."""
        told, warned = (before.told, before.warned) if before else (0, 0)
        return self.town.run(
            lambda s: news_on_line.gather_news(s, s.get_one(Alert, self.alert_id), told, warned, at(after), PATIENCE)
        )

    def ticks(self, *, after: float) -> int:
        return self.town.run(lambda s: news_sent.send_all(s, at(after), PATIENCE))

    @property
    def texts(self) -> list[str | None]:
        return [line.text for line in self.town.lines(self.incident_id, Purpose.NEWS)]


def test_where_nothing_was_to_be_sent_nobody_looks_again_before_something_has_changed_or_five_seconds() -> None:
    in_vain = InVain()
    found = [(1, (7, 0)), (2, (8, 0))]
    assert in_vain.leave_out(found, at(0)) == found
    in_vain.note(1, (7, 0), at(0))
    assert in_vain.leave_out(found, at(1)) == [(2, (8, 0))]
    assert in_vain.leave_out([(1, (7, 3))], at(2)) == [(1, (7, 3))]
    assert in_vain.leave_out([(1, (7, 0))], at(4.9)) == []
    assert in_vain.leave_out([(1, (7, 0))], at(5)) == [(1, (7, 0))]
    # A clock that was set back is no reason to wait.
    assert in_vain.leave_out([(1, (7, 0))], at(-1)) == [(1, (7, 0))]
    in_vain.leave_out([], at(1))
    assert in_vain.leave_out([(1, (7, 0))], at(1)) == [(1, (7, 0))]


@pytest.fixture
def neighbours(town: Town) -> list[House]:
    return [town.house(head) for head in ("李", "陈", "张", "赵")]


def alarm(town: Town, phones: str = "m", *, by_text: bool = False, silent: bool = False) -> Story:
    caller = town.house("王", phones, silent=silent)
    raised = town.raise_alarm(caller, **({"channel": SMS, "call_sid": None} if by_text else {"sid": "CAcaller"}))
    town.place()
    assert raised.incident_id is not None
    assert raised.alert_id is not None
    return Story(town, caller, raised.incident_id, raised.alert_id)


def test_a_caller_on_the_line_hears_each_neighbour_once(town: Town, neighbours: list[House]) -> None:
    story = alarm(town)
    li, chen, zhang, _ = neighbours
    first = story.asks(after=5)
    assert first.sentences == ()
    story.answers(li, after=6)
    story.answers(chen, after=7)
    second = story.asks(first, after=9)
    assert second.sentences == ("李家、陈家正在赶来。",)
    story.answers(zhang, Answer.ON_SCENE, after=10)
    third = story.asks(second, after=13)
    assert third.sentences == ("张家已到现场。",)
    assert story.asks(third, after=17).sentences == ()
    # Whoever asks from where they were hears it again: nothing of the conversation is kept in a process.
    assert story.asks(first, after=17).sentences == ("张家已到现场。", "李家、陈家正在赶来。")


def test_whoever_cannot_come_is_not_named_unless_they_had_said_they_would(town: Town, neighbours: list[House]) -> None:
    story = alarm(town)
    li, chen, *_ = neighbours
    story.answers(li, Answer.CANNOT, after=3)
    story.answers(chen, after=4)
    first = story.asks(after=5)
    assert first.sentences == ("陈家正在赶来。",)
    story.answers(chen, Answer.CANNOT, after=6)
    second = story.asks(first, after=9)
    assert second.sentences == ("陈家来不了了。",)
    assert story.asks(second, after=13).sentences == ()


def test_after_a_minute_without_anyone_the_caller_is_told_to_dial_110_again_and_again(
    town: Town, neighbours: list[House]
) -> None:
    story = alarm(town)
    assert story.asks(after=59).sentences == ()
    first = story.asks(after=60)
    assert first.sentences == ("还没有人回应，请马上打110。",)
    assert story.asks(first, after=79).sentences == ()
    second = story.asks(first, after=80)
    assert second.sentences == ("还没有人回应，请马上打110。",)
    assert second.warned == 2
    story.answers(neighbours[0], Answer.CANNOT, after=81)
    third = story.asks(second, after=100)
    assert third.sentences == ("还没有人回应，请马上打110。",)
    story.answers(neighbours[0], after=101)
    assert story.asks(third, after=120).sentences == ("李家正在赶来。",)


def test_with_a_fire_the_caller_is_told_to_dial_119_too(town: Town, neighbours: list[House]) -> None:
    story = alarm(town)
    town.run(lambda s: closing.name_category(s, s.get_one(Alert, story.alert_id), Category.FIRE, at(2)))
    assert story.asks(after=60).sentences == ("还没有人回应，请马上打110、119。",)


def test_a_caller_who_asks_after_the_close_hears_that_it_is_over(town: Town) -> None:
    story = alarm(town)
    town.run(lambda s: closing.withdraw(s, s.get_one(Alert, story.alert_id), at(10)))
    found = story.asks(after=12)
    assert found.closed
    assert found.sentences == ("求助已结束，正在通知邻居们。再见。",)


def test_a_caller_on_the_line_gets_no_texts(town: Town, neighbours: list[House]) -> None:
    story = alarm(town)
    for second, house in enumerate(neighbours, start=1):
        story.answers(house, after=second)
    story.asks(after=5)
    assert story.ticks(after=20) == 0
    assert story.texts == []


def test_hung_up_the_news_comes_by_text_at_the_first_the_third_and_the_last_answer(
    town: Town, neighbours: list[House]
) -> None:
    story = alarm(town)
    li, chen, zhang, zhao = neighbours
    town.run(lambda s: news_on_line.hang_up(s, "CAcaller", at(5)))
    story.answers(li, after=10)
    story.answers(chen, after=20)
    story.answers(zhang, after=30)
    story.answers(zhao, Answer.ON_SCENE, after=40)
    assert story.texts == [
        "【十户联防】李家正在赶来。",
        "【十户联防】李家、陈家、张家正在赶来。",
        "【十户联防】赵家已到现场。李家、陈家、张家正在赶来。",
    ]
    assert {line.number for line in town.lines(story.incident_id, Purpose.NEWS)} == {story.caller.number}


def test_what_the_caller_has_heard_on_the_line_is_not_texted_again(town: Town, neighbours: list[House]) -> None:
    story = alarm(town)
    story.answers(neighbours[0], after=3)
    heard = story.asks(after=5)
    story.asks(heard, after=9)  # asking again proves that it was heard
    town.run(lambda s: news_on_line.hang_up(s, "CAcaller", at(10)))
    assert story.ticks(after=11) == 0
    story.answers(neighbours[1], after=12)
    story.answers(neighbours[2], after=13)
    assert story.texts == ["【十户联防】李家、陈家、张家正在赶来。"]


def test_what_was_said_as_the_line_went_dead_is_texted(town: Town, neighbours: list[House]) -> None:
    story = alarm(town)
    story.answers(neighbours[0], after=3)
    story.asks(after=5)  # said, but nobody knows whether it was heard
    town.run(lambda s: news_on_line.hang_up(s, "CAcaller", at(6)))
    assert story.ticks(after=7) == 1
    assert story.texts == ["【十户联防】李家正在赶来。"]


def test_a_caller_who_has_not_asked_for_half_a_minute_has_hung_up(town: Town, neighbours: list[House]) -> None:
    story = alarm(town)
    story.asks(after=5)
    story.answers(neighbours[0], after=6)
    assert story.ticks(after=34) == 0
    assert story.ticks(after=35) == 1


def test_after_a_minute_without_anyone_a_text_says_to_dial_110_once(town: Town, neighbours: list[House]) -> None:
    story = alarm(town, by_text=True)
    story.answers(neighbours[0], Answer.CANNOT, after=10)
    assert story.ticks(after=59) == 0
    assert [story.ticks(after=second) for second in (60, 61, 300)] == [1, 0, 0]
    assert story.texts == ["【十户联防】还没有人回应，请马上打110。"]
    # Whoever comes later is still news.
    story.answers(neighbours[1], after=301)
    assert story.texts[1:] == ["【十户联防】陈家正在赶来。"]


@pytest.mark.parametrize("by_text", [False, True])
def test_a_caller_who_has_read_that_somebody_comes_reads_that_they_cannot_after_all(
    town: Town, neighbours: list[House], by_text: bool
) -> None:
    story = alarm(town, by_text=by_text)
    li, chen, zhang, _ = neighbours
    if not by_text:
        town.run(lambda s: news_on_line.hang_up(s, "CAcaller", at(5)))
    story.answers(chen, Answer.CANNOT, after=8)
    story.answers(li, after=10)
    story.answers(chen, after=11)
    story.answers(li, Answer.CANNOT, after=20)
    story.answers(zhang, Answer.CANNOT, after=25)
    story.answers(chen, Answer.CANNOT, after=30)
    assert story.texts == [
        "【十户联防】李家正在赶来。",
        "【十户联防】李家来不了了。陈家正在赶来。",
        "【十户联防】陈家来不了了。现在没有人赶来，请马上打110。",
    ]
    assert [story.ticks(after=second) for second in (31, 90)] == [0, 0], "whom to dial they have read"
    story.answers(li, after=100)
    story.answers(li, Answer.CANNOT, after=110)
    assert story.texts[3:] == ["【十户联防】李家正在赶来。", "【十户联防】李家来不了了。现在没有人赶来，请马上打110。"]


def test_an_alarm_by_text_gets_its_news_by_text_and_never_a_call(town: Town, neighbours: list[House]) -> None:
    story = alarm(town, by_text=True)
    for second, house in enumerate(neighbours, start=1):
        story.answers(house, after=second)
    story.ticks(after=90)
    town.run(lambda s: closing.close(s, story.incident_id, "helped", "", "村", at(100)))
    own = [line for line in town.lines(story.incident_id) if line.number == story.caller.number]
    assert {line.channel for line in own} == {SMS}


def test_a_silent_house_gets_no_text_whatever_happens(town: Town, neighbours: list[House]) -> None:
    story = alarm(town, silent=True)
    town.run(lambda s: news_on_line.hang_up(s, "CAcaller", at(5)))
    for second, house in enumerate(neighbours, start=10):
        story.answers(house, after=second)
    story.ticks(after=90)
    town.run(lambda s: closing.close(s, story.incident_id, "helped", "", "村", at(100)))
    assert [line for line in town.lines(story.incident_id) if line.number == story.caller.number] == []
    assert story.asks(after=101).silent


def test_a_second_household_that_calls_is_not_waited_for_as_the_last_answer(
    town: Town, neighbours: list[House]
) -> None:
    story = alarm(town, by_text=True)
    li, chen, zhang, zhao = neighbours
    town.raise_alarm(zhao, after=1, channel=SMS, call_sid=None)
    for second, house in enumerate((li, chen), start=10):
        story.answers(house, after=second)
    story.answers(zhang, Answer.CANNOT, after=13)
    to_wang = [line.text for line in town.lines(story.incident_id, Purpose.NEWS) if line.number == story.caller.number]
    assert to_wang == ["【十户联防】李家正在赶来。", "【十户联防】李家、陈家正在赶来。"]


def test_nobody_is_texted_after_the_close(town: Town, neighbours: list[House]) -> None:
    story = alarm(town, by_text=True)
    town.run(lambda s: closing.close(s, story.incident_id, "helped", "", "村", at(30)))
    assert story.ticks(after=90) == 0
    incident = town.read(lambda s: s.get_one(Incident, story.incident_id))
    assert not town.run(lambda s: news_sent.send_milestones(s, s.merge(incident), at(91)))


def test_an_english_caller_reads_english_names(town: Town, neighbours: list[House]) -> None:
    story = alarm(town, "e", by_text=True)
    story.answers(neighbours[0], after=10)
    assert story.asks(after=12).sentences == ("the Li household: on the way.",)
    assert story.texts == ["[Joint Defence] the Li household: on the way."]
