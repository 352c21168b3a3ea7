"""A village head who has forgotten the password signs in with six digits sent by text, and may set another password."""

from __future__ import annotations

import secrets

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database, get_settings
from groups.accounts import texted_codes
from groups.accounts.passwords import hash_password
from groups.accounts.rules.passwords import LONGEST, SHORTEST, find_weakness
from groups.accounts.texted_codes import Asked, Asker, Place
from groups.errors import SignInBusy
from groups.web.accounts.own import explain_weakness
from groups.web.accounts.sign_in import admit_browser
from groups.web.shell import known_browsers
from groups.web.shell.access import open_to_all, read_asked, remember_asked
from groups.web.shell.forms import Form, TextField
from groups.web.shell.limits import limit
from groups.web.shell.security import GUESSES_PER_ADDRESS
from groups.web.shell.times import get_zone

_WHY = "who has forgotten the password signs in by a text"


class AskForm(Form):
    """Name or phone."""

    login = TextField(most=64)


class TextedCodeForm(Form):
    """The digits, and another password where one is wished."""

    code = TextField(most=40)
    new = TextField(most=LONGEST + 1, stripped=False)


pages = Blueprint("texted_code", __name__, url_prefix="/sign-in/text")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.get("")
@open_to_all(_WHY)
def show_form() -> ResponseReturnValue:
    """For whom a code is wished."""
    return _draw_form()


@pages.post("")
@open_to_all(_WHY)
@limit(GUESSES_PER_ADDRESS)
def ask() -> ResponseReturnValue:
    """Have a code sent; the answer is the same whoever it is, and where there is nobody."""
    login = AskForm.sent().login.data
    if not login:
        return _draw_form(wrong=True), 422
    asked = Asked(login, secrets.token_urlsafe(24))
    with get_database().begin() as session:
        asker = Asker(known_browsers.read_address(), known_browsers.name_for)
        key = get_settings().secret_key
        texted_codes.ask_for_code(session, asked, asker, read_clock(session), _find_place(), key)
    remember_asked(asked)
    return redirect(url_for("texted_code.show_code_form"), 303)


@pages.get("/code")
@open_to_all(_WHY)
def show_code_form() -> ResponseReturnValue:
    """Where the digits are typed."""
    return _draw_code_form() if read_asked() else redirect(url_for("texted_code.show_form"), 303)


@pages.post("/code")
@open_to_all(_WHY)
@limit(GUESSES_PER_ADDRESS)
def submit() -> ResponseReturnValue:
    """Sign in, and set the password that was typed, if any."""
    sent, asked = TextedCodeForm.sent(), read_asked()
    if asked is None:
        return redirect(url_for("texted_code.show_form"), 303)
    code, new = sent.code.data, sent.new.data
    key, place = get_settings().secret_key, _find_place()
    with get_database().begin() as session:
        found = texted_codes.find_account(session, asked, code, read_clock(session), place, key)
        owner = None if found is None else (found[1].name, found[1].phone or "")
    if owner is None:
        return _draw_code_form({"code": gettext("This code is not right, was used, or is older than 10 minutes.")}), 422
    if new and (flaw := find_weakness(new, owner)):
        return _draw_code_form({"new": explain_weakness(flaw)}, code), 422
    try:
        password_hash = hash_password(new) if new else None
    except SignInBusy:
        abort(503)
    with get_database().begin() as session:
        now = read_clock(session)
        found = texted_codes.find_account(session, asked, code, now, place, key)
        if found is None:
            return redirect(url_for("texted_code.show_form"), 303)
        known = bool(known_browsers.name_for(found[1].id))
        browser = request.user_agent.string
        outcome = texted_codes.redeem_code(session, found, password_hash, browser, now, get_zone(), known=known)
    answer = admit_browser(outcome, "/")
    if new:
        flash(gettext("Your password was changed. All other browsers were signed out."), "success")
    return answer


def _find_place() -> Place:
    settings = get_settings()
    return Place(settings.default_region, settings.default_area_code)


def _draw_form(*, wrong: bool = False) -> str:
    return render_template("accounts/texted_code_ask.html", wrong=wrong, office_phone=get_settings().town_office_phone)


def _draw_code_form(wrong: dict[str, str] | None = None, code: str = "") -> str:
    return render_template(
        "accounts/texted_code.html",
        wrong=wrong or {},
        code=code,
        shortest=SHORTEST,
        office_phone=get_settings().town_office_phone,
    )
