"""A file is read in a process of its own: the same sheets, and no file takes with it whoever reads it."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from groups.errors import RosterFileError
from groups.files import isolated
from groups.files.isolated import read_apart
from groups.files.reading import MOST_LINES, find_hidden_sheets, read_sheets

CASES = Path(__file__).parents[2] / "data" / "cases" / "rosters"


@pytest.mark.parametrize(
    "name",
    [
        "wps-et/input.et",
        "struck-through-row/input.xlsx",
        "hidden-rows/input.xlsx",
        "heading-of-three-rows/input.xlsx",
        "error-and-bool-cells/input.xlsx",
        "xls-that-is-xml-2003/input.xls",
        "big5/input.csv",
    ],
)
def test_a_file_read_apart_gives_the_same_sheets(name: str) -> None:
    content = (CASES / name).read_bytes()
    found = read_apart(content, name)
    assert list(found.sheets) == read_sheets(content, name)
    assert list(found.hidden) == list(find_hidden_sheets(content))


def test_what_is_refused_there_is_refused_here_in_the_same_words() -> None:
    for content, words in (
        (b"PK\x03\x04 broken", "file_is_cut_off"),
        (b"PK\x03\x04 broken PK\x05\x06", "not_workbook"),
        (b"<html><table>", "web_page_without_table"),
    ):
        with pytest.raises(RosterFileError, match=words):
            read_apart(content, "list.xls" if b"<" in content else "list.xlsx")


def test_a_child_that_wants_more_memory_than_it_may_have_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="inlineStr"><is><t>x</t></is></c></row>' for at in range(1, 400_000))
    with zipfile.ZipFile(CASES / "hidden-rows" / "input.xlsx") as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    sheet = next(part for part in parts if "worksheets/sheet1" in part)
    parts[sheet] = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{rows}</sheetData></worksheet>"
    ).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, content in parts.items():
            packed.writestr(part, content)
    monkeypatch.setattr(isolated, "_LIMITS", (130_000_000, 60))
    with pytest.raises(RosterFileError, match="file_takes_too_much"):
        read_apart(file.getvalue(), "list.xlsx")


def test_a_child_knows_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    seen: dict[str, str] = {}
    run = subprocess.run

    def look(*args: Any, **kwargs: Any) -> Any:
        seen.update(kwargs["env"])
        return run(*args, **kwargs)

    monkeypatch.setattr(subprocess, "run", look)
    read_apart((CASES / "hidden-rows" / "input.xlsx").read_bytes(), "list.xlsx")
    assert "DATABASE_URL" in os.environ
    assert set(seen) == {"PYTHONPATH", "PYTHONIOENCODING"}


def test_a_text_of_more_lines_than_any_list_has_is_refused_and_empty_ones_behind_it_do_not_count() -> None:
    row = "王建国,13700000001\n".encode()
    with pytest.raises(RosterFileError, match="more_than_rows"):
        read_apart(row * (MOST_LINES + 1), "a.csv")
    behind = b",,,,\r\n" * 1_048_576
    (sheet,) = read_apart(row * 3 + behind, "a.csv").sheets
    assert [len(sheet.rows), sheet.rows[-1]] == [3, ("王建国", "13700000001")]
