"""What a browser is told and asked, so that a stranger's page or script can do nothing here.

Cookies, forged requests, guessing, headers. Forms are checked where `access` guards their view: after the sign-in, and
never where a request proves itself otherwise (a carrier's signature).
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from config.services import SETTINGS
from groups.accounts.sessions import SESSION_LIFE
from groups.web.shell import limits

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
    """Configure the app's cookies, CSRF, limits and headers."""
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
