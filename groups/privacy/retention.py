"""What of the roster's side is over its time, and how it is deleted. Numbers of households that are there stay."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import String, and_, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from config.database import match_any
from config.retention import Due, Kept
from groups.models.access_log import Look
from groups.models.batch import Author, Batch
from groups.models.changes import ERASED, Action, Change, Source
from groups.models.responders import Responder
from groups.models.roster import Household, Phone
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.privacy.erasure import blank_changes, erase_household, erase_phones

_AT_WORK = (UploadState.READING, UploadState.WRITING)
_WITH_NUMBERS = ("phones", "responders", "accounts")
_CLOCK = Author("clock", Source.SYSTEM)


def make_dues(zone: ZoneInfo) -> tuple[Due, ...]:
    """What is deleted on this side, by kind."""
    carriers = Upload.kind == UploadKind.CARRIER
    resting = Upload.state.not_in(_AT_WORK)
    # A number in the record begins with its +, in JSON as in a column.
    holds_number = or_(
        *(cast(column, String).like('%"+%') for column in (Change.before, Change.after)),
    )
    return (
        Due(
            Kept.LISTS, Upload.id, lambda moment: and_(~carriers, resting, Upload.created_at < moment), _delete_lists, 5
        ),
        Due(
            Kept.CARRIER_LISTS,
            Upload.id,
            lambda moment: and_(carriers, resting, Upload.created_at < moment),
            _delete_lists,
            5,
        ),
        Due(
            Kept.OLD_NUMBERS,
            Phone.id,
            lambda moment: and_(Phone.archived_at < moment, Phone.number != ""),
            lambda session, ids, _: erase_phones(session, ids),
        ),
        Due(
            Kept.OLD_NUMBERS,
            Change.id,
            lambda moment: and_(Change.changed_at < moment, Change.table.in_(_WITH_NUMBERS), holds_number),
            _blank_changes,
        ),
        Due(
            Kept.ARCHIVED,
            Household.id,
            lambda moment: and_(Household.archived_at < moment, Household.head != ERASED),
            lambda session, ids, now: _erase_households(session, ids, now, zone),
            20,
        ),
        Due(
            Kept.OLD_NUMBERS,
            Responder.id,
            lambda moment: and_(Responder.archived_at < moment, Responder.number != ""),
            lambda session, ids, _: _blank_responders(session, ids, {"number": ""}),
        ),
        Due(
            Kept.ARCHIVED,
            Responder.id,
            lambda moment: and_(Responder.archived_at < moment, Responder.name != ERASED),
            lambda session, ids, _: _blank_responders(session, ids, {"name": ERASED, "number": "", "hours": ""}),
        ),
        Due(Kept.LOOKS, Look.id, lambda moment: Look.at < moment, _delete_looks, 2000),
    )


def _delete_lists(session: Session, ids: list[int], now: datetime) -> None:
    session.execute(delete(Upload).where(Upload.id.in_(ids)))


def _delete_looks(session: Session, ids: list[int], now: datetime) -> None:
    session.execute(delete(Look).where(match_any(session, Look.__table__.c.id, ids)))


def _blank_responders(session: Session, ids: list[int], values: dict[str, str]) -> None:
    """Blank these of responders who were taken off their list; one who is on it keeps them."""
    archived = update(Responder).where(match_any(session, Responder.__table__.c.id, ids))
    session.execute(archived.where(Responder.archived_at.is_not(None)).values(values))


def _blank_changes(session: Session, ids: list[int], now: datetime) -> None:
    blank_changes(session, session.scalars(select(Change).where(match_any(session, Change.__table__.c.id, ids))).all())


def _erase_households(session: Session, ids: list[int], now: datetime, zone: ZoneInfo) -> None:
    for household_id in ids:
        erase_household(Batch(session, _CLOCK, Action.ERASE_HOUSEHOLD, now, zone), household_id)
