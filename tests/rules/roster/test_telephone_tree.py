"""The telephone tree loses nobody with two phones dead, whoever begins, and is walked call by call."""

from __future__ import annotations

import heapq
import random
from collections.abc import Collection, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groups.roster.rules.telephone_tree import Links, draw_tree

TALK, UNANSWERED, WALK = 40.0, 35.0, 90.0
"""Seconds that a call takes, one that nobody answers, and the way to a door."""


def walk(tree: Sequence[Links], start: int, lost: Collection[int] = ()) -> tuple[dict[int, float], float | None]:
    """When each household hears of it, and when the one that began is first called back, in seconds.

    Everybody does what stands beside their name, once, one call after the other; a phone in a call is called again.
    """
    heard, busy_until, told_back = {start: 0.0}, dict.fromkeys(range(len(tree)), 0.0), list[float]()
    begin = [(0.0, start)] if tree[start].calls or not tree[start].visited_by else []
    todo = begin or [(WALK, at) for at in tree[start].visited_by if at not in lost][:1]
    heard |= {at: when for when, at in todo}
    queue = [(when, at, 0) for when, at in todo]
    heapq.heapify(queue)
    while queue:
        now, at, turn = heapq.heappop(queue)
        acts = [*tree[at].calls, *tree[at].visits]
        if turn == len(acts):
            continue
        other, calls = acts[turn], turn < len(tree[at].calls)
        if calls and other not in lost and busy_until[other] > now:
            heapq.heappush(queue, (busy_until[other], at, turn))
            continue
        took = WALK if not calls else UNANSWERED if other in lost else TALK
        if calls:
            busy_until[at] = now + took
        if other == start:
            told_back.append(now + took)
        elif other not in lost or not calls:
            if calls:
                busy_until[other] = now + took
            if other not in heard:
                heard[other] = now + took
                heapq.heappush(queue, (now + took, other, 0))
        heapq.heappush(queue, (now + took, at, turn + 1))
    return heard, min(told_back, default=None)


@pytest.mark.parametrize("size", range(3, 21))
def test_any_two_phones_may_be_dead_and_everybody_else_hears_of_it_and_calls_back(size: int) -> None:
    tree = draw_tree([True] * size)
    # Every household is like every other one: the ring may be turned.
    for lost in combinations(range(1, size), 2):
        heard, back = walk(tree, 0, lost)
        assert set(heard) == set(range(size)) - set(lost), lost
        assert (back is not None) == (size > 3), "with two of three dead there is nobody left to call"


def test_with_three_phones_dead_somebody_may_be_lost_so_the_tree_is_as_thin_as_it_may_be() -> None:
    tree = draw_tree([True] * 10)
    assert any(len(walk(tree, 0, lost)[0]) < 7 for lost in combinations(range(1, 10), 3))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=3, max_size=20), st.randoms(use_true_random=False))
def test_households_without_a_phone_are_told_at_their_door_and_may_begin(
    phones: list[bool], chance: random.Random
) -> None:
    tree = draw_tree(phones)
    ring = [at for at, has_phone in enumerate(phones) if has_phone]
    start = chance.randrange(len(phones))
    others = [at for at in ring if at != start]
    lost = chance.sample(others, min(2, len(others)))
    heard, _ = walk(tree, start, lost)
    if set(ring) - set(lost) - {start} or (phones[start] and ring):
        assert set(heard) == set(range(len(phones))) - set(lost)


@given(st.lists(st.booleans(), max_size=20))
def test_what_one_household_does_stands_at_the_other_one_too(phones: list[bool]) -> None:
    tree = draw_tree(phones)
    assert len(tree) == len(phones)
    for at, links in enumerate(tree):
        assert at not in (*links.calls, *links.visits)
        assert len(links.calls) <= 3
        assert all(at in tree[other].called_by for other in links.calls)
        assert all(at in tree[other].visited_by for other in links.visits)
        assert all(at in tree[other].calls for other in links.called_by)
        assert phones[at] or not (links.calls or links.called_by or links.visits)
        assert not phones[at] or not links.visited_by


def test_walked_call_by_call_ten_households_know_within_minutes() -> None:
    heard, back = walk(draw_tree([True] * 10), 0)
    assert back is not None
    assert max(heard.values()) <= 200
    assert back <= 240
    worst = [walk(draw_tree([True] * 10), 0, lost) for lost in combinations(range(1, 10), 2)]
    assert max(max(each.values()) for each, _ in worst) <= 7 * 60
    assert draw_tree([True])[0].is_empty
