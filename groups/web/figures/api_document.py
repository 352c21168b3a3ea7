"""The description of the API in OpenAPI 3.1, written by hand: so few addresses want no framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groups.accounts.api_clients import Scope
from groups.coverage.rules.query import Step
from groups.coverage.rules.report import VERSION, Anomaly, Level
from groups.coverage.rules.statement import Cause, Measure
from groups.rules.counting import CountKind

_DAY = {"type": "string", "format": "date", "examples": ["2026-11-23"]}
_DAY_OR_NULL = {"type": ["string", "null"], "format": "date"}
_MOMENT = {"type": "string", "format": "date-time", "examples": ["2026-11-23T18:00:00+08:00"]}
_MOMENT_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_DECIMAL = {"type": ["string", "null"], "pattern": r"^\d+\.\d{4,8}$", "examples": ["0.6560"]}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_FIGURE = {"households": {"type": ["integer", "null"], "minimum": 0}, "subscribed": _COUNT, "coverage": _DECIMAL}
_READY = {"reachable": _COUNT, "groups": _COUNT, "groups_complete": _COUNT}


def make_document(server: str, paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The whole description. `server`: the address that the town reaches us at; the rest is others'."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "十户联防 Joint Defence: figures and alarms",
            "version": "1",
            "description": "The figures are read-only. Days are Asia/Shanghai's. A coverage is a decimal of four "
            "places, of more where four would not tell it from the threshold; "
            "its exact fraction is subscribed / households. More subscribed than households is an anomaly, not an "
            "error: it is never capped.",
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": {
            "/api/v1/coverage": {"get": _describe_coverage()},
            "/api/v1/villages": {"get": _describe_villages()},
            **paths,
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Coverage": _describe_coverage_schema(),
                "Villages": _describe_villages_schema(),
                "Error": _ERROR,
                **schemas,
            },
            "responses": {name: _describe_error(words) for name, words in _ERRORS.items()},
        },
    }


_ERRORS = {
    "BadRequest": "A value that nothing can be, like a NUL",
    "Unauthorized": "No token, or one that is nobody's",
    "Forbidden": "The token has another scope",
    "NotFound": "No such village",
    "Unprocessable": "A day before the first count, a day that is none, days the wrong way round, an unknown word",
    "Busy": "The service cannot answer now: its database is away",
    "TooMany": "Faster than the client's pace; see Retry-After",
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def _describe_coverage() -> dict[str, Any]:
    return {
        "operationId": "readCoverage",
        "summary": f"Coverage and readiness of a day, and how they moved (scope {Scope.COVERAGE})",
        "parameters": [
            _describe_parameter("as_of", _DAY, "The day of the figures; today where none is named"),
            _describe_parameter("from", _DAY, "Also how they moved from this day"),
            _describe_parameter("to", _DAY, "… to this one"),
            _describe_parameter("by", _describe_choice(Step), "The step of the series"),
            _describe_parameter("level", _describe_choice(Level), "What a row stands for"),
            _describe_parameter("village", {"type": "string"}, "The code of the one village asked about"),
            _describe_parameter(
                "known_at", _MOMENT, "As it was known at that moment; all that is known where none is named"
            ),
            _describe_parameter(
                "since", _DAY, "Also what changed since the report of this day, line by line to its sum"
            ),
            _describe_parameter("since_known_at", _MOMENT, "… as that was known then; else when it was issued"),
            _describe_parameter("denominator", _describe_choice(CountKind), "The kind of count that is divided by"),
        ],
        "responses": _describe_responses(
            "Coverage", "BadRequest", "Unauthorized", "Forbidden", "NotFound", "Unprocessable", "TooMany", "Busy"
        ),
    }


def _describe_villages() -> dict[str, Any]:
    return {
        "operationId": "readVillages",
        "summary": f"The villages and residents' committees (scope {Scope.VILLAGES})",
        "responses": _describe_responses("Villages", "BadRequest", "Unauthorized", "Forbidden", "TooMany", "Busy"),
    }


def _describe_parameter(name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": words}


def _describe_choice(kind: type[Step] | type[Level] | type[CountKind]) -> dict[str, Any]:
    return {"type": "string", "enum": [member.value for member in kind]}


def _describe_responses(schema: str, *errors: str) -> dict[str, Any]:
    status = {
        "BadRequest": "400",
        "Unauthorized": "401",
        "Forbidden": "403",
        "NotFound": "404",
        "Unprocessable": "422",
        "TooMany": "429",
        "Busy": "503",
    }
    tag = {"ETag": {"schema": {"type": "string"}, "description": "Send it back as If-None-Match"}}
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        "200": {"description": "The figures", "headers": tag, "content": content},
        "304": {"description": "Nothing new since the If-None-Match", "headers": tag},
        **{status[name]: {"$ref": f"#/components/responses/{name}"} for name in errors},
    }


def _describe_error(words: str) -> dict[str, Any]:
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _describe_coverage_schema() -> dict[str, Any]:
    place = {"code": {"type": "string"}, "name": {"type": "string"}, **_FIGURE, **_READY}
    stayed = {"grouped_a_year_before": _COUNT, "stayed_in_their_group": _COUNT}
    village = {
        **place,
        "started": {"type": "boolean"},
        "demonstration": {"type": "boolean"},
        "demonstration_since": _DAY_OR_NULL,
        "anomaly": {"type": ["string", "null"], "enum": [*(each.value for each in Anomaly), None]},
        **stayed,
    }
    point = _describe_object({"day": _DAY, **_FIGURE})
    series = {"code": _TEXT_OR_NULL, "name": _TEXT_OR_NULL, "points": {"type": "array", "items": point}}
    below = {"grid": _TEXT_OR_NULL, "group": _TEXT_OR_NULL}
    return _describe_object(
        {
            "version": {"type": "integer", "const": VERSION},
            "as_of": _DAY,
            "known_at": _MOMENT_OR_NULL,
            "denominator": _describe_choice(CountKind),
            "threshold": {"type": "string", "pattern": r"^[01]\.\d{4}$"},
            "town": _describe_object({"villages": _COUNT, "villages_started": _COUNT, **_FIGURE}, {**_READY, **stayed}),
            "definitions": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        {
            "villages": _describe_list(_describe_object(village)),
            "grids": _describe_list(_describe_object({**place, "grid": _TEXT_OR_NULL})),
            "groups": _describe_list(_describe_object({**place, "group": _TEXT_OR_NULL})),
            "series": _describe_list(_describe_object(series, below)),
            "changes": _describe_changes_schema(),
        },
    )


def _describe_changes_schema() -> dict[str, Any]:
    """A statement that adds up: before + corrected + gained - lost = after, and so do its lines."""
    line = {
        "cause": {"type": "string", "enum": [each.value for each in Cause]},
        "delta": {"type": "integer"},
        "day": _DAY_OR_NULL,
        "at": _MOMENT_OR_NULL,
        **dict.fromkeys(("village", "place", "household", "before", "after", "action", "by"), _TEXT_OR_NULL),
    }
    number = {"type": ["integer", "null"]}
    figure = {
        "figure": {"type": "string", "enum": [each.value for each in Measure]},
        "before": number,
        "corrected": {"type": "integer"},
        "gained": _COUNT,
        "lost": _COUNT,
        "after": number,
        "lines": _describe_list(_describe_object(line)),
    }
    return _describe_object(
        {
            "since": _DAY,
            "since_known_at": _MOMENT,
            "report": number,
            "figures": _describe_list(_describe_object(figure)),
        }
    )


def _describe_villages_schema() -> dict[str, Any]:
    village = {
        "code": {"type": "string"},
        "name": {"type": "string"},
        "name_en": _TEXT_OR_NULL,
        "kind": {"type": "string", "enum": ["village", "committee"]},
    }
    return _describe_object({"villages": _describe_list(_describe_object(village))})


def _describe_object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [*required],
        "additionalProperties": False,
        "properties": {**required, **(optional or {})},
    }


def _describe_list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
