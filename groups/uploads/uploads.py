"""A list on its way: taken in, its columns chosen, its rows decided, confirmed, tried again. Whoever calls commits.

    upload = take_in(session, kind, "名单.xlsx", content, by, now)   nothing counts yet
    choose_columns(lists, upload, {(0, 3): "mobile"}, now)          where they were guessed wrong
    decide(upload, {"Sheet1!7": household_id}, now)                 what a person has to say
    confirm(upload, by, now)                                        somebody says so

Between those, `jobs` looks the list through, or writes it: work of seconds for a large one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import ColumnElement, case, delete, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from config.database import insert_rows
from config.sealing import get_seal
from groups.errors import ConfirmArchive, Message, RosterFileError, UploadClosed, keep_message, restore_message, say
from groups.files.columns import Columns
from groups.files.reading import LARGEST_FILE
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.uploads import Upload, UploadKind, UploadRow, UploadState
from groups.rules.typed_text import tidy
from groups.uploads.kinds import ListKind, Preview, ReadList

KEPT = timedelta(hours=24)
MOST_KEPT = 5
"""So many lists of one account are kept, the last ones: each may have 10 MB. The carrier's lists stay."""
SIGN_OF_LIFE = timedelta(seconds=5)
DEAD_AFTER = timedelta(seconds=30)
"""Whoever works on a list and says nothing for so long is gone."""
UNTAKEN = timedelta(seconds=8)
"""So long a list waits for an idle bulk worker; then the page that asks after it does the work."""
AT_WORK = (UploadState.READING, UploadState.WRITING)
OPEN = (UploadState.COLUMNS, UploadState.READY)
"""It waits for somebody to say something of it."""
ROWS_AT_ONCE = 2000
"""So many rows of a preview are kept in a transaction: an alarm may be waiting for its turn."""


def keep_upload(
    session: Session,
    kind: UploadKind,
    name: str,
    content: bytes,
    by: Author,
    now: datetime,
    *,
    village_id: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Upload:
    """Keep a list, to be looked through. Raises RosterFileError where it is empty or too large."""
    if not content.strip():
        raise RosterFileError(say("nothing_in_file"))
    if len(content) > LARGEST_FILE:
        raise RosterFileError(say("file_too_large"))
    expires = None if kind is UploadKind.CARRIER else now + KEPT
    _throw_old_away(session, by, now)
    upload = Upload(
        key=secrets.token_urlsafe(32),
        kind=kind,
        account_id=by.account_id,
        village_id=village_id,
        brought_by=by.name[:64],
        name=tidy(name)[-120:],
        content=get_seal(session).close(content),
        options=dict(options or {}),
        created_at=now,
        asked_at=now,
        expires_at=expires,
    )
    session.add(upload)
    session.flush()
    return upload


def _throw_old_away(session: Session, by: Author, now: datetime) -> None:
    own = select(Upload.id).where(Upload.account_id == by.account_id, Upload.expires_at.is_not(None))
    old = session.scalars(own.order_by(Upload.id.desc()).offset(MOST_KEPT - 1)).all() if by.account_id else []
    session.execute(delete(Upload).where(or_(Upload.expires_at < now, Upload.id.in_(old))))


def find_upload(session: Session, key: str, now: datetime, *, hold: bool = False) -> Upload | None:
    """The list at this address; None where there is none, or it has expired."""
    question = select(Upload).where(Upload.key == key, or_(Upload.expires_at.is_(None), Upload.expires_at > now))
    return session.scalar(question.with_for_update() if hold else question)


def measure_size(session: Session, upload: Upload) -> int:
    """How many bytes its file has."""
    return session.scalar(select(func.length(Upload.content)).where(Upload.id == upload.id)) or 0


def choose_columns(kind: ListKind, upload: Upload, columns: Columns, now: datetime) -> None:
    """Have the list looked through again with these columns; what was decided about its rows goes.

    Raises UploadClosed once it is confirmed, and what the kind raises where columns cannot hold that.
    """
    _check_open(upload)
    kind.check_columns(upload, columns)
    upload.columns = [[sheet, column, field] for (sheet, column), field in columns.items()]
    upload.decisions = {}
    _start(upload, UploadState.READING, now)


def read_columns(upload: Upload) -> dict[tuple[int, int], str]:
    """What somebody has said that the columns hold."""
    return {(sheet, column): field for sheet, column, field in upload.columns}


def decide(upload: Upload, decisions: Mapping[str, Any], now: datetime) -> None:
    """Say what rows mean, by their keys; None leaves one open again. Raises UploadClosed once it is confirmed."""
    _check_open(upload)
    said = {**upload.decisions, **decisions}
    upload.decisions = {key: meant for key, meant in said.items() if meant is not None}
    _start(upload, UploadState.READING, now)


def confirm(upload: Upload, by: Author, now: datetime, *, once_more: bool = False) -> None:
    """Have the list written as its preview says.

    Raises UploadClosed where that was said already or there is nothing to write, ConfirmArchive where it has to be
    said once more.
    """
    _check_open(upload)
    if upload.state is not UploadState.READY:
        raise UploadClosed(say("nothing_write_yet"))
    if cannot := upload.summary.get("cannot"):
        raise UploadClosed(restore_message(cannot))
    if (words := upload.summary.get("confirm_twice")) and not once_more:
        raise ConfirmArchive(restore_message(words))
    upload.once_more = once_more
    start_writing(upload, by, now)


def start_writing(upload: Upload, by: Author, now: datetime) -> None:
    """Have the list written, whether anybody has seen its preview or not."""
    upload.confirmed_by, upload.confirmed_account_id = by.name[:64], by.account_id
    _start(upload, UploadState.WRITING, now)


def make_author(upload: Upload) -> Author:
    """In whose name it is written."""
    source = Source.COMMAND if upload.confirmed_account_id is None else Source.IMPORT
    return Author(upload.confirmed_by, source, upload.confirmed_account_id)


def try_again(upload: Upload, now: datetime) -> None:
    """Have done again what was broken off: the writing, where somebody has confirmed it."""
    if upload.state is UploadState.BROKEN:
        _start(upload, UploadState.WRITING if upload.confirmed_by else UploadState.READING, now)


def has_died(upload: Upload, now: datetime) -> bool:
    """Whether whoever worked on the list is gone."""
    return upload.state in AT_WORK and upload.taken_at is not None and now - upload.taken_at > DEAD_AFTER


def waits_in_vain(session: Session, upload: Upload, now: datetime) -> bool:
    """Whether nobody has taken the list, and nobody is at work on another one that it waits behind."""
    if upload.state not in AT_WORK or upload.taken_at is not None or now - upload.asked_at <= UNTAKEN:
        return False
    at_work = select(Upload.id).where(Upload.state.in_(AT_WORK), Upload.taken_at > now - DEAD_AFTER)
    return session.scalar(at_work.limit(1)) is None


def break_off(session: Session, upload_id: int) -> None:
    """Say that nobody works on a list any more that was to be worked on. What was not committed is not there."""
    _change(session, upload_id, AT_WORK, state=UploadState.BROKEN, taken_at=None, progress=0)


def report_at_work(session: Session, upload_id: int, now: datetime, percent: int | None = None) -> None:
    """A sign of life of whoever works on a list, and how far they are."""
    said: dict[str, Any] = {"taken_at": now} | ({} if percent is None else {"progress": percent})
    _change(session, upload_id, AT_WORK, **said)


def begin_work(session: Session, upload_id: int, now: datetime) -> Upload | None:
    """Take a list to work on, with its content; None where there is nothing to do or somebody is at it."""
    taken = session.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.state.in_(AT_WORK), Upload.taken_at.is_(None))
        .values(taken_at=now, progress=0)
        .returning(Upload.id)
    ).scalar()
    if taken is None:
        return None
    return session.get_one(Upload, upload_id, options=[undefer(Upload.content)], populate_existing=True)


def refuse(session: Session, upload_id: int, layouts: Sequence[Mapping[str, Any]], reason: Message) -> None:
    """The list has no rows: keep its columns for whoever can say what they hold, and why."""
    has_columns = any(layout["columns"] for layout in layouts)
    state = UploadState.COLUMNS if has_columns else UploadState.REFUSED
    session.execute(delete(UploadRow).where(UploadRow.upload_id == upload_id))
    values = {"state": state, "reason": reason, "length": 0, "summary": {}, "digest": ""}
    _report_seen(session, upload_id, AT_WORK, layouts, values)


def keep_rows(session: Session, upload_id: int, preview: Preview, start: int) -> bool:
    """Keep some rows of a preview, from this place on; False where nobody wants them any more."""
    wanted = select(Upload.id).where(Upload.id == upload_id, Upload.state == UploadState.READING)
    if session.scalar(wanted) is None:
        return False
    _put_rows(session, upload_id, preview, start, ROWS_AT_ONCE)
    return True


def keep(session: Session, upload_id: int, preview: Preview, was_read: ReadList) -> None:
    """The preview stands, its rows are kept: say so; nothing where somebody else has been quicker."""
    values = {
        "state": UploadState.READY,
        "reason": None,
        "length": len(preview.rows),
        "summary": preview.summary | _keep_left_out(was_read),
        "digest": preview.digest,
    }
    _report_seen(session, upload_id, (UploadState.READING,), was_read.layouts, values)


def _keep_left_out(was_read: ReadList) -> dict[str, Any]:
    """The sheets that are not read, for the list's summary: name and reason."""
    return {"left_out_sheets": [[each.name, keep_message(each.reason)] for each in was_read.left_out]}


def is_written(session: Session, upload_id: int, preview: Preview, was_read: ReadList, now: datetime) -> bool:
    """Say that the list is written; False where another has written it meanwhile: then this has to be taken back.

    Its row is taken only now, so that others can tell how far it is while it is written.
    """
    upload = session.get_one(Upload, upload_id, with_for_update=True, populate_existing=True)
    if upload.state is not UploadState.WRITING:
        return False
    if preview.digest != upload.digest:
        _put_rows(session, upload_id, preview, 0, None)
    upload.batch = preview.batch
    upload.summary = upload.summary | preview.summary | _keep_left_out(was_read)
    upload.length, upload.digest = len(preview.rows), preview.digest
    # What is written needs no second copy; the rows of its preview stay for whoever mends them.
    upload.content = b""
    upload.state, upload.taken_at, upload.progress, upload.written_at = UploadState.WRITTEN, None, 100, now
    session.flush()
    return True


def look_again(session: Session, upload_id: int, now: datetime) -> bool:
    """What the list is held against is not what its preview saw: have it looked through anew, and say so.

    False where it is written by now.
    """
    return _change(
        session,
        upload_id,
        (UploadState.WRITING,),
        state=UploadState.READING,
        taken_at=now,
        progress=0,
        reason=None,
        asked_at=now,
        changed_meanwhile=True,
        confirmed_by="",
        confirmed_account_id=None,
    )


@dataclass(frozen=True, slots=True)
class KeptRows:
    """The rows of a preview, or those of them that are asked for."""

    upload_id: int
    wanted: tuple[ColumnElement[bool], ...] = ()

    def of(self, *verdicts: str) -> Self:
        """Those that have one of these verdicts, or change that."""
        return self._where(or_(UploadRow.verdict.in_(verdicts), UploadRow.change.in_(verdicts)))

    def noted(self) -> Self:
        """Those of which something is worth a look."""
        return self._where(UploadRow.noted.is_(True))

    def decided(self) -> Self:
        """Those of which somebody has said what they mean."""
        return self._where(UploadRow.decided.is_(True))

    def _where(self, wanted: ColumnElement[bool]) -> Self:
        return type(self)(self.upload_id, (*self.wanted, wanted))

    def count(self, session: Session) -> int:
        """How many they are."""
        return session.scalar(self._asked(select(func.count(UploadRow.place)))) or 0

    def page(
        self, session: Session, start: int = 0, size: int | None = None, *, first: Sequence[str] = ()
    ) -> Sequence[UploadRow]:
        """So many of them in the list's order (None: all), from the place `start` among them.

        `first`: verdicts in the order in which their rows come; within each, and behind them, it is the list's.
        """
        turns = {verdict: turn for turn, verdict in enumerate(first)}
        order = [case(turns, value=UploadRow.verdict, else_=len(turns))] if turns else []
        question = self._asked(select(UploadRow)).order_by(*order, UploadRow.place)
        return session.scalars(question.offset(start).limit(size)).all()

    def counts(self, session: Session) -> dict[str, int]:
        """How many have a verdict or change something, by its word."""
        found: dict[str, int] = {}
        kinds = self._asked(select(UploadRow.verdict, UploadRow.change, func.count(UploadRow.place)))
        for verdict, change, many in session.execute(kinds.group_by(UploadRow.verdict, UploadRow.change)):
            for word in {verdict, change} - {""}:
                found[word] = found.get(word, 0) + many
        return found

    def _asked(self, question: Any) -> Any:
        return question.where(UploadRow.upload_id == self.upload_id, *self.wanted)


def _check_open(upload: Upload) -> None:
    if upload.state is UploadState.WRITTEN:
        raise UploadClosed(say("list_written_already", name=upload.name))
    if upload.state not in OPEN:
        raise UploadClosed(say("list_being_worked_on", name=upload.name))


def _start(upload: Upload, state: UploadState, now: datetime) -> None:
    upload.state, upload.taken_at, upload.progress, upload.reason = state, None, 0, None
    upload.asked_at, upload.changed_meanwhile = now, False
    if state is UploadState.READING:
        upload.confirmed_by, upload.confirmed_account_id = "", None


def _put_rows(session: Session, upload_id: int, preview: Preview, start: int, size: int | None) -> None:
    """Put rows where others stand. The last portion takes all that are behind it."""
    end = len(preview.rows) if size is None else start + size
    gone = delete(UploadRow).where(UploadRow.upload_id == upload_id, UploadRow.place >= start)
    session.execute(gone if end >= len(preview.rows) else gone.where(UploadRow.place < end))
    insert_rows(
        session,
        UploadRow,
        [
            {
                "upload_id": upload_id,
                "place": place,
                "verdict": row.verdict,
                "change": row.change,
                "noted": row.noted,
                "decided": row.decided,
                "data": row.data,
            }
            for place, row in enumerate(preview.rows[start:end], start=start)
        ],
    )


def _report_seen(
    session: Session,
    upload_id: int,
    states: Sequence[UploadState],
    layouts: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
) -> None:
    shown = [dict(layout) for layout in layouts]
    _change(session, upload_id, states, taken_at=None, progress=100, layouts=shown, **values)


def _change(session: Session, upload_id: int, states: Sequence[UploadState], **values: Any) -> bool:
    """Give a list these values, if it is in one of the states; whether it was."""
    of = update(Upload).where(Upload.id == upload_id, Upload.state.in_(states))
    return session.execute(of.values(values).returning(Upload.id)).scalar() is not None
