"""A press whose test was asked for, and what becomes of it: the test, where somebody says so by key, else an alarm."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from joint_defense.alarms import closing
from joint_defense.alarms.intake import IntakeResult, Limits, Trigger, raise_alarm
from joint_defense.models.incidents import Alert, Incident
from joint_defense.models.upkeep import DevicePress
from joint_defense.rules.states import Channel, ClosingOutcome, IncidentKind
from joint_defense.rules.triggers import make_alarm_key
from joint_defense.upkeep import device_tests


def match_overdue(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether any press is to be raised by the clock."""
    return exists(DevicePress.id).where(DevicePress.raise_at <= now)


def find_overdue(session: Session, now: datetime) -> list[int]:
    """The presses of which nobody has said in time that they are the test."""
    found = select(DevicePress.id).where(DevicePress.raise_at <= now).order_by(DevicePress.id)
    return list(session.scalars(found))


def raise_overdue(session: Session, press_id: int, now: datetime, limits: Limits) -> IntakeResult | None:
    """Raise such a press as the call for help that it is taken for. None where it is settled meanwhile, by key, or by
    a further call or text of the household, which has raised it.
    """
    press = session.get(DevicePress, press_id, with_for_update=True, populate_existing=True)
    if press is None or press.raise_at is None:
        return None
    called = (
        select(Alert.id)
        .join(Incident)
        .where(
            Alert.household_id == press.household_id,
            Incident.kind == IncidentKind.ALARM,
            Alert.raised_at >= press.pressed_at,
        )
    )
    raised = None
    if session.scalar(called.limit(1)) is None:
        trigger = Trigger(
            make_alarm_key(press.call_sid),
            press.number,
            Channel.CALL,
            call_sid=press.call_sid,
            line_account=press.line_account,
        )
        raised = raise_alarm(session, trigger, now, limits)
    device_tests.settle(session, press, now, is_test=False)
    return raised


def settle_as_alarm(session: Session, press_id: int, now: datetime) -> None:
    """The call of this press has raised its alarm."""
    press = session.get(DevicePress, press_id, with_for_update=True, populate_existing=True)
    if press is not None and press.is_test is None:
        device_tests.settle(session, press, now, is_test=False)


def confirm_test(session: Session, press_id: int, call_sid: str, now: datetime) -> bool | None:
    """Whoever pressed it says by key that it was the test. Whether an alarm had gone out for it, which is taken back.

    None where it is no such press, or the household calls for help besides: that stands.
    """
    press = session.get(DevicePress, press_id, with_for_update=True, populate_existing=True)
    if press is None or press.call_sid != call_sid:
        return None
    was_raised = press.raise_at is None and press.is_test is False
    device_tests.settle(session, press, now, is_test=True)
    own = (
        select(Alert)
        .join(Incident)
        .where(
            Alert.household_id == press.household_id,
            Incident.kind == IncidentKind.ALARM,
            Incident.closed_at.is_(None),
            Alert.withdrawn_at.is_(None),
        )
    )
    standing = session.scalars(own).all()
    for alert in standing:
        if not was_raised or alert.call_sid != press.call_sid:
            return None
        closing.withdraw(session, alert, now, ClosingOutcome.ACCIDENTAL)
    return bool(standing)
