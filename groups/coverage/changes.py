"""What changed since the last report: who joined, who left, which villages crossed a line, and what was corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from groups.coverage.rules.figures import Figure
from groups.coverage.rules.report import CoverageReport, VillageCoverage
from groups.errors import InvalidDay
from groups.models.changes import Change
from groups.models.covered_days import covered_from, covered_until, lives_there, same_household
from groups.models.enrolment import Subscription, is_active
from groups.models.figures import Residence
from groups.models.roster import Household, Village

MOST_NAMED = 500
"""Households and corrections that are named; of more, only how many there are is said."""
_COUNTED_TABLES = ("subscriptions", "household_counts", "thresholds")


@dataclass(frozen=True, slots=True)
class Moved:
    """A household that joined or left between the two days, with the day of its step. `village` is that of the step."""

    village: str
    head: str
    door: str
    on: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Crossed:
    """A village that became, or is no more, started, a demonstration village, or one with an anomaly."""

    village: VillageCoverage
    before: VillageCoverage
    became_started: bool
    became_demonstration: bool
    ceased_demonstration: bool
    became_anomalous: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """A change after the report of a day on which the report stood: it is not what was reported any more.

    `shift` is by how many subscribed households it moved the reported figure; None where it moved something else.
    """

    at: datetime
    by: str
    action: str
    table: str
    village: str
    household: str
    affects_from: date
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    shift: int | None


@dataclass(frozen=True, slots=True)
class WhatChanged:
    """Everything between the report of `since` and that of `until`."""

    since: date
    until: date
    joined: tuple[Moved, ...]
    left: tuple[Moved, ...]
    joined_count: int
    left_count: int
    crossed: tuple[Crossed, ...]
    corrections: tuple[Correction, ...]
    before: Figure
    after: Figure


def what_changed(
    session: Session, before: CoverageReport, after: CoverageReport, *, village_id: int | None = None
) -> WhatChanged:
    """Compare two reports' days. `village_id` is the one village that is asked about; None: the town.

    Raises InvalidDay where the earlier is not earlier.
    """
    if before.as_of >= after.as_of:
        raise InvalidDay(f"{before.as_of}不早于{after.as_of} the last report must be of an earlier day")
    joined, joined_count = _steps(session, after.as_of, before.as_of, village_id, came=True)
    left, left_count = _steps(session, before.as_of, after.as_of, village_id, came=False)
    return WhatChanged(
        before.as_of,
        after.as_of,
        joined,
        left,
        joined_count,
        left_count,
        tuple(_crossed(before, after)),
        _corrections(session, before.as_of, after.as_of, village_id),
        _figure(before, village_id),
        _figure(after, village_id),
    )


def _figure(report: CoverageReport, village_id: int | None) -> Figure:
    if village_id is None:
        return report.town
    return next((each.figure for each in report.villages if each.village_id == village_id), Figure(0, None))


def _steps(
    session: Session, there: date, not_there: date, village_id: int | None, *, came: bool
) -> tuple[tuple[Moved, ...], int]:
    """Who is signed up on the day `there`, and was not (in that village) on the other."""
    other, elsewhere = aliased(Subscription), aliased(Residence)
    on_the_other = (
        select(other.id)
        .where(
            other.household_id == Subscription.household_id,
            other.starts_on <= not_there,
            or_(other.ends_on.is_(None), other.ends_on > not_there),
        )
        .correlate(Subscription)
    )
    # Within the town somebody who moved to another village has neither come nor gone; for a village they have.
    if village_id is not None:
        on_the_other = on_the_other.join(
            elsewhere, (elsewhere.household_id == other.household_id) & lives_there(not_there, elsewhere)
        ).where(elsewhere.village_id == village_id)
    step = covered_from() if came else covered_until()
    question = (
        select(Subscription.id, Residence.village_id)
        .join(Residence, same_household() & lives_there(there))
        .where(is_active(there), ~on_the_other.exists())
    )
    if village_id is not None:
        question = question.where(Residence.village_id == village_id)
    else:
        # A row that is active on both days is no step, which spares most rows the look at the other day.
        question = question.where(Subscription.starts_on > not_there if came else Subscription.ends_on <= not_there)
    rows = _named(session, question, step)
    moved = (
        Moved(village, head, door, _day(on) or there, "" if came or reason is None else reason.value)
        for village, head, door, on, reason, _ in rows
    )
    return tuple(moved), rows[0][5] if rows else 0


def _day(known: date | str | None) -> date | None:
    """SQLite gives what it has worked out as a text."""
    return date.fromisoformat(known) if isinstance(known, str) else known


def _named(session: Session, question: Select[int, int], step: ColumnElement[Any]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Of the subscriptions asked for the first ones, by village and day of their step, and how many there are in all.

    (village, head, door, day, reason, how many) a row. Names are looked up for those alone that are named.
    """
    order = (Village.code, step, Subscription.household_id)
    first = (
        question.join(Village, Village.id == Residence.village_id)
        .add_columns(step.label("step"), func.count().over().label("many"))
        .order_by(*order)
        .limit(MOST_NAMED)
        .subquery()
    )
    return session.execute(
        select(Village.name, Household.head, Household.door, first.c.step, Subscription.end_reason, first.c.many)
        .join(first, first.c.id == Subscription.id)
        .join(Household, Household.id == Subscription.household_id)
        .join(Village, Village.id == first.c.village_id)
        .order_by(Village.code, first.c.step, Subscription.household_id)
    ).all()


def _crossed(before: CoverageReport, after: CoverageReport) -> list[Crossed]:
    earlier = {village.village_id: village for village in before.villages}
    found = []
    for village in after.rows:
        was = earlier.get(village.village_id)
        if was is None:
            continue
        crossed = Crossed(
            village,
            was,
            became_started=village.started and not was.started,
            became_demonstration=village.demonstration and not was.demonstration,
            ceased_demonstration=was.demonstration and not village.demonstration,
            became_anomalous=village.anomaly is not None and was.anomaly is None,
        )
        steps = (crossed.became_started, crossed.became_demonstration, crossed.ceased_demonstration)
        if any(steps) or crossed.became_anomalous:
            found.append(crossed)
    return found


def _corrections(session: Session, since: date, until: date, village_id: int | None) -> tuple[Correction, ...]:
    """What was written down after the earlier report about a day on or before it, up to the later one's day."""
    question = (
        select(Change, Village.name, Household.head, Household.door)
        .outerjoin(Village, Village.id == Change.village_id)
        .outerjoin(Household, Household.id == Change.household_id)
        .where(
            Change.table.in_(_COUNTED_TABLES),
            Change.changed_on > since,
            Change.changed_on <= until,
            Change.affects_from <= since,
        )
    )
    if village_id is not None:
        question = question.where((Change.village_id == village_id) | Change.village_id.is_(None))
    rows: Sequence[Any] = session.execute(question.order_by(Change.id.desc()).limit(MOST_NAMED)).all()
    return tuple(
        Correction(
            change.changed_at,
            change.changed_by,
            change.action,
            change.table,
            village or "",
            f"{head} {door}".strip() if head else "",
            change.affects_from,
            change.before,
            change.after,
            _shift(change, since),
        )
        for change, village, head, door in rows
    )


def _shift(change: Change, day: date) -> int | None:
    """By how many the change moved the subscribed households of `day`, where its record alone says so."""
    if change.table != "subscriptions":
        return None
    if change.before is None or change.after is None:
        whole = change.after or change.before or {}
        return (1 if change.after else -1) * _held(whole, day)
    # Only what changed is on record: an end that moved says it all unless the beginning moved too.
    if set(change.before) & {"starts_on", "village_id", "household_id"}:
        return None
    if "ends_on" not in change.before:
        return 0
    return _ends_after(change.after["ends_on"], day) - _ends_after(change.before["ends_on"], day)


def _held(row: dict[str, Any], day: date) -> int:
    return int(date.fromisoformat(row["starts_on"]) <= day and _ends_after(row["ends_on"], day))


def _ends_after(ends_on: str | None, day: date) -> bool:
    return ends_on is None or date.fromisoformat(ends_on) > day
