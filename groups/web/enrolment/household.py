"""A household's enrolment: what it has and had, what it was given, what was done, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.services import get_database
from groups.enrolment import consents, devices, subscriptions
from groups.enrolment.bills import MonthChanged, preview_settled
from groups.enrolment.queue import describe
from groups.enrolment.records import list_plans, list_subscriptions, list_villages
from groups.enrolment.rules.periods import check_likely, check_soon
from groups.errors import GroupsError, InvalidDevice, UnlikelyStart, say
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.models.enrolment import Device, DeviceKind, Subscription
from groups.roster.search import get_village_meant
from groups.rules.typed_text import LONGEST_NAME
from groups.web.enrolment.common import (
    READERS,
    WRITERS,
    find_status,
    get_own_household,
    list_own_villages,
    read_today,
    write_error,
    write_number,
)
from groups.web.enrolment.history import name_channel, read_history
from groups.web.history.words import DEVICE_TESTS, DEVICES, END_REASONS
from groups.web.roster.common import make_batch
from groups.web.shell.access import require
from groups.web.shell.forms import DayField, Form, MarkField, Needed, ParsedField, TextField


class DeedForm(Form):
    """What is done with a household's enrolment or gift: each deed has some of these fields.

    `meant` repeats an unlikely day; `confirmed`: what it does to settled months was seen.
    """

    day = DayField()
    plan = TextField(most=64)
    number = ParsedField(by=write_number)
    village = TextField(most=64)
    door = TextField(most=65)
    kind = TextField(most=32)
    serial = TextField(most=64)
    line = TextField(most=20)
    meant = TextField(most=10)
    confirmed = MarkField()


class CorrectionForm(Form):
    """A subscription put right. Without `consent_by` the consent stays as it is; `meant` repeats an unlikely day.

    `confirmed`: what it does to settled months was seen.
    """

    starts_on = DayField(validators=[Needed(say("name_the_day"))])
    ends_on = DayField()
    plan = TextField(most=64)
    number = ParsedField(by=write_number)
    consent_by = TextField(most=LONGEST_NAME + 1)
    consent_on = DayField()
    meant = TextField(most=10)
    meant_end = TextField(most=10)
    confirmed = MarkField()

    def values(self) -> dict[str, Any]:
        """What the row is to have."""
        found = {name: self[name].data for name in ("starts_on", "ends_on", "plan")}
        found["number"] = self.number.data or ""
        if self.consent_by.data:
            found |= {"consent_by": self.consent_by.data, "consent_on": self.consent_on.data or self.starts_on.data}
        return found


pages = Blueprint("enrolment_household", __name__)


@pages.get("/enrolment/households/<int:household_id>")
@require(*READERS)
def show(household_id: int) -> ResponseReturnValue:
    """All of it."""
    with get_database().begin() as session:
        return _draw_page(session, household_id)


@pages.post("/enrolment/households/<int:household_id>/<deed>")
@require(*WRITERS)
def change(household_id: int, deed: str) -> ResponseReturnValue:
    """Suspend, resume, cancel, another plan, another number, another village, a gift."""
    if deed not in _DEEDS:
        abort(404)
    action, do = _DEEDS[deed]
    form = DeedForm.sent()
    try:
        with get_database().begin() as session:
            get_own_household(session, household_id)
            if not form.validate():
                return _draw_page(session, household_id, wrong=form.first_wrong, deed=deed), 422
            batch = make_batch(session, action)
            if deed in _TOLD_AHEAD:
                check_soon(form.day.data, batch.day, form.meant.data)
            if deed in _OF_SUBSCRIPTION and not form.confirmed.data:
                since = form.day.data or batch.day
                effect = preview_settled(batch, lambda batch: do(batch, household_id, form), since)
                if effect:
                    return _draw_page(session, household_id, deed=deed, effect=effect)
            do(batch, household_id, form)
    except GroupsError as error:
        return _draw_wrong(household_id, deed, error)
    flash(gettext("It is on record."), "success")
    return _go_back(household_id)


@pages.post("/enrolment/devices/<int:device_id>/<deed>")
@require(*WRITERS)
def change_device(device_id: int, deed: str) -> ResponseReturnValue:
    """Take a gift back, replace it, or say from which line it calls."""
    if deed not in {"return", "replace", "tie"}:
        abort(404)
    household_id, form = 0, DeedForm.sent()
    try:
        with get_database().begin() as session:
            device = session.get(Device, device_id)
            if device is None:
                abort(404)
            household_id = device.household_id
            if not form.validate():
                return _draw_page(session, household_id, wrong=form.first_wrong, deed=f"{deed}-{device_id}"), 422
            batch = make_batch(session, Action(f"{deed}_device"))
            if deed == "return":
                devices.take_back(batch, device_id, form.day.data or batch.day)
            elif deed == "tie":
                devices.set_line(batch, device_id, _read_line(form) or 0)
            else:
                devices.replace(batch, device_id, form.serial.data, form.day.data or batch.day)
    except GroupsError as error:
        return _draw_wrong(household_id, f"{deed}-{device_id}", error)
    flash(gettext("It is on record."), "success")
    return _go_back(household_id)


@pages.get("/enrolment/subscriptions/<int:subscription_id>/correct")
@require(*WRITERS)
def show_correction(subscription_id: int) -> ResponseReturnValue:
    """The form that puts a row right."""
    with get_database().begin() as session:
        return _draw_correction(session, subscription_id)


@pages.post("/enrolment/subscriptions/<int:subscription_id>/correct")
@require(*WRITERS)
def correct(subscription_id: int) -> ResponseReturnValue:
    """Put a row right, in the past too; on record with who and when."""
    form = CorrectionForm.sent()
    if not form.validate() or form.starts_on.data is None:
        with get_database().begin() as session:
            return _draw_correction(session, subscription_id, form.wrong), 422
    try:
        with get_database().begin() as session:
            household_id = _get_subscription(session, subscription_id).household_id
            batch = make_batch(session, Action.CORRECT)
            check_likely(form.starts_on.data, batch.day, form.meant.data)
            check_soon(form.ends_on.data, batch.day, form.meant_end.data)
            values = form.values()
            if not form.confirmed.data:
                since = min(form.starts_on.data, _get_subscription(session, subscription_id).starts_on)
                effect = preview_settled(
                    batch, lambda batch: subscriptions.correct(batch, subscription_id, **values), since
                )
                if effect:
                    return _draw_correction(session, subscription_id, effect=effect)
            subscriptions.correct(batch, subscription_id, **values)
    except GroupsError as error:
        with get_database().begin() as session:
            asks = isinstance(error, UnlikelyStart)
            return _draw_correction(session, subscription_id, {"": write_error(error)}, asks=asks), find_status(error)
    flash(gettext("It is on record."), "success")
    return _go_back(household_id)


def _give(batch: Batch, household_id: int, form: DeedForm) -> None:
    kind = form.kind.data
    if kind not in set(DeviceKind):
        raise InvalidDevice(say("choose_kind_of_device"))
    day = form.day.data or batch.day
    devices.give(batch, household_id, DeviceKind(kind), form.serial.data, day, _read_line(form))


def _read_line(form: DeedForm) -> int | None:
    """The phone that was chosen; None where none was."""
    said = form.line.data
    if not said:
        return None
    return int(said) if said.isascii() and said.isdigit() else 0


def _make_dated(do: Callable[..., None], *more: str) -> Callable[[Batch, int, DeedForm], None]:
    """A change that holds from the form's day, with more of its fields before that."""
    return lambda batch, household_id, form: do(
        batch, household_id, *(form[name].data for name in more), form.day.data or batch.day
    )


_TOLD_AHEAD = frozenset({"cancel", "suspend"})
"""These may hold from a day to come."""
_OF_SUBSCRIPTION = _TOLD_AHEAD | {"resume", "plan"}
"""These may change what was billed, and be of a day that has been."""
_DEEDS: dict[str, tuple[Action, Callable[[Batch, int, DeedForm], object]]] = {
    "suspend": (Action.SUSPEND, _make_dated(subscriptions.suspend)),
    "resume": (Action.RESUME, _make_dated(subscriptions.resume)),
    "cancel": (Action.CANCEL, _make_dated(subscriptions.cancel)),
    "withdraw": (Action.WITHDRAW_CONSENT, lambda batch, household_id, _: consents.withdraw(batch, household_id)),
    "plan": (Action.CHANGE_PLAN, _make_dated(subscriptions.change_plan, "plan")),
    "number": (
        Action.CHANGE_BILLED,
        lambda batch, household_id, form: subscriptions.change_number(
            batch, household_id, form.number.data or "", form.day.data or batch.day
        ),
    ),
    "move": (
        Action.MOVE_VILLAGE,
        lambda batch, household_id, form: subscriptions.move(
            batch, household_id, get_village_meant(batch.session, form.village.data).code, form.door.data
        ),
    ),
    "give": (Action.GIVE_DEVICE, _give),
}


def _draw_wrong(household_id: int, deed: str, error: GroupsError) -> ResponseReturnValue:
    asks = isinstance(error, UnlikelyStart)
    with get_database().begin() as session:
        return _draw_page(session, household_id, wrong=write_error(error), deed=deed, asks=asks), find_status(error)


def _draw_page(
    session: Session,
    household_id: int,
    wrong: str = "",
    deed: str = "",
    *,
    asks: bool = False,
    effect: Sequence[MonthChanged] = (),
) -> str:
    """The page. `asks`: whether the deed's day is meant; `effect`: what the deed would do to settled months."""
    household = get_own_household(session, household_id)
    today = read_today(session)
    rows = list_subscriptions(session, household_id)
    given = devices.list_devices(session, household_id)
    lines = devices.list_lines(session, household_id)
    return render_template(
        "enrolment/household.html",
        household=describe(session, [household_id], today)[0],
        rows=list(reversed(rows)),
        devices=given,
        lines=lines,
        line_numbers={each.id: each.number for each in lines},
        presses=devices.list_last_presses(session, [each.id for each in given]),
        tests=devices.list_last_tests(session, [each.id for each in given]),
        test_words=DEVICE_TESTS.__getitem__,
        history=read_history(session, household_id),
        plans=list_plans(session),
        villages=[village for village in list_own_villages(session).offered if village.id != household.village_id],
        counted_in=list_villages(session, household_id),
        kinds=list(DeviceKind),
        today=today,
        wrong=wrong,
        deed=deed,
        asks=asks,
        effect=effect,
        typed=request.form,
        reason_words=END_REASONS.__getitem__,
        kind_words=DEVICES.__getitem__,
        channel_words=name_channel,
    )


def _get_subscription(session: Session, subscription_id: int) -> Subscription:
    row = session.get(Subscription, subscription_id)
    if row is None:
        abort(404)
    return row


_NOTHING: Mapping[str, str] = {}


def _draw_correction(
    session: Session,
    subscription_id: int,
    wrong: Mapping[str, str] = _NOTHING,
    *,
    asks: bool = False,
    effect: Sequence[MonthChanged] = (),
) -> str:
    row = _get_subscription(session, subscription_id)
    return render_template(
        "enrolment/correct.html",
        row=row,
        household=describe(session, [row.household_id], read_today(session))[0],
        plans=list_plans(session),
        typed=request.form,
        wrong=wrong,
        asks=asks,
        effect=effect,
    )


def _go_back(household_id: int) -> ResponseReturnValue:
    return redirect(url_for("enrolment_household.show", household_id=household_id), 303)
