"""The benchmark's table, for a terminal and for docs/bench.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tools.bench.measuring import Result

# Milliseconds until the last request is taken, by recipients, and CPU and webhook for all of them. They are for one
# request a recipient; that a service rings and texts at once makes two of it, measured beside it.
TARGETS = {10: 150.0, 40: 200.0, 500: 1000.0}
CPU_TARGET, WEBHOOK_TARGET = 4.0, 20.0
# How many times as long as a plain client's the last request may take, by requests.
RATIOS = {10: 1.15, 40: 1.15, 500: 1.8, 1000: 2.0}
_HEAD = (
    *("recipients", "requests", "last arrived", "last taken", "slowest", "target", "webhook", "CPU a recipient"),
    *("plain client: last taken", "÷", "its CPU a recipient"),
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What was measured besides. `first`: milliseconds of the first alarm after the start; `idle`: milliseconds of
    processor time a second at rest; `memory`: megabytes of each process at rest; `load`: the machine's before.
    """

    first: float
    idle: float
    memory: Mapping[str, float]
    load: float


def as_text(results: Sequence[Result], beside: Beside) -> str:
    """Columns of even width, and a line for what was missed."""
    rows = [_HEAD, *_rows(results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    table = "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return f"{table}\n{_describe_beside(results, beside)}\n{_judged(results)}"


def as_markdown(results: Sequence[Result], beside: Beside) -> str:
    """The page docs/bench.md."""
    rows = [_HEAD, ("--:",) * len(_HEAD), *_rows(results)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"""# Benchmark

`make bench ARGS=--write` writes this page: from the keypress webhook (signed, over HTTP) until the last request has
arrived at the carrier, and until the carrier has taken it, which it does after 100 ms (what the target is for).
PostgreSQL waiting for its disk, Redis, and the processes of the Procfile on one machine of two cores; pacing off.
CPU is that of all processes with PostgreSQL and Redis, until every answer of the carrier is written down; the carrier
and the driver are not counted, and no status callbacks come. The webhook is answered once the alarm is on
record, and waits for no request. Beside each alarm a plain client (`tools/bench/plain.py`) makes as many requests of
the same carrier and keeps nothing of them: what the wire itself takes, at that moment on that machine.

{table}

{_describe_beside(results, beside)}
{_judged(results)}
"""


def _rows(results: Iterable[Result]) -> list[tuple[str, ...]]:
    return [
        (
            f"{each.crowd.recipients}",
            f"{each.crowd.requests} {'calls and texts' if each.crowd.texts else 'calls'}",
            f"{each.last_arrived:.0f} ms",
            f"{each.last_taken:.0f} ms",
            f"{each.slowest:.0f} ms",
            "–" if each.crowd.texts else f"{TARGETS[each.crowd.recipients]:.0f} ms",
            f"{each.webhook:.1f} ms",
            f"{each.cpu_per_recipient:.2f} ms",
            f"{each.plain.last_taken:.0f} ms",
            f"{each.ratio:.2f}",
            f"{each.plain.cpu_per_recipient:.2f} ms",
        )
        for each in results
    ]


def _describe_beside(results: Sequence[Result], beside: Beside) -> str:
    memory = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in beside.memory.items())
    return (
        f"Medians of {results[0].runs} alarms each. The first alarm after the start: {beside.first:.0f} ms. "
        f"At rest all processes together use {beside.idle:.1f} ms of CPU a second, which is counted above. "
        f"Memory at rest, what several share counted once: {memory} MB. "
        f"The machine's load average before the start: {beside.load:.1f}."
    )


def _judged(results: Sequence[Result]) -> str:
    missed = [
        f"{each.crowd.requests} requests: {word}"
        for each in results
        for word, value, target in (
            ("too late", each.last_taken, TARGETS[each.crowd.recipients]),
            ("webhook too slow", each.webhook, WEBHOOK_TARGET),
            ("too much CPU", each.cpu_per_recipient, CPU_TARGET),
        )
        if not each.crowd.texts and value >= target
    ]
    missed += [
        f"{each.crowd.requests} {'calls and texts' if each.crowd.texts else 'calls'}: "
        f"{each.ratio:.2f} times a plain client's time, {RATIOS[each.crowd.requests]:g} asked"
        for each in results
        if each.ratio > RATIOS.get(each.crowd.requests, float("inf"))
    ]
    return "Every target is reached." if not missed else f"Missed: {'; '.join(missed)}."
