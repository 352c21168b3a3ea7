"""Finding in the roster: the town's villages a page at a time, and a village's households by what people type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from groups.errors import UnknownVillage
from groups.models import Group, Household, Phone, Village
from groups.roster_reading import HouseLine, group_names, houses_where
from groups.rules.phone import digits_of
from groups.rules.texts import tidied

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


def villages(session: Session, text: str = "", after: str = "") -> tuple[list[VillageLine], str | None]:
    """The town's villages by code, those whose name or code has `text`, a page behind the code `after`; the last code
    of the page where more follow.
    """
    question = select(Village).where(Village.archived_at.is_(None), Village.code > after).order_by(Village.code)
    if text := tidied(text):
        question = question.where(
            Village.name.contains(text, autoescape=True) | (func.lower(Village.code) == text.casefold())
        )
    found = session.scalars(question.limit(VILLAGES_A_PAGE + 1)).all()
    page = found[:VILLAGES_A_PAGE]
    ids = [village.id for village in page]
    groups, houses = _counts(session, Group, ids), _counts(session, Household, ids)
    lines = [
        VillageLine(village.id, village.code, village.name, groups.get(village.id, 0), houses.get(village.id, 0))
        for village in page
    ]
    return lines, page[-1].code if len(found) > len(page) else None


def villages_meant(session: Session, text: str) -> Sequence[Row[int, str, str]]:
    """The villages, each `id`, `code` and `name`, that a code or a name may mean: those called just so, or else those
    whose name has the words, at most a page of them.
    """
    if not (text := tidied(text)):
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


def the_village(session: Session, text: str) -> Row[int, str, str]:
    """The village that a code or a name means. Raises UnknownVillage, naming those that it might mean."""
    found = villages_meant(session, text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownVillage("没有这个村，请填村名或代码 no village is called so: enter its name or code")
    known = "、".join(f"{each.name}（{each.code}）" for each in found[:5])
    raise UnknownVillage(f"不止一个村：{known} more than one village is called so")


def search(session: Session, village_id: int, text: str, now: datetime) -> list[Found]:
    """The village's households whose head is called so, in characters, pinyin or initials, or whose door or number
    has it: at most fifty, those whose name begins so first.
    """
    text = tidied(text).casefold()[:64]
    if not text:
        return []
    wanted: list[ColumnElement[bool]] = [
        Household.search.contains(f" {text.replace(' ', '')}", autoescape=True),
        Household.head.contains(text, autoescape=True),
        func.lower(Household.door).contains(text, autoescape=True),
        Household.landmark.contains(text, autoescape=True),
    ]
    if len(digits := digits_of(text)) >= 3:
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
    houses = houses_where(session, (Household.village_id == village_id) & or_(*wanted), now, limit=MOST_FOUND)
    names = dict(group_names(session, village_id))
    village = session.get_one(Village, village_id)
    found = [Found(house, names.get(house.group_id or 0, ""), village.name) for house in houses]
    return sorted(found, key=lambda each: not each.household.head.casefold().startswith(text))


def _counts(session: Session, model: type[Group] | type[Household], villages: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(model.village_id, func.count())
        .where(model.village_id.in_(villages), model.archived_at.is_(None))
        .group_by(model.village_id)
    )
    return dict(rows.all())
