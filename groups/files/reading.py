"""Reading the sheets of a file, as texts: .xlsx, .xls and .et, .ods, .csv and other plain text. Each guarded first.

What a file is, its first bytes tell; its name's ending is only looked at where they do not.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from typing import NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from groups.errors import Message, RosterFileError, say
from groups.files import ods, web_page, xls_guard, xlsx_guard, xml_2003
from groups.files.cell_formats import Cell, DateShape, Looks, find_date_shape, show_by
from groups.files.decoding import decode
from groups.files.delimited import read_rows
from groups.files.sheet import DateCell, Sheet, Span, show_as_typed
from groups.files.xlsx_guard import LONGEST_CELL, MACROS, MOST_CELLS, NO_WORKBOOK, TOO_WIDE

LARGEST_FILE = 10_000_000
MOST_ROWS = 20_000
MOST_LINES = 100_000
"""Rows with something in them, of all sheets: far more than any list may have, and looked through in seconds."""
MOST_SHEETS = 1_000
WIDEST = 100
"""Columns further to the right are not looked at."""
ENDINGS = (".xlsx", ".xls", ".et", ".ods", ".csv", ".txt", ".tsv")
LONGEST_READ = 2_000
"""Signs of a cell. What is made of one takes a time that may grow with the square of its length."""
_TOO_LONG = say("cell_too_long", most=LONGEST_READ)
TOO_LARGE = say("file_too_large")
_TOO_LONG_A_FILE = say("more_than_rows", most=MOST_LINES)
_NOTHING = ",\t;，；| \u3000\r\n"
"""What the rows consist of that a spreadsheet writes behind the last one in use, to the bottom of its grid."""
_MOST_MERGED = 20_000
_ROUNDED = 10_000_000
_ALL_DIGITS = 10**15
"""From here on, a spreadsheet does not keep all digits of a number."""
_EPOCH = date(1899, 12, 30)
_LAST_SERIAL = 2_958_465
_WEB_PAGE = say("web_page_without_table")
_OTHER_FILES = (
    (b"%PDF", say("file_is_a_pdf")),
    *((begins, say("file_is_a_picture")) for begins in (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")),
    *((begins, say("file_is_an_archive")) for begins in (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")),
)
"""By their first bytes, files that people take for lists."""
_END_OF_ARCHIVE = b"PK\x05\x06"
"""Stands at the end of every .xlsx, .ods and .zip, before a comment of 64 kB at most."""


class FileRead(NamedTuple):
    """The sheets of a file, and the names of those that are hidden, which nobody reads."""

    sheets: Sequence[Sheet]
    hidden: Sequence[str] = ()


def read_here(content: bytes, name: str) -> FileRead:
    """The sheets of a file, read in this process. Raises RosterFileError."""
    return FileRead(read_sheets(content, name), find_hidden_sheets(content))


def is_workbook(content: bytes) -> bool:
    """Whether its first bytes say that a parser of workbooks reads it, or one of XML; all else is plain text."""
    return content.startswith((b"PK", b"\xd0\xcf\x11\xe0")) or content[:200].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(
        b"<"
    )


def read_sheets(content: bytes, name: str, *, dated: bool = False) -> list[Sheet]:
    """The sheets of a workbook or a text as texts; `dated`: a cell with a day is that day (2026-11-23), and no door.

    Raises RosterFileError.
    """
    if len(content) > LARGEST_FILE:
        raise RosterFileError(TOO_LARGE)
    sheets = _read_sheets(content, name, dated=dated)
    if any(len(cell) > LONGEST_READ for sheet in sheets for row in sheet.rows for cell in row):
        raise RosterFileError(_TOO_LONG)
    if sum(any(row) for sheet in sheets for row in sheet.rows) > MOST_LINES:
        raise RosterFileError(_TOO_LONG_A_FILE)
    return sheets


def _read_sheets(content: bytes, name: str, *, dated: bool) -> list[Sheet]:
    ending = PurePath(name).suffix.lower()
    if ending == ".xlsm":
        raise RosterFileError(MACROS)
    if ending not in ENDINGS:
        raise RosterFileError(say("unknown_kind_of_file"))
    if other := _find_other_kind(content, name):
        raise RosterFileError(other)
    if content.startswith(b"PK") and ods.is_one(content):
        return ods.read_sheets(content, dated=dated)
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        return _read_workbook(content, dated=dated)
    beginning = content[:4000].lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in beginning:
        return xml_2003.read_sheets(content, dated=dated)
    if b"<html" in beginning or b"<table" in beginning:
        tables = web_page.read_sheets(content)
        if not tables:
            raise RosterFileError(_WEB_PAGE)
        return tables
    if ending in {".xlsx", ".et", ".ods"} or beginning.startswith((b"<?xml", b"%pdf", b"{\\rtf")):
        raise RosterFileError(NO_WORKBOOK)
    if ending == ".xls" and not _is_text(content):
        raise RosterFileError(NO_WORKBOOK)
    return [read_text_sheet(decode(content))]


def _find_other_kind(content: bytes, name: str) -> Message | None:
    """What a file is that is no list, and what to do; None where it may be one."""
    if not content.strip():
        return say("nothing_in_file")
    if PurePath(name).name.startswith("~$"):
        return say("file_is_a_lock")
    if content.startswith(b"PK\x03\x04") and _END_OF_ARCHIVE not in content[-66_000:]:
        return say("file_is_cut_off")
    return next((words for begins, words in _OTHER_FILES if content.startswith(begins)), None)


def read_text_sheet(text: str) -> Sheet:
    """Comma-separated lines, or cells with tabs, semicolons or full-width commas between them.

    Raises RosterFileError where there are more lines than any list has.
    """
    text = _cut_behind_the_last(text)
    if max(text.count("\n"), text.count("\r")) > MOST_LINES:
        raise RosterFileError(_TOO_LONG_A_FILE)
    rows = tuple(tuple(_keep_as_text(cell) for cell in row) for row in read_rows(text, WIDEST))
    return Sheet("", rows, is_of_text=True)


def _cut_behind_the_last(text: str) -> str:
    last = len(text.rstrip(_NOTHING))
    end = text.find("\n", last)
    return text if end < 0 else text[:end]


def _keep_as_text(cell: str) -> str:
    """The text of ="1-1", by which some systems keep a spreadsheet from taking it for something else."""
    if len(cell) > 2 and cell[0] == "“" and cell[-1] == "”":
        return cell[1:-1]
    return f"'{cell[2:-1]}" if cell.startswith('="') and cell.endswith('"') and cell.count('"') == 2 else cell


def _is_text(content: bytes) -> bool:
    """Whether a file that is named like a workbook is text in its place, as some systems write it."""
    try:
        text = decode(content)
    except RosterFileError:
        return False
    return "\t" in text or "," in text


def _read_workbook(content: bytes, *, dated: bool) -> list[Sheet]:
    looks = xlsx_guard.look_through(content) if content.startswith(b"PK") else xls_guard.look_through(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        named = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        ]
        if len(named) > MOST_SHEETS:
            raise RosterFileError(say("more_than_sheets", most=MOST_SHEETS))
        sheets = [workbook.get_sheet_by_name(name) for name in named]
        if sum(sheet.total_height * sheet.total_width for sheet in sheets) > MOST_CELLS:
            raise RosterFileError(TOO_WIDE)
        return [_read_sheet(sheet, looks.get(sheet.name, Looks()), dated=dated) for sheet in sheets]
    except (CalamineError, ValueError, OSError, OverflowError) as error:
        reason = (str(error).splitlines() or [""])[0][:80]
        raise RosterFileError(say("not_workbook_reason", reason=reason)) from None
    except BaseException as error:
        # What the reader, which is Rust, throws where it has lost its way: no Exception, and of no importable name.
        if type(error).__name__ != "PanicException":
            raise
        raise RosterFileError(NO_WORKBOOK) from None


def _read_sheet(sheet: CalamineSheet, looks: Looks, *, dated: bool) -> Sheet:
    dates: dict[Cell, DateCell] = {}
    rows = tuple(
        tuple(_read_text(cell, (at, column), looks, dates, dated=dated) for column, cell in enumerate(row[:WIDEST]))
        for at, row in enumerate(sheet.to_python(skip_empty_area=False))
    )
    merged = (Span(*first, *last) for first, last in (sheet.merged_cell_ranges or [])[:_MOST_MERGED])
    return Sheet(
        sheet.name,
        rows,
        tuple(span for span in merged if span.top < len(rows) and span.left < WIDEST),
        frozenset(looks.formulas),
        hidden_rows=frozenset(looks.hidden_rows),
        hidden_columns=frozenset(looks.hidden_columns),
        struck=frozenset(looks.struck),
        partly_struck=frozenset(looks.unstruck),
        errors=frozenset(looks.errors),
        dates=dates,
    )


def _read_text(value: object, cell: Cell, looks: Looks, dates: dict[Cell, DateCell], *, dated: bool) -> str:
    """A cell as its author meant it: 19968730461.0 is a number's digits, 5 in the format 000 is 005.

    A day is the door that was typed, as far as its format tells; `dates` takes it, for whoever can tell more.
    """
    if cell in looks.errors:
        return looks.errors[cell]
    if cell in looks.unstruck:
        return looks.unstruck[cell]
    code = looks.formats.get(cell, "")
    shape = find_date_shape(code) if code else None
    if shape is not None and isinstance(value, float) and 0 < value < _LAST_SERIAL:
        value = _EPOCH + timedelta(days=int(value))
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        dates[cell] = DateCell(day, shape or DateShape.MONTH_DAY)
        return f"{day:%Y-%m-%d}" if dated else show_as_typed(dates[cell])
    if isinstance(value, float) and value.is_integer():
        digits = _write_digits(value)
        return (show_by(code, int(value)) if code and digits.isdecimal() else None) or digits
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, time):
        return f"{value.hour}:{value.minute:02}"
    return str(value)[:LONGEST_CELL]


def _write_digits(value: float) -> str:
    """A figure's digits. One like 13800000000 is what is left of a number that was shown as 1.38E+10.

    Of 22 digits 15 are kept: the others would be made up.
    """
    if abs(value) >= _ALL_DIGITS:
        return f"{value:.14E}"
    is_rounded = value >= 100 * _ROUNDED and value % _ROUNDED == 0
    return f"{value:.2E}" if is_rounded else str(int(value))


def find_hidden_sheets(content: bytes) -> Sequence[str]:
    """The names of a workbook's sheets that are hidden, which nobody reads; none where it is no workbook."""
    if not content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or (
        content.startswith(b"PK") and ods.is_one(content)
    ):
        return ()
    try:
        metadata = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheets_metadata
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        return ()
    return [
        one.name for one in metadata if one.visible != SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
    ]
