"""From a plan to rows: the deliveries that the senders will find, and those that nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from config.database import insert_rows
from groups.directory import Recipient
from joint_defense.models import Attempt, Delivery, Purpose
from joint_defense.rules.delivery import Channel, DeliveryState
from joint_defense.rules.fanout import Planned


def insert_deliveries(
    session: Session,
    incident_id: int,
    purpose: Purpose,
    planned: Iterable[Planned[Recipient]],
    now: datetime,
    *,
    occasion: int = 0,
) -> None:
    """A waiting delivery for each planned phone and channel, due now.

    The phones are the caller's to choose: none that the incident already has for this purpose and occasion.
    """
    rows = [
        {
            "incident_id": incident_id,
            "channel": each.channel,
            "purpose": purpose,
            "occasion": occasion,
            "household_id": each.phone.household_id,
            "household_name": each.phone.household_name,
            "phone_id": each.phone.phone_id,
            "number": each.phone.number,
            "language": each.phone.language,
            "role": each.phone.role,
            "phone_rank": each.phone.phone_rank,
            "urgency": each.urgency,
            "turn": min(each.turn, 32_000),
            "distance": min(each.phone.distance, 32_000),
            "state": DeliveryState.WAITING,
            "due_at": now,
            "attempt_count": 0,
            "look_up_first": False,
            "unwanted": False,
            "text": None,
        }
        for each in planned
    ]
    insert_rows(session, Delivery, rows)


def drop(session: Session, deliveries: Iterable[Delivery], now: datetime) -> None:
    """Cancel what has not been sent; have the carrier end what rings. Whoever is on the phone is left in peace.

    What a sender has in hand may be out already: it is not sent again, and a call of it is ended once it is known.
    """
    for delivery in deliveries:
        if delivery.state is DeliveryState.WAITING and not delivery.look_up_first:
            delivery.state = DeliveryState.CANCELLED
        elif delivery.state in {DeliveryState.WAITING, DeliveryState.CLAIMED}:
            delivery.unwanted = True
        elif delivery.state is DeliveryState.PLACED and delivery.channel is Channel.CALL:
            delivery.unwanted = True
            attempt = session.get(Attempt, (delivery.id, delivery.attempt_count))
            if attempt is not None and attempt.answered_at is None:
                delivery.due_at = now
