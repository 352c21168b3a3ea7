"""News of good mornings to whoever answers for them: a day that was left open, somebody who cannot be asked any more.

These are texts, and none goes out at night.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from config.database import insert_rows
from groups import directory
from groups.directory import Caller, Recipient
from joint_defense.delivery.plan import make_row
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Delivery
from joint_defense.rules.parties import DRILL, NOTICE
from joint_defense.rules.states import FIRST_TIME, Channel, Purpose
from joint_defense.rules.upkeep.greetings import find_morning, is_night
from joint_defense.rules.wording import greetings as words

NEWS = replace(FIRST_TIME, round=3)
"""Told apart from the texts that ask somebody to look in, and from those that call it off."""
OFFICERS = frozenset({directory.Role.LEADER, directory.Role.DEPUTY})
log = structlog.stdlib.get_logger(__name__)


def tell_left_open(
    session: Session, greeting: Greeting, day: GreetingDay, phone: Caller, now: datetime, zone: ZoneInfo, *, asked: bool
) -> None:
    """Leader, deputy and whoever enrolled them are told of a day that ended without an answer, and was not gone
    through with. `asked`: they were reached then.
    """

    def write(language: str) -> str:
        home, place = name_household(phone, language)
        return words.write_left_open(home, place, day.day, language, asked=asked)

    officers = [each for each in directory.list_recipients(session, phone, now) if each.role in OFFICERS]
    whom = [*officers, *_find_enrollers(session, greeting, now, zone)]
    if day.incident_id is not None:
        _send(session, day.incident_id, whom, write, now, zone)


def tell_unasked(
    session: Session, greeting: Greeting, incident_id: int, phone: Caller | None, now: datetime, zone: ZoneInfo
) -> None:
    """Whoever enrolled them is told that they cannot be asked. `phone` None: the household has none any more."""

    def write(language: str) -> str:
        home = f"#{greeting.id}" if phone is None else name_household(phone, language)[0]
        return words.write_unasked(home, language)

    _send(session, incident_id, _find_enrollers(session, greeting, now, zone), write, now, zone)


def tell_gone(session: Session, greeting: Greeting, incident_id: int, now: datetime, zone: ZoneInfo) -> None:
    """Whoever enrolled them is told that the greeting has ended, for their household has left the roster."""
    was = directory.read_phones(session, [greeting.phone_id]).get(greeting.phone_id)

    def write(language: str) -> str:
        if was is None:
            return words.write_gone(f"#{greeting.id}", language)
        return words.write_gone(was.household_name if language == words.CHINESE else was.household_name_en, language)

    _send(session, incident_id, _find_enrollers(session, greeting, now, zone), write, now, zone)


def name_household(phone: Caller, language: str) -> tuple[str, str]:
    """Household and door in a language."""
    if language == words.CHINESE:
        return phone.household_name, phone.place
    return phone.household_name_en, phone.place_en


def _find_enrollers(session: Session, greeting: Greeting, now: datetime, zone: ZoneInfo) -> list[Recipient]:
    """Whoever enrolled them, where that account has a phone; else the village's heads."""
    found = directory.find_overseers(session, greeting.village_id, now.astimezone(zone))
    own = [each for each in found if each.account_id is not None and each.account_id == greeting.account_id]
    return own or [each for each in found if each.role is directory.Role.HEAD]


def _send(
    session: Session,
    incident_id: int,
    whom: Iterable[Recipient],
    write: Callable[[str], str],
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """A text to each number once; at night it waits for the morning."""
    local = now.astimezone(zone)
    due_at = find_morning(local) if is_night(local) else now
    by_number = {each.number: each for each in whom if each.may_text and not each.text_refused}
    if not by_number:
        log.error("nobody_to_tell_of_greeting", incident_id=incident_id)
    rows = [
        make_row(
            *(each, incident_id, Channel.SMS, Purpose.LOOK_IN, due_at),
            urgency=DRILL + NOTICE,
            turn=0,
            text=write(each.language),
            occasion=NEWS,
            account_id=each.account_id,
        )
        for each in by_number.values()
    ]
    insert_rows(session, Delivery, rows, skip_known=True)
