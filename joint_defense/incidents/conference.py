"""Talking: the conference (通话) of an incident, where neighbours who pressed 9 speak with whoever called for help.

A room belongs to one account of a carrier: who is on another's line is not in it. A neighbour is in it from the key to
the end of that call. The carrier says so by status callback for a call of ours;
for a call back to our number only if its own status callback is set. Where it is not, the caller's coming out of the
room is the sign. The timeline has the beginning and the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, union
from sqlalchemy.orm import Session

from joint_defense.incidents.record import note_update
from joint_defense.models.inbound import InboundEvent
from joint_defense.models.incidents import Alert, Attempt, Delivery
from joint_defense.rules import triggers
from joint_defense.rules.states import FINAL, Channel, DeliveryState
from joint_defense.rules.timeline import UpdateKind

CALLING_US = timedelta(seconds=60)
"""Whoever has called our number is taken to be on the line for so long: not every carrier says when they hang up."""
HOLD = timedelta(minutes=30)
"""A caller who talks asks for no news, and is taken to be on the line for so long."""
COMES_IN_WITHIN = timedelta(seconds=20)
"""From the key to the room a neighbour needs no longer: that they are being connected is said, and is heard out."""


def list_talkers(session: Session, incident_id: int, account: str, language: str) -> tuple[str, ...]:
    """Who waits for the caller in the conference at this account, or speaks there, in the order in which they came."""
    rows = session.scalars(
        select(Delivery)
        .where(
            Delivery.incident_id == incident_id,
            Delivery.joined_at.is_not(None),
            Delivery.joined_account == account,
        )
        .order_by(Delivery.joined_at)
    )
    return tuple(dict.fromkeys(each.name_in(language) for each in rows))


def join(session: Session, delivery: Delivery, account: str, now: datetime) -> None:
    """Whoever took this call wants to talk to the caller, who is moved into the conference at the next question, or
    waits in it already.
    """
    if delivery.joined_at is None:
        note_update(session, delivery.incident_id, UpdateKind.JOINED, now, household=delivery.household_name)
    delivery.joined_at, delivery.joined_account = now, account
    for alert in delivery.incident.alerts:
        if is_caller_on_line([alert], account, now):
            alert.on_line_until = now + HOLD
    session.flush()


def leave_conference(session: Session, delivery: Delivery, now: datetime) -> None:
    """A neighbour has come out of the conference, if in it: by the star key, because it ended, or by hanging up.

    With the last one gone the caller is back at the news within a moment; one who does not ask for any has hung up.
    """
    if delivery.joined_at is None:
        return
    delivery.joined_at = None
    note_update(session, delivery.incident_id, UpdateKind.LEFT, now, household=delivery.household_name)
    session.flush()
    if list_talkers(session, delivery.incident_id, delivery.joined_account, delivery.language):
        return
    for alert in delivery.incident.alerts:
        if alert.on_line_until is not None and alert.line_account == delivery.joined_account:
            alert.on_line_until = min(alert.on_line_until, now + CALLING_US)


def note_empty(session: Session, incident_id: int, account: str, now: datetime) -> None:
    """A caller is alone in the room: whoever came in a while ago has left it, and nobody has told us."""
    came_in = select(Delivery).where(
        Delivery.incident_id == incident_id,
        Delivery.joined_account == account,
        Delivery.joined_at < now - COMES_IN_WITHIN,
    )
    for delivery in session.scalars(came_in.order_by(Delivery.id).with_for_update()).all():
        leave_conference(session, delivery, now)


def can_be_connected(alerts: Iterable[Alert], account: str) -> bool:
    """Whether one of the callers is, or was last, on a line of this account. A silent one is left alone."""
    return any(not alert.silent and alert.withdrawn_at is None and alert.line_account == account for alert in alerts)


def is_caller_on_line(alerts: Iterable[Alert], account: str, now: datetime) -> bool:
    """Whether one of the callers can be talked to on a line of this account."""
    holding = [each for each in alerts if each.on_line_until is not None and each.on_line_until > now]
    return can_be_connected(holding, account)


def find_in_a_call(session: Session, numbers: Collection[str], now: datetime, over: str | None = None) -> set[str]:
    """Those of these phones that are in a call with us, of whatever incident, whoever has called whom.

    `over`: the carrier's id of a call to our number that is known to have ended.
    """
    rung = select(Delivery.number).where(
        Delivery.number.in_(numbers),
        Delivery.channel == Channel.CALL,
        Delivery.state.in_((DeliveryState.CLAIMED, DeliveryState.PLACED)),
    )
    calling = select(InboundEvent.number).where(
        InboundEvent.number.in_(numbers),
        InboundEvent.received_at > now - CALLING_US,
        InboundEvent.carrier_key.startswith(triggers.CALLS, autoescape=True),
    )
    if over is not None:
        calling = calling.where(
            InboundEvent.carrier_key.not_in((triggers.make_call_key(over), triggers.make_alarm_key(over)))
        )
    holding = select(Alert.number).where(Alert.number.in_(numbers), Alert.on_line_until > now)
    return set(session.scalars(union(rung, calling, holding)))


def note_caller_came_out(session: Session, incident_id: int, now: datetime) -> None:
    """The caller has left the room, or it has ended: whoever called back to be in it is taken to have gone."""
    _note_gone(session, Delivery.incident_id == incident_id, now)


def note_hung_up(session: Session, call_sid: str, now: datetime) -> None:
    """A call to our number is over: whoever made it to talk to the caller has left the conference."""
    number = session.scalar(
        select(InboundEvent.number).where(InboundEvent.carrier_key == triggers.make_call_key(call_sid))
    )
    if number is not None:
        _note_gone(session, Delivery.number == number, now)


def _note_gone(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    called_back = select(Delivery).where(which, Delivery.joined_at.is_not(None), ~_match_on_our_call())
    for delivery in session.scalars(called_back.order_by(Delivery.id).with_for_update()).all():
        leave_conference(session, delivery, now)


def _match_on_our_call() -> ColumnElement[bool]:
    return exists().where(
        Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempt_count, Attempt.state.not_in(FINAL)
    )
