"""The whole answer to a question about coverage: figures, readiness, since when, and how they moved."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from groups import coverage, readiness
from groups.coverage import Scope
from groups.errors import InvalidDay, NothingCounted
from groups.rules.coverage_query import CoverageQuery, Step
from groups.rules.coverage_report import CoverageReport, Level, Series, TrendPoint

MOST_DAYS_OF_PLACES = 62
"""A series of grids or groups asks who lived where on each of its days."""


def report_on(session: Session, query: CoverageQuery, zone: ZoneInfo) -> CoverageReport:
    """The figures that are asked for. Raises InvalidDay, NothingCounted, UnknownVillage."""
    scope = Scope(zone, query.kind, query.village)
    report = coverage.with_since(session, coverage.coverage_on(session, query.as_of, scope))
    report = readiness.with_readiness(session, report, level=query.level)
    if query.first is None or query.last is None:
        return report
    return replace(report, series=_series(session, query, scope, query.first, query.last))


def _series(session: Session, query: CoverageQuery, scope: Scope, first: date, last: date) -> tuple[Series, ...]:
    daily = query.step is Step.DAY
    if query.level in {Level.GRID, Level.GROUP}:
        return _series_of_places(session, query, scope, coverage.days_between(first, last, daily=daily))
    of_town = Series("", "", "", coverage.trend(session, first, last, replace(scope, village_code=None), daily=daily))
    if query.level is Level.TOWN:
        return (of_town,)
    return (of_town, *coverage.trends(session, first, last, scope, daily=daily))


def _series_of_places(session: Session, query: CoverageQuery, scope: Scope, days: list[date]) -> tuple[Series, ...]:
    """How the grids' or groups' figures moved; a place has points on the days on which anybody lived there."""
    if len(days) > MOST_DAYS_OF_PLACES:
        raise InvalidDay(f"网格、联防组最多{MOST_DAYS_OF_PLACES}天 at most {MOST_DAYS_OF_PLACES} days for this level")
    points: dict[tuple[str, str, str], list[TrendPoint]] = defaultdict(list)
    for day in days:
        try:
            report = coverage.coverage_on(session, day, scope)
        except NothingCounted:
            continue
        for place in readiness.with_readiness(session, report, level=query.level).places:
            points[place.village_code, place.village_name, place.name].append(TrendPoint(day, place.figure))
    return tuple(Series(*named, tuple(own)) for named, own in points.items())
