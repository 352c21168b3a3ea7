"""Work on lists that takes seconds: in a job of the `bulk` queue, or in the request where none is at hand.

A job is named by its dotted path, carries ids, and runs in a process with the app's context (`flask --app app worker
--queue bulk`). Whoever works on a list says so every few seconds, in a thread, so that the page knows when a worker
has died.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import current_app
from sqlalchemy.exc import DBAPIError

from config.database import Database, clock
from config.patience import DatabaseAway
from config.settings import Settings
from groups.errors import NumberTaken
from groups.models.uploads import RosterUpload, UploadState
from groups.roster.imports import uploads
from groups.roster.imports.apply import standing_of
from groups.roster.imports.uploads import SIGN_OF_LIFE, Ground, Progress, Read


def work_on_upload(upload_id: int) -> int:
    """Look a list through, or write it, whichever it waits for. Done already, or being done, it is left alone."""
    work_on(current_app.extensions["database"], current_app.extensions["settings"], upload_id)
    return upload_id


def work_on(database: Database, settings: Settings, upload_id: int) -> None:
    """The same, in a process that has its own database. Whatever it raises, the list is not left as being worked on."""
    with database.begin() as session:
        upload = uploads.begin_work(session, upload_id, clock(session))
        if upload is None:
            return
        session.expunge(upload)
    try:
        with _seen_alive(database, upload_id):
            _work(database, Ground(settings.default_region, settings.default_area_code, settings.zone), upload)
    except BaseException:
        # Where the database is away the page will see that nobody has given a sign of life.
        with suppress(DBAPIError, DatabaseAway), database.begin() as session:
            uploads.break_off(session, upload_id)
        raise


def _work(database: Database, ground: Ground, upload: RosterUpload) -> None:
    is_to_write = upload.state is UploadState.WRITING
    # Of writing a list, reading it again is less than half.
    scale = 0.5 if is_to_write else 1.0
    was_read = uploads.read(upload, ground, lambda percent: _tell(database, upload.id, int(percent * scale)))
    if not is_to_write or was_read.households is None:
        _look_through(database, upload, was_read, ground)
        return
    try:
        with database.begin() as session:
            progress = _while_writing(database, upload.id)
            done = uploads.write(session, upload.id, was_read, ground, clock(session), progress)
    except NumberTaken:
        done = False
    if not done:
        with database.begin() as session:
            uploads.look_again(session, upload.id, clock(session))
        _look_through(database, upload, was_read, ground)


def _look_through(database: Database, upload: RosterUpload, was_read: Read, ground: Ground) -> None:
    weighed = None
    if was_read.households is not None:
        with database.begin() as session:
            standing = standing_of(session, upload.village_id, was_read.examined)
        _tell(database, upload.id, 85)
        weighed = uploads.weigh(was_read, standing, ground, complete=upload.complete)
    kept = uploads.kept_of(upload, was_read, weighed)
    with database.begin() as session:
        uploads.keep(session, upload.id, kept)


def _tell(database: Database, upload_id: int, percent: int | None) -> None:
    with database.begin() as session:
        uploads.still_at_work(session, upload_id, clock(session), percent)


def _while_writing(database: Database, upload_id: int) -> Progress:
    """Tells beside the transaction that writes; SQLite has one writer, and everybody waits for it in any case."""
    if database.is_sqlite:
        return lambda percent: None
    return lambda percent: _tell(database, upload_id, percent)


@contextmanager
def _seen_alive(database: Database, upload_id: int) -> Iterator[None]:
    over = threading.Event()

    def say_so() -> None:
        while not over.wait(SIGN_OF_LIFE.total_seconds()):
            with suppress(DBAPIError, DatabaseAway):
                _tell(database, upload_id, None)

    saying = threading.Thread(target=say_so, name=f"list-{upload_id}", daemon=True)
    saying.start()
    try:
        yield
    finally:
        over.set()
        saying.join()
