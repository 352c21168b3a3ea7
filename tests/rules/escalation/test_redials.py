"""What is tried next for a household that has not answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joint_defense.rules.redials import Steps, Try, decide_next_steps
from joint_defense.rules.states import OVER, Channel, DeliveryState
from tests.support.factories import NOW, at

CALL, SMS = Channel.CALL, Channel.SMS
PAUSES = tuple(timedelta(seconds=each) for each in (15, 45, 120))
VAIN = Try("a", CALL, 0, DeliveryState.UNREACHED, over_at=NOW)
"""A first ring that ended at NOW."""
TEXT = Try("a", SMS, 0, DeliveryState.REACHED, over_at=NOW)


@pytest.mark.parametrize("state", [DeliveryState.UNREACHED, DeliveryState.REACHED])
@pytest.mark.parametrize(("round_", "pause"), [(0, 15), (1, 45), (2, 120)])
def test_a_phone_is_rung_again_a_pause_after_its_last_ring_was_over(
    state: DeliveryState, round_: int, pause: int
) -> None:
    rung = replace(VAIN, state=state, round=round_)
    assert decide_next_steps([rung], PAUSES, at(pause - 1)) == Steps(next_at={"a": at(pause)})
    assert decide_next_steps([rung], PAUSES, at(pause)) == Steps(redials={"a": round_ + 1})


def test_each_phone_has_its_own_rounds() -> None:
    other = replace(VAIN, number="b", round=1, over_at=at(10))
    steps = decide_next_steps([VAIN, other], PAUSES, at(20))
    assert (steps.redials, steps.next_at) == ({"a": 1}, {"b": at(55)})


def test_a_ring_that_is_under_way_is_waited_for() -> None:
    for state in set(DeliveryState) - OVER:
        again = Try("a", CALL, 1, state)
        assert decide_next_steps([VAIN, again, TEXT], PAUSES, at(500)) == Steps()


def test_while_somebody_of_the_house_is_on_the_phone_nothing_rings() -> None:
    talking = Try("b", CALL, 0, DeliveryState.PLACED, on_line=True)
    assert decide_next_steps([VAIN, talking], PAUSES, at(500)) == Steps(look_again=True)


def test_somebody_who_has_it_rung_again_by_hand_starts_the_pause_anew() -> None:
    by_hand = replace(VAIN, over_at=at(30))
    assert decide_next_steps([VAIN, by_hand], PAUSES, at(30)) == Steps(next_at={"a": at(45)})


def test_after_the_last_round_there_is_nothing_left_but_the_time_to_answer_a_text() -> None:
    last = replace(VAIN, round=3, over_at=at(100))
    assert decide_next_steps([VAIN, last], PAUSES, at(100)) == Steps(exhausted=True)
    assert decide_next_steps([VAIN, last, TEXT], PAUSES, at(179)) == Steps(look_again=True)
    assert decide_next_steps([VAIN, last, TEXT], PAUSES, at(180)) == Steps(exhausted=True)
    dropped = replace(TEXT, state=DeliveryState.CANCELLED, over_at=None)
    assert decide_next_steps([VAIN, last, dropped], PAUSES, at(100)) == Steps(exhausted=True)
    unsent = replace(TEXT, state=DeliveryState.WAITING, over_at=None)
    assert decide_next_steps([VAIN, last, unsent], PAUSES, at(500)) == Steps(look_again=True)


def test_without_redials_a_household_is_given_up_at_once() -> None:
    assert decide_next_steps([VAIN], (), NOW) == Steps(exhausted=True)


def test_a_number_that_the_carrier_refuses_is_texted_where_it_takes_texts_and_not_rung_again() -> None:
    refused = replace(VAIN, hopeless=True)
    assert decide_next_steps([refused], PAUSES, at(500)) == Steps(exhausted=True)
    assert decide_next_steps([refused], PAUSES, NOW, texters={"a"}) == Steps(other_ways={"a": SMS})
    assert decide_next_steps([refused, TEXT], PAUSES, NOW, texters={"a"}) == Steps(look_again=True)


def test_a_phone_whose_text_failed_is_called_where_it_was_not() -> None:
    failed = replace(TEXT, state=DeliveryState.UNREACHED)
    assert decide_next_steps([failed], PAUSES, NOW, callable_="a") == Steps(other_ways={"a": CALL}, exhausted=False)
    assert decide_next_steps([failed, VAIN], PAUSES, NOW, callable_="a").other_ways == {}
    assert decide_next_steps([failed, TEXT], PAUSES, NOW, callable_="a").other_ways == {}, "another one went out"
    assert decide_next_steps([failed, replace(VAIN, number="b")], PAUSES, at(15), callable_="ab") == Steps(
        redials={"b": 1}, other_ways={"a": CALL}
    )


def test_a_phone_that_may_not_be_called_is_not_called_when_its_text_fails() -> None:
    failed = replace(TEXT, state=DeliveryState.UNREACHED)
    assert decide_next_steps([failed], PAUSES, NOW, callable_="b") == Steps(exhausted=True)
    assert decide_next_steps([failed, replace(VAIN, number="b")], PAUSES, at(15), callable_="b") == Steps(
        redials={"b": 1}
    )


def test_a_household_that_takes_only_texts_has_as_long_to_answer_as_all_redials_take() -> None:
    sent = replace(TEXT, over_at=at(10))
    assert decide_next_steps([sent], PAUSES, at(189)) == Steps()
    assert decide_next_steps([sent, replace(sent, number="b", over_at=at(20))], PAUSES, at(190)) == Steps()
    assert decide_next_steps([sent], PAUSES, at(190)) == Steps(exhausted=True)


TRIES = st.builds(
    Try,
    number=st.sampled_from("abc"),
    channel=st.sampled_from(Channel),
    round=st.integers(0, 3),
    state=st.sampled_from(DeliveryState),
    on_line=st.booleans(),
    hopeless=st.booleans(),
    over_at=st.integers(0, 300).map(at),
)


@given(st.lists(TRIES, min_size=1, max_size=12), st.integers(0, 600))
def test_whatever_was_tried_no_round_comes_twice_none_beyond_the_last_and_an_end_is_an_end(
    tries: list[Try], seconds: int
) -> None:
    steps = decide_next_steps(tries, PAUSES, at(seconds), callable_={"a", "b"}, texters={"a", "b", "c"})
    known = {(each.number, each.round) for each in tries if each.channel is CALL}
    assert not known & set(steps.redials.items())
    assert all(1 <= again <= len(PAUSES) for again in steps.redials.values())
    under_way = {each.number for each in tries if each.channel is CALL and each.state not in OVER}
    assert not under_way & (steps.redials.keys() | steps.next_at.keys())
    reached = {(each.number, each.channel) for each in tries}
    assert not reached & set(steps.other_ways.items())
    assert steps.other_ways.get("c") is not CALL
    if steps.exhausted:
        assert steps == Steps(exhausted=True)
        assert not under_way
