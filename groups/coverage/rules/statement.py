"""What changed between two reports, as a statement that adds up: before + lines = after, figure by figure.

The earlier report stands as it was known then. First come corrections: what is known of its day now and was not then.
Then come the steps from its day to the later one's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from groups.coverage.rules.figures import Figure


class Measure(StrEnum):
    """A figure of the report that is explained."""

    SUBSCRIBED = "subscribed"
    HOUSEHOLDS = "households"
    VILLAGES = "villages"
    STARTED = "started"
    DEMONSTRATION = "demonstration"
    LIVING = "living"
    """The households that live there: what a group or grid is divided by. Of no other level."""


class Cause(StrEnum):
    """Why a figure is another."""

    CORRECTED = "corrected"
    """It was another on the day of the earlier report already, and is only known now."""
    JOINED = "joined"
    LEFT = "left"
    MOVED = "moved"
    """From one place of the report to another: two lines, which come to nought."""
    COUNTED = "counted"
    """Another count of households holds from a day in between."""
    ENTERED = "entered"
    """A village came into the sum: it was added, or its households were counted for the first time."""
    DROPPED = "dropped"
    """A village is in the sum no more."""
    BECAME = "became"
    CEASED = "ceased"


_WITHIN = frozenset({Cause.CORRECTED, Cause.MOVED})
"""Neither come nor gone."""


@dataclass(frozen=True, slots=True)
class Line:
    """One difference: of what, why, by how many; whose it is, since which day, who wrote it down and when.

    It belongs to the row of `village`, and below a village to that of the group or grid `place` ("": of those in none).
    A household that came, rested and came again came on the last of these days. `before` and `after` are what stood
    there and what stands there now, where that says more than `delta`. A line of `more` households stands for those
    that are not named.
    """

    measure: Measure
    cause: Cause
    delta: int
    village: str = ""
    household: str = ""
    on: date | None = None
    action: str = ""
    by: str = ""
    at: datetime | None = None
    before: str = ""
    after: str = ""
    more: int = 0
    place: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A figure, as it was reported and as it is, and every line between; None: nothing was counted."""

    measure: Measure
    before: int | None
    after: int | None
    lines: tuple[Line, ...]

    @property
    def corrected(self) -> int:
        """By how much the earlier figure is another than it was reported."""
        return sum(line.delta for line in self.lines if line.cause is Cause.CORRECTED)

    @property
    def gained(self) -> int:
        """All that has come since; what only moved within has not."""
        return sum(line.delta for line in self.lines if line.cause not in _WITHIN and line.delta > 0)

    @property
    def lost(self) -> int:
        """All that has gone since, as a number above nought."""
        return -sum(line.delta for line in self.lines if line.cause not in _WITHIN and line.delta < 0)

    @property
    def adds_up(self) -> bool:
        """Whether the lines explain the whole difference."""
        return (self.before or 0) + sum(line.delta for line in self.lines) == (self.after or 0)


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything between the report of `since`, as it was known at `since_known_at`, and that of `until`.

    `report` is the number of the issued report that it is compared with; None: none was issued for that day.
    """

    since: date
    since_known_at: datetime
    until: date
    parts: tuple[Part, ...]
    report: int | None = None

    def part(self, measure: Measure) -> Part:
        """Of one figure."""
        return next(part for part in self.parts if part.measure is measure)

    @property
    def before(self) -> Figure:
        """The coverage as it was reported."""
        return self._figure(before=True)

    @property
    def after(self) -> Figure:
        """The coverage now."""
        return self._figure(before=False)

    @property
    def lines(self) -> list[Line]:
        """All of them, figure by figure."""
        return [line for part in self.parts for line in part.lines]

    def _figure(self, *, before: bool) -> Figure:
        subscribed, households = self.part(Measure.SUBSCRIBED), self.part(Measure.HOUSEHOLDS)
        if before:
            return Figure(subscribed.before or 0, households.before)
        return Figure(subscribed.after or 0, households.after)
