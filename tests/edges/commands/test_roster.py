"""The roster's commands, as somebody types them, on both databases."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from app import create_app
from config.database import Database
from groups.commands.demo.town import FIRST_DAY, REPORTING_DAY, draw_up
from groups.models.enrolment import Subscription
from groups.models.roster import Grid, Group, Household, Phone, PhoneKind, Village, VillageKind
from groups.roster import search
from groups.rules.phone import normalise
from tests.conftest import MakeSettings
from tests.edges.conftest import Type, refused

ROSTERS = Path(__file__).parents[2] / "data" / "rosters"
TRUTH = json.loads((ROSTERS / "a-clean.truth.json").read_text(encoding="utf-8"))["households"]


def exported(run: Type, code: str) -> list[dict[str, object]]:
    done = run("roster", "export", "--village", code, "--format", "json")
    assert done.exit_code == 0, done.output
    households: list[dict[str, object]] = json.loads(done.stdout)
    return households


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the roster, to see that nothing has changed."""
    with database.begin() as session:
        return {
            model.__tablename__: [tuple(row) for row in session.execute(select(*model.__table__.c).order_by("id"))]
            for model in (Village, Grid, Group, Household, Phone, Subscription)
        }


# Villages


def test_a_village_is_made_once(run: Type, database: Database) -> None:
    assert "K01" in run("village", "create", "K01", " 居 ", "--kind", "committee").stdout
    assert "exists" in refused(run("village", "create", "K01", "别的村"))
    with database.begin() as session:
        assert session.execute(select(Village.code, Village.name, Village.kind)).all() == [
            ("K01", "居", VillageKind.COMMITTEE)
        ]


@pytest.mark.parametrize(
    ("code", "name"), [("", "村"), ("村", "村"), ("A B", "村"), ("A" * 17, "村"), ("A1", " "), ("A1", "村" * 65)]
)
def test_a_village_with_an_impossible_code_or_name_is_refused(run: Type, code: str, name: str) -> None:
    refused(run("village", "create", code, name))


# The demo town: test_demo_town.py


def test_the_town_is_drawn_up_the_same_every_time_and_is_believable() -> None:
    town = draw_up()
    assert town == draw_up()
    phones = [phone for one in town for household in one.households for phone in household.phones]
    assert len({phone.number for phone in phones}) == len(phones), "no number twice"
    for phone in phones:
        read = normalise(phone.number, "CN", "574")
        assert (read.e164, read.kind) == (phone.number, phone.kind.value)
        assert phone.number.startswith("+86574" if phone.kind is PhoneKind.LANDLINE else "+86199")
    assert 20 < sum(phone.language == "en" for phone in phones) < 100
    members = [household for one in town for household in one.households if household.group is not None]
    assert all(household.phones for household in members)
    assert sum({phone.kind for phone in household.phones} == {PhoneKind.LANDLINE} for household in members) > 100
    assert sum(len(household.phones) > 1 for household in members) > 1500
    for one in town:
        heads = Counter(household.head for household in one.households)
        assert max(heads.values()) == 1, "no namesakes in a village"
        doors = Counter(household.door for household in one.households)
        assert max(doors.values()) == 1
    spans = [span for one in town for household in one.households for span in household.subscriptions]
    assert all(FIRST_DAY <= starts_on < (ends_on or REPORTING_DAY) <= REPORTING_DAY for starts_on, ends_on in spans)
    assert sum(ends_on is not None for _, ends_on in spans) > 50, "some have left"


# Import and export


def test_a_list_comes_in_exactly_as_it_stands(run: Type, village: str) -> None:
    done = run("roster", "import", ROSTERS / "a-clean.xlsx", "--village", village)
    assert done.exit_code == 0, done.output
    assert exported(run, village) == TRUTH


def test_the_same_list_again_changes_nothing(run: Type, village: str, database: Database) -> None:
    run("roster", "import", ROSTERS / "a-clean.xlsx", "--village", village)
    before = everything(database)
    done = run("roster", "import", ROSTERS / "a-clean.xlsx", "--village", village)
    assert "same 50" in done.stdout
    assert everything(database) == before


def test_a_dry_run_says_the_same_and_writes_nothing(run: Type, village: str, database: Database) -> None:
    before = everything(database)
    done = run("roster", "import", ROSTERS / "a-clean.xlsx", "--village", village, "--dry-run")
    assert (done.exit_code, "new 50" in done.stdout, "nothing written" in done.stdout) == (0, True, True)
    assert everything(database) == before


def write_csv(path: Path, *rows: str, encoding: str = "utf-8-sig") -> Path:
    path.write_bytes(("\r\n".join(rows) + "\r\n").encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_columns_may_stand_in_any_order_and_in_any_encoding_of_the_trade(
    run: Type, village: str, tmp_path: Path, encoding: str
) -> None:
    file = write_csv(
        tmp_path / "list.csv",
        "备用手机,方位,户主,固定电话,联防组,备注,手机,门牌号",
        "19992222303,桥东第1家,王建国,88805255,1组,随便,19992222301,1-1",
        encoding=encoding,
    )
    done = run("roster", "import", file, "--village", village)
    assert "备注" in done.stdout
    assert exported(run, village) == [
        {
            "group": "1组",
            "head": "王建国",
            "door": "1-1",
            "phones": ["+8619992222301", "+8657488805255", "+8619992222303"],
        }
    ]


def test_a_mended_list_changes_what_it_says_and_archives_only_phones(
    run: Type, village: str, tmp_path: Path, database: Database
) -> None:
    heading = "联防组,门牌号,户主,手机,固定电话,备用手机"
    first = write_csv(
        tmp_path / "first.csv",
        heading,
        "1组,1-1,甲,19992222301,,19992222309",
        "1组,1-2,乙,19992222302,,",
        "1组,1-3,丙,19992222303,,",
    )
    run("roster", "import", first, "--village", village)
    mended = write_csv(
        tmp_path / "mended.csv",
        heading,
        "1组,1-1,甲,19992222305,,19992222301",
        "1组,1-1b,新,19992222306,,",
        "2组,2-1,丙,19992222303,,",
    )
    done = run("roster", "import", mended, "--village", village)
    assert "new 1, changed 2, same 0" in done.stdout
    assert "1组 1-2 乙" in done.stdout
    assert [(one["group"], one["door"], one["head"], one["phones"]) for one in exported(run, village)] == [
        ("1组", "1-1", "甲", ["+8619992222305", "+8619992222301"]),
        ("1组", "1-2", "乙", ["+8619992222302"]),
        ("1组", "1-1b", "新", ["+8619992222306"]),
        ("2组", "2-1", "丙", ["+8619992222303"]),
    ]
    with database.begin() as session:
        assert session.scalars(select(Phone.number).where(Phone.archived_at.is_not(None))).all() == ["+8619992222309"]
        assert session.scalars(select(Household.id).where(Household.archived_at.is_not(None))).all() == []


def test_a_phone_keeps_what_is_known_of_it_when_its_list_comes_again(
    run: Type, village: str, tmp_path: Path, database: Database
) -> None:
    heading = "联防组,门牌号,户主,手机,固定电话,备用手机"
    run("roster", "import", write_csv(tmp_path / "a.csv", heading, "1组,1-1,甲,19992222301,,"), "--village", village)
    with database.begin() as session:
        session.scalars(select(Phone)).one().holder = "女儿"
    run(
        "roster",
        "import",
        write_csv(tmp_path / "b.csv", heading, "1组,1-1,甲,19992222307,,19992222301"),
        "--village",
        village,
    )
    with database.begin() as session:
        assert session.execute(select(Phone.number, Phone.rank, Phone.holder).order_by(Phone.rank)).all() == [
            ("+8619992222307", 1, ""),
            ("+8619992222301", 2, "女儿"),
        ]


def test_numbers_swapped_between_two_households_change_hands(run: Type, village: str, tmp_path: Path) -> None:
    heading = "联防组,门牌号,户主,手机"
    first = write_csv(tmp_path / "a.csv", heading, "1组,1-1,甲,19992222301", "1组,1-2,乙,19992222302")
    swapped = write_csv(tmp_path / "b.csv", heading, "1组,1-1,甲,19992222302", "1组,1-2,乙,19992222301")
    run("roster", "import", first, "--village", village)
    done = run("roster", "import", swapped, "--village", village)
    assert "changed 2" in done.stdout
    assert [one["phones"] for one in exported(run, village)] == [["+8619992222302"], ["+8619992222301"]]


def test_warnings_name_row_and_reason_and_the_rest_is_taken(run: Type, village: str, tmp_path: Path) -> None:
    run("village", "create", "T02", "邻村")
    heading = "联防组,门牌号,户主,手机,固定电话"
    run("roster", "import", write_csv(tmp_path / "n.csv", heading, "9组,9-9,邻居,19992222399,"), "--village", "T02")
    file = write_csv(
        tmp_path / "list.csv",
        heading,
        "1组,1-1,甲,1.38E+10,88805255",
        "1组,1-2,乙,19992222399,",
        "1组,1-3,丙,,",
        ",,,,",
        "1组,1-4,丁,19992222304,",
    )
    done = run("roster", "import", file, "--village", village)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert ["invalid_phone" in lines[0], "digits are gone" in lines[0], lines[0].startswith("第2行")] == [True] * 3
    assert ["duplicate_phone" in lines[1], "邻村 邻居" in lines[1], lines[1].startswith("第3行")] == [True] * 3
    assert ["no_phone" in lines[2], lines[2].startswith("第4行")] == [True] * 2
    assert "new 4" in lines[-1]
    assert "warnings 3" in lines[-1]
    assert [one["phones"] for one in exported(run, village)] == [["+8657488805255"], [], [], ["+8619992222304"]]


def test_cells_that_a_spreadsheet_would_run_are_made_harmless_and_come_back_as_they_were(
    run: Type, village: str, tmp_path: Path
) -> None:
    roster = [
        {"group": "-组", "head": head, "door": door, "phones": []}
        for head, door in (("=1+1", "@A1"), ("'引号", "+2"), ("''=双", "-3"), ("普通", "1-4"))
    ]
    source = tmp_path / "a.json"
    source.write_text(json.dumps(roster), encoding="utf-8")
    assert run("roster", "import", source, "--village", village).exit_code == 0
    table = run("roster", "export", "--village", village, "--format", "csv").stdout_bytes.decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(table)) for cell in line if cell]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    back = write_csv(tmp_path / "b.csv", table)
    assert "same 4" in run("roster", "import", back, "--village", village).stdout
    assert exported(run, village) == roster


def test_a_number_of_another_country_is_left_out_of_a_list_with_a_warning(
    run: Type, village: str, tmp_path: Path
) -> None:
    source = tmp_path / "a.csv"
    source.write_text("组别,户主,电话\n1组,王建国,+12025550123\n1组,李大明,19992222367\n", encoding="utf-8")
    told = run("roster", "import", source, "--village", village)
    assert "only +86" in told.output
    assert [household["phones"] for household in exported(run, village)] == [[], ["+8619992222367"]]


def test_phones_in_any_order_and_number_survive_the_csv(run: Type, village: str, tmp_path: Path) -> None:
    mobiles = [f"+861999222230{digit}" for digit in range(10)]
    landlines = [f"+865748880525{digit}" for digit in range(6)]
    lists = [
        [landlines[0], mobiles[0]],
        [landlines[1], landlines[2], mobiles[1]],
        [mobiles[2], mobiles[3], landlines[3], mobiles[4], mobiles[5]],
        ["+861082880525", mobiles[6]],
        [mobiles[7], landlines[4], mobiles[8], landlines[5]],
    ]
    roster = [
        {"group": "1组", "head": f"户{number}", "door": f"1-{number}", "phones": phones}
        for number, phones in enumerate(lists)
    ]
    source = tmp_path / "a.json"
    source.write_text(json.dumps(roster), encoding="utf-8")
    run("roster", "import", source, "--village", village)
    assert exported(run, village) == roster
    file = tmp_path / "b.csv"
    run("roster", "export", "--village", village, "--format", "csv", "--output", file)
    assert "same 5" in run("roster", "import", file, "--village", village).stdout


# What cannot be done


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("list.xlsx", b"", "nothing is in this file"),
        ("list.xlsx", b"PK\x03\x04 broken", "cut off"),
        ("list.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "not a workbook"),
        ("list.csv", b"", "nothing is in this file"),
        ("list.csv", "联防组,门牌号,户主\r\n".encode(), "lacks"),
        ("list.csv", "联防组,门牌号,户主,手机\r\n".encode(), "no row can be taken"),
        ("list.csv", b"\xff\xff\xff", "neither UTF-8"),
        ("list.csv", b"x" * 10_000_001, "10 MB"),
        ("list.csv", "联防组,门牌号,户主,手机\r\n".encode() + "1组,1,甲,\r\n".encode() * 20_001, "20000 rows"),
        ("list.json", b"{", "not a JSON"),
        ("list.json", b"[" * 100_000, "not a JSON"),
        ("list.json", b"{}", "list of households"),
        ("list.json", b'[{"group":"1","head":"x","door":"1"}]', "entry 1"),
        ("list.json", b'[{"group":"1","head":"x","door":"1","phones":[1]}]', "entry 1"),
        ("list.json", b'[{"group":null,"head":"x","door":"1","phones":[]}]', "entry 1"),
        ("list.docx", b"", "can be read"),
        ("list.txt", b"", "nothing is in this file"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_a_line(
    run: Type, village: str, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert words in refused(run("roster", "import", file, "--village", village))


def workbook_with(tmp_path: Path, changed: Callable[[str], str]) -> Path:
    """The clean list with its sheet's XML changed."""
    file = tmp_path / "changed.xlsx"
    with zipfile.ZipFile(ROSTERS / "a-clean.xlsx") as clean, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for part in clean.namelist():
            content = clean.read(part)
            is_sheet = part == "xl/worksheets/sheet1.xml"
            made.writestr(part, changed(content.decode()).encode() if is_sheet else content)
    return file


@pytest.mark.parametrize(
    "far_off",
    [
        '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>',
        "<row r = '1048576'><c r = 'XFD1048576' t='inlineStr'><is><t>x</t></is></c></row>",
    ],
)
def test_a_cell_far_off_does_not_bring_the_process_down(run: Type, village: str, tmp_path: Path, far_off: str) -> None:
    file = workbook_with(tmp_path, lambda sheet: sheet.replace("</sheetData>", f"{far_off}</sheetData>"))
    assert "too many cells" in refused(run("roster", "import", file, "--village", village))


def test_a_workbook_that_unpacks_without_end_is_refused(run: Type, village: str, tmp_path: Path) -> None:
    file = workbook_with(tmp_path, lambda sheet: sheet + " " * 100_000_000)
    assert file.stat().st_size < 1_000_000
    assert "unpacks to too much" in refused(run("roster", "import", file, "--village", village))


def test_numbers_and_dates_in_cells_are_read_as_they_were_meant(run: Type, village: str, tmp_path: Path) -> None:
    file = tmp_path / "typed.xlsx"
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["联防组", "门牌号", "户主", "手机", "固定电话"])
    sheet.write_row(1, 0, ["1组", "", "王建国", 19992222301, 88805255])
    sheet.write_datetime(1, 1, datetime(2026, 1, 2), book.add_format({"num_format": "m-d"}))  # noqa: DTZ001
    book.close()
    assert run("roster", "import", file, "--village", village).exit_code == 0
    assert exported(run, village) == [
        {"group": "1组", "head": "王建国", "door": "1-2", "phones": ["+8619992222301", "+8657488805255"]}
    ]


def test_unknown_files_villages_and_places_are_answered_in_a_line(run: Type, village: str, tmp_path: Path) -> None:
    assert "cannot read" in refused(run("roster", "import", tmp_path / "none.csv", "--village", village))
    assert "cannot read" in refused(run("roster", "import", tmp_path, "--village", village))
    assert "no village" in refused(run("roster", "import", ROSTERS / "a-clean.xlsx", "--village", "T99"))
    assert "no village" in refused(run("roster", "export", "--village", "T99", "--format", "json"))
    assert "cannot write" in refused(
        run("roster", "export", "--village", village, "--format", "json", "--output", tmp_path / "no" / "where.json")
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_without_tables_is_answered_in_a_line(settings: MakeSettings, tmp_path: Path) -> None:
    bare = create_app(settings(database_url=f"sqlite:///{tmp_path / 'bare.sqlite'}"))
    assert "db upgrade" in refused(bare.test_cli_runner().invoke(args=["demo", "load"]))
    bare.extensions["database"].close()


def test_households_of_an_earlier_release_get_the_keys_they_are_found_by(
    run: Type, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "AT_ONCE", 2)
    with database.begin() as session:
        village = Village(code="K02", name="居")
        session.add(village)
        session.flush()
        houses = [
            Household(village_id=village.id, head=head, search=" old", initials="", given="")
            for head in ("李建国", "单田芳", "John", "王五", "赵六")
        ]
        session.add_all(houses)
        session.flush()
        session.add(Phone(household_id=houses[4].id, number="+8613805740001", kind=PhoneKind.MOBILE, ending=""))
    assert "5" in run("roster", "keys").stdout
    with database.begin() as session:
        kept = session.execute(select(Household.search, Household.initials, Household.given).order_by(Household.id))
        assert [tuple(row) for row in kept][:3] == [
            (" lijianguo 李建国 建国 ljg jianguo jg", "ljg", "jianguo"),
            (" shantianfang 单田芳 田芳 stf tianfang tf", "stf", "tianfang"),
            (" john", "", ""),
        ]
        assert session.scalar(select(Phone.ending)) == "0001"
    assert "0" in run("roster", "keys").stdout
