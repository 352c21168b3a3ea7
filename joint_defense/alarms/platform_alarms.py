"""Alarms that a program raises for a household: a button that somebody presses, a detector of smoke or water, the
town's platform. It follows what it has raised, and closes it; others' alarms it never sees.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import insert_rows
from groups import directory
from joint_defense.alarms import closing
from joint_defense.alarms.intake import IntakeResult, Limits, Outcome, Trigger, raise_alarm
from joint_defense.delivery.plan import make_callers_phone, make_row
from joint_defense.incidents.answers import read_answers
from joint_defense.models.inbound import InboundEvent
from joint_defense.models.incidents import Alert, Delivery, Incident, count_parties
from joint_defense.rules.answers import Given
from joint_defense.rules.parties import NOTICE
from joint_defense.rules.states import RINGS, Channel, ClosingOutcome, Purpose
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import written


@dataclass(frozen=True, slots=True)
class AlarmRequest:
    """What a program asks for. `key`: its own name of it; the same one again changes nothing.

    `number`: one of the household's, E.164. `by_device`: nobody has pressed anything, and they may not know.
    """

    client_id: int
    key: str
    number: str
    by_device: bool = False
    category: Category = Category.UNSPECIFIED
    text: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """How an alarm stands. `called`: households and responders that were called or texted for it."""

    incident_id: int
    category: Category
    opened_at: datetime
    closed_at: datetime | None
    outcome: ClosingOutcome | None
    called: int
    coming: list[Given]


def raise_for_household(session: Session, request: AlarmRequest, now: datetime, limits: Limits) -> IntakeResult:
    """Raise the alarm as a text of the household would; of a detector's the household is told, by call and text."""
    trigger = Trigger(
        _begin_keys(request.client_id) + hashlib.sha256(request.key.encode()).hexdigest(),
        request.number,
        Channel.SMS,
        category=request.category,
        text=request.text,
        by_others=request.by_device,
    )
    raised = raise_alarm(session, trigger, now, limits)
    if raised.outcome in {Outcome.RAISED, Outcome.JOINED} and not raised.repeated and not raised.silent:
        _tell_household(session, session.get_one(Alert, raised.alert_id), request, raised, now)
    return raised


def follow(session: Session, client_id: int, incident_id: int) -> Followed | None:
    """How an alarm of this client's stands; None for one that it has not raised."""
    if not _has_raised(session, client_id, incident_id):
        return None
    incident = session.get_one(Incident, incident_id)
    own = {alert.household_id for alert in incident.alerts}
    asked = select(count_parties(Delivery)).where(
        Delivery.incident_id == incident_id,
        Delivery.purpose.in_(RINGS),
        Delivery.household_id.is_(None) | Delivery.household_id.not_in(own),
    )
    return Followed(
        incident.id,
        incident.category,
        incident.opened_at,
        incident.closed_at,
        incident.outcome,
        session.scalar(asked) or 0,
        read_answers(session, incident_id).coming,
    )


def close_own(
    session: Session, client_id: int, incident_id: int, outcome: ClosingOutcome, by: str, now: datetime
) -> bool | None:
    """Whether it is closed by this; False where it was closed already, None for one that the client has not raised."""
    if not _has_raised(session, client_id, incident_id):
        return None
    return closing.close(session, incident_id, outcome, "", by, now)


def _has_raised(session: Session, client_id: int, incident_id: int) -> bool:
    raised = select(InboundEvent.id).where(
        InboundEvent.incident_id == incident_id,
        InboundEvent.carrier_key.startswith(_begin_keys(client_id), autoescape=True),
    )
    return session.scalar(raised.limit(1)) is not None


def _begin_keys(client_id: int) -> str:
    return f"api:{client_id}:"


def _tell_household(session: Session, alert: Alert, request: AlarmRequest, raised: IntakeResult, now: datetime) -> None:
    """What has been raised for them, and how to take it back: once, however often it is pressed.

    Whoever pressed may have to be quiet: by text alone.
    """
    phones = [
        each
        for each in directory.list_phones(session, [alert.household_id])
        if request.by_device or each.number == alert.number
    ]
    write = written.write_device_alarm if request.by_device else written.write_alarm_answer
    said: list[tuple[directory.HouseholdPhone, Channel, str]] = [
        (each, Channel.SMS, write(raised.households, each.language))
        for each in phones
        if each.may_text and each.takes_texts
    ]
    if request.by_device:
        said += [
            (each, Channel.CALL, written.say_device_alarm(raised.households, each.language))
            for each in phones
            if each.may_call
        ]
    rows = [
        make_row(
            replace(make_callers_phone(alert), number=phone.number, phone_id=phone.phone_id, language=phone.language),
            alert.incident_id,
            channel,
            Purpose.NEWS,
            now,
            urgency=NOTICE,
            turn=0,
            text=text,
        )
        for phone, channel, text in said
    ]
    insert_rows(session, Delivery, rows, skip_known=True)
