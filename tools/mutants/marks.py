"""Which lines a test runs through, at next to no cost: what is imported has a mark at the head of each block.

A tracer is called at every call of any library; a mark costs a fifth of a microsecond where our own code runs.
"""

from __future__ import annotations

import ast
import importlib.machinery
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from tools.mutants.changes import ROOT

HOUSES = ("config", "groups", "joint_defense")
_PREFIXES = tuple(f"{ROOT / house}/" for house in HOUSES)
_seen: set[int] = set()
_blocks: list[tuple[str, frozenset[int]]] = []
"""Of each mark the file, and the lines that are run through with it (or left early)."""


def mark_imports() -> None:
    """Whatever is imported from now on is marked."""
    loader = importlib.machinery.SourceFileLoader
    get_code = loader.get_code

    def get_marked(self: Any, fullname: str) -> CodeType | None:
        if not str(self.path).startswith(_PREFIXES):
            return get_code(self, fullname)
        return compile(_mark(str(self.path)), self.path, "exec", dont_inherit=True)

    loader.get_code = get_marked  # type: ignore[method-assign]


@contextmanager
def watch_lines() -> Iterator[dict[str, set[int]]]:
    """The lines of our own files that are run through meanwhile, in every thread."""
    found: dict[str, set[int]] = {}
    _seen.clear()
    yield found
    for each in list(_seen):
        path, lines = _blocks[each]
        found.setdefault(path, set()).update(lines)


def add(mark: int) -> None:
    """Called by what is marked."""
    _seen.add(mark)


def _mark(path: str) -> ast.Module:
    tree = ast.parse(Path(path).read_text())
    name = path.removeprefix(f"{ROOT}/")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            _mark_function(node, name)
    place = next((number for number, each in enumerate(tree.body) if not _stays_first(each)), len(tree.body))
    tree.body.insert(place, ast.parse("from tools.mutants.marks import add as _mark_").body[0])
    return ast.fix_missing_locations(tree)


def _stays_first(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _mark_function(function: ast.FunctionDef | ast.AsyncFunctionDef, path: str) -> None:
    for body in list(_list_blocks(function)):
        lines = _list_lines(body)
        inner = {line for node in body for block in _list_blocks(node) for line in _list_lines(block)}
        _blocks.append((path, frozenset(lines - inner)))
        call = ast.Expr(ast.Call(ast.Name("_mark_", ast.Load()), [ast.Constant(len(_blocks) - 1)], []))
        first = 1 if body is function.body and _stays_first(body[0]) else 0
        where = body[min(first, len(body) - 1)]
        ast.copy_location(call, where)
        for each in ast.walk(call):
            ast.copy_location(each, where)
        body.insert(first, call)


def _list_blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement, and those in them, but not those of functions within, which have their own."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block:
            yield block
            for each in block:
                if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    yield from _list_blocks(each)
    for each in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield from _list_blocks(each)


def _list_lines(block: list[ast.stmt]) -> set[int]:
    return {line for each in block for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)}
