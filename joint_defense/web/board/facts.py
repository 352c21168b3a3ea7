"""All that is known of an incident, in one query: one round trip, and one moment for every table.

Each table gives its rows as JSON objects; SQLite and PostgreSQL build them with functions of different names.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter
from sqlalchemy import JSON, ColumnElement, Select, func, literal_column, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from config.database import Base
from joint_defense.models.incidents import Acknowledgement, Alert, Attempt, Delivery, Incident, IncidentUpdate
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, IncidentKind, Purpose, Role
from joint_defense.rules.triggers import Category


def _move_to_utc(moment: datetime) -> datetime:
    # PostgreSQL writes the zone into its JSON, SQLite keeps UTC without it.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_move_to_utc)]


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """A row of the incidents. Here and below each field is the column of its name."""

    id: int
    kind: IncidentKind
    village_id: int
    village_name: str
    group_id: int | None
    group_name: str
    category: Category
    opened_at: Moment
    closed_at: Moment | None
    outcome: ClosingOutcome | None
    note: str
    policy: dict[str, Any] | None
    steps_done: int


@dataclass(frozen=True, slots=True)
class AlertFact:
    """A voice of the incident."""

    household_id: int
    household_name: str
    household_name_en: str
    place: str
    place_en: str
    door: str
    first_help: str
    number: str
    silent: bool
    channel: Channel
    category: Category
    text: str
    raised_at: Moment
    withdrawn_at: Moment | None


@dataclass(frozen=True, slots=True)
class DeliveryFact:
    """A call or text of the incident."""

    id: int
    channel: Channel
    purpose: Purpose
    round: int
    step: int
    household_id: int | None
    responder_id: int | None
    household_name: str
    number: str
    role: Role
    phone_rank: int
    distance: int
    urgency: int
    turn: int
    state: DeliveryState
    attempt_count: int
    failure: str | None
    joined_at: Moment | None
    follow_up: FollowUp | None
    due_at: Moment
    with_link: bool


@dataclass(frozen=True, slots=True)
class AttemptFact:
    """A request to the carrier."""

    delivery_id: int
    number: int
    state: AttemptState
    error_code: str | None
    requested_at: Moment
    accepted_at: Moment | None
    rang_at: Moment | None
    answered_at: Moment | None
    ended_at: Moment | None


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """An answer of a household or responder."""

    household_id: int | None
    responder_id: int | None
    answer: Answer
    channel: Channel
    at: Moment
    minutes: int | None


@dataclass(frozen=True, slots=True)
class UpdateFact:
    """A line of the timeline. Its kind may be another release's, so that it is no `UpdateKind`."""

    at: Moment
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """An incident's rows by table, in the order they were made. `version` changes when, and only when, they do."""

    incident: IncidentFact
    alerts: list[AlertFact]
    deliveries: list[DeliveryFact]
    attempts: list[AttemptFact]
    answers: list[AnswerFact]
    updates: list[UpdateFact]
    version: str


_INCIDENTS = TypeAdapter(list[IncidentFact])
_ALERTS = TypeAdapter(list[AlertFact])
_DELIVERIES = TypeAdapter(list[DeliveryFact])
_ATTEMPTS = TypeAdapter(list[AttemptFact])
_ANSWERS = TypeAdapter(list[AnswerFact])
_UPDATES = TypeAdapter(list[UpdateFact])


def read_facts(session: Session, incident_id: int) -> Facts | None:
    """The facts of an incident; None if there is none."""
    sqlite = session.get_bind().dialect.name == "sqlite"

    def select_rows(source: str, table: type[Base], order: Any, fact: type[Any]) -> Select[Any]:
        columns = [getattr(table, each.name) for each in fields(fact)]
        return select(
            literal_column(f"'{source}'").label("source"),
            order.label("place"),
            _build_object(columns, sqlite).label("row"),
        )

    question = union_all(
        select_rows("incident", Incident, Incident.id, IncidentFact).where(Incident.id == incident_id),
        select_rows("alert", Alert, Alert.id, AlertFact).where(Alert.incident_id == incident_id),
        select_rows("delivery", Delivery, Delivery.id, DeliveryFact).where(Delivery.incident_id == incident_id),
        select_rows("attempt", Attempt, Attempt.number, AttemptFact)
        .join(Delivery, Attempt.delivery_id == Delivery.id)
        .where(Delivery.incident_id == incident_id),
        select_rows("answer", Acknowledgement, Acknowledgement.id, AnswerFact).where(
            Acknowledgement.incident_id == incident_id
        ),
        select_rows("update", IncidentUpdate, IncidentUpdate.id, UpdateFact).where(
            IncidentUpdate.incident_id == incident_id
        ),
    )
    found: dict[str, list[object]] = defaultdict(list)
    for source, _place, row in sorted(
        session.execute(question), key=lambda each: (each.source, each.place, str(each.row))
    ):
        found[source].append(row)
    if not found["incident"]:
        return None
    return Facts(
        incident=_INCIDENTS.validate_python(found["incident"])[0],
        alerts=_ALERTS.validate_python(found["alert"]),
        deliveries=_DELIVERIES.validate_python(found["delivery"]),
        attempts=_ATTEMPTS.validate_python(found["attempt"]),
        answers=_ANSWERS.validate_python(found["answer"]),
        updates=_UPDATES.validate_python(found["update"]),
        version=make_digest(found),
    )


def make_digest(facts: object) -> str:
    """A short fingerprint of plain data."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _build_object(columns: Sequence[InstrumentedAttribute[Any]], sqlite: bool) -> ColumnElement[Any]:
    build = func.json_object if sqlite else func.json_build_object
    pairs: list[Any] = []
    for column in columns:
        # Inlined: PostgreSQL cannot tell the type of a parameter in here. The names are ours.
        pairs.append(literal_column(f"'{column.key}'"))
        pairs.append(func.json(column) if sqlite and isinstance(column.type, JSON) else column)
    made: ColumnElement[Any] = build(*pairs, type_=JSON)
    return made
