"""A stopped process that holds SQLite's only place to write is ended, so that alarms can be taken in and leave.

PostgreSQL ends a transaction that has been silent for too long (`config.database`). SQLite cannot: its lock is a lock
on a file, which is freed at the holder's death and no sooner. Whoever stands in looks twice a second who holds it, in
the kernel's own table, which costs no transaction; a holder that is stopped (SIGSTOP, a debugger) for `STOPPED_FOR`
is killed, and its supervisor starts another one. One that runs is left alone, however long it writes.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

STOPPED_FOR = 1.0
_WRITER = 120
"""The byte of the `-shm` file that SQLite locks while somebody writes (its file format, WAL_WRITE_LOCK)."""
_LOCKS = Path("/proc/locks")
log = structlog.stdlib.get_logger(__name__)


class Fence:
    """Around the file of one database. `database`: its path; None for one that is no file."""

    def __init__(self, database: Path | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._shared = None if database is None else database.with_name(f"{database.name}-shm")
        self._monotonic = monotonic
        self._stopped: tuple[int, float] | None = None

    def look(self) -> int | None:
        """End the writer where it has been stopped for long enough. Returns its process id then."""
        holder = self._find_writer()
        if holder is None or not _is_stopped(holder):
            self._stopped = None
            return None
        now = self._monotonic()
        if self._stopped is None or self._stopped[0] != holder:
            self._stopped = (holder, now)
        if now - self._stopped[1] < STOPPED_FOR:
            return None
        self._stopped = None
        try:
            os.kill(holder, signal.SIGKILL)
        except OSError as error:
            log.error("stopped_writer_not_ended", process=holder, error=type(error).__name__)
            return None
        log.error("stopped_writer_ended", process=holder)
        return holder

    def _find_writer(self) -> int | None:
        if self._shared is None:
            return None
        try:
            file = self._shared.stat()
            holder = find_writer(_LOCKS.read_text(encoding="ascii"), file.st_ino)
        except OSError:  # nobody has it open, or this kernel shows no locks
            return None
        # Another disk may have a file with the same inode.
        return holder if holder is not None and _has_open(holder, file) else None


def find_writer(table: str, inode: int) -> int | None:
    """The process that holds the place to write in the file with this inode, by the kernel's table of locks.

    A line is `1: POSIX  ADVISORY  WRITE 4711 00:2d:1234 120 120`; whoever waits has an arrow behind the number.
    """
    for line in table.splitlines():
        words = line.split()
        if len(words) != 8 or words[1:4] != ["POSIX", "ADVISORY", "WRITE"] or "EOF" in words[6:]:
            continue
        held = int(words[6]) <= _WRITER <= int(words[7])
        if held and int(words[5].rpartition(":")[2]) == inode and int(words[4]) > 0:
            return int(words[4])
    return None


def _has_open(process: int, file: os.stat_result) -> bool:
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if os.path.samestat(each.stat(), file):
                return True
    return False


def _is_stopped(process: int) -> bool:
    try:
        # Behind the name in brackets, which may hold anything.
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return bool(state) and state[0] in {"T", "t"}
