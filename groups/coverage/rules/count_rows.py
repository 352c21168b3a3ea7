"""Counts of households as somebody lists them: a row a village, with its day and one or several kinds of count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from groups.errors import CountsFileError, InvalidDay
from groups.rules.counting import CountKind
from groups.rules.days import day_of

CellValue = str | int | float | date | None
MOST_HOUSEHOLDS = 1_000_000
"""In one village: more is a slip of the hand."""

_VILLAGE = frozenset({"代码", "村代码", "村居代码", "编码", "村居", "村名", "村", "行政村", "code", "village", "name"})
_CODE = frozenset({"代码", "村代码", "村居代码", "编码", "code"})
_DAY = frozenset({"日期", "统计日期", "day", "date", "counted_on"})
_KIND = frozenset({"口径", "户数口径", "kind", "denominator"})
_HOUSEHOLDS = frozenset({"户数", "总户数", "households"})
_KINDS = {
    "常住户": CountKind.RESIDENT, "常住": CountKind.RESIDENT, "常住户数": CountKind.RESIDENT,
    "resident": CountKind.RESIDENT,
    "户籍户": CountKind.REGISTERED, "户籍": CountKind.REGISTERED, "户籍户数": CountKind.REGISTERED,
    "registered": CountKind.REGISTERED,
    "固话户": CountKind.LANDLINE, "固话": CountKind.LANDLINE, "固话户数": CountKind.LANDLINE,
    "landline": CountKind.LANDLINE,
}  # fmt: skip
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+|\d{1,9}")
_LOOKED_FOR_HEADING = 10


@dataclass(frozen=True, slots=True)
class CountRow:
    """One count. `village` is the code or name as written; `problem` says in words why it cannot be taken."""

    line: int
    village: str
    kind: CountKind
    counted_on: date | None
    households: int | None
    problem: str = ""


def counts_in(table: Sequence[Sequence[CellValue]], default_day: date | None = None) -> list[CountRow]:
    """The counts of a table whose heading is among its first ten rows; lines count from 1.

    Raises CountsFileError where no row is such a heading, or there is no column for days and no `default_day`.
    """
    for number, row in enumerate(table[:_LOOKED_FOR_HEADING]):
        heading = [_text(cell).lower() for cell in row]
        columns = _columns(heading)
        if columns is not None:
            if columns.day is None and default_day is None:
                raise CountsFileError("缺少“日期”列 the heading lacks a column for the day")
            lines = enumerate(table[number + 1 :], start=number + 2)
            return [count for line, cells in lines for count in _row(line, cells, columns, default_day)]
    raise CountsFileError("找不到表头：须有村居（或代码）和户数列 no heading with a village and its households")


@dataclass(frozen=True, slots=True)
class _Columns:
    village: tuple[int, ...]
    day: int | None
    kind: int | None
    households: dict[int, CountKind]


def _columns(heading: Sequence[str]) -> _Columns | None:
    villages = [at for at, word in enumerate(heading) if word in _VILLAGE]
    # A code is surer than a name.
    villages.sort(key=lambda at: heading[at] not in _CODE)
    of_a_kind = {at: _KINDS[word] for at, word in enumerate(heading) if word in _KINDS}
    plain = [at for at, word in enumerate(heading) if word in _HOUSEHOLDS]
    if not villages or not (of_a_kind or plain):
        return None
    return _Columns(
        tuple(villages),
        next((at for at, word in enumerate(heading) if word in _DAY), None),
        next((at for at, word in enumerate(heading) if word in _KIND), None),
        of_a_kind or {plain[0]: CountKind.RESIDENT},
    )


def _row(line: int, cells: Sequence[CellValue], columns: _Columns, default_day: date | None) -> Iterator[CountRow]:
    def cell(at: int | None) -> CellValue:
        return cells[at] if at is not None and at < len(cells) else None

    village = next(filter(None, (_text(cell(at)) for at in columns.village)), "")
    if not village:
        return
    problem = ""
    kind_word = _text(cell(columns.kind)).lower()
    if kind_word and kind_word not in _KINDS:
        problem = f"口径“{kind_word[:20]}”不是常住户、户籍户或固话户 not a kind of count"
    day = default_day
    if (written := cell(columns.day)) not in {None, ""}:
        try:
            day = written if isinstance(written, date) else day_of(_text(written))
        except InvalidDay as error:
            day, problem = None, problem or str(error.message)
    elif day is None:
        problem = problem or "没有日期 no day"
    for at, kind in columns.households.items():
        text = _text(cell(at))
        if not text and len(columns.households) > 1:
            continue
        households = int(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
        wrong = "" if households is not None else f"“{text[:20]}”不是户数 not a number of households"
        yield CountRow(line, village, _KINDS.get(kind_word, kind), day, households, problem or wrong)


def _text(cell: CellValue) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()
