"""The liaison's figures: coverage with its drawings and exports, counts of households, thresholds, API clients.

Door: `register(app)`, after the enrolment's pages, whose frame these share. A liaison and an administrator see all
villages, a village head the own one beside the town's sum; an operator watches alarms and has none of this.
It must not know how a household signs up.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from groups.web.enrolment.common import READERS
from groups.web.figures import api, books, clients, counts, coverage, issued, words
from groups.web.shell import navigation


def register(app: Flask) -> None:
    """Add the pages."""
    words.register(app)
    api.register(app)
    for part in (coverage, issued, clients):
        app.register_blueprint(part.pages)
    counts.register(app)
    books.register(app)
    navigation.add(app, "coverage.show", lazy_gettext("Coverage"), "chart", READERS, place=61)
