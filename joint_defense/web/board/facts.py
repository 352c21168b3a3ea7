"""All that is known of an incident, in one query: one round trip, and one moment for every table.

Each table gives its rows as JSON objects; SQLite and PostgreSQL build them with functions of different names.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, func, literal_column, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from joint_defense.models import Acknowledgement, Alert, Attempt, Delivery, Incident, IncidentUpdate

Row = dict[str, Any]

_INCIDENT = (
    *(Incident.id, Incident.kind, Incident.village_id, Incident.village_name, Incident.group_name, Incident.category),
    *(Incident.opened_at, Incident.closed_at, Incident.outcome, Incident.note),
    *(Incident.group_id, Incident.policy, Incident.steps_done),
)
_ALERT = (
    *(Alert.household_id, Alert.household_name, Alert.household_name_en, Alert.place, Alert.place_en, Alert.door),
    *(Alert.number, Alert.silent, Alert.channel, Alert.category, Alert.text, Alert.raised_at, Alert.withdrawn_at),
    Alert.first_help,
)
_DELIVERY = (
    *(
        Delivery.id,
        Delivery.channel,
        Delivery.purpose,
        Delivery.household_id,
        Delivery.responder_id,
        Delivery.household_name,
    ),
    *(Delivery.number, Delivery.role, Delivery.phone_rank, Delivery.distance, Delivery.state, Delivery.attempt_count),
    *(Delivery.failure, Delivery.joined_at, Delivery.urgency, Delivery.turn, Delivery.round, Delivery.step),
    *(Delivery.follow_up, Delivery.due_at),
)
_ATTEMPT = (
    *(Attempt.delivery_id, Attempt.number, Attempt.state, Attempt.error_code),
    *(Attempt.requested_at, Attempt.accepted_at, Attempt.rang_at, Attempt.answered_at, Attempt.ended_at),
)
_ANSWER = (
    *(Acknowledgement.household_id, Acknowledgement.responder_id, Acknowledgement.answer),
    *(Acknowledgement.channel, Acknowledgement.at),
)
_UPDATE = (IncidentUpdate.at, IncidentUpdate.kind, IncidentUpdate.detail)


@dataclass(frozen=True, slots=True)
class Facts:
    """An incident's rows by table, in the order they were made. `version` changes when, and only when, they do."""

    incident: Row
    alerts: list[Row]
    deliveries: list[Row]
    attempts: list[Row]
    answers: list[Row]
    updates: list[Row]
    version: str


def read_facts(session: Session, incident_id: int) -> Facts | None:
    """The facts of an incident; None if there is none."""
    sqlite = session.get_bind().dialect.name == "sqlite"

    def rows(source: str, order: Any, columns: tuple[InstrumentedAttribute[Any], ...]) -> Select[Any]:
        return select(
            literal_column(f"'{source}'").label("source"), order.label("place"), _object(columns, sqlite).label("row")
        )

    question = union_all(
        rows("incident", Incident.id, _INCIDENT).where(Incident.id == incident_id),
        rows("alert", Alert.id, _ALERT).where(Alert.incident_id == incident_id),
        rows("delivery", Delivery.id, _DELIVERY).where(Delivery.incident_id == incident_id),
        rows("attempt", Attempt.number, _ATTEMPT)
        .join(Delivery, Attempt.delivery_id == Delivery.id)
        .where(Delivery.incident_id == incident_id),
        rows("answer", Acknowledgement.id, _ANSWER).where(Acknowledgement.incident_id == incident_id),
        rows("update", IncidentUpdate.id, _UPDATE).where(IncidentUpdate.incident_id == incident_id),
    )
    found: dict[str, list[Row]] = defaultdict(list)
    for source, _place, row in sorted(
        session.execute(question), key=lambda each: (each.source, each.place, str(each.row))
    ):
        found[source].append(row)
    if not found["incident"]:
        return None
    return Facts(
        incident=found["incident"][0],
        alerts=found["alert"],
        deliveries=found["delivery"],
        attempts=found["attempt"],
        answers=found["answer"],
        updates=found["update"],
        version=digest(found),
    )


def digest(facts: object) -> str:
    """A short fingerprint of plain data."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def moment(text: str | None) -> datetime | None:
    """A moment out of a JSON object: PostgreSQL writes the zone, SQLite keeps UTC without it."""
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def known(text: str) -> datetime:
    """A moment that the table demands. Raises ValueError where it is missing all the same."""
    found = moment(text)
    if found is None:
        raise ValueError("a time is missing that the table demands")
    return found


def _object(columns: tuple[InstrumentedAttribute[Any], ...], sqlite: bool) -> ColumnElement[Any]:
    build = func.json_object if sqlite else func.json_build_object
    pairs: list[Any] = []
    for column in columns:
        # Inlined: PostgreSQL cannot tell the type of a parameter in here. The names are ours.
        pairs.append(literal_column(f"'{column.key}'"))
        pairs.append(func.json(column) if sqlite and isinstance(column.type, JSON) else column)
    made: ColumnElement[Any] = build(*pairs, type_=JSON)
    return made
