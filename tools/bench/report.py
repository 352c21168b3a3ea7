"""The benchmark's table, for a terminal and for docs/bench.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tools.bench.measuring import Result

# Milliseconds until the last request is taken, by recipients, and CPU and webhook for all of them. They are for one
# request a recipient; that a service rings and texts at once makes two of it, measured beside it.
TARGETS = {10: 150.0, 40: 200.0, 500: 1000.0}
CPU_TARGET, WEBHOOK_TARGET = 4.0, 20.0
_HEAD = ("recipients", "requests", "last arrived", "last taken", "slowest", "target", "webhook", "CPU a recipient")


def as_text(results: Sequence[Result], first: float, idle: float, load: float) -> str:
    """Columns of even width, and a line for what was missed."""
    rows = [_HEAD, *_rows(results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    table = "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return f"{table}\n{_beside(results, first, idle, load)}\n{_judged(results)}"


def as_markdown(results: Sequence[Result], first: float, idle: float, load: float) -> str:
    """The page docs/bench.md."""
    rows = [_HEAD, ("--:",) * len(_HEAD), *_rows(results)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"""# Benchmark

`make bench ARGS=--write` writes this page: from the keypress webhook (signed, over HTTP) until the last request has
arrived at the carrier, and until the carrier has taken it, which it does after 100 ms (what the target is for).
PostgreSQL waiting for its disk, Redis, and the processes of the Procfile on one machine of two cores; pacing off.
CPU is that of all processes with PostgreSQL and Redis, until every answer of the carrier is written down; the carrier
and the driver are not counted, and no status callbacks come. The webhook is answered once the alarm is on
record, and waits for no request.

{table}

{_beside(results, first, idle, load)}
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
        )
        for each in results
    ]


def _beside(results: Sequence[Result], first: float, idle: float, load: float) -> str:
    return (
        f"Medians of {results[0].runs} alarms each. The first alarm after the start: {first:.0f} ms. "
        f"At rest all processes together use {idle:.1f} ms of CPU a second, which is counted above. "
        f"The machine's load average before the start: {load:.1f}."
    )


def _judged(results: Sequence[Result]) -> str:
    missed = [
        f"{each.crowd.requests} requests: {word}"
        for each in results
        if not each.crowd.texts
        for word, value, target in (
            ("too late", each.last_taken, TARGETS[each.crowd.recipients]),
            ("webhook too slow", each.webhook, WEBHOOK_TARGET),
            ("too much CPU", each.cpu_per_recipient, CPU_TARGET),
        )
        if value >= target
    ]
    return "Every target is reached." if not missed else f"Missed: {'; '.join(missed)}."
