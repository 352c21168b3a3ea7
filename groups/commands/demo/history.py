"""Two years of the demo town, drawn up as plain rows: who lived in which group, what was counted, drilled and given.

As in `demo_town`, chance comes from `Random.random()` alone, so that the story is the same every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from groups.commands.demo.town import FIRST_DAY, REPORTING_DAY, HouseholdPlan, VillagePlan
from groups.models.enrolment import DeviceKind, DeviceTestOutcome
from groups.models.figures import ProofKind
from groups.rules.counting import CountKind

_COUNTED_ON = (FIRST_DAY, date(2025, 11, 20), REPORTING_DAY)
_HOUSEHOLDS_IN_100 = {CountKind.RESIDENT: 100, CountKind.REGISTERED: 108, CountKind.LANDLINE: 93}
_GROWTH_IN_100 = (97, 99, 100)
_BETWEEN_DRILLS = timedelta(days=61)
_LATEST_DRILL = timedelta(days=20)
_NEVER_REACHED, _REACHED_AT_A_DRILL, _REGROUPED = 0.05, 0.94, 0.04
_NEVER_PRESSED = 0.03
TARIFFS = (
    {"plan": "平安联防#9按键", "starts_on": FIRST_DAY, "village_fen": 300, "carrier_fen": 300},
    {"plan": "平安联防#9按键", "starts_on": date(2026, 1, 1), "village_fen": 300, "carrier_fen": 200},
    {"plan": "专用手机", "starts_on": FIRST_DAY, "village_fen": 500, "carrier_fen": 1000},
)


def draw_counts(village_id: int, plan: VillagePlan) -> Iterator[dict[str, Any]]:
    """What was counted of a village's households, by all three kinds, when it began and every year since."""
    for counted_on, growth in zip(_COUNTED_ON, _GROWTH_IN_100, strict=True):
        for kind, share in _HOUSEHOLDS_IN_100.items():
            households = len(plan.households) * share * growth // 10_000
            yield {"village_id": village_id, "kind": kind, "counted_on": counted_on, "households": households}


def draw_residences(
    village_id: int, plan: VillagePlan, groups: Sequence[int], grids: Sequence[int], households: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Where every household was: in no group until it signed up; a few changed groups; those who left are in none."""
    rng = Random(f"{plan.code} residences")  # noqa: S311  chance for a story, not for a secret
    for household_id, household in zip(households, plan.households, strict=True):
        days = [*_draw_stays(household, len(groups), rng)]
        for place, (starts_on, group) in enumerate(days):
            yield {
                "household_id": household_id,
                "village_id": village_id,
                "group_id": None if group is None else groups[group],
                "grid_id": None if group is None else grids[plan.groups[group].grid],
                "starts_on": starts_on,
                "ends_on": days[place + 1][0] if place + 1 < len(days) else None,
            }


def draw_proofs(
    plan: VillagePlan, households: Sequence[int], phones: Sequence[Sequence[int]]
) -> Iterator[dict[str, Any]]:
    """A drill every two months since the village began, the last within the month; who answered, by which phone."""
    rng = Random(f"{plan.code} drills")  # noqa: S311  the same
    began = min((stay[0] for household in plan.households for stay in household.subscriptions), default=None)
    if began is None:
        return
    drills = []
    day = REPORTING_DAY - _LATEST_DRILL
    while day > began:
        drills.append(day)
        day -= _BETWEEN_DRILLS
    for household_id, household, own in zip(households, plan.households, phones, strict=True):
        if not own or household.group is None or rng.random() < _NEVER_REACHED:
            continue
        for drill in drills:
            if _is_signed_up(household, drill) and rng.random() < _REACHED_AT_A_DRILL:
                phone = own[int(rng.random() * min(len(own), 2))]
                yield {"phone_id": phone, "household_id": household_id, "proven_on": drill, "kind": ProofKind.DRILL}


def draw_devices(
    plan: VillagePlan, households: Sequence[int], phones: Sequence[Sequence[int]]
) -> Iterator[dict[str, Any]]:
    """The key or phone that every household was given when it signed up, and gave back when it left."""
    rows = zip(households, plan.households, phones, strict=True)
    for number, (household_id, household, own) in enumerate(rows):
        if not household.subscriptions:
            continue
        kind = DeviceKind.PHONE if household.plan == "专用手机" else DeviceKind.KEY
        yield {
            "household_id": household_id,
            "kind": kind,
            "serial": f"{'P' if kind is DeviceKind.PHONE else 'K'}{plan.code[2:]}{number + 1:04}",
            "given_on": household.subscriptions[0][0],
            "returned_on": household.subscriptions[-1][1],
            "phone_id": own[0] if own else None,
        }


def draw_device_tests(devices: Sequence[dict[str, Any]], ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The last monthly test press of each key and phone that is out: most were pressed, a few stayed silent."""
    rng = Random("device tests")  # noqa: S311  chance for a story, not for a secret
    for device_id, device in zip(ids, devices, strict=True):
        asked_on = REPORTING_DAY - timedelta(days=2 + int(rng.random() * 20))
        silent = rng.random() < _NEVER_PRESSED
        if device["returned_on"] is not None or device["phone_id"] is None or device["given_on"] > asked_on:
            continue
        asked_at = datetime(asked_on.year, asked_on.month, asked_on.day, 1, tzinfo=UTC)
        ends_at = asked_at + timedelta(hours=10)
        pressed_at = None if silent else asked_at + timedelta(minutes=5 + int(rng.random() * 300))
        yield {
            "device_id": device_id,
            "phone_id": device["phone_id"],
            "asked_on": asked_on,
            "open_until": ends_at,
            "pressed_at": pressed_at,
            "closed_at": pressed_at or ends_at,
            "outcome": DeviceTestOutcome.MISSED if silent else DeviceTestOutcome.PRESSED,
        }


def _draw_stays(household: HouseholdPlan, groups: int, rng: Random) -> Iterator[tuple[date, int | None]]:
    """From which day on a household was in which group."""
    if not household.subscriptions:
        yield FIRST_DAY, None
        return
    joined = household.subscriptions[0][0]
    if joined > FIRST_DAY:
        yield FIRST_DAY, None
    if household.group is None:
        left = household.subscriptions[-1][1]
        yield joined, int(rng.random() * groups)
        if left is not None:
            yield left, None
        return
    regrouped = joined + (REPORTING_DAY - joined) * rng.random()
    if rng.random() < _REGROUPED and groups > 1 and regrouped > joined:
        yield joined, (household.group + 1) % groups
        yield regrouped, household.group
        return
    yield joined, household.group


def _is_signed_up(household: HouseholdPlan, day: date) -> bool:
    return any(
        starts_on <= day and (ends_on is None or day < ends_on) for starts_on, ends_on in household.subscriptions
    )
