"""The senders and the clock, without the pages: `flask --app joint_defense.engine worker` and `… clock`.

Whichever of them was killed is to be there again at once, and half of the application's start is pages it never shows.
"""

from __future__ import annotations

import sys

from flask import Flask

import joint_defense.cli
from config import logging
from config.settings import Settings, SettingsError, load
from joint_defense.runtime import Runtime


def bare(name: str, settings: Settings | None) -> Flask:
    """An application with settings, database and runtime, and nothing to answer; `name` is the module it is in."""
    if settings is None:
        try:
            settings = load()
        except SettingsError as error:
            sys.exit(f"joint-defence: {error}")
    logging.configure(settings.log_level)
    app = Flask(name, static_folder=None)
    runtime = Runtime(settings)
    app.extensions.update(settings=settings, runtime=runtime, database=runtime.database)
    return app


def create_app(settings: Settings | None = None) -> Flask:
    """The application of a sender or a clock. Work that the pages queue (`--queue bulk`) is the whole one's."""
    app = bare(__name__, settings)
    joint_defense.cli.register(app)
    return app
