"""The senders and the clock, without the pages: `flask --app joint_defense.processes.engine worker` and `… clock`.

Whichever of them was killed is to be there again at once, and half of the application's start is pages it never shows.
"""

from __future__ import annotations

import signal
import sys
import threading

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from config import logging
from config.settings import Settings, SettingsError, load
from joint_defense.processes import queues
from joint_defense.processes.runtime import Runtime


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
    register(app)
    return app


def register(app: Flask) -> None:
    """Add the commands that start a process."""
    app.cli.add_command(worker)
    app.cli.add_command(clock)


def _runtime() -> Runtime:
    found: Runtime = current_app.extensions["runtime"]
    return found


@click.command("worker", help="Serve a queue; the alarm queue's process is also the sender.")
@click.option("--queue", "queue_name", type=click.Choice([queues.ALARM, queues.BULK]), default=queues.ALARM)
@with_appcontext
def worker(queue_name: str) -> None:
    """Serve a queue until told to stop."""
    from joint_defense.processes.worker import work  # noqa: PLC0415 - each process loads what it needs, to be there at once

    work(_runtime(), queue_name)


@click.command("clock", help="Ask every second what is due.")
@with_appcontext
def clock() -> None:
    """Keep time until told to stop."""
    from joint_defense.processes.clock import keep_time  # noqa: PLC0415 - as above

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    keep_time(_runtime(), stopping)
