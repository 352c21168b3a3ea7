"""The rows below a heading as they are meant: 同上 said in full, merged cells written out, sums and notes left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from groups.files.asides import is_row_of_asides
from groups.files.recognising import is_ditto
from groups.files.sheet import Sheet, simplify_heading

HIDDEN = "row_hidden_left_out"
STRUCK = "row_struck_left_out"
"""Codes of messages: why a row does not count."""


class Row(NamedTuple):
    """A row below the heading, counted from 1, with the texts of its columns; `left_out`: the code of why not."""

    number: int
    texts: tuple[str, ...]
    left_out: str = ""


def list_rows_below(
    sheet: Sheet, first_row: int, heading_rows: Collection[int] = (), who: Collection[int] = ()
) -> Iterator[Row]:
    """The rows from `first_row` on that say anything; a crossed out cell says nothing.

    Sums, notes, hints and the heading again are none of the list's, as long as the columns `who` name nobody there. A
    hidden row, or one struck through from end to end, comes with the reason why it does not count.
    """
    above: dict[int, str] = {}
    merged = _list_merged_down(sheet, first_row)
    again = {simplify_heading(cell) for at in heading_rows for cell in sheet.rows[at] if cell.strip()}
    for place in range(first_row, len(sheet.rows)):
        cells = sheet.rows[place]
        said = [column for column, cell in enumerate(cells) if cell.strip()]
        if not said:
            continue
        if len(said) > 1 and again.issuperset(simplify_heading(cells[column]) for column in said):
            continue
        if is_row_of_asides(cells, [sheet.text(place, column) for column in who], place - first_row):
            continue
        if place in sheet.hidden_rows:
            yield Row(place + 1, cells, HIDDEN)
            continue
        if all((place, column) in sheet.struck for column in said):
            yield Row(place + 1, cells, STRUCK)
            continue
        width = max([len(cells), *(column + 1 for at, column in merged if at == place)])
        yield Row(place + 1, tuple(_read_meant(sheet, place, column, above, merged) for column in range(width)))


def _list_merged_down(sheet: Sheet, first_row: int) -> dict[tuple[int, int], str]:
    """The cells that belong to a merged one above them, and what stands in that."""
    filled: dict[tuple[int, int], str] = {}
    for span in sheet.merged:
        if first_row <= span.top < len(sheet.rows):
            text = sheet.text(span.top, span.left)
            for at in range(span.top + 1, min(span.bottom + 1, len(sheet.rows))):
                filled.setdefault((at, span.left), text)
    return filled


def _read_meant(
    sheet: Sheet, place: int, column: int, above: dict[int, str], merged: dict[tuple[int, int], str]
) -> str:
    text = sheet.text(place, column)
    if (place, column) in sheet.struck:
        return ""
    if is_ditto(text.strip()):
        return above.get(column, text)
    if text.strip():
        above[column] = text
        return text
    return merged.get((place, column), text)


def repeats_on_every_row(texts: Sequence[str]) -> bool:
    """Whether a column repeats a name row by row; then an empty cell means: none.

    A name that stands on the first rows of its own only goes on below them.
    """
    neighbours = zip(["", *texts], texts, [*texts[1:], ""], strict=False)
    beside = [own in {above, below} for above, own, below in neighbours if own]
    filled = sum(bool(text) for text in texts)
    return sum(beside) * 2 > len(beside) and filled * 4 >= len(texts) * 3
