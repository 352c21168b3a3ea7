"""Who is at the other end, and whom a view admits.

Every view is marked with `requires` (roles) or `open_to_all` (with the reason); `admits` reads the mark, so that a
test can list every route as guarded or open. A page that does not concern somebody is not there for them: 404.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from config.database import Database, clock
from groups import account_models, account_sessions
from groups.account_sessions import SignedIn
from groups.web.security import csrf

AccountRole = account_models.AccountRole
"""The roles; other packages take them from here."""

P = ParamSpec("P")
ReturnT = TypeVar("ReturnT", bound=ResponseReturnValue)

_TOKEN = "token"  # noqa: S105 # the key in the cookie, not a secret
_MARK = "_admits"


def register(app: Flask) -> None:
    """Let templates ask `signed_in()`."""
    app.jinja_env.globals["signed_in"] = signed_in


def requires(*roles: AccountRole) -> Callable[[Callable[P, ReturnT]], Callable[P, ResponseReturnValue]]:
    """Admit those signed in with one of these roles; with none named, everybody who is signed in.

    Others are asked to sign in, or get 403. A form that is not of a page of ours gets 400.
    """
    admitted = frozenset(roles) or frozenset(AccountRole)

    def guard(view: Callable[P, ReturnT]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            account = signed_in()
            if account is None:
                return _ask_to_sign_in()
            if account.role not in admitted:
                abort(403)
            csrf.protect()
            return view(*args, **kwargs)

        setattr(guarded, _MARK, admitted)
        return guarded

    return guard


def open_to_all(reason: str) -> Callable[[Callable[P, ReturnT]], Callable[P, ReturnT]]:
    """A view that anybody may ask, with the reason why that is right. Its forms must come from a page of ours."""

    def mark(view: Callable[P, ReturnT]) -> Callable[P, ReturnT]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> ReturnT:
            csrf.protect()
            return view(*args, **kwargs)

        setattr(checked, _MARK, reason)
        return checked

    return mark


def admits(view: Callable[..., object]) -> frozenset[AccountRole] | str | None:
    """The roles that a view admits, or the reason why it is open to all; None for a view without a mark."""
    found: frozenset[AccountRole] | str | None = getattr(view, _MARK, None)
    return found


def signed_in() -> SignedIn | None:
    """Who is signed in; asked of the database once a request."""
    if "signed_in" not in g:
        token = session.get(_TOKEN)
        g.signed_in = None
        if isinstance(token, str):
            database: Database = current_app.extensions["database"]
            with database.begin() as transaction:
                g.signed_in = account_sessions.who_is(transaction, token, clock(transaction))
    found: SignedIn | None = g.signed_in
    return found


def current() -> SignedIn:
    """Who is signed in, in a view that requires it."""
    account = signed_in()
    if account is None:
        raise RuntimeError("asked for the account in a view that requires none")
    return account


def remember(token: str) -> None:
    """Begin the browser's session anew with this token, so that nothing planted before sign-in survives it."""
    session.clear()
    session[_TOKEN] = token
    session.permanent = True
    g.pop("signed_in", None)


def forget() -> None:
    """Empty the browser's session."""
    session.clear()
    g.signed_in = None


def own_path(target: str | None) -> str | None:
    """A path of ours to go on to, or None for anything that could lead elsewhere."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable():
        return target
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    if "HX-Request" in request.headers:
        # The page that asks is what they want to come back to, not the fragment.
        page = request.headers.get("HX-Current-URL", "").removeprefix(request.host_url.rstrip("/"))
        return "", 401, {"HX-Redirect": url_for("sign_in.form", next=own_path(page))}
    return redirect(url_for("sign_in.form", next=here), 303)
