"""The town's monthly summary: each village's coverage, proof, speed of help, tasks and checks; counted anew each time.

What each figure means stands in docs/upkeep.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import inf
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from groups.directory.town_figures import VillageFigures, read_village_figures
from joint_defense.incidents.answers import read_comers
from joint_defense.models.incidents import Incident
from joint_defense.models.upkeep import PhoneTask, VillageCheck
from joint_defense.rules.states import IN_VAIN, IncidentKind
from joint_defense.rules.village_checks import DUE_DAYS
from joint_defense.upkeep.drills import find_broken_off
from joint_defense.upkeep.village_checks import find_expected

EARLIEST = date(2000, 1, 1)
"""No town's record goes back as far as this: an earlier month is a slip of the hand."""
_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Coming:
    """How soon households were coming, over so many incidents (or drills of a group): medians in seconds.

    An incident in which no first or second household came counts as longer than any other. `first`, `second`: None
    where there was no incident, `inf` where in half of them or more nobody came. `without_second`: how many had none.
    `broken_off`: drills that ended before their time and before a second household answered, which are in no median.
    """

    incidents: int = 0
    first: float | None = None
    second: float | None = None
    without_second: int = 0
    broken_off: int = 0


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A village, or the town as a whole (`code` empty).

    `covered` of `households` are signed up (None: nobody has counted them); of the town without villages that nobody
    has counted, as in the coverage report: their `signed_up` are `uncounted`, and `covered` and `uncounted` together
    are `signed_up`. `proven` of all `signed_up` are proven. `in_vain`: alarms that were no real
    incident. `tasks_open`: at the end. `checks_due`: those of the month whose day has gone by, or that are signed off;
    `overdue`: villages whose last check of the month was not signed off then.
    """

    code: str
    name: str
    covered: int
    households: int | None
    signed_up: int
    uncounted: int
    proven: int
    alarms: Coming
    in_vain: int
    drills: Coming
    tasks_opened: int
    tasks_closed: int
    tasks_open: int
    checks_due: int
    checks_signed: int
    overdue: int


@dataclass(frozen=True, slots=True)
class MonthlySummary:
    """A month; `as_of` is the last day that is in it, the month's own where `whole`."""

    month: date
    as_of: date
    whole: bool
    villages: tuple[SummaryLine, ...]
    town: SummaryLine


@dataclass(frozen=True, slots=True)
class _Seen:
    """How one incident went: seconds to the first and second household coming, `inf` for none; whether it was broken
    off before that.
    """

    village_id: int
    first: float
    second: float
    broken_off: bool = False


@dataclass(frozen=True, slots=True)
class _Checks:
    due: int = 0
    signed: int = 0
    overdue: int = 0


def read_month(text: str, today: date) -> date | None:
    """The first day of a month written as 2026-11; None for none, for one before `EARLIEST`, one that has not begun."""
    found = _MONTH.fullmatch(text)
    try:
        month = date(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None
    return month if month is not None and EARLIEST <= month <= today else None


def find_last_whole_month(today: date) -> date:
    """The first day of the last month that is over."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def find_month_after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


def read_summary(session: Session, month: date, now: datetime, zone: ZoneInfo) -> MonthlySummary:
    """The summary of the month that begins on `month`; of the running one up to `now`."""
    today, after = now.astimezone(zone).date(), find_month_after(month)
    as_of = min(today, after - timedelta(days=1))
    begin, end = datetime.combine(month, time(), zone), min(now, datetime.combine(after, time(), zone))
    figures = read_village_figures(session, as_of, zone)
    alarms, in_vain = _read_incidents(session, IncidentKind.ALARM, begin, end)
    drills, _ = _read_incidents(session, IncidentKind.DRILL, begin, end)
    tasks, checks = _count_tasks(session, begin, end), _count_checks(session, month, as_of, today)
    of_alarms, of_drills = _group(alarms), _group(drills)
    lines = [
        _make_line(
            each,
            sum_up(of_alarms[each.village_id]),
            in_vain.count(each.village_id),
            sum_up(of_drills[each.village_id]),
            tasks.get(each.village_id, (0, 0, 0)),
            checks.get(each.village_id, _Checks()),
        )
        for each in figures
    ]
    known = {each.village_id for each in figures}
    town = _add_up(lines, *([each for each in some if each.village_id in known] for some in (alarms, drills)))
    return MonthlySummary(month, as_of, after <= today, tuple(lines), town)


def sum_up(seen: Sequence[_Seen]) -> Coming:
    """The medians over these, but those that were broken off."""
    whole = [each for each in seen if not each.broken_off]
    broken_off = len(seen) - len(whole)
    if not whole:
        return Coming(broken_off=broken_off)
    first, second = median(each.first for each in whole), median(each.second for each in whole)
    return Coming(len(whole), first, second, sum(each.second == inf for each in whole), broken_off)


def _read_incidents(
    session: Session, kind: IncidentKind, begin: datetime, end: datetime
) -> tuple[list[_Seen], list[int]]:
    """The incidents of this kind that opened in that time; and the villages of those that were in vain, one each.

    A drill counts where it was of a group: tests of single phones ring nobody's neighbours. One that was broken off
    says of whoever had not answered by then neither that they come nor that they do not.
    """
    opened = select(Incident.id, Incident.village_id, Incident.opened_at, Incident.outcome).where(
        Incident.kind == kind, Incident.opened_at >= begin, Incident.opened_at < end
    )
    if kind is IncidentKind.DRILL:
        opened = opened.where(Incident.group_id.is_not(None))
    rows = session.execute(opened.order_by(Incident.id)).all()
    came = read_comers(session, opened.with_only_columns(Incident.id))
    ended = find_broken_off(session, [row.id for row in rows]) if kind is IncidentKind.DRILL else set()
    seen = []
    for incident_id, village_id, at, outcome in rows:
        if outcome not in IN_VAIN:
            times = sorted((each.at - at).total_seconds() for each in came.get(incident_id, ()) if each.is_household)
            first, second = [*times, inf, inf][:2]
            seen.append(_Seen(village_id, first, second, second == inf and incident_id in ended))
    return seen, [row.village_id for row in rows if row.outcome in IN_VAIN]


def _group(seen: Iterable[_Seen]) -> dict[int, list[_Seen]]:
    found: dict[int, list[_Seen]] = defaultdict(list)
    for each in seen:
        found[each.village_id].append(each)
    return found


def _count_tasks(session: Session, begin: datetime, end: datetime) -> dict[int, tuple[int, int, int]]:
    """By village how many tasks were opened and closed in that time, and how many were open at its end."""
    opened = case((PhoneTask.opened_at >= begin, 1))
    closed = case((PhoneTask.closed_at < end, 1))
    left = case((PhoneTask.closed_at.is_(None) | (PhoneTask.closed_at >= end), 1))
    asked = (
        select(PhoneTask.village_id, func.count(opened), func.count(closed), func.count(left))
        .where(PhoneTask.opened_at < end, PhoneTask.closed_at.is_(None) | (PhoneTask.closed_at >= begin))
        .group_by(PhoneTask.village_id)
    )
    return {village_id: (many, gone, still) for village_id, many, gone, still in session.execute(asked)}


def _count_checks(session: Session, month: date, as_of: date, today: date) -> dict[int, _Checks]:
    """By village how its half-monthly checks of the month stand at the end of `as_of`."""
    found: dict[int, _Checks] = defaultdict(_Checks)
    for day in (month.replace(day=day) for day in DUE_DAYS):
        if day > as_of:
            continue
        signed = set(session.scalars(select(VillageCheck.village_id).where(VillageCheck.due_on == day)))
        expected = find_expected(session, day)
        for village_id in expected | signed:
            own, is_signed = found[village_id], village_id in signed
            late = not is_signed and day < today
            # The last one tells whether the village is overdue.
            found[village_id] = _Checks(own.due + (is_signed or late), own.signed + is_signed, int(late))
    return found


def _make_line(
    of: VillageFigures,
    alarms: Coming,
    in_vain: int,
    drills: Coming,
    tasks: tuple[int, int, int],
    checks: _Checks,
) -> SummaryLine:
    opened, closed, left = tasks
    return SummaryLine(
        code=of.code,
        name=of.name,
        covered=0 if of.households is None else of.signed_up,
        households=of.households,
        signed_up=of.signed_up,
        uncounted=of.signed_up if of.households is None else 0,
        proven=of.proven,
        alarms=alarms,
        in_vain=in_vain,
        drills=drills,
        tasks_opened=opened,
        tasks_closed=closed,
        tasks_open=left,
        checks_due=checks.due,
        checks_signed=checks.signed,
        overdue=checks.overdue,
    )


def _add_up(lines: Sequence[SummaryLine], alarms: Sequence[_Seen], drills: Sequence[_Seen]) -> SummaryLine:
    """The town's line: sums of the villages', and medians over all incidents of the town."""
    counted = [each for each in lines if each.households is not None]
    return SummaryLine(
        code="",
        name="",
        covered=sum(each.covered for each in lines),
        households=sum(each.households or 0 for each in counted) if counted else None,
        signed_up=sum(each.signed_up for each in lines),
        uncounted=sum(each.uncounted for each in lines),
        proven=sum(each.proven for each in lines),
        alarms=sum_up(alarms),
        in_vain=sum(each.in_vain for each in lines),
        drills=sum_up(drills),
        tasks_opened=sum(each.tasks_opened for each in lines),
        tasks_closed=sum(each.tasks_closed for each in lines),
        tasks_open=sum(each.tasks_open for each in lines),
        checks_due=sum(each.checks_due for each in lines),
        checks_signed=sum(each.checks_signed for each in lines),
        overdue=sum(each.overdue for each in lines),
    )
