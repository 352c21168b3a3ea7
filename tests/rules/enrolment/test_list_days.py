"""Days as carriers' systems and clerks write them."""

from __future__ import annotations

from datetime import date

import pytest

from groups.rules.list_days import end_in, start_in


@pytest.mark.parametrize(
    "text",
    [
        "20260302103000",
        "2026030210",
        "2026-03-02T08:00:00+08:00",
        "2026-03-01T16:00:00Z",
        "2026-03-02T02:30:00.000Z",
        "2026年三月二日",
        "贰零贰陆年叁月贰日",
        "二0二六年三月二日",
        "2026。3。2",
        "2026 03 02",
        "02-3月-26",
    ],
)
def test_a_day_is_read_as_systems_and_clerks_write_it(text: str) -> None:
    assert start_in(text) == date(2026, 3, 2)


def test_no_end_with_a_time_is_no_end() -> None:
    assert end_in("99991231235959") is None


@pytest.mark.parametrize("text", ["永不到期", "(null)", "（NULL）", "终身", "使用中", "未到期"])
def test_words_for_no_end_are_no_end(text: str) -> None:
    assert end_in(text) is None
