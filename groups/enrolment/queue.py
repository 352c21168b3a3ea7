"""Finding a household while a queue waits: by name, pinyin, door, landmark, number or what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from groups.models.enrolment import EndReason, Subscription
from groups.models.roster import Group, Household, Phone, Village
from groups.roster.search import find_meant_in_county, is_small, match_all, match_own_group, split_words

MOST_FOUND = 20
FEW_PAGES = 5
"""So many pages of those that a word may mean are put in order in a county; nobody reads on for longer."""


class EnrolmentState(StrEnum):
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
    state: EnrolmentState
    since: date | None
    plan: str
    archived: bool = False
    """Not in the roster any more."""


def find_households(
    session: Session, text: str, today: date, *, village_id: int | None = None, most: int = MOST_FOUND
) -> tuple[list[Found], bool]:
    """The households of the roster that fit every word of `text`, surest first; whether there are more of them."""
    words = split_words(text)
    if not words:
        return [], False
    if village_id is not None:
        whose = and_(match_all(words), Household.village_id == village_id)
    elif is_small(session):
        whose = match_all(words)
    else:
        whose = Household.id.in_(find_meant_in_county(session, words, (most + 1) * FEW_PAGES))
    ids = _rank(session, words, today, whose, most)
    return describe(session, ids[:most], today), len(ids) > most


def count_enrolled_outside(session: Session, village_id: int, today: date) -> int:
    """How many households of a village are signed up today and in no group: their alarm rings nobody."""
    in_none = or_(Household.group_id.is_(None), Group.archived_at.is_not(None))
    asked = (
        select(func.count())
        .select_from(Household)
        .outerjoin(Group, Group.id == Household.group_id)
        .where(Household.village_id == village_id, Household.archived_at.is_(None), in_none, _match_signed_up(today))
    )
    return session.scalar(asked) or 0


def _rank(session: Session, words: Sequence[str], today: date, whose: ColumnElement[bool], most: int) -> Sequence[int]:
    """The first of these households of the roster, and one more where there are more, surest first."""
    whole = words[0] if len(words) == 1 else ""
    surest = or_(func.lower(Household.head) == whole, func.lower(Household.door) == whole)
    question = (
        select(Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, match_own_group())
        .where(Household.archived_at.is_(None), Village.archived_at.is_(None), whose)
        # Whoever stands in the queue has not signed up yet.
        .order_by(
            surest.desc(), _match_signed_up(today), Village.code, Group.id.is_(None), Group.position, Household.position
        )
        .limit(most + 1)
    )
    return session.scalars(question).all()


def describe(session: Session, households: Sequence[int], today: date) -> list[Found]:
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
    numbers, last = _read_numbers(session, households), _read_last_subscriptions(session, households)
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
            *find_state(last.get(number), today),
            archived_at is not None,
        )
        for number, village_id, village, group, door, landmark, head, archived_at in rows
    }
    return [found[number] for number in households if number in found]


def _read_numbers(session: Session, households: Sequence[int]) -> dict[int, list[str]]:
    """The phones of each of these, as they are rung."""
    numbers: dict[int, list[str]] = {number: [] for number in households}
    for household_id, number in session.execute(
        select(Phone.household_id, Phone.number)
        .where(Phone.household_id.in_(households), Phone.archived_at.is_(None))
        .order_by(Phone.rank, Phone.id)
    ):
        numbers[household_id].append(number)
    return numbers


def _read_last_subscriptions(session: Session, households: Sequence[int]) -> dict[int, Subscription]:
    rows = session.scalars(
        select(Subscription).where(Subscription.household_id.in_(households)).order_by(Subscription.starts_on)
    )
    return {row.household_id: row for row in rows}


def find_state(last: Subscription | None, today: date) -> tuple[EnrolmentState, date | None, str]:
    """How it is with a household whose last subscription is this one: since when, under which plan."""
    if last is None:
        return EnrolmentState.NONE, None, ""
    if last.ends_on is None or last.ends_on > today:
        return EnrolmentState.ACTIVE, last.starts_on, last.plan
    kind = EnrolmentState.SUSPENDED if last.end_reason is EndReason.SUSPENDED else EnrolmentState.ENDED
    return kind, last.ends_on, last.plan


def _match_signed_up(today: date) -> ColumnElement[bool]:
    return exists().where(
        Subscription.household_id == Household.id, Subscription.ends_on.is_(None) | (Subscription.ends_on > today)
    )
