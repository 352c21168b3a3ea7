"""Small faults: those that are drawn from a file by rule, and those that somebody has written down (`named.toml`)."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAMED = Path(__file__).with_name("named.toml")
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
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
class Fault:
    """A changed tree of a file, the lines that it was changed at, and what was changed."""

    path: str
    lines: tuple[int, ...]
    what: str
    tree: ast.Module
    place_then: str = ""
    """Where it was when somebody found it, as file:line."""
    noticed_by: str = ""
    """The test that noticed it last time: it is run first, whether the map knows it or not."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.lines[0]}"


@dataclass(frozen=True)
class Place:
    """Where a fault may be put by rule: the `change`th of those that this node of the file's tree, in its order, takes.

    That is all that is known of the thousands of which a few are drawn: each fault has a tree of its own.
    """

    path: Path
    node: int
    change: int

    def put(self) -> Fault:
        """The file with this fault in it."""
        changed = ast.parse(self.path.read_text())
        target: Any = next(each for number, each in enumerate(ast.walk(changed)) if number == self.node)
        what, change = list(_list_changes(target))[self.change]
        replaced = change(target)
        if replaced is not target:
            changed = _Put(target, replaced).visit(changed)
        lines = tuple(range(target.lineno, target.end_lineno + 1))
        return Fault(str(self.path.relative_to(ROOT)), lines, what, ast.fix_missing_locations(changed))


def list_places(path: Path) -> Iterator[Place]:
    """Of every small fault that can be put into a file by rule its place."""
    for number, node in enumerate(ast.walk(ast.parse(path.read_text()))):
        for change, _ in enumerate(_list_changes(node)):
            yield Place(path, number, change)


def read_named(gone: list[str]) -> Iterator[Fault]:
    """The faults of `named.toml`; `gone` gets those whose file has no such text any more, or has it twice."""
    for each in tomllib.loads(NAMED.read_text())["fault"]:
        path = ROOT / each["file"]
        source = path.read_text() if path.exists() else ""
        if source.count(each["old"]) != 1:
            gone.append(f"{each['then']} {each['file']} {each['what']}")
            continue
        start = source[: source.index(each["old"])].count("\n") + 1
        lines = tuple(range(start, start + each["old"].rstrip("\n").count("\n") + 1))
        changed = source.replace(each["old"], each["new"])
        yield Fault(each["file"], lines, each["what"], ast.parse(changed), each["then"], each.get("noticed_by", ""))


def read_equivalent() -> dict[tuple[str, str, str], str]:
    """Why these are equivalent: by file, text of the line and what is changed."""
    told = tomllib.loads(EQUIVALENT.read_text()).get("fault", [])
    return {(each["file"], each["line"], each["what"]): each["why"] for each in told}


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else self.generic_visit(node)


def _list_changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST]]]:
    if isinstance(node, ast.Compare):
        yield "comparison", _flip
    elif isinstance(node, ast.BoolOp):
        yield "and/or", _swap
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield "not", lambda each: each.operand
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield "number", _add_one
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "truth", _negate
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DROPPED:
        yield f"no {node.func.attr}", lambda each: each.func.value


def _flip(node: ast.Compare) -> ast.AST:
    node.ops[0] = OPPOSITE[type(node.ops[0])]()
    return node


def _swap(node: ast.BoolOp) -> ast.AST:
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node


def _add_one(node: ast.Constant) -> ast.AST:
    assert isinstance(node.value, int)
    node.value += 1
    return node


def _negate(node: ast.Constant) -> ast.AST:
    node.value = not node.value
    return node
