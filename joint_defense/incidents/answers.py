"""TODO."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.models import Acknowledgement, Alert, Delivery, Incident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import RINGS, IncidentKind, Purpose

LEADERS = frozenset({"leader", "deputy"})
"""Roles that may close an incident from their phones."""


def latest_answers(session: Session, incident_id: int) -> dict[int, Answer]:
    """Each household's newest answer: household id -> answer."""
    rows = session.execute(
        select(Acknowledgement.household_id, Acknowledgement.answer)
        .where(Acknowledgement.incident_id == incident_id)
        .order_by(Acknowledgement.id)
    ).all()
    return {row.household_id: row.answer for row in rows}


def lock_incident(session: Session, incident_id: int) -> Incident:
    """The incident, held until the transaction ends: answers, news and closing come one after the other."""
    # NO KEY UPDATE: whoever only adds a line to the timeline does not wait.
    return session.scalars(
        select(Incident)
        .where(Incident.id == incident_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def told_of(session: Session, number: str) -> tuple[Delivery | None, int]:
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


COMING = frozenset({Answer.COMING, Answer.ON_SCENE})


def _coming(session: Session, incident_ids: Sequence[int]) -> Counter[int]:
    """How many households are coming or there, by incident; a caller's own is none of them."""
    if not incident_ids:
        return Counter()
    of_callers = select(Alert.incident_id, Alert.household_id).where(Alert.incident_id.in_(incident_ids))
    callers = {(row.incident_id, row.household_id) for row in session.execute(of_callers)}
    rows = session.execute(
        select(Acknowledgement.incident_id, Acknowledgement.household_id, Acknowledgement.answer)
        .where(Acknowledgement.incident_id.in_(incident_ids))
        .order_by(Acknowledgement.id)
    )
    newest = {(row.incident_id, row.household_id): row.answer for row in rows}
    return Counter(key[0] for key, answer in newest.items() if answer in COMING and key not in callers)


def coming_in_order(session: Session, incident_id: int) -> list[Acknowledgement]:
    """The households that are coming or there, by the moment they said so first; one entry a household."""
    rows = session.scalars(
        select(Acknowledgement).where(Acknowledgement.incident_id == incident_id).order_by(Acknowledgement.id)
    ).all()
    newest = {row.household_id: row for row in rows}
    return [row for row in dict.fromkeys(newest[each.household_id] for each in rows) if row.answer is not Answer.CANNOT]


def callers_among(session: Session, households: Collection[int], incident_ids: Collection[int]) -> set[int]:
    """Those of these households that call for help in some open incident, or have called for it in one of these."""
    calls = Alert.incident_id.in_(incident_ids) | (Incident.closed_at.is_(None) & Alert.withdrawn_at.is_(None))
    asked = select(Alert.household_id).join(Incident).where(Alert.household_id.in_(households), calls)
    return set(session.scalars(asked))
