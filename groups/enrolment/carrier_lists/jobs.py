"""The carrier's list as a kind of list: read, matched with the roster, judged, written as one batch.

Matching asks in short transactions, because SQLite has one writer for alarms as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from config.database import Database, read_clock
from groups.enrolment import bills, records
from groups.enrolment.carrier_lists import index as carrier_lists_index
from groups.enrolment.carrier_lists import lists
from groups.enrolment.carrier_lists.lists import Matched
from groups.enrolment.carrier_lists.preview import make_preview
from groups.enrolment.carrier_lists.rules.judgement import SKIP, Judgement
from groups.enrolment.carrier_lists.rules.rows import Entry, find_layouts, note_unpriced, read, read_rows
from groups.errors import CarrierListError, Message, RosterFileError, say
from groups.files.columns import Columns, FoundColumns, hold_each_once
from groups.files.isolated import read_apart
from groups.files.reading import MOST_ROWS
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.models.uploads import Upload
from groups.rules.days import find_local_day
from groups.uploads import uploads
from groups.uploads.kinds import Ground, Preview, Progress, ReadList

_AT_ONCE = 2000


class CarrierLists:
    """The carrier's lists. A decision says by a row's key whom it means: a household, or nobody (SKIP)."""

    tries = 3

    def read(self, upload: Upload, ground: Ground, progress: Progress) -> ReadList:
        try:
            file = read_apart(upload.content, upload.name, dated=True)
        except RosterFileError as error:
            return ReadList((), reason=error.message)
        found = find_layouts(file.sheets, uploads.read_columns(upload), file.hidden)
        shown = found.shown()
        progress(30)
        rows = read_rows(found.layouts)
        progress(40)
        if len(rows) > MOST_ROWS:
            return ReadList(shown, reason=say("more_than_rows", most=MOST_ROWS))
        return ReadList(shown, rows, None if rows else _explain_empty(found.layouts), left_out=found.left_out)

    def check_columns(self, upload: Upload, columns: Columns) -> None:
        """Raise CarrierListError where two columns of a sheet hold the same."""
        if not hold_each_once(upload.layouts, columns):
            raise CarrierListError(say("two_columns_the_same"))

    def prepare(
        self, database: Database, upload: Upload, was_read: ReadList, ground: Ground, progress: Progress
    ) -> Matched:
        with database.begin(reads=True) as session:
            today = find_local_day(read_clock(session), ground.zone)
            priced = {tariff.plan for tariff in bills.read_tariffs(session)}
            plans = sorted(priced) or records.list_plans_of_late(session)
        entries = [read(row, ground.region, ground.area_code, today, plans) for row in was_read.rows]
        return _match(database, note_unpriced(entries, priced), upload.decisions, progress)

    def look(
        self, database: Database, upload: Upload, was_read: ReadList, prepared: Matched, ground: Ground
    ) -> Preview:
        return make_preview(self.judge(database, prepared), prepared.decisions)

    def judge(self, database: Database, matched: Matched) -> Judgement:
        """What writing these rows would do now."""
        with database.begin(reads=True) as session:
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
        batch = Batch(session, uploads.make_author(upload), Action.IMPORT_LIST, now, ground.zone)
        judgement = lists.write(batch, prepared, progress)
        if judgement is None:
            return None
        return make_preview(judgement, prepared.decisions, batch.key if batch.size else "")


def _explain_empty(layouts: Sequence[FoundColumns]) -> Message:
    """What a list lacks that has no rows."""
    if not layouts:
        return say("carrier_list_empty")
    if not layouts[0].lacking:
        return say("list_no_rows")
    return say("carrier_columns_missing", lacking=tuple(layouts[0].lacking))


def _match(database: Database, entries: Sequence[Entry], decisions: Mapping[str, int], progress: Progress) -> Matched:
    with database.begin(reads=True) as session:
        index = carrier_lists_index.empty_index(session)
    chosen = set(decisions.values()) - {SKIP}
    for start in range(0, max(1, len(entries)), _AT_ONCE):
        with database.begin(reads=True) as session:
            carrier_lists_index.extend(index, session, entries[start : start + _AT_ONCE], chosen)
        chosen = set()
        progress(min(100, 100 * (start + _AT_ONCE) // max(1, len(entries))))
    return Matched(entries, [index.match(entry) for entry in entries], index, decisions)
