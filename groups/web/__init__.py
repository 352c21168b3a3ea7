"""The pages' frame: layout, sign-in, accounts, languages, static files, and who may see what.

Door: `register(app)`, for an app that keeps settings and a database (`config.services`). Other packages' pages extend
`layout.html` and mark their views with `access.require` or `access.open_to_all`. No tables. It must not know alarms.
"""

from __future__ import annotations

from flask import Flask

from groups.web import accounts, enrolment, figures, history, responders, roster, uploads
from groups.web.shell import (
    access,
    access_log,
    assets,
    error_pages,
    installable,
    languages,
    navigation,
    page_warnings,
    security,
    times,
)


def register(app: Flask) -> None:
    """Give the app its frame. Before the blueprints of other packages, which build on it."""
    # The shell first: the pages build on it.
    for part in (
        security,
        access,
        access_log,
        navigation,
        page_warnings,
        languages,
        assets,
        times,
        error_pages,
        installable,
    ):
        part.register(app)
    for capability in (accounts, uploads, roster, history, responders, enrolment, figures):
        capability.register(app)
