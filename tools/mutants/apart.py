"""A fault in what runs at import: the tests in this process, from a source that has it. `trying` starts it."""

from __future__ import annotations

import ast
import os
import sys

import pytest

from tools.mutants import codes
from tools.mutants.changes import Fault
from tools.mutants.trying import Profile, make_arguments


class _Noticing:
    failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


def main() -> None:
    writing, path = int(sys.argv[1]), sys.argv[2]
    source, _, tests = sys.stdin.read().partition("\n\0\n")
    codes.put_into_imports(Fault(path, (0,), "", ast.parse(source)))
    noticing = _Noticing()
    files = sorted({each.partition("::")[0] for each in tests.split("\n") if each})
    chosen = _Chosen(set(tests.split("\n")))
    code = pytest.main([*make_arguments(files), "-x"], plugins=[noticing, chosen, Profile()])
    done = code in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    os.write(writing, (noticing.failed or ("-" if done else f"(exit {int(code)})")).encode())


class _Chosen:
    def __init__(self, tests: set[str]) -> None:
        self._tests = tests

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [each for each in items if each.nodeid in self._tests]


if __name__ == "__main__":
    main()
