"""Holding back: after a close as malicious a household's next alarm rings its leader first, and all others soon after.

Caller ids can be forged, and a real call for help must not be lost to somebody's misuse: so the others are held back
for seconds only. A key that a person must press, an answer of the leader, a second household, whoever has all rung,
or the clock releases them (docs/adr/0029).

A mute stops more: an operator has the alarms of a number stopped for a time, on record, and may undo it. It stops new
alarms from that number, and calls without a word; nothing that the household has open, none of its other phones, and no
answer to somebody else's alarm.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, func, literal, select
from sqlalchemy.orm import Session

from config.database import UtcDateTime
from groups import directory
from groups.directory import Caller, Recipient, Role
from joint_defense.alarms import overseers
from joint_defense.delivery.plan import insert_deliveries, queue_behind_waiting
from joint_defense.incidents import policies
from joint_defense.incidents.answers import find_in_trouble, lock_incident
from joint_defense.incidents.record import note_update
from joint_defense.models.inbound import InboundEvent, InboundKind, Mute
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.errors import InvalidMute
from joint_defense.rules.parties import Planned, plan_rings
from joint_defense.rules.states import RINGS, Channel, ClosingOutcome, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.understanding.spelling import squeeze
from joint_defense.rules.wording import calls

AFTER_MALICIOUS = timedelta(hours=1)
"""So long after a close as malicious a household's alarms are held back."""
HELD_FOR = timedelta(seconds=calls.LATEST_SECONDS - 2)
"""The clock releases them after so long, whatever anybody does: in time for what the caller was told."""
KEYS = "5678"
"""Keys that mean nothing else to a caller on the line or in a text."""


class ReleasedBy(StrEnum):
    """What let an alarm go to all."""

    KEY = "key"
    LEADER = "leader"
    VOICE = "voice"
    """A second household calls for help."""
    WATCHER = "watcher"
    """Somebody had all rung."""
    CLOCK = "clock"


def hold_back(
    session: Session, incident: Incident, caller: Caller, planned: list[Planned[Recipient]], now: datetime
) -> list[Planned[Recipient]]:
    """Of the plan of a new alarm whose household's last was malicious what goes out now: the leaders' part where the
    alarm is held, else all of it.

    A silent household is not held back, because it cannot be asked; nor is one whose leader cannot be reached.
    """
    leaders = [each for each in planned if each.phone.role in {Role.LEADER, Role.DEPUTY}]
    if not leaders or len(leaders) == len(planned) or caller.silent:
        return planned
    incident.held_until, incident.release_key = now + HELD_FOR, secrets.choice(KEYS)
    note_update(
        session, incident.id, UpdateKind.HELD, now, household=caller.household_name, seconds=calls.LATEST_SECONDS
    )
    return leaders


def match_malicious(household_id: ColumnElement[int], since: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether an alarm of the household has been closed as malicious since then."""
    return exists(Alert.id).where(
        Alert.household_id == household_id,
        Alert.incident_id == Incident.id,
        Incident.outcome == ClosingOutcome.MALICIOUS,
        Incident.closed_at > since,
    )


def is_key(incident: Incident, text: str) -> bool:
    """Whether a caller's text is the key that releases the alarm."""
    typed = squeeze(text).removeprefix("我").removeprefix("回复").removeprefix("按")
    return incident.held_until is not None and typed == incident.release_key


def find_overdue(session: Session, now: datetime) -> list[int]:
    """The open incidents that have been held back long enough, the longest first."""
    overdue = select(Incident.id).where(*_match_overdue(now))
    return list(session.scalars(overdue.order_by(Incident.held_until, Incident.id)))


def match_overdue(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether there is any of these."""
    return exists().where(*_match_overdue(now))


def _match_overdue(now: datetime | ColumnElement[datetime]) -> tuple[ColumnElement[bool], ...]:
    return Incident.closed_at.is_(None), Incident.held_until <= now


def release_overdue(session: Session, incident_id: int, now: datetime) -> bool:
    """Let one of these go to all, unless another clock has. Whether it was done here."""
    incident = lock_incident(session, incident_id)
    if incident.held_until is None or incident.held_until > now:
        return False
    return release(session, incident, ReleasedBy.CLOCK, now)


def release(session: Session, incident: Incident, by: ReleasedBy, now: datetime, *, name: str = "") -> bool:
    """Plan the deliveries to all whom the alarm held back. False where it is not held, or over. `name`: who did it.

    The incident's row is locked by the caller.
    """
    if incident.held_until is None or incident.closed_at is not None:
        return False
    incident.held_until, incident.release_key = None, ""
    note_update(session, incident.id, UpdateKind.RELEASED, now, why=by, household=name)
    session.flush()
    rung = set(
        session.scalars(select(Delivery.number).where(Delivery.incident_id == incident.id, Delivery.purpose.in_(RINGS)))
    )
    found: dict[str, Recipient] = {}
    for alert in incident.alerts:
        caller = directory.find_caller(session, alert.number) if alert.withdrawn_at is None else None
        if caller is not None:
            found |= {each.number: each for each in directory.list_recipients(session, caller, now)}
    others = [each for number, each in found.items() if number not in rung]
    planned = leave_out_callers(session, plan_rings(others), now)
    if not planned:
        # The roster has changed meanwhile: who else there is comes at once.
        policies.hurry(incident)
    insert_deliveries(session, incident.id, Purpose.ALARM, queue_behind_waiting(session, incident.id, planned), now)
    overseers.send_left_out_links(session, incident, now)
    return True


def leave_out_callers(session: Session, planned: list[Planned[Recipient]], now: datetime) -> list[Planned[Recipient]]:
    """The plan without those who call for help themselves at present: they are not rung, and silent ones not texted."""
    households = {each.phone.household_id for each in planned if each.phone.household_id is not None}
    calling, silent = find_in_trouble(session, households, now)
    return [
        each
        for each in planned
        if each.phone.household_id not in silent
        and (each.channel is Channel.SMS or each.phone.household_id not in calling)
    ]


LONGEST = timedelta(hours=24)
HOURS = (1, 2, 6, 12, 24)
"""For how long, as a page offers it."""
LONGEST_REASON = 500
LISTED_FOR = timedelta(days=30)
"""So long after its end a mute is still listed."""


@dataclass(frozen=True, slots=True)
class Muted:
    """A mute as it is listed. `tries`: how many alarms it has stopped."""

    id: int
    number: str
    household: str
    reason: str
    muted_at: datetime
    muted_by: str
    until: datetime
    lifted_at: datetime | None
    lifted_by: str
    tries: int

    def is_active(self, now: datetime) -> bool:
        """Whether it stops alarms at this moment."""
        return self.lifted_at is None and self.until > now


def mute(session: Session, number: str, hours: int, reason: str, by: str, now: datetime) -> Mute:
    """Stop the alarms of a number (E.164) for so many hours. One that is muted already gets the later end.

    Raises InvalidMute: `reason_missing`, `reason_long`, `hours` (1 to 24), `not_on_roster`.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidMute("reason_missing")
    if len(reason) > LONGEST_REASON:
        raise InvalidMute("reason_long")
    if not 1 <= hours <= LONGEST // timedelta(hours=1):
        raise InvalidMute("hours")
    caller = directory.find_caller(session, number)
    if caller is None:
        raise InvalidMute("not_on_roster")
    row = Mute(
        number=number,
        household_name=caller.household_name,
        reason=reason,
        muted_at=now,
        muted_by=by,
        until=now + timedelta(hours=hours),
    )
    session.add(row)
    session.flush()
    return row


def lift(session: Session, mute_id: int, by: str, now: datetime) -> bool:
    """Undo a mute, and every other one of its number. False where it is over already, or never was."""
    row = session.get(Mute, mute_id)
    if row is None or row.lifted_at is not None or row.until <= now:
        return False
    active = select(Mute).where(Mute.number == row.number, Mute.lifted_at.is_(None), Mute.until > now)
    for each in session.scalars(active.order_by(Mute.id).with_for_update()):
        each.lifted_at, each.lifted_by = now, by
    return True


def is_muted(session: Session, number: str, now: datetime) -> bool:
    """Whether new alarms of this number are stopped."""
    return session.scalar(select(match_muted(literal(number), literal(now, UtcDateTime())))) is True


def match_muted(number: ColumnElement[str], now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """The same of a question that asks for more."""
    return exists().where(Mute.number == number, Mute.lifted_at.is_(None), Mute.until > now)


def list_mutes(session: Session, now: datetime) -> list[Muted]:
    """All that are in force or ended lately, the newest first."""
    tries = (
        select(func.count())
        .where(
            InboundEvent.number == Mute.number,
            InboundEvent.kind == InboundKind.MUTED,
            InboundEvent.received_at >= Mute.muted_at,
            InboundEvent.received_at < Mute.until,
        )
        .correlate(Mute)
        .scalar_subquery()
    )
    rows = session.execute(select(Mute, tries).where(Mute.until > now - LISTED_FOR).order_by(Mute.id.desc())).all()
    return [
        Muted(
            *(row.id, row.number, row.household_name, row.reason, row.muted_at, row.muted_by, row.until),
            *(row.lifted_at, row.lifted_by, count),
        )
        for row, count in rows
    ]
