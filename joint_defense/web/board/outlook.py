"""Outlook: when the last household of an incident will be rung, where the carrier's pace makes them wait.

An estimate: from what waits before it, of all incidents, and from how many calls may begin a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session

from joint_defense.models.incidents import Delivery, is_in_state
from joint_defense.rules.parties import get_party, is_first_ring
from joint_defense.rules.states import FIRST_RINGS, Channel, DeliveryState
from joint_defense.web.board.facts import DeliveryFact


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many households are still to be rung for the first time, and about when the last one will be."""

    households: int
    last_at: datetime


def look_ahead(
    session: Session, deliveries: Iterable[DeliveryFact], calls_a_second: Callable[[], float], now: datetime
) -> Outlook | None:
    """The outlook of an incident with these deliveries; None where nobody waits, or no pace holds them back."""
    waiting = [
        each
        for each in deliveries
        if each.purpose in FIRST_RINGS
        and each.round == 0
        and each.step == 0
        and each.channel is Channel.CALL
        and each.state is DeliveryState.WAITING
        and is_first_ring(each.urgency)
    ]
    rate = calls_a_second() if waiting else 0
    if not rate:
        return None
    last = max((each.urgency, each.turn, each.id) for each in waiting)
    place = tuple_(Delivery.urgency, Delivery.turn, Delivery.id)
    before = session.scalar(
        select(func.count()).where(
            is_in_state(DeliveryState.WAITING),
            Delivery.channel == Channel.CALL,
            place <= tuple_(*(literal(each) for each in last)),
        )
    )
    at = now + timedelta(seconds=(before or len(waiting)) / rate)
    return Outlook(len({get_party(each) for each in waiting}), at)
