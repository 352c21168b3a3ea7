"""What a browser is told and asked, and what a request may bring: a stranger's page or script can do nothing here.

Cookies, forged requests, guessing, headers. Forms are checked where `access` guards their view: after the sign-in, and
never where a request proves itself otherwise (a carrier's signature).

How much a request may bring is decided by the address before anything of the body is read. A form has 16 KB. A view
that takes more says so:

    @pages.post("/<key>/decide")
    @requires(*READERS)
    @allow_size(ANSWERS)
    def decide(key): ...

What is longer is answered 413. A long form written as `a=1&b=2` may have only so many fields as well: each costs a
hundred times its length in memory.

Whatever no database takes is answered here, the same for every page: a whole number (`type=int`, `<int:…>`) is at most
what a column holds; a larger one is none. A text has no zero sign: 400. Webhooks read their forms themselves.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from flask import Flask, Request, Response, abort, current_app, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from config.services import SETTINGS
from groups.accounts.sessions import SESSION_LIFE
from groups.web.shell import limits

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


def _limit_sizes(app: Flask) -> None:
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


def _limit_values(app: Flask) -> None:
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


csrf = CSRFProtect()

GUESSES_PER_ADDRESS = "20 per minute; 200 per hour"
"""For the pages that look at a password: of each address, and of each browser that has signed in before by itself. A
village office shares one address; the lock-out is per account.
"""

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Bootstrap's CSS carries small drawings as data.
        "img-src 'self' data:",
        "connect-src 'self'",
        # The app on a phone's home screen, and what answers there without a network.
        "manifest-src 'self'",
        "worker-src 'self'",
        # The sound of a new alarm.
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_WORTH_COMPRESSING = 1000


def register(app: Flask) -> None:
    """Configure the app's cookies, CSRF, limits and headers, and hold every request to its size and values.

    First of all parts: before the first page is added, and before whatever reads a form.
    """
    _limit_sizes(app)
    _limit_values(app)
    settings = SETTINGS.of(app)
    over_tls = settings.public_base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        # The prefix makes browsers refuse the cookie from a neighbouring host or without TLS.
        SESSION_COOKIE_NAME="__Host-joint-defence" if over_tls else "joint-defence",
        SESSION_COOKIE_SECURE=over_tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        # Only what changes the session sets its cookie: the answer to a poll that was under way when somebody signed
        # out, or in with another account, would otherwise bring the old session back. It ends at a fixed time anyway.
        SESSION_REFRESH_EACH_REQUEST=False,
        # A board stays open for days; the token is bound to the session all the same.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    if settings.trusted_proxies:
        # Of X-Forwarded-For only what our own proxies have written; whatever a stranger wrote before it is not read.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # the documented way
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    csrf.init_app(app)
    limits.register(app)
    app.after_request(_compress)
    app.after_request(_say_headers)
    if over_tls:
        app.after_request(_insist_on_tls)


def _say_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # What is on these pages must not be read from the cache of a shared PC after signing out.
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _insist_on_tls(response: Response) -> Response:
    response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _compress(response: Response) -> Response:
    """Pages are a fifth as long compressed; static files come compressed already."""
    if (
        response.mimetype != "text/html"
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or (response.content_length or 0) < _WORTH_COMPRESSING
    ):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.set_data(gzip.compress(response.get_data(), compresslevel=6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
