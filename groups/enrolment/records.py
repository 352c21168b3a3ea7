"""A household's subscriptions as they are on record, and what must hold of them: a known plan, a number of its own,
one at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from config.database import match_any
from groups.enrolment.rules.periods import LONGEST_PLAN, check_free
from groups.errors import NoSuchHousehold, NumberElsewhere, UnknownPlan, say
from groups.models.batch import AT_ONCE
from groups.models.enrolment import Subscription, Tariff, share_a_day
from groups.models.figures import Residence
from groups.models.roster import Household, Phone, Village
from groups.rules.days import Period
from groups.rules.typed_text import tidy

_OF_LATE = 1000
"""So many subscriptions tell which plans are signed up for now; three million take half a second to count."""


def get_household(session: Session, household_id: int, *, hold: bool = False, archived: bool = False) -> Household:
    """The household; with `hold`, kept from others until the transaction ends. Raises NoSuchHousehold."""
    row = session.get(
        Household, household_id, populate_existing=hold, with_for_update={"key_share": True} if hold else None
    )
    if row is None or (row.archived_at is not None and not archived):
        raise NoSuchHousehold(say("no_such_household"))
    return row


def list_subscriptions(session: Session, household_id: int) -> Sequence[Subscription]:
    """A household's subscriptions, the earliest first."""
    return session.scalars(
        select(Subscription)
        .where(Subscription.household_id == household_id)
        .order_by(Subscription.starts_on, Subscription.id)
    ).all()


def list_villages(session: Session, household_id: int) -> dict[int, list[str]]:
    """By subscription of a household, the villages in which it counts or counted, the earliest first."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = session.execute(
        select(Subscription.id, Village.name)
        .join(Residence, share_a_day())
        .join(Village, Residence.village_id == Village.id)
        .where(Subscription.household_id == household_id)
        .order_by(Residence.starts_on)
    )
    for number, name in rows:
        if name not in found[number]:
            found[number].append(name)
    return found


def make_period(row: Subscription) -> Period:
    """The days of a row."""
    return Period(row.starts_on, row.ends_on)


def list_plans(session: Session) -> list[str]:
    """The plans that have a tariff, the one that most have signed up for of late first."""
    known = set(session.scalars(select(Tariff.plan).distinct()))
    last = select(Subscription.plan).order_by(Subscription.id.desc()).limit(_OF_LATE).subquery()
    used = session.execute(select(last.c.plan, func.count()).group_by(last.c.plan))
    counts: dict[str, int] = dict(used.all())
    return sorted(known, key=lambda plan: (-counts.get(plan, 0), plan))


def list_plans_of_late(session: Session) -> list[str]:
    """The plans that were signed up for of late, whether a tariff has them or not."""
    last = select(Subscription.plan).order_by(Subscription.id.desc()).limit(_OF_LATE).subquery()
    return sorted(session.scalars(select(last.c.plan).distinct()))


def check_plan(session: Session, plan: str) -> str:
    """The plan, where a tariff has it. Raises UnknownPlan."""
    name = tidy(plan)[: LONGEST_PLAN + 1]
    if session.scalar(select(Tariff.plan).where(Tariff.plan == name).limit(1)) is None:
        raise UnknownPlan(say("no_tariff_of_this_plan", name=name), plan=name)
    return name


def check_number(session: Session, number: str, household_id: int) -> None:
    """Raises NumberElsewhere where the number rings, or is billed, at another household; it says at which."""
    if not number:
        return
    rings = (
        select(Household.id, Village.name, Household.head)
        .join(Phone, Phone.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .where(Phone.number == number, Phone.archived_at.is_(None), Household.id != household_id)
    )
    billed = (
        select(Household.id, Village.name, Household.head)
        .join(Subscription, Subscription.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .where(Subscription.number == number, Subscription.ends_on.is_(None), Household.id != household_id)
    )
    found = session.execute(rings.limit(1)).first() or session.execute(billed.limit(1)).first()
    if found is not None:
        raise NumberElsewhere(
            say("number_at_another_household", village=found[1], head=found[2]),
            household=f"{found[1]} {found[2]}",
        )


def check_one_at_a_time(session: Session, households: Iterable[int]) -> None:
    """Raises SubscriptionOverlaps where one of them has two on a day: what an undo must not bring about."""
    wanted = sorted(set(households))
    one, other = aliased(Subscription), aliased(Subscription)
    together = (
        (other.household_id == one.household_id)
        & (other.id != one.id)
        & (one.ends_on.is_(None) | (one.ends_on > one.starts_on))
        & (other.ends_on.is_(None) | (other.ends_on > other.starts_on))
        & (other.starts_on >= one.starts_on)
        & (one.ends_on.is_(None) | (other.starts_on < one.ends_on))
    )
    for start in range(0, len(wanted), AT_ONCE):
        some = match_any(session, one.household_id, wanted[start : start + AT_ONCE])
        found = session.execute(
            select(one.starts_on, one.ends_on, other.starts_on, other.ends_on)
            .join(other, together)
            .where(some)
            .limit(1)
        ).first()
        if found is not None:
            check_free(Period(*found[2:]), [Period(*found[:2])])
