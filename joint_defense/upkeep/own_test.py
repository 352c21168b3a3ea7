"""The test of one phone: its call says whose phone we think it is, and a key proves it.

A villager asks for it on our menu, at any hour; a village head asks for it on the household's page, in the hours of
drills. It is a drill of no group, so that neither keeps the village's own drill waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import insert_rows
from config.settings import TIMEZONE
from groups import directory
from groups.directory import Caller
from joint_defense.delivery.plan import make_row
from joint_defense.incidents import record
from joint_defense.incidents.record import mask_number, note_once, note_update
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Acknowledgement, Delivery, Incident
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.parties import DRILL
from joint_defense.rules.states import OVER, PROVING, Channel, IncidentKind, Purpose
from joint_defense.rules.tasks import TaskReason
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.wording import drills as words
from joint_defense.upkeep import drills, tasks, village_hours
from joint_defense.upkeep.checks import make_rung_phone, name_owner, note_rung
from joint_defense.upkeep.drills import Hours

ONE_EVERY = timedelta(hours=1)
"""A phone has itself tested once in this time, whoever forges its number."""
CALLED_BACK = timedelta(days=1)
"""So long after a drill or test that rang in vain a call from that phone is taken to be about it."""
Writer = Callable[[str, str], str]
"""Writes what a call or text says, of whose phone it is and in which language."""
RINGS_AFTER = timedelta(seconds=12)
"""So long a villager has to hang up before we call back."""


class OwnTestOutcome(StrEnum):
    """What became of a villager's wish to have the phone tested."""

    PLANNED = "planned"
    STRANGER = "stranger"
    TOO_OFTEN = "too_often"
    UNDER_WAY = "under_way"
    ALARM_OPEN = "alarm_open"
    NOT_CALLED = "not_called"
    """The roster says that this phone is not to be called."""


@dataclass(frozen=True, slots=True)
class OwnTest:
    """What to tell whoever asked; `incident_id` is the test that was planned."""

    outcome: OwnTestOutcome
    language: str = "zh"
    incident_id: int | None = None


def ask_for_test(
    session: Session, carrier_key: str, number: str, now: datetime, zone: ZoneInfo | None = None
) -> OwnTest:
    """Plan the call back to a villager who asked for it from this number. The same key again changes nothing."""
    event = record.receive(session, carrier_key, InboundKind.TEST, number, "", now)
    if event is None:
        kept = record.find_answer(session, carrier_key)
        return OwnTest(**{**kept, "outcome": OwnTestOutcome(kept["outcome"])})
    caller = directory.find_caller(session, number)
    answer = OwnTest(OwnTestOutcome.STRANGER)
    if caller is not None:
        why = _find_hindrance(session, caller, now)
        made = None
        if why is None:
            made = ring_all(session, [caller], caller.household_name, now, zone or ZoneInfo(TIMEZONE), on_line=True)
        answer = OwnTest(why or OwnTestOutcome.PLANNED, caller.language, made)
        event.household_id = caller.household_id
    event.incident_id = answer.incident_id
    record.keep_answer(event, asdict(answer))
    return answer


def _find_hindrance(session: Session, caller: Caller, now: datetime) -> OwnTestOutcome | None:
    if not caller.may_call:
        return OwnTestOutcome.NOT_CALLED
    if village_hours.has_open_alarm(session, caller.village_id):
        return OwnTestOutcome.ALARM_OPEN
    if _is_being_proven(session, caller.number):
        return OwnTestOutcome.UNDER_WAY
    asked = select(func.count()).where(
        InboundEvent.number == caller.number,
        InboundEvent.received_at > now - ONE_EVERY,
        InboundEvent.kind == InboundKind.TEST,
        InboundEvent.incident_id.is_not(None),
    )
    return OwnTestOutcome.TOO_OFTEN if session.scalar(asked) else None


def start_test(session: Session, village_id: int, phone_id: int, by: str, now: datetime, hours: Hours) -> int:
    """Test one phone of a village's household; a phone that is not called gets a text. Returns the drill.

    Raises DrillRefused: `budget`, `hours`, `unknown_phone`, `alarm_open`, `drill_open` (that phone is being rung
    already), `nobody` (it is neither to be called nor texted, or its household is away).
    """
    if hours.spent:
        raise DrillRefused("budget")
    if not hours.allow(now):
        raise DrillRefused("hours")
    caller = directory.find_phone(session, phone_id)
    if caller is None or caller.village_id != village_id:
        raise DrillRefused("unknown_phone")
    if village_hours.has_open_alarm(session, village_id):
        raise DrillRefused("alarm_open")
    if _is_being_proven(session, caller.number):
        raise DrillRefused("drill_open")
    away = directory.find_away(session, [caller.household_id], now)
    if away or not (caller.may_call or caller.may_text):
        raise DrillRefused("nobody")
    channel = Channel.CALL if caller.may_call else Channel.SMS
    return ring_all(session, [caller], by, now, hours.zone, channel=channel)


def find_missed(session: Session, number: str, now: datetime) -> Delivery | None:
    """The call of a drill or test that rang this phone last of all calls, lately, and that nobody has answered."""
    last = session.scalars(
        select(Delivery)
        .where(Delivery.number == number, Delivery.channel == Channel.CALL, Delivery.attempt_count > 0)
        .order_by(Delivery.incident_id.desc(), Delivery.id.desc())
        .limit(1)
    ).first()
    if last is None or not _is_of_late_drill(last, now):
        return None
    given = select(Acknowledgement.id).where(
        Acknowledgement.incident_id == last.incident_id, Acknowledgement.number == number
    )
    return last if session.scalar(given.limit(1)) is None else None


def take_call_back(session: Session, delivery_id: int, number: str, now: datetime) -> str | None:
    """Whoever calls back about such a call has pressed its key: the phone is proven, once. The language to thank them
    in; None where it is no such call, or another phone's.
    """
    missed = session.get(Delivery, delivery_id)
    if missed is None or missed.number != number or not _is_of_late_drill(missed, now):
        return None
    drills.take_answer(session, missed, Channel.CALL, now)
    return missed.language


def _is_of_late_drill(delivery: Delivery, now: datetime) -> bool:
    of_phone = delivery.purpose in PROVING and delivery.phone_id is not None
    return of_phone and delivery.incident.opened_at > now - CALLED_BACK


def refuse_owner(session: Session, delivery: Delivery, now: datetime) -> None:
    """Whoever answers a test says that the phone is not of that household: it is not proven, and to be mended."""
    if delivery.phone_id is not None:
        tasks.open_task(session, delivery.phone_id, TaskReason.NOT_THEIRS, now)
    note_once(
        session,
        delivery.incident_id,
        UpdateKind.NOT_THEIRS,
        now,
        household=delivery.household_name,
        number=mask_number(delivery.number),
    )


def _is_being_proven(session: Session, number: str) -> bool:
    """Whether a drill or test of this phone is under way."""
    asked = (
        select(Delivery.id)
        .join(Incident)
        .where(
            Delivery.number == number,
            Delivery.purpose.in_(PROVING),
            Delivery.channel == Channel.CALL,
            Delivery.state.not_in(OVER),
            Incident.closed_at.is_(None),
        )
    )
    return session.scalar(asked.limit(1)) is not None


def ring_all(
    session: Session,
    phones: Sequence[Caller],
    by: str,
    now: datetime,
    zone: ZoneInfo,
    *,
    channel: Channel = Channel.CALL,
    on_line: bool = False,
    write: Writer | None = None,
) -> int:
    """Test these phones of one village, each by itself, as one drill of no group; its id.

    `on_line`: the phone is on a call with us, and is rung once that has ended. `write`: other words than a test's.
    """
    first = phones[0]
    incident = Incident(
        kind=IncidentKind.DRILL,
        village_id=first.village_id,
        village_name=first.village_name,
        group_id=None,
        group_name=first.group_name if len(phones) == 1 else "",
        opened_at=now,
    )
    session.add(incident)
    session.flush()
    note_update(session, incident.id, UpdateKind.OPENED, now, by=by)
    if write is None:
        write = words.write_test if channel is Channel.CALL else words.write_test_message
    due_at = now + RINGS_AFTER if on_line else now
    rows = [
        make_row(
            *(make_rung_phone(phone), incident.id, channel, Purpose.TEST, due_at),
            urgency=DRILL,
            turn=turn,
            text=write(name_owner(phone), phone.language),
        )
        for turn, phone in enumerate(phones)
    ]
    insert_rows(session, Delivery, rows)
    note_rung(session, {each.phone_id: each.village_id for each in phones}, now.astimezone(zone).date())
    return incident.id
