"""Chinese first, English at a tap. Source strings are English; the one catalogue stands in `translations`."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, redirect, request
from flask_babel import Babel
from werkzeug.wrappers import Response as BaseResponse

from groups.errors import GroupsError, Message
from groups.errors.words import CATALOGUE, write_chinese, write_english
from groups.web.shell.access import check_own_path, open_to_all

# `zh_CN` would not be found: Babel's own name for it is the longer one.
CHINESE = "zh_Hans_CN"
ENGLISH = "en"

_COOKIE = "language"
_A_YEAR = 365 * 24 * 3600
_TAGS = {CHINESE: "zh-CN", ENGLISH: "en"}

languages = Blueprint("languages", __name__)


def register(app: Flask) -> None:
    """Load the catalogue and choose each request's language."""
    Babel(app, default_locale=ENGLISH, default_translation_directories=str(CATALOGUE), locale_selector=choose_language)
    app.jinja_env.globals.update(language=choose_language, language_tag=write_language_tag)
    app.register_blueprint(languages)


def choose_language() -> str:
    """The language of this request, as the catalogue calls it."""
    return ENGLISH if request.cookies.get(_COOKIE) == ENGLISH else CHINESE


def tell_reader(message: Message) -> str:
    """A message's words in the language of this request."""
    return write_chinese(message) if choose_language() == CHINESE else write_english(message)


def write_language_tag() -> str:
    """The language of this request, as HTML calls it."""
    return _TAGS[choose_language()]


@languages.post("/language")
@open_to_all("the sign-in page can be read in both languages")
def choose() -> BaseResponse:
    """Remember the language in the browser, and go back to the page."""
    language = ENGLISH if request.form.get("language") == ENGLISH else CHINESE
    response: Response = redirect(check_own_path(request.form.get("next")) or "/", 303)  # type: ignore[assignment]
    response.set_cookie(_COOKIE, language, max_age=_A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def write_error(error: GroupsError) -> str:
    """An error's words in the reader's language."""
    return tell_reader(error.message)
