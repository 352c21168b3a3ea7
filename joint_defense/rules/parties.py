"""Who is called: households, and responders, who live in none."""

from __future__ import annotations

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
