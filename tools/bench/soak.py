"""`make soak`: a storm of alarms, then steady ones for minutes, and the memory of web, worker and clock meanwhile."""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

from config.database import Database
from joint_defense.models.incidents import Attempt, Delivery, Incident
from joint_defense.rules.states import DeliveryState, Purpose
from tools.bench.measuring import Bench
from tools.bench.service import Service
from tools.bench.town import Crowd, settle_many

GROUPS, HOUSEHOLDS = 200, 10
STORM_SECONDS = 10.0
STEADY_EVERY = 1.0
TARGET = 2.0
"""Seconds from a keypress to its first ring, at the median and for the last alarm of the storm."""
FLAT = 1.10
"""Memory may end this much above what it was after the storm: heaps breathe."""
SAMPLE_EVERY = 5.0
CALLBACKS_AFTER = 17.0
"""Seconds after a storm in which the last of its callbacks come."""
PAGE = Path("docs/reliability.md")
BEGIN, END = "<!-- make soak -->", "<!-- end soak -->"


@dataclass(frozen=True, slots=True)
class Storm:
    """Seconds from each alarm's keypress to its first and its last request; what was asked for, and twice."""

    first: list[float]
    last: list[float]
    requested: int
    expected: int
    doubled: int


def raise_all(bench: Bench, crowds: list[Crowd], seconds: float) -> dict[str, float]:
    """An alarm of each group, spread over so many seconds. When each was raised, by its caller."""
    begun = time.time()
    raised: dict[str, float] = {}

    def raise_one(number: int, crowd: Crowd) -> None:
        time.sleep(max(0.0, begun + number * seconds / len(crowds) - time.time()))
        raised[crowd.caller] = time.time()
        bench.press(crowd)

    with ThreadPoolExecutor(32) as pool:
        for done in [pool.submit(raise_one, number, crowd) for number, crowd in enumerate(crowds)]:
            done.result()
    return raised


def judge(service: Service, crowds: list[Crowd], raised: dict[str, float]) -> Storm:
    """What the carrier says it was asked."""
    expected = sum(crowd.requests for crowd in crowds)
    deadline = time.monotonic() + 60
    asked: list[tuple[float, str, str]] = []
    while time.monotonic() < deadline:
        asked = [(at, kind, to) for at, kind, to in service.ask_carrier("GET", "/bench/asked")]
        if len(asked) >= expected:
            break
        time.sleep(0.2)
    time.sleep(1.0)
    asked = [(at, kind, to) for at, kind, to in service.ask_carrier("GET", "/bench/asked")]
    once = {(kind, to) for _, kind, to in asked}
    by_group: dict[str, list[float]] = {}
    for at, _, to in asked:
        by_group.setdefault(to[:-4], []).append(at)
    spans = [(by_group.get(crowd.caller[:-4], []), raised[crowd.caller]) for crowd in crowds]
    return Storm(
        first=[min(times) - at for times, at in spans if times],
        last=[max(times) - at for times, at in spans if times],
        requested=len(once),
        expected=expected,
        doubled=len(asked) - len(once),
    )


class Memory:
    """The resident memory of processes and their children, looked at every few seconds."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._stop = threading.Event()
        self.samples: dict[str, list[float]] = {name: [] for name in pids}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_EVERY):
            for name, pid in self._pids.items():
                process = psutil.Process(pid)
                family = [process, *process.children(recursive=True)]
                self.samples[name].append(sum(each.memory_info().rss for each in family) / 1e6)

    def end(self) -> dict[str, tuple[float, float]]:
        """MB of each in the first and in the last fifth of the time."""
        self._stop.set()
        self._thread.join()
        fifth = {name: max(1, len(found) // 5) for name, found in self.samples.items()}
        return {
            name: (statistics.median(found[: fifth[name]]), statistics.median(found[-fifth[name] :]))
            for name, found in self.samples.items()
        }


def steady(bench: Bench, crowds: list[Crowd], seconds: float) -> int:
    """One alarm after the other, one a second; how many."""
    begun, count = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        crowd = crowds[count % len(crowds)]
        bench.close(crowd)
        bench.press(crowd)
        count += 1
        time.sleep(max(0.0, begun + count * STEADY_EVERY - time.monotonic()))
    return count


def unfinished(database: Database) -> int:
    """Deliveries that are not with the carrier after a while."""
    states = [DeliveryState.WAITING, DeliveryState.CLAIMED]
    for _ in range(100):
        with database.begin() as session:
            left = session.scalar(select(func.count()).where(Delivery.state.in_(states))) or 0
        if not left:
            break
        time.sleep(0.1)
    return left


def steady_gaps(database: Database, since_incident: int) -> list[float]:
    """For each later incident, seconds from its opening to the last request of the alarm, by the database's clock."""
    with database.begin() as session:
        rows = session.execute(
            select(Incident.opened_at, func.max(Attempt.requested_at))
            .join(Incident.deliveries)
            .join(Delivery.attempts)
            .where(Incident.id > since_incident, Delivery.purpose == Purpose.ALARM)
            .group_by(Incident.id, Incident.opened_at)
        ).all()
    return [(last - opened).total_seconds() for opened, last in rows]


@dataclass(frozen=True, slots=True)
class Town:
    """A running service with many groups; the last one has called before, and is warm."""

    service: Service
    database: Database
    crowds: list[Crowd]
    bench: Bench


@contextmanager
def open_town() -> Iterator[Town]:
    """Such a one, whose carrier calls back, until the end of the block."""
    with Service(callbacks=True) as service:
        database = Database(service.settings.database_url)
        crowds = settle_many(database, GROUPS, HOUSEHOLDS)
        bench = Bench(service, database)
        bench.press(crowds[-1])
        time.sleep(2)
        yield Town(service, database, crowds, bench)
        database.close()


def raise_storm(town: Town) -> Storm:
    """An alarm of each group but the last within ten seconds."""
    town.service.ask_carrier("POST", "/bench/forget")
    crowds = town.crowds[:-1]
    return judge(town.service, crowds, raise_all(town.bench, crowds, STORM_SECONDS))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of steady alarms (default: 10)")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    given = parser.parse_args()
    with open_town() as town:
        service, database, crowds, bench = town.service, town.database, town.crowds, town.bench
        storm = raise_storm(town)
        with database.begin() as session:
            last_incident = session.scalar(select(func.max(Incident.id))) or 0
        service.ask_carrier("POST", "/bench/forget")
        memory = Memory(service.pids())
        count = steady(bench, crowds, given.minutes * 60)
        left, grown = unfinished(database), memory.end()
        gaps = steady_gaps(database, last_incident)
        told = service.ask_carrier("GET", "/bench/told")
    said, missed = report(storm, count, left, gaps, grown, given.minutes, told)
    print(said)
    if given.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{said}\n{END}{rest.partition(END)[2]}")
    return 1 if missed else 0


def describe_storm(storm: Storm) -> str:
    """A line of Markdown."""
    return (
        f"- Storm: {storm.requested} of {storm.expected} requests, {storm.doubled} doubled. Keypress to first request: "
        f"median {statistics.median(storm.first):.2f} s, of the last twenty alarms "
        f"{statistics.median(storm.first[-20:]):.2f} s, at most {max(storm.first):.2f} s; to the last request: median "
        f"{statistics.median(storm.last):.2f} s, at most {max(storm.last):.2f} s."
    )


def describe_callbacks(told: dict[str, float]) -> str:
    """A line of Markdown."""
    return (
        f"- Callbacks: {told['answered']:.0f} taken in, {told['failed']:.0f} not; the slowest was answered in "
        f"{told['slowest']:.2f} s."
    )


def report(
    storm: Storm,
    count: int,
    left: int,
    gaps: list[float],
    grown: dict[str, tuple[float, float]],
    minutes: float,
    told: dict[str, float],
) -> tuple[str, list[str]]:
    """The figures as lines of Markdown, and what fell short."""
    last_alarms = statistics.median(storm.first[-20:])
    missed = [
        words
        for wrong, words in (
            (storm.requested != storm.expected or left, "alarms were lost"),
            (storm.doubled, "requests were doubled"),
            (last_alarms > TARGET, "the last alarms rang too late"),
            (len(gaps) != count, f"{count - len(gaps)} of the steady alarms rang nobody"),
            (told["failed"], "callbacks were not taken in"),
            (any(end > begin * FLAT for begin, end in grown.values()), "memory grew"),
        )
        if wrong
    ]
    memory = ", ".join(f"{name} {begin:.0f} → {end:.0f} MB" for name, (begin, end) in grown.items())
    lines = [
        describe_storm(storm),
        f"- Steady: {count} alarms in {minutes:g} minutes, {left} deliveries left unsent; keypress to last request: "
        f"median {statistics.median(gaps):.2f} s, at most {max(gaps):.2f} s.",
        describe_callbacks(told),
        f"- Memory (first and last fifth of the steady time): {memory}.",
        f"- Missed: {'; '.join(missed)}." if missed else "- Every target is reached.",
    ]
    return "\n".join(lines), missed


if __name__ == "__main__":
    sys.exit(main())
