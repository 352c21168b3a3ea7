"""The tests in one warm process: all of them once, to see what they run through; then each fault in a fork of it.

A fork costs nothing: servers are up, everything is loaded and collected. It stops at the first test that fails. What is
changed at import is tried in a process of its own.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tools.mutants import codes
from tools.mutants.changes import ROOT, Fault
from tools.mutants.forks import NONE, listen, run_in_fork
from tools.mutants.marks import watch_lines
from tools.mutants.ways import Ways, find_made_at_import

WARM = (
    "tests/usecases/delivery/test_held.py",
    "tests/usecases/delivery/test_order.py",
    "tests/edges/delivery/test_pace.py",
)
"""Tests that have the servers started."""
PARTS = ("tests/rules", "tests/usecases", "tests/contracts", "tests/edges")
KEEP_EVERY = 20
"""Seconds after which the map is written down: a run that is cut off was not in vain."""
NOT_LOADED = "?"


@dataclass
class Tried:
    """What came of a fault: the test that noticed it first, or none of so many."""

    fault: Fault
    noticed_by: str
    tests: int
    seconds: float = 0


@dataclass(eq=False)
class Trying:
    """A pytest plugin that runs the tests in its own way. `told` hears of each fault as it is tried."""

    faults: Sequence[Fault]
    told: Callable[[Tried], None]
    budget: float
    map_anew: bool
    also: Sequence[str] = ()
    """Tests of these files or folders that the map does not know are run on every fault."""
    leave_out: str = ""
    """Tests with this in their name are not run."""
    tried: list[Tried] = field(default_factory=list)
    unsound: set[str] = field(default_factory=set)
    """Tests that have failed in a fork without any fault."""
    _sound: set[str] = field(default_factory=set)
    """Tests that have passed in one."""
    _failed: str = NONE

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {each.nodeid: each for each in session.items}
        if self.map_anew:
            self._watch(session)
        else:
            warm = [each for each in session.items if each.nodeid.startswith(WARM)]
            # The first of each database, and one with a Redis.
            kinds = [[each for each in warm if kind in each.nodeid] for kind in ("sqlite", "postgresql", "test_pace")]
            for item in [of[0] for of in kinds if of]:
                _run(item, session)
        ways = Ways.read()
        new = [each for each in items if each not in ways.seconds and each.startswith(tuple(self.also))]
        self._failed = NONE
        for fault in self.faults:
            within, began = self._choose(fault, ways, new, items), time.monotonic()
            patience = 60 + 4 * sum(ways.seconds.get(each, 1) for each in within)
            noticed = self._find_noticing(fault, within, items, patience)
            tried = Tried(fault, noticed, len(within), time.monotonic() - began)
            self.tried.append(tried)
            self.told(tried)
        return True

    def _choose(self, fault: Fault, ways: Ways, new: list[str], items: dict[str, pytest.Item]) -> list[str]:
        """The tests that could notice a fault, the quickest first, as many as the time allows."""
        chosen, seconds = [each for each in [fault.noticed_by] if each in items], 0.0
        for test in [*ways.find_tests(fault), *new]:
            takes = ways.seconds.get(test, 0)
            if test in items and test not in chosen and not self._leaves_out(test) and seconds + takes <= self.budget:
                seconds += takes
                chosen.append(test)
        return chosen

    def _leaves_out(self, test: str) -> bool:
        return bool(self.leave_out) and self.leave_out in test

    def _find_noticing(self, fault: Fault, within: list[str], items: dict[str, pytest.Item], patience: float) -> str:
        """The first test that fails with the fault, and would not without it."""
        changed, left = codes.find_changed(fault), [*within]
        while changed is not None and left:
            noticed = self._try_in_fork(fault, changed, [items[each] for each in left], patience)
            if noticed is None or (noticed == NONE and find_made_at_import(fault)):
                break
            if noticed not in items or noticed in self._sound:
                return noticed
            before = left[: left.index(noticed) + 1]
            if self._try_in_fork(fault, {}, [items[each] for each in before], patience) == NONE:
                self._sound.add(noticed)
                return noticed
            self.unsound.add(noticed)
            left.remove(noticed)
        return _try_apart(fault, left, patience) if left else NONE

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self._failed:
            self._failed = report.nodeid

    def _watch(self, session: pytest.Session) -> None:
        known, ways, kept = Ways.read(), Ways(), time.monotonic()
        items = [
            each for each in session.items if each.nodeid not in known.seconds and not self._leaves_out(each.nodeid)
        ]
        for place, item in enumerate(items):
            began = time.monotonic()
            with watch_lines() as lines:
                _run(item, items[place + 1] if place + 1 < len(items) else session)
            ways.add(item.nodeid, time.monotonic() - began, lines)
            if time.monotonic() - kept > KEEP_EVERY:
                ways.keep()
                kept = time.monotonic()
        if self._failed:
            print("without any fault fails", self._failed, file=sys.stderr)
        ways.keep()

    def _try_in_fork(
        self,
        fault: Fault,
        changed: dict[codes.Key, Any],
        items: list[pytest.Item],
        patience: float,
    ) -> str | None:
        """The test that noticed it; None where no function that is loaded has the changed code."""

        def work() -> str:
            silence = os.open(os.devnull, os.O_RDWR)
            for number in (1, 2):
                os.dup2(silence, number)
            # pytest writes what it has to say to a copy of where it began.
            items[0].config.get_terminal_writer()._file = os.fdopen(silence, "w")
            if changed and not codes.put_into_process(fault.path, changed):
                return NOT_LOADED
            for item, following in zip(items, [*items[1:], None], strict=True):
                _run(item, following or item.session)
                if self._failed:
                    break
            return self._failed

        told = run_in_fork(work, patience)
        return None if told == NOT_LOADED else told


def _run(item: pytest.Item, following: pytest.Item | pytest.Session) -> None:
    """What the next one needs stays; of a session only what is the session's."""
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def make_arguments(parts: Sequence[str]) -> list[str]:
    """What pytest is called with."""
    plain = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:rerunfailures", "-p", "no:playwright"]
    return [*plain, "-o", "addopts=-p no:schemathesis", "--hypothesis-profile=mutants", "--tb=no", *parts]


class Profile:
    """A pytest plugin: searches look at the same examples every time, and do not shrink those that fail."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        import hypothesis

        hypothesis.settings.register_profile(
            "mutants",
            deadline=None,
            database=None,
            derandomize=True,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )


def _try_apart(fault: Fault, tests: list[str], patience: float) -> str:
    """In a process of its own, whose imports have the fault."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        os.set_inheritable(writing, True)
        silence = os.open(os.devnull, os.O_RDWR)
        for number in (1, 2):
            os.dup2(silence, number)
        arguments = [sys.executable, "-m", "tools.mutants.apart", str(writing), fault.path]
        done = subprocess.run(
            arguments,
            cwd=ROOT,
            input="\n".join([ast.unparse(fault.tree), "\0", *tests]),
            text=True,
            pass_fds=[writing],
            check=False,
        )
        os._exit(done.returncode)
    os.close(writing)
    return listen(reading, child, patience)
