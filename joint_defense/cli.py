"""Commands of the alarm side: the worker and clock processes, and a look at alarms."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from joint_defense import queues
from joint_defense.models import Incident
from joint_defense.record import incident_record
from joint_defense.runtime import Runtime

alarm = AppGroup("alarm", help="Look at alarms.")


def _runtime() -> Runtime:
    found: Runtime = current_app.extensions["runtime"]
    return found


@click.command("worker", help="Serve a queue; the alarm queue's process is also the sender.")
@click.option("--queue", "queue_name", type=click.Choice([queues.ALARM, queues.BULK]), default=queues.ALARM)
@with_appcontext
def worker(queue_name: str) -> None:
    """Serve a queue until told to stop."""
    from joint_defense.working import work  # noqa: PLC0415 - each process loads what it needs, to be there at once

    work(_runtime(), queue_name)


@click.command("clock", help="Ask every second what is due.")
@with_appcontext
def clock() -> None:
    """Keep time until told to stop."""
    from joint_defense.clock import keep_time  # noqa: PLC0415 - as above

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    keep_time(_runtime(), stopping)


@alarm.command("list", help="The newest incidents, a line each.")
@click.option("--limit", default=20, show_default=True)
@click.option("--open", "only_open", is_flag=True, help="Only those not closed yet.")
def list_incidents(limit: int, only_open: bool) -> None:
    """The newest incidents."""
    zone = _runtime().settings.zone
    query = select(Incident).order_by(Incident.id.desc()).limit(limit)
    if only_open:
        query = query.where(Incident.closed_at.is_(None))
    with _runtime().database.begin(reads=True) as session:
        for incident in session.scalars(query):
            state = f"closed {incident.outcome or ''}".strip() if incident.closed_at else "open"
            callers = "、".join(alert.household_name for alert in incident.alerts)
            click.echo(
                f"{incident.id}\t{incident.opened_at.astimezone(zone):%Y-%m-%d %H:%M:%S}\t{incident.kind}\t"
                f"{incident.village_name}{incident.group_name}\t{callers}\t{state}"
            )


@alarm.command("show", help="One incident with its voices, deliveries and timeline, as JSON. Numbers are masked.")
@click.argument("incident_id", type=int)
def show_incident(incident_id: int) -> None:
    """One incident."""
    with _runtime().database.begin(reads=True) as session:
        found: dict[str, Any] | None = incident_record(session, incident_id, _runtime().settings.zone)
    if found is None:
        click.echo(f"没有编号为{incident_id}的警情 / there is no incident {incident_id}", err=True)
        sys.exit(1)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(worker)
    app.cli.add_command(clock)
    app.cli.add_command(alarm)
