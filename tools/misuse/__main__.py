"""`python -m tools.misuse [uploads [--sqlite] [--markdown]]`."""

from __future__ import annotations

import argparse
import sys

from tools.misuse import turns, uploads


def main() -> int:
    """Play one of them. 1 where it does more harm than docs/security.md says."""
    parser = argparse.ArgumentParser(prog="python -m tools.misuse", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("turns", "uploads"), default="turns")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, as a demo or one machine has it")
    parser.add_argument("--markdown", action="store_true", help="as a table for docs/security.md")
    given = parser.parse_args()
    if given.what == "turns":
        return turns.play()
    return uploads.play(on_sqlite=given.sqlite, as_markdown=given.markdown)


if __name__ == "__main__":
    sys.exit(main())
