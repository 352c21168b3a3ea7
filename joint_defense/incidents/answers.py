"""Answers on record, and who was told of what: the queries that `rules.answers` and the phones' replies rest on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from joint_defense.models.incidents import Acknowledgement, Alert, Delivery, Incident, count_parties, is_same_party
from joint_defense.rules.answers import Answers, Given
from joint_defense.rules.parties import Party
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.replies import COMES, Answer
from joint_defense.rules.states import OVER, RINGS, Channel, DeliveryState, IncidentKind, Purpose


def read_answers(session: Session, incident_id: int) -> Answers:
    """All answers to an incident."""
    return read_answers_of_each(session, [incident_id])[incident_id]


def read_answers_of_each(session: Session, incident_ids: Collection[int]) -> dict[int, Answers]:
    """All answers to each of these incidents, in one query."""
    given: dict[int, list[Given]] = {incident_id: [] for incident_id in incident_ids}
    if given:
        for row, calls_too in session.execute(_ANSWERS, {"incidents": list(given)}):
            named = (row.household_name, row.household_name_en)
            given[row.incident_id].append(
                Given(row.id, row.party, row.answer, *named, row.number, calls_too, row.minutes)
            )
    return {incident_id: Answers(answers) for incident_id, answers in given.items()}


def is_anybody_left(session: Session, incident_id: int, answers: Answers) -> bool:
    """Whether anybody who was rung comes, or may still say so: has not refused, is not given up, needs no help itself.

    True as well where nobody has been rung yet.
    """
    if answers.coming:
        return True
    columns = (Delivery.household_id, Delivery.responder_id, Delivery.state, Delivery.follow_up)
    rung = session.execute(select(*columns).where(Delivery.incident_id == incident_id, Delivery.purpose.in_(RINGS)))
    calling = set(session.scalars(select(Alert.household_id).where(Alert.incident_id == incident_id)))
    by_party: dict[Party, list[_Stand]] = {}
    for household_id, responder_id, state, follow_up in rung:
        by_party.setdefault(Party(household_id, responder_id), []).append(_Stand(state, follow_up))
    return not by_party or any(
        party not in answers.parties and party.household_id not in calling and _may_answer(stands)
        for party, stands in by_party.items()
    )


class _Stand(NamedTuple):
    """How far a delivery has come."""

    state: DeliveryState
    follow_up: FollowUp | None


def _may_answer(stands: Collection[_Stand]) -> bool:
    """Whether a party is still being rung or texted, or was, and has not been given up."""
    if any(each.state not in OVER for each in stands):
        return True
    given_up = any(each.follow_up is FollowUp.GIVEN_UP for each in stands)
    return not given_up and any(each.state is not DeliveryState.CANCELLED for each in stands)


def match_coming() -> ColumnElement[bool]:
    """Of an acknowledgement in a query: whether its party is coming or there, by the rule of `rules.answers`."""
    newer = aliased(Acknowledgement)
    is_newest = ~exists().where(
        newer.incident_id == Acknowledgement.incident_id,
        is_same_party(newer, Acknowledgement),
        newer.number == Acknowledgement.number,
        newer.id > Acknowledgement.id,
    )
    return and_(Acknowledgement.answer.in_(COMES), is_newest, ~match_calls_too(), ~_match_another_comes())


@dataclass(frozen=True, slots=True)
class Comer:
    """A household, or a responder, that has said that it comes: when for the first time, and when that it is there."""

    is_household: bool
    at: datetime
    there_at: datetime | None


def read_comers(session: Session, incidents: Select[int]) -> dict[int, list[Comer]]:
    """By incident whoever has ever said that they come or are there, but those that call for help themselves."""
    there = case((Acknowledgement.answer == Answer.ON_SCENE, Acknowledgement.at))
    party = (Acknowledgement.household_id, Acknowledgement.responder_id)
    asked = (
        select(Acknowledgement.incident_id, party[0], func.min(Acknowledgement.at), func.min(there))
        .where(Acknowledgement.incident_id.in_(incidents), Acknowledgement.answer.in_(COMES), ~match_calls_too())
        .group_by(Acknowledgement.incident_id, *party)
    )
    found: dict[int, list[Comer]] = {}
    for incident_id, household_id, at, there_at in session.execute(asked):
        found.setdefault(incident_id, []).append(Comer(household_id is not None, at, there_at))
    return found


def select_called(purposes: Collection[Purpose]) -> ScalarSelect[int]:
    """Of an incident: how many households and responders were called so, but those that call for help themselves."""
    return (
        select(count_parties(Delivery))
        .where(
            Delivery.incident_id == Incident.id,
            Delivery.purpose.in_(purposes),
            ~exists().where(Alert.incident_id == Incident.id, Alert.household_id == Delivery.household_id),
        )
        .correlate(Incident)
        .scalar_subquery()
    )


def _match_another_comes() -> ColumnElement[bool]:
    """Of an acknowledgement: whether a later one, which stands, says of the same party that it comes."""
    later, newer = aliased(Acknowledgement), aliased(Acknowledgement)
    stands = ~exists().where(
        newer.incident_id == later.incident_id,
        is_same_party(newer, later),
        newer.number == later.number,
        newer.id > later.id,
    )
    return exists().where(
        later.incident_id == Acknowledgement.incident_id,
        is_same_party(later, Acknowledgement),
        later.id > Acknowledgement.id,
        later.answer.in_(COMES),
        stands,
    )


def match_calls_too() -> ColumnElement[bool]:
    """Of an acknowledgement: whether its household calls for help in the same incident."""
    caller = aliased(Alert)
    return exists().where(
        caller.incident_id == Acknowledgement.incident_id, caller.household_id == Acknowledgement.household_id
    )


# Built once: every second, and at every key that is pressed, it is asked.
_ANSWERS = select(Acknowledgement, match_calls_too()).where(
    Acknowledgement.incident_id.in_(bindparam("incidents", expanding=True))
)


def lock_incident(session: Session, incident_id: int) -> Incident:
    """The incident, held until the transaction ends: answers, news and closing come one after the other."""
    # NO KEY UPDATE: whoever only adds a line to the timeline does not wait.
    return session.scalars(
        select(Incident)
        .where(Incident.id == incident_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def make_acknowledgement(
    delivery: Delivery, answer: Answer, channel: Channel, now: datetime, *, minutes: int | None = None
) -> Acknowledgement:
    """The answer of whoever a delivery went to; `minutes` is in how many they mean to be there, where they say so."""
    return Acknowledgement(
        incident_id=delivery.incident_id,
        household_id=delivery.household_id,
        responder_id=delivery.responder_id,
        household_name=delivery.household_name,
        household_name_en=delivery.household_name_en,
        number=delivery.number,
        answer=answer,
        channel=channel,
        at=now,
        minutes=minutes,
    )


def find_told(session: Session, number: str) -> tuple[Delivery | None, int]:
    """The newest delivery by which a phone was told of an incident, and how many more open ones it was told of.

    Open incidents come first; without one, the newest that was closed, so that a late answer hears that it is over.
    """
    rows = session.execute(
        select(Delivery, Incident.closed_at)
        .join(Incident)
        .where(
            Delivery.number == number,
            Delivery.purpose.in_((*RINGS, Purpose.SECOND_VOICE)),
            Delivery.attempt_count > 0,
            Incident.kind != IncidentKind.WORDLESS,
        )
        .order_by(Incident.id.desc(), Delivery.id)
        .limit(50)
    ).all()
    newest: dict[int, Delivery] = {}
    still_open: dict[int, Delivery] = {}
    for delivery, closed_at in rows:
        newest.setdefault(delivery.incident_id, delivery)
        if closed_at is None:
            still_open.setdefault(delivery.incident_id, delivery)
    if still_open:
        return next(iter(still_open.values())), len(still_open) - 1
    return next(iter(newest.values()), None), 0


STILL_CALLS = timedelta(hours=2)
"""So long after its last call for help a household is taken to be in trouble, where nobody closes its incident."""


def match_still_calling(now: datetime) -> ColumnElement[bool]:
    """Of an alert joined with its incident: whether its household calls for help at present.

    It is open, and the household has called, or been on the line, lately.
    """
    return _match_calling_since(now - STILL_CALLS)


def match_anybody_calling(since: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether any household calls for help at present; `since` was `STILL_CALLS` ago."""
    return exists(Alert.id).where(Alert.incident_id == Incident.id, _match_calling_since(since))


def _match_calling_since(since: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    lately = or_(Alert.raised_at > since, Alert.on_line_until > since)
    return and_(Incident.closed_at.is_(None), Alert.withdrawn_at.is_(None), lately)


def find_callers_among(
    session: Session, households: Collection[int], incident_ids: Collection[int], now: datetime
) -> set[int]:
    """Those of these households that call for help at present, or have called for it in one of these incidents."""
    calls = Alert.incident_id.in_(incident_ids) | match_still_calling(now)
    asked = select(Alert.household_id).join(Incident).where(Alert.household_id.in_(households), calls)
    return set(session.scalars(asked))


def find_in_trouble(session: Session, households: Collection[int], now: datetime) -> tuple[set[int], set[int]]:
    """Those of these households that call for help at present; and those of them where an intruder may be listening."""
    asked = select(Alert.household_id, Alert.silent).join(Incident)
    rows = session.execute(asked.where(Alert.household_id.in_(households), match_still_calling(now))).all()
    return {row.household_id for row in rows}, {row.household_id for row in rows if row.silent}


def find_silent_callers(session: Session, now: datetime) -> set[int]:
    """The households that call for help at present where an intruder may be listening."""
    asked = select(Alert.household_id).join(Incident).where(Alert.silent, match_still_calling(now))
    return set(session.scalars(asked))
