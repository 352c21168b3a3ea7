"""Our code, by all of bandit's rules.

A finding whose lines say why it is none is left out: by ruff's mark (`# noqa: S608`, whose numbers are bandit's), or
by bandit's own (`# nosec B113`) where ruff has no such rule or sees no finding. What is excused for a whole file
stands in pyproject.toml, beside its reason.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOOKED_AT = ("app.py", "config", "groups", "joint_defense", "migrations")
SKIPPED = {
    "B404": "that a process is started is no finding; how it is started is (B602 to B607)",
    "B405": "that a parser is imported is no finding; what it parses is (B314)",
    "B406": "the same: of xml.sax we use what escapes",
}


def find_unexplained(root: Path = ROOT) -> list[str]:
    """A line for each finding that says nowhere why it is none. Raises RuntimeError where bandit did not run."""
    command = [
        sys.executable,
        "-m",
        "bandit",
        "--quiet",
        "--recursive",
        "--format",
        "json",
        "--skip",
        ",".join(SKIPPED),
    ]
    done = subprocess.run(
        [*command, *(name for name in LOOKED_AT if (root / name).exists())],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"bandit said nothing that can be read: {done.stderr[-500:]}") from None
    if report["errors"]:
        raise RuntimeError(f"bandit could not read {report['errors']}")
    excused = _read_excused(root)
    return [_describe(each) for each in report["results"] if not _is_explained(each, root, excused)]


def _is_explained(finding: Mapping[str, Any], root: Path, excused: Mapping[str, list[str]]) -> bool:
    rule = finding["test_id"].replace("B", "S", 1)
    if any(rule in rules and fnmatch(finding["filename"], pattern) for pattern, rules in excused.items()):
        return True
    lines = (root / finding["filename"]).read_text().splitlines()
    # Bandit names the statement's lines; a mark stands behind the one that ruff names, at its beginning or end.
    touched = {*finding["line_range"], finding["line_number"]}
    return any(re.search(rf"#\s*noqa:[^#]*\b{rule}\b", lines[number - 1]) for number in touched)


def _read_excused(root: Path) -> dict[str, list[str]]:
    """Rules that pyproject.toml leaves out for files, by the files' pattern."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    found: dict[str, list[str]] = settings["tool"]["ruff"]["lint"]["per-file-ignores"]
    return found


def _describe(finding: Mapping[str, Any]) -> str:
    return f"{finding['filename']}:{finding['line_number']}: {finding['test_id']} {finding['issue_text']}"
