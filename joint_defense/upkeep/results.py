"""How drills went: who answered, how fast, and who did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from joint_defense.models.incidents import Acknowledgement, Delivery, Incident
from joint_defense.rules.states import OVER, Channel, DeliveryState, IncidentKind

_Line = tuple[int, int, str, str, datetime, datetime | None, int, int, bool]
LISTED = 50
"""So many drills are listed, the newest."""


@dataclass(frozen=True, slots=True)
class DrillLine:
    """A drill in a line; the figures count phones."""

    id: int
    village_id: int
    village: str
    group: str
    opened_at: datetime
    closed_at: datetime | None
    phones: int
    answered: int
    of_one: bool
    """It is a test of single phones or of one household, and no drill of a group."""


@dataclass(frozen=True, slots=True)
class PhoneResult:
    """How a phone fared, by its rank in its household. `seconds`: from the start to the answer; None: no answer.

    `open`: its call or text is still under way. `failure` is the carrier's code, where the call was in vain by it.
    """

    household: str
    rank: int
    seconds: float | None
    channel: Channel | None
    open: bool
    reached: bool
    failure: str


@dataclass(frozen=True, slots=True)
class DrillResult:
    """A drill with its phones: those without an answer first, then the slowest. `median` is in seconds."""

    line: DrillLine
    phones: tuple[PhoneResult, ...]
    median: float | None


def list_drills(session: Session, village_id: int | None) -> list[DrillLine]:
    """The newest drills, of one village or of all."""
    return [_make_line(row) for row in session.execute(_select_lines(village_id)).all()]


def read_drill(session: Session, incident_id: int, village_id: int | None) -> DrillResult | None:
    """One drill; None where there is none, or (with `village_id`) it is another village's."""
    row = session.execute(_select_lines(village_id).where(Incident.id == incident_id)).first()
    if row is None:
        return None
    answers = session.execute(
        select(Acknowledgement.number, Acknowledgement.at, Acknowledgement.channel)
        .where(Acknowledgement.incident_id == incident_id)
        .order_by(Acknowledgement.id.desc())
    )
    given = {number: (at, channel) for number, at, channel in answers}
    deliveries = session.execute(
        select(
            *(Delivery.number, Delivery.household_name, Delivery.phone_rank, Delivery.channel),
            *(Delivery.state, Delivery.failure),
        )
        .where(Delivery.incident_id == incident_id)
        .order_by(Delivery.distance, Delivery.phone_rank, Delivery.id)
    ).all()
    phones: dict[str, PhoneResult] = {}
    for number, household, rank, channel, state, failure in deliveries:
        before = phones.get(number)
        at, by = given.get(number, (None, None))
        phones[number] = PhoneResult(
            household=household,
            rank=rank,
            seconds=None if at is None else (at - row.opened_at).total_seconds(),
            channel=by,
            open=(before is not None and before.open) or state not in OVER,
            reached=(before is not None and before.reached) or state is DeliveryState.REACHED,
            failure=(before.failure if before is not None else "") or _read_failure(channel, failure),
        )
    times = sorted(each.seconds for each in phones.values() if each.seconds is not None)
    median = times[len(times) // 2] if times else None
    ordered = sorted(phones.values(), key=lambda each: (each.seconds is not None, -(each.seconds or 0)))
    return DrillResult(_make_line(row), tuple(ordered), median)


def _read_failure(channel: Channel, failure: str | None) -> str:
    return failure or "" if channel is Channel.CALL else ""


def _select_lines(
    village_id: int | None,
) -> Select[tuple[int, int, str, str, datetime, datetime | None, int, int, bool]]:
    phones = select(func.count(Delivery.number.distinct())).where(Delivery.incident_id == Incident.id)
    answered = select(func.count(Acknowledgement.number.distinct())).where(Acknowledgement.incident_id == Incident.id)
    query = select(
        Incident.id,
        Incident.village_id,
        Incident.village_name.label("village"),
        Incident.group_name.label("group"),
        Incident.opened_at,
        Incident.closed_at,
        phones.scalar_subquery().label("phones"),
        answered.scalar_subquery().label("answered"),
        Incident.group_id.is_(None).label("of_one"),
    ).where(Incident.kind == IncidentKind.DRILL)
    if village_id is not None:
        query = query.where(Incident.village_id == village_id)
    return query.order_by(Incident.id.desc()).limit(LISTED)


def _make_line(row: Row[_Line]) -> DrillLine:
    return DrillLine(**row._mapping)
