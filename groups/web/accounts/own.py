"""One's own account: the browsers that are signed in, and the password."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from config.database import read_clock
from config.services import get_database
from groups.accounts import accounts
from groups.accounts import sessions as accounts_sessions
from groups.accounts.passwords import hash_password, matches
from groups.accounts.rules import browsers
from groups.accounts.rules.passwords import LONGEST, SHORTEST, Weakness, find_weakness
from groups.errors import SignInBusy
from groups.models.accounts import Account
from groups.web.shell.access import get_signed_in, require
from groups.web.shell.forms import Form, TextField, WholeNumberField
from groups.web.shell.limits import limit
from groups.web.shell.security import GUESSES_PER_ADDRESS


class SessionForm(Form):
    """Which browser is signed out; none named: all others."""

    session = WholeNumberField()


class PasswordForm(Form):
    """The password as it is, and as it is to be."""

    old = TextField(most=LONGEST + 1, stripped=False)
    new = TextField(most=LONGEST + 1, stripped=False)


pages = Blueprint("account", __name__)


def register(app: Flask) -> None:
    """Add the pages."""
    app.jinja_env.filters["browser_name"] = show_browser
    app.register_blueprint(pages)


@pages.get("/account")
@require()
def show() -> ResponseReturnValue:
    """Who one is, and from where."""
    return _draw_page()


@pages.post("/account/sessions/revoke")
@require()
def revoke() -> ResponseReturnValue:
    """Sign out one other browser, or all others."""
    account = get_signed_in()
    only = SessionForm.sent().session.data
    with get_database().begin() as session:
        count = accounts_sessions.revoke(
            session, account.account_id, read_clock(session), only=only, but=account.session_id
        )
    flash(ngettext("One browser was signed out.", "%(num)d browsers were signed out.", count), "success")
    return redirect(url_for("account.show"), 303)


@pages.post("/account/password")
@require()
@limit(GUESSES_PER_ADDRESS)
def change_password() -> ResponseReturnValue:
    """Change the password, and sign all other browsers out."""
    account = get_signed_in()
    sent = PasswordForm.sent()
    old, new = sent.old.data, sent.new.data
    with get_database().begin() as session:
        kept = session.get_one(Account, account.account_id)
    try:
        if not matches(kept.password_hash, old):
            return _draw_page(wrong={"old": gettext("This is not your present password.")}), 422
        if flaw := find_weakness(new, (kept.name, kept.phone or "")):
            return _draw_page(wrong={"new": explain_weakness(flaw)}), 422
        password_hash = hash_password(new)
    except SignInBusy:
        abort(503)
    with get_database().begin() as session:
        accounts.set_password(
            session, account.account_id, password_hash, read_clock(session), keep_session=account.session_id
        )
    flash(gettext("Your password was changed. All other browsers were signed out."), "success")
    return redirect(url_for("account.show"), 303)


def show_browser(user_agent: str) -> str:
    """A browser as its owner knows it."""
    words: str = browsers.name_browser(user_agent) or gettext("An unknown browser")
    return words


def _draw_page(wrong: dict[str, str] | None = None) -> str:
    account = get_signed_in()
    with get_database().begin() as session:
        sessions = accounts_sessions.list_sessions(session, account.account_id, read_clock(session))
    return render_template(
        "accounts/account.html", account=account, sessions=sessions, wrong=wrong or {}, shortest=SHORTEST
    )


def explain_weakness(flaw: Weakness) -> str:
    """Why a password is refused, in words."""
    words: str = {
        Weakness.TOO_SHORT: gettext("A password has at least %(count)s characters.", count=SHORTEST),
        Weakness.TOO_LONG: gettext("A password has at most %(count)s characters.", count=LONGEST),
        Weakness.GUESSABLE: gettext("This password is one of the first that anybody would try."),
        Weakness.NAMES_ITS_OWNER: gettext("A password must not be your name or phone number."),
    }[flaw]
    return words
