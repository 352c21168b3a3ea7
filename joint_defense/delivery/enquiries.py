"""Enquiries: a word with the carrier about a call or message it has in hand already.

Two kinds: to end a call that nobody needs any more, and to ask after one that the carrier has been silent about (its
callbacks are best effort: they may never come).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.carriers.port import Receipt
from joint_defense.delivery.lines import Line
from joint_defense.delivery.moves import move
from joint_defense.delivery.tracking import (
    ASK_AFTER,
    ask_for_follow_up,
    clear_refusals,
    ends_call,
    give_up,
    hear,
    lock_attempt,
)
from joint_defense.incidents import conference
from joint_defense.models.incidents import Attempt, Delivery, is_in_state
from joint_defense.rules.states import AttemptState, Channel, DeliveryState

AT_ONCE = 20
END_AGAIN_AFTER = timedelta(seconds=5)
ASK_AGAIN_AFTER = timedelta(seconds=60)
LAST_ASK = timedelta(minutes=30)
"""After so long a delivery that the carrier says nothing final of is closed with what is known."""
LAST_ASK_OF_A_RING = timedelta(minutes=12)
"""The same for a call that nobody has picked up, where the carrier does not answer either: no carrier rings for longer
than ten minutes."""
LAST_END = timedelta(minutes=3)
"""The same for one that nobody needs, and that the carrier will not end."""
UNKNOWN_AFTER = timedelta(seconds=10)
"""What the carrier says it does not know is over, once so old: a list may lag behind what was just created."""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """A word with the carrier about attempt `number` of a delivery: to end it (`ends`), or to ask after it."""

    delivery_id: int
    number: int
    channel: Channel
    sid: str
    line: Line
    ends: bool


def claim_enquiries(session: Session, now: datetime, limit: int = AT_ONCE) -> list[Enquiry]:
    """What is due, at most `limit`. Each one's next enquiry is put off, so that one sender goes."""
    rows = session.execute(
        select(Delivery, Attempt)
        .join(Attempt, (Attempt.delivery_id == Delivery.id) & (Attempt.number == Delivery.attempt_count))
        .where(is_in_state(DeliveryState.PLACED), Delivery.due_at <= now, Attempt.sid.is_not(None))
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    enquiries = []
    for delivery, attempt in rows:
        ends = ends_call(delivery, attempt)
        delivery.due_at = now + (END_AGAIN_AFTER if ends else ASK_AFTER.get(attempt.state, ASK_AGAIN_AFTER))
        enquiries.append(
            Enquiry(
                delivery.id,
                attempt.number,
                delivery.channel,
                attempt.sid or "",
                Line(attempt.account, attempt.sender),
                ends,
            )
        )
    return enquiries


def record_enquiry(session: Session, enquiry: Enquiry, receipt: Receipt, now: datetime) -> None:
    """The carrier's answer. Where it says nothing final for too long, what is known has to do."""
    delivery, attempt = lock_attempt(session, enquiry.delivery_id, enquiry.number)
    code = str(receipt.error_code) if receipt.error_code else None
    hear(session, delivery, attempt, receipt.state, now, sid=receipt.sid, error_code=code)
    if delivery.state is DeliveryState.REACHED:
        clear_refusals(session, [delivery])
    last = LAST_END if ends_call(delivery, attempt) else LAST_ASK
    if delivery.state is DeliveryState.PLACED and now - attempt.requested_at > last:
        _close(session, delivery, attempt, now)


def record_silence(session: Session, enquiry: Enquiry, now: datetime, *, unknown: bool) -> None:
    """The carrier would not say what became of it. `unknown`: it says that there is no such call or message.

    Whatever it answers, this ends: a call that is never heard of again would hold its place for ever.
    """
    delivery, attempt = lock_attempt(session, enquiry.delivery_id, enquiry.number)
    if delivery.state is not DeliveryState.PLACED or attempt.number != delivery.attempt_count:
        return
    age = now - attempt.requested_at
    if age > (UNKNOWN_AFTER if unknown else _find_last_ask(delivery, attempt)):
        conference.leave_conference(session, delivery, now)
        _close(session, delivery, attempt, now)
    elif unknown:
        delivery.due_at = now + END_AGAIN_AFTER


def _find_last_ask(delivery: Delivery, attempt: Attempt) -> timedelta:
    """How old a request has to be for what is known of it to do, where the carrier does not answer."""
    if ends_call(delivery, attempt):
        return LAST_END
    rings = delivery.channel is Channel.CALL and attempt.state is not AttemptState.IN_PROGRESS
    return LAST_ASK_OF_A_RING if rings else LAST_ASK


def _close(session: Session, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    if attempt.state in {AttemptState.SENT, AttemptState.IN_PROGRESS}:
        move(delivery, DeliveryState.REACHED)
        ask_for_follow_up(delivery, now)
    elif delivery.unwanted and delivery.channel is Channel.CALL:
        move(delivery, DeliveryState.CANCELLED)
    else:
        give_up(session, delivery, "no_report", now)
