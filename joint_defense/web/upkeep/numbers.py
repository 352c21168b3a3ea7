"""A village's numbers that are to be mended, and the hours in which they are looked after by themselves."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config.database import read_clock
from config.services import get_database
from groups import directory
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, get_own_village, get_signed_in, keeps_rosters, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.forms import Form, MarkField, TextField
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.hours import read_spans
from joint_defense.rules.tasks import TaskReason, TaskStage
from joint_defense.upkeep import device_tests, tasks, village_hours

pages = Blueprint("upkeep", __name__)

REASONS = {
    TaskReason.REFUSED: _l("The carrier refuses this number for good."),
    TaskReason.FAILED: _l("Two calls in a row could not be put through."),
    TaskReason.NOT_THEIRS: _l("Whoever answered a test says that it is another household's."),
    TaskReason.UNANSWERED: _l("Nobody answered two tests in a row."),
    TaskReason.SILENT_DEVICE: _l("Its #9 key or dedicated phone was not pressed, though asked for twice."),
}
STAGES = {
    TaskStage.NEW: _l("Nobody has been asked yet"),
    TaskStage.HOUSEHOLD: _l("The household's other phone was asked by text"),
    TaskStage.LEADER: _l("The group's leader was asked by text"),
    TaskStage.HEAD: _l("Waits for the village's head"),
}


NOT_ASKED = {
    "unknown_device": _l("No such device is with a household of the village, or it is tied to no line."),
    "hours": _l("A test press is asked for in the village's hours alone, and one hour before they end at the latest."),
    "alarm_open": _l("Somebody calls for help in this village: no device is tested beside it."),
    "nobody": _l("The household takes neither a text nor a call on this line."),
}


class BackForm(Form):
    """From which page somebody asks."""

    back = TextField(most=8)


class HoursForm(Form):
    """The hours, as 9-11,15-19; or that nothing goes by itself."""

    hours = TextField(most=64)
    off = MarkField()


def register(app: Flask) -> None:
    """Add the pages, with a link on every village's home and a line there while something is to be mended."""
    app.register_blueprint(pages)
    slots.add_link(app, "upkeep.show_village", _l("Numbers to mend"), "phone", READERS)
    slots.add_note(app, draw_note)


def draw_note(village_id: int, code: str) -> str:
    """On a village's home: how many numbers and devices are to be mended, and how many wait for the head."""
    with get_database().begin(reads=True) as session:
        count = tasks.count_open(session, village_id)
    return render_template("upkeep/note.html", count=count, code=code) if count.numbers or count.devices else ""


@pages.get("/villages/<code>/numbers")
@require(*READERS)
def show_village(code: str) -> ResponseReturnValue:
    """The numbers of a village that are to be mended, and its hours."""
    return _draw_page(code)


@pages.post("/villages/<code>/numbers/hours")
@require(*KEEPERS)
def save_hours(code: str) -> ResponseReturnValue:
    """Set the village's hours."""
    form = HoursForm.sent()
    spans = None if form.off.data else read_spans(form.hours.data)
    if spans is None and not form.off.data:
        return _draw_page(code, wrong=gettext("Please write hours like 9-11,15-19."), hours=form.hours.data), 422
    with get_database().begin() as session:
        village = get_own_village(session, code)
        changed = village_hours.set_upkeep(session, village.id, spans, get_signed_in().name, read_clock(session))
    flash(gettext("Saved.") if changed else gettext("Nothing was changed."), "success")
    return redirect(url_for("upkeep.show_village", code=code), 303)


@pages.post("/villages/<code>/numbers/<int:task_id>/keep")
@require(*KEEPERS)
def keep_number(code: str, task_id: int) -> ResponseReturnValue:
    """Somebody says that the number is right."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
        kept = tasks.keep_number(session, task_id, village.id, get_signed_in().name, read_clock(session))
    if kept:
        flash(gettext("It stays as it is, and is left alone for 30 days."), "success")
    else:
        flash(gettext("This is settled already."), "warning")
    return redirect(url_for("upkeep.show_village", code=code), 303)


@pages.post("/villages/<code>/devices/<int:device_id>/ask")
@require(*KEEPERS)
def ask_for_press(code: str, device_id: int) -> ResponseReturnValue:
    """Ask a device's household for the test press now."""
    try:
        with get_database().begin() as session:
            village = get_own_village(session, code)
            zone = get_runtime().settings.zone
            asked = device_tests.ask_now(session, device_id, village.id, read_clock(session), zone)
    except DrillRefused as error:
        return _draw_page(code, refused=str(NOT_ASKED[error.why])), 422
    for incident_id in asked:
        WAKER.of().wake(incident_id)
    flash(gettext("The household is asked to press it once today."), "success")
    page = "village_checks.show_village" if BackForm.sent().back.data == "check" else "upkeep.show_village"
    return redirect(url_for(page, code=code), 303)


def _draw_page(code: str, wrong: str = "", hours: str = "", refused: str = "") -> str:
    with get_database().begin(reads=True) as session:
        village = get_own_village(session, code)
        out, pressed = directory.count_devices(session, village.id, read_clock(session) - directory.PRESSED_FOR)
        found = tasks.list_open(session, village.id)
        own = village_hours.read_upkeep(session, village.id)
    show_numbers(len(found))
    return render_template(
        "upkeep/village.html",
        village=village,
        found=found,
        upkeep=own,
        wrong=wrong,
        refused=refused,
        devices=out,
        devices_pressed=pressed,
        hours=hours or own.written or "9-11,15-19",
        reasons=REASONS,
        stages=STAGES,
        may=keeps_rosters(),
    )
