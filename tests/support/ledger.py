"""What a town did, kept a second time: a ledger in plain Python that knows nothing of the code it audits.

An act is entered on a day, holds from a day, and may be taken back: then all is replayed as if it had never been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

NEVER = datetime.max.replace(tzinfo=UTC)
Place = tuple[str, str]
"""A village and a group of it; the group "": in none."""


@dataclass
class Piece:
    """Days of a contract under one plan, from the first up to, and not on, the last."""

    starts: date
    ends: date | None
    plan: str

    def holds(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day < self.ends)


@dataclass
class Contract:
    """From a sign-up to its cancellation: other plans and rests are pieces of the same contract."""

    pieces: list[Piece]
    resting: bool = False
    key: str = ""
    """Of the act that it began with."""


@dataclass
class House:
    """Where a household was entered on which day (None: out of the roster), and its contracts.

    It is taken to have lived in its first village since the first day on which it was signed up, as that is known now,
    in no group that is known.
    """

    stays: list[tuple[date, Place | None]] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)

    @property
    def known_from(self) -> date:
        """Who signed up for a day of none need not have lived anywhere."""
        pieces = [piece for own in self.contracts for piece in own.pieces]
        held = [piece.starts for piece in pieces if piece.ends is None or piece.ends > piece.starts]
        return min(held, default=date.max)

    @property
    def latest(self) -> Contract:
        """The contract that began last: this is the one that is cancelled, rests, or changes its plan."""
        return max(self.contracts, key=lambda own: own.pieces[0].starts)

    def piece(self, day: date) -> Piece | None:
        return next((piece for own in self.contracts for piece in own.pieces if piece.holds(day)), None)

    def place(self, day: date) -> Place | None:
        """Where it lived, by the last entry up to that day."""
        known = [place for entered, place in self.stays if entered <= day]
        if known:
            return known[-1]
        first = self.stays[0][1]
        return (first[0], "") if first is not None and day >= self.known_from else None


@dataclass
class Act:
    """One deed: what was done, to whom, on which day it was entered."""

    entered: date
    name: str
    said: dict[str, Any]
    key: str = ""
    undone: bool = False
    undone_by: str = ""
    at: datetime = NEVER
    toggled: list[tuple[datetime, bool]] = field(default_factory=list)
    """When it was taken back (True) and brought back."""

    def __post_init__(self) -> None:
        self.name_of_it = self.key
        """Its first key; `key` is another once it was taken back and brought back."""

    @property
    def houses(self) -> list[str]:
        """The households that it is about."""
        return [self.said["house"]] if "house" in self.said else list(self.said.get("houses", ()))

    def concerns(self, other: Act) -> bool:
        """Whether both are about the same household, or the same group, count, threshold or tariff.

        A group that was merged into another is one that nobody comes back to.
        """
        if "merge" in (self.name, other.name) and (self.houses or other.houses):
            return True
        return bool(set(self.houses) & set(other.houses)) or bool(self._things & other._things)

    @property
    def _things(self) -> set[tuple[Any, ...]]:
        groups = {(self.said.get("village"), self.said.get(name)) for name in ("group", "gone", "grid_of")}
        dated = (
            self.name.removeprefix("remove_"),
            *(self.said.get(name) for name in ("village", "kind", "plan", "day")),
        )
        return {thing for thing in groups if all(thing)} | (set() if self.houses else {dated})


class Ledger:
    """All acts, and what is true by those that still count."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    def known(self, moment: datetime) -> Ledger:
        """As it stood at a moment."""
        found = Ledger()
        for act in self.acts:
            if act.at <= moment:
                then = copy(act)
                then.undone = next((undone for at, undone in reversed(act.toggled) if at <= moment), False)
                found.acts.append(then)
        return found

    def houses(self) -> dict[str, House]:
        found: dict[str, House] = {}
        for act in self.acts:
            if not act.undone and (replay := _REPLAYS.get(act.name)) is not None:
                for name in act.houses if act.name != "merge" else _list_inside(found, act):
                    replay(found.setdefault(name, House()), act)
        return found

    def in_force(self, name: str) -> list[Act]:
        """The acts of this name that were not taken back."""
        return [act for act in self.acts if act.name == name and not act.undone]

    def latest(self, name: str, keys: tuple[str, ...], day: date) -> dict[tuple[Any, ...], Any]:
        """Of dated values (counts, thresholds, tariffs) those that hold on a day, by their keys."""
        dated: dict[tuple[Any, ...], dict[date, Any]] = {}
        for act in self.acts:
            if act.undone or act.name not in (name, f"remove_{name}"):
                continue
            own = dated.setdefault(tuple(act.said[key] for key in keys), {})
            if act.name == name:
                own[act.said["day"]] = act.said["value"]
            else:
                own.pop(act.said["day"], None)
        in_force = {key: [each for each in own if each <= day] for key, own in dated.items()}
        return {key: dated[key][max(days)] for key, days in in_force.items() if days}

    def counted(self, day: date) -> dict[str, tuple[Place, str]]:
        """Who counts on a day: by household its place and plan."""
        found = {}
        for name, house in self.houses().items():
            piece = house.piece(day)
            if piece is not None:
                place = house.place(day)
                assert place is not None
                found[name] = (place, piece.plan)
        return found


def _list_inside(houses: dict[str, House], merge: Act) -> list[str]:
    """Whoever is in the group that goes: a household that came back by an undo had never been away."""
    gone = (merge.said["village"], merge.said["gone"])
    return [name for name, house in houses.items() if house.stays and house.stays[-1][1] == gone]


def _arrive(house: House, act: Act) -> None:
    house.stays.append((act.entered, (act.said["village"], act.said.get("group", ""))))


def _archive(house: House, act: Act) -> None:
    house.stays.append((act.entered, None))
    for contract in house.contracts:
        for piece in contract.pieces:
            if piece.ends is None or piece.ends > act.entered:
                piece.ends = max(act.entered, piece.starts)
        contract.resting = False


def _enrol(house: House, act: Act) -> None:
    for own in house.contracts:
        # Whoever signs up anew does not go on with what rests.
        own.resting = own.resting and own.pieces[0].starts > act.said["day"]
    house.contracts.append(
        Contract([Piece(act.said["day"], act.said.get("ends"), act.said["plan"])], key=act.name_of_it)
    )


def _cancel(house: House, act: Act) -> None:
    contract, day = house.latest, act.said["day"]
    kept = [contract.pieces[0], *(piece for piece in contract.pieces[1:] if piece.starts < day)]
    rested = (
        kept[-1].ends is not None and kept[-1].ends <= day and (contract.resting or len(kept) < len(contract.pieces))
    )
    if not rested:
        kept[-1].ends = day
    contract.pieces, contract.resting = kept, False


def _correct(house: House, act: Act) -> None:
    piece = next(own for own in house.contracts if own.key == act.said["contract"]).pieces[0]
    piece.starts, piece.ends = act.said["starts"], act.said["ends"]


def _suspend(house: House, act: Act) -> None:
    contract = house.latest
    contract.pieces[-1].ends = act.said["day"]
    contract.resting = True


def _resume(house: House, act: Act) -> None:
    contract = house.latest
    contract.pieces.append(Piece(act.said["day"], None, contract.pieces[-1].plan))
    contract.resting = False


def _change_plan(house: House, act: Act) -> None:
    last = house.latest.pieces[-1]
    if last.starts == act.said["day"]:
        last.plan = act.said["plan"]
        return
    house.latest.pieces.append(Piece(act.said["day"], last.ends, act.said["plan"]))
    last.ends = act.said["day"]


_REPLAYS: dict[str, Callable[[House, Act], None]] = {
    "arrive": _arrive,
    "regroup": _arrive,
    "move": _arrive,
    "merge": _arrive,
    "archive": _archive,
    "enrol": _enrol,
    "cancel": _cancel,
    "suspend": _suspend,
    "resume": _resume,
    "change_plan": _change_plan,
    "correct": _correct,
}


def tally(places: Iterable[Any]) -> dict[Any, int]:
    """How many there are of each."""
    found: dict[Any, int] = {}
    for place in places:
        found[place] = found.get(place, 0) + 1
    return found
