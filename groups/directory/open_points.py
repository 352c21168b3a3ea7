"""What stands open in a village's roster, as its half-monthly check goes through it; and the villages themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import TIMEZONE
from groups.coverage.rules.reachability import COMPLETE_GROUP
from groups.directory.device_tests import PRESSED_FOR
from groups.directory.failing_numbers import match_failing
from groups.models.changes import ERASED
from groups.models.enrolment import Device, DeviceTest, Subscription, is_active
from groups.models.figures import Residence
from groups.models.roster import Household, Phone, Village
from groups.roster.reading import HouseLine, PhoneLine, list_group_names, list_houses_where
from groups.rules import names
from groups.rules.proofs import is_proven

_ZONE = ZoneInfo(TIMEZONE)


@dataclass(frozen=True, slots=True)
class HouseholdPoint:
    """A household that a point is about. `away`: nobody is at home now; `silent`: it is never rung by itself."""

    household_id: int
    name: str
    name_en: str
    door: str
    group_name: str
    away: bool
    silent: bool


@dataclass(frozen=True, slots=True)
class PhonePoint:
    """A number, and the last local day on which a person gave a sign there."""

    phone_id: int
    number: str
    proven_on: date | None
    household: HouseholdPoint


@dataclass(frozen=True, slots=True)
class GroupPoint:
    """A group with too few households, and how many of those were proven in 30 days."""

    group_id: int
    name: str
    households: int
    proven: int


@dataclass(frozen=True, slots=True)
class DevicePoint:
    """A device that is with a household. `kind`: `key` or `phone`; `tied`: it is known from which line it calls.

    `pressed_on` is the local day of its last test press, `asked_on` of the last time that one was asked for.
    """

    device_id: int
    kind: str
    serial: str
    household: HouseholdPoint
    tied: bool = False
    pressed_on: date | None = None
    asked_on: date | None = None


@dataclass(frozen=True, slots=True)
class RosterPoints:
    """All that stands open in a village's roster, each kind in the order of the roster."""

    failing: tuple[PhonePoint, ...]
    without_number: tuple[HouseholdPoint, ...]
    unproven: tuple[PhonePoint, ...]
    small_groups: tuple[GroupPoint, ...]
    ungrouped: tuple[HouseholdPoint, ...]
    silent_devices: tuple[DevicePoint, ...]


@dataclass(frozen=True, slots=True)
class VillageOnRecord:
    """A village of the town."""

    village_id: int
    code: str
    name: str
    name_en: str


def read_roster_points(session: Session, village_id: int, now: datetime, today: date) -> RosterPoints:
    """What stands open in a village at `now`, whose local day is `today`."""
    groups = dict(list_group_names(session, village_id))
    houses = list_houses_where(session, Household.village_id == village_id, now)
    failing = _find_failing(session, village_id)
    signed_up = _find_signed_up(session, village_id, today)
    of_group: dict[int, list[HouseLine]] = defaultdict(list)
    for house in houses:
        if house.group_id is not None:
            of_group[house.group_id].append(house)
    points = {house.id: _make_point(house, groups) for house in houses}
    phones = [(house, phone) for house in houses for phone in house.phones]
    return RosterPoints(
        failing=tuple(_make_phone(phone, points[house.id]) for house, phone in phones if phone.id in failing),
        without_number=tuple(points[house.id] for house in houses if house.flaw is not None),
        unproven=tuple(
            _make_phone(phone, points[house.id])
            for house, phone in phones
            if phone.id not in failing and phone.state.reachable and not is_proven(phone.proven_on, today)
        ),
        small_groups=tuple(
            GroupPoint(group_id, name, len(own), sum(house.is_proven(today) for house in own))
            for group_id, name in groups.items()
            if len(own := of_group[group_id]) < COMPLETE_GROUP
        ),
        ungrouped=tuple(points[house.id] for house in houses if house.group_id is None and house.id in signed_up),
        silent_devices=_list_silent_devices(session, houses, points, today),
    )


def _find_failing(session: Session, village_id: int) -> set[int]:
    found = select(Phone.id).join(Household, Household.id == Phone.household_id)
    here = (Household.village_id == village_id) & Household.archived_at.is_(None) & Phone.archived_at.is_(None)
    return set(session.scalars(found.where(here, match_failing())))


def _find_signed_up(session: Session, village_id: int, today: date) -> set[int]:
    found = select(Subscription.household_id).join(Household, Household.id == Subscription.household_id)
    return set(session.scalars(found.where(Household.village_id == village_id, is_active(today))))


def _list_silent_devices(
    session: Session, houses: Collection[HouseLine], points: dict[int, HouseholdPoint], today: date
) -> tuple[DevicePoint, ...]:
    """Devices that are out and were not pressed for a test in 30 days: a call from the line says nothing of a key."""
    tests = (
        select(
            DeviceTest.device_id,
            func.max(DeviceTest.pressed_at).label("pressed_at"),
            func.max(DeviceTest.asked_on).label("asked_on"),
        )
        .group_by(DeviceTest.device_id)
        .subquery()
    )
    out = select(Device, tests.c.pressed_at, tests.c.asked_on).join(Household, Household.id == Device.household_id)
    village = {house.village_id for house in houses}
    rows = session.execute(
        out.outerjoin(tests, tests.c.device_id == Device.id)
        .where(Household.village_id.in_(village), Device.returned_on.is_(None))
        .order_by(Device.id)
    )
    found = []
    for each, pressed_at, asked_on in rows:
        pressed_on = None if pressed_at is None else pressed_at.astimezone(_ZONE).date()
        if each.household_id in points and (pressed_on is None or pressed_on <= today - PRESSED_FOR):
            point = points[each.household_id]
            tied = each.phone_id is not None
            found.append(DevicePoint(each.id, each.kind.value, each.serial, point, tied, pressed_on, asked_on))
    return tuple(found)


def _make_point(house: HouseLine, groups: dict[int, str]) -> HouseholdPoint:
    return HouseholdPoint(
        house.id,
        names.name_household(house.head),
        names.name_household_in_english(house.head),
        house.door,
        groups.get(house.group_id or 0, ""),
        house.away,
        house.silent,
    )


def _make_phone(phone: PhoneLine, household: HouseholdPoint) -> PhonePoint:
    return PhonePoint(phone.id, phone.number, phone.proven_on, household)


def read_household_names(session: Session, household_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """How these households are called now, in Chinese and English; without those whose data has been erased."""
    found: dict[int, tuple[str, str]] = {}
    wanted = sorted(household_ids)
    for start in range(0, len(wanted), 500):  # below every database's limit of parameters
        rows = session.execute(
            select(Household.id, Household.head).where(Household.id.in_(wanted[start : start + 500]))
        )
        found |= {
            each: (names.name_household(head), names.name_household_in_english(head))
            for each, head in rows
            if head not in {"", ERASED}
        }
    return found


def list_villages(session: Session) -> list[VillageOnRecord]:
    """The town's villages, by their code."""
    rows = session.execute(
        select(Village.id, Village.code, Village.name, Village.name_en)
        .where(Village.archived_at.is_(None))
        .order_by(Village.code)
    )
    return [VillageOnRecord(*row) for row in rows]


def read_village_on_record(session: Session, village_id: int) -> VillageOnRecord:
    """A village that is or was on the roster."""
    village = session.get_one(Village, village_id)
    return VillageOnRecord(village.id, village.code, village.name, village.name_en)


def find_villages_lived_in(session: Session, day: date, village_ids: Collection[int] | None = None) -> set[int]:
    """The town's villages, or those of these, in which any household was on record on or before a day.

    Homes that are supposed from an old subscription say nothing of when the village was on record.
    """
    own = (Residence.village_id == Village.id) & ~Residence.supposed
    lived = select(Residence.id).where(own, Residence.starts_on <= day).exists()
    found = select(Village.id).where(Village.archived_at.is_(None), lived)
    if village_ids is not None:
        found = found.where(Village.id.in_(village_ids))
    return set(session.scalars(found))


def find_lived_in_since(session: Session, village_id: int) -> date | None:
    """Since when any household of a village is on record; None where none ever was."""
    own = (Residence.village_id == village_id) & ~Residence.supposed
    return session.scalar(select(func.min(Residence.starts_on)).where(own))
