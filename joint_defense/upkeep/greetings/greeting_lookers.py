"""Who is to look in on somebody who does not answer their good morning, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller, Recipient
from joint_defense.delivery.plan import OnePhone, make_row
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.rules.parties import DRILL, NOTICE
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.wording import greetings as words
from joint_defense.upkeep.greetings.greeting_news import name_household

NEIGHBOURS_ASKED = 2
"""So many households are asked to look in besides leader and deputy."""


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
