"""Escalation (升级): when too few households come, who is called besides, and how loud that is.

A policy is a list of steps in the order of their seconds. A step is due so many seconds after the incident opened,
and is carried out while fewer than so many households are coming; with enough of them it is held, and carried out
after all should they turn back. Steps come in their order, each once, late ones too. Where all who were rung have
refused or are out of reach, the next step does not wait for its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from joint_defense.rules.errors import InvalidPolicy
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


def _keep_each_once(whom: tuple[Whom, ...]) -> tuple[Whom, ...]:
    return tuple(dict.fromkeys(whom))


@dataclass(frozen=True, slots=True)
class Step:
    """`after` seconds from the opening, with fewer than `fewer_than` households coming, these are called."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    after: Annotated[StrictInt, Field(ge=1, le=LAST_SECOND)]
    fewer_than: Annotated[StrictInt, Field(ge=1, le=MOST_HOUSEHOLDS)]
    whom: Annotated[tuple[Whom, ...], Field(min_length=1), AfterValidator(_keep_each_once)]
    level: Level = Level.PLAIN


def _sort(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    for number, (before, after) in enumerate(pairwise(steps), start=2):
        if after.after <= before.after:
            raise PydanticCustomError("not_later", "not later", {"step": number})
        if _LEVELS.index(after.level) < _LEVELS.index(before.level):
            raise PydanticCustomError("calmer", "calmer", {"step": number})
    return steps


@dataclass(frozen=True, slots=True)
class Policy:
    """The steps, and whether a drill takes those that call people outside the group. Without steps nobody is called."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    steps: Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS), AfterValidator(_sort)] = ()
    drills: StrictBool = False

    def choose_for_drill(self) -> Policy:
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
    found: dict[str, Any] = _POLICY.dump_python(policy, mode="json")
    return found


def from_json(data: object) -> Policy:
    """The policy out of plain data, as `to_json` makes it and as people write it. Raises InvalidPolicy."""
    if not isinstance(data, Mapping) or "steps" not in data:
        raise InvalidPolicy("policy_steps")
    try:
        return _POLICY.validate_python(data)
    except ValidationError as error:
        raise _find_flaw(error.errors()) from None


def _find_flaw(errors: Sequence[ErrorDetails]) -> InvalidPolicy:
    """What is wrong first, and in which step."""
    first = errors[0]
    place = [each for each in first["loc"] if each not in {"steps", "Policy", "Step"}]
    number = next((each + 1 for each in place if isinstance(each, int)), first.get("ctx", {}).get("step"))
    unknown = sorted(str(each["loc"][-1])[:20] for each in errors if each["type"] == "unexpected_keyword_argument")
    if first["type"] == "unexpected_keyword_argument":
        return InvalidPolicy("policy_unknown_fields", number, fields=tuple(unknown[:3]))
    fields = [each for each in place if each in FLAWS]
    known = first["type"] if first["type"] in FLAWS else str(fields[0]) if fields else "step" if number else "steps"
    return InvalidPolicy(f"policy_{known}", number, **FLAWS[known])


FLAWS: Mapping[str, Mapping[str, Any]] = {
    "steps": {},
    "drills": {},
    "too_long": {"most": MOST_STEPS},
    "not_later": {},
    "calmer": {},
    "step": {},
    "after": {"most": LAST_SECOND},
    "fewer_than": {"most": MOST_HOUSEHOLDS},
    "whom": {"choices": tuple(Whom)},
    "level": {"choices": tuple(Level)},
}
"""What may be wrong with a policy, by pydantic's word for it or by the field: the values of its words."""
_POLICY = TypeAdapter(Policy)
