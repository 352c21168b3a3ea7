"""An incident for other systems: as JSON, and as a CAP 1.2 message."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, make_response

from config.settings import Settings
from groups.web.access import requires
from joint_defense.record import incident_record
from joint_defense.web.admission import WATCHERS, check_own, database, own_board
from joint_defense.web.cap import cap_message
from joint_defense.web.privacy import record_without_numbers

pages = Blueprint("exports", __name__)


@pages.get("/incidents/<int:incident_id>/export.json")
@requires(*WATCHERS)
def as_json(incident_id: int) -> Response:
    """Everything on record, with numbers masked."""
    settings: Settings = current_app.extensions["settings"]
    with database().begin(reads=True) as session:
        check_own(session, incident_id)
        record = incident_record(session, incident_id, settings.zone)
    content = json.dumps(record_without_numbers(record), ensure_ascii=False, indent=2)
    return _file(content.encode(), "application/json", f"{incident_id}.json")


@pages.get("/incidents/<int:incident_id>/export.cap.xml")
@requires(*WATCHERS)
def as_cap(incident_id: int) -> Response:
    """The incident as it stands, as one message of the Common Alerting Protocol."""
    settings: Settings = current_app.extensions["settings"]
    with database().begin(reads=True) as session:
        board = own_board(session, incident_id)
    return _file(cap_message(board, settings), "application/cap+xml", f"{incident_id}.cap.xml")


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = f"{media_type}; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="incident-{name}"'
    return response
