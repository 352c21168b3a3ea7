"""What changed since the last report, line by line to its sum: who came and went, what was counted, what was corrected.

Three states are compared: the earlier day as it was known then, the same day as it is known now, and the later day.
Each line names the act that made the difference: act by act on the earlier day, day by day up to the later one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.coverage.acts import Place
from groups.coverage.compared import Compared, State, read_state
from groups.coverage.figures import Scope
from groups.coverage.household_lines import (
    Counting,
    Names,
    find_touched,
    list_corrected_lines,
    list_step_lines,
    read_corrected,
    read_heads,
    read_homes,
    read_places,
)
from groups.coverage.rules.statement import Line, Measure, Part, Statement
from groups.coverage.village_lines import VillageLines
from groups.errors import InvalidDay, say
from groups.models.changes import Change
from groups.models.known_at import as_known
from groups.models.roster import Village

MOST_NAMED = 500
"""Households that are named on a page; of more, only how many there are is said."""


def make_statement(session: Session, compared: Compared, scope: Scope, *, most: int | None = MOST_NAMED) -> Statement:
    """Compare two reports; of one day there are corrections only. `most`: so many households of a kind are named;
    None: all. Raises InvalidDay where the earlier is not earlier.
    """
    if compared.since > compared.until:
        raise InvalidDay(say("last_report_not_earlier", since=compared.since, until=compared.until))
    touched = find_touched(session, compared)
    measures = [Measure.SUBSCRIBED, *([Measure.LIVING] if compared.place else [])]
    with as_known(session, compared.since_known_at):
        reported = read_state(session, compared, compared.since, scope)
        homes = {measure: read_homes(session, touched, compared, measure) for measure in measures}
    with as_known(session, compared.until_known_at):
        known = read_state(session, compared, compared.since, scope) if _has_news(session, compared) else reported
        later = read_state(session, compared, compared.until, scope)
        lines = list(_list_lines(_Asked(session, compared, scope, most), (reported, known, later), touched, homes))
    parts = tuple(
        Part(
            measure,
            reported.measure(measure),
            later.measure(measure),
            tuple(_move_to_zone(line, scope.zone) for line in lines if line.measure is measure),
        )
        for measure in Measure
        if measure is not Measure.LIVING or compared.place
    )
    known_at = compared.since_known_at.astimezone(scope.zone)
    return Statement(compared.since, known_at, compared.until, parts, compared.report)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, and where."""

    session: Session
    compared: Compared
    scope: Scope
    most: int | None


def _list_lines(
    asked: _Asked,
    states: tuple[State, State, State],
    touched: list[int],
    homes: dict[Measure, dict[int, Place]],
) -> Iterator[Line]:
    session, compared = asked.session, asked.compared
    reported, known, later = states
    villages = {number: each.name for state in states for number, each in state.villages.items()}
    villages = {number: villages[number] for number in _sort_by_code(session, villages)}
    names = Names(villages, read_places(session, compared.place))
    corrected = {
        measure: read_corrected(session, compared, was, read_homes(session, touched, compared, measure), measure)
        for measure, was in homes.items()
    }
    of_villages = VillageLines(session, compared, asked.scope, states)
    for measure, found in corrected.items():
        heads = read_heads(session, [each.household for each in found])
        counting = Counting(measure, _find_common(reported, known, measure), compared.place)
        yield from list_corrected_lines(compared, counting, found, replace(names, heads=heads))
    yield from of_villages.list_of_sum()
    yield from of_villages.list_counts()
    for measure in homes:
        within: set[int] | None = _find_common(known, later, measure)
        if not known.alone and within == set(session.scalars(select(Village.id))):
            # All that there are, none archived: then nobody has to be asked where they live.
            within = None
        yield from list_step_lines(session, compared, Counting(measure, within, compared.place), names, asked.most)
    yield from of_villages.list_statuses(corrected[Measure.SUBSCRIBED])


def _has_news(session: Session, compared: Compared) -> bool:
    """Whether anything at all was written down between what was known of the two reports."""
    return session.scalar(select(Change.id).where(*compared.match_written_between()).limit(1)) is not None


def _find_common(one: State, other: State, measure: Measure) -> set[int]:
    """The villages whose households are in the sum on both sides: each of these is explained by itself."""
    both = one.villages.keys() & other.villages.keys()
    if measure is Measure.LIVING:
        return both
    return {number for number in both if one.is_summed(number) and other.is_summed(number)}


def _sort_by_code(session: Session, villages: dict[int, str]) -> list[int]:
    return [number for number in session.scalars(select(Village.id).order_by(Village.code)) if number in villages]


def _move_to_zone(line: Line, zone: ZoneInfo) -> Line:
    return line if line.at is None else replace(line, at=line.at.astimezone(zone))
