"""The list of incidents: those that are open, by how much they need somebody, and those of a month, the newest first.

One query for both, and one for the names of those who come to the open ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from joint_defense.incidents.answers import match_coming, read_answers_of_each, select_called
from joint_defense.incidents.policies import read_progress
from joint_defense.models.incidents import Acknowledgement, Alert, Incident
from joint_defense.rules.answers import Given
from joint_defense.rules.errors import InvalidPolicy
from joint_defense.rules.escalation import Level
from joint_defense.rules.states import ClosingOutcome, IncidentKind
from joint_defense.rules.triggers import Category
from joint_defense.web.board.facts import make_digest
from joint_defense.web.board.households import RINGS

PAGE = 100
MOST_OPEN = 200
"""So many open incidents are shown; a town's worst hour has fewer, and 3,300 take 333 ms a poll."""
NEWEST_OPEN = 50
"""So many of them are the newest, whatever is open besides: a call of this minute is never hidden by older ones."""


@dataclass(frozen=True, slots=True)
class Summary:
    """An incident in a line. Who calls is the first household; `voices` counts all. Figures are of households."""

    incident_id: int
    kind: IncidentKind
    village: str
    group: str
    category: Category
    household: str
    household_en: str
    place: str
    place_en: str
    voices: int
    opened_at: datetime
    closed_at: datetime | None
    outcome: ClosingOutcome | None
    households: int
    coming: int
    level: Level | None = None
    """How far it has been widened."""
    comers: tuple[Given, ...] = ()
    """Who is coming or there, where it is open; in the order of their answers."""


@dataclass(frozen=True, slots=True)
class IncidentList:
    """Open incidents, the neediest first, and past ones, the newest first. `older_than` leads to the next page, if
    there is one.

    Of too many that are open, the newest and the neediest are shown.

    `more_open`: how many open incidents there are besides those shown.
    """

    open: tuple[Summary, ...]
    past: tuple[Summary, ...]
    older_than: int | None
    version: str
    more_open: int = 0


def list_incidents(
    session: Session, *, village_id: int | None, since: datetime, until: datetime, older_than: int | None = None
) -> IncidentList:
    """The open incidents, and those closed that were opened from `since` to before `until`; of one village or all."""
    month = [Incident.closed_at.is_not(None), Incident.opened_at >= since, Incident.opened_at < until]
    if older_than is not None:
        month.append(Incident.id < older_than)
    # A drill that was started as such has pages of its own.
    own: list[ColumnElement[bool]] = [exists().where(Alert.incident_id == Incident.id)]
    own += [] if village_id is None else [Incident.village_id == village_id]
    # One more than a page tells whether there is another.
    page = select(Incident.id).where(*month, *own).order_by(Incident.id.desc()).limit(PAGE + 1)
    is_open = Incident.closed_at.is_(None)
    newest = select(Incident.id).where(is_open, *own).order_by(Incident.id.desc()).limit(NEWEST_OPEN)
    comes = exists().where(Acknowledgement.incident_id == Incident.id, match_coming())
    need = (Incident.steps_done.desc(), comes, Incident.opened_at, Incident.id)
    neediest = select(Incident.id).where(is_open, *own).order_by(*need).limit(MOST_OPEN - NEWEST_OPEN)
    chosen = or_(*(Incident.id.in_(each) for each in (newest, neediest, page)))
    question = _select_summaries().where(chosen).order_by(Incident.id.desc())
    found = [_make_summary(*row) for row in session.execute(question)]
    answers = read_answers_of_each(session, [each.incident_id for each in found if each.closed_at is None])
    still_open = sorted(
        (replace(each, comers=tuple(answers[each.incident_id].coming)) for each in found if each.closed_at is None),
        key=_rank,
    )
    closed = tuple(each for each in found if each.closed_at is not None)
    more = 0
    if len(still_open) >= MOST_OPEN - NEWEST_OPEN:
        counted = session.scalar(select(func.count()).select_from(Incident).where(is_open, *own)) or 0
        more = max(counted - len(still_open), 0)
    return IncidentList(
        tuple(still_open),
        closed[:PAGE],
        closed[PAGE - 1].incident_id if len(closed) > PAGE else None,
        make_digest([repr(each) for each in (*still_open, *closed)] + [str(more)]),
        more,
    )


_LEVELS = (None, Level.PLAIN, Level.YELLOW, Level.RED)


def _rank(each: Summary) -> tuple[int, bool, datetime]:
    """The most widened first; then where nobody comes; then what has been open for longest."""
    return -_LEVELS.index(each.level), each.coming > 0, each.opened_at


def _make_summary(*row: Any) -> Summary:
    *columns, policy, steps_done = row
    made = Summary(*columns)
    return replace(made, level=_find_level(policy, made.opened_at, steps_done))


def _find_level(policy: dict[str, Any] | None, opened_at: datetime, steps_done: int) -> Level | None:
    try:
        return read_progress(policy, opened_at, steps_done).level
    except InvalidPolicy:  # written by another release
        return None


def _select_summaries() -> Select[Any]:
    first_alert = select(func.min(Alert.id)).where(Alert.incident_id == Incident.id).scalar_subquery()
    voices = select(func.count(Alert.id)).where(Alert.incident_id == Incident.id).scalar_subquery()
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
        voices,
        Incident.opened_at,
        Incident.closed_at,
        Incident.outcome,
        select_called(RINGS),
        _select_coming(),
        Incident.policy,
        Incident.steps_done,
    ).join(first, first.id == first_alert)


def _select_coming() -> ScalarSelect[int]:
    """How many are coming, or there."""
    return (
        select(func.count(Acknowledgement.id))
        .where(Acknowledgement.incident_id == Incident.id, match_coming())
        .correlate(Incident)
        .scalar_subquery()
    )
