"""Reading counts of households out of a file: .xlsx, .xls or .csv, where a day stays a day."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import PurePath

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from groups import xls_guard, xlsx_guard
from groups.errors import CountsFileError, RosterFileError
from groups.rules.count_rows import CellValue, CountRow, counts_in

LARGEST_FILE = 5_000_000
MOST_ROWS = 20_000
_WIDEST = 50


def read_counts_file(content: bytes, name: str, default_day: date | None = None) -> list[CountRow]:
    """The counts in a file; `default_day` is that of the rows that name none. Raises CountsFileError."""
    if len(content) > LARGEST_FILE:
        raise CountsFileError("文件超过5MB the file is larger than 5 MB")
    ending = PurePath(name).suffix.lower()
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        table = _workbook(content)
    elif ending in {".csv", ".txt"}:
        table = _text(content)
    else:
        raise CountsFileError("只能读取 .xlsx .xls .csv 文件 only .xlsx, .xls and .csv files can be read")
    if len(table) > MOST_ROWS:
        raise CountsFileError(f"超过{MOST_ROWS}行 more than {MOST_ROWS} rows")
    return counts_in(table, default_day)


def _workbook(content: bytes) -> list[Sequence[CellValue]]:
    """The first sheet that can be seen."""
    try:
        # Bombs and macros are turned away before the reader sees them.
        (xlsx_guard if content.startswith(b"PK") else xls_guard).look_through(content)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        seen = [each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
        rows = book.get_sheet_by_name(seen[0]).to_python(skip_empty_area=False) if seen else []
    except RosterFileError as error:
        raise CountsFileError(error.message) from None
    except (CalamineError, ValueError, OSError, OverflowError) as error:
        reason = (str(error).splitlines() or [""])[0][:80]
        raise CountsFileError(f"不是有效的工作簿 not a workbook: {reason}") from None
    return [[_cell(cell) for cell in row[:_WIDEST]] for row in rows]


def _cell(cell: object) -> CellValue:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, (str, int, float, date)) else str(cell)


def _text(content: bytes) -> list[Sequence[CellValue]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise CountsFileError("文字编码须为UTF-8或GB18030 the text is neither UTF-8 nor GB18030")
    delimiter = max(",\t;", key=text[:10_000].count)
    try:
        return [row[:_WIDEST] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise CountsFileError(f"不是有效的CSV文件 not a CSV file: {error}") from None
