"""The alarms of programs in OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from groups.web.shell.api_tokens import Scope
from joint_defense.alarms.intake import Outcome
from joint_defense.rules.states import BY_PEOPLE
from joint_defense.rules.triggers import Category
from joint_defense.web.api.alarms import LONGEST_KEY, LONGEST_TEXT, AlarmBody, ClosingBody

_MOMENT = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_CATEGORY = {"type": "string", "enum": [each.value for each in Category]}
_OUTCOME = {"type": "string", "enum": sorted(each.value for each in BY_PEOPLE)}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": r"^[\x20-\x7e]+$"},
    "description": "The client's own name of this alarm. The same one again raises nothing and has the same answer",
}


def describe_paths() -> dict[str, Any]:
    """The addresses."""
    usual = ("400", "401", "403", "422", "429", "503")
    return {
        "/api/v1/alarms": {
            "post": {
                "operationId": "raiseAlarm",
                "summary": f"Raise an alarm for the household of a number (scope {Scope.ALARMS})",
                "description": "As a text of the household's own would. Of a detector's (by_device) the household is "
                "told too, by call and text. What was raised is committed before the answer.",
                "parameters": [_KEY],
                "requestBody": _describe_body("AlarmBody"),
                "responses": {
                    "201": _describe_answer("Raised, or joined to what its group had just raised", "Raised"),
                    "200": _describe_answer("It was raised before, by this key", "Raised"),
                    **_describe_errors(*usual, "404", "409", "413"),
                },
            }
        },
        "/api/v1/alarms/{id}": {
            "get": {
                "operationId": "followAlarm",
                "summary": f"How an alarm of the client's own stands, and who comes (scope {Scope.ALARMS})",
                "parameters": [_ID],
                "responses": {
                    "200": _describe_answer("How it stands", "Alarm"),
                    **_describe_errors("400", "401", "403", "404", "429", "503"),
                },
            }
        },
        "/api/v1/alarms/{id}/close": {
            "post": {
                "operationId": "closeAlarm",
                "summary": f"Close an alarm of the client's own: all who were called are told (scope {Scope.ALARMS})",
                "parameters": [_ID],
                "requestBody": _describe_body("ClosingBody"),
                "responses": {
                    "200": _describe_answer("It is closed, by this or before", "Alarm"),
                    **_describe_errors(*usual, "404", "413"),
                },
            }
        },
    }


def describe_schemas() -> dict[str, Any]:
    """The shapes that they name."""
    body, closing = AlarmBody.model_json_schema(), ClosingBody.model_json_schema()
    body["properties"]["category"] |= _CATEGORY
    body["properties"]["text"]["description"] = f"At most {LONGEST_TEXT} characters, for those who are called"
    closing["properties"]["outcome"] |= _OUTCOME
    raised = {
        "id": {"type": "integer"},
        "outcome": {"type": "string", "enum": [Outcome.RAISED.value, Outcome.JOINED.value]},
        **{"households": _COUNT, "phones": _COUNT, "repeated": {"type": "boolean"}},
    }
    comer = {"name": {"type": "string"}, "minutes": {"type": ["integer", "null"]}, "there": {"type": "boolean"}}
    alarm = {
        "id": {"type": "integer"},
        "state": {"type": "string", "enum": ["open", "closed"]},
        "category": _CATEGORY,
        "opened_at": _MOMENT,
        "closed_at": {"type": ["string", "null"], "format": "date-time"},
        "outcome": {"type": ["string", "null"]},
        "called": _COUNT,
        "coming": {"type": "array", "items": _describe_object(comer)},
    }
    return {
        "AlarmBody": body,
        "ClosingBody": closing,
        "Raised": _describe_object(raised),
        "Alarm": _describe_object(alarm),
    }


def _describe_object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "additionalProperties": False, "properties": properties}


def _describe_body(schema: str) -> dict[str, Any]:
    return {"required": True, "content": _describe_content(schema)}


def _describe_answer(words: str, schema: str) -> dict[str, Any]:
    return {"description": words, "content": _describe_content(schema)}


def _describe_content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _describe_errors(*statuses: str) -> dict[str, Any]:
    words = {
        "400": "No JSON, or a value that nothing can be",
        "401": "No token, or one that is nobody's",
        "403": "The token has another scope",
        "404": "The number is on no household's list, or the client has raised no such alarm",
        "409": "An operator has stopped new alarms of this number for a time",
        "413": "The body is too large",
        "422": "A field or the key is missing or not as described",
        "429": "Faster than the client's pace, or too many alarms of this household or group: nobody was called",
        "503": "The database is away: nothing was done; ask again with the same key",
    }
    return {status: _describe_answer(words[status], "Error") for status in statuses}
