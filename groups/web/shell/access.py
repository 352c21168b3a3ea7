"""Who is at the other end, and whom a view admits.

Every view is marked with `requires` (roles) or `open_to_all` (with the reason); `admits` reads the mark, so that a
test can list every route as guarded or open. A page that does not concern somebody is not there for them: 404.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database, get_settings
from groups.accounts import sessions
from groups.accounts.accounts import HalfSignedIn
from groups.accounts.sessions import SignedIn
from groups.accounts.texted_codes import Asked
from groups.errors import UnknownVillage
from groups.models import accounts
from groups.models.roster import Village
from groups.roster.villages import get_village
from groups.web.shell.security import check_form, csrf

AccountRole = accounts.AccountRole
"""The roles; other packages take them from here."""

_WITHOUT_SECOND_FACTOR = frozenset({"second_factor", "sign_in", "alarm_notice"})
"""The parts open to whoever has to set up a second factor first: that, signing out, and that an alarm is open."""

P = ParamSpec("P")
ReturnT = TypeVar("ReturnT", bound=ResponseReturnValue)

_HALF = "half"
_ASKED = "asked"
_TOKEN = "token"  # noqa: S105 # the key in the cookie, not a secret
_MARK = "_admits"


def register(app: Flask) -> None:
    """Let templates ask `signed_in()`."""
    app.jinja_env.globals["signed_in"] = find_signed_in


def require(*roles: AccountRole) -> Callable[[Callable[P, ReturnT]], Callable[P, ResponseReturnValue]]:
    """Admit those signed in with one of these roles; with none named, everybody who is signed in.

    Others are asked to sign in, or get 403. A form that is not of a page of ours gets 400.
    """
    admitted = frozenset(roles) or frozenset(AccountRole)

    def guard(view: Callable[P, ReturnT]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def serve_guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            account = find_signed_in()
            if account is None:
                return _ask_to_sign_in()
            if account.role not in admitted:
                abort(403)
            if lacks_second_factor(account) and request.blueprint not in _WITHOUT_SECOND_FACTOR:
                return _ask_for_second_factor()
            csrf.protect()
            check_form()
            return view(*args, **kwargs)

        setattr(serve_guarded, _MARK, admitted)
        return serve_guarded

    return guard


def open_to_all(reason: str) -> Callable[[Callable[P, ReturnT]], Callable[P, ReturnT]]:
    """A view that anybody may ask, with the reason why that is right. Its forms must come from a page of ours."""

    def mark(view: Callable[P, ReturnT]) -> Callable[P, ReturnT]:
        @wraps(view)
        def check(*args: P.args, **kwargs: P.kwargs) -> ReturnT:
            csrf.protect()
            check_form()
            return view(*args, **kwargs)

        setattr(check, _MARK, reason)
        return check

    return mark


def open_by_token(reason: str) -> Callable[[Callable[P, ReturnT]], Callable[P, ReturnT]]:
    """A view that a program asks, which proves itself: no browser sends what it is known by, so no form is checked."""

    def mark(view: Callable[P, ReturnT]) -> Callable[P, ReturnT]:
        setattr(view, _MARK, reason)
        return view

    return mark


def find_admitted(view: Callable[..., object]) -> frozenset[AccountRole] | str | None:
    """The roles that a view admits, or the reason why it is open to all; None for a view without a mark."""
    found: frozenset[AccountRole] | str | None = getattr(view, _MARK, None)
    return found


def find_signed_in() -> SignedIn | None:
    """Who is signed in; asked of the database once a request."""
    if "signed_in" not in g:
        token = session.get(_TOKEN)
        g.signed_in = None
        if isinstance(token, str):
            with get_database().begin() as transaction:
                g.signed_in = sessions.find_signed_in(transaction, token, read_clock(transaction))
    found: SignedIn | None = g.signed_in
    return found


def get_signed_in() -> SignedIn:
    """Who is signed in, in a view that requires it."""
    account = find_signed_in()
    if account is None:
        raise RuntimeError("asked for the account in a view that requires none")
    return account


def remember(token: str) -> None:
    """Begin the browser's session anew with this token, so that nothing planted before sign-in survives it."""
    session.clear()
    session[_TOKEN] = token
    session.permanent = True
    g.pop("signed_in", None)


def remember_half(half: HalfSignedIn) -> None:
    """Keep in the browser's signed cookie that the password was right. Nobody is signed in by it."""
    session.clear()
    session[_HALF] = [half.account_id, half.password_mark, half.at]
    g.pop("signed_in", None)


def read_half() -> HalfSignedIn | None:
    """Who has shown the password in this browser and owes the code."""
    kept = session.get(_HALF)
    return HalfSignedIn(*kept) if isinstance(kept, list) and len(kept) == 3 else None


def remember_asked(asked: Asked) -> None:
    """Keep in the browser's signed cookie for whom a code by text was asked. Nobody is signed in by it."""
    session.clear()
    session[_ASKED] = [asked.login, asked.browser]
    g.pop("signed_in", None)


def read_asked() -> Asked | None:
    """For whom a code by text was asked in this browser."""
    kept = session.get(_ASKED)
    return Asked(*kept) if isinstance(kept, list) and len(kept) == 2 else None


def lacks_second_factor(account: SignedIn) -> bool:
    """Whether the account's role has to have a second factor, and it has none."""
    return not account.second_factor and account.role.value in get_settings().second_factor_roles


def forget() -> None:
    """Empty the browser's session."""
    session.clear()
    g.signed_in = None


def check_own_path(target: str | None) -> str | None:
    """A path of ours to go on to, or None for anything that could lead elsewhere."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable():
        return target
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    if "HX-Request" in request.headers:
        # The page that asks is what they want to come back to, not the fragment.
        page = request.headers.get("HX-Current-URL", "").removeprefix(request.host_url.rstrip("/"))
        return "", 401, {"HX-Redirect": url_for("sign_in.show_form", next=check_own_path(page))}
    return redirect(url_for("sign_in.show_form", next=here), 303)


def _ask_for_second_factor() -> ResponseReturnValue:
    address = url_for("second_factor.show")
    if "HX-Request" not in request.headers:
        return redirect(address, 303)
    return "", 401, {"HX-Redirect": address}


READERS = frozenset({AccountRole.VILLAGE_HEAD, AccountRole.LIAISON, AccountRole.ADMIN})
KEEPERS = frozenset({AccountRole.VILLAGE_HEAD, AccountRole.ADMIN})
TOWN_WIDE = frozenset({AccountRole.LIAISON, AccountRole.ADMIN})


def get_own_village(session: Session, code: str, *, hold: bool = False) -> Village:
    """The village of this code, or 404 where there is none for whoever is signed in.

    `hold` lets its roster be changed by one at a time.
    """
    try:
        village = get_village(session, code, hold=hold)
    except UnknownVillage:
        abort(404)
    if get_signed_in().village_id not in {None, village.id}:
        abort(404)
    g.village_of_page = village.id
    return village


def get_village_of_page() -> int | None:
    """The village of this page, by its id: what `get_own_village` has found, or else a head's own; None: the town."""
    account = find_signed_in()
    found: int | None = g.get("village_of_page")
    return found if found is not None or account is None else account.village_id


def keeps_rosters() -> bool:
    """Whether whoever is signed in may change what they see."""
    account = find_signed_in()
    return account is not None and account.role in KEEPERS
