"""Where a subscription counts: in the home that its household has on the day. Both are dated, and met day by day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_

from groups.models.enrolment import Subscription
from groups.models.figures import Residence


def match_living_there(day: date, residence: type[Residence] = Residence) -> ColumnElement[bool]:
    """The homes of a day."""
    return (residence.starts_on <= day) & (residence.ends_on.is_(None) | (residence.ends_on > day))


def match_same_household() -> ColumnElement[bool]:
    """A subscription beside the homes of its household."""
    return Subscription.household_id == Residence.household_id


def share_a_day() -> ColumnElement[bool]:
    """A subscription beside each home in which its household lived while it was signed up."""
    return and_(
        match_same_household(),
        or_(Subscription.ends_on.is_(None), Residence.starts_on < Subscription.ends_on),
        or_(Residence.ends_on.is_(None), Subscription.starts_on < Residence.ends_on),
        # One that ended on its first day counted on none.
        or_(Subscription.ends_on.is_(None), Subscription.ends_on > Subscription.starts_on),
    )


def select_covered_from() -> ColumnElement[Any]:
    """The first day that both share."""
    return case((Residence.starts_on >= Subscription.starts_on, Residence.starts_on), else_=Subscription.starts_on)


def select_covered_until() -> ColumnElement[Any]:
    """The day from which they share none any more; None: for good."""
    one, other = Residence.ends_on, Subscription.ends_on
    return case((one.is_(None), other), (other.is_(None), one), (one <= other, one), else_=other)
