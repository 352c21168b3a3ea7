"""Whether the lines of "what changed" name the right day, act and person: held against the ledger of a history.

The ledger is replayed as it stood after each deed. A line is right where its day is one on which the household, count
or village changed, and its deed the last one that made it so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from groups.coverage.compared import Compared
from groups.coverage.rules.statement import Cause, Line, Measure, Statement
from tests.support.histories import KIND, VILLAGES, Stage
from tests.support.ledger import House, Ledger, tally

A_DAY = timedelta(days=1)


class Attribution:
    """The ledger at each moment at which something was entered, taken back or brought back."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.moments = sorted(stage.authors)
        self._ledgers: dict[datetime, Ledger] = {}
        self._houses: dict[datetime, dict[str, House]] = {}

    def known(self, moment: datetime) -> Ledger:
        """The ledger as it stood."""
        if moment not in self._ledgers:
            self._ledgers[moment] = self.stage.ledger.known(moment)
        return self._ledgers[moment]

    def house(self, name: str, moment: datetime) -> House:
        """A household as the ledger had it; one that was not there lives nowhere."""
        if moment not in self._houses:
            self._houses[moment] = self.known(moment).houses()
        return self._houses[moment].get(name) or House()

    def before(self, moment: datetime) -> datetime:
        """The deed before this one."""
        at = bisect_left(self.moments, moment)
        return self.moments[at - 1] if at else moment - A_DAY

    def find_last(self, holds: Callable[[datetime], bool]) -> datetime:
        """The deed that made it hold for the last time."""
        held, found = False, None
        for moment in self.moments:
            now = holds(moment)
            if now and not held:
                found = moment
            held = now
        assert held, "what a line says does not hold"
        assert found is not None
        return found


def lives(house: House, day: date) -> str | None:
    """The village in which a household lived."""
    place = house.place(day) if house.stays else None
    return place[0] if place else None


def counts_in(house: House, day: date, within: set[str]) -> str | None:
    """The village in which it counts, of those that are asked about."""
    village = lives(house, day)
    return village if village in within and house.piece(day) is not None else None


def counted(ledger: Ledger, code: str) -> dict[date, int]:
    """A village's counts by their day."""
    found: dict[date, int] = {}
    for act in ledger.acts:
        if act.undone or act.name not in ("count", "remove_count"):
            continue
        if (act.said["village"], act.said["kind"]) == (code, KIND):
            if act.name == "count":
                found[act.said["day"]] = act.said["value"]
            else:
                found.pop(act.said["day"], None)
    return found


def in_force(dated: dict[date, int], day: date) -> int | None:
    return dated[max(own)] if (own := [each for each in dated if each <= day]) else None


def summed(ledgers: tuple[Ledger, Ledger], days: tuple[date, date], code: str | None) -> set[str]:
    """The villages whose households are in the sum on both sides."""
    if code is not None:
        return {code}
    return {
        each
        for each in VILLAGES
        if all(in_force(counted(ledger, each), day) is not None for ledger, day in zip(ledgers, days, strict=True))
    }


def check_lines(own: Attribution, compared: Compared, code: str | None, found: Statement) -> None:
    """Each line's day, deed and person."""
    then, now = own.known(compared.since_known_at), own.known(own.moments[-1])
    corrected = summed((then, now), (compared.since, compared.since), code)
    within = summed((now, now), (compared.since, compared.until), code)
    for line in found.lines:
        assert line.at is not None, line
        assert line.by == own.stage.authors[line.at], line
        if line.cause is Cause.CORRECTED:
            assert line.at > compared.since_known_at, line
        if line.measure is Measure.SUBSCRIBED and line.household:
            if line.cause is Cause.CORRECTED:
                _check_corrected(own, compared.since, corrected, line)
            else:
                _check_step(own, compared, within, line)
        elif line.measure is Measure.HOUSEHOLDS:
            _check_count(own, compared.since, line)
        elif line.measure in (Measure.STARTED, Measure.DEMONSTRATION):
            _check_status(own, compared, line)


def counted_by(stage: Stage, day: date) -> dict[str, int]:
    """By village its last count up to the day, of the kind that is asked for."""
    known = stage.ledger.latest("count", ("village", "kind"), day)
    return {code: value for (code, kind), value in known.items() if kind == KIND}


def demonstrates(stage: Stage, code: str, day: date) -> bool:
    """Whether the ledger has the village for one of demonstration on the day."""
    households = counted_by(stage, day).get(code)
    if not households:
        return False
    signed_up = sum(place[0] == code for place, _ in stage.ledger.counted(day).values())
    least = stage.ledger.latest("threshold", (), day).get((), 8_000)
    return signed_up <= households and signed_up * 10_000 >= least * households


def _check_corrected(own: Attribution, day: date, within: set[str], line: Line) -> None:
    assert line.at is not None
    was = counts_in(own.house(line.household, own.before(line.at)), day, within)
    became = counts_in(own.house(line.household, line.at), day, within)
    assert was != became, line
    assert (was if line.delta < 0 else became) == line.village.removesuffix("村"), line


def _check_step(own: Attribution, compared: Compared, within: set[str], line: Line) -> None:
    day, code, name = line.on, line.village.removesuffix("村"), line.household
    assert day is not None
    assert compared.since < day <= compared.until, line
    house = own.house(name, own.moments[-1])
    was, became = (counts_in(house, each, within) for each in (day - A_DAY, day))
    assert was != became, line
    assert (was if line.delta < 0 else became) == code, line
    shape = {Cause.JOINED: (True, False), Cause.LEFT: (False, True), Cause.MOVED: (False, False)}[line.cause]
    assert (was is None, became is None) == shape, line
    later = [counts_in(house, day + A_DAY * n, within) for n in range((compared.until - day).days + 1)]
    assert line.cause is not Cause.LEFT or code not in later, f"it came back: {line}"
    assert line.cause is not Cause.JOINED or None not in later, f"it left again: {line}"
    assert line.at == _find_deed(own, name, day, was, became), line


def _find_deed(own: Attribution, name: str, day: date, was: str | None, became: str | None) -> datetime:
    """The deed that made the household come, leave or move on the day."""

    def signed(moment: datetime) -> tuple[bool, bool]:
        house = own.house(name, moment)
        return house.piece(day - A_DAY) is not None, house.piece(day) is not None

    last = signed(own.moments[-1])
    if last[0] != last[1]:
        return own.find_last(lambda moment: signed(moment) == last)

    def lived(moment: datetime) -> tuple[str | None, str | None]:
        house = own.house(name, moment)
        return lives(house, day - A_DAY), lives(house, day)

    if became is not None:
        return own.find_last(lambda moment: lived(moment)[1] == became != lived(moment)[0])
    return own.find_last(lambda moment: lived(moment)[0] == was != lived(moment)[1])


def _check_count(own: Attribution, since: date, line: Line) -> None:
    code, day = line.village.removesuffix("村"), line.on
    assert day is not None
    assert line.at is not None
    dated = counted(own.known(own.moments[-1]), code)
    if line.cause is Cause.CORRECTED:
        both = [in_force(counted(own.known(moment), code), since) for moment in (own.before(line.at), line.at)]
        assert both[0] != both[1], line
        if line.before or line.after:
            assert [line.before, line.after] == ["" if each is None else str(each) for each in both], line
        return
    assert in_force(dated, day - A_DAY) != in_force(dated, day), line
    if line.cause is Cause.COUNTED:
        assert line.after == str(dated[day]), line
        deed = own.find_last(lambda moment: counted(own.known(moment), code).get(day) == dated[day])
        assert line.at == deed, line


def _check_status(own: Attribution, compared: Compared, line: Line) -> None:
    """The day of the last turn; of corrections that the deed is one that can have done it."""
    code, day = line.village.removesuffix("村"), line.on
    assert day is not None
    assert line.at is not None
    if line.cause is not Cause.CORRECTED:
        held = [_holds(own, code, each, line.measure) for each in (day - A_DAY, day)]
        assert held == [line.delta < 0, line.delta > 0], line
        for n in range((compared.until - day).days + 1):
            assert _holds(own, code, day + A_DAY * n, line.measure) == held[1], line
    act = own.stage.done[line.at]
    named = {act.said.get("village")} | {
        lives(own.house(name, moment), each)
        for name in act.houses
        for moment in (own.before(line.at), line.at, own.moments[-1])
        for each in (day - A_DAY, day)
    }
    assert act.name == "threshold" or code in named, line


def _holds(own: Attribution, code: str, day: date, measure: Measure) -> bool:
    if measure is Measure.DEMONSTRATION:
        return demonstrates(own.stage, code, day)
    return any(counts_in(house, day, {code}) for house in own.stage.ledger.houses().values())


def check_rows(own: Attribution, compared: Compared, found: Statement) -> None:
    """Group by group the lines come to the difference of the rows, in villages that stay in the sum."""
    then, now = own.known(compared.since_known_at), own.known(own.moments[-1])
    within = summed((then, now), (compared.since, compared.since), None)
    within &= summed((now, now), (compared.since, compared.until), None)
    before, after = _count_rows(then, compared.since), _count_rows(now, compared.until)
    told: dict[Any, int] = {}
    for line in found.part(Measure.SUBSCRIBED).lines:
        row = (line.village.removesuffix("村"), line.place)
        told[row] = told.get(row, 0) + line.delta
    for row in before.keys() | after.keys() | told.keys():
        if row[0] in within:
            assert told.get(row, 0) == after.get(row, 0) - before.get(row, 0), (row, found)


def _count_rows(ledger: Ledger, day: date) -> dict[Any, int]:
    return tally(place for place, _ in ledger.counted(day).values())
