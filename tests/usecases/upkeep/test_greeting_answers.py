"""What answers to good mornings mean: of whom they speak, and to whose door a call for help goes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.models.incidents import Acknowledgement
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.upkeep.greetings import GreetingOutcome
from tests.support.factories import House, Town, at
from tests.usecases.upkeep.test_greetings import CONTACT, MINUTE, SEVEN, days, enrol, look, ring_out, text

ASKED = 40 * MINUTE
"""So long after seven leader and neighbours are asked, where no contact is named."""


def ask_neighbours(town: Town, *greeted: House, alarms: bool = False, contact: bool = False) -> None:
    """Nobody answers: leader and neighbours, or the contact, are asked to look in on each of them."""
    for house in greeted:
        if contact:
            enrol(town, house, alarms=alarms)
        else:
            enrol(town, house, alarms=alarms, contact_name="", contact_number="")
    for minutes in (0, 15, 30, 40):
        look(town, SEVEN + minutes * MINUTE)
        ring_out(town)


def alarms(town: Town) -> list[tuple[str, str]]:
    return [(each.household_name, each.text) for each in town.alerts()]


def test_a_polite_word_of_whoever_looks_in_ends_nothing_and_the_wished_alarm_follows(town: Town) -> None:
    wang, near = town.house("王建国"), town.house("陈")
    town.house("李月芳", leader=True)
    ask_neighbours(town, wang, alarms=True)
    how = "【十户联防】收到。王建国家的人平安请回复1；要大家去帮忙请写出什么事，例如：摔倒了"
    for said in ("收到", "好的", "可以", "没问题", "我在家", "ok", "早上好", "马上去"):
        assert text(town, near.number, said, SEVEN + ASKED + 60) == how
    assert days(town)[0][2] is None
    assert f"{near.number} call" in look(town, SEVEN + ASKED + 20 * MINUTE)
    assert days(town)[0][2] is GreetingOutcome.ALARM


@pytest.mark.parametrize("said", ["1", "人平安", "看到他了，没事", "王建国平安"])
def test_words_about_them_end_the_day_and_the_answer_names_them(town: Town, said: str) -> None:
    wang, near = town.house("王建国", "m"), town.house("陈", "mm")
    ask_neighbours(town, wang)
    answered = text(town, near.numbers[1], said, SEVEN + ASKED + 60)
    assert answered == "【十户联防】收到：王建国家平安，谢谢您", "any phone of the neighbour's house"
    assert days(town)[0][2] is GreetingOutcome.SEEN


def test_a_cry_after_the_day_was_closed_goes_to_the_door_they_looked_in_at_and_their_own_to_their_own(
    town: Town,
) -> None:
    wang, near = town.house("王建国"), town.house("陈")
    ask_neighbours(town, wang)
    text(town, near.number, "1", SEVEN + ASKED + 60)
    assert text(town, near.number, "1", SEVEN + ASKED + 90) == (
        "【十户联防】收到，谢谢您。王建国家现在不用去看了；再发现有事请写出什么事"
    )
    answered = text(town, near.number, "王建国摔倒了，快来帮忙", SEVEN + ASKED + 600)
    assert "马上呼叫邻居去王建国家" in (answered or "")
    assert alarms(town) == [("王建国家", "陈家去看后求助：王建国摔倒了，快来帮忙")]


@pytest.mark.parametrize("said", ["我家着火了", "我摔倒了", "我妈晕倒了"])
def test_a_neighbours_own_danger_goes_to_their_own_door(town: Town, said: str) -> None:
    wang, near = town.house("王建国"), town.house("陈")
    ask_neighbours(town, wang)
    text(town, near.number, said, SEVEN + ASKED + 60)
    assert alarms(town) == [("陈家", said)]


def test_of_the_contact_their_mother_is_whoever_was_greeted(town: Town) -> None:
    wang = town.house("王建国")
    town.house("陈")
    ask_neighbours(town, wang, contact=True)
    text(town, CONTACT, "我妈晕倒了", SEVEN + ASKED + 60)
    assert [each[0] for each in alarms(town)] == ["王建国家"]


@pytest.mark.parametrize("said", ["平安", "她没事", "没事"])
def test_whoever_was_to_look_in_is_answered_when_they_write_that_all_is_well_whether_open_or_settled(
    town: Town, said: str
) -> None:
    wang, near, li = town.house("王建国"), town.house("陈"), town.house("李月芳", leader=True)
    ask_neighbours(town, wang)
    told = text(town, near.number, said, SEVEN + ASKED + 60) or ""
    if said == "她没事":
        assert (told, days(town)[0][2]) == ("【十户联防】收到：王建国家平安，谢谢您", GreetingOutcome.SEEN)
    else:
        assert "王建国家的人平安请回复1" in told, "whose peace it is is not guessed"
        assert (days(town)[0][2], text(town, near.number, said, SEVEN + ASKED + 70)) == (None, told)
        text(town, near.number, "1", SEVEN + ASKED + 80)
    for after in (90, 100):
        assert "王建国家现在不用去看了" in (text(town, li.number, said, SEVEN + ASKED + after) or "")


def test_whoever_was_asked_to_look_in_by_call_alone_is_told_by_call_that_they_need_not(town: Town) -> None:
    wang, landline, mobile = town.house("王建国"), town.house("陈", "l"), town.house("李月芳", leader=True)
    ask_neighbours(town, wang)
    assert town.delivery(landline.number, purpose=Purpose.LOOK_IN).channel is Channel.CALL
    text(town, wang.number, "1", SEVEN + ASKED + 60)
    assert look(town, SEVEN + ASKED + 61) == sorted([f"{landline.number} call", f"{mobile.number} sms"])
    told = town.delivery(landline.number, purpose=Purpose.LOOK_IN).incident_id
    said = [each.text for each in town.deliveries(told) if each.number == landline.number]
    assert said[-1] == "这是十户联防。王建国家已确认平安，不用去看了，谢谢您。再见。"


def test_with_two_households_open_a_bare_one_is_asked_back_and_a_name_says_which(town: Town) -> None:
    wang, chen, li = town.house("王建国"), town.house("陈"), town.house("李月芳", leader=True)
    ask_neighbours(town, wang, chen)
    asked = text(town, li.number, "1", SEVEN + ASKED + 60)
    assert asked == "【十户联防】您说的是哪一家，还没有记下。请回复：陈平安，或：王建国平安"
    assert text(town, li.number, "人平安", SEVEN + ASKED + 70) == asked
    assert [each[2] for each in days(town)] == [None, None]
    assert text(town, li.number, "王建国平安", SEVEN + ASKED + 80) == "【十户联防】收到：王建国家平安，谢谢您"
    assert [each[2] for each in days(town)] == [GreetingOutcome.SEEN, None]
    assert text(town, li.number, "1", SEVEN + ASKED + 90) == "【十户联防】收到：陈家平安，谢谢您"


def test_a_danger_that_may_be_at_two_doors_calls_to_both(town: Town) -> None:
    wang, chen, li = town.house("王建国"), town.house("陈"), town.house("李月芳", leader=True)
    ask_neighbours(town, wang, chen)
    answered = text(town, li.number, "人摔倒了，快来帮忙", SEVEN + ASKED + 60)
    assert "陈家、王建国家" in (answered or "")
    assert sorted(each[0] for each in alarms(town)) == sorted(["陈家", "王建国家"])


@pytest.mark.parametrize("said", ["我很好", "1"])
def test_whoever_is_asked_on_one_phone_answers_with_another_of_the_household(town: Town, said: str) -> None:
    wang = town.house("王建国", "mm")
    enrol(town, wang, channel=Channel.SMS)
    look(town, SEVEN)
    assert "您平安就好" in (text(town, wang.numbers[1], said, SEVEN + 60) or "")
    assert days(town)[0][2] is GreetingOutcome.WELL
    (sign,) = town.read(lambda s: s.scalars(select(Acknowledgement)).all())
    asked = town.delivery(wang.number, Channel.SMS, Purpose.GREETING)
    assert sign.number == wang.numbers[1] != asked.number, "the phone that was asked is not proven by another one"


@pytest.mark.parametrize(
    ("said", "contact"), [("我动不了", True), ("起不来了", False), ("不舒服", False), ("谁啊", False)]
)
def test_words_that_do_not_say_well_send_leader_and_neighbours_at_once_and_the_day_stays_open(
    town: Town, said: str, contact: bool
) -> None:
    wang, li, near = town.house("王建国"), town.house("李月芳", leader=True), town.house("陈")
    if contact:
        enrol(town, wang, channel=Channel.SMS)
    else:
        enrol(town, wang, channel=Channel.SMS, contact_name="", contact_number="")
    look(town, SEVEN)
    ring_out(town)
    answered = text(town, wang.number, said, SEVEN + 60)
    assert answered == "【十户联防】收到，马上请联防长和邻居来看您。平安请回复1；要马上呼叫大家请写：救命"
    assert look(town, SEVEN + 61) == sorted([f"{li.number} sms", f"{near.number} sms"])
    asked = town.delivery(near.number, Channel.SMS, Purpose.LOOK_IN).text or ""
    assert "没有报平安，请您上门看看" in asked, "true of whoever was silent, and of whoever said something else"
    assert days(town)[0][2] is None
    assert "您平安就好" in (text(town, wang.number, "1", SEVEN + 120) or "")


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_call_without_a_word_or_taken_back_ends_no_day_and_the_wished_alarm_follows(
    town: Town, withdrawn: bool
) -> None:
    wang, near = town.house("王建国"), town.house("陈")
    town.house("李月芳", leader=True)
    ask_neighbours(town, wang, alarms=True)
    if withdrawn:
        town.raise_alarm(wang, after=SEVEN + ASKED + 60)
        text(town, wang.number, "按错了", SEVEN + ASKED + 90)
    else:
        key = "voice:CA9:wordless"
        town.run(lambda s: report_wordless(s, key, wang.number, at(SEVEN + ASKED + 60)))
    look(town, SEVEN + ASKED + 100)
    assert days(town)[0][2] is None
    if not withdrawn:
        assert text(town, near.number, "收到", SEVEN + ASKED + 110) is not None
    look(town, SEVEN + ASKED + 20 * MINUTE)
    assert days(town)[0][2] is GreetingOutcome.ALARM
