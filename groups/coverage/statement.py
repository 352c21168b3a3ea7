"""What changed since the last report, line by line to its sum: who came and went, what was counted, what was corrected.

Three states are compared: the earlier day as it was known then, the same day as it is known now, and the later day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from config.database import match_any
from groups.coverage import figures
from groups.coverage.figures import Scope
from groups.coverage.known import as_known
from groups.coverage.rules.figures import DEFAULT_THRESHOLD, Figure, find_in_force
from groups.coverage.rules.statement import Cause, Line, Measure, Part, Statement
from groups.errors import InvalidDay, say
from groups.models.batch import AT_ONCE
from groups.models.changes import Change
from groups.models.covered_days import (
    match_living_there,
    match_same_household,
    select_covered_from,
    select_covered_until,
)
from groups.models.enrolment import Subscription, is_active
from groups.models.figures import HouseholdCount, Residence
from groups.models.roster import Household, Village

MOST_NAMED = 500
"""Households that are named on a page; of more, only how many there are is said."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Which reports: of which days, and what was known of each when (None: what is known now)."""

    since: date
    since_known_at: datetime
    until: date
    until_known_at: datetime | None = None
    report: int | None = None


@dataclass(frozen=True, slots=True)
class _Village:
    id: int
    name: str
    figure: Figure
    demonstration: bool

    @property
    def started(self) -> bool:
        return self.figure.subscribed > 0

    @property
    def counts(self) -> bool:
        """Whether it is in the town's sum."""
        return self.figure.households is not None


_State = Mapping[int, _Village]


@dataclass(frozen=True, slots=True)
class _Noted:
    """Who wrote something down, and when; the days that stood there before, and those that stand there now."""

    action: str = ""
    by: str = ""
    at: datetime | None = None
    before: str = ""
    after: str = ""


def make_statement(session: Session, compared: Compared, scope: Scope, *, most: int | None = MOST_NAMED) -> Statement:
    """Compare two reports; of one day there are corrections only. `most`: so many households of a kind are named;
    None: all. Raises InvalidDay where the earlier is not earlier.
    """
    if compared.since > compared.until:
        raise InvalidDay(say("last_report_not_earlier", since=compared.since, until=compared.until))
    touched, alone = _find_touched(session, compared), scope.village_code is not None
    with as_known(session, compared.since_known_at):
        reported = _read_state(session, compared.since, scope)
        places = _read_places(session, touched, compared.since)
    with as_known(session, compared.until_known_at):
        known = _read_state(session, compared.since, scope) if _has_news(session, compared) else reported
        later = _read_state(session, compared.until, scope)
        places_known = _read_places(session, touched, compared.since)
        lines = [
            *_list_corrected_households(session, compared, scope, (reported, known), (places, places_known)),
            *_list_villages_of_sum(session, reported, known, corrected=True, alone=alone),
            *_list_counts(session, compared, scope, reported, known, corrected=True),
            *_list_steps(session, compared, scope, known, later, most),
            *_list_villages_of_sum(session, known, later, corrected=False, alone=alone),
            *_list_counts(session, compared, scope, known, later, corrected=False),
            *_list_status_lines(reported, known, corrected=True),
            *_list_status_lines(known, later, corrected=False),
        ]
    parts = tuple(
        Part(
            measure,
            _measure(measure, reported, alone=alone),
            _measure(measure, later, alone=alone),
            tuple(_move_to_zone(line, scope.zone) for line in lines if line.measure is measure),
        )
        for measure in Measure
    )
    known_at = compared.since_known_at.astimezone(scope.zone)
    return Statement(compared.since, known_at, compared.until, parts, compared.report)


def _has_news(session: Session, compared: Compared) -> bool:
    """Whether anything at all was written down between what was known of the two reports."""
    return session.scalar(select(Change.id).where(*_match_written_between(compared)).limit(1)) is not None


def _move_to_zone(line: Line, zone: ZoneInfo) -> Line:
    return line if line.at is None else replace(line, at=line.at.astimezone(zone))


def _read_state(session: Session, day: date, scope: Scope) -> _State:
    """The villages of the question on a day, with their figures."""
    counts, subscribed = figures.read_counts(session, scope.kind), figures.count_subscribed(session, day)
    threshold = find_in_force(figures.read_thresholds(session), day) or DEFAULT_THRESHOLD
    found = {}
    for village in figures.read_villages(session, scope, day):
        if scope.village_code in {None, village.code}:
            figure = Figure(subscribed.get(village.id, 0), find_in_force(counts.get(village.id, {}), day))
            found[village.id] = _Village(village.id, village.name, figure, figure.reaches(threshold))
    return found


def _measure(measure: Measure, state: _State, *, alone: bool) -> int | None:
    """What a report says of a state: the sums of the villages that were counted; of one alone, its own numbers."""
    villages = state.values()
    summed = list(villages) if alone else [each for each in villages if each.counts]
    if measure is Measure.SUBSCRIBED:
        return sum(each.figure.subscribed for each in summed)
    if measure is Measure.HOUSEHOLDS:
        counted = [each.figure.households for each in summed if each.figure.households is not None]
        return sum(counted) if counted else None
    if measure is Measure.VILLAGES:
        return len(state)
    return sum(each.started if measure is Measure.STARTED else each.demonstration for each in villages)


def _find_common_villages(one: _State, other: _State, scope: Scope) -> set[int]:
    """The villages whose households are in the sum on both sides: each of these is explained by itself."""
    alone = scope.village_code is not None
    return {number for number in one.keys() & other.keys() if alone or (one[number].counts and other[number].counts)}


def _find_touched(session: Session, compared: Compared) -> list[int]:
    """The households of whose homes or subscriptions something was written down after the earlier report."""
    asked = select(Change.household_id).where(
        *_match_written_between(compared),
        Change.table.in_(("subscriptions", "residences")),
        Change.household_id.is_not(None),
    )
    return sorted(number for number in set(session.scalars(asked)) if number is not None)


def _match_written_between(compared: Compared) -> list[ColumnElement[bool]]:
    found = [Change.changed_at > compared.since_known_at]
    if compared.until_known_at is not None:
        found.append(Change.changed_at <= compared.until_known_at)
    return found


def _read_places(session: Session, households: Sequence[int], day: date) -> dict[int, int]:
    """Of these households those that count on a day, and in which village."""
    found: dict[int, int] = {}
    for start in range(0, len(households), AT_ONCE):
        rows = session.execute(
            select(Residence.household_id, Residence.village_id)
            .join(Subscription, match_same_household())
            .where(is_active(day), match_living_there(day))
            .where(match_any(session, Residence.household_id, households[start : start + AT_ONCE]))
        )
        found |= dict(rows.all())
    return found


def _list_corrected_households(
    session: Session,
    compared: Compared,
    scope: Scope,
    states: tuple[_State, _State],
    places: tuple[dict[int, int], dict[int, int]],
) -> Iterator[Line]:
    """The households that counted on the day of the earlier report, as it is known now, and not as it was then."""
    within = _find_common_villages(*states, scope)
    was, became = ({one: place for one, place in each.items() if place in within} for each in places)
    moved = sorted(one for one in was.keys() | became.keys() if was.get(one) != became.get(one))
    noted, names = _read_corrections(session, compared, moved), _read_heads(session, moved)
    for one in moved:
        for place, delta in ((was.get(one), -1), (became.get(one), 1)):
            if place is None:
                continue
            both = one in was and one in became
            by = noted.get(one, _Noted())
            yield Line(
                Measure.SUBSCRIBED,
                Cause.CORRECTED,
                delta,
                states[1][place].name,
                names.get(one, ""),
                compared.since,
                by.action,
                by.by,
                by.at,
                states[1][was[one]].name if both else by.before,
                states[1][became[one]].name if both else by.after,
            )


def _read_corrections(session: Session, compared: Compared, households: Sequence[int]) -> dict[int, _Noted]:
    """What was last written down about each of these that may have changed the earlier day."""
    found: dict[int, _Noted] = {}
    for start in range(0, len(households), AT_ONCE):
        rows = session.scalars(
            select(Change)
            .where(
                *_match_written_between(compared),
                match_any(session, Change.household_id, households[start : start + AT_ONCE]),
                Change.table.in_(("subscriptions", "residences")),
                or_(Change.affects_from.is_(None), Change.affects_from <= compared.since),
            )
            .order_by(Change.table, Change.id)  # homes first: the subscription's has the last word
        )
        found |= {row.household_id: _make_noted(row) for row in rows if row.household_id}
    return found


def _read_heads(session: Session, households: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(households), AT_ONCE):
        rows = session.execute(
            select(Household.id, Household.head, Household.door).where(
                match_any(session, Household.id, households[start : start + AT_ONCE])
            )
        )
        found |= {number: f"{head} {door}".strip() for number, head, door in rows}
    return found


def _list_villages_of_sum(
    session: Session, before: _State, after: _State, *, corrected: bool, alone: bool
) -> Iterator[Line]:
    """The villages that came into the sum or left it, with all that they bring or take along."""
    added = _read_first_notes(session, "villages", sorted(after.keys() - before.keys()))
    for number in sorted(before.keys() | after.keys()):
        was, became = before.get(number), after.get(number)
        named = became or was
        if named is None:
            continue
        by = added.get(number, _Noted())
        if (was is None) != (became is None):
            yield _make_village_line(Measure.VILLAGES, 1 if became else -1, named, by, corrected=corrected)
        summed = [each is not None and (alone or each.counts) for each in (was, became)]
        if summed[0] == summed[1]:
            continue
        sign = 1 if summed[1] else -1
        held = (became if summed[1] else was) or named
        for measure, value in (
            (Measure.SUBSCRIBED, held.figure.subscribed),
            (Measure.HOUSEHOLDS, held.figure.households or 0),
        ):
            if value:
                yield _make_village_line(measure, sign * value, named, by, corrected=corrected)


def _make_village_line(measure: Measure, delta: int, village: _Village, by: _Noted, *, corrected: bool) -> Line:
    cause = Cause.CORRECTED if corrected else Cause.ENTERED if delta > 0 else Cause.DROPPED
    return Line(measure, cause, delta, village.name, action=by.action, by=by.by, at=by.at)


def _list_counts(
    session: Session, compared: Compared, scope: Scope, before: _State, after: _State, *, corrected: bool
) -> Iterator[Line]:
    """The villages whose households are others by a count."""
    changed = [
        number
        for number in sorted(before.keys() & after.keys())
        if before[number].figure.households != after[number].figure.households
        and (scope.village_code is not None or (before[number].counts and after[number].counts))
    ]
    day = compared.since if corrected else compared.until
    noted = _count_notes(session, changed, scope, day)
    for number in changed:
        was, became = before[number].figure.households, after[number].figure.households
        on, by = noted.get(number, (None, _Noted()))
        yield Line(
            Measure.HOUSEHOLDS,
            Cause.CORRECTED if corrected else Cause.COUNTED,
            (became or 0) - (was or 0),
            after[number].name,
            on=on,
            action=by.action,
            by=by.by,
            at=by.at,
            before="" if was is None else str(was),
            after="" if became is None else str(became),
        )


def _count_notes(
    session: Session, villages: Sequence[int], scope: Scope, day: date
) -> dict[int, tuple[date | None, _Noted]]:
    """Of the counts that hold in these villages on a day: since when, and who wrote them down last."""
    rows = session.execute(
        select(HouseholdCount.village_id, HouseholdCount.id, HouseholdCount.counted_on)
        .where(
            match_any(session, HouseholdCount.village_id, villages),
            HouseholdCount.kind == scope.kind,
            HouseholdCount.counted_on <= day,
        )
        .order_by(HouseholdCount.counted_on)
    )
    held = {village_id: (row_id, counted_on) for village_id, row_id, counted_on in rows}
    noted = _read_last_notes(session, "household_counts", [row_id for row_id, _ in held.values()])
    removed = _read_removed_counts(session, [number for number in villages if number not in held], scope)
    found: dict[int, tuple[date | None, _Noted]] = {
        number: (counted_on, noted.get(row_id, _Noted())) for number, (row_id, counted_on) in held.items()
    }
    return removed | found


def _read_removed_counts(
    session: Session, villages: Sequence[int], scope: Scope
) -> dict[int, tuple[date | None, _Noted]]:
    """Who took the last count of these villages out."""
    rows = session.scalars(
        select(Change)
        .where(
            Change.table == "household_counts", Change.after.is_(None), match_any(session, Change.village_id, villages)
        )
        .order_by(Change.id)
    )
    return {
        row.village_id: (None, _Noted(row.action, row.changed_by, row.changed_at))
        for row in rows
        if row.village_id is not None and (row.before or {}).get("kind") == scope.kind
    }


def _list_status_lines(before: _State, after: _State, *, corrected: bool) -> Iterator[Line]:
    """The villages that have started, or are demonstration villages, on one side and not on the other."""
    for number in sorted(before.keys() | after.keys()):
        was, became = before.get(number), after.get(number)
        for measure in (Measure.STARTED, Measure.DEMONSTRATION):
            held = [
                each is not None and (each.started if measure is Measure.STARTED else each.demonstration)
                for each in (was, became)
            ]
            named = became or was
            if held[0] == held[1] or named is None:
                continue
            cause = Cause.CORRECTED if corrected else Cause.BECAME if held[1] else Cause.CEASED
            shown = ["" if each is None else f"{each.figure.percent(2) or '—'}%" for each in (was, became)]
            yield Line(measure, cause, 1 if held[1] else -1, named.name, before=shown[0], after=shown[1])


def _list_steps(
    session: Session, compared: Compared, scope: Scope, before: _State, after: _State, most: int | None
) -> Iterator[Line]:
    """Who has come and who has gone, in the villages that are in the sum on both days."""
    within = _find_common_villages(before, after, scope)
    # All that there are, none archived: then nobody has to be asked where they live.
    everywhere = scope.village_code is None and within == set(session.scalars(select(Village.id)))
    only = None if everywhere else sorted(within)
    if only == []:
        return
    for came in (True, False):
        there, other = (compared.until, compared.since) if came else (compared.since, compared.until)
        rows = _read_stepped(session, there, other, only, most, came=came)
        noted = _read_step_notes(session, [row.id for row in rows], came=came)
        for row in rows:
            on, by = _read_day(row.step) or there, noted.get(row.id, _Noted())
            yield Line(
                Measure.SUBSCRIBED,
                Cause.JOINED if came else Cause.LEFT,
                1 if came else -1,
                row.village,
                f"{row.head} {row.door}".strip(),
                on,
                by.action,
                by.by,
                by.at,
                after="" if came or row.end_reason is None else row.end_reason.value,
            )
        if rows and rows[0].many > len(rows):
            left = rows[0].many - len(rows)
            yield Line(Measure.SUBSCRIBED, Cause.JOINED if came else Cause.LEFT, left if came else -left, more=left)


def _read_stepped(
    session: Session, there: date, not_there: date, only: Collection[int] | None, most: int | None, *, came: bool
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Who counts on the day `there`, in these villages (None: in any), and did not on the other."""
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
    step = select_covered_from() if came else select_covered_until()
    question = select(Subscription.id, Residence.village_id).join(
        Residence, match_same_household() & match_living_there(there)
    )
    if only is None:
        # A row that is active on both days is no step, which spares most rows the look at the other day.
        question = question.where(Subscription.starts_on > not_there if came else Subscription.ends_on <= not_there)
    else:
        question = question.where(match_any(session, Residence.village_id, list(only)))
        on_the_other = on_the_other.join(
            elsewhere, (elsewhere.household_id == other.household_id) & match_living_there(not_there, elsewhere)
        ).where(match_any(session, elsewhere.village_id, list(only)))
    return _read_named(session, question.where(is_active(there), ~on_the_other.exists()), step, most)


def _read_named(
    session: Session, question: Select[int, int], step: ColumnElement[Any], most: int | None
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Of the subscriptions asked for the first ones, by village and day of their step, and how many there are in all.

    Names are looked up for those alone that are named.
    """
    first = (
        question.join(Village, Village.id == Residence.village_id)
        .add_columns(step.label("step"), func.count().over().label("many"))
        .order_by(Village.code, step, Subscription.household_id)
        .limit(most)
        .subquery()
    )
    return session.execute(
        select(
            Subscription.id,
            Village.name.label("village"),
            Household.head,
            Household.door,
            first.c.step,
            Subscription.end_reason,
            first.c.many,
        )
        .join(first, first.c.id == Subscription.id)
        .join(Household, Household.id == Subscription.household_id)
        .join(Village, Village.id == first.c.village_id)
        .order_by(Village.code, first.c.step, Subscription.household_id)
    ).all()


def _read_step_notes(session: Session, subscriptions: Sequence[int], *, came: bool) -> dict[int, _Noted]:
    return (_read_first_notes if came else _read_last_notes)(session, "subscriptions", subscriptions)


def _read_first_notes(session: Session, table: str, rows: Sequence[int]) -> dict[int, _Noted]:
    """Who wrote each of these rows down first."""
    return {change.row_id: _make_noted(change) for change in reversed(list(_read_changes(session, table, rows)))}


def _read_last_notes(session: Session, table: str, rows: Sequence[int]) -> dict[int, _Noted]:
    """Who changed each of these rows last."""
    return {change.row_id: _make_noted(change) for change in _read_changes(session, table, rows)}


def _read_changes(session: Session, table: str, rows: Sequence[int]) -> Iterable[Change]:
    return chain.from_iterable(
        session.scalars(
            select(Change)
            .where(Change.table == table, match_any(session, Change.row_id, rows[start : start + AT_ONCE]))
            .order_by(Change.id)
        )
        for start in range(0, len(rows), AT_ONCE)
    )


def _make_noted(change: Change) -> _Noted:
    days = [_write_days(row or {}) for row in (change.before, change.after)]
    return _Noted(change.action, change.changed_by, change.changed_at, *days)


def _write_days(row: Mapping[str, Any]) -> str:
    """From when to when, as far as the record says it: what it does not say, because it did not change, is …"""
    if row.keys().isdisjoint(("starts_on", "ends_on")):
        return ""
    return " – ".join(row.get(name, "…") or "" for name in ("starts_on", "ends_on")).strip()


def _read_day(known: date | str | None) -> date | None:
    """SQLite gives what it has worked out as a text."""
    return date.fromisoformat(known) if isinstance(known, str) else known
