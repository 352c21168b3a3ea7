"""Tables as files: workbooks and CSV. The one writer, so that no cell is ever run as a formula or taken for a number.

A text is written as text, with the spreadsheet's own mark for text where it would run; numbers, days, money and shares
are written in their own type.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

# Spreadsheets run a cell that begins with one of these as a formula.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARK = b"\xef\xbb\xbf".decode()
"""Without it in front, spreadsheets on a Chinese Windows read a CSV as GBK."""
_AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_A4 = 9
_NO_SHEETS_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", "-"))
_LONGEST_NAME = 31


# What a spreadsheet takes for a day, a figure or a time when it opens a CSV, and writes otherwise when it saves it.
_LOOKS_LIKE_A_FIGURE = re.compile(
    r"0\d+|\d+([-/.:]\d+)+|\d+[eE]\d+|\d{1,4}[年月].*|\d+%|\d{12,}|\d+-[A-Za-z]{3}|[A-Za-z]{3}-\d+|true|false",
    re.IGNORECASE,
)


def make_harmless(text: str) -> str:
    """The cell with the spreadsheet's mark for text where it needs one: where it would run, or has the mark itself."""
    return f"'{text}" if text.startswith((*_BEGINS_A_FORMULA, "'")) else text


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, in fen; a file shows yuan."""

    fen: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, shown in per cent with two to four places; `of` 0: nothing is known, and the cell is empty."""

    part: int
    of: int
    places: int = 2


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A text that comes back from a spreadsheet as it is, though it looks like a day or a figure: the door 12-1."""

    text: str


Cell = str | int | float | date | Money | Share | Verbatim | None


@dataclass(frozen=True, slots=True)
class Look:
    """How a sheet looks and is printed. `bordered` cells have lines around them; `printed` fits an A4 page's width."""

    bordered: bool = False
    wrapped: bool = False
    printed: bool = False
    landscape: bool = False
    filtered: bool = False
    font_size: int | None = None
    heading_size: int | None = None
    heading_height: float | None = None
    row_height: float | None = None
    heads_rows: bool = False
    """There is no heading above: the first cell of each row is one."""


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Table:
    """A table for a sheet. `widths` are the columns', the last one's also those of all to its right."""

    name: str
    heading: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    total: Sequence[Cell] = ()
    foot: Iterable[Sequence[Cell]] = ()
    """Further rows behind the total, which look like it: asked for once all others are written."""
    widths: Sequence[float] = (15,)
    title: str = ""
    footer: str = ""
    look: Look = PLAIN


def as_csv(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows, the heading as their first, as a CSV: money in yuan, a share as a decimal of four places."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([_make_csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def mark_encoding(text: str) -> bytes:
    """A CSV's bytes, with the mark that spreadsheets ask for."""
    return (_MARK + text.removeprefix(_MARK)).encode()


def as_workbook(tables: Iterable[Table], title: str = "", *, streamed: bool = False) -> bytes:
    """A workbook with a sheet a table. `streamed`: its rows, a hundred thousand, go to disk as they come."""
    import xlsxwriter  # noqa: PLC0415 - loaded where a sheet is written

    content = io.BytesIO()
    options = _AS_TEXT | ({"in_memory": False, "constant_memory": True} if streamed else {})
    with xlsxwriter.Workbook(content, options) as book:
        if title:
            book.set_properties({"title": title})
        taken: set[str] = set()
        for table in tables:
            _Writing(book, book.add_worksheet(_name_sheet(table.name, taken)), table).write()
    return content.getvalue()


def _name_sheet(wanted: str, taken: set[str]) -> str:
    """A sheet's name that workbooks allow: short, without their signs, each once whatever its case."""
    bare = wanted.translate(_NO_SHEETS_NAME)[:_LONGEST_NAME]
    name, number = bare, 1
    while name.casefold() in taken:
        number += 1
        name = f"{bare[: _LONGEST_NAME - 4]}({number})"
    taken.add(name.casefold())
    return name


def _make_csv_cell(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case str():
            return make_harmless(cell)
        case Verbatim():
            return f"'{cell.text}" if _LOOKS_LIKE_A_FIGURE.fullmatch(cell.text) else make_harmless(cell.text)
        case Money():
            return f"{cell.fen // 100}.{cell.fen % 100:02}" if cell.fen >= 0 else f"-{_make_csv_cell(Money(-cell.fen))}"
        case Share():
            return f"{cell.part / cell.of:.4f}" if cell.of else ""
        case date():
            return cell.isoformat()
    return cell


class _Writing:
    """One table on its sheet."""

    def __init__(self, book: Any, sheet: Any, table: Table) -> None:
        self._book, self._sheet, self._table = book, sheet, table
        self._formats: dict[tuple[str, bool], Any] = {}

    def write(self) -> None:
        table, sheet, look = self._table, self._sheet, self._table.look
        at = 0
        if table.title:
            self._put_title()
            at = 1
        if table.heading:
            sheet.write_row(at, 0, [make_harmless(word) for word in table.heading], self._get_format("heading"))
            if look.heading_height:
                sheet.set_row(at, look.heading_height)
            at += 1
        first = at
        for row in table.rows:
            if look.row_height:
                sheet.set_row(at, look.row_height)
            self._put_row(at, row)
            at += 1
        behind = at
        if table.total:
            self._put_row(at, table.total, is_total=True)
            at += 1
        for row in table.foot:
            self._put_row(at, row, is_total=True)
            at += 1
        self._set_page(first, behind)

    def _put_title(self) -> None:
        title = self._book.add_format({"bold": True, "font_size": 18, "align": "center", "valign": "vcenter"})
        self._sheet.merge_range(0, 0, 0, len(self._table.heading) - 1, make_harmless(self._table.title), title)
        self._sheet.set_row(0, 32)

    def _put_row(self, at: int, row: Sequence[Cell], *, is_total: bool = False) -> None:
        for column, cell in enumerate(row):
            if column == 0 and self._table.look.heads_rows:
                self._sheet.write_string(at, 0, make_harmless(str(cell)), self._get_format("heading"))
            else:
                self._put(at, column, cell, is_total=is_total)

    def _put(self, at: int, column: int, cell: Cell, *, is_total: bool) -> None:
        kind, write, value = _choose_writer(self._sheet, cell)
        write(at, column, value, self._get_format(kind, is_total=is_total))

    def _get_format(self, kind: str, *, is_total: bool = False) -> Any:
        key = (kind, is_total)
        if key not in self._formats:
            wanted = _format_of(kind, self._table.look, is_total=is_total)
            self._formats[key] = self._book.add_format(wanted) if wanted else None
        return self._formats[key]

    def _set_page(self, first: int, last: int) -> None:
        table, sheet, look = self._table, self._sheet, self._table.look
        columns = max(len(table.heading), len(table.widths))
        for column in range(columns):
            sheet.set_column(column, column, table.widths[min(column, len(table.widths) - 1)])
        if table.heading:
            sheet.freeze_panes(first, 0)
        if look.printed:
            sheet.set_paper(_A4)
            sheet.fit_to_pages(1, 0)
            if first:
                sheet.repeat_rows(0, first - 1)
        if look.landscape:
            sheet.set_landscape()
        if look.filtered:
            sheet.autofilter(first - 1, 0, max(first, last - 1), len(table.heading) - 1)
        if table.title:
            sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        if table.footer:
            sheet.set_footer(table.footer)


def _choose_writer(sheet: Any, cell: Cell) -> tuple[str, Callable[..., Any], Any]:
    """The kind of a cell, what writes it, and what is written."""
    match cell:
        case None:
            return "text", sheet.write_blank, None
        case str():
            return "text", sheet.write_string, make_harmless(cell)
        case Verbatim():
            return "text", sheet.write_string, make_harmless(cell.text)
        case Money():
            return "money", sheet.write_number, cell.fen / 100
        case Share(of=0):
            return "share2", sheet.write_blank, None
        case Share():
            return f"share{cell.places}", sheet.write_number, cell.part / cell.of
        case date():
            return "day", sheet.write_datetime, cell
    return "number", sheet.write_number, cell


_NUMBER_FORMATS = {
    "money": "#,##0.00", "day": "yyyy-mm-dd", "number": "#,##0", "text": "@",
    **{f"share{places}": f"0.{'0' * places}%" for places in (2, 3, 4)},
}  # fmt: skip


def _format_of(kind: str, look: Look, *, is_total: bool) -> dict[str, Any]:
    if kind == "heading":
        centred = {"font_size": look.heading_size, "align": "center"} if look.heading_size else {}
        return {"bold": True, "bg_color": "#DCE6F1", "border": 1, "valign": "vcenter"} | centred
    wanted: dict[str, Any] = {"num_format": _NUMBER_FORMATS[kind]}
    if is_total:
        return wanted | {"bold": True, "top": 2 if look.bordered else 1} | ({"bottom": 1} if look.bordered else {})
    if look.bordered:
        wanted |= {"border": 1}
    if look.wrapped:
        wanted |= {"text_wrap": True, "valign": "top" if look.heads_rows else "vcenter"}
    if look.font_size:
        wanted |= {"font_size": look.font_size}
    if kind == "day" or (look.heads_rows and kind in {"number", "share"}):
        wanted |= {"align": "left"}
    return wanted
