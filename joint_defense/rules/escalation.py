"""Escalation (升级): when too few households come, who is called besides, and how loud that is.

A policy is a list of steps in the order of their seconds. A step is due so many seconds after the incident opened,
and is carried out while fewer than so many households are coming; with enough of them it is held, and carried out
after all should they turn back. Steps come in their order, each once, late ones too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from joint_defense.errors import InvalidPolicy
from joint_defense.rules.states import OUTSIDE, Purpose, Role

MOST_STEPS = 10
LAST_SECOND = 3600
"""No step is later than this after the opening, and a clock that was down so long widens nothing any more."""
MOST_HOUSEHOLDS = 99


class Whom(StrEnum):
    """Who is called in a step."""

    LEADERS = "leaders"
    """The group's leader and deputy, once more."""
    DUTY = "duty"
    """The village's responders that are on duty at that minute, its duty phones among them."""
    BACKUP = "backup"
    NEIGHBOURS = "neighbours"
    CENTRE = "centre"
    """The town's centre: its responders on duty."""


INSIDE = frozenset({Whom.LEADERS})
"""Whom a drill calls, too."""


def is_widened(purpose: Purpose, role: Role) -> bool:
    """Whether a call or text goes to somebody because too few come: at the first ring, and at each one after it."""
    return purpose is Purpose.WIDENING or role in OUTSIDE


class Level(StrEnum):
    """How loud a step is."""

    PLAIN = "plain"
    YELLOW = "yellow"
    RED = "red"


_LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Step:
    """`after` seconds from the opening, with fewer than `fewer_than` households coming, these are called."""

    after: int
    fewer_than: int
    whom: tuple[Whom, ...]
    level: Level = Level.PLAIN


@dataclass(frozen=True, slots=True)
class Policy:
    """The steps, and whether a drill takes those that call people outside the group. Without steps nobody is called."""

    steps: tuple[Step, ...] = ()
    drills: bool = False

    def for_drill(self) -> Policy:
        """What a drill does of it."""
        if self.drills:
            return self
        inside = (
            Step(step.after, step.fewer_than, tuple(each for each in step.whom if each in INSIDE), step.level)
            for step in self.steps
        )
        return Policy(tuple(step for step in inside if step.whom))


BUILT_IN = Policy(
    (
        Step(60, 2, (Whom.LEADERS, Whom.DUTY)),
        Step(120, 2, (Whom.BACKUP,), Level.YELLOW),
        Step(240, 2, (Whom.NEIGHBOURS, Whom.CENTRE), Level.RED),
    )
)
"""What holds where nobody has set anything."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an incident has come: the policy it opened with, when, and how many steps have been carried out."""

    policy: Policy
    opened_at: datetime
    steps_done: int = 0

    @property
    def next_step(self) -> Step | None:
        """The first step that has not been carried out."""
        return self.policy.steps[self.steps_done] if self.steps_done < len(self.policy.steps) else None

    @property
    def next_at(self) -> datetime | None:
        """When it is due."""
        step = self.next_step
        return None if step is None else self.opened_at + timedelta(seconds=step.after)

    @property
    def level(self) -> Level | None:
        """The level of the last step that was carried out."""
        return self.policy.steps[self.steps_done - 1].level if self.steps_done else None

    def is_due(self, now: datetime) -> bool:
        """Whether the next step's time has come."""
        return self.next_at is not None and self.next_at <= now

    def is_held(self, coming: int) -> bool:
        """Whether enough households are coming to hold the next step."""
        step = self.next_step
        return step is not None and coming >= step.fewer_than

    def is_too_late(self, now: datetime) -> bool:
        """Whether the incident is so old that calling more people only frightens."""
        return now - self.opened_at > timedelta(seconds=LAST_SECOND)


def to_json(policy: Policy) -> dict[str, Any]:
    """The policy as plain data."""
    return {
        "steps": [
            {"after": step.after, "fewer_than": step.fewer_than, "whom": list(step.whom), "level": step.level.value}
            for step in policy.steps
        ],
        "drills": policy.drills,
    }


def from_json(data: object) -> Policy:
    """The policy out of plain data, as `to_json` makes it and as people write it. Raises InvalidPolicy, in words."""
    if not isinstance(data, Mapping) or not isinstance(data.get("steps"), list):
        raise InvalidPolicy('须为 {"steps": […]} it must be an object with a list of steps')
    strange = sorted(str(key) for key in set(data) - {"steps", "drills"})
    if strange:
        raise InvalidPolicy(f"不认识的字段 unknown: {'、'.join(strange)[:60]}")
    if not isinstance(data.get("drills", False), bool):
        raise InvalidPolicy("drills 须为 true 或 false drills must be true or false")
    entries: list[object] = data["steps"]
    if len(entries) > MOST_STEPS:
        raise InvalidPolicy(f"最多{MOST_STEPS}步 at most {MOST_STEPS} steps")
    steps = tuple(_step(number, entry) for number, entry in enumerate(entries, start=1))
    for number, (before, after) in enumerate(pairwise(steps), start=2):
        if after.after <= before.after:
            raise InvalidPolicy(f"第{number}步的 after 须大于前一步 step {number} must come after the one before it")
        if _LEVELS.index(after.level) < _LEVELS.index(before.level):
            raise InvalidPolicy(f"第{number}步的级别低于前一步 step {number} is calmer than the one before it")
    return Policy(steps, bool(data.get("drills", False)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A step as somebody wrote it."""

    number: int
    values: Mapping[str, object] = field(default_factory=dict)

    def whole(self, name: str, least: int, most: int) -> int:
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(f"{name} 须为{least}至{most}的整数 {name} must be a whole number from {least} to {most}")
        return value

    def wrong(self, words: str) -> InvalidPolicy:
        return InvalidPolicy(f"第{self.number}步 step {self.number}: {words}")


def _step(number: int, data: object) -> Step:
    if not isinstance(data, Mapping):
        raise _Entry(number).wrong("须为一个对象 it must be an object")
    entry = _Entry(number, data)
    strange = sorted(str(key) for key in set(data) - {"after", "fewer_than", "whom", "level"})
    if strange:
        raise entry.wrong(f"不认识的字段 unknown: {'、'.join(strange)[:60]}")
    return Step(
        entry.whole("after", 1, LAST_SECOND),
        entry.whole("fewer_than", 1, MOST_HOUSEHOLDS),
        _whom(entry),
        _level(entry),
    )


def _whom(entry: _Entry) -> tuple[Whom, ...]:
    given = entry.values.get("whom")
    known: Sequence[str] = [each.value for each in Whom]
    if not isinstance(given, list) or not given or any(each not in known for each in given):
        raise entry.wrong(f"whom 须为其中若干 whom must be some of: {', '.join(known)}")
    return tuple(Whom(each) for each in dict.fromkeys(given))


def _level(entry: _Entry) -> Level:
    given = entry.values.get("level", Level.PLAIN.value)
    known = [each.value for each in Level]
    if given not in known:
        raise entry.wrong(f"level 须为其中之一 level must be one of: {', '.join(known)}")
    return Level(str(given))
