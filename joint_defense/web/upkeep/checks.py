"""A village's half-monthly check: one page to go through and sign off; how it stands in all villages of the town."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database, get_settings
from groups import directory
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, TOWN_WIDE, get_own_village, get_signed_in, keeps_rosters, require
from groups.web.shell.forms import Form, TextField
from joint_defense.models.upkeep import VillageCheck
from joint_defense.rules.errors import CheckRefused
from joint_defense.rules.tasks import TaskReason
from joint_defense.rules.village_checks import CheckState, Section, find_due_on, find_next_due
from joint_defense.upkeep import village_checks
from joint_defense.web.upkeep.numbers import REASONS, STAGES

pages = Blueprint("village_checks", __name__)
SHOWN = 20
"""So many lines of a section are shown at once; the others behind a tap."""
A_PAGE = 100
"""Villages on a page of the town's."""
SECTIONS = {
    Section.FAILING: _l("Numbers that fail"),
    Section.WITHOUT_NUMBER: _l("Households without a number that may be rung"),
    Section.UNPROVEN: _l("Numbers not proven in 30 days"),
    Section.SMALL_GROUPS: _l("Groups below eight households"),
    Section.UNGROUPED: _l("Signed up and in no group"),
    Section.SILENT_DEVICES: _l("Silent devices"),
    Section.TASKS: _l("Open tasks"),
}
HINTS = {
    Section.FAILING: _l("An alarm does not reach them. Open the household and write the right number."),
    Section.WITHOUT_NUMBER: _l("Open the household and write a number."),
    Section.UNPROVEN: _l("Nobody has answered there lately. Open the household and test the phone."),
    Section.SMALL_GROUPS: _l("Too few may come. Take in neighbours, or merge the group with the next one."),
    Section.UNGROUPED: _l("Their alarm rings nobody. Open the household and give it a group."),
    Section.SILENT_DEVICES: _l(
        "Not pressed for a test in 30 days, or tied to no line. See the device; the household's enrolment page "
        "ties it to a line."
    ),
    Section.TASKS: _l("They are closed by a new number, an answer, or your word that the number is right."),
}
STATES = {
    CheckState.SIGNED: _l("Signed off"),
    CheckState.DUE: _l("Due today"),
    CheckState.OVERDUE: _l("Overdue"),
    CheckState.NOT_YET: _l("Not due yet"),
}
DEVICES = {"key": _l("#9 key"), "phone": _l("dedicated phone")}


class SignForm(Form):
    """What was shown when the button was drawn."""

    mark = TextField(most=64)


def register(app: Flask) -> None:
    """Add the pages, a link on every village's home with a line there while a check waits, one for the whole town."""
    app.register_blueprint(pages)
    slots.add_link(app, "village_checks.show_village", _l("Half-monthly check"), "check", READERS)
    slots.add_town_link(app, "village_checks.show_town", _l("Half-monthly checks"), "check", TOWN_WIDE)
    slots.add_note(app, draw_note)


def draw_note(village_id: int, code: str) -> str:
    """On a village's home: that the check is due or overdue."""
    with get_database().begin(reads=True) as session:
        found = village_checks.read_now(session, village_id, _find_today(session))
    waits = found.state in {CheckState.DUE, CheckState.OVERDUE}
    return render_template("upkeep/check_note.html", check=found, code=code) if waits else ""


@pages.get("/villages/<code>/check")
@require(*READERS)
def show_village(code: str) -> ResponseReturnValue:
    """What stands open in a village, and how its check stands."""
    return _draw_page(code)


@pages.post("/villages/<code>/check")
@require(*KEEPERS)
def sign_off(code: str) -> ResponseReturnValue:
    """Put the sign-off on record."""
    mark = SignForm.sent().mark.data
    try:
        with get_database().begin() as session:
            village = get_own_village(session, code)
            by = get_signed_in().name
            village_checks.sign_off(session, village.id, by, mark, read_clock(session), get_settings().zone)
    except CheckRefused as error:
        return _draw_page(code, _say_why(error.why)), 409
    flash(gettext("The check is signed off."), "success")
    return redirect(url_for("village_checks.show_village", code=code), 303)


@pages.get("/villages/<code>/check/<day>")
@require(*READERS)
def show_signed(code: str, day: str) -> ResponseReturnValue:
    """A check as it was signed off: what stood open then."""
    try:
        due_on = date.fromisoformat(day)
    except ValueError:
        abort(404)
    with get_database().begin(reads=True) as session:
        village = get_own_village(session, code)
        check = village_checks.find_check(session, village.id, due_on)
        if check is None:
            abort(404)
        sections = _list_frozen(session, check)
    return render_template(
        "upkeep/check_signed.html", village=village, check=check, sections=sections, titles=SECTIONS, shown=SHOWN
    )


@pages.get("/checks")
@require(*TOWN_WIDE)
def show_town() -> ResponseReturnValue:
    """How the check stands in every village, those overdue first."""
    page = max(request.args.get("page", 1, type=int), 1)
    with get_database().begin(reads=True) as session:
        today = _find_today(session)
        found = village_checks.list_town(session, today)
    counts = {state: sum(check.state is state for _, check in found) for state in CheckState}
    return render_template(
        "upkeep/checks_town.html",
        due_on=find_due_on(today),
        lines=found[A_PAGE * (page - 1) : A_PAGE * page],
        counts=counts,
        states=STATES,
        page=page,
        last=max(-(-len(found) // A_PAGE), 1),
    )


def _draw_page(code: str, wrong: str = "") -> str:
    zone = get_settings().zone
    with get_database().begin(reads=True) as session:
        village = get_own_village(session, code)
        now = read_clock(session)
        today = now.astimezone(zone).date()
        points = village_checks.read_points(session, village.id, now, zone)
        check = village_checks.read_now(session, village.id, today)
        earlier = village_checks.list_checks(session, village.id, today)
    return render_template(
        "upkeep/check.html",
        village=village,
        points=points,
        check=check,
        earlier=earlier,
        next_due=find_next_due(check.line.due_on),
        titles=SECTIONS,
        hints=HINTS,
        devices=DEVICES,
        reasons=REASONS,
        stages=STAGES,
        count_days=lambda since: village_checks.count_days(since, now, zone),
        shown=SHOWN,
        may=keeps_rosters(),
        wrong=wrong,
    )


def _list_frozen(session: Session, check: VillageCheck) -> dict[Section, list[tuple[str, int | None]]]:
    """For each section what stood open: in words as people are called now, and of which household that is."""
    kept = {section: check.stood_open.get(section, []) for section in Section}
    households = {
        *(each[1] for section in (Section.FAILING, Section.UNPROVEN, Section.TASKS) for each in kept[section]),
        *(each for section in (Section.WITHOUT_NUMBER, Section.UNGROUPED) for each in kept[section]),
        *(each[3] for each in kept[Section.SILENT_DEVICES]),
    }
    names = directory.read_household_names(session, households)

    def name(household_id: int) -> str:
        words: str = gettext("a household whose data has been erased")
        return names.get(household_id, (words, words))[0]

    found: dict[Section, list[tuple[str, int | None]]] = {}
    for section, rows in kept.items():
        if section in {Section.FAILING, Section.UNPROVEN}:
            found[section] = [(name(household), household) for _, household in rows]
        elif section in {Section.WITHOUT_NUMBER, Section.UNGROUPED}:
            found[section] = [(name(household), household) for household in rows]
        elif section is Section.SMALL_GROUPS:
            found[section] = [(f"{group} · {write_households(many)}", None) for _, group, many in rows]
        elif section is Section.SILENT_DEVICES:
            found[section] = [
                (f"{DEVICES[kind]} {serial} · {name(household)}", household) for _, kind, serial, household in rows
            ]
        else:
            found[section] = [
                (f"{name(household)} · {REASONS[TaskReason(reason)]} · {_write_day(opened)}", household)
                for _, household, reason, opened in rows
            ]
    return found


def write_households(count: int) -> str:
    """So many households, in words."""
    words: str = gettext("%(count)s households", count=count)
    return words


def _write_day(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(get_settings().zone).date().isoformat()


def _find_today(session: Session) -> date:
    today: date = read_clock(session).astimezone(get_settings().zone).date()
    return today


def _say_why(why: str) -> str:
    words: dict[str, str] = {
        "changed": gettext("Something has changed since this page was shown. Please look at it again, then sign off."),
        "next_begun": gettext(
            "The next half-month has begun since this page was shown: the check that it showed can no longer be signed "
            "off. This is the new one."
        ),
        "signed": gettext("This check is signed off already."),
        "not_yet": gettext("No check of this village is due yet: its first one is the next."),
    }
    return words[why]
