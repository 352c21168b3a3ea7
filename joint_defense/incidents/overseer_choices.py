"""Which overseers a village has told at once, or the town for every village that has not chosen.

Every change is a new row, so that it stays on record who chose what.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from joint_defense.models.choices import OverseerChoice
from joint_defense.rules.overseers import BUILT_IN, OverseerKind, list_kinds, read_kinds

BUILT_IN_NAME, TOWN_NAME, VILLAGE_NAME = "built-in", "town", "village"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is told, whose choice it is (village, town, built-in), and who made it when."""

    kinds: frozenset[OverseerKind]
    of: str
    made_at: datetime | None = None
    made_by: str = ""


def read_chosen(session: Session, village_id: int | None) -> Chosen:
    """What holds for incidents that open now in a village; without a village, what the town's choice is."""
    owners: ColumnElement[bool] = OverseerChoice.village_id.is_(None)
    if village_id is not None:
        owners |= OverseerChoice.village_id == village_id
    newest: dict[int | None, OverseerChoice] = {}
    for row in session.scalars(select(OverseerChoice).where(owners).order_by(OverseerChoice.id)):
        newest[row.village_id] = row
    for owner in dict.fromkeys((village_id, None)):
        found = newest.get(owner)
        if found is not None and found.kinds is not None:
            of = TOWN_NAME if owner is None else VILLAGE_NAME
            return Chosen(read_kinds(found.kinds), of, found.made_at, found.made_by)
    return Chosen(BUILT_IN, BUILT_IN_NAME)


def list_choices(session: Session, village_id: int | None, limit: int = 20) -> list[OverseerChoice]:
    """A village's or (None) the town's own choices, the newest first."""
    own = OverseerChoice.village_id.is_(None) if village_id is None else OverseerChoice.village_id == village_id
    return list(session.scalars(select(OverseerChoice).where(own).order_by(OverseerChoice.id.desc()).limit(limit)))


def choose(
    session: Session, village_id: int | None, kinds: Iterable[OverseerKind] | None, by: str, now: datetime
) -> bool:
    """Choose who is told from now on; None: to follow the town (a village), or what is built in (the town).

    Returns whether that is a change.
    """
    before = list_choices(session, village_id, 1)
    wanted = None if kinds is None else list_kinds(kinds)
    if (before[0].kinds if before else None) == wanted:
        return False
    session.add(OverseerChoice(village_id=village_id, kinds=wanted, made_at=now, made_by=by[:80]))
    session.flush()
    return True
