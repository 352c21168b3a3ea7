"""Which households make a group: neighbours door by door, eight to twelve of them, with enough that can be rung.

A village is a row of doors: by landmark, then by door as people count. The row is cut where that costs least: a cut
through a building or lane costs more than one between two, a group far from ten costs more than one of ten, and one
in which hardly anybody can be rung costs most.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from groups.roster.rules.door_order import sort_naturally

FEWEST, BEST, MOST = 8, 10, 12
"""Households of a group that is drawn up; where the number of doors does not allow it, as near as it goes."""
FEWEST_ALONE = 5
"""Fewer doors than these make no group of their own: each goes to the group that it lies next to."""
_MOST_POSSIBLE = 15
_FEWEST_REACHABLE = 5
_OUTSIDE, _UNREACHABLE, _CUT_WITHIN = 25.0, 40.0, 6.0
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Door:
    """A household as far as its group depends on it. `phones`: of those that can be rung."""

    household_id: int
    landmark: str
    door: str
    phones: int = 0
    proven: bool = False
    may_lead: bool = True
    """It needs no help first, makes no silent calls, and somebody is at home."""
    group_id: int | None = None

    @property
    def place(self) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]]:
        """Where it stands in the village's row of doors."""
        return sort_naturally(_name_street(self.landmark)), sort_naturally(self.door)


def draw_up(doors: Sequence[Door]) -> list[list[Door]]:
    """Households in no group as groups of neighbours, in the order of their doors; [] where they are too few."""
    row = sorted(doors, key=lambda each: (each.place, each.household_id))
    if len(row) < FEWEST_ALONE:
        return []
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(row) + 1):
        starts = range(max(0, end - _MOST_POSSIBLE), end)
        best.append(min((best[start][0] + _count_cost(row, start, end), start) for start in starts))
    cuts, end = list[tuple[int, int]](), len(row)
    while end:
        start = best[end][1]
        cuts.append((start, end))
        end = start
    return [row[start:end] for start, end in reversed(cuts)]


def find_nearest_groups(doors: Sequence[Door], grouped: Sequence[Door]) -> dict[int, int]:
    """For each household the group with room that it lies next to, by id; without those that lie next to none.

    Next to: the most of landmark and door in common, then the nearest number.
    """
    present = [(each.group_id, each) for each in grouped if each.group_id is not None]
    sizes = Counter(group_id for group_id, _ in present)
    found: dict[int, int] = {}
    for door in sorted(doors, key=lambda each: each.place):
        near = [
            (*_measure(door, each), sizes[group_id], group_id) for group_id, each in present if sizes[group_id] < MOST
        ]
        if near:
            found[door.household_id] = min(near)[-1]
            sizes[found[door.household_id]] += 1
    return found


def suggest_leader(doors: Sequence[Door]) -> int | None:
    """The household that can best lead: it may, its phones are proven, and it has most of them; None: nobody can."""
    able = [each for each in doors if each.may_lead and each.phones]
    if not able:
        return None
    return max(able, key=lambda each: (each.proven, each.phones, -doors.index(each))).household_id


def find_free_names(taken: Collection[str], count: int) -> list[str]:
    """So many names for new groups, 1组, 2组 …, without those that a group has in any spelling."""
    numbers = {int(each) for name in taken for each in _NUMBER.findall(name)[:1]}
    names: list[str] = []
    number = 0
    while len(names) < count:
        number += 1
        if number not in numbers:
            names.append(f"{number}组")
    return names


def _count_cost(row: Sequence[Door], start: int, end: int) -> float:
    """What it costs to make these doors a group."""
    size = end - start
    cost = 0.1 * (size - BEST) ** 2
    if not FEWEST <= size <= MOST:
        cost += _OUTSIDE * max(FEWEST - size, size - MOST)
    if sum(each.phones > 0 for each in row[start:end]) < min(_FEWEST_REACHABLE, size):
        cost += _UNREACHABLE
    if end < len(row) and _is_one_building(row[end - 1], row[end]):
        cost += _CUT_WITHIN
    return cost


def _is_one_building(one: Door, other: Door) -> bool:
    """Whether two doors are of one building, lane or row: the same landmark, and all numbers but the last."""
    numbers, others = _NUMBER.findall(one.door), _NUMBER.findall(other.door)
    same_street = _name_street(one.landmark) == _name_street(other.landmark)
    return same_street and len(numbers) == len(others) > 1 and numbers[:-1] == others[:-1]


def _name_street(landmark: str) -> str:
    """The landmark without which house of it: 桥东第3家 is 桥东."""
    return re.sub(r"第?[\d一二三四五六七八九十]+[家户号]?$", "", landmark).strip()


def _measure(one: Door, other: Door) -> tuple[int, float]:
    """How far apart two doors are: how little they have in common, then how far their first other numbers are."""
    if _name_street(one.landmark) != _name_street(other.landmark):
        return 9, 0.0
    numbers = [int(each) for each in _NUMBER.findall(one.door)]
    others = [int(each) for each in _NUMBER.findall(other.door)]
    common = 0
    for mine, theirs in zip(numbers, others, strict=False):
        if mine != theirs:
            return 8 - min(common, 7), float(abs(mine - theirs))
        common += 1
    return 8 - min(common, 7), 0.0
