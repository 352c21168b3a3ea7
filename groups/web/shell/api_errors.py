"""Errors of the API as JSON: a code for programs, words for people."""

from __future__ import annotations

import json

from flask import Response, current_app
from werkzeug.exceptions import HTTPException

_WORDS = {
    400: ("bad_request", "请求无法理解 the request is not understood"),
    401: ("unauthorized", "缺少令牌或令牌无效 a good token is needed: Authorization: Bearer …"),
    403: ("forbidden", "此令牌无权读取 this token's scope does not cover this"),
    404: ("not_found", "没有这个地址 there is no such address"),
    405: ("method_not_allowed", "只能读取 only GET is answered here"),
    429: ("too_many_requests", "请求太频繁，请稍后再试 too many requests: try again in a minute"),
    503: ("busy", "暂时不可用 try again soon"),
}


def error(status: int, code: str | None = None, message: str | None = None) -> Response:
    """An error as JSON: a code for programs, words for people."""
    usual_code, usual_words = _WORDS.get(status, ("error", "出错 something is broken here"))
    body = {"error": {"code": code or usual_code, "message": message or usual_words}}
    response = current_app.response_class(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response


def error_of(trouble: HTTPException) -> Response:
    """The same for what Flask turns away itself."""
    response = error(trouble.code or 500)
    for name, value in trouble.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response
