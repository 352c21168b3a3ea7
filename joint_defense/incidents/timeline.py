"""The timeline of an incident: one line for each thing that happened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.models.incidents import IncidentUpdate
from joint_defense.rules.timeline import UpdateKind


def note_update(session: Session, incident_id: int, kind: UpdateKind, now: datetime, **detail: object) -> None:
    """Add a line."""
    session.add(IncidentUpdate(incident_id=incident_id, at=now, kind=kind, detail=detail))


def note_once(session: Session, incident_id: int, kind: UpdateKind, now: datetime, **detail: object) -> None:
    """Add a line, unless the very same one stands there already."""
    known = session.scalars(
        select(IncidentUpdate.detail).where(IncidentUpdate.incident_id == incident_id, IncidentUpdate.kind == kind)
    )
    if detail not in known.all():
        note_update(session, incident_id, kind, now, **detail)


def mask_number(number: str) -> str:
    """A number as it may stand in a log or on the timeline: +8619912340571 -> 199****0571."""
    national = number.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}" if len(national) > 7 else "****"
