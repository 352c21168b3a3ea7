"""The service itself: what is not well, who was told and sees to it, maintenance, a test; and what the month costs."""

from __future__ import annotations

import threading

from flask import Blueprint, Flask, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config.database import read_clock
from groups.web.shell import slots
from groups.web.shell.access import AccountRole, get_signed_in, require
from groups.web.shell.forms import Form, NoteField, WholeNumberField
from joint_defense.incidents import service_alerts
from joint_defense.processes import service_alerts as telling
from joint_defense.processes.budget import read_costs
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.states import IncidentKind
from joint_defense.rules.wording.service import name_alert
from joint_defense.web.words import is_in_chinese

pages = Blueprint("service", __name__)
KEEPERS_OF_IT = frozenset({AccountRole.OPERATOR, AccountRole.ADMIN})
HOURS = (1, 2, 4, 8, 24, 72)
KINDS = {
    IncidentKind.ALARM: _l("Calls for help"),
    IncidentKind.WORDLESS: _l("Calls without a word"),
    IncidentKind.DRILL: _l("Drills and tests"),
    IncidentKind.TASK: _l("Numbers to mend, and the service itself"),
    IncidentKind.GREETING: _l("Good mornings"),
}


class QuietForm(Form):
    """For how many hours, and why."""

    hours = WholeNumberField()
    reason = NoteField(describe_flaw=lambda _: "")


def register(app: Flask) -> None:
    """Add the page, and a link to it beside the list of villages."""
    app.register_blueprint(pages)
    slots.add_town_link(app, "service.show", _l("The service itself"), "warning", KEEPERS_OF_IT)


@pages.get("/service")
@require(*KEEPERS_OF_IT)
def show() -> ResponseReturnValue:
    """All of it."""
    return _draw_page(QuietForm.empty(), {})


@pages.post("/service/alerts/<int:alert_id>/take-on")
@require(*KEEPERS_OF_IT)
def take_on(alert_id: int) -> ResponseReturnValue:
    """See to it: nobody else is told."""
    with get_runtime().database.begin() as session:
        now = read_clock(session)
        taken = service_alerts.take_on_by_id(session, alert_id, get_signed_in().name, now)
    if taken:
        flash(gettext("Noted: you see to it. Nobody else is told."), "success")
    else:
        flash(gettext("Somebody sees to it already, or it is over."), "warning")
    return redirect(url_for("service.show"), 303)


@pages.post("/service/quiet")
@require(*KEEPERS_OF_IT)
def keep_quiet() -> ResponseReturnValue:
    """Maintenance from now on."""
    form = QuietForm.sent()
    wrong = {}
    if form.hours.data not in HOURS:
        wrong["hours"] = gettext("Choose for how long.")
    if not form.reason.data.strip():
        wrong["reason"] = gettext("Write why.")
    elif len(form.reason.data) > service_alerts.LONGEST_REASON:
        wrong["reason"] = gettext("At most %(count)s characters.", count=service_alerts.LONGEST_REASON)
    if wrong:
        return _draw_page(form, wrong), 422
    with get_runtime().database.begin() as session:
        now = read_clock(session)
        service_alerts.keep_quiet(session, form.hours.data or 0, form.reason.data, get_signed_in().name, now)
    flash(
        gettext("Maintenance has begun. Of a call for help that nobody comes to somebody is told all the same."),
        "success",
    )
    return redirect(url_for("service.show"), 303)


@pages.post("/service/quiet/end")
@require(*KEEPERS_OF_IT)
def end_quiet() -> ResponseReturnValue:
    """No maintenance any more."""
    with get_runtime().database.begin() as session:
        service_alerts.keep_quiet(session, 0, "", get_signed_in().name, read_clock(session))
    flash(gettext("Maintenance is over."), "success")
    return redirect(url_for("service.show"), 303)


@pages.post("/service/test")
@require(*KEEPERS_OF_IT)
def send_test() -> ResponseReturnValue:
    """Tell the first on duty, as a test."""
    runtime = get_runtime()
    with runtime.database.begin() as session:
        letters = telling.tell_a_test(session, runtime.settings, read_clock(session))
    for letter in letters:
        threading.Thread(
            target=telling.send_letter, args=(runtime.settings, letter), name="service-alert", daemon=True
        ).start()
    if names := dict.fromkeys(letter.person.name for letter in letters):
        flash(gettext("Told for a test: %(names)s", names=gettext(", ").join(names)), "success")
    else:
        flash(gettext("Nobody was told: maintenance goes on, or nobody is named."), "warning")
    return redirect(url_for("service.show"), 303)


def _draw_page(form: QuietForm, wrong: dict[str, str]) -> str:
    runtime = get_runtime()
    settings = runtime.settings
    language = "zh" if is_in_chinese() else "en"
    with runtime.database.begin(reads=True) as session:
        now = read_clock(session)
        listed = service_alerts.list_open(session)
        past = service_alerts.list_past(session)
        quiet = service_alerts.find_quiet(session, now)
        has_prices = settings.call_price is not None and settings.text_price is not None
        month = now.astimezone(settings.zone).date().replace(day=1)
        costs = read_costs(session, settings, month, now) if has_prices else None
    return render_template(
        "upkeep/service.html",
        listed=[(each, name_alert(each.kind, each.detail, language)) for each in listed],
        past=[(each, name_alert(each.kind, each.detail, language)) for each in past],
        people=settings.alert_people,
        quiet=quiet,
        costs=costs,
        kinds=KINDS,
        budget=settings.monthly_budget,
        form=form,
        wrong=wrong,
        hours=HOURS,
    )
