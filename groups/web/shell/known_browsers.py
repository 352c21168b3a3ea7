"""Browsers that have signed in with an account before: what strangers guess does not lock them out.

Signing in leaves a signed cookie with the account and a name of the browser's own. Wrong passwords of such a browser
are counted by themselves, for its account alone: it has its own five tries, and others' errors do not count against
it. It signs nobody in. A browser that was never signed in shares its tries with all strangers.
"""

from __future__ import annotations

import secrets
from ipaddress import IPv6Address, ip_address, ip_network

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

_COOKIE = "known-browser"
_KEPT = 365 * 24 * 3600


def name_for(account_id: int) -> str:
    """The name of this browser where it has signed in with this account before; empty where it has not."""
    kept = _read_cookie()
    return kept[1] if kept is not None and kept[0] == account_id else ""


def remember_browser(response: Response, account_id: int) -> None:
    """Let the browser be known to this account from now on."""
    name = name_for(account_id) or secrets.token_hex(8)
    value = _make_serializer().dumps([account_id, name])
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(_COOKIE, value, max_age=_KEPT, httponly=True, samesite="Lax", secure=secure)


def make_guesser_key() -> str:
    """Whose guesses are counted together: those of a known browser, or else those of an address."""
    kept = _read_cookie()
    return read_address() if kept is None else f"browser:{kept[1]}"


def read_address() -> str:
    """Where it is asked from, as our own proxies wrote it where they are trusted.

    Of an IPv6 address the network alone: whoever has one has a network of 2^64 of them, and would never be counted.
    """
    written = request.remote_addr or "127.0.0.1"
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return written
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False).network_address)
    return str(address)


def _read_cookie() -> tuple[int, str] | None:
    if "known_browser" not in g:
        g.known_browser = None
        try:
            account_id, name = _make_serializer().loads(request.cookies.get(_COOKIE, "")[:400], max_age=_KEPT)
            g.known_browser = (int(account_id), str(name))
        except (BadSignature, TypeError, ValueError):
            pass
    found: tuple[int, str] | None = g.known_browser
    return found


def _make_serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known-browser")
