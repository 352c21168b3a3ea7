"""`make mutants`: small faults put into the core one at a time, and whether the tests notice.

A flipped comparison or condition, an operator's opposite, a changed number, a dropped filter or lock: each in a copy of
the tree, with the tests of the part run against it. What survives is printed with its file and line.

`ARGS="--module joint_defense/rules/answers.py --tests tests/rules/alarms/test_answers.py --most 20"`
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORE = {
    "joint_defense/rules": ["tests/rules", "tests/usecases/alarms", "tests/usecases/escalation"],
    "joint_defense/alarms/escalation": ["tests/usecases/escalation"],
    "joint_defense/alarms": ["tests/usecases/alarms", "tests/edges/webhooks"],
    "joint_defense/incidents": ["tests/usecases/alarms", "tests/usecases/escalation"],
    "joint_defense/delivery": ["tests/usecases/delivery", "tests/usecases/alarms", "tests/edges/delivery"],
    "groups/coverage/figures.py": ["tests/usecases/coverage", "tests/rules/coverage"],
    "groups/enrolment/bills.py": ["tests/usecases/enrolment", "tests/edges/web/enrolment"],
    "groups/history/undo.py": ["tests/usecases/history"],
    "groups/web/shell/access.py": ["tests/edges/web/shell"],
}
"""What is changed, and the tests that are to notice."""
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
DROPPED = frozenset({"with_for_update", "distinct", "limit", "where", "order_by"})
"""Links of a chain of calls that are left out."""


@dataclass(frozen=True)
class Mutant:
    """A changed tree of a file, and what was changed in it."""

    path: Path
    line: int
    what: str
    source: str


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every small fault that can be put into a file."""
    tree = ast.parse(path.read_text())
    for number, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            changed: ast.AST = copy.deepcopy(tree)
            target = next(each for place, each in enumerate(ast.walk(changed)) if place == number)
            replaced = change(target)
            if replaced is not target:
                changed = _Put(target, replaced).visit(changed)
            yield Mutant(path, getattr(node, "lineno", 0), what, ast.unparse(ast.fix_missing_locations(changed)))


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        found: ast.AST = self._new if node is self._old else self.generic_visit(node)
        return found


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST]]]:
    if isinstance(node, ast.Compare):
        yield "comparison", _flip
    elif isinstance(node, ast.BoolOp):
        yield "and/or", _swap
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield "not", lambda each: each.operand
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield "number", _one_more
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "truth", _other_truth
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DROPPED:
        yield f"no {node.func.attr}", lambda each: each.func.value


def _flip(node: ast.Compare) -> ast.AST:
    node.ops[0] = OPPOSITE[type(node.ops[0])]()
    return node


def _swap(node: ast.BoolOp) -> ast.AST:
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node


def _one_more(node: ast.Constant) -> ast.AST:
    node.value += 1  # type: ignore[operator]
    return node


def _other_truth(node: ast.Constant) -> ast.AST:
    node.value = not node.value
    return node


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--module", help="only this file or folder (default: the core)")
    parser.add_argument("--tests", nargs="*", help="the tests that are to notice")
    parser.add_argument("--most", type=int, default=100, help="a sample of so many (default: 100)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found: list[tuple[Mutant, list[str]]] = []
    for place, tests in CORE.items():
        if given.module is None or given.module.startswith(place):
            whole = ROOT / (given.module or place)
            files = sorted(whole.rglob("*.py")) if whole.is_dir() else [whole]
            found += [(each, given.tests or tests) for path in files for each in mutants_of(path)]
    # Not a secret: a sample.
    sample = random.Random(given.seed).sample(found, min(given.most, len(found)))  # noqa: S311
    survived = []
    with tempfile.TemporaryDirectory(prefix="jd-mutants-") as home:
        copied = Path(home) / "tree"
        left_out = shutil.ignore_patterns(".git", ".venv", "var", "*_cache", "__pycache__")
        shutil.copytree(ROOT, copied, ignore=left_out)
        for number, (mutant, tests) in enumerate(sample, start=1):
            noticed = _is_noticed(copied, mutant, tests)
            place = f"{mutant.path.relative_to(ROOT)}:{mutant.line}"
            print(f"{number}/{len(sample)} {'noticed ' if noticed else 'SURVIVED'} {place} {mutant.what}", flush=True)
            if not noticed:
                survived.append(f"{place} {mutant.what}")
    print(f"{len(sample) - len(survived)} of {len(sample)} noticed, {len(found)} in all", *survived, sep="\n")
    return 1 if survived else 0


def _is_noticed(tree: Path, mutant: Mutant, tests: list[str]) -> bool:
    target = tree / mutant.path.relative_to(ROOT)
    before = target.read_text()
    target.write_text(mutant.source)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests],
            cwd=tree,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=900,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_text(before)
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
