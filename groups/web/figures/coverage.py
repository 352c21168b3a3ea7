"""The page that a liaison looks at first: figures, drawings, table, what changed, exports. All of it in the address."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.coverage import audit as audits
from groups.coverage import exports, figures, trends
from groups.coverage import report as coverage_report
from groups.coverage.figures import Scope
from groups.coverage.readiness import BELOW_A_VILLAGE
from groups.coverage.rules.charts import MOST_BARS, NARROW, WIDE, draw_bars, draw_trend
from groups.coverage.rules.query import QUERY_WORDS, CoverageQuery, Step, go_back_two_years, read_query
from groups.coverage.rules.report import CoverageReport, DayFigures, Level, PlaceCoverage, TrendPoint, VillageCoverage
from groups.coverage.statement import MOST_NAMED
from groups.errors import GroupsError, InvalidDay, UnknownVillage
from groups.models.known_at import as_known
from groups.models.roster import Village
from groups.rules.counting import CountKind
from groups.rules.days import read_day
from groups.web.enrolment.common import (
    READERS,
    WRITERS,
    Pages,
    list_own_villages,
    make_pages,
    read_chosen_village,
    read_today,
    write_error,
)
from groups.web.figures.words import make_chart_words
from groups.web.shell.access import get_signed_in, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.downloads import TOWN, name_download
from groups.web.shell.times import get_zone

pages = Blueprint("coverage", __name__, url_prefix="/coverage")

Drawings = dict[str, Markup]


_WIDTHS = {"narrow": NARROW, "wide": WIDE}


@dataclass(frozen=True, slots=True)
class _Line:
    """How the figures moved, for each width of a screen, and its points for a table."""

    points: tuple[TrendPoint, ...]
    narrow: Markup
    wide: Markup


@dataclass(frozen=True, slots=True)
class _Found:
    """What the page shows. `rows` are the page's, the best villages first, or the places in their order."""

    query: CoverageQuery
    since: date
    report: CoverageReport
    rows: Sequence[VillageCoverage] | Sequence[PlaceCoverage]
    pages: Pages
    drawings: Drawings
    line: _Line | None
    """How it moved; None: the page asks for it."""


@pages.get("")
@require(*READERS)
def show() -> ResponseReturnValue:
    """The figures that the address asks for; without words, those of today. `line=1`: their line alone."""
    if "line" in request.args:
        return _show_line()
    wrong, found = "", None
    with get_database().begin(reads=True) as session:
        chosen = None
        try:
            query = _read_query(session)
            chosen = session.scalar(select(Village.id).where(Village.code == query.village))
            found = _find(
                session, query, _find_since(query), in_parts=_is_county(session) and "whole" not in request.args
            )
        except UnknownVillage:
            abort(404)
        except GroupsError as error:
            wrong = write_error(error)
        villages = list_own_villages(session, chosen)
    page = render_template(
        "figures/coverage.html",
        found=found,
        wrong=wrong,
        villages=villages,
        kinds=[*CountKind],
        levels=[*Level],
        steps=[*Step],
        forms=[*exports.FORMS],
        given=request.args,
        typed=_read_typed(),
        asked=_write_asked(found),
    )
    return page, 422 if wrong else 200


def _show_line() -> ResponseReturnValue:
    """How the figures moved, which a county's page asks for when it is there."""
    with get_database().begin(reads=True) as session:
        try:
            line = _find_line(session, _read_query(session))
        except UnknownVillage:
            abort(404)
        except GroupsError as error:
            return Response(write_error(error), 422, mimetype="text/plain")
    return render_template("figures/line.html", line=line)


@pages.get("/export.<form>")
@require(*READERS)
def export(form: str) -> ResponseReturnValue:
    """The same figures as a file."""
    if form not in exports.FORMS:
        abort(404)
    with get_database().begin(reads=True) as session:
        try:
            report = coverage_report.report_on(session, _read_query(session), get_zone(), form=form)
        except UnknownVillage:
            abort(404)
        except GroupsError as error:
            return Response(write_error(error), 422, mimetype="text/plain")
    content = exports.write(report, form)
    response = Response(content, content_type=exports.FORMS[form])
    response.headers.update(name_report(report, "十户联防覆盖率", "coverage", form))
    return response


@pages.get("/audit.<form>")
@require(*WRITERS)
def export_audit(form: str) -> ResponseReturnValue:
    """Household by household why each counts or does not, as a workbook."""
    if form != "xlsx":
        abort(404)
    with get_database().begin(reads=True) as session:
        try:
            audited = audits.make_audit(session, _read_query(session), get_zone())
        except UnknownVillage:
            abort(404)
        except GroupsError as error:
            return Response(write_error(error), 422, mimetype="text/plain")
    show_numbers(len(audited.rows))
    response = Response(audits.as_xlsx(audited), content_type=exports.FORMS["xlsx"])
    response.headers.update(name_report(audited.report, "逐户核对", "coverage-audit", "xlsx"))
    return response


def name_report(report: CoverageReport | DayFigures, what: str, plain: str, form: str) -> dict[str, str]:
    """The header that names a file of this report: whose it is, what and of which day."""
    of = next((each.name for each in report.villages if each.code == report.village), TOWN)
    code = f"-{report.village}" if report.village else ""
    return name_download(f"{of}{what}{report.as_of}.{form}", f"{plain}{code}-{report.as_of}.{form}")


def _read_query(session: Session) -> CoverageQuery:
    """What the address asks; a head's is about the own village, and another's is not there. Raises GroupsError."""
    words = {name: word for name, word in request.args.items() if name in QUERY_WORDS}
    query = read_query(words, figures.find_latest_day(session, read_today(session)), get_zone(), read_clock(session))
    own = get_signed_in().village_id
    if own is None:
        # A village that is archived by now had its figures: its code will do, its name will not.
        known = select(Village.id).where(Village.code == query.village)
        if query.village is None or session.scalar(known) is not None:
            return query
        own = read_chosen_village(session)
        return replace(query, village=session.get_one(Village, own).code)
    code = session.get_one(Village, own).code
    if query.village not in {None, code}:
        abort(404)
    return replace(query, village=code)


def _read_typed() -> dict[str, str]:
    """The days of the address as a field takes them; what is no day is left out."""
    days = {}
    for name in ("as_of", "since", "from", "to"):
        with suppress(InvalidDay):
            days[name] = read_day(request.args.get(name, "")).isoformat()
    return days


def _write_asked(found: _Found | None) -> dict[str, str]:
    """The address's words, for links to the same of another village."""
    if found is None:
        return {}
    return found.query.words()


def _find_since(query: CoverageQuery) -> date:
    """The day of the last report: as the address says, or the end of the month before."""
    return query.since or query.as_of.replace(day=1) - timedelta(days=1)


def _find(session: Session, query: CoverageQuery, since: date, *, in_parts: bool) -> _Found:
    """What the page shows. `in_parts`: of a county only what stands on the page; the sums of all villages' readiness,
    and what changed, are asked for by the page itself when it is there, or by a link.
    """
    below = query.level in BELOW_A_VILLAGE
    part = _find_part if in_parts else None
    asked = replace(query, first=None, last=None, since=None if in_parts else since)
    report = coverage_report.report_on(session, asked, get_zone(), most=MOST_NAMED, part=part)
    # Days that make no line are refused at once, though a county's line comes later.
    trends.list_days_between(*_find_span(query), daily=query.step is Step.DAY)
    rows = report.by_coverage
    pages = make_pages((report.places_in_all if in_parts else len(report.places)) if below else len(rows), MOST_BARS)
    drawings = {} if below else _draw_bars(report, rows[pages.rows])
    line = None if in_parts and query.village is None else _find_line(session, query)
    places = report.places if in_parts else report.places[pages.rows]
    return _Found(query, since, report, places if below else rows[pages.rows], pages, drawings, line)


def _find_span(query: CoverageQuery) -> tuple[date, date]:
    """Two years where the question names no days."""
    last = query.last or query.as_of
    return query.first or go_back_two_years(last), last


def _find_line(session: Session, query: CoverageQuery) -> _Line:
    """How the figures moved. Raises InvalidDay, UnknownVillage."""
    first, last = _find_span(query)
    scope = Scope(get_zone(), query.kind, query.village)
    with as_known(session, query.known_at):
        points = trends.read_trend(session, first, last, scope, daily=query.step is Step.DAY)
        held = figures.read_thresholds_on(session, [point.day for point in points])
        asked = select(Village.name).where(Village.code == query.village)
        words = make_chart_words(session.scalar(asked) or gettext("the town"))
    drawn = (Markup(draw_trend(points, held, words, width)) for width in (NARROW, WIDE))  # noqa: S704 # it escapes names
    return _Line(points, *drawn)


def _is_county(session: Session) -> bool:
    """Whether there are more villages than stand on a page."""
    many = session.scalar(select(func.count()).select_from(Village).where(Village.archived_at.is_(None)))
    return (many or 0) > MOST_BARS


def _find_part(many: int) -> slice:
    return make_pages(many, MOST_BARS).rows


# A drawing for each width: text that is scaled with a drawing is too small on a phone, or too large on a desk.
def _draw_bars(report: CoverageReport, villages: Sequence[VillageCoverage]) -> Drawings:
    words = make_chart_words("")
    return {
        f"bars_{size}": Markup(draw_bars(report, words, width, villages=villages))  # noqa: S704 # it escapes every name
        for size, width in _WIDTHS.items()
    }
