"""What is to be said of a list as a whole: what was guessed, what was left out, each with its place."""

from __future__ import annotations

from typing import NamedTuple

from groups.errors import Message, say
from groups.roster.imports.rules.guesses import Guess

_MOST_PLACES = 12


class Note(NamedTuple):
    """Something to say of a list: a reason's code, what is to be said, the places that it is about."""

    reason: str
    words: Message
    places: Message
    sheet: str = ""
    guesses: tuple[Guess, ...] = ()
    """What somebody may say otherwise."""

    @property
    def message(self) -> Message:
        """All of it in a line."""
        if self.sheet:
            return say("note_of_a_sheet", sheet=self.sheet, words=self.words, places=self.places)
        return say("note", words=self.words, places=self.places)


class Notes:
    """Collects places by what is to be said of them."""

    def __init__(self, sheet: str = "") -> None:
        self._sheet = sheet
        self._places: dict[tuple[str, Message], list[str | Message]] = {}
        self._guesses: dict[tuple[str, Message], list[Guess]] = {}

    def add(self, reason: str, message: Message, place: str | Message, guess: Guess | None = None) -> None:
        """Note a place; `message` says what all places of this reason have in common."""
        self._places.setdefault((reason, message), []).append(place)
        if guess is not None:
            self._guesses.setdefault((reason, message), []).append(guess)

    def add_row(self, reason: str, message: Message, at: int, said: str) -> None:
        """Note a row, counted from 0, and what stands in it."""
        self.add(reason, message, say("row_saying", row=at + 1, said=said) if said else say("row_number", row=at + 1))

    @property
    def told(self) -> tuple[Note, ...]:
        """One note a reason, with its places."""
        return tuple(
            Note(
                reason,
                message,
                _list_places(places),
                self._sheet,
                tuple(self._guesses.get((reason, message), ())[:_MOST_PLACES]),
            )
            for (reason, message), places in self._places.items()
        )


def _list_places(places: list[str | Message]) -> Message:
    told = tuple(places[:_MOST_PLACES])
    if len(places) <= _MOST_PLACES:
        return say("places", places=told)
    return say("places_and_more", places=told, count=len(places))
