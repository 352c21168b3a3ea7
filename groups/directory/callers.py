"""Who calls, and what joint_defense asks about the people of a household or group."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from groups.directory.recipients import (
    House,
    Recipient,
    Role,
    is_away,
    make_recipient,
    put_away_aside,
    read_phones_to_reach,
    ring_order,
)
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from groups.responders import on_duty as responders_on_duty
from groups.rules import names


@dataclass(frozen=True, slots=True)
class Caller:
    """A phone of the roster, its household, and where a neighbour goes to find it.

    `household_name` is how neighbours call the house ("王建国家"); `place` is how they find it
    ("墙下陶村3组·桥东第2家"). `group_id` is None for a household that no group has taken in yet. `first_help` is why
    the household needs help first: "alone", "disabled", "other", or empty.
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
    first_help: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdPhone:
    """A phone that a household has now. `takes_texts`: it is a mobile, whatever its household wishes."""

    household_id: int
    phone_id: int
    number: str
    language: str
    rank: int
    may_call: bool
    may_text: bool
    takes_texts: bool


def find_caller(session: Session, number: str) -> Caller | None:
    """Who calls from this E.164 number: one query on the index of active phones. None for a stranger."""
    return _find(session, Phone.number == number)


def find_phone(session: Session, phone_id: int) -> Caller | None:
    """The same by the phone's id; None where it is not on the roster any more."""
    return _find(session, Phone.id == phone_id)


def list_by_ids(session: Session, phone_ids: Collection[int]) -> list[Caller]:
    """The same of several, by id; without those that are not on the roster any more."""
    found = session.execute(_select_callers(Phone.id.in_(phone_ids)).order_by(Phone.id)).all()
    return [_make_caller(*row) for row in found]


def _find(session: Session, which: ColumnElement[bool]) -> Caller | None:
    found = session.execute(_select_callers(which)).one_or_none()
    return None if found is None else _make_caller(*found)


def _select_callers(which: ColumnElement[bool]) -> Select[Phone, Household, Village, Group | None]:
    return (
        select(Phone, Household, Village, Group)
        .join(Household, Phone.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(which, Phone.archived_at.is_(None))
    )


def list_recipients(session: Session, caller: Caller, now: datetime | None = None) -> list[Recipient]:
    """Every phone that is to be reached when `caller` calls for help at `now`.

    All phones that can take a call or a text, of every other household of the group, and of leader and deputy
    wherever they live; never the caller's own household; every phone once. Order: the first phone of each household
    before second ones, within that the nearest doors first. Empty when the household is in no group.

    Whoever is away at `now` is texted, not called, and after those at home; where nobody is at home, all are reached
    as ever (ADR 13). Without `now` everybody is at home.
    """
    if caller.group_id is None:
        return []
    of_group = select(Group.leader_id, Group.deputy_id).where(Group.id == caller.group_id)
    leader = of_group.with_only_columns(Group.leader_id).scalar_subquery()
    deputy = of_group.with_only_columns(Group.deputy_id).scalar_subquery()
    whose = (Household.group_id == caller.group_id) | (Household.id == leader) | (Household.id == deputy)
    rows = session.execute(
        select(
            Household.id, Household.head, Household.group_id, Household.position, Household.away_until, leader, deputy
        ).where(whose, Household.archived_at.is_(None))
    ).all()
    households = {row[0]: House(row[1], row[2], row[3], is_away(row[4], now)) for row in rows}
    roles = {row[6]: Role.DEPUTY for row in rows[:1]} | {row[5]: Role.LEADER for row in rows[:1]}
    own = households.get(caller.household_id)
    phones, languages = read_phones_to_reach(session, households)
    phones = put_away_aside(phones, caller.household_id, {each for each, house in households.items() if house.away})
    order = ring_order(
        phones, household_id=caller.household_id, group_id=caller.group_id, position=own.position if own else 0
    )
    return [
        make_recipient(
            ring,
            households[ring.phone.household_id].head,
            languages[ring.phone.phone_id],
            roles.get(ring.phone.household_id, Role.MEMBER),
        )
        for ring in order
    ]


def list_phones(session: Session, household_ids: Collection[int]) -> list[HouseholdPhone]:
    """All phones that these households have now, whether or not they are usually rung, in the households' order."""
    rows = session.execute(
        select(
            *(Phone.household_id, Phone.id, Phone.number, Phone.language, Phone.rank),
            *(Phone.may_call, Phone.may_text, Phone.kind),
        )
        .where(Phone.household_id.in_(household_ids), Phone.archived_at.is_(None))
        .order_by(Phone.household_id, Phone.rank, Phone.id)
    ).all()
    return [HouseholdPhone(*row[:3], row[3].value, *row[4:7], row[7] is PhoneKind.MOBILE) for row in rows]


def find_away(session: Session, household_ids: Collection[int], now: datetime) -> set[int]:
    """Those of these households that are away now."""
    asked = select(Household.id).where(Household.id.in_(household_ids), Household.away_until > now)
    return set(session.scalars(asked))


def find_village(session: Session, code: str) -> tuple[int, str] | None:
    """A village's id and name; None where no village has this code."""
    row = session.execute(
        select(Village.id, Village.name).where(Village.code == code, Village.archived_at.is_(None))
    ).one_or_none()
    return None if row is None else (row.id, row.name)


def list_cameras(session: Session, group_id: int) -> list[tuple[str, str]]:
    """The camera places of the grid that a group lies in: (name, landmark), by name."""
    return responders_on_duty.list_cameras(session, group_id)


def lock_group(session: Session, group_id: int) -> None:
    """Hold the group's row until the transaction ends, so that two neighbours' alarms come one after the other."""
    # NO KEY UPDATE: alarms wait for each other, but nobody who only refers to the group waits for them. SQLite knows
    # no row locks and needs none: its transactions are one after the other from their beginning.
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True))


def warm_up() -> None:
    """Load what the first question would otherwise wait 0.2 s for: the pinyin of the English names."""
    names.load_pinyin()


def _make_caller(phone: Phone, household: Household, village: Village, group: Group | None) -> Caller:
    group_name = group.name if group else ""
    return Caller(
        phone_id=phone.id,
        number=phone.number,
        language=phone.language.value,
        may_call=phone.may_call,
        may_text=phone.may_text,
        household_id=household.id,
        household_name=names.name_household(household.head),
        household_name_en=names.name_household_in_english(household.head),
        place=names.write_place(village.name, group_name, household.landmark, household.door),
        place_en=names.write_place_in_english(
            village.name, village.name_en, group_name, household.landmark, household.door
        ),
        door=household.door,
        silent=household.silent,
        village_id=village.id,
        village_name=village.name,
        group_id=group.id if group else None,
        group_name=group_name,
        first_help=household.first_help.value if household.first_help else "",
    )
