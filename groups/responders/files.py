"""Lists of grids, responders and cameras as files: read out of what village offices have, written for WPS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from groups.errors import Message, RosterFileError, say
from groups.files import recognising, writing
from groups.files.columns import Columns, FoundColumns, FoundLists, find_lists
from groups.files.isolated import read_apart
from groups.files.recognising import SOMETHING_ELSE, PlainVocabulary
from groups.files.rows_below import Row, repeats_on_every_row
from groups.files.writing import Look, Table, as_workbook, mark_encoding
from groups.models.batch import Batch
from groups.responders.lists import (
    HEADINGS,
    REQUIRED,
    Checked,
    Kind,
    ListOnRecord,
    Region,
    check,
    find_team,
    keep_all,
    list_rows,
    write_texts,
)
from groups.roster.imports.rules.names import read_name
from groups.roster.imports.rules.numbers import read_numbers
from groups.rules.findings import show
from groups.uploads.columns_said import read_columns_of_shown

MOST_ROWS = 2_000
LEFT_OUT = "left_out"
"""Among a row's texts: why it does not count."""
SHEET = "sheet"
"""Among a row's texts: its sheet's name, where the file has several such lists."""
SECOND, TEAM_ABOVE = "second", "team_above"
"""Among a responder's texts: a second number, and that the team is that of the rows above."""
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
    "name": ("姓名", "名称", "监控点", "网格", "人员", "联系人", "队员", "name"),
}
"""What a column is called that holds a field; the first field that fits takes it."""
_NO_COLUMN = re.compile(r"身份证|证件|短号|编号|序号|备注|邮编|车牌|银行|性别|年龄")


@dataclass(frozen=True, slots=True)
class WatchFile:
    """A list as it was read: its sheets with their columns, and each row's number and texts; or why there are none."""

    sheets: FoundLists
    rows: Sequence[tuple[int, dict[str, str]]] = ()
    reason: Message | None = None


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row of a file: its number there, its texts by field, what they come to, and what it does to the list."""

    number: int
    texts: dict[str, str]
    checked: Checked
    change: str


def open_list(kind: Kind, content: bytes, name: str, said: Columns) -> WatchFile:
    """The rows of a file, `said`: with the columns as somebody says they are. Raises RosterFileError."""
    file = read_apart(content, name)
    found = find_lists(file.sheets, _make_vocabulary(kind), said, file.hidden)
    layouts = found.layouts
    if not layouts or any(layout.lacking for layout in layouts):
        lacking = tuple(HEADINGS[kind][field] for field in REQUIRED[kind])
        return WatchFile(found, reason=say("columns_missing", lacking=lacking))
    if sum(len(layout.rows) for layout in layouts) > MOST_ROWS:
        return WatchFile(found, reason=say("more_than_rows", most=MOST_ROWS))
    several = len(layouts) > 1
    texts = [
        (number, read | ({SHEET: layout.sheet.label} if several else {}))
        for layout in layouts
        for number, read in (_read_people(layout) if kind is Kind.RESPONDERS else _read_rows(layout))
    ]
    return WatchFile(found, texts)


def list_column_words(kind: Kind) -> dict[str, str]:
    """What somebody may call a column of such a list who says what it holds: by the word, its field."""
    fields = HEADINGS[kind]
    return {
        **{word: field for field, words in _WORDS.items() if field in fields for word in words},
        **{word: field for field, word in fields.items()},
        **{field: field for field in fields},
        **dict.fromkeys(("不用", "无"), SOMETHING_ELSE),
    }


def _make_vocabulary(kind: Kind) -> PlainVocabulary:
    needs = {HEADINGS[kind][field]: (field,) for field in REQUIRED[kind]}
    looks = (
        (recognising.Look("team", lambda text: find_team(text) is not None, 0.6),) if kind is Kind.RESPONDERS else ()
    )
    who = ("name", "number") if kind is Kind.RESPONDERS else ("name",)
    return PlainVocabulary(partial(_recognise_heading, kind), needs, looks=looks, numeric=("number",), who=who)


def _read_rows(layout: FoundColumns) -> Iterator[tuple[int, dict[str, str]]]:
    for row in layout.rows:
        yield row.number, _read_texts(layout, row)


def _read_people(layout: FoundColumns) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a duty list: each with its team, where that stands once above its people, and its second number."""
    rows = list(_read_rows(layout))
    goes_on = not repeats_on_every_row([texts.get("team", "") for _, texts in rows])
    second = _find_second_number(layout)
    by_number = {row.number: row for row in layout.rows}
    team, is_announced = "", False
    for number, texts in rows:
        if not texts.get("number") and not texts.get("team") and find_team(texts.get("name", "")):
            team, is_announced = texts["name"], True
            continue
        more: dict[str, str] = {}
        if texts.get("team"):
            team, is_announced = texts["team"], False
        if team and goes_on and not texts.get("team"):
            more |= {"team": team} | ({} if is_announced else {TEAM_ABOVE: "1"})
        if second is not None:
            cells = by_number[number].texts
            further = cells[second].strip() if second < len(cells) else ""
            more |= {SECOND: further} if texts.get("number") else {"number": further}
        yield number, texts | more


def _find_second_number(layout: FoundColumns) -> int | None:
    """A further column of numbers: 固定电话 beside 手机."""
    headed = (c.index for c in layout.layout.columns if c.heading and layout.vocabulary.find(c.heading) == "number")
    return next((at for at in headed if layout.fields.get(at) != "number" and at not in layout.said), None)


def _read_texts(found: FoundColumns, row: Row) -> dict[str, str]:
    """A row's texts by field; why it does not count, where it does not."""
    said = {field: row.texts[at].strip() if at < len(row.texts) else "" for at, field in found.fields.items()}
    return said | {LEFT_OUT: row.left_out} if row.left_out else said


def read_file(kind: Kind, content: bytes, name: str, columns: Sequence[str] = ()) -> WatchFile:
    """A file with such a list; `columns`: what columns hold, 电话=D. Raises RosterFileError where it is none."""
    opened = open_list(kind, content, name, {})
    if columns:
        said = read_columns_of_shown(columns, opened.sheets.shown(), list_column_words(kind))
        opened = open_list(kind, content, name, said)
    if opened.reason:
        raise RosterFileError(opened.reason)
    return opened


def judge_rows(on_record: ListOnRecord, rows: Iterable[tuple[int, dict[str, str]]], here: Region) -> list[ReadRow]:
    """The rows judged against the list as it stands, and against each other."""
    found: list[ReadRow] = []
    seen: dict[str, int] = {}
    for number, written in rows:
        if LEFT_OUT in written:
            found.append(ReadRow(number, written, Checked(told=[say(written[LEFT_OUT])]), LEFT_OUT))
            continue
        texts, told, flaw = _tidy_responder(written, here) if on_record.kind is Kind.RESPONDERS else (written, [], None)
        checked = check(on_record, texts, here)
        checked.told += told
        if flaw:
            checked.wrong["number"] = flaw
        key = on_record.make_key_of_row(checked)
        if key and key in seen:
            checked.wrong["name"] = say("same_as_row", row=seen[key])
        seen.setdefault(key, number)
        found.append(ReadRow(number, texts, checked, _change(on_record, checked)))
    return found


def _tidy_responder(texts: dict[str, str], here: Region) -> tuple[dict[str, str], list[Message], Message | None]:
    """A row without what people write beside a name and a number; what was left out, and what is wrong about it.

    A responder has one number: of several a person has to say which.
    """
    written = texts.get("number", "")
    numbers, wrong = read_numbers(written, here.region, here.area_code)
    told = [say("number_flaw", text=show(flaw.text), flaw=flaw.reason) for flaw in wrong] if numbers else []
    if TEAM_ABOVE in texts:
        told.append(say("team_of_the_row_above", team=show(texts["team"])))
    if SECOND in texts and texts[SECOND].strip() not in {"", written.strip()}:
        told.append(say("further_number_left_out", text=show(texts[SECOND])))
    flaw = say("several_numbers_one_asked") if len(numbers) > 1 else None
    read = {"name": read_name(texts.get("name", "")).head}
    if len(numbers) == 1:
        read["number"] = numbers[0].e164
    return texts | read, told, flaw


def _change(on_record: ListOnRecord, checked: Checked) -> str:
    """What the row does to the list: error, new, changed or same; LEFT_OUT is told by its texts."""
    if checked.wrong:
        return "error"
    twin = on_record.find_twin(checked)
    if twin is None:
        return "new"
    alike = all(getattr(twin, name) == value for name, value in checked.values.items())
    its = checked.groups is None or set(checked.groups) == on_record.groups_of(twin)
    return "same" if alike and its else "changed"


def import_rows(batch: Batch, on_record: ListOnRecord, rows: Sequence[ReadRow]) -> None:
    """Keep them all, in a few statements. Raises RosterFileError, with nothing kept, where one is in error."""
    wrong = [row for row in rows if row.change == "error"]
    if wrong:
        first = next(iter(wrong[0].checked.wrong.values()))
        raise RosterFileError(say("first_wrong_row", row=wrong[0].number, first=first, count=len(wrong)))
    keep_all(batch, on_record, [row.checked for row in rows if row.change != LEFT_OUT])


def _recognise_heading(kind: Kind, heading: str) -> str | None:
    """What a plain heading holds."""
    # A heading that is just what the export writes is meant so: 网格 is the name in one list, a field in another.
    exact = next((name for name, word in HEADINGS[kind].items() if word == heading), None)
    if exact is None and _NO_COLUMN.search(heading):
        return SOMETHING_ELSE
    return exact or next((name for name in HEADINGS[kind] if any(word in heading for word in _WORDS[name])), None)


def as_texts(session: Session, kind: Kind, village_id: int | None, region: str) -> list[list[str]]:
    """The list as a table, its headings first; it imports to the same list."""
    fields = HEADINGS[kind]
    rows = [write_texts(session, row, region) for row in list_rows(session, kind, village_id)]
    return [list(fields.values()), *([row[name] for name in fields] for row in rows)]


def as_csv(table: Sequence[Sequence[str]]) -> bytes:
    """The table as CSV, with the mark that spreadsheets on a Chinese Windows need."""
    return mark_encoding(writing.as_csv(table))


def as_xlsx(table: Sequence[Sequence[str]], title: str) -> bytes:
    """The table as a workbook, ready to print."""
    heading, *rows = table
    return as_workbook([Table(title, heading, rows, widths=[22] * len(heading), look=_PRINTED)])


_PRINTED = Look(bordered=True, wrapped=True, printed=True)
