"""A village's roster as a kind of list: read, judged against the roster as it is, written as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from groups.errors import RosterFileError, keep_message, say
from groups.files.columns import Columns
from groups.files.isolated import read_apart
from groups.models.accounts import Account, AccountRole
from groups.models.roster import Village
from groups.models.uploads import Upload
from groups.roster.imports import mend, reading
from groups.roster.imports.apply import RosterOnRecord, apply, read_roster_on_record, write_confirmation
from groups.roster.imports.reading import RosterList
from groups.roster.imports.rules.guesses import Said
from groups.roster.imports.rules.headings import Field
from groups.roster.imports.rules.judgement import Judgement
from groups.roster.imports.rules.preview import guess_shown, list_rows, make_summary
from groups.roster.imports.rules.rows import ExaminedRow, examine
from groups.rules.names import make_keys
from groups.uploads import uploads
from groups.uploads.kinds import Ground, Preview, Progress, ReadList, RowSeen

_MOST_NOTES = 40


class RosterLists:
    """Lists of a village's households. Their option is `complete`: whoever is not on it is to be archived."""

    tries = 3

    def read(self, upload: Upload, ground: Ground, progress: Progress) -> ReadList:
        columns = {place: Field(field) for place, field in uploads.read_columns(upload).items()}
        layouts: list[dict[str, Any]] = []
        try:
            if upload.name:
                opened = reading.open_file(upload.content, upload.name, read_apart)
            else:
                opened = reading.open_pasted(upload.content.decode("utf-8", "replace"))
            progress(30)
            layouts = reading.show_layouts(opened, columns)
            households = reading.read_households(opened, columns, Said(upload.decisions))
        except RosterFileError as error:
            return ReadList(layouts, reason=error.message)
        examined = []
        for place, row in enumerate(households.rows):
            examined.append(examine(row, ground.region, ground.area_code, ground.countries))
            if place % 2_000 == 0:
                progress(40 + 40 * place // len(households.rows))
        return ReadList(layouts, examined, about=households, left_out=households.left_out)

    def check_columns(self, upload: Upload, columns: Columns) -> None:
        """Two columns may hold numbers; what else stands twice is the list's own affair."""

    def prepare(
        self, database: Database, upload: Upload, was_read: ReadList, ground: Ground, progress: Progress
    ) -> _Prepared:
        """The list judged against the roster as it stands: what takes long is done while no alarm waits for it."""
        with database.begin(reads=True) as session:
            on_record = _read_roster(session, upload, was_read.rows)
        progress(20)
        judgement = _judge(upload, was_read.rows, on_record, ground)
        progress(50)
        for entry in judgement.entries:
            # They are kept: what a household is found by is spelt out before anything is written.
            make_keys(entry.head)
        progress(80)
        return _Prepared(on_record, judgement, _make_preview(was_read, judgement, ground))

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
        preview = prepared.preview
        if preview.digest != upload.digest:
            return None
        held = select(Village).where(Village.id == upload.village_id).with_for_update(key_share=True)
        village = session.scalars(held).one()
        progress(45)
        if _read_roster(session, upload, was_read.rows) != prepared.on_record:
            return None
        progress(55)
        judgement, by = prepared.judgement, uploads.make_author(upload)
        batch = apply(session, village, judgement, by, now, ground.zone, once_more=upload.once_more, progress=progress)
        return preview.keep_as_written(batch.key if batch.size else "")


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The roster as it stood, and what a list came to against it."""

    on_record: RosterOnRecord
    judgement: Judgement
    preview: Preview


def _get_village(upload: Upload) -> int:
    if upload.village_id is None:
        raise ValueError("a roster without a village")
    return upload.village_id


def _read_roster(session: Session, upload: Upload, rows: Sequence[ExaminedRow]) -> RosterOnRecord:
    """What the list is judged against. A village's head is not told who has a number in another village."""
    role = session.scalar(select(Account.role).where(Account.id == upload.account_id))
    return read_roster_on_record(session, _get_village(upload), rows, shows_names=role is not AccountRole.VILLAGE_HEAD)


def _judge(upload: Upload, rows: Sequence[ExaminedRow], on_record: RosterOnRecord, ground: Ground) -> Judgement:
    complete = bool(upload.options.get("complete"))
    return on_record.judge(rows, ground.region, complete=complete, decided=Said(upload.decisions))


def _make_preview(was_read: ReadList, judgement: Judgement, ground: Ground) -> Preview:
    households: RosterList = was_read.about
    shown = list_rows(judgement, ground.region)
    # Behind the rows of the list stand the households that it lacks, which are in no error.
    sheets = {label: sheet for label, (sheet, _) in households.sheets.items()}
    to_mend = [
        mend.make_row_to_mend(row, verdict, sheets.get(row.sheet))
        for row, verdict in zip(households.rows, judgement.verdicts, strict=True)
    ]
    with_rows = {row.sheet for row in to_mend if row is not None}
    rows = [
        RowSeen(
            row["verdict"],
            row | ({"listed": listed.model_dump()} if listed is not None else {}),
            row["change"],
            noted=bool(row["findings"]),
            decided=any(guess["decided"] for guess in row["guesses"]),
        )
        for row, listed in zip_longest(shown, to_mend)
    ]
    summary: dict[str, Any] = make_summary(judgement, written=False) | {
        "notes": [
            [
                note.sheet,
                keep_message(note.words),
                keep_message(note.places),
                [guess_shown(guess) for guess in note.guesses],
            ]
            for note in (*households.notes, *judgement.notes)
        ][:_MOST_NOTES],
        "ignored": list(households.ignored)[:20],
        "several_sheets": len({row["sheet"] for row in shown if row["row"]}) > 1,
        "shapes": {
            label: mend.describe_sheet(*one).model_dump()
            for label, one in households.sheets.items()
            if label in with_rows
        },
        "changes_anything": judgement.changes_anything,
        "confirm_twice": keep_message(words) if (words := write_confirmation(judgement)) else None,
        "cannot": None if judgement.entries else keep_message(say("no_household_to_import")),
    }
    return Preview(rows, summary)
