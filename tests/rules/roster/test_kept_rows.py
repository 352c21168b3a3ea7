"""The rows of a preview, packed and read a page at a time."""

from __future__ import annotations

from typing import Any

import pytest

from groups.roster.imports.rules.kept_rows import KeptRows, packed


def _row(number: int) -> dict[str, Any]:
    verdict, change = [("new", "new"), ("warning", "changed"), ("error", "")][number % 3]
    return {"row": number, "verdict": verdict, "change": change, "household": f"王{number}"}


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000])
def test_a_page_of_any_kind_is_what_all_rows_would_have_given(size: int) -> None:
    rows = [_row(number) for number in range(size)]
    kept = KeptRows(packed(rows))
    assert len(kept) == size
    for kind in ("", "new", "changed", "warning", "error", "same"):
        matching = [row for row in rows if not kind or kind in {row["verdict"], row["change"]}]
        for start in (0, 50, 300):
            assert kept.page(kind, start, 70) == matching[start : start + 70]
        assert not kind or kept.count(kind) == len(matching)


def test_nothing_kept_has_no_rows() -> None:
    assert len(KeptRows(b"")) == KeptRows(b"").count("new") == 0
    assert KeptRows(b"").page("", 0, 100) == []
