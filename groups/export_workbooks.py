"""The roster as a workbook for WPS: a sheet a group, ready to print; and the rows of a list that have to be mended."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

import xlsxwriter

from groups.exports import DOOR, FURTHER, GROUP, HEAD, LANDMARK, as_rows, harmless
from groups.rules.roster_judgement import Judgement, Verdict
from groups.rules.roster_rows import ListRow, RosterHousehold
from groups.rules.roster_sheets import UNGROUPED

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


def rows_to_mend(rows: Sequence[ListRow], judgement: Judgement, *, warnings: bool = False) -> bytes:
    """The rows in error as the file had them, with their number and what is wrong; with `warnings`, those too.

    Mended, it imports as it is: the columns for row and reason mean nothing to the roster.
    """
    wanted = {Verdict.ERROR, Verdict.WARNING} if warnings else {Verdict.ERROR}
    reasons = {
        (verdict.sheet, verdict.row): "；".join(finding.message for finding in verdict.findings)
        for verdict in judgement.verdicts
        if verdict.verdict in wanted
    }
    wrong = [row for row in rows if (row.sheet, row.number) in reasons]
    phones = list(dict.fromkeys(cell.column for row in wrong for cell in row.phones)) or ["手机"]
    heading = ["原文件行号", GROUP, DOOR, HEAD, *phones, LANDMARK, "原因"]
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TEXT) as book:
        sheet = book.add_worksheet("待改正")
        sheet.write_row(0, 0, heading, book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1}))
        for at, row in enumerate(wrong, start=1):
            cells = {cell.column: cell.text for cell in row.phones}
            where = f"{row.sheet} {row.number}".strip()
            texts = [where, row.group, row.door, row.head, *(cells.get(column, "") for column in phones)]
            for column, text in enumerate([*texts, row.landmark or "", reasons[row.sheet, row.number]]):
                sheet.write_string(at, column, harmless(text))
        sheet.set_column(0, len(heading) - 2, 15)
        sheet.set_column(len(heading) - 1, len(heading) - 1, 60)
        sheet.freeze_panes(1, 0)
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
