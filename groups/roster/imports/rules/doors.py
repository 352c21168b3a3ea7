"""What was typed as a door where a spreadsheet took it for a day: 12-1 became 12月1日, 3-45 Mar-45, 1-1 01/01/2026."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from groups.files.cell_formats import DateShape
from groups.files.sheet import DateCell

_TYPED_THIS_YEAR = 2018
"""A day without a year gets the year in which it is typed: this one or a later one. A 12 in front means 2012."""
_THREE = 3
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

    years: Mapping[int, int]
    of_two_parts: int
    of_three_parts: int
    beginnings: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    """How often the doors of three parts begin with this part, or with these two."""

    def door(self, text: str, cell: DateCell | None) -> Door:
        """The door that was typed into a cell that is a day now; of others, their text."""
        if cell is None:
            return Door(text)
        day = cell.day
        match cell.shape:
            case DateShape.MONTH_DAY:
                return Door(f"{day.month}-{day.day}", was_date=True)
            case DateShape.MONTH_YEAR:
                return Door(f"{day.month}-{day.year % 100:02}", was_date=True)
            case DateShape.YEAR_MONTH:
                return Door(f"{day.year % 100}-{day.month}", was_date=True)
            case _:
                return self._read_whole_date(cell)

    def _read_whole_date(self, cell: DateCell) -> Door:
        day = cell.day
        late = [year for year in self.years if year >= _TYPED_THIS_YEAR]
        if late == [day.year] and not self.of_three_parts:
            sure = len(self.years) == 1 and (self.years[day.year] > 1 or self.of_two_parts > 0)
            return Door(_write_two_parts(cell), was_date=True, doubtful=not sure)
        year_first, year_last = _write_three_parts(cell)
        before, behind = self._count_alike(year_first), self._count_alike(year_last)
        if before != behind:
            return Door(year_first if before > behind else year_last, was_date=True)
        sure = not cell.year_last and (self.of_three_parts > 0 or len(self.years) > 1)
        return Door(year_first, was_date=True, doubtful=not sure)

    def _count_alike(self, door: str) -> int:
        """How many doors of the column begin as this one does; those with two parts alike count for more."""
        parts = tuple(door.split("-"))
        return 1000 * self.beginnings.get(parts[:2], 0) + self.beginnings.get(parts[:1], 0)


def _write_two_parts(cell: DateCell) -> str:
    first, second = (cell.day.day, cell.day.month) if cell.day_first else (cell.day.month, cell.day.day)
    return f"{first}-{second}"


def _write_three_parts(cell: DateCell) -> tuple[str, str]:
    """The door with the year's figures first, and with them last: where 12-1-3 was typed on an English machine."""
    year = cell.day.year % 100
    return f"{year}-{cell.day.month}-{cell.day.day}", f"{_write_two_parts(cell)}-{year}"


def list_other_readings(cell: DateCell, written: str) -> list[str]:
    """What else may have been typed into a cell that is a day now; as it is written last."""
    day = cell.day
    year = f"{day.year % 100}"
    both = [_write_two_parts(cell), *_write_three_parts(cell)]
    readings = {
        DateShape.MONTH_DAY: both[:1],
        DateShape.MONTH_YEAR: [f"{day.month}-{day.year % 100:02}", f"{year}-{day.month}"],
        DateShape.YEAR_MONTH: [f"{year}-{day.month}", f"{day.month}-{day.year % 100:02}"],
    }.get(cell.shape, both)
    return list(dict.fromkeys([*readings, written]))


def judge_column(cells: Iterable[tuple[str, DateCell | None]]) -> DoorColumn:
    """What a column of doors tells, its cells as texts and, where they are kept as days, those."""
    years: Counter[int] = Counter()
    parts: Counter[int] = Counter()
    beginnings: Counter[tuple[str, ...]] = Counter()
    for text, cell in cells:
        if cell is not None and cell.shape is DateShape.FULL:
            years[cell.day.year] += 1
        elif cell is None and _PLAIN.fullmatch(text.strip()):
            parts[text.count("-") + 1] += 1
            numbers = tuple(text.strip().split("-"))
            if len(numbers) == _THREE:
                beginnings.update((numbers[:1], numbers[:2]))
    return DoorColumn(years, parts[2], parts[_THREE], beginnings)


def as_date(text: str, *, in_words: bool = False) -> DateCell | None:
    """The day that a text of a list is, in the forms that spreadsheets write into a CSV; None where it is none.

    `in_words`: only what can be no door: 12月1日. A workbook keeps a typed 12/1/3 as the text that it is.
    """
    plain = unicodedata.normalize("NFKC", text[:40]).strip()
    if not plain or not plain[0].isalnum():
        return None
    try:
        return _read(plain) if not in_words or re.search("[月A-Za-z]", plain) else None
    except ValueError:
        return None


def _read(plain: str) -> DateCell | None:
    if found := _CHINESE_DAY.fullmatch(plain):
        return DateCell(date(2024, int(found[1]), int(found[2])), DateShape.MONTH_DAY)
    if found := _CHINESE_MONTH.fullmatch(plain):
        return DateCell(date(_read_year(found[1]), int(found[2]), 1), DateShape.YEAR_MONTH)
    if found := _DAY_MONTH.fullmatch(plain):
        return DateCell(date(2024, _MONTHS[found[2].lower()], int(found[1])), DateShape.MONTH_DAY)
    if found := _MONTH_YEAR.fullmatch(plain):
        return DateCell(date(_read_year(found[2]), _MONTHS[found[1].lower()], 1), DateShape.MONTH_YEAR)
    if found := _YEAR_FIRST.fullmatch(plain):
        return DateCell(date(int(found[1]), int(found[2]), int(found[3])), DateShape.FULL)
    if found := _YEAR_LAST.fullmatch(plain):
        first, second, year = int(found[1]), int(found[2]), _read_year(found[3])
        month, day = (first, second) if first <= 12 else (second, first)
        return DateCell(date(year, month, day), DateShape.FULL, year_last=True, day_first=first > 12)
    return None


def _read_year(text: str) -> int:
    """A year of two or four digits, as a spreadsheet takes it: 30 and above are of the last century."""
    year = int(text)
    return year if year > 99 else 2000 + year if year < 30 else 1900 + year
