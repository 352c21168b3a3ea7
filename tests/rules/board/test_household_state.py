from __future__ import annotations

import pytest

from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, DeliveryState
from joint_defense.web.board.rules.household_state import (
    EYES_FIRST,
    Contact,
    HouseholdState,
    Reached,
    find_contact,
    judge_household,
)

CALL, SMS = Channel.CALL, Channel.SMS


@pytest.mark.parametrize(
    ("channel", "state", "attempt", "told"),
    [
        (CALL, DeliveryState.WAITING, None, Contact.WAITING),
        (CALL, DeliveryState.WAITING, AttemptState.BUSY, Contact.AGAIN),
        (CALL, DeliveryState.CLAIMED, None, Contact.PLACING),
        (CALL, DeliveryState.PLACED, None, Contact.PLACING),
        (CALL, DeliveryState.PLACED, AttemptState.REQUESTING, Contact.PLACING),
        (CALL, DeliveryState.PLACED, AttemptState.QUEUED, Contact.PLACING),
        (CALL, DeliveryState.PLACED, AttemptState.RINGING, Contact.RINGING),
        (CALL, DeliveryState.PLACED, AttemptState.IN_PROGRESS, Contact.ON_LINE),
        (SMS, DeliveryState.PLACED, AttemptState.SENT, Contact.SENT),
        (CALL, DeliveryState.REACHED, AttemptState.COMPLETED, Contact.PICKED_UP),
        (SMS, DeliveryState.REACHED, AttemptState.DELIVERED, Contact.DELIVERED),
        (SMS, DeliveryState.REACHED, AttemptState.SENT, Contact.SENT),
        (CALL, DeliveryState.UNREACHED, AttemptState.BUSY, Contact.BUSY),
        (CALL, DeliveryState.UNREACHED, AttemptState.NO_ANSWER, Contact.NO_ANSWER),
        (CALL, DeliveryState.UNREACHED, AttemptState.FAILED, Contact.FAILED),
        (CALL, DeliveryState.UNREACHED, AttemptState.REFUSED, Contact.FAILED),
        (SMS, DeliveryState.UNREACHED, AttemptState.UNDELIVERED, Contact.FAILED),
        (CALL, DeliveryState.UNREACHED, None, Contact.FAILED),
        (CALL, DeliveryState.CANCELLED, None, Contact.NOT_NEEDED),
    ],
)
def test_a_delivery_is_told_in_a_word(
    channel: Channel, state: DeliveryState, attempt: AttemptState | None, told: Contact
) -> None:
    assert find_contact(channel, state, attempt) is told


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("attempt", [None, *AttemptState])
def test_every_delivery_has_a_word(channel: Channel, state: DeliveryState, attempt: AttemptState | None) -> None:
    assert find_contact(channel, state, attempt) in Contact


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ([(CALL, Contact.BUSY), (CALL, Contact.FAILED), (SMS, Contact.FAILED)], HouseholdState.UNREACHED),
        ([(CALL, Contact.NO_ANSWER)], HouseholdState.UNREACHED),
        ([(SMS, Contact.FAILED)], HouseholdState.UNREACHED),
        ([(CALL, Contact.PICKED_UP), (SMS, Contact.DELIVERED)], HouseholdState.NO_KEY),
        ([(CALL, Contact.PICKED_UP), (CALL, Contact.NO_ANSWER)], HouseholdState.NO_KEY),
        ([(CALL, Contact.NO_ANSWER), (SMS, Contact.DELIVERED)], HouseholdState.NOT_PICKED_UP),
        ([(CALL, Contact.BUSY), (SMS, Contact.SENT)], HouseholdState.NOT_PICKED_UP),
        ([(SMS, Contact.DELIVERED)], HouseholdState.TEXTED),
        ([(CALL, Contact.NOT_NEEDED), (SMS, Contact.SENT)], HouseholdState.TEXTED),
        ([(CALL, Contact.ON_LINE), (CALL, Contact.RINGING)], HouseholdState.ON_LINE),
        ([(CALL, Contact.RINGING), (CALL, Contact.BUSY)], HouseholdState.RINGING),
        ([(CALL, Contact.PICKED_UP), (CALL, Contact.RINGING)], HouseholdState.RINGING),
        ([(CALL, Contact.WAITING), (SMS, Contact.DELIVERED)], HouseholdState.WAITING),
        ([(CALL, Contact.AGAIN), (SMS, Contact.FAILED)], HouseholdState.WAITING),
        ([(SMS, Contact.WAITING)], HouseholdState.WAITING),
        ([(CALL, Contact.FAILED), (SMS, Contact.WAITING)], HouseholdState.WAITING),
        ([(CALL, Contact.NOT_NEEDED), (SMS, Contact.NOT_NEEDED)], HouseholdState.NOT_NEEDED),
    ],
)
def test_without_an_answer_calls_and_texts_say_where_a_household_stands(
    reached: list[tuple[Channel, Contact]], expected: HouseholdState
) -> None:
    assert judge_household(None, [Reached(*each) for each in reached]) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer.COMING, HouseholdState.COMING),
        (Answer.CANNOT, HouseholdState.CANNOT),
        (Answer.ON_SCENE, HouseholdState.ON_SCENE),
    ],
)
def test_an_answer_counts_for_more_than_any_call(answer: Answer, expected: HouseholdState) -> None:
    assert judge_household(answer, [Reached(CALL, Contact.BUSY), Reached(SMS, Contact.FAILED)]) is expected


def test_whoever_needs_eyes_comes_first_then_whoever_comes_then_the_rest() -> None:
    order = sorted(HouseholdState, key=EYES_FIRST.__getitem__)

    assert order[0] is HouseholdState.UNREACHED
    assert order[4:6] == [HouseholdState.COMING, HouseholdState.ON_SCENE]
    assert order[-1] is HouseholdState.NOT_NEEDED
