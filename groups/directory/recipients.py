"""Whom an alarm reaches, and in what order: neighbours, whoever is called besides, and all of a village for a drill.

Called besides are leader and deputy, the groups that help another, and whoever is on duty. What orders them knows plain
values; the rest reads the roster's tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from groups.models.responders import Responder
from groups.models.roster import Group, Household, Language, Phone, Village
from groups.responders import on_duty as responders_on_duty
from groups.rules import names

FARTHEST = 1000
"""The distance of whoever lives outside the caller's group: behind every door of the group."""


class Reachable(NamedTuple):
    """An active phone of a household that may be rung. A tuple, because a street of them is made while one waits.

    `rank` is the household's own order. `position` is the household's place in the row of doors of `group_id`.
    """

    phone_id: int
    number: str
    household_id: int
    group_id: int | None
    position: int
    rank: int
    may_call: bool
    may_text: bool
    call_refused: bool
    text_refused: bool
    away: bool = False

    @property
    def takes_anything(self) -> bool:
        """Whether the household lets it be called or texted at all."""
        return self.may_call or self.may_text

    @property
    def is_refused(self) -> bool:
        """Whether the carrier has refused it on every channel it may be reached on."""
        return not ((self.may_call and not self.call_refused) or (self.may_text and not self.text_refused))


class Ring(NamedTuple):
    """A phone's place in the order. `turn` 1 is the phone of its household that is tried first."""

    phone: Reachable
    turn: int
    distance: int


def put_away_aside(phones: Iterable[Reachable], household_id: int, away: Collection[int]) -> list[Reachable]:
    """The phones of the households `away` for texts only; all as they are where nobody but them could be reached.

    Whoever is away cannot come, but may know who has the key. `household_id` is the caller's.
    """
    found = list(phones)
    at_home = any(
        phone.household_id not in away and phone.household_id != household_id and phone.takes_anything
        for phone in found
    )
    if not away or not at_home:
        return found
    return [phone._replace(may_call=False, away=True) if phone.household_id in away else phone for phone in found]


def ring_order(phones: Iterable[Reachable], *, household_id: int, group_id: int, position: int) -> list[Ring]:
    """The phones to reach when the household `household_id`, at `position` in `group_id`, calls for help.

    Never one of its own; each phone once; none that takes neither calls nor texts. The first phone of every
    household comes before second ones, within that the nearest doors first; numbers that the carrier has refused on
    all channels come last of all, and leave the first turn to the household's next phone; before them, who is away.
    """
    numbers: dict[str, Reachable] = {}
    for phone in phones:
        if phone.household_id != household_id and phone.takes_anything:
            numbers.setdefault(phone.number, phone)
    households: dict[int, list[Reachable]] = defaultdict(list)
    for phone in sorted(numbers.values(), key=lambda phone: (phone.is_refused, phone.rank, phone.phone_id)):
        households[phone.household_id].append(phone)
    rings = [
        Ring(phone, turn, _measure_distance(phone, group_id, position))
        for own_order in households.values()
        for turn, phone in enumerate(own_order, start=1)
    ]
    return sorted(rings, key=_rank)


def _measure_distance(phone: Reachable, group_id: int, position: int) -> int:
    """How many doors away. Positions of another group count along another row of doors."""
    return min(abs(phone.position - position), FARTHEST - 1) if phone.group_id == group_id else FARTHEST


def _rank(ring: Ring) -> tuple[bool, bool, int, int, int, int, int]:
    phone = ring.phone
    return (phone.is_refused, phone.away, ring.turn, ring.distance, phone.position, phone.household_id, phone.phone_id)


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


def list_groups(session: Session, village_id: int) -> list[tuple[int, str]]:
    """The ids and names of a village's groups, in the order of their ids."""
    query = select(Group.id, Group.name).where(Group.village_id == village_id, Group.archived_at.is_(None))
    return [(row[0], row[1]) for row in session.execute(query.order_by(Group.id))]


def list_members(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """Every phone of a group's households that is to be reached: first phones first, in the order of doors."""
    office = session.execute(select(Group.leader_id, Group.deputy_id).where(Group.id == group_id)).one()
    roles = {office.deputy_id: Role.DEPUTY, office.leader_id: Role.LEADER}
    return list_recipients_where(session, Household.group_id == group_id, now, roles)


def find_households_at(session: Session, village_id: int, door: str) -> set[int]:
    """The ids of the households with this door in a village."""
    query = select(Household.id).where(
        Household.village_id == village_id, Household.door == door, Household.archived_at.is_(None)
    )
    return set(session.scalars(query))


def find_village_code(session: Session, village_id: int) -> str:
    """A village's code."""
    return session.execute(select(Village.code).where(Village.id == village_id)).scalar_one()


def list_leader_phones(session: Session, group_id: int, now: datetime | None = None) -> list[Recipient]:
    """The phones of the group's leader, or of its deputy where no leader is set or at home; empty where neither is."""
    led: list[tuple[Role, int, House]] = []
    for role, office in ((Role.LEADER, Group.leader_id), (Role.DEPUTY, Group.deputy_id)):
        found = session.execute(
            select(Household.id, Household.head, Household.group_id, Household.position, Household.away_until)
            .join(Group, office == Household.id)
            .where(Group.id == group_id, Household.archived_at.is_(None))
        ).one_or_none()
        if found is not None:
            led.append((role, found[0], House(*found[1:4], away=is_away(found[4], now))))
    for role, household_id, house in sorted(led, key=lambda each: each[2].away)[:1]:
        phones, languages = read_phones_to_reach(session, {household_id: house})
        in_turn = sorted(phones, key=lambda phone: (phone.rank, phone.phone_id))
        return [
            make_recipient(Ring(phone, turn, 0), house.head, languages[phone.phone_id], role)
            for turn, phone in enumerate(in_turn, start=1)
        ]
    return []


def list_officers(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the group's leader and deputy as they are now, wherever they live: the leader's first."""
    found = session.execute(select(Group.leader_id, Group.deputy_id).where(Group.id == group_id)).one_or_none()
    roles = {} if found is None else {found.deputy_id: Role.DEPUTY, found.leader_id: Role.LEADER}
    reached = list_recipients_where(session, Household.id.in_([each for each in roles if each is not None]), now, roles)
    return sorted(reached, key=lambda each: each.role is not Role.LEADER)


def list_backup(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the group's back-up group (支援组); empty where it has none."""
    backup = select(Group.backup_group_id).where(Group.id == group_id).scalar_subquery()
    active = select(Group.id).where(Group.id == backup, Group.archived_at.is_(None))
    return list_recipients_where(session, Household.group_id.in_(active), now, {}, Role.BACKUP)


def list_neighbours(session: Session, group_id: int, now: datetime) -> list[Recipient]:
    """The phones of the groups beside this one: those of its grid, and the ones before and after it."""
    beside = responders_on_duty.find_groups_beside(session, group_id)
    return list_recipients_where(session, Household.group_id.in_(beside), now, {}, Role.NEIGHBOUR)


def list_on_duty(session: Session, village_id: int | None, local: datetime) -> list[Recipient]:
    """The village's responders that are on duty at this minute of local time; without a village, the town centre's."""
    role = Role.CENTRE if village_id is None else Role.DUTY
    return [_make_responder(each, role) for each in responders_on_duty.list_on_duty(session, village_id, local)]


def _make_responder(found: Responder, role: Role) -> Recipient:
    return Recipient(
        responder_id=found.id,
        number=found.number,
        language=found.language.value,
        may_call=found.may_call,
        may_text=found.may_text,
        household_name=responders_on_duty.name_of(found),
        household_name_en=responders_on_duty.name_in_english(found),
        phone_rank=1,
        distance=FARTHEST,
        role=role,
        call_refused=found.call_refused_code is not None,
        text_refused=found.text_refused_code is not None,
    )
