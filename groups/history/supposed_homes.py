"""Which changes of a batch are about homes that were only supposed: an undo passes them over, and finds them anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.models.batch import AT_ONCE
from groups.models.changes import Change
from groups.models.figures import Residence


def find_supposed(session: Session, changes: Sequence[Change]) -> set[int]:
    """The ids of those of the changes."""
    homes = [one for one in changes if one.table == Residence.__tablename__]
    numbers = sorted({one.row_id for one in homes})
    supposed = set[int]()
    for start in range(0, len(numbers), AT_ONCE):
        some = match_any(session, Residence.__table__.c.id, numbers[start : start + AT_ONCE])
        supposed.update(session.scalars(select(Residence.id).where(some, Residence.supposed)))
    return {one.id for one in homes if one.row_id in supposed or _is_about_supposed(one)}


def _is_about_supposed(change: Change) -> bool:
    """Whether a home that was added or taken out was only supposed."""
    values = change.after if change.before is None else change.before
    if values is None:
        return False
    if "supposed" in values:
        return bool(values["supposed"])
    # A release that did not say so noted no home from a day before its own, but those that it supposed.
    added = change.before is None
    return added and values["group_id"] is None and date.fromisoformat(values["starts_on"]) < change.changed_on
