"""The figures of a county (tools/bench/county.py), on PostgreSQL.

Each figure is asked for in a process of its own, so that its memory is its own too.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from config.database import Database
from groups.coverage import exports, figures, trends
from groups.coverage import report as coverage_report
from groups.coverage.compared import Compared
from groups.coverage.figures import Scope
from groups.coverage.rules.query import CoverageQuery, Step
from groups.coverage.rules.report import CoverageReport, Level
from groups.coverage.rules.statement import Measure
from groups.coverage.statement import make_statement
from groups.rules.days import end_of
from tools.bench import page

DAY, FIRST, LAST_REPORT = date(2026, 11, 23), date(2024, 12, 1), date(2026, 10, 31)
DEMONSTRATION_DAY = date(2026, 8, 1)
"""In this county most had signed up by then."""
RUNS = 3
PROCESSORS = 2
Question = Callable[[Session], None]
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, how long it took (the middle of three), what it may take, and the memory of its process; of a page
    also how large it is, and the processor time of it and of PostgreSQL.
    """

    name: str
    seconds: float
    target: float
    megabytes: float
    kilobytes: float | None = None
    processor: float | None = None

    @property
    def missed(self) -> bool:
        """Whether it takes too long: by the clock and, where that is known, by the two processors as well.

        On a machine that has more to do than it can, the clock alone says nothing of the page.
        """
        by_processors = self.processor is None or self.processor / PROCESSORS >= self.target
        return self.seconds >= self.target and by_processors


def measure_figures(url: str) -> list[Asked]:
    """Ask for them in the county at this address, and say each as soon as it is known."""
    return [said(_ask(url, *question)) for question in _QUESTIONS]


def write(asked: list[Asked], load: float) -> None:
    """Its part of docs/bench.md."""
    missed = [one.name for one in asked if one.missed]
    late = [one.name for one in asked if one.seconds >= one.target and not one.missed]
    page.put(
        "The figures of a county",
        "`make bench ARGS='--figures --write'` writes this part: 3,000 villages, 1,000,000 households, 3,000,000 "
        "subscription rows, 600,000 proofs\nof the last month, 99,000 groups; PostgreSQL with the settings of the "
        f"tests, on a machine of two cores. The middle of {RUNS}.\nBeside a page's time stands what it and PostgreSQL "
        "used of the two processors. Memory is the peak of a process of its own with all "
        "it has loaded. Answers, workbooks and PDFs have readiness and\ndemonstration villages since their day. "
        f"The machine's load average before the start: {load:.1f}.\n\n"
        "| question | took | may take | of the processors | memory | page |\n|---|--:|--:|--:|--:|--:|\n"
        + "".join(
            f"| {a.name} | {a.seconds:.2f} s | {a.target} s | {_say_processor(a)} | {a.megabytes:.0f} MB "
            f"| {_size(a)} |\n"
            for a in asked
        )
        + (f"\nMissed: {', '.join(missed)}.\n" if missed else "\nNothing is missed.\n")
        + (
            "Later by the clock, on a machine that had more to do than it can, but not by half of what they used of "
            f"its two processors: {', '.join(late)}.\n"
            if late
            else ""
        ),
    )


def said(asked: Asked) -> Asked:
    """Print it: a long run shows how far it is."""
    missed = ": MISSED" if asked.missed else ""
    print(
        f"{asked.name}: {asked.seconds:.2f} s (may take {asked.target} s{missed}), {asked.megabytes:.0f} MB "
        f"{_size(asked)} {_say_processor(asked)}",
        flush=True,
    )
    return asked


def _say_processor(asked: Asked) -> str:
    return "" if asked.processor is None else f"{asked.processor:.2f} s"


def _size(asked: Asked) -> str:
    return "" if asked.kilobytes is None else f"{asked.kilobytes:.0f} kB"


def _ask(url: str, name: str, target: float, question: Question) -> Asked:
    seconds, megabytes = alone(_timed, url, question)
    return Asked(name, seconds, target, megabytes)


def alone(measure: Callable[..., Any], *given: Any) -> Any:
    """What `measure` says in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, given)


def peak() -> float:
    """The most memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(url: str, question: Question) -> tuple[float, float]:
    database = Database(url, statement_seconds=60)  # a busy machine is told of by the figure, not by an end
    took = []
    for _ in range(RUNS):
        started = time.monotonic()
        with database.begin() as session:
            question(session)
        took.append(time.monotonic() - started)
    database.close()
    return sorted(took)[RUNS // 2], peak()


def _of_a_day(session: Session) -> None:
    assert len(figures.read_coverage(session, DAY, Scope(ZONE)).villages) == 3000


def _trend(session: Session) -> None:
    assert len(trends.read_trend(session, FIRST, DAY, Scope(ZONE))) == 24


def _since(session: Session) -> None:
    """On a day on which half the villages were demonstration villages: each looks back through all its days."""
    report = figures.read_coverage(session, DEMONSTRATION_DAY, Scope(ZONE))
    found = figures.find_demonstration_starts(session, report)
    assert {number for number, since in found.items() if since} == {
        each.village_id for each in report.villages if each.demonstration
    }
    assert len(found) > 300


def _report(session: Session, form: str = "", **question: Any) -> CoverageReport:
    return coverage_report.report_on(session, CoverageQuery(DAY, **question), ZONE, form=form)


def _workbook(session: Session) -> None:
    assert len(exports.write(_report(session, "xlsx"), "xlsx")) > 100_000


def _answer(session: Session) -> None:
    assert len(exports.write(_report(session, "json"), "json")) > 100_000


def _paper(session: Session) -> None:
    report = _report(session, "pdf", first=FIRST, last=DAY)
    assert exports.write(report, "pdf").startswith(b"%PDF")


def _grids(session: Session) -> None:
    assert len(_report(session, level=Level.GRID).places) > 29_000


def _groups(session: Session) -> None:
    assert len(_report(session, level=Level.GROUP).places) > 98_000


def _groups_of_a_village(session: Session) -> None:
    report = _report(session, level=Level.GROUP, village="V1500", first=FIRST, last=DAY, step=Step.DAY)
    assert len(report.series) == 33


def _trends(session: Session) -> None:
    assert len(_report(session, first=FIRST, last=DAY).series) == 3001


def _changed(session: Session) -> None:
    found = make_statement(session, Compared(LAST_REPORT, end_of(LAST_REPORT, ZONE), DAY), Scope(ZONE))
    part = found.part(Measure.SUBSCRIBED)
    assert part.gained + part.lost > 10_000
    assert part.adds_up


_QUESTIONS: tuple[tuple[str, float, Question], ...] = (
    ("coverage of a day", 0.27, _of_a_day),
    ("town's trend, 24 months", 0.5, _trend),
    ("since when each is a demonstration village", 3.0, _since),
    ("what changed since the last report", 2.0, _changed),
    ("answer of the API, 3,000 villages", 2.0, _answer),
    ("workbook of 3,000 villages", 3.0, _workbook),
    ("PDF of 3,000 villages", 10.0, _paper),
    ("all 30,000 grids", 5.0, _grids),
    ("all 99,000 groups", 5.0, _groups),
    ("groups of a village, 24 months day by day", 2.0, _groups_of_a_village),
    ("every village's trend, 24 months", 10.0, _trends),
)
