"""The project's own sources, as the structural tests read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the service with its syntax tree; paths are relative to the project."""
    for path in [ROOT / "app.py", *(ROOT / "config").rglob("*.py"), *(ROOT / "groups").rglob("*.py")]:
        yield path.relative_to(ROOT), ast.parse(path.read_text())
    for path in (ROOT / "joint_defense").rglob("*.py"):
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def name_of(node: ast.AST) -> str:
    """`a.b.c` for an attribute or a name, empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
