"""Reading an .ods: the sheets of its content.xml, counted as they are read, because a cell may repeat itself.

LibreOffice and some versions of WPS write it (OpenDocument 1.2, part 1, chapter 9).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from lxml import etree

from groups.errors import RosterFileError
from groups.files.cell_formats import Cell, DateShape
from groups.files.sheet import DateCell, Sheet, Span
from groups.files.xlsx_guard import LARGEST_UNPACKED, LONGEST_CELL, MACROS, MOST_CELLS, NO_WORKBOOK, TOO_WIDE

_MIME = b"application/vnd.oasis.opendocument.spreadsheet"
_WIDEST = 100
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_NUMBER = "{urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0}"
_ALL_DIGITS = 10**15


def is_one(content: bytes) -> bool:
    """Whether a zip file says that it is one."""
    return _MIME in content[:200]


def read_sheets(content: bytes, *, dated: bool) -> list[Sheet]:
    """The visible sheets as texts; `dated`: a day is that day, and no door. Raises RosterFileError."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if any(name.startswith("Basic/") and name.count("/") > 1 for name in entries):
                raise RosterFileError(MACROS)
            if entries["content.xml"].file_size > LARGEST_UNPACKED:
                raise RosterFileError(TOO_WIDE)
            part = archive.read("content.xml")
        return list(_read_sheets(part, dated=dated))
    except (
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
        etree.XMLSyntaxError,
        ValueError,
        RuntimeError,
        OSError,
        EOFError,
    ):
        raise RosterFileError(NO_WORKBOOK) from None


@dataclass(slots=True)
class _Styles:
    struck: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    shapes: dict[str, DateShape] = field(default_factory=dict)


@dataclass(slots=True)
class _Read:
    """A sheet as far as it is read."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    merged: list[Span] = field(default_factory=list)
    formulas: set[Cell] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    struck: set[Cell] = field(default_factory=set)
    errors: set[Cell] = field(default_factory=set)
    dates: dict[Cell, DateCell] = field(default_factory=dict)
    cells: int = 0


def _read_sheets(part: bytes, *, dated: bool) -> Iterator[Sheet]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(part, parser)
    styles = _read_styles(root)
    for table in root.iter(f"{_TABLE}table"):
        if table.get(f"{_TABLE}style-name") in styles.hidden:
            continue
        read = _Read()
        _read_columns(table, read)
        _read_rows(table, read, styles, dated=dated)
        yield Sheet(
            str(table.get(f"{_TABLE}name", "")),
            tuple(read.rows),
            tuple(read.merged),
            frozenset(read.formulas),
            hidden_rows=frozenset(read.hidden_rows),
            hidden_columns=frozenset(read.hidden_columns),
            struck=frozenset(read.struck),
            errors=frozenset(read.errors),
            dates=read.dates,
        )


def _read_styles(root: etree._Element) -> _Styles:
    styles = _Styles()
    shapes: dict[str, DateShape] = {}
    for style in root.iter(f"{_NUMBER}date-style"):
        parts = [str(child.tag).removeprefix(_NUMBER) for child in style if str(child.tag).startswith(_NUMBER)]
        if shape := _find_shape([one for one in parts if one in {"year", "month", "day"}]):
            shapes[str(style.get(f"{_STYLE}name", ""))] = shape
    for style in root.iter(f"{_STYLE}style"):
        name = str(style.get(f"{_STYLE}name", ""))
        if str(style.get(f"{_STYLE}data-style-name", "")) in shapes:
            styles.shapes[name] = shapes[str(style.get(f"{_STYLE}data-style-name"))]
        for properties in style:
            if properties.get(f"{_STYLE}text-line-through-style", "none") != "none":
                styles.struck.add(name)
            if str(properties.tag).endswith("table-properties") and properties.get(f"{_TABLE}display") == "false":
                styles.hidden.add(name)
    return styles


def _find_shape(parts: list[str]) -> DateShape | None:
    if {"year", "day"} <= set(parts):
        return DateShape.FULL
    if {"month", "day"} <= set(parts):
        return DateShape.MONTH_DAY
    if {"year", "month"} <= set(parts):
        return DateShape.MONTH_YEAR if parts.index("month") < parts.index("year") else DateShape.YEAR_MONTH
    return None


def _read_columns(table: etree._Element, read: _Read) -> None:
    at = 0
    for column in table.iter(f"{_TABLE}table-column"):
        count = _count_repeats(column, "columns")
        if column.get(f"{_TABLE}visibility", "visible") != "visible":
            read.hidden_columns |= set(range(at, min(at + count, _WIDEST)))
        at += count


def _read_rows(table: etree._Element, read: _Read, styles: _Styles, *, dated: bool) -> None:
    waiting = 0
    for row in table.iter(f"{_TABLE}table-row"):
        count = _count_repeats(row, "rows")
        at = len(read.rows) + waiting
        texts = _read_row(row, at, read, styles, dated=dated)
        if not any(text.strip() for text in texts):
            waiting += count
            continue
        read.cells += (waiting + count) * len(texts)
        if read.cells > MOST_CELLS or waiting + count > MOST_CELLS:
            raise RosterFileError(TOO_WIDE)
        read.rows += [()] * waiting + [texts] * count
        waiting = 0
        if row.get(f"{_TABLE}visibility", "visible") != "visible":
            read.hidden_rows |= set(range(at, at + count))


def _read_row(row: etree._Element, at: int, read: _Read, styles: _Styles, *, dated: bool) -> tuple[str, ...]:
    texts: list[str] = []
    for element in row:
        if element.tag not in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            continue
        count = _count_repeats(element, "columns")
        place = (at, len(texts))
        text = _read_text(element, place, read, styles, dated=dated)
        if len(texts) + count > 20_000 and text.strip():
            raise RosterFileError(TOO_WIDE)
        texts += [text] * max(min(count, _WIDEST - len(texts)), 0)
        if len(texts) >= _WIDEST:
            break
        rows, columns = (int(element.get(f"{_TABLE}number-{what}-spanned", "1")) for what in ("rows", "columns"))
        if rows > 1 or columns > 1:
            read.merged.append(Span(at, place[1], at + min(rows, 20_000) - 1, place[1] + min(columns, _WIDEST) - 1))
    while texts and not texts[-1].strip():
        texts.pop()
    return tuple(texts)


def _count_repeats(element: etree._Element, what: str) -> int:
    said = str(element.get(f"{_TABLE}number-{what}-repeated", "1"))
    return max(1, min(int(said), 2_000_000)) if said.isdecimal() and len(said) < 9 else 1


def _read_text(element: etree._Element, place: Cell, read: _Read, styles: _Styles, *, dated: bool) -> str:
    """A cell as it is shown; a number that is not shown with all its digits as its digits."""
    shown = "\n".join(_read_paragraph(part) for part in element if part.tag == f"{_TEXT}p")[:LONGEST_CELL]
    style = str(element.get(f"{_TABLE}style-name", ""))
    if style in styles.struck and shown.strip():
        read.struck.add(place)
    if element.get(f"{_TABLE}formula"):
        read.formulas.add(place)
    if shown.startswith(("#", "Err:")) and element.get(f"{_TABLE}formula"):
        read.errors.add(place)
    kind, value = element.get(f"{_OFFICE}value-type"), str(element.get(f"{_OFFICE}value", ""))
    if kind == "date":
        day = _read_day(str(element.get(f"{_OFFICE}date-value", "")))
        if day is not None:
            read.dates[place] = DateCell(day, styles.shapes.get(style, DateShape.FULL))
            return f"{day:%Y-%m-%d}" if dated else shown
    if kind == "boolean":
        return shown.upper()
    if kind == "float" and value and shown.strip():
        number = float(value)
        if abs(number) >= _ALL_DIGITS:
            return f"{number:.14E}"
        if "E" in shown.upper() and number.is_integer():
            return str(int(number))
    return shown


def _read_paragraph(element: etree._Element) -> str:
    """A paragraph's text; blanks are elements of their own."""
    said = str(element.text or "")
    for part in element:
        if part.tag == f"{_TEXT}s":
            said += " " * min(int(part.get(f"{_TEXT}c", "1")), 100)
        elif part.tag == f"{_TEXT}line-break":
            said += "\n"
        else:
            said += _read_paragraph(part)
        said += str(part.tail or "")
    return said


def _read_day(said: str) -> date | None:
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        return None
