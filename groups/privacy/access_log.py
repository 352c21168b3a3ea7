"""Who looked at people's numbers: written down as it happens, read by person and by household; and which days of
somebody's looking are unusual, much more than they look at otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, insert, or_, select
from sqlalchemy.orm import Session

from groups.models.access_log import Look
from groups.models.roster import Household, Village

LEAST = 200
"""So many numbers in a day are nobody's concern: a village's list, opened once."""
TIMES = 3
"""So many times the usual day is unusual."""


def find_unusual_days(rows_by_day: Mapping[date, int]) -> list[date]:
    """The days, in order, on which somebody was shown at least `LEAST` numbers and over `TIMES` their usual day.

    The usual day is the median of the other days on which they looked at all; who has none has no usual day, and
    `LEAST` alone decides.
    """
    found = []
    for day, rows in sorted(rows_by_day.items()):
        others = [many for other, many in rows_by_day.items() if other != day and many]
        if rows >= LEAST and rows > TIMES * (median(others) if others else 0):
            found.append(day)
    return found


LOOKS_A_PAGE = 50
REVIEWED = timedelta(days=30)
"""So far back the sums of each person go, and what is unusual."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A look to be written down; see `groups.models.access_log.Look`."""

    who: str
    page: str
    form: str
    rows: int
    account_id: int | None = None
    village_id: int | None = None
    group_id: int | None = None
    household_id: int | None = None
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class LookLine:
    """A look as it is read: with the names of the village and the household as they are now."""

    look: Look
    village: str | None
    household: str | None


@dataclass(frozen=True, slots=True)
class LookQuestion:
    """Whose looks: a person's by the account or by letters of the name, a household's, those of a village's lists or
    of a span of time; `older_than` is the id that the page before ended with.
    """

    account_id: int | None = None
    household_id: int | None = None
    older_than: int | None = None
    who: str = ""
    village_id: int | None = None
    span: tuple[datetime, datetime] | None = None
    """From the first moment on, before the second."""


@dataclass(frozen=True, slots=True)
class PersonSum:
    """What one person was shown within `REVIEWED`: how often, how many numbers, of how many villages."""

    account_id: int | None
    who: str
    looks: int
    rows: int
    villages: int
    unusual: tuple[tuple[date, int], ...]
    """Days on which it was much more than usual, with the numbers of that day."""


def make_values(looked: Looked, now: datetime) -> dict[str, Any]:
    """The row of a look."""
    return asdict(looked) | {"who": looked.who[:80], "page": looked.page[:64], "form": looked.form[:8], "at": now}


def record_look(session: Session, looked: Looked, now: datetime) -> None:
    """Write a look down in a transaction that is open anyway."""
    session.execute(insert(Look).values(make_values(looked, now)))


def read_looks(session: Session, question: LookQuestion) -> tuple[list[LookLine], int | None]:
    """The looks, the newest first; and the id to ask for older ones with, None where there are none.

    A household's are those at itself, and at the lists of its group, its village and the town, in which it stood.
    """
    asked = (
        select(Look, Village.name, Household.head)
        .outerjoin(Village, Village.id == Look.village_id)
        .outerjoin(Household, Household.id == Look.household_id)
    )
    if question.account_id is not None:
        asked = asked.where(Look.account_id == question.account_id)
    if question.household_id is not None:
        asked = asked.where(_concerns(session, question.household_id))
    if question.who:
        asked = asked.where(Look.who.contains(question.who, autoescape=True))
    if question.village_id is not None:
        asked = asked.where(Look.village_id == question.village_id)
    if question.span is not None:
        asked = asked.where(Look.at >= question.span[0], Look.at < question.span[1])
    if question.older_than is not None:
        asked = asked.where(Look.id < question.older_than)
    rows = session.execute(asked.order_by(Look.id.desc()).limit(LOOKS_A_PAGE + 1)).all()
    lines = [LookLine(*row) for row in rows[:LOOKS_A_PAGE]]
    return lines, lines[-1].look.id if len(rows) > LOOKS_A_PAGE else None


def _concerns(session: Session, household_id: int) -> ColumnElement[bool]:
    household = session.get(Household, household_id)
    itself = Look.household_id == household_id
    if household is None:
        return itself
    lists = Look.household_id.is_(None) & Look.incident_id.is_(None)
    whole_village = Look.village_id.is_(None) | and_(Look.village_id == household.village_id, Look.group_id.is_(None))
    in_group = Look.group_id == household.group_id if household.group_id is not None else Look.id.is_(None)
    return or_(itself, and_(lists, or_(whole_village, in_group)))


def sum_by_person(session: Session, now: datetime, zone: ZoneInfo) -> list[PersonSum]:
    """Everybody who looked within `REVIEWED`, those with an unusual day first, then by how much they were shown."""
    since = now - REVIEWED
    counted = func.count(), func.coalesce(func.sum(Look.rows), 0), func.count(Look.village_id.distinct())
    sums = session.execute(
        select(Look.account_id, func.max(Look.who), *counted)
        .where(Look.at >= since)
        .group_by(Look.account_id, _name_of_others())
    ).all()
    unusual = _find_unusual(session, since, zone)
    found = [PersonSum(*row, unusual=unusual.get(_identify(row[0], row[1]), ())) for row in sums]
    return sorted(found, key=lambda each: (not each.unusual, -each.rows, each.who))


def _name_of_others() -> ColumnElement[str]:
    """Those without an account are told apart by what they are."""
    return case((Look.account_id.is_(None), Look.who), else_="")


def _identify(account_id: int | None, who: str) -> int | str:
    return who if account_id is None else account_id


def _find_unusual(session: Session, since: datetime, zone: ZoneInfo) -> dict[int | str, tuple[tuple[date, int], ...]]:
    days: dict[int | str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    hours = session.execute(select(Look.account_id, Look.who, Look.at, Look.rows).where(Look.at >= since))
    for account_id, who, at, rows in hours:
        days[_identify(account_id, who)][at.astimezone(zone).date()] += rows
    return {person: tuple((day, by_day[day]) for day in find_unusual_days(by_day)) for person, by_day in days.items()}
