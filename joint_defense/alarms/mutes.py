"""Mutes: an operator has the alarms of a number stopped for a time, on record, and may undo it.

A mute stops new alarms from that number, and calls without a word. It stops nothing that the household has open, none
of its other phones, and no answer to somebody else's alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groups import directory
from joint_defense.models.inbound import InboundEvent, InboundKind, Mute
from joint_defense.rules.errors import InvalidMute

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
    found = select(Mute.id).where(Mute.number == number, Mute.lifted_at.is_(None), Mute.until > now)
    return session.scalar(found.limit(1)) is not None


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
