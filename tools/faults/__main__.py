"""Do every fault to real processes, and print what came of it; `--write` puts the table into docs/reliability.md."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tools.faults.acts import BOTH, FAULTS, POSTGRESQL, SQLITE
from tools.faults.dealing import Part, deal
from tools.faults.run import Row, as_markdown, cells

PAGE = Path("docs/reliability.md")
BEGIN, END = "<!-- make faults -->", "<!-- end -->"
WIDTHS = (42, 11, 5, 22, 8, 12)
JOBS = 2
"""Towns side by side: what is waited out in one leaves the processors to the starts in the other."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="alarms that must meet each fault (default: 20)")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"towns side by side (default: {JOBS})")
    parser.add_argument("--database", choices=BOTH, help="only on this one")
    parser.add_argument("--only", default="", help="only faults whose name matches this expression")
    parser.add_argument("--first", default="^$", help="those whose name matches this expression before all others")
    parser.add_argument(
        "--minutes", type=float, help="begin no fault after so many minutes; the table names what is left"
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    given = parser.parse_args()
    # The towns go with it, whoever ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parts = chosen(given.only, [given.database] if given.database else [POSTGRESQL, SQLITE], given.first)
    begun, rows, fallen = time.monotonic(), [], []
    tree, loads = describe_tree(), [os.getloadavg()[0]]
    order = [fault.name for fault in FAULTS]
    said = ""
    for each in deal(parts, given.runs, given.jobs, given.minutes):
        loads.append(os.getloadavg()[0])
        if isinstance(each, Row):
            rows.append(each)
            show(each)
        else:
            fallen.append(each)
            print(each, flush=True)
        rows.sort(key=lambda row: (row.database, order.index(row.fault.name)))
        took = (time.monotonic() - begun) / 60
        said = f"{head(rows, took, given.jobs, name_missing(parts, rows), tree, loads)}\n\n{as_markdown(rows)}"
        if given.write:  # after each row: whoever ends it has what was done
            page = PAGE.read_text()
            before, _, rest = page.partition(BEGIN)
            PAGE.write_text(f"{before}{BEGIN}\n{said}\n{END}{rest.partition(END)[2]}")
    print(f"\n{said}")
    print(f"logs of towns are in {tempfile.gettempdir()} while they run", file=sys.stderr)
    return 1 if fallen or any(row.complaints for row in rows) else 0


def describe_tree() -> str:
    """The commit that is tried, and whether files differ from it."""
    git = shutil.which("git")
    if git is None:
        return "of a tree without git"

    def ask(*words: str) -> str:
        return subprocess.run([git, *words], capture_output=True, text=True, check=False).stdout.strip()

    # The page itself changes with each row.
    changed = ask("status", "--porcelain", "--", ".", f":!{PAGE}")
    return f"at {ask('rev-parse', '--short', 'HEAD') or 'no commit'}{' with changes' * bool(changed)}"


def chosen(only: str, databases: Sequence[str], first: str = "^$") -> list[Part]:
    """What is to be done: on one database after the other, because a town is made for one; `first` before the rest."""
    if SQLITE in databases and os.geteuid() != 0:
        print("on SQLite: not run, because only root may make the small disk that is filled", flush=True)
        databases = [each for each in databases if each != SQLITE]
    return [
        (database, fault.name)
        for database in databases
        for fault in sorted(FAULTS, key=lambda fault: not re.search(first, fault.name))
        if database in fault.databases and re.search(only, fault.name)
    ]


def name_missing(parts: Sequence[Part], rows: Sequence[Row]) -> list[str]:
    """The faults that have no row: not begun yet, or never to be."""
    done = {(row.database, row.fault.name) for row in rows}
    return [f"{name} ({database})" for database, name in parts if (database, name) not in done]


def show(row: Row) -> None:
    """A row as it comes, with the seconds that it took."""
    print("".join(cell.ljust(width) for cell, width in zip(cells(row), WIDTHS, strict=True)), end="")
    print(f"{row.took:6.0f} s" + (f"   {row.again} done again" if row.again else ""), flush=True)
    for complaint in sorted(set(row.complaints)):
        print(f"    {complaint}", flush=True)


def head(
    rows: Sequence[Row], minutes: float, jobs: int, missing: Sequence[str], tree: str, loads: Sequence[float]
) -> str:
    """What was run, on what, and what falls short, in a few sentences."""
    towns = "one town" if jobs == 1 else f"{jobs} towns side by side"
    wrong = [
        f"{row.fault.name} ({row.database}): {', '.join(sorted(set(row.complaints)))}" for row in rows if row.complaints
    ]
    said = (
        f"{datetime.now().astimezone():%Y-%m-%d %H:%M}, {tree}: {sum(row.runs for row in rows)} alarms in "
        f"{minutes:.0f} minutes, {towns} on {os.cpu_count()} processors, load {loads[0]:.1f} before and at most "
        f"{max(loads):.1f}; " + (f"{len(wrong)} rows fall short." if wrong else "nothing to complain of.")
    )
    if wrong:
        said += f"\n\nShort: {'; '.join(wrong)}."
    if missing:
        said += f"\n\nNot run to the end: {', '.join(missing)}."
    return said


if __name__ == "__main__":
    sys.exit(main())
