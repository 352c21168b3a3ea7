"""The order of doors in a group after a list came in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.roster.rules.door_order import find_moved, weave


@pytest.mark.parametrize(
    ("present", "listed", "woven"),
    [
        ("", "abc", "abc"),
        ("abc", "abc", "abc"),
        ("abc", "abxc", "abxc"),
        ("abcd", "bd", "abcd"),
        ("abcd", "db", "adbc"),
        ("abc", "xy", "abcxy"),
        ("abc", "", "abc"),
        ("abcd", "cxa", "cdxab"),
    ],
)
def test_who_is_not_listed_stays_behind_the_neighbour(present: str, listed: str, woven: str) -> None:
    assert "".join(weave(present, listed)) == woven


@pytest.mark.parametrize(
    ("present", "listed", "out_of_place"),
    [("abc", "abc", ""), ("abc", "axbyc", ""), ("abcd", "bd", ""), ("abc", "acb", "bc"), ("abc", "cab", "abc")],
)
def test_only_a_change_among_those_who_stood_before_counts_as_moving(
    present: str, listed: str, out_of_place: str
) -> None:
    assert find_moved(present, listed) == set(out_of_place)


doors = st.lists(st.integers(0, 30), unique=True)


@given(doors, doors)
def test_weaving_loses_nobody_keeps_the_lists_order_and_is_done_once(present: list[int], listed: list[int]) -> None:
    woven = weave(present, listed)
    assert sorted(woven) == sorted({*present, *listed})
    assert [door for door in woven if door in listed] == listed
    assert weave(woven, listed) == woven
    assert find_moved(woven, listed) == set()
