"""What was done, by whom, and taking it back: the pages, and the one wording for all others.

Door: `register(app)`. It knows the roster's words, and none of the pages of enrolment and figures, which use it.
"""

from __future__ import annotations

from flask import Flask

from groups.web.history import pages, words


def register(app: Flask) -> None:
    """Add the pages."""
    words.register(app)
    pages.register(app)
