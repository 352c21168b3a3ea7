"""Redials, the other way and the verdict, as the clock plans them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from groups.models.roster import Household
from joint_defense.alarms import wordless_calls
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.closing import close, ring_again
from joint_defense.alarms.escalation import redials
from joint_defense.carriers.port import Receipt, RefusedNumber
from joint_defense.delivery import tracking
from joint_defense.incidents import record
from joint_defense.incidents.record import read_record
from joint_defense.models.inbound import InboundKind
from joint_defense.models.incidents import Delivery
from joint_defense.rules.parties import AGAIN
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import GIVE_UP_AFTER, AttemptState, Channel, ClosingOutcome, DeliveryState, Purpose
from joint_defense.web.board.households import HouseholdRow
from joint_defense.web.board.incident import read_board
from joint_defense.web.board.rules.household_state import Contact, HouseholdState
from tests.conftest import MakeSettings
from tests.support.factories import House, Town, at

CALL, SMS = Channel.CALL, Channel.SMS
PAUSES = tuple(timedelta(seconds=each) for each in (15, 45, 120))


@pytest.fixture
def wang(town: Town) -> House:
    """Who calls for help."""
    return town.house("王")


def look(town: Town, after: float, pauses: Sequence[timedelta] = PAUSES) -> int:
    """The clock's tick."""
    planned = town.run(lambda s: redials.follow_up_due(s, pauses, at(after)))
    return planned + town.run(lambda s: redials.judge_unanswered_texts(s, pauses, at(after)))


def ends(town: Town, number: str, after: float, word: str = "no-answer") -> None:
    """The call to a number goes out, and ends."""
    for claim in town.claim(after=after):
        state = AttemptState.RINGING if claim.channel is CALL else AttemptState.DELIVERED
        town.came(claim, Receipt(town.sid(), state), after=after)
    delivery = newest(town, number)
    sid = town.attempt(delivery).sid or ""
    town.run(lambda s: tracking.record_status(s, delivery.id, delivery.attempt_count, sid, word, None, at(after)))


def newest(town: Town, number: str, channel: Channel = CALL) -> Delivery:
    (incident, *_) = reversed(town.incidents())
    return next(
        each for each in reversed(town.deliveries(incident.id)) if (each.number, each.channel) == (number, channel)
    )


def rounds(town: Town, number: str) -> list[int]:
    """The redials that were planned to a number."""
    return [
        each.round
        for incident in town.incidents()
        for each in town.deliveries(incident.id)
        if each.number == number and each.purpose is Purpose.REDIAL
    ]


def row(town: Town, house: House) -> HouseholdRow:
    """The household on the board."""
    (incident,) = town.incidents()
    board = town.run(lambda s: read_board(s, incident.id))
    assert board is not None
    return next(each for each in board.rows if each.party.household_id == house.id)


def answers(town: Town, house: House, given: Answer, after: float, channel: Channel = SMS) -> None:
    delivery = newest(town, house.number)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, delivery.id), given, channel, at(after)))


@pytest.mark.parametrize("word", ["busy", "no-answer", "failed", "completed"])
def test_a_ring_that_brought_no_key_is_repeated_after_15_45_and_120_seconds_and_then_no_more(
    town: Town, wang: House, word: str
) -> None:
    li = town.house("李")
    town.raise_alarm(wang)
    ends(town, li.number, 10, word)
    for started, pause, again in ((10, 15, 1), (30, 45, 2), (80, 120, 3)):
        assert look(town, started) == 0
        assert (row(town, li).redial_at, row(town, li).redial_round) == (at(started + pause), again)
        assert look(town, started + pause - 0.1) == 0
        assert look(town, started + pause) == 1
        assert newest(town, li.number).urgency == AGAIN
        ends(town, li.number, started + pause + 5, word)
    assert rounds(town, li.number) == [1, 2, 3]
    assert look(town, 206) == 0
    assert look(town, 2000) == 0
    assert rounds(town, li.number) == [1, 2, 3]


def test_a_household_that_has_answered_is_not_rung_again(town: Town, wang: House) -> None:
    li = town.house("李", "mm")
    town.raise_alarm(wang)
    ends(town, li.numbers[0], 10, "busy")
    look(town, 10)
    answers(town, li, Answer.CANNOT, 12)
    assert look(town, 25) == 0
    assert look(town, 100) == 0
    assert rounds(town, li.numbers[0]) == []
    assert row(town, li).redial_at is None


def test_an_answer_stops_a_redial_that_waits_for_its_turn(town: Town, wang: House) -> None:
    li = town.house("李")
    town.raise_alarm(wang)
    ends(town, li.number, 10, "busy")
    look(town, 10)
    assert look(town, 25) == 1
    answers(town, li, Answer.COMING, 26)
    assert newest(town, li.number).state is DeliveryState.CANCELLED
    assert look(town, 500) == 0


def test_after_the_close_nobody_is_rung_again(town: Town, wang: House) -> None:
    li, chen = town.house("李"), town.house("陈")
    raised = town.raise_alarm(wang)
    ends(town, li.number, 10, "busy")
    look(town, 10)
    assert look(town, 25) == 1
    ends(town, chen.number, 26, "busy")
    town.run(lambda s: close(s, raised.incident_id or 0, ClosingOutcome.HELPED, "", "村", at(27)))
    assert look(town, 500) == 0
    assert town.timeline("unreachable") == []
    assert rounds(town, chen.number) == []


def test_a_household_that_calls_for_help_itself_is_not_rung_again(town: Town, wang: House) -> None:
    li = town.house("李")
    town.raise_alarm(wang)
    ends(town, li.number, 10, "busy")
    town.raise_alarm(li, after=20)
    assert look(town, 25) == 0


def test_while_another_phone_of_the_house_is_on_the_line_nothing_rings_there(town: Town, wang: House) -> None:
    li = town.house("李", "mm")
    town.raise_alarm(wang)
    ends(town, li.numbers[0], 10, "busy")
    ends(town, li.numbers[1], 11, "in-progress")
    assert look(town, 60) == 0
    ends(town, li.numbers[1], 61, "completed")
    assert look(town, 66) == 1
    assert (rounds(town, li.numbers[0]), rounds(town, li.numbers[1])) == ([1], [])
    assert look(town, 76) == 1


def test_a_phone_that_is_in_a_call_is_not_redialled_until_it_is_free(town: Town, wang: House) -> None:
    li = town.house("李")
    town.raise_alarm(wang)
    ends(town, li.number, 10, "busy")
    look(town, 10)
    # They call back, and hear the alarm.
    town.run(lambda s: record.receive(s, "voice:CAback", InboundKind.MENU, li.number, "", at(20)))
    assert look(town, 25) == 0
    assert row(town, li).redial_at is None
    assert look(town, 79) == 0
    assert look(town, 85) == 1


def test_two_clocks_plan_a_redial_once(town: Town, wang: House) -> None:
    li = town.house("李")
    town.raise_alarm(wang)
    ends(town, li.number, 10, "busy")
    assert [look(town, 25), look(town, 25), look(town, 26)] == [1, 0, 0]
    assert rounds(town, li.number) == [1]


def test_a_clock_that_was_away_plans_one_round_and_not_all_it_has_missed(town: Town, wang: House) -> None:
    li = town.house("李")
    town.raise_alarm(wang)
    ends(town, li.number, 10, "busy")
    assert look(town, 600) == 1
    ends(town, li.number, 601, "busy")
    look(town, 601)
    assert row(town, li).redial_at == at(646)


def test_a_ring_again_by_hand_puts_the_next_redial_off(town: Town, wang: House) -> None:
    li = town.house("李")
    raised = town.raise_alarm(wang)
    ends(town, li.number, 10, "busy")
    look(town, 10)
    town.run(lambda s: ring_again(s, raised.incident_id or 0, li.party, "村", at(20)))
    assert look(town, 25) == 0  # it is about to ring, or rings
    ends(town, li.number, 40, "busy")
    look(town, 40)
    assert (row(town, li).redial_at, row(town, li).redial_round) == (at(55), 1)


def test_after_everything_was_tried_the_household_is_unreachable_on_the_board_the_record_and_the_timeline(
    town: Town, wang: House, settings: MakeSettings
) -> None:
    li = town.house("李", "l")
    raised = town.raise_alarm(wang)
    for after in (10, 30, 80, 205):
        look(town, after - 1)
        ends(town, li.number, after, "no-answer")
    assert not row(town, li).unreachable
    look(town, 205)
    assert row(town, li).unreachable
    assert row(town, li).redial_at is None
    assert [line.detail for line in town.timeline("unreachable")] == [{"household": "李家"}]
    record = town.run(lambda s: read_record(s, raised.incident_id or 0, settings().zone)) or {}
    assert record["unreachable"] == ["李家"]
    assert [each["round"] for each in record["deliveries"] if each["purpose"] == "redial"] == [1, 2, 3]
    # Rung again by hand, in vain: it stands there once. An answer after all takes it back.
    town.run(lambda s: ring_again(s, raised.incident_id or 0, li.party, "村", at(300)))
    ends(town, li.number, 310, "no-answer")
    look(town, 310)
    assert len(town.timeline("unreachable")) == 1
    answers(town, li, Answer.COMING, 320)
    assert not row(town, li).unreachable


def test_an_alarm_of_a_quarter_of_an_hour_is_not_repeated_but_judged(town: Town, wang: House) -> None:
    li = town.house("李", "l")
    town.raise_alarm(wang)
    late = GIVE_UP_AFTER.total_seconds() + 20
    ends(town, li.number, late, "busy")
    assert look(town, late) == 0
    assert row(town, li).unreachable


def _all_texts_fail(town: Town) -> None:
    for claim in town.claim():
        if claim.channel is SMS:
            town.came(claim, RefusedNumber("unknown", code=30005, status=400), after=1)


def test_a_text_that_fails_for_good_is_followed_by_a_call_and_only_where_there_was_none(
    town: Town, wang: House
) -> None:
    away, li = town.house("张"), town.house("李")
    with town.database.begin() as session:
        session.execute(update(Household).where(Household.id == away.id).values(away_until=at(86400)))
    town.raise_alarm(wang)
    _all_texts_fail(town)
    assert look(town, 1) == 1
    called = newest(town, away.number)
    assert (called.purpose, called.state, called.urgency) == (Purpose.ALARM, DeliveryState.WAITING, AGAIN)
    assert [each.number for each in town.deliveries(called.incident_id) if each.channel is CALL] == [
        li.number,
        away.number,
    ]
    (line,) = town.timeline("other_way")
    assert line.detail == {"household": "张家", "number": "138****0002", "channel": "call"}
    assert look(town, 7) == 0


def test_a_phone_for_texts_only_is_not_rung_when_its_text_fails_and_its_house_is_unreachable_at_once(
    town: Town, wang: House
) -> None:
    deaf = town.house("张", "t")
    town.raise_alarm(wang)
    _all_texts_fail(town)
    assert look(town, 1) == 0
    assert [line.detail["household"] for line in town.timeline("unreachable")] == ["张家"]
    assert row(town, deaf).unreachable
    assert not town.timeline("other_way")


def test_a_household_with_nothing_but_texts_that_nobody_answers_is_unreachable_after_as_long_as_all_redials_take(
    town: Town, wang: House, settings: MakeSettings
) -> None:
    deaf, away, answering = town.house("张", "t"), town.house("李"), town.house("赵", "t")
    with town.database.begin() as session:
        session.execute(update(Household).where(Household.id == away.id).values(away_until=at(86400)))
    raised = town.raise_alarm(wang)
    delivered, *others = [claim for claim in town.claim() if claim.channel is SMS]
    town.came(delivered, Receipt(town.sid(), AttemptState.DELIVERED), after=2)
    assert {claim.to for claim in others} == {away.number, answering.number}
    for claim in others:
        town.came(claim, Receipt(town.sid(), AttemptState.SENT), after=2)
    told = newest(town, answering.number, SMS)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Answer.CANNOT, SMS, at(20)))
    look(town, 181)
    # Where nobody is redialled at all it is three minutes.
    look(town, 181.9, ())
    assert not row(town, deaf).unreachable
    for clock in (182, 182, 190, 1000):
        assert look(town, clock) == 0
    assert row(town, deaf).unreachable
    # Nobody needs to knock at a house that is known to be empty.
    assert [line.detail["household"] for line in town.timeline("unreachable")] == ["张家"]
    record = town.run(lambda s: read_record(s, raised.incident_id or 0, settings().zone)) or {}
    assert record["unreachable"] == ["张家"]
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, delivered.delivery_id), Answer.COMING, SMS, at(1001)))
    assert not row(town, deaf).unreachable


def test_before_the_verdict_on_a_household_with_nothing_but_texts_a_phone_that_may_be_called_by_now_is_called(
    town: Town, wang: House
) -> None:
    quiet = town.house("张", "t")
    town.raise_alarm(wang)
    town.place()
    town.change(quiet.number, may_call=True)
    assert look(town, 179) == 0
    assert look(town, 180) == 1
    assert newest(town, quiet.number).purpose is Purpose.ALARM
    ends(town, quiet.number, 200)
    assert look(town, 215) == 1
    assert not row(town, quiet).unreachable


def test_a_text_of_a_second_voice_that_fails_sends_nobody_to_a_house_that_is_known_to_be_empty(
    town: Town, wang: House
) -> None:
    empty, li = town.house("张"), town.house("李")
    town.run(lambda s: s.execute(update(Household).where(Household.id == empty.id).values(away_until=at(86400))))
    town.raise_alarm(wang)
    ends(town, li.number, 2)
    town.raise_alarm(li, after=170)
    (second,) = [claim for claim in town.claim(after=171) if claim.to == empty.number]
    town.came(second, RefusedNumber("no such number", code=21211, status=400), after=190)
    assert look(town, 191) == 0
    assert town.timeline("unreachable") == []


def test_where_the_text_to_one_phone_fails_another_of_the_house_is_tried_before_it_is_unreachable(
    town: Town, wang: House
) -> None:
    deaf = town.house("张", "tm")
    town.change(deaf.numbers[1], may_call=False, may_text=False)
    town.raise_alarm(wang)
    _all_texts_fail(town)
    town.change(deaf.numbers[1], may_call=True)
    assert look(town, 1) == 1
    assert newest(town, deaf.numbers[1]).channel is CALL
    assert not row(town, deaf).unreachable


def test_a_call_that_is_refused_for_good_is_followed_by_a_text_where_the_phone_takes_one(
    town: Town, wang: House
) -> None:
    quiet, landline = town.house("张"), town.house("李", "l")
    town.change(quiet.number, may_text=False)
    town.raise_alarm(wang)
    for claim in town.claim():
        town.came(claim, RefusedNumber("never", code=21214, status=400), after=1)
    assert look(town, 1) == 1
    assert newest(town, quiet.number, SMS).state is DeliveryState.WAITING
    # A landline takes no text: there is nothing left to try.
    assert [line.detail["household"] for line in town.timeline("unreachable")] == ["李家"]
    ends(town, quiet.number, 2)
    look(town, 100)
    assert row(town, landline).unreachable
    assert not row(town, quiet).unreachable
    look(town, 190)
    assert row(town, quiet).unreachable


def test_after_the_redials_come_phones_of_the_house_that_were_not_rung(town: Town, wang: House) -> None:
    li = town.house("李", "lm")
    town.change(li.numbers[1], may_call=False, may_text=False)
    town.raise_alarm(wang)
    for after in (10, 30, 80):
        look(town, after - 1)
        ends(town, li.numbers[0], after)
    # Meanwhile the head of the village has mended the second phone.
    town.change(li.numbers[1], may_call=True)
    look(town, 201)
    ends(town, li.numbers[0], 205)
    assert look(town, 205) == 1
    assert newest(town, li.numbers[1]).purpose is Purpose.ALARM
    assert town.timeline("unreachable") == []
    ends(town, li.numbers[1], 220)
    assert look(town, 235) == 1
    assert rounds(town, li.numbers[1]) == [1]


def test_a_leader_who_cannot_be_texted_of_a_wordless_call_is_called_and_not_redialled(town: Town) -> None:
    town.house("张", leader=True)
    li = town.house("李")
    town.run(lambda s: wordless_calls.report_wordless(s, "voice:CA1:wordless", li.number, at(0)))
    (text,) = town.claim()
    town.came(text, RefusedNumber("opted out", code=21610, status=400), after=1)
    assert look(town, 1) == 1
    (call,) = town.claim(after=1)
    assert (call.channel, call.purpose) == (CALL, Purpose.WORDLESS)
    town.came(call, Receipt(town.sid(), AttemptState.COMPLETED), after=9)
    assert look(town, 500) == 0
    assert town.timeline("unreachable") == []


def test_a_look_at_many_households_takes_no_more_statements_than_at_one(town: Town, wang: House) -> None:
    houses = [town.house(f"户{number}") for number in range(12)]
    town.raise_alarm(wang)
    for house in houses:
        ends(town, house.number, 10, "busy")
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement.split(maxsplit=1)[0])

    event.listen(town.database.engine, "before_cursor_execute", note)
    assert look(town, 10) == 0
    assert look(town, 25) == 12
    assert len(asked) <= 22, asked
    asked.clear()
    assert look(town, 26) == 0
    assert len(asked) <= 4


def test_where_redials_queue_nobody_waits_for_those_that_are_due_later_and_the_board_still_says_what_was(
    town: Town, wang: House
) -> None:
    houses = [town.house(head) for head in ("李", "陈", "张", "赵")]
    town.raise_alarm(wang)
    for house, after in zip(houses, (10, 10, 20, 30), strict=True):
        ends(town, house.number, after, "busy")
    assert [look(town, after) for after in (30, 35, 45)] == [2, 1, 1]
    waiting = row(town, houses[1])
    assert (waiting.state, waiting.redial_waits, waiting.phones[0].lines[0].contact) == (
        HouseholdState.NOT_PICKED_UP,
        True,
        Contact.BUSY,
    )
    called = [claim.to for claim in town.claim(after=50) if claim.purpose is Purpose.REDIAL]
    assert called == [house.number for house in houses]


def test_whoever_calls_for_help_elsewhere_is_neither_rung_again_nor_called_to_help(town: Town, wang: House) -> None:
    li, chen = town.house("李", "mm"), town.house("陈")
    town.raise_alarm(wang)
    for number in (*li.numbers, chen.number):
        ends(town, number, 10, "busy")
    look(town, 10)
    assert look(town, 25) == 3
    # They move to another group while the alarm is open; one of them calls for help there.
    other = town.group("5组")
    town.run(lambda s: s.execute(update(Household).where(Household.id.in_([li.id, chen.id])).values(group_id=other)))
    town.raise_alarm(li, after=30)
    own = [each for each in town.deliveries(town.incidents()[0].id) if each.purpose is Purpose.REDIAL]
    assert {each.number: each.state for each in own} == {
        li.numbers[0]: DeliveryState.CANCELLED,
        li.numbers[1]: DeliveryState.CANCELLED,
        chen.number: DeliveryState.WAITING,
    }


def test_redials_of_two_alarms_take_turns_and_wait_for_every_first_ring(town: Town, wang: House) -> None:
    li, chen = town.house("李"), town.house("陈")
    town.raise_alarm(wang)
    for house in (li, chen):
        ends(town, house.number, 10, "busy")
    look(town, 10)
    assert look(town, 25) == 2
    other = town.group("4组")
    far = town.house("周", group=other)
    near = town.house("孙", group=other)
    town.raise_alarm(far, after=26)
    called = [claim.to for claim in town.claim(after=27) if claim.channel is CALL]
    assert called == [near.number, li.number, chen.number]


def test_a_number_counts_as_failed_once_an_alarm_until_somebody_answers_there(town: Town, wang: House) -> None:
    li = town.house("李", "mm")

    def alarm(minutes: int, *words: str) -> int:
        raised = town.raise_alarm(wang, after=minutes * 60)
        for place, word in enumerate(words):
            look(town, minutes * 60 + place * 200)
            ends(town, li.number, minutes * 60 + place * 200 + 1, word)
        ends(town, li.numbers[1], minutes * 60 + 800, "failed" if minutes == 0 else "busy")
        town.run(lambda s: close(s, raised.incident_id or 0, "helped", "", "村", at(minutes * 60 + 900)))
        return town.phone(li.number).failures

    assert alarm(0, "failed", "failed", "failed") == 1
    assert town.phone(li.numbers[1]).failures == 1, "each phone for itself"
    # It rings, and nobody picks up: that proves neither that the number is right nor that it is old.
    assert alarm(20, "no-answer", "busy") == 1
    assert alarm(40, "busy", "failed") == 2
    assert alarm(60, "failed", "completed") == 0
