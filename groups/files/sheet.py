"""A sheet of a list as texts, with its merged cells: what every reader of lists works on."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple


def plain_heading(text: str) -> str:
    """A heading without what people put into it to look at: blanks, line breaks, colons, a text's apostrophe."""
    return re.sub(r"[\s:*]+", "", unicodedata.normalize("NFKC", text)).removeprefix("'")


class Span(NamedTuple):
    """A merged range of cells, counted from 0, its last row and column in it."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as texts. `formulas` are the cells that compute what they show; `part`: one of several lists on it."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[Span, ...] = ()
    formulas: frozenset[tuple[int, int]] = frozenset()
    part: str = ""

    @property
    def label(self) -> str:
        """The sheet's name, and which of its lists."""
        return f"{self.name}{self.part}"

    def text(self, row: int, column: int) -> str:
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""

    @property
    def is_empty(self) -> bool:
        return not any(cell.strip() for row in self.rows for cell in row)

    def heading_rows(self, deepest: int) -> list[list[str]]:
        """All rows, those down to `deepest` with the text of a cell merged across columns in each of them."""
        width = max((len(row) for row in self.rows), default=0)
        filled = [[*row, *[""] * (width - len(row))] if at < deepest else list(row) for at, row in enumerate(self.rows)]
        for span in [span for span in self.merged if span.top < min(deepest, len(filled))][:_MOST_MERGED_HEADINGS]:
            # A title across the whole sheet is no heading of its columns.
            if span.right - span.left + 1 < max(width, 2):
                text = self.text(span.top, span.left)
                filled[span.top][span.left : span.right + 1] = [text] * (min(span.right + 1, width) - span.left)
        return filled

    def covered(self, column: int | None) -> dict[int, int]:
        """The rows of a column that belong to a merged cell above them, and the row where that one begins."""
        tops: dict[int, int] = {}
        begun: set[int] = set()
        for span in self.merged if column is not None else ():
            if column is not None and span.left <= column <= span.right and span.top not in begun:
                begun.add(span.top)
                for row in range(span.top + 1, min(span.bottom + 1, len(self.rows))):
                    if row in tops:  # merged cells never overlap, but a forged file's may
                        break
                    tops[row] = span.top
        return tops


_MOST_MERGED_HEADINGS = 200
