"""Lists printed side by side on one sheet: the same headings two or three times in a row, each over its own people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from groups.files.sheet import Sheet, simplify_heading
from groups.files.splitting import find_repetition, split_stacked
from groups.roster.imports.rules.headings import DEEPEST_HEADING, PHONES, Field, find_field
from groups.roster.imports.rules.lines import GROUP_NAME, announces_a_group
from groups.roster.imports.rules.numbers import holds_a_number

_MOST_GROUPS = 30


def split_blocks(sheet: Sheet) -> tuple[Sheet, ...]:
    """The sheet's lists, each as a sheet of its own with the sheet's rows; the sheet itself where it has but one.

    Columns in front of the first list belong to all of them, and so does a row that only names a group: 第1联防组.
    """
    is_inside = False
    for at, row in enumerate(sheet.rows[:DEEPEST_HEADING]):
        headings = [simplify_heading(cell) for cell in row]
        if repetition := _find_repetition(headings):
            first, width, count = repetition
            return tuple(_make_block(sheet, first, width, number, at) for number in range(count))
        # Under a heading, or under numbers, a row that names two groups is a row of its list and begins no other.
        is_inside = is_inside or _is_of_a_list(row)
        if not is_inside and (groups := _find_group_headings(headings)):
            return tuple(_make_group_block(sheet, at, begin, end) for begin, end in groups)
    return (sheet,)


def split_stacked_lists(sheet: Sheet) -> tuple[Sheet, ...]:
    """The lists of a sheet that stand one below the other under headings of their own, which differ.

    Each is a sheet with all rows, of which those of the others are empty: a row keeps its number.
    """
    return split_stacked(sheet, _find_columns, announces_a_group)


def _find_columns(row: Sequence[str]) -> dict[Field, int]:
    """By field, the column of a row that is a heading: it names the head and a phone, and no digit stands in it."""
    if sum(bool(cell.strip()) for cell in row) < 2 or any(sign.isdigit() for cell in row for sign in cell[:40]):
        return {}
    fields = [find_field(cell) if cell.strip() else None for cell in row]
    if fields.count(Field.HEAD) != 1 or not any(field in PHONES for field in fields):
        return {}
    return {field: at for at, field in reversed(list(enumerate(fields))) if field is not None}


def _is_of_a_list(row: Sequence[str]) -> bool:
    """Whether a row is a household's, or a heading that names the households' heads."""
    return any(holds_a_number(cell) for cell in row) or any(find_field(cell) is Field.HEAD for cell in row)


def _find_group_headings(headings: Sequence[str]) -> list[tuple[int, int]]:
    """Where the groups of a printed list stand side by side, each over its people: first column, and behind the last.

    第一联防组 | 电话 | 第二联防组 | 电话: the group's name is the heading of its people's names.
    """
    said = [heading for heading in headings if heading]
    begins = [at for at, heading in enumerate(headings) if GROUP_NAME.fullmatch(heading)]
    others = [heading for heading in said if not GROUP_NAME.fullmatch(heading)]
    if not 2 <= len(begins) <= _MOST_GROUPS or not all(find_field(other) in {*PHONES, Field.DOOR} for other in others):
        return []
    if not others and len({after - before for before, after in pairwise(begins)}) > 1:
        return []
    width = begins[1] - begins[0]
    return [*pairwise(begins), (begins[-1], begins[-1] + width)]


def _make_group_block(sheet: Sheet, at: int, begin: int, end: int) -> Sheet:
    part = sheet.with_columns(range(begin, end))
    name = part.text(at, 0)
    rows = list(part.rows)
    # What stands above belongs to all groups, and names none of their columns.
    rows[:at] = [()] * at
    rows[at] = ("户主", *rows[at][1:])
    return replace(part, rows=tuple(rows), group=simplify_heading(name), part=f"（{name}）")


def _find_repetition(headings: Sequence[str]) -> tuple[int, int, int] | None:
    """Where a row of headings begins to repeat itself: the first column, the width of a list, how many there are."""
    return find_repetition(
        headings, lambda text: find_field(text) is Field.HEAD, lambda text: find_field(text) in PHONES
    )


def _make_block(sheet: Sheet, first: int, width: int, number: int, heading: int) -> Sheet:
    begin = first + width * number
    columns = [*range(first), *range(begin, begin + width)]
    part = sheet.with_columns(columns)
    rows = tuple(_make_cells(sheet, at, row) for at, row in enumerate(part.rows))
    above = {
        found[0]
        for row in sheet.rows[:heading]
        for cell in row[begin : begin + width]
        if (found := GROUP_NAME.fullmatch(simplify_heading(cell)))
    }
    group = above.pop() if len(above) == 1 else ""
    return replace(part, rows=rows, group=group, part=f"（第{number + 1}栏）" if number else "")


def _make_cells(sheet: Sheet, at: int, own: tuple[str, ...]) -> tuple[str, ...]:
    said = [cell for cell in sheet.rows[at] if cell.strip()]
    return tuple(said) if len(said) == 1 and announces_a_group(said[0]) else own
