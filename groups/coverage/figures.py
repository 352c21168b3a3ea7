"""Coverage of a day, from dated rows, and since when a village is one of demonstration. Nothing is stored.

How figures moved between two days is in `trends`, what stands beside them in `readiness`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.coverage.rules.figures import DEFAULT_THRESHOLD, Figure, find_demonstration_start, find_in_force
from groups.coverage.rules.report import DayFigures, VillageFigure
from groups.errors import Message, NothingCounted, UnknownVillage, say
from groups.models.enrolment import (
    Subscription,
    is_active,
    match_living_there,
    match_same_household,
    select_covered_from,
    select_covered_until,
    share_a_day,
)
from groups.models.figures import HouseholdCount, Residence, Threshold
from groups.models.roster import Village
from groups.rules.counting import CountKind

_LOOK_BACK = (timedelta(days=200), timedelta(days=500), None)
"""How far back a demonstration village's beginning is looked for, step by step; None: to the first day."""
_AT_ONCE = 500
"""So many villages' days are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is about: by which count, in which village (None: the town), in whose days."""

    zone: ZoneInfo
    kind: CountKind = CountKind.RESIDENT
    village_code: str | None = None


def read_coverage(session: Session, day: date, scope: Scope, *, alone: bool = False) -> DayFigures:
    """Every village's figure on `day`; `alone`: of the village that is asked about, and of no other.

    Raises UnknownVillage, NothingCounted.
    """
    villages = read_villages(session, scope, day)
    if scope.village_code not in {None, *(village.code for village in villages)}:
        raise make_unknown_village(scope.village_code or "")
    counts = read_counts(session, scope.kind)
    if not any(find_in_force(counts.get(village.id, {}), day) is not None for village in villages):
        raise NothingCounted(_explain_nothing_counted(counts, day))
    asked = [village.id for village in villages if scope.village_code == village.code] if alone else []
    subscribed = count_subscribed(session, day, asked or None)
    threshold = find_in_force(read_thresholds(session), day) or DEFAULT_THRESHOLD
    rows = []
    for village in villages:
        if asked and village.id not in asked:
            continue
        figure = Figure(subscribed.get(village.id, 0), find_in_force(counts.get(village.id, {}), day))
        rows.append(VillageFigure(village.id, village.code, village.name, figure, figure.reaches(threshold)))
    return DayFigures(day, scope.kind.value, threshold, tuple(rows), village=scope.village_code)


def find_demonstration_starts(
    session: Session, of_day: DayFigures, villages: Collection[int] | None = None
) -> dict[int, date | None]:
    """For every demonstration village of a day, or of `villages` alone, the day since when it is one.

    Most became one of late: the rest are asked about further back.
    """
    subscribed = {
        each.village_id: each.figure.subscribed
        for each in of_day.rows
        if each.demonstration and (villages is None or each.village_id in villages)
    }
    if not subscribed:
        return {}
    counts, of_the_town = read_counts(session, CountKind(of_day.denominator)), read_thresholds(session)
    found: dict[int, date | None] = {}
    left = set(subscribed)
    for back in _LOOK_BACK:
        if not left:
            break
        start = of_day.as_of - back if back is not None else date.min
        for number, own in read_changes_by_village(session, of_day.as_of, left, after=start):
            since = find_demonstration_start(
                subscribed[number], own, counts[number], of_the_town, of_day.as_of, after=start
            )
            if since is None or since > start:
                found[number] = since
        left -= found.keys()
    return found


def find_latest_day(session: Session, today: date) -> date:
    """The last day of which there are figures: today, or that of the latest count where it lies ahead.

    Counts are refused for days to come, so only a town that is told of, like the demo's, has one.
    """
    return max(today, session.scalar(select(func.max(HouseholdCount.counted_on))) or today)


def read_thresholds_on(session: Session, days: Sequence[date]) -> list[int]:
    """The threshold that holds on each of the days."""
    dated = read_thresholds(session)
    return [find_in_force(dated, day) or DEFAULT_THRESHOLD for day in days]


def read_thresholds(session: Session) -> dict[date, int]:
    """The town's thresholds by the day from which each holds."""
    return dict(session.execute(select(Threshold.starts_on, Threshold.basis_points)).all())


def count_subscribed(session: Session, day: date, villages: Collection[int] | None = None) -> dict[int, int]:
    """How many households have a subscription on a day, by village: of all, or of these."""
    # An active row is a household, and a home is one: nobody has two of either at a time.
    asked = (
        select(Residence.village_id, func.count())
        .join(Subscription, match_same_household())
        .where(is_active(day), match_living_there(day))
        .group_by(Residence.village_id)
    )
    if villages is not None:
        asked = asked.where(match_any(session, Residence.village_id, sorted(villages)))
    return dict(session.execute(asked).all())


@dataclass(frozen=True, slots=True)
class KnownVillage:
    """What figures want of a village: of three thousand, whole rows take longer to make than to read."""

    id: int
    code: str
    name: str
    archived_at: datetime | None


def read_villages(session: Session, scope: Scope, day: date | None = None) -> Sequence[KnownVillage]:
    """The villages by code; with a day, only those not archived by its end."""
    question = select(Village.id, Village.code, Village.name, Village.archived_at).order_by(Village.code)
    if day is not None:
        next_morning = datetime.combine(day + timedelta(days=1), time(), scope.zone)
        question = question.where(Village.archived_at.is_(None) | (Village.archived_at >= next_morning))
    return [KnownVillage(*row) for row in session.execute(question)]


def read_counts(session: Session, kind: CountKind) -> dict[int, dict[date, int]]:
    """The counts of each village, by day."""
    counts: dict[int, dict[date, int]] = defaultdict(dict)
    question = select(HouseholdCount.village_id, HouseholdCount.counted_on, HouseholdCount.households)
    for village_id, counted_on, households in session.execute(question.where(HouseholdCount.kind == kind)):
        counts[village_id][counted_on] = households
    return dict(counts)


def make_unknown_village(code: str) -> UnknownVillage:
    """What is said of a code that no village has."""
    return UnknownVillage(say("no_village_code", code=f"{code[:16]!r}"))


def _explain_nothing_counted(counts: Mapping[int, Mapping[date, int]], day: date) -> Message:
    days = [known for own in counts.values() for known in own]
    if not days:
        return say("no_households_counted_yet")
    return say("before_the_first_count", day=day, first=min(days))


def read_changes_by_village(
    session: Session, last: date, villages: Collection[int], *, after: date = date.min
) -> Iterator[tuple[int, dict[date, int]]]:
    """How many subscribed households come and go on each day after the one and up to the other, village by village."""
    wanted = sorted(villages)
    for start in range(0, len(wanted), _AT_ONCE):
        chosen = wanted[start : start + _AT_ONCE]
        # A text of days for each village: a row for each village and day would take ten times as long to fetch.
        days = (
            func.aggregate_strings(cast(day, String), ",").filter(day > after, day <= last)
            for day in (select_covered_from(), select_covered_until())
        )
        question = (
            select(Residence.village_id, *days)
            .join(Subscription, share_a_day())
            .where(match_any(session, Residence.village_id, chosen))
        )
        found = {number: told for number, *told in session.execute(question.group_by(Residence.village_id))}
        for number in chosen:
            came, went = (Counter((told or "").split(",")) for told in found.get(number, ("", "")))
            came.subtract(went)
            yield number, {_read_day(day): many for day, many in came.items() if day and many}


@lru_cache(maxsize=8192)
def _read_day(text: str) -> date:
    return date.fromisoformat(text)
