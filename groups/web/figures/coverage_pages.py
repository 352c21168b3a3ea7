"""The page that a liaison looks at first: figures, drawings, table, what changed, exports. All of it in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from groups import coverage, coverage_changes, coverage_exports, coverage_reports, coverage_trends
from groups.coverage import Scope
from groups.coverage_changes import WhatChanged
from groups.errors import GroupsError, InvalidDay, NothingCounted, UnknownVillage
from groups.models import Village
from groups.rules.coverage_charts import NARROW, WIDE, bars, trend
from groups.rules.coverage_query import QUERY_WORDS, CoverageQuery, Step, query_of, two_years_before
from groups.rules.coverage_report import CountKind, CoverageReport, Level, TrendPoint
from groups.rules.days import day_of
from groups.web.access import current, requires
from groups.web.enrolment.frame import READERS, database, own_villages, today_of, words_of
from groups.web.figures.words import chart_words
from groups.web.times import zone

pages = Blueprint("coverage", __name__, url_prefix="/coverage")

Drawings = dict[str, Markup]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the page shows; `changed` is None where nothing was counted at the last report."""

    query: CoverageQuery
    since: date
    report: CoverageReport
    points: tuple[TrendPoint, ...]
    drawings: Drawings
    changed: WhatChanged | None


@pages.get("")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """The figures that the address asks for; without words, those of today."""
    wrong, found = "", None
    with database().begin() as session:
        villages = own_villages(session)
        try:
            query = _query(session)
            found = _find(session, query, _since(query.as_of))
        except UnknownVillage:
            abort(404)
        except GroupsError as error:
            wrong = words_of(error)
    page = render_template(
        "coverage.html",
        found=found,
        wrong=wrong,
        villages=villages,
        kinds=[*CountKind],
        levels=[*Level],
        steps=[*Step],
        forms=[*coverage_exports.FORMS],
        given=request.args,
        asked=_asked(found),
    )
    return page, 422 if wrong else 200


@pages.get("/export.<form>")
@requires(*READERS)
def export(form: str) -> ResponseReturnValue:
    """The same figures as a file."""
    if form not in coverage_exports.FORMS:
        abort(404)
    with database().begin() as session:
        try:
            query = _query(session)
            report = coverage_reports.report_on(session, query, zone(), form=form)
            content = coverage_exports.write(session, report, form)
        except UnknownVillage:
            abort(404)
        except GroupsError as error:
            return Response(words_of(error), 422, mimetype="text/plain")
    response = Response(content, content_type=coverage_exports.FORMS[form])
    response.headers["Content-Disposition"] = f"attachment; filename={coverage_exports.file_name(report, form)}"
    return response


def _query(session: Session) -> CoverageQuery:
    """What the address asks; a head's is about the own village, and another's is not there. Raises GroupsError."""
    words = {name: word for name, word in request.args.items() if name in QUERY_WORDS}
    query = query_of(words, coverage.latest_day(session, today_of(session)))
    own = current().village_id
    if own is None:
        return query
    code = session.get_one(Village, own).code
    if query.village not in {None, code}:
        abort(404)
    return replace(query, village=code)


def _asked(found: _Found | None) -> dict[str, str]:
    """The address's words, for links to the same of another village."""
    if found is None:
        return {}
    since = {"since": found.since.isoformat()} if request.args.get("since", "").strip() else {}
    return found.query.words() | since


def _since(as_of: date) -> date:
    """The day of the last report: as the address says, or the end of the month before."""
    given = request.args.get("since", "").strip()
    since = day_of(given) if given else as_of.replace(day=1) - timedelta(days=1)
    if since >= as_of:
        raise InvalidDay(f"{since}不早于{as_of} the last report must be of an earlier day")
    return since


def _find(session: Session, query: CoverageQuery, since: date) -> _Found:
    report = coverage_reports.report_on(session, replace(query, first=None, last=None), zone())
    last = query.last or query.as_of
    first = query.first or two_years_before(last)
    scope = Scope(zone(), query.kind, query.village)
    points = coverage_trends.trend(session, first, last, scope, daily=query.step is Step.DAY)
    thresholds = coverage.thresholds_on(session, [point.day for point in points])
    named = next((village.name for village in report.rows if query.village), gettext("the town"))
    words = chart_words(named)
    # A drawing for each width: text that is scaled with a drawing is too small on a phone, or too large on a desk.
    drawings = {
        f"{what}_{size}": Markup(drawn)  # noqa: S704 # the drawing escapes every name
        for size, width in (("narrow", NARROW), ("wide", WIDE))
        for what, drawn in (
            ("bars", bars(report, words, width)),
            ("trend", trend(points, thresholds, words, width)),
        )
    }
    return _Found(query, since, report, points, drawings, _changed(session, query, since, report))


def _changed(session: Session, query: CoverageQuery, since: date, report: CoverageReport) -> WhatChanged | None:
    village_id = next((village.village_id for village in report.rows if query.village), None)
    try:
        before = coverage.coverage_on(session, since, replace(Scope(zone(), query.kind)))
    except NothingCounted:
        return None
    return coverage_changes.what_changed(session, before, report, village_id=village_id)
