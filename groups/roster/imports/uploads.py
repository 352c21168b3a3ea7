"""Lists that somebody brings to a page: taken in, looked through, confirmed, written. Whoever calls commits.

Looking through and writing are work of seconds for a large list (`jobs.work_on`): it runs in the request, or in a job
where a queue is at hand, and mostly outside any transaction, because SQLite has one writer for alarms as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, undefer

from groups.errors import ConfirmArchive, RosterFileError
from groups.files.reading import LARGEST_FILE
from groups.models.accounts import Account
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.roster import Village
from groups.models.uploads import RosterUpload, UploadState
from groups.roster.imports import mend as imports_mend
from groups.roster.imports import reading
from groups.roster.imports.apply import Standing, apply, standing_of
from groups.roster.imports.reading import OpenedFile, RosterList
from groups.roster.imports.rules.headings import Field
from groups.roster.imports.rules.judgement import Judgement
from groups.roster.imports.rules.kept_rows import KeptRows, packed
from groups.roster.imports.rules.preview import as_json, digest_of, rows_shown
from groups.roster.imports.rules.rows import ExaminedRow, examine
from groups.rules.texts import tidied

KEPT = timedelta(hours=24)
MOST_KEPT = 5
"""So many lists of one account are kept, the last ones: each may have 10 MB."""
SIGN_OF_LIFE = timedelta(seconds=5)
DEAD_AFTER = timedelta(seconds=30)
"""Whoever works on a list and says nothing for so long is gone."""
_AT_WORK = (UploadState.READING, UploadState.WRITING)

Progress = Callable[[int], None]
"""Told the percent that is done."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a list is read by: the region and area code of its numbers, and the town's days."""

    region: str
    area_code: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Read:
    """A list that was read: its sheets, its households, and their rows examined; or why there are none."""

    opened: OpenedFile | None
    households: RosterList | None = None
    examined: tuple[ExaminedRow, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A list judged, and what a page shows of that."""

    judgement: Judgement
    rows: list[dict[str, Any]]
    digest: str


def take_in(
    session: Session, account_id: int, village_id: int, name: str, content: bytes, now: datetime, *, complete: bool
) -> RosterUpload:
    """Keep a list for its account. Raises RosterFileError where it is empty or too large."""
    if not content.strip():
        raise RosterFileError("没有内容 there is nothing in it")
    if len(content) > LARGEST_FILE:
        raise RosterFileError("文件超过10MB the file is larger than 10 MB")
    own = select(RosterUpload.id).where(RosterUpload.account_id == account_id).order_by(RosterUpload.id.desc())
    old = session.scalars(own.offset(MOST_KEPT - 1)).all()
    session.execute(delete(RosterUpload).where(or_(RosterUpload.expires_at < now, RosterUpload.id.in_(old))))
    upload = RosterUpload(
        key=secrets.token_urlsafe(32),
        account_id=account_id,
        village_id=village_id,
        name=tidied(name)[-120:],
        content=content,
        complete=complete,
        created_at=now,
        asked_at=now,
        expires_at=now + KEPT,
    )
    session.add(upload)
    session.flush()
    return upload


def upload_of(session: Session, key: str, account_id: int, now: datetime, *, hold: bool = False) -> RosterUpload | None:
    """The account's own list at this address; None for others and once it has expired."""
    question = select(RosterUpload).where(
        RosterUpload.key == key, RosterUpload.account_id == account_id, RosterUpload.expires_at > now
    )
    return session.scalar(question.with_for_update() if hold else question)


def choose_columns(
    upload: RosterUpload, chosen: Sequence[tuple[int, int, Field]], now: datetime, *, complete: bool
) -> None:
    """Have the list looked through again with these columns."""
    upload.columns = [[sheet, column, field.value] for sheet, column, field in chosen]
    upload.complete = complete
    _start(upload, UploadState.READING, now)


def confirm(upload: RosterUpload, now: datetime, *, once_more: bool) -> None:
    """Have the list written as its preview says. Raises ConfirmArchive where that has to be said once more."""
    if upload.state is not UploadState.READY:
        return
    if upload.summary["asks_once_more"] and not once_more:
        raise ConfirmArchive(
            f"将归档{upload.summary['archived']}户，超过全村十分之一，请再次确认 "
            "more than a tenth of the village would be archived: confirm once more"
        )
    upload.once_more = once_more
    _start(upload, UploadState.WRITING, now)


def try_again(upload: RosterUpload, now: datetime) -> None:
    """Have a list looked through again whose work was broken off."""
    if upload.state is UploadState.BROKEN:
        _start(upload, UploadState.READING, now)


def break_off(session: Session, upload_id: int) -> None:
    """Say that nobody works on a list any more that was to be worked on. What was not committed is not there."""
    session.execute(
        update(RosterUpload)
        .where(RosterUpload.id == upload_id, RosterUpload.state.in_(_AT_WORK))
        .values(state=UploadState.BROKEN, taken_at=None, progress=0)
    )


def still_at_work(session: Session, upload_id: int, now: datetime, percent: int | None = None) -> None:
    """A sign of life of whoever works on a list, and how far they are."""
    said: dict[str, Any] = {"taken_at": now} | ({} if percent is None else {"progress": percent})
    session.execute(
        update(RosterUpload).where(RosterUpload.id == upload_id, RosterUpload.state.in_(_AT_WORK)).values(said)
    )


def begin_work(session: Session, upload_id: int, now: datetime) -> RosterUpload | None:
    """Take a list to work on, with its content; None where there is nothing to do or somebody is at it."""
    taken = session.execute(
        update(RosterUpload)
        .where(RosterUpload.id == upload_id, RosterUpload.state.in_(_AT_WORK), RosterUpload.taken_at.is_(None))
        .values(taken_at=now, progress=0)
        .returning(RosterUpload.id)
    ).scalar()
    if taken is None:
        return None
    return session.get_one(RosterUpload, upload_id, options=[undefer(RosterUpload.content)], populate_existing=True)


def read(upload: RosterUpload, ground: Ground, progress: Progress) -> Read:
    """Read the list's bytes and examine its rows. Needs no database: nobody waits for it in a transaction."""
    opened = None
    try:
        if upload.name:
            opened = reading.open_file(upload.content, upload.name)
        else:
            opened = reading.open_pasted(upload.content.decode("utf-8", "replace"))
        progress(30)
        households = reading.households_in(opened, _columns_of(upload))
    except RosterFileError as error:
        return Read(opened, reason=str(error.message)[:400])
    examined = []
    for place, row in enumerate(households.rows):
        examined.append(examine(row, ground.region, ground.area_code))
        if place % 2_000 == 0:
            progress(40 + 40 * place // len(households.rows))
    return Read(opened, households, tuple(examined))


def weigh(was_read: Read, standing: Standing, ground: Ground, *, complete: bool) -> Weighed:
    """Judge what was read against the roster. Needs no database."""
    judgement = standing.judge(was_read.examined, ground.region, complete=complete)
    rows = rows_shown(judgement, ground.region)
    return Weighed(judgement, rows, digest_of(rows))


def kept_of(upload: RosterUpload, was_read: Read, weighed: Weighed | None) -> dict[str, Any]:
    """The columns of a list that was looked through, ready to be written. Needs no database."""
    layouts = reading.layouts_shown(was_read.opened, _columns_of(upload)) if was_read.opened else []
    if was_read.households is None or weighed is None:
        has_columns = any(layout["columns"] for layout in layouts)
        state = UploadState.COLUMNS if has_columns else UploadState.REFUSED
        return {"layouts": layouts, "state": state, "reason": was_read.reason}
    judgement = weighed.judgement
    mend = imports_mend.rows_to_mend(was_read.households.rows, judgement) if judgement.errors else b""
    return {
        "layouts": layouts,
        "state": UploadState.READY,
        "reason": "",
        "summary": _summary(was_read.households, weighed),
        "digest": weighed.digest,
        "preview": packed(weighed.rows),
        "mend": mend,
    }


def keep(session: Session, upload_id: int, kept: Mapping[str, Any]) -> None:
    """Keep what was seen for the page, and let the list go; nothing where somebody else has been quicker."""
    upload = session.get_one(RosterUpload, upload_id)
    if upload.state is UploadState.WRITTEN:
        return
    for name, value in kept.items():
        setattr(upload, name, value)
    upload.taken_at, upload.progress = None, 100


def write(session: Session, upload_id: int, was_read: Read, ground: Ground, now: datetime, progress: Progress) -> bool:
    """Write the list, if it still means what its preview said; whether it did.

    All in the caller's transaction, with the village held. Raises NumberTaken, after which nothing must be committed.
    """
    upload = session.get_one(RosterUpload, upload_id)
    village = session.scalars(
        select(Village).where(Village.id == upload.village_id).with_for_update(key_share=True)
    ).one()
    # Somebody may have written it while we waited for the village: it was thought that we are gone.
    session.refresh(upload, ["state"])
    if upload.state is not UploadState.WRITING:
        return True
    progress(45)
    standing = standing_of(session, village.id, was_read.examined)
    weighed = weigh(was_read, standing, ground, complete=upload.complete)
    if weighed.digest != upload.digest:
        return False
    account = session.get_one(Account, upload.account_id)
    by = Author(account.name, Source.IMPORT, account.id)
    progress(55)
    batch = apply(
        session, village, weighed.judgement, by, now, ground.zone, once_more=upload.once_more, progress=progress
    )
    upload.batch = batch.key if batch.size else ""
    # What is written needs no second copy; the rows of its preview stay for whoever mends them.
    upload.content = b""
    upload.state, upload.taken_at, upload.progress = UploadState.WRITTEN, None, 100
    return True


def look_again(session: Session, upload_id: int, now: datetime) -> None:
    """The roster is not what the preview saw: have the list looked through anew, and say so."""
    upload = session.get_one(RosterUpload, upload_id)
    _start(upload, UploadState.READING, now)
    upload.changed_meanwhile = True


def preview_rows(session: Session, upload_id: int) -> KeptRows:
    """The rows of a list's preview."""
    return KeptRows(session.scalar(select(RosterUpload.preview).where(RosterUpload.id == upload_id)) or b"")


def _summary(households: RosterList, weighed: Weighed) -> dict[str, Any]:
    summary: dict[str, Any] = as_json(weighed.judgement, written=False)["summary"]
    return summary | {
        "ignored": list(households.ignored)[:20],
        "ignored_sheets": list(households.ignored_sheets)[:20],
        "several_sheets": len({row["sheet"] for row in weighed.rows if row["row"]}) > 1,
        "changes_anything": weighed.judgement.changes_anything,
    }


def _columns_of(upload: RosterUpload) -> reading.Columns:
    """What somebody has said that the columns hold."""
    return {(sheet, column): Field(field) for sheet, column, field in upload.columns}


def _start(upload: RosterUpload, state: UploadState, now: datetime) -> None:
    upload.state, upload.taken_at, upload.progress, upload.reason = state, None, 0, ""
    upload.asked_at, upload.changed_meanwhile = now, False
