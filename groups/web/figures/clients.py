"""The programs that may read the figures: the administrator lets them in and turns them away."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import clock
from config.services import database
from groups.accounts import api_clients
from groups.coverage.rules.query import choice_of
from groups.errors import GroupsError
from groups.models.accounts import AccountRole
from groups.web.enrolment.common import words_of
from groups.web.shell.access import current, requires
from groups.web.shell.forms import ChoicesField, Form, TextField, WholeNumberField


class ClientForm(Form):
    """A program that is to read the figures."""

    name = TextField(most=80)
    scope = ChoicesField(by=partial(choice_of, api_clients.Scope))
    per_minute = WholeNumberField()


class RevokedClientForm(Form):
    """The program that is turned away."""

    name = TextField(most=80)


pages = Blueprint("api_clients", __name__, url_prefix="/coverage/api-clients")


@pages.get("")
@requires(AccountRole.ADMIN)
def show() -> ResponseReturnValue:
    """Who may read, and since when."""
    return _page()


@pages.post("")
@requires(AccountRole.ADMIN)
def create() -> ResponseReturnValue:
    """Let a program in. Its token stands on this one answer and nowhere else."""
    form = ClientForm.sent()
    if not form.validate():
        return _page(wrong=form.first_wrong), 422
    try:
        with database().begin() as session:
            made = api_clients.create_client(
                session, form.name.data, form.scope.data, form.per_minute.data or 0, current().name, clock(session)
            )
    except GroupsError as error:
        return _page(wrong=words_of(error)), 422
    return _page(token=made[1], named=made[0].name)


@pages.post("/revoke")
@requires(AccountRole.ADMIN)
def revoke() -> ResponseReturnValue:
    """Turn a program away from now on."""
    try:
        with database().begin() as session:
            api_clients.revoke_client(session, RevokedClientForm.sent().name.data, clock(session))
    except GroupsError as error:
        return _page(wrong=words_of(error)), 404
    flash(gettext("Its token is good for nothing now."), "success")
    return redirect(url_for("api_clients.show"), 303)


def _page(wrong: str = "", token: str = "", named: str = "") -> str:
    with database().begin() as session:
        return render_template(
            "figures/api_clients.html",
            clients=api_clients.list_clients(session),
            scopes=[*api_clients.Scope],
            usual_pace=api_clients.USUAL_PACE,
            wrong=wrong,
            token=token,
            named=named,
        )
