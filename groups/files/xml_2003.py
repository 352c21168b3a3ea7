"""Reading the XML of Excel 2003 (SpreadsheetML), which older systems write and name .xls."""

from __future__ import annotations

from datetime import date

from lxml import etree

from groups.errors import RosterFileError, say
from groups.files.cell_formats import Cell, DateShape
from groups.files.sheet import DateCell, Sheet, Span
from groups.files.xlsx_guard import LONGEST_CELL, MOST_CELLS, TOO_WIDE

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_EXCEL = "{urn:schemas-microsoft-com:office:excel}"
_WIDEST = 100


def read_sheets(content: bytes, *, dated: bool) -> list[Sheet]:
    """The visible sheets as texts; `dated`: a day is that day, and no door. Raises RosterFileError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content.strip(), parser)
        return [_read_sheet(sheet, dated=dated) for sheet in root.iter(f"{_SS}Worksheet") if not _is_hidden(sheet)]
    except (etree.XMLSyntaxError, ValueError):
        raise RosterFileError(say("not_a_workbook_open_in_wps")) from None


def _is_hidden(sheet: etree._Element) -> bool:
    return any(str(found.text).startswith("SheetHidden") for found in sheet.iter(f"{_EXCEL}Visible"))


def _read_sheet(sheet: etree._Element, *, dated: bool) -> Sheet:
    rows: list[tuple[str, ...]] = []
    merged: list[Span] = []
    hidden: set[int] = set()
    dates: dict[Cell, DateCell] = {}
    cells = 0
    for row in sheet.iter(f"{_SS}Row"):
        at = _read_number(row, "Index", len(rows) + 1) - 1
        texts: list[str] = []
        for cell in row.iter(f"{_SS}Cell"):
            column = _read_number(cell, "Index", len(texts) + 1) - 1
            if column >= _WIDEST:
                break
            texts += [""] * max(column - len(texts), 0)
            across, down = _read_number(cell, "MergeAcross", 0), _read_number(cell, "MergeDown", 0)
            if across or down:
                merged.append(Span(at, column, at + down, min(column + across, _WIDEST - 1)))
            texts += [_read_text(cell, (at, column), dates, dated=dated), *[""] * min(across, _WIDEST)]
        cells += max(at - len(rows), 0) + len(texts)
        if cells > MOST_CELLS:
            raise RosterFileError(TOO_WIDE)
        rows += [()] * max(at - len(rows), 0)
        rows.append(tuple(texts))
        if row.get(f"{_SS}Hidden") == "1":
            hidden.add(at)
    return Sheet(
        str(sheet.get(f"{_SS}Name", "")), tuple(rows), tuple(merged), hidden_rows=frozenset(hidden), dates=dates
    )


def _read_number(element: etree._Element, name: str, otherwise: int) -> int:
    said = str(element.get(f"{_SS}{name}", ""))
    return int(said) if said.isdecimal() and len(said) < 8 else otherwise


def _read_text(cell: etree._Element, place: Cell, dates: dict[Cell, DateCell], *, dated: bool) -> str:
    data = cell.find(f"{_SS}Data")
    if data is None:
        return ""
    said = "".join(str(text) for text in data.itertext())[:LONGEST_CELL]
    kind = data.get(f"{_SS}Type")
    if kind == "DateTime":
        day = date.fromisoformat(said[:10])
        dates[place] = DateCell(day, DateShape.MONTH_DAY)
        return f"{day:%Y-%m-%d}" if dated else f"{day.month}-{day.day}"
    if kind == "Number" and "E" in said.upper():
        number = float(said)
        return f"{number:.14E}" if abs(number) >= 10**15 else str(int(number)) if number.is_integer() else said
    return said.removesuffix(".0") if kind == "Number" else said
