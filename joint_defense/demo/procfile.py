"""The Procfile: the one place that says which processes the service is made of."""

from __future__ import annotations

import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = "release"


def read_procfile(path: Path = ROOT / "Procfile") -> dict[str, list[str]]:
    """The command of each process type, in the file's order, `release` (run once, before the others) among them."""
    commands = {}
    for line in path.read_text().splitlines():
        name, separator, command = line.partition(":")
        if separator and not line.startswith("#"):
            commands[name.strip()] = shlex.split(command)
    return commands
