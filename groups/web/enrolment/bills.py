"""The bill of a month, by village, and the tariffs it is drawn up by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.services import get_database, get_settings
from groups.enrolment.bills import (
    MonthChanged,
    correct_tariff,
    list_paid_for,
    preview_change,
    read_bill,
    read_tariffs,
    remove_tariff,
    set_tariff,
)
from groups.enrolment.exports import export_bill_xlsx
from groups.enrolment.rules.bill import read_fen, read_month
from groups.errors import GroupsError, InvalidDay, InvalidTariff, say
from groups.models.batch import Batch
from groups.models.roster import Village
from groups.rules.days import read_day
from groups.web.enrolment.common import (
    MOST_OFFERED,
    READERS,
    WRITERS,
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
from groups.web.shell.looks import show_numbers

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
        villages = list_own_villages(session, village_id)
    by_village = bill.by_village()
    pages_of_bill = make_pages(len(by_village), MOST_OFFERED)
    return render_template(
        "enrolment/bill.html",
        bill=bill,
        by_village=by_village[pages_of_bill.rows],
        pages=pages_of_bill,
        households=households,
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
        bill, households = read_bill(session, month, village_id), list_paid_for(session, month, village_id)
        name = _find_name(session, village_id)
    show_numbers(len(households))
    content = export_bill_xlsx(bill, households, today, get_settings().default_region)
    return send_workbook(content, f"补贴账单-{name}{month:%Y-%m}.xlsx")


@pages.get("/enrolment/tariffs")
@require(*READERS)
def list_tariffs() -> ResponseReturnValue:
    """What a month of each plan costs, since when."""
    return _draw_tariffs()


@pages.post("/enrolment/tariffs/add")
@require(*WRITERS)
def add_tariff() -> ResponseReturnValue:
    """Another tariff, from a day on."""
    village_fen, carrier_fen = (read_fen(request.form.get(name, "")) for name in ("village", "carrier"))
    try:
        if village_fen is None or carrier_fen is None:
            raise InvalidTariff(say("no_amount"))
        with get_database().begin() as session:
            batch = make_batch(session, "set_tariff")
            day, plan = read_day(request.form.get("starts_on", "")), request.form.get("plan", "")
            shares = (village_fen, carrier_fen)

            def change(batch: Batch) -> object:
                return set_tariff(batch, plan, day, *shares)

            if not request.form.get("confirmed") and (effect := preview_change(batch, change)):
                # A tariff of a day that has been changes what was billed.
                return _draw_tariffs(effect=effect)
            change(batch)
    except GroupsError as error:
        return _draw_tariffs(write_error(error)), find_status(error)
    flash(gettext("It is on record."), "success")
    return redirect(url_for("enrolment_bill.list_tariffs"), 303)


@pages.post("/enrolment/tariffs/change")
@require(*WRITERS)
def change_tariff() -> ResponseReturnValue:
    """Correct a tariff, or take it out: first what that changes in the months billed, then, confirmed, it is done."""
    form = request.form
    try:
        with get_database().begin() as session:
            removes = form.get("deed") == "remove"
            batch = make_batch(session, "remove_tariff" if removes else "set_tariff")
            change = _change_of_tariff(removes=removes)
            if not form.get("confirmed"):
                effect = preview_change(batch, change)
                return _draw_tariffs(effect=effect)
            change(batch)
    except GroupsError as error:
        return _draw_tariffs(write_error(error)), find_status(error)
    flash(gettext("It is on record."), "success")
    return redirect(url_for("enrolment_bill.list_tariffs"), 303)


def _change_of_tariff(*, removes: bool) -> Callable[[Batch], object]:
    """What the form asks for. Raises InvalidDay, InvalidTariff."""
    plan, day = request.form.get("plan", ""), read_day(request.form.get("starts_on", ""))
    if removes:
        return lambda batch: remove_tariff(batch, plan, day)
    shares = [read_fen(request.form.get(name, "")) for name in ("village", "carrier")]
    if shares[0] is None or shares[1] is None:
        raise InvalidTariff(say("no_amount"))
    village_fen, carrier_fen = shares[0], shares[1]
    return lambda batch: correct_tariff(batch, plan, day, village_fen, carrier_fen)


def _draw_tariffs(wrong: str = "", effect: list[MonthChanged] | None = None) -> str:
    with get_database().begin(reads=True) as session:
        found, today = read_tariffs(session), read_today(session)
        done = read_done_to(session, "tariffs")
    return render_template(
        "enrolment/tariffs.html", tariffs=found, today=today, wrong=wrong, typed=request.form, effect=effect, done=done
    )


def _read_month(today: date) -> date:
    text = request.args.get("month", "").strip()[:16]
    return read_month(text, today) if text else today.replace(day=1)


def _find_name(session: Session, village_id: int | None) -> str:
    return f"{session.get_one(Village, village_id).name}-" if village_id is not None else ""
