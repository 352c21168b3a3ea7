"""Groups: added, named, led, split, merged, put in order, archived. Every change through a batch, nothing deleted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groups.errors import EditedMeanwhile, GroupNameTaken, InvalidName, NoSuchHousehold, NotPossible, say
from groups.models.batch import Batch
from groups.models.roster import Group, Household
from groups.roster.residences import follow_the_roster
from groups.rules.typed_text import judge_name, tidy


def get_group(session: Session, village_id: int, group_id: int) -> Group:
    """An active group of the village. Raises NoSuchHousehold.

    Its row is not held: an alarm must not wait for a roster edit. Whoever changes a roster holds its village.
    """
    group = session.scalar(
        select(Group).where(Group.id == group_id, Group.village_id == village_id, Group.archived_at.is_(None))
    )
    if group is None:
        raise NoSuchHousehold(say("group_not_on_roster"))
    return group


def list_households(session: Session, group_id: int) -> list[Household]:
    """The group's active households, door by door."""
    return list(
        session.scalars(
            select(Household)
            .where(Household.group_id == group_id, Household.archived_at.is_(None))
            .order_by(Household.position, Household.id)
        )
    )


def add_group(batch: Batch, village_id: int, name: str, *, grid_id: int | None = None) -> Group:
    """A new group behind the village's others. Raises InvalidName, GroupNameTaken."""
    name = _check_name_free(batch.session, village_id, name)
    last = batch.session.scalar(select(func.max(Group.position)).where(Group.village_id == village_id))
    return batch.add(Group(village_id=village_id, name=name, position=(last or 0) + 1, grid_id=grid_id))


def rename_group(batch: Batch, group: Group, name: str) -> None:
    """Give a group another name. Raises InvalidName, GroupNameTaken."""
    if tidy(name) != group.name:
        batch.change(group, name=_check_name_free(batch.session, group.village_id, name))


def set_offices(
    batch: Batch, group: Group, *, leader_id: int | None, deputy_id: int | None, backup_group_id: int | None
) -> None:
    """Who leads the group, who stands in, and which group is rung when too few come. Raises NotPossible."""
    session = batch.session
    if leader_id is not None and leader_id == deputy_id:
        raise NotPossible(say("leader_and_deputy_must_two_households"))
    for household_id in {leader_id, deputy_id} - {None}:
        household = session.get(Household, household_id)
        if household is None or household.archived_at is not None or household.village_id != group.village_id:
            raise NotPossible(say("household_not_on_roster"))
    if backup_group_id is not None:
        backup = session.get(Group, backup_group_id)
        # Another village's is not there for whoever keeps this one's roster.
        if (
            backup is None
            or backup.archived_at is not None
            or backup.id == group.id
            or backup.village_id != group.village_id
        ):
            raise NotPossible(say("back_up_group_must_another_one"))
    batch.change(group, leader_id=leader_id, deputy_id=deputy_id, backup_group_id=backup_group_id)


def put_in_order(batch: Batch, group: Group, order: Sequence[int]) -> None:
    """The doors of a group in this order, by household. Raises EditedMeanwhile where its households are others."""
    present = list_households(batch.session, group.id)
    if {household.id for household in present} != set(order) or len(order) != len(present):
        raise EditedMeanwhile(say("groups_households_just_changed"))
    batch.change_all(Household, {household_id: {"position": place} for place, household_id in enumerate(order, 1)})


def move_along(batch: Batch, group: Group, household_id: int, *, up: bool) -> None:
    """One door nearer to the first, or further from it; at the end of the row nothing changes."""
    order = [household.id for household in list_households(batch.session, group.id)]
    if household_id not in order:
        raise NoSuchHousehold(say("household_not_in_group"))
    here = order.index(household_id)
    there = here - 1 if up else here + 1
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        put_in_order(batch, group, order)


def split_group(batch: Batch, group: Group, leaving: Sequence[int], name: str) -> Group:
    """A new group of those households of `group` that leave it; it gets the same grid, and backs the old one up.

    Raises NotPossible where nobody leaves or nobody stays, InvalidName, GroupNameTaken.
    """
    present = list_households(batch.session, group.id)
    gone = [household for household in present if household.id in set(leaving)]
    if not gone or len(gone) == len(present):
        raise NotPossible(say("choose_who_leaves_somebody_stay"))
    made = add_group(batch, group.village_id, name, grid_id=group.grid_id)
    move_into(batch, [household.id for household in gone], made.id)
    batch.change(made, backup_group_id=group.id)
    if group.backup_group_id is None:
        batch.change(group, backup_group_id=made.id)
    leads = {office: None for office in ("leader_id", "deputy_id") if getattr(group, office) in {h.id for h in gone}}
    if leads:
        batch.change(made, **{office: getattr(group, office) for office in leads})
        batch.change(group, **leads)
    return made


def merge_groups(batch: Batch, group: Group, into: Group) -> None:
    """All households of `group` behind those of `into`; `group` is archived, and whoever it backed up asks `into`."""
    if group.id == into.id or group.village_id != into.village_id:
        raise NotPossible(say("choose_another_group_village"))
    session = batch.session
    move_into(batch, [household.id for household in list_households(session, group.id)], into.id)
    filled = {
        office: getattr(group, office)
        for office in ("leader_id", "deputy_id")
        if getattr(into, office) is None and getattr(group, office) not in (into.leader_id, into.deputy_id)
    }
    if into.backup_group_id == group.id:
        filled["backup_group_id"] = group.backup_group_id if group.backup_group_id != into.id else None
    batch.change(into, **filled)
    _archive(batch, group, instead=into.id)


def archive_group(batch: Batch, group: Group) -> None:
    """Take an empty group off the roster. Raises NotPossible where it has households."""
    if list_households(batch.session, group.id):
        raise NotPossible(say("move_its_households_another_group_first"))
    _archive(batch, group, instead=None)


def _archive(batch: Batch, group: Group, *, instead: int | None) -> None:
    backed_up = select(Group).where(Group.backup_group_id == group.id, Group.archived_at.is_(None))
    for other in batch.session.scalars(backed_up).all():
        batch.change(other, backup_group_id=None if other.id == instead else instead)
    batch.change(group, archived_at=batch.now)


def move_into(batch: Batch, households: Sequence[int], group_id: int) -> None:
    """These households, by id, behind the last door of the group, in this order."""
    last = batch.session.scalar(
        select(func.max(Household.position)).where(Household.group_id == group_id, Household.archived_at.is_(None))
    )
    batch.change_all(
        Household,
        {one: {"group_id": group_id, "position": place} for place, one in enumerate(households, (last or 0) + 1)},
    )
    follow_the_roster(batch, households=households)


def _check_name_free(session: Session, village_id: int, name: str) -> str:
    name = tidy(name)
    if wrong := judge_name(name, say("groups_name_1_64_characters")):
        raise InvalidName(wrong)
    taken = select(Group.id).where(Group.village_id == village_id, Group.name == name, Group.archived_at.is_(None))
    if session.scalar(taken) is not None:
        raise GroupNameTaken(say("village_group_name", name=name))
    return name
