"""Mutes: a number whose alarms are stopped for a time. Operators mute and unmute; every mute is on record."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database
from groups.web.shell.access import AccountRole, get_signed_in, require
from groups.web.shell.forms import Form, NoteField, TextField, WholeNumberField
from joint_defense.alarms import held_alarms
from joint_defense.processes.runtime import RUNTIME
from joint_defense.rules.errors import InvalidMute

pages = Blueprint("mutes", __name__)


class MuteForm(Form):
    """The number, for how many hours, and why; what is wrong with the reason the use case says."""

    number = TextField(most=40)
    hours = WholeNumberField()
    reason = NoteField(describe_flaw=lambda _: "")


MUTERS = frozenset({AccountRole.OPERATOR, AccountRole.ADMIN})


@pages.get("/mutes")
@require(*MUTERS)
def show_mutes() -> ResponseReturnValue:
    """All mutes that are in force or ended lately, and the form for another."""
    return _draw_page(MuteForm.empty(), {})


@pages.post("/mutes")
@require(*MUTERS)
def mute() -> ResponseReturnValue:
    """Mute a number."""
    form = MuteForm.sent()
    number, hours = RUNTIME.of().read_number(form.number.data), form.hours.data or 0
    try:
        with get_database().begin() as session:
            held_alarms.mute(session, number, hours, form.reason.data, get_signed_in().name, read_clock(session))
    except InvalidMute as error:
        return _draw_page(form, {_FIELDS[error.why]: _draw_wrong(error.why)}), 422
    flash(gettext("The number is muted. Its other phones and what is open go on."), "success")
    return redirect(url_for("mutes.show_mutes"), 303)


@pages.post("/mutes/<int:mute_id>/lift")
@require(*MUTERS)
def lift(mute_id: int) -> ResponseReturnValue:
    """Undo a mute."""
    with get_database().begin() as session:
        lifted = held_alarms.lift(session, mute_id, get_signed_in().name, read_clock(session))
    if lifted:
        flash(gettext("The number is no longer muted."), "success")
    else:
        flash(gettext("That mute is over already."), "warning")
    return redirect(url_for("mutes.show_mutes"), 303)


_FIELDS = {"reason_missing": "reason", "reason_long": "reason", "hours": "hours", "not_on_roster": "number"}


def _draw_wrong(why: str) -> str:
    words: dict[str, str] = {
        "reason_missing": gettext("Write why."),
        "reason_long": gettext("At most %(count)s characters.", count=held_alarms.LONGEST_REASON),
        "hours": gettext("Choose for how long."),
        "not_on_roster": gettext("No household has this number."),
    }
    return words[why]


def _draw_page(form: MuteForm, wrong: dict[str, str]) -> str:
    with get_database().begin() as session:
        now = read_clock(session)
        listed = held_alarms.list_mutes(session, now)
    return render_template("board/mutes.html", listed=listed, now=now, form=form, wrong=wrong, hours=held_alarms.HOURS)
