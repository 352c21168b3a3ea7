"""Closed incidents: found by village, group, kind, outcome, month and words, each with how fast neighbours reacted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from joint_defense.incidents.answers import Comer, read_comers, select_called
from joint_defense.models.incidents import (
    Acknowledgement,
    Alert,
    Attempt,
    Delivery,
    Incident,
    IncidentUpdate,
)
from joint_defense.rules.reaction_times import Reaction
from joint_defense.rules.states import RINGS, ClosingOutcome, IncidentKind
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category

MOST_WORDS = 5
"""So many words are searched for; what stands behind them is not."""
MOST_AT_ONCE = 50_000
"""More incidents than this nobody sorts, exports or sums up in one go: the newest are taken, and that is said."""


class Order(StrEnum):
    """How a list of past incidents is sorted."""

    NEWEST = "newest"
    SLOWEST = "slowest"
    """Where nobody came first, then by the seconds until the first household said that it comes, the most first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which incidents: opened from `since` to before `until`, and all that is given here besides.

    `kind`: calls for help, or calls without a word, or drills; None: all. `village` and `group`: what their names
    hold, `words`: what each word is held by: a name, place, text, note or line of the timeline.
    """

    since: datetime
    until: datetime
    village_id: int | None = None
    village: str = ""
    group: str = ""
    kind: IncidentKind | None = None
    category: Category | None = None
    outcome: ClosingOutcome | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PastIncident:
    """A closed incident in a line; `household` is the first that called. Figures are of households and responders."""

    incident_id: int
    kind: IncidentKind
    village: str
    group: str
    category: Category
    household: str
    household_en: str
    place: str
    place_en: str
    opened_at: datetime
    closed_at: datetime
    outcome: ClosingOutcome | None
    note: str
    called: int
    coming: int
    """How many have ever said that they come."""
    reaction: Reaction


def count_past(session: Session, wanted: Wanted) -> int:
    """How many incidents there are, MOST_AT_ONCE where there are more."""
    some = select(Incident.id).where(*_match(wanted)).limit(MOST_AT_ONCE).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def find_past(
    session: Session, wanted: Wanted, *, passed_over: int = 0, most: int = MOST_AT_ONCE
) -> list[PastIncident]:
    """The incidents, the newest first, without so many that are newer; at most `most`."""
    newest = select(Incident.id).where(*_match(wanted)).order_by(Incident.id.desc())
    chosen = newest.offset(passed_over).limit(most)
    rows = session.execute(_LINES.where(Incident.id.in_(chosen)).order_by(Incident.id.desc())).all()
    rings = _read_first_rings(session, chosen)
    comers = read_comers(session, chosen)
    return [_make_line(row, rings.get(row.id), comers.get(row.id, ())) for row in rows]


def sort_past(found: Sequence[PastIncident], order: Order) -> list[PastIncident]:
    """The incidents in this order."""
    if order is Order.NEWEST:
        return list(found)
    return sorted(found, key=_rank_slowness)


def list_villages_with_past(session: Session, since: datetime, until: datetime) -> list[str]:
    """The names of the villages that had an incident then, for a field to choose from; at most 200."""
    asked = select(Incident.village_name).where(Incident.opened_at >= since, Incident.opened_at < until, *_OWN)
    return list(session.scalars(asked.distinct().order_by(Incident.village_name).limit(200)))


def _rank_slowness(each: PastIncident) -> tuple[bool, float, int]:
    reaction = each.reaction
    first = None if reaction.first_coming is None else (reaction.first_coming - reaction.opened_at).total_seconds()
    return not reaction.was_left_alone, -(first if first is not None else -1.0), -each.incident_id


# A drill that was started as such has pages of its own, and no alert; what only asks for a number has none either.
_OWN: tuple[ColumnElement[bool], ...] = (
    Incident.closed_at.is_not(None),
    exists().where(Alert.incident_id == Incident.id),
)


def _match(wanted: Wanted) -> list[ColumnElement[bool]]:
    parts = [*_OWN, Incident.opened_at >= wanted.since, Incident.opened_at < wanted.until]
    if wanted.village_id is not None:
        parts.append(Incident.village_id == wanted.village_id)
    if wanted.village:
        parts.append(Incident.village_name.icontains(wanted.village, autoescape=True))
    if wanted.group:
        parts.append(Incident.group_name.icontains(wanted.group, autoescape=True))
    if wanted.kind is not None:
        parts.append(Incident.kind == wanted.kind)
    if wanted.category is not None:
        parts.append(Incident.category == wanted.category)
    if wanted.outcome is not None:
        parts.append(Incident.outcome == wanted.outcome)
    return parts + [_holds(word) for word in wanted.words.split()[:MOST_WORDS]]


def _holds(word: str) -> ColumnElement[bool]:
    """Whether an incident holds the word in what people see of it."""
    texts = (Alert.household_name, Alert.household_name_en, Alert.place, Alert.place_en, Alert.door, Alert.text)
    in_alert = exists().where(
        Alert.incident_id == Incident.id, or_(*(each.icontains(word, autoescape=True) for each in texts))
    )
    in_note = exists().where(
        IncidentUpdate.incident_id == Incident.id,
        IncidentUpdate.kind == UpdateKind.NOTE,
        IncidentUpdate.detail["text"].as_string().icontains(word, autoescape=True),
    )
    in_answer = exists().where(
        Acknowledgement.incident_id == Incident.id,
        Acknowledgement.household_name.icontains(word, autoescape=True)
        | Acknowledgement.household_name_en.icontains(word, autoescape=True),
    )
    own = (Incident.note, Incident.village_name, Incident.group_name)
    return or_(in_alert, in_note, in_answer, *(each.icontains(word, autoescape=True) for each in own))


def _select_lines() -> Select[*tuple[Any, ...]]:
    first_alert = select(func.min(Alert.id)).where(Alert.incident_id == Incident.id).correlate(Incident)
    first = aliased(Alert)
    return select(
        Incident.id,
        Incident.kind,
        Incident.village_name,
        Incident.group_name,
        Incident.category,
        first.household_name,
        first.household_name_en,
        first.place,
        first.place_en,
        Incident.opened_at,
        Incident.closed_at,
        Incident.outcome,
        Incident.note,
        select_called(RINGS).label("called"),
    ).join(first, first.id == first_alert.scalar_subquery())


_LINES = _select_lines()


def _read_first_rings(session: Session, chosen: Select[int]) -> dict[int, datetime]:
    """When the first neighbour's phone rang; of a carrier that does not tell it, when the first call was taken."""
    asked = (
        select(Delivery.incident_id, func.min(func.coalesce(Attempt.rang_at, Attempt.answered_at)))
        .join(Attempt, Attempt.delivery_id == Delivery.id)
        .where(Delivery.incident_id.in_(chosen), Delivery.purpose.in_(RINGS))
        .group_by(Delivery.incident_id)
    )
    return {incident_id: at for incident_id, at in session.execute(asked) if at is not None}


def _make_line(row: Any, rang_at: datetime | None, comers: Collection[Comer]) -> PastIncident:
    said = sorted(each.at for each in comers)
    return PastIncident(
        incident_id=row.id,
        kind=row.kind,
        village=row.village_name,
        group=row.group_name,
        category=row.category,
        household=row.household_name,
        household_en=row.household_name_en,
        place=row.place,
        place_en=row.place_en,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        note=row.note,
        called=row.called,
        coming=len(said),
        reaction=Reaction(
            opened_at=row.opened_at,
            first_ring=rang_at,
            first_coming=said[0] if said else None,
            second_coming=said[1] if len(said) > 1 else None,
            first_there=min((each.there_at for each in comers if each.there_at is not None), default=None),
            closed=row.closed_at,
            outcome=row.outcome,
        ),
    )
