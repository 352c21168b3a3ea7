"""The demo's figures as table, CSV, XLSX, JSON and PDF, from command, page and API: read back, and all alike."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import NamedTuple

import openpyxl
import pytest
from click.testing import Result
from flask import Flask
from pypdf import PdfReader

from app import create_app
from config.database import read_clock
from groups.accounts.accounts import create_account
from groups.accounts.api_clients import Scope, create_client
from groups.models.accounts import AccountRole
from tests.conftest import MakeSettings
from tests.edges.web.conftest import Visitor, password_hash

DAY = "2026-11-23"


@pytest.fixture
def app(settings: MakeSettings) -> Iterator[Flask]:
    """The pages too."""
    made = create_app(settings())
    yield made
    made.extensions["runtime"].close()


class Row(NamedTuple):
    """A village's figures, the coverage as people read it: one place after the point, or 未开展."""

    name: str
    households: int
    subscribed: int
    coverage: str
    demonstration: bool
    reachable: int
    groups: int
    groups_complete: int


Rows = dict[str, Row]
"""By the village's name, which in the demo is nobody else's; the sum is 合计."""


def as_read(decimal: str | None, subscribed: int, households: int) -> str:
    """65.6% for 0.6560: in whole numbers, half of a place up, as the figures are told everywhere."""
    if not subscribed:
        return "未开展"
    assert decimal is None or abs(float(decimal) - subscribed / households) <= 0.00005
    thousandths = (subscribed * 2000 + households) // (households * 2)
    return f"{thousandths // 10}.{thousandths % 10}%"


def of_json(content: bytes) -> Rows:
    told = json.loads(content)
    rows = {
        each["name"]: Row(
            each["name"],
            each["households"],
            each["subscribed"],
            as_read(each["coverage"], each["subscribed"], each["households"]),
            each["demonstration"],
            each["reachable"],
            each["groups"],
            each["groups_complete"],
        )
        for each in told["villages"]
    }
    town = told["town"]
    assert (town["villages"], town["villages_started"], town["coverage"]) == (21, 19, "0.6560")
    sums = summed(rows, town["households"], town["subscribed"])
    assert sums["合计"][-3:] == tuple(town[name] for name in ("reachable", "groups", "groups_complete"))
    return rows | sums


def summed(rows: Rows, households: int, subscribed: int) -> Rows:
    of = [*rows.values()]
    return {
        "合计": Row(
            "合计",
            households,
            subscribed,
            as_read(None, subscribed, households),
            False,
            sum(row.reachable for row in of),
            sum(row.groups for row in of),
            sum(row.groups_complete for row in of),
        )
    }


def of_cells(rows: list[dict[str, object]]) -> Rows:
    """The rows of CSV and workbook; 0.8571 is a decimal there, and a workbook has the number itself."""
    found = {}
    for row in rows:
        households, subscribed = int(str(row["户数"])), int(str(row["已开通"]))
        coverage = str(row["覆盖率"])
        if coverage != "未开展":
            coverage = as_read(coverage, subscribed, households)
        found[str(row["村居"])] = Row(
            str(row["村居"]),
            households,
            subscribed,
            coverage,
            row["示范村"] == "示范村",
            int(str(row["近30天打通户"])),
            int(str(row["联防组"])),
            int(str(row["完整组"])),
        )
    return found


def of_csv(content: bytes) -> Rows:
    assert content.startswith(b"\xef\xbb\xbf")
    return of_cells([*csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))])


def of_xlsx(content: bytes) -> Rows:
    heading, *cells = openpyxl.load_workbook(io.BytesIO(content))["覆盖率"].iter_rows(values_only=True)
    return of_cells([dict(zip(map(str, heading), row, strict=True)) for row in cells])


_LINE = re.compile(
    r"^[ ]*(?:HJ\d\d\s+)?(?P<name>\S+)\s+(?P<households>[\d,]+)\s+(?P<subscribed>[\d,]+)\s+(?P<coverage>[\d.]+%|未开展)"
    r"(?P<demonstration>\s+示范村\s+\d{4}-\d\d-\d\d)?\s+(?P<reachable>\d+)\s+(?P<groups>\d+)\s+(?P<complete>\d+)\s",
    re.MULTILINE,
)


def of_lines(text: str) -> Rows:
    """The rows of a table of text: the command's, or that on the PDF's pages."""
    return {
        line["name"]: Row(
            line["name"],
            int(line["households"].replace(",", "")),
            int(line["subscribed"].replace(",", "")),
            line["coverage"],
            line["demonstration"] is not None,
            int(line["reachable"]),
            int(line["groups"]),
            int(line["complete"]),
        )
        for line in _LINE.finditer(text)
    }


def of_pdf(content: bytes) -> Rows:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return of_lines(text)


class _Cells(HTMLParser):
    """The first table of a page that names 村居 in its heading, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] = (self.rows[-1][-1] + data).strip()


def of_page(text: str) -> Rows:
    cells = _Cells()
    cells.feed(text[text.index('<table class="figures-table wide">') :].partition("</table>")[0])
    _, *rows = cells.rows
    found = {}
    for name, coverage, subscribed, households, demonstration, reachable, complete, _ in rows:
        whole, _, groups = complete.partition("/")
        found[name] = Row(
            name,
            int(households.replace(",", "")),
            int(subscribed.replace(",", "")),
            coverage,
            "自" in demonstration,
            int(reachable.replace(",", "")),
            int(groups),
            int(whole),
        )
    return found


READERS: dict[str, Callable[[bytes], Rows]] = {"csv": of_csv, "xlsx": of_xlsx, "json": of_json, "pdf": of_pdf}


@pytest.mark.usefixtures("demo_town")
def test_every_village_reads_the_same_in_all_five_formats_from_command_page_and_api(app: Flask) -> None:
    runner = app.test_cli_runner()

    def command(*words: str) -> bytes:
        done: Result = runner.invoke(args=["coverage", *words, "--as-of", DAY])
        assert done.exit_code == 0, done.output
        return done.stdout_bytes

    wanted = of_json(command("export", "--format", "json"))
    assert len(wanted) == 22
    assert wanted["合计"][:4] == ("合计", 6125, 4018, "65.6%")
    assert {name: row.coverage for name, row in wanted.items() if row.demonstration} == {
        "墙下陶村": "85.7%",
        "四甲村": "83.1%",
    }

    assert of_lines(command("show").decode()) == wanted
    files = {form: command("export", "--format", form) for form in READERS}
    for form, read in READERS.items():
        assert read(files[form]) == wanted, form

    with app.extensions["database"].begin() as session:
        create_account(session, "liaison", AccountRole.LIAISON, password_hash(), read_clock(session))
    liaison = Visitor(app.test_client())
    assert liaison.sign_in("liaison").status_code == 303
    page = liaison.get(f"/coverage?as_of={DAY}").text
    assert of_page(page) == wanted
    # The page compares with the month before, and so do its files.
    files = {form: command("export", "--format", form, "--since", "2026-10-31") for form in READERS}
    for form in READERS:
        (link,) = re.findall(rf'href="(/coverage/export\.{form}[^"]*)"', page)
        from_page = liaison.get(link.replace("&amp;", "&")).data
        # A workbook says when it was made; what the others are made of is all in the question.
        assert of_xlsx(from_page) == wanted if form == "xlsx" else from_page == files[form], form

    with app.extensions["database"].begin() as session:
        _, token = create_client(session, "平台", [*Scope], 60, "tests", read_clock(session))
    asked = app.test_client().get(f"/api/v1/coverage?as_of={DAY}", headers={"Authorization": f"Bearer {token}"})
    assert of_json(asked.data) == wanted
