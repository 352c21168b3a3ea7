"""The figures of a county: 3,000 villages, 1,000,000 households, 3,000,000 subscription rows, on PostgreSQL.

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

from config import migrations
from config.database import Database
from groups import coverage, coverage_exports, coverage_reports
from groups.coverage import Scope
from groups.rules.coverage_query import CoverageQuery
from tests.servers import PostgresServer

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Asia/Shanghai")
# Everything in the database itself, by sets: a row at a time would take an hour.
_COUNTY = (
    "INSERT INTO villages (id, code, name, kind) "
    "SELECT n, 'V' || lpad(n::text, 4, '0'), '村' || n, 'village' FROM generate_series(1, 3000) n",
    "INSERT INTO household_counts (village_id, kind, counted_on, households) "
    "SELECT v, 'resident', date '2023-01-01' + 365 * y, 320 + (v * 7 + y) % 40 "
    "FROM generate_series(1, 3000) v, generate_series(0, 3) y",
    "INSERT INTO households (id, village_id, head, door, position, silent) "
    "SELECT n, 1 + (n - 1) / 334, '王' || n, n::text, n % 334, false FROM generate_series(1, 1000000) n",
    "INSERT INTO subscriptions (household_id, village_id, plan, starts_on, ends_on, channel) "
    "SELECT h.id, h.village_id, '平安联防#9按键', date '2023-01-01' + (h.id * 7919 % 400)::int + k * 450, "
    "CASE WHEN k < 2 THEN date '2023-01-01' + (h.id * 7919 % 400)::int + k * 450 + 200 + (h.id * 31 % 250)::int "
    "WHEN h.id % 3 = 0 THEN date '2026-08-01' + (h.id % 100)::int END, 'office' "
    "FROM households h, generate_series(0, 2) k",
    "INSERT INTO grids (id, village_id, name, virtual) "
    "SELECT n, 1 + (n - 1) / 10, '网格' || n, false FROM generate_series(1, 30000) n",
    "INSERT INTO groups (id, village_id, grid_id, name, position) "
    "SELECT n, 1 + (n - 1) / 33, 1 + (n - 1) * 10 / 33, '组' || n, n FROM generate_series(1, 99000) n",
    "INSERT INTO residences (household_id, village_id, group_id, grid_id, starts_on) "
    "SELECT h.id, h.village_id, g, 1 + (g - 1) * 10 / 33, date '2023-01-01' FROM households h, "
    "LATERAL (SELECT LEAST((h.village_id - 1) * 33 + 1 + h.position * 33 / 334, h.village_id * 33) g) of_group",
    "INSERT INTO phones (id, household_id, number, rank, kind, may_call, may_text, language) "
    "SELECT id, id, '+86199' || lpad(id::text, 8, '0'), 1, 'mobile', true, true, 'zh' FROM households",
    "INSERT INTO reach_proofs (phone_id, household_id, proven_on, kind) "
    "SELECT id, id, date '2026-11-01' - 60 * k, 'drill' FROM households, generate_series(0, 2) k WHERE id % 10 < 6",
    "VACUUM ANALYZE",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, how long it took (the middle of three), what it may take, and the memory of its process."""

    name: str
    seconds: float
    target: float
    megabytes: float


def measure_figures() -> list[Asked]:
    """Build the county and ask."""
    with PostgresServer() as server:
        with server.connect() as connection:
            connection.execute("CREATE DATABASE county")
        url = server.url("county")
        migrations.upgrade(url)
        with server.connect("county") as connection:
            for statement in _COUNTY:
                connection.execute(statement)
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
