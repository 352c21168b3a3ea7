"""Which households fit what somebody has typed: each word a piece of a name, of a place or of a number.

In one village, or a small town, every household is looked at. In a county of a million that takes a second, so there
each way of being meant is asked of its index: how a name begins, its pinyin, initials or given name, how a door or a
landmark begins, a number whole, how it begins and how it ends. A piece from the middle is found in a village only.

Finding in the roster: the town's villages a page at a time, and a village's households by what people type.

What households and phones are found by, written anew: for rows of an earlier release, or after other readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Subquery, and_, exists, func, or_, select, union_all
from sqlalchemy.orm import Session

from config.database import match_beginning, update_rows
from groups.errors import UnknownVillage, say
from groups.models.enrolment import Device, DeviceKind, Subscription
from groups.models.roster import ENDING, Group, Household, Phone, Village
from groups.roster.reading import HouseLine, list_group_names, list_houses_where
from groups.rules.names import make_keys, spell
from groups.rules.phone import find_digits
from groups.rules.typed_text import tidy

MOST_WORDS = 5
LOOKED_AT_ONE_BY_ONE = 20_000
"""A town of no more households than this is gone through as a village is."""
_VILLAGES_MEANT = 50
_WHOLE_NUMBER = 11
_BEGINNING = 7
"""Fewer digits than this begin too many numbers to mean one."""
# Of a country's numbers these have the same beginning: a landline with its area code has ten digits, a mobile eleven.
_LENGTHS = (10, 11)


def split_words(text: str) -> list[str]:
    """The words to look for, without regard to case."""
    return [word for part in text[:80].split() if (word := tidy(part).casefold())][:MOST_WORDS]


def is_small(session: Session) -> bool:
    """Whether everybody can be looked at while somebody waits."""
    return (session.scalar(select(func.max(Household.id))) or 0) <= LOOKED_AT_ONE_BY_ONE


def match_all(words: Sequence[str]) -> ColumnElement[bool]:
    """Whether every word is of this household. The question has `Village` and `Group` beside it."""
    return and_(*(_match_word(word) for word in words))


def find_meant_in_county(session: Session, words: Sequence[str], few: int) -> set[int]:
    """The households of the whole county that indexes tell: at most `few` for each way in which they may be meant."""
    first, *others = sorted(words, key=_measure_vagueness)
    ways = [_select_first(way, others, few) for way in _list_ways(first)]
    for word in words:
        if villages := _find_villages_called(session, word):
            rest = [other for other in words if other != word]
            ways.append(_select_first(Household.village_id.in_(villages), rest, few))
    return set(session.scalars(union_all(*(select(way.c.id) for way in ways))))


def _select_first(way: ColumnElement[bool], others: Sequence[str], few: int) -> Subquery:
    question = select(Household.id).where(Household.archived_at.is_(None), way)
    if others:
        question = (
            question.join(Village, Household.village_id == Village.id)
            .outerjoin(Group, match_own_group())
            .where(match_all(others))
        )
    return question.limit(few).subquery()


def match_own_group() -> ColumnElement[bool]:
    """How a household's group is beside it; the village says which of all groups to look through."""
    return and_(Household.group_id == Group.id, Household.village_id == Group.village_id, Group.archived_at.is_(None))


def _list_ways(word: str) -> Iterator[ColumnElement[bool]]:
    """Each answered by an index of its own: by one condition of all, PostgreSQL would go through everybody."""
    yield Household.head == word
    yield match_beginning(Household.head, word)
    if word.isascii():
        if word.isalpha():
            yield match_beginning(Household.search, f" {word}")
            yield match_beginning(Household.initials, word)
            yield match_beginning(Household.given, word)
    else:
        yield and_(match_beginning(Household.given, spell(word)), Household.head.contains(word, autoescape=True))
        yield match_beginning(Household.landmark, word)
    for written in {word, word.upper()}:
        yield Household.door == written
        yield match_beginning(Household.door, written)
    yield from _match_numbers(word)
    if len(word) >= 4 and word.isascii():
        given = Device.kind.in_(list(DeviceKind)), Device.serial == word.upper(), Device.returned_on.is_(None)
        yield Household.id.in_(select(Device.household_id).where(*given))


def _match_numbers(word: str) -> Iterator[ColumnElement[bool]]:
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


def _find_villages_called(session: Session, word: str) -> Sequence[int]:
    """The villages that a word may mean, the likeliest first."""
    called = select(Village.id).where(Village.name.contains(word, autoescape=True), Village.archived_at.is_(None))
    return session.scalars(called.order_by(func.length(Village.name), Village.code).limit(_VILLAGES_MEANT)).all()


def _measure_vagueness(word: str) -> tuple[int, int]:
    """The word to ask the indexes for is the one that means the fewest."""
    if len(re.sub(r"[^\d]", "", word)) >= ENDING:
        return 0, -len(word)
    if any(sign.isdecimal() for sign in word):
        return 1, -len(word)
    says_much = len(word) > 2 or (len(word) == 2 and not word.isascii())
    return 2 if says_much else 3, -len(word)


def _match_word(word: str) -> ColumnElement[bool]:
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


MOST_FOUND = 50
VILLAGES_A_PAGE = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A household that a search found, and where."""

    household: HouseLine
    group_name: str
    village_name: str


@dataclass(frozen=True, slots=True)
class VillageLine:
    """A village in the town's list, with how many groups and households it has."""

    id: int
    code: str
    name: str
    groups: int
    households: int


def list_villages(session: Session, text: str = "", after: str = "") -> tuple[list[VillageLine], str | None]:
    """The town's villages by code, those whose name or code has `text`, a page behind the code `after`; the last code
    of the page where more follow.
    """
    question = select(Village).where(Village.archived_at.is_(None), Village.code > after).order_by(Village.code)
    if text := tidy(text):
        question = question.where(
            Village.name.contains(text, autoescape=True) | (func.lower(Village.code) == text.casefold())
        )
    found = session.scalars(question.limit(VILLAGES_A_PAGE + 1)).all()
    page = found[:VILLAGES_A_PAGE]
    ids = [village.id for village in page]
    groups, houses = _count(session, Group, ids), _count(session, Household, ids)
    lines = [
        VillageLine(village.id, village.code, village.name, groups.get(village.id, 0), houses.get(village.id, 0))
        for village in page
    ]
    return lines, page[-1].code if len(found) > len(page) else None


def find_villages_meant(session: Session, text: str) -> Sequence[Row[int, str, str]]:
    """The villages, each `id`, `code` and `name`, that a code or a name may mean: those called just so, or else those
    whose name has the words, at most a page of them.
    """
    if not (text := tidy(text)):
        return []
    question = (
        select(Village.id, Village.code, Village.name).where(Village.archived_at.is_(None)).order_by(Village.code)
    )
    question = question.limit(VILLAGES_A_PAGE)
    called = (func.lower(Village.code) == text.casefold()) | (Village.name == text)
    return (
        session.execute(question.where(called)).all()
        or session.execute(question.where(Village.name.contains(text, autoescape=True))).all()
    )


def get_village_meant(session: Session, text: str) -> Row[int, str, str]:
    """The village that a code or a name means. Raises UnknownVillage, naming those that it might mean."""
    found = find_villages_meant(session, text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownVillage(say("no_village_called_so_enter_its"))
    known = "、".join(f"{each.name}（{each.code}）" for each in found[:5])
    raise UnknownVillage(say("more_than_one_village_called_so", known=known))


def search(session: Session, village_id: int, text: str, now: datetime) -> list[Found]:
    """The village's households whose head is called so, in characters, pinyin or initials, or whose door or number
    has it: at most fifty, those whose name begins so first.
    """
    text = tidy(text).casefold()[:64]
    if not text:
        return []
    wanted: list[ColumnElement[bool]] = [
        Household.search.contains(f" {text.replace(' ', '')}", autoescape=True),
        Household.head.contains(text, autoescape=True),
        func.lower(Household.door).contains(text, autoescape=True),
        Household.landmark.contains(text, autoescape=True),
    ]
    if len(digits := find_digits(text)) >= 3:
        numbers = (
            select(Phone.household_id)
            .join(Household, Phone.household_id == Household.id)
            .where(
                Household.village_id == village_id,
                Phone.archived_at.is_(None),
                Phone.number.contains(digits.lstrip("0")),
            )
        )
        wanted.append(Household.id.in_(numbers))
    houses = list_houses_where(session, (Household.village_id == village_id) & or_(*wanted), now, limit=MOST_FOUND)
    names = dict(list_group_names(session, village_id))
    village = session.get_one(Village, village_id)
    found = [Found(house, names.get(house.group_id or 0, ""), village.name) for house in houses]
    return sorted(found, key=lambda each: not each.household.head.casefold().startswith(text))


def _count(session: Session, model: type[Group] | type[Household], villages: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(model.village_id, func.count())
        .where(model.village_id.in_(villages), model.archived_at.is_(None))
        .group_by(model.village_id)
    )
    return dict(rows.all())


AT_ONCE = 2_000


def refresh_keys(session: Session, after: int) -> tuple[int | None, int]:
    """Put the keys of the next households right, from behind the id `after`: the last id seen, None at the end; and how
    many households were others before.
    """
    kept = (Household.id, Household.head, Household.search, Household.initials, Household.given)
    behind = select(*kept).where(Household.id > after).order_by(Household.id).limit(AT_ONCE)
    rows = session.execute(behind.with_for_update()).all()
    if not rows:
        return None, 0
    last = rows[-1][0]
    wrong = []
    for row in rows:
        keys = make_keys(row.head)
        if keys != {name: getattr(row, name) for name in keys}:
            wrong.append({"id": row.id, **keys})
    update_rows(session, Household, wrong)
    phones = select(Phone.id, Phone.number).where(
        Phone.household_id > after, Phone.household_id <= last, Phone.ending == ""
    )
    update_rows(
        session, Phone, [{"id": phone, "ending": number[-ENDING:]} for phone, number in session.execute(phones)]
    )
    return last, len(wrong)
