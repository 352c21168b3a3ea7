"""`make histories`: hostile histories drawn by lot, and the auditor's recount of each, for as long as there is time.

`ARGS="--from 0 --to 2000 --database postgresql --minutes 15"`; `--from 7 --to 8` plays one again.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from config import migrations
from config.database import Database
from tests.support.histories import played
from tests.support.recount import recount
from tests.support.servers import EMPTY_ALL_TABLES, PostgresServer


@contextlib.contextmanager
def _sqlite() -> Iterator[Iterator[Database]]:
    """Empty databases, one after the other, each where the last one was."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        template, path = Path(folder) / "template.sqlite", Path(folder) / "town.sqlite"
        migrations.upgrade(f"sqlite:///{template}")

        def each() -> Iterator[Database]:
            while True:
                for old in Path(folder).glob("town.sqlite*"):
                    old.unlink()
                shutil.copyfile(template, path)
                database = Database(f"sqlite:///{path}").patient()
                yield database
                database.close()

        yield each()


@contextlib.contextmanager
def _postgresql() -> Iterator[Iterator[Database]]:
    with PostgresServer() as server:
        migrations.upgrade(server.url())
        database = Database(server.url()).patient()

        def each() -> Iterator[Database]:
            while True:
                with database.engine.begin() as connection:
                    connection.execute(text(EMPTY_ALL_TABLES))
                yield database

        yield each()
        database.close()


def main() -> int:
    """Play and recount; print each history that differs with how it ended. 0 where none does."""
    parser = argparse.ArgumentParser(prog="histories", description=__doc__)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=100)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--minutes", type=float, default=15.0)
    asked = parser.parse_args()
    until, done, days, differ = time.monotonic() + asked.minutes * 60, 0, 0, []
    with {"sqlite": _sqlite, "postgresql": _postgresql}[asked.database]() as databases:
        for seed in range(asked.first, asked.last):
            if time.monotonic() > until:
                break
            try:
                days += recount(played(next(databases), seed))
            except Exception:
                differ.append(seed)
                print(f"history {seed}:\n{traceback.format_exc()[-2500:]}", flush=True)
            done += 1
            if done % 50 == 0:
                print(f"{asked.database}: {done} histories, {days} days, differing: {differ}", flush=True)
    print(f"{asked.database}: {done} histories from {asked.first} on, {days} days recounted at every level, ", end="")
    print(f"differing: {differ or 'none'}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
