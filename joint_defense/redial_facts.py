"""What the decision about redials rests on: which households are to be looked at, and what was tried for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, literal_column, select, tuple_, union
from sqlalchemy.orm import Session

from joint_defense.inbound_models import InboundEvent
from joint_defense.models import Acknowledgement, Alert, Attempt, Delivery, Incident, IncidentKind, Purpose
from joint_defense.rules import carrier_codes
from joint_defense.rules.delivery import AttemptState, Channel, DeliveryState
from joint_defense.rules.redials import FollowUp, Try
from joint_defense.tracking import FOLLOWED

AT_ONCE = 500
"""Deliveries looked at in one transaction."""
CALLING_US = timedelta(seconds=60)
"""Whoever has called our number is taken to be on the line for so long: not every carrier says when they hang up."""


House = tuple[int, int]
"""An incident and a household of it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A call or text that was tried, with what its like needs to be planned again."""

    id: int
    incident_id: int
    channel: Channel
    purpose: Purpose
    occasion: int
    household_id: int
    household_name: str
    phone_id: int
    number: str
    language: str
    role: str
    phone_rank: int
    distance: int
    state: DeliveryState
    failure: str | None
    follow_up: FollowUp | None
    attempt: AttemptState | None
    over_at: datetime | None

    @property
    def hopeless(self) -> bool:
        failure = self.failure or ""
        refused = failure.isdigit() and carrier_codes.judge(int(failure)) is carrier_codes.Verdict.NUMBER
        return self.state is DeliveryState.UNREACHED and (refused or failure in {"refused", "not_placed"})

    def as_try(self) -> Try:
        return Try(
            number=self.number,
            channel=self.channel,
            round=self.occasion if self.purpose is Purpose.REDIAL else 0,
            state=self.state,
            on_line=self.state is DeliveryState.PLACED and self.attempt is AttemptState.IN_PROGRESS,
            hopeless=self.hopeless,
            over_at=self.over_at,
        )


def lock_due(session: Session, now: datetime) -> list[tuple[int, int, int]]:
    """Deliveries to be looked at, with incident and household: those that nobody has in hand at this moment."""
    # Written out as in the index, which PostgreSQL only then takes for every plan.
    pending: ColumnElement[bool] = literal_column("deliveries.follow_up IN ('look', 'redial')")
    query = (
        select(Delivery.id, Delivery.incident_id, Delivery.household_id)
        .where(pending, Delivery.due_at <= now)
        .order_by(Delivery.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def lock_incidents(session: Session, ids: Collection[int]) -> dict[int, Incident]:
    """Those of them that nobody answers or closes at this moment; the others come in a second."""
    if not ids:
        return {}
    query = select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id)
    locked = session.scalars(query.with_for_update(key_share=True, skip_locked=True))
    return {incident.id: incident for incident in locked}


def still_wanted(session: Session, incidents: dict[int, Incident], houses: set[House]) -> set[House]:
    """The households that may still be rung: they have not answered, it is not over, and they do not call themselves.

    Whoever calls for help is left in peace by every other incident, too.
    """
    open_ids = {
        each.id
        for each in incidents.values()
        if each.closed_at is None and each.kind in {IncidentKind.ALARM, IncidentKind.WORDLESS}
    }
    answers = select(Acknowledgement.incident_id, Acknowledgement.household_id)
    answered = {(row[0], row[1]) for row in session.execute(answers.where(Acknowledgement.incident_id.in_(open_ids)))}
    calls_itself = Alert.incident_id.in_(open_ids) | (Incident.closed_at.is_(None) & Alert.withdrawn_at.is_(None))
    of_houses = Alert.household_id.in_({household_id for _, household_id in houses})
    in_trouble = set(session.scalars(select(Alert.household_id).join(Incident).where(of_houses, calls_itself)))
    return {each for each in houses - answered if each[0] in open_ids and each[1] not in in_trouble}


def tried(session: Session, houses: Collection[House]) -> dict[House, list[Tried]]:
    """All calls and texts to these households that count, in the order in which they were planned."""
    found: dict[House, list[Tried]] = defaultdict(list)
    if not houses:
        return found
    query = (
        select(
            *(Delivery.id, Delivery.incident_id, Delivery.channel, Delivery.purpose, Delivery.occasion),
            *(Delivery.household_id, Delivery.household_name, Delivery.phone_id, Delivery.number, Delivery.language),
            *(Delivery.role, Delivery.phone_rank, Delivery.distance, Delivery.state, Delivery.failure),
            *(Delivery.follow_up, Attempt.state),
            func.coalesce(Attempt.ended_at, Attempt.answered_at, Attempt.requested_at),
        )
        .outerjoin(Attempt, and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempt_count))
        .where(
            Delivery.incident_id.in_({incident_id for incident_id, _ in houses}),
            Delivery.purpose.in_(FOLLOWED),
            tuple_(Delivery.incident_id, Delivery.household_id).in_(houses),
        )
        .order_by(Delivery.id)
    )
    for row in session.execute(query):
        each = Tried(*tuple(row))
        found[each.incident_id, each.household_id].append(each)
    return found


def redials_planned(session: Session, incident_ids: Collection[int]) -> Counter[tuple[int, int]]:
    """How many redials these incidents have had so far, by incident and round."""
    if not incident_ids:
        return Counter()
    query = (
        select(Delivery.incident_id, Delivery.occasion, func.count())
        .where(Delivery.incident_id.in_(incident_ids), Delivery.purpose == Purpose.REDIAL)
        .group_by(Delivery.incident_id, Delivery.occasion)
    )
    return Counter({(row[0], row[1]): row[2] for row in session.execute(query)})


def in_a_call(session: Session, numbers: Collection[str], now: datetime) -> set[str]:
    """Those of these phones that are in a call with us, of whatever incident, whoever has called whom."""
    rung = select(Delivery.number).where(
        Delivery.number.in_(numbers),
        Delivery.channel == Channel.CALL,
        Delivery.state.in_((DeliveryState.CLAIMED, DeliveryState.PLACED)),
    )
    calling = select(InboundEvent.number).where(
        InboundEvent.number.in_(numbers),
        InboundEvent.received_at > now - CALLING_US,
        InboundEvent.carrier_key.startswith("voice:"),
    )
    holding = select(Alert.number).where(Alert.number.in_(numbers), Alert.on_line_until > now)
    return set(session.scalars(union(rung, calling, holding)))
