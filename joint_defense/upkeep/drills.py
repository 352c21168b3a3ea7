"""Start, stop and end drills, and take the answers of people.

An alarm in the village stops its drills in the same transaction. A drill rings each phone once, has no redials and no
all-clear, and ends when everything that it planned is over, at the latest after `LASTS`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Recipient
from joint_defense.delivery.plan import drop, insert_deliveries
from joint_defense.incidents.answers import lock_incident, make_acknowledgement
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Acknowledgement, Delivery, Incident, IncidentUpdate
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.hours import Spans, is_within
from joint_defense.rules.parties import plan_rings
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import OVER, PROVING, Channel, ClosingOutcome, IncidentKind, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.upkeep import village_hours
from joint_defense.upkeep.checks import note_answer, note_end, note_rung

LASTS = timedelta(minutes=15)
BROKEN_OFF = "broken_off"
"""In the timeline's line of a drill's end: a person or a call for help ended it before its time."""
ANSWERS_FOR = timedelta(days=1)
"""So long after a drill a text "1" is still its answer."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a drill rings: a village, or of it one group, one household by its door, or one phone (E.164).

    One of a door or a phone is a test of it, and the drill of no group: it says nothing of how soon neighbours come.
    """

    village_id: int
    village: str
    group: str = ""
    door: str = ""
    phone: str = ""

    @property
    def of_groups(self) -> bool:
        """Whether it rings whole groups."""
        return not self.door and not self.phone


@dataclass(frozen=True, slots=True)
class Hours:
    """When drills may ring, in local hours; `None` for `spans`: at any hour. `spent`: the month's budget is."""

    spans: Spans | None
    zone: ZoneInfo
    spent: bool = False

    def allow(self, now: datetime) -> bool:
        """Whether a drill may ring now."""
        return self.spans is None or is_within(self.spans, now.astimezone(self.zone).hour)


def start_drills(session: Session, scope: Scope, by: str, now: datetime, hours: Hours) -> list[int]:
    """Plan a drill of each group in the scope, and say which incidents they are.

    Raises DrillRefused, and then nothing has been planned: `budget`, `hours`, `unknown_group`, `unknown_door`,
    `unknown_phone`, `alarm_open`, `drill_open`, `nobody` (nobody at home has a phone that may be rung).
    """
    if hours.spent:
        raise DrillRefused("budget")
    if not hours.allow(now):
        raise DrillRefused("hours")
    groups = directory.list_groups(session, scope.village_id)
    if scope.group:
        groups = [each for each in groups if each[1] == scope.group]
        if not groups:
            raise DrillRefused("unknown_group")
    for group_id, _ in groups:
        directory.lock_group(session, group_id)
    if village_hours.has_open_alarm(session, scope.village_id):
        raise DrillRefused("alarm_open")
    chosen = [(group, _choose(session, group[0], scope, now)) for group in groups]
    chosen = [(group, phones) for group, phones in chosen if phones]
    numbers = [] if scope.of_groups else [each.number for _, phones in chosen for each in phones]
    if _has_open_drill(session, scope.village_id, numbers):
        raise DrillRefused("drill_open")
    if not chosen:
        _refuse_nobody(session, scope)
    rung = {each.phone_id: scope.village_id for _, phones in chosen for each in phones if each.phone_id is not None}
    note_rung(session, rung, now.astimezone(hours.zone).date())
    return [_open(session, scope, group, phones, by, now) for group, phones in chosen]


def _has_open_drill(session: Session, village_id: int, numbers: Sequence[str]) -> bool:
    """Whether a group of the village has a drill, or one of these numbers a test.

    A test of one phone belongs to no group, and is no drill of the village.
    """
    rung = exists().where(Delivery.incident_id == Incident.id, Delivery.number.in_(numbers))
    found = select(Incident.id).where(
        Incident.village_id == village_id,
        Incident.closed_at.is_(None),
        Incident.kind == IncidentKind.DRILL,
        Incident.group_id.is_not(None) | rung if numbers else Incident.group_id.is_not(None),
    )
    return session.scalar(found.limit(1)) is not None


def _choose(session: Session, group_id: int, scope: Scope, now: datetime) -> list[Recipient]:
    """The phones of a group that the drill rings: of everybody in its scope who is at home."""
    phones = directory.list_members(session, group_id, now)
    if scope.door:
        households = directory.find_households_at(session, scope.village_id, scope.door)
        phones = [each for each in phones if each.household_id in households]
    if scope.phone:
        phones = [each for each in phones if each.number == scope.phone]
    away = directory.find_away(session, {each.household_id for each in phones if each.household_id is not None}, now)
    return [each for each in phones if each.household_id not in away]


def _refuse_nobody(session: Session, scope: Scope) -> NoReturn:
    """Say why there is nobody to ring."""
    if scope.door and not directory.find_households_at(session, scope.village_id, scope.door):
        raise DrillRefused("unknown_door")
    if scope.phone:
        caller = directory.find_caller(session, scope.phone)
        if caller is None or caller.village_id != scope.village_id:
            raise DrillRefused("unknown_phone")
    raise DrillRefused("nobody")


def _open(
    session: Session, scope: Scope, group: tuple[int, str], phones: Sequence[Recipient], by: str, now: datetime
) -> int:
    incident = Incident(
        kind=IncidentKind.DRILL,
        village_id=scope.village_id,
        village_name=scope.village,
        group_id=group[0] if scope.of_groups else None,
        group_name=group[1],
        opened_at=now,
    )
    session.add(incident)
    session.flush()
    note_update(session, incident.id, UpdateKind.OPENED, now, by=by)
    insert_deliveries(session, incident.id, Purpose.DRILL, plan_rings(phones, drill=True), now)
    return incident.id


def stop_drill(session: Session, incident_id: int, by: str, now: datetime) -> bool:
    """End a drill: what has not been picked up does not ring any more. False where it is over already, or is none.

    `by`: who stops it; empty: it has come to its end.
    """
    if session.get(Incident, incident_id) is None:
        return False
    incident = lock_incident(session, incident_id)
    if incident.kind is not IncidentKind.DRILL or incident.closed_at is not None:
        return False
    incident.closed_at, incident.outcome = now, ClosingOutcome.DRILL
    # The clock ends, in its own name, a drill beside which a call for help came up in the same second.
    broken_off = bool(by) or village_hours.has_open_alarm(session, incident.village_id)
    said = {"by": by, "outcome": ClosingOutcome.DRILL, "note": ""} | ({BROKEN_OFF: True} if broken_off else {})
    note_update(session, incident.id, UpdateKind.CLOSED, now, **said)
    deliveries = select(Delivery).where(Delivery.incident_id == incident_id).order_by(Delivery.id).with_for_update()
    told = session.scalars(deliveries).all()
    note_end(session, told, now, by_itself=not broken_off)
    drop(session, told, now)
    return True


def stop_for_alarm(session: Session, village_id: int, alarm_id: int, now: datetime) -> None:
    """A household of the village calls for help, be it without a word: the village's drills end at once."""
    drills = select(Incident.id).where(
        Incident.village_id == village_id, Incident.closed_at.is_(None), Incident.kind == IncidentKind.DRILL
    )
    for incident_id in session.scalars(drills.order_by(Incident.id)).all():
        stop_drill(session, incident_id, f"#{alarm_id}", now)


def find_done(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """Open drills in which nothing is left to do, that last too long, or in whose village there is an alarm."""
    pending = exists().where(Delivery.incident_id == Incident.id, Delivery.state.not_in(OVER))
    late, beside = Incident.opened_at <= now - LASTS, Incident.village_id.in_(village_hours.select_villages_in_alarm())
    done = ~pending | late | beside
    query = select(Incident.id).where(Incident.closed_at.is_(None), Incident.kind == IncidentKind.DRILL, done)
    return list(session.scalars(query.order_by(Incident.id).limit(limit)))


def find_broken_off(session: Session, drill_ids: Collection[int]) -> set[int]:
    """Those of these drills that a person or a call for help ended before their time."""
    found: set[int] = set()
    wanted = sorted(drill_ids)
    for start in range(0, len(wanted), 500):  # below every database's limit of parameters
        ends = select(IncidentUpdate.incident_id, IncidentUpdate.detail).where(
            IncidentUpdate.incident_id.in_(wanted[start : start + 500]), IncidentUpdate.kind == UpdateKind.CLOSED
        )
        # Releases before this one wrote only who did it.
        found |= {each for each, detail in session.execute(ends) if detail.get(BROKEN_OFF) or detail.get("by")}
    return found


def match_open(village_id: ColumnElement[int] | None = None) -> ColumnElement[bool]:
    """Whether any drill is open, of a village or of any."""
    found = exists().where(Incident.closed_at.is_(None), Incident.kind == IncidentKind.DRILL)
    return found if village_id is None else found.where(Incident.village_id == village_id)


def find_told(session: Session, number: str, now: datetime) -> Delivery | None:
    """The last call or text of the newest drill to this phone, where it is young enough to be answered."""
    query = (
        select(Delivery)
        .join(Incident)
        .where(
            Delivery.number == number,
            Delivery.purpose.in_(PROVING),
            Delivery.attempt_count > 0,
            Incident.opened_at > now - ANSWERS_FOR,
        )
        .order_by(Delivery.id.desc())
    )
    return session.scalars(query.limit(1)).first()


def take_answer(session: Session, delivery: Delivery, channel: Channel, now: datetime) -> None:
    """A person has pressed a key on a drill's call or replied to its text: that phone is proven. Once is enough."""
    incident = lock_incident(session, delivery.incident_id)
    given = select(Acknowledgement.id).where(
        Acknowledgement.incident_id == incident.id, Acknowledgement.number == delivery.number
    )
    if session.scalar(given.limit(1)) is not None:
        return
    session.add(make_acknowledgement(delivery, Answer.COMING, channel, now))
    note_answer(session, delivery.phone_id)
    if channel is Channel.SMS and incident.closed_at is None:
        # Whoever has answered by text need not be rung on that phone.
        calls = select(Delivery).where(
            Delivery.incident_id == incident.id, Delivery.number == delivery.number, Delivery.channel == Channel.CALL
        )
        drop(session, session.scalars(calls.order_by(Delivery.id).with_for_update()).all(), now)
