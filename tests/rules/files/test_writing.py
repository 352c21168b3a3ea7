"""The one writer of tables: what a spreadsheet makes of its cells."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from groups.files.writing import Cell, Look, Money, Share, Table, Verbatim, as_csv, as_workbook, mark_encoding


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("王建国", "王建国"),
        ("=1+1", "'=1+1"),
        ("+8613900001111", "'+8613900001111"),
        ("-3", "'-3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("'quoted", "''quoted"),
        (Verbatim("12-1"), "'12-1"),
        (Verbatim("桥东第2家"), "桥东第2家"),
        (-3, "-3"),
        (Money(123456), "1234.56"),
        (Money(-5), "-0.05"),
        (Share(2, 3), "0.6667"),
        (Share(0, 0), ""),
        (date(2026, 11, 23), "2026-11-23"),
        (None, ""),
    ],
)
def test_a_cell_of_a_csv_is_never_run_nor_taken_for_another_thing(cell: Cell, shown: str) -> None:
    assert list(csv.reader(io.StringIO(as_csv([["a", cell]])))) == [["a", shown]]


def test_a_csv_begins_with_the_mark_that_spreadsheets_ask_for_and_with_one_alone() -> None:
    assert mark_encoding("\ufeff号码\r\n") == mark_encoding("号码\r\n") == "\ufeff号码\r\n".encode()


def test_a_workbook_has_every_cell_in_its_own_type_and_text_as_text() -> None:
    rows: list[list[Cell]] = [["=1+1", Verbatim("12-1"), 7, Money(250), Share(1, 4), date(2026, 11, 23), None]]
    total: list[Cell] = ["合计", "", 7, Money(250), Share(1, 0), None, None]
    content = as_workbook(
        [Table("表", list("甲乙丙丁戊己庚"), rows, total=total, title="题", look=Look(bordered=True))]
    )
    sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    title, heading, row, last = sheet.iter_rows()
    assert (title[0].value, heading[0].value, sheet.freeze_panes) == ("题", "甲", "A3")
    assert [cell.value for cell in row[:5]] == ["'=1+1", "12-1", 7, 2.5, 0.25]
    assert row[5].value.date() == date(2026, 11, 23)
    assert {cell.data_type for cell in row[:2]} == {"s"}
    assert (last[0].value, last[3].value, last[4].value) == ("合计", 2.5, None)


def test_sheets_have_names_that_workbooks_allow_each_once() -> None:
    tables = [Table(name, ["a"], []) for name in ("3组/东[1]", "3组-东-1-", "很长的名字" * 8, "很长的名字" * 8)]
    names = openpyxl.load_workbook(io.BytesIO(as_workbook(tables))).sheetnames
    assert names[:2] == ["3组-东-1-", "3组-东-1-(2)"]
    assert all(len(name) <= 31 for name in names)
    assert len(set(names)) == 4
