"""What stands at the top of every page while something is wrong with the service itself.

Packages add a question with `add`; whatever sentence it is answered with is shown. A page that keeps asking for news
names with each question the version it shows (`version=as_shown(…)`); `outdated` is the answer when the warnings have
changed since.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

from flask import Flask, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from config.services import Service
from groups.web.shell.access import find_signed_in

Question = Callable[[], list[str]]
"""Sentences in the reader's language. Asked for every page: quick, and never raises."""
Notice = Callable[[], str]
"""HTML for the top of every page of somebody who is signed in. Asked for every page: quick, and never raises."""
_NOTICES = Service[list[Notice]]("page_notices")
_QUESTIONS = Service[list[Question]]("page_warnings")


def register(app: Flask) -> None:
    """Let templates ask `page_warnings()`, `page_notices()` and `as_shown()`."""
    _QUESTIONS.keep(app, [])
    _NOTICES.keep(app, [])
    app.jinja_env.globals.update(page_warnings=_list_warnings, page_notices=_draw_notices, as_shown=as_shown)


def add(app: Flask, question: Question) -> None:
    """Ask this for every page."""
    _QUESTIONS.of(app).append(question)


def add_notice(app: Flask, notice: Notice) -> None:
    """Show this at the top of every page of somebody who is signed in."""
    _NOTICES.of(app).append(notice)


def as_shown(version: str) -> str:
    """A page's version, with a mark of the warnings on it."""
    words = "\n".join(_list_warnings())
    return f"{version}~{zlib.crc32(words.encode()):x}" if words else version


def refuse_outdated() -> ResponseReturnValue | None:
    """For a question of htmx: have the whole page loaded again, if it shows other warnings than there are now."""
    shown = request.args.get("version")
    if "HX-Request" in request.headers and shown is not None and shown != as_shown(shown.partition("~")[0]):
        return "", 200, {"HX-Refresh": "true"}
    return None


def _draw_notices() -> Markup:
    if find_signed_in() is None:
        return Markup()
    return Markup("").join(Markup(each()) for each in _NOTICES.of())  # noqa: S704 # templates' own output


def _list_warnings() -> list[str]:
    return [sentence for ask in _QUESTIONS.of() for sentence in ask()]
