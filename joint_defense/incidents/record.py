"""The record of an incident: what came in and its answer, a line for each thing that happened, and all of it as data.

A carrier repeats a webhook whose answer it did not see; the carrier's own id of the event makes the repetition a no-op
that gets the same answer. The timeline has one line for each thing that happened. Commands and exports get the whole
record as plain data, with masked numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, Update, bindparam, exists, func, select, update
from sqlalchemy.orm import Session, selectinload

from config.database import insert_new, insert_or_skip
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Acknowledgement, Alert, Attempt, Delivery, Incident, IncidentUpdate
from joint_defense.rules import triggers
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.states import IncidentKind, Purpose
from joint_defense.rules.timeline import UpdateKind


def receive(
    session: Session, carrier_key: str, kind: InboundKind, number: str, text: str, now: datetime
) -> InboundEvent | None:
    """Put the event on record; None if it is there already.

    Two at the same instant: the second waits for the first's transaction, then finds its row.
    """
    made = session.scalars(
        insert_or_skip(
            session,
            InboundEvent,
            {
                "carrier_key": carrier_key,
                "kind": kind,
                "number": number,
                "text": text,
                "received_at": now,
                "answer": {},
            },
        ).returning(InboundEvent)
    )
    found: InboundEvent | None = made.one_or_none()
    return found


def receive_alarm(session: Session, carrier_key: str, number: str, text: str, now: datetime) -> int | None:
    """The same of an alarm, whose caller waits: the event's id alone. What it is answered with: `write_answer`."""
    values = {
        "carrier_key": carrier_key,
        "kind": InboundKind.ALARM,
        "number": number,
        "text": text,
        "received_at": now,
        "answer": {},
    }
    return insert_new(session, InboundEvent, values)


def write_answer(
    session: Session,
    event_id: int,
    kind: InboundKind,
    answer: dict[str, Any],
    *,
    incident_id: int | None,
    household_id: int | None,
) -> None:
    """What became of the event of `receive_alarm`, for its repetition."""
    values = {"event_id": event_id, "to_kind": kind, "to_answer": answer}
    values |= {"to_incident": incident_id, "to_household": household_id}
    session.connection().execute(_ANSWER, values)


def _ask_to_answer() -> Update:
    kept = cast(Table, InboundEvent.__table__)
    names = {"kind": "to_kind", "answer": "to_answer", "incident_id": "to_incident", "household_id": "to_household"}
    to = {name: bindparam(given, type_=kept.c[name].type) for name, given in names.items()}
    return update(kept).where(kept.c.id == bindparam("event_id")).values(to)


_ANSWER = _ask_to_answer()


def match_open_since(moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether any alarm that was raised since then is open."""
    return exists().where(
        Incident.kind == IncidentKind.ALARM, Incident.closed_at.is_(None), Incident.opened_at > moment
    )


def is_known(session: Session, carrier_key: str) -> bool:
    """Whether the event with this key is on record."""
    return session.scalar(select(InboundEvent.id).where(InboundEvent.carrier_key == carrier_key)) is not None


def keep_answer(event: InboundEvent, answer: dict[str, Any]) -> None:
    """What the event was answered with, for its repetition."""
    event.answer = answer


def find_answer(session: Session, carrier_key: str) -> dict[str, Any]:
    """What the event with this key was answered with."""
    return dict(session.scalars(select(InboundEvent.answer).where(InboundEvent.carrier_key == carrier_key)).one())


TEXTS = (InboundKind.ANSWER, InboundKind.TOLD, InboundKind.MACHINE, InboundKind.HELP)
"""The kinds of texts that keep the line they were answered with."""


def find_kept(session: Session, carrier_key: str) -> dict[str, Any] | None:
    """What a text with this key was answered with; None for a new one, and for an alarm, which keeps its own answer."""
    kept = session.scalars(
        select(InboundEvent.answer).where(InboundEvent.carrier_key == carrier_key, InboundEvent.kind.in_(TEXTS))
    ).one_or_none()
    return dict(kept) if kept else None


def count_same(session: Session, number: str, text: str, since: datetime) -> int:
    """How often this number has sent the very same text since then."""
    same = select(func.count()).where(
        InboundEvent.number == number, InboundEvent.received_at > since, InboundEvent.text == text
    )
    return session.scalar(same) or 0


def was_answered_since(session: Session, number: str, kind: InboundKind, since: datetime) -> bool:
    """Whether a text of this kind from this number has been answered with a line since then."""
    answers = session.scalars(
        select(InboundEvent.answer).where(
            InboundEvent.number == number, InboundEvent.received_at > since, InboundEvent.kind == kind
        )
    )
    return any(each.get("text") for each in answers)


def list_said(session: Session, sid: str, times: int) -> list[str]:
    """What was pressed or said in this call and was no alarm, in its order; the menu is put so many times."""
    # By whole keys: not every database finds the beginning of one by its index, and a caller waits for this.
    keys = [triggers.make_said_key(sid, asked) for asked in range(1, times + 1)]
    query = select(InboundEvent.text).where(InboundEvent.carrier_key.in_(keys))
    return list(session.scalars(query.order_by(InboundEvent.id)))


def is_first_from_stranger(session: Session, carrier_key: str, span: timedelta) -> bool:
    """Whether no other message from this number came in vain within `span` before this one.

    Asked again for the same event it says the same, so that a repeated webhook gets the same answer.
    """
    event = session.scalars(select(InboundEvent).where(InboundEvent.carrier_key == carrier_key)).one()
    earlier = select(InboundEvent.id).where(
        InboundEvent.number == event.number,
        InboundEvent.kind == InboundKind.STRANGER,
        InboundEvent.carrier_key.startswith(triggers.TEXTS, autoescape=True),
        InboundEvent.received_at > event.received_at - span,
        InboundEvent.id < event.id,
    )
    return session.scalar(select(~earlier.exists())) is True


def note_update(session: Session, incident_id: int, kind: UpdateKind, now: datetime, **detail: object) -> None:
    """Add a line."""
    session.add(IncidentUpdate(incident_id=incident_id, at=now, kind=kind, detail=detail))


_DETAILS = select(IncidentUpdate.detail).where(
    IncidentUpdate.incident_id == bindparam("incident"), IncidentUpdate.kind == bindparam("of")
)


def note_once(session: Session, incident_id: int, kind: UpdateKind, now: datetime, **detail: object) -> None:
    """Add a line, unless the very same one stands there already."""
    known = session.scalars(_DETAILS, {"incident": incident_id, "of": kind})
    if detail not in known.all():
        note_update(session, incident_id, kind, now, **detail)


def mask_number(number: str) -> str:
    """A number as it may stand in a log or on the timeline: +8619912340571 -> 199****0571."""
    national = number.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}" if len(national) > 7 else "****"


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
