"""Errands: a word with the carrier about a call or message it has in hand already.

Two kinds: to end a call that nobody needs any more, and to ask after one that the carrier has been silent about (its
callbacks are best effort: they may never come).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.carriers.port import Receipt
from joint_defense.delivery.moves import move
from joint_defense.delivery.tracking import ASK_AFTER, ends_call, follow_up, give_up, got_through, hear, lock_attempt
from joint_defense.models import Attempt, Delivery, in_state
from joint_defense.rules.states import AttemptState, Channel, DeliveryState

AT_ONCE = 20
END_AGAIN_AFTER = timedelta(seconds=5)
ASK_AGAIN_AFTER = timedelta(seconds=60)
LAST_ASK = timedelta(minutes=30)
"""After so long a delivery that the carrier says nothing final of is closed with what is known."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A word with the carrier about attempt `number` of a delivery: to end it (`ends`), or to ask after it."""

    delivery_id: int
    number: int
    channel: Channel
    sid: str
    sender: str
    ends: bool


def due_errands(session: Session, now: datetime, limit: int = AT_ONCE) -> list[Errand]:
    """What is due, at most `limit`. Each one's next errand is put off, so that one sender goes."""
    rows = session.execute(
        select(Delivery, Attempt)
        .join(Attempt, (Attempt.delivery_id == Delivery.id) & (Attempt.number == Delivery.attempt_count))
        .where(in_state(DeliveryState.PLACED), Delivery.due_at <= now, Attempt.sid.is_not(None))
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    errands = []
    for delivery, attempt in rows:
        ends = ends_call(delivery, attempt)
        delivery.due_at = now + (END_AGAIN_AFTER if ends else ASK_AFTER.get(attempt.state, ASK_AGAIN_AFTER))
        errands.append(Errand(delivery.id, attempt.number, delivery.channel, attempt.sid or "", attempt.sender, ends))
    return errands


def take_in(session: Session, errand: Errand, receipt: Receipt, now: datetime) -> None:
    """The carrier's answer. Where it says nothing final for too long, what is known has to do."""
    delivery, attempt = lock_attempt(session, errand.delivery_id, errand.number)
    code = str(receipt.error_code) if receipt.error_code else None
    hear(session, delivery, attempt, receipt.state, now, sid=receipt.sid, error_code=code)
    if delivery.state is DeliveryState.REACHED:
        got_through(session, [delivery])
    if delivery.state is not DeliveryState.PLACED or now - attempt.requested_at <= LAST_ASK:
        return
    if attempt.state in {AttemptState.SENT, AttemptState.IN_PROGRESS}:
        move(delivery, DeliveryState.REACHED)
        follow_up(delivery, now)
    else:
        give_up(session, delivery, "no_report", now)
