"""`python -m tools.misuse [uploads [--sqlite] [--markdown] | pages --schemathesis V/bin/st]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from groups.models.accounts import AccountRole
from tools.misuse import pages, turns, uploads


def main() -> int:
    """Play one of them. 1 where it does more harm than docs/security.md says."""
    parser = argparse.ArgumentParser(prog="python -m tools.misuse", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("turns", "uploads", "pages"), default="turns")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, as a demo or one machine has it")
    parser.add_argument("--markdown", action="store_true", help="as a table for docs/security.md")
    parser.add_argument("--only", default="", help="those uploads alone whose name says this")
    parser.add_argument("--schemathesis", type=Path, help="the program, from an environment of its own")
    parser.add_argument("--role", choices=(*AccountRole, pages.API), default=AccountRole.ADMIN, help="who asks")
    parser.add_argument("--seconds", type=int, default=900, help="for how long")
    parser.add_argument("--report", type=Path, help="keep each question and answer in this file")
    given = parser.parse_args()
    if given.what == "turns":
        return turns.play()
    if given.what == "pages":
        if given.schemathesis is None:
            parser.error("pages needs --schemathesis V/bin/st")
        return pages.play(given.role, given.seconds, given.schemathesis, given.report)
    return uploads.play(on_sqlite=given.sqlite, as_markdown=given.markdown, only=given.only)


if __name__ == "__main__":
    sys.exit(main())
