"""Simulated nights: the same by the same seed, no better than whoever is rung, and what helps is found."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from joint_defense.rules.escalation import Policy, Step, Whom
from joint_defense.rules.nights import HOURS, Habits, Phone, Ring, Scene, Start, Way, play_nights

ALWAYS = Habits(
    away=(0.0,) * 24,
    asleep=(0.0,) * 24,
    off_by_day=0,
    off_at_night=0,
    unheard_awake=0,
    ring_awake=1,
    answer_awake=(10, 10),
    listens=(5, 5),
    comes_by_day=1,
    comes_at_night=1,
    text_awake=0,
)
"""Everybody is there, picks up after ten seconds, presses the key after five, and comes."""
CALLER, PHONES = 0, tuple(Phone(party, is_mobile=True) for party in range(1, 7))


def make_scene(
    *rung: int, steps: tuple[Step, ...] = (), more: tuple[int, ...] = (), **called: tuple[int, ...]
) -> Scene:
    """The caller's group has these phones, rung a second apart; `called` are those of the steps' words."""
    rings = tuple(Ring(phone, float(place), is_call=True) for place, phone in enumerate(rung))
    words = {Whom(word): tuple(Ring(phone, 0.0, is_call=True) for phone in phones) for word, phones in called.items()}
    return Scene(
        phones=PHONES,
        starts=(Start(CALLER, rings, rings, rung),),
        policy=Policy(steps),
        steps=(words,) * HOURS,
        near_phones=len(PHONES),
        more_backup=tuple(Ring(phone, 0.0, is_call=True) for phone in more),
    )


def play(scene: Scene, habits: Habits = ALWAYS) -> dict[Way, float]:
    return {way: times.median for way, times in play_nights(scene, 20, 1, habits).ways.items()}


def test_the_second_household_is_counted_from_the_key_by_the_pace_and_a_tree_rings_one_by_one() -> None:
    found = play(make_scene(0, 1, 2))
    # The second phone rings a second after the first; the tree talks half a minute with each.
    assert (found[Way.AS_IS], found[Way.TREE]) == (1 + 10 + 5, 2 * (10 + 30))


def test_two_phones_of_one_household_are_one_household() -> None:
    scene = make_scene(0, 1)
    both = replace(scene, phones=(Phone(1, is_mobile=True), Phone(1, is_mobile=True), *PHONES[2:]))
    assert play(both)[Way.AS_IS] == inf


@pytest.mark.parametrize(
    ("whom", "steps", "as_is", "shorter", "backup"),
    [
        ({"backup": (1,)}, (Step(120, 2, (Whom.BACKUP,)),), 135, 75, 135),
        ({"backup": ()}, (Step(120, 2, (Whom.BACKUP,)),), inf, inf, 135),
        # Enough are coming: the step is held.
        ({"backup": (1,)}, (Step(120, 1, (Whom.BACKUP,)),), inf, inf, inf),
    ],
)
def test_steps_call_others_while_too_few_come(
    whom: dict[str, tuple[int, ...]], steps: tuple[Step, ...], as_is: float, shorter: float, backup: float
) -> None:
    found = play(make_scene(0, steps=steps, more=(2,), **whom))
    assert (found[Way.AS_IS], found[Way.SHORTER], found[Way.BACKUP]) == (as_is, shorter, backup)


def test_the_same_seed_has_the_same_nights_and_what_helps_most_is_named() -> None:
    scene = make_scene(0, 1, steps=(Step(60, 2, (Whom.BACKUP,)),), backup=(2, 3, 4), more=(5,))
    first, again = (play_nights(scene, 300, 7) for _ in range(2))
    assert {way: times.seconds for way, times in first.ways.items()} == {
        way: times.seconds for way, times in again.ways.items()
    }
    assert first.best is not None
    assert first.best[0] is Way.SHORTER
    assert sum(len(times.seconds) for times in first.bands.values()) == 300
    assert first.bands["0-6"].median > first.bands["9-18"].median, "whoever sleeps is slower"


def test_people_sleep_as_long_as_the_survey_says() -> None:
    assert sum(Habits().asleep) == pytest.approx(9 + 46 / 60, abs=0.01)
