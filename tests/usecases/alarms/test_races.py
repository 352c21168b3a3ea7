"""What happens at the same instant, on both databases: threads let go together, again and again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from joint_defense.alarms import closing, news_on_line, news_sent
from joint_defense.alarms.acknowledge import Heard, acknowledge
from joint_defense.alarms.intake import IntakeResult as Raised
from joint_defense.alarms.news_on_line import Patience
from joint_defense.carriers.port import CarrierError, OutcomeUnknown, Receipt, TooFast
from joint_defense.delivery.tracking import record_status
from joint_defense.models.incidents import Alert, Delivery
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, Purpose
from tests.support.factories import House, Town, at
from tests.usecases.at_once import at_once

CALL, SMS = Channel.CALL, Channel.SMS
ROUNDS = pytest.mark.usefixtures("_again")


@pytest.fixture(params=range(3))
def _again() -> None:
    """Once is no proof."""


@pytest.fixture
def houses(town: Town) -> list[House]:
    """The caller, and three neighbours."""
    return [town.house("王"), town.house("李", "mm"), town.house("陈"), town.house("张")]


def withdraw(town: Town) -> Callable[[], object]:
    (alert,) = town.alerts()
    return lambda: town.run(lambda s: closing.withdraw(s, s.get_one(Alert, alert.id), at(10)))


def close(town: Town, raised: Raised, outcome: ClosingOutcome, by: str) -> bool:
    return town.run(lambda s: closing.close(s, raised.incident_id or 0, outcome, "", by, at(10)))


def answer(town: Town, house: House, given: Answer = Answer.COMING) -> Heard:
    told = town.delivery(house.number)
    return town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), given, CALL, at(10)))


@ROUNDS
def test_a_false_alarm_while_calls_are_being_placed_leaves_nothing_to_send(town: Town, houses: list[House]) -> None:
    raised = town.raise_alarm(houses[0])
    in_hand = town.claim(limit=2)
    outcomes: list[Receipt | CarrierError] = [
        Receipt(town.sid(), AttemptState.QUEUED),
        TooFast("slower"),
        OutcomeUnknown("gone"),
    ]

    def sends() -> None:
        for number, claim in enumerate(in_hand):
            town.came(claim, outcomes[number % 3], after=10)
        for claim in town.claim(after=10):
            town.came(claim, Receipt(town.sid(), AttemptState.RINGING), after=10)

    at_once(sends, withdraw(town), lambda: town.claim(after=10, owner="other", limit=1))
    rings = [each for each in town.deliveries(raised.incident_id) if each.purpose is Purpose.ALARM]
    for each in rings:
        if each.channel is CALL:
            # Not sent any more; or known to be unwanted: ended when it rings, looked up and dropped where it is lost.
            assert each.state is DeliveryState.CANCELLED or each.unwanted, (each.number, each.state)
        else:
            assert each.state in {DeliveryState.CANCELLED, DeliveryState.PLACED} or each.unwanted
    reached = {each.number for each in rings if each.attempt_count > 0}
    cleared = [line.number for line in town.lines(raised.incident_id, Purpose.ALL_CLEAR)]
    assert len(cleared) == len(set(cleared))
    assert set(cleared) == reached


@ROUNDS
def test_the_last_answer_while_the_caller_hangs_up_reaches_the_caller_once(town: Town, houses: list[House]) -> None:
    wang, li, chen, zhang = houses
    raised = town.raise_alarm(wang, sid="CAcaller")
    town.place()
    answer(town, li, Answer.CANNOT)
    answer(town, chen, Answer.CANNOT)
    at_once(
        lambda: answer(town, zhang),
        lambda: town.run(lambda s: news_on_line.hang_up(s, "CAcaller", at(10))),
        lambda: town.run(lambda s: news_sent.send_all(s, at(11), Patience())),
    )
    town.run(lambda s: news_sent.send_all(s, at(12), Patience()))
    texts = [line.text for line in town.lines(raised.incident_id, Purpose.NEWS)]
    assert texts
    assert set(texts) == {"【十户联防】张家正在赶来。"}
    assert len(texts) == 1


@ROUNDS
def test_of_two_people_who_close_at_once_one_is_told_that_it_was_closed_already(
    town: Town, houses: list[House]
) -> None:
    raised = town.raise_alarm(houses[0])
    town.place()
    done = at_once(
        lambda: close(town, raised, ClosingOutcome.HELPED, "村干部"),
        lambda: close(town, raised, ClosingOutcome.ACCIDENTAL, "联防长"),
        lambda: withdraw(town)(),
    )
    assert sum(map(bool, done[:2])) <= 1
    (incident,) = town.incidents()
    (line,) = town.timeline("closed")
    assert line.detail["outcome"] == incident.outcome
    cleared = [line.number for line in town.lines(raised.incident_id, Purpose.ALL_CLEAR)]
    assert len(cleared) == len(set(cleared)) == 4


@ROUNDS
def test_a_reply_at_the_close_is_on_record_or_hears_that_it_is_over(town: Town, houses: list[House]) -> None:
    raised = town.raise_alarm(houses[0])
    town.place()
    heard, _ = at_once(
        lambda: answer(town, houses[1]),
        lambda: close(town, raised, ClosingOutcome.HELPED, "村干部"),
    )
    assert isinstance(heard, Heard)
    assert heard.closed == (town.answers() == [])
    assert answer(town, houses[2]).closed


@ROUNDS
def test_two_phones_of_a_household_that_answer_at_once_stop_nobody_elses(town: Town, houses: list[House]) -> None:
    _, li, chen, zhang = houses
    town.raise_alarm(houses[0])
    town.place()
    second = town.delivery(li.numbers[1])
    at_once(
        lambda: answer(town, li),
        lambda: town.run(lambda s: acknowledge(s, s.get_one(Delivery, second.id), Answer.CANNOT, CALL, at(10))),
        lambda: answer(town, chen),
    )
    assert {name for name, _ in town.answers()} == {li.name, chen.name}
    assert not town.delivery(zhang.number).unwanted
    assert town.delivery(zhang.number).state is DeliveryState.PLACED


@ROUNDS
def test_a_callback_and_the_creates_answer_at_the_same_instant_agree(town: Town, houses: list[House]) -> None:
    town.raise_alarm(houses[0])
    claim = next(each for each in town.claim() if each.channel is CALL)
    words = ["initiated", "ringing", "in-progress", "completed"]
    at_once(
        lambda: town.came(claim, Receipt("CAxyz", AttemptState.QUEUED)),
        *[
            lambda word=word: town.run(
                lambda s: record_status(s, claim.delivery_id, claim.number, "CAxyz", word, None, at(5))
            )
            for word in words
        ],
    )
    delivery = town.delivery_by_id(claim.delivery_id)
    attempt = town.attempt(delivery)
    assert (delivery.state, attempt.state, attempt.sid) == (DeliveryState.REACHED, AttemptState.COMPLETED, "CAxyz")
    assert attempt.ended_at is not None


@ROUNDS
def test_four_senders_never_take_the_same_delivery(town: Town, houses: list[House]) -> None:
    town.raise_alarm(houses[0])
    taken = at_once(*[lambda name=name: town.claim(owner=name, limit=3) for name in "abcd"])
    ids = [claim.delivery_id for claims in taken for claim in claims]
    assert len(ids) == len(set(ids)) == 8


@ROUNDS
def test_an_alarm_as_the_incident_is_closed_joins_it_or_opens_another(town: Town, houses: list[House]) -> None:
    first = town.raise_alarm(houses[0])
    town.place()
    second, _ = at_once(
        lambda: town.raise_alarm(houses[1], after=10),
        lambda: close(town, first, ClosingOutcome.HELPED, "村干部"),
    )
    assert isinstance(second, Raised)
    if second.incident_id == first.incident_id:
        # It came before the close, and was told of by it.
        assert [alert.household_name for alert in town.alerts()] == [houses[0].name, houses[1].name]
    else:
        assert len(town.incidents()) == 2
        assert town.incidents()[1].closed_at is None
