"""Reachability (近30天打通): whom an answer has proven to be reached. Stability: whose group has stayed the same."""

from __future__ import annotations

from dataclasses import dataclass

from groups.coverage.rules.figures import Figure

COMPLETE_GROUP = 8
"""So many reachable households make a group complete."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What stands behind a village's figure: subscribed households proven to be reached, its groups, who stayed.

    `settled` of `grouped_before` households, which were in a group on the earlier day, are in the same one still.
    """

    reachable: int = 0
    groups: int = 0
    groups_complete: int = 0
    grouped_before: int = 0
    settled: int = 0

    @property
    def stability(self) -> Figure:
        """Those who are in the same group still, of those who were in one."""
        return Figure(self.settled, self.grouped_before)

    def __add__(self, other: Readiness) -> Readiness:
        return Readiness(
            self.reachable + other.reachable,
            self.groups + other.groups,
            self.groups_complete + other.groups_complete,
            self.grouped_before + other.grouped_before,
            self.settled + other.settled,
        )
