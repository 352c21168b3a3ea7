"""A household as the rules of rosters and lists see it, and what it is called in a line of text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RosterHousehold:
    """A household as the roster has it, in the order of the roster. Phones are E.164, the first is rung first."""

    id: int
    group: str
    door: str
    head: str
    landmark: str
    position: int
    phones: tuple[str, ...]

    @property
    def label(self) -> str:
        """How a person finds it again: 1组 1-1 董月水."""
        return make_label(self.group, self.door, self.head)


def make_label(group: str, door: str, head: str) -> str:
    """A household in a line of text: 1组 1-1 董月水."""
    return " ".join(part for part in (group, door, head) if part)


UNGROUPED = "未编组"
"""How a list says that a household is in no group."""
