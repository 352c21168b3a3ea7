"""Small lists as village clerks, carriers' clerks, exports, chats and old systems make them, each with what is right.

They were written before the reader was run on them. A list is a function of this module's builders; `right` holds
(group, head, door, numbers) a household. `told` names what the reader has to say; `refused` lists may be refused.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import openpyxl
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

Content = bytes | Callable[[], bytes]
Household = tuple[str, str, str, tuple[str, ...]]
HEADING = ["组别", "门牌号", "户主", "手机"]
_FOUR_WAYS = ("1组", "第一组", "一组", "第 1 组")


@dataclass(frozen=True)
class ClerksList:
    """A list and what is right: `told` is whether something has to be said (None: either way is right)."""

    name: str
    made: Content
    right: tuple[Household, ...]
    file: str = "list.xlsx"
    told: bool | None = None
    refusable: bool = False

    @property
    def content(self) -> bytes:
        return self.made() if callable(self.made) else self.made


def mobile(last: int) -> str:
    """A mobile as it is typed; `right` names it the same way."""
    return f"1990000{last:04}"


def make_book(*sheets: Sequence[Sequence[Any]], look: Callable[[Any], Any] = lambda book: None) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for at, rows in enumerate(sheets):
        sheet = made.create_sheet(f"Sheet{at + 1}")
        for row in rows:
            sheet.append(list(row))
    look(made)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def _make_old_book(rows: Sequence[Sequence[Any]], *, days: str = "") -> bytes:
    made = xlwt.Workbook()
    sheet = made.add_sheet("Sheet1")
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            style = xlwt.easyxf(num_format_str=days) if isinstance(value, date) else xlwt.Style.default_style
            sheet.write(at, column, value, style)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def book(*sheets: Sequence[Sequence[Any]], look: Callable[[Any], Any] = lambda book: None) -> Content:
    """A workbook, made by whoever reads it: each worker knows of every list, and reads a few."""
    return partial(make_book, *sheets, look=look)


def old_book(rows: Sequence[Sequence[Any]], *, days: str = "") -> Content:
    return partial(_make_old_book, rows, days=days)


def one(group: str, head: str, door: str, *numbers: int | str) -> Household:
    return (group, head, door, tuple(n if isinstance(n, str) else mobile(n) for n in numbers))


WANG, LI, ZHANG, CHEN = (
    one("1组", "王甲建", "1-1", 1),
    one("1组", "李乙明", "1-2", 2),
    one("1组", "张丙华", "1-3", 3),
    one("1组", "陈丁国", "1-4", 4),
)
ROWS = [[g, d, h, p[0]] for g, h, d, p in (WANG, LI, ZHANG, CHEN)]
ALL = (WANG, LI, ZHANG, CHEN)
TEXT = "\n".join(",".join(map(str, row)) for row in [HEADING, *ROWS])


def numbers(cell: Any, *right: int | str, told: bool | None = None, name: str = "") -> ClerksList:
    """A list whose second household has `cell` for its number."""
    rows = [HEADING, ROWS[0], ["1组", "1-2", "李乙明", cell], ROWS[2]]
    return ClerksList(
        f"number {name or cell!r}", book(rows), (WANG, one("1组", "李乙明", "1-2", *right), ZHANG), told=told
    )


def named(cell: str, head: str, *, told: bool | None = None) -> ClerksList:
    """A list whose second household has `cell` for its name."""
    rows = [HEADING, ROWS[0], ["1组", "1-2", cell, mobile(2)], ROWS[2]]
    return ClerksList(f"name {cell!r}", book(rows), (WANG, one("1组", head, "1-2", 2), ZHANG), told=told)


def headed(heading: list[str], rows: list[list[Any]], *right: Household, told: bool | None = None) -> ClerksList:
    return ClerksList(f"heading {' | '.join(heading)!r}", book([heading, *rows]), right, told=told)


def hide_rows(*numbers: int) -> Callable[[Any], None]:
    def hide(made: Any) -> None:
        for number in numbers:
            made.worksheets[0].row_dimensions[number].hidden = True

    return hide


def hide_column(letter: str) -> Callable[[Any], None]:
    def hide(made: Any) -> None:
        made.worksheets[0].column_dimensions[letter].hidden = True

    return hide


def strike(*cells: str) -> Callable[[Any], None]:
    def strike(made: Any) -> None:
        for cell in cells:
            made.worksheets[0][cell].font = Font(strike=True)

    return strike


def merge(*ranges: str) -> Callable[[Any], None]:
    def merge(made: Any) -> None:
        for cells in ranges:
            made.worksheets[0].merge_cells(cells)

    return merge


def format_cells(cells: dict[str, str]) -> Callable[[Any], None]:
    def style(made: Any) -> None:
        for cell, shape in cells.items():
            made.worksheets[0][cell].number_format = shape

    return style


def _first() -> list[ClerksList]:
    return [
        # 1: who leads, written into the name's cell
        named("李乙明（组长）", "李乙明"),
        named("▲李乙明", "李乙明"),
        named("副组长 李乙明", "李乙明"),
        named("李乙明/联防长", "李乙明"),
        named("户长：李乙明", "李乙明"),
        ClerksList(
            "a group's row that names its leader and their number",
            book(
                [
                    ["东街村十户联防登记表"],
                    ["第1联防组 组长：王甲建 电话：19900000001"],
                    ["门牌号", "户主", "手机"],
                    ["1-1", "王甲建", mobile(1)],
                    ["1-2", "李乙明", mobile(2)],
                    ["第2联防组 组长：张丙华 电话：19900000003"],
                    ["1-3", "张丙华", mobile(3)],
                    ["1-4", "陈丁国", mobile(4)],
                ],
                look=merge("A1:C1", "A2:C2", "A6:C6"),
            ),
            (
                one("第1联防组", "王甲建", "1-1", 1),
                one("第1联防组", "李乙明", "1-2", 2),
                one("第2联防组", "张丙华", "1-3", 3),
                one("第2联防组", "陈丁国", "1-4", 4),
            ),
        ),
        # 2: signs between the cells
        ClerksList(
            "pasted tabs with the ditto sign in two columns",
            '组别\t门牌号\t户主\t手机\n1组\t1-1\t王甲建\t19900000001\n"\t1-2\t李乙明\t19900000002\n"\t"\t张丙华\t19900000003\n'.encode(),
            (WANG, LI, one("1组", "张丙华", "1-2", 3)),
            "paste.txt",
        ),
        ClerksList(
            "a quotation that is never closed",
            TEXT.replace("李乙明", '"李乙明').encode(),
            ALL,
            "list.csv",
            refusable=True,
        ),
        ClerksList(
            "semicolons between the cells, commas within",
            "组别;门牌号;户主;手机\n1组;1-1;王甲建;19900000001,19900000005\n1组;1-2;李乙明;19900000002,19900000006\n".encode(
                "gbk"
            ),
            (one("1组", "王甲建", "1-1", 1, 5), one("1组", "李乙明", "1-2", 2, 6)),
            "list.csv",
        ),
        ClerksList("bars between the cells", TEXT.replace(",", "|").encode(), ALL, "list.txt"),
        ClerksList(
            "two lines in a quoted cell",
            '组别,门牌号,户主,手机\r\n1组,1-1,王甲建,"19900000001\n19900000005"\r\n1组,1-2,李乙明,19900000002\r\n'.encode(
                "utf-8-sig"
            ),
            (one("1组", "王甲建", "1-1", 1, 5), LI),
            "list.csv",
        ),
        ClerksList(
            "Excel's line that names its sign",
            ("sep=;\r\n" + TEXT.replace(",", ";").replace("\n", "\r\n")).encode("utf-8-sig"),
            ALL,
            "list.csv",
        ),
        # 3: groups
        ClerksList(
            "a group on its first row, merged downwards",
            book(
                [HEADING, ROWS[0], ["", *ROWS[1][1:]], ["2组", *ROWS[2][1:]], ["", *ROWS[3][1:]]],
                look=merge("A2:A3", "A4:A5"),
            ),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        ClerksList(
            "a group on its first row and an empty line between groups",
            (
                "组别,门牌号,户主,手机\n1组,1-1,王甲建,19900000001\n,1-2,李乙明,19900000002\n,,,\n"
                "2组,1-3,张丙华,19900000003\n,1-4,陈丁国,19900000004\n"
            ).encode("gb18030"),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
            "list.csv",
        ),
        ClerksList(
            "one group in four ways of writing",
            book([HEADING, *[[g, *row[1:]] for g, row in zip(_FOUR_WAYS, ROWS, strict=True)]]),
            ALL,
        ),
        ClerksList(
            "groups as bare numbers",
            book([["组号", *HEADING[1:]], *[[n, *row[1:]] for n, row in zip([1, 1, 2, 2], ROWS, strict=True)]]),
            (WANG, LI, one("2组", "张丙华", "1-3", 3), one("2组", "陈丁国", "1-4", 4)),
        ),
        ClerksList(
            "a household that stands there twice",
            book([HEADING, *ROWS, ROWS[1]]),
            ALL,
            told=True,
        ),
        # 4: digits that are gone
        numbers(1.99000000021990e21, 2, told=True),
        numbers("1.99E+10", told=True),
        numbers("1.9900000002E+10", 2),
        numbers(19900000002.0, 2),
        numbers(1990000000219900, told=True),
        # 5: doors that became dates
        ClerksList(
            "doors as days in a CSV of WPS",
            "组别,门牌号,户主,手机\n1组,1月1日,王甲建,19900000001\n1组,1-32,李乙明,19900000002\n1组,2月3日,张丙华,19900000003\n".encode(
                "gbk"
            ),
            (WANG, one("1组", "李乙明", "1-32", 2), one("1组", "张丙华", "2-3", 3)),
            "list.csv",
            told=True,
        ),
        ClerksList(
            "doors as slashed days beside doors with a dash",
            "组别,门牌号,户主,手机\n1组,2026/3/1,王甲建,19900000001\n1组,3-40,李乙明,19900000002\n".encode(),
            (one("1组", "王甲建", "3-1", 1), one("1组", "李乙明", "3-40", 2)),
            "list.csv",
            told=True,
        ),
        ClerksList(
            "doors kept as days by an old workbook",
            old_book(
                [HEADING, ["1组", date(2026, 3, 5), "王甲建", mobile(1)], ["1组", "3-33", "李乙明", mobile(2)]],
                days='m"月"d"日"',
            ),
            (one("1组", "王甲建", "3-5", 1), one("1组", "李乙明", "3-33", 2)),
            "list.xls",
            told=True,
        ),
        ClerksList(
            "doors with three parts, a leading nought, a bare number",
            book(
                [
                    HEADING,
                    ["1组", "12-1-301", "王甲建", mobile(1)],
                    ["1组", "0012", "李乙明", mobile(2)],
                    ["1组", 12, "张丙华", mobile(3)],
                    ["1组", 7, "陈丁国", mobile(4)],
                ],
                look=format_cells({"D1": "@", "B5": '0"号"'}),
            ),
            (
                one("1组", "王甲建", "12-1-301", 1),
                one("1组", "李乙明", "0012", 2),
                one("1组", "张丙华", "12", 3),
                one("1组", "陈丁国", "7号", 4),
            ),
        ),
        # 6: a row a person
        ClerksList(
            "a row a person, the head not first",
            book(
                [
                    ["组别", "门牌号", "姓名", "与户主关系", "手机"],
                    ["1组", "1-1", "王小妹", "女儿", mobile(11)],
                    ["1组", "1-1", "王甲建", "户主", mobile(1)],
                    ["1组", "1-2", "李乙明", "户主", mobile(2)],
                    ["1组", "1-2", "赵氏", "配偶", ""],
                ]
            ),
            (one("1组", "王甲建", "1-1", 1, 11), LI),
            told=True,
        ),
        ClerksList(
            "a row a person, by the number of the household",
            book(
                [
                    ["户号", "组", "门牌", "姓名", "关系", "联系电话"],
                    [1, "1组", "1-1", "王甲建", "本人", mobile(1)],
                    [1, "1组", "1-1", "王小明", "长子", mobile(11)],
                    [2, "1组", "1-2", "李乙明", "本人", mobile(2)],
                ]
            ),
            (one("1组", "王甲建", "1-1", 1, 11), LI),
            told=True,
        ),
        # 7: hidden, crossed out, old and new
        ClerksList(
            "an old column of phones is hidden",
            book(
                [[*HEADING, "联系电话"], *[[*row[:3], mobile(90 + n), row[3]] for n, row in enumerate(ROWS)]],
                look=hide_column("D"),
            ),
            ALL,
            told=True,
        ),
        ClerksList("a filtered row", book([HEADING, *ROWS], look=hide_rows(3)), (WANG, ZHANG, CHEN), told=True),
        ClerksList(
            "a struck number beside a new one in the second column",
            book(
                [[*HEADING, "手机2"], [*ROWS[0], ""], [*ROWS[1][:3], mobile(9), mobile(2)], [*ROWS[2], ""]],
                look=strike("D3"),
            ),
            (WANG, LI, ZHANG),
            told=True,
        ),
        ClerksList(
            "half of a cell struck through",
            book(
                [
                    HEADING,
                    ROWS[0],
                    [
                        *ROWS[1][:3],
                        CellRichText(
                            TextBlock(InlineFont(strike=True), mobile(9)), TextBlock(InlineFont(), " " + mobile(2))
                        ),
                    ],
                ]
            ),
            (WANG, LI),
            told=True,
        ),
        numbers("19900000009已停机，现19900000002", 2, told=True),
        numbers("19900000009作废 新号19900000002", 2, told=True),
        # 9: the row above
        ClerksList(
            "the same as above, in five ways",
            book(
                [
                    HEADING,
                    ROWS[0],
                    ["同上", "1-2", "李乙明", mobile(2)],
                    ["↑", "1-3", "张丙华", mobile(3)],
                    ["同前", "″", "陈丁国", mobile(4)],
                ]
            ),
            (WANG, LI, ZHANG, one("1组", "陈丁国", "1-3", 4)),
        ),
        # 10: what is no household
        ClerksList(
            "who made the list, sums, an empty rest",
            book(
                [
                    ["东街村联防花名册"],
                    HEADING,
                    *ROWS,
                    ["合计", "", "4户", ""],
                    ["以下空白"],
                    ["填表人：周某", "", "审核人：吴某", "2026年1月5日"],
                ]
            ),
            ALL,
        ),
        ClerksList(
            "a row that shows how to fill it in",
            book(
                [
                    HEADING,
                    ["（必填）", "（必填）", "（必填）", "11位手机号"],
                    ["例：1组", "1-1", "张三", "13800000000"],
                    *ROWS,
                ]
            ),
            ALL,
            told=None,
        ),
        ClerksList(
            "empty houses",
            book([HEADING, ROWS[0], ["1组", "1-2", "空户", ""], ["1组", "1-3", "无人居住", ""], ROWS[3]]),
            (WANG, CHEN),
            told=True,
        ),
        ClerksList(
            "a sheet of hints before the list",
            book([["填表说明"], ["1. 手机填11位"], ["2. 组别填几组"]], [HEADING, *ROWS]),
            ALL,
        ),
        # 12: numbers
        numbers("19900000002/0574-88000002", 2, "057488000002"),
        numbers("199-0000-0002", 2),
        numbers("+86 199 0000 0002", 2),
        numbers("1 9 9 0 0 0 0 0 0 0 2", 2),
        numbers("１９９００００００02（儿子）", 2),
        numbers("\u202d19900000002\u202c", 2, name="from a telephone's contacts"),
        numbers("本人19900000002，妻子19900000006", 2, 6),
        numbers("88000002", "057488000002"),
        numbers("19900000002 短号661062", 2, told=True),
        numbers("无手机"),
        numbers("1990000002", told=True),
        numbers("0574-88000002转8001", told=True, name="an extension"),
        # 13: headings
        headed(
            ["序号", "组 别", "姓  名", "身份证号码", "家庭住址", "联系方式（手机）"],
            [
                [1, "1组", "王甲建", "330000190001010011", "1-1", mobile(1)],
                [2, "1组", "李乙明", "330000190001010022", "1-2", mobile(2)],
            ],
            WANG,
            LI,
        ),
        headed(
            ["所属联防组", "详细地址", "户主姓名/联系方式"],
            [["1组", "1-1", "王甲建 19900000001"], ["1组", "1-2", "李乙明/19900000002"]],
            WANG,
            LI,
        ),
        headed(
            ["Group", "House No.", "Householder", "Mobile"],
            [["1组", "1-1", "王甲建", mobile(1)], ["1组", "1-2", "李乙明", mobile(2)]],
            WANG,
            LI,
        ),
        ClerksList("no heading at all", TEXT.split("\n", 1)[1].encode(), ALL, "list.csv", refusable=True),
        ClerksList(
            "a letter's head of four lines",
            book([["关于上报名单的通知"], ["各村："], ["请于月底前报送。"], [], HEADING, *ROWS]),
            ALL,
        ),
        # 14: two rows, rows below
        ClerksList(
            "a second number on a row below, name merged",
            book([HEADING, ROWS[0], ["", "", "", mobile(5)], ROWS[1]], look=merge("A2:A3", "B2:B3", "C2:C3")),
            (one("1组", "王甲建", "1-1", 1, 5), LI),
        ),
        ClerksList(
            "a household on two rows",
            book([HEADING, ROWS[0], ["1组", "1-1", "王甲建", mobile(5)], ROWS[1]]),
            (one("1组", "王甲建", "1-1", 1, 5), LI),
            told=True,
        ),
        # 15: files
        ClerksList(
            "a table of a web page called .xls",
            (
                "<html><head><meta charset=gb2312></head><body><table>"
                + "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in [HEADING, *ROWS])
                + "</table></body></html>"
            ).encode("gb18030"),
            ALL,
            "list.xls",
        ),
        ClerksList(
            "tabs in UTF-16, as Excel's Unicode text", TEXT.replace(",", "\t").encode("utf-16"), ALL, "list.txt"
        ),
        ClerksList("a workbook called .csv", book([HEADING, *ROWS]), ALL, "list.csv"),
        ClerksList("a new workbook called .xls", book([HEADING, *ROWS]), ALL, "list.xls"),
        ClerksList("a workbook cut in the middle", make_book([HEADING, *ROWS])[:2000], (), refusable=True),
        ClerksList("an old workbook", old_book([HEADING, *ROWS]), ALL, "list.xls"),
        # 16: chats
        ClerksList(
            "a chain in a chat",
            "#接龙\n东街村联防登记 姓名+门牌+电话\n\n"
            "1. 王甲建 1-1 19900000001\n2. 李乙明 1-2 19900000002\n3. 张丙华1-3 19900000003\n".encode(),
            (one("", "王甲建", "1-1", 1), one("", "李乙明", "1-2", 2), one("", "张丙华", "1-3", 3)),
            "paste.txt",
        ),
        ClerksList(
            "a chain with full-width marks",
            "1、王甲建，1-1，19900000001\n2、李乙明，1-2，19900000002\n3、张丙华，1-3，19900000003\n".encode(),
            (one("", "王甲建", "1-1", 1), one("", "李乙明", "1-2", 2), one("", "张丙华", "1-3", 3)),
            "paste.txt",
        ),
        ClerksList(
            "a list on its side",
            book([[HEADING[n], *[row[n] for row in ROWS]] for n in range(4)]),
            ALL,
            refusable=True,
        ),
        ClerksList(
            "two lists side by side",
            book([[*HEADING[1:], *HEADING[1:]], [*ROWS[0][1:], *ROWS[1][1:]], [*ROWS[2][1:], *ROWS[3][1:]]]),
            tuple(("", *household[1:]) for household in (WANG, ZHANG, LI, CHEN)),
            refusable=True,
        ),
    ]


FIRST = _first()
