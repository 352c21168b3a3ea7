"""Which days of a household's subscriptions fall on no home of it: they need one, for a subscription counts where it
lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from groups.rules.days import Period


def find_days_without_home(homes: Sequence[Period], paid: Sequence[Period]) -> list[tuple[int, Period]]:
    """The days to be filled, each with the place in `homes` of the one beside them (the one before, where there is).

    `homes` are those that somebody noted, in order; they share no day, and are not empty. Between two homes, and before
    the first, all days are filled where any of them is paid for; after the last only those up to the last that is.
    """
    held = [period for period in paid if period.ends_on is None or period.ends_on > period.starts_on]
    if not held:
        return []
    found = []
    first, last = homes[0], homes[-1]
    earliest = min(period.starts_on for period in held)
    if earliest < first.starts_on:
        found.append((0, Period(earliest, first.starts_on)))
    for at, (one, other) in enumerate(pairwise(homes)):
        between = Period(one.ends_on or other.starts_on, other.starts_on)
        if between.starts_on < other.starts_on and any(_share(between, period) for period in held):
            found.append((at, between))
    if last.ends_on is not None:
        after = [period.ends_on for period in held if period.ends_on is None or period.ends_on > last.ends_on]
        if after:
            ends = [day for day in after if day is not None]
            found.append((len(homes) - 1, Period(last.ends_on, max(ends) if len(ends) == len(after) else None)))
    return found


def _share(one: Period, other: Period) -> bool:
    return one.starts_on < (other.ends_on or date.max) and other.starts_on < (one.ends_on or date.max)
