"""A household's answer: on record, changeable, and the end of its other phones' ringing."""

from __future__ import annotations

from joint_defense.alarms import closing
from joint_defense.alarms.acknowledge import Heard, acknowledge
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.carriers.port import Receipt, TooFast
from joint_defense.incidents.answers import find_told
from joint_defense.models.incidents import Delivery
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, Purpose
from tests.support.factories import Town, at

CALL, SMS = Channel.CALL, Channel.SMS
COMING, CANNOT, ON_SCENE = Answer.COMING, Answer.CANNOT, Answer.ON_SCENE


def answer(town: Town, told: Delivery, given: Answer = COMING, channel: Channel = CALL, after: float = 20) -> Heard:
    return town.run(lambda session: acknowledge(session, session.get_one(Delivery, told.id), given, channel, at(after)))


def calls(town: Town, *numbers: str) -> list[tuple[DeliveryState, bool]]:
    """State of the call to each number, and whether it is to be ended."""
    found = [town.delivery(number) for number in numbers]
    return [(each.state, each.unwanted) for each in found]


def test_an_answer_is_on_record_with_the_household_and_how_it_came(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place()
    heard = answer(town, town.delivery(li.number))
    assert (heard.names("zh"), heard.names("en"), heard.closed) == ([wang.name], ["the Wang household"], False)
    assert town.answers() == [(li.name, COMING)]
    assert [line.detail for line in town.timeline("answer")] == [{"household": li.name, "answer": "coming"}]


def test_an_answer_may_be_changed_and_the_newest_counts_once(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place()
    told = town.delivery(li.number)
    for given in (COMING, COMING, CANNOT, CANNOT, ON_SCENE, COMING):
        answer(town, told, given)
    assert [given for _, given in town.answers()] == [COMING, CANNOT, ON_SCENE, COMING]


def test_a_households_answer_stops_its_other_phones_and_nobody_elses(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李", "mmm"), town.house("陈")
    town.raise_alarm(wang)
    # The first two phones ring, the third has not been called yet, the neighbour's call is on its way.
    for claim in town.claim():
        if claim.to in li.numbers[:2] and claim.channel is CALL:
            town.came(claim, Receipt(town.sid(), AttemptState.RINGING))
        elif claim.to == li.numbers[2]:
            town.came(claim, TooFast("slower"))
    told = town.delivery(li.numbers[0])
    answer(town, told, CANNOT)
    assert calls(town, *li.numbers) == [
        (DeliveryState.PLACED, False),
        (DeliveryState.PLACED, True),
        (DeliveryState.CANCELLED, False),
    ]
    # The ringing one is the carrier's to end, now.
    assert town.delivery(li.numbers[1]).due_at == at(20)
    assert calls(town, chen.number) == [(DeliveryState.CLAIMED, False)]


def test_whoever_answers_by_text_is_not_rung_on_that_phone_either(town: Town) -> None:
    wang, li = town.house("王"), town.house("李", "ml")
    town.raise_alarm(wang)
    town.place()
    answer(town, town.delivery(li.number, SMS), COMING, SMS)
    assert calls(town, *li.numbers) == [(DeliveryState.PLACED, True), (DeliveryState.PLACED, True)]


def test_a_phone_of_the_household_that_has_picked_up_is_left_in_peace(town: Town) -> None:
    wang, li = town.house("王"), town.house("李", "mm")
    town.raise_alarm(wang)
    town.place(state=AttemptState.IN_PROGRESS)
    before = town.delivery(li.numbers[1]).due_at
    answer(town, town.delivery(li.numbers[0]))
    assert town.delivery(li.numbers[1]).due_at == before


def test_a_call_that_was_only_picked_up_is_no_answer(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place(state=AttemptState.COMPLETED)
    assert town.answers() == []


def test_an_answer_after_the_all_clear_changes_nothing_and_says_so(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang)
    town.place()
    town.run(lambda s: closing.close(s, raised.incident_id or 0, ClosingOutcome.HELPED, "", "村", at(30)))
    heard = answer(town, town.delivery(li.number), after=31)
    assert heard.closed
    assert heard.names("zh") == [wang.name]
    assert town.answers() == []


def test_an_answer_names_only_the_voices_that_still_call(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李"), town.house("陈")
    town.raise_alarm(wang)
    town.raise_alarm(li, after=5)
    town.place(after=6)
    first = town.alerts()[0]
    town.run(lambda s: closing.withdraw(s, s.get_one(type(first), first.id), at(10)))
    assert answer(town, town.delivery(chen.number)).names("zh") == [li.name]


def test_a_reply_belongs_to_the_newest_open_incident_that_the_phone_was_told_of(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李"), town.house("陈")
    old = town.raise_alarm(wang)
    town.place()
    new = town.raise_alarm(li, after=200)

    def found(number: str) -> tuple[int | None, int]:
        told, more = town.run(lambda session: find_told(session, number))
        return (told.incident_id if told else None, more)

    # Planned is not told: only what has gone out counts.
    assert found(chen.number) == (old.incident_id, 0)
    town.place(after=200)
    assert found(chen.number) == (new.incident_id, 1)
    town.run(lambda s: closing.close(s, new.incident_id or 0, ClosingOutcome.HELPED, "", "村", at(230)))
    assert found(chen.number) == (old.incident_id, 0)
    town.run(lambda s: closing.close(s, old.incident_id or 0, ClosingOutcome.HELPED, "", "村", at(240)))
    assert found(chen.number) == (new.incident_id, 0)
    assert found("+8613999999999") == (None, 0)


def test_of_a_wordless_call_and_of_news_there_is_nothing_to_answer(town: Town) -> None:
    wang, leader = town.house("王"), town.house("村", leader=True)
    town.run(lambda session: report_wordless(session, "voice:CA1:wordless", wang.number, at(0)))
    raised = town.raise_alarm(wang, after=200, channel=SMS, call_sid=None)
    town.place(after=200)
    answer(town, town.delivery(leader.number), after=210)
    town.place(after=210)
    assert [line.purpose for line in town.lines(raised.incident_id) if line.number == wang.number] == [Purpose.NEWS]
    assert town.run(lambda session: find_told(session, wang.number)) == (None, 0)
    told, _ = town.run(lambda session: find_told(session, leader.number))
    assert told is not None
    assert told.incident_id == raised.incident_id
