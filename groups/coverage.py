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

from groups.enrolment_models import CountKind, HouseholdCount, Threshold
from groups.errors import InvalidDay, NothingCounted
from groups.models import Subscription, Village
from groups.roster import village_of
from groups.rules.coverage import (
    DEFAULT_THRESHOLD,
    Figure,
    demonstration_since,
    every_day,
    month_ends,
    standing,
    steps,
)
from groups.rules.coverage_report import CoverageReport, TrendPoint, VillageCoverage
from groups.rules.days import local_day

MOST_DAYS = 3_700
"""Ten years, day by day."""
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
    counts = _counts(session, scope, [village.id for village in villages])
    if not any(standing(own, day) is not None for own in counts.values()):
        raise NothingCounted(_nothing_counted(counts, day))
    subscribed = _subscribed(session, day)
    threshold = standing(thresholds(session), day) or DEFAULT_THRESHOLD
    rows = []
    for village in villages:
        figure = Figure(subscribed.get(village.id, 0), standing(counts.get(village.id, {}), day))
        rows.append(VillageCoverage(village.id, village.code, village.name, figure, figure.reaches(threshold)))
    return CoverageReport(day, scope.kind.value, threshold, tuple(rows), village=scope.village_code)


def with_since(session: Session, report: CoverageReport, scope: Scope) -> CoverageReport:
    """The report with, for every demonstration village, the day since when it is one."""
    shown = [village.village_id for village in report.villages if village.demonstration]
    if not shown:
        return report
    counts = _counts(session, scope, shown)
    changes = _changes_by_village(session, report.as_of, shown)
    of_the_town = thresholds(session)
    rows = [
        replace(
            village,
            since=demonstration_since(
                changes[village.village_id], counts[village.village_id], of_the_town, report.as_of
            ),
        )
        if village.demonstration
        else village
        for village in report.villages
    ]
    return replace(report, villages=tuple(rows))


def trend(session: Session, first: date, last: date, scope: Scope, *, daily: bool = False) -> tuple[TrendPoint, ...]:
    """The town's figure, or the scope's village's, at the end of every month, or on every day, from `first` to `last`.

    Raises InvalidDay where the days are the wrong way round or too many, UnknownVillage.
    """
    if last < first:
        raise InvalidDay(f"{last}早于{first} the last day is before the first")
    days = (every_day if daily else month_ends)(first, last)
    if len(days) > MOST_DAYS:
        raise InvalidDay(f"最多{MOST_DAYS}天 at most {MOST_DAYS} days")
    villages = _villages(session, scope, None)
    counts = _counts(session, scope, [village.id for village in villages])
    spans = {
        village.id: _Span(
            min(counts[village.id]), local_day(village.archived_at, scope.zone) if village.archived_at else None
        )
        for village in villages
        if counts.get(village.id)
    }
    subscribed = steps(_changes_of(session, spans, first, last, town=scope.village_code is None), days)
    households = steps(_changes_of_counts(counts, spans), days)
    counted = min((span.starts_on for span in spans.values()), default=date.max)
    return tuple(
        TrendPoint(day, Figure(signed_up, of if day >= counted else None))
        for day, signed_up, of in zip(days, subscribed, households, strict=True)
    )


def thresholds(session: Session) -> dict[date, int]:
    """The town's thresholds by the day from which each holds."""
    return dict(session.execute(select(Threshold.starts_on, Threshold.basis_points)).tuples().all())


def first_counted(session: Session, kind: CountKind) -> date | None:
    """The first day for which there is a figure at all."""
    return session.scalar(select(func.min(HouseholdCount.counted_on)).where(HouseholdCount.kind == kind))


def is_active(day: date) -> ColumnElement[bool]:
    """The subscriptions that count on `day`."""
    return (Subscription.starts_on <= day) & (Subscription.ends_on.is_(None) | (Subscription.ends_on > day))


@dataclass(frozen=True, slots=True)
class _Span:
    """From a village's first count until it was archived: the days on which the town's figure has it."""

    starts_on: date
    ends_on: date | None


def _villages(session: Session, scope: Scope, day: date | None) -> Sequence[Village]:
    """The villages in scope, by code; with a day, only those not archived by its end."""
    if scope.village_code is not None:
        return [village_of(session, scope.village_code)]
    question = select(Village).order_by(Village.code)
    if day is not None:
        next_morning = datetime.combine(day + timedelta(days=1), time(), scope.zone)
        question = question.where(Village.archived_at.is_(None) | (Village.archived_at >= next_morning))
    return session.scalars(question).all()


def _counts(session: Session, scope: Scope, villages: Collection[int]) -> dict[int, dict[date, int]]:
    """The counts of each village, by day."""
    question = select(HouseholdCount.village_id, HouseholdCount.counted_on, HouseholdCount.households).where(
        HouseholdCount.kind == scope.kind
    )
    if scope.village_code is not None:
        question = question.where(HouseholdCount.village_id.in_(villages))
    counts: dict[int, dict[date, int]] = defaultdict(dict)
    for village_id, counted_on, households in session.execute(question).tuples():
        counts[village_id][counted_on] = households
    return counts


def _subscribed(session: Session, day: date) -> dict[int, int]:
    # An active row is a household: nobody has two at a time (see Subscription).
    found = session.execute(
        select(Subscription.village_id, func.count()).where(is_active(day)).group_by(Subscription.village_id)
    )
    return dict(found.tuples().all())


def _nothing_counted(counts: Mapping[int, Mapping[date, int]], day: date) -> str:
    days = [known for own in counts.values() for known in own]
    if not days:
        return "尚未录入户数 no households have been counted yet"
    return f"{day}早于首次户数统计（{min(days)}） before the first count of households"


def _changes_of(
    session: Session, spans: Mapping[int, _Span], first: date, last: date, *, town: bool
) -> dict[date, int]:
    """How many subscribed households come and go on each day in the villages that count on that day.

    Villages that count all the time are asked about together, the others one by one.
    """
    whole = {number for number, span in spans.items() if span.starts_on <= first and not _ends_within(span, last)}
    changes: dict[date, int] = defaultdict(int)
    if town and whole:
        others = set(session.scalars(select(Village.id))) - whole
        for day, change in _changes(session, last, but=others):
            changes[day] += change
    else:
        whole = set()
    apart = spans.keys() - whole
    for number, own in _changes_by_village(session, last, apart).items():
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
        found += [(day, sign * number) for day, number in session.execute(question).tuples() if day is not None]
    return found


def _changes_by_village(session: Session, last: date, villages: Collection[int]) -> dict[int, dict[date, int]]:
    """How many subscribed households come and go on each day, village by village."""
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
            for number, day, many in session.execute(question).tuples():
                if day is not None:
                    changes[number][day] += sign * many
    return changes


def _changes_of_counts(counts: Mapping[int, Mapping[date, int]], spans: Mapping[int, _Span]) -> dict[date, int]:
    """How the town's denominator changes, day by day."""
    changes: dict[date, int] = defaultdict(int)
    for number, span in spans.items():
        own = sorted(item for item in counts[number].items() if span.ends_on is None or item[0] < span.ends_on)
        for (_, before), (day, households) in pairwise([(date.min, 0), *own]):
            changes[day] += households - before
        if span.ends_on is not None and own:
            changes[span.ends_on] -= own[-1][1]
    return changes
