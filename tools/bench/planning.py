"""The tests of a county's numbers, planned day by day: 1,000,000 phones in 2,995 villages with hours of their own.

A day is planned by the code that the clock calls, in one transaction, its commit counted. What rings and who answers
is written by sets between the days: nine in ten tests are answered, as after weeks of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psutil
import psycopg
from sqlalchemy import text

from config.database import Database
from joint_defense.upkeep import rolling_tests
from tools.bench import page

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2027, 3, 1)
DAYS = 6
"""The first one gives each phone its row; the others are as any day is."""
MAY_TAKE = 10.0
HEADING = "A day's tests of a county"
_READY = (
    "INSERT INTO upkeep_hours (village_id, spans, made_at, made_by) "
    "SELECT id, '9-11,15-19', timestamptz '2027-01-01', 'bench' FROM villages",
    # Two proofs each, the last one up to 22 days old; one phone in twenty has none.
    "INSERT INTO reach_proofs (phone_id, household_id, proven_on, kind, noted_at) "
    "SELECT id, household_id, date '{first}' - 1 - (id * 7919 % 22)::int - 23 * k, 'drill', timestamptz '2027-01-01' "
    "FROM phones, generate_series(0, 1) k WHERE id % 20 > 0",
    "VACUUM ANALYZE",
)
_LIVE = (
    "UPDATE phone_checks SET rung_on = planned_on, missed = CASE WHEN phone_id % 10 = 0 THEN missed + 1 ELSE 0 END, "
    "unsure = CASE WHEN phone_id % 10 = 0 THEN LEAST(unsure + 2, 4) ELSE GREATEST(unsure - 1, 0) END "
    "WHERE planned_on = date '{day}'",
    "INSERT INTO reach_proofs (phone_id, household_id, proven_on, kind, noted_at) "
    "SELECT p.id, p.household_id, date '{day}', 'drill', now() FROM phone_checks c JOIN phones p ON p.id = c.phone_id "
    "WHERE c.planned_on = date '{day}' AND c.phone_id % 10 > 0",
)


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """How long a day's plan took, of which so long the processor was at work for the database; and what it planned."""

    seconds: float
    cpu: float
    due_seconds: float
    planned: int


def measure_days(url: str) -> list[PlannedDay]:
    """Plan some days in the county at this address."""
    database = Database(url, statement_seconds=120.0)
    plain = url.replace("+psycopg", "")
    # A plain connection: the database's own ones begin a transaction with whatever is said first.
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in _READY:
            connection.execute(statement.format(first=FIRST).encode())
    found = []
    for day in (FIRST + timedelta(days=count) for count in range(DAYS)):
        found.append(_plan(database, day))
        with database.begin() as session:
            for statement in _LIVE:
                session.execute(text(statement.format(day=day)))
        with psycopg.connect(plain, autocommit=True) as connection:
            # As autovacuum does on any night.
            connection.execute("VACUUM ANALYZE phone_checks, reach_proofs")
        print(day, found[-1], flush=True)
    database.close()
    return found


def _plan(database: Database, day: date) -> PlannedDay:
    morning = datetime(day.year, day.month, day.day, 5, tzinfo=ZONE).astimezone(UTC)
    before, started = _read_cpu(), time.monotonic()
    with database.begin() as session:
        planned = rolling_tests.plan_day(session, morning, ZONE)
    seconds, cpu = time.monotonic() - started, _read_cpu() - before
    started = time.monotonic()
    with database.begin() as session:
        rolling_tests.find_villages_due(session, morning + timedelta(hours=5), ZONE)
    return PlannedDay(seconds, cpu, time.monotonic() - started, planned or 0)


def _read_cpu() -> float:
    """What the database's processes, below this one, have used so far."""
    return sum(
        sum(each.cpu_times()[:2]) for each in psutil.Process().children(recursive=True) if "postgres" in each.name()
    )


def as_markdown(days: list[PlannedDay]) -> str:
    """A line a day."""
    lines = (
        f"| {place} | {each.seconds:.1f} s | {each.cpu:.1f} s | {each.planned:,} | {each.due_seconds * 1000:.0f} ms |"
        for place, each in enumerate(days, start=1)
    )
    heading = (
        "| day | planned in | of the processor | tests | villages due are asked for in |",
        "|--:|--:|--:|--:|--:|",
    )
    return "\n".join((*heading, *lines))


def write(days: list[PlannedDay], load: float) -> None:
    """Its part of docs/bench.md."""
    missed = [str(place) for place, each in enumerate(days[1:], start=2) if each.seconds >= MAY_TAKE]
    page.put(
        HEADING,
        "`make bench ARGS='--planning --write'` writes this part: 1,000,000 phones in 2,995 villages, all with hours, "
        "nine in ten tests answered.\nThe first day gives each phone its row; any other may take "
        f"{MAY_TAKE:.0f} s. PostgreSQL with the settings of the tests, on a machine of two cores. Its load average "
        f"before the start: {load:.1f}.\n\n"
        + as_markdown(days)
        + "\n"
        + (f"\nMissed on day {', '.join(missed)}.\n" if missed else ""),
    )
