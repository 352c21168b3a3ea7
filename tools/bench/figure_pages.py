"""The pages of a county's figures, through the app, and how large they are."""

from __future__ import annotations

import time

import psutil

from tools.bench import rosters
from tools.bench.cpu import cpu_seconds
from tools.bench.figures import DAY, DEMONSTRATION_DAY, LAST_REPORT, RUNS, Asked, alone, peak, said

_DAY, _FULL_DAY = f"as_of={DAY}&since={LAST_REPORT}", f"as_of={DEMONSTRATION_DAY}&since=2026-06-30"
_LIAISONS = (
    ("page of the county's coverage", f"/coverage?{_DAY}", 1.0),
    ("the rest of it, which the page asks for", f"/coverage?{_DAY}&whole=1", 4.0),
    ("the same on a day with many demonstration villages", f"/coverage?{_FULL_DAY}", 1.0),
    ("its last page", f"/coverage?{_DAY}&page=50", 1.0),
    ("page of all 99,000 groups", f"/coverage?{_DAY}&level=group", 2.0),
    ("page of a village's coverage", f"/coverage?{_DAY}&village=V1500", 0.3),
    ("page of the counts of households", "/coverage/counts", 0.1),
    ("page of the month's bill", "/enrolment/bill?month=2026-11", 1.0),
    ("page of a village's bill", "/enrolment/bill?month=2026-11&village=V1500", 0.3),
)
_ADMINS = (
    ("page of the month's summary", "/summary?month=2026-11", 1.0),
    ("page of the half-monthly checks", "/checks", 0.3),
    ("page of a village's half-monthly check", "/villages/V1500/check", 0.3),
    ("page of a village's numbers to mend", "/villages/V1500/numbers", 0.3),
    ("page of past incidents", "/incidents/past", 0.3),
    ("page of their statistics", "/incidents/statistics", 0.3),
    ("record of changes of the town", "/audit", 0.1),
    ("the same, by person", "/audit?who=%E7%8E%8B%E5%BB%BA%E5%9B%BD", 0.3),
    ("the same, of a day and a village", "/audit?day=2026-10-01&village=V1500", 0.3),
    ("who looked", "/looks", 0.1),
)


def measure_pages(url: str) -> list[Asked]:
    """Ask for them in the county at this address. The memory is that of one process, which only grows.

    Beside the time stands the processor's, of the page and PostgreSQL: on a machine that has more to do than it can,
    only that says something of the page.
    """
    return [said(each) for each in alone(_pages, url)]


def _pages(url: str) -> list[Asked]:
    asked = []
    with rosters.app_over(url) as app:
        for role, pages in (("liaison", _LIAISONS), ("admin", _ADMINS)):
            client = rosters.signed_in(app, role)
            for name, address, target in pages:
                took, used, size = [], [], 0
                for _ in range(RUNS):
                    started, before = time.monotonic(), _processor()
                    answer = client.get(address)
                    took.append(time.monotonic() - started)
                    used.append(_processor() - before)
                    assert answer.status_code == 200, address
                    size = len(answer.data)
                middle = RUNS // 2
                asked.append(
                    Asked(name, sorted(took)[middle], target, peak(), size / 1000, processor=sorted(used)[middle])
                )
    return asked


def _processor() -> float:
    """What this process and PostgreSQL have used so far, in seconds.

    Helpers of a query that have ended meanwhile are in the sum of their parent's children.
    """
    servers = [each for each in psutil.process_iter(["name", "ppid"]) if each.info["name"].startswith("postgres")]
    roots = {each.pid for each in servers} - {
        each.pid for each in servers if each.info["ppid"] in {s.pid for s in servers}
    }
    ended = sum(sum(each.cpu_times()[2:4]) for each in servers if each.pid in roots)
    return time.process_time() + cpu_seconds(roots) + ended
