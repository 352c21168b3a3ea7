"""Work on lists that takes seconds: in a job of the `bulk` queue, or in the request where none is at hand.

A job is named by its dotted path, carries ids, and runs in a process with the app's context (`flask --app app worker
--queue bulk`).
"""

from __future__ import annotations

from flask import current_app
from sqlalchemy import update

from config.database import Database, clock
from config.settings import Settings
from groups import roster_uploads
from groups.errors import NumberTaken
from groups.roster_import import standing_of
from groups.roster_uploads import Ground, Read
from groups.upload_models import RosterUpload, UploadState


def work_on_upload(upload_id: int) -> int:
    """Look a list through, or write it, whichever it waits for. Done already, or being done, it is left alone."""
    work_on(current_app.extensions["database"], current_app.extensions["settings"], upload_id)
    return upload_id


def work_on(database: Database, settings: Settings, upload_id: int) -> None:
    """The same, in a process that has its own database."""
    ground = Ground(settings.default_region, settings.default_area_code, settings.zone)
    with database.begin() as session:
        upload = roster_uploads.begin_work(session, upload_id, clock(session))
        if upload is None:
            return
        session.expunge(upload)
    was_read = roster_uploads.read(upload, ground, lambda percent: _tell(database, upload_id, percent))
    if upload.state is UploadState.READING or was_read.households is None:
        _look_through(database, upload, was_read, ground)
        return
    try:
        with database.begin() as session:
            done = roster_uploads.write(session, upload_id, was_read, ground, clock(session))
    except NumberTaken:
        done = False
    if not done:
        with database.begin() as session:
            roster_uploads.look_again(session, upload_id, clock(session))
        _look_through(database, upload, was_read, ground)


def _look_through(database: Database, upload: RosterUpload, was_read: Read, ground: Ground) -> None:
    weighed = None
    if was_read.households is not None:
        with database.begin() as session:
            standing = standing_of(session, upload.village_id, was_read.examined)
        _tell(database, upload.id, 85)
        weighed = roster_uploads.weigh(was_read, standing, ground, complete=upload.complete)
    kept = roster_uploads.kept_of(upload, was_read, weighed)
    with database.begin() as session:
        roster_uploads.keep(session, upload.id, kept)


def _tell(database: Database, upload_id: int, percent: int) -> None:
    with database.begin() as session:
        session.execute(update(RosterUpload).where(RosterUpload.id == upload_id).values(progress=percent))
