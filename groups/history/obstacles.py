"""What stands in the way of taking a change back: which columns were written again since, by whom and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.models.changes import Change

_SPAN = frozenset({"starts_on", "ends_on"})
"""Whoever writes one of these has said from when to when: the other one was meant to stand."""
_MOST_NAMED = 200
"""Obstacles for which the later change is looked up: nobody reads more."""


class Why(StrEnum):
    """What stands in the way of taking a change back."""

    CHANGED_SINCE = "changed_since"
    """The same columns have been written again; `later` is by whom, where that is on record."""
    TAKEN = "taken"
    """Its number, name or thing stands elsewhere by now."""
    IN_USE = "in_use"
    """Something that was added since belongs to it: a phone, a subscription, a household of the group."""
    NOT_THERE = "not_there"
    """What it would go back to is archived."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A change that cannot be taken back, why, the columns that were written again, and the later change that did."""

    change: Change
    why: Why
    columns: frozenset[str] = frozenset()
    later: Change | None = None


def add_span(values: Mapping[str, Any]) -> Set[str]:
    """The columns, and with one end of a span the other."""
    return values.keys() | _SPAN if values.keys() & _SPAN else values.keys()


def name_later(session: Session, kept: Sequence[Obstacle]) -> list[Obstacle]:
    """The obstacles with the change that stands on each."""
    return [
        replace(one, later=_find_later(session, one)) if one.why is Why.CHANGED_SINCE and place < _MOST_NAMED else one
        for place, one in enumerate(kept)
    ]


def _find_later(session: Session, obstacle: Obstacle) -> Change | None:
    """The last change that wrote what stands in the way; what else was changed in the row is nobody's doing here."""
    change = obstacle.change
    later = session.scalars(
        select(Change)
        .where(Change.table == change.table, Change.row_id == change.row_id, Change.id > change.id)
        .order_by(Change.id.desc())
    )
    found = next(
        (
            each
            for each in later
            if each.after is None or not obstacle.columns or obstacle.columns & add_span(each.after)
        ),
        None,
    )
    if found is not None:
        session.expunge(found)
    return found
