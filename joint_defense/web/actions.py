"""What people do about an incident: ring again, add a note, close it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from config.database import read_clock
from groups.web.shell.access import get_signed_in, require
from joint_defense.alarms import closing as alarms_closing
from joint_defense.errors import IncidentClosed
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.wake import WAKER
from joint_defense.rules.parties import Party
from joint_defense.rules.states import BY_PEOPLE, ClosingOutcome
from joint_defense.web.access import WATCHERS, check_own, read_own_board

pages = Blueprint("actions", __name__)


@pages.post("/incidents/<int:incident_id>/ring-again")
@require(*WATCHERS)
def ring_again(incident_id: int) -> ResponseReturnValue:
    """Ring one household's phones once more, or those of all that are not coming yet."""
    household_id, responder_id = (request.form.get(name, type=int) for name in ("household", "responder"))
    party = None if household_id is None and responder_id is None else Party(household_id, responder_id)
    try:
        with get_runtime().database.begin() as session:
            check_own(session, incident_id)
            rung = alarms_closing.ring_again(session, incident_id, party, get_signed_in().name, read_clock(session))
    except IncidentClosed:
        flash(gettext("The incident is closed: nobody is rung any more."), "warning")
    else:
        _wake(incident_id)
        if rung.phones:
            words = ngettext("One phone is being rung again.", "%(num)d phones are being rung again.", rung.phones)
            flash(words, "success")
        if rung.busy:
            flash(
                ngettext(
                    "One phone is ringing or in a call already and is left alone.",
                    "%(num)d phones are ringing or in a call already and are left alone.",
                    rung.busy,
                ),
                "info",
            )
        if not rung.phones and not rung.busy:
            flash(gettext("There is no phone to ring."), "warning")
    return _go_back(incident_id)


@pages.get("/incidents/<int:incident_id>/note")
@require(*WATCHERS)
def show_note(incident_id: int) -> ResponseReturnValue:
    """The form for a note, below what is happening meanwhile."""
    return _draw_form("board/incident_note.html", incident_id)


@pages.post("/incidents/<int:incident_id>/note")
@require(*WATCHERS)
def add_note(incident_id: int) -> ResponseReturnValue:
    """Put a note on the timeline."""
    text = read_typed("text")
    if not text or len(text) > alarms_closing.LONGEST_NOTE:
        return _draw_form(
            "board/incident_note.html", incident_id, wrong={"text": _explain_length(text)}, text=text
        ), 422
    with get_runtime().database.begin() as session:
        check_own(session, incident_id)
        alarms_closing.add_note(session, incident_id, text, get_signed_in().name, read_clock(session))
    flash(gettext("The note is on the timeline."), "success")
    return _go_back(incident_id)


@pages.get("/incidents/<int:incident_id>/close")
@require(*WATCHERS)
def show_closing(incident_id: int) -> ResponseReturnValue:
    """The form that closes an incident."""
    return _draw_form("board/incident_close.html", incident_id)


@pages.post("/incidents/<int:incident_id>/close")
@require(*WATCHERS)
def close(incident_id: int) -> ResponseReturnValue:
    """Close the incident and give the all-clear."""
    text, chosen = read_typed("note"), request.form.get("outcome", "")
    wrong = {}
    if chosen not in BY_PEOPLE:
        wrong["outcome"] = gettext("Choose how it ended.")
    if len(text) > alarms_closing.LONGEST_NOTE:
        wrong["note"] = _explain_length(text)
    if wrong:
        return _draw_form("board/incident_close.html", incident_id, wrong=wrong, text=text, chosen=chosen), 422
    with get_runtime().database.begin() as session:
        check_own(session, incident_id)
        closed = alarms_closing.close(
            session, incident_id, ClosingOutcome(chosen), text, get_signed_in().name, read_clock(session)
        )
    if closed:
        _wake(incident_id)
        flash(gettext("The incident is closed. Everybody who was called is told."), "success")
    else:
        flash(gettext("Somebody else closed it first; what they entered stands."), "warning")
    return _go_back(incident_id)


def _draw_form(
    template: str, incident_id: int, *, wrong: dict[str, str] | None = None, text: str = "", chosen: str = ""
) -> str:
    with get_runtime().database.begin() as session:
        now = read_clock(session)
        board = read_own_board(session, incident_id)
    return render_template(
        template, board=board, moving=board.is_open, now=now, wrong=wrong or {}, text=text, chosen=chosen
    )


def read_typed(name: str) -> str:
    """What somebody typed, without the signs that no database and no export takes."""
    typed = request.form.get(name, "").replace("\r\n", "\n")
    return "".join(sign for sign in typed if sign == "\n" or sign.isprintable()).strip()


def _explain_length(text: str) -> str:
    words: str = (
        gettext("At most %(count)s characters.", count=alarms_closing.LONGEST_NOTE)
        if text
        else gettext("Write the note.")
    )
    return words


def _go_back(incident_id: int) -> ResponseReturnValue:
    return redirect(url_for("board.show", incident_id=incident_id), 303)


def _wake(incident_id: int) -> None:
    """After the commit: there is something to send."""
    WAKER.of().wake(incident_id)
