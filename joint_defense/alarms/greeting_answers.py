"""Answers to good mornings that may be calls for help: texts, and the alarm that is raised where nobody answers.

"我摔倒了" in answer to a good morning is an alarm, by the rules for texts of somebody at rest; a machine's words are no
answer; whatever else a person writes is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from joint_defense.alarms.intake import IntakeResult, Limits, Outcome, Trigger, raise_alarm
from joint_defense.models.greetings import Greeting
from joint_defense.models.incidents import Delivery
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.triggers import make_alarm_key
from joint_defense.rules.understanding.dangers import find_dangers
from joint_defense.rules.understanding.meanings import Meaning, Understood, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.upkeep.greeting_words import (
    is_well_key,
    names,
    says_another_is_well,
    says_helpless,
    speaks_of_another,
    speaks_of_kin,
)
from joint_defense.rules.upkeep.greetings import AWAY_FOR, GreetingOutcome, says_well
from joint_defense.rules.wording import greetings as words
from joint_defense.upkeep import drills
from joint_defense.upkeep.greetings import greeting_asked, greeting_calls, greeting_days, wishes
from joint_defense.upkeep.greetings.greeting_asked import Asked

STILL_ASKED = timedelta(hours=6)
"""So long after a day has ended, whoever was to look in still calls for help to that door."""
LOOK_IN = frozenset({words.LOOK_IN_KEY, "\uff12"})
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
    found = wishes.find_wish(session, number, body, now.astimezone(limits.zone).date())
    if found is None:
        return None
    greeting, wished = found

    def take() -> Answered:
        asked = greeting_days.find_asked(session, number)
        if asked is not None:
            greeting_asked.note_human_sign(session, asked.delivery, Channel.SMS, now, asked.number)
        line = wishes.take_wish(session, greeting, wished, language, now, limits.zone)
        return Answered(line, None if asked is None else asked.delivery.incident_id)

    return take


def decide(session: Session, number: str, body: str, carrier_key: str, now: datetime, limits: Limits) -> Act | None:
    """What is done about a text of somebody who was asked whether they, or somebody else, are well.

    None for anybody else, and for a call for help of their own, which is one as ever.
    """
    asked = greeting_asked.list_asked(session, number, now - STILL_ASKED)
    if not asked:
        return None
    found = understand(body, Writer.AT_REST)
    if found.meaning is Meaning.MACHINE:
        return None
    own = next((each for each in asked if each.delivery.purpose is Purpose.GREETING), None)
    others = [each for each in asked if each.delivery.purpose is Purpose.LOOK_IN]
    named = [each for each in others if names(body, greeting_days.name_home(session, each, words.CHINESE))]
    if found.meaning is Meaning.ALARM:
        theirs = _find_endangered(session, number, found.words or body, own, others, named)
        return (lambda: _call_for(session, theirs, found, body, carrier_key, now, limits)) if theirs else None
    waiting = [each for each in named or others if each.day.closed_at is None]
    if own is not None and not named and not (waiting and _is_about_others(body)):
        if waiting and is_well_key(body):
            return lambda: _ask_which(session, waiting, now, own=own)
        return lambda: _answer(session, own, body, now, limits)
    if waiting:
        return lambda: _answer_for_others(session, waiting, body, now, limits)
    return _decide_on_closed(session, named or others, body, now)


def _is_about_others(body: str) -> bool:
    return not is_well_key(body) and (says_another_is_well(body) or body.strip() in LOOK_IN)


def _find_endangered(
    session: Session, number: str, said: str, own: Asked | None, others: list[Asked], named: list[Asked]
) -> list[Asked]:
    """To whose door a call for help goes: empty where it is the writer's own. Where two may be meant, to both."""
    if named:
        return named
    waiting = [each for each in others if each.day.closed_at is None] or others[:1]
    of_contact = [each for each in waiting if each.delivery.number == each.greeting.contact_number]
    if of_contact and speaks_of_kin(said):
        return of_contact
    if any(each.own for each in find_dangers(said)) or (own is not None and not speaks_of_another(said)):
        return []
    return waiting


def _decide_on_closed(session: Session, closed: list[Asked], body: str, now: datetime) -> Act | None:
    """Somebody says late that they are well, if only by 平安: they hear that nobody need look in. None for any other
    text.
    """
    if not closed or not (_says_well(session, closed[0], body) or says_well(body)):
        return None
    asked = closed[0]
    drilled = drills.find_told(session, asked.number, now)
    if drilled is not None and is_well_key(body) and drilled.incident_id > asked.delivery.incident_id:
        return None
    language = asked.delivery.language

    def take() -> Answered:
        greeting_asked.note_human_sign(session, asked.delivery, Channel.SMS, now, asked.number)
        home = greeting_days.name_home(session, asked, language)
        return Answered(words.write_no_need(home, language), None)

    return take


def _says_well(session: Session, asked: Asked, body: str) -> bool:
    known_as = [greeting_days.name_home(session, asked, each) for each in (words.CHINESE, words.ENGLISH)]
    return says_another_is_well(body, known_as, kin=asked.delivery.number == asked.greeting.contact_number)


def _answer(session: Session, asked: Asked, body: str, now: datetime, limits: Limits) -> Answered:
    language, said = asked.delivery.language, body.strip()
    incident_id = asked.delivery.incident_id
    if said in {words.AWAY_KEY, "\uff12"}:
        greeting_asked.note_human_sign(session, asked.delivery, Channel.SMS, now, asked.number)
        until = now.astimezone(limits.zone).date() + AWAY_FOR
        wishes.pause(session, asked.greeting, until, asked.delivery.household_name, now, limits.zone)
        return Answered(words.write_away(until, language), incident_id)
    plain = said in {words.WELL_KEY, "\uff11"} or says_well(said)
    if not plain and (says_helpless(said) or not asked.greeting.contact_texts):
        # Nobody else would hear of it: they look in, and the day stays open.
        greeting_days.ask_neighbours_now(session, asked, Channel.SMS, now, limits.zone)
        return Answered(words.write_looked_after(language), incident_id)
    greeting_days.take_answer(session, asked, Channel.SMS, now, words_said="" if plain else said)
    if plain:
        return Answered(words.write_thanks(language), incident_id)
    return Answered(words.write_words_kept(language, contact=asked.greeting.contact_texts), incident_id)


def take_key_late(
    session: Session, delivery: Delivery, key: str, now: datetime, limits: Limits, *, sid: str = "", number: str = ""
) -> int | None:
    """A key of such a call that was kept while the database was away; the incident that has something to send.

    `sid`: the call's; `number`: of the phone on it, where that is not the one that was asked.
    """
    asked = greeting_days.find_of_delivery(session, delivery)
    if asked is None:
        return None
    asked, by_them = replace(asked, number=number), delivery.purpose is Purpose.GREETING
    if key in {words.HELP_KEY, "#"}:
        carrier_key = make_alarm_key(sid or f"greeting-{delivery.id}")
        if by_them:
            whose = number or delivery.number
            return raise_alarm(
                session, Trigger(carrier_key, whose, Channel.CALL, call_sid=sid or None), now, limits
            ).incident_id
        raised = call_for(session, asked, "", carrier_key, now, limits)
        return None if raised is None else raised.incident_id
    if key == words.WELL_KEY:
        greeting_days.take_answer(session, asked, Channel.CALL, now)
        return delivery.incident_id
    greeting_asked.note_human_sign(session, delivery, Channel.CALL, now, number)
    if key == words.AWAY_KEY and by_them and asked.greeting.ended_at is None:
        until = now.astimezone(limits.zone).date() + AWAY_FOR
        wishes.pause(session, asked.greeting, until, delivery.household_name, now, limits.zone)
    if key == words.LOOK_IN_KEY and not by_them and delivery.number == asked.greeting.contact_number:
        greeting_days.have_neighbours_look_in(session, asked, Channel.CALL, now, limits.zone)
    return delivery.incident_id


def _answer_for_others(session: Session, asked: list[Asked], body: str, now: datetime, limits: Limits) -> Answered:
    """Of a contact or neighbour: 1 and words about the other mean that they are well, 2 of the contact that others are
    to go. Other words are no answer, and they hear how to give one.
    """
    if body.strip() in LOOK_IN:
        by_contact = [each for each in asked if each.delivery.number == each.greeting.contact_number]
        for each in by_contact:
            greeting_days.have_neighbours_look_in(session, each, Channel.SMS, now, limits.zone)
        if by_contact:
            return _tell(session, by_contact, words.write_neighbours_asked)
    elif any(_says_well(session, each, body) for each in asked):
        if len(asked) > 1 and not all(_is_named(session, each, body) for each in asked):
            return _ask_which(session, asked, now)
        for each in asked:
            greeting_days.take_answer(session, each, Channel.SMS, now)
        return _tell(session, asked, words.write_seen)
    for each in asked:
        greeting_asked.note_human_sign(session, each.delivery, Channel.SMS, now, each.number)
    return _tell(session, asked, words.write_how_to_say)


def _is_named(session: Session, asked: Asked, body: str) -> bool:
    return names(body, greeting_days.name_home(session, asked, words.CHINESE))


def _tell(session: Session, asked: list[Asked], write: Callable[[str, str], str]) -> Answered:
    language = asked[0].delivery.language
    homes = [greeting_days.name_home(session, each, language) for each in asked]
    joined = ("、" if language == words.CHINESE else ", ").join(homes)
    return Answered(write(joined, language), asked[0].delivery.incident_id)


def _ask_which(session: Session, asked: list[Asked], now: datetime, own: Asked | None = None) -> Answered:
    """Several households wait for an answer, and the text names none: nothing is guessed."""
    for each in [*asked, *([] if own is None else [own])]:
        greeting_asked.note_human_sign(session, each.delivery, Channel.SMS, now, each.number)
    language = asked[0].delivery.language
    homes = [greeting_days.name_home(session, each, language) for each in asked]
    return Answered(words.ask_which(homes, language, own=own is not None), asked[0].delivery.incident_id)


def _call_for(
    session: Session,
    asked: list[Asked],
    found: Understood,
    body: str,
    carrier_key: str,
    now: datetime,
    limits: Limits,
) -> Answered:
    """For each of them; who wrote for two is told which ones."""
    said, raised = found.words or body.strip(), []
    for at, each in enumerate(asked):
        key = carrier_key if not at else f"{carrier_key}:{at}"
        raised.append(call_for(session, each, said, key, now, limits, found=found))
    out = [each for each, one in zip(asked, raised, strict=True) if one is not None]
    line = _tell(session, out or asked, partial(words.write_called_for, raised=bool(out))).line
    return Answered(line, next((one.incident_id for one in raised if one is not None), None))


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
        greeting_asked.note_human_sign(session, asked.delivery, Channel.SMS, now, asked.number)
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
    phone = greeting_calls.find_phone(session, greeting)
    if phone is None:
        return None
    trigger = Trigger(carrier_key, phone.number, Channel.SMS, text=quote, by_others=True)
    if found is not None:
        trigger = replace(trigger, category=found.category)
    raised = raise_alarm(session, trigger, now, limits)
    return raised if raised.outcome in {Outcome.RAISED, Outcome.JOINED} else None
