"""A second round of small lists, written before the reader was run on them: see `clerks_lists`, whose builders it uses.

Kinds of the first round in other words, and kinds that it had not: reports of old systems, pictures of tables in
signs, workbooks written by programs other than a spreadsheet, rows folded away, names with what became of somebody.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.comments import Comment

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
    Household,
    book,
    format_cells,
    headed,
    hide_rows,
    make_book,
    merge,
    mobile,
    named,
    numbers,
    old_book,
    one,
    strike,
)


def changed_inside(content: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """A workbook with one of its parts written otherwise, as another program writes it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[part].decode()
    after = change(before)
    assert after != before, part
    parts[part] = after.encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in parts.items():
            archive.writestr(name, inside)
    return file.getvalue()


def written_by_another_program(rows: list[list[Any]]) -> bytes:
    """A workbook with its texts in a part of their own; =A2 is computed, and shows 1组."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if value == "=A2":
                    sheet.write_formula(at, column, value, None, "1组")
                else:
                    sheet.write(at, column, value)
    return content.getvalue()


def doors(cells: list[Any], right: list[str], *, shape: str = "", told: bool | None = None, name: str) -> ClerksList:
    """A list whose households have these doors."""
    rows = [["1组", cell, *row[2:]] for cell, row in zip(cells, ROWS, strict=False)]
    look = format_cells({f"B{n + 2}": shape for n in range(len(cells))}) if shape else None
    content = book([HEADING, *rows], look=look) if look else book([HEADING, *rows])
    wanted = [("1组", h[1], door, h[3]) for h, door in zip(ALL, right, strict=False)]
    return ClerksList(f"doors {name}", content, tuple(wanted), told=told)


def named_sheets(**sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def noted(cell: str, text: str) -> Callable[[Any], None]:
    def note(made: Any) -> None:
        made.worksheets[0][cell].comment = Comment(text, "村委")

    return note


def folded(*rows: int) -> Callable[[Any], None]:
    def fold(made: Any) -> None:
        made.worksheets[0].row_dimensions.group(rows[0], rows[-1], hidden=True)

    return fold


def _kinds_of_the_issue() -> list[ClerksList]:
    plain = [[*row[1:]] for row in ROWS]
    flat = changed_inside(
        make_book([HEADING, *ROWS]),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace('<row r="3">', '<row r="3" ht="0" customHeight="1">'),
    )
    return [
        # 1
        named("组长李乙明", "李乙明", told=None),
        named("李乙明★", "李乙明"),
        named("联防长：李乙明", "李乙明"),
        named("李乙明（兼网格员）", "李乙明", told=None),
        named("【组长】李乙明", "李乙明"),
        ClerksList(
            "a leader's row between groups, without a word of groups",
            book([HEADING, ["1组", "", "组长：王甲建", mobile(1)], *ROWS[1:]]),
            (one("1组", "王甲建", "", 1), LI, ZHANG, CHEN),
        ),
        # 2
        ClerksList(
            "a ditto sign quoted as a spreadsheet quotes it",
            '组别,门牌号,户主,手机\r\n1组,1-1,王甲建,19900000001\r\n"""",1-2,李乙明,19900000002\r\n'.encode("gbk"),
            (WANG, LI),
            "list.csv",
        ),
        ClerksList(
            "tabs, a name in quotation marks",
            '组别\t门牌号\t户主\t手机\n1组\t1-1\t王甲建\t19900000001\n1组\t1-2\t"李乙明"\t19900000002\n'.encode(),
            (WANG, LI),
            "paste.txt",
        ),
        ClerksList(
            "a title with commas above a list with tabs",
            ("东街村，十户联防，2026年1月\n" + TEXT.replace(",", "\t")).encode(),
            ALL,
            "paste.txt",
        ),
        # 3
        ClerksList(
            "groups written with a full stop or a bracket",
            book([HEADING, *[[g, *row[1:]] for g, row in zip(["1组", "1组：", "（1组）", "1 组"], ROWS, strict=True)]]),
            ALL,
        ),
        ClerksList(
            "a group's name set upright, a sign a line",
            book(
                [HEADING, ["第\n一\n组", *plain[0]], ["", *plain[1]], ["第\n二\n组", *plain[2]], ["", *plain[3]]],
                look=merge("A2:A3", "A4:A5"),
            ),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        ClerksList(
            "a group's name with its number of households",
            book([HEADING, ["1组（2户）", *plain[0]], ["", *plain[1]], ["2组（2户）", *plain[2]], ["", *plain[3]]]),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        # 4
        numbers(19900000002199000000, told=True, name="twenty digits, a figure"),
        numbers("19900000002 19900000006", 2, 6),
        numbers("1990000000219900000006", 2, 6, told=None, name="22 digits as a text"),
        # 5
        doors([date(2026, 1, 1), date(2026, 1, 2), "1-32"], ["1-1", "1-2", "1-32"], told=True, name="dates, plain"),
        doors([date(2026, 3, 12), "3-40"], ["3-12", "3-40"], shape='m"月"d"日"', told=True, name="月日"),
        doors(["3月12日", "3-40"], ["3-12", "3-40"], told=True, name="月日 as a text"),
        ClerksList(
            "doors in English months in a CSV",
            "组别,门牌号,户主,手机\n1组,1-Jan,王甲建,19900000001\n1组,2-Jan,李乙明,19900000002\n1组,1-33,张丙华,19900000003\n".encode(),
            (WANG, one("1组", "李乙明", "1-2", 2), one("1组", "张丙华", "1-33", 3)),
            "list.csv",
            told=True,
        ),
        # 6
        ClerksList(
            "each member's row names the head of the household",
            book(
                [
                    ["组别", "门牌号", "户主姓名", "成员姓名", "与户主关系", "联系电话"],
                    ["1组", "1-1", "王甲建", "王甲建", "户主", mobile(1)],
                    ["1组", "1-1", "王甲建", "赵氏花", "妻", mobile(11)],
                    ["1组", "1-2", "李乙明", "李乙明", "户主", mobile(2)],
                    ["1组", "1-2", "李乙明", "李小军", "子", ""],
                ]
            ),
            (one("1组", "王甲建", "1-1", 1, 11), LI),
            told=None,
        ),
        ClerksList(
            "a row a person, door and group on the head's row alone",
            book(
                [
                    ["组别", "门牌号", "姓名", "关系", "电话"],
                    ["1组", "1-1", "王甲建", "户主", mobile(1)],
                    ["", "", "赵氏花", "妻子", mobile(11)],
                    ["", "", "王小军", "儿子", mobile(12)],
                    ["1组", "1-2", "李乙明", "户主", mobile(2)],
                    ["", "", "李小军", "长子", mobile(21)],
                ]
            ),
            (one("1组", "王甲建", "1-1", 1, 11, 12), one("1组", "李乙明", "1-2", 2, 21)),
            told=True,
        ),
        ClerksList(
            "a row a person, the relation as the police writes it",
            book(
                [
                    ["门牌号", "姓名", "与户主关系", "手机"],
                    ["1-1", "王甲建", "01户主", mobile(1)],
                    ["1-1", "赵氏花", "10配偶", mobile(11)],
                    ["1-2", "李乙明", "01户主", mobile(2)],
                ]
            ),
            (one("", "王甲建", "1-1", 1, 11), one("", "李乙明", "1-2", 2)),
            told=True,
        ),
        # 7
        ClerksList("rows folded away", book([HEADING, *ROWS], look=folded(3, 4)), (WANG, CHEN), told=True),
        ClerksList("rows made flat", flat, (WANG, ZHANG, CHEN), told=True),
        ClerksList(
            "a struck number, no other",
            book([HEADING, *ROWS], look=strike("D3")),
            (WANG, one("1组", "李乙明", "1-2"), ZHANG, CHEN),
            told=True,
        ),
        numbers("（旧号19900000009）19900000002", 2, told=True),
        numbers("19900000009换19900000002", 2, told=True),
        numbers("19900000009×，19900000002", 2, told=None),
        # 9
        ClerksList(
            "a dash downwards for the same",
            book([HEADING, ROWS[0], ["〃", "1-2", "李乙明", mobile(2)], ["〃", "〃", "张丙华", "〃"]]),
            (WANG, LI, one("1组", "张丙华", "1-2")),
            told=True,
        ),
        # 10
        ClerksList(
            "pages with their own heading, sum and number",
            book(
                [
                    ["东街村联防名册"],
                    HEADING,
                    *ROWS[:2],
                    ["本页小计", "", "2户", ""],
                    ["第1页 共2页"],
                    ["东街村联防名册"],
                    HEADING,
                    *ROWS[2:],
                    ["总计", "", "4户", ""],
                    ["第2页 共2页"],
                ]
            ),
            ALL,
        ),
        ClerksList(
            "a sheet of figures beside the list",
            named_sheets(名册=[HEADING, *ROWS], 统计=[["组别", "户数", "手机数"], ["1组", 4, 4], ["合计", 4, 4]]),
            ALL,
        ),
        ClerksList(
            "groups as sheets, and a sheet with everybody",
            named_sheets(第1组=[HEADING[1:], *plain[:2]], 第2组=[HEADING[1:], *plain[2:]], 汇总=[HEADING[1:], *plain]),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
            told=True,
        ),
        ClerksList(
            "what became of somebody, for a name",
            book([HEADING, ROWS[0], ["1组", "1-2", "已搬走", ""], ["1组", "1-3", "长期无人", ""], ROWS[3]]),
            (WANG, CHEN),
            told=True,
        ),
    ]


def _numbers_and_headings() -> list[ClerksList]:
    return [
        # 12
        numbers("019900000002", 2, told=None),
        numbers("008619900000002", 2),
        numbers("8619900000002", 2),
        numbers("17951 19900000002", 2, told=None),
        numbers("19900000002.", 2),
        numbers("199 00000002", 2),
        numbers("199-00000002", 2),
        numbers("1990-000-0002", 2),
        numbers("l9900000002", told=True),
        numbers("1990000OOO2", told=True),
        numbers("手机19900000002固话88000002", 2, "057488000002"),
        numbers("H:88000002 M:19900000002", "057488000002", 2, told=None),
        numbers("本人:19900000002\n妻:19900000006", 2, 6),
        numbers("(0574)88000002", "057488000002"),
        numbers("0574 8800 0002", "057488000002"),
        numbers("19900000002、06", 2, told=True),
        numbers("空号", told=None),
        numbers("在外地，19900000002", 2, told=None),
        numbers("199 0000 0002 / 199 0000 0006", 2, 6),
        numbers("19900000002(李小军)\u300119900000006(李小花)", 2, 6),
        # 13
        headed(
            ["社别", "门牌", "户主名", "联系电话1", "联系电话2"],
            [["1组", "1-1", "王甲建", mobile(1), mobile(11)], ["1组", "1-2", "李乙明", mobile(2), ""]],
            one("1组", "王甲建", "1-1", 1, 11),
            LI,
        ),
        headed(
            ["组", "户主（签字）", "住址（门牌）", "手机号码\n（无手机填固话）"],
            [["1组", "王甲建", "1-1", mobile(1)], ["1组", "李乙明", "1-2", mobile(2)]],
            WANG,
            LI,
        ),
        headed(
            ["序", "联防组", "门牌号", "户主", "人口", "电话", "户主身份证", "联防长", "联防长电话"],
            [
                [1, "1组", "1-1", "王甲建", 4, mobile(1), "330000190001010011", "王甲建", mobile(1)],
                [2, "1组", "1-2", "李乙明", 3, mobile(2), "330000190001010022", "王甲建", mobile(1)],
            ],
            WANG,
            LI,
        ),
        headed(
            ["XZ", "MPH", "HZXM", "LXDH"],
            [["1组", "1-1", "王甲建", mobile(1)], ["1组", "1-2", "李乙明", mobile(2)]],
            WANG,
            LI,
            told=True,
        ),
        ClerksList(
            "a heading whose phones are two, under one word",
            book(
                [
                    ["组别", "门牌号", "户主", "联系方式", ""],
                    ["", "", "", "手机", "座机"],
                    ["1组", "1-1", "王甲建", mobile(1), "88000001"],
                    ["1组", "1-2", "李乙明", mobile(2), ""],
                ],
                look=merge("A1:A2", "B1:B2", "C1:C2", "D1:E1"),
            ),
            (one("1组", "王甲建", "1-1", 1, "057488000001"), LI),
        ),
        ClerksList(
            "a list that begins in the middle of its sheet",
            book([[], [], ["", "", "东街村"], ["", "", *HEADING], *[["", "", *row] for row in ROWS]]),
            ALL,
        ),
        # 14
        ClerksList(
            "a household on two rows, its name and door left out below",
            book([HEADING, ROWS[0], ["1组", "", "", mobile(5)], ROWS[1]]),
            (one("1组", "王甲建", "1-1", 1, 5), LI),
            told=None,
        ),
    ]


def _files_and_chats() -> list[ClerksList]:
    phonetic = changed_inside(
        written_by_another_program([HEADING, *ROWS]),
        "xl/sharedStrings.xml",
        lambda text: text.replace(
            "<t>李乙明</t>", '<t>李乙明</t><rPh sb="0" eb="1"><t>li</t></rPh><rPh sb="1" eb="3"><t>yiming</t></rPh>'
        ),
    )
    strict = changed_inside(
        written_by_another_program([HEADING, *ROWS]),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
        ),
    )
    computed = written_by_another_program([HEADING, *ROWS[:1], ["=A2", *ROWS[1][1:]]])
    lines = [HEADING, *ROWS]
    boxes = "\n".join(
        [
            "┌───┬────┬────┬───────┐",
            *["│" + "│".join(f" {cell} " for cell in row) + "│" for row in lines],
            "└───┴────┴────┴───────┘",
        ]
    )
    aligned = "\n".join("    ".join(str(cell) for cell in row) for row in lines)
    dashes = "|---|---|---|---|"
    marked = ["| " + " | ".join(row) + " |" for row in lines]
    return [
        # 15
        ClerksList("signs for how a name sounds", phonetic, ALL),
        ClerksList("a workbook of the strict kind", strict, ALL, refusable=True),
        ClerksList("a group that is computed: its row is in error", computed, (WANG,), told=True),
        ClerksList("lines that end as on an old Macintosh", TEXT.replace("\n", "\r").encode("gbk"), ALL, "list.csv"),
        ClerksList("the sign that ended a file under DOS", (TEXT + "\n\x1a").encode("gbk"), ALL, "list.txt"),
        ClerksList(
            "every cell quoted, commas behind the last",
            "\n".join(",".join(f'"{cell}"' for cell in row) + ",,," for row in lines).encode("utf-8-sig"),
            ALL,
            "list.csv",
        ),
        ClerksList("columns set apart by blanks", aligned.encode("gbk"), ALL, "list.txt", refusable=True),
        ClerksList("a table drawn with lines", boxes.encode("gbk"), ALL, "list.txt", refusable=True),
        ClerksList(
            "a table as an assistant writes it",
            "\n".join(["名单如下：", "", marked[0], dashes, *marked[1:]]).encode(),
            ALL,
            "paste.txt",
        ),
        ClerksList(
            "a web archive called .xls",
            (
                b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x\nContent-Type: text/html\n\n'
                b"<html><table><tr><td>=E6=88=B7=E4=B8=BB</td></tr></table></html>\n--x--\n"
            ),
            (),
            "list.xls",
            refusable=True,
        ),
        ClerksList("an old workbook with merged groups", old_book([HEADING, *ROWS]), ALL, "list.xls"),
        ClerksList("a number in a note of a cell", book([HEADING, *ROWS], look=noted("D2", "儿子19900000011")), ALL),
        # 16
        ClerksList(
            "the chain of a chat with its example",
            "#接龙\n十户联防信息登记\n例 张三 1-1 13800000000\n\n1. 王甲建 1-1 19900000001\n2. 李乙明 1-2 19900000002\n"
            "3. 张丙华 1-3 19900000003".encode(),
            (one("", "王甲建", "1-1", 1), one("", "李乙明", "1-2", 2), one("", "张丙华", "1-3", 3)),
            "paste.txt",
        ),
        ClerksList(
            "lines of names and numbers under their groups",
            "第1组\n王甲建 19900000001\n李乙明 19900000002\n第2组\n张丙华 19900000003\n陈丁国 19900000004\n".encode(),
            (
                one("1组", "王甲建", "", 1),
                one("1组", "李乙明", "", 2),
                one("2组", "张丙华", "", 3),
                one("2组", "陈丁国", "", 4),
            ),
            "paste.txt",
        ),
        ClerksList(
            "a line a household, its parts named",
            "户主：王甲建，门牌：1-1，电话：19900000001\n户主：李乙明，门牌：1-2，电话：19900000002\n".encode(),
            (one("", "王甲建", "1-1", 1), one("", "李乙明", "1-2", 2)),
            "paste.txt",
            refusable=True,
        ),
        ClerksList(
            "four lines a household",
            "".join(f"组别：{g}\n门牌：{d}\n户主：{h}\n手机：{p}\n\n" for g, d, h, p in ROWS).encode(),
            ALL,
            "paste.txt",
            refusable=True,
        ),
        ClerksList(
            "names that have a given name of one sign, spaced out",
            book([HEADING, ["1组", "1-1", "王　建", mobile(1)], ["1组", "1-2", "李 明", mobile(2)]]),
            (one("1组", "王建", "1-1", 1), one("1组", "李明", "1-2", 2)),
        ),
        ClerksList(
            "two heads in a cell",
            book([HEADING, ["1组", "1-1", "王甲建、王乙建", mobile(1)], ROWS[1]]),
            (one("1组", "王甲建、王乙建", "1-1", 1), LI),
        ),
        ClerksList(
            "a head who has died",
            book([HEADING, ROWS[0], ["1组", "1-2", "李乙明（已故）", mobile(2)]]),
            (WANG, one("1组", "李乙明(已故)", "1-2", 2)),
        ),
        ClerksList(
            "filtered rows and one of them the sum",
            book([HEADING, *ROWS, ["合计", "", 4, ""]], look=hide_rows(2, 6)),
            (LI, ZHANG, CHEN),
            told=True,
        ),
    ]


def _second() -> list[ClerksList]:
    return [*_kinds_of_the_issue(), *_numbers_and_headings(), *_files_and_chats()]


SECOND: list[ClerksList] = _second()
__all__ = ["SECOND", "Household"]
