"""What the decision about redials rests on: which households are to be looked at, and what was tried for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased

from joint_defense.carriers import port
from joint_defense.delivery.tracking import FOLLOWED
from joint_defense.incidents.answers import find_callers_among, read_answers_of_each
from joint_defense.models.incidents import Acknowledgement, Alert, Attempt, Delivery, Incident, is_same_party
from joint_defense.rules.parties import Party, get_party
from joint_defense.rules.redials import FollowUp, Try
from joint_defense.rules.states import RINGS, AttemptState, Channel, DeliveryState, IncidentKind, Purpose, Role

AT_ONCE = 500
"""Deliveries looked at in one transaction."""
JUDGED_FOR = timedelta(hours=1)
"""So long after their patience alarms are looked through for them: one that was left open costs nothing for ever."""
OVER_AT = func.coalesce(Attempt.ended_at, Attempt.answered_at, Attempt.requested_at)
"""When an attempt was over; of a text that nothing final is said of, when it left."""
House = tuple[int, Party]
"""An incident, and a household or responder that is called for it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A call or text that was tried, with what its like needs to be planned again."""

    id: int
    incident_id: int
    channel: Channel
    purpose: Purpose
    round: int
    step: int
    household_id: int | None
    responder_id: int | None
    household_name: str
    household_name_en: str
    phone_id: int | None
    number: str
    language: str
    role: Role
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
        refused = failure.isdigit() and port.judge(int(failure)) is port.Verdict.NUMBER
        return self.state is DeliveryState.UNREACHED and (refused or failure in {"refused", "not_placed"})

    def as_try(self) -> Try:
        return Try(
            number=self.number,
            channel=self.channel,
            round=self.round if self.purpose is Purpose.REDIAL else 0,
            state=self.state,
            on_line=self.state is DeliveryState.PLACED and self.attempt is AttemptState.IN_PROGRESS,
            hopeless=self.hopeless,
            over_at=self.over_at,
        )


class Due(NamedTuple):
    """A delivery to be looked at."""

    id: int
    incident_id: int
    household_id: int | None
    responder_id: int | None
    purpose: Purpose


def lock_due(session: Session, now: datetime) -> list[Due]:
    """Deliveries to be looked at: those that nobody has in hand at this moment."""
    query = (
        select(Delivery.id, Delivery.incident_id, Delivery.household_id, Delivery.responder_id, Delivery.purpose)
        .where(*_match_due(now))
        .order_by(Delivery.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return [Due(*row) for row in session.execute(query)]


def match_due(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether there is any of these."""
    return exists().where(*_match_due(now))


def _match_due(now: datetime | ColumnElement[datetime]) -> tuple[ColumnElement[bool], ...]:
    # Written out as in the index, which PostgreSQL only then takes for every plan.
    pending: ColumnElement[bool] = literal_column("deliveries.follow_up IN ('look', 'redial')")
    return pending, Delivery.due_at <= now


def lock_unanswered_texts(session: Session, patience: timedelta, now: datetime) -> list[Due]:
    """Texts that went out `patience` ago and more, of households that got nothing else and have not answered.

    Nobody marks them when they are over, since most households are called as well, and their calls lead to the
    verdict. Those that have it already are left out, and so is whoever calls for help too.
    """
    other = aliased(Delivery)
    of_household = (other.incident_id == Delivery.incident_id) & is_same_party(other, Delivery)
    called = (other.channel == Channel.CALL) & other.purpose.in_(RINGS)
    query = (
        select(Delivery.id, Delivery.incident_id, Delivery.household_id, Delivery.responder_id, Delivery.purpose)
        .join(Incident)
        .join(Attempt, and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempt_count))
        .where(
            Incident.kind == IncidentKind.ALARM,
            Incident.closed_at.is_(None),
            Incident.opened_at.between(now - patience - JUDGED_FOR, now - patience),
            Delivery.channel == Channel.SMS,
            Delivery.purpose.in_(RINGS),
            Delivery.state.in_((DeliveryState.REACHED, DeliveryState.PLACED)),
            Delivery.follow_up.is_(None),
            now - patience >= OVER_AT,
            ~exists().where(of_household, called | (other.follow_up == FollowUp.GIVEN_UP)),
            ~exists().where(
                Acknowledgement.incident_id == Delivery.incident_id, is_same_party(Acknowledgement, Delivery)
            ),
            ~exists().where(Alert.incident_id == Delivery.incident_id, Alert.household_id == Delivery.household_id),
        )
        .order_by(Delivery.id)
        .with_for_update(of=Delivery, skip_locked=True)
    )
    return [Due(*row) for row in session.execute(query)]


def lock_incidents(session: Session, ids: Collection[int]) -> dict[int, Incident]:
    """Those of them that nobody answers or closes at this moment; the others come in a second."""
    if not ids:
        return {}
    query = select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id)
    locked = session.scalars(query.with_for_update(key_share=True, skip_locked=True))
    return {incident.id: incident for incident in locked}


def find_still_wanted(
    session: Session, incidents: dict[int, Incident], houses: set[House], now: datetime
) -> set[House]:
    """The households that may still be rung: they have not answered, it is not over, and they do not call themselves.

    Whoever calls for help is left in peace by every other incident, too.
    """
    open_ids = {
        each.id
        for each in incidents.values()
        if each.closed_at is None and each.kind in {IncidentKind.ALARM, IncidentKind.WORDLESS}
    }
    answers = read_answers_of_each(session, open_ids)
    in_trouble = find_callers_among(session, pick_households(houses), open_ids, now)
    return {
        (incident_id, party)
        for incident_id, party in houses
        if incident_id in open_ids
        and party not in answers[incident_id].parties
        and party.household_id not in in_trouble
    }


def pick_households(houses: Iterable[House]) -> set[int]:
    """The ids of the households among them."""
    return {party.household_id for _, party in houses if party.household_id is not None}


def read_tries(session: Session, houses: Collection[House]) -> dict[House, list[Tried]]:
    """All calls and texts to these households that count, in the order in which they were planned."""
    found: dict[House, list[Tried]] = defaultdict(list)
    if not houses:
        return found
    query = (
        select(
            *(Delivery.id, Delivery.incident_id, Delivery.channel, Delivery.purpose),
            *(Delivery.round, Delivery.step),
            *(Delivery.household_id, Delivery.responder_id, Delivery.household_name, Delivery.household_name_en),
            *(Delivery.phone_id, Delivery.number, Delivery.language),
            *(Delivery.role, Delivery.phone_rank, Delivery.distance, Delivery.state, Delivery.failure),
            *(Delivery.follow_up, Attempt.state),
            OVER_AT,
        )
        .outerjoin(Attempt, and_(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempt_count))
        .where(
            Delivery.incident_id.in_({incident_id for incident_id, _ in houses}),
            Delivery.purpose.in_(FOLLOWED),
            tuple_(Delivery.incident_id, Delivery.household_id).in_(
                [(incident_id, party.household_id) for incident_id, party in houses if party.household_id is not None]
            )
            | tuple_(Delivery.incident_id, Delivery.responder_id).in_(
                [(incident_id, party.responder_id) for incident_id, party in houses if party.responder_id is not None]
            ),
        )
        .order_by(Delivery.id)
    )
    for row in session.execute(query):
        each = Tried(*tuple(row))
        found[each.incident_id, get_party(each)].append(each)
    return found


def count_redials(session: Session, incident_ids: Collection[int]) -> Counter[tuple[int, int]]:
    """How many redials these incidents have had so far, by incident and round."""
    if not incident_ids:
        return Counter()
    query = (
        select(Delivery.incident_id, Delivery.round, func.count())
        .where(Delivery.incident_id.in_(incident_ids), Delivery.purpose == Purpose.REDIAL)
        .group_by(Delivery.incident_id, Delivery.round)
    )
    return Counter({(row[0], row[1]): row[2] for row in session.execute(query)})
