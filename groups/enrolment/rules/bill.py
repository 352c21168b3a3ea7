"""The bill of a month: who pays what for whom. Money is whole fen; nothing is rounded, for nothing is divided.

A month of a subscription is paid for where it counts on the month's first day: to the plan it has and the village it
is in on that day, at the tariff that holds then (see docs/adr).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from groups.errors import InvalidDay, say
from groups.rules.days import EARLIEST

_AMOUNT = re.compile(r"([0-9]{1,6}|[0-9]{1,3},[0-9]{3})(\.[0-9]{0,2})?")
"""A comma parts thousands, and nothing else: 3,01 is a slip, and not three hundred and one."""
Shares = tuple[int, int]
"""What a month costs: the village's share and the carrier's, in fen."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """A plan in a village: households, and what a month of one costs; `shares` None where no tariff says it.

    With `of_month` it is the difference of a month that was settled before: `fen` is by how much that costs more now,
    `households` by how many households it has more.
    """

    village_id: int
    code: str
    village: str
    plan: str
    households: int
    shares: Shares | None
    of_month: date | None = None
    fen: Shares | None = None

    @property
    def priced(self) -> bool:
        """Whether it comes to a sum of money."""
        return self.shares is not None or self.fen is not None

    @property
    def label(self) -> str:
        """The plan, and of which month where it is a difference."""
        return write_label(self.plan, self.of_month)

    @property
    def village_fen(self) -> int:
        if self.fen is not None:
            return self.fen[0]
        return self.households * self.shares[0] if self.shares else 0

    @property
    def carrier_fen(self) -> int:
        if self.fen is not None:
            return self.fen[1]
        return self.households * self.shares[1] if self.shares else 0


@dataclass(frozen=True, slots=True)
class BillTotal:
    """A village's sum, or the town's. `unpriced` households are on plans without a tariff, and in no sum of money."""

    households: int
    unpriced: int
    village_fen: int
    carrier_fen: int

    @property
    def fen(self) -> int:
        return self.village_fen + self.carrier_fen


@dataclass(frozen=True, slots=True)
class Bill:
    """A month's lines, village by village; `month` is its first day."""

    month: date
    lines: tuple[BillLine, ...]
    settled_by: str = ""
    """Who settled it: from then on it stays as it is."""

    @property
    def total(self) -> BillTotal:
        return sum_lines(self.lines)

    def by_village(self) -> list[tuple[BillLine, BillTotal]]:
        """A line of each village, to name it, and the village's sum."""
        own: dict[int, list[BillLine]] = {}
        for line in self.lines:
            own.setdefault(line.village_id, []).append(line)
        return [(lines[0], sum_lines(lines)) for lines in own.values()]


def sum_lines(lines: Iterable[BillLine]) -> BillTotal:
    """The sum of some lines."""
    added = list(lines)
    return BillTotal(
        sum(line.households for line in added if line.of_month is None),
        sum(line.households for line in added if not line.priced),
        sum(line.village_fen for line in added),
        sum(line.carrier_fen for line in added),
    )


def find_shares(tariffs: Mapping[str, Sequence[tuple[date, Shares]]], plan: str, day: date) -> Shares | None:
    """What a month of `plan` costs by the tariff that holds on `day`; None before its first."""
    held = [(starts_on, shares) for starts_on, shares in tariffs.get(plan, ()) if starts_on <= day]
    return max(held)[1] if held else None


def read_month(text: str, today: date) -> date:
    """The first day of the month that 2026-11 means. Raises InvalidDay for none, and for a month to come."""
    year, _, month = text.strip().replace("/", "-").replace("年", "-").removesuffix("月").partition("-")
    try:
        first = date(int(year), int(month), 1)
    except ValueError:
        first = date.min
    if not first >= EARLIEST:
        shown = "".join(sign for sign in text.strip()[:20] if sign.isprintable())
        raise InvalidDay(say("no_month", text=shown))
    if first > today:
        raise InvalidDay(say("month_to_come", text=text.strip()))
    return first


def write_label(plan: str, of_month: date | None) -> str:
    """A plan, with the settled month whose difference it is where it is one."""
    return f"{plan}（{of_month:%Y-%m}差额）" if of_month else plan


def write_yuan(fen: int) -> str:
    """Fen as yuan, two places: 1234567 is 12,345.67."""
    sign, whole = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{whole // 100:,}.{whole % 100:02}"


def read_fen(text: str) -> int | None:
    """The fen that an amount in yuan means (3, 3.5, 3.50, ￥3.50, 1,234.50); None where it is no amount."""
    plain = unicodedata.normalize("NFKC", text[:32]).strip().removeprefix("¥").removesuffix("元").strip()
    if not _AMOUNT.fullmatch(plain):
        return None
    whole, _, part = plain.replace(",", "").partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))
