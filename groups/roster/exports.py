"""The roster as a file that imports again to the same roster: CSV, JSON, and a workbook with a sheet a group."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

import xlsxwriter

from groups.files.writing import harmless
from groups.roster.rules.household import UNGROUPED, RosterHousehold
from groups.rules.phone import Kind, as_written_here, kind_of

GROUP, DOOR, HEAD, LANDMARK = "联防组", "门牌号", "户主", "方位"
MOBILE, LANDLINE, SECOND_MOBILE, FURTHER = "手机", "固定电话", "备用手机", "其他电话"

_WIDTHS = {GROUP: 13, DOOR: 13, HEAD: 14, LANDMARK: 18}
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 31
# What is written is text, whatever it looks like.
_AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def as_xlsx(roster: Sequence[RosterHousehold], region: str, village: str, day: date) -> bytes:
    """A sheet for every group, in the roster's order, each a page wide on A4; it imports to the same roster."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TEXT) as book:
        names: set[str] = set()
        for group, households in groupby(roster, key=lambda household: household.group):
            _write_group(book, _sheet_name(group or UNGROUPED, names), village, day, *as_rows(list(households), region))
        if not roster:
            _write_group(book, UNGROUPED, village, day, *as_rows([], region))
    return content.getvalue()


def _write_group(
    book: xlsxwriter.Workbook,
    name: str,
    village: str,
    day: date,
    heading: Sequence[str],
    rows: Iterable[dict[str, str]],
) -> None:
    sheet = book.add_worksheet(name)
    title = book.add_format({"bold": True, "font_size": 18, "align": "center", "valign": "vcenter"})
    bold = book.add_format(
        {"bold": True, "font_size": 12, "bg_color": "#DCE6F1", "border": 1, "align": "center", "valign": "vcenter"}
    )
    plain = book.add_format({"font_size": 13, "border": 1, "valign": "vcenter", "text_wrap": True, "num_format": "@"})
    sheet.merge_range(0, 0, 0, len(heading) - 1, harmless(f"{village} 十户联防通讯录"), title)
    sheet.set_row(0, 32)
    sheet.write_row(1, 0, heading, bold)
    sheet.set_row(1, 24)
    for at, row in enumerate(rows, start=2):
        sheet.set_row(at, 26)
        for column, word in enumerate(heading):
            sheet.write_string(at, column, harmless(row.get(word, "")), plain)
    for column, word in enumerate(heading):
        sheet.set_column(column, column, _WIDTHS.get(word, 16 if not word.startswith(FURTHER) else 15))
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(0, 1)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L遇险请按 #9，报警仍拨 110&C&P / &N&R{day.isoformat()}")


def _sheet_name(group: str, taken: set[str]) -> str:
    """A sheet's name that workbooks allow: short, without their signs, each once whatever its case."""
    bare = _NOT_IN_A_NAME.sub("-", group)[:_LONGEST_NAME]
    name, number = bare, 1
    while name.casefold() in taken:
        number += 1
        name = f"{bare[: _LONGEST_NAME - 4]}({number})"
    taken.add(name.casefold())
    return name


def as_json(roster: Sequence[RosterHousehold]) -> str:
    """A list of {"group", "head", "door", "phones"} in the order of the roster; phones in E.164."""
    households = [
        {"group": household.group, "head": household.head, "door": household.door, "phones": list(household.phones)}
        for household in roster
    ]
    return json.dumps(households, ensure_ascii=False, indent=1) + "\n"


def as_csv(roster: Sequence[RosterHousehold], region: str) -> str:
    """One row a household under one heading, with as many columns for further phones as are needed.

    A phone stands in the first column behind the one before it that is of its kind, so that reading the columns
    in their order gives the phones in theirs.
    """
    rows = [_columns(household, region) for household in roster]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, _heading(rows), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(
        {column: _left_alone(text) if column == DOOR else harmless(text) for column, text in row.items()}
        for row in rows
    )
    return table.getvalue()


# What a spreadsheet takes for a day, a figure or a time when it opens a CSV, and writes otherwise when it saves it.
_LOOKS_LIKE_A_FIGURE = re.compile(
    r"0\d+|\d+([-/.:]\d+)+|\d+[eE]\d+|\d{1,4}[年月].*|\d+%|\d{12,}|\d+-[A-Za-z]{3}|[A-Za-z]{3}-\d+|true|false",
    re.IGNORECASE,
)


def _left_alone(text: str) -> str:
    """A door with the mark for text in front where a spreadsheet would make a day of it: 12-1 would be 12月1日."""
    return f"'{text}" if _LOOKS_LIKE_A_FIGURE.fullmatch(text) else harmless(text)


def as_rows(roster: Sequence[RosterHousehold], region: str) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of the table that `as_csv` writes, for other forms of it."""
    rows = [_columns(household, region) for household in roster]
    return _heading(rows), rows


def _heading(rows: Sequence[dict[str, str]]) -> list[str]:
    further = sorted({column for row in rows for column in row if column.startswith(FURTHER)}, key=_further_number)
    return [GROUP, DOOR, HEAD, MOBILE, LANDLINE, SECOND_MOBILE, *further, LANDMARK]


def _columns(household: RosterHousehold, region: str) -> dict[str, str]:
    row = {
        GROUP: household.group or UNGROUPED,
        DOOR: household.door,
        HEAD: household.head,
        LANDMARK: household.landmark,
    }
    slots: list[tuple[str, Kind]] = [(MOBILE, "mobile"), (LANDLINE, "landline"), (SECOND_MOBILE, "mobile")]
    further = 0
    for number in household.phones:
        kind = kind_of(number)
        while slots and slots[0][1] != kind:
            slots.pop(0)
        if slots:
            column = slots.pop(0)[0]
        else:
            further += 1
            column = FURTHER if further == 1 else f"{FURTHER}{further}"
        row[column] = as_written_here(number, region)
    return row


def _further_number(column: str) -> int:
    return int(column.removeprefix(FURTHER) or 1)
