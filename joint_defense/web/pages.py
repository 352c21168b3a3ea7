"""The list of incidents and one incident, both kept up to date by asking every two seconds for what has changed.

The banner of a village's home: all is calm, or who calls for help and where to look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups import directory
from groups.web.shell.access import AccountRole, get_signed_in, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.page_warnings import as_shown, refuse_outdated
from groups.web.shell.times import get_zone, move_to_zone
from joint_defense.web.access import WATCHERS, find_own_village, read_own_board
from joint_defense.web.board.incident import Board
from joint_defense.web.board.incident_list import IncidentList, list_incidents

pages = Blueprint("board", __name__)

_YEARS = range(1990, 2200)
STILL_MOVING = timedelta(minutes=15)
"""After its close an incident's all-clears are still under way; later nothing moves and nobody asks any more."""


@dataclass(frozen=True, slots=True)
class Month:
    """What the list shows: the month, a day of the one before, the one after unless it is still to come."""

    listed: IncidentList
    first: datetime
    previous: datetime
    following: datetime | None
    older_than: int | None


@pages.get("/")
@require()
def show_home() -> ResponseReturnValue:
    """The first page of whoever is signed in."""
    return redirect(
        url_for("board.show_incidents" if get_signed_in().role is AccountRole.OPERATOR else "villages.show_mine"), 303
    )


@pages.get("/incidents")
@require(*WATCHERS)
def show_incidents() -> ResponseReturnValue:
    """Open incidents, and those of a month."""
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        shown = _read_month(session, now)
    may_mute = get_signed_in().role in {AccountRole.OPERATOR, AccountRole.ADMIN}
    return render_template("board/incidents.html", shown=shown, now=now, may_mute=may_mute)


@pages.get("/incidents/live")
@require(*WATCHERS)
def show_incidents_live() -> ResponseReturnValue:
    """The list once more if it has changed, else 204."""
    if anew := refuse_outdated():
        return anew
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        shown = _read_month(session, now)
    if request.args.get("version") == as_shown(shown.listed.version):
        return _stamp(make_response("", 204), now)
    return _stamp(make_response(render_template("board/incidents_live.html", shown=shown, now=now)), now)


@pages.get("/incidents/<int:incident_id>")
@require(*WATCHERS)
def show(incident_id: int) -> ResponseReturnValue:
    """One incident."""
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        board = read_own_board(session, incident_id, now)
        cameras = directory.list_cameras(session, board.group_id) if board.group_id is not None else []
    return render_template("board/incident.html", board=board, cameras=cameras, moving=_moves(board, now), now=now)


@pages.get("/incidents/<int:incident_id>/live")
@require(*WATCHERS)
def show_live(incident_id: int) -> ResponseReturnValue:
    """The incident once more if it has changed, else 204."""
    if anew := refuse_outdated():
        return anew
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        board = read_own_board(session, incident_id, now)
    moving = _moves(board, now)
    show_numbers(0, again=True)
    if request.args.get("version") == as_shown(board.version) and moving:
        return _stamp(make_response("", 204), now)
    return _stamp(make_response(render_template("board/incident_live.html", board=board, moving=moving, now=now)), now)


def _moves(board: Board, now: datetime) -> bool:
    return board.closed_at is None or now - board.closed_at < STILL_MOVING


def _stamp(response: Response, now: datetime) -> Response:
    """With the time that the page shows as its last update, should the connection be lost."""
    response.headers["Board-Time"] = f"{move_to_zone(now):%H:%M:%S}"
    return response


def _read_month(session: Session, now: datetime) -> Month:
    """The list of the month that the address names (`2026-11`), or of the present one."""
    present = move_to_zone(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    first = present
    if wanted := request.args.get("month"):
        try:
            first = datetime.strptime(wanted[:7], "%Y-%m").replace(tzinfo=get_zone())
        except ValueError:
            abort(404)
        if first.year not in _YEARS:
            abort(404)
    following = (first + timedelta(days=32)).replace(day=1)
    older_than = request.args.get("before", type=int)
    listed = list_incidents(
        session,
        village_id=find_own_village(),
        since=first.astimezone(UTC),
        until=following.astimezone(UTC),
        older_than=older_than,
    )
    return Month(
        listed, first, first - timedelta(days=1), following if following <= present else None, older_than=older_than
    )


def draw_village_banner(village_id: int) -> Markup:
    """The open incidents of a village, as HTML."""
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        open_ones = list_incidents(session, village_id=village_id, since=now, until=now).open
    html = render_template("board/village_banner.html", open=open_ones, may_watch=get_signed_in().role in WATCHERS)
    return Markup(html)  # noqa: S704 # a template's own output
