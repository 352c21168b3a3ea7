"""What was guessed of a row, and what somebody says of it instead: its group, its door, the household that it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

At = tuple[str, int]
"""Where a row stands: its sheet and its number there."""

NONE, APART, NEW, OUT = "-", "apart", "new", "out"
"""What somebody may say: in no group; on its own, not what it was put together with; a household that is new; none of
the list's.
"""


class About(StrEnum):
    """What is guessed."""

    GROUP = "group"
    SHEET = "sheet"
    """Which group a whole sheet is of."""
    DOOR = "door"
    MEMBER = "member"
    """Whose house a row without a house of its own adds to."""
    HOUSEHOLD = "household"
    """Which household of the roster is meant."""
    NAMES = "names"
    """That several ways of writing name one group."""
    LEADER = "leader"
    """That who is named above a group's rows is a household of it."""
    ROSTER_NAME = "roster_name"
    """That a group is one that the roster writes otherwise."""


ABOUT_WORDS: Mapping[About, str] = {
    About.GROUP: "guess_about_group",
    About.SHEET: "guess_about_sheet",
    About.DOOR: "guess_about_door",
    About.MEMBER: "guess_about_member",
    About.HOUSEHOLD: "guess_about_household",
    About.NAMES: "guess_about_names",
    About.LEADER: "guess_about_leader",
    About.ROSTER_NAME: "guess_about_roster_name",
}
"""The code of the words for each."""


class Choice(NamedTuple):
    """What may be meant instead: the value that is kept, and what a page shows of it (empty: of the value's own)."""

    value: str
    shown: str = ""


class Guess(NamedTuple):
    """A guess. `key` names it among the decisions, `now` is what it was taken for; `decided`: somebody has said so."""

    about: About
    key: str
    now: str
    others: tuple[Choice, ...] = ()
    decided: bool = False


def key_of(about: About, at: At) -> str:
    """The key of what is guessed of a row."""
    return f"{about.value}:{at[1]}:{at[0]}"


def place_of_sheet(label: str) -> At:
    """Where what is guessed of a whole sheet stands: above its rows."""
    return (label, 0)


def key_of_name(about: About, name: str) -> str:
    """The key of what is guessed of a group's name."""
    return f"{about.value}::{name}"


def write_said(guess: Guess, choice: Choice) -> str:
    """How a command is told that a choice is meant instead."""
    return f"{guess.key}={choice.value}"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody has said of a list's guesses: by their keys."""

    decisions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, texts: Sequence[str]) -> Said:
        """What a command is told, each as `write_said` has it; of a text without =, nothing."""
        return cls({key: value for key, _, value in (text.rpartition("=") for text in texts)})

    def of(self, about: About, at: At) -> str | None:
        """What was said of a row; None: nothing."""
        return self.decisions.get(key_of(about, at))

    def is_apart(self, about: About, name: str) -> bool:
        """Whether somebody has said that the group of this name is not what it was taken for."""
        return self.decisions.get(key_of_name(about, name)) == APART

    def guess_of_name(self, about: About, name: str, shown: str) -> Guess:
        """The guess of a group's name, to show."""
        key = key_of_name(about, name)
        if self.is_apart(about, name):
            return Guess(about, key, shown, (), decided=True)
        return Guess(about, key, shown, (Choice(APART),))

    def guess(self, about: About, at: At, guessed: str, others: tuple[Choice, ...]) -> tuple[str, Guess]:
        """What counts, and the guess to show: as it was made, or as somebody has said."""
        said = self.of(about, at)
        if said is None or said not in {choice.value for choice in others}:
            return guessed, Guess(about, key_of(about, at), guessed, others)
        return said, Guess(about, key_of(about, at), said, (), decided=True)


NOTHING_SAID = Said()
