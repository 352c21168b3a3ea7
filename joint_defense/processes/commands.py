"""The commands that are a process: `worker` and `clock`."""

from __future__ import annotations

import signal
import threading

import click
from flask.cli import with_appcontext

from joint_defense.processes import queues
from joint_defense.processes.runtime import get_runtime


@click.command("worker", help="Serve a queue; the alarm queue's process is also the sender.")
@click.option("--queue", "queue_name", type=click.Choice([queues.ALARM, queues.BULK]), default=queues.ALARM)
@with_appcontext
def worker(queue_name: str) -> None:
    """Serve a queue until told to stop."""
    from joint_defense.processes.worker import work  # noqa: PLC0415 - each process loads what it needs, to be there at once

    work(get_runtime(), queue_name)


@click.command("clock", help="Ask every second what is due.")
@with_appcontext
def clock() -> None:
    """Keep time until told to stop."""
    from joint_defense.processes.clock import keep_time  # noqa: PLC0415 - as above

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    keep_time(get_runtime(), stopping)
