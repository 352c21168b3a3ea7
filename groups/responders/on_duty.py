"""Who watches over a group beside its households: the groups next to it, responders on duty, cameras of its grid."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from groups.models.responders import Camera, Responder, Team
from groups.models.roster import Grid, Group
from groups.responders.rules import duty
from groups.rules import names

MOST_BESIDE = 4
"""At most so many neighbouring groups are called, the nearest in the village's order."""

_ON_DUTY = "值班"

TEAM_WORDS = {
    Team.STATION: ("值班室", "duty phone"),
    Team.SECURITY: ("治保", "security"),
    Team.PATROL: ("巡防", "patrol"),
    Team.GUARDS: ("企事业保卫", "guards"),
    Team.VOLUNTEERS: ("志愿者", "volunteers"),
}
"""What a team is called, in Chinese and in English."""


def find_groups_beside(session: Session, group_id: int) -> list[int]:
    """The ids of the groups of its grid, and of those before and after it in its village's order: the nearest first."""
    own = session.get(Group, group_id)
    if own is None:
        return []
    rows = session.execute(
        select(Group.id, Group.grid_id)
        .where(Group.village_id == own.village_id, or_(Group.archived_at.is_(None), Group.id == own.id))
        .order_by(Group.position, Group.id)
    ).all()
    place = next(place for place, row in enumerate(rows) if row.id == own.id)
    away = {row.id: abs(each - place) for each, row in enumerate(rows) if row.id != own.id}
    same_grid = {row.id for row in rows if own.grid_id is not None and row.grid_id == own.grid_id}
    beside = [each for each, doors in away.items() if doors == 1 or each in same_grid]
    return sorted(beside, key=lambda each: away[each])[:MOST_BESIDE]


def list_on_duty(session: Session, village_id: int | None, local: datetime) -> list[Responder]:
    """The responders of a village (None: the town's centre) that are on duty, its duty phones first."""
    whose = Responder.village_id.is_(None) if village_id is None else Responder.village_id == village_id
    active = session.scalars(select(Responder).where(whose, Responder.archived_at.is_(None)).order_by(Responder.id))
    found = [each for each in active if duty.is_on_duty(duty.read(each.hours), local)]
    return sorted(found, key=lambda each: each.team is not Team.STATION)


def list_cameras(session: Session, group_id: int) -> list[tuple[str, str]]:
    """The camera places of the grid that a group lies in: (name, landmark), by name."""
    rows = session.execute(
        select(Camera.name, Camera.landmark)
        .join(Grid, Camera.grid_id == Grid.id)
        .join(Group, Group.grid_id == Grid.id)
        .where(Group.id == group_id, Camera.archived_at.is_(None), Grid.archived_at.is_(None))
        .order_by(Camera.name)
    )
    return [(row.name, row.landmark) for row in rows]


def name_of(responder: Responder) -> str:
    """How a responder is called to others: 治保陈国平; a duty phone: 墙下陶村值班室."""
    if responder.team is not Team.STATION:
        return f"{TEAM_WORDS[responder.team][0]}{responder.name}"
    return responder.name if _ON_DUTY in responder.name else f"{responder.name}{_ON_DUTY}电话"


def name_in_english(responder: Responder) -> str:
    """The same in English: Chen Guoping (security); the duty phone of Qiangxiatao."""
    if responder.team is not Team.STATION:
        return f"{names.romanise(responder.name)} ({TEAM_WORDS[responder.team][1]})"
    return f"the duty phone of {names.romanise(responder.name.partition(_ON_DUTY)[0])}".removesuffix(" of ")
