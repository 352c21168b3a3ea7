"""The application: settings, runtime, blueprints, error pages, commands.

`create_app()` reads the settings from the environment; a missing or malformed one stops the start with one line.
"""

from __future__ import annotations

from flask import Flask

import config.cli
import groups.accounts_cli
import groups.cli
import groups.coverage_cli
import groups.directory_cli
import groups.enrolment_cli
import groups.responders_cli
import groups.web
import groups.web.enrolment
import groups.web.figures
import joint_defense.cli
import joint_defense.escalation_cli
import joint_defense.health
import joint_defense.metrics
import joint_defense.web
import joint_defense.webhooks
from config.settings import Settings
from joint_defense.engine import bare
from joint_defense.queues import enlist_carrier_list, enlist_upload
from joint_defense.runtime import Runtime
from joint_defense.waking import Waker


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application of one process."""
    app = bare(__name__, settings)
    runtime: Runtime = app.extensions["runtime"]
    app.extensions["waker"] = Waker(runtime)
    # The roster's pages know nothing of queues; they may hand a large list on.
    app.extensions["enlist_carrier_list"] = lambda list_id: enlist_carrier_list(runtime.redis, list_id)
    app.extensions["enlist_upload"] = lambda upload_id: enlist_upload(runtime.redis, upload_id)
    for part in (
        groups.web,
        joint_defense.webhooks,
        joint_defense.health,
        joint_defense.metrics,
        joint_defense.web,
        groups.web.enrolment,
        groups.web.figures,
    ):
        part.register(app)
    for commands in (
        config.cli,
        groups.cli,
        groups.accounts_cli,
        groups.directory_cli,
        groups.coverage_cli,
        groups.enrolment_cli,
        groups.responders_cli,
        joint_defense.cli,
        joint_defense.escalation_cli,
    ):
        commands.register(app)
    return app
