"""`roster import` on the lists that heads have: the verdicts it gives, and the roster that comes of it."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask

from groups.errors import ConfirmArchive
from tests.edges.conftest import Type

ROSTERS = Path(__file__).parents[2] / "data" / "rosters"


@pytest.fixture
def run(app: Flask) -> Type:
    type_in: Type = lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])  # noqa: E731
    assert type_in("village", "create", "T01", "测试村").exit_code == 0
    return type_in


def imported(run: Type, file: Path, *options: str) -> dict[str, Any]:
    done = run("roster", "import", file, "--village", "T01", "--json", *options)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def exported(run: Type) -> list[dict[str, Any]]:
    households: list[dict[str, Any]] = json.loads(
        run("roster", "export", "--village", "T01", "--format", "json").stdout
    )
    return households


def listed(path: Path, *people: tuple[str, str, str]) -> Path:
    path.write_text("组别,户主,电话\n" + "".join(f"{group},{head},{phone}\n" for group, head, phone in people))
    return path


@pytest.mark.parametrize("name", ["a-clean", "b-messy"])
def test_the_samples_reach_exactly_their_truth(run: Type, name: str) -> None:
    truth = json.loads((ROSTERS / f"{name}.truth.json").read_text(encoding="utf-8"))
    file = ROSTERS / f"{name}.xlsx"
    dry = imported(run, file, "--dry-run")
    assert exported(run) == [], "a dry run writes nothing"
    problems = truth.get("problems", [])
    found = [
        {"row": row["row"], "kind": row["reason"], "value": row["value"], "verdict": row["verdict"]}
        for row in dry["rows"]
        if row["verdict"] in {"warning", "error"}
    ]
    assert found == problems
    wet = imported(run, file)
    assert wet["rows"] == dry["rows"]
    assert exported(run) == truth["households"]
    again = imported(run, file)
    assert {row["verdict"] for row in again["rows"]} - {"warning", "error"} == {"same"}
    assert again["summary"]["households"] == {"new": 0, "changed": 0, "same": len(truth["households"])}


def test_every_row_has_its_verdict_reason_and_household(run: Type, tmp_path: Path) -> None:
    imported(run, listed(tmp_path / "first.csv", ("1组", "王一", "19900640001"), ("1组", "李二", "19900640002")))
    second = listed(
        tmp_path / "second.csv",
        ("1组", "王一", "19900640001"),
        ("1组", "李二", "19900640003"),
        ("1组", "张三", "19900640004"),
        ("1组", "赵四", "19900640001"),
        ("1组", "", "19900640005"),
    )
    told = imported(run, second)
    assert [(row["row"], row["verdict"], row["reason"], row["household"]) for row in told["rows"]] == [
        (2, "same", None, "1组 王一"),
        (3, "changed", None, "1组 李二"),
        (4, "new", None, "1组 张三"),
        (5, "warning", "duplicate_phone", "1组 赵四"),
        (6, "error", "no_head", "1组"),
    ]
    assert "1组 王一" in told["rows"][3]["findings"][0]["message"], "names the household that has the number"
    assert {key: told["summary"][key] for key in ("new", "changed", "same", "warning", "error")} == dict.fromkeys(
        ("new", "changed", "same", "warning", "error"), 1
    )


def test_a_complete_list_asks_once_more_before_it_archives_more_than_a_tenth(run: Type, tmp_path: Path) -> None:
    people = [("1组", f"王{name}", f"1990064000{at}") for at, name in enumerate("一二三四五六七八九十")]
    imported(run, listed(tmp_path / "ten.csv", *people))
    nine, eight = listed(tmp_path / "nine.csv", *people[:9]), listed(tmp_path / "eight.csv", *people[:8])
    refused = run("roster", "import", eight, "--village", "T01", "--complete")
    assert (refused.exit_code, "十分之一" in refused.stderr) == (1, True), ConfirmArchive.code
    tried = run("roster", "import", eight, "--village", "T01", "--complete", "--dry-run")
    assert (tried.exit_code, "十分之一" in tried.output) == (0, True), "a dry run says what will be asked"
    assert len(exported(run)) == 10
    imported(run, eight)
    assert len(exported(run)) == 10, "a list that is not complete archives nobody"
    imported(run, nine, "--complete")
    assert len(exported(run)) == 9, "a tenth and no more needs no second word"
    imported(run, eight, "--complete", "--yes")
    assert len(exported(run)) == 8


def test_rows_in_error_come_back_as_a_workbook_that_can_be_mended_and_imported(run: Type, tmp_path: Path) -> None:
    mend = tmp_path / "mend.xlsx"
    imported(run, ROSTERS / "b-messy.xlsx", "--errors", str(mend))
    before = len(exported(run))
    told = imported(run, mend, "--dry-run")
    assert [(row["verdict"], row["reason"]) for row in told["rows"]] == [
        ("warning", "invalid_phone"),
        ("warning", "no_phone"),
        ("warning", "duplicate_phone"),
        ("error", "no_head"),
    ]
    book = _mended(mend, tmp_path / "mended.xlsx")
    assert imported(run, book)["summary"]["new"] == 1
    assert len(exported(run)) == before + 1


def _mended(mend: Path, target: Path) -> Path:
    import openpyxl  # slow to load, and for this test alone

    book = openpyxl.load_workbook(mend)
    sheet = book.active
    heading = [cell.value for cell in sheet[1]]
    assert heading[-1] == "原因"
    reasons = [sheet.cell(row, len(heading)).value for row in range(2, sheet.max_row + 1)]
    assert all(reasons)
    headless = next(row for row, reason in enumerate(reasons, start=2) if "没有户主" in reason)
    name = next(place for place, words in enumerate(heading, start=1) if words and ("户主" in words or "姓名" in words))
    assert not sheet.cell(headless, name).value
    sheet.cell(headless, name, "新户主")
    book.save(target)
    return target


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_twenty_thousand_rows_are_taken_and_one_more_is_not(run: Type, tmp_path: Path) -> None:
    assert imported(run, large_list(tmp_path / "most.xlsx", 20_000), "--dry-run")["summary"]["new"] == 20_000
    one_more = listed(
        tmp_path / "more.csv", *((f"{at // 10}组", f"王{at}", f"{13700000000 + at}") for at in range(20_001))
    )
    refused = run("roster", "import", one_more, "--village", "T01")
    assert (refused.exit_code, "20000" in refused.stderr) == (1, True)


def large_list(path: Path, rows: int) -> Path:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("通讯录")
        sheet.write_row(0, 0, ["联防组", "门牌号", "户主", "手机", "固定电话"])
        for at in range(1, rows + 1):
            group = f"第{at // 10 + 1}联防组"
            sheet.write_row(at, 0, [group, f"{at // 10}-{at % 10}", f"王{at:05}", 13700000000 + at, 88000000 + at])
    path.write_bytes(content.getvalue())
    return path


def test_guesses_are_printed_with_how_to_say_otherwise(run: Type, tmp_path: Path) -> None:
    imported(run, listed(tmp_path / "first.csv", ("1组", "王一", "19900640001"), ("1组", "李二", "19900640002")))
    file = tmp_path / "second.csv"
    file.write_text("组别,门牌号,户主,电话\n1组,3月1日,王一,19900640001\n1组,3-2,李四,19900640002\n", encoding="utf-8")
    command = ("roster", "import", file, "--village", "T01")
    shown = run(*command, "--dry-run").stdout
    lines = [line for line in shown.splitlines() if line.startswith("guess ")]
    door, household = (
        next(line for line in lines if words in line and f"row {row}" in line)
        for row, words in ((2, "Door, which"), (3, "Taken for"))
    )
    assert "--guess 'door:2:=3月1日'" in door
    assert "Taken for: a new household" in household
    option = re.search(r"--guess (household:3:=\d+)（1组 李二）", household)
    assert option is not None, household
    assert "1组 李二, as you said" in run(*command, "--dry-run", "--guess", option[1]).stdout
    refused = run(*command, "--guess", "household:9:=new")
    assert refused.exit_code == 1
    assert "has no such guess" in refused.stderr
    run(*command, "--guess", option[1], "--guess", "door:2:=3月1日")
    assert sorted((one["door"], one["head"]) for one in exported(run)) == [("3-2", "李四"), ("3月1日", "王一")]
