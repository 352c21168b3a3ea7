"""Whom a ring reaches, and in what order. Over plain values; the roster's tables are read elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

FARTHEST = 1000
"""The distance of whoever lives outside the caller's group: behind every door of the group."""


class Reachable(NamedTuple):
    """An active phone of a household that may be rung. A tuple, because a street of them is made while one waits.

    `rank` is the household's own order. `position` is the household's place in the row of doors of `group_id`.
    """

    phone_id: int
    number: str
    household_id: int
    group_id: int | None
    position: int
    rank: int
    may_call: bool
    may_text: bool
    call_refused: bool
    text_refused: bool
    away: bool = False

    @property
    def takes_anything(self) -> bool:
        """Whether the household lets it be called or texted at all."""
        return self.may_call or self.may_text

    @property
    def is_refused(self) -> bool:
        """Whether the carrier has refused it on every channel it may be reached on."""
        return not ((self.may_call and not self.call_refused) or (self.may_text and not self.text_refused))


class Ring(NamedTuple):
    """A phone's place in the order. `turn` 1 is the phone of its household that is tried first."""

    phone: Reachable
    turn: int
    distance: int


def put_away_aside(phones: Iterable[Reachable], household_id: int, away: Collection[int]) -> list[Reachable]:
    """The phones of the households `away` for texts only; all as they are where nobody but them could be reached.

    Whoever is away cannot come, but may know who has the key. `household_id` is the caller's.
    """
    found = list(phones)
    at_home = any(
        phone.household_id not in away and phone.household_id != household_id and phone.takes_anything
        for phone in found
    )
    if not away or not at_home:
        return found
    return [phone._replace(may_call=False, away=True) if phone.household_id in away else phone for phone in found]


def ring_order(phones: Iterable[Reachable], *, household_id: int, group_id: int, position: int) -> list[Ring]:
    """The phones to reach when the household `household_id`, at `position` in `group_id`, calls for help.

    Never one of its own; each phone once; none that takes neither calls nor texts. The first phone of every
    household comes before second ones, within that the nearest doors first; numbers that the carrier has refused on
    all channels come last of all, and leave the first turn to the household's next phone; before them, who is away.
    """
    numbers: dict[str, Reachable] = {}
    for phone in phones:
        if phone.household_id != household_id and phone.takes_anything:
            numbers.setdefault(phone.number, phone)
    households: dict[int, list[Reachable]] = defaultdict(list)
    for phone in sorted(numbers.values(), key=lambda phone: (phone.is_refused, phone.rank, phone.phone_id)):
        households[phone.household_id].append(phone)
    rings = [
        Ring(phone, turn, _measure_distance(phone, group_id, position))
        for own_order in households.values()
        for turn, phone in enumerate(own_order, start=1)
    ]
    return sorted(rings, key=_rank)


def _measure_distance(phone: Reachable, group_id: int, position: int) -> int:
    """How many doors away. Positions of another group count along another row of doors."""
    return min(abs(phone.position - position), FARTHEST - 1) if phone.group_id == group_id else FARTHEST


def _rank(ring: Ring) -> tuple[bool, bool, int, int, int, int, int]:
    phone = ring.phone
    return (phone.is_refused, phone.away, ring.turn, ring.distance, phone.position, phone.household_id, phone.phone_id)
