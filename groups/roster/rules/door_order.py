"""The order of doors in a group: what a list says, without losing those it does not name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TypeVar

Door = TypeVar("Door", bound=Hashable)


def weave(present: Sequence[Door], listed: Sequence[Door]) -> list[Door]:
    """The doors as `listed`; one that is there and is not listed stays behind its neighbour, or in front of all."""
    named = set(listed)
    behind: dict[Door | None, list[Door]] = defaultdict(list)
    neighbour: Door | None = None
    for door in present:
        if door in named:
            neighbour = door
        else:
            behind[neighbour].append(door)
    return behind[None] + [one for door in listed for one in (door, *behind[door])]


def find_moved(present: Sequence[Door], listed: Sequence[Door]) -> set[Door]:
    """The doors that stand at another place in the row than they are listed, new and unlisted ones left out."""
    known, named = set(present), set(listed)
    was = [door for door in present if door in named]
    now = [door for door in listed if door in known]
    return {door for door, other in zip(was, now, strict=True) if door != other}


def sort_naturally(door: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts doors as people count them: 3-2 before 3-10."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", door))
