"""The households that a carrier's list may mean, out of the roster: asked for by number, by name and by door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.models import Group, Household, Phone, Subscription, Village
from groups.rules.carrier_judgement import Standing
from groups.rules.carrier_matching import Candidate, Index, door_keys
from groups.rules.carrier_rows import Entry

_AT_ONCE = 500
Key = TypeVar("Key", str, int)


def index_of(session: Session, entries: Sequence[Entry], chosen: Collection[int]) -> Index:
    """All households that the list may mean: by number, by name, by door, and those somebody has chosen."""
    villages = dict(session.execute(select(Village.id, Village.name).where(Village.archived_at.is_(None))).all())
    index = Index(villages)
    numbers = {entry.number for entry in entries if entry.number}
    names = {entry.name for entry in entries if entry.name}
    doors = _doors(session, index, entries)
    ringing = in_bites(
        session,
        lambda some: select(Phone.household_id).where(Phone.number.in_(some), Phone.archived_at.is_(None)),
        numbers,
    )
    billed = in_bites(
        session, lambda some: select(Subscription.household_id).where(Subscription.number.in_(some)).distinct(), numbers
    )
    namesakes = in_bites(
        session,
        lambda some: select(Household.id).where(Household.head.in_(some), Household.archived_at.is_(None)),
        names,
    )
    wanted = {found for (found,) in (*ringing, *billed, *namesakes)} | doors | set(chosen)
    for household in _candidates(session, wanted):
        index.add(household)
    return index


def _doors(session: Session, index: Index, entries: Sequence[Entry]) -> set[int]:
    """The households behind the doors that the addresses name, in the villages that they name."""
    wanted = {
        (village, form)
        for entry in entries
        for village in index.villages_in(entry.address)
        for key in door_keys(entry.address)
        if "|" not in key
        for form in (key, f"{key}号")
    }
    rows = in_bites(
        session,
        lambda some: select(Household.village_id, Household.door, Household.id).where(
            Household.door.in_(some), Household.archived_at.is_(None)
        ),
        {form for _, form in wanted},
    )
    return {number for village, door, number in rows if (village, door) in wanted}


def _candidates(session: Session, households: Collection[int]) -> list[Candidate]:
    phones: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for household_id, number, holder in in_bites(
        session,
        lambda some: select(Phone.household_id, Phone.number, Phone.holder).where(
            Phone.household_id.in_(some), Phone.archived_at.is_(None)
        ),
        households,
    ):
        phones[household_id].append((number, holder))
    for household_id, number in in_bites(
        session,
        lambda some: select(Subscription.household_id, Subscription.number).where(
            Subscription.household_id.in_(some), Subscription.number != ""
        ),
        households,
    ):
        phones[household_id].append((number, ""))
    rows = in_bites(
        session,
        lambda some: (
            select(Household.id, Household.village_id, Village.name, Group.name, Household.door, Household.head)
            .join(Village, Household.village_id == Village.id)
            .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
            .where(Household.id.in_(some), Household.archived_at.is_(None))
        ),
        households,
    )
    return [
        Candidate(
            number,
            village_id,
            village,
            group or "",
            door,
            head,
            frozenset(e164 for e164, _ in phones[number]),
            frozenset(holder for _, holder in phones[number] if holder),
        )
        for number, village_id, village, group, door, head in rows
    ]


def standing_of(session: Session, households: Collection[int]) -> dict[int, list[Standing]]:
    """What each of these households has and had."""
    found: dict[int, list[Standing]] = defaultdict(list)
    for household_id, *values in in_bites(
        session,
        lambda some: select(
            Subscription.household_id,
            Subscription.id,
            Subscription.starts_on,
            Subscription.ends_on,
            Subscription.plan,
            Subscription.number,
        ).where(Subscription.household_id.in_(some)),
        households,
    ):
        found[household_id].append(Standing(*values))
    return found


def in_bites(session: Session, question: Any, keys: Iterable[Key]) -> list[Any]:
    """The rows of a question that is asked for some keys at a time: below every database's limit of parameters."""
    wanted = sorted(set(keys))
    return [
        row
        for start in range(0, len(wanted), _AT_ONCE)
        for row in session.execute(question(wanted[start : start + _AT_ONCE]))
    ]
