"""Putting the faults on stage, many times, and the table of what came of it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import migrations
from tests.support.servers import PostgresServer
from tools.faults.acts import POSTGRESQL, Fault
from tools.faults.breakable import BreakableTown
from tools.faults.stage import Outcome, Stage

SMALL_DISK = "24m"


class SmallDisk:
    """A file system of its own, which can be filled. Only root may make one."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", place], check=True)

    def fill(self) -> None:
        """Until nothing more fits: not into the database's journal either, which reuses the room it has."""
        with closing(sqlite3.connect(self.place / "town.sqlite")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with (self.place / "filler").open("ab", buffering=0) as filler:
            for size in (1 << 20, 1 << 12):
                try:
                    while filler.write(b"\0" * size) == size:
                        pass
                except OSError:
                    continue

    def empty(self) -> None:
        (self.place / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", self.place], check=True)


@contextmanager
def stage_on(database: str, *, seed: int = 1) -> Iterator[Stage]:
    """A town over this kind of database."""
    with ExitStack() as open_:
        home = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="jd-faults-", dir="/tmp")))
        server = disk = None
        if database == POSTGRESQL:
            server = open_.enter_context(PostgresServer(durable=True))
            with server.connect() as connection:
                connection.execute("CREATE DATABASE faults")
            url, socket = server.url("faults"), url_socket(server.url("faults"))
        else:
            disk = SmallDisk(home / "disk")
            open_.callback(disk.close)
            url, socket = f"sqlite:///{disk.place / 'town.sqlite'}", None
        migrations.upgrade(url)
        town = open_.enter_context(BreakableTown(home, url, socket))
        try:
            # Not a secret: when something is killed.
            yield Stage(town, random.Random(seed), server, disk)  # noqa: S311
        except BaseException:
            shutil.copytree(home, "/tmp/jd-faults-last", dirs_exist_ok=True, ignore=shutil.ignore_patterns("disk"))
            raise


def url_socket(url: str) -> str:
    """Where a PostgreSQL that is reached through a socket listens."""
    return f"{url.partition('host=')[2]}/.s.PGSQL.5432"


@dataclass
class Row:
    """A fault on a database, all its runs together."""

    fault: Fault
    database: str
    outcomes: list[Outcome]
    took: float
    again: int = 0
    """Goes that were done again, because everything had left before the fault struck."""
    fell: str = ""
    """What a go broke off with; the goes before it count."""

    @property
    def runs(self) -> int:
        return sum(outcome.alarms for outcome in self.outcomes)

    @property
    def requested(self) -> int:
        return sum(outcome.requested for outcome in self.outcomes)

    @property
    def expected(self) -> int:
        return sum(outcome.expected for outcome in self.outcomes)

    @property
    def doubled(self) -> int:
        return sum(outcome.doubled for outcome in self.outcomes)

    @property
    def gap(self) -> float | None:
        return max((outcome.gap for outcome in self.outcomes if outcome.gap is not None), default=None)

    @property
    def complaints(self) -> list[str]:
        found = [complaint for outcome in self.outcomes for complaint in outcome.complaints]
        if self.fell:
            found.append(f"a go broke off: {self.fell}")
        if self.requested != self.expected:
            found.append(f"{self.expected - self.requested} never requested")
        if self.doubled:
            found.append(f"{self.doubled} requested twice")
        if self.again > len(self.outcomes):
            found.append(f"{self.again} times everything had left before it struck")
        if self.gap is not None and self.gap > self.fault.longest_gap:
            found.append(f"{self.gap:.1f} s without a request")
        return found


def perform(stage: Stage, fault: Fault, database: str, runs: int) -> Row:
    """The fault until so many alarms met it."""
    begun = time.monotonic()
    row = Row(fault, database, [], 0.0)
    while row.runs < runs and row.again <= runs and not row.fell:
        try:
            shown = fault.act(stage)
            outcome = stage.judge(shown)
            if shown.struck_nothing:
                row.again += 1
            else:
                row.outcomes.append(outcome)
            stage.clear()
        except Exception as error:
            # The goes before it are not to be lost with it; the town may be in any state now.
            row.fell = f"{type(error).__name__}: {error}".splitlines()[0]
    row.took = time.monotonic() - begun
    return row


HEAD = ("fault", "database", "runs", "requested / expected", "doubled", "longest gap")


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    return (
        row.fault.name,
        row.database,
        f"{row.runs}{', then broke off' * bool(row.fell)}",
        f"{row.requested} / {row.expected}",
        f"{row.doubled}",
        "–" if row.gap is None else f"{row.gap:.1f} s",
    )


def as_markdown(rows: Sequence[Row]) -> str:
    """The table of docs/reliability.md."""
    lines = [HEAD, ("---", "---", "--:", "--:", "--:", "--:"), *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
