"""The programs that may read the figures: the administrator lets them in and turns them away."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database
from groups.accounts import api_clients
from groups.coverage.rules.query import read_choice
from groups.errors import GroupsError
from groups.models.accounts import AccountRole
from groups.web.enrolment.common import write_error
from groups.web.shell.access import get_signed_in, require
from groups.web.shell.forms import ChoicesField, Form, TextField, WholeNumberField


class ClientForm(Form):
    """A program that is to read the figures."""

    name = TextField(most=80)
    scope = ChoicesField(by=partial(read_choice, api_clients.Scope))
    per_minute = WholeNumberField()


class RevokedClientForm(Form):
    """The program that is turned away."""

    name = TextField(most=80)


pages = Blueprint("api_clients", __name__, url_prefix="/coverage/api-clients")


@pages.get("")
@require(AccountRole.ADMIN)
def show() -> ResponseReturnValue:
    """Who may read, and since when."""
    return _draw_page()


@pages.post("")
@require(AccountRole.ADMIN)
def create() -> ResponseReturnValue:
    """Let a program in. Its token stands on this one answer and nowhere else."""
    form = ClientForm.sent()
    if not form.validate():
        return _draw_page(wrong=form.first_wrong, typed=form.typed), 422
    try:
        with get_database().begin() as session:
            made = api_clients.create_client(
                session,
                form.name.data,
                form.scope.data,
                form.per_minute.data or 0,
                get_signed_in().name,
                read_clock(session),
            )
    except GroupsError as error:
        return _draw_page(wrong=write_error(error), typed=form.typed), 422
    return _draw_page(token=made[1], named=made[0].name)


@pages.post("/revoke")
@require(AccountRole.ADMIN)
def revoke() -> ResponseReturnValue:
    """Turn a program away from now on."""
    try:
        with get_database().begin() as session:
            api_clients.revoke_client(session, RevokedClientForm.sent().name.data, read_clock(session))
    except GroupsError as error:
        return _draw_page(wrong=write_error(error)), 404
    flash(gettext("Its token is good for nothing now."), "success")
    return redirect(url_for("api_clients.show"), 303)


def _draw_page(
    wrong: str = "",
    token: str = "",  # nosec B107 - empty: none to show
    named: str = "",
    typed: dict[str, str] | None = None,
) -> str:
    with get_database().begin() as session:
        return render_template(
            "figures/api_clients.html",
            clients=api_clients.list_clients(session),
            scopes=[*api_clients.Scope],
            read_only=api_clients.READ_ONLY,
            usual_pace=api_clients.USUAL_PACE,
            wrong=wrong,
            typed=typed or {},
            ticked=request.form.getlist("scope"),
            token=token,
            named=named,
        )
