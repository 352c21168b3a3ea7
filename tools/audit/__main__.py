"""`python -m tools.audit`: see the package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.audit.code import find_unexplained
from tools.audit.packages import NoAdvisories, find_known_flaws

FOUND, NOT_LOOKED = 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """What was found, a line each, and the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit")
    parser.add_argument("part", nargs="?", choices=("all", "code", "packages"), default="all")
    parser.add_argument("--advisories", type=Path, help="OSV's file of all advisories for PyPI (all.zip)")
    given = parser.parse_args(arguments)
    code = 0
    if given.part != "packages":
        found = find_unexplained()
        print(*found, f"audit: code: {len(found)} findings without a reason", sep="\n")
        code = FOUND if found else 0
    if given.part != "code":
        try:
            flaws, looked_at = find_known_flaws(given.advisories)
        except NoAdvisories as trouble:
            print(f"audit: packages: NOT LOOKED AT: {trouble}", file=sys.stderr)
            return code or NOT_LOOKED
        print(*flaws, f"audit: packages: {len(flaws)} known flaws in {looked_at} packages", sep="\n")
        code = FOUND if flaws else code
    return code


if __name__ == "__main__":
    sys.exit(main())
