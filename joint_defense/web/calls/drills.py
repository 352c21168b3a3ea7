"""Drills: start one of a village or a group, watch who answers, stop it. A head has those of the own village."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config.database import read_clock
from groups import directory
from groups.web.shell import slots
from groups.web.shell.access import get_own_village, get_signed_in, require
from groups.web.shell.forms import Form, MarkField, TextField
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules.errors import DrillRefused
from joint_defense.upkeep import drills, own_test, results, rolling_tests, village_hours
from joint_defense.upkeep.drills import Hours, Scope
from joint_defense.web.access import WATCHERS

pages = Blueprint("drills", __name__)
REFRESH = 3
"""Seconds after which the page of a drill that is under way is loaded anew."""


class StartForm(Form):
    """Which household, by its door, or which group; both empty: all of the village, one group after the other."""

    group = TextField(most=64)
    door = TextField(most=64)
    """Of one household alone."""
    whole = MarkField()
    """All of the village, for sure."""


def register(app: Flask) -> None:
    """Add the pages, and a link on every village's home."""
    app.register_blueprint(pages)
    slots.add_link(app, "drills.show_village", _l("Drills"), "phone", WATCHERS)
    slots.add_phone_button(app, "drills.ring_phone", _l("Test this phone"), "phone", WATCHERS)


@pages.get("/villages/<code>/drills")
@require(*WATCHERS)
def show_village(code: str) -> ResponseReturnValue:
    """The village's newest drills, and the form for another."""
    return _show_village_page(code)


@pages.post("/villages/<code>/drills")
@require(*WATCHERS)
def start_drill(code: str) -> ResponseReturnValue:
    """Start a drill."""
    settings = get_runtime().settings
    form = StartForm.sent()
    door, group = form.door.data, "" if form.door.data else form.group.data
    if not (group or door) and not form.whole.data:
        return _show_village_page(code, asks=True), 422
    try:
        with get_runtime().database.begin() as session:
            village = get_own_village(session, code)
            scope = Scope(village.id, village.name, group=group, door=door)
            hours = Hours(settings.drill_spans, settings.zone, spent=get_runtime().budget.is_spent())
            started = drills.start_drills(session, scope, get_signed_in().name, read_clock(session), hours)
    except DrillRefused as error:
        return _show_village_page(code, _say_why(error.why), group, door=door), 422
    for incident_id in started:
        WAKER.of().wake(incident_id)
    if len(started) == 1:
        return redirect(url_for("drills.show_drill", drill_id=started[0]), 303)
    flash(gettext("The drill has begun, group by group."), "success")
    return redirect(url_for("drills.show_village", code=code), 303)


@pages.post("/villages/<code>/phones/<int:phone_id>/test")
@require(*WATCHERS)
def ring_phone(code: str, phone_id: int) -> ResponseReturnValue:
    """Ring one phone: it hears whose we think it is, and a key proves it."""
    settings = get_runtime().settings
    try:
        with get_runtime().database.begin() as session:
            village = get_own_village(session, code)
            hours = Hours(settings.drill_spans, settings.zone, spent=get_runtime().budget.is_spent())
            now = read_clock(session)
            started = own_test.start_test(session, village.id, phone_id, get_signed_in().name, now, hours)
    except DrillRefused as error:
        return _show_village_page(code, _say_why_no_test(error.why)), 422
    WAKER.of().wake(started)
    return redirect(url_for("drills.show_drill", drill_id=started), 303)


@pages.get("/drills/<int:drill_id>")
@require(*WATCHERS)
def show_drill(drill_id: int) -> ResponseReturnValue:
    """One drill: who has answered, how fast, and who has not."""
    with get_runtime().database.begin(reads=True) as session:
        found = results.read_drill(session, drill_id, get_signed_in().village_id)
        if found is None:
            abort(404)
        code = directory.find_village_code(session, found.line.village_id)
    return render_template("drills/drill.html", drill=found, code=code, refresh=REFRESH)


@pages.post("/drills/<int:drill_id>/stop")
@require(*WATCHERS)
def stop_drill(drill_id: int) -> ResponseReturnValue:
    """End a drill: what has not been picked up does not ring any more."""
    with get_runtime().database.begin() as session:
        if results.read_drill(session, drill_id, get_signed_in().village_id) is None:
            abort(404)
        stopped = drills.stop_drill(session, drill_id, get_signed_in().name, read_clock(session))
    if stopped:
        WAKER.of().wake(drill_id)
        flash(gettext("The drill is over."), "success")
    else:
        flash(gettext("The drill was over already."), "warning")
    return redirect(url_for("drills.show_drill", drill_id=drill_id), 303)


def _show_village_page(code: str, wrong: str = "", group: str = "", *, door: str = "", asks: bool = False) -> str:
    with get_runtime().database.begin(reads=True) as session:
        village = get_own_village(session, code)
        listed = results.list_drills(session, village.id)
        groups = [name for _, name in directory.list_groups(session, village.id)]
        zone = get_runtime().settings.zone
        forecast = rolling_tests.read_forecast(session, village.id, read_clock(session), zone)
        own_hours = village_hours.read_upkeep(session, village.id).written
        return render_template(
            "drills/village.html",
            village=village,
            listed=listed,
            groups=groups,
            wrong=wrong,
            asks=asks,
            group=group,
            door=door,
            forecast=forecast,
            price=get_runtime().settings.call_price,
            cost=forecast.count_cost(get_runtime().settings.call_price),
            own_hours=own_hours,
            hours=get_runtime().settings.drill_hours,
        )


def _say_why_no_test(why: str) -> str:
    words: dict[str, str] = {
        "unknown_phone": gettext("This phone is not on the village's roster any more."),
        "drill_open": gettext("This phone is being rung for a drill or test already."),
        "nobody": gettext("This phone may be neither called nor texted, or its household is away."),
    }
    return words.get(why) or _say_why(why)


def _say_why(why: str) -> str:
    words: dict[str, str] = {
        "budget": gettext("The month's budget for calls is spent: no drills and tests before the next one."),
        "hours": gettext("Drills ring in the hours %(hours)s only.", hours=get_runtime().settings.drill_hours),
        "unknown_door": gettext("No household of the village has this door."),
        "unknown_group": gettext("The village has no such group."),
        "alarm_open": gettext("Somebody calls for help in this village: no drill beside it."),
        "drill_open": gettext("A drill of this village is under way: stop it, or wait for its end."),
        "nobody": gettext("Nobody who is at home there has a phone that may be rung."),
    }
    return words[why]
