"""The carrier's list as a kind of list: read, matched with the roster, judged, written as one batch.

Matching asks in short transactions, because SQLite has one writer for alarms as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from config.database import Database, read_clock
from groups.enrolment.carrier_lists import index as carrier_lists_index
from groups.enrolment.carrier_lists import lists
from groups.enrolment.carrier_lists.lists import Matched
from groups.enrolment.carrier_lists.preview import make_preview
from groups.enrolment.carrier_lists.rules.judgement import SKIP, Judgement
from groups.enrolment.carrier_lists.rules.rows import Entry, Layout, ListColumn, find_layouts, read, read_rows
from groups.errors import CarrierListError, Message, RosterFileError, say
from groups.files.apart import read_apart
from groups.files.reading import MOST_ROWS
from groups.models.batch import Batch
from groups.models.uploads import Upload
from groups.rules.days import find_local_day
from groups.uploads import uploads
from groups.uploads.kinds import Columns, Ground, Preview, Progress, ReadList

_AT_ONCE = 2000


class CarrierLists:
    """The carrier's lists. A decision says by a row's key whom it means: a household, or nobody (SKIP)."""

    tries = 3

    def read(self, upload: Upload, ground: Ground, progress: Progress) -> ReadList:
        try:
            sheets = list(read_apart(upload.content, upload.name, dated=True).sheets)
        except RosterFileError as error:
            return ReadList((), reason=error.message)
        layouts = _as_said(find_layouts(sheets), uploads.read_columns(upload))
        shown = [_show_layout(place, layout) for place, layout in enumerate(layouts)]
        progress(30)
        rows = read_rows(sheets, layouts)
        progress(40)
        if len(rows) > MOST_ROWS:
            return ReadList(shown, reason=say("more_than_rows", most=MOST_ROWS))
        return ReadList(shown, rows, reason=None if rows else _explain_empty(layouts))

    def check_columns(self, upload: Upload, columns: Columns) -> None:
        """Raise CarrierListError where two columns of a sheet hold the same."""
        for layout in upload.layouts:
            fields = [columns.get((layout["sheets"][0], each["index"]), each["field"]) for each in layout["columns"]]
            if any(field and fields.count(field) > 1 for field in fields):
                raise CarrierListError(say("two_columns_the_same"))

    def prepare(
        self, database: Database, upload: Upload, was_read: ReadList, ground: Ground, progress: Progress
    ) -> Matched:
        with database.begin() as session:
            today = find_local_day(read_clock(session), ground.zone)
        entries = [read(row, ground.region, ground.area_code, today) for row in was_read.rows]
        return _match(database, entries, upload.decisions, progress)

    def look(
        self, database: Database, upload: Upload, was_read: ReadList, prepared: Matched, ground: Ground
    ) -> Preview:
        return make_preview(self.judge(database, prepared), prepared.decisions)

    def judge(self, database: Database, matched: Matched) -> Judgement:
        """What writing these rows would do now."""
        with database.begin() as session:
            subscribed = carrier_lists_index.read_subscriptions(session, matched.meant)
        return matched.judged(subscribed)

    def write(
        self,
        session: Session,
        upload: Upload,
        was_read: ReadList,
        prepared: Matched,
        ground: Ground,
        now: datetime,
        progress: Progress,
    ) -> Preview | None:
        batch = Batch(session, uploads.make_author(upload), "import_list", now, ground.zone)
        judgement = lists.write(batch, prepared, progress)
        if judgement is None:
            return None
        return make_preview(judgement, prepared.decisions, batch.key if batch.size else "")


def _as_said(layouts: Sequence[Layout], columns: Columns) -> list[Layout]:
    """The layouts, with the columns that somebody has said to hold something else."""
    said = {place: ListColumn(field) if field else None for place, field in columns.items()}
    return [
        replace(
            layout,
            columns=tuple(replace(each, holds=said.get((place, each.index), each.holds)) for each in layout.columns),
        )
        for place, layout in enumerate(layouts)
    ]


def _show_layout(place: int, layout: Layout) -> dict[str, Any]:
    columns = [
        {"index": each.index, "heading": each.heading, "field": each.holds or "", "samples": list(each.samples)}
        for each in layout.columns
    ]
    return {"sheets": [place], "names": [layout.sheet], "columns": columns}


def _explain_empty(layouts: Sequence[Layout]) -> Message:
    """What a list lacks that has no rows."""
    if not layouts:
        return say("carrier_list_empty")
    if not layouts[0].lacking:
        return say("list_no_rows")
    return say("carrier_columns_missing", lacking=tuple(layouts[0].lacking))


def _match(database: Database, entries: Sequence[Entry], decisions: Mapping[str, int], progress: Progress) -> Matched:
    with database.begin() as session:
        index = carrier_lists_index.empty_index(session)
    chosen = set(decisions.values()) - {SKIP}
    for start in range(0, max(1, len(entries)), _AT_ONCE):
        with database.begin() as session:
            carrier_lists_index.extend(index, session, entries[start : start + _AT_ONCE], chosen)
        chosen = set()
        progress(min(100, 100 * (start + _AT_ONCE) // max(1, len(entries))))
    return Matched(entries, [index.match(entry) for entry in entries], index, decisions)
