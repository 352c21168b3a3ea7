"""Simulated nights of a group: how soon a second household would be coming, and what would help most."""

from __future__ import annotations

from math import inf

from flask import Blueprint, Flask, abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config.database import read_clock
from groups import directory
from groups.web.shell import slots
from groups.web.shell.access import READERS, get_own_village, require
from joint_defense.alarms.escalation.nights import Pace, read_duty, read_scene
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.nights import IN_TIME, Habits, Times, Way, play_nights

pages = Blueprint("nights", __name__)
ALARMS = 200
"""So many alarms of the group are played for its page: as many as take a fraction of a second."""
REMEDIES = {
    Way.BACKUP: _l("another back-up group"),
    Way.SHORTER: _l("every step after half its time"),
    Way.SECOND_PHONE: _l("a second phone for each household that has but one"),
}


def register(app: Flask) -> None:
    """Add the page, and a line to it on every group's page."""
    app.register_blueprint(pages)
    app.jinja_env.filters.update(night_seconds=write_seconds, night_share=write_share)
    slots.add_group_note(app, draw_note)


def draw_note(code: str, group_id: int) -> str:
    """On a group's page: the way to its nights. A browser with scripts puts them there at a tap."""
    return render_template("nights/note.html", code=code, group_id=group_id)


@pages.get("/villages/<code>/groups/<int:group_id>/nights")
@require(*READERS)
def show_group(code: str, group_id: int) -> ResponseReturnValue:
    """The nights of a group; to htmx the part that stands on the group's page."""
    runtime = get_runtime()
    with runtime.database.begin(reads=True) as session:
        village = get_own_village(session, code)
        names = dict(directory.list_groups(session, village.id))
        if group_id not in names:
            abort(404)
        now = read_clock(session)
        duty = read_duty(session, village.id, now, runtime.settings.zone)
        scene = read_scene(session, village.id, group_id, now, duty, _read_pace())
    # The same roster has the same nights, whoever looks.
    found = None if scene is None else play_nights(scene, ALARMS, group_id)
    return render_template(
        "nights/group.html",
        village=village,
        group_id=group_id,
        name=names[group_id],
        found=found,
        way=Way,
        remedies=REMEDIES,
        in_time=IN_TIME,
        habits=Habits(),
    )


def _read_pace() -> Pace:
    runtime = get_runtime()
    settings = runtime.settings
    return Pace(
        calls=sum(settings.calls_per_second),
        texts=sum(settings.sms_segments_per_second),
        redial_after=tuple(each.total_seconds() for each in runtime.redial_pauses),
        ring_timeout=settings.ring_timeout,
    )


def write_seconds(times: Times) -> str:
    """The median in words."""
    if times.median == inf:
        nobody: str = gettext("in most nights nobody")
        return nobody
    words: str = gettext("%(seconds)s seconds", seconds=round(times.median))
    return words


def write_share(share: float) -> str:
    """A share as a whole percentage."""
    return f"{share:.0%}"
