"""The application: settings, runtime, blueprints, error pages, commands.

`create_app()` reads the settings from the environment; a missing or malformed one stops the start with one line.
"""

from __future__ import annotations

from typing import Any

import click
from flask import Flask
from flask.cli import FlaskGroup

from config import loading  # first: see there
from config.commands import add_commands
from config.services import Service
from config.settings import Settings
from joint_defense.processes import engine
from joint_defense.processes.runtime import RUNTIME

COMMANDS = {
    "db": "config.cli:db",
    "village": "groups.commands.roster:village",
    "demo": "groups.commands.roster:demo",
    "roster": "groups.commands.roster:roster_commands",
    "accounts": "groups.commands.accounts:commands",
    "directory": "groups.commands.directory:directory",
    "coverage": "groups.commands.coverage:coverage_commands",
    "counts": "groups.commands.coverage:counts_commands",
    "thresholds": "groups.commands.coverage:thresholds_commands",
    "api-clients": "groups.commands.coverage:clients_commands",
    "enrolment": "groups.commands.enrolment:enrolment",
    "bill": "groups.commands.enrolment:bills",
    "tariff": "groups.commands.enrolment:tariffs",
    "responders": "groups.commands.responders:responders",
    "alarm": "joint_defense.operations.alarm_commands:alarm",
    "drill": "joint_defense.operations.alarm_commands:drill",
    "upkeep": "joint_defense.operations.upkeep_commands:upkeep_commands",
    "greeting": "joint_defense.operations.greeting_commands:greeting",
    "escalation": "joint_defense.operations.alarm_commands:escalation",
    "overseers": "joint_defense.operations.alarm_commands:overseer_commands",
    "spool": "joint_defense.operations.alarm_commands:spool",
    "data-keys": "joint_defense.operations.data_keys:data_keys",
    "doctor": "joint_defense.operations.commands:doctor",
    "privacy": "joint_defense.operations.privacy:privacy_commands",
    "cost": "joint_defense.operations.cost_commands:cost",
    "alerts": "joint_defense.operations.service_alert_commands:alerts",
    "backup": "joint_defense.operations.commands:backup",
    "version": "joint_defense.operations.commands:version",
} | engine.COMMANDS
"""Every command, by the module that is imported when it is called."""


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application of one process. Called by `flask` for one of our commands, it has no pages."""
    app = engine.make_bare_app(__name__, settings)
    add_commands(app, COMMANDS)
    if _is_for_a_command():
        _LIST_KINDS.keep(app, _ListKinds())
    else:
        _add_pages(app)
    loading.end_loading()
    return app


class _ListKinds(dict[Any, Any]):
    """The kinds of lists that the bulk worker works on, loaded with the first list: no other command needs them."""

    def __missing__(self, kind: Any) -> Any:
        from groups.coverage.jobs import CountLists
        from groups.enrolment.carrier_lists.jobs import CarrierLists
        from groups.models.uploads import UploadKind
        from groups.responders.jobs import WatchLists
        from groups.roster.imports.jobs import RosterLists

        self.update({UploadKind.ROSTER: RosterLists(), UploadKind.CARRIER: CarrierLists()})
        self.update({UploadKind.COUNTS: CountLists()})
        self.update(dict.fromkeys((UploadKind.RESPONDERS, UploadKind.GRIDS, UploadKind.CAMERAS), WatchLists()))
        if kind not in self:
            raise KeyError(kind)
        return self[kind]


_LIST_KINDS = Service[dict[Any, Any]]("list_kinds")
"""`groups.uploads.jobs.KINDS`, by its name: to load that takes longer than most commands."""


def _is_for_a_command() -> bool:
    # `flask`'s own commands (run, routes, shell) ask for the app from a context of their own.
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)


def _add_pages(app: Flask) -> None:
    # Two thirds of a start, for what a command never shows.
    import groups.web
    import joint_defense.web
    import joint_defense.webhooks
    from groups.coverage.nightly_check import ENLIST_CHECK, read_gauges
    from groups.uploads.jobs import ENLIST
    from joint_defense.processes import health, metrics
    from joint_defense.processes.clock import ClockStandIn
    from joint_defense.processes.heartbeats import Role
    from joint_defense.processes.queues import enlist_books_check, enlist_upload
    from joint_defense.processes.stand_in import STAND_IN, WAKER, StandIn, Waker

    runtime = RUNTIME.of(app)
    stand_in = StandIn(runtime, Role.WEB, ClockStandIn(runtime).look)
    STAND_IN.keep(app, stand_in)
    WAKER.keep(app, Waker(runtime, stand_in))
    # The roster's pages know nothing of queues; they may hand a large list on.
    ENLIST.keep(app, lambda upload_id: enlist_upload(runtime.redis, upload_id))
    ENLIST_CHECK.keep(app, lambda: enlist_books_check(runtime.redis, again=True))
    for part in (groups.web, joint_defense.webhooks, health, metrics, joint_defense.web):
        part.register(app)
    metrics.add(app, read_gauges)
