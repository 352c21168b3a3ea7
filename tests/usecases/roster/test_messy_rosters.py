"""Lists as heads really have them come in as what they mean: drawn by lot, and the ones that lots do not draw."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest

from groups.errors import RosterFileError
from groups.errors.words import write_chinese
from groups.roster.imports.reading import OpenedFile, RosterList, open_file, open_pasted, read_households, read_list
from groups.roster.imports.rules.headings import Field
from groups.roster.imports.rules.judgement import Judgement, judge
from groups.roster.imports.rules.rows import ListRow, examine
from tests.support import messy_rosters
from tests.support.messy_rosters import Draft

IN_CELLS: dict[str, Callable[[Draft], OpenedFile]] = {
    "openpyxl": lambda draft: open_file(messy_rosters.as_openpyxl(draft), "list.xlsx"),
    "xlsxwriter": lambda draft: open_file(messy_rosters.as_xlsxwriter(draft), "list.xlsx"),
    "xls": lambda draft: open_file(messy_rosters.as_xls(draft), "list.xls"),
}
AS_TEXT: dict[str, Callable[[Draft], OpenedFile]] = {
    "utf-8": lambda draft: open_file(messy_rosters.as_text(draft).encode(), "list.csv"),
    "utf-8 with its mark": lambda draft: open_file(messy_rosters.as_text(draft).encode("utf-8-sig"), "list.csv"),
    "gb18030": lambda draft: open_file(messy_rosters.as_text(draft).encode("gb18030"), "list.csv"),
    "pasted": lambda draft: open_pasted(messy_rosters.as_text(draft, "\t")),
}


def judged(rows: Sequence[ListRow]) -> Judgement:
    return judge([examine(row, "CN", "574") for row in rows], [], {}, "CN")


@pytest.mark.parametrize("form", [*IN_CELLS, *AS_TEXT])
def test_lists_drawn_by_lot_come_in_as_what_they_mean(form: str) -> None:
    read = 0
    for draft in map(messy_rosters.draw, range(40)):
        if form in AS_TEXT and not draft.fits_text:
            continue
        read += 1
        judgement = judged(read_households((IN_CELLS | AS_TEXT)[form](draft)).rows)
        found = [(entry.group, entry.door, entry.head, *(p.e164 for p in entry.phones)) for entry in judgement.entries]
        meant = [one.as_exported() for one in draft.households]
        assert found == [(one["group"], one["door"], one["head"], *one["phones"]) for one in meant], draft.seed
        said = [(row.row, row.reason, row.verdict.value) for row in judgement.verdicts if row.findings]
        assert said == [(one["row"], one["kind"], one["verdict"]) for one in draft.problems], draft.seed
    assert read >= 25


# One thing at a time


def number(last: int) -> str:
    return f"1990064{last:04}"


def e164(*last: int) -> tuple[str, ...]:
    return tuple(f"+86{number(one)}" for one in last)


def workbook(rows: Sequence[Any], merged: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for span in merged:
        book.active.merge_cells(span)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


Rows = Sequence[Any]
"""Rows of cells."""


def read(rows: Rows, merged: Sequence[str] = ()) -> list[tuple[str, ...]]:
    """The households that come of a sheet: group, head and numbers."""
    entries = judged(read_list(workbook(rows, merged), "list.xlsx").rows).entries
    return [(entry.group, entry.head, *(phone.e164 for phone in entry.phones)) for entry in entries]


WANG, LI = ("1组", "王一", *e164(1)), ("1组", "李二", *e164(2))


@pytest.mark.parametrize("group", ["组别", "编组", "联防组", "组 别", "小组", "所属联防组", "组\n别", "组"])
@pytest.mark.parametrize("head", ["户主", "姓名", "户 主", "户主姓名", "住户名称", "联系人"])
def test_group_and_head_are_known_by_any_of_their_names(group: str, head: str) -> None:
    assert read([[group, head, "电话"], ["1组", "王一", number(1)], ["1组", "李二", number(2)]]) == [WANG, LI]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("手机", "宅电"),
        ("电话", "固话"),
        ("联系电话", "小灵通"),
        ("联系方式", "家庭电话"),
        ("联系电话1", "联系电话2"),
        ("移动电话", "座机"),
        ("号码", "其他电话"),
        ("长号", "固定电话"),
    ],
)
def test_phones_are_known_by_any_of_their_names(first: str, second: str) -> None:
    rows = [["组别", "姓名", first, second, "短号"], ["1组", "王一", number(1), "88251234", "662301"]]
    assert read(rows) == [("1组", "王一", *e164(1), "+8657488251234")]


@pytest.mark.parametrize("above", range(10))
def test_the_heading_may_stand_on_any_of_the_first_ten_rows(above: int) -> None:
    titles = [["东溪村平安联防通讯录"], [], ["制表：综治工作站"], [], ["2012年3月"], [], [], ["单位:东溪村"], []][
        :above
    ]
    assert read([*titles, ["组别", "姓名", "电话"], ["1组", "王一", number(1)]]) == [WANG]


def test_a_heading_may_stand_in_two_rows_merged_or_not() -> None:
    heading = [["组别", "姓名", "联系电话", None], [None, None, "手机", "宅电"]]
    rows = [*heading, ["1组", "王一", number(1), "88251234"], ["1组", "李二", number(2), None]]
    meant = [(*WANG, "+8657488251234"), LI]
    assert read(rows) == read(rows, ["A1:A2", "B1:B2", "C1:D1"]) == meant


def test_a_group_is_written_once_merged_or_not_or_stands_over_its_rows() -> None:
    people = [["王一", number(1)], ["李二", number(2)]]
    once = [["组别", "姓名", "电话"], ["1组", *people[0]], [None, *people[1]]]
    over = [["序号", "姓名", "电话"], ["1组"], [1, *people[0]], [2, *people[1]]]
    beside = [["序号", "姓名", "电话"], ["一", "1组"], [1, *people[0]], [2, *people[1]]]
    assert read(once) == read(once, ["A2:A3"]) == read(over) == read(over, ["A2:C2"]) == read(beside) == [WANG, LI]


def test_lists_side_by_side_are_read_one_after_the_other() -> None:
    shared = [["组别", "户主", "电话", None, "户主", "电话"], ["1组", "王一", number(1), None, "李二", number(2)]]
    sections = [["序号", "户主", "电话"] * 2, ["1组"], [1, "王一", number(1), 2, "李二", number(2)], ["合计", 2]]
    whole = [["组别", "户主", "电话"] * 2, ["1组", "王一", number(1), "1组", "李二", number(2)]]
    assert read(shared, ["A2:A3"]) == read(sections, ["A2:F2"]) == read(whole) == [WANG, LI]


def test_sums_serial_numbers_repeated_headings_and_empty_rows_are_no_households() -> None:
    rows = [
        *[["序号", "组别", "户主", "电话"], [1, "1组", "王一", number(1)], [2, None, None, None], []],
        *[["序号", "组别", "户主", "电话"], [3, "1组", "李二", number(2)], [4], ["小计", None, "2户"]],
        *[["合计", None, 2, None], [None, "总计", "2户"], ["合 计：2户"], ["制表人：王建国  2012年3月"]],
    ]
    assert read(rows) == [WANG, LI]


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        (19900640001.0, e164(1)),
        (88251234.0, ("+8657488251234",)),
        ("１９９００６４０００１", e164(1)),
        ("+86 199-0064-0001", e164(1)),
        ("86-19900640001", e164(1)),
        ("'19900640001", e164(1)),
        ("’19900640001", e164(1)),
        ("(0574) 8825 1234", ("+8657488251234",)),
        ("（0574）88251234", ("+8657488251234",)),
        ("0574—88251234", ("+8657488251234",)),
        ("021-62345678", ("+862162345678",)),
        (f"{number(1)}、{number(2)}", e164(1, 2)),
        (f"{number(1)}\n{number(2)}", e164(1, 2)),
        (f"{number(1)}{number(2)}", e164(1, 2)),
        (f"{number(1)}/0574-88251234", (*e164(1), "+8657488251234")),
        (f"{number(1)}（王小明），{number(2)}（妻）", e164(1, 2)),
        (f"手机{number(1)} 宅电88251234", (*e164(1), "+8657488251234")),
    ],
)
def test_numbers_are_read_in_every_form_that_people_give_them(cell: Any, numbers: tuple[str, ...]) -> None:
    assert read([["组别", "户主", "联系方式"], ["1组", "王一", cell]]) == [("1组", "王一", *numbers)]


@pytest.mark.parametrize("cell", ["1.38E+10", 13_800_000_000.0, "1.99006E+10"])
def test_a_rounded_number_is_refused_because_its_digits_are_gone(cell: Any) -> None:
    verdict = judged(read_list(workbook([["组别", "户主", "电话"], ["1组", "王一", cell]]), "list.xlsx").rows).verdicts[
        0
    ]
    assert (verdict.verdict, verdict.reason) == ("warning", "invalid_phone")
    assert "科学计数" in write_chinese(verdict.findings[0].message)
    assert "电话" in write_chinese(verdict.findings[0].message), "which cell it is"


@pytest.mark.parametrize(
    ("name", "kept"),
    [(" 王 一 ", "王一"), ("王　一", "王一"), ("'王一", "王一"), ("买买提·艾力", "买买提·艾力"), ("𬭎", "𬭎")],
)
def test_names_lose_their_blanks_and_nothing_else(name: str, kept: str) -> None:
    assert read([["组别", "户主", "电话"], ["1组", name, number(1)]]) == [("1组", kept, *e164(1))]


@pytest.mark.parametrize("door", ["1-4", "1－4", "1—4", "1–4", " 1-4"])
def test_a_doors_dash_is_one_dash(door: str) -> None:
    rows = [["组别", "门牌", "户主", "电话"], ["1组", door, "王一", number(1)]]
    assert judged(read_list(workbook(rows), "list.xlsx").rows).entries[0].door == "1-4"


def test_cells_pasted_without_their_heading_are_told_by_what_stands_in_them() -> None:
    pasted = "\n".join(f"{at}\t1组\t王{name}\t{number(at)}" for at, name in enumerate("一二三四", start=1))
    entries = judged(read_households(open_pasted(pasted)).rows).entries
    assert [(one.group, one.head) for one in entries] == [("1组", f"王{name}") for name in "一二三四"]


def test_a_column_may_be_given_another_meaning() -> None:
    opened = open_file(workbook([["组别", "户主", "电话", "甲"], ["1组", "王一", number(1), number(2)]]), "list.xlsx")
    guessed, mended = read_households(opened), read_households(opened, {(0, 3): Field.SECOND, (0, 0): Field.NOTHING})
    assert guessed.ignored == ("甲",)
    assert numbers_and_group(guessed) == ("1组", 1)
    assert numbers_and_group(mended) == ("", 2)
    with pytest.raises(RosterFileError, match="户主"):
        read_households(opened, {(0, 1): Field.NOTHING})


def numbers_and_group(read_: RosterList) -> tuple[str, int]:
    row = examine(read_.rows[0], "CN", "574")
    return row.group, len(row.phones)
