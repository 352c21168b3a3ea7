"""The columns of a sheet as a page shows them, and as somebody corrects them: for lists with one field a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from groups.errors import Message, say
from groups.errors.masking import mask_identity
from groups.files.recognising import (
    SOMETHING_ELSE,
    Column,
    Layout,
    PlainVocabulary,
    recognise,
    start_below_words,
)
from groups.files.rows_below import Row, list_rows_below
from groups.files.sheet import Sheet, simplify_heading
from groups.files.splitting import find_repetition, list_columns_beside, split_stacked

_MOST_COLUMNS = 60
_SAMPLES = 3

Columns = Mapping[tuple[int, int], str]
"""What somebody says that columns hold: by the sheet's place and the column, both counted from 0."""


@dataclass(frozen=True)
class FoundColumns:
    """A sheet of a list, and what its columns are taken for. `place` is the sheet's among those of its file.

    `said` are the columns of which somebody has said what they hold.
    """

    place: int
    sheet: Sheet
    vocabulary: PlainVocabulary
    layout: Layout[str]
    said: frozenset[int] = frozenset()

    @cached_property
    def fields(self) -> Mapping[int, str]:
        """By column, what it holds."""
        return {column.index: column.field for column in self.layout.columns if column.field != SOMETHING_ELSE}

    @cached_property
    def places(self) -> Mapping[str, int]:
        """By field, its column."""
        return {field: column for column, field in reversed(list(self.fields.items()))}

    @property
    def lacking(self) -> Sequence[str]:
        """What the list needs, in words, that no column of this sheet holds."""
        return self.vocabulary.lacking(self.layout)

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The rows below the heading that have anything in them, hidden ones with the reason why they do not count."""
        who = [self.places[field] for field in self.vocabulary.who if field in self.places]
        return list(list_rows_below(self.sheet, self.layout.first_row, self.layout.heading_rows, who))

    def with_columns(self, columns: Columns) -> FoundColumns:
        """The same, with the columns that somebody has said to hold something else."""
        said = {column: field for (place, column), field in columns.items() if place == self.place}
        if not said:
            return self
        layout = start_below_words(self.layout.with_fields(said), self.sheet.rows, self.vocabulary)
        return replace(self, layout=layout, said=frozenset(said))

    def shown(self) -> dict[str, Any]:
        """As `uploads.kinds.ReadList` has it."""
        below = self.rows[:40]
        columns = []
        for column in self.layout.columns[:_MOST_COLUMNS]:
            at = column.index
            said = (mask_identity(row.texts[at].strip())[:24] for row in below if at < len(row.texts))
            samples = list(dict.fromkeys(text for text in said if text))[:_SAMPLES]
            heading = self._write_heading(at)
            if heading or samples:
                told_by_cells = at in self.layout.guessed or not self.layout.heading_rows
                guessed = bool(column.field) and told_by_cells and at not in self.said
                columns.append(
                    {"index": at, "heading": heading, "field": column.field, "samples": samples, "guessed": guessed}
                )
        return {"sheets": [self.place], "names": [self.sheet.label], "columns": columns}

    def _write_heading(self, column: int) -> str:
        """The words over a column, as they stand in the lowest row that has any."""
        rows = self.layout.heading_rows or ((self.layout.first_row - 1,) if self.layout.first_row else ())
        texts = (self.sheet.text(at, column).strip()[:40] for at in reversed(rows) if at < len(self.sheet.rows))
        return next((text for text in texts if text), "")


def hold_each_once(layouts: Sequence[Mapping[str, Any]], columns: Columns) -> bool:
    """Whether no two columns of a sheet hold the same, with what somebody says of them; `layouts` as they are shown."""
    for layout in layouts:
        fields = [columns.get((layout["sheets"][0], each["index"]), each["field"]) for each in layout["columns"]]
        if any(field and fields.count(field) > 1 for field in fields):
            return False
    return True


class LeftOutSheet(NamedTuple):
    """A sheet of a file that is not read as a list, and why."""

    name: str
    reason: Message


@dataclass(frozen=True)
class FoundLists:
    """The sheets of a file that are such a list; where none is, all that have any rows.

    `others` are the sheets beside them that lack what the list needs, `hidden` the names of those nobody reads.
    """

    layouts: Sequence[FoundColumns]
    others: Sequence[FoundColumns] = ()
    hidden: Sequence[str] = ()

    @property
    def left_out(self) -> tuple[LeftOutSheet, ...]:
        """The sheets that are not read, in words."""
        lacking = [LeftOutSheet(each.sheet.label, explain_lacking(each.lacking)) for each in self.others]
        return (*lacking, *(LeftOutSheet(name, say("sheet_is_hidden")) for name in self.hidden))

    def shown(self) -> list[dict[str, Any]]:
        """As `uploads.kinds.ReadList` has it: sheets that are alike once."""
        alike: dict[Any, dict[str, Any]] = {}
        for at, each in enumerate((*self.layouts, *self.others)):
            one = each.shown() | {"left_out": at >= len(self.layouts)}
            told = [tuple(column[key] for key in ("index", "heading", "field", "guessed")) for column in one["columns"]]
            block = alike.setdefault((one["left_out"], *told), one)
            if block is not one:
                block["sheets"] += one["sheets"]
                block["names"] += one["names"]
        return list(alike.values())


def explain_lacking(lacking: Sequence[str]) -> Message:
    """Why a sheet is left out: what a list needs, in words, that none of its columns holds."""
    return say("sheet_lacks_columns", lacking=tuple(lacking))


def find_lists(
    sheets: Sequence[Sheet], vocabulary: PlainVocabulary, said: Columns, hidden: Sequence[str] = ()
) -> FoundLists:
    """Which sheets are such a list, all that it needs in their columns.

    Lists that stand side by side or one below the other on a sheet are a sheet each. `said`: with the columns as
    somebody says they are; `hidden`: the names of sheets that nobody reads.
    """
    found = []
    parts = [part for sheet in sheets for part in _split(sheet, vocabulary)]
    for place, sheet in enumerate(parts):
        if not sheet.is_empty:
            rows = sheet.heading_rows(sheet.first_filled + vocabulary.deepest + 1)
            layout = recognise(rows, vocabulary, sheet.hidden_columns)
            layout = _with_all_columns(_start_below_a_heading(layout, sheet, vocabulary.deepest), sheet)
            found.append(FoundColumns(place, sheet, vocabulary, layout).with_columns(said))
    lists = [one for one in found if not one.lacking]
    return FoundLists(lists or found, [one for one in found if one.lacking] if lists else [], hidden)


def _split(sheet: Sheet, vocabulary: PlainVocabulary) -> Iterator[Sheet]:
    """The lists of a sheet."""

    def find_columns(row: Sequence[str]) -> dict[str, int]:
        """By field, the columns of a row that is a heading: whom its rows are about, and something of them."""
        if any(sign.isdigit() for cell in row for sign in cell[:40]):
            return {}
        fields = [vocabulary.find(cell) or SOMETHING_ELSE if cell.strip() else SOMETHING_ELSE for cell in row]
        held = {field: at for at, field in reversed(list(enumerate(fields))) if field}
        return held if len(held) > 1 and held.keys() & set(vocabulary.who) else {}

    for part in split_stacked(sheet, find_columns):
        yield from _split_beside(part, vocabulary)


def _split_beside(sheet: Sheet, vocabulary: PlainVocabulary) -> Iterator[Sheet]:
    for row in sheet.rows[: vocabulary.deepest]:
        headings = [simplify_heading(cell) for cell in row]
        for key in vocabulary.who:
            found = find_repetition(
                headings,
                lambda text, key=key: vocabulary.find(text) == key,  # type: ignore[misc]
                lambda text, key=key: vocabulary.find(text) not in {None, SOMETHING_ELSE, key},  # type: ignore[misc]
            )
            if found:
                for number, columns in enumerate(list_columns_beside(found)):
                    yield replace(
                        sheet.with_columns(columns), part=f"{sheet.part}（第{number + 1}栏）" if number else sheet.part
                    )
                return
    yield sheet


def _with_all_columns(layout: Layout[str], sheet: Sheet) -> Layout[str]:
    """The layout with the columns beside its heading, too, of which nobody knows anything."""
    known = len(layout.columns)
    further = (Column(at, "", SOMETHING_ELSE) for at in range(known, min(sheet.width, _MOST_COLUMNS)))
    return replace(layout, columns=(*layout.columns, *further))


def _start_below_a_heading(layout: Layout[str], sheet: Sheet, deepest: int) -> Layout[str]:
    """Where nothing at all is understood: begun below the first row, if that has no digit: it is some heading."""
    if layout.first_row or any(column.field != SOMETHING_ELSE for column in layout.columns):
        return layout
    at = sheet.first_filled
    is_of_words = at < deepest and not any(sign.isdigit() for cell in sheet.rows[at] for sign in cell)
    return replace(layout, first_row=at + 1) if is_of_words else layout
