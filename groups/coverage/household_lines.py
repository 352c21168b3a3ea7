"""The lines of a statement that are about a household: it came, left, moved, or was known otherwise.

A household's state is the row of the report to which it belongs on a day; None: to none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from config.database import match_any
from groups.coverage.acts import Act, Ends, Past, Place, Version, find_last_true, make_ends, read_households
from groups.coverage.compared import Compared
from groups.coverage.rules.paths import Turn, find_turns
from groups.coverage.rules.statement import Cause, Line, Measure
from groups.models.batch import AT_ONCE
from groups.models.changes import Change
from groups.models.enrolment import (
    EndReason,
    Subscription,
    is_active,
    match_living_there,
    match_same_household,
    select_covered_from,
    select_covered_until,
)
from groups.models.figures import Residence
from groups.models.roster import Grid, Group, Household, Village

_Homes = dict[int, Place]
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counting:
    """Who counts: those signed up, or (`LIVING`) everybody who lives in one of the villages (None: in any).

    `place` is the column of a home that tells the rows below a village apart.
    """

    measure: Measure
    villages: Collection[int] | None
    place: str | None

    def find_state(self, ends: Ends, day: date) -> Place | None:
        """The row to which a household belongs on a day."""
        return self._see(ends.find_home(day)) if self.measure is Measure.LIVING or ends.covers(day) else None

    def project(self, turns: Sequence[Turn[Any, Place | None]]) -> list[Turn[Any, Place | None]]:
        """The turns as these villages see them: whatever is elsewhere is nowhere."""
        if not turns:
            return []
        seen = [(turn.event, self._see(turn.after)) for turn in turns]
        return find_turns(self._see(turns[0].before), seen)

    def _see(self, place: Place | None) -> Place | None:
        return place if place is not None and (self.villages is None or place[0] in self.villages) else None


@dataclass(frozen=True, slots=True)
class Step:
    """A day on which a household came to another state, and the act by which it did; `reason`: why it ended."""

    day: date
    act: Act
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What the villages, the rows below them and the households are called."""

    villages: dict[int, str]
    places: dict[int, str]
    heads: dict[int, str] = field(default_factory=dict)

    def name_row(self, at: Place, beside: Place) -> str:
        """A row beside another: its village, or the group where both are of one village."""
        below = self.places.get(at[1] or 0, "")
        return below or "—" if at[0] == beside[0] else " ".join(filter(None, (self.villages.get(at[0], ""), below)))


def find_touched(session: Session, compared: Compared) -> list[int]:
    """The households of whose homes or subscriptions something was written down after the earlier report."""
    asked = select(Change.household_id).where(
        *compared.match_written_between(),
        Change.table.in_(("subscriptions", "residences")),
        Change.household_id.is_not(None),
    )
    return sorted(number for number in set(session.scalars(asked)) if number is not None)


def read_homes(session: Session, households: Sequence[int], compared: Compared, measure: Measure) -> _Homes:
    """Of these households those that count on the earlier day, and in which row."""
    found: _Homes = {}
    place = getattr(Residence, compared.place or "village_id")
    for start in range(0, len(households), AT_ONCE):
        asked = select(Residence.household_id, Residence.village_id, place.label("place"))
        if measure is not Measure.LIVING:
            asked = asked.join(Subscription, match_same_household()).where(is_active(compared.since))
        wanted = match_any(session, Residence.household_id, households[start : start + AT_ONCE])
        for number, village_id, below in session.execute(asked.where(match_living_there(compared.since), wanted)):
            found[number] = (village_id, below if compared.place else None)
    return found


@dataclass(frozen=True, slots=True)
class Corrected:
    """A household that is in another row on the earlier day, by what is known now: act by act."""

    household: int
    past: Past
    turns: list[Turn[Version, Place | None]]


def read_corrected(
    session: Session, compared: Compared, was: _Homes, became: _Homes, measure: Measure
) -> list[Corrected]:
    """Of the households that counted in one row and count in another, what was written down that made it so."""
    moved = sorted(one for one in was.keys() | became.keys() if was.get(one) != became.get(one))
    counting, found = Counting(measure, None, compared.place), []
    for pasts in read_households(session, moved, compared.until_known_at):
        for number, past in pasts.items():
            told = [
                (version, counting.find_state(make_ends(version, compared.place), compared.since))
                for version in past.written_after(compared.since_known_at)
            ]
            found.append(Corrected(number, past, find_turns(was.get(number), told)))
    return found


def list_corrected_lines(
    compared: Compared, counting: Counting, found: Sequence[Corrected], names: Names
) -> Iterator[Line]:
    """The households that belong to another row on the earlier day, act by act."""
    for each in found:
        for turn in counting.project(each.turns):
            at = each.past.versions.index(turn.event)
            shown = each.past.versions[max(at - 1, 0)].write_days(turn.event, compared.since)
            if turn.before is not None and turn.after is not None:
                shown = (names.name_row(turn.before, turn.after), names.name_row(turn.after, turn.before))
            for place, delta in ((turn.before, -1), (turn.after, 1)):
                if place is not None:
                    step = Step(compared.since, turn.event.act)
                    yield _make_line(counting, Cause.CORRECTED, delta, place, each.household, names, step, shown)


def list_step_lines(
    session: Session, compared: Compared, counting: Counting, names: Names, most: int | None
) -> Iterator[Line]:
    """Who came, who left and who moved between the two days, in villages that are in the sum on both."""
    if compared.since >= compared.until or (counting.villages is not None and not counting.villages):
        return
    told: list[tuple[tuple[Any, ...], list[Line]]] = []
    for cause in (Cause.JOINED, Cause.LEFT, Cause.MOVED):
        rows = session.execute(_select_stepped(session, compared, counting, cause, most)).all()
        households = [row.household_id for row in rows]
        heads = read_heads(session, households)
        for pasts in read_households(session, households, compared.until_known_at):
            for number, past in pasts.items():
                told += _tell_steps(compared, counting, number, past, replace(names, heads=heads))
        if rows and (left := rows[0].many - len(rows)):
            sign = {Cause.JOINED: left, Cause.LEFT: -left}.get(cause, 0)
            told.append(((_ORDER[cause], 1), [Line(counting.measure, cause, sign, more=left)]))
    for _, lines in sorted(told, key=lambda each: each[0]):
        yield from lines


_ORDER = {Cause.JOINED: 0, Cause.LEFT: 1, Cause.MOVED: 2}


def _tell_steps(
    compared: Compared, counting: Counting, number: int, past: Past, names: Names
) -> Iterator[tuple[tuple[Any, ...], list[Line]]]:
    order = {village: at for at, village in enumerate(names.villages)}
    for turn in find_steps(counting, past, compared.since, compared.until):
        before, after, step = turn.before, turn.after, turn.event
        if before is not None and after is not None:
            cause, shown = Cause.MOVED, (names.name_row(before, after), names.name_row(after, before))
        else:
            cause, shown = (Cause.JOINED, ("", "")) if before is None else (Cause.LEFT, ("", step.reason))
        first = before if before is not None else after
        key = (_ORDER[cause], 0, order.get(first[0], 0) if first else 0, step.day, number)
        yield (
            key,
            [
                _make_line(counting, cause, delta, place, number, names, step, shown)
                for place, delta in ((before, -1), (after, 1))
                if place is not None
            ],
        )


def find_steps(counting: Counting, past: Past, since: date, until: date) -> list[Turn[Step, Place | None]]:
    """How a household came from its row on the one day to that on the other, as all is known in the end."""
    ends = make_ends(past.last, counting.place)
    told = [(day, counting.find_state(ends, day)) for day in ends.list_days(since, until)]
    turns = find_turns(counting.find_state(ends, since), told)
    return [Turn(_find_step(counting, past, ends, turn), turn.before, turn.after) for turn in turns]


def _find_step(counting: Counting, past: Past, ends: Ends, turn: Turn[date, Place | None]) -> Step:
    """By whom: of a subscription that began or ended whoever wrote that day, else whoever wrote that it moved."""
    day, eve = turn.event, turn.event - _A_DAY
    known = [make_ends(version, counting.place) for version in past.versions]
    signed = (ends.covers(eve), ends.covers(day))
    if counting.measure is not Measure.LIVING and signed[0] != signed[1]:
        at = find_last_true([(each.covers(eve), each.covers(day)) == signed for each in known])
        return Step(day, past.versions[at].act, known[at].find_reason(day))
    homes = [(each.find_home(eve), each.find_home(day)) for each in known]
    if turn.after is not None:
        at = find_last_true([now == turn.after != before for before, now in homes])
    else:
        at = find_last_true([before == turn.before != now for before, now in homes])
    gone = homes[-1][1] is None
    return Step(day, past.versions[at].act, (EndReason.ARCHIVED if gone else EndReason.MOVED).value)


def _select_stepped(
    session: Session, compared: Compared, counting: Counting, cause: Cause, most: int | None
) -> Select[Any]:
    """Who came, left or moved: the first ones by village and day, with how many there are in all (`many`)."""
    there, other = compared.until, compared.since
    if cause is Cause.LEFT:
        there, other = other, there
    living = counting.measure is Measure.LIVING
    question = select(Residence.household_id).where(match_living_there(there))
    step: Any = Residence.ends_on if cause is Cause.LEFT else Residence.starts_on
    if not living:
        question = question.join(Subscription, match_same_household()).where(is_active(there))
        step = select_covered_until() if cause is Cause.LEFT else select_covered_from()
    if counting.villages is not None:
        question = question.where(match_any(session, Residence.village_id, list(counting.villages)))
    if cause is Cause.MOVED:
        question = question.where(_match_elsewhere(session, counting, other))
    else:
        question = question.where(~_match_there(session, counting, other))
        if counting.villages is None and not living:
            # A row that is active on both days is no step, which spares most rows the look at the other day.
            early = Subscription.starts_on > other if cause is Cause.JOINED else Subscription.ends_on <= other
            question = question.where(early)
    return (
        question.join(Village, Village.id == Residence.village_id)
        .add_columns(func.count().over().label("many"))
        .order_by(Village.code, step, Residence.household_id)
        .limit(most)
    )


def _match_there(session: Session, counting: Counting, day: date) -> ColumnElement[bool]:
    """Whether the household of a home counts on another day."""
    home, held = aliased(Residence), aliased(Subscription)
    living = counting.measure is Measure.LIVING
    signed_up = (
        select(held.id)
        .where(
            held.household_id == Residence.household_id,
            held.starts_on <= day,
            or_(held.ends_on.is_(None), held.ends_on > day),
        )
        .correlate(Residence)
    )
    if counting.villages is None and not living:
        return signed_up.exists()
    there = select(home.id).where(home.household_id == Residence.household_id, match_living_there(day, home))
    there = there.correlate(Residence)
    if counting.villages is not None:
        there = there.where(match_any(session, home.village_id, list(counting.villages)))
    return there.exists() if living else there.exists() & signed_up.exists()


def _match_elsewhere(session: Session, counting: Counting, day: date) -> ColumnElement[bool]:
    """Whether the household of a home counts on another day, in another row."""
    home = aliased(Residence)
    differs = home.village_id != Residence.village_id
    if counting.place is not None:
        differs = differs | getattr(home, counting.place).is_distinct_from(getattr(Residence, counting.place))
    elsewhere = (
        select(home.id)
        .where(home.household_id == Residence.household_id, match_living_there(day, home), differs)
        .correlate(Residence)
    )
    if counting.villages is not None:
        elsewhere = elsewhere.where(match_any(session, home.village_id, list(counting.villages)))
    # Whoever has not moved since then is where they were.
    return (Residence.starts_on > day) & elsewhere.exists() & _match_there(session, counting, day)


def read_heads(session: Session, households: Sequence[int]) -> dict[int, str]:
    """What these households are called."""
    heads: dict[int, str] = {}
    for start in range(0, len(households), AT_ONCE):
        rows = session.execute(
            select(Household.id, Household.head, Household.door).where(
                match_any(session, Household.id, households[start : start + AT_ONCE])
            )
        )
        heads |= {number: f"{head} {door}".strip() for number, head, door in rows}
    return heads


def read_places(session: Session, place: str | None) -> dict[int, str]:
    """The names of the rows below the villages; of a report of villages there are none."""
    if place is None:
        return {}
    of = Group if place == "group_id" else Grid
    return dict(session.execute(select(of.id, of.name)).all())


def _make_line(
    counting: Counting,
    cause: Cause,
    delta: int,
    at: Place,
    household: int,
    names: Names,
    step: Step,
    shown: tuple[str, str],
) -> Line:
    return Line(
        counting.measure,
        cause,
        delta,
        names.villages.get(at[0], ""),
        names.heads.get(household, ""),
        step.day,
        step.act.action,
        step.act.by,
        step.act.at,
        *shown,
        place=names.places.get(at[1] or 0, ""),
    )
