"""Lists printed side by side on one sheet: the same headings two or three times in a row, each over its own people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from groups.files.sheet import Sheet, Span, plain_heading
from groups.roster.imports.rules.headings import DEEPEST_HEADING, PHONES, Field, field_of
from groups.roster.imports.rules.households import announces_a_group

_MOST_BLOCKS = 6


def blocks_of(sheet: Sheet) -> tuple[Sheet, ...]:
    """The sheet's lists, each as a sheet of its own with the sheet's rows; the sheet itself where it has but one.

    Columns in front of the first list belong to all of them, and so does a row that only names a group: 第1联防组.
    """
    for row in sheet.rows[:DEEPEST_HEADING]:
        if repetition := _repetition([plain_heading(cell) for cell in row]):
            first, width, count = repetition
            return tuple(_block(sheet, first, width, number) for number in range(count))
    return (sheet,)


def _repetition(headings: Sequence[str]) -> tuple[int, int, int] | None:
    """Where a row of headings begins to repeat itself: the first column, the width of a list, how many there are."""
    heads = [at for at, heading in enumerate(headings) if field_of(heading) is Field.HEAD]
    if not 2 <= len(heads) <= _MOST_BLOCKS:
        return None
    width = heads[1] - heads[0]
    if any(headings[at] != headings[heads[0]] for at in heads) or heads != [
        heads[0] + width * number for number in range(len(heads))
    ]:
        return None
    first = heads[0]
    while first > max(0, heads[0] - width + 1) and headings[first - 1] == headings[first - 1 + width]:
        first -= 1
    one = list(headings[first : first + width])
    has_phones = any(field_of(heading) in PHONES for heading in one)
    lists = [list(headings[first + width * number : first + width * (number + 1)]) for number in range(len(heads))]
    return (first, width, len(heads)) if has_phones and all(_same(one, other) for other in lists) else None


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    """The same headings, but for empty columns at the end."""
    length = max((at for at, heading in enumerate(one) if heading), default=-1) + 1
    return list(other[:length]) == list(one[:length]) and not any(other[length:])


def _block(sheet: Sheet, first: int, width: int, number: int) -> Sheet:
    begin = first + width * number
    columns = [*range(first), *range(begin, begin + width)]
    place = {column: at for at, column in enumerate(columns)}
    rows = tuple(_cells(sheet, at, columns) for at in range(len(sheet.rows)))
    merged = []
    for span in sheet.merged:
        inside = [place[column] for column in range(span.left, min(span.right, columns[-1]) + 1) if column in place]
        if inside:
            merged.append(Span(span.top, inside[0], span.bottom, inside[-1]))
    formulas = frozenset((row, place[column]) for row, column in sheet.formulas if column in place)
    part = f"（第{number + 1}栏）" if number else ""
    return replace(sheet, rows=rows, merged=tuple(merged), formulas=formulas, part=part)


def _cells(sheet: Sheet, at: int, columns: Sequence[int]) -> tuple[str, ...]:
    said = [cell for cell in sheet.rows[at] if cell.strip()]
    if len(said) == 1 and announces_a_group(said[0]):
        return tuple(said)
    return tuple(sheet.text(at, column) for column in columns)
