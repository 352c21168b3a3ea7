"""How fast neighbours reacted to a call for help, and what a number of calls say together.

All times are seconds from the moment at which the incident was opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import TypeVar

from joint_defense.rules.states import IN_VAIN, ClosingOutcome

Key = TypeVar("Key")

_NOBODY_NEEDED = IN_VAIN | {ClosingOutcome.DRILL}


class Moment(StrEnum):
    """What is measured of an incident."""

    FIRST_RING = "first_ring"
    """The first neighbour's phone rang."""
    FIRST_COMING = "first_coming"
    """The first household, or responder, said that it comes."""
    SECOND_COMING = "second_coming"
    FIRST_THERE = "first_there"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Reaction:
    """The times of one incident; None for what never happened."""

    opened_at: datetime
    first_ring: datetime | None = None
    first_coming: datetime | None = None
    second_coming: datetime | None = None
    first_there: datetime | None = None
    closed: datetime | None = None
    outcome: ClosingOutcome | None = None

    def measure(self, moment: Moment) -> float | None:
        """Seconds until then; never below 0, as clocks of carriers may differ from ours."""
        at: datetime | None = getattr(self, moment.value)
        return None if at is None else max(0.0, (at - self.opened_at).total_seconds())

    @property
    def was_left_alone(self) -> bool:
        """Nobody said that they come, though it was no call in vain."""
        return self.first_coming is None and self.outcome not in _NOBODY_NEEDED


@dataclass(frozen=True, slots=True)
class Times:
    """The median and the worst of one time over several incidents, and in how many of them it happened."""

    count: int
    median: float | None
    worst: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Several incidents together. `left_alone`: to so many nobody said that they come."""

    incidents: int
    left_alone: int
    times: Mapping[Moment, Times]


def sum_up(reactions: Sequence[Reaction]) -> Statistics:
    """What the incidents say together; each time over those in which it happened."""
    return Statistics(
        len(reactions),
        sum(each.was_left_alone for each in reactions),
        {moment: _find_times([each.measure(moment) for each in reactions]) for moment in Moment},
    )


def sum_up_by(reactions: Iterable[Reaction], key: Callable[[Reaction], Key]) -> dict[Key, Statistics]:
    """The same for each value of `key`, in the order in which they come first."""
    parted: dict[Key, list[Reaction]] = {}
    for each in reactions:
        parted.setdefault(key(each), []).append(each)
    return {value: sum_up(those) for value, those in parted.items()}


def _find_times(measured: Iterable[float | None]) -> Times:
    known = [each for each in measured if each is not None]
    return Times(len(known), median(known), max(known)) if known else Times(0, None, None)
