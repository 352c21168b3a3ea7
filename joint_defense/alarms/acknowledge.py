"""Acknowledgements: a neighbour's key or text becomes the answer of a household, and its other phones stop ringing.

Only a key or a reply counts. A call that was merely picked up is "picked up", never "coming".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.alarms import held_alarms
from joint_defense.alarms.held_alarms import ReleasedBy
from joint_defense.alarms.news_sent import send_milestones
from joint_defense.delivery.plan import drop
from joint_defense.incidents import policies
from joint_defense.incidents.answers import lock_incident, make_acknowledgement, read_answers
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Alert, Delivery, Incident, is_of_party
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import LEADERS, RINGS, Channel
from joint_defense.rules.timeline import UpdateKind


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
        return [alert.name_in(language) for alert in self.callers]


def acknowledge(
    session: Session,
    delivery: Delivery,
    answer: Answer,
    channel: Channel,
    now: datetime,
    *,
    others_open: int = 0,
    minutes: int | None = None,
) -> Heard:
    """Put a person's answer on record, and stop the household's other phones. What counts: `rules.answers`.

    `delivery` is the one that was answered; `minutes` is in how many they mean to be there, where they say so. After
    the all-clear nothing changes but the words.
    """
    incident = lock_incident(session, delivery.incident_id)
    callers = tuple(alert for alert in incident.alerts if alert.withdrawn_at is None) or tuple(incident.alerts)
    if incident.closed_at is not None:
        return Heard(incident, callers, closed=True)
    if (
        minutes is not None
        or read_answers(session, incident.id).find_of_person(delivery.party, delivery.number) is not answer
    ):
        session.add(make_acknowledgement(delivery, answer, channel, now, minutes=minutes))
        more = {} if minutes is None else {"minutes": minutes}
        note_update(
            session, incident.id, UpdateKind.ANSWER, now, household=delivery.household_name, answer=answer, **more
        )
        session.flush()
        if answer is Answer.CANNOT and incident.next_step_at is not None and incident.step_held > incident.steps_done:
            # Enough were coming, and the clock looks only now and then whether they still are.
            incident.next_step_at = now
    if delivery.role in LEADERS:
        held_alarms.release(session, incident, ReleasedBy.LEADER, now, name=delivery.household_name)
    _stop_other_phones(session, incident.id, delivery, channel, now)
    if answer is Answer.CANNOT:
        policies.bring_forward(session, incident, now)
    send_milestones(session, incident, now)
    return Heard(incident, callers, others_open=others_open)


def _stop_other_phones(session: Session, incident_id: int, delivery: Delivery, channel: Channel, now: datetime) -> None:
    """What the household's phones have not taken yet is not needed any more."""
    calls = session.scalars(
        select(Delivery)
        .where(
            Delivery.incident_id == incident_id,
            is_of_party(Delivery, delivery.party),
            Delivery.channel == Channel.CALL,
            # A call that tells of a second voice is stopped by an answer to one of its own.
            Delivery.purpose.in_((*RINGS, delivery.purpose)),
        )
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    # Whoever answers on a call goes on with it; whoever answers by text need not be rung on that phone either.
    drop(session, [each for each in calls if channel is Channel.SMS or each.id != delivery.id], now)
