"""Who is called: households, and responders, who live in none; and overseers (负责人), who are told at once when an
incident opens, with a link to its page.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol


class Party(NamedTuple):
    """A household or a responder: exactly one of the two ids is set."""

    household_id: int | None
    responder_id: int | None

    @property
    def key(self) -> str:
        """The same as a word, unlike any other party's: `7`, `responder-7`."""
        return f"responder-{self.responder_id}" if self.household_id is None else str(self.household_id)


class OfParty(Protocol):
    """Whatever belongs to a party."""

    @property
    def household_id(self) -> int | None: ...
    @property
    def responder_id(self) -> int | None: ...


def get_party(what: OfParty) -> Party:
    """Whose it is."""
    return Party(what.household_id, what.responder_id)


class OverseerKind(StrEnum):
    """Which of those responsible."""

    HEAD = "head"
    """The village heads of the village, by their accounts."""
    LEADERS = "leaders"
    """The group's leader and deputy."""
    OPERATORS = "operators"
    """The centre's duty phones that are on duty; where none of them takes texts, the operators' accounts."""


BUILT_IN = frozenset(OverseerKind)
"""Told where neither village nor town has chosen: all of them."""


def read_kinds(words: Iterable[str]) -> frozenset[OverseerKind]:
    """The kinds of these names; a name that is not known here (another release's) is left out."""
    return frozenset(OverseerKind) & frozenset(words)


def list_kinds(kinds: Iterable[OverseerKind]) -> list[str]:
    """Their names, in the order in which they are shown and kept."""
    chosen = frozenset(kinds)
    return [kind.value for kind in OverseerKind if kind in chosen]
