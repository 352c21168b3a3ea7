"""The record of an incident as plain data: for commands and exports. Numbers are masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from joint_defense.incidents.timeline import mask_number
from joint_defense.models.incidents import Acknowledgement, Alert, Attempt, Delivery, Incident, IncidentUpdate
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.states import Purpose


def read_record(session: Session, incident_id: int, zone: ZoneInfo) -> dict[str, Any] | None:
    """Everything that is known of an incident, with times in `zone` as ISO 8601; None if there is none."""
    whole = [selectinload(Incident.alerts), selectinload(Incident.deliveries).selectinload(Delivery.attempts)]
    incident = session.get(Incident, incident_id, options=whole)
    if incident is None:
        return None
    answers = session.scalars(
        select(Acknowledgement).where(Acknowledgement.incident_id == incident_id).order_by(Acknowledgement.id)
    ).all()

    def move_to_zone(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat(timespec="milliseconds")

    return {
        "id": incident.id,
        "kind": incident.kind,
        "village": incident.village_name,
        "group": incident.group_name,
        "category": incident.category,
        "opened_at": move_to_zone(incident.opened_at),
        "closed_at": move_to_zone(incident.closed_at),
        "outcome": incident.outcome,
        "note": incident.note,
        "unreachable": _list_unreachable(incident, answers),
        "alerts": [_describe_alert(alert, move_to_zone) for alert in incident.alerts],
        "deliveries": [_describe_delivery(delivery, move_to_zone) for delivery in incident.deliveries],
        "acknowledgements": [
            {
                "household": each.household_name,
                "answer": each.answer,
                "channel": each.channel,
                "at": move_to_zone(each.at),
                "minutes": each.minutes,
            }
            for each in answers
        ],
        "timeline": _write_timeline(session, incident, move_to_zone),
    }


def _write_timeline(session: Session, incident: Incident, local: Any) -> list[dict[str, Any]]:
    updates = select(IncidentUpdate).where(IncidentUpdate.incident_id == incident.id).order_by(IncidentUpdate.id)
    return [{"at": local(each.at), "kind": each.kind, **each.detail} for each in session.scalars(updates)]


def _list_unreachable(incident: Incident, answers: Sequence[Acknowledgement]) -> list[str]:
    """The households for which everything was tried, and which have not answered since."""
    answered = {each.party for each in answers}
    given_up = {each.party: each for each in incident.deliveries if each.follow_up is FollowUp.GIVEN_UP}
    return [each.household_name for party, each in given_up.items() if party not in answered]


def _describe_alert(alert: Alert, local: Any) -> dict[str, Any]:
    return {
        "household": alert.household_name,
        "place": alert.place,
        "door": alert.door,
        "number": mask_number(alert.number),
        "channel": alert.channel,
        "category": alert.category,
        "text": alert.text,
        "raised_at": local(alert.raised_at),
    }


def _describe_delivery(delivery: Delivery, local: Any) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "household": delivery.household_name,
        "number": mask_number(delivery.number),
        "channel": delivery.channel,
        "purpose": delivery.purpose,
        "round": delivery.round if delivery.purpose is Purpose.REDIAL else 0,
        "state": delivery.state,
        "failure": delivery.failure,
        "attempts": [_describe_attempt(attempt, local) for attempt in delivery.attempts],
    }


def _describe_attempt(attempt: Attempt, local: Any) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "state": attempt.state,
        "sid": attempt.sid,
        "error_code": attempt.error_code,
        "error": attempt.error,
        "requested_at": local(attempt.requested_at),
        "accepted_at": local(attempt.accepted_at),
        "rang_at": local(attempt.rang_at),
        "answered_at": local(attempt.answered_at),
        "ended_at": local(attempt.ended_at),
    }
