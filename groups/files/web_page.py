"""Reading the tables of a web page, which older systems write and name .xls; no script or style in it is followed."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html

from groups.errors import RosterFileError
from groups.files.decoding import decode
from groups.files.sheet import Sheet, Span
from groups.files.xlsx_guard import LONGEST_CELL, MOST_CELLS, NO_WORKBOOK, TOO_WIDE

_WIDEST = 100
_TALLEST_SPAN = 1000
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_STRUCK = {"s", "strike", "del"}
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)


def read_sheets(content: bytes) -> list[Sheet]:
    """A sheet for each table of the page that has texts and no other table in it. Raises RosterFileError."""
    parser = html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
    try:
        page = html.fromstring(_DECLARED.sub("", decode(content)), parser=parser)
    except (etree.ParserError, ValueError):
        raise RosterFileError(NO_WORKBOOK) from None
    tables = [table for table in page.iter("table") if next(table.iterdescendants("table"), None) is None]
    found = (
        _read_sheet(table, "" if len(tables) == 1 else f"表{place}") for place, table in enumerate(tables, start=1)
    )
    return [sheet for sheet in found if not sheet.is_empty]


def _read_sheet(table: Any, name: str) -> Sheet:
    rows: list[tuple[str, ...]] = []
    merged: list[Span] = []
    hidden: set[int] = set()
    struck: set[tuple[int, int]] = set()
    cells = 0
    covered: dict[tuple[int, int], bool] = {}
    for at, row in enumerate(table.iter("tr")):
        texts: list[str] = []
        for cell in row.iterchildren("td", "th"):
            while (at, len(texts)) in covered:
                texts.append("")
            column = len(texts)
            if column >= _WIDEST:
                break
            across, down = _read_number(cell, "colspan", _WIDEST - column), _read_number(cell, "rowspan", _TALLEST_SPAN)
            if across > 1 or down > 1:
                merged.append(Span(at, column, at + down - 1, column + across - 1))
                covered |= {(at + below, column + beside): True for below in range(1, down) for beside in range(across)}
            if _is_struck(cell):
                struck.add((at, column))
            texts += [_read_text(cell), *[""] * (across - 1)]
        cells += len(texts)
        if cells + len(covered) > MOST_CELLS:
            raise RosterFileError(TOO_WIDE)
        if _HIDDEN.search(row.get("style", "")):
            hidden.add(at)
        rows.append(tuple(texts))
    within = (span._replace(bottom=min(span.bottom, len(rows) - 1)) for span in merged)
    return Sheet(name, tuple(rows), tuple(within), hidden_rows=frozenset(hidden), struck=frozenset(struck))


def _read_number(cell: Any, name: str, most: int) -> int:
    said = str(cell.get(name, "")).strip()
    return max(1, min(int(said), most)) if said.isdecimal() and len(said) < 6 else 1


def _read_text(cell: Any) -> str:
    for line_break in cell.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    lines = (" ".join(line.split()) for line in cell.text_content().replace("\xa0", " ").split("\n"))
    return "\n".join(line for line in lines if line)[:LONGEST_CELL]


def _is_struck(cell: Any) -> bool:
    """Whether all that a cell says is struck through."""
    said = cell.text_content().strip()
    return bool(said) and any(part.text_content().strip() == said for part in cell.iter(*_STRUCK))
