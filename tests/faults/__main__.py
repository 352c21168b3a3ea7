"""Do every fault to real processes, and print what came of it; `--write` puts the table into docs/reliability.md."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

from tests.faults.acts import BOTH, FAULTS, POSTGRESQL, SQLITE
from tests.faults.run import Row, as_markdown, cells, perform, stage_on

PAGE = Path("docs/reliability.md")
BEGIN, END = "<!-- make faults -->", "<!-- end -->"
WIDTHS = (40, 11, 5, 22, 8, 12)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="alarms that must meet each fault (default: 20)")
    parser.add_argument("--database", choices=BOTH, help="only on this one")
    parser.add_argument("--only", default="", help="only faults whose name matches this expression")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    given = parser.parse_args()
    rows: list[Row] = []
    for database in [given.database] if given.database else [POSTGRESQL, SQLITE]:
        chosen = [each for each in FAULTS if database in each.databases and re.search(given.only, each.name)]
        if not chosen:
            continue
        if database == SQLITE and os.geteuid() != 0:
            print("on SQLite: not run, because only root may make the small disk that is filled")
            continue
        print(f"on {database}: the town starts", file=sys.stderr, flush=True)
        with stage_on(database) as stage:
            for fault in chosen:
                row = perform(stage, fault, database, given.runs)
                rows.append(row)
                print("".join(cell.ljust(width) for cell, width in zip(cells(row), WIDTHS, strict=True)), end="")
                print(f"{row.took:6.0f} s", flush=True)
                for complaint in sorted(set(row.complaints)):
                    print(f"    {complaint}", flush=True)
    if given.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{as_markdown(rows)}\n{END}{rest.partition(END)[2]}")
    print(f"logs of towns are in {tempfile.gettempdir()} while they run", file=sys.stderr)
    return 1 if any(row.complaints for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
