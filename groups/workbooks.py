"""Reading a list out of what heads have: .xlsx and .xls, .csv, cells pasted from WPS, and the export's own .json.

`open_file` or `open_pasted` gives the sheets and what their columns are taken for; `households_in` gives the
households, with the columns as guessed or as somebody has corrected them. `read_list` is both in one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from groups import xls_guard, xlsx_guard
from groups.errors import RosterFileError
from groups.rules.roster_blocks import blocks_of
from groups.rules.roster_headings import DEEPEST_HEADING, Field, Layout, guess_layout
from groups.rules.roster_rows import ListRow, PhoneCell
from groups.rules.roster_sheets import Sheet, Span, households_of
from groups.xlsx_guard import LONGEST_CELL, MACROS, MOST_CELLS, NO_WORKBOOK, TOO_WIDE, Cells

LARGEST_FILE = 10_000_000
MOST_ROWS = 20_000
MOST_SHEETS = 1_000
WIDEST = 100
"""Columns further to the right are not looked at."""
_MOST_MERGED = 20_000
_ROUNDED = 10_000_000
_SAMPLES = 3
_TOO_LARGE = "文件超过10MB the file is larger than 10 MB"

Columns = Mapping[tuple[int, int], Field]
"""What somebody says the columns hold: by the sheet's place in the file and the column, both counted from 0."""


@dataclass(frozen=True, slots=True)
class OpenedSheet:
    """A sheet and what its columns are taken for. One that is not a list of households has `layout.lacking`."""

    sheet: Sheet
    layout: Layout


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file before its households are known: its sheets, or the households themselves where it is an export's JSON."""

    sheets: tuple[OpenedSheet, ...] = ()
    households: tuple[ListRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterList:
    """The households of a file, the columns that mean nothing to the roster, and the sheets that are no lists."""

    rows: tuple[ListRow, ...]
    ignored: tuple[str, ...] = ()
    ignored_sheets: tuple[str, ...] = ()


def read_list(content: bytes, name: str, columns: Columns | None = None) -> RosterList:
    """The households of a file. Raises RosterFileError with the reason."""
    return households_in(open_file(content, name), columns)


def open_file(content: bytes, name: str) -> OpenedFile:
    """The sheets of a file; `name` tells by its ending what it is meant to be. Raises RosterFileError."""
    if PurePath(name).suffix.lower() == ".json":
        if len(content) > LARGEST_FILE:
            raise RosterFileError(_TOO_LARGE)
        return OpenedFile(households=_json_rows(content))
    return _opened(sheets_of(content, name))


def sheets_of(content: bytes, name: str, *, dated: bool = False) -> list[Sheet]:
    """The sheets of a workbook or a CSV as texts; `dated`: a cell with a day is that day (2026-11-23), and no door.

    Raises RosterFileError.
    """
    if len(content) > LARGEST_FILE:
        raise RosterFileError(_TOO_LARGE)
    ending = PurePath(name).suffix.lower()
    if ending == ".xlsm":
        raise RosterFileError(MACROS)
    if ending not in {".xlsx", ".xls", ".csv"}:
        raise RosterFileError("只能读取 .xlsx .xls .csv .json 文件 only .xlsx, .xls, .csv and .json files can be read")
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        return _workbook_sheets(content, dated=dated)
    if ending == ".csv":
        return [_text_sheet(_decoded(content))]
    if b"<html" in content[:2000].lower() or b"<table" in content[:2000].lower():
        raise RosterFileError(
            "这是网页，不是表格，请用WPS打开后另存为 .xlsx a web page, not a workbook: save it as .xlsx"
        )
    raise RosterFileError(NO_WORKBOOK)


def open_pasted(text: str) -> OpenedFile:
    """Cells copied in WPS or Excel and pasted: lines, with tabs between the cells. Raises RosterFileError."""
    if len(text) > LARGEST_FILE:
        raise RosterFileError(_TOO_LARGE)
    return _opened([_text_sheet(text)])


def households_in(opened: OpenedFile, columns: Columns | None = None) -> RosterList:
    """The households of an opened file, its columns as guessed or as `columns` corrects them.

    Raises RosterFileError where no sheet has a column for the household's head and one for phones.
    """
    if not opened.sheets:
        return _few_enough(RosterList(opened.households))
    layouts = [_corrected(one.layout, place, columns or {}) for place, one in enumerate(opened.sheets)]
    lists = [(one.sheet, layout) for one, layout in zip(opened.sheets, layouts, strict=True) if not layout.lacking]
    if not lists:
        lacking = "、".join(min(layouts, key=lambda layout: len(layout.lacking)).lacking)
        raise RosterFileError(f"找不到列：{lacking}；前十行须有表头 the heading lacks these columns")
    alone = len({sheet.name for sheet, _ in lists}) == 1
    rows = [row for sheet, layout in lists for row in households_of(sheet, layout, is_the_only_sheet=alone)]
    ignored = [c.heading for _, layout in lists for c in layout.columns if c.heading and c.field is Field.NOTHING]
    others = [one.sheet.label for one, layout in zip(opened.sheets, layouts, strict=True) if layout.lacking]
    return _few_enough(RosterList(tuple(rows), tuple(dict.fromkeys(ignored)), tuple(others)))


def layouts_shown(opened: OpenedFile, columns: Columns) -> list[dict[str, Any]]:
    """What the columns are taken for, for a page, once for all sheets that are alike.

    `sheets` are their places in the file, `names` their names, `columns` each column's `index`, `heading`, `field` and
    a few `samples` of what stands in it.
    """
    alike: dict[Any, dict[str, Any]] = {}
    for place, one in enumerate(opened.sheets):
        told = [
            (column.index, column.heading, column.field.value)
            for column in _corrected(one.layout, place, columns).columns
        ]
        block = alike.setdefault(tuple(told), {"sheets": [], "names": [], "columns": []})
        block["sheets"].append(place)
        block["names"].append(one.sheet.label)
        if not block["columns"]:
            below = one.sheet.rows[one.layout.first_row : one.layout.first_row + 40]
            block["columns"] = [
                {"index": index, "heading": heading, "field": field, "samples": _samples(below, index)}
                for index, heading, field in told
            ]
    return list(alike.values())


def _samples(rows: Sequence[Sequence[str]], column: int) -> list[str]:
    said = [row[column].strip()[:24] for row in rows if column < len(row) and row[column].strip()]
    return said[:_SAMPLES]


def _few_enough(read: RosterList) -> RosterList:
    if len(read.rows) > MOST_ROWS:
        raise RosterFileError(f"超过{MOST_ROWS}行 more than {MOST_ROWS} rows")
    return read


def _opened(sheets: Sequence[Sheet]) -> OpenedFile:
    filled = [part for sheet in sheets if not sheet.is_empty for part in blocks_of(sheet)] or [Sheet("", ())]
    layouts = [guess_layout(sheet.heading_rows(DEEPEST_HEADING + 1)) for sheet in filled]
    return OpenedFile(tuple(OpenedSheet(*one) for one in zip(filled, layouts, strict=True)))


def _corrected(layout: Layout, place: int, columns: Columns) -> Layout:
    return layout.with_fields({column: field for (sheet, column), field in columns.items() if sheet == place})


def _text_sheet(text: str) -> Sheet:
    """Comma-separated lines, or cells with tabs or semicolons between them: whatever the first lines have most of."""
    text = text.removeprefix("\ufeff")
    beginning = "\n".join(text[:100_000].split("\n", 20)[:20])
    delimiter = max(",\t;", key=beginning.count)
    try:
        rows = [tuple(row[:WIDEST]) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise RosterFileError(f"不是有效的CSV文件 not a CSV file: {error}") from None
    return Sheet("", tuple(rows))


def _decoded(content: bytes) -> str:
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf_16 else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterFileError("文字编码须为UTF-8或GB18030 the text is neither UTF-8 nor GB18030")


def _workbook_sheets(content: bytes, *, dated: bool) -> list[Sheet]:
    formulas = xlsx_guard.look_through(content) if content.startswith(b"PK") else xls_guard.look_through(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        named = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        if len(named) > MOST_SHEETS:
            raise RosterFileError(f"工作表超过{MOST_SHEETS}个 more than {MOST_SHEETS} sheets")
        sheets = [workbook.get_sheet_by_name(name) for name in named]
        if sum(sheet.total_height * sheet.total_width for sheet in sheets) > MOST_CELLS:
            raise RosterFileError(TOO_WIDE)
        return [_sheet(sheet, formulas.get(sheet.name, frozenset()), dated=dated) for sheet in sheets]
    except (CalamineError, ValueError, OSError, OverflowError) as error:
        reason = (str(error).splitlines() or [""])[0][:80]
        raise RosterFileError(f"{NO_WORKBOOK}: {reason}") from None
    except BaseException as error:
        # What the reader, which is Rust, throws where it has lost its way: no Exception, and of no importable name.
        if type(error).__name__ != "PanicException":
            raise
        raise RosterFileError(NO_WORKBOOK) from None


def _sheet(sheet: CalamineSheet, formulas: Cells, *, dated: bool) -> Sheet:
    text = _dated_text if dated else _text
    rows = tuple(tuple(text(cell) for cell in row[:WIDEST]) for row in sheet.to_python(skip_empty_area=False))
    merged = (Span(*first, *last) for first, last in (sheet.merged_cell_ranges or [])[:_MOST_MERGED])
    return Sheet(
        sheet.name, rows, tuple(span for span in merged if span.top < len(rows) and span.left < WIDEST), formulas
    )


def _text(cell: object) -> str:
    """A cell as its author meant it: 19968730461.0 is a number's digits, and a date was the door 1-2.

    A figure like 13800000000 is what a spreadsheet leaves of a number that it has shown as 1.38E+10.
    """
    if isinstance(cell, float) and cell.is_integer():
        is_rounded = cell >= 100 * _ROUNDED and cell % _ROUNDED == 0
        return f"{cell:.2E}" if is_rounded else str(int(cell))
    if isinstance(cell, date):
        return f"{cell.month}-{cell.day}"
    return str(cell)[:LONGEST_CELL]


def _dated_text(cell: object) -> str:
    """The same, where a date is a day."""
    return f"{cell:%Y-%m-%d}" if isinstance(cell, date) else _text(cell)


def _json_rows(content: bytes) -> tuple[ListRow, ...]:
    try:
        households = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise RosterFileError("不是有效的JSON文件 not a JSON file") from None
    if not isinstance(households, list):
        raise RosterFileError("JSON须为住户列表 the JSON must be a list of households")
    return tuple(_json_row(number, household) for number, household in enumerate(households, start=1))


def _json_row(number: int, household: object) -> ListRow:
    texts = ("group", "head", "door")
    if (
        not isinstance(household, dict)
        or set(household) != {*texts, "phones"}
        or not all(isinstance(household[name], str) for name in texts)
        or not isinstance(household["phones"], list)
        or not all(isinstance(phone, str) for phone in household["phones"])
    ):
        raise RosterFileError(
            f"第{number}项须有 group、head、door（文字）与 phones（列表） "
            f"entry {number} must have three texts and a list of texts under these keys"
        )
    phones = tuple(PhoneCell(f"phones[{place}]", phone) for place, phone in enumerate(household["phones"]))
    return ListRow(number, household["group"], household["door"], household["head"], phones)
