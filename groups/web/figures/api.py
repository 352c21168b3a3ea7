"""The figures for the town's platform: read-only JSON under /api/v1, a token per client, described in OpenAPI."""

from __future__ import annotations

import json

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
from groups.errors import InvalidChoice, say
from groups.models.roster import Village
from groups.rules.days import find_local_day
from groups.web.figures.api_document import make_document
from groups.web.shell.access import open_to_all
from groups.web.shell.access_log import show_numbers
from groups.web.shell.api_tokens import require_token
from groups.web.shell.slots import SLOTS

pages = Blueprint("api", __name__, url_prefix="/api")


def register(app: Flask) -> None:
    """Add the addresses."""
    app.register_blueprint(pages)


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
    settings, others = the_settings(), SLOTS.of()
    return _send_json(
        json.dumps(make_document(settings.public_base_url, others.api_paths, others.api_schemas), ensure_ascii=False)
    )


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
