"""What tests cost: the processor's time of a worker and all its processes, by folder, file and test, on request.

`make test ARGS=--cpu`. On a busy machine the clock tells nothing, and this tells nearly the same as on a quiet one.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator
from contextlib import suppress
from pathlib import PurePosixPath

import psutil
import pytest

_MOST = 25
_NAME = "processor"


class Spent:
    """A plugin: each worker measures, and whoever deals out the tests adds it up."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        item.stash[_BEGUN] = _read()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "teardown":
            # A process that nobody waits for takes its time with it.
            report.user_properties.append((_NAME, max(0.0, _read() - item.stash[_BEGUN])))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, seconds in report.user_properties:
            if name == _NAME:
                self._seconds[report.nodeid] += float(str(seconds))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        files: defaultdict[str, float] = defaultdict(float)
        folders: defaultdict[str, float] = defaultdict(float)
        for test, seconds in self._seconds.items():
            file = PurePosixPath(test.partition("::")[0])
            files[str(file)] += seconds
            folders[str(file.parent)] += seconds
        for title, found in (("folders", folders), ("files", files), ("tests", self._seconds)):
            terminalreporter.section(f"processor's time: {sum(found.values()):.0f} s by {title}")
            for name, seconds in sorted(found.items(), key=lambda each: -each[1])[:_MOST]:
                terminalreporter.line(f"{seconds:7.1f} s  {name}")


_BEGUN = pytest.StashKey[float]()


def _read() -> float:
    """Seconds of this process, of its children that have ended and of all below it that run."""
    own = os.times()
    total = own.user + own.system + own.children_user + own.children_system
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
