"""How the figures of town and villages moved, by day or by month, from the same dated rows as those of one day.

How the figures of grids and groups moved: who came to live in each and who signed up there, day by day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from groups.coverage.figures import (
    KnownVillage,
    Scope,
    make_unknown_village,
    read_changes_by_village,
    read_counts,
    read_villages,
)
from groups.coverage.rules.figures import Figure, list_days, list_month_ends, sum_steps
from groups.coverage.rules.report import Level, Series, TrendPoint
from groups.errors import InvalidDay, say
from groups.models.enrolment import Subscription, select_covered_from, select_covered_until, share_a_day
from groups.models.figures import Residence
from groups.models.roster import Grid, Group, Village
from groups.rules.days import find_local_day

MOST_DAYS = 3_700
"""Ten years, day by day."""


def read_trend(
    session: Session, first: date, last: date, scope: Scope, *, daily: bool = False
) -> tuple[TrendPoint, ...]:
    """The town's figure, or the scope's village's, at the end of every month, or on every day, from `first` to `last`.

    Raises InvalidDay where the days are the wrong way round or too many, UnknownVillage.
    """
    if scope.village_code is not None:
        return read_trends(session, first, last, scope, daily=daily)[0].points
    days = list_days_between(first, last, daily=daily)
    counts = read_counts(session, scope.kind)
    spans = {
        village.id: _make_span(village, counts, scope)
        for village in read_villages(session, scope)
        if village.id in counts
    }
    subscribed = sum_steps(_read_changes_in_town(session, spans, first, last), days)
    households = sum_steps(_sum_changes_of_counts(counts, spans), days)
    return _make_points(
        days, subscribed, households, min((span.starts_on for span in spans.values()), default=date.max)
    )


def read_trends(session: Session, first: date, last: date, scope: Scope, *, daily: bool = False) -> tuple[Series, ...]:
    """The same for every village in scope, by its code; a village's points end when it was archived."""
    days = list_days_between(first, last, daily=daily)
    villages = _choose_asked_about(read_villages(session, scope), scope)
    counts = read_counts(session, scope.kind)
    by_id = {village.id: village for village in villages}
    found = {}
    for number, changes in read_changes_by_village(session, last, by_id.keys()):
        village, span = by_id[number], _make_span(by_id[number], counts, scope)
        own = [day for day in days if span.holds(day)]
        households = sum_steps(_sum_changes_of_counts(counts, {number: span}), own)
        points = _make_points(own, sum_steps(changes, own), households, span.starts_on)
        found[number] = Series(village.code, village.name, "", points)
    return tuple(found[village.id] for village in villages)


def read_village_days(session: Session, scope: Scope, days: Sequence[date]) -> list[tuple[KnownVillage, list[date]]]:
    """The villages in scope, by code, each with those of the days on which it stood and anything was counted at all.

    Raises UnknownVillage.
    """
    everybody, counts = read_villages(session, scope), read_counts(session, scope.kind)
    villages = _choose_asked_about(everybody, scope)
    spans = {village.id: _make_span(village, counts, scope) for village in everybody}
    counted = [day for day in days if any(span.starts_on <= day and span.holds(day) for span in spans.values())]
    return [(village, [day for day in counted if spans[village.id].holds(day)]) for village in villages]


def list_days_between(first: date, last: date, *, daily: bool) -> list[date]:
    """Every day, or the end of every month, from the one to the other. Raises InvalidDay."""
    if last < first:
        raise InvalidDay(say("last_day_before_first", last=last, first=first))
    days = (list_days if daily else list_month_ends)(first, last)
    if len(days) > MOST_DAYS:
        raise InvalidDay(say("too_many_days", most=MOST_DAYS))
    return days


def _choose_asked_about(villages: Sequence[KnownVillage], scope: Scope) -> list[KnownVillage]:
    """Those in scope. Raises UnknownVillage."""
    found = [each for each in villages if scope.village_code in {None, each.code}]
    if not found and scope.village_code is not None:
        raise make_unknown_village(scope.village_code)
    return found


@dataclass(frozen=True, slots=True)
class _Span:
    """From a village's first count (the end of days: never counted) until it was archived."""

    starts_on: date
    ends_on: date | None

    def holds(self, day: date) -> bool:
        """Whether the village stood on that day, counted or not."""
        return self.ends_on is None or day < self.ends_on


def _make_span(village: KnownVillage, counts: Mapping[int, Mapping[date, int]], scope: Scope) -> _Span:
    archived_on = find_local_day(village.archived_at, scope.zone) if village.archived_at else None
    return _Span(min(counts.get(village.id, {}), default=date.max), archived_on)


def _make_points(
    days: Sequence[date], subscribed: Sequence[int], households: Sequence[int], counted: date
) -> tuple[TrendPoint, ...]:
    return tuple(
        TrendPoint(day, Figure(signed_up, of if day >= counted else None))
        for day, signed_up, of in zip(days, subscribed, households, strict=True)
    )


def _read_changes_in_town(session: Session, spans: Mapping[int, _Span], first: date, last: date) -> dict[date, int]:
    """How many subscribed households come and go on each day in the villages that count on that day.

    Villages that count all the time are asked about together, the others one by one.
    """
    whole = {number for number, span in spans.items() if span.starts_on <= first and not _ends_within(span, last)}
    changes: dict[date, int] = defaultdict(int)
    if whole:
        others = set(session.scalars(select(Village.id))) - whole
        for day, change in _read_changes(session, last, but=others):
            changes[day] += change
    for number, own in read_changes_by_village(session, last, spans.keys() - whole):
        for day, change in _choose_within(own, spans[number]):
            changes[day] += change
    return changes


def _ends_within(span: _Span, last: date) -> bool:
    return span.ends_on is not None and span.ends_on <= last


def _choose_within(changes: Mapping[date, int], span: _Span) -> list[tuple[date, int]]:
    """The changes as the town sees them: none before the village counts, and all of it gone when it ends."""
    seen = [(max(day, span.starts_on), change) for day, change in changes.items()]
    if span.ends_on is None:
        return seen
    before = [(day, change) for day, change in seen if day < span.ends_on]
    return [*before, (span.ends_on, -sum(change for _, change in before))]


def _read_changes(session: Session, last: date, *, but: Collection[int]) -> list[tuple[date, int]]:
    found = []
    # Where every village counts, it is all the same in which of them a household lives.
    days = (select_covered_from(), select_covered_until()) if but else (Subscription.starts_on, Subscription.ends_on)
    for day, sign in zip(days, (1, -1), strict=True):
        question = select(day, func.count()).where(day <= last).group_by(day)
        if but:
            question = question.select_from(Residence).join(Subscription, share_a_day())
            question = question.where(Residence.village_id.not_in(but))
        found += [(_read_day(known), sign * number) for known, number in session.execute(question)]
    return found


def _read_day(known: date | str) -> date:
    """SQLite gives what it has worked out as a text."""
    return date.fromisoformat(known) if isinstance(known, str) else known


def _sum_changes_of_counts(counts: Mapping[int, Mapping[date, int]], spans: Mapping[int, _Span]) -> dict[date, int]:
    """How the town's denominator changes, day by day."""
    changes: dict[date, int] = defaultdict(int)
    for number, span in spans.items():
        own = sorted(item for item in counts.get(number, {}).items() if span.ends_on is None or item[0] < span.ends_on)
        for (_, before), (day, households) in pairwise([(date.min, 0), *own]):
            changes[day] += households - before
        if span.ends_on is not None and own:
            changes[span.ends_on] -= own[-1][1]
    return changes


MOST_POINTS = 500_000
"""A town's groups on every day of two years; a county's would be a workbook that nothing opens."""
_Place = tuple[int, int | None]
"""A village, and its grid or group; None: those who are in none."""


def read_series_of_places(session: Session, scope: Scope, level: Level, days: Sequence[date]) -> tuple[Series, ...]:
    """The series of every grid or group in scope; a place has points on the days on which anybody lived there.

    Raises UnknownVillage; InvalidDay where there would be more points than anybody reads.
    """
    of = Grid if level is Level.GRID else Group
    held = read_village_days(session, scope, days)
    villages = {village.id: village for village, _ in held}
    only = None if scope.village_code is None else [*villages]
    names = _read_names(session, of, only)
    if len(names) * len(days) > MOST_POINTS:
        raise InvalidDay(say("too_many_points", count=len(names), days=len(days), most=f"{MOST_POINTS:,}"))
    last = days[-1]
    households = _read_steps(session, of, last, only, subscribed=False)
    subscribed = _read_steps(session, of, last, only, subscribed=True)
    order = {number: place for place, number in enumerate(names)}
    places = sorted(households, key=lambda place: order.get(place[1] or 0, len(order)))
    by_village: dict[int, list[_Place]] = defaultdict(list)
    for place in places:
        by_village[place[0]].append(place)
    return tuple(
        Series(village.code, village.name, names.get(place[1] or 0, ""), points)
        for village, own_days in held
        for place in by_village[village.id]
        if (points := _make_place_points(own_days, subscribed.get(place, {}), households[place]))
    )


def _make_place_points(
    days: Sequence[date], subscribed: dict[date, int], households: dict[date, int]
) -> tuple[TrendPoint, ...]:
    return tuple(
        TrendPoint(day, Figure(signed_up, of))
        for day, signed_up, of in zip(days, sum_steps(subscribed, days), sum_steps(households, days), strict=True)
        if of
    )


def _read_names(session: Session, of: type[Grid] | type[Group], villages: Sequence[int] | None) -> dict[int, str]:
    """The grids' or groups' names by id, in their villages' order."""
    order = (Grid.village_id, Grid.id) if of is Grid else (Group.village_id, Group.position, Group.id)
    question = select(of.id, of.name).order_by(*order)
    if villages is not None:
        question = question.where(of.village_id.in_(villages))
    return dict(session.execute(question).all())


def _read_steps(
    session: Session, of: type[Grid] | type[Group], last: date, villages: Sequence[int] | None, *, subscribed: bool
) -> dict[_Place, dict[date, int]]:
    """By how many a place's households change on each day up to `last`: all of them, or those signed up.

    A household that lives there while it is signed up counts from the later of the two beginnings to the earlier end.
    """
    starts_on: ColumnElement[Any] = select_covered_from() if subscribed else Residence.starts_on.expression
    ends_on: ColumnElement[Any] = select_covered_until() if subscribed else Residence.ends_on.expression
    place = (Residence.village_id, Residence.grid_id if of is Grid else Residence.group_id)
    found: dict[_Place, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for day, sign in ((starts_on, 1), (ends_on, -1)):
        question = select(*place, day, func.count()).where(day <= last).group_by(*place, day)
        if subscribed:
            question = question.select_from(Residence).join(Subscription, share_a_day())
        if villages is not None:
            question = question.where(Residence.village_id.in_(villages))
        _add(found, session.execute(question), sign)
    return found


def _add(found: dict[_Place, dict[date, int]], rows: Iterable[Any], sign: int) -> None:
    for village_id, place_id, day, many in rows:
        found[village_id, place_id][_read_day(day)] += sign * many
