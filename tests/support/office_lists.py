"""Small carrier's lists, counts and duty lists as offices and old systems make them, each with what is right.

They were written before the reader was run on them. `right` holds (number, name, address, start, end) a row of a
carrier's list, (village, kind, day, households) a count, (name, number, team, hours) a responder; `left` is of how many
rows something has to be told (None: any number of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.support.clerks_lists import (
    Content,
    book,
    format_cells,
    hide_column,
    hide_rows,
    merge,
    mobile,
    old_book,
    strike,
)

PLAN = "平安联防#9按键"
START = "2026-03-01"
HEAD = ["号码", "姓名", "地址", "套餐", "开通日期", "结束日期"]
WANG = (mobile(1), "王甲建", "1-1", START, "")
LI = (mobile(2), "李乙明", "1-2", START, "")
ROWS: list[list[Any]] = [[mobile(1), "王甲建", "1-1", PLAN, START, ""], [mobile(2), "李乙明", "1-2", PLAN, START, ""]]
COUNTS = ["村居", "日期", "户数"]
EAST = ("东街村", "resident", "2026-01-01", 120)
WEST = ("西街村", "resident", "2026-01-01", 80)
TWO: list[list[Any]] = [["东街村", "2026-01-01", 120], ["西街村", "2026-01-01", 80]]
DUTY = ["队伍", "姓名", "电话", "值班时间"]
JIAN = ("王甲建", mobile(1), "patrol", "")
MING = ("李乙明", mobile(2), "patrol", "")
WATCH: list[list[Any]] = [["巡逻队", "王甲建", mobile(1), ""], ["巡逻队", "李乙明", mobile(2), ""]]


@dataclass(frozen=True)
class OfficeList:
    """A list of the kind carrier, counts or duty, and what is right about it."""

    kind: str
    name: str
    made: Content
    right: tuple[tuple[Any, ...], ...]
    file: str = "list.xlsx"
    left: int | None = 0
    refusable: bool = False
    day: date | None = None

    @property
    def content(self) -> bytes:
        return self.made() if callable(self.made) else self.made


def _with_sheets(**named: Sequence[Sequence[Any]]) -> Content:
    """A workbook whose sheets have names."""

    def name(made: Any) -> None:
        for sheet, title in zip(made.worksheets, named, strict=True):
            sheet.title = title

    return book(*named.values(), look=name)


def _csv(rows: Sequence[Sequence[Any]], between: str = ",", code: str = "utf-8") -> bytes:
    return "\n".join(between.join("" if cell is None else str(cell) for cell in row) for row in rows).encode(code)


def _page(rows: Sequence[Sequence[Any]]) -> bytes:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><meta charset=utf-8><body><table>{cells}</table></body></html>".encode()


def _xml(rows: Sequence[Sequence[Any]]) -> bytes:
    cells = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>"
        for row in rows
    )
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    sheet = f'<Worksheet ss:Name="一"><Table>{cells}</Table></Worksheet>'
    return f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}">{sheet}</Workbook>'.encode()


def _second(cell: Any) -> Content:
    """A carrier's list whose second number is `cell`."""
    return book([HEAD, ROWS[0], [cell, *ROWS[1][1:]]])


def _carrier() -> list[OfficeList]:
    def one(name: str, content: Content, *right: tuple[Any, ...], **more: Any) -> OfficeList:
        return OfficeList("carrier", name, content, right or (WANG, LI), **more)

    lost = ("", *LI[1:])
    return [
        one("a number that was rounded", _second(1.38e10), WANG, lost, left=1),
        one("a number as 1.9900000002E10", _second("1.9900000002E10")),
        one("two numbers run together as a figure", _second(float(mobile(2) + mobile(3))), WANG, LI, left=1),
        one("a short number in brackets", _second(f"{mobile(2)}（短号661）"), left=1),
        one("blanks and a country code", _second("+86 199-0000-0002")),
        one("full-width digits", _second("１９９０００００００２")),
        one(
            "the year last, and no day that tells which is the month",
            book([HEAD, [*ROWS[0][:4], "02/03/2026", ""], [*ROWS[1][:4], "03/03/2026", ""]]),
            (*WANG[:3], "2026-02-03", ""),
            (*LI[:3], "2026-03-03", ""),
            left=1,
        ),
        one(
            "the year last, the day first",
            book([HEAD, [*ROWS[0][:4], "01/03/2026", ""], [*ROWS[1][:4], "01/03/2026", "31/08/2026"]]),
            WANG,
            (*LI[:4], "2026-08-31"),
        ),
        one(
            "days with a time in words",
            book(
                [
                    HEAD,
                    [*ROWS[0][:4], "2026/3/1 上午9:05", ""],
                    [*ROWS[1][:4], "2026-03-01 10时30分", "2026-08-31 下午"],
                ]
            ),
            WANG,
            (*LI[:4], "2026-08-31"),
        ),
        one("two numbers in a cell", _second(f"{mobile(2)}/{mobile(3)}"), left=None),
        one("an invisible sign in front", _second(f"\u202d{mobile(2)}\u202c")),
        one("a sum in the plan's column", book([HEAD, *ROWS, ["", "合计", "", "2户", "", ""]])),
        one("a sum in the number's column", book([HEAD, *ROWS, ["合计：2户", "", "", "", "", ""]])),
        one(
            "a row of hints",
            book([HEAD, ["11位", "（必填）", "（选填）", "（必填）", "如2026-01-01", "（选填）"], *ROWS]),
        ),
        one("the heading again on the next page", book([HEAD, ROWS[0], HEAD, ROWS[1]])),
        one(
            "notes below",
            book([HEAD, *ROWS, ["以下空白"], ["制表人：张三", "", "", "审核：李四", "2026-03-31", ""]]),
        ),
        one(
            "a second table below in another order",
            book(
                [
                    HEAD,
                    ROWS[0],
                    [],
                    ["姓名", "号码", "地址", "开通日期", "套餐"],
                    ["李乙明", mobile(2), "1-2", START, PLAN],
                ]
            ),
        ),
        one(
            "a sheet a village",
            _with_sheets(东街村=[HEAD, ROWS[0]], 西街村=[HEAD, ROWS[1]], 汇总=[["村", "户数"], ["东街村", 1]]),
        ),
        one("a web page named .xls", _page([HEAD, *ROWS]), file="list.xls"),
        one("XML of 2003 named .xls", _xml([HEAD, *ROWS]), file="list.xls"),
        one("text named .xls", _csv([HEAD, *ROWS], "\t", "gbk"), file="list.xls"),
        one("UTF-16 without its mark", _csv([HEAD, *ROWS], "\t", "utf-16-le"), file="list.txt"),
        one(
            "Big5",
            _csv(
                [
                    ["號碼", "姓名", "地址", "套餐", "開通日期"],
                    [mobile(1), "王甲建", "1-1", "平安", START],
                    [mobile(2), "李乙明", "1-2", "平安", START],
                ],
                ",",
                "big5",
            ),
            file="list.csv",
        ),
        one(
            "a rare sign in GB18030",
            _csv([HEAD, ROWS[0], [mobile(2), "李䶮明", *ROWS[1][2:]]], ",", "gb18030"),
            WANG,
            (mobile(2), "李䶮明", *LI[2:]),
            file="list.csv",
        ),
        one(
            "doors that Excel took for days",
            book(
                [HEAD, [mobile(1), "王甲建", date(2026, 1, 1), PLAN, date(2026, 3, 1), ""], ROWS[1]],
                look=format_cells({"C2": 'm"月"d"日"', "E2": "yyyy-mm-dd"}),
            ),
        ),
        one("a struck number", book([HEAD, ROWS[0], ROWS[1]], look=strike("A3")), WANG, lost, left=None),
        one("the plan merged down", book([HEAD, ROWS[0], [*ROWS[1][:3], None, START, ""]], look=merge("D2:D3"))),
        one("in English", book([["MSISDN", "Customer name", "Address", "Product", "Start date", "End date"], *ROWS])),
        one("without a heading", book(ROWS), refusable=True),
        one("a column that numbers the columns", book([HEAD, [1, 2, 3, 4, 5, 6], *ROWS])),
        one(
            "old workbook with days",
            old_book([HEAD, [mobile(1), "王甲建", "1-1", PLAN, date(2026, 3, 1), ""], ROWS[1]], days="yyyy/m/d"),
            file="list.xls",
        ),
    ]


def _counts() -> list[OfficeList]:
    def one(name: str, content: Content, *right: tuple[Any, ...], **more: Any) -> OfficeList:
        return OfficeList("counts", name, content, right or (EAST, WEST), **more)

    def second(cell: Any) -> Content:
        return book([COUNTS, TWO[0], ["西街村", "2026-01-01", cell]])

    on = date(2026, 1, 1)
    return [
        one("a number with its unit", second("80户")),
        one("thousands", second("1,080"), EAST, (*WEST[:3], 1080)),
        one("full-width digits", second("８０")),
        one("a figure with a point", second("80.0")),
        one("about so many", second("约80"), EAST, left=1),
        one("a part of them in brackets", second("80（含空户5）"), EAST, left=1),
        one("who is in it, in brackets", second("980（含租户）"), EAST, (*WEST[:3], 980)),
        one(
            "the year last, and no day that tells which is the month",
            book([COUNTS, ["东街村", "2/3/2026", 120], ["西街村", "1/1/2026", 80]]),
            WEST,
            left=1,
        ),
        one(
            "the year last, the day first",
            book([COUNTS, ["东街村", "1/2/2026", 120], ["西街村", "25/1/2026", 80]]),
            (*EAST[:2], "2026-02-01", 120),
            (*WEST[:2], "2026-01-25", 80),
        ),
        one("a sum below", book([COUNTS, *TWO, ["合计", "2026-01-01", 200]])),
        one("a sum on top, of the town", book([COUNTS, ["全镇合计", "2026-01-01", 200], *TWO])),
        one("a note below", book([COUNTS, *TWO, ["注：数据来自派出所", "", ""]])),
        one("the unit above the heading", book([["户数统计表"], ["", "", "单位：户"], COUNTS, *TWO])),
        one(
            "two kinds side by side",
            book(
                [
                    ["村（社区）名称", "统计日期", "常住户（户）", "户籍户数（户）"],
                    ["东街村", "2026-01-01", 120, 130],
                    ["西街村", "2026-01-01", 80, 90],
                ]
            ),
            EAST,
            ("东街村", "registered", "2026-01-01", 130),
            WEST,
            ("西街村", "registered", "2026-01-01", 90),
        ),
        one(
            "three kinds below one heading",
            book(
                [
                    ["村居", "日期", "户数", "", ""],
                    ["", "", "常住", "户籍", "固话"],
                    ["东街村", "2026-01-01", 120, 130, 40],
                ],
                look=merge("A1:A2", "B1:B2", "C1:E1"),
            ),
            EAST,
            ("东街村", "registered", "2026-01-01", 130),
            ("东街村", "landline", "2026-01-01", 40),
        ),
        one("days as figures", book([COUNTS, ["东街村", 46023, 120], ["西街村", 46023, 80]])),
        one(
            "days in several ways",
            book([COUNTS, ["东街村", "2026年01月01日", 120], ["西街村", "2026-1-1 0:00:00", 80]]),
        ),
        one(
            "days with a point and two digits",
            book([COUNTS, ["东街村", "2026.01.01", 120], ["西街村", "26.1.1", 80]]),
            left=None,
        ),
        one("a month for a day", book([COUNTS, TWO[0], ["西街村", "2026年1月", 80]]), EAST, left=1),
        one("the day merged down", book([COUNTS, TWO[0], ["西街村", None, 80]], look=merge("B2:B3"))),
        one("the day on the first row only", book([COUNTS, TWO[0], ["西街村", "", 80]]), EAST, left=1),
        one("a struck row", book([COUNTS, *TWO], look=strike("A3", "B3", "C3")), EAST, left=1),
        one("a struck count", book([COUNTS, *TWO], look=strike("C3")), EAST, left=1),
        one("two tables side by side", book([["村居", "户数", "村居", "户数"], ["东街村", 120, "西街村", 80]]), day=on),
        one(
            "two tables one below the other",
            book([["村居", "户数"], ["东街村", 120], [], ["户数", "村居"], [80, "西街村"]]),
            day=on,
        ),
        one("a sheet for each half of the town", _with_sheets(东片=[COUNTS, TWO[0]], 西片=[COUNTS, TWO[1]])),
        one(
            "a list on its side",
            book([["村居", "东街村", "西街村"], ["日期", "2026-01-01", "2026-01-01"], ["常住户数", 120, 80]]),
            refusable=True,
        ),
        one("a web page named .xls", _page([COUNTS, *TWO]), file="list.xls"),
        one("UTF-16 without its mark", _csv([COUNTS, *TWO], "\t", "utf-16-le"), file="list.txt"),
        one("Big5", _csv([["村居", "日期", "戶數"], ["西街村", "2026-01-01", 80]], ",", "big5"), WEST, file="list.csv"),
        one(
            "villages with a number in front",
            book([["村居", "日期", "户数"], ["1.东街村", "2026-01-01", 120], ["2、西街村", "2026-01-01", 80]]),
        ),
        one("a row that numbers the columns", book([COUNTS, ["甲", 1, 2], *TWO])),
        one("years for columns", book([["村居", "2024年", "2025年"], ["东街村", 118, 119]]), refusable=True, left=None),
        one("without a heading", book(TWO), refusable=True),
        one(
            "a hidden column of the year before",
            book(
                [
                    ["村居", "日期", "户数", "户数"],
                    ["东街村", "2026-01-01", 999, 120],
                    ["西街村", "2026-01-01", 999, 80],
                ],
                look=hide_column("C"),
            ),
        ),
    ]


def _duty() -> list[OfficeList]:
    def one(name: str, content: Content, *right: tuple[Any, ...], **more: Any) -> OfficeList:
        return OfficeList("duty", name, content, right or (JIAN, MING), **more)

    def second(cell: Any) -> Content:
        return book([DUTY, WATCH[0], ["巡逻队", "李乙明", cell, ""]])

    def named(cell: str) -> Content:
        return book([DUTY, WATCH[0], ["巡逻队", cell, mobile(2), ""]])

    at_night = "每天 18:00-06:00"
    return [
        one("a short number in brackets", second(f"{mobile(2)}（短号661）"), left=1),
        one("a number as a figure", second(float(mobile(2)))),
        one("a number as 1.9900000002E10", second("1.9900000002E10")),
        one("a number that was rounded", second(1.38e10), JIAN, left=1),
        one("two numbers run together as a figure", second(float(mobile(2) + mobile(3))), left=1),
        one("blanks and a country code", second("+86 199 0000 0002")),
        one("full-width digits", second("１９９０００００００２")),
        one("two numbers in a cell", second(f"{mobile(2)}、{mobile(3)}"), JIAN, left=1),
        one("a leader behind the name", named("李乙明（队长）")),
        one("a leader in front of the name", named("队长：李乙明")),
        one("a star at the name", named("★李乙明")),
        one("a name with blanks", named("李 乙 明")),
        one("the team merged down", book([DUTY, WATCH[0], [None, *WATCH[1][1:]]], look=merge("A2:A3"))),
        one("the team on the first row only", book([DUTY, WATCH[0], ["", *WATCH[1][1:]]]), left=1),
        one(
            "a row that names the team above its people",
            book([["姓名", "电话"], ["巡逻队", ""], ["王甲建", mobile(1)], ["李乙明", mobile(2)]]),
            refusable=True,
        ),
        one("a sum below", book([DUTY, *WATCH, ["合计", "2人", "", ""]])),
        one("notes below", book([DUTY, *WATCH, ["以下空白"], ["填表人：张三", "", "", "2026-3-1"]])),
        one("a row of hints", book([DUTY, ["（选填）", "（必填）", "（必填）", "（选填）"], *WATCH])),
        one("the heading again on the next page", book([DUTY, WATCH[0], DUTY, WATCH[1]])),
        one("a row that numbers the columns", book([DUTY, [1, 2, 3, 4], *WATCH])),
        one("a hidden row", book([DUTY, *WATCH], look=hide_rows(3)), JIAN, left=1),
        one("a struck row", book([DUTY, *WATCH], look=strike("A3", "B3", "C3")), JIAN, left=1),
        one(
            "a mobile and a landline in two columns",
            book(
                [
                    ["队伍", "姓名", "手机", "固定电话"],
                    ["巡逻队", "王甲建", mobile(1), "88000001"],
                    ["巡逻队", "李乙明", "", "88000002"],
                ]
            ),
            JIAN,
            ("李乙明", "88000002", "patrol", ""),
            left=1,
        ),
        one("a sheet a team", _with_sheets(一队=[DUTY, WATCH[0]], 二队=[DUTY, WATCH[1]])),
        one(
            "two tables side by side",
            book([["姓名", "电话", "姓名", "电话"], ["王甲建", mobile(1), "李乙明", mobile(2)]]),
            ("王甲建", mobile(1), "security", ""),
            ("李乙明", mobile(2), "security", ""),
        ),
        one(
            "hours in several ways",
            book([DUTY, [*WATCH[0][:3], "18：00—次日6：00"], [*WATCH[1][:3], "24小时"]]),
            (*JIAN[:3], at_night),
            MING,
        ),
        one(
            "hours merged down",
            book([DUTY, [*WATCH[0][:3], "18:00-6:00"], [*WATCH[1][:3], None]], look=merge("D2:D3")),
            (*JIAN[:3], at_night),
            (*MING[:3], at_night),
        ),
        one(
            "other headings",
            book(
                [
                    ["序号", "职务", "联系人", "联系电话（手机）", "班次"],
                    [1, "巡逻队员", "王甲建", mobile(1), ""],
                    [2, "巡逻队员", "李乙明", mobile(2), ""],
                ]
            ),
        ),
        one(
            "without a heading",
            _csv([row[1:3] for row in WATCH]),
            ("王甲建", mobile(1), "security", ""),
            ("李乙明", mobile(2), "security", ""),
            file="list.csv",
            refusable=True,
        ),
        one("a web page named .xls", _page([DUTY, *WATCH]), file="list.xls"),
        one(
            "Big5",
            _csv(
                [["隊伍", "姓名", "電話"], ["巡邏隊", "王甲建", mobile(1)], ["巡邏隊", "李乙明", mobile(2)]],
                ",",
                "big5",
            ),
            file="list.csv",
        ),
        one("full-width commas", _csv([DUTY[:3], *[row[:3] for row in WATCH]], "，"), file="list.txt"),
    ]


OFFICE = (*_carrier(), *_counts(), *_duty())
