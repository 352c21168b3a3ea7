"""Texting: what a message at our number means, and the line it is answered with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller
from joint_defense.alarms import closing
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.intake import Limits, Outcome, Trigger, raise_alarm
from joint_defense.incidents.answers import LEADERS, told_of
from joint_defense.incidents.inbox import find_kept, first_from_stranger, keep_answer, receive
from joint_defense.models import Alert, InboundKind, Incident
from joint_defense.rules import replies
from joint_defense.rules.states import Channel, ClosingOutcome, IncidentKind
from joint_defense.rules.triggers import Category, alarm_in_text
from joint_defense.rules.wording import calls, texts

OPTED_OUT = "21610"
LATE_ANSWER = timedelta(days=1)
"""So long after the all-clear an answer still hears that it is over."""
STRANGER_ANSWERED_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """The line to answer with (None: no answer), and the incident that now has something to send."""

    text: str | None
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A message at our number. `sid` is the carrier's id of it."""

    sid: str
    sender: str
    body: str

    @property
    def carrier_key(self) -> str:
        """What makes a repeated webhook a repetition."""
        return f"sms:{self.sid}"


def take_message(session: Session, text: Text, now: datetime, limits: Limits | None = None) -> Reply:
    """Do what a text means, and say what to answer. The same text again gets the same answer and changes nothing.

    In this order: no more texts (or texts again); the caller takes the alarm back; the leader says that it is over; an
    answer to an alarm; an alarm; a line of help for anybody on the roster, one a day for a stranger.
    """
    kept = find_kept(session, text.carrier_key)
    if kept is not None:
        return Reply(**kept)
    caller = directory.find_caller(session, text.sender)
    answered = _understood(session, text, caller, now)
    if answered is not None:
        event = receive(session, text.carrier_key, InboundKind.ANSWER, text.sender, text.body, now)
        if event is not None:
            event.household_id = None if caller is None else caller.household_id
            event.incident_id = answered.incident_id
            keep_answer(event, asdict(answered))
        return answered
    category = alarm_in_text(text.body)
    if category is not None:
        return _raise(session, text, category, now, limits)
    kind = InboundKind.HELP if caller is not None else InboundKind.STRANGER
    receive(session, text.carrier_key, kind, text.sender, text.body, now)
    if caller is None:
        return Reply(_to_stranger(session, text))
    return Reply(None if caller.silent else texts.HELP_TEXT[caller.language])


def _understood(session: Session, text: Text, caller: Caller | None, now: datetime) -> Reply | None:
    """What somebody of the roster says, or a responder who was called for an incident; None where it is neither."""
    if caller is None:
        return _answer(session, text, None, now)
    return (
        _change_texts(session, text, caller, now)
        or _take_back(session, text, caller, now)
        or _answer(session, text, caller, now)
    )


def _change_texts(session: Session, text: Text, caller: Caller, now: datetime) -> Reply | None:
    """STOP and START. The carrier keeps the list and answers itself; the roster shows it, and calls go on."""
    if replies.is_stop(text.body):
        directory.mark_refused(session, caller.phone_id, text=True, code=OPTED_OUT, now=now)
        return Reply(None)
    if replies.is_start(text.body):
        directory.clear_refused(session, [caller.phone_id], text=True)
        return Reply(None)
    return None


def _take_back(session: Session, text: Text, caller: Caller, now: datetime) -> Reply | None:
    if not replies.is_false_alarm(text.body):
        return None
    alert = session.scalars(
        select(Alert)
        .join(Incident)
        .where(
            Alert.household_id == caller.household_id,
            Alert.withdrawn_at.is_(None),
            Incident.closed_at.is_(None),
            Incident.kind == IncidentKind.ALARM,
        )
        .order_by(Alert.id.desc())
        .limit(1)
    ).first()
    if alert is None:
        return None
    closed = closing.withdraw(session, alert, now)
    line = texts.reply_withdrawn(closed, caller.language)
    return Reply(None if caller.silent else line, alert.incident_id)


def _answer(session: Session, text: Text, caller: Caller | None, now: datetime) -> Reply | None:
    """A reply to an alarm this phone was told of. It belongs to the newest open one, and says which that was."""
    told, others_open = told_of(session, text.sender)
    if told is None:
        return None
    language = told.language if caller is None else caller.language
    incident = told.incident
    is_open = incident.closed_at is None
    names = [alert.household_name if language == "zh" else alert.household_name_en for alert in incident.alerts]
    if is_open and told.role in LEADERS and replies.is_all_over(text.body):
        closing.close(session, incident.id, ClosingOutcome.HELPED, "", told.household_name, now)
        return Reply(texts.reply_over(names, language), incident.id)
    given = replies.answer_in_text(text.body, loosely=is_open)
    if given is None or (incident.closed_at is not None and now - incident.closed_at > LATE_ANSWER):
        return None
    heard = acknowledge(session, told, given, Channel.SMS, now, others_open=others_open)
    if heard.closed:
        return Reply(texts.reply_over(names, language), incident.id)
    line = texts.reply_thanks(heard.names(language), given, others_open, language, incident.category)
    return Reply(line, incident.id)


def _raise(session: Session, text: Text, category: Category, now: datetime, limits: Limits | None) -> Reply:
    trigger = Trigger(text.carrier_key, text.sender, Channel.SMS, category=category, text=text.body.strip())
    raised = raise_alarm(session, trigger, now, limits)
    if raised.outcome is Outcome.STRANGER:
        return Reply(_to_stranger(session, text))
    if raised.silent:
        return Reply(None, raised.incident_id)
    if raised.outcome is Outcome.FLOOD:
        return Reply(calls.FLOOD[raised.language])
    return Reply(texts.alarm_text_answer(raised.households, raised.language), raised.incident_id)


def _to_stranger(session: Session, text: Text) -> str | None:
    first = first_from_stranger(session, text.carrier_key, STRANGER_ANSWERED_EVERY)
    return texts.STRANGER_TEXT if first else None
