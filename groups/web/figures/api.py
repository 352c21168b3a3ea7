"""The figures for the town's platform: read-only JSON under /api/v1, a token per client, described in OpenAPI."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from config.database import read_clock
from config.services import get_database
from config.services import get_settings as the_settings
from groups.accounts import api_clients
from groups.coverage import exports, figures
from groups.coverage import report as coverage_report
from groups.coverage.rules.query import QUERY_WORDS, read_query
from groups.errors import GroupsError, InvalidChoice, UnknownVillage, say
from groups.models.roster import Village
from groups.rules.days import find_local_day
from groups.web.figures.api_document import make_document
from groups.web.shell.access import open_to_all
from groups.web.shell.access_log import show_numbers
from groups.web.shell.api_errors import make_error
from groups.web.shell.known_browsers import read_address
from groups.web.shell.limits import check_limit

pages = Blueprint("api", __name__, url_prefix="/api")
P = ParamSpec("P")

_WITHOUT_A_TOKEN = 120
"""Requests a minute from an address whose token is nobody's."""


def register(app: Flask) -> None:
    """Add the addresses."""
    app.register_blueprint(pages)


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
            try:
                return view(*args, **kwargs)
            except UnknownVillage as trouble:
                return make_error(404, trouble.code, trouble.message)
            except GroupsError as trouble:
                return make_error(422, trouble.code, trouble.message)

        return open_to_all("a client proves itself by its token")(serve_guarded)

    return guard


@pages.get("/v1/coverage")
@require_token(api_clients.Scope.COVERAGE)
def read_coverage() -> ResponseReturnValue:
    """The figures of a day."""
    settings = the_settings()
    with get_database().begin(reads=True) as session:
        _check_words(QUERY_WORDS)
        now = read_clock(session)
        latest = figures.find_latest_day(session, find_local_day(now, settings.zone))
        query = read_query(request.args, latest, settings.zone, now)
        report = coverage_report.report_on(session, query, settings.zone, form="json")
    show_numbers(len(report.villages))
    return _send_json(exports.as_json(report))


@pages.get("/v1/villages")
@require_token(api_clients.Scope.VILLAGES)
def read_villages() -> ResponseReturnValue:
    """The villages there are."""
    _check_words(frozenset())
    question = select(Village.code, Village.name, Village.name_en, Village.kind).where(Village.archived_at.is_(None))
    with get_database().begin(reads=True) as session:
        rows = session.execute(question.order_by(Village.code)).all()
    villages = [
        {"code": code, "name": name, "name_en": name_en or None, "kind": kind.value}
        for code, name, name_en, kind in rows
    ]
    show_numbers(len(villages))
    return _send_json(json.dumps({"villages": villages}, ensure_ascii=False))


@pages.get("/openapi.json")
@open_to_all("what the API is like is no secret")
def show_openapi() -> ResponseReturnValue:
    """The API's description."""
    settings = the_settings()
    return _send_json(json.dumps(make_document(settings.public_base_url), ensure_ascii=False))


def _send_json(body: str) -> Response:
    """JSON with a tag, so that a platform that asks again is told when nothing is new (304)."""
    response = current_app.response_class(body, mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _check_words(known: frozenset[str]) -> None:
    """A slip in a word's name must not pass for a question without it. Raises InvalidChoice."""
    for name, word in request.args.items(multi=True):
        if name not in known or not word.strip():
            shown = "".join(sign for sign in name[:20] if sign.isprintable())
            raise InvalidChoice(say("unknown_parameter", text=shown))


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
