"""Answers to good mornings that may be calls for help: texts, and the alarm that is raised where nobody answers.

"我摔倒了" in answer to a good morning is an alarm, by the rules for texts of somebody at rest; a machine's words are no
answer; whatever else a person writes is one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from joint_defense.alarms.intake import IntakeResult, Limits, Outcome, Trigger, raise_alarm
from joint_defense.models.greetings import Greeting
from joint_defense.models.incidents import Delivery
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.understanding.dangers import find_dangers
from joint_defense.rules.understanding.meanings import Meaning, Understood, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.upkeep.greetings import AWAY_FOR, GreetingOutcome, says_well
from joint_defense.rules.wording import greetings as words
from joint_defense.upkeep import greeting_days, greetings
from joint_defense.upkeep.greeting_days import Asked

log = structlog.stdlib.get_logger(__name__)


class Answered(NamedTuple):
    """The line to answer with (None: none), and the incident that has something to send."""

    line: str | None
    incident_id: int | None


Act = Callable[[], Answered]


def decide_on_wish(
    session: Session, number: str, body: str, language: str, now: datetime, limits: Limits
) -> Act | None:
    """The same for a text 出门 or 回来 of somebody who is greeted, at any time."""
    found = greetings.find_wish(session, number, body, now.astimezone(limits.zone).date())
    if found is None:
        return None
    greeting, wished = found

    def take() -> Answered:
        asked = greeting_days.find_asked(session, number)
        if asked is not None:
            greeting_days.note_human_sign(session, asked.delivery, Channel.SMS, now)
        line = greetings.take_wish(session, greeting, wished, language, now, limits.zone)
        return Answered(line, None if asked is None else asked.delivery.incident_id)

    return take


def decide(session: Session, number: str, body: str, carrier_key: str, now: datetime, limits: Limits) -> Act | None:
    """What is done about a text of somebody who was asked whether they, or somebody else, are well.

    None for anybody else, and for a call for help of their own, which is one as ever.
    """
    asked = greeting_days.find_asked(session, number)
    if asked is None:
        return None
    found = understand(body, Writer.AT_REST)
    if found.meaning is Meaning.MACHINE:
        return None
    if asked.delivery.purpose is Purpose.GREETING:
        return None if found.meaning is Meaning.ALARM else lambda: _answer(session, asked, body, now, limits)
    if found.meaning is Meaning.ALARM:
        if any(each.own for each in find_dangers(found.words or body)):
            return None
        return lambda: _call_for(session, asked, found, body, carrier_key, now, limits)
    return lambda: _answer_for_another(session, asked, body, now, limits)


def _answer(session: Session, asked: Asked, body: str, now: datetime, limits: Limits) -> Answered:
    language, said = asked.delivery.language, body.strip()
    incident_id = asked.delivery.incident_id
    if said in {words.AWAY_KEY, "\uff12"}:
        greeting_days.note_human_sign(session, asked.delivery, Channel.SMS, now)
        until = now.astimezone(limits.zone).date() + AWAY_FOR
        greetings.pause(session, asked.greeting, until, asked.delivery.household_name, now, limits.zone)
        return Answered(words.write_away(until, language), incident_id)
    plain = said in {words.WELL_KEY, "\uff11"} or says_well(said)
    greeting_days.take_answer(session, asked, Channel.SMS, now, words_said="" if plain else said)
    if plain:
        return Answered(words.write_thanks(language), incident_id)
    return Answered(words.write_words_kept(language, contact=asked.greeting.contact_texts), incident_id)


def take_key_late(session: Session, delivery: Delivery, key: str, now: datetime, limits: Limits) -> None:
    """A key of such a call that was kept while the database was away."""
    asked = greeting_days.find_of_delivery(session, delivery)
    if asked is None:
        return
    if key == words.WELL_KEY:
        greeting_days.take_answer(session, asked, Channel.CALL, now)
        return
    greeting_days.note_human_sign(session, delivery, Channel.CALL, now)
    if key == words.AWAY_KEY and delivery.purpose is Purpose.GREETING and asked.greeting.ended_at is None:
        until = now.astimezone(limits.zone).date() + AWAY_FOR
        greetings.pause(session, asked.greeting, until, delivery.household_name, now, limits.zone)


def _answer_for_another(session: Session, asked: Asked, body: str, now: datetime, limits: Limits) -> Answered:
    """Of a contact or neighbour: 1 and words that say so mean that all is well, 2 that others are to go, other words
    are no answer, and they hear how to give one.
    """
    delivery, said = asked.delivery, body.strip()
    language = delivery.language
    if said in {words.WELL_KEY, "\uff11"} or says_well(said) or says_well(said.removeprefix("人")):
        greeting_days.take_answer(session, asked, Channel.SMS, now)
        return Answered(words.write_seen(language), delivery.incident_id)
    if said in {words.LOOK_IN_KEY, "\uff12"} and delivery.number == asked.greeting.contact_number:
        greeting_days.have_neighbours_look_in(session, asked, Channel.SMS, now, limits.zone)
        return Answered(words.write_neighbours_asked(language), delivery.incident_id)
    greeting_days.note_human_sign(session, delivery, Channel.SMS, now)
    return Answered(words.write_how_to_say(language), delivery.incident_id)


def _call_for(
    session: Session, asked: Asked, found: Understood, body: str, carrier_key: str, now: datetime, limits: Limits
) -> Answered:
    raised = call_for(session, asked, found.words or body.strip(), carrier_key, now, limits, found=found)
    line = words.write_called_for(asked.delivery.language, raised=raised is not None)
    return Answered(line, None if raised is None else raised.incident_id)


def call_for(
    session: Session,
    asked: Asked,
    said: str,
    carrier_key: str,
    now: datetime,
    limits: Limits,
    *,
    found: Understood | None = None,
) -> IntakeResult | None:
    """Whoever was to look in calls for help for them; None where nobody can be rung for it."""
    quote = words.quote_helper(asked.delivery.household_name, said, words.CHINESE)
    raised = _raise(session, asked.greeting, f"{carrier_key}:greeting", quote, now, limits, found)
    if raised is not None:
        day = greeting_days.lock_day(session, asked.day.id)
        greeting_days.note_human_sign(session, asked.delivery, Channel.SMS, now)
        if day.closed_at is None:
            name = asked.delivery.household_name
            greeting_days.close_day(session, day, GreetingOutcome.HELP, name, now)
    return raised


def raise_unanswered(session: Session, day_id: int, now: datetime, limits: Limits) -> int | None:
    """The last step of a day: nobody has answered, and the household wishes an alarm. The incident, where one opens."""
    day = greeting_days.lock_day(session, day_id)
    greeting = session.get_one(Greeting, day.greeting_id)
    quote = words.quote_unanswered(words.CHINESE)
    raised = _raise(session, greeting, f"greeting:{day.id}", quote, now, limits)
    if raised is None:
        log.error("greeting_alarm_not_raised", incident_id=day.incident_id)
        return None
    greeting_days.close_day(session, day, GreetingOutcome.ALARM, "", now)
    return raised.incident_id


def _raise(
    session: Session,
    greeting: Greeting,
    carrier_key: str,
    quote: str,
    now: datetime,
    limits: Limits,
    found: Understood | None = None,
) -> IntakeResult | None:
    phone = greeting_days.find_phone(session, greeting)
    if phone is None:
        return None
    trigger = Trigger(carrier_key, phone.number, Channel.SMS, text=quote)
    if found is not None:
        trigger = Trigger(carrier_key, phone.number, Channel.SMS, category=found.category, text=quote)
    raised = raise_alarm(session, trigger, now, limits)
    return raised if raised.outcome in {Outcome.RAISED, Outcome.JOINED} else None
