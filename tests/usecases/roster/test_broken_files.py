"""No file, however broken, brings the reader of lists down."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.errors import RosterFileError
from groups.errors.words import write_english
from groups.roster.imports.reading import read_list

CLEAN = (Path(__file__).parents[2] / "data" / "rosters" / "a-clean.xlsx").read_bytes()
HEADING = "联防组,门牌号,户主,手机,固定电话,备用手机\r\n"

with zipfile.ZipFile(io.BytesIO(CLEAN)) as _archive:
    PARTS = {part: _archive.read(part) for part in _archive.namelist()}

wounds = st.lists(
    st.tuples(st.sampled_from(sorted(PARTS)), st.floats(0, 1), st.integers(0, 60), st.binary(max_size=12)), max_size=5
)


def read_or_refused(content: bytes, name: str) -> None:
    """Refused, or every household in a row of its own that says something."""
    try:
        rows = read_list(content, name).rows
    except RosterFileError:
        return
    assert len({(row.sheet, row.number) for row in rows}) == len(rows)
    assert all(row.group or row.door or row.head or any(row.phones) for row in rows)


@given(wounds, st.sets(st.sampled_from(sorted(PARTS)), max_size=1))
def test_a_wounded_workbook_is_read_or_refused(wounds: list[tuple[str, float, int, bytes]], lost: set[str]) -> None:
    parts = dict(PARTS)
    for part, where, length, instead in wounds:
        at = int(len(parts[part]) * where)
        parts[part] = parts[part][:at] + instead + parts[part][at + length :]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part, content in parts.items():
            if part not in lost:
                archive.writestr(part, content)
    read_or_refused(file.getvalue(), "list.xlsx")


@given(st.binary(max_size=400), st.integers(0, len(CLEAN)), st.sampled_from([".xlsx", ".xls", ".csv", ".json"]))
def test_any_bytes_are_read_or_refused(junk: bytes, kept: int, ending: str) -> None:
    for content in (junk, CLEAN[:kept] + junk, HEADING.encode() + junk):
        read_or_refused(content, f"list{ending}")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"%PDF-1.7\n1 0 obj", "list.xls", "this is a PDF"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "list.xlsx", "this is a picture"),
        (b"Rar!\x1a\x07\x01\x00", "list.xlsx", "this is an archive"),
        (CLEAN[: len(CLEAN) // 2], "list.xlsx", "the file is cut off"),
        (b"\x0bfarmer", "~$list.xlsx", "choose the file without ~$"),
        (b"", "list.xlsx", "nothing"),
    ],
)
def test_what_people_take_for_a_list_is_named_with_what_to_do(content: bytes, name: str, words: str) -> None:
    with pytest.raises(RosterFileError) as refused:
        read_list(content, name)
    assert words in write_english(refused.value.message)
