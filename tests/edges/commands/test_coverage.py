"""The figures' commands, as somebody types them, on both databases."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from config.database import Database
from groups.models.changes import Change
from groups.models.figures import HouseholdCount, Threshold
from tests.edges.conftest import Type, answer, refused

DAY = "2026-11-23"


def figures_of_json(text: str) -> dict[str, tuple[Any, ...]]:
    told = json.loads(text)
    return {
        each["code"]: (
            each["name"], each["households"], each["subscribed"], each["coverage"], each["demonstration"],
            each["reachable"], each["groups"], each["groups_complete"],
        )
        for each in told["villages"]
    }  # fmt: skip


def figures_of_table(rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    return {
        row["代码"]: (
            row["村居"], int(row["户数"]), int(row["已开通"]), row["覆盖率"], row["示范村"] == "示范村",
            int(row["近30天打通户"]), int(row["联防组"]), int(row["完整组"]),
        )
        for row in rows
        if row["代码"]
    }  # fmt: skip


@pytest.mark.usefixtures("demo_town")
def test_the_demo_town_reads_as_its_report_in_every_form(run: Type, tmp_path: Path) -> None:
    told = json.loads(answer(run("coverage", "export", "--as-of", DAY, "--format", "json")))
    assert told["town"] == {
        "villages": 21, "villages_started": 19, "households": 6125, "subscribed": 4018, "coverage": "0.6560",
        "reachable": 3569, "groups": 403, "groups_complete": 346, "grouped_a_year_before": 1796,
        "stayed_in_their_group": 1707,
    }  # fmt: skip
    assert (told["as_of"], told["denominator"], told["threshold"]) == (DAY, "resident", "0.8000")
    assert [(v["name"], v["coverage"]) for v in told["villages"] if v["demonstration"]] == [
        ("墙下陶村", "0.8571"), ("四甲村", "0.8310"),
    ]  # fmt: skip
    assert set(told["villages"][0]) == {
        "code", "name", "households", "subscribed", "coverage", "started", "demonstration", "reachable", "groups",
        "groups_complete", "demonstration_since", "anomaly", "grouped_a_year_before", "stayed_in_their_group",
    }  # fmt: skip
    as_json = figures_of_json(json.dumps(told))
    assert [code for code, figures in as_json.items() if not figures[2]] == ["HJ20", "HJ21"]

    content = run("coverage", "export", "--as-of", DAY, "--format", "csv").stdout_bytes
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    from_csv = figures_of_table(rows)
    assert {code: figures for code, figures in from_csv.items() if figures[2]} == {
        code: figures for code, figures in as_json.items() if figures[2]
    }
    assert {from_csv[code][3] for code in ("HJ20", "HJ21")} == {"未开展"}
    assert (rows[-1]["村居"], rows[-1]["户数"], rows[-1]["已开通"], rows[-1]["覆盖率"]) == (
        "合计", "6125", "4018", "0.6560",
    )  # fmt: skip
    assert {(row["统计日期"], row["户数口径"]) for row in rows} == {(DAY, "常住户")}

    workbook = tmp_path / "figures.xlsx"
    assert run("coverage", "export", "--as-of", DAY, "--output", workbook).exit_code == 0
    book = openpyxl.load_workbook(workbook)
    sheet = book["覆盖率"]
    assert sheet.freeze_panes == "A2"
    heading, *cells = list(sheet.iter_rows())
    named = [{str(head.value): cell for head, cell in zip(heading, row, strict=True)} for row in cells]
    for row in named:
        if row["代码"].value and row["覆盖率"].value != "未开展":
            name, households, subscribed, *_ = as_json[row["代码"].value]
            assert row["覆盖率"].value == subscribed / households, name
            assert row["覆盖率"].number_format == "0.00%"
    from_xlsx = figures_of_table([{key: cell.value for key, cell in row.items()} for row in named])
    assert {c: f[:3] + f[4:] for c, f in from_xlsx.items()} == {c: f[:3] + f[4:] for c, f in as_json.items()}
    said = {row[0].value: row[1].value for row in book["说明"].iter_rows()}
    assert said["统计日期"].date().isoformat() == DAY
    assert said["全镇覆盖率"] == 4018 / 6125
    assert "常住户" in said["户数口径"]
    assert {"覆盖率", "近30天打通户", "完整组", "未开展"} <= set(said)

    table = answer(run("coverage", "show", "--as-of", DAY))
    assert "19/21 个村居已开展，4,018/6,125 户，65.6%" in table
    lines = {line.split()[0]: line.split() for line in table.splitlines() if line.startswith("HJ")}
    assert lines["HJ01"][1:6] == ["墙下陶村", "280", "240", "85.7%", "示范村"]
    assert lines["HJ02"][4:6] == ["83.1%", "示范村"]
    assert [code for code, cells_of in lines.items() if "示范村" in cells_of] == ["HJ01", "HJ02"]
    for code, (name, households, subscribed, *_, reachable, groups, complete) in as_json.items():
        assert lines[code][1:4] == [name, str(households), str(subscribed)]
        assert [str(reachable), str(groups), str(complete)] == [
            word for word in lines[code][4:] if word.isdigit()
        ][:3]  # fmt: skip


@pytest.mark.usefixtures("demo_town")
def test_the_demo_town_grew_to_it_over_two_years(run: Type) -> None:
    words = ("--as-of", DAY, "--from", "2024-11-25", "--to", DAY, "--level", "town", "--format", "json")
    told = json.loads(answer(run("coverage", "export", *words)))
    points = told["series"][0]["points"]
    assert len(points) == 25
    grown = [point["subscribed"] for point in points]
    assert grown == sorted(grown)
    assert 0 < grown[0] < 100
    assert grown[-1] == 4018
    # Households were counted anew each year, so the denominator moves too.
    assert len({point["households"] for point in points}) == 3
    before = json.loads(answer(run("coverage", "show", "--as-of", "2025-11-23", "--format", "json")))
    assert sum(village["demonstration"] for village in before["villages"]) == 0
    assert 10 <= before["town"]["villages_started"] < 19


@pytest.mark.usefixtures("demo_town")
def test_grids_and_groups_add_up_to_their_village(run: Type) -> None:
    village = json.loads(answer(run("coverage", "show", "--as-of", DAY, "--village", "HJ01", "--format", "json")))
    (of,) = village["villages"]
    assert village["town"]["subscribed"] == 4018
    for level in ("grid", "group"):
        words = ("--as-of", DAY, "--village", "HJ01", "--level", level, "--format", "json")
        places = json.loads(answer(run("coverage", "show", *words)))[f"{level}s"]
        assert sum(place["subscribed"] for place in places) == of["subscribed"]
        assert sum(place["reachable"] for place in places) == of["reachable"]
        assert sum(place["groups_complete"] for place in places) == of["groups_complete"]
        assert places[-1][level] is None
    series = json.loads(answer(run("coverage", "show", *words, "--from", "2026-09-30", "--to", DAY)))["series"]
    assert {len(each["points"]) for each in series} == {3}


PLACES = ("代码", "村居", "名称", "在册户数", "已开通", "近30天打通户", "联防组", "完整组")
SERIES = ("日期", "代码", "名称", "户数", "已开通")


@pytest.mark.parametrize(
    ("level", "step"), [("town", "day"), ("village", "month"), ("grid", "month"), ("group", "day")]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("demo_town")
def test_every_level_reads_the_same_in_every_form(run: Type, tmp_path: Path, level: str, step: str) -> None:
    of = ("--as-of", DAY, "--level", level, *(("--village", "HJ01") if level == "group" else ()))
    moved = ("--from", "2026-10-15", "--to", DAY, "--by", step)
    written = {form: tmp_path / f"figures.{form}" for form in ("json", "csv", "xlsx", "txt", "pdf")}
    for file in written.values():
        answer(run("coverage", "export", *of, *moved, "--output", file))
    assert written["json"].read_bytes() == run("coverage", "show", *of, *moved, "--format", "json").stdout_bytes
    told = json.loads(written["json"].read_text())
    assert len({point["day"] for each in told["series"] for point in each["points"]}) == (2 if step == "month" else 40)
    points = sorted(
        (point["day"], each["code"] or "", each.get(level) or "", point["households"], point["subscribed"])
        for each in told["series"]
        for point in each["points"]
    )
    rows = list(csv.DictReader(io.StringIO(written["csv"].read_text("utf-8-sig"))))
    assert (
        sorted(
            tuple(int(row[name]) if "户" in name or name == "已开通" else row[name] for name in SERIES) for row in rows
        )
        == points
    )

    def cells(sheet: str, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
        heading, *found = openpyxl.load_workbook(written["xlsx"])[sheet].iter_rows(values_only=True)
        chosen = [dict(zip(heading, row, strict=True)) for row in found]
        return [tuple("" if row[name] is None else row[name] for name in names) for row in chosen]

    assert sorted((day.date().isoformat(), *row) for day, *row in cells("走势", SERIES)) == points
    if level in {"grid", "group"}:
        places = [
            (each["code"], each["name"], each[level] or "（未编组）", each["households"], each["subscribed"],
             each["reachable"], each["groups"], each["groups_complete"])
            for each in told[f"{level}s"]
        ]  # fmt: skip
        assert cells("覆盖率", PLACES) == places
        assert f"  {places[0][2]}  " in written["txt"].read_text()
        listed = csv.DictReader(io.StringIO(run("coverage", "export", *of).stdout_bytes.decode("utf-8-sig")))
        assert [tuple(row[name] for name in PLACES) for row in listed] == [tuple(map(str, row)) for row in places]
    text = "\n".join(page.extract_text() for page in PdfReader(written["pdf"]).pages)
    assert ("墙下陶村 走势" if level == "group" else "全镇 走势") in text
    assert f"{DAY} {'280 240 85.7%' if level == 'group' else '6125 4018 65.6%'}" in text
    assert ("墙下陶村覆盖率" in text) == (level == "group")


def test_a_report_is_printed_again_as_it_was_once_the_past_is_corrected(
    run: Type, village: str, tmp_path: Path
) -> None:
    answer(run("counts", "set", village, 100, "--on", "2026-01-01"))
    answer(run("coverage", "issue", "--as-of", "2026-02-28"))
    files = [tmp_path / f"report.{form}" for form in ("json", "csv", "xlsx", "pdf")]
    for file in files:
        answer(run("coverage", "issued", 1, "--output", file))
    kept = [file.read_bytes() for file in files]
    known_at = json.loads(kept[0])["known_at"]

    answer(run("counts", "set", village, 120, "--on", "2026-01-01"))

    for file, content in zip(files, kept, strict=True):
        answer(run("coverage", "issued", 1, "--output", file))
        assert file.read_bytes() == content, file.name
    as_known = ("--as-of", "2026-02-28", "--known-at", known_at)
    for words, households in ((as_known, 100), (as_known[:2], 120)):
        told = json.loads(answer(run("coverage", "show", "--format", "json", *words)))
        assert told["town"]["households"] == households
        book = tmp_path / "audit.xlsx"
        assert "0" in answer(run("coverage", "audit", *words, "--output", book))
        assert [row[3].value for row in openpyxl.load_workbook(book).active][-1] == f"户数{households}"
    beside = answer(run("coverage", "issued", 1))
    assert [line.split()[2] for line in beside.splitlines() if line.startswith(f"{village} ")] == ["100", "120"]
    told = json.loads(
        answer(run("coverage", "show", "--as-of", "2026-03-31", "--since", "2026-02-28", "--format", "json"))
    )
    (counted,) = [figure for figure in told["changes"]["figures"] if figure["figure"] == "households"]
    assert [counted[name] for name in ("before", "corrected", "gained", "lost", "after")] == [100, 20, 0, 0, 120]
    assert told["changes"]["report"] == 1


def test_a_count_holds_until_the_next_one(run: Type, village: str, database: Database) -> None:
    assert "written" in answer(run("counts", "set", village, 100, "--on", "2026-01-01"))
    assert "as it was" in answer(run("counts", "set", village, 100, "--on", "2026-01-01"))
    answer(run("counts", "set", village, 120, "--on", "2026-06-01"))
    answer(run("counts", "set", village, 130, "--on", "2026-01-01", "--kind", "registered"))

    def households(*words: str) -> int:
        found = json.loads(answer(run("coverage", "show", "--format", "json", *words)))
        counted: int = found["villages"][0]["households"]
        return counted

    assert households("--as-of", "2026-05-31") == 100
    assert households("--as-of", "2026-06-01") == 120
    assert households("--as-of", "2026-06-01", "--denominator", "registered") == 130
    with database.begin() as session:
        written = select(Change.action, Change.affects_from).where(Change.table == "household_counts")
        kept = session.execute(written.order_by(Change.id))
        assert [(action, str(day)) for action, day in kept] == [
            ("set_count", "2026-01-01"), ("set_count", "2026-06-01"), ("set_count", "2026-01-01"),
        ]  # fmt: skip


def test_a_list_of_counts_is_taken_with_a_word_about_every_row_that_is_not(
    run: Type, village: str, database: Database, tmp_path: Path
) -> None:
    assert run("village", "create", "T02", "另一村").exit_code == 0
    listed = tmp_path / "counts.csv"
    listed.write_text(
        "代码,村居,日期,常住户,户籍户\nT01,,2026-01-05,200,210\n,另一,2026/1/5,90,\nT09,,2026-01-05,1,1\n"
        "T01,,2026-01-05,7,\nT02,,2199-01-01,7,\nT02,,昨天,7,\nT02,,2026-01-06,很多,\n",
        encoding="gb18030",
    )
    tried = answer(run("counts", "import", listed, "--dry-run"))
    assert "nothing written" in tried
    # The second count is that of the registered: said otherwise, it is not read.
    tried = answer(run("counts", "import", listed, "--dry-run", "--column", "不用=E"))
    assert "new or changed 1, same 0" in tried
    done = answer(run("counts", "import", listed))
    lines = [line.split(" ")[0] for line in done.splitlines() if line.startswith("第")]
    assert lines == ["第2行", "第4行", "第4行", "第5行", "第6行", "第7行", "第8行"]
    with database.begin() as session:
        rows = session.execute(
            select(HouseholdCount.kind, HouseholdCount.households).order_by(HouseholdCount.kind, HouseholdCount.id)
        ).all()
    assert [(kind.value, households) for kind, households in rows] == [
        ("registered", 210),
        ("resident", 90),
    ]
    # Whoever reads only the first line is not told that anything came in where nothing did.
    listed.write_text("代码,日期,常住户\nT01,2026-01-07,7\nT01,2026-01-07,7\n", encoding="utf-8")
    done = answer(run("counts", "import", listed))
    assert "nothing was written" in done
    assert "imported" not in done


def test_bad_questions_get_their_words(run: Type, village: str, tmp_path: Path) -> None:
    assert "no households have been counted" in refused(run("coverage", "show"))
    answer(run("counts", "set", village, 100, "--on", "2026-01-01"))
    assert "before the first count" in refused(run("coverage", "show", "--as-of", "2025-12-31"))
    assert "no village has this code" in refused(run("coverage", "show", "--village", "NO"))
    for asked in (
        ("--as-of", "2026-02-30"), ("--as-of", "2026-02-01 2026-03-01"), ("--known-at", "2026-02-01 25:00"),
        ("--known-at", "2026-02-01 10:00 pm"), ("--known-at", "2026-W05"),
    ):  # fmt: skip
        assert "not a day" in refused(run("coverage", "show", *asked))
    assert "before the first" in refused(run("coverage", "show", "--from", "2026-03-01", "--to", "2026-02-01"))
    assert "at most 3700" in refused(
        run("coverage", "show", "--from", "1990-01-01", "--to", "2026-02-01", "--by", "day")
    )
    for option, word in (("level", "street"), ("denominator", "cats"), ("by", "week"), ("format", "doc")):
        assert "none of: " in refused(run("coverage", "export", f"--{option}", word))
    for words in (("--as-of", "2199-01-01"), ("--from", "2026-01-01", "--to", "2199-01-01")):
        assert "is to come: there are figures up to" in refused(run("coverage", "show", *words))
    assert "none of: " in refused(run("coverage", "export", "--output", tmp_path / "figures.doc"))
    assert "cannot write" in refused(run("coverage", "export", "--output", tmp_path / "no" / "figures.csv"))
    assert "a number of per cent" in refused(run("thresholds", "set", "nan"))
    assert "no village has this code" in refused(run("counts", "set", "NO", 1))
    assert "a day to come" in refused(run("counts", "set", village, 1, "--on", "2199-01-01"))
    assert "between 0 and" in refused(run("counts", "set", village, 5_000_000))
    assert "cannot read" in refused(run("counts", "import", "/no/such/file.csv"))


def test_a_threshold_holds_from_its_day(run: Type, database: Database) -> None:
    answer(run("thresholds", "set", "80", "--from", "2024-01-01"))
    answer(run("thresholds", "set", "87.5", "--from", "2026-01-01"))
    assert answer(run("thresholds", "list")).splitlines() == ["2024-01-01 80%", "2026-01-01 87.5%"]
    assert "between 0.01% and 100%" in refused(run("thresholds", "set", "101"))
    with database.begin() as session:
        assert session.scalars(select(Threshold.basis_points).order_by(Threshold.starts_on)).all() == [8000, 8750]


def test_a_client_gets_its_token_once_and_loses_it_for_good(run: Type) -> None:
    made = run("api-clients", "create", "平台", "--scope", "coverage:read", "--per-minute", "5")
    token = answer(made).strip()
    assert token.startswith("jd_")
    listed = answer(run("api-clients", "list"))
    assert "coverage:read, 5/min" in listed
    assert token not in listed
    assert "with this name" in refused(run("api-clients", "create", "平台"))
    answer(run("api-clients", "revoke", "平台"))
    assert "revoked" in answer(run("api-clients", "list"))
    assert "no such client" in refused(run("api-clients", "revoke", "平台"))
