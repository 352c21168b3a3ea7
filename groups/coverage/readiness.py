"""Readiness beside enrolment: who is reached, which groups are complete, who stayed; the figures below a village."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from config.database import match_any
from groups.coverage.rules.figures import Figure
from groups.coverage.rules.reachability import COMPLETE_GROUP, Readiness
from groups.coverage.rules.report import DayFigures, Level, PlaceCoverage, VillageFigure
from groups.models.enrolment import Subscription, is_active, match_living_there
from groups.models.figures import ReachProof, Residence
from groups.models.roster import Grid, Group
from groups.rules.proofs import find_first_day_of_proof

_Stood = tuple[int, int, int]
"""Reachable households, groups, complete groups; or households, their groups, those in which there are enough."""
_NOBODY = (0, 0, 0)
BELOW_A_VILLAGE = frozenset({Level.GRID, Level.GROUP})
Part = Callable[[int], slice]
"""Which of so many rows are shown."""


def read_readiness(
    session: Session, day: date, villages: Collection[int] | None = None, *, stays_since: date | None = None
) -> dict[int, Readiness]:
    """By village what stands behind its figure on a day: of all, or of these.

    Who stayed in their group is asked where a day is named with which groups are compared.
    """
    if villages is not None and not villages:
        return {}
    stood = _group_by_village(session, day, villages)
    stayed = _count_stayed(session, stays_since, day, villages) if stays_since is not None else {}
    return {
        number: Readiness(*stood.get(number, _NOBODY), *stayed.get(number, (0, 0)))
        for number in stood.keys() | stayed.keys()
    }


def _group_by_village(session: Session, day: date, villages: Collection[int] | None) -> dict[int, _Stood]:
    """By village: households that are reached, groups that anybody lives in, complete ones."""
    living = _select_living(session, day, villages)
    lived = {row[0]: row[2] for row in _sum_up(session, living)}
    reached = {row[0]: row[1:] for row in _sum_up(session, living.where(*_match_reached(day)))}
    return {
        village_id: (many, groups, complete)
        for village_id, groups in lived.items()
        for many, _, complete in (reached.get(village_id, _NOBODY),)
    }


def count_signed_up(session: Session, day: date) -> dict[int, int]:
    """The households signed up on a day, group by group and those in none, added up by village."""
    signed_up = Residence.household_id.in_(select(Subscription.household_id).where(is_active(day)))
    living = select(Residence).where(match_living_there(day), signed_up)
    found: dict[int, int] = {}
    for (village_id, _), (households, _, _) in _group_by_place(session, Residence.group_id, living).items():
        found[village_id] = found.get(village_id, 0) + households
    return found


def count_reached(session: Session, day: date) -> dict[int, int]:
    """By village the households signed up on a day whom a proof of the last thirty days says a ring reaches."""
    reached = _select_living(session, day, None).where(*_match_reached(day))
    asked = reached.with_only_columns(Residence.village_id, func.count()).group_by(Residence.village_id)
    return dict(session.execute(asked).all())


def read_places(
    session: Session, figures: DayFigures, level: Level, part: Part | None = None
) -> tuple[tuple[PlaceCoverage, ...], int]:
    """The grids' or groups' figures, each village's in their order; those of its households that are in none, last.

    With `part` only those of a page, by its place among how many there are, which is told beside them.
    """
    if level not in BELOW_A_VILLAGE:
        return (), 0
    place = Residence.grid_id if level is Level.GRID else Residence.group_id
    rows, skipped = list(figures.rows), 0
    villages = None if figures.village is None else {each.village_id for each in rows}
    if part is None:
        found = _make_places(session, figures, level, rows, villages)
        return found, len(found)
    many = _count_places(session, figures.as_of, place, villages)
    in_all = sum(many.get(each.village_id, 0) for each in rows)
    wanted = part(in_all)
    first, last = wanted.start or 0, wanted.stop if wanted.stop is not None else in_all
    shown, at = [], 0
    for each in rows:
        own = many.get(each.village_id, 0)
        if at < last and at + own > first:
            shown.append(each)
        elif at + own <= first:
            skipped = at + own
        at += own
    found = _make_places(session, figures, level, shown, {each.village_id for each in shown})
    return found[first - skipped : last - skipped], in_all


def _count_places(
    session: Session, day: date, place: InstrumentedAttribute[int | None], villages: Collection[int] | None
) -> dict[int, int]:
    """By village in how many grids or groups anybody lives; those who are in none count as one more."""
    asked = _select_living(session, day, villages).with_only_columns(Residence.village_id, place).distinct().subquery()
    return dict(session.execute(select(asked.c.village_id, func.count()).group_by(asked.c.village_id)).all())


def _make_places(
    session: Session,
    figures: DayFigures,
    level: Level,
    rows: Sequence[VillageFigure],
    villages: Collection[int] | None,
) -> tuple[PlaceCoverage, ...]:
    of = Grid if level is Level.GRID else Group
    place = Residence.grid_id if of is Grid else Residence.group_id
    living = _select_living(session, figures.as_of, villages)
    signed_up = _group_by_place(session, place, living.where(_match_signed_up(figures.as_of)))
    reached = _group_by_place(session, place, living.where(*_match_reached(figures.as_of)))
    known = _read_names_in_order(session, of, villages)
    found: dict[int, list[tuple[int, PlaceCoverage]]] = {village.village_id: [] for village in rows}
    names = {village.village_id: (village.code, village.name) for village in rows}
    for (village_id, number), (households, groups, _) in _group_by_place(session, place, living).items():
        if village_id not in found:
            continue
        order, name = known[number] if number is not None else (len(known), "")
        figure = Figure(signed_up.get((village_id, number), _NOBODY)[0], households)
        reachable, _, complete = reached.get((village_id, number), _NOBODY)
        stood = PlaceCoverage(*names[village_id], name, figure, reachable, groups, complete)
        found[village_id].append((order, stood))
    return tuple(stood for own in found.values() for _, stood in sorted(own, key=itemgetter(0)))


def _group_by_place(
    session: Session, place: InstrumentedAttribute[int | None], households: Select[Any]
) -> dict[tuple[int, int | None], _Stood]:
    """By village and place: the households, in how many groups they are, in how many of those there are enough."""
    return {row[:2]: row[2:] for row in _sum_up(session, households, place)}


def _sum_up(session: Session, households: Select[Any], *place: InstrumentedAttribute[int | None]) -> Iterable[Any]:
    """The same as rows, of whole villages where no place is named: added up by the database, for a county has thirty
    groups to a village.
    """
    of = dict.fromkeys((Residence.village_id, *place, Residence.group_id))
    groups = households.with_only_columns(*of, func.count().label("many")).group_by(*of).subquery()
    by = [groups.c[column.key] for column in (Residence.village_id, *place)]
    complete = case((groups.c.group_id.is_not(None) & (groups.c.many >= COMPLETE_GROUP), 1))
    sums = (cast(func.sum(groups.c.many), Integer), func.count(groups.c.group_id), func.count(complete))
    return session.execute(select(*by, *sums).group_by(*by))


def _select_living(session: Session, day: date, villages: Collection[int] | None) -> Select[Any]:
    """Who lived in these villages (None: in any) on the day.

    Everybody, those signed up and those reached are three questions, each of which a database runs on all its
    processors: a third of the time of one with outer joins.
    """
    question = select(Residence).where(match_living_there(day))
    return question if villages is None else question.where(match_any(session, Residence.village_id, sorted(villages)))


def _match_signed_up(day: date) -> ColumnElement[bool]:
    return Residence.household_id.in_(select(Subscription.household_id).where(is_active(day)))


def _match_reached(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Those signed up whom a proof of the last thirty days says a ring reaches."""
    proven = select(ReachProof.household_id).where(ReachProof.proven_on.between(find_first_day_of_proof(day), day))
    return _match_signed_up(day), Residence.household_id.in_(proven)


def _read_names_in_order(
    session: Session, of: type[Grid] | type[Group], villages: Collection[int] | None
) -> dict[int, tuple[int, str]]:
    """The places' order, and their names.

    Of some villages only: whoever lives in one may be in a group that has gone to another since, so all are asked
    about whose households these are.
    """
    order = (Grid.village_id, Grid.id) if of is Grid else (Group.village_id, Group.position, Group.id)
    question = select(of.id, of.name).order_by(*order)
    if villages is not None:
        place = Residence.grid_id if of is Grid else Residence.group_id
        lived = select(place).where(match_any(session, Residence.village_id, sorted(villages)))
        question = question.where(of.id.in_(lived))
    return {number: (place, name) for place, (number, name) in enumerate(session.execute(question))}


def _count_stayed(
    session: Session, before: date, day: date, villages: Collection[int] | None
) -> dict[int, tuple[int, int]]:
    """By village: how many households were in a group on the earlier day, and how many still are in the same."""
    earlier, later = aliased(Residence), aliased(Residence)
    grouped = [match_living_there(before, earlier), earlier.group_id.is_not(None)]
    if villages is not None:
        grouped.append(match_any(session, earlier.village_id, sorted(villages)))
    # Most have not moved at all, and the row of the earlier day holds still: only the others are looked for.
    holds = match_living_there(day, earlier)
    stay = select(earlier.village_id, func.count(), func.count(case((holds, 1)))).where(*grouped)
    back = (
        select(earlier.village_id, func.count())
        .join(later, (later.household_id == earlier.household_id) & match_living_there(day, later))
        .where(*grouped, ~holds, later.group_id == earlier.group_id)
    )
    returned = dict(session.execute(back.group_by(earlier.village_id)).all())
    return {
        village_id: (many, settled + returned.get(village_id, 0))
        for village_id, many, settled in session.execute(stay.group_by(earlier.village_id))
    }
