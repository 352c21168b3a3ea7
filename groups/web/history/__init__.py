"""What was done, by whom, and taking it back: the pages, and the one wording for all others.

Door: `register(app)`. It must not know the rooms of pages that use it.
"""

from __future__ import annotations

from flask import Flask

from groups.web.history import deeds, pages, words


def register(app: Flask) -> None:
    """Add the pages."""
    words.register(app)
    deeds.register(app)
    pages.register(app)
