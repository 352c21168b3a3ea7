"""The bill of a month, by village, and the tariffs it is drawn up by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.services import get_database, get_settings
from groups.enrolment.bills import (
    MonthChanged,
    correct_tariff,
    preview_change,
    read_bill,
    read_tariffs,
    remove_tariff,
    set_tariff,
)
from groups.enrolment.exports import export_bill_xlsx
from groups.enrolment.paid_for import is_listed_as_billed, list_differences, list_paid_for
from groups.enrolment.rules.bill import read_fen, read_month
from groups.enrolment.rules.periods import LONGEST_PLAN, check_likely, check_soon
from groups.errors import GroupsError, InvalidDay, InvalidTariff, UnlikelyStart, say
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.rules.days import read_day
from groups.web.enrolment.common import (
    MOST_OFFERED,
    READERS,
    WRITERS,
    find_chosen_name,
    find_status,
    list_own_villages,
    make_pages,
    read_chosen_village,
    read_today,
    send_workbook,
    write_error,
)
from groups.web.enrolment.history import read_done_to
from groups.web.roster.common import make_batch
from groups.web.shell.access import require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.forms import Form, MarkField, Needed, ParsedField, TextField


def _read_share(text: str) -> int:
    """An amount in yuan, in fen. Raises InvalidTariff."""
    fen = read_fen(text)
    if fen is None:
        raise InvalidTariff(say("no_amount"))
    return fen


class TakenOutTariffForm(Form):
    """A tariff that is to go. `confirmed`: its effect was seen; `deed` is which button was pressed."""

    plan = TextField(most=LONGEST_PLAN + 1, stripped=False)
    starts_on = ParsedField(by=read_day, validators=[Needed(say("name_the_day"))])
    deed = TextField(most=10)
    confirmed = MarkField()


class TariffForm(TakenOutTariffForm):
    """A tariff as it is to be. `meant` repeats an unlikely day."""

    village = ParsedField(by=_read_share, validators=[Needed(say("no_amount"))])
    carrier = ParsedField(by=_read_share, validators=[Needed(say("no_amount"))])
    meant = TextField(most=10)


_FIELDS = {"plan": "plan", "day": "starts_on"}
"""The field that a refusal of the use case is about, by its reason."""

pages = Blueprint("enrolment_bill", __name__)


@pages.get("/enrolment/bill")
@require(*READERS)
def show() -> ResponseReturnValue:
    """A month's bill, of the town or of a village; a village's with its households."""
    wrong, status = "", 200
    with get_database().begin(reads=True) as session:
        today = read_today(session)
        month = today.replace(day=1)
        try:
            month = _read_month(today)
        except InvalidDay as error:
            wrong, status = write_error(error), 422
        village_id = read_chosen_village(session)
        bill = read_bill(session, month, village_id)
        households = list_paid_for(session, month, village_id) if village_id is not None else []
        differences = list_differences(session, bill, village_id) if village_id is not None else []
        villages = list_own_villages(session, village_id)
    by_village = bill.by_village()
    pages_of_bill = make_pages(len(by_village), MOST_OFFERED)
    return render_template(
        "enrolment/bill.html",
        bill=bill,
        by_village=by_village[pages_of_bill.rows],
        pages=pages_of_bill,
        households=households,
        differences=differences,
        listed_as_billed=village_id is None or is_listed_as_billed(bill, households),
        villages=villages,
        village=villages.chosen,
        wrong=wrong,
    ), status


@pages.get("/enrolment/bill.xlsx")
@require(*READERS)
def export() -> ResponseReturnValue:
    """The same as a workbook, with every household."""
    with get_database().begin(reads=True) as session:
        today = read_today(session)
        try:
            month = _read_month(today)
        except InvalidDay:
            abort(404)
        village_id = read_chosen_village(session)
        bill = read_bill(session, month, village_id)
        households = [*list_paid_for(session, month, village_id), *list_differences(session, bill, village_id)]
        name = find_chosen_name(session)
    show_numbers(len(households))
    content = export_bill_xlsx(bill, households, today, get_settings().default_region)
    plain = f"bill-{month:%Y-%m}-{today}.xlsx"
    return send_workbook(content, f"{name}补贴账单{month:%Y-%m}(截至{today}).xlsx", plain)


@pages.get("/enrolment/tariffs")
@require(*READERS)
def list_tariffs() -> ResponseReturnValue:
    """What a month of each plan costs, since when."""
    return _draw_tariffs(TariffForm.empty())


@pages.post("/enrolment/tariffs/add")
@require(*WRITERS)
def add_tariff() -> ResponseReturnValue:
    """Another tariff, from a day on. One of a day that has been changes what was billed: that is shown first."""
    form = TariffForm.sent()

    def change(batch: Batch) -> object:
        check_likely(form.starts_on.data, batch.day, form.meant.data)
        check_soon(form.starts_on.data, batch.day, form.meant.data)
        return set_tariff(batch, *_list_values(form))

    return _carry_out(form, Action.SET_TARIFF, change, asks=False)


@pages.post("/enrolment/tariffs/change")
@require(*WRITERS)
def change_tariff() -> ResponseReturnValue:
    """Correct a tariff, or take it out: first what that changes in the months billed, then, confirmed, it is done."""
    gone = TakenOutTariffForm.sent()
    if gone.deed.data == "remove":
        return _carry_out(
            gone,
            Action.REMOVE_TARIFF,
            lambda batch: remove_tariff(batch, gone.plan.data, gone.starts_on.data),
            asks=True,
        )
    form = TariffForm.sent()
    return _carry_out(form, Action.SET_TARIFF, lambda batch: correct_tariff(batch, *_list_values(form)), asks=True)


def _list_values(form: TariffForm) -> tuple[str, date, int, int]:
    return form.plan.data, form.starts_on.data, form.village.data, form.carrier.data


def _carry_out(
    form: TakenOutTariffForm, action: Action, change: Callable[[Batch], object], *, asks: bool
) -> ResponseReturnValue:
    """Change a tariff, or show what that does to months billed: where `asks`, or where it does something to them."""
    if not form.validate():
        return _draw_tariffs(form, form.wrong), 422
    try:
        with get_database().begin() as session:
            batch = make_batch(session, action)
            if not form.confirmed.data:
                effect = preview_change(batch, change)
                if asks or effect:
                    return _draw_tariffs(form, effect=effect)
            change(batch)
    except GroupsError as error:
        asked = isinstance(error, UnlikelyStart)
        reason = "day" if asked else error.values.get("reason", "") if isinstance(error, InvalidTariff) else ""
        return _draw_tariffs(form, {_FIELDS.get(reason, ""): write_error(error)}, asked=asked), find_status(error)
    flash(gettext("It is on record."), "success")
    return redirect(url_for("enrolment_bill.list_tariffs"), 303)


_NOTHING: Mapping[str, str] = {}


def _draw_tariffs(
    form: TakenOutTariffForm,
    wrong: Mapping[str, str] = _NOTHING,
    effect: list[MonthChanged] | None = None,
    *,
    asked: bool = False,
) -> str:
    """The page. `asked`: whether the first day is meant."""
    with get_database().begin(reads=True) as session:
        found, today = read_tariffs(session), read_today(session)
        done = read_done_to(session, "tariffs")
    return render_template(
        "enrolment/tariffs.html",
        tariffs=found,
        today=today,
        wrong=wrong,
        asked=asked,
        typed=form.typed,
        effect=effect,
        done=done,
    )


def _read_month(today: date) -> date:
    text = request.args.get("month", "").strip()[:16]
    return read_month(text, today) if text else today.replace(day=1)
