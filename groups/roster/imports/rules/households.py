"""The households of a sheet, once its columns are known: groups written once for many rows, headings between them,
totals, notes and empty rows left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from groups.files.sheet import Sheet, plain_heading
from groups.roster.imports.rules.headings import Column, Field, Layout, index_of
from groups.roster.imports.rules.rows import ListRow, PhoneCell
from groups.roster.rules.household import UNGROUPED
from groups.rules.texts import tidied

_COUNTING = re.compile(r"(本组|本村|全村|本页|全镇|以上|各组|总户)*(合计|总计|小计|共计|累计|总数|汇总|总共).{0,40}")
_COUNTED = re.compile(r"(本组|全村|本村|本页|以上)?(共|计|总)?:?\d+(户|人|家|组|部|个)\.?")
_NOTE = re.compile(
    r"(制表|填表|审核|审批|复核|负责|联系|填报|经办|登记|统计|报送|打印|编制|校对|单位|日期|时间|注|说明|备注|盖章|签字|签名|联防长"
    r"|组长|村|社区|电话)(人|员|单位|时间|日期|负责人|领导)*:.*|第\d+页.*|\(盖章\)"
)
_TITLE = re.compile(r".*(通讯录|一览表|登记表|花名册|名单|编组表|联系表|汇总表|名册|统计表|编组情况|分布表)(\(.*)?")
_NUMBER_WORD = r"(?:\d{1,4}|[一二三四五六七八九十百零]{1,5})"
_GROUP_NAME = re.compile(
    rf"(?:联防|互助|平安)?第?{_NUMBER_WORD}(?:号)?(?:十户)?(?:联防|联户|互助|平安|邻里|村民)*(?:小|大)?[组队]"
)
_SECTION = re.compile(
    rf"[【(\[<《]?\s*{_GROUP_NAME.pattern}\s*[】)\]>》]?(?!\w*\d{{6}})([:(,、;].*|(正|副)?(组|队)长.*|联防长.*)?"
)
_DITTO = re.compile(r"同上|〃|[\"“”]|''|〞")
_DASHES = re.compile(r"[-‐-―−_~/\\.、。*]+")
_NO_GROUP = re.compile(rf"{UNGROUPED}|未分组|无组|无|没有|{_DASHES.pattern}")
_NOTHING = re.compile(rf"{_DASHES.pattern}|无|没有|暂无|空")
_NAME_OF_NO_GROUP = re.compile(
    r"(sheet|工作表|表)\s*\d*|.*(通讯录|名册|名单|花名册|汇总|登记|导入|模板|数据|全村|总表|roster|list).*",
    re.IGNORECASE,
)


def households_of(sheet: Sheet, layout: Layout, *, is_the_only_sheet: bool = True) -> list[ListRow]:
    """The sheet's households, row by row, each with its group; nothing of totals, notes, titles and empty rows."""
    lines = list(_lines(sheet, layout))
    repeats = _names_groups_on_every_row(lines)
    named = any(line.group for line in lines if line.is_household)
    group = "" if named else _group_of_the_sheet(sheet, layout, is_the_only_sheet=is_the_only_sheet)
    doors = sheet.covered(index_of(layout.one(Field.DOOR)))
    rows: list[ListRow] = []
    for line in lines:
        if not line.is_household:
            group = _group_named_alone(line) or group
            continue
        own = group
        if _NO_GROUP.fullmatch(line.group):
            own = ""
            group = group if repeats else ""
        elif line.group and not _DITTO.fullmatch(line.group):
            own = group = line.group
        elif repeats and not line.group and not line.group_is_merged:
            own = ""
        row = _row(sheet, layout, line, own, doors.get(line.at, line.at))
        if line.continues and rows:
            above = rows[-1]
            rows[-1] = replace(above, phones=(*above.phones, *row.phones), formulas=(*above.formulas, *row.formulas))
        else:
            rows.append(row)
    return rows


def announces_a_group(text: str) -> bool:
    """Whether a row that says this and nothing else is the heading of a group: 【第3联防组】, 三组 组长:王建国."""
    return bool(_SECTION.fullmatch(_plain(text)))


class _Line(NamedTuple):
    """A row under the heading, before it is known whose it is. `alone` is its text where it has but one."""

    at: int
    group: str
    group_is_merged: bool
    head: str
    is_household: bool
    continues: bool
    alone: str


def _lines(sheet: Sheet, layout: Layout) -> Iterator[_Line]:
    group, head, door = (layout.one(field) for field in (Field.GROUP, Field.HEAD, Field.DOOR))
    covered_groups, covered_heads = sheet.covered(index_of(group)), sheet.covered(index_of(head))
    headings = _heading_again(sheet, layout)
    for at in range(layout.first_row, len(sheet.rows)):
        texts = [plain_heading(cell) for cell in sheet.rows[at] if cell.strip()]
        if not texts or len(headings.intersection(texts)) >= 2:  # an empty row, or the heading again on the next page
            continue
        own_group, own_head = tidied(_said(sheet, at, group)), tidied(_said(sheet, at, head))
        says_who = [own_head, _said(sheet, at, door), *(_said(sheet, at, phone) for phone in layout.phones)]
        computes = any((at, column.index) in sheet.formulas for column in (head, *layout.phones) if column)
        alone = _plain(next(cell for cell in sheet.rows[at] if cell.strip())) if len(set(texts)) == 1 else ""
        no_one = _is_a_total(own_group, own_head, texts[0]) or _is_a_note(own_group, own_head, alone)
        # A group's heading, alone in its row or beside a serial number: 一 第一联防组.
        announces = alone or ("" if any(map(_says_something, says_who[1:])) else _plain(own_head))
        no_one = no_one or announces_a_group(announces)
        yield _Line(
            at,
            own_group,
            at in covered_groups,
            own_head,
            not no_one and (computes or any(_says_something(text) for text in says_who)),
            not own_head and at in covered_heads,
            alone,
        )


def _heading_again(sheet: Sheet, layout: Layout) -> frozenset[str]:
    """The words over the columns, row by row of the heading, by which its repetition is known."""
    words = {
        plain_heading(sheet.text(at, column.index))
        for at in layout.heading_rows
        for column in layout.columns
        if column.field is not Field.NOTHING
    }
    return frozenset(words - {""})


def _row(sheet: Sheet, layout: Layout, line: _Line, group: str, door_at: int) -> ListRow:
    used = [column for column in layout.columns if column.field is not Field.NOTHING]
    landmark = layout.one(Field.LANDMARK)
    return ListRow(
        line.at + 1,
        group,
        _meant(_said(sheet, door_at, layout.one(Field.DOOR))),
        _meant(_said(sheet, line.at, layout.one(Field.HEAD)), _DASHES),
        tuple(PhoneCell(column.heading or "电话", _said(sheet, line.at, column)) for column in layout.phones),
        None if landmark is None else _meant(_said(sheet, line.at, landmark)),
        sheet=sheet.label,
        formulas=tuple(
            column.heading or "—"
            for column in used
            if (line.at, column.index) in sheet.formulas or sheet.text(line.at, column.index).lstrip().startswith("=")
        ),
    )


def _said(sheet: Sheet, at: int, column: Column | None) -> str:
    """A cell's text. A leading apostrophe is a spreadsheet's mark for text, and no part of it."""
    return "" if column is None else sheet.text(at, column.index).strip(" \t\r\n\u3000\xa0").removeprefix("'")


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:200]))


def _says_something(text: str) -> bool:
    return bool(_meant(text, _DASHES).strip())


def _meant(text: str, nothing: re.Pattern[str] = _NOTHING) -> str:
    """The text, or nothing where it is one of the signs that people write for nothing."""
    return "" if nothing.fullmatch(unicodedata.normalize("NFKC", text[:40]).strip()) else text


def _is_a_total(group: str, head: str, first: str) -> bool:
    """合计 in front of a row, or for a head or group: a sum, unless somebody's name stands there as well."""
    names_nobody = not head or bool(re.search(r"\d", head)) or first == head
    counts = any(_COUNTING.fullmatch(text) for text in (group, first)) and names_nobody
    return (
        counts
        or bool(_COUNTING.fullmatch(head))
        or bool(_COUNTED.fullmatch(head) and (not group or _COUNTED.fullmatch(group)))
    )


def _is_a_note(group: str, head: str, alone: str) -> bool:
    return any(_NOTE.fullmatch(text) for text in (group, head, alone)) or bool(alone and _TITLE.fullmatch(alone))


def _group_named_alone(line: _Line) -> str:
    """The group that a row without a household announces for those below it: 第3联防组 组长:王建国."""
    for text in (line.group, line.alone, line.head):
        found = _GROUP_NAME.search(text)
        # A sentence that mentions a group is no heading: 第1组共10户.
        if found and not re.search(r"[合总小共]计|共?\d+[户人]", text):
            return found[0]
    return ""


def _names_groups_on_every_row(lines: Sequence[_Line]) -> bool:
    """Whether the list repeats the group's name row by row; then an empty one means: in no group."""
    named = [line.group for line in lines if line.is_household]
    neighbours = zip(["", *named], named, [*named[1:], ""], strict=False)
    beside = [own in {above, below} for above, own, below in neighbours if own]
    return sum(beside) * 2 > len(beside)


def _group_of_the_sheet(sheet: Sheet, layout: Layout, *, is_the_only_sheet: bool) -> str:
    """The group that the sheet's name says, or else its title; empty where neither does."""
    name = tidied(sheet.name)
    if _GROUP_NAME.search(name) or (not is_the_only_sheet and not _NAME_OF_NO_GROUP.fullmatch(name)):
        return name
    titles = sheet.rows[: layout.heading_rows[0]] if layout.heading_rows else ()
    named = {found[0] for row in titles for cell in row for found in _GROUP_NAME.finditer(_plain(cell))}
    return named.pop() if len(named) == 1 else ""
