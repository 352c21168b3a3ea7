"""The pages of a county's figures, through the app, and how large they are."""

from __future__ import annotations

import time

from tools.bench import rosters
from tools.bench.figures import DAY, DEMONSTRATION_DAY, LAST_REPORT, RUNS, Asked, alone, peak, said

_DAY, _FULL_DAY = f"as_of={DAY}&since={LAST_REPORT}", f"as_of={DEMONSTRATION_DAY}&since=2026-06-30"
_ADDRESSES = (
    ("page of the county's coverage", f"/coverage?{_DAY}", 1.0),
    ("the rest of it, which the page asks for", f"/coverage?{_DAY}&whole=1", 4.0),
    ("the same on a day with many demonstration villages", f"/coverage?{_FULL_DAY}", 1.0),
    ("its last page", f"/coverage?{_DAY}&page=50", 1.0),
    ("page of all 99,000 groups", f"/coverage?{_DAY}&level=group", 2.0),
    ("page of a village's coverage", f"/coverage?{_DAY}&village=V1500", 0.3),
    ("page of the counts of households", "/coverage/counts", 0.1),
    ("page of the month's bill", "/enrolment/bill?month=2026-11", 1.0),
)


def measure_pages(url: str) -> list[Asked]:
    """Ask for them in the county at this address. The memory is that of one process, which only grows."""
    return [said(each) for each in alone(_pages, url)]


def _pages(url: str) -> list[Asked]:
    asked = []
    with rosters.app_over(url) as app:
        liaison = rosters.signed_in(app, "liaison")
        for name, address, target in _ADDRESSES:
            took, size = [], 0
            for _ in range(RUNS):
                started = time.monotonic()
                answer = liaison.get(address)
                took.append(time.monotonic() - started)
                assert answer.status_code == 200, address
                size = len(answer.data)
            asked.append(Asked(name, sorted(took)[RUNS // 2], target, peak(), size / 1000))
    return asked
