"""A list of responders, grids or cameras as a kind of list: read, held against the list as it stands, written whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from groups.errors import RosterFileError, keep_message, say
from groups.files.columns import Columns, hold_each_once
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.models.roster import Village
from groups.models.uploads import Upload
from groups.responders import files
from groups.responders.files import ReadRow
from groups.responders.lists import Kind, ListOnRecord, Region, read_list
from groups.uploads import uploads
from groups.uploads.kinds import Ground, Preview, Progress, ReadList, RowSeen


class WatchLists:
    """Lists of one of the three kinds, of a village or of the town's centre: all of it is taken, or nothing."""

    tries = 3

    def read(self, upload: Upload, ground: Ground, progress: Progress) -> ReadList:
        try:
            opened = files.open_list(Kind(upload.kind.value), upload.content, upload.name, uploads.read_columns(upload))
        except RosterFileError as error:
            return ReadList((), reason=error.message)
        return ReadList(opened.sheets.shown(), opened.rows, opened.reason, left_out=opened.sheets.left_out)

    def check_columns(self, upload: Upload, columns: Columns) -> None:
        """Raise RosterFileError where two columns hold the same."""
        if not hold_each_once(upload.layouts, columns):
            raise RosterFileError(say("two_columns_the_same"))

    def prepare(
        self, database: Database, upload: Upload, was_read: ReadList, ground: Ground, progress: Progress
    ) -> _Prepared:
        """The list judged against the one that stands: what takes long is done while no alarm waits for it."""
        with database.begin(reads=True) as session:
            on_record = read_list(session, Kind(upload.kind.value), upload.village_id)
        progress(20)
        rows = files.judge_rows(on_record, was_read.rows, _make_region(ground))
        return _Prepared(on_record, rows, _make_preview(rows))

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
        if prepared.preview.digest != upload.digest:
            return None
        if upload.village_id is not None:
            held = select(Village.id).where(Village.id == upload.village_id)
            session.execute(held.with_for_update(key_share=True))
        on_record = read_list(session, Kind(upload.kind.value), upload.village_id)
        if not on_record.says_the_same(prepared.on_record):
            return None
        batch = Batch(session, uploads.make_author(upload), Action(f"edit_{upload.kind}"), now, ground.zone)
        files.import_rows(batch, on_record, prepared.rows)
        return prepared.preview.keep_as_written(batch.key if batch.size else "", changes=batch.size)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The list as it stood, and the rows judged against it."""

    on_record: ListOnRecord
    rows: Sequence[ReadRow]
    preview: Preview


def _make_region(ground: Ground) -> Region:
    return Region(ground.region, ground.area_code, ground.countries)


def _make_preview(rows: Sequence[ReadRow]) -> Preview:
    seen = [RowSeen(row.change, _pack(row), noted=bool(row.checked.wrong or row.checked.told)) for row in rows]
    wrong = sum(row.change == "error" for row in rows)
    cannot = keep_message(say("mend_wrong_rows", count=wrong)) if wrong else None
    summary = {"wrong": wrong, "changes": 0, "cannot": cannot}
    return Preview(seen, summary)


def _pack(row: ReadRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "texts": row.texts,
        "wrong": [keep_message(flaw) for flaw in row.checked.wrong.values()],
        "told": [keep_message(message) for message in row.checked.told],
    }
