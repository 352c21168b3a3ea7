"""When an account carries no more, and when it does again."""

from __future__ import annotations

import pytest

from joint_defense.delivery.lines import DOWN, Outage


def failing(*moments: float) -> Outage:
    """An account whose requests failed, each begun at one of these seconds and known a second later."""
    outage = Outage()
    for began in moments:
        outage = outage.after_failure(began, began + 1)
    return outage


def test_ten_seconds_of_nothing_but_failures_take_it_out() -> None:
    assert not failing(0, 2, 4, 6, 8).out
    out = failing(0, 2, 4, 6, 8, 9)
    assert (out.word, out.out_since) == (DOWN, 10)


def test_one_request_that_hung_for_ten_seconds_is_enough() -> None:
    assert Outage().after_failure(began=5, now=15).out
    assert not Outage().after_failure(began=5, now=14.9).out


def test_a_call_that_is_taken_in_between_begins_it_anew() -> None:
    outage = failing(0, 4, 8).after_success()
    assert not outage.after_failure(9, 11).out
    assert outage.after_failure(9, 11).after_failure(11, 19).out


def test_ten_seconds_are_over_though_the_next_request_still_hangs() -> None:
    outage = failing(0, 4, 8)
    assert not outage.by_now(9.9).out
    assert outage.by_now(10).word == DOWN
    # One failure alone, or one that is long past, is no outage.
    assert not failing(0).by_now(10).out
    assert not failing(0, 1).by_now(10).out
    assert not outage.after_success().by_now(12).out


def test_two_failures_far_apart_are_no_outage() -> None:
    assert not failing(0, 3600).out


def test_it_is_back_by_a_good_word_once_it_has_rested() -> None:
    out = Outage().taken_out("20003", 100)
    assert out.after_good_word(104, 104).word == "20003"
    assert not out.after_good_word(105, 105).out
    # What was said before it went out says nothing of now.
    assert out.after_good_word(99, 110).out


@pytest.mark.parametrize(("steady", "rest"), [(30, 10), (599, 10), (601, 5)])
def test_what_goes_out_again_soon_rests_longer(steady: float, rest: float) -> None:
    back = Outage().taken_out("20003", 0).after_good_word(5, 5)
    again = back.taken_out("20003", 5 + steady)
    assert again.rest == rest


def test_no_rest_is_longer_than_five_minutes() -> None:
    outage, now = Outage(), 0.0
    for _ in range(12):
        outage = outage.taken_out("20003", now)
        now += outage.rest
        outage = outage.after_good_word(now, now)
    assert outage.rest == 300
