"""The line of a good morning: keys and words of whoever is asked, their contact and their neighbours.

Only a key, or words that say so, mean that somebody is well: a voicemail picks up, too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from flask import request
from sqlalchemy.orm import Session

from joint_defense.alarms import greeting_answers
from joint_defense.alarms.intake import IntakeResult, Trigger, raise_alarm
from joint_defense.carriers import twiml
from joint_defense.carriers.port import InboundCall
from joint_defense.models.incidents import Delivery
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.triggers import make_alarm_key
from joint_defense.rules.understanding.meanings import Meaning, Understood, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.upkeep.greeting_words import says_helpless
from joint_defense.rules.upkeep.greetings import AWAY_FOR, says_well
from joint_defense.rules.wording import greetings as words
from joint_defense.upkeep.greetings import greeting_asked, greeting_days, wishes
from joint_defense.upkeep.greetings.greeting_asked import Asked
from joint_defense.webhooks.common import has_speech, make_address, read_line_account

TIMEOUT = 6


def take_answer(
    session: Session, delivery: Delivery, call: InboundCall, number: int, now: datetime
) -> tuple[str, IntakeResult | None]:
    """A key or words on such a call: what is said to it, or the alarm that it raises for the household on the line."""
    asked = greeting_days.find_of_delivery(session, delivery)
    if asked is None:
        return twiml.say([]), None
    if call.caller not in get_runtime().settings.own_numbers:
        # A call back, maybe by another phone of the household.
        asked = replace(asked, number=call.caller)
    if delivery.purpose is Purpose.LOOK_IN:
        return _take_for_another(session, asked, call, number, now), None
    found = understand(call.speech, Writer.AT_REST) if call.speech and not call.keys else None
    if call.keys in {words.HELP_KEY, "#"} or (found is not None and found.meaning is Meaning.ALARM):
        # "#" is the first half of #9.
        return "", _raise_own(session, asked, call, found, now)
    language = delivery.language
    if call.keys == words.AWAY_KEY:
        return _go_away(session, asked, number, now), None
    if call.keys == words.WELL_KEY or (found is not None and says_well(call.speech)):
        greeting_days.take_answer(session, asked, Channel.CALL, now)
        return twiml.say([(words.say_thanks(language), language)]), None
    if call.speech and not call.keys and says_helpless(call.speech):
        greeting_days.ask_neighbours_now(session, asked, Channel.CALL, now, get_runtime().settings.zone)
        return twiml.say([(words.say_looked_after(language), language)]), None
    if call.keys:
        greeting_asked.note_human_sign(session, delivery, Channel.CALL, now, asked.number)
    return _ask_again(delivery, number, words.say_wrong_key(language)), None


def answer_call_back(session: Session, asked: Asked) -> str:
    """Somebody who missed such a call calls back: the same keys, and #9; anything else is the menu's."""
    delivery, language = asked.delivery, asked.delivery.language
    home = greeting_days.name_home(session, asked, language)
    if delivery.channel is Channel.CALL:
        said = (delivery.text or "").replace("\n", "")
    elif delivery.purpose is Purpose.GREETING:
        said = words.write_greeting(home, language) + words.say_how_to_answer(language)
    else:
        said = words.say_call_back(home, language)
    # 9 calls everybody to the door of whoever they were to look in on; #9, the menu's, to their own.
    address = make_address(f"/voice/callback/{delivery.id}?about={_name_about(delivery)}")
    return twiml.ask([(said, language)], action=address, then=make_address("/voice/menu/1"), keys=1, timeout=TIMEOUT)


def _name_about(delivery: Delivery) -> str:
    return words.ABOUT_SELF if delivery.purpose is Purpose.GREETING else words.ABOUT_OTHER


def _raise_own(
    session: Session, asked: Asked, call: InboundCall, found: Understood | None, now: datetime
) -> IntakeResult:
    trigger = Trigger(
        make_alarm_key(call.sid),
        asked.number or asked.delivery.number,
        Channel.CALL,
        text="" if found is None else found.words,
        call_sid=call.sid,
        line_account=read_line_account(),
        holds_for=get_runtime().patience.gone_after,
    )
    return raise_alarm(session, trigger, now, get_runtime().limits)


def _go_away(session: Session, asked: Asked, number: int, now: datetime) -> str:
    """For a week, at once; a digit changes it."""
    delivery, zone = asked.delivery, get_runtime().settings.zone
    until = now.astimezone(zone).date() + AWAY_FOR
    greeting_asked.note_human_sign(session, delivery, Channel.CALL, now, asked.number)
    if asked.greeting.ended_at is None:
        wishes.pause(session, asked.greeting, until, delivery.household_name, now, zone)
    address = make_address(f"/voice/away/{delivery.id}/{number}")
    lines = [(words.say_away(until, delivery.language), delivery.language)]
    return twiml.ask(lines, action=address, then=address, keys=1, timeout=TIMEOUT)


def change_days(session: Session, delivery: Delivery, key: str, now: datetime) -> str:
    """For how many days they are away; another key, or none, leaves it at a week."""
    asked, zone = greeting_days.find_of_delivery(session, delivery), get_runtime().settings.zone
    language = delivery.language
    if asked is None or asked.greeting.ended_at is not None or asked.greeting.paused_until is None:
        return twiml.say([(words.say_thanks(language), language)])
    if key and key in "123456789":
        until = now.astimezone(zone).date() + timedelta(days=int(key))
        wishes.pause(session, asked.greeting, until, delivery.household_name, now, zone)
    return twiml.say([(words.say_away_changed(asked.greeting.paused_until, language), language)])


def _take_for_another(session: Session, asked: Asked, call: InboundCall, number: int, now: datetime) -> str:
    delivery, language = asked.delivery, asked.delivery.language
    home = greeting_days.name_home(session, asked, language)
    by_contact = delivery.number == asked.greeting.contact_number
    if call.keys == words.WELL_KEY:
        greeting_days.take_answer(session, asked, Channel.CALL, now)
        return twiml.say([(words.say_seen(home, language), language)])
    if call.keys == words.LOOK_IN_KEY and by_contact:
        zone = get_runtime().settings.zone
        greeting_days.have_neighbours_look_in(session, asked, Channel.CALL, now, zone)
        return twiml.say([(words.say_neighbours_asked(home, language), language)])
    if call.keys == words.HELP_KEY:
        limits = get_runtime().limits
        raised = greeting_answers.call_for(session, asked, "", make_alarm_key(call.sid), now, limits)
        return twiml.say([(words.say_called_for(home, language, raised=raised is not None), language)])
    keys = words.say_contacts_keys(language) if by_contact else words.say_neighbours_keys(language)
    return _ask_again(delivery, number, keys)


def ask_again(delivery: Delivery, number: int) -> str:
    """No key on such a call: the keys once more, and words count too; in the end the last words."""
    language = delivery.language
    if request.args.get("last") == "1" or delivery.purpose is Purpose.LOOK_IN:
        address = make_address(f"/voice/answer/{delivery.id}/{number}?about={_name_about(delivery)}")
        return twiml.say_farewell([(words.say_no_key_pressed(language), language)], action=address)
    return _ask_again(delivery, number, words.say_how_to_answer(language))


def _ask_again(delivery: Delivery, number: int, said: str) -> str:
    language = delivery.language
    return twiml.ask(
        [(said, language)],
        action=make_address(f"/voice/answer/{delivery.id}/{number}?about={_name_about(delivery)}"),
        then=make_address(f"/voice/again/{delivery.id}/{number}?last=1"),
        keys=1,
        timeout=TIMEOUT,
        hears=language if has_speech() and delivery.purpose is Purpose.GREETING else "",
    )
