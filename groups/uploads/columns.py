"""The columns of a sheet as a page shows them, and as somebody corrects them: for lists with one field a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from groups.files.recognising import Row, Vocabulary, list_rows_below, recognise
from groups.files.sheet import Sheet
from groups.uploads.kinds import Columns

DEEPEST_HEADING = 10
_MOST_COLUMNS = 60
_SAMPLES = 3


@dataclass(frozen=True)
class FoundColumns:
    """A sheet of a list, the row that heads it (counted from 0; -1: none does), and what each column holds.

    `place` is the sheet's among those of its file.
    """

    place: int
    sheet: Sheet
    at: int
    fields: Mapping[int, str]

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The rows below the heading that have anything in them, hidden ones with the reason why they do not count."""
        return list(list_rows_below(self.sheet, self.at))

    def with_columns(self, columns: Columns) -> FoundColumns:
        """The same, with the columns that somebody has said to hold something else."""
        said = {column: field for (place, column), field in columns.items() if place == self.place}
        fields = {column: field for column, field in (dict(self.fields) | said).items() if field}
        return FoundColumns(self.place, self.sheet, self.at, fields)

    def shown(self) -> dict[str, Any]:
        """As `kinds.ReadList` has it."""
        below = self.rows[:40]
        width = min(_MOST_COLUMNS, max((len(row) for row in self.sheet.rows[: self.at + 41]), default=0))
        columns = []
        for column in range(width):
            heading = self.sheet.text(self.at, column).strip()[:40] if self.at >= 0 else ""
            said = (row.texts[column].strip()[:24] for row in below if column < len(row.texts))
            samples = list(dict.fromkeys(text for text in said if text))[:_SAMPLES]
            if heading or samples:
                field = self.fields.get(column, "")
                columns.append({"index": column, "heading": heading, "field": field, "samples": samples})
        return {"sheets": [self.place], "names": [self.sheet.name], "columns": columns}


def hold_the_same_twice(columns: Columns) -> bool:
    """Whether somebody has said of two columns that they hold the same."""
    fields = [field for field in columns.values() if field]
    return len(fields) > len(set(fields))


def find_columns(sheets: Sequence[Sheet], vocabulary: Vocabulary, *needed: Sequence[str]) -> FoundColumns | None:
    """The first sheet with a heading among its first rows that has all that is needed: one word of each of `needed`.

    Where none has, the first sheet that has any rows, with what its best heading says; None: there are no rows.
    """
    others: list[FoundColumns] = []
    for place, sheet in enumerate(sheets):
        if sheet.is_empty:
            continue
        at, fields = recognise(sheet, vocabulary, DEEPEST_HEADING)
        if holds_all(fields, *needed):
            return FoundColumns(place, sheet, at, fields)
        best = FoundColumns(place, sheet, at if fields else _count_words_only(sheet), fields)
        others.append(best)
    return others[0] if others else None


def _count_words_only(sheet: Sheet) -> int:
    """The first row with anything in it, where no digit is: a heading, whatever it says; -1: there is none."""
    for at, cells in enumerate(sheet.rows[:DEEPEST_HEADING]):
        text = "".join(cells)
        if text.strip():
            return -1 if any(sign.isdigit() for sign in text) else at
    return -1


def holds_all(fields: Mapping[int, str], *needed: Sequence[str]) -> bool:
    """Whether the columns hold one word of each of these."""
    held = set(fields.values())
    return all(held & set(words) for words in needed)
