"""A third round of small lists, 40, written before the reader was run on them: see `clerks_lists`."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support.clerks_lists import (
    ALL,
    CHEN,
    HEADING,
    LI,
    ROWS,
    TEXT,
    WANG,
    ZHANG,
    ClerksList,
    book,
    format_cells,
    headed,
    hide_column,
    merge,
    mobile,
    named,
    numbers,
    old_book,
    one,
    strike,
)
from tests.support.second_lists import doors, named_sheets


def _third() -> list[ClerksList]:
    plain: list[list[Any]] = [[*row[1:]] for row in ROWS]
    in_english = [date(2026, 5, 6), date(2026, 7, 8), "1-33"]
    return [
        # leaders and names
        named("李乙明(副组长)", "李乙明"),
        named("※李乙明", "李乙明"),
        named("十户长：李乙明", "李乙明"),
        named("李乙明 女", "李乙明"),
        named("李 乙 明", "李乙明"),
        named("2、李乙明", "李乙明"),
        ClerksList(
            "the leader of each group in a column of its own",
            book(
                [
                    ["组别", "组长", "门牌号", "户主", "手机"],
                    ["1组", "王甲建", "1-1", "王甲建", mobile(1)],
                    ["", "", "1-2", "李乙明", mobile(2)],
                    ["2组", "张丙华", "1-3", "张丙华", mobile(3)],
                    ["", "", "1-4", "陈丁国", mobile(4)],
                ]
            ),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        # groups
        ClerksList(
            "groups in rows that are shaded and say who leads",
            book(
                [
                    ["门牌号", "户主", "手机"],
                    ["一组（组长：王甲建 19900000001）"],
                    *plain[:2],
                    ["二组（组长：张丙华 19900000003）"],
                    *plain[2:],
                ],
                look=merge("A2:C2", "A5:C5"),
            ),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        ClerksList(
            "groups named by a hamlet and a number",
            book(
                [HEADING, *[[g, *p] for g, p in zip(["上陶1组", "上陶1组", "下陶1组", "下陶1组"], plain, strict=True)]]
            ),
            (
                one("上陶1组", "王甲建", "1-1", 1),
                one("上陶1组", "李乙明", "1-2", 2),
                one("下陶1组", "张丙华", "1-3", 3),
                one("下陶1组", "陈丁国", "1-4", 4),
            ),
        ),
        ClerksList(
            "a group's sum below each group",
            book(
                [
                    HEADING,
                    *ROWS[:2],
                    ["1组小计", "", "", "2户"],
                    ["2组", *plain[2]],
                    ["2组", *plain[3]],
                    ["2组小计", "", "", "2户"],
                    ["总计", "", "", "4户"],
                ]
            ),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        ClerksList(
            "groups as sheets with a cover and instructions",
            named_sheets(
                封面=[["东街村"], ["十户联防"]],
                说明=[["请按实填写"]],
                一组=[HEADING[1:], *plain[:2]],
                二组=[HEADING[1:], *plain[2:]],
            ),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        # doors
        doors(["１－１", "1—2", "1_3", "1 - 4"], ["1-1", "1-2", "1-3", "1-4"], name="dashes of all kinds"),
        doors([1.1, 1.2, "1-3", "1-4"], ["1.1", "1.2", "1-3", "1-4"], told=None, name="with a point"),
        doors(
            ["东街1-1号", "东街12号", "3幢2单元501室", "西弄7"],
            ["东街1-1号", "东街12号", "3幢2单元501室", "西弄7"],
            name="addresses",
        ),
        doors(in_english, ["5-6", "7-8", "1-33"], shape="mmm-d", told=True, name="mmm-d"),
        ClerksList(
            "doors that an old workbook keeps as days, long form",
            old_book(
                [HEADING, ["1组", date(2026, 3, 5), "王甲建", mobile(1)], ["1组", "3-33", "李乙明", mobile(2)]],
                days="yyyy/m/d",
            ),
            (one("1组", "王甲建", "3-5", 1), one("1组", "李乙明", "3-33", 2)),
            "list.xls",
            told=True,
        ),
        # numbers
        numbers("19900000002/19900000006(妻)", 2, 6),
        numbers("19900000002；88000002", 2, "057488000002"),
        numbers("电话:19900000002", 2),
        numbers("19900000002【短661062】", 2, told=True),
        numbers("1990000 0002", 2),
        numbers("（+86）19900000002", 2),
        numbers("19900000002\n19900000006", 2, 6),
        numbers("新19900000002 旧19900000009", 2, told=True),
        numbers("19900000009（弃用）/19900000002", 2, told=True),
        numbers("19900000002转告", told=True),
        numbers("1990000000２", 2),
        numbers("99900000002", told=True),
        numbers("无（联系儿子19900000002）", 2, told=None),
        # columns
        headed(
            ["编号", "组别", "门牌", "户主姓名", "性别", "年龄", "本人手机", "子女姓名", "子女手机", "备注"],
            [
                [1, "1组", "1-1", "王甲建", "男", 70, mobile(1), "王小军", mobile(11), ""],
                [2, "1组", "1-2", "李乙明", "男", 66, mobile(2), "", "", "独居"],
            ],
            one("1组", "王甲建", "1-1", 1, 11),
            LI,
        ),
        headed(
            ["户主", "电话", "组", "号"],
            [["王甲建", mobile(1), "1组", "1-1"], ["李乙明", mobile(2), "1组", "1-2"]],
            WANG,
            LI,
        ),
        headed(
            ["联防小组名称", "家庭详细住址（门牌号）", "户代表姓名", "第一联系电话", "第二联系电话"],
            [["1组", "1-1", "王甲建", mobile(1), "88000001"], ["1组", "1-2", "李乙明", mobile(2), ""]],
            one("1组", "王甲建", "1-1", 1, "057488000001"),
            LI,
        ),
        ClerksList(
            "a hidden column of identity numbers",
            book(
                [[*HEADING[:3], "身份证", "手机"], *[[*row[:3], "330000190001010011", row[3]] for row in ROWS]],
                look=hide_column("D"),
            ),
            ALL,
        ),
        # rows
        ClerksList(
            "two households struck out",
            book([HEADING, *ROWS], look=strike("A3", "B3", "C3", "D3", "C4")),
            (WANG, CHEN),
            told=True,
        ),
        ClerksList(
            "a household's phones on three rows, its cells merged",
            book(
                [HEADING, ROWS[0], ["", "", "", mobile(5)], ["", "", "", "88000001"], ROWS[1]],
                look=merge("A2:A4", "B2:B4", "C2:C4"),
            ),
            (one("1组", "王甲建", "1-1", 1, 5, "057488000001"), LI),
        ),
        ClerksList(
            "figures of a number shown in groups of digits",
            book([HEADING, ["1组", "1-1", "王甲建", 19900000001]], look=format_cells({"D2": "000 0000 0000"})),
            (WANG,),
        ),
        # texts
        ClerksList("semicolons and a mark in front", TEXT.replace(",", ";").encode("utf-8-sig"), ALL, "list.csv"),
        ClerksList(
            "a chat of names, doors and numbers set apart by blanks",
            "王甲建 1-1 19900000001\n李乙明 1-2 19900000002\n张丙华 1-3 19900000003 19900000013\n".encode(),
            (one("", "王甲建", "1-1", 1), one("", "李乙明", "1-2", 2), one("", "张丙华", "1-3", 3, 13)),
            "paste.txt",
        ),
        ClerksList(
            "a chain whose answers correct themselves",
            "#接龙\n1. 王甲建 1-1 19900000001\n2. 李乙明 1-2 19900000002\n3. 王甲建 1-1 19900000005\n".encode(),
            (one("", "王甲建", "1-1", 1, 5), one("", "李乙明", "1-2", 2)),
            "paste.txt",
            told=True,
        ),
        ClerksList(
            "quoted tabs of another system, UTF-16 with its mark",
            "\n".join("\t".join(f'"{cell}"' for cell in row) for row in [HEADING, *ROWS]).encode("utf-16"),
            ALL,
            "list.xls",
        ),
        ClerksList(
            "a struck name beside the new head's",
            book([HEADING, ["1组", "1-1", "王甲建", mobile(1)], ["1组", "1-2", "李乙明", mobile(2)], *ROWS[2:]]),
            (WANG, LI, ZHANG, CHEN),
        ),
    ]


THIRD: list[ClerksList] = _third()
