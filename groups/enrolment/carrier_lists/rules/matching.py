"""Whom a row of the carrier's list means: by number, then by door and name; what is not certain is for a person."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from groups.enrolment.carrier_lists.rules.rows import Entry

MOST_CANDIDATES = 6
_NUMBERS = re.compile(r"\d+(?:-\d+)*(?![\d-]*(?:号?联防组|村民小?组|小?组|队|网格))")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A household of the roster as the matching sees it. `people` are its head and whose its phones are."""

    id: int
    village_id: int
    village: str
    group: str
    door: str
    head: str
    numbers: frozenset[str]
    people: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        return " ".join(part for part in (self.village, self.group, self.door, self.head) if part)


@dataclass(frozen=True, slots=True)
class Match:
    """The household that a row surely means, or those that it might; neither: nobody in the roster."""

    household: Candidate | None = None
    candidates: tuple[Candidate, ...] = ()


class Agreement(NamedTuple):
    """What a row says of a household that is right, and what is not; None: it says nothing of it."""

    number: bool | None
    name: bool | None
    door: bool | None


@dataclass(slots=True)
class Index:
    """The households that a list may mean, by what it can say of them."""

    villages: Mapping[int, str]
    households: dict[int, Candidate] = field(default_factory=dict)
    _by_number: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _by_head: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _by_door: dict[tuple[int, str], list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _names: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for number, name in self.villages.items():
            self._names[name[:2]].append((name, number))

    def add(self, household: Candidate) -> None:
        """Know a household."""
        if household.id in self.households:
            return
        self.households[household.id] = household
        for number in household.numbers:
            self._by_number[number].append(household)
        self._by_head[household.head].append(household)
        if key := make_door_key(household.door):
            self._by_door[household.village_id, key].append(household)

    def villages_in(self, address: str) -> set[int]:
        """The villages that an address names."""
        return {
            number
            for at in range(len(address))
            for name, number in self._names.get(address[at : at + 2], ())
            if address.startswith(name, at)
        }

    def is_settled(self, entry: Entry) -> bool:
        """Whether the number says whom the row means, whoever else may be in the roster."""
        owners = self._by_number.get(entry.number, []) if entry.number else []
        if len(owners) != 1:
            return False
        villages = self.villages_in(entry.address)
        if not _agrees(owners[0], entry, villages):
            return False
        # Somebody of that name behind that door would speak against it: unless that is the number's own household.
        at_home = owners[0].head == entry.name and _lives_at(owners[0], entry.address, villages)
        return not entry.name or not entry.address or at_home

    def match(self, entry: Entry) -> Match:
        """Whom the row means."""
        owners = self._by_number.get(entry.number, []) if entry.number else []
        if self.is_settled(entry):
            return Match(owners[0])
        villages = self.villages_in(entry.address)
        at_the_door = [each for each in self._by_head.get(entry.name, []) if _lives_at(each, entry.address, villages)]
        if len(owners) == 1 and _agrees(owners[0], entry, villages) and set(at_the_door) <= set(owners):
            return Match(owners[0])
        if not owners and len(at_the_door) == 1:
            return Match(at_the_door[0])
        others = [*owners, *at_the_door, *self._perhaps(entry, villages)]
        return Match(candidates=tuple(dict.fromkeys(others))[:MOST_CANDIDATES])

    def compare(self, entry: Entry, household: Candidate) -> Agreement:
        """The row beside a household that it may mean."""
        return Agreement(
            entry.number in household.numbers if entry.number else None,
            _is_of_the_house(entry.name, household) if entry.name else None,
            _lives_at(household, entry.address, self.villages_in(entry.address)) if entry.address else None,
        )

    def _perhaps(self, entry: Entry, villages: set[int]) -> Iterator[Candidate]:
        """Those of the same name, and whoever lives behind the door."""
        for each in self._by_head.get(entry.name, []):
            if not villages or each.village_id in villages:
                yield each
        for village in sorted(villages):
            for key in make_door_keys(entry.address):
                yield from self._by_door.get((village, key), [])


def names_agree(listed: str, name: str) -> bool:
    """Whether a list's name is this one; carriers put asterisks in place of what they do not tell (王*国)."""
    if "*" not in listed:
        return listed == name
    pattern = "".join("." if sign == "*" else re.escape(sign) for sign in listed)
    return bool(re.fullmatch(pattern, name))


def make_door_key(door: str) -> str:
    """What of a door is the same however it is written: 3-5号, 3—5, 3之5 are 3-5; empty where it has no number."""
    return "|".join(sorted(set(_NUMBERS.findall(_simplify_door(door)))))


def make_door_keys(address: str) -> Iterable[str]:
    """The doors that an address may name: its last number, or all of them."""
    found = _NUMBERS.findall(_simplify_door(address))
    return dict.fromkeys([found[-1], "|".join(sorted(set(found)))]) if found else ()


def _lives_at(household: Candidate, address: str, villages: set[int]) -> bool:
    """Whether the address is this household's door, in its village where it names one."""
    if villages and household.village_id not in villages:
        return False
    wanted = _find_numbers(household.door)
    if not wanted:
        return bool(household.door) and household.door in address
    return wanted <= _find_numbers(address)


@lru_cache(maxsize=50_000)
def _find_numbers(text: str) -> frozenset[str]:
    """The doors' numbers in a text; asked for every namesake of every row."""
    return frozenset(_NUMBERS.findall(_simplify_door(text)))


def _agrees(household: Candidate, entry: Entry, villages: set[int]) -> bool:
    """Whether nothing in the row speaks against the number: a name of the house, or its door."""
    if not entry.name or _is_of_the_house(entry.name, household):
        return True
    return bool(entry.address) and _lives_at(household, entry.address, villages)


def _is_of_the_house(name: str, household: Candidate) -> bool:
    return any(names_agree(name, each) for each in (household.head, *household.people))


def _simplify_door(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:400])
    return re.sub(r"(?<=\d)\s*[—–−‐-―~之]\s*(?=\d)", "-", plain)
