"""What alarms and drills have proven: which phones a ring reached and a person answered, which texts arrived.

The figures of readiness live on these. They are noted in bulk, a minute after the fact, so that no alarm waits for
them; noting twice does nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Proof, Reached
from joint_defense.models import Acknowledgement, Attempt, Delivery, Incident
from joint_defense.rules.states import AttemptState, Channel, IncidentKind

EVERY = timedelta(minutes=1)
LOOK_BACK = timedelta(days=2)
"""A text that a carrier delivers later than that after its incident is not looked for any more."""


def note_proofs(session: Session, now: datetime, zone: ZoneInfo) -> int:
    """Tell the roster which phones the incidents of the last two days have reached; how many it did not know."""
    young = Incident.opened_at > now - LOOK_BACK
    texts = session.execute(
        select(Delivery.phone_id, Delivery.household_id, Attempt.ended_at)
        .join(Incident, Incident.id == Delivery.incident_id)
        .join(Attempt, Attempt.delivery_id == Delivery.id)
        .where(
            young,
            Delivery.channel == Channel.SMS,
            Attempt.state == AttemptState.DELIVERED,
        )
    )
    reached = {
        Reached(phone_id, household_id, at.astimezone(zone).date(), Proof.TEXT)
        for phone_id, household_id, at in texts
        # A responder's phone is not on the roster, whose figures these are.
        if at is not None and phone_id is not None and household_id is not None
    }
    # Only a key or a reply is a person; a call that was merely picked up may be a machine.
    answers = session.execute(
        select(Delivery.phone_id, Delivery.household_id, Acknowledgement.at, Acknowledgement.channel, Incident.kind)
        .join(Incident, Incident.id == Acknowledgement.incident_id)
        .join(
            Delivery,
            (Delivery.incident_id == Acknowledgement.incident_id) & (Delivery.number == Acknowledgement.number),
        )
        .where(young)
    )
    for phone_id, household_id, at, channel, kind in answers:
        if phone_id is None or household_id is None:
            continue
        proof = Proof.CALL if channel is Channel.CALL else Proof.TEXT
        proof = Proof.DRILL if kind is IncidentKind.DRILL else proof
        reached.add(Reached(phone_id, household_id, at.astimezone(zone).date(), proof))
    return directory.note_reached(session, reached)
