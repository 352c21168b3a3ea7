"""The bill of a month, by village, and the tariffs it is drawn up by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.services import database, settings
from groups.enrolment.bills import (
    MonthChanged,
    bill_of,
    correct_tariff,
    paid_for,
    remove_tariff,
    set_tariff,
    tariffs,
    what_it_changes,
)
from groups.enrolment.exports import bill_xlsx
from groups.enrolment.rules.bill import fen_of, month_of
from groups.errors import GroupsError, InvalidDay, InvalidTariff, say
from groups.models.batch import Batch
from groups.models.roster import Village
from groups.rules.days import day_of
from groups.web.enrolment.common import (
    MOST_OFFERED,
    READERS,
    WRITERS,
    chosen_village,
    own_villages,
    pages_of,
    status_of,
    today_of,
    words_of,
    workbook,
)
from groups.web.enrolment.history import done_to
from groups.web.roster.common import new_batch
from groups.web.shell.access import requires
from groups.web.shell.looks import show_numbers

pages = Blueprint("enrolment_bill", __name__)


@pages.get("/enrolment/bill")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """A month's bill, of the town or of a village; a village's with its households."""
    wrong, status = "", 200
    with database().begin(reads=True) as session:
        today = today_of(session)
        month = today.replace(day=1)
        try:
            month = _month(today)
        except InvalidDay as error:
            wrong, status = words_of(error), 422
        village_id = chosen_village(session)
        bill = bill_of(session, month, village_id)
        households = paid_for(session, month, village_id) if village_id is not None else []
        villages = own_villages(session, village_id)
    by_village = bill.by_village()
    pages_of_bill = pages_of(len(by_village), MOST_OFFERED)
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
@requires(*READERS)
def export() -> ResponseReturnValue:
    """The same as a workbook, with every household."""
    with database().begin(reads=True) as session:
        today = today_of(session)
        try:
            month = _month(today)
        except InvalidDay:
            abort(404)
        village_id = chosen_village(session)
        bill, households = bill_of(session, month, village_id), paid_for(session, month, village_id)
        name = _name(session, village_id)
    show_numbers(len(households))
    content = bill_xlsx(bill, households, today, settings().default_region)
    return workbook(content, f"补贴账单-{name}{month:%Y-%m}.xlsx")


@pages.get("/enrolment/tariffs")
@requires(*READERS)
def list_tariffs() -> ResponseReturnValue:
    """What a month of each plan costs, since when."""
    return _tariffs()


@pages.post("/enrolment/tariffs/add")
@requires(*WRITERS)
def add_tariff() -> ResponseReturnValue:
    """Another tariff, from a day on."""
    village_fen, carrier_fen = (fen_of(request.form.get(name, "")) for name in ("village", "carrier"))
    try:
        if village_fen is None or carrier_fen is None:
            raise InvalidTariff(say("no_amount"))
        with database().begin() as session:
            batch = new_batch(session, "set_tariff")
            day, plan = day_of(request.form.get("starts_on", "")), request.form.get("plan", "")
            shares = (village_fen, carrier_fen)

            def change(batch: Batch) -> object:
                return set_tariff(batch, plan, day, *shares)

            if not request.form.get("confirmed") and (effect := what_it_changes(batch, change)):
                # A tariff of a day that has been changes what was billed.
                return _tariffs(effect=effect)
            change(batch)
    except GroupsError as error:
        return _tariffs(words_of(error)), status_of(error)
    flash(gettext("It is on record."), "success")
    return redirect(url_for("enrolment_bill.list_tariffs"), 303)


@pages.post("/enrolment/tariffs/change")
@requires(*WRITERS)
def change_tariff() -> ResponseReturnValue:
    """Correct a tariff, or take it out: first what that changes in the months billed, then, confirmed, it is done."""
    form = request.form
    try:
        with database().begin() as session:
            removes = form.get("deed") == "remove"
            batch = new_batch(session, "remove_tariff" if removes else "set_tariff")
            change = _change_of_tariff(removes=removes)
            if not form.get("confirmed"):
                effect = what_it_changes(batch, change)
                return _tariffs(effect=effect)
            change(batch)
    except GroupsError as error:
        return _tariffs(words_of(error)), status_of(error)
    flash(gettext("It is on record."), "success")
    return redirect(url_for("enrolment_bill.list_tariffs"), 303)


def _change_of_tariff(*, removes: bool) -> Callable[[Batch], object]:
    """What the form asks for. Raises InvalidDay, InvalidTariff."""
    plan, day = request.form.get("plan", ""), day_of(request.form.get("starts_on", ""))
    if removes:
        return lambda batch: remove_tariff(batch, plan, day)
    shares = [fen_of(request.form.get(name, "")) for name in ("village", "carrier")]
    if shares[0] is None or shares[1] is None:
        raise InvalidTariff(say("no_amount"))
    village_fen, carrier_fen = shares[0], shares[1]
    return lambda batch: correct_tariff(batch, plan, day, village_fen, carrier_fen)


def _tariffs(wrong: str = "", effect: list[MonthChanged] | None = None) -> str:
    with database().begin(reads=True) as session:
        found, today = tariffs(session), today_of(session)
        done = done_to(session, "tariffs")
    return render_template(
        "enrolment/tariffs.html", tariffs=found, today=today, wrong=wrong, typed=request.form, effect=effect, done=done
    )


def _month(today: date) -> date:
    text = request.args.get("month", "").strip()[:16]
    return month_of(text, today) if text else today.replace(day=1)


def _name(session: Session, village_id: int | None) -> str:
    return f"{session.get_one(Village, village_id).name}-" if village_id is not None else ""
