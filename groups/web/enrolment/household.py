"""A household's enrolment: what it has and had, what it was given, what was done, and what can be done."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.services import database
from groups.enrolment import devices, subscriptions
from groups.enrolment.queue import described
from groups.enrolment.records import plans, subscriptions_of, villages_of
from groups.enrolment.rules.periods import check_likely
from groups.errors import GroupsError, InvalidDevice, UnlikelyStart, say
from groups.models.batch import Batch
from groups.models.enrolment import Device, DeviceKind, Subscription
from groups.roster.search import the_village
from groups.rules.days import day_of
from groups.web.enrolment.common import (
    READERS,
    WRITERS,
    day_in,
    number_in,
    own_household,
    own_villages,
    status_of,
    today_of,
    words_of,
)
from groups.web.enrolment.history import channel_words, history_of
from groups.web.history.words import DEVICES, END_REASONS
from groups.web.roster.common import new_batch
from groups.web.shell.access import requires

pages = Blueprint("enrolment_household", __name__)


@pages.get("/enrolment/households/<int:household_id>")
@requires(*READERS)
def show(household_id: int) -> ResponseReturnValue:
    """All of it."""
    with database().begin() as session:
        return _page(session, household_id)


@pages.post("/enrolment/households/<int:household_id>/<deed>")
@requires(*WRITERS)
def change(household_id: int, deed: str) -> ResponseReturnValue:
    """Suspend, resume, cancel, another plan, another number, another village, a gift."""
    if deed not in _DEEDS:
        abort(404)
    action, do = _DEEDS[deed]
    try:
        with database().begin() as session:
            own_household(session, household_id)
            do(new_batch(session, action), household_id)
    except GroupsError as error:
        return _wrong(household_id, deed, error)
    flash(gettext("It is on record."), "success")
    return _back(household_id)


@pages.post("/enrolment/devices/<int:device_id>/<deed>")
@requires(*WRITERS)
def change_device(device_id: int, deed: str) -> ResponseReturnValue:
    """Take a gift back, or replace it."""
    if deed not in {"return", "replace"}:
        abort(404)
    household_id = 0
    try:
        with database().begin() as session:
            device = session.get(Device, device_id)
            if device is None:
                abort(404)
            household_id = device.household_id
            batch = new_batch(session, f"{deed}_device")
            if deed == "return":
                devices.take_back(batch, device_id, day_in("day", batch.day))
            else:
                devices.replace(batch, device_id, request.form.get("serial", ""), day_in("day", batch.day))
    except GroupsError as error:
        return _wrong(household_id, f"{deed}-{device_id}", error)
    flash(gettext("It is on record."), "success")
    return _back(household_id)


@pages.get("/enrolment/subscriptions/<int:subscription_id>/correct")
@requires(*WRITERS)
def correction(subscription_id: int) -> ResponseReturnValue:
    """The form that puts a row right."""
    with database().begin() as session:
        return _correction(session, subscription_id)


@pages.post("/enrolment/subscriptions/<int:subscription_id>/correct")
@requires(*WRITERS)
def correct(subscription_id: int) -> ResponseReturnValue:
    """Put a row right, in the past too; on record with who and when."""
    try:
        with database().begin() as session:
            household_id = _subscription(session, subscription_id).household_id
            batch = new_batch(session, "correct")
            end, consent_by = (request.form.get(name, "").strip() for name in ("ends_on", "consent_by"))
            values = {
                "starts_on": day_of(request.form.get("starts_on", "")),
                "ends_on": day_of(end) if end else None,
                "plan": request.form.get("plan", ""),
                "number": number_in("number"),
            }
            if consent_by:
                values |= {
                    "consent_by": consent_by,
                    "consent_on": day_in("consent_on", day_of(request.form["starts_on"])),
                }
            check_likely(day_of(request.form.get("starts_on", "")), batch.day, request.form.get("meant", ""))
            subscriptions.correct(batch, subscription_id, **values)
    except GroupsError as error:
        with database().begin() as session:
            asks = isinstance(error, UnlikelyStart)
            return _correction(session, subscription_id, words_of(error), asks=asks), status_of(error)
    flash(gettext("It is on record."), "success")
    return _back(household_id)


def _give(batch: Batch, household_id: int) -> None:
    kind = request.form.get("kind", "")
    if kind not in set(DeviceKind):
        raise InvalidDevice(say("choose_kind_of_device"))
    devices.give(batch, household_id, DeviceKind(kind), request.form.get("serial", ""), day_in("day", batch.day))


def _dated(do: Callable[..., None], *more: str) -> Callable[[Batch, int], None]:
    """A change that holds from the form's day, with more of its fields before that."""
    return lambda batch, household_id: do(
        batch, household_id, *(request.form.get(name, "") for name in more), day_in("day", batch.day)
    )


_DEEDS: dict[str, tuple[str, Callable[[Batch, int], object]]] = {
    "suspend": ("suspend", _dated(subscriptions.suspend)),
    "resume": ("resume", _dated(subscriptions.resume)),
    "cancel": ("cancel", _dated(subscriptions.cancel)),
    "plan": ("change_plan", _dated(subscriptions.change_plan, "plan")),
    "number": (
        "change_billed",
        lambda batch, household_id: subscriptions.change_number(
            batch, household_id, number_in("number"), day_in("day", batch.day)
        ),
    ),
    "move": (
        "move_village",
        lambda batch, household_id: subscriptions.move(
            batch,
            household_id,
            the_village(batch.session, request.form.get("village", "")).code,
            request.form.get("door", ""),
        ),
    ),
    "give": ("give_device", _give),
}


def _wrong(household_id: int, deed: str, error: GroupsError) -> ResponseReturnValue:
    with database().begin() as session:
        return _page(session, household_id, wrong=words_of(error), deed=deed), status_of(error)


def _page(session: Session, household_id: int, wrong: str = "", deed: str = "") -> str:
    household = own_household(session, household_id)
    today = today_of(session)
    rows = subscriptions_of(session, household_id)
    return render_template(
        "enrolment/household.html",
        household=described(session, [household_id], today)[0],
        rows=list(reversed(rows)),
        devices=devices.devices_of(session, household_id),
        history=history_of(session, household_id),
        plans=plans(session),
        villages=[village for village in own_villages(session).offered if village.id != household.village_id],
        counted_in=villages_of(session, household_id),
        kinds=list(DeviceKind),
        today=today,
        wrong=wrong,
        deed=deed,
        typed=request.form,
        reason_words=END_REASONS.__getitem__,
        kind_words=DEVICES.__getitem__,
        channel_words=channel_words,
    )


def _subscription(session: Session, subscription_id: int) -> Subscription:
    row = session.get(Subscription, subscription_id)
    if row is None:
        abort(404)
    return row


def _correction(session: Session, subscription_id: int, wrong: str = "", *, asks: bool = False) -> str:
    row = _subscription(session, subscription_id)
    return render_template(
        "enrolment/correct.html",
        row=row,
        household=described(session, [row.household_id], today_of(session))[0],
        plans=plans(session),
        typed=request.form,
        wrong=wrong,
        asks=asks,
    )


def _back(household_id: int) -> ResponseReturnValue:
    return redirect(url_for("enrolment_household.show", household_id=household_id), 303)
