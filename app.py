"""The application: settings, runtime, blueprints, error pages, commands.

`create_app()` reads the settings from the environment; a missing or malformed one stops the start with one line.
"""

from __future__ import annotations

import sys

import groups.cli
from flask import Flask

import config.cli
import joint_defense.cli
import joint_defense.health
import joint_defense.webhooks
from config import logging
from config.settings import Settings, SettingsError, load
from joint_defense.runtime import Runtime
from joint_defense.waking import Waker


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application of one process."""
    if settings is None:
        try:
            settings = load()
        except SettingsError as error:
            sys.exit(f"joint-defence: {error}")
    logging.configure(settings.log_level)
    app = Flask(__name__, static_folder=None)
    app.config["SECRET_KEY"] = settings.secret_key
    runtime = Runtime(settings)
    app.extensions.update(settings=settings, runtime=runtime, database=runtime.database, waker=Waker(runtime))
    joint_defense.webhooks.register(app)
    joint_defense.health.register(app)
    for commands in (config.cli, groups.cli, joint_defense.cli):
        commands.register(app)
    return app
