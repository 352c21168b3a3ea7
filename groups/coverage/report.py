"""The whole answer to a question about coverage: figures, readiness, since when, and how they moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.coverage import figures, readiness
from groups.coverage.compared import Compared
from groups.coverage.figures import Scope
from groups.coverage.readiness import BELOW_A_VILLAGE, Part
from groups.coverage.rules.query import CoverageQuery, Step, go_back_two_years
from groups.coverage.rules.reachability import Readiness
from groups.coverage.rules.report import (
    CoverageReport,
    DayFigures,
    Level,
    PlaceCoverage,
    Series,
    VillageCoverage,
    VillageFigure,
)
from groups.coverage.statement import make_statement
from groups.coverage.trends import list_days_between, read_series_of_places, read_trend, read_trends
from groups.models.figures import IssuedReport
from groups.models.known_at import as_known
from groups.rules.days import end_of, go_back_a_year

MOST_DEMONSTRATIONS = 10
"""So many demonstration villages a page names."""


def report_on(
    session: Session,
    query: CoverageQuery,
    zone: ZoneInfo,
    *,
    form: str = "",
    most: int | None = None,
    part: Part | None = None,
) -> CoverageReport:
    """The figures that are asked for, with their series where two days are named, and of what stands beside them that
    which the form has; without one, everything. `most`: so many households are named of those that came or went.

    The form `pdf` has one series, that of the page: of the town, or of the one village; over two years where no days
    are named. With `part` the report is one page of a county's, and not whole. Moments are told in the zone.
    Raises InvalidDay, NothingCounted, UnknownVillage.
    """
    with as_known(session, query.known_at):
        of_day = _read_day(session, query, Scope(zone, query.kind, query.village), part)
        beside = _read_beside(session, query, zone, of_day, form, part)
        series, thresholds = _read_movement(session, query, Scope(zone, query.kind, query.village), of_day, form)
    statement = None
    if query.since is not None:
        compared = _find_compared(session, query, zone)
        statement = make_statement(session, compared, Scope(zone, query.kind, query.village), most=most)
    return CoverageReport(
        of_day.as_of,
        of_day.denominator,
        of_day.threshold,
        beside.villages,
        query.level,
        beside.places,
        series,
        thresholds,
        of_day.village,
        query.known_at.astimezone(zone) if query.known_at is not None else None,
        statement,
        part is None,
        beside.places_in_all,
    )


def _find_compared(session: Session, query: CoverageQuery, zone: ZoneInfo) -> Compared:
    """The earlier report as it was issued; where none was, as it was known at the end of its day."""
    since = query.since or query.as_of
    issued = None if query.since_known_at else _find_last_issued(session, since, query)
    known_at = query.since_known_at or (issued.known_at if issued else end_of(since, zone))
    if query.known_at is not None:
        known_at = min(known_at, query.known_at)
    return Compared(since, known_at, query.as_of, query.known_at, issued.id if issued else None, query.level)


def _find_last_issued(session: Session, day: date, query: CoverageQuery) -> IssuedReport | None:
    """The last report of a day that was issued for the whole town, or for the village that is asked about.

    One that knew more than may be known here is not the one that is compared with.
    """
    for report in session.scalars(
        select(IssuedReport).where(IssuedReport.as_of == day).order_by(IssuedReport.id.desc())
    ):
        known = query.known_at is None or report.known_at <= query.known_at
        asked = report.question.get("village") in {None, query.village}
        if known and asked and report.question.get("denominator", "resident") == query.kind:
            return report
    return None


@dataclass(frozen=True, slots=True)
class _Beside:
    """The villages with what stands beside their figures, and the places below them."""

    villages: tuple[VillageCoverage, ...]
    places: tuple[PlaceCoverage, ...]
    places_in_all: int


def _read_day(session: Session, query: CoverageQuery, scope: Scope, part: Part | None) -> DayFigures:
    return figures.read_coverage(session, query.as_of, scope, alone=part is not None)


def _read_beside(
    session: Session, query: CoverageQuery, zone: ZoneInfo, of_day: DayFigures, form: str, part: Part | None
) -> _Beside:
    places, in_all = readiness.read_places(session, of_day, query.level, part)
    shown = None if part is None else _choose_shown(of_day, query.level, part)
    # Since when a village is a demonstration village, and whether it stayed together, only its own row says.
    tells = not form or query.level is Level.VILLAGE
    named = None if shown is None else shown | {each.village_id for each in _list_demonstrations(of_day)}
    since = figures.find_demonstration_starts(session, of_day, named) if tells else {}
    asked = shown if of_day.village is None else {each.village_id for each in of_day.rows}
    before = go_back_a_year(query.as_of) if tells else None
    stood = readiness.read_readiness(session, query.as_of, asked, stays_since=before)
    villages = tuple(
        VillageCoverage(
            each.village_id,
            each.code,
            each.name,
            each.figure,
            each.demonstration,
            since.get(each.village_id),
            stood.get(each.village_id, Readiness()),
        )
        for each in of_day.villages
    )
    return _Beside(villages, places, in_all)


def _choose_shown(of_day: DayFigures, level: Level, part: Part) -> set[int]:
    """The villages that stand on the page as rows."""
    rows = [] if level in BELOW_A_VILLAGE else of_day.by_coverage
    return {each.village_id for each in rows[part(len(rows))]}


def _list_demonstrations(of_day: DayFigures) -> list[VillageFigure]:
    """The demonstration villages that a page names."""
    return [each for each in of_day.by_coverage if each.demonstration][:MOST_DEMONSTRATIONS]


def _read_movement(
    session: Session, query: CoverageQuery, scope: Scope, of_day: DayFigures, form: str
) -> tuple[tuple[Series, ...], tuple[int, ...]]:
    """The series that are asked for, and for the one that is drawn the threshold of each of its days."""
    if form == "pdf":
        drawn = _read_drawn(session, query, scope, of_day)
        return (drawn,), tuple(figures.read_thresholds_on(session, [point.day for point in drawn.points]))
    if query.first is None or query.last is None:
        return (), ()
    return _read_series(session, query, scope, query.first, query.last), ()


def _read_drawn(session: Session, query: CoverageQuery, scope: Scope, of_day: DayFigures) -> Series:
    last = query.last or query.as_of
    first = query.first or go_back_two_years(last)
    points = read_trend(session, first, last, scope, daily=query.step is Step.DAY)
    village = next((village for village in of_day.rows if query.village), None)
    return Series(village.code if village else "", village.name if village else "", "", points)


def _read_series(session: Session, query: CoverageQuery, scope: Scope, first: date, last: date) -> tuple[Series, ...]:
    daily = query.step is Step.DAY
    if query.level in {Level.GRID, Level.GROUP}:
        return read_series_of_places(session, scope, query.level, list_days_between(first, last, daily=daily))
    of_town = Series("", "", "", read_trend(session, first, last, replace(scope, village_code=None), daily=daily))
    if query.level is Level.TOWN:
        return (of_town,)
    return (of_town, *read_trends(session, first, last, scope, daily=daily))
