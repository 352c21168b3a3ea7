"""The enrolment's pages: the queue at the village office, a household, the ledger of gifts, the bill, carrier's lists.

Door: `register(app)`. A liaison and an administrator write; a village head reads what is of the own village.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from groups.web import navigation
from groups.web.enrolment import bill_pages, device_pages, frame, history, household_pages, list_pages, queue_pages


def register(app: Flask) -> None:
    """Add the pages."""
    frame.register(app)
    history.register(app)
    for part in (queue_pages, household_pages, device_pages, bill_pages, list_pages):
        app.register_blueprint(part.pages)
    navigation.add(app, "enrolment.index", lazy_gettext("Enrolment"), "note", frame.READERS)
