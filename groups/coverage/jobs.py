"""Work of seconds: a list of counts, read, held against what is known, written as one batch; a look at the books."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.orm import Session

from config.database import Database, read_clock
from config.services import get_database, get_settings
from groups.coverage import audit, counts, nightly_check
from groups.coverage.counts import Judged
from groups.errors import CountedMeanwhile, CountsFileError, RosterFileError, say
from groups.files.columns import Columns, hold_each_once
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.models.uploads import Upload
from groups.rules.days import find_local_day
from groups.uploads import uploads
from groups.uploads.kinds import Ground, Preview, Progress, ReadList, RowSeen

_JUDGED = TypeAdapter(Judged)
CHECK_SECONDS = 120.0
"""So long a statement of a look at the books may take."""
log = structlog.stdlib.get_logger(__name__)


def check_books(*, again: bool = False) -> bool:
    """The job: look at the books, unless that was done today, or also then. Returns whether it was done now.

    The clock calls it and the bulk worker does it, so that no alarm waits: it reads in a transaction and by a
    connection of its own, whose statements end after two minutes, and writes one row.
    """
    return check_books_of(get_settings().database_url, get_database(), get_settings().zone, again=again)


def check_books_of(url: str, store: Database, zone: ZoneInfo, *, again: bool = False) -> bool:
    """The same for a database; `again`: also where it was done today."""
    with store.begin(reads=True) as session:
        day = find_local_day(read_clock(session), zone)
        if not again and nightly_check.is_checked(session, day):
            return False
    started = time.monotonic()
    own = Database(url, pool_size=1, statement_seconds=CHECK_SECONDS)
    try:
        with own.begin(reads=True) as session:
            if not own.is_sqlite:
                session.execute(text("SET TRANSACTION READ ONLY"))
            flaws = audit.find_flaws(session, day, zone)
    finally:
        own.close()
    seconds = time.monotonic() - started
    with store.begin() as session:
        nightly_check.keep_check(session, day, flaws, seconds)
    if flaws:
        log.error("books_unsound", day=str(day), found=len(flaws), first=str(flaws[0]))
    return True


class CountLists:
    """Lists of counts. Their option is `day`: that of the rows that name none, as an ISO text."""

    tries = 2

    def read(self, upload: Upload, ground: Ground, progress: Progress) -> ReadList:
        day = upload.options.get("day")
        try:
            opened = counts.open_counts(
                upload.content, upload.name, date.fromisoformat(day) if day else None, uploads.read_columns(upload)
            )
        except RosterFileError as error:
            return ReadList((), reason=error.message)
        return ReadList(opened.sheets.shown(), opened.rows, opened.reason, left_out=opened.sheets.left_out)

    def check_columns(self, upload: Upload, columns: Columns) -> None:
        """Raise CountsFileError where two columns hold the same."""
        if not hold_each_once(upload.layouts, columns):
            raise CountsFileError(say("two_columns_the_same"))

    def prepare(
        self, database: Database, upload: Upload, was_read: ReadList, ground: Ground, progress: Progress
    ) -> _Prepared:
        """The list held against what is known: a question for each day that it names, while no alarm waits for it."""
        with database.begin(reads=True) as session:
            against, today = counts.read_known(session), find_local_day(read_clock(session), ground.zone)
            judged = counts.judge(session, was_read.rows, today, against)
        return _Prepared(against, judged, _make_preview(judged))

    def look(
        self, database: Database, upload: Upload, was_read: ReadList, prepared: _Prepared, ground: Ground
    ) -> Preview:
        return prepared.preview

    def write(
        self,
        session: Session,
        upload: Upload,
        was_read: ReadList,
        prepared: _Prepared,
        ground: Ground,
        now: datetime,
        progress: Progress,
    ) -> Preview | None:
        if prepared.preview.digest != upload.digest or counts.read_known(session) != prepared.against:
            return None
        batch = Batch(session, uploads.make_author(upload), Action.IMPORT_COUNTS, now, ground.zone)
        try:
            counts.take(batch, prepared.judged)
        except CountedMeanwhile:
            return None
        return prepared.preview.keep_as_written(batch.key if batch.size else "")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What was known of villages and counts, and what a list came to against it."""

    against: counts.KnownCounts
    judged: list[Judged]
    preview: Preview


def rebuild_rows(kept: Iterable[Mapping[str, Any]]) -> list[Judged]:
    """The rows out of what was kept of them."""
    # An earlier release kept no problem as an empty text.
    return [_JUDGED.validate_python({**row, "problem": row["problem"] or None}) for row in kept]


def _make_preview(judged: list[Judged]) -> Preview:
    rows = [
        RowSeen(_judge_row(each), _JUDGED.dump_python(each, mode="json"), noted=bool(each.problem) or each.exceeded)
        for each in judged
    ]
    return Preview(rows, {"news": sum(each.is_new for each in judged)})


def _judge_row(each: Judged) -> str:
    if each.problem:
        return "error"
    return "same" if not each.is_new else "new" if each.before is None else "changed"
