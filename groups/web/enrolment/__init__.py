"""The enrolment's pages: the queue at the village office, a household, the ledger of gifts, the bill, carrier's lists.

Door: `register(app)`. A liaison and an administrator write; a village head reads what is of the own village.
It must not know the pages of figures.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from groups.web.enrolment import bills, carrier_lists, common, consents, devices, history, household, queue
from groups.web.shell import navigation


def register(app: Flask) -> None:
    """Add the pages."""
    common.register(app)
    history.register(app)
    for part in (queue, household, devices, bills, consents):
        app.register_blueprint(part.pages)
    carrier_lists.register(app)
    navigation.add(app, "enrolment.show_queue", lazy_gettext("Enrolment"), "note", common.READERS, place=60)
