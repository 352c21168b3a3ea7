"""Coverage and readiness, from dated rows, for any day and between two days. Nothing is stored; all is counted anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from groups.enrolment_models import HouseholdCount, Threshold
from groups.errors import InvalidDay, NothingCounted, UnknownVillage
from groups.models import Subscription, Village
from groups.rules.coverage import (
    DEFAULT_THRESHOLD,
    Figure,
    demonstration_since,
    every_day,
    month_ends,
    standing,
    steps,
)
from groups.rules.coverage_report import CountKind, CoverageReport, Series, TrendPoint, VillageCoverage
from groups.rules.days import local_day

MOST_DAYS = 3_700
"""Ten years, day by day."""
_LOOK_BACK = (timedelta(days=92), timedelta(days=366), None)
"""How far back a demonstration village's beginning is looked for, step by step; None: to the first day."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is about: by which count, in which village (None: the town), in whose days."""

    zone: ZoneInfo
    kind: CountKind = CountKind.RESIDENT
    village_code: str | None = None


def coverage_on(session: Session, day: date, scope: Scope) -> CoverageReport:
    """Every village's figure on `day`. Raises UnknownVillage, NothingCounted."""
    villages = _villages(session, scope, day)
    if scope.village_code not in {None, *(village.code for village in villages)}:
        raise UnknownVillage(f"没有代码为 {(scope.village_code or '')[:16]!r} 的村 no village has this code")
    counts = _counts(session, scope.kind)
    if not any(standing(counts.get(village.id, {}), day) is not None for village in villages):
        raise NothingCounted(_nothing_counted(counts, day))
    subscribed = subscribed_on(session, day)
    threshold = standing(thresholds(session), day) or DEFAULT_THRESHOLD
    rows = []
    for village in villages:
        figure = Figure(subscribed.get(village.id, 0), standing(counts.get(village.id, {}), day))
        rows.append(VillageCoverage(village.id, village.code, village.name, figure, figure.reaches(threshold)))
    return CoverageReport(day, scope.kind.value, threshold, tuple(rows), village=scope.village_code)


def with_since(session: Session, report: CoverageReport) -> CoverageReport:
    """The report with, for every demonstration village that it is about, the day since when it is one."""
    shown = {village.village_id for village in report.rows if village.demonstration}
    if not shown:
        return report
    found = _since(session, report, {each.village_id: each.figure.subscribed for each in report.rows})
    rows = [
        replace(village, since=found[village.village_id]) if village.village_id in shown else village
        for village in report.villages
    ]
    return replace(report, villages=tuple(rows))


def _since(session: Session, report: CoverageReport, subscribed: Mapping[int, int]) -> dict[int, date | None]:
    """Since when each demonstration village is one. Most became one of late: the rest are asked about further back."""
    counts, of_the_town = _counts(session, CountKind(report.denominator)), thresholds(session)
    found: dict[int, date | None] = {}
    left = {village.village_id for village in report.rows if village.demonstration}
    for back in _LOOK_BACK:
        if not left:
            break
        start = report.as_of - back if back is not None else None
        for number, own in _changes_by_village(session, report.as_of, left, after=start).items():
            if start is not None:
                own[start] += subscribed[number] - sum(own.values())
            since = demonstration_since(own, counts[number], of_the_town, report.as_of)
            if start is None or since is None or since > start:
                found[number] = since
        left -= found.keys()
    return found


def trend(session: Session, first: date, last: date, scope: Scope, *, daily: bool = False) -> tuple[TrendPoint, ...]:
    """The town's figure, or the scope's village's, at the end of every month, or on every day, from `first` to `last`.

    Raises InvalidDay where the days are the wrong way round or too many, UnknownVillage.
    """
    if scope.village_code is not None:
        return trends(session, first, last, scope, daily=daily)[0].points
    days = days_between(first, last, daily=daily)
    counts = _counts(session, scope.kind)
    spans = {village.id: _span(village, counts, scope) for village in _villages(session, scope) if village.id in counts}
    subscribed = steps(_changes_in_town(session, spans, first, last), days)
    households = steps(_changes_of_counts(counts, spans), days)
    return _points(days, subscribed, households, min((span.starts_on for span in spans.values()), default=date.max))


def trends(session: Session, first: date, last: date, scope: Scope, *, daily: bool = False) -> tuple[Series, ...]:
    """The same for every village in scope, by its code; a village's points end when it was archived."""
    days = days_between(first, last, daily=daily)
    villages = [each for each in _villages(session, scope) if scope.village_code in {None, each.code}]
    if not villages and scope.village_code is not None:
        raise UnknownVillage(f"没有代码为 {scope.village_code[:16]!r} 的村 no village has this code")
    counts = _counts(session, scope.kind)
    changes = _changes_by_village(session, last, [village.id for village in villages])
    found = []
    for village in villages:
        span = _span(village, counts, scope)
        own = [day for day in days if span.holds(day)]
        households = steps(_changes_of_counts(counts, {village.id: span}), own)
        points = _points(own, steps(changes[village.id], own), households, span.starts_on)
        found.append(Series(village.code, village.name, "", points))
    return tuple(found)


def village_days(session: Session, scope: Scope, days: Sequence[date]) -> list[tuple[Village, list[date]]]:
    """The villages in scope, by code, each with those of the days on which it stood and anything was counted at all.

    Raises UnknownVillage.
    """
    everybody, counts = _villages(session, scope), _counts(session, scope.kind)
    villages = [each for each in everybody if scope.village_code in {None, each.code}]
    if not villages and scope.village_code is not None:
        raise UnknownVillage(f"没有代码为 {scope.village_code[:16]!r} 的村 no village has this code")
    spans = {village.id: _span(village, counts, scope) for village in everybody}
    counted = [day for day in days if any(span.starts_on <= day and span.holds(day) for span in spans.values())]
    return [(village, [day for day in counted if spans[village.id].holds(day)]) for village in villages]


def days_between(first: date, last: date, *, daily: bool) -> list[date]:
    """Every day, or the end of every month, from the one to the other. Raises InvalidDay."""
    if last < first:
        raise InvalidDay(f"{last}早于{first} the last day is before the first")
    days = (every_day if daily else month_ends)(first, last)
    if len(days) > MOST_DAYS:
        raise InvalidDay(f"最多{MOST_DAYS}天 at most {MOST_DAYS} days")
    return days


def default_day(session: Session, today: date) -> date:
    """The day that is meant where nobody names one: today, or that of the latest count where it lies ahead.

    Counts are refused for days to come, so only a town that is told of, like the demo's, has one.
    """
    return max(today, session.scalar(select(func.max(HouseholdCount.counted_on))) or today)


def thresholds_on(session: Session, days: Sequence[date]) -> list[int]:
    """The threshold that holds on each of the days."""
    dated = thresholds(session)
    return [standing(dated, day) or DEFAULT_THRESHOLD for day in days]


def thresholds(session: Session) -> dict[date, int]:
    """The town's thresholds by the day from which each holds."""
    return dict(session.execute(select(Threshold.starts_on, Threshold.basis_points)).all())


def subscribed_on(session: Session, day: date) -> dict[int, int]:
    """How many households have a subscription on a day, by village."""
    # An active row is a household: nobody has two at a time (see Subscription).
    found = session.execute(
        select(Subscription.village_id, func.count()).where(is_active(day)).group_by(Subscription.village_id)
    )
    return dict(found.all())


def is_active(day: date) -> ColumnElement[bool]:
    """The subscriptions that count on `day`."""
    return (Subscription.starts_on <= day) & (Subscription.ends_on.is_(None) | (Subscription.ends_on > day))


@dataclass(frozen=True, slots=True)
class _Span:
    """From a village's first count (the end of days: never counted) until it was archived."""

    starts_on: date
    ends_on: date | None

    def holds(self, day: date) -> bool:
        """Whether the village stood on that day, counted or not."""
        return self.ends_on is None or day < self.ends_on


def _span(village: Village, counts: Mapping[int, Mapping[date, int]], scope: Scope) -> _Span:
    archived_on = local_day(village.archived_at, scope.zone) if village.archived_at else None
    return _Span(min(counts.get(village.id, {}), default=date.max), archived_on)


def _points(
    days: Sequence[date], subscribed: Sequence[int], households: Sequence[int], counted: date
) -> tuple[TrendPoint, ...]:
    return tuple(
        TrendPoint(day, Figure(signed_up, of if day >= counted else None))
        for day, signed_up, of in zip(days, subscribed, households, strict=True)
    )


def _villages(session: Session, scope: Scope, day: date | None = None) -> Sequence[Village]:
    """The villages by code; with a day, only those not archived by its end."""
    question = select(Village).order_by(Village.code)
    if day is not None:
        next_morning = datetime.combine(day + timedelta(days=1), time(), scope.zone)
        question = question.where(Village.archived_at.is_(None) | (Village.archived_at >= next_morning))
    return session.scalars(question).all()


def _counts(session: Session, kind: CountKind) -> dict[int, dict[date, int]]:
    """The counts of each village, by day."""
    counts: dict[int, dict[date, int]] = defaultdict(dict)
    question = select(HouseholdCount.village_id, HouseholdCount.counted_on, HouseholdCount.households)
    for village_id, counted_on, households in session.execute(question.where(HouseholdCount.kind == kind)):
        counts[village_id][counted_on] = households
    return dict(counts)


def _nothing_counted(counts: Mapping[int, Mapping[date, int]], day: date) -> str:
    days = [known for own in counts.values() for known in own]
    if not days:
        return "尚未录入户数 no households have been counted yet"
    return f"{day}早于首次户数统计（{min(days)}） before the first count of households"


def _changes_in_town(session: Session, spans: Mapping[int, _Span], first: date, last: date) -> dict[date, int]:
    """How many subscribed households come and go on each day in the villages that count on that day.

    Villages that count all the time are asked about together, the others one by one.
    """
    whole = {number for number, span in spans.items() if span.starts_on <= first and not _ends_within(span, last)}
    changes: dict[date, int] = defaultdict(int)
    if whole:
        others = set(session.scalars(select(Village.id))) - whole
        for day, change in _changes(session, last, but=others):
            changes[day] += change
    for number, own in _changes_by_village(session, last, spans.keys() - whole).items():
        for day, change in _within(own, spans[number]):
            changes[day] += change
    return changes


def _ends_within(span: _Span, last: date) -> bool:
    return span.ends_on is not None and span.ends_on <= last


def _within(changes: Mapping[date, int], span: _Span) -> list[tuple[date, int]]:
    """The changes as the town sees them: none before the village counts, and all of it gone when it ends."""
    seen = [(max(day, span.starts_on), change) for day, change in changes.items()]
    if span.ends_on is None:
        return seen
    before = [(day, change) for day, change in seen if day < span.ends_on]
    return [*before, (span.ends_on, -sum(change for _, change in before))]


def _changes(session: Session, last: date, *, but: Collection[int]) -> list[tuple[date, int]]:
    found = []
    for column, sign in ((Subscription.starts_on, 1), (Subscription.ends_on, -1)):
        question = select(column, func.count()).where(column <= last).group_by(column)
        if but:
            question = question.where(Subscription.village_id.not_in(but))
        found += [(day, sign * number) for day, number in session.execute(question) if day is not None]
    return found


def _changes_by_village(
    session: Session, last: date, villages: Collection[int], *, after: date | None = None
) -> dict[int, dict[date, int]]:
    """How many subscribed households come and go on each day, village by village; only after a day, if one is named."""
    changes: dict[int, dict[date, int]] = {number: defaultdict(int) for number in villages}
    wanted = sorted(villages)
    for start in range(0, len(wanted), _AT_ONCE):  # below every database's limit of parameters
        chosen = Subscription.village_id.in_(wanted[start : start + _AT_ONCE])
        for column, sign in ((Subscription.starts_on, 1), (Subscription.ends_on, -1)):
            question = (
                select(Subscription.village_id, column, func.count())
                .where(chosen, column <= last)
                .group_by(Subscription.village_id, column)
            )
            if after is not None:
                question = question.where(column > after)
            for number, day, many in session.execute(question):
                if day is not None:
                    changes[number][day] += sign * many
    return changes


def _changes_of_counts(counts: Mapping[int, Mapping[date, int]], spans: Mapping[int, _Span]) -> dict[date, int]:
    """How the town's denominator changes, day by day."""
    changes: dict[date, int] = defaultdict(int)
    for number, span in spans.items():
        own = sorted(item for item in counts.get(number, {}).items() if span.ends_on is None or item[0] < span.ends_on)
        for (_, before), (day, households) in pairwise([(date.min, 0), *own]):
            changes[day] += households - before
        if span.ends_on is not None and own:
            changes[span.ends_on] -= own[-1][1]
    return changes
