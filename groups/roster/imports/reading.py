"""Reading a list out of what heads have: .xlsx and .xls, .csv, cells pasted from WPS, and the export's own .json.

`open_file` or `open_pasted` gives the sheets and what their columns are taken for; `households_in` gives the
households, with the columns as guessed or as somebody has corrected them. `read_list` is both in one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from groups.errors import RosterFileError
from groups.files.reading import _TOO_LARGE, LARGEST_FILE, MOST_ROWS, _text_sheet, sheets_of
from groups.files.sheet import Sheet
from groups.roster.imports.rules.blocks import blocks_of
from groups.roster.imports.rules.headings import DEEPEST_HEADING, Field, Layout, guess_layout
from groups.roster.imports.rules.households import households_of
from groups.roster.imports.rules.rows import ListRow, PhoneCell

_SAMPLES = 3

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
