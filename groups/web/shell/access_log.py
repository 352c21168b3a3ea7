"""Who looks at people's numbers goes on record, whichever page or file it is.

A page writes numbers through the filters `written_here` and `as_dialled`, which count them here; a view that shows them
otherwise, or sends a file, says so itself:

    show_numbers(len(households))

After the view one row is written, in a transaction of its own. That it cannot be written keeps nobody from the page
(somebody may be calling for help): the log then says who looked at what. A page that asks for news by itself is one
look for as long as it stays open.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import Flask, Response, g, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError

from config.database import DatabaseAway
from config.services import get_database
from groups.models.access_log import Look
from groups.privacy.access_log import Looked, make_values
from groups.web.shell.access import find_signed_in, get_village_of_page

log = structlog.get_logger()

ONE_LOOK = timedelta(minutes=10)
"""A page that stays open and asks again is on record once in so long."""
_MOST_KEPT = 5000
_FORMS = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/csv": "csv",
    "application/json": "json",
    "application/cap+xml": "xml",
}


@dataclass
class _Shown:
    """What the answer to this request shows."""

    rows: int = 0
    village_id: int | None = None
    group_id: int | None = None
    household_id: int | None = None
    account_id: int | None = None
    who: str | None = None
    again: bool = False


def register(app: Flask) -> None:
    """Write down after each request what was shown in it."""
    kept = _Lately()

    def record(response: Response) -> Response:
        shown: _Shown | None = g.get("shown_numbers")
        if shown is not None and shown.rows and response.status_code != 304:
            _record(shown, response, kept)
        return response

    app.after_request(record)


def show_numbers(
    rows: int = 1,
    *,
    village_id: int | None = None,
    group_id: int | None = None,
    household_id: int | None = None,
    account_id: int | None = None,
    who: str | None = None,
    again: bool = False,
) -> None:
    """The answer to this request shows so many numbers (of people, where a list has none) besides those counted.

    `village_id`, `group_id`, `household_id`: whose, where the path does not say it. `who`: whoever is not signed in,
    with their account where they have one. `again`: the page asks for news by itself.
    """
    if not has_request_context():
        return
    if "shown_numbers" not in g:
        g.shown_numbers = _Shown()
    shown: _Shown = g.shown_numbers
    shown.rows += rows
    shown.village_id = village_id or shown.village_id
    shown.group_id = group_id or shown.group_id
    shown.household_id = household_id or shown.household_id
    shown.account_id = account_id or shown.account_id
    shown.who = who or shown.who
    shown.again = shown.again or again


class _Lately:
    """What open pages have shown lately, so that each is one look."""

    def __init__(self) -> None:
        self._at: dict[tuple[object, ...], datetime] = {}
        self._lock = threading.Lock()

    def is_new(self, key: tuple[object, ...], now: datetime, *, again: bool) -> bool:
        with self._lock:
            known = self._at.get(key)
            if again and known is not None and now - known < ONE_LOOK:
                return False
            if len(self._at) >= _MOST_KEPT:
                self._at.clear()
            self._at[key] = now
            return True


def _record(shown: _Shown, response: Response, kept: _Lately) -> None:
    looked = _make_looked(shown, response)
    now = get_database().estimate_now()
    page = looked.page.removesuffix("_live")
    if not kept.is_new((looked.account_id, looked.who, page, looked.incident_id), now, again=shown.again):
        return
    try:
        get_database().insert_quickly(Look, make_values(looked, now))
    except (SQLAlchemyError, DatabaseAway):
        log.exception("look_not_recorded", account=looked.account_id, page=looked.page, rows=looked.rows)


def _make_looked(shown: _Shown, response: Response) -> Looked:
    account = find_signed_in()
    place = request.view_args or {}
    return Looked(
        who=shown.who or (account.name if account is not None else ""),
        page=request.endpoint or "",
        form=_FORMS.get(response.mimetype or "", "page"),
        rows=shown.rows,
        account_id=shown.account_id if account is None or shown.who else account.account_id,
        village_id=shown.village_id or get_village_of_page(),
        group_id=shown.group_id or place.get("group_id"),
        household_id=shown.household_id or place.get("household_id"),
        incident_id=place.get("incident_id"),
    )
