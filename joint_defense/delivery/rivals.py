"""Rivals: at a look-up, who else may have a right to one of the calls or texts that the carrier's list shows.

The list tells which phone a call went to, and of a text its words; never which of our requests it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from joint_defense.delivery.claims import Claim
from joint_defense.models.incidents import Attempt, Delivery, is_in_state
from joint_defense.rules.states import Channel, DeliveryState


def find_known_sids(session: Session, sids: Iterable[str]) -> set[str]:
    """Which of these the carrier's ids we know as some attempt's already."""
    return {sid for sid in session.scalars(select(Attempt.sid).where(Attempt.sid.in_(set(sids)))) if sid}


@dataclass(frozen=True, slots=True)
class Rivals:
    """What a look-up has to know of others. `known`: the ids that are somebody's already.

    Of other open requests to the same phone: how many are on their way to the carrier, how many are looked for as
    well, and how many of all these were made before this one.
    """

    known: set[str]
    on_their_way: int = 0
    looking: int = 0
    before: int = 0


def find_rivals(session: Session, claim: Claim, sids: Iterable[str]) -> Rivals:
    """Who else may have a right to one of these calls or messages."""
    own = session.get(Attempt, (claim.delivery_id, claim.number))
    rivals: list[ColumnElement[bool]] = [true()]
    if claim.channel is Channel.SMS:
        # A text is known by its words: one of another incident, or of the same that says something else, is no rival.
        rivals = [
            Delivery.incident_id == claim.incident_id,
            Delivery.purpose == claim.purpose,
            Delivery.alert_id.is_not_distinct_from(claim.alert_id),
            Delivery.text.is_not_distinct_from(claim.text),
        ]
    others = session.execute(
        select(Delivery.id, Delivery.look_up_first, Attempt.requested_at)
        .join(Attempt, (Attempt.delivery_id == Delivery.id) & (Attempt.number == Delivery.attempt_count))
        .where(
            Delivery.number == claim.to,
            Delivery.channel == claim.channel,
            Delivery.id != claim.delivery_id,
            *rivals,
            is_in_state(DeliveryState.CLAIMED) | (is_in_state(DeliveryState.WAITING) & Delivery.look_up_first),
            Attempt.sid.is_(None),
        )
    ).all()
    mine = (own.requested_at if own is not None else claim.requested_at, claim.delivery_id)
    return Rivals(
        find_known_sids(session, sids),
        on_their_way=sum(not each.look_up_first for each in others),
        looking=sum(each.look_up_first for each in others),
        before=sum((each.requested_at, each.id) < mine for each in others),
    )


def find_first_request(session: Session, claim: Claim) -> datetime | None:
    """When the lost request of a claim that is to be looked up may have left."""
    attempt = session.get(Attempt, (claim.delivery_id, claim.number))
    return None if attempt is None else attempt.requested_at
