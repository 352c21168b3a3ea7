"""A household's pages: all its fields in one form, its row in place, its number in two taps, moves and the archive.

Door: `register(app)`. No tables. It must not know figures.
"""

from __future__ import annotations

from flask import Flask

from groups.web.roster.households import fields, moves, numbers  # noqa: F401 # imported, their views stand in the blueprint
from groups.web.roster.households.frame import pages


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)
