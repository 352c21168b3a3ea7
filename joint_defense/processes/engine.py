"""The senders and the clock, without the pages: `flask --app joint_defense.processes.engine worker` and `… clock`.

Whichever of them was killed is to be there again at once, and half of the application's start is pages it never shows.
"""

from __future__ import annotations

import sys

from flask import Flask

from config import loading, logging  # loading first: see there
from config.commands import add_commands
from config.services import DATABASE, SETTINGS
from config.settings import Settings, SettingsError, load
from joint_defense.processes.runtime import RUNTIME, Runtime

COMMANDS = {
    "worker": "joint_defense.processes.commands:worker",
    "clock": "joint_defense.processes.commands:clock",
}


def make_bare_app(name: str, settings: Settings | None) -> Flask:
    """An application with settings, database and runtime, and nothing to answer; `name` is the module it is in."""
    if settings is None:
        try:
            settings = load()
        except SettingsError as error:
            sys.exit(f"joint-defence: {error}")
    logging.configure(settings.log_level)
    app = Flask(name, static_folder=None)
    runtime = Runtime(settings)
    RUNTIME.keep(app, runtime)
    SETTINGS.keep(app, settings)
    DATABASE.keep(app, runtime.database.patient())
    return app


def create_app(settings: Settings | None = None) -> Flask:
    """The application of a sender or a clock."""
    app = make_bare_app(__name__, settings)
    add_commands(app, COMMANDS)
    loading.end_loading()
    return app
