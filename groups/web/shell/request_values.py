"""What an address or a form may say at all: whatever no database takes is answered here, the same for every page.

A whole number (`type=int`, `<int:…>`) is at most what a column holds; a larger one is none. A text has no zero sign:
400. Webhooks read their forms themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, abort, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1
LARGEST_PAGE = 2**31 - 1


def read_whole(text: str) -> int:
    """The whole number that a column can hold. Raises ValueError."""
    if len(text) > 20:
        raise ValueError("too long for a number")
    number = int(text)
    if not -LARGEST_PAGE <= number <= LARGEST:
        raise ValueError("no column holds this number")
    return number


class Values(ImmutableMultiDict[str, str]):
    """The values of an address or a form, of which `type=int` means a number that a column can hold."""

    def get(  # type: ignore[override] # one signature for werkzeug's four
        self,
        key: str,
        default: Any = None,
        type: Callable[[str], Any] | None = None,
    ) -> Any:
        return super().get(key, default, read_whole if type is int else type)  # type: ignore[arg-type]

    def getlist(self, key: str, type: Callable[[str], Any] | None = None) -> list[Any]:
        return super().getlist(key, read_whole if type is int else type)  # type: ignore[arg-type]


class CheckedRequest(Request):
    """A request whose numbers fit a column."""

    parameter_storage_class = Values


class WholeConverter(IntegerConverter):
    """A number of an address that a column can hold; for any other there is no page."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"max": LARGEST} | named)


def register(app: Flask) -> None:
    """Have every address and form read so. Before the first page is added."""
    app.request_class = CheckedRequest
    app.url_map.converters["int"] = WholeConverter
    app.before_request(_check_address)


def check_form() -> None:
    """400 for a form that no database takes. For a page's guard, once it knows who asks."""
    _check(value for values in request.form.listvalues() for value in values)
    _check(request.form)


def _check_address() -> None:
    _check(str(value) for value in (request.view_args or {}).values())
    _check(value for values in request.args.listvalues() for value in values)


def _check(texts: Any) -> None:
    if any("\0" in text for text in texts):
        abort(400)
