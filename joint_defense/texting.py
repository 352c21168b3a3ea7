"""Texting: what a message at our number means, and the line it is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from groups import directory
from joint_defense.inbox import first_from_stranger, receive
from joint_defense.intake import Limits, Outcome, Trigger, raise_alarm
from joint_defense.models import InboundKind
from joint_defense.rules import wording
from joint_defense.rules.delivery import Channel
from joint_defense.rules.trigger import Category, alarm_in_text

STRANGER_ANSWERED_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """The line to answer with (None: no answer), and the incident that now has something to send."""

    text: str | None
    incident_id: int | None = None


def take_message(
    session: Session, sid: str, sender: str, text: str, now: datetime, limits: Limits | None = None
) -> Reply:
    """An alarm where the words raise one; a line of help for anybody on the roster; one line a day for a stranger."""
    category = alarm_in_text(text)
    if category is not None:
        return _raise(session, sid, sender, text, category, now, limits)
    caller = directory.find_caller(session, sender)
    kind = InboundKind.HELP if caller is not None else InboundKind.STRANGER
    receive(session, _key(sid), kind, sender, text, now)
    if caller is None:
        return Reply(_to_stranger(session, sid))
    return Reply(None if caller.silent else wording.HELP_TEXT[caller.language])


def _raise(
    session: Session, sid: str, sender: str, text: str, category: Category, now: datetime, limits: Limits | None
) -> Reply:
    trigger = Trigger(_key(sid), sender, Channel.SMS, category=category, text=text.strip())
    raised = raise_alarm(session, trigger, now, limits)
    if raised.outcome is Outcome.STRANGER:
        return Reply(_to_stranger(session, sid))
    if raised.silent:
        return Reply(None, raised.incident_id)
    if raised.outcome is Outcome.FLOOD:
        return Reply(wording.FLOOD[raised.language])
    return Reply(wording.alarm_text_answer(raised.households, raised.language), raised.incident_id)


def _to_stranger(session: Session, sid: str) -> str | None:
    return wording.STRANGER_TEXT if first_from_stranger(session, _key(sid), STRANGER_ANSWERED_EVERY) else None


def _key(sid: str) -> str:
    return f"sms:{sid}"
