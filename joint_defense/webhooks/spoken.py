"""What a neighbour says on the line, where the carrier recognises speech: it counts by the rules for texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from groups import directory
from joint_defense.alarms import words
from joint_defense.alarms.intake import IntakeResult, Trigger, raise_alarm
from joint_defense.carriers.port import InboundCall
from joint_defense.incidents.answers import read_answers
from joint_defense.incidents.timeline import note_once
from joint_defense.models.incidents import Delivery
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules import replies
from joint_defense.rules.states import LEADERS, Channel
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import make_alarm_key
from joint_defense.rules.understanding.meanings import ANSWERS, Meaning, Understood, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.webhooks.common import read_line_account


@dataclass(frozen=True, slots=True)
class Spoken:
    """The key that spoken words stand for ("" for none), and what they say besides."""

    found: Understood
    key: str = ""

    @property
    def minutes(self) -> int | None:
        """In how many minutes they say that they are there."""
        return self.found.minutes

    @property
    def words(self) -> str:
        """What a person said that is to be kept."""
        return "" if self.found.meaning is Meaning.MACHINE else self.found.words


NOT_SPOKEN = Spoken(Understood(Meaning.NOTHING))


def hear(session: Session, delivery: Delivery, call: InboundCall) -> Spoken:
    """What is said on an alarm call; a key that was pressed counts instead."""
    if call.keys or not call.speech:
        return NOT_SPOKEN
    answered = delivery.party in read_answers(session, delivery.incident_id).parties
    found = understand(call.speech, Writer.RUNG, leads=delivery.role in LEADERS, answered=answered)
    if found.meaning is Meaning.ALL_OVER:
        return Spoken(found, replies.CLOSE_KEY)
    if found.meaning in ANSWERS:
        return Spoken(found, next(key for key, given in replies.KEYS.items() if given.value == found.meaning.value))
    return Spoken(found)


def raise_own(
    session: Session, delivery: Delivery, call: InboundCall, spoken: Spoken, now: datetime
) -> IntakeResult | None:
    """A neighbour who says that their own house needs help: the alarm, as #9 raises it. None for anybody else."""
    if spoken.found.meaning is not Meaning.ALARM or directory.find_caller(session, delivery.number) is None:
        return None
    trigger = Trigger(
        make_alarm_key(call.sid),
        delivery.number,
        Channel.CALL,
        category=spoken.found.category,
        text=spoken.words,
        call_sid=call.sid,
        line_account=read_line_account(),
        holds_for=get_runtime().patience.gone_after,
    )
    return raise_alarm(session, trigger, now, get_runtime().limits)


def keep_words(session: Session, delivery: Delivery, spoken: Spoken, now: datetime) -> None:
    """What was said besides goes the way of what a neighbour writes besides."""
    if spoken.found.meaning is Meaning.MACHINE:
        if spoken.found.words:
            said = spoken.found.words[:300]
            name = delivery.household_name
            note_once(session, delivery.incident_id, UpdateKind.MACHINE, now, household=name, text=said)
        return
    if not spoken.words:
        return
    words.note_words(session, delivery.incident_id, delivery.household_name, spoken.words, now, by_caller=False)
    session.flush()
    words.pass_on(session, delivery.incident_id, now)
