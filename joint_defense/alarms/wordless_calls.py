"""A call without a word: a known phone called, nobody spoke or pressed a key, and the group's leader is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller, Recipient, Role
from joint_defense.alarms import held_alarms, words_passed_on
from joint_defense.alarms.intake import Limits, Trigger, add_voice, make_incident, stop_ringing_elsewhere
from joint_defense.delivery.plan import insert_deliveries
from joint_defense.incidents.record import find_answer, keep_answer, note_update, receive
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.parties import plan_rings
from joint_defense.rules.states import LEADERS, Channel, IncidentKind, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import is_keys
from joint_defense.upkeep import drills


@dataclass(frozen=True, slots=True)
class WordlessReport:
    """Whether somebody was told of a call without a word, and in which incident."""

    told: bool
    incident_id: int | None = None


def report_wordless(
    session: Session,
    carrier_key: str,
    number: str,
    now: datetime,
    limits: Limits | None = None,
    *,
    said: Sequence[str] = (),
) -> WordlessReport:
    """A known phone called, and nobody raised an alarm: tell the group's leader, and of what was pressed or `said`.

    A household that has an open incident, or called so a moment ago, is not told of again: the timeline says so.
    """
    limits = limits or Limits()
    event = receive(session, carrier_key, InboundKind.WORDLESS, number, "", now)
    if event is None:
        return WordlessReport(**find_answer(session, carrier_key))
    caller = directory.find_caller(session, number)
    if caller is not None and held_alarms.is_muted(session, number, now) and not _has_open(session, caller):
        event.kind = InboundKind.MUTED
        event.household_id, caller = caller.household_id, None
    told = caller is not None and _tell_leader(session, event, caller, now, limits, said)
    report = WordlessReport(told, event.incident_id)
    keep_answer(event, asdict(report))
    return report


def _has_open(session: Session, caller: Caller) -> bool:
    own = select(Alert.id).join(Incident)
    own = own.where(
        Alert.household_id == caller.household_id, Alert.withdrawn_at.is_(None), Incident.closed_at.is_(None)
    )
    return session.scalar(own.limit(1)) is not None


def _tell_leader(
    session: Session, event: InboundEvent, caller: Caller, now: datetime, limits: Limits, said: Sequence[str]
) -> bool:
    spoken = "；".join(each for each in said if not is_keys(each))
    text = spoken or "".join(said)
    more = {"spoke": True} if spoken else {"keys": text} if text else {}
    event.household_id = caller.household_id
    lately = session.scalars(
        select(Incident)
        .join(Alert)
        .where(
            Alert.household_id == caller.household_id,
            Incident.closed_at.is_(None),
            Incident.opened_at > now - timedelta(seconds=limits.merge_window),
        )
        .order_by(Incident.id.desc())
        .limit(1)
    ).first()
    if lately is not None:
        event.incident_id = lately.id
        note_update(session, lately.id, UpdateKind.WORDLESS, now, household=caller.household_name, **more)
        words_passed_on.note_words(session, lately.id, caller.household_name, spoken, now, by_caller=True)
        session.flush()
        words_passed_on.pass_on(session, lately.id, now)
        return True
    leader = _find_leaders(directory.list_recipients(session, caller, now))
    incident = make_incident(caller, IncidentKind.WORDLESS, now)
    session.add(incident)
    session.flush()
    drills.stop_for_alarm(session, caller.village_id, incident.id, now)
    stop_ringing_elsewhere(session, caller, (Purpose.GREETING,), now)
    trigger = Trigger(event.carrier_key, caller.number, Channel.CALL, text=text)
    add_voice(session, incident, caller, trigger, now, kind=UpdateKind.WORDLESS, **more)
    words_passed_on.note_words(session, incident.id, caller.household_name, spoken, now, by_caller=True)
    event.incident_id = incident.id
    planned = plan_rings(leader)
    by_text = [each for each in planned if each.channel is Channel.SMS and not each.phone.text_refused]
    # A leader with nothing but a landline, or who wants no texts, is rung.
    insert_deliveries(session, incident.id, Purpose.WORDLESS, by_text or planned, now)
    return bool(planned)


def _find_leaders(recipients: list[Recipient]) -> list[Recipient]:
    leader = [each for each in recipients if each.role is Role.LEADER]
    return leader or [each for each in recipients if each.role is Role.DEPUTY]


def find_told_without_a_word(session: Session, number: str) -> Delivery | None:
    """The newest open call without a word that a leader at this number was told of."""
    return session.scalars(
        select(Delivery)
        .join(Incident)
        .where(
            Delivery.number == number,
            Delivery.purpose == Purpose.WORDLESS,
            Delivery.role.in_(LEADERS),
            Delivery.attempt_count > 0,
            Incident.closed_at.is_(None),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    ).first()
