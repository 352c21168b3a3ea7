"""Who belongs to a village's groups: whom a drill rings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.directory.recipients import Recipient, Role, list_recipients_where
from groups.models.roster import Group, Household, Village


def list_groups(session: Session, village_id: int) -> list[tuple[int, str]]:
    """The ids and names of a village's groups, in the order of their ids."""
    query = select(Group.id, Group.name).where(Group.village_id == village_id, Group.archived_at.is_(None))
    return [(row[0], row[1]) for row in session.execute(query.order_by(Group.id))]


def list_members(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """Every phone of a group's households that is to be reached: first phones first, in the order of doors."""
    office = session.execute(select(Group.leader_id, Group.deputy_id).where(Group.id == group_id)).one()
    roles = {office.deputy_id: Role.DEPUTY, office.leader_id: Role.LEADER}
    return list_recipients_where(session, Household.group_id == group_id, now, roles)


def find_households_at(session: Session, village_id: int, door: str) -> set[int]:
    """The ids of the households with this door in a village."""
    query = select(Household.id).where(
        Household.village_id == village_id, Household.door == door, Household.archived_at.is_(None)
    )
    return set(session.scalars(query))


def find_village_code(session: Session, village_id: int) -> str:
    """A village's code."""
    return session.execute(select(Village.code).where(Village.id == village_id)).scalar_one()
