"""Readiness beside enrolment: who is reached, which groups are complete, who stayed; the figures below a village."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from groups.coverage import is_active
from groups.enrolment_models import ReachProof, Residence
from groups.models import Grid, Group, Subscription
from groups.rules.coverage import Figure
from groups.rules.coverage_report import CoverageReport, Level, PlaceCoverage
from groups.rules.reachability import COMPLETE_GROUP, STABILITY_SPAN, Readiness, first_day_of_proof, is_complete

_Place = tuple[int, int | None, int | None]
"""Village, grid, group."""
_Stood = tuple[int, int, int]
"""Reachable households, groups, complete groups."""
_BELOW_A_VILLAGE = frozenset({Level.GRID, Level.GROUP})


@dataclass(frozen=True, slots=True)
class _Cell:
    """The households of one group (or of none) in one grid (or none): how many, subscribed, reachable.

    `subscribed` is counted for the levels below a village only; a village's own figure does not come from here.
    """

    village_id: int
    grid_id: int | None
    group_id: int | None
    households: int
    subscribed: int
    reachable: int


def with_readiness(
    session: Session, report: CoverageReport, *, level: Level = Level.VILLAGE, since: date | None = None
) -> CoverageReport:
    """The report with its villages' readiness, and with its grids or groups where `level` asks for them.

    `since` is the day with which groups are compared for stability; a year before, where nobody names one.
    """
    below = level in _BELOW_A_VILLAGE
    cells = _cells(session, report) if below else {}
    stood = {number: _stood(own) for number, own in cells.items()} if below else _by_village(session, report)
    stayed = _stayed(session, since or report.as_of - STABILITY_SPAN, report)
    villages = tuple(
        replace(
            village,
            readiness=Readiness(*stood.get(village.village_id, (0, 0, 0)), *stayed.get(village.village_id, (0, 0))),
        )
        for village in report.villages
    )
    return replace(report, villages=villages, level=level, places=_places(session, report, cells, level))


def _by_village(session: Session, report: CoverageReport) -> dict[int, _Stood]:
    """The same of whole villages, added up by the database: a county has thirty groups to a village."""
    stood: dict[int, _Stood] = {}
    for number, _, groups, _ in _summed_up(session, _living(report)):
        stood[number] = (0, groups, 0)
    for number, reachable, _, complete in _summed_up(session, _living(report, *_reached(report))):
        stood[number] = (reachable, stood[number][1], complete)
    return stood


def _summed_up(session: Session, households: Select[Any]) -> Iterable[Any]:
    """By village: its households, in how many groups they are, how many of those are complete."""
    of = households.with_only_columns(Residence.village_id, Residence.group_id, func.count().label("many"))
    groups = of.group_by(Residence.village_id, Residence.group_id).subquery()
    complete = case((groups.c.group_id.is_not(None) & (groups.c.many >= COMPLETE_GROUP), 1))
    return session.execute(
        select(
            groups.c.village_id,
            cast(func.sum(groups.c.many), Integer),
            func.count(groups.c.group_id),
            func.count(complete),
        ).group_by(groups.c.village_id)
    )


def _cells(session: Session, report: CoverageReport) -> dict[int, list[_Cell]]:
    """Who lived where on the day: all, those signed up, and those of them whom a proof says a ring reaches.

    Three questions, each of which a database runs on all its processors, take a third of the time of one.
    """
    everybody = _by_place(session, _living(report))
    subscribed = _by_place(session, _living(report, _signed_up(report)))
    reachable = _by_place(session, _living(report, *_reached(report)))
    cells = defaultdict(list)
    for place, households in everybody.items():
        cells[place[0]].append(_Cell(*place, households, subscribed.get(place, 0), reachable.get(place, 0)))
    return cells


def _by_place(session: Session, households: Select[Any]) -> dict[_Place, int]:
    """How many of the households lived in each village, grid and group."""
    place = (Residence.village_id, Residence.grid_id, Residence.group_id)
    question = households.with_only_columns(*place, func.count()).group_by(*place)
    return {row[:3]: row[3] for row in session.execute(question)}


def _living(report: CoverageReport, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Who lived in the villages of the report on its day, and meets the conditions."""
    question = select(Residence).where(_lived_there(Residence, report.as_of), *conditions)
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


def _stayed(session: Session, before: date, report: CoverageReport) -> dict[int, tuple[int, int]]:
    """By village: how many households were in a group on the earlier day, and how many still are in the same."""
    earlier, later = aliased(Residence), aliased(Residence)
    question = (
        select(earlier.village_id, func.count(), func.count(case((later.group_id == earlier.group_id, 1))))
        .outerjoin(later, (later.household_id == earlier.household_id) & _lived_there(later, report.as_of))
        .where(_lived_there(earlier, before), earlier.group_id.is_not(None))
        .group_by(earlier.village_id)
    )
    if report.village is not None:
        question = question.where(earlier.village_id.in_([village.village_id for village in report.rows]))
    return {village_id: (grouped, settled) for village_id, grouped, settled in session.execute(question)}


def _lived_there(residence: type[Residence], day: date):  # type: ignore[no-untyped-def]
    return (residence.starts_on <= day) & (residence.ends_on.is_(None) | (residence.ends_on > day))


def _stood(cells: list[_Cell]) -> _Stood:
    groups: dict[int, int] = defaultdict(int)
    for cell in cells:
        if cell.group_id is not None:
            groups[cell.group_id] += cell.reachable
    return sum(cell.reachable for cell in cells), len(groups), sum(map(is_complete, groups.values()))


def _places(
    session: Session, report: CoverageReport, cells: dict[int, list[_Cell]], level: Level
) -> tuple[PlaceCoverage, ...]:
    if level not in _BELOW_A_VILLAGE:
        return ()
    of = Grid if level is Level.GRID else Group
    known = {row.id: (place, row.name) for place, row in enumerate(_in_order(session, of), start=1)}
    places = []
    for village in report.rows:
        own: dict[int | None, list[_Cell]] = defaultdict(list)
        for cell in cells.get(village.village_id, []):
            own[cell.grid_id if of is Grid else cell.group_id].append(cell)
        # Those who are in none come last.
        for number in sorted(own, key=lambda number: known[number][0] if number is not None else len(known) + 1):
            reachable, groups, groups_complete = _stood(own[number])
            figure = Figure(sum(c.subscribed for c in own[number]), sum(c.households for c in own[number]))
            places.append(
                PlaceCoverage(
                    village.code,
                    village.name,
                    known[number][1] if number is not None else "",
                    figure,
                    reachable,
                    groups,
                    groups_complete,
                )
            )
    return tuple(places)


def _in_order(session: Session, of: type[Grid] | type[Group]):  # type: ignore[no-untyped-def]
    order = (Grid.village_id, Grid.id) if of is Grid else (Group.village_id, Group.position, Group.id)
    columns = (Grid.id, Grid.name) if of is Grid else (Group.id, Group.name)
    return session.execute(select(*columns).order_by(*order))
