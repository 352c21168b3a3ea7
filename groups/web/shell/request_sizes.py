"""How much a request may bring. It is decided by the address before anything of the body is read.

A form has 16 KB. A view that takes more says so:

    @pages.post("/<key>/decide")
    @requires(*READERS)
    @takes(ANSWERS)
    def decide(key): ...

What is longer is answered 413. A long form written as `a=1&b=2` may have only so many fields as well: each costs a
hundred times its length in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from flask import Flask, abort, current_app, request

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "_takes"
_ONE_LINE = "application/x-www-form-urlencoded"


class Size(NamedTuple):
    """Bytes of the whole body, bytes of its fields that are no files, and how many fields."""

    body: int
    fields: int
    most_fields: int


A_FORM = Size(16_384, 16_384, 1_000)
ANSWERS = Size(262_144, 262_144, 5_000)
"""What somebody says of a list's columns and rows."""


def allow_size(size: Size) -> Callable[[View], View]:
    """Mark a view whose requests may bring more than a form does."""

    def mark(view: View) -> View:
        setattr(view, _MARK, size)
        return view

    return mark


def register(app: Flask) -> None:
    """Hold every request to its size. Before whatever reads a form."""
    app.config.update(
        MAX_CONTENT_LENGTH=A_FORM.body, MAX_FORM_MEMORY_SIZE=A_FORM.fields, MAX_FORM_PARTS=A_FORM.most_fields
    )
    app.before_request(_hold_to_size)


def _hold_to_size() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    size: Size = getattr(view, _MARK, A_FORM)
    if size == A_FORM:
        return
    request.max_content_length, request.max_form_memory_size, request.max_form_parts = size
    # Kept, so that the form is read from it afterwards. A body longer than its size ends here with 413.
    if request.mimetype == _ONE_LINE and request.get_data().count(b"&") >= size.most_fields:
        abort(413)
