"""Good mornings of a village: whoever enrols somebody sees those they enrolled, an administrator all, others none."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Flask, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups import directory
from groups.directory import people
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, AccountRole, get_own_village, get_signed_in, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.forms import Form, MarkField, TextField
from joint_defense.models.greetings import Greeting
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.errors import GreetingRefused
from joint_defense.rules.states import Channel
from joint_defense.rules.upkeep.greetings import GreetingOutcome, GreetingStep, WrongDay, read_pause_day, write_minute
from joint_defense.rules.wording.greetings import CONSENT, WORDS_VERSION
from joint_defense.upkeep.greetings import greeting_days, wishes
from joint_defense.upkeep.greetings.wishes import EnrolledBy, Wish
from joint_defense.web.words import is_in_chinese

pages = Blueprint("greetings", __name__)

WRONG = {
    "already": _l("this household is greeted every day already"),
    "contact_asked": _l("the contact is being asked just now: change this once today's question is settled"),
    "contact_broken": _l("this is no number that can be called"),
    "contact_missing": _l("write the contact's number, or leave the name out"),
    "contact_not_asked": _l("ask the contact first, and tick that they agree"),
    "contact_opted_out": _l("this phone takes neither calls nor texts"),
    "contact_own": _l("this is the household's own phone: name somebody else"),
    "contact_unnamed": _l("write who the contact is"),
    "hour": _l("choose a time between 5:00 and 20:00, like 7:30"),
    "link": _l("It has an address of the web (a link): nobody is sent one in a name or a place."),
    "no_calls": _l("the roster says that this phone takes no calls"),
    "no_consent": _l("write who agreed: nobody is called every day without their consent"),
    "no_texts": _l("the roster says that this phone takes no texts"),
    "opted_out": _l("this household wishes neither calls nor texts"),
    "pause_long": _l("a pause lasts three months at most"),
    "pause_past": _l("this day has gone by: choose a day to come"),
    "pause_unread": _l("this is no day: write it like 2026-12-05"),
    "phone_gone": _l("this phone is not on the village's roster"),
    "stopped": _l("this phone has refused texts (STOP): choose a call"),
}
OUTCOMES = {
    GreetingOutcome.WELL: _l("well"),
    GreetingOutcome.SEEN: _l("seen by somebody, well"),
    GreetingOutcome.HELP: _l("called for help"),
    GreetingOutcome.AWAY: _l("going away"),
    GreetingOutcome.ALARM: _l("no answer: an alarm was raised"),
    GreetingOutcome.UNASKED: _l("could not be asked"),
    GreetingOutcome.UNANSWERED: _l("no answer"),
    GreetingOutcome.ENDED: _l("ended"),
}
STEPS = {
    GreetingStep.FIRST: _l("asked once, no answer yet"),
    GreetingStep.SECOND: _l("asked twice, no answer yet"),
    GreetingStep.THIRD: _l("asked three times, no answer yet"),
    GreetingStep.CONTACT: _l("no answer: the contact is asked"),
    GreetingStep.NEIGHBOURS: _l("no answer: leader and neighbours were asked to look in"),
    GreetingStep.ALARM: _l("no answer: no alarm could be raised"),
}


class WishForm(Form):
    """What somebody wishes: the phone, the time, whom to ask next, and who agreed."""

    phone = TextField(most=40)
    at = TextField(most=16)
    channel = TextField(most=8)
    contact_name = TextField(most=40)
    contact_number = TextField(most=40)
    contact_agreed = MarkField()
    alarms = MarkField()
    consent_by = TextField(most=64)


class ChangeForm(Form):
    """What is to hold from now on: the time, how, whom to ask next, and whether at last an alarm is raised."""

    at = TextField(most=16)
    channel = TextField(most=8)
    contact_name = TextField(most=40)
    contact_number = TextField(most=40)
    contact_agreed = MarkField()
    alarms = MarkField()


class PauseForm(Form):
    """The day on which they are asked again."""

    until = TextField(most=24)


def register(app: Flask) -> None:
    """Add the pages, and a link on every village's home for those who may enrol."""
    app.register_blueprint(pages)
    slots.add_link(app, "greetings.show_village", _l("Good mornings"), "phone", KEEPERS)


@pages.get("/villages/<code>/greetings")
@require(*KEEPERS)
def show_village(code: str) -> ResponseReturnValue:
    """Those that whoever is signed in has enrolled, and the form for another."""
    return _draw(code, {"at": "7:30", "channel": "call"}, {})


@pages.post("/villages/<code>/greetings")
@require(*KEEPERS)
def enrol_household(code: str) -> ResponseReturnValue:
    """Enrol a household."""
    form = WishForm.sent()
    of = get_runtime()
    try:
        with of.database.begin() as session:
            village, now = get_own_village(session, code), read_clock(session)
            phone = directory.find_caller(session, of.read_number(form.phone.data)) if form.phone.data else None
            wish = Wish(
                phone_id=0 if phone is None else phone.phone_id,
                at=form.at.data,
                channel=Channel.SMS if form.channel.data == "sms" else Channel.CALL,
                contact_name=form.contact_name.data,
                contact_number=form.contact_number.data,
                contact_agreed=form.contact_agreed.data,
                alarms=form.alarms.data,
                consent_by=form.consent_by.data,
            )
            zone = of.settings.zone
            by = EnrolledBy(
                get_signed_in().name,
                get_signed_in().account_id,
                people.find_version(session, now.astimezone(zone).date(), zone),
            )
            wishes.enrol(session, village.id, wish, by, now, of.number_rules)
    except GreetingRefused as error:
        return _draw(code, form.typed, {name: str(WRONG[why]) for name, why in error.wrong.items()}), 422
    flash(gettext("Saved: they are asked every day at that time."), "success")
    return redirect(url_for("greetings.show_village", code=code), 303)


@pages.get("/villages/<code>/greetings/<int:greeting_id>")
@require(*KEEPERS)
def show_greeting(code: str, greeting_id: int) -> ResponseReturnValue:
    """One of them: the form that changes it, and what was changed."""
    return _draw_one(code, greeting_id, {})


@pages.post("/villages/<code>/greetings/<int:greeting_id>")
@require(*KEEPERS)
def change_greeting(code: str, greeting_id: int) -> ResponseReturnValue:
    """Another hour or contact, without an end and a new beginning."""
    form, of = ChangeForm.sent(), get_runtime()
    wish = Wish(
        phone_id=0,
        at=form.at.data,
        channel=Channel.SMS if form.channel.data == "sms" else Channel.CALL,
        contact_name=form.contact_name.data,
        contact_number=form.contact_number.data,
        contact_agreed=form.contact_agreed.data,
        alarms=form.alarms.data,
    )
    try:
        with of.database.begin() as session:
            found, now = _find_own(session, code, greeting_id), read_clock(session)
            changed = wishes.change(session, found, wish, get_signed_in().name, now, of.number_rules)
            told = _say_when(found, now)
    except GreetingRefused as error:
        wrong = {name: str(WRONG[why]) for name, why in error.wrong.items()}
        return _draw_one(code, greeting_id, wrong, form.typed), 422
    flash(told if changed else gettext("Nothing was changed."), "success")
    return redirect(url_for("greetings.show_greeting", code=code, greeting_id=greeting_id), 303)


@pages.post("/villages/<code>/greetings/<int:greeting_id>/undo")
@require(*KEEPERS)
def undo_change(code: str, greeting_id: int) -> ResponseReturnValue:
    """Take back the last change."""
    of = get_runtime()
    try:
        with of.database.begin() as session:
            found, now = _find_own(session, code, greeting_id), read_clock(session)
            undone = wishes.undo_change(session, found, now, of.number_rules)
            told = _say_when(found, now)
    except GreetingRefused as error:
        why = str(WRONG[next(iter(error.wrong.values()))])
        return _draw_one(code, greeting_id, {"undo": why}), 422
    flash(told if undone else gettext("There is no change to take back."), "success")
    return redirect(url_for("greetings.show_greeting", code=code, greeting_id=greeting_id), 303)


def _say_when(greeting: Greeting, now: datetime) -> str:
    """From which day on the hour holds: nobody is asked twice a day."""
    at = write_minute(greeting.minute)
    if greeting.last_on == now.astimezone(get_runtime().settings.zone).date():
        return str(gettext("Saved: they are asked at %(at)s, from tomorrow on.", at=at))
    return str(gettext("Saved: they are asked at %(at)s, today as well.", at=at))


@pages.post("/villages/<code>/greetings/<int:greeting_id>/pause")
@require(*KEEPERS)
def pause_greeting(code: str, greeting_id: int) -> ResponseReturnValue:
    """They are away until a day."""
    form, zone = PauseForm.sent(), get_runtime().settings.zone
    try:
        with get_database().begin() as session:
            found, now = _find_own(session, code, greeting_id), read_clock(session)
            until = read_pause_day(form.until.data, now.astimezone(zone).date())
            wishes.pause(session, found, until, get_signed_in().name, now, zone)
    except WrongDay as error:
        wrong = {f"until-{greeting_id}": str(WRONG[error.why])}
        return _draw(code, {f"until-{greeting_id}": form.until.data}, wrong), 422
    flash(gettext("Paused: they are asked again on that day."), "success")
    return redirect(url_for("greetings.show_village", code=code), 303)


@pages.post("/villages/<code>/greetings/<int:greeting_id>/resume")
@require(*KEEPERS)
def resume_greeting(code: str, greeting_id: int) -> ResponseReturnValue:
    """They are back."""
    with get_database().begin() as session:
        found = _find_own(session, code, greeting_id)
        wishes.resume(session, found, get_signed_in().name, read_clock(session), get_runtime().settings.zone)
    flash(gettext("They are asked again from tomorrow."), "success")
    return redirect(url_for("greetings.show_village", code=code), 303)


@pages.post("/villages/<code>/greetings/<int:greeting_id>/seen")
@require(*KEEPERS)
def settle_day(code: str, greeting_id: int) -> ResponseReturnValue:
    """Somebody has seen that they are well: nobody is asked any more today."""
    with get_database().begin() as session:
        found = _find_own(session, code, greeting_id)
        settled = wishes.settle(session, found, get_signed_in().name, read_clock(session))
    flash(gettext("Noted.") if settled else gettext("This is settled already."), "success")
    return redirect(url_for("greetings.show_village", code=code), 303)


@pages.post("/villages/<code>/greetings/<int:greeting_id>/end")
@require(*KEEPERS)
def end_greeting(code: str, greeting_id: int) -> ResponseReturnValue:
    """They are asked no more."""
    with get_database().begin() as session:
        found = _find_own(session, code, greeting_id)
        greeting_days.end_greeting(session, found, get_signed_in().name, read_clock(session))
    flash(gettext("Ended: they are asked no more, and their contact is deleted."), "success")
    return redirect(url_for("greetings.show_village", code=code), 303)


def _find_own(session: Session, code: str, greeting_id: int, *, hold: bool = True) -> Greeting:
    """A greeting that whoever is signed in may see, or 404."""
    village = get_own_village(session, code)
    found = wishes.find_one(session, greeting_id, hold=hold)
    if found is None or found.village_id != village.id:
        abort(404)
    if get_signed_in().role is not AccountRole.ADMIN and found.account_id != get_signed_in().account_id:
        abort(404)
    return found


def _draw_one(code: str, greeting_id: int, wrong: dict[str, str], typed: dict[str, str] | None = None) -> str:
    with get_database().begin(reads=True) as session:
        village = get_own_village(session, code)
        found = _find_own(session, code, greeting_id, hold=False)
        phone = directory.find_phone(session, found.phone_id)
        changes = wishes.list_changes(session, greeting_id)
    show_numbers(1)
    stands: dict[str, object] = {
        "at": write_minute(found.minute),
        "channel": found.channel.value,
        "contact_name": found.contact_name,
        "contact_number": found.contact_number,
        "contact_agreed": "",
        "alarms": "1" if found.alarms else "",
    }
    form = stands if typed is None else {name: typed.get(name, "") for name in stands}
    return render_template(
        "greetings/one.html",
        village=village,
        greeting=found,
        phone=phone,
        changes=changes,
        last=next((each.id for each in changes if each.undone_at is None), None),
        form=form | {"errors": wrong},
        write_minute=write_minute,
    )


def _draw(code: str, typed: dict[str, str], wrong: dict[str, str]) -> str:
    with get_database().begin(reads=True) as session:
        village = get_own_village(session, code)
        everything = get_signed_in().role is AccountRole.ADMIN
        found = wishes.list_greetings(session, [village.id], get_signed_in().account_id, all_of_them=everything)
    show_numbers(len(found))
    names = ("phone", "at", "channel", "contact_name", "contact_number", "contact_agreed", "alarms", "consent_by")
    form: dict[str, object] = {name: typed.get(name, "") for name in names}
    in_chinese = is_in_chinese()
    return render_template(
        "greetings/village.html",
        village=village,
        found=found,
        everything=everything,
        form=form | typed | {"errors": wrong},
        outcomes=OUTCOMES,
        steps=STEPS,
        consent=CONSENT[WORDS_VERSION][0 if in_chinese else 1],
    )
