"""Lists of grids, responders and cameras as files: read out of what village offices have, written for WPS."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter
from sqlalchemy.orm import Session

from groups.errors import RosterFileError
from groups.files.reading import sheets_of
from groups.files.sheet import Sheet
from groups.files.writing import harmless
from groups.models.batch import Batch
from groups.responders.lists import HEADINGS, REQUIRED, Checked, Kind, Region, check, keep, rows_of, texts_of, twin_of
from groups.rules.texts import tidied

MOST_ROWS = 2_000
DEEPEST_HEADING = 10
_WORDS: dict[str, tuple[str, ...]] = {
    "team": ("队伍", "类别", "班组", "性质", "team"),
    "number": ("电话", "手机", "号码", "联系方式", "number", "phone"),
    "hours": ("值班", "时段", "班次", "hours"),
    "reach": ("通知方式", "方式", "reach"),
    "language": ("语言", "language"),
    "virtual": ("类型", "虚拟", "virtual"),
    "groups": ("联防组", "编组", "groups"),
    "landmark": ("方位", "位置", "地点", "landmark"),
    "grid": ("网格", "grid"),
    "name": ("姓名", "名称", "监控点", "网格", "人员", "name"),
}
"""What a column is called that holds a field; the first field that fits takes it."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row of a file: its number there, its texts by field, what they come to, and what it does to the list."""

    number: int
    texts: dict[str, str]
    checked: Checked
    change: str


def read_rows(
    session: Session, kind: Kind, village_id: int | None, content: bytes, name: str, here: Region
) -> list[ReadRow]:
    """The rows of a file, judged against the list as it stands. Raises RosterFileError where it is no such list."""
    found: list[ReadRow] = []
    seen: dict[str, int] = {}
    for number, texts in _table(kind, sheets_of(content, name)):
        checked = check(session, kind, village_id, texts, here)
        key = checked.values.get("number" if kind is Kind.RESPONDERS else "name", "")
        if key and key in seen:
            checked.wrong["name"] = f"与第{seen[key]}行相同 the same as row {seen[key]}"
        seen.setdefault(key, number)
        found.append(ReadRow(number, texts, checked, _change(session, kind, village_id, checked)))
    return found


def _change(session: Session, kind: Kind, village_id: int | None, checked: Checked) -> str:
    """What the row does to the list: error, new, changed or same."""
    if checked.wrong:
        return "error"
    twin = twin_of(session, kind, village_id, checked)
    if twin is None:
        return "new"
    alike = all(getattr(twin, name) == value for name, value in checked.values.items())
    return "same" if alike and checked.groups is None else "changed"


def import_rows(batch: Batch, kind: Kind, village_id: int | None, rows: Sequence[ReadRow]) -> None:
    """Keep them all. Raises RosterFileError, with nothing kept, where one is in error."""
    wrong = [row for row in rows if row.change == "error"]
    if wrong:
        first = next(iter(wrong[0].checked.wrong.values()))
        raise RosterFileError(f"第{wrong[0].number}行：{first}（共{len(wrong)}行有误，未导入）nothing was imported")
    for row in rows:
        twin = twin_of(batch.session, kind, village_id, row.checked)
        keep(batch, kind, village_id, twin, row.checked)


def _table(kind: Kind, sheets: Sequence[Sheet]) -> list[tuple[int, dict[str, str]]]:
    """Each row's number and its texts by field, below the first row that heads such a list."""
    for sheet in sheets:
        for place, cells in enumerate(sheet.rows[:DEEPEST_HEADING]):
            columns = _columns(kind, cells)
            if all(needed in columns for needed in REQUIRED[kind]):
                below = enumerate(sheet.rows[place + 1 :], start=place + 2)
                filled = [(number, row) for number, row in below if any(cell.strip() for cell in row)]
                if len(filled) > MOST_ROWS:
                    raise RosterFileError(f"超过{MOST_ROWS}行 more than {MOST_ROWS} rows")
                return [
                    (number, {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()})
                    for number, row in filled
                ]
    lacking = "、".join(HEADINGS[kind][name] for name in REQUIRED[kind])
    raise RosterFileError(f"找不到列：{lacking}；前十行须有表头 the heading lacks these columns")


def _columns(kind: Kind, cells: Sequence[str]) -> dict[str, int]:
    """Which column holds which field."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        heading = tidied(cell).lower()
        # A heading that is just what the export writes is meant so: 网格 is the name in one list, a field in another.
        exact = next((name for name, word in HEADINGS[kind].items() if word == heading), None)
        fits = (name for name in HEADINGS[kind] if heading and any(word in heading for word in _WORDS[name]))
        field = exact or next((name for name in fits if name not in found), None)
        if field is not None:
            found.setdefault(field, at)
    return found


def as_texts(session: Session, kind: Kind, village_id: int | None, region: str) -> list[list[str]]:
    """The list as a table, its headings first; it imports to the same list."""
    fields = HEADINGS[kind]
    rows = [texts_of(session, row, region) for row in rows_of(session, kind, village_id)]
    return [list(fields.values()), *([harmless(row[name]) for name in fields] for row in rows)]


def as_csv(table: Sequence[Sequence[str]]) -> bytes:
    """The table as CSV, with the mark that spreadsheets on a Chinese Windows need."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(table)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(table: Sequence[Sequence[str]], title: str) -> bytes:
    """The table as a workbook, ready to print."""
    content = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, plain) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1})
        cell = book.add_format({"border": 1, "text_wrap": True, "num_format": "@"})
        for at, row in enumerate(table):
            for column, text in enumerate(row):
                sheet.write_string(at, column, text, cell if at else bold)
        sheet.set_column(0, max(len(table[0]) - 1, 0), 22)
        sheet.freeze_panes(1, 0)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
    return content.getvalue()
