"""How somebody is asked whether they are well: by which phone, by call or text, with which words."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Delivery
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.upkeep.greetings import GreetingStep
from joint_defense.rules.wording import greetings as words


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
