"""Which phones can be tested by themselves, and when each was proven last: as a query, for a whole county at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Select, or_, select

from groups.models.roster import Household, Phone, Village
from groups.roster.proofs import select_last_proof
from groups.roster.rules.health import FAILURES_TO_CHECK


def select_with_proof(now: datetime, villages: Collection[int] | None = None) -> Select[int, int, date | None]:
    """The rows of `select_testable`, each with `proven_on`: the last day, or NULL."""
    return select_testable(now, villages).add_columns(select_last_proof().label("proven_on"))


def select_testable(now: datetime, villages: Collection[int] | None = None) -> Select[int, int]:
    """A row for each phone that may be called, of these villages or of all: `phone_id`, `village_id`.

    Not of households that are away, nor phones that fail: those are asked for. Silent households are not tested.
    """
    wanted = [] if villages is None else [Household.village_id.in_(villages)]
    return (
        select(Phone.id.label("phone_id"), Household.village_id)
        .join(Household, Household.id == Phone.household_id)
        .join(Village, Village.id == Household.village_id)
        .where(
            Phone.archived_at.is_(None),
            Phone.may_call,
            Phone.call_refused_code.is_(None),
            Phone.failures < FAILURES_TO_CHECK,
            Household.archived_at.is_(None),
            ~Household.silent,
            or_(Household.away_until.is_(None), Household.away_until <= now),
            Village.archived_at.is_(None),
            *wanted,
        )
    )
