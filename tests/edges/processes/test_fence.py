"""Processes that hang in the middle of a transaction: what they hold is let go, and others go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from config.database import Database, DatabaseAway, is_away, read_clock
from joint_defense.delivery import claims
from joint_defense.models.incidents import Delivery
from joint_defense.processes.sqlite_fence import Fence, find_writer
from tests.support.factories import Town, at

WRITES = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("BEGIN IMMEDIATE")
print("writing", flush=True)
time.sleep(60)
"""


@contextmanager
def writer(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that writes and does not finish."""
    command = [sys.executable, "-c", WRITES, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_stopped_writer_is_ended_after_a_second_and_one_that_runs_is_left_alone(tmp_path: Path) -> None:
    path, watch = tmp_path / "town.sqlite", Watch()
    fence, other = Fence(path, watch), Fence(tmp_path / "other.sqlite", watch)
    assert fence.look() is None
    with writer(path) as process:
        for watch.now in (0.0, 5.0):
            assert fence.look() is None  # it works, however long
        os.kill(process.pid, signal.SIGSTOP)
        while Path(f"/proc/{process.pid}/stat").read_text().split()[2] != "T":
            time.sleep(0.01)
        looks = []
        for watch.now in (6.0, 6.9, 7.0):
            assert other.look() is None
            looks.append(fence.look())
        assert looks == [None, None, process.pid]
        assert process.wait(10) == -signal.SIGKILL
    assert Fence(None).look() is None


def test_the_kernels_table_names_who_writes_and_nobody_who_waits() -> None:
    table = """1: POSIX  ADVISORY  READ 11 fe:00:77 120 120
2: POSIX  ADVISORY  WRITE 12 fe:00:77 124 124
3: POSIX  ADVISORY  WRITE 13 fe:00:78 120 120
4: POSIX  ADVISORY  WRITE 14 fe:00:77 0 EOF
5: FLOCK  ADVISORY  WRITE 15 fe:00:77 120 120
6: OFDLCK ADVISORY  WRITE -1 fe:00:77 120 120
7: POSIX  ADVISORY  WRITE 16 fe:00:77 120 121
7: -> POSIX  ADVISORY  WRITE 17 fe:00:77 120 120
"""
    assert find_writer(table, 77) == 16
    assert find_writer(table, 79) is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_a_hung_transaction_holds_keeps_nobody_and_is_free_once_it_has_been_silent_for_too_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.database.connections.IDLE_SECONDS", 0.4)
    hasty = Database(database.engine.url.render_as_string(hide_password=False))
    town = Town(database)
    caller = town.house("王建国")
    for head in ("李大明", "陈小红"):
        town.house(head)
    town.raise_alarm(caller)
    held = len(town.claim())

    def release() -> int:
        return town.run(lambda session: claims.release_dead(session, lambda _: False, at(1)))

    def hang() -> None:
        with hasty.begin() as session:
            session.scalars(select(Delivery).limit(1).with_for_update()).one()
            assert release() == held - 1  # the others, without a wait
            deadline = time.monotonic() + 10
            while not release():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            read_clock(session)  # it comes to

    with pytest.raises(DatabaseAway) as ended:
        hang()
    assert ended.value.__cause__ is not None
    assert is_away(ended.value.__cause__)  # type: ignore[arg-type]
    with hasty.begin() as session:  # and goes on
        read_clock(session)
    hasty.close()
