"""Errors of the API as JSON: a code for programs, words for people."""

from __future__ import annotations

import json

from flask import Response, current_app
from werkzeug.exceptions import HTTPException

from groups.errors import Message, say
from groups.errors.words import write_both

_WORDS = {
    400: ("bad_request", say("request_not_understood")),
    401: ("unauthorized", say("good_token_needed_authorization_bearer")),
    403: ("forbidden", say("tokens_scope_does_not_cover")),
    404: ("not_found", say("no_such_address")),
    405: ("method_not_allowed", say("api_method_not_answered")),
    429: ("too_many_requests", say("too_many_requests_try_again_in")),
    503: ("busy", say("try_again_soon")),
}
_OF_ALARMS = {
    "idempotency_key": "api_key_needed",
    "wrong_field": "api_wrong_field",
    "not_on_roster": "api_number_not_on_roster",
    "muted": "api_number_muted",
    "too_many_alarms": "api_too_many_alarms",
    "no_such_alarm": "api_no_such_alarm",
}
"""The words of what goes wrong with alarms, by the code for programs."""


def make_error(status: int, code: str | None = None, message: Message | None = None, **values: str) -> Response:
    """An error as JSON: a code for programs, words for people. `values` stand in the words of the code."""
    usual_code, usual_words = _WORDS.get(status, ("error", say("something_broken_here")))
    if code in _OF_ALARMS:
        message = say(_OF_ALARMS[code], **values)
    body = {"error": {"code": code or usual_code, "message": write_both(message or usual_words)}}
    response = current_app.response_class(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response


def answer_trouble(trouble: HTTPException) -> Response:
    """The same for what Flask turns away itself."""
    response = make_error(trouble.code or 500)
    for name, value in trouble.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response
