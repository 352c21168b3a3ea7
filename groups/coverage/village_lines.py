"""The lines of a statement that are about a village: it came into the sum, was counted anew, reached the threshold.

What changed is found twice over: act by act on the earlier day (a correction), and day by day as all is known now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from groups.coverage import figures
from groups.coverage.acts import Act, Past, Version, list_dated, read_households, read_town, read_villages
from groups.coverage.compared import Compared, State, VillageState
from groups.coverage.figures import Scope
from groups.coverage.household_lines import Corrected, Counting, find_steps, read_heads
from groups.coverage.rules.figures import DEFAULT_THRESHOLD, Figure, find_in_force, write_threshold
from groups.coverage.rules.paths import Turn, find_last_flip, find_turns
from groups.coverage.rules.statement import Cause, Line, Measure
from groups.models.enrolment import Subscription, select_covered_from, select_covered_until, share_a_day
from groups.models.figures import Residence

Value = TypeVar("Value")
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Status:
    """What decides whether a village is under way and one of demonstration."""

    there: bool
    subscribed: int
    households: int | None
    threshold: int

    def holds(self, measure: Measure) -> bool:
        figure = Figure(self.subscribed, self.households)
        reached = self.subscribed > 0 if measure is Measure.STARTED else figure.reaches(self.threshold)
        return self.there and reached

    def shown(self) -> str:
        percent = Figure(self.subscribed, self.households).percent(2)
        return f"{percent or '—'}%" if self.there else ""


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that changes a status: by which act, whose household, what it says of what it changed."""

    act: Act
    change: Callable[[_Status], _Status]
    household: int | None = None
    threshold: tuple[int, int] | None = None


class VillageLines:
    """The lines of the villages that differ between two states; `known` reads them with their acts, once."""

    def __init__(self, session: Session, compared: Compared, scope: Scope, states: tuple[State, State, State]) -> None:
        self._session, self._compared, self._scope = session, compared, scope
        self._reported, self._known, self._later = states
        self._pasts = read_villages(session, self._find_changed(), compared.until_known_at)
        self._town = read_town(session, compared.until_known_at)

    def _find_changed(self) -> list[int]:
        """The villages of which anything differs that is no household's doing alone."""
        states = (self._reported, self._known, self._later)
        every = {number for state in states for number in state.villages}

        def differs(one: State, other: State, number: int) -> bool:
            was, became = one.villages.get(number), other.villages.get(number)
            if was is None or became is None:
                return was is not became
            return (was.figure.households, was.started, was.demonstration) != (
                became.figure.households,
                became.started,
                became.demonstration,
            )

        reported, known, later = states
        return sorted(n for n in every if differs(reported, known, n) or differs(known, later, n))

    def list_of_sum(self) -> Iterator[Line]:
        """The villages that came into the sum or left it, with all that they bring or take along."""
        for number, past in self._pasts.items():
            yield from self._list_entry(number, past, self._reported, self._known, corrected=True)
            yield from self._list_entry(number, past, self._known, self._later, corrected=False)

    def list_counts(self) -> Iterator[Line]:
        """The villages whose households are others by a count."""
        for number, past in self._pasts.items():
            if self._is_summed_in(number, self._reported, self._known):
                yield from self._list_corrected_counts(number, past)
            if self._is_summed_in(number, self._known, self._later):
                yield from self._list_later_counts(number, past)

    def list_statuses(self, corrected: Sequence[Corrected]) -> Iterator[Line]:
        """The villages that have started, or are demonstration villages, on one side and not on the other."""
        for number, past in self._pasts.items():
            for measure in (Measure.STARTED, Measure.DEMONSTRATION):
                if _holds(self._reported, number, measure) != _holds(self._known, number, measure):
                    yield self._tell_corrected_status(number, past, measure, corrected)
                if _holds(self._known, number, measure) != _holds(self._later, number, measure):
                    yield self._tell_later_status(number, past, measure)

    # -- in and out of the sum

    def _list_entry(self, number: int, past: Past, before: State, after: State, *, corrected: bool) -> Iterator[Line]:
        was, became = before.villages.get(number), after.villages.get(number)
        named = became or was
        if named is None:
            return
        if (was is None) != (became is None):
            sign = 1 if became is not None else -1
            yield self._make_entry(Measure.VILLAGES, sign, named, past, self._is_there, corrected=corrected)
        summed = (before.is_summed(number), after.is_summed(number))
        lived = (was.living if was else 0, became.living if became else 0)
        if (was is None) != (became is None) and lived[0] != lived[1]:
            delta = lived[1] - lived[0]
            yield self._make_entry(Measure.LIVING, delta, named, past, self._is_there, corrected=corrected)
        held = became if summed[1] else was
        if summed[0] == summed[1] or held is None:
            return
        sign = 1 if summed[1] else -1
        for measure, value in (
            (Measure.SUBSCRIBED, held.figure.subscribed),
            (Measure.HOUSEHOLDS, held.figure.households or 0),
        ):
            if value:
                yield self._make_entry(measure, sign * value, named, past, self._is_summed, corrected=corrected)

    def _make_entry(
        self,
        measure: Measure,
        delta: int,
        village: VillageState,
        past: Past,
        holds: Callable[[Version, date], bool],
        *,
        corrected: bool,
    ) -> Line:
        since = self._compared.since
        if corrected:
            told = [(each.act, holds(each, since)) for each in past.written_after(self._compared.since_known_at)]
            act = find_last_flip(holds(past.known(self._compared.since_known_at), since), told)
            return _make_line(measure, Cause.CORRECTED, delta, village.name, since, act)
        cause = Cause.ENTERED if delta > 0 else Cause.DROPPED
        day = find_last_flip(holds(past.last, since), [(day, holds(past.last, day)) for day in self._list_days(past)])
        return _make_line(measure, cause, delta, village.name, day, self._find_day_act(past, holds, day))

    def _find_day_act(self, past: Past, holds: Callable[[Version, date], Any], day: date | None) -> Act | None:
        if day is None:
            return None
        turned = (holds(past.last, day - _A_DAY), holds(past.last, day))
        return past.find_act(lambda each: (holds(each, day - _A_DAY), holds(each, day)) == turned)

    def _list_days(self, past: Past) -> list[date]:
        """The days after the earlier report on which a count, or the end of the village, holds."""
        days = {*self._find_counts(past.last)}
        if (ended := _find_end(past.last, self._scope)) is not None:
            days.add(ended)
        return sorted(day for day in days if self._compared.since < day <= self._compared.until)

    def _is_there(self, version: Version, day: date) -> bool:
        ended = _find_end(version, self._scope)
        return bool(version.of("villages")) and (ended is None or day < ended)

    def _is_summed(self, version: Version, day: date) -> bool:
        counted = self._later.alone or self._find_households(version, day) is not None
        return self._is_there(version, day) and counted

    def _is_summed_in(self, number: int, one: State, other: State) -> bool:
        return one.is_summed(number) and other.is_summed(number)

    # -- counts

    def _find_counts(self, version: Version) -> dict[date, int]:
        return list_dated(version, "household_counts", "counted_on", "households", self._scope.kind.value)

    def _find_households(self, version: Version, day: date) -> int | None:
        return find_in_force(self._find_counts(version), day)

    def _turn_counts(self, past: Past) -> list[Turn[Version, int | None]]:
        """How the count of the earlier day came to be another, act by act."""
        since = self._compared.since
        told = [
            (each, self._find_households(each, since)) for each in past.written_after(self._compared.since_known_at)
        ]
        return find_turns(self._find_households(past.known(self._compared.since_known_at), since), told)

    def _list_corrected_counts(self, number: int, past: Past) -> Iterator[Line]:
        name = self._known.villages[number].name
        for turn in self._turn_counts(past):
            before = self._find_counts(past.versions[max(past.versions.index(turn.event) - 1, 0)])
            days = [
                day for own in (before, self._find_counts(turn.event)) for day in own if day <= self._compared.since
            ]
            yield _make_count_line(Cause.CORRECTED, name, turn, max(days, default=None), turn.event.act)

    def _list_later_counts(self, number: int, past: Past) -> Iterator[Line]:
        name, since = self._later.villages[number].name, self._compared.since
        told = [(day, self._find_households(past.last, day)) for day in self._list_days(past)]
        for turn in find_turns(self._find_households(past.last, since), told):
            day, value = turn.event, turn.after
            act = past.find_act(lambda each, day=day, value=value: self._find_counts(each).get(day) == value)  # type: ignore[misc]
            yield _make_count_line(Cause.COUNTED, name, turn, day, act)

    # -- under way, demonstration

    def _tell_corrected_status(self, number: int, past: Past, measure: Measure, corrected: Sequence[Corrected]) -> Line:
        """Act by act, what the village's figure was on the earlier day: who made it what it is."""
        moment, since = self._compared.since_known_at, self._compared.since
        events = [
            _Event(turn.event.act, _add(delta), each.household)
            for each in corrected
            for turn in each.turns
            if (delta := _find_delta(turn, number))
        ]
        events += [_Event(turn.event.act, _set(households=turn.after)) for turn in self._turn_counts(past)]
        told = [(each, _find_threshold(each, since)) for each in self._town.written_after(moment)]
        events += [
            _make_threshold_event(turn.event.act, turn)
            for turn in find_turns(_find_threshold(self._town.known(moment), since), told)
        ]
        there = [(each, self._is_there(each, since)) for each in past.written_after(moment)]
        events += [
            _Event(turn.event.act, _set(there=turn.after))
            for turn in find_turns(self._is_there(past.known(moment), since), there)
        ]
        start = self._make_status(self._reported, number)
        return self._tell_status(measure, Cause.CORRECTED, number, start, events, since)

    def _tell_later_status(self, number: int, past: Past, measure: Measure) -> Line:
        """Day by day, and on the day act by act."""
        since, until = self._compared.since, self._compared.until
        start = self._make_status(self._known, number)
        ((_, changes),) = figures.read_changes_by_village(self._session, until, [number], after=since)
        thresholds = _find_thresholds(self._town.last)
        days = sorted({*changes, *self._list_days(past), *(day for day in thresholds if since < day <= until)})
        at, statuses = start, {since: start}
        for day in days:
            at = replace(
                at,
                there=self._is_there(past.last, day),
                subscribed=at.subscribed + changes.get(day, 0),
                households=self._find_households(past.last, day),
                threshold=_find_threshold(self._town.last, day),
            )
            statuses[day] = at
        day = find_last_flip(start.holds(measure), [(day, statuses[day].holds(measure)) for day in days]) or until
        eve = statuses[max((each for each in statuses if each < day), default=since)]
        cause = Cause.BECAME if _holds(self._later, number, measure) else Cause.CEASED
        return self._tell_status(measure, cause, number, eve, self._list_events_of_day(number, past, day), day)

    def _list_events_of_day(self, number: int, past: Past, day: date) -> list[_Event]:
        events = [
            _Event(turn.event.act, _add(delta), household)
            for household, turn in self._list_steps_of_day(number, day)
            if (delta := _find_delta(turn, number))
        ]
        counts = self._find_counts(past.last)
        if day in counts:
            act = past.find_act(lambda each: self._find_counts(each).get(day) == counts[day])
            events.append(_Event(act, _set(households=counts[day])))
        thresholds = _find_thresholds(self._town.last)
        if day in thresholds:
            act = self._town.find_act(lambda each: _find_thresholds(each).get(day) == thresholds[day])
            turn = Turn(day, _find_threshold(self._town.last, day - _A_DAY), thresholds[day])
            events.append(_make_threshold_event(act, turn))
        if _find_end(past.last, self._scope) == day:
            act = past.find_act(lambda each: _find_end(each, self._scope) == day)
            events.append(_Event(act, _set(there=False)))
        return events

    def _list_steps_of_day(self, number: int, day: date) -> Iterator[tuple[int, Turn[Any, Any]]]:
        """The households that came into the village on a day, or left it."""
        households = self._session.scalars(
            select(Residence.household_id)
            .join(Subscription, share_a_day())
            .where(Residence.village_id == number, or_(select_covered_from() == day, select_covered_until() == day))
            .distinct()
        ).all()
        counting = Counting(Measure.SUBSCRIBED, None, None)
        for pasts in read_households(self._session, households, self._compared.until_known_at):
            for household, past in pasts.items():
                for turn in find_steps(counting, past, day - _A_DAY, day):
                    yield household, turn

    def _make_status(self, state: State, number: int) -> _Status:
        village = state.villages.get(number)
        if village is None:
            return _Status(False, 0, None, state.threshold)
        return _Status(True, village.figure.subscribed, village.figure.households, state.threshold)

    def _tell_status(
        self, measure: Measure, cause: Cause, number: int, start: _Status, events: list[_Event], day: date
    ) -> Line:
        at, told = start, []
        for event in sorted(events, key=lambda each: each.act.order):
            at = event.change(at)
            told.append((event, at.holds(measure)))
        found = find_last_flip(start.holds(measure), told)
        named = next(
            state.villages[number] for state in (self._later, self._known, self._reported) if number in state.villages
        )
        heads = read_heads(self._session, [found.household]) if found and found.household else {}
        shown = (start.shown(), at.shown())
        if found and found.threshold:
            shown = (_add_threshold(shown[0], found.threshold[0]), _add_threshold(shown[1], found.threshold[1]))
        line = _make_line(measure, cause, 0, named.name, day, found.act if found else None)
        return replace(
            line,
            delta=1 if at.holds(measure) else -1,
            household=heads.get(found.household or 0, "") if found else "",
            before=shown[0],
            after=shown[1],
        )


def _holds(state: State, number: int, measure: Measure) -> bool:
    village = state.villages.get(number)
    if village is None:
        return False
    return village.started if measure is Measure.STARTED else village.demonstration


def _find_end(version: Version, scope: Scope) -> date | None:
    """The first day on which an archived village is not there any more."""
    for row in version.of("villages"):
        if row["archived_at"]:
            return datetime.fromisoformat(row["archived_at"]).astimezone(scope.zone).date()
    return None


def _find_thresholds(version: Version) -> dict[date, int]:
    return list_dated(version, "thresholds", "starts_on", "basis_points")


def _find_threshold(version: Version, day: date) -> int:
    return find_in_force(_find_thresholds(version), day) or DEFAULT_THRESHOLD


def _add_threshold(percent: str, threshold: int) -> str:
    return f"{percent} (≥ {write_threshold(threshold)}%)"


def _find_delta(turn: Turn[Any, Any], village: int) -> int:
    was, became = (place is not None and place[0] == village for place in (turn.before, turn.after))
    return int(became) - int(was)


def _add(delta: int) -> Callable[[_Status], _Status]:
    return lambda status: replace(status, subscribed=status.subscribed + delta)


def _set(**values: Any) -> Callable[[_Status], _Status]:
    return lambda status: replace(status, **values)


def _make_threshold_event(act: Act, turn: Turn[Any, int]) -> _Event:
    return _Event(act, _set(threshold=turn.after), threshold=(turn.before, turn.after))


def _make_line(measure: Measure, cause: Cause, delta: int, village: str, day: date | None, act: Act | None) -> Line:
    by = act or Act()
    return Line(measure, cause, delta, village, on=day, action=by.action, by=by.by, at=by.at)


def _make_count_line(cause: Cause, village: str, turn: Turn[Any, int | None], day: date | None, act: Act) -> Line:
    line = _make_line(Measure.HOUSEHOLDS, cause, (turn.after or 0) - (turn.before or 0), village, day, act)
    before, after = ("" if value is None else str(value) for value in (turn.before, turn.after))
    return replace(line, before=before, after=after)
