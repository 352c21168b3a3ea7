"""Pages of rosters: villages, groups, households, imports, the printed directory and exports.

Door: `register(app)`. A village head keeps the own village, an administrator all. It must not know figures.
"""

from __future__ import annotations

from flask import Flask

from groups.web.roster import directory, drawing_up, exports, groups, households, imports, offline, villages


def register(app: Flask) -> None:
    """Add the pages."""
    for part in (villages, groups, drawing_up, households, imports, directory, exports, offline):
        part.register(app)
