"""Every figure against a slow, obvious recount, over histories drawn by lot: cancelled, suspended, moved, backdated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from config.database import Database
from groups.coverage import figures, readiness, trends
from groups.coverage import report as coverage_report
from groups.coverage.compared import Compared
from groups.coverage.figures import Scope
from groups.coverage.rules.figures import Figure
from groups.coverage.rules.query import CoverageQuery
from groups.coverage.rules.reachability import Readiness
from groups.coverage.rules.report import CoverageReport, Level
from groups.coverage.rules.statement import Cause, Measure
from groups.coverage.statement import make_statement
from groups.coverage.trends import read_series_of_places
from groups.errors import NothingCounted
from groups.models.enrolment import EndReason, Subscription
from groups.models.figures import HouseholdCount, ProofKind, ReachProof, Residence, Threshold
from groups.models.roster import Grid, Group, Household, Phone, PhoneKind, Village
from groups.rules.counting import CountKind
from tests.conftest import examples

FIRST = date(2025, 1, 1)
DAYS = 120
ZONE = ZoneInfo("Asia/Shanghai")
VILLAGES = 3
GROUPS_EACH = 2
Span = tuple[int, int | None, int]
"""From a day (counted from FIRST) up to another, and a place: a village's number, or a group's (None is written -1)."""


@dataclass(frozen=True)
class History:
    """What happened, as plain numbers. Households are numbered; each has its spans in order, none over another."""

    subscriptions: list[list[Span]]
    stays: list[list[Span]]
    counts: dict[tuple[int, CountKind, int], int]
    thresholds: dict[int, int]
    proofs: set[tuple[int, int]]
    archived: dict[int, int]


_YES_OR_NO = st.sampled_from([False, True])
# Most live in the first group, so that some groups are complete.
_PLACES = [0] * 8 + [-1, *range(1, VILLAGES * GROUPS_EACH)]


@st.composite
def spans(draw: Any, places: list[int], least: int = 0) -> list[Span]:
    """Up to three spans, the last of which may be open: what cancelling, suspending, resuming, moving leave behind."""
    edges = sorted(draw(st.sets(st.integers(0, DAYS), min_size=2 * least, max_size=6)))
    found: list[Span] = []
    for start, end in zip(edges[::2], [*edges[1::2], None], strict=False):
        # Every other span begins where the one before ended: another plan, another village, on the same day.
        begins = found[-1][1] if found and draw(_YES_OR_NO) else start
        found.append((begins or start, end, draw(st.sampled_from(places))))
    if found and draw(_YES_OR_NO):
        found[-1] = (found[-1][0], None, found[-1][2])
    return found


def _without_gaps(found: list[Span]) -> list[Span]:
    """The same homes from the first day to the last: whoever is signed up lives somewhere (see `residences`)."""
    starts = [0, *(start for start, _, _ in found[1:])]
    return [(start, end, place) for start, end, (_, _, place) in zip(starts, [*starts[1:], None], found, strict=True)]


@st.composite
def histories(draw: st.DrawFn) -> History:
    households = draw(st.integers(1, 24))
    kinds = st.sampled_from([*CountKind])
    everywhere = {(village, kind, 0): 10 for village in range(VILLAGES) for kind in CountKind}
    later = st.dictionaries(st.tuples(st.integers(0, VILLAGES - 1), kinds, st.integers(0, DAYS)), st.integers(0, 12))
    return History(
        [draw(spans([0])) for _ in range(households)],
        [_without_gaps(draw(spans(_PLACES, 1))) for _ in range(households)],
        (everywhere if draw(st.integers(0, 3)) else {}) | draw(later),
        draw(st.dictionaries(st.integers(0, DAYS), st.integers(1, 10_000), max_size=3)),
        draw(st.sets(st.tuples(st.integers(0, households - 1), st.integers(0, DAYS)), max_size=40)),
        draw(st.dictionaries(st.integers(0, VILLAGES - 1), st.integers(1, DAYS), max_size=1)),
    )


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


class Written:
    """The history as rows, and the recount of it from the plain numbers."""

    def __init__(self, session: Session, history: History) -> None:
        self.history = history
        self.villages = [
            Village(
                code=f"V{number}",
                name=f"{number}村",
                archived_at=datetime.combine(day(history.archived[number]), time(9), ZONE)
                if number in history.archived
                else None,
            )
            for number in range(VILLAGES)
        ]
        session.add_all(self.villages)
        session.flush()
        self.grids = [Grid(village_id=village.id, name="第1网格") for village in self.villages]
        session.add_all(self.grids)
        session.flush()
        self.groups = [
            Group(village_id=self.villages[number // GROUPS_EACH].id, grid_id=self.grids[number // GROUPS_EACH].id,
                  name=f"{number}组", position=number)
            for number in range(VILLAGES * GROUPS_EACH)
        ]  # fmt: skip
        self.households = [
            Household(village_id=self.villages[0].id, head=f"户{n}") for n, _ in enumerate(history.stays)
        ]
        session.add_all([*self.groups, *self.households])
        session.flush()
        self._write_rows(session)

    def _write_rows(self, session: Session) -> None:
        for number, household in enumerate(self.households):
            for start, end, _ in self.history.subscriptions[number]:
                reason = EndReason.SUSPENDED if end is not None else None
                session.add(
                    Subscription(household_id=household.id, starts_on=day(start),
                                 ends_on=None if end is None else day(end), end_reason=reason)
                )  # fmt: skip
            for start, end, place in self.history.stays[number]:
                group = self.groups[place] if 0 <= place < len(self.groups) else None
                session.add(
                    Residence(household_id=household.id, village_id=self.villages[self.village_of(place)].id,
                              group_id=group.id if group else None, grid_id=group.grid_id if group else None,
                              starts_on=day(start), ends_on=None if end is None else day(end))
                )  # fmt: skip
            session.add(Phone(household_id=household.id, number=f"+8619900000{number:03}", kind=PhoneKind.MOBILE))
        session.flush()
        phones = {phone.household_id: phone.id for phone in session.query(Phone)}
        for number, proven in self.history.proofs:
            household_id = self.households[number].id
            session.add(
                ReachProof(phone_id=phones[household_id], household_id=household_id, proven_on=day(proven),
                           kind=ProofKind.DRILL)
            )  # fmt: skip
        for (village, kind, counted), households in self.history.counts.items():
            village_id = self.villages[village].id
            session.add(
                HouseholdCount(village_id=village_id, kind=kind, counted_on=day(counted), households=households)
            )
        for starts, points in self.history.thresholds.items():
            session.add(Threshold(starts_on=day(starts), basis_points=points))
        session.flush()

    @staticmethod
    def village_of(place: int) -> int:
        """Whoever is in no group lives in the first village."""
        return place // GROUPS_EACH if 0 <= place < VILLAGES * GROUPS_EACH else 0

    def stands(self, village: int, on: int) -> bool:
        return on < self.history.archived.get(village, DAYS * 9)

    def subscribed(self, village: int, on: int) -> set[int]:
        return {
            number
            for number, own in enumerate(self.history.subscriptions)
            for start, end, _ in own
            if start <= on and (end is None or on < end) and self.lives_in(number, on) == village
        }

    def lives_in(self, number: int, on: int) -> int | None:
        place = self.place(number, on)
        return None if place is None else self.village_of(place)

    def counted(self, village: int, kind: CountKind, on: int) -> int | None:
        known = [(c, n) for (v, k, c), n in self.history.counts.items() if (v, k) == (village, kind) and c <= on]
        return max(known)[1] if known else None

    def threshold(self, on: int) -> int:
        known = [(start, points) for start, points in self.history.thresholds.items() if start <= on]
        return max(known)[1] if known else 8_000

    def demonstrates(self, village: int, kind: CountKind, on: int) -> bool:
        households = self.counted(village, kind, on)
        if not households:
            return False
        subscribed = len(self.subscribed(village, on))
        return subscribed <= households and Fraction(subscribed, households) >= Fraction(self.threshold(on), 10_000)

    def since(self, village: int, kind: CountKind, on: int) -> int | None:
        first = None
        for each in range(on, -1, -1):
            if not self.demonstrates(village, kind, each):
                break
            first = each
        return first

    def town(self, kind: CountKind, on: int) -> tuple[int, int | None]:
        counted = [v for v in range(VILLAGES) if self.stands(v, on) and self.counted(v, kind, on) is not None]
        households = sum(self.counted(v, kind, on) or 0 for v in counted)
        return sum(len(self.subscribed(v, on)) for v in counted), households if counted else None

    def place(self, number: int, on: int) -> int | None:
        for start, end, place in self.history.stays[number]:
            if start <= on and (end is None or on < end):
                return place if 0 <= place < len(self.groups) else -1
        return None

    def reachable(self, number: int, on: int) -> bool:
        signed_up = any(number in self.subscribed(village, on) for village in range(VILLAGES))
        return signed_up and any(n == number and on - 30 < proven <= on for n, proven in self.history.proofs)

    def living(self, village: int, on: int) -> list[int]:
        places = {number: self.place(number, on) for number in range(len(self.households))}
        return [n for n, place in places.items() if place is not None and self.village_of(place) == village]


def _check_day(session: Session, written: Written, kind: CountKind, on: int) -> CoverageReport | None:
    scope = Scope(ZONE, kind)
    present = [village for village in range(VILLAGES) if written.stands(village, on)]
    if all(written.counted(village, kind, on) is None for village in present):
        with pytest.raises(NothingCounted):
            figures.read_coverage(session, day(on), scope)
        return None
    report = coverage_report.report_on(session, CoverageQuery(day(on), kind=kind), ZONE)
    assert [each.code for each in report.villages] == [f"V{village}" for village in present]
    for village, each in zip(present, report.villages, strict=True):
        subscribed, households = len(written.subscribed(village, on)), written.counted(village, kind, on)
        assert (each.figure.subscribed, each.figure.households) == (subscribed, households)
        assert each.started == (subscribed > 0)
        assert each.demonstration == written.demonstrates(village, kind, on)
        since = written.since(village, kind, on)
        assert each.since == (None if since is None else day(since))
        assert (each.anomaly is not None) == (households is None or subscribed > households)
        if households:
            share = Fraction(subscribed, households)
            assert each.figure.decimal() == f"{int(share * 10_000 + Fraction(1, 2)) / 10_000:.4f}"
    assert (report.town.subscribed, report.town.households) == written.town(kind, on)
    return report


def _check_readiness(session: Session, written: Written, report: CoverageReport, on: int, before: int) -> None:
    found = coverage_report.report_on(
        session, CoverageQuery(day(on), level=Level.GROUP, kind=CountKind(report.denominator)), ZONE
    )
    assert found.villages == report.villages
    _check_pages(session, found)
    stood = readiness.read_readiness(session, day(on), stays_since=day(before))
    for known in found.villages:
        village = int(known.code[1:])
        each = replace(known, readiness=stood.get(known.village_id, Readiness()))
        living = written.living(village, on)
        reached = {number for number in living if written.reachable(number, on)}
        groups = {written.place(number, on) for number in living} - {-1}
        grouped = [n for n in written.living(village, before) if written.place(n, before) != -1]
        assert each.readiness.reachable == len(reached)
        assert each.readiness.groups == len(groups)
        assert each.readiness.groups_complete == sum(
            sum(written.place(number, on) == group for number in reached) >= 8 for group in groups
        )
        assert each.readiness.grouped_before == len(grouped)
        assert each.readiness.settled == sum(written.place(n, on) == written.place(n, before) for n in grouped)
    everybody = {number for village in range(VILLAGES) for number in written.subscribed(village, on)}
    for place in found.places:
        wanted = int(place.name.removesuffix("组")) if place.name else -1
        living = written.living(int(place.village_code[1:]), on)
        inside = {number for number in living if written.place(number, on) == wanted}
        assert (place.figure.households, place.figure.subscribed) == (len(inside), len(everybody & inside))
        assert place.reachable == sum(written.reachable(number, on) for number in inside)


def _check_pages(session: Session, whole: CoverageReport) -> None:
    """Page by page, as a county is shown, there stands what stands in the whole."""
    for level, rows in ((Level.GROUP, whole.places), (Level.VILLAGE, tuple(whole.by_coverage))):
        query = CoverageQuery(whole.as_of, level=level, kind=CountKind(whole.denominator))
        shown: list[object] = []
        for start in range(0, len(rows), 2):
            part = slice(start, start + 2)
            page = coverage_report.report_on(session, query, ZONE, part=lambda _, part=part: part)  # type: ignore[misc]
            assert not page.whole
            assert page.town == whole.town
            assert level is Level.VILLAGE or page.places_in_all == len(rows)
            shown += page.by_coverage[part] if level is Level.VILLAGE else page.places
        assert shown == list(rows)
    for each in whole.villages:
        query = CoverageQuery(whole.as_of, kind=CountKind(whole.denominator), village=each.code)
        alone = coverage_report.report_on(session, query, ZONE, part=lambda _: slice(0, 2))
        assert alone.villages == (each,)


def _check_trend(session: Session, written: Written, kind: CountKind, first: int, last: int) -> None:
    points = trends.read_trend(session, day(first), day(last), Scope(ZONE, kind), daily=True)
    for on, point in zip(range(first, last + 1), points, strict=True):
        subscribed, households = written.town(kind, on)
        # A town of which no village stands any more has nothing to divide by, whichever way it is written.
        assert (point.figure.subscribed, point.figure.households or 0) == (subscribed, households or 0)
    for series in trends.read_trends(session, day(first), day(last), Scope(ZONE, kind), daily=True):
        village = int(series.code[1:])
        own = [on for on in range(first, last + 1) if written.stands(village, on)]
        assert [(p.day, p.figure.subscribed, p.figure.households) for p in series.points] == [
            (day(on), len(written.subscribed(village, on)), written.counted(village, kind, on)) for on in own
        ]


def _check_series_of_places(session: Session, written: Written, kind: CountKind, first: int, last: int) -> None:
    days = [day(on) for on in range(first, last + 1)]
    found = read_series_of_places(session, Scope(ZONE, kind), Level.GROUP, days)
    moved = {(each.code, each.place): {point.day: point.figure for point in each.points} for each in found}
    assert len(moved) == len(found)
    for on in {first, (first + last) // 2, last}:
        everybody = {number for village in range(VILLAGES) for number in written.subscribed(village, on)}
        wanted = {}
        if written.town(kind, on)[1] is not None:
            for village in filter(lambda village: written.stands(village, on), range(VILLAGES)):
                for group in {written.place(number, on) for number in written.living(village, on)}:
                    inside = {n for n in written.living(village, on) if written.place(n, on) == group}
                    name = "" if group == -1 else f"{group}组"
                    wanted[f"V{village}", name] = Figure(len(everybody & inside), len(inside))
        assert {place: own[day(on)] for place, own in moved.items() if day(on) in own} == wanted


def _find_way(written: Written, number: int, villages: list[int], since: int, until: int) -> list[int | None]:
    """Where a household counted, one after the other, without what it came back from."""
    days = {
        on
        for start, end, _ in written.history.subscriptions[number]
        for on in range(max(start, since), (until if end is None else min(end - 1, until)) + 1)
    }
    homes = [written.lives_in(number, on) if on in days else None for on in range(since, until + 1)]
    states = [home if home in villages else None for home in homes]
    way = [states[0]]
    while states:
        # The last day on which it was as on the first: the day after is the step that counts.
        last = len(states) - states[::-1].index(states[0])
        states = states[last:]
        way += states[:1]
    return way


def _check_changes(session: Session, written: Written, before: CoverageReport, after: CoverageReport) -> None:
    since, until = (before.as_of - FIRST).days, (after.as_of - FIRST).days
    compared = Compared(before.as_of, datetime.combine(after.as_of, time(), ZONE), after.as_of)
    found = make_statement(session, compared, Scope(ZONE, CountKind(before.denominator)))
    kind = CountKind(before.denominator)
    both = [
        village
        for village in range(VILLAGES)
        if all(written.stands(village, on) and written.counted(village, kind, on) is not None for on in (since, until))
    ]
    ways = {number: _find_way(written, number, both, since, until) for number in range(len(written.households))}
    lines = found.part(Measure.SUBSCRIBED).lines
    for cause, side in ((Cause.JOINED, 0), (Cause.LEFT, 1)):
        # Whoever left, moved, and joined elsewhere did both: only who moved while signed up did neither.
        wanted = [f"户{number}" for number, way in ways.items() if any(step[side] is None for step in pairwise(way))]
        assert sorted(line.household for line in lines if line.cause is cause) == sorted(wanted)
    assert all(part.adds_up for part in found.parts)
    assert (found.before, found.after) == (before.town, after.town)


def test_every_figure_is_what_a_slow_recount_says(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # Fifteen on each database: of what is drawn by lot each sees its own. Short steps back, so that some villages are
    # found at each.
    monkeypatch.setattr(figures, "_LOOK_BACK", (timedelta(days=7), timedelta(days=40), None))

    @hypothesis.settings(max_examples=examples(15), database=None, suppress_health_check=[*hypothesis.HealthCheck])
    @hypothesis.given(
        history=histories(),
        kind=st.sampled_from([*CountKind]),
        days=st.lists(st.integers(0, DAYS), min_size=2, max_size=2),
    )
    def check(history: History, kind: CountKind, days: list[int]) -> None:
        early, late = sorted(days)
        with database.session() as session:
            transaction = session.begin()
            written = Written(session, history)
            reports = [_check_day(session, written, kind, on) for on in (early, late)]
            if reports[1] is not None:
                _check_readiness(session, written, reports[1], late, early)
            if reports[0] is not None and reports[1] is not None and early < late:
                _check_changes(session, written, reports[0], reports[1])
            _check_trend(session, written, kind, early, late)
            _check_series_of_places(session, written, kind, early, late)
            transaction.rollback()

    check()
