"""docs/bench.md: each benchmark writes its own part and leaves the others as they stand."""

from __future__ import annotations

import os
from pathlib import Path

PLACE = Path("docs/bench.md")


def put(heading: str, body: str) -> None:
    """Write the part under this heading (of the second level), in the place of what stood there, else at the end."""
    before, found, rest = PLACE.read_text().partition(f"\n## {heading}\n")
    _, another, after = rest.partition("\n## ")
    PLACE.write_text(
        f"{before.rstrip()}\n\n## {heading}\n\n{body.strip()}\n" + (f"\n## {after}" if found and another else "")
    )


def put_first(body: str) -> None:
    """Write what stands before the first such heading."""
    _, found, rest = PLACE.read_text().partition("\n## ")
    PLACE.write_text(body.rstrip() + "\n" + (f"\n## {rest}" if found else ""))


def load() -> float:
    """What else the machine is doing: the load average of the last minute."""
    return os.getloadavg()[0]
