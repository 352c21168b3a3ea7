"""How the figures of grids and groups moved: who came to live in each and who signed up there, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from groups.coverage import Scope
from groups.coverage_trends import village_days
from groups.enrolment_models import Residence
from groups.errors import InvalidDay
from groups.models import Grid, Group, Subscription
from groups.rules.coverage import Figure, steps
from groups.rules.coverage_report import Level, Series, TrendPoint

MOST_POINTS = 500_000
"""A town's groups on every day of two years; a county's would be a workbook that nothing opens."""
_Place = tuple[int, int | None]
"""A village, and its grid or group; None: those who are in none."""


def series_of_places(session: Session, scope: Scope, level: Level, days: Sequence[date]) -> tuple[Series, ...]:
    """The series of every grid or group in scope; a place has points on the days on which anybody lived there.

    Raises UnknownVillage; InvalidDay where there would be more points than anybody reads.
    """
    of = Grid if level is Level.GRID else Group
    held = village_days(session, scope, days)
    villages = {village.id: village for village, _ in held}
    only = None if scope.village_code is None else [*villages]
    names = _names(session, of, only)
    if len(names) * len(days) > MOST_POINTS:
        raise InvalidDay(
            f"{len(names)}个网格或联防组、{len(days)}天，数据点超过{MOST_POINTS:,}个；请选一个村，或缩短时段 "
            "too many points for this level: choose one village, or fewer days"
        )
    last = days[-1]
    households = _steps(session, of, last, only, subscribed=False)
    subscribed = _steps(session, of, last, only, subscribed=True)
    order = {number: place for place, number in enumerate(names)}
    places = sorted(households, key=lambda place: order.get(place[1] or 0, len(order)))
    by_village: dict[int, list[_Place]] = defaultdict(list)
    for place in places:
        by_village[place[0]].append(place)
    return tuple(
        Series(village.code, village.name, names.get(place[1] or 0, ""), points)
        for village, own_days in held
        for place in by_village[village.id]
        if (points := _points(own_days, subscribed.get(place, {}), households[place]))
    )


def _points(days: Sequence[date], subscribed: dict[date, int], households: dict[date, int]) -> tuple[TrendPoint, ...]:
    return tuple(
        TrendPoint(day, Figure(signed_up, of))
        for day, signed_up, of in zip(days, steps(subscribed, days), steps(households, days), strict=True)
        if of
    )


def _names(session: Session, of: type[Grid] | type[Group], villages: Sequence[int] | None) -> dict[int, str]:
    """The grids' or groups' names by id, in their villages' order."""
    order = (Grid.village_id, Grid.id) if of is Grid else (Group.village_id, Group.position, Group.id)
    question = select(of.id, of.name).order_by(*order)
    if villages is not None:
        question = question.where(of.village_id.in_(villages))
    return dict(session.execute(question).all())


def _steps(
    session: Session, of: type[Grid] | type[Group], last: date, villages: Sequence[int] | None, *, subscribed: bool
) -> dict[_Place, dict[date, int]]:
    """By how many a place's households change on each day up to `last`: all of them, or those signed up.

    A household that lives there while it is signed up counts from the later of the two beginnings to the earlier end.
    """
    starts_on: ColumnElement[Any] = Residence.starts_on.expression
    ends_on: ColumnElement[Any] = Residence.ends_on.expression
    if subscribed:
        starts_on, ends_on = _later(starts_on, Subscription.starts_on), _earlier(ends_on, Subscription.ends_on)
    place = (Residence.village_id, Residence.grid_id if of is Grid else Residence.group_id)
    found: dict[_Place, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for day, sign in ((starts_on, 1), (ends_on, -1)):
        question = select(*place, day, func.count()).where(day <= last).group_by(*place, day)
        if subscribed:
            together = and_(
                Subscription.household_id == Residence.household_id,
                or_(Subscription.ends_on.is_(None), Residence.starts_on < Subscription.ends_on),
                or_(Residence.ends_on.is_(None), Subscription.starts_on < Residence.ends_on),
            )
            question = question.select_from(Residence).join(Subscription, together)
        if villages is not None:
            question = question.where(Residence.village_id.in_(villages))
        _add(found, session.execute(question), sign)
    return found


def _add(found: dict[_Place, dict[date, int]], rows: Iterable[Any], sign: int) -> None:
    for village_id, place_id, day, many in rows:
        found[village_id, place_id][date.fromisoformat(day) if isinstance(day, str) else day] += sign * many


def _later(one: ColumnElement[Any], other: Any) -> ColumnElement[Any]:
    return case((one >= other, one), else_=other)


def _earlier(one: ColumnElement[Any], other: Any) -> ColumnElement[Any]:
    """The earlier of two ends, where no end is the latest."""
    return case((one.is_(None), other), (other.is_(None), one), (one <= other, one), else_=other)
