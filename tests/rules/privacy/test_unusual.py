from __future__ import annotations

from datetime import date

import pytest

from groups.privacy.access_log import LEAST, find_unusual_days

MONDAY, TUESDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 27)


@pytest.mark.parametrize(
    ("rows", "unusual"),
    [
        ({}, []),
        ({MONDAY: LEAST - 1}, []),
        ({MONDAY: LEAST}, [MONDAY]),
        ({MONDAY: 400, TUESDAY: 410, FRIDAY: 390}, []),
        ({MONDAY: 60, TUESDAY: 80, FRIDAY: 5000}, [FRIDAY]),
        ({MONDAY: 10, TUESDAY: 12, FRIDAY: 150}, []),
        ({MONDAY: 10, TUESDAY: 900, FRIDAY: 950}, []),
    ],
)
def test_a_day_is_unusual_by_its_own_size_and_by_the_others(rows: dict[date, int], unusual: list[date]) -> None:
    assert find_unusual_days(rows) == unusual
