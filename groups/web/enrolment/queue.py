"""The queue at the village office: find the household, sign it up, next.

Without a script it is: type, Enter, Enter, Enter. The first that has not signed up is in focus among those found, the
serial (or the button) in the form; a scanner's Enter signs up with what it read. Plan, day, channel and gift stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.services import get_database
from groups.enrolment.consents import find_version
from groups.enrolment.devices import give
from groups.enrolment.queue import EnrolmentState, Found, describe, find_households
from groups.enrolment.records import list_plans
from groups.enrolment.rules.periods import check_likely
from groups.enrolment.subscriptions import Enrolment, enrol
from groups.errors import GroupsError, UnlikelyStart
from groups.models.changes import Action
from groups.models.enrolment import Channel, DeviceKind
from groups.rules.typed_text import LONGEST_NAME
from groups.web.enrolment.common import (
    READERS,
    WRITERS,
    enrols,
    find_status,
    get_own_household,
    list_own_villages,
    read_chosen_village,
    read_today,
    write_error,
    write_number,
)
from groups.web.enrolment.history import read_done_today
from groups.web.roster.common import make_batch
from groups.web.shell.access import require
from groups.web.shell.forms import DayField, Form, ParsedField, TextField
from groups.web.shell.times import get_zone

pages = Blueprint("enrolment", __name__)

_KEPT = "enrolment"
CHANNELS = (Channel.OFFICE, Channel.SHOP)
_OF_THE_FORM = ("plan", "starts_on", "consent_on", "channel", "gift")


@dataclass
class Stays:
    """What stays from one household to the next. The day does only until tomorrow."""

    plan: str = ""
    starts_on: str = ""
    consent_on: str = ""
    channel: str = Channel.OFFICE.value
    gift: str = DeviceKind.KEY.value
    said_on: str = ""


class SignUpForm(Form):
    """What a household signs up for. `meant` repeats an unlikely day; `gift` counts with a serial."""

    plan = TextField(most=64)
    starts_on = DayField()
    consent_by = TextField(most=LONGEST_NAME + 1)
    consent_on = DayField()
    channel = TextField(most=16)
    number = ParsedField(by=write_number)
    serial = TextField(most=64)
    gift = TextField(most=16)
    meant = TextField(most=10)

    def enrolment(self, household_id: int, starts_on: date) -> Enrolment:
        """What is signed up."""
        channel = Channel(self.channel.data) if self.channel.data in CHANNELS else Channel.OFFICE
        consent_on = self.consent_on.data or starts_on
        return Enrolment(
            household_id,
            self.plan.data,
            starts_on,
            self.consent_by.data,
            consent_on,
            channel,
            self.number.data or "",
        )

    def stays(self) -> Stays:
        """What stays for the next household, as it was typed."""
        typed = {name: str((self[name].raw_data or [""])[0])[:64] for name in _OF_THE_FORM}
        return Stays(**typed)


@pages.get("/enrolment")
@require(*READERS)
def show_queue() -> ResponseReturnValue:
    """Find a household; who was signed up today."""
    text = request.args.get("q", "")[:80]
    with get_database().begin(reads=True) as transaction:
        today = read_today(transaction)
        village_id = read_chosen_village(transaction)
        found, more = find_households(transaction, text, today, village_id=village_id)
        villages = list_own_villages(transaction, village_id)
        done = read_done_today(transaction, today) if enrols() else None
    waiting = [each for each in found if each.state is not EnrolmentState.ACTIVE]
    if enrols() and len(found) == 1 and waiting and not more:
        return redirect(url_for("enrolment.show_form", household_id=found[0].id, q=text, village=_read_village()), 303)
    first = next(iter(waiting or found), None)
    return render_template(
        "enrolment/queue.html",
        text=text,
        found=found,
        more=more,
        first=first.id if first else None,
        villages=villages,
        village=_read_village(),
        done=done,
    )


@pages.get("/enrolment/sign-up/<int:household_id>")
@require(*WRITERS)
def show_form(household_id: int) -> ResponseReturnValue:
    """The household that was found, and what it signs up for."""
    with get_database().begin() as transaction:
        found = _find(transaction, household_id)
        if found.state is EnrolmentState.ACTIVE:
            return redirect(url_for("enrolment_household.show", household_id=household_id), 303)
        return _draw_form(transaction, found, _read_stays(read_today(transaction)))


@pages.post("/enrolment/sign-up/<int:household_id>")
@require(*WRITERS)
def sign_up(household_id: int) -> ResponseReturnValue:
    """Sign it up, with its gift where there is one; then the next."""
    form = SignUpForm.sent()
    if not form.validate():
        with get_database().begin() as transaction:
            return _draw_form(transaction, _find(transaction, household_id), form.stays(), form.wrong), 422
    try:
        with get_database().begin() as transaction:
            found = _find(transaction, household_id)
            batch = make_batch(transaction, Action.ENROL)
            starts_on = form.starts_on.data or batch.day
            check_likely(starts_on, batch.day, form.meant.data)
            wanted = form.enrolment(household_id, starts_on)
            enrol(batch, replace(wanted, consent_version=find_version(transaction, wanted.consent_on, get_zone())))
            if form.serial.data and form.gift.data in set(DeviceKind):
                give(batch, household_id, DeviceKind(form.gift.data), form.serial.data, starts_on)
    except GroupsError as error:
        with get_database().begin() as transaction:
            found = _find(transaction, household_id)
            asks = isinstance(error, UnlikelyStart)
            return _draw_form(transaction, found, form.stays(), {"": write_error(error)}, asks=asks), find_status(error)
    _keep(form.stays(), batch.day)
    flash(gettext("%(household)s is signed up.", household=f"{found.village} {found.head}"), "success")
    return redirect(url_for("enrolment.show_queue", village=_read_village()), 303)


_NOTHING: Mapping[str, str] = {}


def _draw_form(
    transaction: Session, found: Found, stays: Stays, wrong: Mapping[str, str] = _NOTHING, *, asks: bool = False
) -> str:
    known = list_plans(transaction)
    return render_template(
        "enrolment/sign_up.html",
        household=found,
        plans=known,
        stays=stays,
        today=read_today(transaction),
        channels=CHANNELS,
        gifts=list(DeviceKind),
        typed=request.form,
        wrong=wrong,
        asks=asks,
        text=request.args.get("q", "")[:80],
        village=_read_village(),
    )


def _find(transaction: Session, household_id: int) -> Found:
    get_own_household(transaction, household_id)
    found = describe(transaction, [household_id], read_today(transaction))[0]
    if found.archived:
        abort(404)
    return found


def _read_stays(today: date) -> Stays:
    kept = session.get(_KEPT)
    fields = set(Stays.__dataclass_fields__)
    stays = Stays(**{name: str(value) for name, value in kept.items() if name in fields}) if kept else Stays()
    if stays.said_on != today.isoformat():
        stays.starts_on = stays.consent_on = ""
    return stays


def _keep(stays: Stays, today: date) -> None:
    stays.said_on = today.isoformat()
    session[_KEPT] = asdict(stays)


def _read_village() -> str | None:
    return (request.args.get("village") or request.form.get("village") or "").strip()[:32] or None
