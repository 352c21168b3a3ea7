"""How somebody is asked whether they are well, by which phone and in which words; and who is to look in on them where
they do not answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller, Recipient
from joint_defense.delivery.plan import OnePhone, make_row
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Delivery
from joint_defense.rules.parties import DRILL, NOTICE
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.upkeep.greetings import GreetingStep
from joint_defense.rules.wording import greetings as words
from joint_defense.upkeep.greeting_news import name_household

NEIGHBOURS_ASKED = 2
"""So many households are asked to look in besides leader and deputy."""


def read_asked(session: Session, day: GreetingDay) -> Sequence[Delivery]:
    """Calls and texts to themselves on that day, the last first."""
    asked = select(Delivery).where(Delivery.incident_id == day.incident_id, Delivery.purpose == Purpose.GREETING)
    return session.scalars(asked.order_by(Delivery.round.desc())).all()


def write_greeting(phone: Caller, channel: Channel) -> str:
    """What they hear or read. Of a call the keys stand in a line of their own."""
    name = phone.household_name if phone.language == words.CHINESE else phone.household_name_en
    if channel is Channel.SMS:
        return words.write_greeting_text(name, phone.language)
    return f"{words.write_greeting(name, phone.language)}\n{words.say_how_to_answer(phone.language)}"


def find_phone(session: Session, greeting: Greeting) -> Caller | None:
    """The phone of theirs that is asked; the household's first one where that is not on the roster any more."""
    found = directory.find_phone(session, greeting.phone_id)
    if found is not None and found.household_id == greeting.household_id:
        return found
    others = directory.list_phones(session, [greeting.household_id])
    by_call = greeting.channel is Channel.CALL
    ordered = sorted(others, key=lambda each: not (each.may_call if by_call else each.may_text))
    return None if not ordered else directory.find_phone(session, ordered[0].phone_id)


def find_channels(
    session: Session, greeting: Greeting, day: GreetingDay | None, step: GreetingStep
) -> tuple[Caller | None, list[Channel]]:
    """The phone that is asked, and by what; not by what it has refused today."""
    phone = find_phone(session, greeting)
    if phone is None:
        return None, []
    asked = [] if day is None else read_asked(session, day)
    refused = {each.channel for each in asked if each.number == phone.number and each.failure == "refused"}
    return phone, _choose_channels(session, phone, greeting.channel, step, refused)


def _choose_channels(
    session: Session, phone: Caller, wished: Channel, step: GreetingStep, refused: set[Channel]
) -> list[Channel]:
    takes = {
        Channel.CALL: phone.may_call,
        Channel.SMS: phone.may_text and not directory.find_opted_out(session, [phone.number]),
    }
    able = [each for each in sorted(takes, key=lambda each: each is not wished) if takes[each] and each not in refused]
    return able if step is GreetingStep.THIRD else able[:1]


def plan_contact(
    session: Session, day: GreetingDay, greeting: Greeting, phone: Caller, now: datetime
) -> list[dict[str, Any]]:
    """A call, and a text where the number takes one."""
    known = directory.find_caller(session, greeting.contact_number)
    language = words.CHINESE if known is None else known.language
    home, place = name_household(phone, language)
    contact = OnePhone(
        greeting.household_id if known is None else known.household_id,
        *(greeting.contact_name, greeting.contact_name),
        number=greeting.contact_number,
        language=language,
        phone_id=None if known is None else known.phone_id,
    )
    said = {Channel.CALL: f"{words.say_to_contact(home, language)}\n{words.say_contacts_keys(language)}"}
    if greeting.contact_texts:
        said[Channel.SMS] = words.write_to_contact(home, place, language)
    return [_make_look_in(day, contact, channel, text, now) for channel, text in said.items()]


def _make_look_in(
    day: GreetingDay, whom: OnePhone | Recipient, channel: Channel, text: str, now: datetime
) -> dict[str, Any]:
    urgency = DRILL if channel is Channel.CALL else DRILL + NOTICE
    if day.incident_id is None:
        raise ValueError("a day without an incident")
    row = (whom, day.incident_id, channel, Purpose.LOOK_IN, now)
    account_id = whom.account_id if isinstance(whom, Recipient) else None
    return make_row(*row, urgency=urgency, turn=0, text=text, account_id=account_id)


def plan_neighbours(
    session: Session, day: GreetingDay, phone: Caller, now: datetime, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """A text, or to whoever takes none a call, to each of those who are to look in."""
    rows = []
    for each in _choose_neighbours(session, phone, now, zone):
        home, place = name_household(phone, each.language)
        if each.may_text and not each.text_refused:
            channel, text = Channel.SMS, words.write_to_neighbour(home, place, each.language)
        else:
            said = words.say_to_neighbour(home, place, each.language)
            channel, text = Channel.CALL, f"{said}\n{words.say_neighbours_keys(each.language)}"
        rows.append(_make_look_in(day, each, channel, text, now))
    return rows


def _choose_neighbours(session: Session, phone: Caller, now: datetime, zone: ZoneInfo) -> list[Recipient]:
    """Leader, deputy and the nearest neighbours who are at home, a phone each; without a group the village's heads."""
    found = directory.list_recipients(session, phone, now)
    away = directory.find_away(session, {each.household_id for each in found if each.household_id is not None}, now)
    by_household: dict[int | None, Recipient] = {}
    for each in sorted(found, key=lambda one: not (one.may_text and not one.text_refused)):
        takes = (each.may_text and not each.text_refused) or (each.may_call and not each.call_refused)
        if takes and each.household_id not in away:
            by_household.setdefault(each.household_id, each)
    officers = [each for each in by_household.values() if each.role in {directory.Role.LEADER, directory.Role.DEPUTY}]
    others = [each for each in by_household.values() if each not in officers]
    near = sorted(others, key=lambda each: each.distance)[:NEIGHBOURS_ASKED]
    heads = [
        each
        for each in directory.find_overseers(session, phone.village_id, now.astimezone(zone))
        if each.role is directory.Role.HEAD and each.may_text
    ]
    return [*officers, *near] or heads
