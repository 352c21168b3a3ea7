"""The whole answer to a question about coverage: figures, readiness, since when, and how they moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from groups import coverage, readiness
from groups.coverage import Scope
from groups.place_series import series_of_places
from groups.rules.coverage_query import CoverageQuery, Step
from groups.rules.coverage_report import CoverageReport, Level, Series


def report_on(session: Session, query: CoverageQuery, zone: ZoneInfo, *, form: str = "") -> CoverageReport:
    """The figures that are asked for; for the form `pdf`, of the series only the first, which is all that it has.

    Raises InvalidDay, NothingCounted, UnknownVillage.
    """
    scope = Scope(zone, query.kind, query.village)
    report = coverage.with_since(session, coverage.coverage_on(session, query.as_of, scope))
    report = readiness.with_readiness(session, report, level=query.level)
    if query.first is None or query.last is None:
        return report
    if form == "pdf" and query.level is Level.VILLAGE:
        daily = query.step is Step.DAY
        points = coverage.trend(session, query.first, query.last, replace(scope, village_code=None), daily=daily)
        return replace(report, series=(Series("", "", "", points),))
    return replace(report, series=_series(session, query, scope, query.first, query.last))


def _series(session: Session, query: CoverageQuery, scope: Scope, first: date, last: date) -> tuple[Series, ...]:
    daily = query.step is Step.DAY
    if query.level in {Level.GRID, Level.GROUP}:
        return series_of_places(session, scope, query.level, coverage.days_between(first, last, daily=daily))
    of_town = Series("", "", "", coverage.trend(session, first, last, replace(scope, village_code=None), daily=daily))
    if query.level is Level.TOWN:
        return (of_town,)
    return (of_town, *coverage.trends(session, first, last, scope, daily=daily))
