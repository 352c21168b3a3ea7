"""The project's own sources, as the structural tests read them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Every module of the service with its syntax tree, read once; paths are relative to the project."""
    rooms = (ROOT / room for room in ("config", "groups", "joint_defense"))
    paths = [ROOT / "app.py", *(path for room in rooms for path in room.rglob("*.py"))]
    return tuple((path.relative_to(ROOT), ast.parse(path.read_text())) for path in paths)


def name_of(node: ast.AST) -> str:
    """`a.b.c` for an attribute or a name, empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
