"""Writing a carrier's list: in a job of the `bulk` queue, in a command, or in the request where no worker is at hand.

A job is named by its dotted path, carries an id, and runs in a process with the app's context.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import current_app

from config.database import Database, clock
from config.settings import Settings
from groups import carrier_lists
from groups.carrier_list_models import CarrierList
from groups.change_models import Source
from groups.changes import Author, Batch
from groups.rules.carrier_judgement import Judged
from groups.rules.days import local_day

Progress = Callable[[int, int], None]
"""Told how many rows have been gone through, of how many."""


def write_list(list_id: int) -> int:
    """Write a list that somebody has asked for. One that is written already is left alone."""
    write(current_app.extensions["database"], current_app.extensions["settings"], list_id)
    return list_id


def write(
    database: Database,
    settings: Settings,
    list_id: int,
    progress: Progress | None = None,
    source: Source = Source.IMPORT,
) -> list[Judged]:
    """The same, in a process that has its own database; what became of each row, in the file's order."""
    with database.begin() as session:
        brought = session.get(CarrierList, list_id)
        if brought is None or brought.asked_at is None:
            return []
        ordered = carrier_lists.in_order(brought, reading_of(settings, local_day(clock(session), settings.zone)))
        by = Author(brought.asked_by, source)
    came: list[Judged] = []
    while True:
        with database.begin() as session:
            brought = session.get(CarrierList, list_id)
            if brought is None:
                break
            batch = Batch(session, by, "import_list", clock(session), settings.zone)
            judgement = carrier_lists.write_next(batch, brought, ordered)
            done = brought.done
        if judgement is None:
            break
        came += judgement.rows
        if progress is not None:
            progress(done, len(ordered))
    return sorted(came, key=lambda judged: (judged.entry.row.sheet, judged.entry.row.number))


def reading_of(settings: Settings, today: date) -> carrier_lists.Reading:
    """How this town reads a list."""
    return carrier_lists.Reading(settings.default_region, settings.default_area_code, today)
