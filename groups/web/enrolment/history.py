"""What was done to a household's enrolment, in words, newest first; and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import clock
from config.services import database
from groups.enrolment.records import household_of
from groups.errors import GroupsError
from groups.history.rights import ENROLMENT_ACTS, may_undo
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Change, Source
from groups.models.enrolment import Channel, DeviceKind, EndReason
from groups.models.roster import Household, Village
from groups.web.enrolment.common import WRITERS, as_dialled, words_of
from groups.web.shell.access import current, own_path, requires
from groups.web.shell.times import zone

MOST_SHOWN = 50
_TABLES = ("subscriptions", "devices", "tariffs")

pages = Blueprint("enrolment_history", __name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done in one go: when, by whom, what, and the fields as they were and became."""

    batch: str
    changed_at: datetime
    changed_by: str
    what: str
    fields: tuple[tuple[str, str, str], ...]
    household_id: int | None
    household: str
    brief: str
    """What sets it apart from others of its kind: the plan, and the serial of the gift."""
    undone: bool
    can_be_undone: bool


def register(app: Flask) -> None:
    """Add the page that takes back."""
    app.register_blueprint(pages)


@pages.post("/enrolment/undo")
@requires(*WRITERS)
def take_back() -> ResponseReturnValue:
    """Take back what was done in one go, where nothing has been done on top."""
    key = request.form.get("batch", "")[:36]
    account = current()
    try:
        with database().begin() as session:
            noted = session.execute(select(Change.action, Change.household_id).where(Change.batch == key)).all()
            if not noted or not {action for action, _ in noted} <= ENROLMENT_ACTS:
                abort(404)
            if not may_undo(session, key, account.role, account.village_id):
                abort(403)
            households = sorted({number for _, number in noted if number is not None})
            if len(households) <= MOST_SHOWN:
                for number in households:
                    household_of(session, number, hold=True, archived=True)
            by = Author(account.name, Source.UNDO, account.account_id)
            undo(session, key, by, clock(session), zone())
    except GroupsError as error:
        flash(words_of(error), "warning")
    else:
        flash(gettext("It was undone."), "success")
    return redirect(own_path(request.form.get("next")) or url_for("enrolment.index"), 303)


def history_of(session: Session, household_id: int) -> list[Deed]:
    """What was done to a household's enrolment, the latest first."""
    rows = session.scalars(
        select(Change)
        .where(
            Change.household_id == household_id,
            Change.table.in_(_TABLES) | (Change.action == "move_village") & (Change.table == "households"),
        )
        .order_by(Change.id.desc())
        .limit(MOST_SHOWN * 4)
    ).all()
    return _deeds(session, rows)[:MOST_SHOWN]


def done_today(session: Session, today: date) -> list[Deed]:
    """Who was signed up at the pages today, and not taken back; the latest first."""
    rows = session.scalars(
        select(Change)
        .where(Change.changed_on == today, Change.action == "enrol", Change.undone_by == "")
        .order_by(Change.id.desc())
        .limit(MOST_SHOWN * 2)
    ).all()
    return _deeds(session, rows)[:MOST_SHOWN]


def _deeds(session: Session, rows: Sequence[Change]) -> list[Deed]:
    heads = dict(
        session.execute(
            select(Household.id, Household.head).where(Household.id.in_({row.household_id for row in rows}))
        ).all()
    )
    villages = dict(session.execute(select(Village.id, Village.name)).all()) if rows else {}
    batches: dict[str, list[Change]] = {}
    for row in rows:
        batches.setdefault(row.batch, []).append(row)
    return [
        Deed(
            batch=key,
            changed_at=own[0].changed_at,
            changed_by=own[0].changed_by,
            what=deed_words(own[0].action),
            fields=tuple(_fields(own, villages)),
            household_id=own[0].household_id,
            household=heads.get(own[0].household_id or 0, ""),
            brief=_brief(own),
            undone=any(row.undone_by for row in own),
            can_be_undone=own[0].action in ENROLMENT_ACTS and not any(row.undone_by for row in own),
        )
        for key, own in batches.items()
    ]


def _brief(rows: Sequence[Change]) -> str:
    written = [row.after or {} for row in reversed(rows)]
    return " · ".join(str(row[name]) for row in written for name in ("plan", "serial") if name in row)


def deed_words(action: str) -> str:
    """What was done, as the history calls it."""
    words: dict[str, str] = {
        "enrol": gettext("Signed up"),
        "cancel": gettext("Cancelled"),
        "suspend": gettext("Suspended"),
        "resume": gettext("Resumed"),
        "change_plan": gettext("Another plan"),
        "change_billed": gettext("Another number"),
        "move_village": gettext("Moved to another village"),
        "correct": gettext("Corrected"),
        "give_device": gettext("Given"),
        "return_device": gettext("Returned"),
        "replace_device": gettext("Replaced"),
        "import_list": gettext("From the carrier's list"),
        "undo": gettext("Undone"),
    }
    return words.get(action) or gettext("Changed with the roster")


def _fields(rows: Sequence[Change], villages: Mapping[int, str]) -> list[tuple[str, str, str]]:
    """Field by field as it was and became, in the order it was done."""
    names: dict[str, str] = {
        "plan": gettext("Plan"),
        "number": gettext("Billed number"),
        "starts_on": gettext("From"),
        "ends_on": gettext("Until"),
        "end_reason": gettext("Why it ended"),
        "consent_by": gettext("Consent by"),
        "consent_on": gettext("Consent on"),
        "kind": gettext("Gift"),
        "serial": gettext("Serial"),
        "given_on": gettext("Given on"),
        "returned_on": gettext("Returned on"),
        "village_id": gettext("Village"),
    }
    told = []
    for row in reversed(rows):
        before, after = row.before or {}, row.after or {}
        for name, label in names.items():
            if name == "village_id" and row.table != "households":
                continue
            was, became = (_text(name, values.get(name), villages) for values in (before, after))
            if was != became:
                told.append((label, was, became))
    return told


def _text(name: str, value: Any, villages: Mapping[int, str]) -> str:
    if value is None:
        return ""
    if name == "village_id":
        return villages.get(value, "")
    if name == "number":
        return as_dialled(value)
    if name == "end_reason":
        return reason_words(EndReason(value))
    return kind_words(DeviceKind(value)) if name == "kind" else str(value)


def reason_words(reason: EndReason | None) -> str:
    """Why a subscription ended."""
    words: dict[EndReason, str] = {
        EndReason.CANCELLED: gettext("cancelled"),
        EndReason.SUSPENDED: gettext("suspended"),
        EndReason.MOVED: gettext("moved to another village"),
        EndReason.REPLACED: gettext("went on otherwise"),
        EndReason.ARCHIVED: gettext("left the roster"),
    }
    return words[reason] if reason is not None else ""


def kind_words(kind: DeviceKind) -> str:
    """What was given."""
    words: dict[DeviceKind, str] = {DeviceKind.KEY: gettext("#9 key"), DeviceKind.PHONE: gettext("dedicated phone")}
    return words[kind]


def channel_words(channel: Channel) -> str:
    """Where somebody signed up."""
    words: dict[Channel, str] = {
        Channel.OFFICE: gettext("village office"),
        Channel.SHOP: gettext("carrier's shop"),
        Channel.CARRIER: gettext("carrier's list"),
        Channel.ROSTER: gettext("moved along"),
    }
    return words[channel]
