"""Which tests run through which lines, kept in `var/mutants`: asked for the tests that could notice a fault."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
from collections import defaultdict

from tools.mutants.changes import ROOT, Fault

KEPT = ROOT / "var" / "mutants"
"""A file for each run that has looked."""


class Ways:
    """For each line of a file the tests that run through it, and how long each test takes, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._tests: list[str] = []
        self._lines: dict[str, dict[int, int]] = defaultdict(dict)
        self._hashes: dict[str, str] = {}

    def add(self, test: str, seconds: float, lines: dict[str, set[int]]) -> None:
        """What a test has run through."""
        self.seconds[test] = seconds
        bit = 1 << len(self._tests)
        self._tests.append(test)
        for path, numbers in lines.items():
            known = self._lines[path]
            for number in numbers:
                known[number] = known.get(number, 0) | bit

    def keep(self) -> None:
        """Write it down, beside what other runs have."""
        hashes = {path: _hash(path) for path in self._lines}
        lines = {path: {str(k): f"{v:x}" for k, v in of.items()} for path, of in self._lines.items()}
        KEPT.mkdir(parents=True, exist_ok=True)
        told = {"seconds": self.seconds, "tests": self._tests, "hashes": hashes, "lines": lines}
        written = KEPT / f"{os.getpid()}.part"
        written.write_text(json.dumps(told))
        written.rename(written.with_suffix(".json"))

    @classmethod
    def read(cls) -> Ways:
        """What all runs have kept; nothing where there was none."""
        ways = cls()
        for each in sorted(KEPT.glob("*.json")):
            found, before = json.loads(each.read_text()), len(ways._tests)
            ways.seconds |= found["seconds"]
            ways._tests += found["tests"]
            for path, of in found["lines"].items():
                if ways._hashes.setdefault(path, found["hashes"][path]) != found["hashes"][path]:
                    ways._hashes[path] = "changed meanwhile"
                known = ways._lines[path]
                for number, bits in of.items():
                    known[int(number)] = known.get(int(number), 0) | int(bits, 16) << before
        return ways

    def list_files(self) -> list[str]:
        """The files of the tests that are known."""
        return sorted({test.partition("::")[0] for test in self.seconds})

    def find_tests(self, fault: Fault) -> list[str]:
        """The tests that could notice a fault, the quickest first."""
        names = _find_names_at_import(fault)
        if names is None and self._hashes.get(fault.path) != _hash(fault.path):
            # It has been changed since: its lines stand elsewhere.
            bits = self._of_file(fault.path)
        elif names is None:
            lines = self._lines.get(fault.path, {})
            bits = 0
            for number in fault.lines:
                bits |= lines.get(number, 0)
            bits |= self._of_names(find_made_at_import(fault))
        else:
            bits = self._of_names(names) or self._of_file(fault.path)
        found = {test for number, test in enumerate(self._tests) if bits >> number & 1}
        return sorted(found, key=lambda test: self.seconds[test])

    def _of_file(self, path: str) -> int:
        bits = 0
        for each in self._lines.get(path, {}).values():
            bits |= each
        return bits

    def _of_names(self, names: set[str]) -> int:
        """Tests that run through a line with one of these names."""
        if not names:
            return 0
        wanted, bits = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b"), 0
        for path, of in self._lines.items():
            text = (ROOT / path).read_text() if (ROOT / path).exists() else ""
            if wanted.search(text):
                written = text.split("\n")
                for number, tests in of.items():
                    if number <= len(written) and wanted.search(written[number - 1]):
                        bits |= tests
        return bits


def _hash(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def _find_names_at_import(fault: Fault) -> set[str] | None:
    """What is bound where the fault is, if that is not in a function; None in one."""
    tree = ast.parse((ROOT / fault.path).read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.body[0].lineno <= fault.lines[0] <= (node.end_lineno or 0):
                return None
            if node.lineno <= fault.lines[0] < node.body[0].lineno:
                names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno <= fault.lines[0] <= (node.end_lineno or 0):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return names


def find_made_at_import(fault: Fault) -> set[str]:
    """What the function that has the fault puts together at import already: a statement that is kept, or the like."""
    tree = ast.parse((ROOT / fault.path).read_text())
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    calls = {each.name: _list_called(each) for each in functions}
    reached = {each.name for each in functions if each.lineno <= fault.lines[0] <= (each.end_lineno or 0)}
    while more := {name for name, called in calls.items() if called & reached} - reached:
        reached |= more
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _list_called(node) & reached:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return names


def _list_called(node: ast.AST) -> set[str]:
    calls = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return {each.id for each in calls if isinstance(each, ast.Name)}
