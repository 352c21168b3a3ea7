"""Signing in and out."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database
from config.services import get_settings as the_settings
from groups.accounts import accounts, sessions
from groups.accounts.accounts import SignIn
from groups.accounts.passwords import matches
from groups.accounts.rules.passwords import LONGEST
from groups.accounts.second_factor import LONGEST_CODE
from groups.errors import SignInBusy
from groups.web.shell import known_browsers
from groups.web.shell.access import (
    check_own_path,
    find_signed_in,
    forget,
    get_signed_in,
    open_to_all,
    read_half,
    remember,
    remember_half,
    require,
)
from groups.web.shell.forms import Form, TextField
from groups.web.shell.limits import limit
from groups.web.shell.security import GUESSES_PER_ADDRESS


class SignInForm(Form):
    """Name or phone, and the password; where to go then. A password is no text to tidy."""

    login = TextField(most=200, stripped=False)
    password = TextField(most=LONGEST + 1, stripped=False)
    next = TextField(most=2000)


class CodeForm(Form):
    """The one-time code, or a recovery code; where to go then."""

    code = TextField(most=LONGEST_CODE)
    next = TextField(most=2000)


pages = Blueprint("sign_in", __name__)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.get("/sign-in")
@open_to_all("this is where one signs in")
def show_form() -> ResponseReturnValue:
    """The form; those who are signed in already go on."""
    target = check_own_path(request.args.get("next"))
    if find_signed_in() is not None:
        return redirect(target or "/", 303)
    return _draw_form(target)


@pages.post("/sign-in")
@open_to_all("this is where one signs in")
@limit(GUESSES_PER_ADDRESS)
def submit() -> ResponseReturnValue:
    """Sign in, or say what is wrong: never whether it was the name or the password."""
    sent = SignInForm.sent()
    target, login, password = check_own_path(sent.next.data), sent.login.data, sent.password.data
    if not login.strip() or not password:
        return _draw_form(target, login=login, wrong="empty"), 422
    try:
        outcome = _try(login, password)
    except SignInBusy:
        abort(503)
    if outcome.token is None and outcome.half is None:
        wrong = "locked" if outcome.locked_until else "refused"
        return _draw_form(target, login=login, wrong=wrong, locked_until=outcome.locked_until), 422
    return admit_browser(outcome, target)


@pages.get("/sign-in/code")
@open_to_all("whoever has shown the password shows the second factor here")
def show_code_form() -> ResponseReturnValue:
    """The form for the one-time code."""
    half = read_half()
    if half is None or find_signed_in() is not None:
        return redirect(url_for("sign_in.show_form"), 303)
    return _draw_code_form(check_own_path(request.args.get("next")))


@pages.post("/sign-in/code")
@open_to_all("whoever has shown the password shows the second factor here")
@limit(GUESSES_PER_ADDRESS)
def submit_code() -> ResponseReturnValue:
    """Sign in with the code, or say that it is wrong; after too long the password is asked for again."""
    sent, half = CodeForm.sent(), read_half()
    target = check_own_path(sent.next.data)
    if half is None:
        return redirect(url_for("sign_in.show_form", next=target), 303)
    if not sent.code.data:
        return _draw_code_form(target, wrong="empty"), 422
    with get_database().begin() as session:
        outcome = accounts.settle_half(
            session,
            half,
            sent.code.data,
            known_browsers.name_for(half.account_id),
            request.user_agent.string,
            read_clock(session),
        )
    if outcome.token is not None:
        if outcome.recovery_codes_left is not None:
            flash(
                gettext("You have used a recovery code: %(count)s are left.", count=outcome.recovery_codes_left),
                "success",
            )
        return admit_browser(outcome, target)
    if outcome.half is None:
        forget()
        flash(gettext("That took too long: sign in again."), "warning")
        return redirect(url_for("sign_in.show_form", next=target), 303)
    wrong = "locked" if outcome.locked_until else "refused"
    return _draw_code_form(target, wrong=wrong, locked_until=outcome.locked_until), 422


def admit_browser(outcome: SignIn, target: str | None) -> ResponseReturnValue:
    """Go on to `target` as somebody who is signed in, or to where the code is asked for.

    A browser that is signed in is known to its account from now on.
    """
    if outcome.half is not None:
        remember_half(outcome.half)
        return redirect(url_for("sign_in.show_code_form", next=target), 303)
    if outcome.token is None:
        raise RuntimeError("nobody is to be admitted")
    remember(outcome.token)
    response = redirect(target or "/", 303)
    known_browsers.remember_browser(response, get_signed_in().account_id)
    return response


@pages.post("/sign-out")
@require()
def sign_out() -> ResponseReturnValue:
    """Sign this browser out."""
    account = get_signed_in()
    with get_database().begin() as session:
        sessions.revoke(session, account.account_id, read_clock(session), only=account.session_id)
    forget()
    return redirect(url_for("sign_in.show_form"), 303)


def _try(login: str, password: str) -> SignIn:
    """Between the two transactions, so that neither is open while the hash takes its time."""
    settings = the_settings()
    with get_database().begin() as session:
        candidate = accounts.find_candidate(
            session,
            login,
            read_clock(session),
            settings.default_region,
            settings.default_area_code,
            known_browsers.name_for,
        )
    if candidate.locked_until is not None:
        return SignIn(None, candidate.locked_until)
    matched = matches(candidate.password_hash, password)
    with get_database().begin() as session:
        browser = request.user_agent.string
        return accounts.settle_sign_in(session, candidate, matched=matched, browser=browser, now=read_clock(session))


def _draw_form(
    target: str | None, *, login: str = "", wrong: str | None = None, locked_until: datetime | None = None
) -> str:
    settings = the_settings()
    return render_template(
        "accounts/sign_in.html",
        target=target,
        login=login,
        wrong=wrong,
        locked_until=locked_until,
        office_phone=settings.town_office_phone,
    )


def _draw_code_form(target: str | None, *, wrong: str | None = None, locked_until: datetime | None = None) -> str:
    return render_template(
        "accounts/sign_in_code.html",
        target=target,
        wrong=wrong,
        locked_until=locked_until,
        office_phone=the_settings().town_office_phone,
    )
