"""The test of one phone: its call says whose phone we think it is, and a key proves it.

A villager asks for it on our menu, at any hour; a village head asks for it on the household's page, in the hours of
drills. It is a drill of no group, so that neither keeps the village's own drill waiting.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import insert_rows
from groups import directory
from groups.directory import Caller
from joint_defense.delivery.plan import make_row
from joint_defense.drills.drills import Hours, has_open_alarm
from joint_defense.errors import DrillRefused
from joint_defense.incidents import inbox
from joint_defense.incidents.timeline import mask_number, note_once, note_update
from joint_defense.models import Delivery, InboundEvent, InboundKind, Incident
from joint_defense.rules.fanout import DRILL
from joint_defense.rules.states import OVER, PROVING, Channel, IncidentKind, Purpose, Role
from joint_defense.rules.tasks import TaskReason
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.wording import drills as words
from joint_defense.tasks import tasks

ONE_EVERY = timedelta(hours=1)
"""A phone has itself tested once in this time, whoever forges its number."""
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


@dataclass(frozen=True, slots=True)
class _TestedPhone:
    """A phone to be tested, as a delivery keeps it."""

    household_id: int
    household_name: str
    household_name_en: str
    phone_id: int
    number: str
    language: str
    responder_id: None = None
    role: Role = Role.MEMBER
    phone_rank: int = 1
    distance: int = 0


def ask_for_test(session: Session, carrier_key: str, number: str, now: datetime) -> OwnTest:
    """Plan the call back to a villager who asked for it from this number. The same key again changes nothing."""
    event = inbox.receive(session, carrier_key, InboundKind.TEST, number, "", now)
    if event is None:
        kept = inbox.find_answer(session, carrier_key)
        return OwnTest(**{**kept, "outcome": OwnTestOutcome(kept["outcome"])})
    caller = directory.find_caller(session, number)
    answer = OwnTest(OwnTestOutcome.STRANGER)
    if caller is not None:
        why = _find_hindrance(session, caller, now)
        made = None if why is not None else _plan(session, caller, Channel.CALL, caller.household_name, now, True)
        answer = OwnTest(why or OwnTestOutcome.PLANNED, caller.language, made)
        event.household_id = caller.household_id
    event.incident_id = answer.incident_id
    inbox.keep_answer(event, asdict(answer))
    return answer


def _find_hindrance(session: Session, caller: Caller, now: datetime) -> OwnTestOutcome | None:
    if not caller.may_call:
        return OwnTestOutcome.NOT_CALLED
    if has_open_alarm(session, caller.village_id):
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

    Raises DrillRefused: `hours`, `unknown_phone`, `alarm_open`, `drill_open` (that phone is being rung already),
    `nobody` (it is neither to be called nor texted, or its household is away).
    """
    if not hours.allow(now):
        raise DrillRefused("hours")
    caller = directory.find_phone(session, phone_id)
    if caller is None or caller.village_id != village_id:
        raise DrillRefused("unknown_phone")
    if has_open_alarm(session, village_id):
        raise DrillRefused("alarm_open")
    if _is_being_proven(session, caller.number):
        raise DrillRefused("drill_open")
    away = directory.find_away(session, [caller.household_id], now)
    if away or not (caller.may_call or caller.may_text):
        raise DrillRefused("nobody")
    return _plan(session, caller, Channel.CALL if caller.may_call else Channel.SMS, by, now)


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


def _plan(session: Session, caller: Caller, channel: Channel, by: str, now: datetime, on_line: bool = False) -> int:
    """The drill of one phone. `on_line`: it is on a call with us, and is rung once that has ended."""
    incident = Incident(
        kind=IncidentKind.DRILL,
        village_id=caller.village_id,
        village_name=caller.village_name,
        group_id=None,
        group_name=caller.group_name,
        opened_at=now,
    )
    session.add(incident)
    session.flush()
    note_update(session, incident.id, UpdateKind.OPENED, now, by=by)
    phone = _TestedPhone(
        household_id=caller.household_id,
        household_name=caller.household_name,
        household_name_en=caller.household_name_en,
        phone_id=caller.phone_id,
        number=caller.number,
        language=caller.language,
    )
    write = words.write_test if channel is Channel.CALL else words.write_test_message
    due_at = now + RINGS_AFTER if on_line else now
    row = make_row(
        *(phone, incident.id, channel, Purpose.TEST, due_at),
        urgency=DRILL,
        turn=0,
        text=write(_name_owner(caller), caller.language),
    )
    insert_rows(session, Delivery, [row])
    return incident.id


def _name_owner(caller: Caller) -> str:
    """Whose phone we think it is: village, group and household."""
    if caller.language == words.CHINESE:
        return f"{caller.village_name}{caller.group_name}{caller.household_name}"
    return f"{caller.household_name_en}, {caller.place_en}"
