"""Coverage (覆盖率): who has signed up, of how many. Whole numbers and fractions only; rounding is for the reader."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from groups.errors import InvalidCount, say

BASIS_POINTS = 10_000
DEFAULT_THRESHOLD = 8_000
"""80 %: where no threshold has been set for a day."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Subscribed households of so many. `households` is None where nobody has counted them by that day."""

    subscribed: int
    households: int | None

    @property
    def coverage(self) -> Fraction | None:
        """The exact fraction; None where there is nothing to divide by."""
        return Fraction(self.subscribed, self.households) if self.households else None

    @property
    def rank(self) -> int:
        """A whole number by which figures sort as their coverages do: -1 where there is nothing to divide by.

        Two different fractions of numbers below a billion differ by more than one of these parts.
        """
        return self.subscribed * 10**18 // self.households if self.households else -1

    @property
    def exceeds(self) -> bool:
        """Whether more have signed up than were counted: the count is out of date, or a row is wrong."""
        return self.households is not None and self.subscribed > self.households

    def reaches(self, basis_points: int) -> bool:
        """Whether the coverage, unrounded, is at least so many hundredths of a per cent, and can be true at all."""
        enough = self.subscribed * BASIS_POINTS >= basis_points * (self.households or 0)
        return bool(self.households) and enough and not self.exceeds

    def decimal(self, places: int = 4) -> str | None:
        """The coverage as a decimal, half rounded up: 0.6560 is 65.6 %."""
        return (
            None
            if self.households is None or not self.households
            else _write_decimal(self.subscribed, self.households, places)
        )

    def percent(self, places: int = 1) -> str | None:
        """The coverage in per cent, half rounded up, without the sign: 65.6."""
        return (
            None
            if self.households is None or not self.households
            else _write_decimal(self.subscribed * 100, self.households, places)
        )


def sum_figures(figures: Iterable[Figure]) -> Figure:
    """The sum of those whose households were counted: nobody in the numerator who is not in the denominator."""
    counted = [figure for figure in figures if figure.households is not None]
    return Figure(
        sum(figure.subscribed for figure in counted),
        sum(figure.households or 0 for figure in counted) if counted else None,
    )


def find_in_force(dated: Mapping[date, int], day: date) -> int | None:
    """The value of the latest day up to `day`; None before the first."""
    days = [known for known in dated if known <= day]
    return dated[max(days)] if days else None


def sum_steps(changes: Mapping[date, int], days: Sequence[date]) -> list[int]:
    """How many there are on each of `days` (ascending), where `changes` says how many come and go on each day."""
    found = []
    running = 0
    upcoming = sorted(changes.items())
    at = 0
    for day in days:
        while at < len(upcoming) and upcoming[at][0] <= day:
            running += upcoming[at][1]
            at += 1
        found.append(running)
    return found


def find_demonstration_start(
    subscribed: int,
    changes: Mapping[date, int],
    counts: Mapping[date, int],
    thresholds: Mapping[date, int],
    day: date,
    *,
    after: date = date.min,
) -> date | None:
    """The first day of the unbroken run, up to `day`, on which the village reached the threshold; None: not on `day`.

    `subscribed` are its subscribed households on `day`, `changes` how they changed, by day; `counts` its households,
    `thresholds` the town's, by day. Of the days up to `after` the changes need not be known: a run that goes back so
    far is said to begin on `after`.
    """
    since = None
    turns = sorted((turn for turn in changes if after < turn <= day), reverse=True)
    at = 0
    # From the day backwards: whoever has been a demonstration village for a month is not asked about ten years.
    for edge in sorted({known for known in {*counts, *thresholds} if after < known <= day} | {after}, reverse=True):
        households = find_in_force(counts, edge)
        least = _count_least(households, find_in_force(thresholds, edge))
        if least is None or households is None or not least <= subscribed <= households:
            return since
        while at < len(turns) and turns[at] >= edge:
            since = turns[at]
            subscribed -= changes[since]
            at += 1
            if since > edge and not least <= subscribed <= households:
                return since
        since = edge
    return since


def _count_least(households: int | None, threshold: int | None) -> int | None:
    """The fewest subscribed households that reach the threshold; None where none do."""
    return -(-(threshold or DEFAULT_THRESHOLD) * households // BASIS_POINTS) if households else None


def write_percent(figure: Figure, threshold: int) -> str | None:
    """The coverage in per cent, half rounded up, with so many places (one to four) that it does not look as if it
    reached the threshold where it does not, or the other way round. None where there is nothing to divide by.
    """
    for places in range(1, 5):
        shown = figure.percent(places)
        if shown is None:
            return None
        looks = Fraction(shown) * 100 >= threshold
        if looks == (figure.subscribed * BASIS_POINTS >= threshold * (figure.households or 0)):
            break
    return shown


def write_decimal(figure: Figure, threshold: int) -> str | None:
    """The coverage as a decimal of four places, or as many up to eight as it takes to tell it from the threshold."""
    for places in range(4, 9):
        shown = figure.decimal(places)
        if shown is None:
            return None
        looks = Fraction(shown) * BASIS_POINTS >= threshold
        if looks == (figure.subscribed * BASIS_POINTS >= threshold * (figure.households or 0)):
            break
    return shown


def write_threshold(basis_points: int) -> str:
    """A threshold as it was set, without the sign: 80, 66.67."""
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02}".rstrip("0").rstrip(".")


def read_basis_points(percent: str) -> int:
    """A threshold as somebody types it (80, 87.5, 87.5%), in hundredths of a per cent. Raises InvalidCount."""
    whole, _, part = unicodedata.normalize("NFKC", percent[:16]).strip().removesuffix("%").partition(".")
    digits = whole + part.ljust(2, "0")
    if not digits.isascii() or not digits.isdigit() or len(part) > 2 or len(whole) > 3:
        raise InvalidCount(say("no_threshold"))
    return int(digits)


def list_month_ends(first: date, last: date) -> list[date]:
    """The last day of every month between the two days, and `last` itself."""
    days = []
    day = first
    while day <= last:
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        days.append(min(following - timedelta(days=1), last))
        day = following
    return days


def list_days(first: date, last: date) -> list[date]:
    """The days from the one to the other, both counted."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _write_decimal(numerator: int, denominator: int, places: int) -> str:
    """A fraction to so many places, half rounded up, in whole numbers only."""
    scale: int = 10**places
    rounded = (2 * numerator * scale + denominator) // (2 * denominator)
    return f"{rounded // scale}.{rounded % scale:0{places}}" if places else str(rounded)
