"""Whom an alarm reaches: the phones of households, in their order, and how an alarm names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from groups.directory.rules.ring_order import Reachable, Ring, put_away_aside, ring_order
from groups.models.roster import Household, Language, Phone
from groups.rules import names


class Role(StrEnum):
    """Why a phone is rung."""

    MEMBER = "member"
    LEADER = "leader"
    DEPUTY = "deputy"
    DUTY = "duty"
    """A responder of the village, on duty."""
    BACKUP = "backup"
    """The group's back-up group."""
    NEIGHBOUR = "neighbour"
    """A group beside it."""
    CENTRE = "centre"
    """A responder of the town's centre, on duty."""
    HEAD = "head"
    """A village head, by the account."""
    OPERATOR = "operator"
    """The operator on duty in the town's centre."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone to reach: a household's, or that of a responder, who lives in none of the roster.

    `household_name` is how others call the household or the responder. `phone_rank` 1 is the household's first;
    `distance` counts doors from the caller's. A responder has neither `household_id` nor `phone_id`; an overseer by an
    account has them only where the phone is a household's.
    """

    number: str
    language: str
    may_call: bool
    may_text: bool
    household_name: str
    household_name_en: str
    phone_rank: int
    distance: int
    role: Role
    call_refused: bool
    text_refused: bool
    household_id: int | None = None
    phone_id: int | None = None
    responder_id: int | None = None
    account_id: int | None = None


class House(NamedTuple):
    """What the order of rings has to know of a household."""

    head: str
    group_id: int | None
    position: int
    away: bool = False


def list_recipients_where(
    session: Session,
    whose: ColumnElement[bool],
    now: datetime,
    roles: Mapping[int, Role],
    otherwise: Role = Role.MEMBER,
) -> list[Recipient]:
    """Every phone of these households that is to be reached: first phones first, in the order of doors.

    Whoever is away is texted, not called, as in `recipients_for`.
    """
    rows = session.execute(
        select(Household.id, Household.head, Household.group_id, Household.position, Household.away_until).where(
            whose, Household.archived_at.is_(None)
        )
    ).all()
    households = {row[0]: House(row[1], row[2], row[3], is_away(row[4], now)) for row in rows}
    if not households:
        return []
    phones, languages = read_phones_to_reach(session, households)
    phones = put_away_aside(phones, 0, {each for each, house in households.items() if house.away})
    return [
        make_recipient(
            ring,
            households[ring.phone.household_id].head,
            languages[ring.phone.phone_id],
            roles.get(ring.phone.household_id, otherwise),
        )
        for ring in ring_order(phones, household_id=0, group_id=0, position=0)
    ]


def read_phones_to_reach(
    session: Session, households: Mapping[int, House]
) -> tuple[list[Reachable], dict[int, Language]]:
    """The active phones of these households that take a call or a text, and each phone's language.

    Two plain queries, no join: a database that has no statistics yet (a village just imported) joins them badly.
    Columns, no entities: a whole street may be in a group, and entities take several times as long.
    """
    # Numbers we have just read, written out: five hundred parameters would take the driver longer than the answer.
    ids: BindParameter[list[int]] = bindparam("households", list(households), expanding=True, literal_execute=True)
    rows = session.execute(
        select(
            Phone.household_id,
            Phone.id,
            Phone.number,
            Phone.rank,
            Phone.may_call,
            Phone.may_text,
            Phone.call_refused_code.is_not(None),
            Phone.text_refused_code.is_not(None),
            Phone.language,
        ).where(
            Phone.household_id.in_(ids),
            Phone.archived_at.is_(None),
            Phone.may_call.is_(True) | Phone.may_text.is_(True),
        )
    ).all()
    phones = []
    for household_id, phone_id, number, rank, *abilities, _language in rows:
        house = households[household_id]
        phones.append(Reachable(phone_id, number, household_id, house.group_id, house.position, rank, *abilities))
    return phones, {row[1]: row[8] for row in rows}


def make_recipient(ring: Ring, head: str, language: Language, role: Role) -> Recipient:
    """The phone of a ring, as an alarm names it; `head` is its household's."""
    phone = ring.phone
    return Recipient(
        phone_id=phone.phone_id,
        number=phone.number,
        language=language.value,
        may_call=phone.may_call,
        may_text=phone.may_text,
        household_id=phone.household_id,
        household_name=names.name_household(head),
        household_name_en=names.name_household_in_english(head),
        phone_rank=ring.turn,
        distance=ring.distance,
        role=role,
        call_refused=phone.call_refused,
        text_refused=phone.text_refused,
    )


def is_away(until: datetime | None, now: datetime | None) -> bool:
    """Whether somebody who is away `until` then is away `now`; without `now` everybody is at home."""
    return until is not None and now is not None and until > now
