"""What people do about an incident: ring again, add a note, close it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from wtforms import ValidationError

from config.database import read_clock
from groups.web.shell.access import get_signed_in, require
from groups.web.shell.forms import Form, IdField, NoteField, TextField
from joint_defense.alarms import closing as alarms_closing
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules.errors import IncidentClosed
from joint_defense.rules.parties import Party
from joint_defense.rules.states import BY_PEOPLE, ClosingOutcome
from joint_defense.web.access import WATCHERS, check_own, read_own_board


def _describe_flaw(text: str) -> str:
    if text and len(text) <= alarms_closing.LONGEST_NOTE:
        return ""
    words: str = (
        gettext("At most %(count)s characters.", count=alarms_closing.LONGEST_NOTE)
        if text
        else gettext("Write the note.")
    )
    return words


class RingForm(Form):
    """Whom to ring once more; neither field: everybody who is not coming yet."""

    household = IdField()
    responder = IdField()

    def find_party(self) -> Party | None:
        """Whom the form names. What is no id is 404: it must not ring everybody."""
        for field in (self.household, self.responder):
            if field.data is None and any(field.raw_data):
                abort(404)
        party = Party(self.household.data, self.responder.data)
        return None if party == Party(None, None) else party


class NoteForm(Form):
    """A line for the timeline."""

    text = NoteField(describe_flaw=_describe_flaw)


class ClosingForm(Form):
    """How the incident ended, and a note, which may be empty."""

    outcome = TextField(most=32)
    note = NoteField(describe_flaw=lambda text: _describe_flaw(text) if text else "")

    def validate_outcome(self, field: TextField) -> None:
        """One of those that people may choose."""
        if field.data not in BY_PEOPLE:
            raise ValidationError(gettext("Choose how it ended."))


pages = Blueprint("actions", __name__)


@pages.post("/incidents/<int:incident_id>/ring-again")
@require(*WATCHERS)
def ring_again(incident_id: int) -> ResponseReturnValue:
    """Ring one household's phones once more, or those of all that are not coming yet."""
    party = RingForm.sent().find_party()
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
    return _draw_form("board/incident_note.html", incident_id, NoteForm.empty())


@pages.post("/incidents/<int:incident_id>/note")
@require(*WATCHERS)
def add_note(incident_id: int) -> ResponseReturnValue:
    """Put a note on the timeline."""
    form = NoteForm.sent()
    if not form.validate():
        return _draw_form("board/incident_note.html", incident_id, form), 422
    with get_runtime().database.begin() as session:
        check_own(session, incident_id)
        alarms_closing.add_note(session, incident_id, form.text.data, get_signed_in().name, read_clock(session))
    flash(gettext("The note is on the timeline."), "success")
    return _go_back(incident_id)


@pages.get("/incidents/<int:incident_id>/close")
@require(*WATCHERS)
def show_closing(incident_id: int) -> ResponseReturnValue:
    """The form that closes an incident."""
    return _draw_form("board/incident_close.html", incident_id, ClosingForm.empty())


@pages.post("/incidents/<int:incident_id>/close")
@require(*WATCHERS)
def close(incident_id: int) -> ResponseReturnValue:
    """Close the incident and give the all-clear."""
    form = ClosingForm.sent()
    if not form.validate():
        return _draw_form("board/incident_close.html", incident_id, form), 422
    outcome, note = ClosingOutcome(form.outcome.data), form.note.data
    with get_runtime().database.begin() as session:
        check_own(session, incident_id)
        closed = alarms_closing.close(session, incident_id, outcome, note, get_signed_in().name, read_clock(session))
    if closed:
        _wake(incident_id)
        flash(gettext("The incident is closed. Everybody who was called is told."), "success")
    else:
        flash(gettext("Somebody else closed it first; what they entered stands."), "warning")
    return _go_back(incident_id)


def _draw_form(template: str, incident_id: int, form: Form) -> str:
    with get_runtime().database.begin() as session:
        now = read_clock(session)
        board = read_own_board(session, incident_id)
    return render_template(template, board=board, moving=board.is_open, now=now, form=form, wrong=form.wrong)


def _go_back(incident_id: int) -> ResponseReturnValue:
    return redirect(url_for("board.show", incident_id=incident_id), 303)


def _wake(incident_id: int) -> None:
    """After the commit: there is something to send."""
    WAKER.of().wake(incident_id)
