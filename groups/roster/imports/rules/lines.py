"""The rows under a list's heading: which are households, and which are sums, notes, titles, hints, empty houses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from groups.errors import Message, say
from groups.files.asides import COUNTED, COUNTING, DASHES, HINT, NOTE, is_signature, simplify
from groups.files.recognising import is_ditto, is_of_signs
from groups.files.sheet import Sheet, name_cell, simplify_heading
from groups.roster.imports.rules.headings import Column, Field, Layout, is_remarks
from groups.roster.imports.rules.names import is_kin, is_no_one, read_name
from groups.roster.imports.rules.notes import Notes
from groups.roster.imports.rules.numbers import holds_a_number
from groups.roster.imports.rules.rows import UNREADABLE_CELL, PhoneCell
from groups.roster.rules.household import UNGROUPED
from groups.rules.findings import Finding, show
from groups.rules.typed_text import tidy

_TITLE = re.compile(r".*(通讯录|一览表|登记表|花名册|名单|编组表|联系表|汇总表|名册|统计表|编组情况|分布表)(\(.*)?")
_NUMBER_WORD = r"(?:\d{1,4}|[一二三四五六七八九十百零]{1,5})"
GROUP_NAME = re.compile(
    rf"(?:联防|互助|平安)?第?{_NUMBER_WORD}(?:号)?(?:十户)?(?:联防|联户|互助|平安|邻里|村民)*(?:小|大)?[组队組隊]"
)
_SECTION = re.compile(
    rf"[【(\[<《]?\s*{GROUP_NAME.pattern}\s*[】)\]>》]?(?!\w*\d{{6}})([:(,、;].*|(正|副)?(组|队)长.*|联防长.*)?"
)
_SECTION_LED = re.compile(
    rf"[【(\[<《]?{GROUP_NAME.pattern}[】)\]>》]?[:,、(]*[\u3400-\u9fff]{{2,4}}[(,、]?[正副]?(小?组长|联防长|队长|户长).*"
)
"""第一组 陶建华（组长）13800000001."""
_SECTION_COUNTED = re.compile(rf"[【(\[]?{GROUP_NAME.pattern}[】)\]:,(]*(共|计|合计|总计|小计)?:?\d+(户|人).{{0,12}}")
"""三组 共3户: over its rows the heading of a group, below them their sum; both times it is that group's."""
COUNTED_BEHIND = re.compile(r"(?<=[组队組隊])\s*[(\[【:]?\s*(共|计|合计)?\s*:?\d{1,3}\s*(户|人|家)[)\]】]?$")
"""1组（12户）: how many a group has is no part of its name."""
_LEADER_BEHIND = re.compile(
    rf"({GROUP_NAME.pattern})\s*[(\[【:,、;\s]?\s*[正副]?(小?组长|联防长|队长|负责人|联系人)[^组组]{{0,60}}"
)
"""2组（组长周发根）: who leads it is no part of its name, either."""
_LEADS = re.compile(r"[正副]?(小?组长|联防长|队长|户长)([^组]|$)")
_NUMBER_BESIDE = re.compile(r"(?:电话|手机|号码|[Tt]el)*[.:\s]*[+(]?\d[\d\s()-]{5,}\d")
_NAMED_IN_WORDS = re.compile(r"[^\d()]{1,8}?[组队組隊]")
_IN_BRACKETS = re.compile(r"[(\[【][^()\[\]【】]{0,60}[)\]】]")
_GOES_ON_BEHIND = re.compile(r"(?<=[组队組隊])\s*[(\[【]?\s*(续[表\d]?|[续接]上[页表]?)\s*[)\]】]?$")
"""1组（续）: it is the same group on the next page."""
_ERROR = re.compile(
    r"#(N/A|N/D|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!)|Err:\d{3}|TRUE|FALSE", re.IGNORECASE
)
_BEGINS_AN_ERROR = frozenset("#＃EeTtFfＴＦ")
_DEEPEST_EXAMPLE = 12
_EXAMPLE = re.compile(r"[(\[【]?(示例|样例|例|例子|填写示例|范例|例如|举例)(\d{0,2}|[:)\]】].*)")
_DOTS = re.compile(r"[.…·⋯。]{2,}")
NO_GROUP = re.compile(rf"{UNGROUPED}|未分组|无组|无|没有|{DASHES.pattern}")
_UNCHANGED = re.compile(r"[(（]?(保持|仍)?(不变|未变|没变|照旧|如旧|无变化|无变动|无变更|同原来?|原样)[)）]?")
"""A cell that says nothing but that what is on record stays."""
_BEGINS_UNCHANGED = frozenset("(（保仍不未没照如无同原")
_NOTHING = re.compile(rf"{DASHES.pattern}|无|没有|暂无|空")


@dataclass(slots=True)
class Line:
    """A row under the heading. `alone` is its text where it has but one; `group` as written, ditto and all."""

    at: int
    group: str
    group_is_merged: bool
    head: str
    door: str
    phones: tuple[PhoneCell, ...]
    relation: str
    is_household: bool
    continues: bool
    alone: str
    warnings: list[Finding] = field(default_factory=list)
    has_serial: bool = False
    group_is_signs: bool = False
    """Its group is nothing but signs, of which nobody knows what they say: taken for the one above."""


class _Columns(NamedTuple):
    group: Column | None
    head: Column | None
    door: Column | None
    relation: Column | None
    phones: tuple[Column, ...]
    remarks: tuple[Column, ...]


class Cells:
    """The cells of a sheet as they are meant: what is struck through says nothing, 同上 says what stands above."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.findings: list[Finding] = []
        self._above: dict[int, str] = {}

    def written(self, at: int, column: Column | None) -> str:
        """A cell's text. A leading apostrophe is a spreadsheet's mark for text, and no part of it."""
        if column is None or (at, column.index) in self.sheet.struck:
            return ""
        text = self.sheet.text(at, column.index).strip(" \t\r\n\u3000\xa0")
        if text[:1] in _BEGINS_UNCHANGED and _UNCHANGED.fullmatch(text):
            return ""
        return text if not text.strip("'") else text.removeprefix("'")

    def meant(self, at: int, column: Column | None) -> str:
        """The text, or the one above where it is repeated; nothing where it is the error of a computation."""
        text = self.written(at, column)
        if column is None or not text:
            return text
        if text[0] in _BEGINS_AN_ERROR and _ERROR.fullmatch(simplify(text)):
            self._tell(at, column, text, say("cannot_read_left_out"))
            return ""
        if is_ditto(text):
            above = self._above.get(column.index, "")
            if not above:
                self._tell(at, column, text, say("repeats_what_stands_above_where_nothing"))
            return above
        self._above[column.index] = text
        return text

    def forget(self) -> None:
        """Begin a row: what was told of the one before is taken."""
        self.findings = []

    def _tell(self, at: int, column: Column, text: str, flaw: Message) -> None:
        where = name_cell(at, column.index)
        message = say("cell_flaw", column=f"{column.heading or '—'} ({where})", text=show(text), flaw=flaw)
        self.findings.append(Finding(UNREADABLE_CELL, message, show(text)))


def read_lines(sheet: Sheet, layout: Layout, notes: Notes) -> Iterator[Line]:
    """The sheet's rows that say something, top down. What is left out for its looks is noted."""
    columns = _find_columns(layout)
    covered_groups, covered_heads = (
        sheet.covered(column.index if column else None) for column in (columns.group, columns.head)
    )
    covered_doors = sheet.covered(columns.door.index if columns.door else None)
    headings = _find_heading_again(sheet, layout)
    cells = Cells(sheet)
    serial = _find_serial_column(layout)
    for at in range(layout.first_row, len(sheet.rows)):
        texts = [simplify_heading(cell) for cell in sheet.rows[at] if cell.strip()]
        if not texts or len(headings.intersection(texts)) >= 2:  # an empty row, or the heading again on the next page
            continue
        if _is_left_out(sheet, at, columns, notes) or _is_a_hint(sheet, at, layout, notes):
            continue
        if is_signature(sheet.rows[at]):
            if any(map(holds_a_number, sheet.rows[at])):
                notes.add_row("signatures", say("rows_that_sign_the_list_left_out"), at, _shorten(sheet, at))
            continue
        cells.forget()
        line = _make_line(
            cells, at, columns, texts, is_covered=not cells.written(at, columns.head) and at in covered_heads
        )
        line.group_is_merged = at in covered_groups
        line.has_serial = serial is not None and bool(sheet.text(at, serial).strip())
        if not line.door and at in covered_doors and columns.door is not None:
            line.door = cells.written(covered_doors[at], columns.door)
        if line.is_household and _is_empty_house(line, notes):
            continue
        yield line


def _find_columns(layout: Layout) -> _Columns:
    group, head, door, relation = (layout.one(name) for name in (Field.GROUP, Field.HEAD, Field.DOOR, Field.RELATION))
    remarks = tuple(c for c in layout.columns if c.field is Field.NOTHING and c.heading and is_remarks(c.heading))
    return _Columns(group, head, door, relation, layout.phones, remarks)


def _find_serial_column(layout: Layout) -> int | None:
    return next(
        (c.index for c in layout.columns if re.search(r"序号|编号|户号|^no\.?$", c.heading, re.IGNORECASE)), None
    )


def _make_line(cells: Cells, at: int, columns: _Columns, texts: Sequence[str], *, is_covered: bool) -> Line:
    group = tidy(cells.written(at, columns.group))
    if group and group[0] in _BEGINS_AN_ERROR and _ERROR.fullmatch(simplify(group)):
        group = ""
    group_is_signs = _are_unknown_signs(group)
    written_head = cells.written(at, columns.head)
    continues = is_covered or is_ditto(written_head)
    written_name = "" if continues else cells.meant(at, columns.head)
    head = tidy(written_name)
    door = cells.meant(at, columns.door)
    phones = tuple(
        PhoneCell(column.heading or "电话", cells.meant(at, column), column.field.value) for column in columns.phones
    )
    says_who = [head, door, *(phone.text for phone in phones)]
    used = [column for column in (columns.head, *columns.phones) if column]
    computes = any((at, column.index) in cells.sheet.formulas for column in used)
    alone = simplify(next(cell for cell in cells.sheet.rows[at] if cell.strip())) if len(set(texts)) == 1 else ""
    has_more = any(map(_says_something, says_who[1:]))
    rings = any(_says_something(phone.text) for phone in phones)
    no_one = _is_a_total(group, head, texts[0], rings=rings) or _is_a_note(group, head, alone, has_more=has_more)
    # A group's heading, alone in its row or beside a serial number: 一 第一联防组.
    announces = alone or ("" if has_more else simplify(head))
    no_one = no_one or announces_a_group(announces)
    # 第一组 | 组长：陶建华 | 电话：13800000001: the same in several cells, unless its group stands where groups do.
    if not group and GROUP_NAME.fullmatch(texts[0]) and any(map(_LEADS.match, texts[1:])):
        no_one, alone = True, texts[0]
    return Line(
        at,
        "〃" if group_is_signs else group,
        group_is_merged=False,
        head=written_name,
        door=door,
        phones=phones,
        relation=simplify(cells.meant(at, columns.relation)),
        is_household=not no_one and (computes or (continues and has_more) or any(map(_says_something, says_who))),
        continues=continues,
        alone=alone,
        warnings=list(cells.findings),
        group_is_signs=group_is_signs,
    )


def _are_unknown_signs(group: str) -> bool:
    """Whether a group is no name, nor a sign for the one above or for none: ..., ※."""
    if not group or not is_of_signs(group) or is_ditto(group):
        return False
    return bool(_DOTS.fullmatch(group)) or not NO_GROUP.fullmatch(group)


def announces_a_group(text: str) -> bool:
    """Whether a row that says this and nothing else is the heading of a group: 【第3联防组】, 三组 组长:王建国."""
    plain = simplify(text)
    return any(form.fullmatch(plain) for form in (_SECTION, _SECTION_LED, _SECTION_COUNTED))


def read_group_name(text: str, heads: frozenset[str] = frozenset()) -> str:
    """A group's name without what people write behind it: how many it has, who leads it, a number, that it goes on.

    `heads`: the names of its list's households: who stands behind a group's name and is one of them leads it.
    """
    named = GROUP_NAME.match(text)
    behind = text[named.end() :].strip("()（）[]【】:：,，、 ") if named else ""
    if named and behind and behind in heads:
        return named[0]
    if leads := _LEADER_BEHIND.fullmatch(text):
        return leads[1]
    if holds_a_number(text):
        # A group's name is spoken, and no number is ever a part of it.
        named = named or _NAMED_IN_WORDS.match(text)
        text = (
            named[0]
            if named
            else tidy(_NUMBER_BESIDE.sub("", _IN_BRACKETS.sub(_drop_number, text))).strip("()[]【】:,、;/- ")
        )
    return _GOES_ON_BEHIND.sub("", COUNTED_BEHIND.sub("", text)).strip(" .、:,;。") or text


def _drop_number(brackets: re.Match[str]) -> str:
    return "" if holds_a_number(brackets[0]) else brackets[0]


def find_group_named_alone(line: Line) -> str:
    """The group that a row without a household announces for those below it: 第3联防组 组长:王建国."""
    for text in (line.group, line.alone, line.head):
        found = GROUP_NAME.search(text)
        # A sentence that mentions a group is no heading: 第1组共10户.
        counts = re.search(r"[合总小共]计|共?\d+[户人]", text) and not _SECTION_COUNTED.fullmatch(simplify(text))
        if found and not counts:
            return found[0]
    return ""


def find_group_in(cells: Sequence[str]) -> str:
    """The group that a row of titles names; empty where it names none, or several."""
    found = {named[0] for cell in cells for named in GROUP_NAME.finditer(simplify(cell))}
    return found.pop() if len(found) == 1 else ""


def read_meant(text: str, nothing: re.Pattern[str] = _NOTHING) -> str:
    """The text, or nothing where it is one of the signs that people write for nothing."""
    return "" if nothing.fullmatch(unicodedata.normalize("NFKC", text[:40]).strip()) else text


def _is_left_out(sheet: Sheet, at: int, columns: _Columns, notes: Notes) -> bool:
    """Whether a row is hidden, or struck through where its people stand."""
    if at in sheet.hidden_rows:
        notes.add_row("hidden_rows", say("hidden_or_filtered_rows_were_left"), at, _shorten(sheet, at))
        return True
    said = [(at, column) for column, cell in enumerate(sheet.rows[at]) if cell.strip()]
    struck = [cell for cell in said if cell in sheet.struck]
    head_is_struck = columns.head is not None and (at, columns.head.index) in sheet.struck
    if struck and (head_is_struck or len(struck) == len(said)):
        notes.add_row("struck_rows", say("rows_struck_through_were_left_out"), at, _shorten(sheet, at))
        return True
    for cell in struck:
        text = sheet.text(*cell)
        notes.add("struck_cells", say("cells_struck_through_were_left_out"), f"{name_cell(*cell)} {show(text)}")
    for column in range(len(sheet.rows[at])):
        if (at, column) in sheet.partly_struck:
            where = f"{name_cell(at, column)} {show(sheet.text(at, column))}"
            notes.add("struck_cells", say("parts_struck_through_were_left_out"), where)
    return False


def _shorten(sheet: Sheet, at: int) -> str:
    return " ".join(show(cell) for cell in sheet.rows[at][:4] if cell.strip() and not holds_a_number(cell))


def _is_a_hint(sheet: Sheet, at: int, layout: Layout, notes: Notes) -> bool:
    """Whether a row tells how to fill the list in: (必填) under its heading, or an example."""
    if at >= layout.first_row + _DEEPEST_EXAMPLE:
        return False
    texts = [simplify(cell) for cell in sheet.rows[at] if cell.strip()]
    if any(_EXAMPLE.fullmatch(text) for text in texts[:2]):
        notes.add_row("example_rows", say("rows_examples_were_left_out"), at, _shorten(sheet, at))
        return True
    return at < layout.first_row + 3 and len(texts) > 1 and all(HINT.fullmatch(text) for text in texts)


def _is_empty_house(line: Line, notes: Notes) -> bool:
    """Whether nobody lives there: 空房 where the name would stand. With a number it is an error: whose is it?"""
    if not is_no_one(line.head):
        return False
    if any(_says_something(phone.text) for phone in line.phones):
        line.head = ""
        return False
    notes.add_row(
        "empty_houses",
        say("rows_without_anybody_were_left_out"),
        line.at,
        f"{line.door} {line.head}".strip(),
    )
    return True


def _find_heading_again(sheet: Sheet, layout: Layout) -> frozenset[str]:
    """The words over the columns, row by row of the heading, by which its repetition is known."""
    words = {
        simplify_heading(sheet.text(at, column.index))
        for at in layout.heading_rows
        for column in layout.columns
        if column.field is not Field.NOTHING
    }
    return frozenset(words - {""})


def _says_something(text: str) -> bool:
    return bool(read_meant(text, DASHES).strip())


def _is_a_total(group: str, head: str, first: str, *, rings: bool) -> bool:
    """合计 in front of a row, or for a head or group: a sum, unless somebody's name stands there as well.

    So is 4户 in place of a name, where nobody can be rung (`rings`): 低保户 | 4户.
    """
    names_nobody = not head or bool(re.search(r"\d", head)) or first == head
    counts = any(COUNTING.fullmatch(text) for text in (group, first)) and names_nobody
    return (
        counts
        or bool(COUNTING.fullmatch(head))
        or bool(COUNTED.fullmatch(head) and (not rings or not group or COUNTED.fullmatch(group)))
    )


def _is_a_note(group: str, head: str, alone: str, *, has_more: bool) -> bool:
    """Whether a row is a note to the list. A leader's name, 组长:王建国, is one only where it stands alone."""
    if alone and (NOTE.fullmatch(alone) or _TITLE.fullmatch(alone)):
        return True
    return any(NOTE.fullmatch(text) for text in ((group,) if has_more else (group, head)))


def is_of_the_house_above(line: Line, has_doors: bool, group_above: str) -> bool:
    """Whether a row only adds to the household above it: a further number, its wife's, 李小明(子)."""
    is_of_another_group = line.group and not line.group_is_merged and not (has_doors and line.group == group_above)
    if line.door or line.has_serial or is_of_another_group:
        return False
    if not line.head:
        return any(_says_something(phone.text) for phone in line.phones) and (
            not line.relation or is_kin(line.relation)
        )
    return (read_name(line.head).is_member or is_kin(line.head)) and (has_doors or is_kin(line.head))
