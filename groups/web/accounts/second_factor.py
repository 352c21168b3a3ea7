"""The second factor of one's own account: set up by a QR code, switched off with the password, its recovery codes."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database
from groups.accounts import second_factor
from groups.accounts.passwords import matches
from groups.accounts.rules.passwords import LONGEST
from groups.errors import InvalidCode, SignInBusy
from groups.models.accounts import Account
from groups.web.accounts.qr_code import draw_qr_code
from groups.web.shell.access import get_signed_in, lacks_second_factor, require
from groups.web.shell.forms import Form, TextField
from groups.web.shell.languages import write_error
from groups.web.shell.limits import limit
from groups.web.shell.security import GUESSES_PER_ADDRESS


class FirstCodeForm(Form):
    """A code of the app that has just taken the secret."""

    code = TextField(most=second_factor.LONGEST_CODE)


class OwnPasswordForm(Form):
    """The password, before anything is taken away."""

    password = TextField(most=LONGEST + 1, stripped=False)


pages = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.get("")
@require()
def show() -> ResponseReturnValue:
    """Whether it is on; while it is being set up, its QR code."""
    return _draw_page()


@pages.post("")
@require()
def begin() -> ResponseReturnValue:
    """Make a secret for the app. An earlier one that nobody confirmed is good for nothing any more."""
    account = get_signed_in()
    try:
        with get_database().begin() as session:
            second_factor.begin(session, account.account_id, read_clock(session))
    except InvalidCode as error:
        return _draw_page(wrong={"begin": write_error(error)}), 422
    return redirect(url_for("second_factor.show"), 303)


@pages.post("/confirm")
@require()
@limit(GUESSES_PER_ADDRESS)
def confirm() -> ResponseReturnValue:
    """Switch it on, and show the recovery codes."""
    account, code = get_signed_in(), FirstCodeForm.sent().code.data
    try:
        with get_database().begin() as session:
            codes = second_factor.confirm(
                session, account.account_id, code, read_clock(session), keep_session=account.session_id
            )
    except InvalidCode as error:
        return _draw_page(wrong={"code": write_error(error)}), 422
    return _draw_codes(codes)


@pages.post("/recovery-codes")
@require()
@limit(GUESSES_PER_ADDRESS)
def replace_recovery_codes() -> ResponseReturnValue:
    """Other recovery codes; the earlier ones are void."""
    if not _knows_password():
        return _draw_page(wrong={"codes": gettext("This is not your present password.")}), 422
    account_id = get_signed_in().account_id
    with get_database().begin() as session:
        if not second_factor.is_asked_for(session, account_id):
            abort(404)
        codes = second_factor.replace_recovery_codes(session, account_id, read_clock(session))
    return _draw_codes(codes)


@pages.post("/off")
@require()
@limit(GUESSES_PER_ADDRESS)
def turn_off() -> ResponseReturnValue:
    """Ask for no code any more; with the password only, so that a browser left open does not do it."""
    if not _knows_password():
        return _draw_page(wrong={"off": gettext("This is not your present password.")}), 422
    with get_database().begin() as session:
        second_factor.turn_off(session, get_signed_in().account_id)
    flash(gettext("The second factor is off: signing in takes the password alone."), "success")
    return redirect(url_for("second_factor.show"), 303)


def _knows_password() -> bool:
    password = OwnPasswordForm.sent().password.data
    with get_database().begin() as session:
        kept = session.get_one(Account, get_signed_in().account_id)
    try:
        return matches(kept.password_hash, password)
    except SignInBusy:
        abort(503)


def _draw_page(wrong: dict[str, str] | None = None) -> str:
    account = get_signed_in()
    with get_database().begin() as session:
        factor = second_factor.find_factor(session, account.account_id)
        begun = factor is not None and factor.confirmed_at is None
        secret = second_factor.read_secret(session, factor) if factor is not None and begun else ""
        left = second_factor.count_recovery_codes(session, account.account_id)
    return render_template(
        "accounts/second_factor.html",
        account=account,
        on_since=factor.confirmed_at if factor is not None else None,
        key=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        code=draw_qr_code(second_factor.make_address(secret, account.name)) if secret else "",
        left=left,
        needed=lacks_second_factor(account),
        wrong=wrong or {},
    )


def _draw_codes(codes: list[str]) -> str:
    """The only page that ever shows them."""
    return render_template("accounts/recovery_codes.html", codes=codes)
