"""Alarms of programs: a button, a detector, the town's platform. JSON under /api/v1/alarms, a token per client.

Unlike the carrier's webhooks nobody is on a line here: while the database is away the program hears 503, and asks again
with the same `Idempotency-Key`. Described in `/api/openapi.json`.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import structlog
from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy.exc import SQLAlchemyError

from config.database import is_away, read_clock
from groups.web.shell.access_log import show_numbers
from groups.web.shell.api_errors import make_error
from groups.web.shell.api_tokens import Scope, get_client, require_token
from joint_defense.alarms.intake import IntakeResult, Outcome
from joint_defense.alarms.platform_alarms import AlarmRequest, Followed, close_own, follow, raise_for_household
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import BY_PEOPLE, ClosingOutcome
from joint_defense.rules.triggers import Category

LARGEST_BODY = 16 * 1024
LONGEST_KEY, LONGEST_TEXT = 128, 100
Body = TypeVar("Body", bound=BaseModel)
platform = Blueprint("platform", __name__, url_prefix="/api/v1/alarms")
log = structlog.stdlib.get_logger(__name__)


class AlarmBody(BaseModel):
    """What a program sends to raise an alarm. `number`: a phone of the household, as people write it.

    `by_device`: nobody has pressed anything. `text` goes to those who are called; links are cut out there.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    number: str = Field(min_length=3, max_length=40)
    by_device: bool = False
    category: str = Category.UNSPECIFIED.value
    text: str = Field(default="", max_length=LONGEST_TEXT)

    @field_validator("category")
    @classmethod
    def check_category(cls, given: str) -> str:
        """One of those that there are."""
        return Category(given).value


class ClosingBody(BaseModel):
    """What a program sends to close one."""

    model_config = ConfigDict(extra="forbid", strict=True)
    outcome: str

    @field_validator("outcome")
    @classmethod
    def check_outcome(cls, given: str) -> str:
        """One of those that people may choose."""
        if ClosingOutcome(given) not in BY_PEOPLE:
            raise ValueError("not for anybody to choose")
        return given


@platform.before_request
def limit_body() -> None:
    """Too large a body is 413, before it is read."""
    request.max_content_length = LARGEST_BODY


@platform.errorhandler(SQLAlchemyError)
def answer_trouble(error: SQLAlchemyError) -> Response:
    """Nothing was raised or closed: the program is to ask again, by the same key."""
    away = is_away(error)
    log.error("platform_alarm_failed", cause="away" if away else "broken", exc_info=None if away else error)
    response = make_error(503)
    response.headers["Retry-After"] = "2"
    return response


@platform.post("")
@require_token(Scope.ALARMS)
def raise_alarm() -> ResponseReturnValue:
    """Raise an alarm for the household of a number; the same key again is the same alarm."""
    key = request.headers.get("Idempotency-Key", "")
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        return make_error(422, "idempotency_key")
    body = _read_body(AlarmBody)
    if isinstance(body, Response):
        return body
    runtime = get_runtime()
    asked = AlarmRequest(
        get_client().id,
        key,
        runtime.read_number(body.number) or body.number[:16],
        by_device=body.by_device,
        category=Category(body.category),
        text=body.text,
    )
    with runtime.database.begin() as session:
        raised = raise_for_household(session, asked, read_clock(session), runtime.limits)
    log.info("alarm_asked_for", client=get_client().name, outcome=raised.outcome, incident_id=raised.incident_id)
    if raised.incident_id is None:
        return make_error(*_REFUSALS[raised.outcome])
    WAKER.of().wake(raised.incident_id)
    return _send(_describe_raised(raised), 200 if raised.repeated else 201)


_REFUSALS = {
    Outcome.STRANGER: (404, "not_on_roster"),
    Outcome.MUTED: (409, "muted"),
    Outcome.FLOOD: (429, "too_many_alarms"),
}


@platform.get("/<int:incident_id>")
@require_token(Scope.ALARMS)
def follow_alarm(incident_id: int) -> ResponseReturnValue:
    """How an alarm of the client's own stands, and who comes."""
    with get_runtime().database.begin(reads=True) as session:
        found = follow(session, get_client().id, incident_id)
    if found is None:
        return make_error(404, "no_such_alarm")
    show_numbers(len(found.coming))
    return _send(_describe(found))


@platform.post("/<int:incident_id>/close")
@require_token(Scope.ALARMS)
def close_alarm(incident_id: int) -> ResponseReturnValue:
    """Close an alarm of the client's own: everybody who was called is told. Closed already, it stays as it is."""
    body = _read_body(ClosingBody)
    if isinstance(body, Response):
        return body
    client = get_client()
    with get_runtime().database.begin() as session:
        by = f"API {client.name}"
        closed = close_own(session, client.id, incident_id, ClosingOutcome(body.outcome), by, read_clock(session))
        session.flush()
        found = follow(session, client.id, incident_id)
    if found is None:
        return make_error(404, "no_such_alarm")
    if closed:
        WAKER.of().wake(incident_id)
    return _send(_describe(found))


def _read_body(kind: type[Body]) -> Body | Response:
    """What was sent; an error that names the first field that is wrong."""
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as trouble:
        first = trouble.errors()[0]
        field = ".".join(str(part) for part in first["loc"])[:40]
        if not field:
            return make_error(400)
        return make_error(422, "wrong_field", field="".join(sign for sign in field if sign.isprintable()))


def _describe_raised(raised: IntakeResult) -> dict[str, Any]:
    return {
        "id": raised.incident_id,
        "outcome": raised.outcome.value,
        "households": raised.households,
        "phones": raised.phones,
        "repeated": raised.repeated,
    }


def _describe(found: Followed) -> dict[str, Any]:
    zone = get_runtime().settings.zone
    return {
        "id": found.incident_id,
        "state": "open" if found.closed_at is None else "closed",
        "category": found.category.value,
        "opened_at": found.opened_at.astimezone(zone).isoformat(timespec="seconds"),
        "closed_at": found.closed_at and found.closed_at.astimezone(zone).isoformat(timespec="seconds"),
        "outcome": found.outcome and found.outcome.value,
        "called": found.called,
        "coming": [
            {"name": each.name, "minutes": each.minutes, "there": each.answer is Answer.ON_SCENE}
            for each in found.coming
        ],
    }


def _send(answer: dict[str, Any], status: int = 200) -> Response:
    response = current_app.response_class(json.dumps(answer, ensure_ascii=False), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
