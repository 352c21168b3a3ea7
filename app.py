"""The application: settings, runtime, blueprints, error pages, commands.

`create_app()` reads the settings from the environment; a missing or malformed one stops the start with one line.
"""

from __future__ import annotations

from flask import Flask

import config.cli
import groups.commands
import groups.web
import joint_defense.cli
import joint_defense.web
import joint_defense.webhooks
from config.settings import Settings
from joint_defense.processes import engine, health, metrics
from joint_defense.processes.clock import stand_in_for_clock
from joint_defense.processes.engine import bare
from joint_defense.processes.heartbeats import Role
from joint_defense.processes.queues import enlist_upload
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.stand_in import StandIn
from joint_defense.processes.wake import Waker


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application of one process."""
    app = bare(__name__, settings)
    runtime: Runtime = app.extensions["runtime"]
    app.extensions["stand_in"] = StandIn(runtime, Role.WEB, lambda: stand_in_for_clock(runtime))
    app.extensions["waker"] = Waker(runtime, app.extensions["stand_in"])
    # The roster's pages know nothing of queues; they may hand a large list on.
    app.extensions["enlist_upload"] = lambda upload_id: enlist_upload(runtime.redis, upload_id)
    for part in (groups.web, joint_defense.webhooks, health, metrics, joint_defense.web):
        part.register(app)
    for commands in (config.cli, groups.commands, engine, joint_defense.cli):
        commands.register(app)
    return app
