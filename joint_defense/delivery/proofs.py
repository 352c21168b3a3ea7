"""What alarms and drills have proven: which phones a person answered, or called for help from.

Only a sign of a person counts: a key, a text in reply, a call for help, the test press of a device. A text that was
delivered, and a call that was merely picked up, may have met a machine.

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
from joint_defense.models.incidents import Acknowledgement, Alert, Delivery, Incident
from joint_defense.rules.states import Channel, IncidentKind

EVERY = timedelta(minutes=1)
LOOK_BACK = timedelta(days=2)
"""An answer that comes later than that after its incident opened is not looked for any more."""


def note_proofs(session: Session, now: datetime, zone: ZoneInfo) -> int:
    """Tell the roster which phones the incidents of the last two days have reached; how many it did not know."""
    young = Incident.opened_at > now - LOOK_BACK
    called = session.execute(
        select(Alert.phone_id, Alert.household_id, Alert.raised_at, Alert.channel)
        .join(Incident, Incident.id == Alert.incident_id)
        .where(young, Alert.by_others.is_(False))
    )
    reached = {
        Reached(phone_id, household_id, at.astimezone(zone).date(), _choose_proof(channel))
        for phone_id, household_id, at, channel in called
    }
    reached |= {
        Reached(phone_id, household_id, at.astimezone(zone).date(), Proof.CALL)
        for phone_id, household_id, at in directory.list_tested_lines(session, now - LOOK_BACK)
    }
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
        # A responder's phone is not on the roster, whose figures these are.
        if phone_id is None or household_id is None:
            continue
        proof = Proof.DRILL if kind is IncidentKind.DRILL else _choose_proof(channel)
        reached.add(Reached(phone_id, household_id, at.astimezone(zone).date(), proof))
    return directory.note_reached(session, reached)


def _choose_proof(channel: Channel) -> Proof:
    return Proof.CALL if channel is Channel.CALL else Proof.TEXT
