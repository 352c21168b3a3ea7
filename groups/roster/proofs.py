"""When a phone was proven last: as a column of a query about phones, and of each household of a village."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from groups.models.figures import ReachProof
from groups.models.roster import Household, Phone
from groups.rules.proofs import find_first_day_of_proof


def select_last_proof() -> ScalarSelect[date]:
    """Of each phone in a query: the last local day on which a person gave a sign there, by the index."""
    found = select(func.max(ReachProof.proven_on)).where(ReachProof.phone_id == Phone.id)
    return found.correlate(Phone).scalar_subquery()


def read_proven(session: Session, village_id: int, today: date) -> dict[int, date]:
    """The households of a village that are proven on `today` (近30天打通), each with the day of its last proof."""
    rows = session.execute(
        select(Phone.household_id, func.max(ReachProof.proven_on))
        .join(ReachProof, ReachProof.phone_id == Phone.id)
        .join(Household, Household.id == Phone.household_id)
        .where(
            Household.village_id == village_id,
            Phone.archived_at.is_(None),
            ReachProof.proven_on.between(find_first_day_of_proof(today), today),
        )
        .group_by(Phone.household_id)
    )
    return {household_id: day for household_id, day in rows}  # noqa: C416 - a row is no pair to a type checker
