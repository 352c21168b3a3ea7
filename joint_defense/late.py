"""Late: what was spooled while the database was away becomes what it would have been, as of when it came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from groups import directory
from joint_defense import incidents
from joint_defense.acknowledgements import LEADERS, acknowledge
from joint_defense.inbound_models import InboundKind
from joint_defense.inbox import is_known, keep_answer, receive
from joint_defense.intake import Limits, Trigger, raise_alarm
from joint_defense.models import ClosingOutcome, Delivery
from joint_defense.rules import replies
from joint_defense.rules.delivery import Channel
from joint_defense.spool import SpooledEvent, SpooledKind
from joint_defense.texting import Text, take_message
from joint_defense.timeline import note_update
from joint_defense.wordless import report_wordless


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The incident that now has something to send, if any."""

    incident_id: int | None


def take_in(session: Session, event: SpooledEvent, now: datetime, limits: Limits | None = None) -> TakenIn:
    """Do what the event asked for, at its own time; the timeline says how late. Twice is once."""
    known = is_known(session, event.carrier_key)
    match event.kind:
        case SpooledKind.ALARM:
            trigger = Trigger(event.carrier_key, event.number, Channel.CALL, call_sid=event.sid)
            incident_id = raise_alarm(session, trigger, event.received_at, limits).incident_id
        case SpooledKind.WORDLESS:
            incident_id = report_wordless(
                session, event.carrier_key, event.number, event.received_at, limits
            ).incident_id
        case SpooledKind.TEXT:
            text = Text(event.sid, event.number, event.text)
            incident_id = take_message(session, text, event.received_at, limits).incident_id
        case SpooledKind.KEY:
            incident_id = _press(session, event)
    if incident_id is not None and not known:
        caller = directory.find_caller(session, event.number)
        note_update(
            session,
            incident_id,
            "late",
            now,
            household=caller.household_name if caller is not None else "",
            seconds=int((now - event.received_at).total_seconds()),
        )
    return TakenIn(incident_id)


def _press(session: Session, event: SpooledEvent) -> int | None:
    """A neighbour's answer by key; a leader's that all is over. What can be said of it was said on the call."""
    told = session.get(Delivery, event.delivery_id)
    if told is None or told.number != event.number:
        return None
    kept = receive(session, event.carrier_key, InboundKind.ANSWER, event.number, event.text, event.received_at)
    if kept is None:
        return None
    kept.household_id, kept.incident_id = told.household_id, told.incident_id
    keep_answer(kept, {"text": None, "incident_id": told.incident_id})
    if event.text in replies.KEYS:
        acknowledge(session, told, replies.KEYS[event.text], Channel.CALL, event.received_at)
    elif event.text == replies.CLOSE_KEY and told.role in LEADERS and told.incident.closed_at is None:
        incidents.close(session, told.incident_id, ClosingOutcome.HELPED, "", told.household_name, event.received_at)
    return told.incident_id
