"""Carrier's lists, counts and responders as clerks and systems write them: what columns hold, which rows count.

Written, with what is right, before they were run. One recogniser reads them all, with a vocabulary each.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from groups.coverage.counts import open_counts
from groups.enrolment.carrier_lists.rules.rows import find_layouts, read, read_rows
from groups.errors import say
from groups.errors.words import write_english
from groups.files.isolated import read_apart
from groups.files.reading import read_sheets
from groups.responders.files import open_list, read_file
from groups.responders.lists import Kind
from groups.roster.imports.reading import read_list
from tests.support.clerks_lists import hide_column, hide_rows, merge, mobile, strike
from tests.support.clerks_lists import make_book as book

PLAN = "平安联防#9按键"
TODAY = date(2026, 11, 24)
START = "2026-03-01"


def carriers(content: bytes, name: str = "list.xlsx") -> tuple[list[tuple[str, str, str, str]], list[str]]:
    """Number, name, start and end of the rows without an error; and the reasons of those with one."""
    sheets = read_sheets(content, name, dated=True)
    entries = [read(row, "CN", "574", TODAY) for row in read_rows(find_layouts(sheets).layouts)]
    good = [
        (e.number.removeprefix("+86"), e.name, str(e.starts_on), str(e.ends_on or "")) for e in entries if not e.errors
    ]
    return good, [finding.reason for e in entries for finding in e.errors]


HEAD = ["号码", "姓名", "套餐", "开通日期", "结束日期"]
LINES = [[mobile(1), "王甲建", PLAN, START, ""], [mobile(2), "李乙明", PLAN, START, ""]]
BOTH = [(mobile(1), "王甲建", START, ""), (mobile(2), "李乙明", START, "")]


def csv(rows: list[list[Any]], between: str = ",", code: str = "gb18030") -> bytes:
    return "\n".join(between.join(map(str, row)) for row in rows).encode(code)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (book([["业务号码（手机）", "客户姓名", "套餐（主）", "开通时间", "失效时间"], *LINES]), "list.xlsx"),
        (book([["手机号码/固话", "机主姓名（户主）", "销售品名称", "生效日期", "失效日期"], *LINES]), "list.xlsx"),
        (book([["號碼", "姓名", "套餐", "開通日期", "結束日期"], *LINES]), "list.xlsx"),
        (
            book(
                [["平安联防业务清单"], ["客户", "", "业务", "", ""], HEAD, *LINES],
                look=merge("A1:E1", "A2:B2", "C2:E2"),
            ),
            "list.xlsx",
        ),
        (
            book(
                [["号码", "姓名", "套餐", "日期", ""], ["", "", "", "开通", "结束"], *LINES],
                look=merge("A1:A2", "B1:B2", "C1:C2", "D1:E1"),
            ),
            "list.xlsx",
        ),
        (csv([HEAD, *LINES], ";"), "list.csv"),
        (csv([HEAD, *LINES], "\t", "utf-16"), "list.txt"),
        (csv([HEAD, *LINES], "|", "utf-8-sig"), "list.csv"),
        (csv([HEAD, LINES[0], [mobile(2), "李乙明", "同上", "〃", ""]]), "list.csv"),
        (book([HEAD, LINES[0], [mobile(2), "李乙明", '"', "″", ""]]), "list.xlsx"),
        (book([["序号", "☎", "姓名", "套餐", "开通日期"], *[[n, *row[:4]] for n, row in enumerate(LINES)]]), "l.xlsx"),
        (book([["", "姓名", "套餐", "开通日期"], *[row[:4] for row in LINES]]), "list.xlsx"),
        (book([["用户标识", "姓名", "套餐", "开通日期"], *[row[:4] for row in LINES]]), "list.xlsx"),
        (book([["原号码", *HEAD], *[[mobile(90 + n), *row] for n, row in enumerate(LINES)]]), "list.xlsx"),
        (
            book([["号码", *HEAD], *[[mobile(90 + n), *row] for n, row in enumerate(LINES)]], look=hide_column("A")),
            "list.xlsx",
        ),
        (
            (
                "<table>"
                + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in [HEAD, *LINES])
                + "</table>"
            ).encode(),
            "list.xls",
        ),
        (book([["填表说明"], ["一行一户"]], [HEAD, *LINES]), "list.xlsx"),
        (book([HEAD, *[[*row[:4], "长期"] for row in LINES]]), "list.xlsx"),
        (book([HEAD, *[[*row[:4], "9999-12-31 23:59:59"] for row in LINES]]), "list.xlsx"),
        (book([["证件号码", *HEAD], *[["330000190001010011", *row] for row in LINES]]), "list.xlsx"),
    ],
)
def test_a_carriers_list_comes_in_as_it_is_meant(content: bytes, name: str) -> None:
    assert carriers(content, name) == (BOTH, [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (book([HEAD, LINES[0], LINES[1]], look=hide_rows(3)), "left_out"),
        (book([HEAD, LINES[0], LINES[1]], look=strike("A3", "B3", "C3", "D3")), "left_out"),
        (book([HEAD, LINES[0], [*LINES[1][:3], "二月三十", ""]]), "invalid_day"),
        (book([HEAD, LINES[0], [*LINES[1][:3], "2026-02-30", ""]]), "invalid_day"),
    ],
)
def test_what_does_not_count_costs_its_row_only_and_is_told(content: bytes, reason: str) -> None:
    assert carriers(content) == (BOTH[:1], [reason])


def counts(content: bytes, name: str = "list.xlsx", day: date | None = None) -> list[tuple[str, str, str, Any, Any]]:
    return [
        (row.village, row.kind.value, str(row.counted_on or ""), row.households, row.problem)
        for row in open_counts(content, name, day, {}).rows
    ]


TWO = [("东街村", "resident", "2026-01-01", 120, None), ("西街村", "resident", "2026-01-01", 80, None)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (book([["村居", "日期", "常住户数（户）"], ["东街村", "2026-1-1", 120], ["西街村", "2026-1-1", 80]]), "l.xlsx"),
        (
            book([["行政村名称", "统计时间", "常住户数量"], ["东街村", "2026.1.1", 120], ["西街村", "同上", 80]]),
            "l.xlsx",
        ),
        (
            csv([["村（居）", "统计日期", "总户数"], ["东街村", "20260101", 120], ["西街村", "20260101", 80]], ";"),
            "l.csv",
        ),
        (
            csv([["村名", "日期", "户數"], ["东街村", "2026年1月1日", 120], ["西街村", "″", 80]], "\t", "utf-16"),
            "l.txt",
        ),
        (
            book(
                [
                    ["序号", "村/社区", "截至日期", "2026年常住户数"],
                    [1, "东街村", "2026/1/1", 120],
                    [2, "西街村", "2026/1/1", 80],
                ]
            ),
            "l.xlsx",
        ),
        (
            book(
                [
                    ["村居", "日期", "户数", ""],
                    ["", "", "常住", "人口"],
                    ["东街村", "2026-1-1", 120, 300],
                    ["西街村", "2026-1-1", 80, 200],
                ],
                look=merge("A1:A2", "B1:B2", "C1:D1"),
            ),
            "l.xlsx",
        ),
        (
            book(
                [
                    ["全镇户数统计表"],
                    ["村居", "总人口", "日期", "户数"],
                    ["东街村", 300, "2026-1-1", 120],
                    ["西街村", 200, "2026-1-1", 80],
                ]
            ),
            "l.xlsx",
        ),
    ],
)
def test_a_list_of_counts_comes_in_as_it_is_meant(content: bytes, name: str) -> None:
    assert counts(content, name) == TWO


def test_a_hidden_row_of_counts_is_told_and_not_counted() -> None:
    rows: list[list[Any]] = [["村居", "日期", "户数"], ["东街村", "2026-1-1", 120], ["西街村", "2026-1-1", 80]]
    found = counts(book(rows, look=hide_rows(3)))
    assert found[0] == TWO[0]
    assert found[1][-1] == say("row_hidden_left_out")


DUTY = [["巡逻队", "王甲建", mobile(1)], ["巡逻队", "李乙明", mobile(2)]]
WATCH = [
    {"team": "巡逻队", "name": "王甲建", "number": mobile(1)},
    {"team": "巡逻队", "name": "李乙明", "number": mobile(2)},
]


@pytest.mark.parametrize(
    "content",
    [
        book([["队伍名称", "队员姓名", "联系电话（手机）"], *DUTY]),
        book([["类别", "人员", "手机/短号"], ["巡逻队", "王甲建", mobile(1)], ["同上", "李乙明", mobile(2)]]),
        book([["隊伍", "姓名", "身份证号", "電話"], *([team, name, "3", phone] for team, name, phone in DUTY)]),
        book(
            [
                ["村巡防人员"],
                ["队伍", "姓名", "联系方式", ""],
                ["", "", "手机", "短号"],
                ["巡逻队", "王甲建", mobile(1), 661],
                ["巡逻队", "李乙明", mobile(2), 662],
            ],
            look=merge("A2:A3", "B2:B3", "C2:D2"),
        ),
    ],
)  # fmt: skip
def test_a_list_of_responders_comes_in_as_it_is_meant(content: bytes) -> None:
    assert [texts for _, texts in open_list(Kind.RESPONDERS, content, "list.xlsx", {}).rows] == WATCH


def test_a_hidden_responder_is_told() -> None:
    rows = [["队伍", "姓名", "电话"], ["巡逻队", "王甲建", mobile(1)], ["巡逻队", "李乙明", mobile(2)]]
    found = open_list(Kind.RESPONDERS, book(rows, look=hide_rows(3)), "list.xlsx", {}).rows
    assert found[1][1]["left_out"] == "row_hidden_left_out"


def _three_sheets(rows: list[list[Any]]) -> bytes:
    """A workbook with a list, a sheet that is none, and a list on a sheet that is hidden."""

    def name(made: Any) -> None:
        for sheet, title in zip(made.worksheets, ("名单", "填写说明", "去年"), strict=True):
            sheet.title = title
        made.worksheets[2].sheet_state = "hidden"

    return book(rows, [["填写说明"], ["请如实填写，不要留空行"]], rows, look=name)


def test_a_sheet_that_is_no_list_is_named_with_the_reason() -> None:
    carriers = _three_sheets([["号码", "姓名", "套餐", "开通日期"], [mobile(1), "王甲建", "平安", "2026-03-01"]])
    file = read_apart(carriers, "list.xlsx", dated=True)
    counts = _three_sheets([["村居", "日期", "户数"], ["东街村", "2026-01-01", 120]])
    duty = _three_sheets([["姓名", "电话"], ["王甲建", mobile(1)]])
    households = _three_sheets([["户主", "手机"], ["王甲建", mobile(1)]])
    of_carriers = find_layouts(file.sheets, {}, file.hidden).left_out
    assert [(each.name, write_english(each.reason)) for each in of_carriers] == [
        ("填写说明", "no column of it holds 号码, 开通日期"),
        ("去年", "it is hidden"),
    ]
    for left_out in (
        open_counts(counts, "list.xlsx", None, {}).sheets.left_out,
        open_list(Kind.RESPONDERS, duty, "list.xlsx", {}).sheets.left_out,
    ):
        assert [(each.name, each.reason.code) for each in left_out] == [
            ("填写说明", "sheet_lacks_columns"),
            ("去年", "sheet_is_hidden"),
        ]
    roster = read_list(households, "list.xlsx")
    assert [each.name for each in roster.left_out] == ["填写说明"]
    assert "hidden_sheets" in {note.reason for note in roster.notes}


def test_what_somebody_says_of_a_sheet_that_was_left_out_makes_it_a_list() -> None:
    rows = [["姓名", "电话"], ["王甲建", mobile(1)]]
    content = book(rows, [["甲", "乙"], ["李乙明", mobile(2)]])
    opened = open_list(Kind.RESPONDERS, content, "list.xlsx", {})
    assert [each.name for each in opened.sheets.left_out] == ["Sheet2"]
    names = [name for layout in opened.sheets.shown() for name in layout["names"]]
    assert names == ["Sheet1", "Sheet2"], "its columns are shown, to be named"
    for said, found in ((("姓名=A", "电话=B"), 1), (("姓名=A", "电话=B", "Sheet2!姓名=A", "Sheet2!电话=B"), 2)):
        assert len(read_file(Kind.RESPONDERS, content, "list.xlsx", said).rows) == found
