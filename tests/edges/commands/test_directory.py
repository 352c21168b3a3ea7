"""`directory print`: what hangs on the wall."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from config.database import Database
from groups.errors import NothingToPrint
from groups.files import typeset
from groups.files.typeset import find_missing
from groups.models.roster import Group
from groups.roster import printed_directory
from groups.roster.printed_directory import Imprint, Paper, Part, PrintedGroup, PrintedHousehold, PrintedPhone, as_pdf
from tests.edges.conftest import Type
from tests.support import messy_rosters

ROSTERS = Path(__file__).parents[2] / "data" / "rosters"
SECOND_HEAD = json.loads((ROSTERS / "a-clean.truth.json").read_text(encoding="utf-8"))["households"][1]["head"]
A4, A5 = (595, 842), (420, 595)
IMPRINT = Imprint("0574 1234 5678", date(2026, 11, 24), date(2027, 5, 24))


@pytest.fixture
def village(run: Type, database: Database) -> str:
    """A village with the groups of a-clean.xlsx, the first of them led by its second household."""
    assert run("village", "create", "T01", "测试村").exit_code == 0
    assert run("roster", "import", ROSTERS / "a-clean.xlsx", "--village", "T01").exit_code == 0
    with database.begin() as session:
        group = session.query(Group).order_by(Group.position).first()
        assert group is not None
        group.leader_id = next(one.id for one in group.households if one.head == SECOND_HEAD)
    return "T01"


def pages(pdf: Path) -> list[str]:
    """The text of every page, without its blanks."""
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(pdf).pages]


def size(pdf: Path) -> tuple[int, int]:
    box = PdfReader(pdf).pages[0].mediabox
    return round(float(box.width)), round(float(box.height))


def fonts_in(pdf: Path) -> dict[str, bool]:
    """The fonts of the first page by name, and whether they are embedded."""
    found = {}
    resources: Any = PdfReader(pdf).pages[0]["/Resources"]
    for font in resources["/Font"].values():
        (descendant,) = font.get_object()["/DescendantFonts"]
        descriptor = descendant.get_object()["/FontDescriptor"].get_object()
        found[descriptor["/FontName"].partition("+")[2]] = "/FontFile3" in descriptor
    return found


def test_a_village_is_printed_a_group_a_page_with_its_leader_first(run: Type, village: str, tmp_path: Path) -> None:
    pdf = tmp_path / "directory.pdf"
    done = run("directory", "print", "--village", village, "--output", pdf, "--replace-after", "2099-12-31")
    assert done.exit_code == 0, done.output
    first, *others = pages(pdf)
    assert len(others) == 4
    listed = first.split("方位·门牌")[1]
    assert listed.startswith(SECOND_HEAD + "联防长")
    for page in (first, *others):
        for words in ("十户联防通讯录", "#9", "110", "119", "120", "057412345678", "2099年12月31日", "版本"):
            assert words in page, words
    assert size(pdf) == A4


def test_one_group_is_printed_on_a5(run: Type, village: str, tmp_path: Path) -> None:
    pdf = tmp_path / "group.pdf"
    done = run("directory", "print", "--village", village, "--group", "2组", "--paper", "a5", "--output", pdf)
    assert (done.exit_code, len(pages(pdf)), size(pdf)) == (0, 1, A5), done.output


def test_the_town_is_printed_and_says_what_lacks(run: Type, village: str, tmp_path: Path) -> None:
    assert run("village", "create", "T02", "另一村").exit_code == 0
    listed = tmp_path / "list.csv"
    listed.write_text("联防组,户主,电话\n1组,王一,\n")
    assert run("roster", "import", listed, "--village", "T02").exit_code == 0
    pdf = tmp_path / "town.pdf"
    done = run("directory", "print", "--output", pdf)
    assert done.exit_code == 0, done.output
    assert len(pages(pdf)) == 6
    assert "另一村 1组: 没有联防长 no leader; 没有电话：王一 no phone: 王一" in done.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--village", "T99"), "没有代码为"),
        (("--village", "T01", "--group", "第99组"), "没有这个联防组"),
        (("--village", "T01", "--replace-after", "2001-01-01"), "今天以后"),
        (("--village", "T01", "--replace-after", "soon"), "不是日期"),
    ],
)
def test_what_cannot_be_printed_is_refused_in_a_line(
    run: Type, village: str, words: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    done = run("directory", "print", *words, "--output", tmp_path / "x.pdf")
    assert (done.exit_code, reason in done.stderr, done.stderr.count("\n")) == (1, True, 1)
    assert not (tmp_path / "x.pdf").exists()


# The page itself


def group(number: int, count: int, phones: int = 2, name: str = "王建国") -> PrintedGroup:
    numbers = tuple(PrintedPhone(f"199 0064 {at:04}", "儿子" if at else "") for at in range(phones))
    households = tuple(
        PrintedHousehold(Part.MEMBER if at else Part.LEADER, name, f"{number}-{at}", "大樟树北第2家", numbers)
        for at in range(count)
    )
    return PrintedGroup(number, "测试村", f"第{number}联防组", "第9联防组", households)


@pytest.mark.parametrize("paper", list(Paper))
@pytest.mark.parametrize("count", [1, 5, 10, 15])
def test_a_group_of_any_lawful_size_stands_on_one_page(paper: Paper, count: int, tmp_path: Path) -> None:
    pdf = tmp_path / "group.pdf"
    pdf.write_bytes(as_pdf([group(1, count)], Imprint(IMPRINT.service_number, *_days(), paper)))
    assert len(pages(pdf)) == 1
    assert pages(pdf)[0].count("王建国") == count
    assert ("1号打给4、2、3；接" in pages(pdf)[0]) == ("电话链" in pages(pdf)[0]) == (count > 1)


def test_a_group_too_large_for_a_page_loses_nobody(tmp_path: Path) -> None:
    pdf = tmp_path / "group.pdf"
    pdf.write_bytes(as_pdf([group(1, 80, 3)], IMPRINT))
    assert sum(page.count("王建国") for page in pages(pdf)) == 80
    assert all("版本" in page for page in pages(pdf))


def test_the_font_is_embedded_and_has_the_rare_characters_of_names(tmp_path: Path) -> None:
    rare = "".join(messy_rosters.RARE) + "龑昇烜玥璟𫖯𫍯𬱖𡐓㕮㑇䥽䲠仉乜亓鄢郤缑" + "·"
    assert find_missing([rare]) == ""
    assert find_missing(["王\U0001f600", "한국"]) == "\U0001f600한국", "what it lacks is named"
    pdf = tmp_path / "rare.pdf"
    pdf.write_bytes(as_pdf([group(1, 1, name=rare)], IMPRINT))
    assert set(rare) <= set("".join(pages(pdf)))
    assert fonts_in(pdf) == {"NotoSansCJKsc-Regular": True}


def test_the_font_has_every_character_that_the_pages_say() -> None:
    template = (Path(as_pdf.__code__.co_filename).parent / "directory.typ").read_text(encoding="utf-8")
    assert find_missing([template]) == ""


def test_a_version_changes_with_the_page_and_with_nothing_else() -> None:
    assert group(1, 10).version == group(1, 10).version
    versions = {group(1, 10).version, group(1, 9).version, group(1, 10, 1).version, group(1, 10, name="王建军").version}
    assert len(versions) == 4


def test_three_hundred_households_are_set_a_group_a_page(tmp_path: Path) -> None:
    """How long that takes is `make bench ARGS=--rosters`'s to say."""
    pdf = tmp_path / "village.pdf"
    pdf.write_bytes(as_pdf([group(number, 10, number % 3 + 1) for number in range(30)], IMPRINT))
    assert [page.count("王建国") for page in pages(pdf)] == [10] * 30


def test_the_same_page_is_the_same_bytes() -> None:
    assert as_pdf([group(1, 3)], IMPRINT) == as_pdf([group(1, 3)], IMPRINT)


def test_a_town_is_set_part_by_part_in_processes_with_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of their memory is that of whoever asked: the pages of a town took 2.7 GB of a web process."""
    monkeypatch.setattr(printed_directory, "SET_AT_ONCE", 2)
    groups, pdf = [group(number, 3) for number in range(1, 4)], tmp_path / "town.pdf"
    content = as_pdf(groups, IMPRINT)
    pdf.write_bytes(content)
    each = [as_pdf([one], IMPRINT) for one in groups]
    assert [len(page) > 100 for page in pages(pdf)] == [True] * 3
    for printed, alone in zip(pages(pdf), each, strict=True):
        pdf.write_bytes(alone)
        assert pages(pdf) == [printed]
    metadata = PdfReader(io.BytesIO(content)).metadata
    assert metadata is not None
    assert metadata.title == "十户联防通讯录"
    assert as_pdf(groups, IMPRINT) == content

    monkeypatch.setattr(typeset, "_LIMITS", (60_000_000, 60))
    with pytest.raises(NothingToPrint, match="printing_takes_too_much"):
        as_pdf(groups, IMPRINT)


def test_two_towns_are_not_set_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "_QUEUE", 0.01)
    monkeypatch.setattr(printed_directory, "SET_AT_ONCE", 1)
    with typeset._one_at_a_time, pytest.raises(NothingToPrint, match="printing_is_busy"):
        as_pdf([group(1, 1), group(2, 1)], IMPRINT)


def _days() -> tuple[date, date]:
    return IMPRINT.printed_on, IMPRINT.replace_after
