"""How something came from one state to another, without what led nowhere."""

from __future__ import annotations

import pytest

from groups.coverage.rules.paths import find_last_flip, find_turns


@pytest.mark.parametrize(
    ("states", "turns"),
    [
        ("", ""),
        ("aa", ""),
        ("ab", "1ab"),
        # Came, left, came again: the last time counts; so it does of what left.
        ("abab", "3ab"),
        ("abcab", "4ab"),
        ("abc", "1ab 2bc"),
        ("abbc", "1ab 3bc"),
        ("abcb", "1ab"),
        ("abca", ""),
        ("abac", "3ac"),
    ],
)
def test_only_the_turns_that_lead_somewhere_are_told(states: str, turns: str) -> None:
    start, rest = states[:1], [(number, state) for number, state in enumerate(states[1:], 1)]
    assert " ".join(f"{turn.event}{turn.before}{turn.after}" for turn in find_turns(start, rest)) == turns


def test_the_last_flip_is_that_into_the_final_state() -> None:
    assert find_last_flip(False, [(1, True), (2, False), (3, True), (4, True)]) == 3
    assert find_last_flip(True, [(1, False), (2, True)]) is None
