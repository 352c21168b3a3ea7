"""Pages of a village's grids, responders and cameras, and of the town centre's responders.

Door: `register(app)`, after the roster's pages, which carry its buttons. No tables. It must not know
enrolment and figures.
"""

from __future__ import annotations

from flask import Flask

from groups.web.responders import centre, villages


def register(app: Flask) -> None:
    """Add the pages."""
    for part in (villages, centre):
        part.register(app)
