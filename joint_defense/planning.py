"""From a plan to rows: the deliveries that the senders will find."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from groups.directory import Recipient
from joint_defense.models import Delivery, Purpose
from joint_defense.rules.delivery import DeliveryState
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
    if rows:
        session.execute(insert(Delivery), rows)
