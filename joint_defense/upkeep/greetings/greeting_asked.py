"""Who was asked about a good morning: the days that wait for a household's answer, and the sign of a person in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from groups import directory
from joint_defense.incidents.answers import make_acknowledgement
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Acknowledgement, Delivery
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, Purpose
from joint_defense.upkeep.checks import note_answer


@dataclass(frozen=True, slots=True)
class Asked:
    """A day that a household was asked about, and by which call or text. `number`: whose answer it is, where another
    phone of the household answers; empty for the phone that was asked.
    """

    day: GreetingDay
    greeting: Greeting
    delivery: Delivery
    number: str = ""


def list_asked(session: Session, number: str, closed_since: datetime | None = None) -> list[Asked]:
    """Every open day that this number's household was called or texted about, the last one first. Any phone of a
    household answers for the one that was asked.

    `closed_since`: besides, the days closed since then for which it was to look in on somebody.
    """
    waits: list[ColumnElement[bool]] = [GreetingDay.closed_at.is_(None)]
    if closed_since is not None:
        waits.append(and_(GreetingDay.closed_at >= closed_since, Delivery.purpose == Purpose.LOOK_IN))
    rows = session.execute(
        select(GreetingDay, Greeting, Delivery)
        .join(Greeting, Greeting.id == GreetingDay.greeting_id)
        .join(Delivery, Delivery.incident_id == GreetingDay.incident_id)
        .where(
            Delivery.number.in_(list_numbers(session, number)),
            Delivery.purpose.in_((Purpose.GREETING, Purpose.LOOK_IN)),
            Delivery.attempt_count > 0,
            or_(*waits),
        )
        .order_by(Delivery.id.desc())
    )
    found: dict[int, Asked] = {}
    for day, greeting, delivery in rows:
        found.setdefault(day.id, Asked(day, greeting, delivery, number))
    return list(found.values())


def list_numbers(session: Session, number: str) -> list[str]:
    """The number, and the others of its household where the roster knows it."""
    caller = directory.find_caller(session, number)
    theirs = [] if caller is None else directory.list_phones(session, [caller.household_id])
    return [number, *(each.number for each in theirs if each.number != number)]


def note_human_sign(session: Session, delivery: Delivery, channel: Channel, now: datetime, number: str = "") -> None:
    """A person has pressed a key or written there. Once is enough.

    `number`: of the phone that they did it with, where it is another one of the household: that says nothing of the
    phone that was asked.
    """
    number = number or delivery.number
    given = select(Acknowledgement.id).where(
        Acknowledgement.incident_id == delivery.incident_id, Acknowledgement.number == number
    )
    if session.scalar(given.limit(1)) is not None:
        return
    sign = make_acknowledgement(delivery, Answer.COMING, channel, now)
    sign.number = number
    session.add(sign)
    if number == delivery.number:
        note_answer(session, delivery.phone_id)
