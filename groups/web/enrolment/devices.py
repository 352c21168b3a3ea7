"""The ledger of gifts: keys and phones, whose, since when, back or not."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from config.services import get_database
from groups.enrolment.devices import LEDGER_PAGE, LedgerQuestion, count_ledger, list_ledger
from groups.enrolment.exports import export_ledger_xlsx
from groups.models.enrolment import DeviceKind
from groups.web.enrolment.common import (
    READERS,
    find_chosen_name,
    list_own_villages,
    read_chosen_village,
    read_today,
    send_workbook,
)
from groups.web.history.words import DEVICES
from groups.web.shell.access import require
from groups.web.shell.access_log import show_numbers

pages = Blueprint("enrolment_devices", __name__)

_STATES = {"out": True, "back": False}


@pages.get("/enrolment/devices")
@require(*READERS)
def show_devices() -> ResponseReturnValue:
    """A page of the ledger, filtered by the address."""
    page = max(request.args.get("page", 1, type=int), 1)
    with get_database().begin(reads=True) as session:
        question = _read_question(session)
        lines = list_ledger(session, question, page)
        counts = count_ledger(session, question)
        villages = list_own_villages(session, question.village_id)
    return render_template(
        "enrolment/devices.html",
        lines=lines,
        counts=counts,
        kinds=list(DeviceKind),
        kind_words=DEVICES.__getitem__,
        villages=villages,
        page=page,
        last=max(-(-sum(counts.values()) // LEDGER_PAGE), 1),
        asked=_read_asked(),
    )


@pages.get("/enrolment/devices.xlsx")
@require(*READERS)
def export() -> ResponseReturnValue:
    """The whole ledger as filtered."""
    with get_database().begin(reads=True) as session:
        lines, today = list_ledger(session, _read_question(session), size=None), read_today(session)
        of = find_chosen_name(session)
    show_numbers(len(lines))
    return send_workbook(export_ledger_xlsx(lines, today), f"{of}赠机台账{today}.xlsx", f"devices-{today}.xlsx")


def _read_asked() -> dict[str, str]:
    return {name: request.args.get(name, "")[:64] for name in ("village", "kind", "state", "q")}


def _read_question(session: Session) -> LedgerQuestion:
    asked = _read_asked()
    kind = DeviceKind(asked["kind"]) if asked["kind"] in set(DeviceKind) else None
    return LedgerQuestion(read_chosen_village(session), kind, _STATES.get(asked["state"]), asked["q"])
