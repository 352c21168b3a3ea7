"""The ledger of gifts: keys and phones, whose, since when, back or not."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from config.services import database
from groups.enrolment.devices import LEDGER_PAGE, LedgerQuestion, ledger, ledger_counts
from groups.enrolment.exports import ledger_xlsx
from groups.models.enrolment import DeviceKind
from groups.web.enrolment.common import READERS, chosen_village, own_villages, today_of, workbook
from groups.web.history.words import DEVICES
from groups.web.shell.access import requires
from groups.web.shell.looks import show_numbers

pages = Blueprint("enrolment_devices", __name__)

_STATES = {"out": True, "back": False}


@pages.get("/enrolment/devices")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """A page of the ledger, filtered by the address."""
    page = max(request.args.get("page", 1, type=int), 1)
    with database().begin(reads=True) as session:
        question = _question(session)
        lines = ledger(session, question, page)
        counts = ledger_counts(session, question)
        villages = own_villages(session, question.village_id)
    return render_template(
        "enrolment/devices.html",
        lines=lines,
        counts=counts,
        kinds=list(DeviceKind),
        kind_words=DEVICES.__getitem__,
        villages=villages,
        page=page,
        last=max(-(-sum(counts.values()) // LEDGER_PAGE), 1),
        asked=_asked(),
    )


@pages.get("/enrolment/devices.xlsx")
@requires(*READERS)
def export() -> ResponseReturnValue:
    """The whole ledger as filtered."""
    with database().begin(reads=True) as session:
        lines, today = ledger(session, _question(session), size=None), today_of(session)
    show_numbers(len(lines))
    return workbook(ledger_xlsx(lines, today), f"赠机台账-{today.isoformat()}.xlsx")


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "")[:64] for name in ("village", "kind", "state", "q")}


def _question(session: Session) -> LedgerQuestion:
    asked = _asked()
    kind = DeviceKind(asked["kind"]) if asked["kind"] in set(DeviceKind) else None
    return LedgerQuestion(chosen_village(session), kind, _STATES.get(asked["state"]), asked["q"])
