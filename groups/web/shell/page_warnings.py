"""What stands at the top of every page: what is wrong with the service, and with what was sent.

Packages add a question with `add`; whatever sentence it is answered with is shown. A page that keeps asking for news
names with each question the version it shows (`version=as_shown(…)`); `outdated` is the answer when the warnings have
changed since.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

from flask import Flask, g, render_template, request
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
    app.jinja_env.globals.update(wrong_line=_draw_beside, wrong_page=_draw_of_page, list_mistakes=_list_mistakes)


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


class Mistake(NamedTuple):
    """What is wrong with a form: in words, and the id of the field; "": the form as a whole."""

    words: str
    field: str
    line: str
    """The id of the line beside the field, where the field itself has no id on the page."""


def _draw_beside(line: str, words: str | None, field: str = "") -> str:
    """What is wrong with a field, for beside it. The summary at the top of the page leads to `field`.

    `line` is this line's own id: the field's, and `-wrong`, unless `field` is given.
    """
    if not words:
        return ""
    return _draw(words, field or line.removesuffix("-wrong"), line)


def _draw_of_page(words: str | None) -> str:
    """What is wrong with a form as a whole: it stands in the summary alone, or here where only a part is drawn."""
    return _draw(words, "", "") if words else ""


def _draw(words: str, field: str, line: str) -> str:
    is_part = "HX-Request" in request.headers
    g.setdefault("mistakes", []).append(Mistake(words, field, line))
    return Markup(render_template("shell/mistake.html", words=words, line=line, is_part=is_part))  # noqa: S704 # ours


def _list_mistakes(body: str) -> list[Mistake]:
    """What the page, as far as it is drawn, has found wrong: each once, with a place on it that a link can lead to."""
    found: list[Mistake] = g.pop("mistakes", [])
    placed = [each._replace(field=each.field if f'id="{each.field}"' in body else each.line) for each in found]
    return list({(each.words, each.field): each for each in placed}.values())
