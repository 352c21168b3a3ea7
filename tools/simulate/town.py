"""The town of the nights: groups that call for help, and households whose like have gone wrong before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from config.database import Base, Database
from groups.models import accounts as _accounts  # noqa: F401 - a table that others refer to
from groups.models.responders import Responder, Team
from groups.models.roster import Group, Household, Language, Phone, PhoneKind, Village
from joint_defense.models.incidents import Alert, Incident
from joint_defense.rules.states import Channel, IncidentKind

DUSK = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
GROUPS = 360
SECOND_PHONE = 11
"""The place of the second phone of the household at 1."""
WATCHED = 3
"""Villages with households in no group, and those on duty for them."""


def number_of(group: int, place: int) -> str:
    """The number of the household at this place of a group; the one at 0 calls for help."""
    return f"+86138{group:04}{place:04}"


def count_neighbours(group: int) -> int:
    """How many others there are: most often one, with whom most of what goes wrong goes wrong already."""
    if has_silent(group) or group % 8 == 0:
        return 3
    return 2 if group % 4 == 3 else 1


def duty_number_of(group: int) -> str:
    """Who is on duty for a household in no group."""
    return f"+861399999{group // 10 % WATCHED:04}"


def is_alone(group: int) -> bool:
    """Whether the household that calls is in no group: the village's duty phone is all it has."""
    return group % 10 == 7


def has_second_phone(group: int) -> bool:
    """Whether the first neighbour has two phones, and two people who may not agree."""
    return group % 3 == 1


def has_silent(group: int) -> bool:
    """Whether the third neighbour is a silent household, which has called for help itself just before."""
    return group % 12 == 5


def has_old_call(group: int) -> bool:
    """Whether an alarm of the second neighbour, three hours old, was never closed."""
    return group % 8 == 3


def leads_elsewhere(group: int) -> bool:
    """Whether the leader is the first neighbour of the next group: a phone that is rung for both."""
    return group % 6 == 2 and group + 1 < GROUPS


def expected_for(group: int, *, lives_alone: bool = True) -> frozenset[str]:
    """The numbers that are due when the household at 0 calls and nobody else does; or one that is in the group."""
    if lives_alone and is_alone(group):
        return frozenset({duty_number_of(group)})
    places = set(range(1, count_neighbours(group) + 1)) - ({3} if has_silent(group) else set())
    found = {number_of(group, place) for place in places}
    if has_second_phone(group):
        found.add(number_of(group, SECOND_PHONE))
    if leads_elsewhere(group):
        found |= {number_of(group + 1, 1)}
        found |= {number_of(group + 1, SECOND_PHONE)} if has_second_phone(group + 1) else set()
    return frozenset(found)


def build_town(database: Database) -> None:
    """A roster of `GROUPS` groups, each with a household that calls and its neighbours."""
    Base.metadata.create_all(database.engine)
    with database.begin() as session:
        village = Village(code="N01", name="夜村", name_en="Yecun")
        watched = [Village(code=f"N1{each}", name=f"守村{each}", name_en=f"Shoucun {each}") for each in range(WATCHED)]
        session.add_all([village, *watched])
        session.flush()
        duty = {"team": Team.STATION, "name": "值班室", "language": Language.CHINESE}
        for each, own in enumerate(watched):
            session.add(Responder(village_id=own.id, number=duty_number_of(each * 10), **duty))
        firsts: dict[int, int] = {}
        groups: dict[int, Group] = {}
        for each in range(GROUPS):
            group = groups[each] = Group(village_id=village.id, name=f"{each}组")
            session.add(group)
            session.flush()
            for place in range(count_neighbours(each) + 1):
                alone = place == 0 and is_alone(each)
                house = Household(
                    village_id=watched[each // 10 % WATCHED].id if alone else village.id,
                    group_id=None if alone else group.id,
                    head="王李陈张"[place] + "建国",
                    door=f"{each}-{place}",
                    landmark="桥东",
                    position=place,
                    silent=place == 3 and has_silent(each),
                )
                session.add(house)
                session.flush()
                kind = {"kind": PhoneKind.MOBILE, "may_call": True, "language": "zh"}
                phone = Phone(household_id=house.id, number=number_of(each, place), rank=1, may_text=place != 2, **kind)
                session.add(phone)
                if place == 1:
                    firsts[each] = house.id
                    if has_second_phone(each):
                        number = number_of(each, SECOND_PHONE)
                        session.add(Phone(household_id=house.id, number=number, rank=2, may_text=False, **kind))
                if place == 2 and has_old_call(each):
                    session.flush()
                    session.add(_old_call(village, group, house, phone))
        session.flush()
        for each, group in groups.items():
            if leads_elsewhere(each):
                group.leader_id = firsts[each + 1]


def _old_call(village: Village, group: Group, house: Household, phone: Phone) -> Incident:
    at = DUSK - timedelta(hours=3)
    alert = Alert(
        household_id=house.id,
        household_name="陈建国家",
        household_name_en="Chen Jianguo",
        place="",
        place_en="",
        phone_id=phone.id,
        number=phone.number,
        language="zh",
        channel=Channel.CALL,
        raised_at=at,
        on_line_until=at,
    )
    return Incident(
        kind=IncidentKind.ALARM,
        village_id=village.id,
        village_name="夜村",
        group_id=group.id,
        group_name=group.name,
        opened_at=at,
        alerts=[alert],
    )
