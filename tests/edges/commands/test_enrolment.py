"""`enrolment import`, `bill show` and `bill export`, as somebody types them, on both databases."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from config.database import Database
from groups.models.changes import Change
from groups.models.enrolment import EndReason, Subscription, Tariff
from groups.models.roster import Village
from tests.edges.conftest import Type, answer, refused
from tests.support.factories import House, Town

KEY_PLAN, PHONE_PLAN = "平安联防#9按键", "专用手机"
HEADING = ("接入号码", "用户姓名", "安装地址", "销售品", "生效时间", "失效时间")


@pytest.fixture
def town(app: Flask) -> Town:
    town = Town(app.extensions["database"])
    with town.database.begin() as session:
        session.add(Tariff(plan=KEY_PLAN, starts_on=date(2024, 1, 1), village_fen=300, carrier_fen=250))
    return town


def listed(path: Path, *rows: tuple[Any, ...]) -> Path:
    """A workbook as a carrier writes it: a title, a heading, days as days, a sum below."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("十一月")
        day = book.add_format({"num_format": "yyyy/m/d"})
        sheet.write(0, 0, "平安联防业务清单")
        sheet.write_row(1, 0, HEADING)
        for at, row in enumerate(rows, start=2):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, cell, day)
                elif cell is not None:
                    sheet.write(at, column, cell)
        sheet.write(len(rows) + 2, 1, "合计")
    return path


def local(house: House) -> str:
    return house.number.removeprefix("+86")


def list_subscriptions(database: Database, house: House) -> list[tuple[str, date, date | None, EndReason | None]]:
    question = select(Subscription).where(Subscription.household_id == house.id).order_by(Subscription.starts_on)
    with database.begin() as session:
        return [(row.plan, row.starts_on, row.ends_on, row.end_reason) for row in session.scalars(question)]


def test_a_workbook_is_taken_in_once_and_then_changes_nothing(run: Type, town: Town, tmp_path: Path) -> None:
    wang, li, chen = town.house("王建国"), town.house("李月芳"), town.house("陈小红")
    file = listed(
        tmp_path / "名单.xlsx",
        (local(wang), "王建国", "墙下陶村3-1", KEY_PLAN, date(2026, 3, 1), None),
        (None, "李月芳", "墙下陶村3组3—2号", KEY_PLAN, date(2026, 3, 2), date(2026, 6, 1)),
        (int(local(chen)), "陈先生", "墙下陶村3-3", KEY_PLAN, date(2026, 3, 3), None),
    )

    tried = run("enrolment", "import", file, "--dry-run")
    assert "new 3" in tried.stdout
    assert list_subscriptions(town.database, wang) == []
    done = run("enrolment", "import", file)
    assert done.exit_code == 0, done.output
    assert "new 3" in done.stdout
    assert "writing" in done.stderr

    assert list_subscriptions(town.database, wang) == [(KEY_PLAN, date(2026, 3, 1), None, None)]
    assert list_subscriptions(town.database, li) == [
        (KEY_PLAN, date(2026, 3, 2), date(2026, 6, 1), EndReason.CANCELLED)
    ]
    assert list_subscriptions(town.database, chen) == [(KEY_PLAN, date(2026, 3, 3), None, None)]
    with town.database.begin() as session:
        noted = session.scalars(select(Change).where(Change.table == "subscriptions")).all()
    assert {(change.action, change.affects_from) for change in noted} == {
        ("import_list", date(2026, 3, day)) for day in (1, 2, 3)
    }
    assert len({change.batch for change in noted}) == 1
    assert "same 3" in run("enrolment", "import", file).stdout
    assert len(list_subscriptions(town.database, wang)) == 1


def test_columns_of_a_carriers_list_are_named_to_the_command(run: Type, town: Town, tmp_path: Path) -> None:
    wang = town.house("王建国")
    file = tmp_path / "名单.csv"
    file.write_text(f"甲,乙,丙\n{local(wang)},{KEY_PLAN},2026-03-01\n", encoding="utf-8")
    assert "lacks these columns" in refused(run("enrolment", "import", file))
    said = ("--column", "号码=A", "--column", "套餐=B", "--column", "开通=C")
    assert "new 1" in run("enrolment", "import", file, *said).stdout
    assert list_subscriptions(town.database, wang) == [(KEY_PLAN, date(2026, 3, 1), None, None)]


def test_a_sheet_that_is_no_list_and_a_guessed_column_are_said(run: Type, town: Town, tmp_path: Path) -> None:
    file = tmp_path / "名单.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet("名单")
        sheet.write_row(0, 0, ("甲", "套餐", "开通日期"))
        sheet.write_row(1, 0, (local(town.house("王建国")), KEY_PLAN, "2026-03-01"))
        book.add_worksheet("填写说明").write(0, 0, "请如实填写")
    told = run("enrolment", "import", file, "--dry-run").stdout
    assert "the sheet “填写说明” was left out: no column of it holds 开通日期" in told
    assert "column A 甲 was taken for 号码 by what stands in it; to say otherwise: --column …=A" in told
    as_json = json.loads(run("enrolment", "import", file, "--dry-run", "--json").stdout)
    assert [each["sheet"] for each in as_json["left_out_sheets"]] == ["填写说明"]


def test_a_later_list_ends_replaces_and_never_counts_a_household_twice(run: Type, town: Town, tmp_path: Path) -> None:
    wang, li, chen = town.house("王建国", "mm"), town.house("李月芳"), town.house("陈小红")
    for house in (wang, li, chen):
        row = (local(house), None, None, KEY_PLAN, date(2026, 1, 1), None)
        run("enrolment", "import", listed(tmp_path / "first.xlsx", row))
    second = wang.numbers[1].removeprefix("+86")
    told = run(
        "enrolment",
        "import",
        listed(
            tmp_path / "second.xlsx",
            (local(wang), "王建国", None, KEY_PLAN, date(2026, 1, 1), date(2026, 9, 1)),
            (local(li), "李月芳", None, PHONE_PLAN, date(2026, 5, 1), None),
            (local(chen), "陈小红", None, KEY_PLAN, date(2026, 1, 1), None),
            (second, "王建国", None, KEY_PLAN, date(2026, 2, 1), date(2026, 3, 1)),
        ),
        "--json",
    )

    counts = json.loads(told.stdout)
    assert [counts[name] for name in ("new", "ended", "changed", "same", "error")] == [0, 1, 1, 2, 0]
    assert list_subscriptions(town.database, wang) == [
        (KEY_PLAN, date(2026, 1, 1), date(2026, 9, 1), EndReason.CANCELLED)
    ]
    assert list_subscriptions(town.database, li) == [
        (KEY_PLAN, date(2026, 1, 1), date(2026, 5, 1), EndReason.REPLACED),
        (PHONE_PLAN, date(2026, 5, 1), None, None),
    ]
    assert list_subscriptions(town.database, chen) == [(KEY_PLAN, date(2026, 1, 1), None, None)]


def test_what_is_wrong_or_doubtful_is_left_out_said_and_written_to_be_mended(
    run: Type, town: Town, tmp_path: Path
) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")
    file = listed(
        tmp_path / "名单.xlsx",
        (local(wang), "王建国", None, KEY_PLAN, date(2026, 3, 1), date(2026, 2, 28)),
        (local(wang), "王建国", None, KEY_PLAN, date(2150, 3, 1), None),
        (local(wang), "王建国", None, KEY_PLAN, "昨天", None),
        (local(li), "别人", "墙下陶村9-9", KEY_PLAN, date(2026, 3, 1), None),
        ("13900000000", "谁也不是", "外地", KEY_PLAN, date(2026, 3, 1), None),
        ("123", "", "外地", KEY_PLAN, date(2026, 3, 1), None),
    )
    mend = tmp_path / "mend.xlsx"
    told = run("enrolment", "import", file, "--errors", mend)

    for reason in ("ends_before_start", "starts_in_future", "invalid_day", "unknown_household", "nobody"):
        assert reason in told.stdout
    assert "doubtful, left out 1" in told.stdout
    assert "errors, left out 5" in told.stdout
    rows = CalamineWorkbook.from_path(str(mend)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["十一月 3", "十一月 4", "十一月 5", "十一月 6", "十一月 7", "十一月 8"]
    with town.database.begin() as session:
        assert session.scalars(select(Subscription)).all() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "nothing is in this file"), ("姓名,套餐\n王,钱\n".encode(), "开通日期")],
    ids=["empty", "no start"],
)
def test_a_file_that_is_no_list_is_refused_in_one_line(
    run: Type, town: Town, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "名单.csv"
    file.write_bytes(content)
    refused = run("enrolment", "import", file)
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert words in refused.stderr


def test_the_bill_is_the_same_as_table_csv_json_and_workbook(run: Type, town: Town, tmp_path: Path) -> None:
    rows = []
    for head in ("王建国", "李月芳", "陈小红"):
        house = town.house(head)
        rows.append((local(house), head, None, KEY_PLAN, date(2026, 3, 1), None))
    run("enrolment", "import", listed(tmp_path / "名单.xlsx", *rows))

    table = run("bill", "show", "--month", "2026-04").stdout
    told = json.loads(run("bill", "show", "--month", "2026-04", "--format", "json").stdout)
    text = run("bill", "show", "--month", "2026-04", "--format", "csv").stdout
    book = tmp_path / "bill.xlsx"
    assert run("bill", "export", "--month", "2026-04", "--output", book).exit_code == 0

    assert (told["households"], told["village_fen"], told["carrier_fen"]) == (3, 900, 750)
    assert "￥16.50" in table
    assert text.splitlines()[-1] == ",合计,,3,,,9.00,7.50,16.50"
    last = CalamineWorkbook.from_path(str(book)).get_sheet_by_name("账单").to_python()[-1]
    assert last[3:] == [3.0, "", "", 9.0, 7.5, 16.5]
    assert json.loads(run("bill", "show", "--month", "2026-02", "--format", "json").stdout)["lines"] == []
    for wrong in (("--month", "2999-01"), ("--month", "x"), ("--month", "2026-04", "--village", "NO")):
        refused = run("bill", "show", *wrong)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)


def test_a_household_in_another_village_of_the_same_name_and_door_is_not_mixed_up(
    run: Type, town: Town, tmp_path: Path
) -> None:
    here = town.house("王建国")
    with town.database.begin() as session:
        session.add(Village(code="T02", name="四甲村"))
    row = (None, "王建国", "四甲村3-1", KEY_PLAN, date(2026, 3, 1), None)
    told = run("enrolment", "import", listed(tmp_path / "名单.xlsx", row))
    assert "new 0" in told.stdout
    assert list_subscriptions(town.database, here) == []


def test_a_tariff_is_added_from_a_day_on_and_listed_with_the_ones_before(town: Town, run: Type) -> None:
    added = answer(run("tariff", "add", PHONE_PLAN, "--village", "4.50", "--carrier", "3", "--from", "2026-01-01"))
    assert "￥4.50" in added
    answer(run("tariff", "add", PHONE_PLAN, "--village", "5", "--carrier", "3", "--from", "2026-07-01"))

    told = json.loads(answer(run("tariff", "list", "--json")))

    assert [(each["starts_on"], each["village_fen"]) for each in told if each["plan"] == PHONE_PLAN] == [
        ("2026-07-01", 500),
        ("2026-01-01", 450),
    ]
    assert f"{KEY_PLAN}  自2024-01-01起" in answer(run("tariff", "list"))
    with town.database.begin() as session:
        assert session.scalars(select(Change.action)).all() == ["set_tariff", "set_tariff"]


@pytest.mark.parametrize(
    "words",
    [
        ("--village", "3.505", "--carrier", "3"),
        ("--village", "-1", "--carrier", "3"),
        ("--village", "x", "--carrier", "3"),
        ("--village", "3,01", "--carrier", "3"),
    ],
)
def test_a_tariff_that_is_no_amount_of_yuan_is_refused(town: Town, run: Type, words: tuple[str, ...]) -> None:
    assert "yuan" in refused(run("tariff", "add", PHONE_PLAN, *words))


def test_a_command_asks_whether_a_day_of_long_ago_or_far_ahead_is_meant(town: Town, run: Type) -> None:
    for words in (
        ("tariff", "add", PHONE_PLAN, "--village", "3", "--carrier", "3", "--from", "1990-01-01"),
        ("tariff", "add", PHONE_PLAN, "--village", "3", "--carrier", "3", "--from", "2190-01-01"),
        ("thresholds", "set", "80", "--from", "1990-01-01"),
        ("counts", "set", "T01", "9", "--on", "1990-01-01"),
    ):
        assert "--meant" in refused(run(*words))
        answer(run(*words, "--meant"))


def test_a_tariff_from_no_day_is_refused(town: Town, run: Type) -> None:
    assert refused(run("tariff", "add", PHONE_PLAN, "--village", "3", "--carrier", "3", "--from", "2026-02-30"))
