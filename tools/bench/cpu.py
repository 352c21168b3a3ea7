"""The processor time of processes and all their children, to the microsecond, and their memory."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil


def cpu_seconds(pids: Iterable[int]) -> float:
    """What these processes and their living descendants have used so far, all threads, user and system together."""
    return sum(_clock(process.pid) for pid in pids for process in _family(pid))


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _clock(pid: int) -> float:
    # clock_getcpuclockid(3), which Python does not offer: the kernel's number of a process's own clock. /proc counts in
    # steps of 10 ms, more than an alarm of ten takes.
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def proportional_megabytes(pid: int) -> float:
    """The memory of a process and its living descendants; a page that others have, too, counts as its share."""
    total: int = sum(each.memory_full_info().pss for each in _family(pid))
    return total / 1e6
