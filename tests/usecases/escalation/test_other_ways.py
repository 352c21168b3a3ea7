"""What is told and asks for no answer: where a text or call fails for good, it is told in another way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from joint_defense.alarms import closing, news_on_line, news_sent
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.escalation import redials
from joint_defense.alarms.news_on_line import Patience
from joint_defense.carriers.port import Receipt, RefusedNumber
from joint_defense.delivery import claims as delivery_claims
from joint_defense.delivery.claims import Claim
from joint_defense.incidents import record
from joint_defense.models.inbound import InboundKind
from joint_defense.models.incidents import Alert, Delivery
from joint_defense.rules.parties import NOTICE
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, Purpose
from joint_defense.web.board.incident import read_board
from tests.support.factories import House, Line, Town, at

CALL, SMS = Channel.CALL, Channel.SMS
PAUSES = tuple(timedelta(seconds=each) for each in (15, 45, 120))
LANDLINE = RefusedNumber("takes no texts", code=21614, status=400)


@dataclass
class Alarm:
    """An alarm of one house, whose neighbours' first rings have ended; the caller has hung up."""

    town: Town
    caller: House
    incident_id: int

    def answers(self, house: House, given: Answer = Answer.COMING, *, after: float) -> None:
        told = self.town.delivery(house.number, CALL)
        self.town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), given, SMS, at(after)))

    def ticks(self, *, after: float) -> None:
        """The clock's, as it does it."""
        self.town.run(lambda s: news_sent.send_all(s, at(after), Patience()))
        self.town.run(lambda s: redials.follow_up_due(s, PAUSES, at(after)))

    def goes_out(self, *, after: float, failing: Channel | None = None, picked_up: bool = True) -> list[Claim]:
        """What is due leaves: it gets there, but for a channel on which the carrier refuses every number."""
        claims = self.town.claim(after=after)
        words = {CALL: AttemptState.COMPLETED if picked_up else AttemptState.NO_ANSWER, SMS: AttemptState.DELIVERED}
        for claim in claims:
            receipt = Receipt(self.town.sid(), words[claim.channel])
            self.town.came(claim, LANDLINE if claim.channel is failing else receipt, after=after)
        return claims

    def lines(self, purpose: Purpose, channel: Channel = CALL) -> list[Line]:
        return [each for each in self.town.lines(self.incident_id, purpose) if each.channel is channel]

    def close(self, *, after: float, outcome: ClosingOutcome = ClosingOutcome.FALSE_ALARM) -> None:
        self.town.run(lambda s: closing.close(s, self.incident_id, outcome, "", "村", at(after)))


@pytest.fixture
def neighbours(town: Town) -> list[House]:
    return [town.house(head) for head in ("李", "陈", "张", "赵")]


def alarm(town: Town, phones: str = "m", *, silent: bool = False) -> Alarm:
    caller = town.house("王", phones, silent=silent)
    raised = town.raise_alarm(caller, sid="CAcaller")
    assert raised.incident_id is not None
    found = Alarm(town, caller, raised.incident_id)
    found.goes_out(after=1)
    town.run(lambda s: news_on_line.hang_up(s, "CAcaller", at(5)))
    return found


def test_news_that_cannot_be_texted_is_told_in_one_call_with_all_that_is_known_by_then(
    town: Town, neighbours: list[House]
) -> None:
    told = alarm(town)
    li, chen, *_ = neighbours
    told.answers(li, after=10)
    told.goes_out(after=11, failing=SMS)
    told.answers(chen, after=11.5)
    for clocks in (12, 12, 13):
        told.ticks(after=clocks)
    (call,) = told.lines(Purpose.NEWS)
    assert (call.number, call.text) == (told.caller.number, "【十户联防】李家、陈家正在赶来。")
    assert town.delivery(told.caller.number, CALL, Purpose.NEWS).urgency == NOTICE, "behind every ring for help"
    assert [line.detail for line in town.timeline("other_way")] == [
        {"household": "王家", "number": "138****0005", "channel": "call"}
    ]
    told.goes_out(after=14)
    for clocks in (15, 80, 300):
        told.ticks(after=clocks)
    assert len(told.lines(Purpose.NEWS)) == 1


def test_a_caller_is_rung_with_news_three_times_at_most_and_a_minute_apart(town: Town, neighbours: list[House]) -> None:
    told = alarm(town)
    li, chen, zhang, zhao = neighbours
    told.ticks(after=65)  # nobody yet
    told.goes_out(after=66, failing=SMS)
    told.ticks(after=67)
    told.answers(li, after=68)  # before the call has left: it tells this too
    told.goes_out(after=69, failing=SMS, picked_up=False)
    told.ticks(after=70)
    assert [call.text for call in told.lines(Purpose.NEWS)] == ["【十户联防】还没有人回应，请马上打110。"]
    told.ticks(after=128.9)
    assert len(told.lines(Purpose.NEWS)) == 1
    told.ticks(after=129)
    assert [call.text for call in told.lines(Purpose.NEWS)][1:] == ["【十户联防】李家正在赶来。"]
    told.answers(chen, after=129.5)
    told.answers(zhang, after=129.6)
    told.goes_out(after=129.7, failing=SMS)
    told.ticks(after=195)
    assert [call.text for call in told.lines(Purpose.NEWS)][2:] == ["【十户联防】李家、陈家、张家正在赶来。"]
    told.goes_out(after=196)
    told.answers(zhao, after=300)
    told.goes_out(after=301, failing=SMS)
    for clocks in (302, 400):
        told.ticks(after=clocks)
    assert len(told.lines(Purpose.NEWS)) == 3


def test_news_that_comes_while_a_call_with_news_waits_to_leave_is_told_in_that_one(
    town: Town, neighbours: list[House]
) -> None:
    told = alarm(town)
    told.ticks(after=65)
    told.goes_out(after=66, failing=SMS)
    told.ticks(after=67)
    told.answers(neighbours[0], after=68)
    # The pace lets the text leave, and not yet the call.
    (text,) = town.run(lambda s: delivery_claims.claim(s, SMS, 1, "tests:1:0", at(69)))
    town.came(text, LANDLINE, after=69)
    told.ticks(after=70)
    assert [call.text for call in told.lines(Purpose.NEWS)] == ["【十户联防】李家正在赶来。"]


def test_a_caller_who_is_on_the_line_or_has_been_since_is_not_called(town: Town, neighbours: list[House]) -> None:
    told = alarm(town)
    told.answers(neighbours[0], after=10)
    told.goes_out(after=11, failing=SMS)
    town.raise_alarm(told.caller, sid="CAagain", after=11.5)
    for clocks in (12, 20):
        told.ticks(after=clocks)
    town.run(lambda s: news_on_line.hang_up(s, "CAagain", at(21)))
    for clocks in (22, 30, 100):
        told.ticks(after=clocks)
    assert told.lines(Purpose.NEWS) == []


def test_a_caller_who_calls_our_number_is_called_when_that_is_over(town: Town, neighbours: list[House]) -> None:
    told = alarm(town)
    told.answers(neighbours[0], after=10)
    told.goes_out(after=11, failing=SMS)
    town.run(lambda s: record.receive(s, "voice:CAmenu", InboundKind.MENU, told.caller.number, "", at(11)))
    for clocks in (12, 40, 70):
        told.ticks(after=clocks)
    assert told.lines(Purpose.NEWS) == []
    told.ticks(after=75)
    assert len(told.lines(Purpose.NEWS)) == 1


def test_a_call_with_news_is_taken_back_when_the_caller_calls_again_or_it_is_over(
    town: Town, neighbours: list[House]
) -> None:
    told = alarm(town)
    told.answers(neighbours[0], after=10)
    told.goes_out(after=11, failing=SMS)
    told.ticks(after=12)
    town.raise_alarm(told.caller, sid="CAagain", after=13)
    assert [call.state for call in told.lines(Purpose.NEWS)] == [DeliveryState.CANCELLED]
    town.run(lambda s: news_on_line.hang_up(s, "CAagain", at(20)))
    told.answers(neighbours[1], Answer.CANNOT, after=21)
    told.answers(neighbours[2], Answer.CANNOT, after=22)
    told.answers(neighbours[3], after=23)
    told.goes_out(after=24, failing=SMS)
    told.close(after=25)
    told.ticks(after=26)
    assert [call.state for call in told.lines(Purpose.NEWS)] == [DeliveryState.CANCELLED]


def test_a_caller_on_a_landline_is_called_with_the_news_and_a_silent_one_never(
    town: Town, neighbours: list[House]
) -> None:
    told = alarm(town, "l")
    told.answers(neighbours[0], after=10)
    for clocks in (11, 12):
        told.ticks(after=clocks)
    (call,) = told.lines(Purpose.NEWS)
    assert (call.number, call.text) == (told.caller.number, "【十户联防】李家正在赶来。")
    assert told.lines(Purpose.NEWS, SMS) == []
    assert [line.detail["household"] for line in town.timeline("news_by_call")] == ["王家"]
    told.goes_out(after=13)
    for clocks in (14, 100):
        told.ticks(after=clocks)
    assert len(told.lines(Purpose.NEWS)) == 1
    told.answers(neighbours[0], Answer.CANNOT, after=101)
    told.ticks(after=102)
    corrected = "【十户联防】李家来不了了。现在没有人赶来，请马上打110。"
    assert [call.text for call in told.lines(Purpose.NEWS)][1:] == [corrected]


@pytest.mark.parametrize("phones", ["m", "l"])
def test_a_silent_caller_is_never_rung(town: Town, neighbours: list[House], phones: str) -> None:
    told = alarm(town, phones, silent=True)
    told.answers(neighbours[0], after=10)
    for clocks in (11, 70, 300):
        told.goes_out(after=clocks, failing=SMS)
        told.ticks(after=clocks)
    assert [line for line in town.lines(told.incident_id) if line.number == told.caller.number] == []


def test_a_caller_with_a_phone_for_texts_only_is_not_rung(town: Town, neighbours: list[House]) -> None:
    told = alarm(town, "t")
    told.answers(neighbours[0], after=10)
    told.goes_out(after=11, failing=SMS)
    for clocks in (12, 80):
        told.ticks(after=clocks)
    assert told.lines(Purpose.NEWS) == []


def test_who_is_on_the_way_and_cannot_be_texted_that_it_is_over_is_called_and_nobody_else(
    town: Town, neighbours: list[House]
) -> None:
    li, chen, zhang, _ = neighbours
    town.change(zhang.number, may_call=False)
    told = alarm(town)
    told.answers(li, after=10)
    told.answers(chen, Answer.CANNOT, after=11)
    zhang_text = town.delivery(zhang.number, SMS)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, zhang_text.id), Answer.ON_SCENE, SMS, at(12)))
    told.goes_out(after=13)
    told.close(after=20)
    told.goes_out(after=21, failing=SMS)
    for clocks in (22, 22, 30):
        told.ticks(after=clocks)
    (call,) = told.lines(Purpose.ALL_CLEAR)
    assert (call.number, call.text) == (li.number, "【十户联防】王家没事，是误按，不用去了。谢谢大家。")
    assert [line.detail["household"] for line in town.timeline("other_way")] == ["李家"]
    told.goes_out(after=31)
    board = town.run(lambda s: read_board(s, told.incident_id))
    assert board is not None
    assert [row.household for row in board.rows if row.phones[0].told_it_is_over] == ["李家"]


def test_a_phone_that_cannot_be_called_with_the_all_clear_is_texted_if_it_may_be(town: Town) -> None:
    li, chen = town.house("李", "l"), town.house("陈", "m")
    town.change(chen.number, may_text=False)
    told = alarm(town)
    told.answers(li, after=10)
    town.change(chen.number, may_text=True)
    told.close(after=20)
    assert {line.number for line in told.lines(Purpose.ALL_CLEAR)} == {li.number, chen.number}
    told.goes_out(after=21, failing=CALL)
    for clocks in (22, 23):
        told.ticks(after=clocks)
    assert [line.number for line in told.lines(Purpose.ALL_CLEAR, SMS)] == [chen.number]
    told.goes_out(after=24, failing=SMS)
    told.ticks(after=25)
    assert len(told.lines(Purpose.ALL_CLEAR)) == 2


def test_an_all_clear_that_fails_a_quarter_of_an_hour_later_rings_nobody(town: Town, neighbours: list[House]) -> None:
    told = alarm(town)
    told.answers(neighbours[0], after=10)
    told.close(after=20)
    told.goes_out(after=1000, failing=SMS)
    told.ticks(after=1001)
    assert told.lines(Purpose.ALL_CLEAR) == []


def test_who_is_on_the_way_and_cannot_be_texted_of_a_second_voice_is_called_and_may_answer(
    town: Town, neighbours: list[House]
) -> None:
    li, chen, _, zhao = neighbours
    told = alarm(town)
    told.answers(li, after=10)
    told.answers(chen, Answer.CANNOT, after=11)
    told.goes_out(after=12)
    town.raise_alarm(zhao, sid="CAzhao", after=13)
    told.goes_out(after=14, failing=SMS)
    for clocks in (15, 15, 16):
        told.ticks(after=clocks)
    (call,) = told.lines(Purpose.SECOND_VOICE)
    assert (call.number, call.text) == (li.number, None)  # put together when it leaves: both voices, and the keys
    (claim,) = [claim for claim in town.claim(after=17) if claim.purpose is Purpose.SECOND_VOICE]
    town.came(claim, Receipt(town.sid(), AttemptState.IN_PROGRESS), after=17)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, claim.delivery_id), Answer.CANNOT, CALL, at(20)))
    assert town.answers()[-1] == ("李家", Answer.CANNOT)
    assert town.delivery_by_id(claim.delivery_id).state is DeliveryState.PLACED, "whoever answers goes on with it"


def test_nobody_is_called_of_a_second_voice_that_was_taken_back(town: Town, neighbours: list[House]) -> None:
    li, *_, zhao = neighbours
    told = alarm(town)
    told.answers(li, after=10)
    town.raise_alarm(zhao, sid="CAzhao", after=13)
    told.goes_out(after=14, failing=SMS)
    second = town.alerts()[1].id
    town.run(lambda s: closing.withdraw(s, s.get_one(Alert, second), at(15)))
    told.ticks(after=16)
    assert told.lines(Purpose.SECOND_VOICE) == []
