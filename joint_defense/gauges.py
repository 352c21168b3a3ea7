"""The figures that are watched from outside, all read from the database: every process of every machine says the same.

What has happened is counted over the incidents of the last hour, so that a scrape costs the same in the tenth year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from joint_defense.models import Attempt, Delivery, Incident, Purpose
from joint_defense.rules.delivery import DeliveryState

WINDOW = timedelta(hours=1)
OVERDUE_AFTER = timedelta(seconds=60)
"""A delivery that is still to be sent so long after it was due: the pace is too slow, or nobody sends."""
UNDER_WAY = (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.PLACED)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the largest of some seconds, and how many there were."""

    median: float
    largest: float
    count: int


@dataclass(frozen=True, slots=True)
class Gauges:
    """The keys of `requests` are (channel, state), of `under_way` (channel, state), of the others channels."""

    alarms: dict[str, int]
    requests: dict[tuple[str, str], int]
    first_request: Spread
    last_request: Spread
    under_way: dict[tuple[str, str], int]
    overdue: dict[str, int]
    oldest_due: dict[str, float]
    callback_lag: Spread


def read_gauges(session: Session, now: datetime) -> Gauges:
    """All of them, as of `now`."""
    since = now - WINDOW
    spans = _keypress_to_requests(session, since)
    return Gauges(
        alarms=_count(session, select(Incident.kind, func.count()).group_by(Incident.kind)),
        requests=_requests(session, since),
        first_request=spread([first for first, _ in spans]),
        last_request=spread([last for _, last in spans]),
        under_way=_under_way(session),
        overdue=_overdue(session, now),
        oldest_due=_oldest_due(session, now),
        callback_lag=_callback_lag(session, since),
    )


def spread(seconds: Sequence[float]) -> Spread:
    """Of nothing it is all zeros."""
    ordered = sorted(seconds)
    return Spread(ordered[len(ordered) // 2], ordered[-1], len(ordered)) if ordered else Spread(0.0, 0.0, 0)


def _count(session: Session, query: object) -> dict[str, int]:
    return {str(key): int(count) for key, count in session.execute(query).all()}  # type: ignore[call-overload]


def _requests(session: Session, since: datetime) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(Delivery.channel, Attempt.state, func.count())
        .join(Attempt.delivery)
        .join(Delivery.incident)
        .where(Incident.opened_at > since)
        .group_by(Delivery.channel, Attempt.state)
    )
    return {(str(channel), str(state)): count for channel, state, count in rows}


def _keypress_to_requests(session: Session, since: datetime) -> list[tuple[float, float]]:
    """For each incident of that time: seconds from its opening to the first and the last of its first requests."""
    rows = session.execute(
        select(Incident.opened_at, func.min(Attempt.requested_at), func.max(Attempt.requested_at))
        .join(Incident.deliveries)
        .join(Delivery.attempts)
        .where(
            Incident.opened_at > since,
            Delivery.purpose == Purpose.ALARM,
            Delivery.occasion == 0,
            Attempt.number == 1,
        )
        .group_by(Incident.id, Incident.opened_at)
    )
    return [((first - opened).total_seconds(), (last - opened).total_seconds()) for opened, first, last in rows]


def _under_way(session: Session) -> dict[tuple[str, str], int]:
    found = {}
    for state in UNDER_WAY:  # each has an index of its own
        query = select(Delivery.channel, func.count()).where(Delivery.state == state).group_by(Delivery.channel)
        found.update({(channel, str(state)): count for channel, count in _count(session, query).items()})
    return found


def _overdue(session: Session, now: datetime) -> dict[str, int]:
    query = (
        select(Delivery.channel, func.count())
        .where(Delivery.state == DeliveryState.WAITING, Delivery.due_at < now - OVERDUE_AFTER)
        .group_by(Delivery.channel)
    )
    return _count(session, query)


def _oldest_due(session: Session, now: datetime) -> dict[str, float]:
    rows = session.execute(
        select(Delivery.channel, func.min(Delivery.due_at))
        .where(Delivery.state == DeliveryState.WAITING, Delivery.due_at <= now)
        .group_by(Delivery.channel)
    )
    return {str(channel): (now - due_at).total_seconds() for channel, due_at in rows}


def _callback_lag(session: Session, since: datetime) -> Spread:
    lags = session.scalars(
        select(Attempt.callback_lag_ms)
        .join(Attempt.delivery)
        .join(Delivery.incident)
        .where(Incident.opened_at > since, Attempt.callback_lag_ms.is_not(None))
    ).all()
    return spread([lag / 1000 for lag in lags if lag is not None])
