"""Help: a page for each topic, with a drawing and the sentences that the service says; the same on paper as a leaflet.

Door: `register(app)`. No tables. It must not know the database.
"""

from __future__ import annotations

from flask import Flask

from joint_defense.web.help import pages


def register(app: Flask) -> None:
    """Add the pages, and the way to them on every page."""
    pages.register(app)
