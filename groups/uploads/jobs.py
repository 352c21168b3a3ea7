"""Work on lists that takes seconds: in a job of the `bulk` queue, in a command, or in the request.

A job is named by its dotted path, carries ids, and runs in a process with the app's context (`flask --app app worker
--queue bulk`). Whoever works on a list says so every few seconds, in a thread, so that the page knows when a worker
has died. What is asked and kept is asked and kept in short transactions, because SQLite has one writer for alarms as
well; what is written is written in one, all of it or nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from config.database import Database, DatabaseAway, GaveWay, give_way, read_clock
from config.sealing import WrongKey
from config.services import Service, get_database, get_settings
from config.settings import Settings
from groups.errors import NumberTaken
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.uploads import uploads
from groups.uploads.kinds import Ground, ListKind, Progress, ReadList
from groups.uploads.uploads import ROWS_AT_ONCE, SIGN_OF_LIFE

_log = logging.getLogger(__name__)

_READ, _LOOKED, _WRITES_FROM = 40, 85, 45
"""Percent that is done when a list has been read and when it has been looked through; when it begins to be written."""


_PAUSES = (0.5, 1.0, 2.0, *(4.0,) * 45)
"""Seconds until a list is written again that gave way to an alarm: three minutes in all, then it is broken off."""

KINDS = Service[dict[UploadKind, ListKind]]("list_kinds")
"""The kinds of lists that the app can read."""
ENLIST = Service[Callable[[int], bool]]("enlist_upload")
"""Hand the upload with this id to the bulk worker; False where none can be called."""


def work_on_upload(upload_id: int) -> int:
    """Look a list through, or write it, whichever it waits for. Done already, or being done, it is left alone."""
    work_on(get_database(), get_settings(), KINDS.of(), upload_id)
    return upload_id


def make_ground(settings: Settings) -> Ground:
    """How this town reads lists."""
    return Ground(settings.default_region, settings.default_area_code, settings.zone, settings.countries)


def work_on(
    database: Database,
    settings: Settings,
    kinds: Mapping[UploadKind, ListKind],
    upload_id: int,
    also_tell: Progress = lambda percent: None,
) -> None:
    """The same, in a process that has its own database. Whatever it raises, the list is not left as being worked on."""
    # Its signs of life may wait as well: they press nobody.
    database = database.patient()
    with database.begin() as session:
        upload = uploads.begin_work(session, upload_id, read_clock(session))
        if upload is None:
            return
        session.expunge(upload)

    def tell(percent: int) -> None:
        also_tell(percent)
        _tell(database, upload_id, percent)

    try:
        # As it lies in the database it may be sealed; here it is read, and not written back.
        set_committed_value(upload, "content", database.seal.open(upload.content))
        with _report_alive(database, upload_id):
            _Work(database, make_ground(settings), kinds[upload.kind], upload, tell).do()
    except WrongKey as error:
        # It waits, broken off, for whoever puts the key back and has it tried again.
        _log.error("upload %s: %s", upload_id, error)
        with database.begin() as session:
            uploads.break_off(session, upload_id)
    except BaseException:
        # Where the database is away the page will see that nobody has given a sign of life.
        with suppress(DBAPIError, DatabaseAway), database.begin() as session:
            uploads.break_off(session, upload_id)
        raise


@dataclass(frozen=True, slots=True)
class _Work:
    """A list that was taken, and whoever is told how far it is."""

    database: Database
    ground: Ground
    kind: ListKind
    upload: Upload
    tell: Progress

    def do(self) -> None:
        is_to_write = self.upload.state is UploadState.WRITING
        # Of writing a list, reading it again is less than half.
        scale = 0.5 if is_to_write else 1.0
        was_read = self.kind.read(self.upload, self.ground, lambda percent: self.tell(int(percent * scale)))
        if is_to_write and not was_read.reason:
            if self._write(was_read):
                return
            with self.database.begin() as session:
                if not uploads.look_again(session, self.upload.id, read_clock(session)):
                    return
        self._look_through(was_read)

    def _look_through(self, was_read: ReadList) -> None:
        number = self.upload.id
        if was_read.reason:
            with self.database.begin() as session:
                uploads.refuse(session, number, was_read.layouts, was_read.reason)
            return
        preview = self.kind.look(
            self.database, self.upload, was_read, self._prepare(was_read, _READ, _LOOKED), self.ground
        )
        self.tell(_LOOKED)
        # An empty preview has a portion, too: it takes the rows of the one before away.
        for start in range(0, len(preview.rows) or 1, ROWS_AT_ONCE):
            with self.database.begin() as session:
                if not uploads.keep_rows(session, number, preview, start):
                    return
        with self.database.begin() as session:
            uploads.keep(session, number, preview, was_read)

    def _write(self, was_read: ReadList) -> bool:
        """Whether it is written; False where the list means another thing by now than its preview said."""
        for _ in range(self.kind.tries):
            prepared = self._prepare(was_read, _READ // 2, _WRITES_FROM)
            # Somebody may sign a household up, or take a number, between our looking and our writing.
            with suppress(NumberTaken, IntegrityError):
                if self._write_when_no_alarm_waits(was_read, prepared):
                    return True
        return False

    def _write_when_no_alarm_waits(self, was_read: ReadList, prepared: Any) -> bool:
        """Write it; on SQLite again and again from its beginning where alarms went first. Raises GaveWay at last."""
        for pause in _PAUSES:
            try:
                return self._write_once(was_read, prepared)
            except GaveWay:
                _log.info("upload %s: an alarm goes first; written again in %s s", self.upload.id, pause)
                time.sleep(pause)
        return self._write_once(was_read, prepared)

    def _write_once(self, was_read: ReadList, prepared: Any) -> bool:
        with self.database.begin(gives_way=True) as session:

            def look_for_alarms(percent: int) -> None:
                # Whoever tells needs a transaction of its own, which SQLite has not while this one writes.
                give_way(session)

            progress = look_for_alarms if self.database.is_sqlite else self.tell
            now = read_clock(session)
            preview = self.kind.write(session, self.upload, was_read, prepared, self.ground, now, progress)
            if preview is None or not uploads.is_written(session, self.upload.id, preview, was_read, now):
                # Not what its preview said, or written by another meanwhile.
                session.rollback()
            return preview is not None

    def _prepare(self, was_read: ReadList, first: int, last: int) -> Any:
        def report_progress(percent: int) -> None:
            self.tell(first + (last - first) * percent // 100)

        return self.kind.prepare(self.database, self.upload, was_read, self.ground, report_progress)


def _tell(database: Database, upload_id: int, percent: int | None) -> None:
    with database.begin() as session:
        uploads.report_at_work(session, upload_id, read_clock(session), percent)


@contextmanager
def _report_alive(database: Database, upload_id: int) -> Iterator[None]:
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
