"""TODO."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import PurePath

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from groups.errors import RosterFileError
from groups.files import xls_guard, xlsx_guard
from groups.files.sheet import Sheet, Span
from groups.files.xlsx_guard import LONGEST_CELL, MACROS, MOST_CELLS, NO_WORKBOOK, TOO_WIDE, Cells

LARGEST_FILE = 10_000_000
MOST_ROWS = 20_000
MOST_SHEETS = 1_000
WIDEST = 100
"""Columns further to the right are not looked at."""
_MOST_MERGED = 20_000
_ROUNDED = 10_000_000
_TOO_LARGE = "文件超过10MB the file is larger than 10 MB"


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
