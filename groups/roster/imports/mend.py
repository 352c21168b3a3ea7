"""The rows of a roster's list that somebody has to mend: in the sheet as it was, each with what is wrong beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from groups.errors import Message, restore_message
from groups.errors.words import write_both
from groups.files.recognising import is_ditto
from groups.files.sheet import Sheet
from groups.files.writing import Table, as_workbook
from groups.roster.exports import DOOR, FURTHER, GROUP, HEAD, LANDLINE, LANDMARK, MOBILE, SECOND_MOBILE
from groups.roster.imports.rules.doors import as_date
from groups.roster.imports.rules.headings import Field, Layout, find_field, guess_layout
from groups.roster.imports.rules.judgement import RowVerdict, Verdict
from groups.roster.imports.rules.rows import ListRow

ROW, REASON = "原文件行号", "原因"
"""The columns that mean nothing to the roster, so that a mended file is imported as it is."""
_NOT_USED = "不用"
_WORDS = {
    Field.GROUP: GROUP,
    Field.DOOR: DOOR,
    Field.HEAD: HEAD,
    Field.LANDMARK: LANDMARK,
    Field.MOBILE: MOBILE,
    Field.LANDLINE: LANDLINE,
    Field.SECOND: SECOND_MOBILE,
    Field.FURTHER: FURTHER,
    Field.RELATION: "与户主关系",
    Field.NOTHING: "",
}
_LOOKED_AT = 60


class Shape(BaseModel):
    """A sheet of a list without its rows: the rows of its heading, and the columns of groups and doors (None: none)."""

    model_config = ConfigDict(frozen=True)

    heading: list[list[str]]
    width: int
    group: int | None
    door: int | None


class RowToMend(BaseModel):
    """A row as its file had it. `where` is its sheet and number, `cells` all that stood in it and in the rows that
    add to it; `phones` are the cells by their column, for a list that has no sheet.
    """

    model_config = ConfigDict(frozen=True)

    where: str
    group: str
    door: str
    head: str
    phones: dict[str, str]
    landmark: str
    reason: tuple[Message, ...]
    sheet: str = ""
    cells: list[list[str]] = []

    @field_validator("reason", mode="before")
    @classmethod
    def _of_an_earlier_release(cls, reason: Any) -> Any:
        return (restore_message(reason),) if isinstance(reason, str) else reason


def describe_sheet(sheet: Sheet, layout: Layout) -> Shape:
    """The heading of a sheet, with which its rows are read in the same way once more.

    It is the sheet's own; one row of words that mean the same where there is none, or where somebody had to say what
    the columns hold.
    """
    own = [list(sheet.rows[at]) for at in layout.heading_rows]
    filled = sheet.heading_rows(layout.first_row + _LOOKED_AT)
    fields = {column.index: column.field for column in layout.columns}
    again = guess_layout(filled[layout.heading_rows[0] :]) if own else None
    if again is None or {column.index: column.field for column in again.columns} != fields or again.guessed:
        own = [[_choose_words(column.field, column.heading) for column in layout.columns]]
    places = {field: column.index for column in layout.columns if (field := column.field) is not Field.NOTHING}
    width = max(sheet.width, len(layout.columns))
    return Shape(heading=own, width=width, group=places.get(Field.GROUP), door=places.get(Field.DOOR))


def _choose_words(field: Field, heading: str) -> str:
    if field is Field.NOTHING:
        return _NOT_USED if find_field(heading) else heading
    return _WORDS[field]


def make_row_to_mend(row: ListRow, verdict: RowVerdict, sheet: Sheet | None = None) -> RowToMend | None:
    """The row, where it is in error or something is to be said of it."""
    if verdict.verdict not in {Verdict.ERROR, Verdict.WARNING}:
        return None
    phones: dict[str, list[str]] = {}
    for cell in row.phones:
        if cell.text.strip():
            phones.setdefault(cell.column, []).append(cell.text)
    numbers = (row.number, *row.further)
    return RowToMend(
        where=f"{row.sheet} {row.number}".strip(),
        group=row.group,
        door=row.door,
        head=row.head,
        phones={column: "、".join(texts) for column, texts in phones.items()},
        landmark=row.landmark or "",
        reason=tuple(finding.message for finding in verdict.findings),
        sheet=row.sheet,
        cells=[_read_cells(sheet, number - 1) for number in numbers] if sheet is not None else [],
    )


def _read_cells(sheet: Sheet, at: int) -> list[str]:
    """The row's texts, but for those that were struck through: nothing strikes them through in another file."""
    return ["" if (at, column) in sheet.struck else text for column, text in enumerate(sheet.rows[at])]


def list_rows_to_mend(
    rows: Sequence[ListRow], verdicts: Sequence[RowVerdict], sheets: Mapping[str, Sheet]
) -> list[RowToMend]:
    """Those of a list's rows that are in error or warned of; the rows stand in the order of their verdicts."""
    found = (make_row_to_mend(row, verdict, sheets.get(row.sheet)) for row, verdict in zip(rows, verdicts, strict=True))
    return [row for row in found if row is not None]


def as_xlsx(rows: Iterable[RowToMend], shapes: Mapping[str, Shape]) -> bytes:
    """The rows as a workbook, sheet by sheet as they were, which imports as it is once they are mended."""
    by_sheet: dict[str, list[RowToMend]] = {}
    for row in rows:
        by_sheet.setdefault(row.sheet if row.cells and row.sheet in shapes else "", []).append(row)
    tables = [
        _make_table(name, own, shapes[name]) if own[0].cells and name in shapes else _make_table_of_fields(own)
        for name, own in by_sheet.items()
    ]
    return as_workbook(tables)


def _make_table(name: str, rows: Sequence[RowToMend], shape: Shape) -> Table:
    """The sheet's own columns, then the group where the sheet has no column for it, the row's number and the reason."""
    adds_group = shape.group is None and any(row.group for row in rows)
    added = [*([GROUP] if adds_group else []), ROW, REASON]
    # In each row of the heading: beside an empty cell they would be taken for what stands to the left.
    table = [[*_fill(line, shape.width), *added] for line in shape.heading]
    for row in rows:
        for at, cells in enumerate(row.cells):
            own = _fill(cells, shape.width)
            if at == 0:
                _write_out(own, shape.group, row.group)
                _write_out(own, shape.door, row.door)
            reason = "；".join(map(write_both, row.reason)) if at == 0 else ""
            group = [row.group if at == 0 else ""] if adds_group else []
            table.append([*own, *group, row.where if at == 0 else "", reason])
    heading, *below = table
    widths = [*[15] * (len(heading) - 1), 60]
    return Table(name or "待改正", heading, below, widths=widths)


def _fill(cells: Sequence[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


def _write_out(cells: list[str], column: int | None, meant: str) -> None:
    """Say in the row what it took from the rows above, which are not there any more; and a door that was a day."""
    if column is None or not meant:
        return
    text = cells[column].strip()
    if not text or is_ditto(text) or as_date(text, in_words=True) is not None:
        cells[column] = meant


def _make_table_of_fields(rows: Sequence[RowToMend]) -> Table:
    """Rows of a list that has no sheet, by what the roster knows of them."""
    phones = list(dict.fromkeys(column for row in rows for column in row.phones)) or [MOBILE]
    heading = [ROW, GROUP, DOOR, HEAD, *phones, LANDMARK, REASON]
    table = [
        [
            *(row.where, row.group, row.door, row.head),
            *(row.phones.get(column, "") for column in phones),
            *(row.landmark, "；".join(map(write_both, row.reason))),
        ]
        for row in rows
    ]
    return Table("待改正", heading, table, widths=[*[15] * (len(heading) - 1), 60])
