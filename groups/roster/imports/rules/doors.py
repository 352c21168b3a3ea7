"""What was typed as a door where a spreadsheet took it for a day: 12-1 became 12月1日, 3-45 Mar-45, 1-1 01/01/2026."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from groups.files.looks import DateShape
from groups.files.sheet import DateCell

_TYPED_THIS_YEAR = 2018
"""A day without a year gets the year in which it is typed: this one or a later one. A 12 in front means 2012."""
_MONTHS = {
    name: at
    for at, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_MONTH = "|".join(_MONTHS)
_CHINESE_DAY = re.compile(r"(\d{1,2})月(\d{1,2})日")
_CHINESE_MONTH = re.compile(r"(\d{4}|\d{2})年(\d{1,2})月")
_DAY_MONTH = re.compile(rf"(\d{{1,2}})-({_MONTH})", re.IGNORECASE)
_MONTH_YEAR = re.compile(rf"({_MONTH})-(\d{{2}})", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"((?:19|20)\d{2})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?: 0?0:00(?::00)?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})/(\d{1,2})/((?:19|20)?\d{2})")
_PLAIN = re.compile(r"\d+(?:-\d+)+")


class Door(NamedTuple):
    """A door, and how sure it is: `was_date` where it had become a day, `doubtful` where nothing tells which it was."""

    text: str
    was_date: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class DoorColumn:
    """What the other doors of a column tell about one that has become a day."""

    years: frozenset[int]
    days: int
    of_two_parts: int
    of_three_parts: int

    def door(self, text: str, cell: DateCell | None) -> Door:
        """The door that was typed."""
        seen = cell if cell is not None else _as_date(text)
        if seen is None:
            return Door(text)
        day = seen.day
        match seen.shape:
            case DateShape.MONTH_DAY:
                return Door(f"{day.month}-{day.day}", was_date=True)
            case DateShape.MONTH_YEAR:
                return Door(f"{day.month}-{day.year % 100:02}", was_date=True)
            case DateShape.YEAR_MONTH:
                return Door(f"{day.year % 100}-{day.month}", was_date=True)
            case _:
                return self._of_a_whole_date(day)

    def _of_a_whole_date(self, day: date) -> Door:
        same_year = len(self.years) == 1 and day.year >= _TYPED_THIS_YEAR
        if same_year and not self.of_three_parts:
            return Door(f"{day.month}-{day.day}", was_date=True, doubtful=self.days < 2 and not self.of_two_parts)
        sure = self.of_three_parts > 0 or len(self.years) > 1
        return Door(f"{day.year % 100}-{day.month}-{day.day}", was_date=True, doubtful=not sure)


def column_of(cells: Iterable[tuple[str, DateCell | None]]) -> DoorColumn:
    """What a column of doors tells, its cells as texts and, where they are kept as days, those."""
    years: set[int] = set()
    parts: Counter[int] = Counter()
    days = 0
    for text, cell in cells:
        seen = cell if cell is not None else _as_date(text)
        if seen is not None and seen.shape is DateShape.FULL:
            years.add(seen.day.year)
            days += 1
        elif seen is None and _PLAIN.fullmatch(text.strip()):
            parts[text.count("-") + 1] += 1
    return DoorColumn(frozenset(years), days, parts[2], parts[3])


def _as_date(text: str) -> DateCell | None:
    plain = unicodedata.normalize("NFKC", text[:40]).strip()
    if not plain or not plain[0].isalnum():
        return None
    try:
        return _read(plain)
    except ValueError:
        return None


def _read(plain: str) -> DateCell | None:
    if found := _CHINESE_DAY.fullmatch(plain):
        return DateCell(date(2024, int(found[1]), int(found[2])), DateShape.MONTH_DAY)
    if found := _CHINESE_MONTH.fullmatch(plain):
        return DateCell(date(_year(found[1]), int(found[2]), 1), DateShape.YEAR_MONTH)
    if found := _DAY_MONTH.fullmatch(plain):
        return DateCell(date(2024, _MONTHS[found[2].lower()], int(found[1])), DateShape.MONTH_DAY)
    if found := _MONTH_YEAR.fullmatch(plain):
        return DateCell(date(_year(found[2]), _MONTHS[found[1].lower()], 1), DateShape.MONTH_YEAR)
    if found := _YEAR_FIRST.fullmatch(plain):
        return DateCell(date(int(found[1]), int(found[2]), int(found[3])), DateShape.FULL)
    if found := _YEAR_LAST.fullmatch(plain):
        first, second, year = int(found[1]), int(found[2]), _year(found[3])
        month, day = (first, second) if first <= 12 else (second, first)
        return DateCell(date(year, month, day), DateShape.FULL)
    return None


def _year(text: str) -> int:
    """A year of two or four digits, as a spreadsheet takes it: 30 and above are of the last century."""
    year = int(text)
    return year if year > 99 else 2000 + year if year < 30 else 1900 + year
