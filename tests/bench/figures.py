"""The figures of a county (tests/bench/county.py), on PostgreSQL.

Each figure is asked for in a process of its own, so that its memory is its own too.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from config.database import Database
from groups import coverage, coverage_exports, coverage_reports
from groups.coverage import Scope
from groups.rules.coverage_query import CoverageQuery

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, how long it took (the middle of three), what it may take, and the memory of its process."""

    name: str
    seconds: float
    target: float
    megabytes: float


def measure_figures(url: str) -> list[Asked]:
    """Ask for them in the county at this address."""
    questions: tuple[tuple[str, float, Callable[[Database], None]], ...] = (
        ("coverage of a day", 0.5, _of_a_day),
        ("town's trend, 24 months", 2.0, _trend),
        ("workbook of 3,000 villages", 3.0, _workbook),
    )
    return [_ask(url, *question) for question in questions]


def write(asked: list[Asked], path: Path) -> None:
    """The page docs/bench-coverage.md."""
    path.write_text(
        "# Benchmark of the figures\n\n`make bench ARGS='--figures --write'` writes this page: 3,000 villages, "
        "1,000,000 households, 3,000,000 subscription rows,\n600,000 proofs of the last month; PostgreSQL with the "
        "settings of the tests, on a machine of two cores. The middle of three.\nMemory is "
        "that of the asking process with all it has loaded; the workbook has readiness and stability too.\n\n"
        "| question | took | may take | memory |\n|---|--:|--:|--:|\n"
        + "".join(f"| {a.name} | {a.seconds:.2f} s | {a.target} s | {a.megabytes:.0f} MB |\n" for a in asked)
    )


def as_text(asked: list[Asked]) -> str:
    """A line a question."""
    return "\n".join(
        f"{a.name}: {a.seconds:.2f} s (may take {a.target} s{'' if a.seconds < a.target else ': MISSED'}), "
        f"{a.megabytes:.0f} MB"
        for a in asked
    )


def _ask(url: str, name: str, target: float, question: Callable[[Database], None]) -> Asked:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, megabytes = pool.apply(_timed, (url, question))
    return Asked(name, seconds, target, megabytes)


def _timed(url: str, question: Callable[[Database], None]) -> tuple[float, float]:
    database = Database(url)
    took = []
    for _ in range(3):
        started = time.monotonic()
        question(database)
        took.append(time.monotonic() - started)
    database.close()
    return sorted(took)[1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _of_a_day(database: Database) -> None:
    with database.begin() as session:
        assert len(coverage.coverage_on(session, DAY, Scope(ZONE)).villages) == 3000


def _trend(database: Database) -> None:
    with database.begin() as session:
        assert len(coverage.trend(session, date(2024, 12, 1), DAY, Scope(ZONE))) == 24


def _workbook(database: Database) -> None:
    with database.begin() as session:
        report = coverage_reports.report_on(session, CoverageQuery(DAY), ZONE)
        assert len(coverage_exports.write(session, report, "xlsx")) > 100_000
