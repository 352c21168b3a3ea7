"""Looking a carrier's list through, and writing it: in a job of the `bulk` queue, in a command, or in the request.

A job is named by its dotted path, carries an id, and runs in a process with the app's context. Matching asks in short
transactions, because SQLite has one writer for alarms as well; then all is written in one: whoever dies in the middle
leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from flask import current_app
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from config.database import Database, clock
from config.settings import Settings
from groups.enrolment.carrier_lists import index as carrier_lists_index
from groups.enrolment.carrier_lists import lists
from groups.enrolment.carrier_lists.lists import Matched, Reading
from groups.enrolment.carrier_lists.rules.judgement import Judgement
from groups.enrolment.carrier_lists.rules.picture import packed
from groups.enrolment.carrier_lists.rules.rows import CarrierRow, Entry
from groups.errors import ChangedSince
from groups.models.batch import Author, Batch
from groups.models.changes import Source
from groups.models.enrolment import CarrierList
from groups.rules.days import local_day

Progress = Callable[[int], None]
"""Told how much is done, in per cent."""
_AT_ONCE = 2000
_TIMES = 3
"""So often a list is matched anew where the roster changed before it could be written."""


def work_on_list(list_id: int) -> int:
    """Do what a list waits for: look it through, or write it. One that waits for nothing is left alone."""
    work_on(current_app.extensions["database"], current_app.extensions["settings"], list_id)
    return list_id


def work_on(database: Database, settings: Settings, list_id: int) -> None:
    """The same, in a process that has its own database."""
    with database.begin() as session:
        brought = session.get(CarrierList, list_id)
        if brought is None or brought.written_at is not None:
            return
        asked, looked = brought.asked_at is not None, brought.looked_at is not None
    if asked:
        write(database, settings, list_id, _teller(database, list_id))
    elif not looked:
        _look_through(database, settings, list_id)


def look_through(
    database: Database, settings: Settings, rows: Sequence[CarrierRow], progress: Progress | None = None
) -> Judgement:
    """What writing these rows would do now. Writes nothing."""
    matched = _matched(database, _entries(database, settings, rows), {}, progress or _nobody)
    return _judged(database, matched)


def write(
    database: Database,
    settings: Settings,
    list_id: int,
    progress: Progress | None = None,
    source: Source = Source.IMPORT,
) -> Judgement:
    """Write a list that somebody has asked for, all of it or nothing; what became of each row.

    One that is written already, or that nobody has asked for, is left alone. Raises ChangedSince where others keep
    changing the households that it means.
    """
    tell = progress or _nobody
    with database.begin() as session:
        brought = session.get(CarrierList, list_id)
        if brought is None or brought.asked_at is None or brought.written_at is not None:
            return Judgement()
        rows, decisions, by = lists.rows_in(brought), dict(brought.decisions), brought.asked_by
    entries = _entries(database, settings, rows)
    for _ in range(_TIMES):
        matched = _matched(database, entries, decisions, lambda percent: tell(percent // 2))
        try:
            judgement = _write_once(database, settings, list_id, Author(by, source), matched, tell)
        except IntegrityError:
            # Somebody has signed one of them up between our looking and our writing.
            continue
        if judgement is not None:
            tell(100)
            return judgement
    raise ChangedSince("名册正被更改，未写入，请重试 the roster is being changed: nothing was written, try again", [])


class _WrittenMeanwhile(Exception):
    """Takes back what another has written as well."""


def _write_once(
    database: Database, settings: Settings, list_id: int, by: Author, matched: Matched, tell: Progress
) -> Judgement | None:
    # Whoever tells needs a transaction of its own, which SQLite has not while this one writes.
    half_told = _nobody if database.is_sqlite else lambda percent: tell(50 + percent // 2)
    try:
        with database.begin() as session:
            batch = Batch(session, by, "import_list", clock(session), settings.zone)
            judgement = lists.write(batch, matched, half_told)
            if judgement is None:
                return None
            brought = session.get_one(CarrierList, list_id)
            if not lists.is_written(batch, brought, judgement):
                raise _WrittenMeanwhile
    except _WrittenMeanwhile:
        return Judgement()
    return judgement


def _look_through(database: Database, settings: Settings, list_id: int) -> None:
    with database.begin() as session:
        brought = session.get_one(CarrierList, list_id)
        rows, decisions, asked_for = lists.rows_in(brought), dict(brought.decisions), brought.layouts
    tell = _teller(database, list_id)
    matched = _matched(database, _entries(database, settings, rows), decisions, lambda percent: tell(percent * 9 // 10))
    picture = packed(_judged(database, matched), decisions)
    with database.begin() as session:
        brought = session.get_one(CarrierList, list_id, with_for_update=True)
        # Somebody may have said something else meanwhile: then that is looked through, by whoever was told.
        if brought.asked_at is None and dict(brought.decisions) == decisions and brought.layouts == asked_for:
            brought.picture, brought.looked_at, brought.done = picture, clock(session), 100


def _judged(database: Database, matched: Matched) -> Judgement:
    with database.begin() as session:
        standing = carrier_lists_index.standing_of(session, matched.meant)
    return matched.judged(standing)


def _entries(database: Database, settings: Settings, rows: Sequence[CarrierRow]) -> list[Entry]:
    with database.begin() as session:
        today = local_day(clock(session), settings.zone)
    return lists.entries_of(rows, reading_of(settings, today))


def _matched(database: Database, entries: Sequence[Entry], decisions: Mapping[str, int], progress: Progress) -> Matched:
    with database.begin() as session:
        index = carrier_lists_index.empty_index(session)
    chosen = set(decisions.values()) - {0}
    for start in range(0, max(1, len(entries)), _AT_ONCE):
        with database.begin() as session:
            carrier_lists_index.extend(index, session, entries[start : start + _AT_ONCE], chosen)
        chosen = set()
        progress(min(100, 100 * (start + _AT_ONCE) // max(1, len(entries))))
    return Matched(entries, [index.match(entry) for entry in entries], index, decisions)


def _teller(database: Database, list_id: int) -> Progress:
    """Keeps how far the work is beside the list, in transactions of its own."""

    def tell(percent: int) -> None:
        with database.begin() as session:
            done = update(CarrierList).where(CarrierList.id == list_id, CarrierList.written_at.is_(None))
            session.execute(done.values(done=percent, told_at=clock(session)))

    return tell


def _nobody(_: int) -> None:
    """Nobody asks how far it is."""


def reading_of(settings: Settings, today: date) -> Reading:
    """How this town reads a list."""
    return Reading(settings.default_region, settings.default_area_code, today)
