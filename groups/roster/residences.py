"""Keeping up with the roster: who lived in which village, grid and group on which day.

The roster says how it is; whoever has changed it calls `follow_the_roster` before the commit, so that the figures of
past days stay those of the people who lived there then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from config.database import insert_rows
from groups.models.batch import Batch
from groups.models.enrolment import Channel, EndReason, Subscription
from groups.models.figures import Residence
from groups.models.roster import Group, Household

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Place:
    village_id: int
    group_id: int | None
    grid_id: int | None


def follow_the_roster(
    session: Session,
    day: date,
    *,
    villages: Collection[int] | None = None,
    households: Collection[int] | None = None,
    record: Batch | None = None,
) -> int:
    """Write down, from `day` on, where the households of these villages (None: of all) live now; how many moved.

    `households` names those that may have moved, where the caller knows: in a large town that is a quick question.

    A household that went to another village takes its subscription with it; one that was archived has ended its own:
    `record` is the batch that moved them, so that undoing it brings the subscriptions back. Safe to call again: where
    nothing has moved, nothing is written.
    """
    session.flush()
    moved = _moved(session, villages, households)
    ids = [household_id for household_id, _ in moved]
    noted, subscribed = _noted(session, ids), _subscribed(session, ids, day)
    for household_id, place in moved:
        _close(session, noted.get(household_id), day)
        if household_id in subscribed:
            _follow_subscription(session, household_id, place, day, record)
    session.flush()
    _open(session, moved, day)
    return len(moved)


def _moved(
    session: Session, villages: Collection[int] | None, households: Collection[int] | None
) -> list[tuple[int, _Place | None]]:
    """The households whose place differs from what is noted, and where they are now; None: not in the roster."""
    question = (
        select(Household.id, Household.archived_at, Household.village_id, Group.id, Group.grid_id)
        .outerjoin(Group, (Group.id == Household.group_id) & Group.archived_at.is_(None))
        .outerjoin(Residence, (Residence.household_id == Household.id) & Residence.ends_on.is_(None))
        .where(
            (Household.archived_at.is_(None) & Residence.id.is_(None))
            | (Household.archived_at.is_not(None) & Residence.id.is_not(None))
            | Residence.village_id.is_distinct_from(Household.village_id) & Household.archived_at.is_(None)
            | Residence.group_id.is_distinct_from(Group.id) & Household.archived_at.is_(None)
            | Residence.grid_id.is_distinct_from(Group.grid_id) & Household.archived_at.is_(None)
        )
        .order_by(Household.id)
    )
    if households is not None:
        wanted = sorted(set(households))
        return [
            found
            for start in range(0, len(wanted), _AT_ONCE)
            for found in _places(session, question.where(Household.id.in_(wanted[start : start + _AT_ONCE])))
        ]
    if villages is not None:
        question = question.where(Household.village_id.in_(villages) | Residence.village_id.in_(villages))
    return _places(session, question)


def _places(session: Session, question: Select[*tuple[Any, ...]]) -> list[tuple[int, _Place | None]]:
    return [
        (household_id, None if archived_at else _Place(village_id, group_id, grid_id))
        for household_id, archived_at, village_id, group_id, grid_id in session.execute(question)
    ]


def _noted(session: Session, households: Collection[int]) -> dict[int, Residence]:
    """The open row of each of these households."""
    found: dict[int, Residence] = {}
    wanted = sorted(households)
    for start in range(0, len(wanted), _AT_ONCE):  # below every database's limit of parameters
        rows = session.scalars(
            select(Residence).where(
                Residence.household_id.in_(wanted[start : start + _AT_ONCE]), Residence.ends_on.is_(None)
            )
        )
        found |= {row.household_id: row for row in rows}
    return found


def _close(session: Session, residence: Residence | None, day: date) -> None:
    if residence is None:
        return
    if residence.starts_on >= day:
        # Put right on the day it was written: nobody lived there.
        session.delete(residence)
    else:
        residence.ends_on = day


def _subscribed(session: Session, households: Collection[int], day: date) -> set[int]:
    """Which of these households have a subscription that goes on: most of a new list have none."""
    found: set[int] = set()
    wanted = sorted(households)
    for start in range(0, len(wanted), _AT_ONCE):
        some = Subscription.household_id.in_(wanted[start : start + _AT_ONCE])
        found.update(session.scalars(select(Subscription.household_id).where(some, _goes_on(day))))
    return found


def _goes_on(day: date) -> ColumnElement[bool]:
    """The subscriptions that have not ended by `day`: an end told in advance is still to come."""
    return Subscription.ends_on.is_(None) | (Subscription.ends_on > day)


def _follow_subscription(
    session: Session, household_id: int, place: _Place | None, day: date, record: Batch | None
) -> None:
    """End the subscription that goes on in a village the household has left, and go on with it in the new one."""
    question = select(Subscription).where(Subscription.household_id == household_id, _goes_on(day))
    if place is not None:
        question = question.where(Subscription.village_id != place.village_id)
    for standing in session.scalars(question).all():
        if standing.starts_on >= day:
            # Signed up on the day it moves: it was never counted where it was.
            if place is None:
                _remove(session, standing, record)
            else:
                _change(standing, record, village_id=place.village_id)
            continue
        # An end that was told in advance goes along.
        continued = None if place is None else _continued(standing, place.village_id, day)
        _change(standing, record, ends_on=day, end_reason=EndReason.ARCHIVED if place is None else EndReason.MOVED)
        session.flush()
        if continued is not None:
            _add(session, continued, record)


def _continued(standing: Subscription, village_id: int, day: date) -> Subscription:
    return Subscription(
        household_id=standing.household_id,
        village_id=village_id,
        plan=standing.plan,
        number=standing.number,
        starts_on=day,
        ends_on=standing.ends_on,
        end_reason=standing.end_reason,
        consent_on=standing.consent_on,
        consent_by=standing.consent_by,
        channel=Channel.ROSTER,
    )


def _add(session: Session, row: Subscription, record: Batch | None) -> None:
    if record is None:
        session.add(row)
    else:
        record.add(row, affects_from=row.starts_on)


def _change(row: Subscription, record: Batch | None, **values: Any) -> None:
    if record is not None:
        record.change(row, affects_from=record.day, **values)
    else:
        for name, value in values.items():
            setattr(row, name, value)


def _remove(session: Session, row: Subscription, record: Batch | None) -> None:
    if record is None:
        session.delete(row)
    else:
        record.remove(row, affects_from=row.starts_on)


def _open(session: Session, moved: Collection[tuple[int, _Place | None]], day: date) -> None:
    rows = [
        {
            "household_id": household_id,
            "village_id": place.village_id,
            "group_id": place.group_id,
            "grid_id": place.grid_id,
            "starts_on": day,
        }
        for household_id, place in moved
        if place is not None
    ]
    insert_rows(session, Residence, rows)
