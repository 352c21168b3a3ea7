"""Several lists on one sheet: side by side under the same headings, or one below the other under others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from groups.files.sheet import Sheet

_MOST_BESIDE = 6
_MOST_STACKED = 30


def find_repetition(
    headings: Sequence[str], is_key: Callable[[str], bool], is_needed: Callable[[str], bool]
) -> tuple[int, int, int] | None:
    """Where a row of headings begins to repeat itself: the first column, the width of a list, how many there are.

    `is_key` tells the heading by which a list is known, `is_needed` those of which it has to have one besides.
    """
    heads = [at for at, heading in enumerate(headings) if heading and is_key(heading)]
    if not 2 <= len(heads) <= _MOST_BESIDE:
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
    lists = [list(headings[first + width * number : first + width * (number + 1)]) for number in range(len(heads))]
    if not any(map(is_needed, one)) or not all(_is_same(one, other) for other in lists):
        return None
    return (first, width, len(heads))


def _is_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """The same headings, but for empty columns at the end."""
    length = max((at for at, heading in enumerate(one) if heading), default=-1) + 1
    return list(other[:length]) == list(one[:length]) and not any(other[length:])


def list_columns_beside(repetition: tuple[int, int, int]) -> Iterator[list[int]]:
    """The columns of each of the lists; those in front of the first belong to all."""
    first, width, count = repetition
    for number in range(count):
        begin = first + width * number
        yield [*range(first), *range(begin, begin + width)]


def split_stacked(
    sheet: Sheet,
    find_columns: Callable[[Sequence[str]], Mapping[Any, int]],
    is_title: Callable[[str], bool] = lambda text: False,
) -> tuple[Sheet, ...]:
    """The lists that stand one below the other. `find_columns`: by field, the columns of a row that is a heading.

    `is_title`: whether a text, alone in the row above such a heading, belongs to what stands below it.

    Each is a sheet with all rows, of which those of the others are empty: a row keeps its number.
    """
    begins: list[int] = []
    last: Mapping[Any, int] = {}
    for at, row in enumerate(sheet.rows):
        columns = find_columns(row)
        if columns and columns != last:
            begins.append(at)
            last = columns
    if len(begins) < 2 or len(begins) > _MOST_STACKED:
        return (sheet,)
    starts = [0, *(_find_title(sheet, at, is_title) for at in begins[1:])]
    ends = [*starts[1:], len(sheet.rows)]
    return tuple(
        replace(
            sheet,
            rows=tuple(row if start <= at < end else () for at, row in enumerate(sheet.rows)),
            part=f"（第{number}张表）" if number > 1 else "",
        )
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1)
    )


def _find_title(sheet: Sheet, heading: int, is_title: Callable[[str], bool]) -> int:
    """The row where a heading's own title stands above it, over empty rows or none; else the heading's."""
    for at in range(heading - 1, max(heading - 3, -1), -1):
        said = {cell.strip() for cell in sheet.rows[at] if cell.strip()}
        if said:
            return at if len(said) == 1 and is_title(*said) else heading
    return heading
