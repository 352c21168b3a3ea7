"""Rows of cells out of plain text: comma-separated lines, cells copied from a workbook, semicolons, full-width commas.

A quotation mark opens a quoted cell only where it closes it as well; a cell that is but a quotation mark repeats the
cell above it, as people write it, and takes in no cell behind it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

DELIMITERS = "\t,;，；|"
"""What may stand between cells, the likelier first."""
_DRAWN = re.compile(r"^[ \u3000]*[│┃║].*[│┃║][ \u3000]*$", re.MULTILINE)
_UPRIGHT = re.compile(r"[│┃║]")
_LINE_ACROSS = re.compile(r"^[ \u3000]*[\u2500-\u257f+\-=|:]*[\u2500-\u257f][\u2500-\u257f+\-=|: ]*$", re.MULTILINE)
_RULE = re.compile(
    r"^[ \u3000]*(?:[\u2500\u2501\u2550\u2014\u2015]{3,}|-{5,}|={5,}|_{5,}|\*{5,})[ \u3000]*$", re.MULTILINE
)
"""A line that only parts the lines above it from those below."""
_LOOKED_AT = 200
_LONGEST_QUOTED = 40
"""Lines that a quoted cell may have."""

Rows = list[tuple[str, ...]]


def read_rows(text: str, widest: int) -> Rows:
    """The rows of a text, each at most so many cells wide; one cell a line where nothing stands between cells."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = _RULE.sub("", text)
    if _DRAWN.search(text[:200_000]):
        # A table drawn with lines, as old systems print it.
        text = _UPRIGHT.sub("|", _LINE_ACROSS.sub(lambda found: "" if "│" not in found[0] else found[0], text))
    if declared := re.match(r'"?sep=(.)"?\n', text):
        return [(), *_read_rows(text[declared.end() :], declared[1], widest)]
    return _read_rows(text, find_delimiter(text), widest)


def find_delimiter(text: str) -> str:
    """What stands between the cells: the sign that gives most lines the same number of them. Empty: no sign does."""
    lines = [line for line in text[:200_000].split("\n")[:_LOOKED_AT] if line.strip()]
    best, found = 0, ""
    for delimiter in DELIMITERS:
        widths = Counter(
            len(row) for row in _read_rows("\n".join(lines), delimiter, 1000) if any(cell.strip() for cell in row)
        )
        wide = {width: count for width, count in widths.items() if width > 1}
        alike = max(wide.values(), default=0)
        if alike > best and alike * 2 >= sum(widths.values()) - (_count_titles(widths) if alike > 1 else 0):
            best, found = alike, delimiter
    return found


def _count_titles(widths: Counter[int]) -> int:
    """Lines of one cell: titles and notes, of which a short list may have as many as rows."""
    return min(widths[1], 6)


def _read_rows(text: str, delimiter: str, widest: int) -> Rows:
    if not text.strip():
        return []
    if text.endswith("\n"):
        text = text[:-1]
    lines = text.split("\n")
    width = _find_usual_width(lines, delimiter)
    rows: Rows = []
    at = 0
    while at < len(lines):
        if '"' not in lines[at] or not delimiter:
            cells, at = (lines[at].split(delimiter) if delimiter else [lines[at]]), at + 1
        else:
            cells, at = _read_quoted_row(lines, at, delimiter, width)
        rows.append(tuple(cells[:widest]))
    return rows


def _find_usual_width(lines: Sequence[str], delimiter: str) -> int:
    if not delimiter:
        return 1
    widths = Counter(line.count(delimiter) + 1 for line in lines[:_LOOKED_AT] if line.strip() and '"' not in line)
    return widths.most_common(1)[0][0] if widths else 0


def _read_quoted_row(lines: Sequence[str], at: int, delimiter: str, width: int) -> tuple[list[str], int]:
    """The cells of a row with quotation marks in it, which may go on over further lines; and the line behind it."""
    cells: list[str] = []
    line, begin = lines[at], 0
    while True:
        if line.startswith('"', begin):
            closed = _find_closing(lines, at, line, begin, delimiter, cells_before=len(cells), width=width)
            if closed is not None:
                text, at, line, begin = closed
                cells.append(text)
                if begin >= len(line):
                    return cells, at + 1
                begin += 1
                continue
        end = line.find(delimiter, begin)
        if end < 0:
            cells.append(_strip_quotes(line[begin:]))
            return cells, at + 1
        cells.append(_strip_quotes(line[begin:end]))
        begin = end + 1


def _strip_quotes(cell: str) -> str:
    """A cell that is not quoted: a mark that was opened and never closed is no part of it, one alone repeats."""
    return cell[1:] if cell.startswith('"') and cell.count('"') == 1 and len(cell) > 1 else cell


def _find_closing(
    lines: Sequence[str], at: int, line: str, begin: int, delimiter: str, *, cells_before: int, width: int
) -> tuple[str, int, str, int] | None:
    """A quoted cell's text, and where it ends: the line's number, the line, the place in it. None: it is not quoted."""
    if delimiter == "\t" and _is_doubled_ditto(line, begin):
        return None
    if line[begin + 1 : begin + 2] in {delimiter, ""} and _is_a_ditto(lines, at, line, begin, delimiter, width):
        return None
    text, place, first = "", begin + 1, at
    while True:
        mark = line.find('"', place)
        if mark < 0:
            rest = line[place:]
            was_whole = at == first and rest.count(delimiter) and cells_before + rest.count(delimiter) + 1 >= width
            holds_a_row = at > first and width > 1 and rest.count(delimiter) >= width - 1
            if was_whole or holds_a_row or at + 1 >= len(lines) or at - first > _LONGEST_QUOTED:
                return None
            text, at, place = f"{text}{rest}\n", at + 1, 0
            line = lines[at]
            continue
        text += line[place:mark]
        if line.startswith('""', mark):
            text, place = text + '"', mark + 2
        elif line[mark + 1 : mark + 2] in {delimiter, ""}:
            return text, at, line, mark + 1
        else:
            return None


def _is_doubled_ditto(line: str, begin: int) -> bool:
    """Whether "" between tabs repeats the cell above: what pastes cells writes nothing into an empty one.

    Not so where the line's other cells stand in quotation marks as well.
    """
    cells = [cell.strip() for cell in line.split("\t")]
    return (
        line[begin : begin + 2] == '""'
        and line[begin + 2 : begin + 3] in {"\t", ""}
        and not any(len(cell) > 2 and cell[0] == cell[-1] == '"' for cell in cells)
    )


def _is_a_ditto(lines: Sequence[str], at: int, line: str, begin: int, delimiter: str, width: int) -> bool:
    """Whether a mark alone in its cell repeats the one above: then its line is a row as wide as the others."""
    return line.count(delimiter) + 1 == width or line.count('"') % 2 == 1
