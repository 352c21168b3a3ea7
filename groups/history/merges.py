"""A household that comes back by an undo, into a group that was merged into another meanwhile.

As if it had never been away, it went along with the merge: on that day, into the group that is left. Where nobody can
say any more which group that is, the undo is refused. A merge that a household has followed so is not taken back alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.models.batch import AT_ONCE, Batch
from groups.models.changes import Action, Change
from groups.models.figures import Residence
from groups.models.roster import Group, Household
from groups.roster.households import find_last_position

_MERGE = Action.MERGE_GROUPS


def follow_merges(batch: Batch, households: Collection[int]) -> set[int]:
    """Take these households along into the groups that theirs were merged into. Returns those of which nobody knows
    into which.
    """
    lost = set[int]()
    for household in _list_in_gone_groups(batch.session, sorted(households)):
        while (merge := _find_merge(batch.session, household.group_id)) is not None:
            target = _find_target(batch.session, merge)
            if target is None:
                break
            _move_along(batch, household, merge, target)
        group = batch.session.get(Group, household.group_id) if household.group_id is not None else None
        if group is not None and group.archived_at is not None:
            lost.add(household.id)
    return lost


def find_followed(session: Session, changes: Sequence[Change]) -> list[Change]:
    """Of the changes of a merge those whose group somebody has followed since, by an undo that still counts."""
    gone = {one.row_id: one for one in changes if one.action == _MERGE and "archived_at" in (one.after or {})}
    asked = select(Change).where(
        Change.table == "households", Change.action == Action.UNDO, Change.undone_by == "", Change.group_id.in_(gone)
    )
    followed = session.scalars(asked).all() if gone else []
    return [
        gone[one.group_id]
        for one in followed
        if one.group_id is not None and one.id > gone[one.group_id].id and "group_id" in (one.after or {})
    ]


def _list_in_gone_groups(session: Session, households: Sequence[int]) -> list[Household]:
    return [
        row
        for start in range(0, len(households), AT_ONCE)
        for row in session.scalars(
            select(Household)
            .join(Group, Group.id == Household.group_id)
            .where(match_any(session, Household.__table__.c.id, households[start : start + AT_ONCE]))
            .where(Household.archived_at.is_(None), Group.archived_at.is_not(None))
            .order_by(Household.id)
        )
    ]


def _find_merge(session: Session, group_id: int | None) -> Change | None:
    """The change by which a merge put the group away, where it was one that did."""
    group = session.get(Group, group_id) if group_id is not None else None
    if group is None or group.archived_at is None:
        return None
    rows = session.scalars(
        select(Change)
        .where(Change.table == "groups", Change.row_id == group.id, Change.undone_by == "")
        .order_by(Change.id.desc())
    )
    last = next((row for row in rows if (row.after or {}).get("archived_at")), None)
    return last if last is not None and last.action == _MERGE else None


def _find_target(session: Session, merge: Change) -> Group | None:
    """The group that is left: where the others went in the same go."""
    went = session.scalars(
        select(Change).where(Change.batch == merge.batch, Change.table == "households").order_by(Change.id)
    )
    into = next((row.after["group_id"] for row in went if row.after and row.after.get("group_id")), None)
    return session.get(Group, into) if into is not None else None


def _move_along(batch: Batch, household: Household, merge: Change, target: Group) -> None:
    day = merge.changed_on
    home = batch.session.scalar(
        select(Residence).where(Residence.household_id == household.id, Residence.ends_on.is_(None))
    )
    if home is not None and home.group_id == household.group_id:
        place = {"group_id": target.id, "grid_id": target.grid_id}
        if home.starts_on < day:
            batch.change(home, affects_from=day, ends_on=day)
            moved = Residence(household_id=household.id, village_id=home.village_id, starts_on=day, **place)
            batch.add(moved, affects_from=day)
        else:
            batch.change(home, affects_from=home.starts_on, **place)
    position = find_last_position(batch.session, household.village_id, target.id) + 1
    batch.change(household, group_id=target.id, position=position)
