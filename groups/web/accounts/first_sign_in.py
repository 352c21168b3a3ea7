"""The first sign-in: with the code that an administrator has handed over, one sets a password and is in."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, render_template, request
from flask.typing import ResponseReturnValue

from config.database import read_clock
from config.services import get_database
from groups.accounts import invitations
from groups.accounts.passwords import hash_password
from groups.accounts.rules.passwords import LONGEST, SHORTEST, find_weakness
from groups.errors import InvalidInvitation, SignInBusy
from groups.web.accounts.own import explain_weakness
from groups.web.accounts.sign_in import admit_browser
from groups.web.shell.access import open_to_all
from groups.web.shell.forms import Form, TextField
from groups.web.shell.languages import write_error
from groups.web.shell.limits import limit
from groups.web.shell.security import GUESSES_PER_ADDRESS


class FirstPasswordForm(Form):
    """The code that was handed over, and the password."""

    code = TextField(most=40)
    new = TextField(most=LONGEST + 1, stripped=False)


pages = Blueprint("first_sign_in", __name__)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.get("/first-sign-in")
@open_to_all("who has no password yet sets one here, with a code")
def show_form() -> ResponseReturnValue:
    """The form. No address carries a code: addresses stand in logs and in a browser's history."""
    return _draw_form("")


@pages.post("/first-sign-in")
@open_to_all("who has no password yet sets one here, with a code")
@limit(GUESSES_PER_ADDRESS)
def submit() -> ResponseReturnValue:
    """Set the password, and sign in."""
    sent = FirstPasswordForm.sent()
    code, password = sent.code.data, sent.new.data
    try:
        with get_database().begin() as session:
            _, account = invitations.find_invited(session, code, read_clock(session))
        if flaw := find_weakness(password, (account.name, account.phone or "")):
            return _draw_form(code, {"new": explain_weakness(flaw)}), 422
        password_hash = hash_password(password)
        with get_database().begin() as session:
            outcome = invitations.redeem(session, code, password_hash, request.user_agent.string, read_clock(session))
    except InvalidInvitation as error:
        return _draw_form(code, {"code": write_error(error)}), 422
    except SignInBusy:
        abort(503)
    return admit_browser(outcome, "/")


def _draw_form(code: str, wrong: dict[str, str] | None = None) -> str:
    return render_template("accounts/first_sign_in.html", code=code, wrong=wrong or {}, shortest=SHORTEST)
