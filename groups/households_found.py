"""Finding a household while a queue waits: by name, pinyin, door, landmark, number or what it was given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from groups.enrolment_models import Device
from groups.models import EndReason, Group, Household, Phone, Subscription, Village
from groups.rules.texts import tidied

MOST_FOUND = 20
_MOST_WORDS = 5


class StandingKind(StrEnum):
    """How it is with a household on a day."""

    NONE = "none"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Found:
    """A household, where it is, its numbers in E.164 as they are rung, and how it is with its subscription."""

    id: int
    village_id: int
    village: str
    group: str
    door: str
    landmark: str
    head: str
    numbers: tuple[str, ...]
    standing: StandingKind
    since: date | None
    plan: str
    archived: bool = False
    """Not in the roster any more."""


def find_households(
    session: Session, text: str, today: date, *, village_id: int | None = None, most: int = MOST_FOUND
) -> tuple[list[Found], bool]:
    """The households of the roster that fit every word of `text`, surest first; whether there are more of them."""
    words = [word for part in text[:80].split() if (word := tidied(part).casefold())][:_MOST_WORDS]
    if not words:
        return [], False
    whole = words[0] if len(words) == 1 else ""
    surest = or_(func.lower(Household.head) == whole, func.lower(Household.door) == whole)
    question = (
        select(Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Household.archived_at.is_(None), Village.archived_at.is_(None), *(_fits(word) for word in words))
        # Whoever stands in the queue has not signed up yet.
        .order_by(
            surest.desc(), _signed_up(today), Village.code, Group.id.is_(None), Group.position, Household.position
        )
        .limit(most + 1)
    )
    if village_id is not None:
        question = question.where(Household.village_id == village_id)
    ids = list(session.scalars(question))
    return described(session, ids[:most], today), len(ids) > most


def described(session: Session, households: Sequence[int], today: date) -> list[Found]:
    """These households as they are on `today`, in their order."""
    rows = session.execute(
        select(
            Household.id,
            Household.village_id,
            Village.name,
            Group.name,
            Household.door,
            Household.landmark,
            Household.head,
            Household.archived_at,
        )
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Household.id.in_(households))
    )
    numbers: dict[int, list[str]] = {number: [] for number in households}
    for household_id, number in session.execute(
        select(Phone.household_id, Phone.number)
        .where(Phone.household_id.in_(households), Phone.archived_at.is_(None))
        .order_by(Phone.rank, Phone.id)
    ):
        numbers[household_id].append(number)
    last = {
        row.household_id: row
        for row in session.scalars(
            select(Subscription).where(Subscription.household_id.in_(households)).order_by(Subscription.starts_on)
        )
    }
    found = {
        number: Found(
            number,
            village_id,
            village,
            group or "",
            door,
            landmark,
            head,
            tuple(numbers[number]),
            *standing_of(last.get(number), today),
            archived_at is not None,
        )
        for number, village_id, village, group, door, landmark, head, archived_at in rows
    }
    return [found[number] for number in households if number in found]


def standing_of(last: Subscription | None, today: date) -> tuple[StandingKind, date | None, str]:
    """How it is with a household whose last subscription is this one: since when, under which plan."""
    if last is None:
        return StandingKind.NONE, None, ""
    if last.ends_on is None or last.ends_on > today:
        return StandingKind.ACTIVE, last.starts_on, last.plan
    kind = StandingKind.SUSPENDED if last.end_reason is EndReason.SUSPENDED else StandingKind.ENDED
    return kind, last.ends_on, last.plan


def _signed_up(today: date) -> ColumnElement[bool]:
    return exists().where(
        Subscription.household_id == Household.id, Subscription.ends_on.is_(None) | (Subscription.ends_on > today)
    )


def _fits(word: str) -> ColumnElement[bool]:
    """Whether a word is of this household: a piece of its name, the beginning of its pinyin, its door, a number."""
    ways = [
        Household.search.contains(f" {word}", autoescape=True),
        Household.head.contains(word, autoescape=True),
        Household.landmark.contains(word, autoescape=True),
        func.lower(Household.door).startswith(word, autoescape=True),
        Village.name.contains(word, autoescape=True),
        Group.name == word,
    ]
    digits = re.sub(r"[^\d]", "", word)
    if len(digits) >= 4:
        number = Phone.number.contains(digits.removeprefix("0"), autoescape=True)
        ways.append(exists().where(Phone.household_id == Household.id, Phone.archived_at.is_(None), number))
        billed = Subscription.number.contains(digits.removeprefix("0"), autoescape=True)
        ways.append(exists().where(Subscription.household_id == Household.id, billed))
    if len(word) >= 4 and word.isascii():
        ways.append(
            exists().where(
                Device.household_id == Household.id, Device.returned_on.is_(None), Device.serial == word.upper()
            )
        )
    return or_(*ways)
