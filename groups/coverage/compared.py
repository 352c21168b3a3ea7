"""The two reports of a statement, and what each says of the villages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.coverage import figures
from groups.coverage.figures import Scope
from groups.coverage.rules.figures import DEFAULT_THRESHOLD, Figure, find_in_force
from groups.coverage.rules.report import Level
from groups.coverage.rules.statement import Measure
from groups.models.changes import Change
from groups.models.enrolment import match_living_there
from groups.models.figures import Residence


@dataclass(frozen=True, slots=True)
class Compared:
    """Which reports: of which days, what was known of each when (None: what is known now), and at which level."""

    since: date
    since_known_at: datetime
    until: date
    until_known_at: datetime | None = None
    report: int | None = None
    level: Level = Level.VILLAGE

    @property
    def place(self) -> str | None:
        """The column of a home that says to which row below a village it belongs."""
        return {Level.GROUP: "group_id", Level.GRID: "grid_id"}.get(self.level)

    def match_written_between(self) -> list[ColumnElement[bool]]:
        """What was written down after what is known of the earlier report."""
        found = [Change.changed_at > self.since_known_at]
        if self.until_known_at is not None:
            found.append(Change.changed_at <= self.until_known_at)
        return found


@dataclass(frozen=True, slots=True)
class VillageState:
    """A village of a report: its figure, whether it is a demonstration village, and who lives there.

    `living` is counted for a report of grids or groups alone.
    """

    id: int
    name: str
    figure: Figure
    demonstration: bool
    living: int

    @property
    def started(self) -> bool:
        """Whether anybody has signed up."""
        return self.figure.subscribed > 0

    @property
    def counts(self) -> bool:
        """Whether it is in the town's sum."""
        return self.figure.households is not None


@dataclass(frozen=True, slots=True)
class State:
    """The villages of a report by their id, in the order of their codes, and the threshold of its day.

    `alone`: it is about one village, which is in its own sum, counted or not.
    """

    villages: Mapping[int, VillageState]
    threshold: int
    alone: bool

    def is_summed(self, village_id: int) -> bool:
        """Whether the village's households are in the report's sum."""
        found = self.villages.get(village_id)
        return found is not None and (self.alone or found.counts)

    def measure(self, measure: Measure) -> int | None:
        """What the report says: the sums of the villages that were counted; of one alone, its own numbers."""
        villages = list(self.villages.values())
        summed = [each for each in villages if self.is_summed(each.id)]
        if measure is Measure.SUBSCRIBED:
            return sum(each.figure.subscribed for each in summed)
        if measure is Measure.HOUSEHOLDS:
            counted = [each.figure.households for each in summed if each.figure.households is not None]
            return sum(counted) if counted else None
        if measure is Measure.LIVING:
            return sum(each.living for each in villages)
        if measure is Measure.VILLAGES:
            return len(villages)
        return sum(each.started if measure is Measure.STARTED else each.demonstration for each in villages)


def read_state(session: Session, compared: Compared, day: date, scope: Scope) -> State:
    """The villages of the question on a day, with their figures."""
    counts, subscribed = figures.read_counts(session, scope.kind), figures.count_subscribed(session, day)
    threshold = find_in_force(figures.read_thresholds(session), day) or DEFAULT_THRESHOLD
    villages = [each for each in figures.read_villages(session, scope, day) if scope.village_code in {None, each.code}]
    living = _count_living(session, day, [each.id for each in villages]) if compared.place else {}
    found = {}
    for village in villages:
        figure = Figure(subscribed.get(village.id, 0), find_in_force(counts.get(village.id, {}), day))
        found[village.id] = VillageState(
            village.id, village.name, figure, figure.reaches(threshold), living.get(village.id, 0)
        )
    return State(found, threshold, scope.village_code is not None)


def _count_living(session: Session, day: date, villages: list[int]) -> dict[int, int]:
    asked = select(Residence.village_id, func.count()).where(match_living_there(day))
    asked = asked.where(match_any(session, Residence.village_id, villages)).group_by(Residence.village_id)
    return dict(session.execute(asked).all())
