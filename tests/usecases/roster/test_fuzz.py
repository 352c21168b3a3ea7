"""Whatever is brought as a list is refused in words or taken as a whole; nothing crashes or takes 10 seconds."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from config.database import Database
from groups.errors import GroupsError
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Change, Source
from groups.models.roster import Household, Phone, Village
from groups.roster.imports.apply import apply, judge_list
from groups.roster.imports.reading import open_file, open_pasted, read_households
from groups.roster.imports.rules.rows import ListRow
from groups.roster.villages import read_roster
from tests.conftest import examples
from tests.support import messy_rosters

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
BY = Author("fuzz", Source.IMPORT)
PATIENCE = settings(
    deadline=timedelta(seconds=10),
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

words = st.sampled_from(
    [
        *(
            "联防组",
            "组别",
            "户主",
            "姓名",
            "手机",
            "电话",
            "宅电",
            "门牌",
            "方位",
            "备注",
            "序号",
            "1组",
            "第2联防组",
            "未编组",
        ),
        *(
            "王一",
            "李二",
            "王 一",
            "欧阳修",
            "合计",
            "小计：2户",
            "制表人：王",
            "同上",
            "无",
            "-",
            "/",
            "=A1",
            "@SUM(1)",
            "'王",
        ),
        *(
            "19900640001",
            "19900640002",
            "１９９００６４０００３",
            "0574-88251234",
            "88251234",
            "1.38E+10",
            "110",
            "+86 19900640001",
        ),
        *("19900640001、19900640002", "1-1", "王" * 65, "王\x07一", "\u202e王", "𬭎", " ", ""),
    ]
)
cells = st.one_of(words, words, words, st.text(max_size=12), st.integers(-(10**12), 10**12), st.floats(allow_nan=False))
tables = st.lists(st.lists(cells, max_size=7), max_size=12)
with_heading = tables.map(lambda rows: [["联防组", "门牌", "户主", "手机", "宅电"], *rows])


def as_text(rows: Sequence[Sequence[Any]], delimiter: str = ",") -> str:
    table = io.StringIO(newline="")
    csv.writer(table, delimiter=delimiter).writerows(rows)
    return table.getvalue()


def as_xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    return content.getvalue()


def as_xls(rows: Sequence[Sequence[Any]]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("1")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def rows_in(open_it: Callable[[], Any]) -> tuple[ListRow, ...]:
    try:
        return read_households(open_it()).rows
    except GroupsError:
        return ()


@PATIENCE
@given(rows=st.one_of(tables, with_heading), form=st.sampled_from(["csv", "gb18030", "xlsx", "xls", "pasted"]))
def test_any_table_is_taken_whole_or_refused_and_changes_nothing_the_second_time(
    rows: list[list[Any]], form: str, database: Database
) -> None:
    read = rows_in(lambda: _opened(rows, form))
    with database.begin() as session:
        village = Village(code=f"F{session.scalar(select(func.count(Village.id)))}", name="测试村")
        session.add(village)
        session.flush()
        judgement = judge_list(session, village, read, "CN", "574")
        if not judgement.entries:
            return
        batch = apply(session, village, judgement, BY, NOW, ZONE)
        roster = read_roster(session, village.id)
        assert sorted((one.group, one.door, one.head, one.phones) for one in roster) == sorted(
            (one.group, one.door, one.head, tuple(phone.e164 for phone in one.phones)) for one in judgement.entries
        )
        assert not judge_list(session, village, read, "CN", "574").changes_anything
        undo(session, batch.key, BY, NOW, ZONE)
        assert read_roster(session, village.id) == []


def _opened(rows: list[list[Any]], form: str) -> Any:
    if form == "pasted":
        return open_pasted(as_text(rows, "\t"))
    if form in {"csv", "gb18030"}:
        encoding = "utf-8" if form == "csv" else form
        return open_file(as_text(rows).encode(encoding, "replace"), "list.csv")
    return open_file((as_xlsx if form == "xlsx" else as_xls)(rows), f"list.{form}")


WHOLE = {
    "list.xlsx": messy_rosters.as_xlsxwriter(messy_rosters.draw(1)),
    "list.xls": messy_rosters.as_xls(messy_rosters.draw(1)),
    "list.csv": messy_rosters.as_text(messy_rosters.draw(2)).encode("gb18030"),
}
wounds = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 400), st.binary(max_size=40)), min_size=1, max_size=6)


@PATIENCE
@given(name=st.sampled_from(sorted(WHOLE)), cut=wounds)
def test_a_file_with_holes_is_taken_whole_or_refused(
    name: str, cut: list[tuple[float, int, bytes]], database: Database
) -> None:
    content = WHOLE[name]
    for where, length, instead in cut:
        at = int(len(content) * where)
        content = content[:at] + instead + content[at + length :]
    read = rows_in(lambda: open_file(content, name))
    with database.begin() as session:
        village = Village(code=f"F{session.scalar(select(func.count(Village.id)))}", name="测试村")
        session.add(village)
        session.flush()
        judgement = judge_list(session, village, read, "CN", "574")
        assert len(judgement.verdicts) == len(read)
        if judgement.entries:
            batch = apply(session, village, judgement, BY, NOW, ZONE)
            assert len(read_roster(session, village.id)) == len(judgement.entries)
            # Its numbers must be free for the next example.
            undo(session, batch.key, BY, NOW, ZONE)


def test_a_refused_list_leaves_no_trace(database: Database) -> None:
    with database.begin() as session:
        session.add(Village(code="F", name="测试村"))
    for content in (b"", b"\x00" * 100, "户主,电话\n,\n".encode(), "户主,电话\n=A1,1\n".encode()):
        try:
            with database.begin() as session:
                village = session.scalars(select(Village)).one()
                read = read_households(open_file(content, "list.csv"))
                apply(session, village, judge_list(session, village, read.rows, "CN", "574"), BY, NOW, ZONE)
        except GroupsError:
            continue
        raise AssertionError("it was taken")
    with database.begin() as session:
        assert [session.scalar(select(func.count(table.id))) for table in (Household, Phone, Change)] == [0, 0, 0]
