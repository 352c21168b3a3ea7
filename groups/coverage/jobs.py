"""A list of counts of households as a kind of list: read, held against what is known, written as one batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from config.database import Database, clock
from groups.coverage import counts
from groups.coverage.counts import Judged
from groups.errors import CountedMeanwhile, CountsFileError, RosterFileError, say
from groups.models.batch import Batch
from groups.models.uploads import Upload
from groups.rules.days import local_day
from groups.uploads import uploads
from groups.uploads.columns import hold_the_same_twice
from groups.uploads.kinds import Columns, Ground, Preview, Progress, ReadList, RowSeen

_JUDGED = TypeAdapter(Judged)


class CountLists:
    """Lists of counts. Their option is `day`: that of the rows that name none, as an ISO text."""

    tries = 1

    def read(self, upload: Upload, ground: Ground, progress: Progress) -> ReadList:
        day = upload.options.get("day")
        try:
            opened = counts.open_counts(
                upload.content, upload.name, date.fromisoformat(day) if day else None, uploads.columns_of(upload)
            )
        except RosterFileError as error:
            return ReadList((), reason=error.message)
        return ReadList([opened.columns.shown()] if opened.columns else [], opened.rows, opened.reason)

    def check_columns(self, upload: Upload, columns: Columns) -> None:
        """Raise CountsFileError where two columns hold the same."""
        if hold_the_same_twice(columns):
            raise CountsFileError(say("two_columns_the_same"))

    def prepare(
        self, database: Database, upload: Upload, was_read: ReadList, ground: Ground, progress: Progress
    ) -> None:
        """What is known is asked for where the list is judged."""

    def look(self, database: Database, upload: Upload, was_read: ReadList, prepared: None, ground: Ground) -> Preview:
        with database.begin() as session:
            judged = counts.judge(session, was_read.rows, local_day(clock(session), ground.zone))
        return _previewed(judged)

    def write(
        self,
        session: Session,
        upload: Upload,
        was_read: ReadList,
        prepared: None,
        ground: Ground,
        now: datetime,
        progress: Progress,
    ) -> Preview | None:
        judged = counts.judge(session, was_read.rows, local_day(now, ground.zone))
        if _previewed(judged).digest != upload.digest:
            return None
        batch = Batch(session, uploads.author_of(upload), "import_counts", now, ground.zone)
        try:
            counts.take(batch, judged)
        except CountedMeanwhile:
            return None
        return _previewed(judged, batch.key if batch.size else "")


def rows_again(kept: Iterable[Mapping[str, Any]]) -> list[Judged]:
    """The rows out of what was kept of them."""
    # An earlier release kept no problem as an empty text.
    return [_JUDGED.validate_python({**row, "problem": row["problem"] or None}) for row in kept]


def _previewed(judged: list[Judged], batch: str = "") -> Preview:
    rows = [
        RowSeen(_verdict(each), _JUDGED.dump_python(each, mode="json"), noted=bool(each.problem) or each.exceeded)
        for each in judged
    ]
    return Preview(rows, {"news": sum(each.is_new for each in judged)}, batch)


def _verdict(each: Judged) -> str:
    if each.problem:
        return "error"
    return "same" if not each.is_new else "new" if each.before is None else "changed"
