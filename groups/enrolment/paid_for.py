"""The households of a bill, one by one: who was paid for, and of whom its differences of settled months are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.enrolment.bills import find_first_settled, read_shares
from groups.enrolment.rules.bill import Bill, Shares, find_shares, write_label
from groups.models.enrolment import (
    SettledMonth,
    Subscription,
    is_active,
    match_living_there,
    match_same_household,
)
from groups.models.figures import Residence
from groups.models.known_at import as_known
from groups.models.roster import Household, Village


@dataclass(frozen=True, slots=True)
class PaidFor:
    """A household of a bill: the door, the plan, what its month costs; `shares` None without a tariff.

    With `of_month` it is part of a difference: `shares` are what it costs more of that month than was billed.
    """

    household_id: int
    village: str
    door: str
    head: str
    number: str
    plan: str
    starts_on: date
    village_id: int
    shares: Shares | None
    of_month: date | None = None

    @property
    def label(self) -> str:
        """The plan, and of which month where it is part of a difference: as the bill's line has it."""
        return write_label(self.plan, self.of_month)


def list_paid_for(session: Session, month: date, village_id: int | None = None) -> list[PaidFor]:
    """The households of a bill, one by one, by village and door: of a settled month those that it was settled with."""
    settled = session.get(SettledMonth, month) or find_first_settled(session)
    with as_known(session, settled.settled_at if settled is not None and month <= settled.month else None):
        return _list_paid_for(session, month, village_id)


def list_differences(session: Session, bill: Bill, village_id: int | None = None) -> list[PaidFor]:
    """The households of the bill's differences, month by month: what was billed of each, and what is known since.

    None where the record does not say any more who all of them are: then they do not come to what the bill says.
    """
    settled = session.get(SettledMonth, bill.month)
    last = session.scalar(
        select(SettledMonth).where(SettledMonth.month < bill.month).order_by(SettledMonth.month.desc()).limit(1)
    )
    if last is None:
        return []
    found = []
    for month in sorted({line.of_month for line in bill.lines if line.of_month}):
        # Whatever the last settled bill carried came to what was known when it was settled.
        was, now = (
            _list_known_at(session, each, month, village_id)
            for each in (last.settled_at, settled.settled_at if settled else None)
        )
        for key in sorted(was.keys() | now.keys(), key=lambda key: (key[1], key[0], key[2])):
            before, after = ((each[key].shares or (0, 0)) if key in each else (0, 0) for each in (was, now))
            if (key in was) != (key in now) or before != after:
                shares = (after[0] - before[0], after[1] - before[1])
                found.append(replace(now.get(key) or was[key], shares=shares, of_month=month))
    billed = [line.fen for line in bill.lines if line.fen]
    told = [each.shares for each in found if each.shares]
    return found if all(sum(fen[at] for fen in billed) == sum(fen[at] for fen in told) for at in (0, 1)) else []


def _list_known_at(
    session: Session, known_at: datetime | None, month: date, village_id: int | None
) -> dict[tuple[int, int, str], PaidFor]:
    """Who was paid for, as far as was known then, by household, village and plan."""
    with as_known(session, known_at):
        rows = _list_paid_for(session, month, village_id)
    return {(each.household_id, each.village_id, each.plan): each for each in rows}


def is_listed_as_billed(bill: Bill, households: Sequence[PaidFor]) -> bool:
    """Whether these households are those that the bill counts. Of a month settled long ago the record may have been
    cut short since, so that nobody can say any more who they were.
    """
    return len(households) == bill.total.households


def _list_paid_for(session: Session, month: date, village_id: int | None) -> list[PaidFor]:
    tariffs = read_shares(session)
    question = (
        select(
            Household.id,
            Village.name,
            Household.door,
            Household.head,
            Subscription.number,
            Subscription.plan,
            Subscription.starts_on,
            Residence.village_id,
        )
        .select_from(Subscription)
        .join(Household, Subscription.household_id == Household.id)
        .join(Residence, match_same_household() & match_living_there(month))
        .join(Village, Residence.village_id == Village.id)
        .where(is_active(month))
        .order_by(Village.code, Residence.group_id, Household.position, Household.id)
    )
    if village_id is not None:
        question = question.where(Residence.village_id == village_id)
    return [PaidFor(*row, find_shares(tariffs, row[5], month)) for row in session.execute(question)]
