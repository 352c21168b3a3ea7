"""What is to be said of a list as a whole: what was guessed, what was left out, each with its place."""

from __future__ import annotations

from typing import NamedTuple

_MOST_PLACES = 12


class Note(NamedTuple):
    """Something to say of a list: a reason's code, words in Chinese and English, the places that it is about."""

    reason: str
    words: str
    places: str
    sheet: str = ""

    @property
    def message(self) -> str:
        """All of it in a line."""
        where = f"“{self.sheet}”" if self.sheet else ""
        return f"{where}{self.words}：{self.places}"


class Notes:
    """Collects places by what is to be said of them."""

    def __init__(self, sheet: str = "") -> None:
        self._sheet = sheet
        self._places: dict[tuple[str, str], list[str]] = {}

    def add(self, reason: str, message: str, place: str) -> None:
        """Note a place; `message` says what all places of this reason have in common."""
        self._places.setdefault((reason, message), []).append(place)

    def add_row(self, reason: str, message: str, at: int, said: str) -> None:
        """Note a row, counted from 0, and what stands in it."""
        self.add(reason, message, f"第{at + 1}行 {said}".strip())

    @property
    def told(self) -> tuple[Note, ...]:
        """One note a reason, with its places."""
        return tuple(
            Note(reason, message, _listed(places), self._sheet) for (reason, message), places in self._places.items()
        )


def _listed(places: list[str]) -> str:
    told = "、".join(places[:_MOST_PLACES])
    return told if len(places) <= _MOST_PLACES else f"{told} 等{len(places)}处"
