"""Which days of somebody's looking are unusual: much more than they look at otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from statistics import median

LEAST = 200
"""So many numbers in a day are nobody's concern: a village's list, opened once."""
TIMES = 3
"""So many times the usual day is unusual."""


def find_unusual_days(rows_by_day: Mapping[date, int]) -> list[date]:
    """The days, in order, on which somebody was shown at least `LEAST` numbers and over `TIMES` their usual day.

    The usual day is the median of the other days on which they looked at all; who has none has no usual day, and
    `LEAST` alone decides.
    """
    found = []
    for day, rows in sorted(rows_by_day.items()):
        others = [many for other, many in rows_by_day.items() if other != day and many]
        if rows >= LEAST and rows > TIMES * (median(others) if others else 0):
            found.append(day)
    return found
