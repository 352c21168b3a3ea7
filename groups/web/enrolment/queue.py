"""The queue at the village office: find the household, sign it up, next.

Without a script it is: type, Enter, Enter, Enter. The first that has not signed up is in focus among those found, the
serial (or the button) in the form; a scanner's Enter signs up with what it read. Plan, day, channel and gift stay.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.services import database
from groups.enrolment.devices import give
from groups.enrolment.queue import Found, StandingKind, described, find_households
from groups.enrolment.records import plans
from groups.enrolment.rules.periods import check_likely
from groups.enrolment.subscriptions import Enrolment, enrol
from groups.errors import GroupsError, UnlikelyStart
from groups.models.enrolment import Channel, DeviceKind
from groups.web.enrolment.common import (
    READERS,
    WRITERS,
    chosen_village,
    day_in,
    enrols,
    number_in,
    own_household,
    own_villages,
    status_of,
    today_of,
    words_of,
)
from groups.web.enrolment.history import done_today
from groups.web.roster.common import new_batch
from groups.web.shell.access import requires

pages = Blueprint("enrolment", __name__)

_KEPT = "enrolment"
CHANNELS = (Channel.OFFICE, Channel.SHOP)


@dataclass
class Stays:
    """What stays from one household to the next. The day does only until tomorrow."""

    plan: str = ""
    starts_on: str = ""
    consent_on: str = ""
    channel: str = Channel.OFFICE.value
    gift: str = DeviceKind.KEY.value
    said_on: str = ""


@pages.get("/enrolment")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Find a household; who was signed up today."""
    text = request.args.get("q", "")[:80]
    with database().begin(reads=True) as transaction:
        today = today_of(transaction)
        village_id = chosen_village(transaction)
        found, more = find_households(transaction, text, today, village_id=village_id)
        villages = own_villages(transaction, village_id)
        done = done_today(transaction, today) if enrols() else None
    waiting = [each for each in found if each.standing is not StandingKind.ACTIVE]
    if enrols() and len(found) == 1 and waiting and not more:
        return redirect(url_for("enrolment.form", household_id=found[0].id, q=text, village=_village()), 303)
    first = next(iter(waiting or found), None)
    return render_template(
        "enrolment/queue.html",
        text=text,
        found=found,
        more=more,
        first=first.id if first else None,
        villages=villages,
        village=_village(),
        done=done,
    )


@pages.get("/enrolment/sign-up/<int:household_id>")
@requires(*WRITERS)
def form(household_id: int) -> ResponseReturnValue:
    """The household that was found, and what it signs up for."""
    with database().begin() as transaction:
        found = _found(transaction, household_id)
        if found.standing is StandingKind.ACTIVE:
            return redirect(url_for("enrolment_household.show", household_id=household_id), 303)
        return _form(transaction, found, _stays(today_of(transaction)))


@pages.post("/enrolment/sign-up/<int:household_id>")
@requires(*WRITERS)
def sign_up(household_id: int) -> ResponseReturnValue:
    """Sign it up, with its gift where there is one; then the next."""
    try:
        with database().begin() as transaction:
            found = _found(transaction, household_id)
            batch = new_batch(transaction, "enrol")
            starts_on = day_in("starts_on", batch.day)
            check_likely(starts_on, batch.day, request.form.get("meant", ""))
            wanted = Enrolment(
                household_id,
                request.form.get("plan", ""),
                starts_on,
                request.form.get("consent_by", ""),
                day_in("consent_on", starts_on),
                Channel(request.form["channel"]) if request.form.get("channel") in CHANNELS else Channel.OFFICE,
                number_in("number"),
            )
            enrol(batch, wanted)
            serial, gift = request.form.get("serial", "").strip(), request.form.get("gift", "")
            if serial and gift in set(DeviceKind):
                give(batch, household_id, DeviceKind(gift), serial, starts_on)
    except GroupsError as error:
        with database().begin() as transaction:
            found = _found(transaction, household_id)
            asks = isinstance(error, UnlikelyStart)
            return _form(transaction, found, _typed(), wrong=words_of(error), asks=asks), status_of(error)
    _keep(batch.day)
    flash(gettext("%(household)s is signed up.", household=f"{found.village} {found.head}"), "success")
    return redirect(url_for("enrolment.index", village=_village()), 303)


def _form(transaction: Session, found: Found, stays: Stays, wrong: str = "", *, asks: bool = False) -> str:
    known = plans(transaction)
    return render_template(
        "enrolment/sign_up.html",
        household=found,
        plans=known,
        stays=stays,
        today=today_of(transaction),
        channels=CHANNELS,
        gifts=list(DeviceKind),
        typed=request.form,
        wrong=wrong,
        asks=asks,
        text=request.args.get("q", "")[:80],
        village=_village(),
    )


def _found(transaction: Session, household_id: int) -> Found:
    own_household(transaction, household_id)
    found = described(transaction, [household_id], today_of(transaction))[0]
    if found.archived:
        abort(404)
    return found


def _stays(today: date) -> Stays:
    kept = session.get(_KEPT)
    fields = set(Stays.__dataclass_fields__)
    stays = Stays(**{name: str(value) for name, value in kept.items() if name in fields}) if kept else Stays()
    if stays.said_on != today.isoformat():
        stays.starts_on = stays.consent_on = ""
    return stays


def _typed() -> Stays:
    return Stays(**{name: request.form.get(name, "")[:64] for name in Stays.__dataclass_fields__})


def _keep(today: date) -> None:
    stays = _typed()
    stays.said_on = today.isoformat()
    session[_KEPT] = asdict(stays)


def _village() -> str | None:
    return (request.args.get("village") or request.form.get("village") or "").strip()[:32] or None
