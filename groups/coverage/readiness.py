"""Readiness beside enrolment: who is reached, which groups are complete, who stayed; the figures below a village."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from groups.coverage.rules.figures import Figure
from groups.coverage.rules.reachability import COMPLETE_GROUP, Readiness, first_day_of_proof
from groups.coverage.rules.report import CoverageReport, Level, PlaceCoverage
from groups.models.covered_days import lives_there
from groups.models.enrolment import Subscription, is_active
from groups.models.figures import ReachProof, Residence
from groups.models.roster import Grid, Group
from groups.rules.days import year_before

_Stood = tuple[int, int, int]
"""Reachable households, groups, complete groups; or households, their groups, those in which there are enough."""
_NOBODY = (0, 0, 0)
_BELOW_A_VILLAGE = frozenset({Level.GRID, Level.GROUP})


def with_readiness(
    session: Session,
    report: CoverageReport,
    *,
    level: Level = Level.VILLAGE,
    since: date | None = None,
    stability: bool = True,
) -> CoverageReport:
    """The report with its villages' readiness, and with its grids or groups where `level` asks for them.

    `since` is the day with which groups are compared for stability; a year before, where nobody names one. Without
    `stability` nobody is.
    """
    stood = _by_village(session, report)
    stayed = _stayed(session, since or year_before(report.as_of), report) if stability else {}
    villages = tuple(
        replace(
            village,
            readiness=Readiness(*stood.get(village.village_id, (0, 0, 0)), *stayed.get(village.village_id, (0, 0))),
        )
        for village in report.villages
    )
    return replace(report, villages=villages, level=level, places=_places(session, report, level))


def _by_village(session: Session, report: CoverageReport) -> dict[int, _Stood]:
    """By village: households that are reached, groups that anybody lives in, complete ones."""
    lived = {row[0]: row[2] for row in _summed_up(session, _living(report))}
    reached = {row[0]: row[1:] for row in _summed_up(session, _living(report, *_reached(report)))}
    return {
        village_id: (many, groups, complete)
        for village_id, groups in lived.items()
        for many, _, complete in (reached.get(village_id, _NOBODY),)
    }


def signed_up_by_village(session: Session, day: date) -> dict[int, int]:
    """The households signed up on a day, group by group and those in none, added up by village."""
    signed_up = Residence.household_id.in_(select(Subscription.household_id).where(is_active(day)))
    living = select(Residence).where(lives_there(day), signed_up)
    found: dict[int, int] = {}
    for (village_id, _), (households, _, _) in _by_place(session, Residence.group_id, living).items():
        found[village_id] = found.get(village_id, 0) + households
    return found


def _places(session: Session, report: CoverageReport, level: Level) -> tuple[PlaceCoverage, ...]:
    """The grids' or groups' figures, each village's in their order; those of its households that are in none, last."""
    if level not in _BELOW_A_VILLAGE:
        return ()
    of = Grid if level is Level.GRID else Group
    place = Residence.grid_id if of is Grid else Residence.group_id
    signed_up = _by_place(session, place, _living(report, _signed_up(report)))
    reached = _by_place(session, place, _living(report, *_reached(report)))
    known = _in_order(session, of)
    found: dict[int, list[tuple[int, PlaceCoverage]]] = {village.village_id: [] for village in report.rows}
    names = {village.village_id: (village.code, village.name) for village in report.rows}
    for (village_id, number), (households, groups, _) in _by_place(session, place, _living(report)).items():
        if village_id not in found:
            continue
        order, name = known[number] if number is not None else (len(known), "")
        figure = Figure(signed_up.get((village_id, number), _NOBODY)[0], households)
        reachable, _, complete = reached.get((village_id, number), _NOBODY)
        stood = PlaceCoverage(*names[village_id], name, figure, reachable, groups, complete)
        found[village_id].append((order, stood))
    return tuple(stood for own in found.values() for _, stood in sorted(own, key=itemgetter(0)))


def _by_place(
    session: Session, place: InstrumentedAttribute[int | None], households: Select[Any]
) -> dict[tuple[int, int | None], _Stood]:
    """By village and place: the households, in how many groups they are, in how many of those there are enough."""
    return {row[:2]: row[2:] for row in _summed_up(session, households, place)}


def _summed_up(session: Session, households: Select[Any], *place: InstrumentedAttribute[int | None]) -> Iterable[Any]:
    """The same as rows, of whole villages where no place is named: added up by the database, for a county has thirty
    groups to a village.
    """
    of = dict.fromkeys((Residence.village_id, *place, Residence.group_id))
    groups = households.with_only_columns(*of, func.count().label("many")).group_by(*of).subquery()
    by = [groups.c[column.key] for column in (Residence.village_id, *place)]
    complete = case((groups.c.group_id.is_not(None) & (groups.c.many >= COMPLETE_GROUP), 1))
    sums = (cast(func.sum(groups.c.many), Integer), func.count(groups.c.group_id), func.count(complete))
    return session.execute(select(*by, *sums).group_by(*by))


def _living(report: CoverageReport, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Who lived in the villages of the report on its day, and meets the conditions.

    Everybody, those signed up and those reached are three questions, each of which a database runs on all its
    processors: a third of the time of one with outer joins.
    """
    question = select(Residence).where(lives_there(report.as_of), *conditions)
    if report.village is not None:
        question = question.where(Residence.village_id.in_([village.village_id for village in report.rows]))
    return question


def _signed_up(report: CoverageReport) -> ColumnElement[bool]:
    return Residence.household_id.in_(select(Subscription.household_id).where(is_active(report.as_of)))


def _reached(report: CoverageReport) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Those signed up whom a proof of the last thirty days says a ring reaches."""
    proven = select(ReachProof.household_id).where(
        ReachProof.proven_on.between(first_day_of_proof(report.as_of), report.as_of)
    )
    return _signed_up(report), Residence.household_id.in_(proven)


def _in_order(session: Session, of: type[Grid] | type[Group]) -> dict[int, tuple[int, str]]:
    """The places' order, and their names."""
    order = (Grid.village_id, Grid.id) if of is Grid else (Group.village_id, Group.position, Group.id)
    rows = session.execute(select(of.id, of.name).order_by(*order))
    return {number: (place, name) for place, (number, name) in enumerate(rows)}


def _stayed(session: Session, before: date, report: CoverageReport) -> dict[int, tuple[int, int]]:
    """By village: how many households were in a group on the earlier day, and how many still are in the same."""
    earlier, later = aliased(Residence), aliased(Residence)
    grouped = [lives_there(before, earlier), earlier.group_id.is_not(None)]
    if report.village is not None:
        grouped.append(earlier.village_id.in_([village.village_id for village in report.rows]))
    # Most have not moved at all, and the row of the earlier day holds still: only the others are looked for.
    holds = lives_there(report.as_of, earlier)
    stay = select(earlier.village_id, func.count(), func.count(case((holds, 1)))).where(*grouped)
    back = (
        select(earlier.village_id, func.count())
        .join(later, (later.household_id == earlier.household_id) & lives_there(report.as_of, later))
        .where(*grouped, ~holds, later.group_id == earlier.group_id)
    )
    returned = dict(session.execute(back.group_by(earlier.village_id)).all())
    return {
        village_id: (many, settled + returned.get(village_id, 0))
        for village_id, many, settled in session.execute(stay.group_by(earlier.village_id))
    }
