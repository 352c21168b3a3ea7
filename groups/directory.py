"""The door through which joint_defense sees the roster: plain, frozen values and six questions.

It answers from the roster as it is now; whoever needs it to stay so keeps a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, update
from sqlalchemy.orm import Session

from groups.models import Group, Household, Phone, Village
from groups.rules import names
from groups.rules.membership import Reachable, ring_order


class Role(StrEnum):
    """Why a phone is rung."""

    MEMBER = "member"
    LEADER = "leader"
    DEPUTY = "deputy"


@dataclass(frozen=True, slots=True)
class Caller:
    """A phone of the roster, its household, and where a neighbour goes to find it.

    `household_name` is how neighbours call the house ("王建国家"); `place` is how they find it
    ("墙下陶村3组·桥东第2家"). `group_id` is None for a household that no group has taken in yet.
    """

    phone_id: int
    number: str
    language: str
    may_call: bool
    may_text: bool
    household_id: int
    household_name: str
    household_name_en: str
    place: str
    place_en: str
    door: str
    silent: bool
    village_id: int
    village_name: str
    group_id: int | None
    group_name: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone to reach. `phone_rank` 1 is the household's first; `distance` counts doors from the caller's."""

    phone_id: int
    number: str
    language: str
    may_call: bool
    may_text: bool
    household_id: int
    household_name: str
    phone_rank: int
    distance: int
    role: Role
    call_refused: bool
    text_refused: bool


def find_caller(session: Session, number: str) -> Caller | None:
    """Who calls from this E.164 number: one query on the index of active phones. None for a stranger."""
    found = session.execute(
        select(Phone, Household, Village, Group)
        .join(Household, Phone.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Phone.number == number, Phone.archived_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    phone, household, village, group = found
    return _caller(phone, household, village, group)


def recipients_for(session: Session, caller: Caller) -> list[Recipient]:
    """Every phone that is to be reached when `caller` calls for help.

    All phones that can take a call or a text, of every other household of the group, and of leader and deputy
    wherever they live; never the caller's own household; every phone once. Order: the first phone of each household
    before second ones, within that the nearest doors first. Empty when the household is in no group.
    """
    if caller.group_id is None:
        return []
    leader_id, deputy_id, position = session.execute(
        select(Group.leader_id, Group.deputy_id, Household.position)
        .select_from(Group)
        .join(Household, Household.id == caller.household_id)
        .where(Group.id == caller.group_id)
    ).one()
    elsewhere = [household_id for household_id in (leader_id, deputy_id) if household_id is not None]
    candidates = {
        row.phone_id: row
        for row in session.execute(
            _phones_to_reach((Household.group_id == caller.group_id) | Household.id.in_(elsewhere))
        )
    }
    order = ring_order(
        map(_reachable, candidates.values()),
        household_id=caller.household_id,
        group_id=caller.group_id,
        position=position,
    )
    roles = {deputy_id: Role.DEPUTY, leader_id: Role.LEADER}
    return [
        _recipient(
            candidates[ring.phone.phone_id],
            turn=ring.turn,
            distance=ring.distance,
            role=roles.get(ring.phone.household_id, Role.MEMBER),
        )
        for ring in order
    ]


def leader_phones(session: Session, group_id: int) -> list[Recipient]:
    """The phones of the group's leader, or of its deputy where no leader is set; empty where neither is."""
    group = session.get(Group, group_id)
    if group is None or (group.leader_id is None and group.deputy_id is None):
        return []
    role, household_id = (
        (Role.LEADER, group.leader_id) if group.leader_id is not None else (Role.DEPUTY, group.deputy_id)
    )
    phones = session.execute(_phones_to_reach(Household.id == household_id).order_by(Phone.rank, Phone.id))
    return [_recipient(row, turn=turn, distance=0, role=role) for turn, row in enumerate(phones, start=1)]


def lock_group(session: Session, group_id: int) -> None:
    """Hold the group's row until the transaction ends, so that two neighbours' alarms come one after the other."""
    # NO KEY UPDATE: alarms wait for each other, but nobody who only refers to the group waits for them. SQLite knows
    # no row locks and needs none: its transactions are one after the other from their beginning.
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True))


def mark_refused(session: Session, phone_id: int, *, text: bool, code: str, now: datetime) -> None:
    """Note that the carrier refused this number for good, for texts or for calls; the roster shows it.

    Later alarms still try it, after all others: a wrong verdict must not silence a neighbour for ever.
    """
    refusal = (
        {"text_refused_code": code, "text_refused_at": now}
        if text
        else {"call_refused_code": code, "call_refused_at": now}
    )
    session.execute(update(Phone).where(Phone.id == phone_id).values(refusal))


def clear_refused(session: Session, phone_id: int, *, text: bool) -> None:
    """A ring or text got through: the number is not refused on that channel any more."""
    refused_code = Phone.text_refused_code if text else Phone.call_refused_code
    nothing = dict.fromkeys(
        ("text_refused_code", "text_refused_at") if text else ("call_refused_code", "call_refused_at")
    )
    # Most rings get through to numbers that never were refused: those rows are left alone.
    session.execute(update(Phone).where(Phone.id == phone_id, refused_code.is_not(None)).values(nothing))


def warm_up() -> None:
    """Load what the first question would otherwise wait 0.2 s for: the pinyin of the English names."""
    names.load_pinyin()


def _phones_to_reach(whose: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The active phones that take a call or a text, of the active households `whose`: columns, not entities.

    A whole street may be in a group: a thousand entities would take ten times as long as a thousand rows.
    """
    return (
        select(
            Phone.id.label("phone_id"),
            Phone.number,
            Phone.rank,
            Phone.language,
            Phone.may_call,
            Phone.may_text,
            Phone.call_refused_code.is_not(None).label("call_refused"),
            Phone.text_refused_code.is_not(None).label("text_refused"),
            Household.id.label("household_id"),
            Household.head,
            Household.group_id,
            Household.position,
        )
        .join(Household, Phone.household_id == Household.id)
        .where(
            whose,
            Household.archived_at.is_(None),
            Phone.archived_at.is_(None),
            Phone.may_call.is_(True) | Phone.may_text.is_(True),
        )
    )


def _caller(phone: Phone, household: Household, village: Village, group: Group | None) -> Caller:
    group_name = group.name if group else ""
    return Caller(
        phone_id=phone.id,
        number=phone.number,
        language=phone.language.value,
        may_call=phone.may_call,
        may_text=phone.may_text,
        household_id=household.id,
        household_name=names.household_name(household.head),
        household_name_en=names.household_name_en(household.head),
        place=names.place(village.name, group_name, household.landmark, household.door),
        place_en=names.place_en(village.name, village.name_en, group_name, household.landmark, household.door),
        door=household.door,
        silent=household.silent,
        village_id=village.id,
        village_name=village.name,
        group_id=group.id if group else None,
        group_name=group_name,
    )


def _reachable(row: Row[*tuple[Any, ...]]) -> Reachable:
    return Reachable(
        phone_id=row.phone_id,
        number=row.number,
        household_id=row.household_id,
        group_id=row.group_id,
        position=row.position,
        rank=row.rank,
        may_call=row.may_call,
        may_text=row.may_text,
        call_refused=bool(row.call_refused),
        text_refused=bool(row.text_refused),
    )


def _recipient(row: Row[*tuple[Any, ...]], *, turn: int, distance: int, role: Role) -> Recipient:
    return Recipient(
        phone_id=row.phone_id,
        number=row.number,
        language=row.language.value,
        may_call=row.may_call,
        may_text=row.may_text,
        household_id=row.household_id,
        household_name=names.household_name(row.head),
        phone_rank=turn,
        distance=distance,
        role=role,
        call_refused=bool(row.call_refused),
        text_refused=bool(row.text_refused),
    )
