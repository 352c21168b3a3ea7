"""Which households fit what somebody has typed: each word a piece of a name, of a place or of a number.

In one village, or a small town, every household is looked at. In a county of a million that takes a second, so there
each way of being meant is asked of its index: how a name begins, its pinyin, initials or given name, how a door or a
landmark begins, a number whole, how it begins and how it ends. A piece from the middle is found in a village only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Subquery, and_, exists, func, or_, select, union_all
from sqlalchemy.orm import Session

from config.database import begins
from groups.enrolment_models import Device, DeviceKind
from groups.models import ENDING, Group, Household, Phone, Subscription, Village
from groups.rules.names import pinyin_of
from groups.rules.texts import tidied

MOST_WORDS = 5
LOOKED_AT_ONE_BY_ONE = 20_000
"""A town of no more households than this is gone through as a village is."""
_VILLAGES_MEANT = 50
_WHOLE_NUMBER = 11
_BEGINNING = 7
"""Fewer digits than this begin too many numbers to mean one."""
# Of a country's numbers these have the same beginning: a landline with its area code has ten digits, a mobile eleven.
_LENGTHS = (10, 11)


def words_of(text: str) -> list[str]:
    """The words to look for, without regard to case."""
    return [word for part in text[:80].split() if (word := tidied(part).casefold())][:MOST_WORDS]


def is_small(session: Session) -> bool:
    """Whether everybody can be looked at while somebody waits."""
    return (session.scalar(select(func.max(Household.id))) or 0) <= LOOKED_AT_ONE_BY_ONE


def fits_all(words: Sequence[str]) -> ColumnElement[bool]:
    """Whether every word is of this household. The question has `Village` and `Group` beside it."""
    return and_(*(_fits(word) for word in words))


def meant_in_county(session: Session, words: Sequence[str], few: int) -> set[int]:
    """The households of the whole county that indexes tell: at most `few` for each way in which they may be meant."""
    first, *others = sorted(words, key=_vagueness)
    ways = [_first(way, others, few) for way in _ways(first)]
    for word in words:
        if villages := _villages_called(session, word):
            rest = [other for other in words if other != word]
            ways.append(_first(Household.village_id.in_(villages), rest, few))
    return set(session.scalars(union_all(*(select(way.c.id) for way in ways))))


def _first(way: ColumnElement[bool], others: Sequence[str], few: int) -> Subquery:
    question = select(Household.id).where(Household.archived_at.is_(None), way)
    if others:
        question = (
            question.join(Village, Household.village_id == Village.id)
            .outerjoin(Group, in_its_group())
            .where(fits_all(others))
        )
    return question.limit(few).subquery()


def in_its_group() -> ColumnElement[bool]:
    """How a household's group is beside it; the village says which of all groups to look through."""
    return and_(Household.group_id == Group.id, Household.village_id == Group.village_id, Group.archived_at.is_(None))


def _ways(word: str) -> Iterator[ColumnElement[bool]]:
    """Each answered by an index of its own: by one condition of all, PostgreSQL would go through everybody."""
    yield Household.head == word
    yield begins(Household.head, word)
    if word.isascii():
        if word.isalpha():
            yield begins(Household.search, f" {word}")
            yield begins(Household.initials, word)
            yield begins(Household.given, word)
    else:
        yield and_(begins(Household.given, pinyin_of(word)), Household.head.contains(word, autoescape=True))
        yield begins(Household.landmark, word)
    for written in {word, word.upper()}:
        yield Household.door == written
        yield begins(Household.door, written)
    yield from _by_number(word)
    if len(word) >= 4 and word.isascii():
        given = Device.kind.in_(list(DeviceKind)), Device.serial == word.upper(), Device.returned_on.is_(None)
        yield Household.id.in_(select(Device.household_id).where(*given))


def _by_number(word: str) -> Iterator[ColumnElement[bool]]:
    digits = re.sub(r"[^\d]", "", word)
    if len(digits) < ENDING:
        return
    own = digits.removeprefix("0")
    rung: list[ColumnElement[bool]] = [(Phone.ending == digits[-ENDING:]) & Phone.number.endswith(own)]
    if _BEGINNING <= len(own) < _WHOLE_NUMBER:
        # Digits alone compare alike in every collation.
        rung += [
            Phone.number.between(f"+86{own:0<{length}}", f"+86{own:9<{length}}")
            & (func.length(Phone.number) == length + 3)
            for length in _LENGTHS
        ]
    numbers = [f"+{digits}", f"+86{own}"]
    if len(digits) >= _WHOLE_NUMBER - 1:
        rung.append(Phone.number.in_(numbers))
        billed = select(Subscription.household_id).where(Subscription.number.in_(numbers))
        yield Household.id.in_(billed)
    for way in rung:
        yield Household.id.in_(select(Phone.household_id).where(way, Phone.archived_at.is_(None)))


def _villages_called(session: Session, word: str) -> Sequence[int]:
    """The villages that a word may mean, the likeliest first."""
    called = select(Village.id).where(Village.name.contains(word, autoescape=True), Village.archived_at.is_(None))
    return session.scalars(called.order_by(func.length(Village.name), Village.code).limit(_VILLAGES_MEANT)).all()


def _vagueness(word: str) -> tuple[int, int]:
    """The word to ask the indexes for is the one that means the fewest."""
    if len(re.sub(r"[^\d]", "", word)) >= ENDING:
        return 0, -len(word)
    if any(sign.isdecimal() for sign in word):
        return 1, -len(word)
    says_much = len(word) > 2 or (len(word) == 2 and not word.isascii())
    return 2 if says_much else 3, -len(word)


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
    if len(digits) >= ENDING:
        number = digits.removeprefix("0")
        ways.append(_has(Phone, Phone.archived_at.is_(None), Phone.number.contains(number, autoescape=True)))
        ways.append(_has(Subscription, Subscription.number.contains(number, autoescape=True)))
    if len(word) >= 4 and word.isascii():
        ways.append(_has(Device, Device.returned_on.is_(None), Device.serial == word.upper()))
    return or_(*ways)


def _has(table: type[Phone] | type[Subscription] | type[Device], *which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.household_id == Household.id, *which)
