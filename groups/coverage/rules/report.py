"""A coverage report as plain values: what the page, the table, the files and the API all show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from groups.coverage.rules.figures import BASIS_POINTS, Figure, sum_figures
from groups.coverage.rules.reachability import Readiness
from groups.coverage.rules.statement import Statement

Village = TypeVar("Village", bound="VillageFigure")


class Level(StrEnum):
    """What a row of a report stands for."""

    TOWN = "town"
    VILLAGE = "village"
    GRID = "grid"
    GROUP = "group"


class Anomaly(StrEnum):
    """Why a figure must not be believed without a look."""

    MORE_THAN_COUNTED = "more_than_counted"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True)
class VillageFigure:
    """A village's figure on a day."""

    village_id: int
    code: str
    name: str
    figure: Figure
    demonstration: bool

    @property
    def started(self) -> bool:
        """Whether anybody has signed up; a village where nobody has is 未开展, not 0 %."""
        return self.figure.subscribed > 0

    @property
    def anomaly(self) -> Anomaly | None:
        """What is wrong with the figure, if anything is."""
        if self.figure.households is None:
            return Anomaly.NOT_COUNTED
        return Anomaly.MORE_THAN_COUNTED if self.figure.exceeds else None


@dataclass(frozen=True, slots=True)
class VillageCoverage(VillageFigure):
    """A village's figure on the day, and what stands beside it.

    `since`: from when on it has been a demonstration village without a break. Both are as nothing where nobody asks.
    """

    since: date | None = None
    readiness: Readiness = field(default_factory=Readiness)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures of one day and nothing beside them: of all the town's villages by their code.

    `village`: the code of the one that is asked about, None: all.
    """

    as_of: date
    denominator: str
    threshold: int
    villages: tuple[VillageFigure, ...]
    village: str | None = None

    @property
    def rows(self) -> tuple[VillageFigure, ...]:
        """The villages that are asked about."""
        return tuple(each for each in self.villages if self.village in {None, each.code})

    @property
    def town(self) -> Figure:
        """The sum of numerators over the sum of denominators."""
        return sum_figures(village.figure for village in self.villages)

    @property
    def by_coverage(self) -> list[VillageFigure]:
        """The villages, best first; those where nobody has signed up, or nobody has counted, last."""
        return _sort_best_first(self.rows)


@dataclass(frozen=True, slots=True)
class PlaceCoverage:
    """A grid's or group's figure: of the households that the roster had in it on the day.

    `name` is empty for the households of a village that are in none.
    """

    village_code: str
    village_name: str
    name: str
    figure: Figure
    reachable: int
    groups: int
    groups_complete: int


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The town's figure, or a village's, on a day."""

    day: date
    figure: Figure


@dataclass(frozen=True, slots=True)
class Series:
    """How a figure moved: the town's (`code` is empty), a village's, or that of the grid or group `place` in it."""

    code: str
    name: str
    place: str
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """The figures of one day, and how they came about: built once, with all that was asked for.

    `denominator` is the kind of count. `villages` are all of the town's, so that its sum stands in every report;
    `village` is the code of the one that the report is about, None: all. `places` is filled for the levels grid and
    group (`places_in_all`: how many there are of which these are a page), `series` where two days were named,
    `thresholds` for each of its days where it is to be drawn. `known_at` is the moment that was asked for (None: all
    that is known), `statement` what changed since an earlier report.

    `whole` is False for a page of a county: `since` and readiness are those of the villages on the page, of a village's
    page there is no other village, and no sum of them says anything.
    """

    as_of: date
    denominator: str
    threshold: int
    villages: tuple[VillageCoverage, ...]
    level: Level = Level.VILLAGE
    places: tuple[PlaceCoverage, ...] = ()
    series: tuple[Series, ...] = ()
    thresholds: tuple[int, ...] = ()
    village: str | None = None
    known_at: datetime | None = None
    statement: Statement | None = None
    whole: bool = True
    places_in_all: int = 0

    @property
    def rows(self) -> tuple[VillageCoverage, ...]:
        """The villages that the report is about."""
        return tuple(each for each in self.villages if self.village in {None, each.code})

    @property
    def town(self) -> Figure:
        """The sum of numerators over the sum of denominators."""
        return sum_figures(village.figure for village in self.villages)

    @property
    def readiness(self) -> Readiness:
        """That of all villages which the report is about."""
        return sum((village.readiness for village in self.rows), Readiness())

    @property
    def reached(self) -> int:
        """Of the households signed up that the headline counts, those proven to be reached."""
        return sum(
            village.readiness.reachable
            for village in self.rows
            if self.village is not None or village.figure.households is not None
        )

    @property
    def started(self) -> int:
        """In how many villages somebody has signed up."""
        return sum(village.started for village in self.villages)

    @property
    def demonstrations(self) -> list[VillageCoverage]:
        """The demonstration villages, best first."""
        return _sort_best_first(village for village in self.rows if village.demonstration)

    @property
    def anomalies(self) -> list[VillageCoverage]:
        """The villages whose figure must not be believed without a look."""
        return [village for village in self.rows if village.anomaly is not None]

    @property
    def threshold_decimal(self) -> str:
        """The threshold as the exports write a coverage: 0.8000."""
        return Figure(self.threshold, BASIS_POINTS).decimal() or ""

    @property
    def by_coverage(self) -> list[VillageCoverage]:
        """The villages, best first; those where nobody has signed up, or nobody has counted, last."""
        return _sort_best_first(self.rows)


def _sort_best_first(villages: Iterable[Village]) -> list[Village]:
    return sorted(villages, key=lambda each: (-each.figure.rank, not each.started, each.code))
