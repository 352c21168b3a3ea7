"""How much slower we are after a carrier's complaint (429, 20429, 10004), and how that passes.

The rate is halved at each complaint, never below 1/`MOST` of what it is set to, and doubles again with every `STEP`
seconds without one. Complaints within `HOLD` seconds are one: what was on its way cannot be called back.
"""

from __future__ import annotations

from dataclasses import dataclass

STEP = 10.0
MOST = 16.0
HOLD = 1.0
UNPACED = 1 / 32
"""Seconds between requests from which a number that has no limit of its own is slowed down."""


@dataclass(frozen=True, slots=True)
class Slowing:
    """`factor` times slower at the moment `since` (seconds by any one clock)."""

    factor: float = 1.0
    since: float = float("-inf")

    def find_factor(self, now: float) -> float:
        """What is left of it."""
        if self.factor <= 1:
            return 1.0
        return float(max(1.0, self.factor / 2 ** ((now - self.since) // STEP)))

    def slow_further(self, now: float) -> Slowing:
        """After a further complaint."""
        if now - self.since < HOLD:
            return self
        return Slowing(min(self.find_factor(now) * 2, MOST), now)


def find_interval(base: float, factor: float) -> float:
    """Seconds between two requests of a number whose own interval is `base` (0: no limit)."""
    return (base or UNPACED) * factor if factor > 1 else base
