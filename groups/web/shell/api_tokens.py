"""Who a program is that asks: its token, its scope, its pace.

    @pages.get("/v1/coverage")
    @require_token(Scope.COVERAGE)
    def read_coverage(): …  get_client().name

A browser sends no token of its own accord, so nothing of this takes part in sign-in or in the check of forms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import g, request
from flask.typing import ResponseReturnValue

from config.services import get_database
from groups.accounts import api_clients
from groups.accounts.api_clients import Scope
from groups.errors import GroupsError, UnknownVillage
from groups.web.shell.access import open_by_token
from groups.web.shell.access_log import show_numbers
from groups.web.shell.api_errors import make_error
from groups.web.shell.known_browsers import read_address
from groups.web.shell.limits import check_limit

__all__ = ["Scope", "get_client", "require_token"]

P = ParamSpec("P")

_WITHOUT_A_TOKEN = 120
"""Requests a minute from an address whose token is nobody's."""


def require_token(scope: api_clients.Scope) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, Any]]:
    """Admit a client whose token has this scope; others get 401 or 403, those too fast 429."""

    def guard(view: Callable[P, ResponseReturnValue]) -> Callable[P, Any]:
        @wraps(view)
        def serve_guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            client = _find_client()
            check_limit(_write_pace(client), _find_owner(client))
            if client is None:
                return make_error(401)
            if scope.value not in client.scopes:
                return make_error(403)
            show_numbers(0, who=f"API {client.name}")
            g.api_client = client
            try:
                return view(*args, **kwargs)
            except UnknownVillage as trouble:
                return make_error(404, trouble.code, trouble.message)
            except GroupsError as trouble:
                return make_error(422, trouble.code, trouble.message)

        return open_by_token("a client proves itself by its token")(serve_guarded)

    return guard


def get_client() -> api_clients.Client:
    """The client that asks, in a view that requires a token."""
    client: api_clients.Client = g.api_client
    return client


def _find_client() -> api_clients.Client | None:
    """Whose token the request carries."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    with get_database().begin(reads=True) as session:
        return api_clients.find_client(session, token.strip())


def _write_pace(client: api_clients.Client | None) -> str:
    return f"{client.requests_per_minute if client else _WITHOUT_A_TOKEN} per minute"


def _find_owner(client: api_clients.Client | None) -> str:
    return f"client {client.id}" if client else f"address {read_address()}"
