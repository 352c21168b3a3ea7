"""What a caller presses or says at the menu and raises no alarm: kept until it is known what the call comes to.

Then it goes to those who come, or to the leader.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from joint_defense.alarms import words_passed_on
from joint_defense.incidents.record import list_said, receive
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Alert
from joint_defense.rules.triggers import is_keys, make_alarm_key, make_wordless_key

TIMES_ASKED = 2
"""How often the menu is put."""


def keep_said(session: Session, carrier_key: str, number: str, said: str, now: datetime) -> bool:
    """Put on record what was pressed or said; whether it is new. `carrier_key`: `make_said_key`."""
    return receive(session, carrier_key, InboundKind.MENU, number, said, now) is not None


def list_said_before(session: Session, sid: str) -> list[str]:
    """What was pressed or said in this call so far, in its order."""
    return list_said(session, sid, TIMES_ASKED)


def note_said_before(session: Session, alert_id: int | None, sid: str, now: datetime) -> None:
    """Pass what the caller said before the key, and was no alarm by itself, to those who come."""
    said = "；".join(each for each in list_said_before(session, sid) if not is_keys(each))
    alert = session.get(Alert, alert_id) if alert_id is not None and said else None
    if alert is not None:
        words_passed_on.note_words(session, alert.incident_id, alert.household_name, said, now, by_caller=True)


def take_said_late(
    session: Session, carrier_key: str, number: str, said: str, sid: str, received_at: datetime
) -> int | None:
    """Take in what was said while the database was away. The incident that the call has come to since, if it has."""
    if not keep_said(session, carrier_key, number, said, received_at):
        return None
    ends = (make_alarm_key(sid), make_wordless_key(sid))
    incident_id = session.scalars(
        select(InboundEvent.incident_id).where(
            InboundEvent.carrier_key.in_(ends), InboundEvent.incident_id.is_not(None)
        )
    ).first()
    caller = directory.find_caller(session, number)
    if incident_id is None or caller is None:
        return None
    spoken = "" if is_keys(said) else said
    words_passed_on.note_words(session, incident_id, caller.household_name, spoken, received_at, by_caller=True)
    return incident_id
