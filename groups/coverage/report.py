"""The whole answer to a question about coverage: figures, readiness, since when, and how they moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.coverage import figures, readiness
from groups.coverage.figures import Scope
from groups.coverage.known import as_known
from groups.coverage.rules.query import CoverageQuery, Step, two_years_before
from groups.coverage.rules.report import CoverageReport, Level, Series
from groups.coverage.statement import Compared, what_changed
from groups.coverage.trends import days_between, series_of_places, trend, trends
from groups.models.figures import IssuedReport
from groups.rules.days import end_of


def report_on(
    session: Session, query: CoverageQuery, zone: ZoneInfo, *, form: str = "", most: int | None = None
) -> CoverageReport:
    """The figures that are asked for, with their series where two days are named, and of what stands beside them that
    which the form has; without one, everything. `most`: so many households are named of those that came or went.

    The form `pdf` has one series, that of the page: of the town, or of the one village; over two years where no days
    are named. Raises InvalidDay, NothingCounted, UnknownVillage.
    """
    with as_known(session, query.known_at):
        report = _figures_on(session, query, zone, form)
    if query.since is None:
        return report
    scope = Scope(zone, query.kind, query.village)
    return replace(report, statement=what_changed(session, _compared(session, query, zone), scope, most=most))


def _compared(session: Session, query: CoverageQuery, zone: ZoneInfo) -> Compared:
    """The earlier report as it was issued; where none was, as it was known at the end of its day."""
    since = query.since or query.as_of
    issued = None if query.since_known_at else _last_issued(session, since, query.kind)
    known_at = query.since_known_at or (issued.known_at if issued else end_of(since, zone))
    if query.known_at is not None:
        known_at = min(known_at, query.known_at)
    return Compared(since, known_at, query.as_of, query.known_at, issued.id if issued else None)


def _last_issued(session: Session, day: date, kind: str) -> IssuedReport | None:
    """The last report of a day that was issued for the whole town."""
    for report in session.scalars(
        select(IssuedReport).where(IssuedReport.as_of == day).order_by(IssuedReport.id.desc())
    ):
        if "village" not in report.question and report.question.get("denominator", "resident") == kind:
            return report
    return None


def _figures_on(session: Session, query: CoverageQuery, zone: ZoneInfo, form: str) -> CoverageReport:
    scope = Scope(zone, query.kind, query.village)
    report = replace(figures.coverage_on(session, query.as_of, scope), known_at=query.known_at)
    # Since when a village is a demonstration village, and whether it stayed together, only its own row says.
    whole = not form or query.level is Level.VILLAGE
    if whole:
        report = figures.with_since(session, report)
    report = readiness.with_readiness(session, report, level=query.level, stability=whole)
    if form == "pdf":
        drawn = _drawn(session, query, scope, report)
        held = figures.thresholds_on(session, [point.day for point in drawn.points])
        return replace(report, series=(drawn,), thresholds=tuple(held))
    if query.first is None or query.last is None:
        return report
    return replace(report, series=_series(session, query, scope, query.first, query.last))


def _drawn(session: Session, query: CoverageQuery, scope: Scope, report: CoverageReport) -> Series:
    last = query.last or query.as_of
    first = query.first or two_years_before(last)
    points = trend(session, first, last, scope, daily=query.step is Step.DAY)
    village = next((village for village in report.rows if query.village), None)
    return Series(village.code if village else "", village.name if village else "", "", points)


def _series(session: Session, query: CoverageQuery, scope: Scope, first: date, last: date) -> tuple[Series, ...]:
    daily = query.step is Step.DAY
    if query.level in {Level.GRID, Level.GROUP}:
        return series_of_places(session, scope, query.level, days_between(first, last, daily=daily))
    of_town = Series("", "", "", trend(session, first, last, replace(scope, village_code=None), daily=daily))
    if query.level is Level.TOWN:
        return (of_town,)
    return (of_town, *trends(session, first, last, scope, daily=daily))
