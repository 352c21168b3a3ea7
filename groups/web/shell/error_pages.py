"""Pages for what goes wrong, in words: what happened, and what to do now. Machines get their plain status."""

from __future__ import annotations

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, default_exceptions

from groups.errors import NoSuchHousehold
from groups.web.shell import api_errors


def register(app: Flask) -> None:
    """Answer a browser's errors with a page."""
    app.register_error_handler(HTTPException, _draw_page)
    app.register_error_handler(NoSuchHousehold, lambda _error: show_error(404))


def show_error(status: int) -> ResponseReturnValue:
    """The page of a status, for a handler that turns another error into it."""
    found = _draw_page(default_exceptions[status]())
    return found.get_response() if isinstance(found, HTTPException) else found


def _draw_page(error: HTTPException) -> ResponseReturnValue:
    if request.path.startswith("/api/") and error.code is not None and error.code >= 400:
        return api_errors.answer_trouble(error)
    # Browsers ask for HTML by name; carriers, probes and htmx do not.
    if error.code is None or error.code < 400 or "text/html" not in request.headers.get("Accept", ""):
        return error
    if error.code >= 500:
        # The database may be what is broken: the page must not ask it who is signed in.
        g.setdefault("signed_in", None)
    title, advice = _write_words(error)
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return render_template("shell/error.html", title=title, advice=advice), error.code, kept


def _write_words(error: HTTPException) -> tuple[str, str]:
    if isinstance(error, CSRFError):
        return gettext("This page had grown old"), gettext(
            "Nothing was changed. Go back, reload the page and try again."
        )
    match error.code:
        case 403:
            return gettext("This page is not for your account"), gettext("Ask the town's administrator if you need it.")
        case 404:
            return gettext("There is no such page"), gettext("Check the address, or begin at the first page.")
        case 413:
            return gettext("This is too much at once"), gettext(
                "A list may have 10 MB and 20,000 rows, any other form 16 KB."
            )
        case 429:
            return gettext("Too many tries"), gettext("Wait a few minutes, then try again.")
        case 503:
            return gettext("Too busy at this moment"), gettext("Wait a few seconds, then try again.")
        case code if code is not None and code < 500:
            return gettext("This request cannot be answered"), gettext("Nothing was changed. Go back and try again.")
        case _:
            return gettext("Something is broken here"), gettext(
                "Try again soon. Calls for help by phone do not depend on this page."
            )
