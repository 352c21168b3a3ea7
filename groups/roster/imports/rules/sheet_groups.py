"""What stands above the rows: the group of a whole sheet, by its name or its title, and who leads a group.

A leader is of the group, and rings with it: where no row names them, the line that does is their household.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from groups.errors import say
from groups.files.sheet import Sheet
from groups.roster.imports.rules.guesses import NONE, OUT, About, Choice, Said, place_of_sheet
from groups.roster.imports.rules.headings import Layout
from groups.roster.imports.rules.lines import GROUP_NAME, Line, read_group_name
from groups.roster.imports.rules.notes import Notes
from groups.roster.imports.rules.rows import LEADER_ABOVE, ListRow, PhoneCell
from groups.roster.rules.group_names import make_key
from groups.rules.findings import Finding, show
from groups.rules.typed_text import tidy

_NAME_OF_NO_GROUP = re.compile(
    r"(sheet|工作表|表)\s*\d*|.*(通讯录|名册|名单|花名册|汇总|登记|导入|模板|数据|全村|总表|roster|list).*",
    re.IGNORECASE,
)
_BESIDE_A_GROUP = re.compile(
    r"(户主|农户|住户|村民|成员|人员|联防|十户|家庭|信息|电话|手机|联系|方式|通讯录|名册|名单|花名册|一览|登记|汇总|统计|情况|明细|台账|表"
    r"|最新|版|终稿|定稿|的|\d{4}年?|\d{1,2}月|[-_—·.()\[\]【】])*"
)
"""What stands beside a group in a sheet's name and is no part of it: 第三组户主名单."""
_COUNTS = re.compile(r"[共计有分设编成]$")
"""In front of a group's name it is none: 全村共5组."""
_GOES_ON = re.compile(r"[-—–~至到、,，和及与/]$")
"""In front of a group's name there are several: 1-3组, 一组、二组."""
_LABEL = r"(?:所属|所在)?(?:联防|十户联防|村民)?(?:组别|组号|组名|小组|组)"
_IS_LABEL = re.compile(rf"{_LABEL}:?")
_LABELLED = re.compile(rf"{_LABEL}:(?P<group>[^:]{{1,12}})")
_MOST_CHOICES = 3
_NUMBERS = re.compile(r"\d[\d\s()-]{6,}")
"""A phone's number in a title is none of the group's."""


_HAN = r"[\u3007\u3400-\u9fff\U00020000-\U000323af]"
_ROLE = r"[正副代]?(?:小?组长|联防长|队长|十户长|联户长|户长)"
_NUMBER = r"(?P<number>[+(]?\d[\d ()-]{5,20}\d(?:\.0+)?)"
"""With the noughts that a figure of a workbook has behind its point: they tell that its digits may be gone."""
_LABEL = r"[ :、,;/(]*(?:(?:联系)?(?:电话|手机|号码|方式)(?:号码?)?|tel\.?|☎)?[ :、,;/(]*"
_NAME = rf"(?P<name>(?!姓名|电话|手机|联系){_HAN}{{2,4}}|{_HAN} {_HAN}(?!{_HAN}))"
_ROLE_FIRST = re.compile(rf"{_ROLE}(?:姓名)?[ :、,;(]*{_NAME}\)?(?:{_LABEL}{_NUMBER})?(?!\d)", re.IGNORECASE)
_NAME_FIRST = re.compile(rf"(?<!{_HAN}){_NAME}[ ;(]*{_ROLE}\)?{_LABEL}{_NUMBER}(?!\d)", re.IGNORECASE)
_LONGEST = 200


class _Named(NamedTuple):
    """The groups that a text names; `sure`: it is about that one, and no other."""

    groups: tuple[str, ...] = ()
    sure: str = ""


def guess_group(sheet: Sheet, layout: Layout, notes: Notes, decided: Said, *, is_the_only_sheet: bool) -> str:
    """The group that the sheet's name says, or else its title; empty where neither does, or it says several.

    What it was taken for, and what else may be meant, goes into `notes`; `decided`: what somebody has said of guesses.
    """
    by_name = _read_name(sheet.name, is_the_only_sheet=is_the_only_sheet)
    above = sheet.rows[: layout.heading_rows[0]] if layout.heading_rows else ()
    titles = [[_simplify(cell) for cell in row if cell.strip()] for row in above]
    by_title = _join([_read_title(title) for title in titles])
    guessed = by_name.sure or ("" if by_name.groups else by_title.sure)
    others = [group for group in dict.fromkeys((*by_name.groups, *by_title.groups)) if group != guessed]
    if not guessed and not others:
        return ""
    choices = [*([NONE] if guessed else []), *others][:_MOST_CHOICES]
    at = place_of_sheet(sheet.label)
    chosen, guess = decided.guess(About.SHEET, at, guessed or NONE, tuple(map(Choice, choices)))
    words = say("group_of_the_sheet" if guessed else "sheet_names_several_groups")
    says_so = [
        sheet.name if by_name.groups else "",
        *(" ".join(title) for title in titles if _read_title(title).groups),
    ]
    shown = "、".join(show(_NUMBERS.sub("…", text)) for text in says_so if text)
    notes.add("sheet_group", words, shown[:80], guess)
    return "" if chosen == NONE else chosen


def _read_name(name: str, *, is_the_only_sheet: bool) -> _Named:
    """The group that a sheet's name is, or has in it."""
    plain = read_group_name(tidy(name))
    found = _find_groups(_simplify(plain))
    if found.sure:
        rest = _simplify(plain).replace(found.sure, "", 1)
        # What nobody knows may tell two groups apart: 东片三组 and 西片三组 are two.
        return found if rest and _BESIDE_A_GROUP.fullmatch(rest) else _Named((plain, *found.groups), plain)
    if found.groups or is_the_only_sheet or _NAME_OF_NO_GROUP.fullmatch(plain):
        return found
    return _Named((plain,), plain)


def _read_title(cells: list[str]) -> _Named:
    """The group that a row above the heading names: 第三联防组户主名单, 组别：三组, or 三组 beside 组别."""
    said = []
    for at, cell in enumerate(cells):
        labelled = _LABELLED.fullmatch(cell)
        beside = cells[at + 1] if _IS_LABEL.fullmatch(cell) and at + 1 < len(cells) else ""
        if labelled or beside:
            text = read_group_name(labelled["group"] if labelled else beside)
            said.append(_find_groups(text) if GROUP_NAME.search(text) else _Named((text[:12],), text[:12]))
        elif not (at and _IS_LABEL.fullmatch(cells[at - 1])):
            said.append(_find_groups(cell))
    return _join(said)


def _find_groups(text: str) -> _Named:
    """The groups in a text without blanks: 第五村民小组第三联防组 is about the second, 1-3组 about several."""
    groups: list[str] = []
    several = False
    for found in GROUP_NAME.finditer(text):
        before = text[max(found.start() - 1, 0) : found.start()]
        if not _COUNTS.search(before):
            several = several or bool(_GOES_ON.search(before))
            groups.append(found[0])
    return _Named(tuple(dict.fromkeys(groups)), "" if several else _choose(groups))


def _choose(groups: list[str]) -> str:
    """The one that is meant: the only one, or the only one that is named as a group of neighbours."""
    names = list(dict.fromkeys(groups))
    of_neighbours = [name for name in names if make_key(name).kind == "联防"]
    if len(names) == 1:
        return names[0]
    return of_neighbours[0] if len(of_neighbours) == 1 else ""


def _join(said: list[_Named]) -> _Named:
    """What several texts name together; each that names any has to be sure."""
    named = [each for each in said if each.groups]
    groups = tuple(dict.fromkeys(group for each in named for group in each.groups))
    return _Named(groups, _choose([each.sure for each in named]) if all(each.sure for each in named) else "")


def _simplify(text: str) -> str:
    return re.sub(r"\s+", "", tidy(text[:200]))


class Leader(NamedTuple):
    """Who leads a group, as it is written above its rows; `number` may be empty."""

    name: str
    number: str


def find_leaders(cells: Iterable[str]) -> list[Leader]:
    """Those whom a row of titles names as leading a group."""
    # No number goes on from one cell into the next.
    text = ";".join(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text[:_LONGEST]))
    found = list(_ROLE_FIRST.finditer(plain)) or list(_NAME_FIRST.finditer(plain))
    return [Leader(one["name"].replace(" ", ""), one["number"] or "") for one in found]


class Above(NamedTuple):
    """A row above a group's rows, counted from 0, and the group that it is about."""

    at: int
    group: str


def list_leaders_households(
    sheet: Sheet, rows_above: Sequence[Above], lines: Sequence[Line], heads: frozenset[str], notes: Notes, decided: Said
) -> Iterator[ListRow]:
    """The households of leaders whom no row of the list names; `heads` are those whom it does.

    The first of a row with a number becomes a household, unless somebody says that it is none; others are told.
    """
    numbers = {re.sub(r"\D", "", phone.text) for line in lines if line.is_household for phone in line.phones}
    for at, group in rows_above:
        is_taken = False
        for leader in find_leaders(sheet.rows[at]):
            said = " ".join(part for part in (group, leader.name, leader.number) if part)
            if leader.name in heads or (leader.number and re.sub(r"\D", "", leader.number) in numbers):
                continue
            if not leader.number or not group or is_taken:
                notes.add_row("leader_above", say("leader_above_in_no_row"), at, said)
                continue
            is_taken = True
            where = (sheet.label, at + 1)
            chosen, guess = decided.guess(About.LEADER, where, said, (Choice(OUT),))
            if chosen == OUT:
                notes.add("leader_above", say("leader_above_left_out"), said, guess)
                continue
            yield ListRow(
                at + 1,
                group,
                "",
                leader.name,
                (PhoneCell("组长", leader.number),),
                sheet=sheet.label,
                silent=frozenset({"door"}),
                warnings=(Finding(LEADER_ABOVE, say("leader_above_taken"), show(said)),),
                guesses=(guess,),
            )
