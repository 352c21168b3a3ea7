"""When a phone is to be tested so that it stays proven with the fewest calls, and how a day's tests are spread."""

from __future__ import annotations

from datetime import timedelta

from joint_defense.rules.hours import Spans, count_hours

PROVEN_FOR = timedelta(days=30)
"""So long a sign of a person counts."""
REST = timedelta(days=7)
"""A phone rests so long after a drill or test."""
TRIED_AGAIN_AFTER = timedelta(days=3)
"""A call that could not be put through rang nobody: that phone is tried again so soon, and twice in a row is a task."""
TESTED_AFTER = tuple(timedelta(days=days) for days in (22, 15, 8, 7, 7))
"""So long after its last proof a phone is tested, by how unsure it is: one try a week is left for each. With tries of
whoever answers 9 in 10 (seven phones of ten), 6 in 10 (two) or 3 in 10 (one) it is the least that keeps, on average,
99 of 100 proven of those who answer at least every second one (docs/upkeep.md).
"""
MOST_UNSURE = len(TESTED_AFTER) - 1
UNSURE_BY_MISS = 2
"""A miss is remembered for as many answers."""
DAYS_FOR_ALL = 7
"""A village's phones are not all rung on the first day: at most this part of them on one."""
MISSES_FOR_TASK = 2
SLOTS = 1000
BATCH_MINUTES = 15
"""A village's phones ring in batches: that often in its hours."""


def find_slot(hour: int, minute: int, spans: Spans) -> int | None:
    """How much of the day's permitted time has gone by, in thousandths; None outside of it."""
    whole = count_hours(spans) * 60
    gone = 0
    for start, end in spans:
        if start <= hour < end:
            gone += (hour - start) * 60 + minute
            return SLOTS * (gone // BATCH_MINUTES * BATCH_MINUTES) // whole
        gone += (end - start) * 60
    return None
