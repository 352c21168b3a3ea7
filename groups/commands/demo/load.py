"""Loading the demo town: once, into an empty roster, and never where calls reach people.

Who watches over it stands here, too: duty phones, security, patrols, guards and volunteers; 116 cameras; its centre.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from config.database import Base
from groups.commands.demo import history
from groups.commands.demo.town import FIRST_DAY, REPORTING_DAY, VillagePlan, draw_up
from groups.coverage.rules.figures import DEFAULT_THRESHOLD
from groups.errors import DemoRefused, say
from groups.models.enrolment import Device, DeviceTest, EndReason, Subscription, Tariff
from groups.models.figures import HouseholdCount, ReachProof, Residence, Threshold
from groups.models.responders import Camera, Responder, Team
from groups.models.roster import Grid, Group, Household, Phone, Village

CAMERAS = 116
_PEOPLE = (
    (Team.SECURITY, "何建平", "每天 06:00-18:00"),
    (Team.SECURITY, "郭振华", "每天 18:00-06:00"),
    (Team.PATROL, "罗国庆", "周一至周五 18:00-24:00"),
    (Team.PATROL, "梁志强", "周六、周日 全天"),
    (Team.GUARDS, "宋卫东", "周一至周五 08:00-18:00"),
    (Team.VOLUNTEERS, "唐秀英", ""),
)
_SPOTS = ("村口", "桥头", "祠堂前", "小学门口", "停车场", "菜场")


def draw_responders(villages: Sequence[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    """Rows for the villages (id, name), and for the town's centre. Numbers that the demo's households do not have."""
    yield _make_row(None, Team.STATION, "镇社会服务管理中心值班室", "+8657488000001", "")
    for place, (village_id, name) in enumerate(villages, start=1):
        yield _make_row(village_id, Team.STATION, f"{name}值班室", f"+86574880001{place:02}", "")
        for person, (team, person_name, hours) in enumerate(_PEOPLE, start=1):
            yield _make_row(village_id, team, person_name, f"+861980000{place:02}{person:02}", hours)


def draw_cameras(villages: Sequence[tuple[int, Sequence[int]]]) -> Iterator[dict[str, Any]]:
    """Camera places for the villages (id, its grids' ids), as many as the town has, spread evenly."""
    for number in range(CAMERAS):
        village_id, grids = villages[number % len(villages)]
        turn = number // len(villages)
        spot = _SPOTS[turn % len(_SPOTS)]
        yield {
            "village_id": village_id,
            "grid_id": grids[turn % len(grids)],
            "name": f"{turn + 1}号监控",
            "landmark": spot,
        }


def _make_row(village_id: int | None, team: Team, name: str, number: str, hours: str) -> dict[str, Any]:
    landline = number.startswith("+86574")
    return {
        "village_id": village_id,
        "team": team,
        "name": name,
        "number": number,
        "hours": hours,
        "may_text": not landline,
    }


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What stands in the roster; `loaded` is False when the town stood there already."""

    loaded: bool
    villages: int
    households: int
    subscribed: int
    groups: int
    phones: int


def load_demo(session: Session, *, carrier_is_simulator: bool) -> DemoSummary:
    """Build the demo town in an empty roster; change nothing where it stands already.

    Raises DemoRefused where calls would reach people, or where a real village would get invented neighbours.
    """
    if not carrier_is_simulator:
        raise DemoRefused(say("demo_with_live_carrier"))
    town = draw_up()
    existing = set(session.scalars(select(Village.code)))
    loaded = not {village.code for village in town} <= existing
    if loaded:
        if existing:
            raise DemoRefused(say("roster_is_not_the_demos", villages=tuple(sorted(existing)[:3])))
        _build(session, town)
    return _summarise(session, loaded=loaded)


def _build(session: Session, town: Sequence[VillagePlan]) -> None:
    villages = _insert(
        session,
        Village,
        [{"code": plan.code, "name": plan.name, "name_en": plan.name_en, "kind": plan.kind} for plan in town],
    )
    drawn_up = list(zip(villages, town, strict=True))
    grids = _insert_per_village(session, Grid, drawn_up, _make_grid_rows)
    groups = _insert_per_village(session, Group, drawn_up, partial(_make_group_rows, grids))
    households = _insert_per_village(session, Household, drawn_up, partial(_make_household_rows, groups))
    numbers = _insert_per_village(session, Phone, drawn_up, partial(_make_phone_rows, households))
    _insert_per_village(session, Subscription, drawn_up, partial(_make_subscription_rows, households))
    session.execute(update(Group), list(_make_offices(drawn_up, groups, households)))
    session.execute(insert(Threshold), [{"starts_on": FIRST_DAY, "basis_points": DEFAULT_THRESHOLD}])
    session.execute(insert(Tariff), [*history.TARIFFS])
    names = [(village_id, plan.name) for village_id, plan in drawn_up]
    session.execute(insert(Responder), [*draw_responders(names)])
    session.execute(insert(Camera), [*draw_cameras([*grids.items()])])
    for village_id, plan in drawn_up:
        own = households[village_id]
        numbers_left = iter(numbers[village_id])
        phones = [list(islice(numbers_left, len(household.phones))) for household in plan.households]
        told = (
            (HouseholdCount, history.draw_counts(village_id, plan)),
            (Residence, history.draw_residences(village_id, plan, groups[village_id], grids[village_id], own)),
            (ReachProof, history.draw_proofs(plan, own, phones)),
        )
        for table, rows in told:
            if written := [*rows]:
                session.execute(insert(table), written)
        if devices := [*history.draw_devices(plan, own, phones)]:
            tests = history.draw_device_tests(devices, _insert(session, Device, devices))
            session.execute(insert(DeviceTest), [*tests])


def _insert(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert the rows in bulk; their ids, in the same order."""
    statement = insert(table).returning(table.__table__.c.id, sort_by_parameter_order=True)
    return list(session.scalars(statement, rows))


def _insert_per_village(
    session: Session,
    table: type[Base],
    drawn_up: Sequence[tuple[int, VillagePlan]],
    rows_of: Callable[[int, VillagePlan], list[dict[str, Any]]],
) -> dict[int, list[int]]:
    """Insert every village's rows at once; each village's ids, in the order of its rows."""
    rows = {village_id: rows_of(village_id, plan) for village_id, plan in drawn_up}
    ids = iter(_insert(session, table, [row for own in rows.values() for row in own]))
    return {village_id: list(islice(ids, len(own))) for village_id, own in rows.items()}


def _make_grid_rows(village_id: int, plan: VillagePlan) -> list[dict[str, Any]]:
    return [{"village_id": village_id, "name": name, "virtual": virtual} for name, virtual in plan.grids]


def _make_group_rows(grids: dict[int, list[int]], village_id: int, plan: VillagePlan) -> list[dict[str, Any]]:
    return [
        {"village_id": village_id, "grid_id": grids[village_id][group.grid], "name": group.name, "position": position}
        for position, group in enumerate(plan.groups, start=1)
    ]


def _make_household_rows(groups: dict[int, list[int]], village_id: int, plan: VillagePlan) -> list[dict[str, Any]]:
    return [
        {
            "village_id": village_id,
            "group_id": None if household.group is None else groups[village_id][household.group],
            "head": household.head,
            "door": household.door,
            "landmark": household.landmark,
            "position": household.position,
        }
        for household in plan.households
    ]


def _make_phone_rows(households: dict[int, list[int]], village_id: int, plan: VillagePlan) -> list[dict[str, Any]]:
    return [
        {
            "household_id": household_id,
            "number": phone.number,
            "rank": rank,
            "kind": phone.kind,
            "holder": phone.holder,
            "may_text": phone.may_text,
            "language": phone.language,
        }
        for household_id, household in zip(households[village_id], plan.households, strict=True)
        for rank, phone in enumerate(household.phones, start=1)
    ]


def _make_subscription_rows(
    households: dict[int, list[int]], village_id: int, plan: VillagePlan
) -> list[dict[str, Any]]:
    return [
        {
            "household_id": household_id,
            "plan": household.plan,
            "number": household.phones[0].number if household.phones else "",
            "starts_on": starts_on,
            "ends_on": ends_on,
            "end_reason": None if ends_on is None else EndReason.CANCELLED,
            "consent_on": starts_on,
            "consent_by": household.head,
        }
        for household_id, household in zip(households[village_id], plan.households, strict=True)
        for starts_on, ends_on in household.subscriptions
    ]


def _make_offices(
    drawn_up: Sequence[tuple[int, VillagePlan]], groups: dict[int, list[int]], households: dict[int, list[int]]
) -> Iterator[dict[str, Any]]:
    """Leader, deputy and back-up of every group: only now do they all have ids."""
    for village_id, plan in drawn_up:
        for group_id, group in zip(groups[village_id], plan.groups, strict=True):
            yield {
                "id": group_id,
                "leader_id": households[village_id][group.leader],
                "deputy_id": households[village_id][group.deputy],
                "backup_group_id": groups[village_id][group.backup],
            }


def _summarise(session: Session, *, loaded: bool) -> DemoSummary:
    active = (Subscription.starts_on <= REPORTING_DAY) & (
        Subscription.ends_on.is_(None) | (Subscription.ends_on > REPORTING_DAY)
    )

    def count_rows(what: ColumnElement[int], *conditions: ColumnElement[bool]) -> int:
        return session.scalars(select(what).where(*conditions)).one()

    return DemoSummary(
        loaded=loaded,
        villages=count_rows(func.count(Village.id), Village.archived_at.is_(None)),
        households=count_rows(func.count(Household.id), Household.archived_at.is_(None)),
        subscribed=count_rows(func.count(Subscription.household_id.distinct()), active),
        groups=count_rows(func.count(Group.id), Group.archived_at.is_(None)),
        phones=count_rows(func.count(Phone.id), Phone.archived_at.is_(None)),
    )
