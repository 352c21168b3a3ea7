"""The directory's pages, and the roster as a file: who may, and that what comes out goes in again."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from groups.models.accounts import AccountRole
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.edges.web.roster.test_imports import brought

ROSTERS = Path(__file__).parents[3] / "data" / "rosters"
DIRECTORY = f"/villages/{VILLAGE}/directory"
ROSTER = f"/villages/{VILLAGE}/roster"


@pytest.fixture
def head(signed_in: SignedIn) -> Visitor:
    """The village's head, who has brought a-clean.xlsx in."""
    visitor = signed_in(AccountRole.VILLAGE_HEAD)
    address = brought(visitor, (ROSTERS / "a-clean.xlsx").read_bytes(), "a-clean.xlsx")
    visitor.post(f"{address}/confirm", of=address)
    return visitor


def pages(content: bytes) -> list[str]:
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]


def test_the_page_lists_the_groups_with_their_versions_and_what_they_lack(head: Visitor) -> None:
    page = head.get(DIRECTORY).text
    versions = re.findall(r"版本 ([0-9A-F]{6})", page)
    assert len(versions) == len(set(versions)) == 5
    assert page.count("还没有联防长") == 5
    printed = pages(head.get(f"{DIRECTORY}.pdf?paper=a5&until=2099-01-31").data)
    assert [f"版本{version}" in text for version, text in zip(versions, printed, strict=True)] == [True] * 5
    assert all("2099年1月31日后请更换" in text for text in printed)


def test_a_group_is_printed_alone_and_in_the_browser(head: Visitor) -> None:
    group = re.findall(r'<option value="(\d+)">', head.get(DIRECTORY).text)[1]
    assert len(pages(head.get(f"{DIRECTORY}.pdf?group={group}").data)) == 1
    page = head.get(f"{DIRECTORY}/print?group={group}").text
    assert page.count('class="sheet"') == 1
    assert head.get(f"{DIRECTORY}/print").text.count('class="sheet"') == 5
    assert head.get(f"{DIRECTORY}.pdf?group=999999").status_code == 404
    assert head.get(f"{DIRECTORY}.pdf?paper=a0").status_code == 400


@pytest.mark.parametrize("until", ["2001-01-01", "soon"])
def test_a_day_to_replace_it_after_that_is_none_is_refused_in_words(head: Visitor, until: str) -> None:
    for path in (f"{DIRECTORY}.pdf", f"{DIRECTORY}/print"):
        page = head.get(f"{path}?until={until}", follow_redirects=True)
        assert 'class="notice notice-danger"' in page.text


def test_a_head_prints_the_own_village_a_liaison_and_an_administrator_all(head: Visitor, signed_in: SignedIn) -> None:
    for path in ("directory", "directory.pdf", "directory/print", "roster.xlsx"):
        assert head.get(f"/villages/{OTHER_VILLAGE}/{path}").status_code == 404
        assert head.get(f"/villages/nowhere/{path}").status_code == 404
    assert head.get("/directory.pdf").status_code == 403
    for role in (AccountRole.LIAISON, AccountRole.ADMIN):
        visitor = signed_in(role)
        assert visitor.get(DIRECTORY).status_code == visitor.get("/directory").status_code == 200
        assert len(pages(visitor.get("/directory.pdf").data)) == 5
    assert signed_in(AccountRole.OPERATOR).get(DIRECTORY).status_code == 403


@pytest.mark.parametrize("form", ["xlsx", "csv", "json"])
def test_what_is_downloaded_imports_to_the_same_roster(head: Visitor, form: str) -> None:
    answer = head.get(f"{ROSTER}.{form}")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    page = head.get(brought(head, answer.data, f"again.{form}")).text
    assert "没有变化" in page
    assert json.loads(head.get(f"{ROSTER}.json").data)[0]["phones"]
    assert head.get(f"{ROSTER}.exe").status_code == 404
