"""Acknowledgements: a neighbour's key or text becomes the answer of a household, and its other phones stop ringing.

Only a key or a reply counts. A call that was merely picked up is "picked up", never "coming".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.models import RINGS, Acknowledgement, Alert, Delivery, Incident, IncidentKind, Purpose
from joint_defense.news_sent import send_milestones
from joint_defense.planning import drop
from joint_defense.rules.delivery import Channel
from joint_defense.rules.replies import Answer
from joint_defense.timeline import note_update

LEADERS = frozenset({"leader", "deputy"})
"""Roles that may close an incident from their phones."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an answer came to: the incident (None: nothing this phone was told of), its callers, whether it is over."""

    incident: Incident | None
    callers: tuple[Alert, ...] = ()
    closed: bool = False
    others_open: int = 0
    """How many more open incidents the phone was told of; an answer belongs to the newest."""

    def names(self, language: str) -> list[str]:
        """The callers, as this language calls them."""
        return [alert.household_name if language == "zh" else alert.household_name_en for alert in self.callers]


def acknowledge(
    session: Session, told: Delivery, answer: Answer, channel: Channel, now: datetime, *, others_open: int = 0
) -> Heard:
    """Put a household's answer on record, and stop its other phones. The newest answer counts.

    `told` is the delivery that was answered. After the all-clear nothing changes but the words.
    """
    incident = lock_incident(session, told.incident_id)
    callers = tuple(alert for alert in incident.alerts if alert.withdrawn_at is None) or tuple(incident.alerts)
    if incident.closed_at is not None:
        return Heard(incident, callers, closed=True)
    if latest_answers(session, incident.id).get(told.household_id) is not answer:
        session.add(
            Acknowledgement(
                incident_id=incident.id,
                household_id=told.household_id,
                household_name=told.household_name,
                number=told.number,
                answer=answer,
                channel=channel,
                at=now,
            )
        )
        note_update(session, incident.id, "answer", now, household=told.household_name, answer=answer)
        session.flush()
    _stop_other_phones(session, incident.id, told, channel, now)
    send_milestones(session, incident, now)
    return Heard(incident, callers, others_open=others_open)


def _stop_other_phones(session: Session, incident_id: int, told: Delivery, channel: Channel, now: datetime) -> None:
    """What the household's phones have not taken yet is not needed any more."""
    calls = session.scalars(
        select(Delivery)
        .where(
            Delivery.incident_id == incident_id,
            Delivery.household_id == told.household_id,
            Delivery.channel == Channel.CALL,
            # A call that tells of a second voice is stopped by an answer to one of its own.
            Delivery.purpose.in_((*RINGS, told.purpose)),
        )
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    # Whoever answers on a call goes on with it; whoever answers by text need not be rung on that phone either.
    drop(session, [each for each in calls if channel is Channel.SMS or each.id != told.id], now)


def latest_answers(session: Session, incident_id: int) -> dict[int, Answer]:
    """Each household's newest answer: household id -> answer."""
    rows = session.execute(
        select(Acknowledgement.household_id, Acknowledgement.answer)
        .where(Acknowledgement.incident_id == incident_id)
        .order_by(Acknowledgement.id)
    ).all()
    return {row.household_id: row.answer for row in rows}


def lock_incident(session: Session, incident_id: int) -> Incident:
    """The incident, held until the transaction ends: answers, news and closing come one after the other."""
    # NO KEY UPDATE: whoever only adds a line to the timeline does not wait.
    return session.scalars(
        select(Incident)
        .where(Incident.id == incident_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def told_of(session: Session, number: str) -> tuple[Delivery | None, int]:
    """The newest delivery by which a phone was told of an incident, and how many more open ones it was told of.

    Open incidents come first; without one, the newest that was closed, so that a late answer hears that it is over.
    """
    rows = session.execute(
        select(Delivery, Incident.closed_at)
        .join(Incident)
        .where(
            Delivery.number == number,
            Delivery.purpose.in_((*RINGS, Purpose.SECOND_VOICE)),
            Delivery.attempt_count > 0,
            Incident.kind != IncidentKind.WORDLESS,
        )
        .order_by(Incident.id.desc(), Delivery.id)
        .limit(50)
    ).all()
    newest: dict[int, Delivery] = {}
    still_open: dict[int, Delivery] = {}
    for delivery, closed_at in rows:
        newest.setdefault(delivery.incident_id, delivery)
        if closed_at is None:
            still_open.setdefault(delivery.incident_id, delivery)
    if still_open:
        return next(iter(still_open.values())), len(still_open) - 1
    return next(iter(newest.values()), None), 0
