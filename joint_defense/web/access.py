"""Who watches which incidents: a village head those of the own village; others are not there for them."""

from __future__ import annotations

from datetime import datetime

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.web.shell.access import AccountRole, get_signed_in
from joint_defense.models.incidents import Incident
from joint_defense.processes.runtime import RUNTIME
from joint_defense.web.board.incident import Board, Watch, read_board

WATCHERS = frozenset({AccountRole.OPERATOR, AccountRole.ADMIN, AccountRole.VILLAGE_HEAD})


def find_own_village() -> int | None:
    """The village whose incidents are to be seen; None for all."""
    return get_signed_in().village_id


def read_own_board(session: Session, incident_id: int, now: datetime | None = None) -> Board:
    """The incident, or 404 where there is none for whoever is signed in. With `now` it says what is to be expected."""
    runtime = RUNTIME.of()
    found = read_board(session, incident_id, None if now is None else Watch(runtime.calls_a_second, now))
    # A drill that was started as such has no voice, and pages of its own.
    if found is None or not found.voices or find_own_village() not in {None, found.village_id}:
        abort(404)
    return found


def check_own(session: Session, incident_id: int) -> None:
    """404 where there is no such incident for whoever is signed in."""
    village_id = session.scalar(select(Incident.village_id).where(Incident.id == incident_id, Incident.alerts.any()))
    if village_id is None or find_own_village() not in {None, village_id}:
        abort(404)
