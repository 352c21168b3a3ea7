"""The households that a carrier's list may mean, out of the roster: asked for by number, by name and by door."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.enrolment.carrier_lists.rules.judgement import Subscribed
from groups.enrolment.carrier_lists.rules.matching import Candidate, Index, make_door_keys
from groups.enrolment.carrier_lists.rules.rows import Entry
from groups.models.enrolment import Subscription
from groups.models.roster import Group, Household, Phone, Village

_AT_ONCE = 5000
Key = TypeVar("Key", str, int)


def empty_index(session: Session) -> Index:
    """An index that knows the villages, and nobody in them yet."""
    return Index(dict(session.execute(select(Village.id, Village.name).where(Village.archived_at.is_(None))).all()))


def extend(index: Index, session: Session, entries: Sequence[Entry], chosen: Collection[int]) -> None:
    """Know all households that these rows may mean, and those that somebody has chosen.

    First by number. Where that settles whom a row means, nobody else is asked for: a name that a thousand households
    bear would bring them all.
    """
    _add(index, session, {*_find_by_number(session, {entry.number for entry in entries if entry.number}), *chosen})
    open_still = [entry for entry in entries if not index.is_settled(entry)]
    _add(index, session, _find_by_door(session, index, open_still) | _find_namesakes(session, index, open_still))


def _find_by_number(session: Session, numbers: Collection[str]) -> set[int]:
    ringing = read_in_portions(
        session,
        lambda some: select(Phone.household_id).where(
            match_any(session, Phone.number, some), Phone.archived_at.is_(None)
        ),
        numbers,
    )
    billed = read_in_portions(
        session,
        lambda some: select(Subscription.household_id).where(match_any(session, Subscription.number, some)).distinct(),
        numbers,
    )
    return {found for (found,) in (*ringing, *billed)}


def _find_namesakes(session: Session, index: Index, entries: Sequence[Entry]) -> set[int]:
    """Those of the rows' names: in the villages that all of them name, or anywhere."""
    named = {entry.name: index.villages_in(entry.address) for entry in entries if entry.name}
    within = set().union(*named.values()) if all(named.values()) else set()
    return {
        found
        for (found,) in read_in_portions(
            session,
            lambda some: select(Household.id).where(
                match_any(session, Household.head, some),
                Household.archived_at.is_(None),
                *([Household.village_id.in_(within)] if 0 < len(within) <= _AT_ONCE else []),
            ),
            named,
        )
    }


def _add(index: Index, session: Session, wanted: Collection[int]) -> None:
    for household in _read_candidates(session, [each for each in wanted if each not in index.households]):
        index.add(household)


def _find_by_door(session: Session, index: Index, entries: Sequence[Entry]) -> set[int]:
    """The households behind the doors that the addresses name, in the villages that they name."""
    wanted = {
        (village, form)
        for entry in entries
        for village in index.villages_in(entry.address)
        for key in make_door_keys(entry.address)
        if "|" not in key
        for form in (key, f"{key}号")
    }
    rows = read_in_portions(
        session,
        lambda some: select(Household.village_id, Household.door, Household.id).where(
            match_any(session, Household.door, some), Household.archived_at.is_(None)
        ),
        {form for _, form in wanted},
    )
    return {number for village, door, number in rows if (village, door) in wanted}


def _read_numbers_and_holders(session: Session, households: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """By household: its phones and the numbers it is or was billed for, each with whose it is where that is known."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for household_id, number, holder in read_in_portions(
        session,
        lambda some: select(Phone.household_id, Phone.number, Phone.holder).where(
            match_any(session, Phone.household_id, some), Phone.archived_at.is_(None)
        ),
        households,
    ):
        found[household_id].append((number, holder))
    for household_id, number in read_in_portions(
        session,
        lambda some: select(Subscription.household_id, Subscription.number).where(
            match_any(session, Subscription.household_id, some), Subscription.number != ""
        ),
        households,
    ):
        found[household_id].append((number, ""))
    return found


def _read_candidates(session: Session, households: Collection[int]) -> list[Candidate]:
    phones = _read_numbers_and_holders(session, households)
    rows = read_in_portions(
        session,
        lambda some: (
            select(Household.id, Household.village_id, Village.name, Group.name, Household.door, Household.head)
            .join(Village, Household.village_id == Village.id)
            .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
            .where(match_any(session, Household.id, some), Household.archived_at.is_(None))
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


def read_subscriptions(session: Session, households: Collection[int]) -> dict[int, list[Subscribed]]:
    """What each of these households has and had."""
    found: dict[int, list[Subscribed]] = defaultdict(list)
    for household_id, *values in read_in_portions(
        session,
        lambda some: select(
            Subscription.household_id,
            Subscription.id,
            Subscription.starts_on,
            Subscription.ends_on,
            Subscription.plan,
            Subscription.number,
        ).where(match_any(session, Subscription.household_id, some)),
        households,
    ):
        found[household_id].append(Subscribed(*values))
    return found


def hold(session: Session, households: Collection[int]) -> dict[int, int]:
    """The village of each of these that is not archived, kept from others until the transaction ends.

    In one order, so that two lists never wait for each other.
    """
    return dict(
        read_in_portions(
            session,
            lambda some: (
                select(Household.id, Household.village_id)
                .where(match_any(session, Household.id, some), Household.archived_at.is_(None))
                .order_by(Household.id)
                .with_for_update(key_share=True)
            ),
            households,
        )
    )


def read_in_portions(session: Session, question: Any, keys: Iterable[Key]) -> list[Any]:
    """The rows of a question that is asked for some keys at a time: below every database's limit of parameters."""
    wanted = sorted(set(keys))
    return [
        row
        for start in range(0, len(wanted), _AT_ONCE)
        for row in session.execute(question(wanted[start : start + _AT_ONCE]))
    ]
