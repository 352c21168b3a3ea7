"""Columns that belong apart, and those that belong together: lists printed side by side on one sheet, each over its own
people; a door or a name that stands in several columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from groups.files.sheet import Sheet, simplify_heading
from groups.files.splitting import find_repetition, split_stacked
from groups.roster.imports.rules.headings import DEEPEST_HEADING, PHONES, Field, find_field
from groups.roster.imports.rules.lines import GROUP_NAME, announces_a_group
from groups.roster.imports.rules.numbers import holds_a_number

_MOST_GROUPS = 30
_PARTS_OF_A_DOOR = (
    (re.compile(r"路名?|街名?|街路|道路(名称)?|街巷(名称)?"), ""),
    (re.compile(r"弄号?"), "弄"),
    (re.compile(r"巷号?"), "巷"),
    (re.compile(r"号|门牌号?码?|门号"), "号"),
    (re.compile(r"楼号"), "号楼"),
    (re.compile(r"幢号?"), "幢"),
    (re.compile(r"楼?栋号?"), "栋"),
    (re.compile(r"座"), "座"),
    (re.compile(r"单元号?"), "单元"),
    (re.compile(r"室号?|房号|房间号?"), "室"),
)
"""The headings of a door's parts, and what stands behind a part that is but a figure."""
_SURNAME, _GIVEN = re.compile(r"姓氏?|lastname|familyname|surname"), re.compile(r"名字?|firstname|givenname")
JOINED = "+"
"""Stands in a heading between those of the columns that were put together."""


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


def join_columns(sheet: Sheet) -> Sheet:
    """The sheet with a door, or a name, that stands in several columns put into the last of them.

    Its heading says of which: 门牌号（弄+号+室）. The others are empty.
    """
    for at, row in enumerate(sheet.rows[:DEEPEST_HEADING]):
        if any(holds_a_number(cell) for cell in row):
            return sheet
        headings = [simplify_heading(cell).lower() for cell in row]
        fields = [find_field(cell) if cell else None for cell in headings]
        below = sheet.rows[at + 1 : at + 30]
        parts = [
            (column, unit)
            for column, cell in enumerate(headings)
            if (unit := _find_unit(cell)) is not None
            and not any(column < len(row) and holds_a_number(row[column]) for row in below)
        ]
        names = [
            next((c for c, cell in enumerate(headings) if look.fullmatch(cell)), -1) for look in (_SURNAME, _GIVEN)
        ]
        is_named_apart = -1 not in names and not any(
            field is Field.HEAD and column not in names for column, field in enumerate(fields)
        )
        if len(parts) > 1 and (Field.HEAD in fields or is_named_apart):
            sheet = _join(sheet, at, parts, "门牌号")
        if is_named_apart and any(field in PHONES for field in fields):
            sheet = _join(sheet, at, [(column, "") for column in names], "姓名")
        if len(parts) > 1 or is_named_apart or Field.HEAD in fields:
            return sheet
    return sheet


def _find_unit(heading: str) -> str | None:
    return next((unit for look, unit in _PARTS_OF_A_DOOR if look.fullmatch(heading)), None)


def _join(sheet: Sheet, at: int, parts: Sequence[tuple[int, str]], what: str) -> Sheet:
    last = max(column for column, _ in parts)
    rows = [[*row, *[""] * (last + 1 - len(row))] for row in sheet.rows]
    rows[at][last] = f"{what}（{JOINED.join(simplify_heading(rows[at][column]) for column, _ in parts)}）"
    covered = {column: sheet.covered(column) for column, _ in parts}
    above = [""] * len(parts)
    for place in range(at + 1, len(rows)):
        own = [_read_part(sheet, place, column, covered[column]) for column, _ in parts]
        if any(own):
            # A part that is left empty goes on from above, as long as a smaller one is written.
            first = next(number for number, text in enumerate(own) if text)
            own[:first] = above[:first] if what == "门牌号" else own[:first]
            above = own
        joined = "".join(_with_unit(text, unit) for text, (_, unit) in zip(own, parts, strict=True))
        rows[place][last] = joined
    for column, _ in parts:
        if column != last:
            for row in rows[at:]:
                row[column] = ""
    return replace(sheet, rows=tuple(map(tuple, rows)))


def _read_part(sheet: Sheet, place: int, column: int, covered: Mapping[int, int]) -> str:
    text = sheet.text(place, column).strip()
    return text or (sheet.text(covered[place], column).strip() if place in covered else "")


def _with_unit(text: str, unit: str) -> str:
    return f"{text}{unit}" if re.fullmatch(r"\d{1,4}[A-Za-z]?", text) else text


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
