"""Keeping up with the roster: who lived in which village, grid and group on which day.

The roster says how it is now; whoever has changed it calls `follow_the_roster` with the same batch before the commit,
so that the figures of past days stay those of the people who lived there then. A subscription names no village: it
counts where its household lived on the day. Whoever writes a subscription calls `house_the_subscribed`, so that no day
of it falls on a day without a home. Both write through the batch: whoever undoes it gets the homes back as they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.models.batch import AT_ONCE, Batch
from groups.models.changes import Change
from groups.models.enrolment import EndReason, Subscription
from groups.models.figures import Residence
from groups.models.recorded_rows import is_in_force
from groups.models.roster import Group, Household
from groups.roster.rules.homes import find_days_without_home
from groups.rules.days import Period


@dataclass(frozen=True, slots=True)
class _Place:
    village_id: int
    group_id: int | None
    grid_id: int | None


def follow_the_roster(
    batch: Batch, *, villages: Collection[int] | None = None, households: Collection[int] | None = None
) -> int:
    """Write down, from the batch's day on, where the households of these villages (None: of all) live now.

    `households` names those that may have moved, where the caller knows: in a large town that is a quick question.
    A household that was archived has ended its subscription. Safe to call again: where nothing has moved, nothing is
    written. Returns how many moved.
    """
    batch.session.flush()
    moved = _find_moved(batch.session, villages, households)
    noted = _read_residences(batch.session, [household_id for household_id, _ in moved])
    # Put right on the day it was written: nobody lived there.
    put_right = {row.household_id for row in noted if row.starts_on >= batch.day}
    batch.remove_all(
        Residence, [row.id for row in noted if row.starts_on >= batch.day], affects_from=lambda row: row.starts_on
    )
    batch.change_all(
        Residence,
        {row.id: {"ends_on": batch.day} for row in noted if row.starts_on < batch.day},
        affects_from=lambda _: batch.day,
    )
    _end_subscriptions(batch, [household_id for household_id, place in moved if place is None])
    batch.add_all(
        Residence,
        [_make_row(household_id, place, Period(batch.day, None)) for household_id, place in moved if place is not None],
        affects_from=lambda row: row.starts_on,
    )
    # Where the first home was another, so may be the day up to which it is supposed to have lived elsewhere.
    house_the_subscribed(batch, put_right)
    return len(moved)


def follow_the_groups(batch: Batch, groups: Collection[int]) -> int:
    """The same for the households of groups that have changed: another grid is another place."""
    ids = batch.session.scalars(select(Household.id).where(Household.group_id.in_(groups)))
    return follow_the_roster(batch, households=list(ids))


def house_the_subscribed(batch: Batch, households: Iterable[int]) -> None:
    """See to it that these households lived somewhere on every day on which they are signed up, and nowhere else.

    A day before the first home that was noted counts in the village of the first, one after the last in that of the
    last, in no group: nobody has noted in which. Such a home is only supposed. It follows from the subscriptions as
    they are known now: where one was entered wrong and is put right, what was supposed because of it goes with it.
    """
    wanted = sorted(set(households))
    batch.session.flush()
    for start in range(0, len(wanted), AT_ONCE):
        _write_supposed_homes(batch, wanted[start : start + AT_ONCE])


def clear_supposed_homes(batch: Batch, starts: Iterable[tuple[int, date]]) -> None:
    """Make room for homes that were noted and come back: by household and first day."""
    wanted = set(starts)
    there = _read_supposed(batch.session, sorted({household_id for household_id, _ in wanted}))
    batch.remove_all(
        Residence,
        [row.id for row in there if (row.household_id, row.starts_on) in wanted],
        affects_from=lambda row: row.starts_on,
    )


def _write_supposed_homes(batch: Batch, households: Sequence[int]) -> None:
    wanted = _find_homes_to_suppose(batch, households)
    there = {
        (row.household_id, row.village_id, Period(row.starts_on, row.ends_on)): row.id
        for row in _read_supposed(batch.session, households)
    }
    gone = [number for home, number in there.items() if home not in wanted]
    batch.remove_all(Residence, gone, affects_from=lambda row: row.starts_on)
    rows = [
        _make_row(household_id, _Place(village_id, None, None), period) | {"supposed": True}
        for household_id, village_id, period in wanted
        if (household_id, village_id, period) not in there
    ]
    batch.add_all(Residence, rows, affects_from=lambda row: row.starts_on)


def _find_homes_to_suppose(batch: Batch, households: Sequence[int]) -> list[tuple[int, int, Period]]:
    """By household and village the days of which nobody noted where it lived."""
    periods = _read_paid(batch.session, households)
    homes = _read_noted(batch.session, households)
    if homeless := sorted(periods.keys() - homes.keys()):
        follow_the_roster(batch, households=homeless)
        homes |= _read_noted(batch.session, homeless)
        homes |= _read_last_homes(batch, sorted(set(homeless) - homes.keys()))
    missing = [
        (household_id, at, period)
        for household_id, own in periods.items()
        for at, period in find_days_without_home([period for _, period in homes[household_id]], own)
    ]
    first_days = {household_id: homes[household_id][0][1].starts_on for household_id, _, _ in missing}
    origins = _read_origins(batch.session, first_days)
    return [
        (household_id, _find_village(homes[household_id], at, period, origins.get(household_id)), period)
        for household_id, at, period in missing
    ]


def _find_village(homes: Sequence[tuple[int, Period]], at: int, missing: Period, origin: int | None) -> int:
    village_id, home = homes[at]
    return origin if origin is not None and missing.starts_on < home.starts_on else village_id


def _read_origins(session: Session, first_days: Mapping[int, date]) -> dict[int, int]:
    """The village from which a household moved on the first day that is noted of it: it lived there before."""
    found: dict[int, int] = {}
    numbers = sorted(first_days)
    for start in range(0, len(numbers), AT_ONCE):
        moves = session.execute(
            select(Change.row_id, Change.changed_on, Change.before, Change.undone_by)
            .where(Change.table == Household.__tablename__, Change.action != "undo", Change.before.is_not(None))
            .where(match_any(session, Change.row_id, numbers[start : start + AT_ONCE]))
            .order_by(Change.id)
        )
        for number, day, before, undone_by in moves:
            if day == first_days[number] and "village_id" in before and is_in_force(session, undone_by):
                found.setdefault(number, before["village_id"])
    return found


def _read_paid(session: Session, households: Sequence[int]) -> dict[int, list[Period]]:
    periods: dict[int, list[Period]] = defaultdict(list)
    for household_id, starts_on, ends_on in session.execute(
        select(Subscription.household_id, Subscription.starts_on, Subscription.ends_on).where(
            match_any(session, Subscription.household_id, households)
        )
    ):
        periods[household_id].append(Period(starts_on, ends_on))
    return dict(periods)


def _read_supposed(session: Session, households: Sequence[int]) -> list[Residence]:
    return [
        row
        for start in range(0, len(households), AT_ONCE)
        for row in session.scalars(
            select(Residence).where(
                match_any(session, Residence.household_id, households[start : start + AT_ONCE]), Residence.supposed
            )
        )
    ]


def _read_noted(session: Session, households: Sequence[int]) -> dict[int, list[tuple[int, Period]]]:
    """The village and the days of each home of these households that somebody noted, the earliest first."""
    found: dict[int, list[tuple[int, Period]]] = defaultdict(list)
    for household_id, village_id, starts_on, ends_on in session.execute(
        select(Residence.household_id, Residence.village_id, Residence.starts_on, Residence.ends_on)
        .where(match_any(session, Residence.household_id, households), ~Residence.supposed)
        .order_by(Residence.household_id, Residence.starts_on)
    ):
        found[household_id].append((village_id, Period(starts_on, ends_on)))
    return dict(found)


def _read_last_homes(batch: Batch, households: Sequence[int]) -> dict[int, list[tuple[int, Period]]]:
    """Of archived households that have no home on record: the village of the roster, up to the day of the archiving."""
    rows = batch.session.execute(
        select(Household.id, Household.village_id, Household.archived_at).where(
            match_any(batch.session, Household.id, households)
        )
    )
    found = {}
    for number, village_id, archived_at in rows:
        day = batch.find_day(archived_at) if archived_at is not None else batch.day
        found[number] = [(village_id, Period(day, day))]
    return found


def _find_moved(
    session: Session, villages: Collection[int] | None, households: Collection[int] | None
) -> list[tuple[int, _Place | None]]:
    """The households whose place differs from what is noted, and where they are now; None: not in the roster."""
    question = (
        select(Household.id, Household.archived_at, Household.village_id, Group.id, Group.grid_id)
        .outerjoin(Group, (Group.id == Household.group_id) & Group.archived_at.is_(None))
        .outerjoin(Residence, (Residence.household_id == Household.id) & Residence.ends_on.is_(None))
        .where(
            (Household.archived_at.is_(None) & Residence.id.is_(None))
            | (Household.archived_at.is_not(None) & Residence.id.is_not(None))
            | Residence.village_id.is_distinct_from(Household.village_id) & Household.archived_at.is_(None)
            | Residence.group_id.is_distinct_from(Group.id) & Household.archived_at.is_(None)
            | Residence.grid_id.is_distinct_from(Group.grid_id) & Household.archived_at.is_(None)
        )
        .order_by(Household.id)
    )
    if households is not None:
        wanted = sorted(set(households))
        return [
            found
            for start in range(0, len(wanted), AT_ONCE)
            for found in _read_places(
                session, question.where(match_any(session, Household.id, wanted[start : start + AT_ONCE]))
            )
        ]
    if villages is not None:
        question = question.where(Household.village_id.in_(villages) | Residence.village_id.in_(villages))
    return _read_places(session, question)


def _read_places(session: Session, question: Select[*tuple[Any, ...]]) -> list[tuple[int, _Place | None]]:
    return [
        (household_id, None if archived_at else _Place(village_id, group_id, grid_id))
        for household_id, archived_at, village_id, group_id, grid_id in session.execute(question)
    ]


def _read_residences(session: Session, households: Sequence[int]) -> list[Residence]:
    """The open home of each of these households."""
    return [
        row
        for start in range(0, len(households), AT_ONCE)
        for row in session.scalars(
            select(Residence).where(
                match_any(session, Residence.household_id, households[start : start + AT_ONCE]),
                Residence.ends_on.is_(None),
            )
        )
    ]


def _end_subscriptions(batch: Batch, households: Sequence[int]) -> None:
    """End what goes on of households that have left the roster; an end that was told in advance comes to nothing."""
    ends: dict[int, dict[str, Any]] = {}
    for start in range(0, len(households), AT_ONCE):
        rows = batch.session.scalars(
            select(Subscription).where(
                match_any(batch.session, Subscription.household_id, households[start : start + AT_ONCE]),
                Subscription.ends_on.is_(None) | (Subscription.ends_on > batch.day),
            )
        )
        ends |= {row.id: {"ends_on": max(batch.day, row.starts_on), "end_reason": EndReason.ARCHIVED} for row in rows}
    batch.change_all(Subscription, ends, affects_from=lambda _: batch.day)


def _make_row(household_id: int, place: _Place, period: Period) -> dict[str, Any]:
    return {
        "household_id": household_id,
        "village_id": place.village_id,
        "group_id": place.group_id,
        "grid_id": place.grid_id,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
    }
