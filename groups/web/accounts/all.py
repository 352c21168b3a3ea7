"""The town's accounts, for its administrators: added, changed, signed out, closed; a sign-in code handed out."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database, get_settings
from groups.accounts import accounts, invitations
from groups.accounts import sessions as accounts_sessions
from groups.accounts.second_factor import is_asked_for
from groups.errors import AccountExists, GroupsError, InvalidAccount, InvalidNumber, UnknownVillage, say
from groups.models.accounts import Account, AccountRole
from groups.models.changes import Action
from groups.models.roster import Village
from groups.roster.search import find_villages_meant, get_village_meant
from groups.web.accounts.own import SessionForm
from groups.web.accounts.qr_code import draw_qr_code
from groups.web.roster.common import make_batch
from groups.web.roster.forms import read_number
from groups.web.shell import navigation
from groups.web.shell.access import get_signed_in, require
from groups.web.shell.forms import Form, TextField
from groups.web.shell.languages import write_error


class AccountForm(Form):
    """Who somebody is and what they may; the village is a village head's."""

    name = TextField(most=65, stripped=False)
    phone = TextField(most=40)
    role = TextField(most=16)
    village = TextField(most=80)


pages = Blueprint("accounts", __name__)
MOST_TO_CHOOSE = 500
"""So many villages stand in a list to choose from."""


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)
    navigation.add(app, "accounts.show_accounts", lazy_gettext("Accounts"), "person", frozenset({AccountRole.ADMIN}))


@pages.get("/accounts")
@require(AccountRole.ADMIN)
def show_accounts() -> ResponseReturnValue:
    """The accounts, a page at a time, and a form for another."""
    return _draw_index()


@pages.post("/accounts")
@require(AccountRole.ADMIN)
def create() -> ResponseReturnValue:
    """Add an account, and show the code with which its owner sets the first password."""
    try:
        given = _read_given()
        with get_database().begin() as session:
            batch = make_batch(session, Action.ADD_ACCOUNT)
            code = _read_village(session, given[3])
            account = accounts.create_account(
                session,
                given[0],
                given[2],
                invitations.UNSET,
                batch.now,
                phone=given[1],
                village_code=code,
                record=batch,
            )
            secret = invitations.invite(batch, account)
    except GroupsError as error:
        return _draw_index(wrong=_place_error(error)), 422
    return _draw_code(account, secret)


@pages.get("/accounts/<int:account_id>")
@require(AccountRole.ADMIN)
def show(account_id: int) -> ResponseReturnValue:
    """One account: what it may, and the browsers signed in with it."""
    return _draw_page(account_id)


@pages.post("/accounts/<int:account_id>")
@require(AccountRole.ADMIN)
def change(account_id: int) -> ResponseReturnValue:
    """Another name, phone, role or village."""
    try:
        name, phone, role, village = _read_given()
        with get_database().begin() as session:
            account = _get_account(session, account_id)
            if account.id == get_signed_in().account_id and role is not account.role:
                raise InvalidAccount(say("you_cannot_change_your_own_role"))
            batch = make_batch(session, Action.EDIT_ACCOUNT)
            code = _read_village(session, village)
            accounts.change_account(batch, account, name=name, phone=phone, role=role, village_code=code)
    except GroupsError as error:
        return _draw_page(account_id, wrong=_place_error(error)), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for("accounts.show", account_id=account_id), 303)


@pages.post("/accounts/<int:account_id>/invite")
@require(AccountRole.ADMIN)
def invite(account_id: int) -> ResponseReturnValue:
    """A new code, for somebody who comes for the first time or has forgotten the password."""
    with get_database().begin() as session:
        account = _get_account(session, account_id)
        code = invitations.invite(make_batch(session, Action.INVITE), account)
    return _draw_code(account, code)


@pages.post("/accounts/<int:account_id>/sign-out")
@require(AccountRole.ADMIN)
def sign_out(account_id: int) -> ResponseReturnValue:
    """Sign out the browsers of an account: one of them, or all."""
    with get_database().begin() as session:
        account = _get_account(session, account_id)
        count = accounts_sessions.revoke(session, account.id, read_clock(session), only=SessionForm.sent().session.data)
    flash(gettext("%(count)s browsers were signed out.", count=count), "success")
    return redirect(url_for("accounts.show", account_id=account_id), 303)


@pages.get("/accounts/<int:account_id>/close")
@require(AccountRole.ADMIN)
def show_close(account_id: int) -> ResponseReturnValue:
    """What closing does, before it is done."""
    with get_database().begin() as session:
        account = _get_account(session, account_id)
        count = len(accounts_sessions.list_sessions(session, account.id, read_clock(session)))
    return render_template("accounts/account_close.html", account=account, count=count)


@pages.post("/accounts/<int:account_id>/reopen")
@require(AccountRole.ADMIN)
def open_again(account_id: int) -> ResponseReturnValue:
    """Closed by mistake: open again as it was."""
    try:
        with get_database().begin() as session:
            account = session.get(Account, account_id)
            if account is None:
                abort(404)
            if account.archived_at is not None:
                accounts.open_account_again(make_batch(session, Action.REOPEN_ACCOUNT), account)
    except GroupsError as error:
        return _draw_index(wrong_closed=write_error(error)), 422
    flash(
        gettext("The account of %(name)s is open again. It signs in with the password it had.", name=account.name),
        "success",
    )
    return redirect(url_for("accounts.show", account_id=account_id), 303)


@pages.post("/accounts/<int:account_id>/close")
@require(AccountRole.ADMIN)
def close(account_id: int) -> ResponseReturnValue:
    """Nobody signs in with it any more."""
    if account_id == get_signed_in().account_id:
        return _draw_page(account_id, wrong={"": gettext("You cannot close your own account: ask another.")}), 422
    with get_database().begin() as session:
        account = _get_account(session, account_id)
        batch = make_batch(session, Action.CLOSE_ACCOUNT)
        accounts.close_account(session, account, batch.now, record=batch)
    flash(gettext("The account of %(name)s was closed. Below it can be opened again.", name=account.name), "success")
    return redirect(url_for("accounts.show_accounts"), 303)


def _read_given() -> tuple[str, str | None, AccountRole, str | None]:
    """Name, phone in E.164, role and a head's village as the form has them. Raises InvalidNumber, InvalidAccount."""
    form = AccountForm.sent()
    phone = read_number(form.phone.data, get_settings()).e164 if form.phone.data else None
    try:
        role = AccountRole(form.role.data)
    except ValueError:
        abort(400)
    code = form.village.data if role is AccountRole.VILLAGE_HEAD else ""
    return form.name.data, phone, role, code or None


def _place_error(error: GroupsError) -> dict[str, str]:
    """The error's words by the field that they are about."""
    form = AccountForm.sent()
    if isinstance(error, UnknownVillage) or (form.role.data == AccountRole.VILLAGE_HEAD and not form.village.data):
        return {"village": write_error(error)}
    if isinstance(error, InvalidNumber):
        return {"phone": write_error(error)}
    return {"name" if isinstance(error, InvalidAccount | AccountExists) else "": write_error(error)}


def _read_village(session: Session, text: str | None) -> str | None:
    """The code of the village that somebody means, by its name or its code. Raises UnknownVillage."""
    return None if text is None else str(get_village_meant(session, text).code)


def _list_villages(session: Session) -> list[Village]:
    """The villages to choose from; none where they are too many for a list: there the name is typed."""
    found = session.scalars(
        select(Village).where(Village.archived_at.is_(None)).order_by(Village.name).limit(MOST_TO_CHOOSE + 1)
    ).all()
    return list(found) if len(found) <= MOST_TO_CHOOSE else []


def _get_account(session: Session, account_id: int) -> Account:
    account = session.scalar(select(Account).where(Account.id == account_id, Account.archived_at.is_(None)))
    if account is None:
        abort(404)
    return account


def _draw_index(wrong: dict[str, str] | None = None, wrong_closed: str = "") -> str:
    text, page = request.args.get("q", "")[:64], request.args.get("page", 1, type=int)
    with get_database().begin() as session:
        found, last = accounts.list_page(session, text, page)
        closed, villages = accounts.list_closed(session), _list_villages(session)
    return render_template(
        "accounts/accounts.html",
        accounts=found,
        closed=closed,
        villages=villages,
        wrong_closed=wrong_closed,
        text=text,
        page=min(max(page, 1), last),
        last=last,
        wrong=wrong or {},
        roles=AccountRole,
        typed=AccountForm.sent().data,
    )


def _draw_page(account_id: int, wrong: dict[str, str] | None = None) -> str:
    with get_database().begin() as session:
        account = _get_account(session, account_id)
        village = None if account.village_id is None else session.get(Village, account.village_id)
        sessions = accounts_sessions.list_sessions(session, account.id, read_clock(session))
        has_second_factor = is_asked_for(session, account.id)
        villages = _list_villages(session)
        # A name that two villages have would be refused when the form comes back.
        chosen = "" if village is None else village.name
        if village is not None and len(find_villages_meant(session, chosen)) != 1:
            chosen = village.code
    return render_template(
        "accounts/account_admin.html",
        second_factor=has_second_factor,
        account=account,
        # What was refused stays in the fields.
        typed=None if not wrong or "" in wrong else AccountForm.sent().data,
        chosen=chosen,
        villages=villages,
        sessions=sessions,
        wrong=wrong or {},
        roles=AccountRole,
    )


def _draw_code(account: Account, code: str) -> str:
    """The only page that ever shows the code, typed and as a picture.

    The picture's address has the code behind `#`: a browser keeps that part to itself, so it comes into no log.
    """
    link = get_settings().public_base_url + url_for("first_sign_in.show_form")
    return render_template(
        "accounts/account_code.html",
        account=account,
        code=code,
        link=link,
        picture=draw_qr_code(f"{link}#{code}"),
        days=invitations.VALID_FOR.days,
    )
