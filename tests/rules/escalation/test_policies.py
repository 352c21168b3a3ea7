"""Policies of escalation: when a step is due, what holds it, what a drill does of it, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from joint_defense.rules.errors import InvalidPolicy
from joint_defense.rules.escalation import BUILT_IN, Level, Policy, Progress, Step, Whom, from_json, to_json
from tests.support.factories import NOW, at


def step(**changes: object) -> dict[str, object]:
    return {"after": 60, "fewer_than": 2, "whom": ["leaders", "duty"], "level": "plain"} | changes


def test_what_is_built_in_calls_leaders_and_duty_then_the_backup_then_everybody_near() -> None:
    assert [(each.after, each.fewer_than, each.level) for each in BUILT_IN.steps] == [
        (60, 2, Level.PLAIN),
        (120, 2, Level.YELLOW),
        (240, 2, Level.RED),
    ]
    assert [each.whom for each in BUILT_IN.steps] == [
        (Whom.LEADERS, Whom.DUTY),
        (Whom.BACKUP,),
        (Whom.NEIGHBOURS, Whom.CENTRE),
    ]
    assert not BUILT_IN.drills


def test_a_policy_goes_through_json_unchanged() -> None:
    assert from_json(to_json(BUILT_IN)) == BUILT_IN
    assert from_json({"steps": [], "drills": True}) == Policy((), drills=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("60", "steps"),
        ({"steps": "60"}, "steps"),
        ({"steps": [], "stpes": []}, "stpes"),
        ({"steps": [], "drills": "no"}, "drills"),
        ({"steps": [7]}, "policy_step', 1"),
        ({"steps": [step(after=0)]}, "after"),
        ({"steps": [step(after=True)]}, "after"),
        ({"steps": [step(after=3601)]}, "3600"),
        ({"steps": [step(fewer_than=0)]}, "fewer_than"),
        ({"steps": [step(whom=[])]}, "whom"),
        ({"steps": [step(whom="leaders")]}, "whom"),
        ({"steps": [step(whom=[["leaders"]])]}, "neighbours"),
        ({"steps": [step(level="purple")]}, "yellow"),
        ({"steps": [step(level=None)]}, "yellow"),
        ({"steps": [step(colour="red")]}, "colour"),
        ({"steps": [step(), step()]}, "policy_not_later', 2"),
        ({"steps": [step(level="red"), step(after=90, level="yellow")]}, "calmer"),
        ({"steps": [step(after=each) for each in range(1, 12)]}, "10"),
    ],
)
def test_what_is_no_policy_is_refused_with_what_is_wrong(data: object, words: str) -> None:
    with pytest.raises(InvalidPolicy, match=words):
        from_json(data)


def test_steps_may_keep_the_level_of_the_one_before() -> None:
    policy = from_json({"steps": [step(level="yellow"), step(after=90, level="yellow")]})
    assert [each.level for each in policy.steps] == ["yellow", "yellow"]


def test_a_step_is_due_at_its_second_and_held_by_enough_households() -> None:
    progress = Progress(BUILT_IN, NOW)
    assert progress.next_at == at(60)
    assert not progress.is_due(at(59.9))
    assert progress.is_due(at(60))
    assert not progress.is_held(1)
    assert progress.is_held(2)
    assert progress.level is None
    assert Progress(BUILT_IN, NOW, 2).level is Level.YELLOW
    done = Progress(BUILT_IN, NOW, 3)
    assert (done.next_step, done.next_at, done.level) == (None, None, Level.RED)
    assert not done.is_due(at(9999))
    assert not done.is_held(99)


def test_an_hour_after_the_opening_nothing_is_widened_any_more() -> None:
    assert not Progress(BUILT_IN, NOW).is_too_late(NOW + timedelta(hours=1))
    assert Progress(BUILT_IN, NOW).is_too_late(NOW + timedelta(hours=1, seconds=1))


def test_a_drill_calls_nobody_outside_the_group_unless_the_policy_says_so() -> None:
    assert BUILT_IN.choose_for_drill().steps == (Step(60, 2, (Whom.LEADERS,)),)
    everybody = Policy(BUILT_IN.steps, drills=True)
    assert everybody.choose_for_drill() == everybody
