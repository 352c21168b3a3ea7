"""Finding a household while a queue waits: by name, pinyin, door, landmark, number or what it was given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
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
    if village_id is None and len(words) == 1:
        sure = _surely_meant(session, words[0], most)
        if sure:
            ids = _ranked(session, words, today, Household.id.in_(sure), most)
            return described(session, ids[:most], today), len(ids) > most
    whose = _fitting(words, everywhere=village_id is None)
    if village_id is not None:
        whose = and_(whose, Household.village_id == village_id)
    ids = _ranked(session, words, today, whose, most)
    return described(session, ids[:most], today), len(ids) > most


def _ranked(
    session: Session, words: Sequence[str], today: date, whose: ColumnElement[bool], most: int
) -> Sequence[int]:
    """The first of these households of the roster, and one more where there are more, surest first."""
    whole = words[0] if len(words) == 1 else ""
    surest = or_(func.lower(Household.head) == whole, func.lower(Household.door) == whole)
    question = (
        select(Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Household.archived_at.is_(None), Village.archived_at.is_(None), whose)
        # Whoever stands in the queue has not signed up yet.
        .order_by(
            surest.desc(), _signed_up(today), Village.code, Group.id.is_(None), Group.position, Household.position
        )
        .limit(most + 1)
    )
    return session.scalars(question).all()


def _surely_meant(session: Session, word: str, most: int) -> Sequence[int]:
    """The households that a word means in the whole county as far as indexes tell; none where all must be gone through.

    To go through a million households takes a second. It is not needed for a whole number, nor for a whole name of
    three characters, nor where more begin so than a page holds.
    """
    digits = re.sub(r"[^\d]", "", word)
    in_roster = Household.archived_at.is_(None)
    if len(digits) == len(word.removeprefix("+")) >= 11:
        numbers = [f"+{digits}", f"+86{digits.removeprefix('0')}"]
        rings = select(Phone.household_id).where(Phone.number.in_(numbers), Phone.archived_at.is_(None))
        billed = select(Subscription.household_id).where(Subscription.number.in_(numbers))
        return session.scalars(select(Household.id).where(in_roster, Household.id.in_(rings.union(billed)))).all()
    few = (most + 1) * 10
    if not word.isascii():
        named = session.scalars(select(Household.id).where(in_roster, Household.head == word).limit(few)).all()
        return named if len(named) > most or len(word) >= 3 else []
    if len(word) >= 3 and word.isalpha():
        beginning = Household.search.startswith(f" {word}", autoescape=True)
        begun = session.scalars(select(Household.id).where(in_roster, beginning).limit(few)).all()
        return begun if len(begun) > most else []
    return []


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


def _fitting(words: Sequence[str], *, everywhere: bool) -> ColumnElement[bool]:
    return and_(*(_fits(word, everywhere) for word in words))


def _fits(word: str, everywhere: bool) -> ColumnElement[bool]:
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
        number = digits.removeprefix("0")
        ways.append(
            _has(Phone, everywhere, Phone.archived_at.is_(None), Phone.number.contains(number, autoescape=True))
        )
        # By the index, past those that have none.
        billed = Subscription.number > "", Subscription.number.contains(number, autoescape=True)
        ways.append(_has(Subscription, everywhere, *billed))
    if len(word) >= 4 and word.isascii():
        ways.append(_has(Device, everywhere, Device.returned_on.is_(None), Device.serial == word.upper()))
    return or_(*ways)


def _has(
    table: type[Phone] | type[Subscription] | type[Device], everywhere: bool, *which: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether a household has such a row: asked once for the county, or for each household of a village."""
    if everywhere:
        return Household.id.in_(select(table.household_id).where(*which))
    return exists().where(table.household_id == Household.id, *which)
