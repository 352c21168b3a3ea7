"""The neighbours of the cases: other words, signs and shapes for the same trouble come in as what they mean."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from groups.errors import RosterFileError
from groups.errors.words import write_both
from groups.roster.imports.reading import open_file, read_columns_said, read_households, read_list, show_layouts
from groups.roster.imports.rules.guesses import Said
from groups.roster.imports.rules.headings import Field
from groups.roster.imports.rules.judgement import judge
from groups.roster.imports.rules.numbers import read_numbers
from groups.roster.imports.rules.rows import examine
from groups.roster.rules.group_names import find_roster_names, make_key, unify_names
from groups.roster.rules.household import RosterHousehold
from tools import fuzz_lists

HEADING = ["组别", "门牌号", "户主", "手机"]
Household = tuple[str, str, str, tuple[str, ...]]


def number(last: int) -> str:
    return f"1990000{last:04}"


def read(content: bytes, name: str = "list.xlsx") -> tuple[list[Household], set[str]]:
    """The households that come of a list: group, head, door, numbers; and the reasons of all that is told."""
    found = read_list(content, name)
    judgement = judge([examine(row, "CN", "574") for row in found.rows], [], {}, "CN")
    told = {note.reason for note in found.notes} | {f.reason for row in judgement.verdicts for f in row.findings}
    return [(e.group, e.head, e.door, tuple(p.e164[3:] for p in e.phones)) for e in judgement.entries], told


def workbook(rows: Sequence[Sequence[Any]], look: Callable[[Any], Any] = lambda sheet: None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    look(book.active)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


WANG: Household = ("1组", "王甲建", "1-1", (number(1),))
LI: Household = ("1组", "李乙明", "1-2", (number(2),))
ROWS = [["1组", "1-1", "王甲建", number(1)], ["1组", "1-2", "李乙明", number(2)]]


@pytest.mark.parametrize(
    "words",
    [
        "电话/短号",
        "户主手机号/微信",
        "联系电话/微信号",
        "手机（11位）",
        "电话号码（手机或固话）",
        "手机号（必填）",
        "*手机",
        "户主电话",
        "本人手机",
        "手机号码1",
        "Tel",
        "TEL.",
        "Mobile No.",
        "Phone Number",
        "长号（短号）",
        "移动电话（短号）",
        "通讯号码",
        "手 机 号 码",
        "电话（微信）",
        "微信（手机号）",
        "手机号（身份证）",
        "📱",
        "📞",
        "✆",
        "联系方式：",
        "手机\n（户主）",
        "手机号码（请填写户主本人的手机号码，勿填短号）",
        "手机、短号",
        "户主身份证及电话",
        "電話",
        "聯絡電話",
        "行動電話",
        "手機",
        "手机号（V网）",
        "号",
        "Contact",
        "大号",
        "微信/电话",
        "手机 微信同号",
        "QQ/手机",
        "手机号及备注",
        "呼叫",
    ],
)
def test_a_column_of_phones_is_known_by_its_words_or_by_what_stands_in_it(words: str) -> None:
    assert read(workbook([[*HEADING[:3], words], *ROWS]))[0] == [WANG, LI]


@pytest.mark.parametrize(
    "words",
    [
        "姓名（户主）",
        "户主（姓名）",
        "户主/联系人",
        "戶主姓名",
        "Name",
        "户主*",
        "姓名/关系",
        "户主姓名\n（必填）",
        "户主（组长打★）",
        "常住人员",
        "被保护人",
        "负责人",
        "主人",
    ],
)
def test_a_column_of_names_is_known_by_its_words_or_by_what_stands_in_it(words: str) -> None:
    assert read(workbook([["组别", "门牌号", words, "手机"], *ROWS]))[0] == [WANG, LI]


@pytest.mark.parametrize(
    ("at", "words"),
    [(0, w) for w in ["組別", "第几组", "村民小组", "联防小组编号", "分组情况", "组别/网格", "生产队", "组长", "Group"]]
    + [
        (1, w)
        for w in [
            "门牌（号）",
            "栋-室",
            "户址",
            "门牌编号",
            "户号",
            "宅号",
            "門牌號",
            "House No.",
            "编号（门牌）",
            "现住址",
        ]
    ],
)
def test_groups_and_doors_are_known_by_their_words_or_by_their_look(at: int, words: str) -> None:
    heading = [words if place == at else word for place, word in enumerate(HEADING)]
    assert read(workbook([heading, *ROWS]))[0] == [WANG, LI]


def test_numbers_of_a_leader_are_nobodys_however_alone_they_stand() -> None:
    rows = [["组别", "户主", "网格员电话"], ["1组", "王甲建", number(1)], ["1组", "李乙明", number(1)]]
    with pytest.raises(RosterFileError, match="手机"):
        read(workbook(rows))


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        (f"{number(1)}改为{number(2)}", (2,)),
        (f"{number(1)}→{number(2)}", (2,)),
        (f"{number(1)}（已换号）{number(2)}", (2,)),
        (f"{number(1)}（原）、{number(2)}", (2,)),
        (f"老婆{number(1)}", (1,)),
        (f"李新明{number(1)}，王改{number(2)}", (1, 2)),
        (f"1、{number(1)}；2、{number(2)}", (1, 2)),
        (f"(1){number(1)} (2){number(2)}", (1, 2)),
        (f"{number(1)}或{number(2)}", (1, 2)),
        (f"{number(1)} {number(2)}（停机）", (1,)),
        ("短号661061", ()),
        (f"{number(1)}/061", (1,)),
        ("199****0001", ()),
        ("1990000001 2", (12,)),
        ("1.9900000001E10", (1,)),
        ("1.990000E+10", ()),
        ("13800000000.0", ()),
        ("1.99000000011990E+21", (1,)),
        ("88001053转801", ()),
        ("88001053#801", ()),
        ("0574-8800-1053-2", ()),
        ("13978717308-8（ 88951027", ()),
        ("8 88951027", ()),
    ],
)
def test_numbers_are_read_with_their_words_and_none_is_made_up(cell: str, numbers: tuple[int, ...]) -> None:
    found, _ = read_numbers(cell, "CN", "574")
    assert [one.e164 for one in found] == [f"+86{number(one)}" for one in numbers]


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (["第一组", "1组", "一组", "第1组", "第 1 组", "1", "一", "1組", "第1小组"], (1, "")),
        (["第一联防组", "联防1组", "第1联防组", "1号联防组", "联防一组"], (1, "联防")),
        (["二十三组", "第23组"], (23, "")),
        (["1队", "第一队"], (1, "队")),
        (["组1", "小组一", "墙下陶村1组", "墙下陶1组", "镇海区墙下陶村第一小组"], (1, "")),
        (["第1组联防", "联防小组1", "第一联防小组", "一联防组", "墙下陶村第1联防组"], (1, "联防")),
    ],
)
def test_a_groups_name_is_one_however_it_is_written(names: list[str], key: tuple[int, str]) -> None:
    assert {make_key(name, "墙下陶村")[:2] for name in names} == {key}
    assert len(set(unify_names(name for name in names if "墙下陶" not in name).values())) == 1


def test_a_list_takes_the_rosters_name_of_a_group_and_groups_that_differ_stay_apart() -> None:
    assert find_roster_names(["1组", "第二组", "3组"], ["第1联防组", "2组"]) == {"1组": "第1联防组", "第二组": "2组"}
    assert find_roster_names(["1组"], ["第1联防组", "第1组"]) == {"1组": "第1组"}
    assert len(set(unify_names(["东溪组", "西溪组", "1组", "11组"]).values())) == 4


@pytest.mark.parametrize(
    ("listed", "on_record", "village", "found"),
    [
        (["墙下陶村1组"], ["1组"], "墙下陶村", {"墙下陶村1组": "1组"}),
        (["1组", "3组"], ["墙下陶村1组", "墙下陶村2组"], "案例村", {"1组": "墙下陶村1组"}),
        (["第一联防小组", "二联防组"], ["1组", "2组"], "墙下陶村", {"第一联防小组": "1组", "二联防组": "2组"}),
        # Another village's, a part of the village's, and a village that is called by a number.
        (["东街村1组"], ["1组"], "墙下陶村", {}),
        (["东片1组", "西片1组"], ["1组"], "墙下陶村", {}),
        (["三联防组", "三联村2组"], ["3组", "2组"], "三联村", {"三联防组": "3组", "三联村2组": "2组"}),
        # A first list that writes both.
        (["1组", "墙下陶村1组", "墙下陶村"], [], "墙下陶村", {"墙下陶村1组": "1组"}),
    ],
)
def test_the_villages_own_name_in_front_of_a_group_makes_no_other_group_of_it(
    listed: list[str], on_record: list[str], village: str, found: dict[str, str]
) -> None:
    assert find_roster_names(listed, on_record, village) == found


def test_a_group_with_the_villages_name_in_front_is_the_rosters_until_somebody_says_that_it_is_not() -> None:
    content = workbook([HEADING, ["墙下陶村1组", "1-3", "周发根", number(3)]])
    rows = [examine(row, "CN", "574") for row in read_list(content, "list.xlsx").rows]
    here = [RosterHousehold(1, "1组", "1-1", "王甲建", "", 1, (f"+86{number(1)}",))]
    judged = judge(rows, here, {}, "CN", village="墙下陶村")
    (note,) = [note for note in judged.notes if note.reason == "group_names"]
    assert [entry.group for entry in judged.entries] == ["1组"]
    (guess,) = note.guesses
    apart = judge(rows, here, {}, "CN", village="墙下陶村", decided=Said({guess.key: guess.others[0].value}))
    assert [entry.group for entry in apart.entries] == ["墙下陶村1组"]


@pytest.mark.parametrize(
    ("cell", "numbers", "told"),
    [
        ("199OO46OOO2", (), ["199OO46OOO2"]),
        ("199****0001", (), ["199****0001"]),
        ("199 **** 0001", (), ["199 **** 0001"]),
        ("1990000****", (), ["1990000****"]),
        ("199xxxx0001", (), ["199xxxx0001"]),
        ("0574-88****01", (), ["0574-88****01"]),
        ("199?0000001", (), ["199?0000001"]),
        ("199 OO46 OOO2", (), ["199 OO46 OOO2"]),
        (f"199OO46OOO2、{number(2)}", (2,), ["199OO46OOO2"]),
        (f"{number(1)} 199****0003", (1,), ["199****0003"]),
        (f"{number(1)}**{number(2)}", (1, 2), []),
        (f"*{number(1)}*", (1,), []),
    ],
)
def test_a_number_with_letters_or_masks_in_it_is_told_whole(
    cell: str, numbers: tuple[int, ...], told: list[str]
) -> None:
    found, wrong = read_numbers(cell, "CN", "574")
    assert [one.e164 for one in found] == [f"+86{number(one)}" for one in numbers]
    assert [one.text for one in wrong] == told


@pytest.mark.parametrize(
    ("cell", "group"),
    [
        (f"2组（组长周发根 {number(5)}）", "2组"),
        (f"2组（周发根 {number(5)}）", "2组"),
        (f"第二联防组 {number(5)}", "第二联防组"),
        (f"荷花组（电话：{number(5)}）", "荷花组"),
        (f"荷花组 周发根{number(5)}", "荷花组"),
        (f"东片（{number(5)}）", "东片"),
    ],
)
def test_a_number_beside_a_groups_name_is_told_and_no_part_of_it(cell: str, group: str) -> None:
    rows = [HEADING, [cell, "1-1", "王甲建", number(1)], ["", "1-2", "李乙明", number(2)]]
    found = read_list(workbook(rows, lambda sheet: sheet.merge_cells("A2:A3")), "list.xlsx")
    assert {row.group for row in found.rows} == {group}
    assert "number_beside_group" in {note.reason for note in found.notes}
    banner = [HEADING, [cell], ["", "1-1", "王甲建", number(1)]]
    told = read_list(workbook(banner), "list.xlsx")
    assert all(number(5) not in row.group for row in told.rows)


DITTOS = [
    "同上",
    "〃",
    "//",
    "″",
    '"',
    "''",
    "同前",
    "↑",
    "--〃--",
    "”",
    "′′",
    '""',
    ",,",
    "| |",
    "⋮",
    "同上组",
    "与上同",
    "（同 上）",
]


@pytest.mark.parametrize("ditto", DITTOS)
def test_a_ditto_repeats_what_stands_above_in_any_column(ditto: str) -> None:
    rows = [HEADING, ROWS[0], [ditto, ditto, "李乙明", number(2)]]
    assert read(workbook(rows))[0] == [WANG, ("1组", "李乙明", "1-1", (number(2),))]


@pytest.mark.parametrize(
    "row", [["以下空白"], [None, None, "——以下空白——"], ["1组小计", None, "2户"], ["示例", "1-9", "张三", number(9)]]
)
def test_what_is_no_household_is_none(row: list[Any]) -> None:
    assert read(workbook([HEADING, row, *ROWS]))[0] == [WANG, LI]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize(
    ("name", "delimiter"),
    [*((name, sign) for name in ("list.csv", "list.txt") for sign in "\t,;，|"), ("list.xls", "\t"), ("list.xls", ",")],
)
def test_text_is_read_in_any_encoding_with_any_sign_between_its_cells(encoding: str, delimiter: str, name: str) -> None:
    text = "\n".join(delimiter.join(row) for row in [HEADING, *ROWS])
    assert read(text.encode(encoding), name)[0] == [WANG, LI]


@pytest.mark.parametrize(
    "text",
    [
        f'组别,门牌号,户主,手机\n1组,1-1,"王甲建,{number(1)}\n1组,1-2,李乙明,{number(2)}\n',
        f'组别,门牌号,户主,手机,备注\n1组,1-1,王甲建,{number(1)},"老人\n1组,1-2,李乙明,{number(2)},"x"\n',
        f'组别,门牌号,户主,手机\n1组,1-1,王甲建,{number(1)}\n",1-2,李乙明,{number(2)}\n',
        f'组别,门牌号,户主,手机\n1组,="1-1",王甲建,="{number(1)}"\n1组,1-2,"李乙明",{number(2)}\n',
        f"#接龙\n墙下陶村联防\n\n1. 王甲建 1组 1-1 {number(1)}\n2、李乙明 1组，1-2 电话{number(2)}\n",
    ],
)
def test_no_quotation_swallows_a_row_and_chats_are_read(text: str) -> None:
    assert read(text.encode(), "list.csv")[0] == [WANG, LI]


@pytest.mark.parametrize(
    "content",
    [
        f"户主,手机\n王甲建,{number(1)}\n".encode().decode("latin-1").encode(),
        f"户主,手机\n王甲建,{number(1)}\n".encode("gbk").replace("王".encode("gbk"), b"\xff"),
        f"户主,手机\n王甲建,{number(1)}\n".encode("utf-16")[:-5],
        b"<html><table><tr><td>x</td></tr></table></html>",
        "今天开会，请大家准时参加".encode(),
    ],
)
def test_what_cannot_be_read_for_sure_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(RosterFileError) as refused:
        read(content, "list.xls" if b"<" in content[:1] else "list.csv")
    assert any(word in write_both(refused.value.message) for word in (".xlsx", "逗号", "找不到列"))


def test_hidden_columns_and_old_ones_are_left_out_where_others_stand() -> None:
    rows = [[*HEADING, "手机2"], [*ROWS[0], number(11)], [*ROWS[1], number(12)]]

    def hide(sheet: Any) -> None:
        sheet.column_dimensions["E"].hidden = True

    assert read(workbook(rows, hide)) == ([WANG, LI], {"hidden_columns"})
    assert read(workbook([[*HEADING, "原手机"], *rows[1:]])) == ([WANG, LI], {"columns_with_numbers"})


def test_a_cell_struck_through_says_nothing_and_is_told() -> None:
    def strike(sheet: Any) -> None:
        sheet["E2"].font = Font(strike=True)

    households, told = read(workbook([[*HEADING, "手机2"], [*ROWS[0], number(11)], [*ROWS[1], None]], strike))
    assert (households, told) == ([WANG, LI], {"struck_cells"})


def test_members_belong_to_their_house_in_whatever_order_they_stand() -> None:
    heading = ["组别", "门牌号", "姓名", "与户主关系", "手机"]
    last = [heading, ["1组", "1-1", "李乙", "妻", number(2)], ["1组", "1-1", "王甲建", "户主", number(1)]]
    first: list[list[Any]] = [
        heading,
        ["1组", "1-1", "王甲建", "本人", number(1)],
        [None, None, "李乙", "之妻", number(2)],
    ]
    under: list[list[Any]] = [HEADING, ROWS[0], [None, None, "（妻）", number(2)]]
    house = [("1组", "王甲建", "1-1", (number(1), number(2)))]
    assert read(workbook(last))[0] == read(workbook(first))[0] == read(workbook(under))[0] == house


def test_a_command_may_say_what_columns_hold() -> None:
    opened = open_file(workbook([list("甲乙丙丁"), *ROWS]), "list.xlsx")
    said = read_columns_said(opened, ["户主=C", "手机=d", "Sheet!组=A", "不用=B"])
    assert said == {(0, 2): Field.HEAD, (0, 3): Field.MOBILE, (0, 0): Field.GROUP, (0, 1): Field.NOTHING}
    assert [row.head for row in read_households(opened, said).rows] == ["王甲建", "李乙明"]
    for wrong in ("手机", "手机=1", "帽子=A", "Other!手机=A"):
        with pytest.raises(RosterFileError, match="column_said_wrongly"):
            read_columns_said(opened, [wrong])


def test_the_fuzzer_finds_nothing_wrong_in_its_first_lists() -> None:
    once_wrong = (500264, 1005962, 7031790, 7034990, 7048536, 8024536)
    assert [(seed, flaw) for seed in (*range(150), *once_wrong) if (flaw := fuzz_lists.run_one(seed)[1])] == []


def test_lists_below_each_other_keep_their_own_columns_however_far_down() -> None:
    many = [
        ["1组", f"1-{at}", f"王{name}", number(at)]
        for at, name in enumerate("一二三四五六七八九十甲乙丙丁戊己庚辛", start=1)
    ]
    below = [["组别", "户主", "门牌号", "电话"], ["2组", "李乙明", "2-1", number(50)]]
    households, _ = read(workbook([HEADING, *many, [], *below]))
    assert households[-1] == ("2组", "李乙明", "2-1", (number(50),))
    assert len(households) == len(many) + 1


def test_a_heading_of_a_group_may_count_its_households() -> None:
    rows = [
        ["姓名", "门牌", "手机"],
        ["一组 共1户"],
        ["王甲建", "1-1", number(1)],
        ["二组：共1户"],
        ["李乙明", "2-1", number(2)],
    ]
    assert [one[:2] for one in read(workbook(rows))[0]] == [("一组", "王甲建"), ("二组", "李乙明")]


def test_a_row_that_names_two_groups_under_a_heading_loses_nobody() -> None:
    rows: list[list[Any]] = [HEADING, ROWS[0], ["第三联防组", None, "2组", None], ["1组", "1-2", "李乙明", number(2)]]
    assert read(workbook(rows))[0] == [WANG, LI]


@pytest.mark.parametrize(
    ("title", "rows"),
    [
        ("填写说明", [["字段", "说明"], ["户主", "填写户主的姓名"], ["手机", "11位手机号码"], ["门牌号", "如 1-1"]]),
        ("Sheet2", [["户主", "手机"], ["填写户主的姓名", "填写11位手机号"], ["请按户口本填写", "没有手机的填座机"]]),
        ("Sheet2", [["户主", "填写户主的姓名"], ["手机", "填写11位手机号"], ["门牌号", "按门牌填写"]]),
        ("填写示例", [HEADING, ["1组", "1-1", "张三", number(9)]]),
        ("样表", [HEADING, ["1组", "1-1", "张三", number(9)]]),
    ],
)
def test_a_sheet_that_tells_how_the_list_is_filled_in_is_no_list(title: str, rows: list[list[str]]) -> None:
    def add(sheet: Any) -> None:
        sheet.title = "名单"
        other = sheet.parent.create_sheet(title)
        for row in rows:
            other.append(row)

    found = read_list(workbook([HEADING, *ROWS], add), "list.xlsx")
    assert [row.head for row in found.rows] == ["王甲建", "李乙明"]
    assert [each.name.removesuffix("（横排）") for each in found.left_out] == [title]


@pytest.mark.parametrize("behind", ["王甲建", "（王甲建）", " 王甲建", "：李乙明"])
def test_the_name_of_one_of_its_households_behind_a_group_is_its_leader(behind: str) -> None:
    rows = [HEADING, [f"1组{behind}", *ROWS[0][1:]], ["", *ROWS[1][1:]]]
    assert read(workbook(rows))[0] == [WANG, LI]
    # Nobody of the list is called so: it may tell two groups apart.
    assert {row.group for row in read_list(workbook([HEADING, ["1组（东）", *ROWS[0][1:]]]), "l.xlsx").rows} == {
        "1组(东)"
    }


def test_a_group_on_a_sheet_of_its_own_without_any_phone_is_a_list_all_the_same() -> None:
    def add(sheet: Any) -> None:
        other = sheet.parent.create_sheet("2组")
        for row in (HEADING, ["2组", "2-1", "周发根", ""]):
            other.append(row)

    found = read_list(workbook([HEADING, *ROWS], add), "list.xlsx")
    assert [row.head for row in found.rows] == ["王甲建", "李乙明", "周发根"]


@pytest.mark.parametrize("ditto", ["同上", "〃", '"', "//"])
def test_a_ditto_where_a_house_lies_is_the_place_above_and_never_kept_as_it_stands(ditto: str) -> None:
    rows = [[*HEADING, "方位"], [*ROWS[0], "村口大樟树"], [*ROWS[1], ditto]]
    assert [row.landmark for row in read_list(workbook(rows), "list.xlsx").rows] == ["村口大樟树"] * 2
    alone = read_list(workbook([rows[0], [*ROWS[1], ditto]]), "list.xlsx")
    assert [row.landmark for row in alone.rows] == [None]
    assert [finding.reason for row in alone.rows for finding in row.warnings] == ["unreadable_cell"]


@pytest.mark.parametrize("below", ["儿子李磊", "妻：李小妹", "女儿 李小花", "李磊（子）", "（妻）李小妹"])
def test_a_row_with_a_member_and_a_number_and_nothing_else_is_of_the_house_above(below: str) -> None:
    rows = [HEADING, ROWS[0], ["", "", below, number(2)], ["1组", "1-3", "孙子明", number(3)]]
    found, told = read(workbook(rows))
    assert found == [("1组", "王甲建", "1-1", (number(1), number(2))), ("1组", "孙子明", "1-3", (number(3),))]
    assert "members_joined" in told


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "王甲建 组长",
            "王甲建组长",
            "联防长（王甲建）",
            "组长【王甲建】",
            "王甲建 副组长",
            "组长 王甲建",
            "〔组长〕王甲建",
        ),
        *(
            "王甲建（代组长）",
            "王甲建「临时负责人」",
            "王甲建〖组长兼网格员〗",
            "王甲建（正）",
            "—组长王甲建",
            "王甲建·党员",
        ),
        *("🚩王甲建", "【王甲建】", "①王甲建", "12 王甲建", "王甲建（4人）", "A王甲建", "王甲建_组长", "副：王甲建"),
    ],
)
def test_a_leaders_mark_is_no_part_of_a_name_wherever_it_stands(cell: str) -> None:
    assert read(workbook([HEADING, ["1组", "1-1", cell, number(1)]])) == ([WANG], set())


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("王甲建（独居老人）", "王甲建"),
        ("王甲建（阿国）", "王甲建(阿国)"),
        ("王甲建【东头】", "王甲建(东头)"),
    ],
)
def test_what_stands_in_brackets_at_a_name_is_told_whether_it_stays_or_not(cell: str, name: str) -> None:
    found, told = read(workbook([HEADING, ["1组", "1-1", cell, number(1)]]))
    assert [household[1] for household in found] == [name]
    assert told == {"beside_the_name"}


@pytest.mark.parametrize("cell", ["欧阳·正", "余代", "王**", "王*", "王小组", "阿卜杜拉·买买提", "John Smith"])
def test_a_name_that_is_like_a_mark_stays_as_it_is(cell: str) -> None:
    assert [household[1] for household in read(workbook([HEADING, ["1组", "1-1", cell, number(1)]]))[0]] == [cell]


@pytest.mark.parametrize("heading", ["身份证号码", "公民身份号码", "证件号码", "证号", "社会保障号码"])
@pytest.mark.parametrize(
    "identity", ["330226197001011234", "33022619700101123X", "330226700101123", 330226197001011234.0]
)
def test_identity_numbers_are_no_phones_and_are_never_shown_in_full(heading: str, identity: Any) -> None:
    rows = [[*HEADING, heading], *([*row, identity] for row in ROWS)]
    opened = open_file(workbook(rows), "list.xlsx")
    assert [column.field for column in opened.sheets[0].layout.columns][-1] is Field.NOTHING
    assert read(workbook(rows)) == ([WANG, LI], set())
    found = read_households(opened, {(0, 4): Field.SECOND})
    told = [write_both(f.message) for row in found.rows for f in examine(row, "CN", "574").warnings]
    told += [
        sample for block in show_layouts(opened, {}) for column in block["columns"] for sample in column["samples"]
    ]
    assert told
    assert not any("22619700101" in text or "2267001011" in text for text in told)


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        (f"{number(1)}19900000000", (1,)),
        (f"1{'9900000001':0<20}", ()),
        (f"{number(1)}—662407", (1,)),
        (f"{number(1)}-8", ()),
        (f"现用{number(1)}，原用{number(2)}", (1,)),
        (f"{number(2)}（曾用）{number(1)}（在用）", (1,)),
    ],
)
def test_what_a_spreadsheet_has_rounded_and_what_is_out_of_use_is_not_rung(cell: str, numbers: tuple[int, ...]) -> None:
    found, wrong = read_numbers(cell, "CN", "574")
    assert [one.e164 for one in found] == [f"+86{number(one)}" for one in numbers]
    assert len(wrong) == 1


@pytest.mark.parametrize("words", [["组", "老大", "住址", "号码1", "号码2"], ["一", "二", "三", "四(1)", "五(2)"]])
def test_a_first_row_that_is_like_none_below_it_is_a_heading_and_what_the_cells_told_is_shown(words: list[str]) -> None:
    rows = [["1组", "王甲建", "1-1", number(1), number(3)], ["1组", "李乙明", "1-2", number(2), ""]]
    found, told = read(workbook([words, *rows]))
    assert found == [("1组", "王甲建", "1-1", (number(1), number(3))), LI]
    assert "guessed_columns" in told


@pytest.mark.parametrize("signs", ["...", "……", "※", "~~~·"])
def test_signs_that_nobody_knows_make_no_group_and_are_asked_about(signs: str) -> None:
    rows = [HEADING, ROWS[0], [signs, "1-2", "李乙明", number(2)]]
    found = read_list(workbook(rows), "list.xlsx")
    assert [row.group for row in found.rows] == ["1组", "1组"]
    assert [guess.key for row in found.rows for guess in row.guesses] == ["group:3:Sheet"]
    assert {note.reason for note in found.notes} == {"signs_for_groups"}


@pytest.mark.parametrize(
    "above",
    [
        [f"第一组 组长：周丙根 {number(9)}"],
        [f"第一组（组长:周丙根，电话{number(9)}）"],
        ["第一组", "组长：周丙根", f"电话：{number(9)}"],
        [f"第一组 周丙根（组长）{number(9)}"],
    ],
)
@pytest.mark.parametrize("first", [False, True], ids=["between", "above"])
def test_a_leader_named_only_above_the_groups_rows_is_a_household_unless_somebody_says_otherwise(
    above: list[str], *, first: bool
) -> None:
    heading = ["门牌号", "户主", "手机"]
    people = [row[1:] for row in ROWS]
    rows = [above, heading, *people] if first else [heading, above, *people]
    found, told = read(workbook(rows))
    zhou = ("1组", "周丙根", "", (number(9),))
    assert [(f"{make_key(group).number}组", *rest) for group, *rest in found] == [zhou, WANG, LI]
    assert "leader_above" in told
    at = 1 if first else 2
    opened = open_file(workbook(rows), "list.xlsx")
    left = read_households(opened, decided=Said({f"leader:{at}:Sheet": "out"}))
    assert [row.head for row in left.rows] == ["王甲建", "李乙明"]


def test_a_leader_above_the_rows_who_is_in_them_is_one_household_and_one_without_a_number_is_told() -> None:
    heading = ["门牌号", "户主", "手机"]
    people = [row[1:] for row in ROWS]
    found, told = read(workbook([heading, [f"第一组 组长：王甲建 {number(1)}"], *people]))
    assert (len(found), told) == (2, set())
    found, told = read(workbook([heading, ["第一组 组长：周丙根"], *people]))
    assert (len(found), told) == (2, {"leader_above"})


@pytest.mark.parametrize(
    ("cells", "doors"),
    [
        (["12-1-32", "12-1-33", "12/1/2003"], ["12-1-32", "12-1-33", "12-1-3"]),
        (["3-12-2", "3-12-4", "12/1/2003"], ["3-12-2", "3-12-4", "3-12-1"]),
        (["2-14", "25/12/2026"], ["2-14", "25-12"]),
    ],
)
def test_the_doors_beside_it_tell_in_which_order_a_door_was_typed_that_became_a_day(
    cells: list[str], doors: list[str]
) -> None:
    lines = [",".join(HEADING), *(f"1组,{cell},王{at},{number(at)}" for at, cell in enumerate(cells, start=1))]
    assert [household[2] for household in read("\n".join(lines).encode(), "list.csv")[0]] == doors


def test_a_column_without_a_heading_is_a_place_by_its_cells_or_is_named() -> None:
    rows = [[*HEADING, ""], [*ROWS[0], "桥西第一家"], [*ROWS[1], "祠堂东边"]]
    found = read_list(workbook(rows), "list.xlsx")
    assert [row.landmark for row in found.rows] == ["桥西第一家", "祠堂东边"]
    found = read_list(workbook([row[:4] + ["黄狗", "白猫"][at - 1 : at] for at, row in enumerate(rows)]), "list.xlsx")
    (note,) = found.notes
    assert "E 黄狗、白猫" in write_both(note.message)


def test_a_doubled_quotation_mark_between_tabs_repeats_the_cell_above() -> None:
    text = "\n".join(["\t".join(HEADING), "\t".join(ROWS[0]), f'""\t1-2\t李乙明\t{number(2)}'])
    assert read(text.encode(), "list.txt")[0] == [WANG, LI]


def test_what_nobody_has_written_as_a_group_is_offered_as_none() -> None:
    text = f"接龙\n1. 王甲建 1-1 {number(1)}\n2. 李乙明 1-2 {number(2)}\n3."
    found = read_list(text.encode(), "list.txt")
    assert [(row.head, row.group) for row in found.rows] == [("王甲建", ""), ("李乙明", "")]
    assert not [guess for row in found.rows for guess in row.guesses]


@pytest.mark.parametrize(
    ("headings", "parts", "doors"),
    [
        (
            ["弄", "号", "室"],
            [["3弄", "5号", "201"], ["", "", "202"], ["3弄", "6号", "101"]],
            ["3弄5号201室", "3弄5号202室", "3弄6号101室"],
        ),
        (
            ["幢号", "单元号", "房号"],
            [[1, 2, 301], [1, 2, 302], ["", "", 303]],
            ["1幢2单元301室", "1幢2单元302室", "1幢2单元303室"],
        ),
        (["楼栋", "单元", "室号"], [["1栋", "2单元", "301室"]], ["1栋2单元301室"]),
        (["路名", "门牌号"], [["中山路", "12号"], ["中山路", "14号"]], ["中山路12号", "中山路14号"]),
    ],
)
def test_a_door_in_several_columns_is_put_together_and_told(
    headings: list[str], parts: list[list[Any]], doors: list[str]
) -> None:
    rows = [[*headings, "户主", "手机"], *([*part, f"王{at}", number(at)] for at, part in enumerate(parts, start=1))]
    found, told = read(workbook(rows))
    assert [household[2] for household in found] == doors
    assert "joined_columns" in told


def test_a_name_in_two_columns_is_one() -> None:
    rows = [
        ["姓", "名", "移动电话", "住宅电话"],
        ["王", "甲建", number(1), ""],
        ["李", "乙明", number(2), "057488000002"],
    ]
    assert [(head, phones) for _, head, _, phones in read(workbook(rows))[0]] == [
        ("王甲建", (number(1),)),
        ("李乙明", (number(2), "57488000002")),
    ]


@pytest.mark.parametrize("unchanged", ["不变", "未变", "同原"])
def test_a_word_for_unchanged_says_nothing_and_is_no_ditto(unchanged: str) -> None:
    found = read_list(workbook([HEADING, ROWS[0], ["1组", unchanged, "李乙明", unchanged]]), "list.xlsx").rows[1]
    assert (found.door, "door" in found.silent, [cell.text for cell in found.phones]) == ("", True, [""])


@pytest.mark.parametrize("code", ["gb18030", "utf-8"])
@pytest.mark.parametrize("rule", ["─" * 20, "-" * 20, "=" * 12])
def test_a_line_across_the_page_is_no_row(rule: str, code: str) -> None:
    lines = [rule, ",".join(HEADING), rule, *(",".join(row) for row in ROWS), rule]
    assert read("\n".join(lines).encode(code), "list.csv")[0] == [WANG, LI]


def test_a_sheet_that_counts_groups_and_names_their_leaders_is_no_list_of_households() -> None:
    book = openpyxl.Workbook()
    for row in (
        ["组别", "户数", "联防长", "联系电话"],
        ["一组", 1, "王甲建", number(1)],
        ["二组", 1, "李乙明", number(2)],
    ):
        book.active.append(row)
    for name, row in (("一组", ROWS[0]), ("二组", ROWS[1])):
        sheet = book.create_sheet(name)
        sheet.append(HEADING[1:])
        sheet.append(row[1:])
    content = io.BytesIO()
    book.save(content)
    assert [(head, phones) for _, head, _, phones in read(content.getvalue())[0]] == [
        (WANG[1], WANG[3]),
        (LI[1], LI[3]),
    ]


@pytest.mark.parametrize(
    ("line", "right"),
    [
        (f"2. 1组李乙明1-2 {number(2)}", LI),
        (f"2、1组 李乙明 1—2 {number(2)}", LI),
        (f"2 李乙明 {number(2)} （1组1-2）", LI),
        (f"2. 1组 李乙明 1-2 l9{number(2)[2:]}", ("1组", "李乙明", "1-2", ())),
    ],
)
def test_a_line_of_a_chat_may_glue_its_words(line: str, right: Household) -> None:
    found, told = read(f"1. 1组 王甲建 1-1 {number(1)}\n{line}\n3. 1组 周丙根 1-3 {number(3)}".encode(), "list.txt")
    assert found == [WANG, right, ("1组", "周丙根", "1-3", (number(3),))]
    assert right[3] or "invalid_phone" in told


def test_a_place_in_front_of_a_groups_number_tells_groups_apart_however_the_number_is_written() -> None:
    names = unify_names(["东片第一组", "东片一组", "东片 1 组", "西片一组", "四甲一组"])
    assert len(set(names.values())) == 3
    assert len({names[name] for name in ("东片第一组", "东片一组", "东片 1 组")}) == 1
