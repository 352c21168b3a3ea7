"""Numbers are tested by themselves: who is due, spread over the day, never twice a week, and what a miss leads to."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from groups.models.figures import ProofKind, ReachProof
from groups.models.roster import Household, Village
from joint_defense.delivery.proofs import note_proofs
from joint_defense.models.incidents import Acknowledgement, Delivery, Incident
from joint_defense.models.upkeep import Holiday, PhoneCheck, PhoneTask
from joint_defense.rules.states import Channel, IncidentKind, Purpose
from joint_defense.rules.tasks import TaskReason
from joint_defense.rules.upkeep.rolling_tests import find_slot
from joint_defense.upkeep import drills, rolling_tests, village_hours
from joint_defense.upkeep.drills import Hours, Scope
from tests.support.factories import House, Town, at

ZONE = ZoneInfo("Asia/Shanghai")
DAY = 86400.0
SIX = 9 * 3600.0 - 7 * 60
"""The next day's six o'clock, 24 November: NOW is 21:07."""
NINE = SIX + 3 * 3600
SPANS = ((9, 11), (15, 19))


@pytest.fixture
def village(town: Town) -> Town:
    town.run(lambda s: village_hours.set_upkeep(s, town.village_id, SPANS, "村长", at(0)))
    return town


def plan(town: Town, after: float = SIX) -> int | None:
    return town.run(lambda s: rolling_tests.plan_day(s, at(after), ZONE))


def ring(town: Town, after: float) -> list[str]:
    """What the clock rings at a moment; the numbers."""
    rung: list[str] = []
    for village_id, slot in town.read(lambda s: rolling_tests.find_villages_due(s, at(after), ZONE)):
        made = town.run(lambda s, one=village_id, till=slot: rolling_tests.ring_due(s, one, till, at(after), ZONE))  # type: ignore[misc]
        if made is not None:
            rung += [each.number for each in town.deliveries(made)]
    return rung


def prove(town: Town, number: str, day: date) -> None:
    phone = town.phone(number)
    row = {"phone_id": phone.id, "household_id": phone.household_id, "proven_on": day, "kind": ProofKind.CALL}
    town.run(lambda s: s.execute(insert(ReachProof).values(row)))


def finish(town: Town, after: float, *answering: House) -> None:
    """What rings is over; these have pressed a key."""
    town.place(after=after)
    for house in answering:
        told = town.delivery(house.number, Channel.CALL, Purpose.TEST)
        town.run(lambda s, one=told.id: drills.take_answer(s, s.get_one(Delivery, one), Channel.CALL, at(after + 20)))  # type: ignore[misc]
    town.run(lambda s: note_proofs(s, at(after + 60), ZONE))
    still_open = select(Incident.id).where(Incident.closed_at.is_(None), Incident.kind == IncidentKind.DRILL)
    for incident_id in town.read(lambda s: s.scalars(still_open).all()):
        town.run(lambda s, one=incident_id: drills.stop_drill(s, one, "", at(after + 900)))  # type: ignore[misc]


def test_a_days_tests_are_planned_once_for_what_is_due_and_spread_over_the_hours(village: Town) -> None:
    houses = [village.house(f"户{place}") for place in range(14)]
    young, old = houses[0], houses[1]
    prove(village, young.number, date(2026, 11, 20))
    prove(village, old.number, date(2026, 11, 1))
    village.change(houses[2].number, call_refused_code="21211")
    village.change(houses[3].number, may_call=False)
    gone = update(Household).where(Household.id == houses[4].id).values(away_until=at(30 * DAY))
    village.run(lambda s: s.execute(gone))
    assert plan(village) == 2, "a seventh of eleven a day"
    assert plan(village, SIX + 300) is None
    assert ring(village, SIX) == []
    assert ring(village, NINE) == [houses[5].number], "the longest unproven first"
    assert ring(village, NINE + 600) == []
    assert ring(village, NINE + 7 * 3600) == [houses[6].number], "half of the day's time has gone by at 16"
    (first, _) = [each for each in village.incidents() if each.kind is IncidentKind.DRILL]
    assert (first.group_id, first.village_id) == (None, village.village_id)
    finish(village, NINE + 7 * 3600, houses[5], houses[6])
    # Within a week all had their turn, each once.
    rung = [*(each.number for each in houses[5:7])]
    for day in range(1, 7):
        plan(village, SIX + day * DAY)
        for hour in (0, 1, 6, 7, 8, 9):
            rung += ring(village, NINE + day * DAY + hour * 3600)
        finish(village, NINE + day * DAY + 9 * 3600 + 1800)
    assert sorted(rung) == sorted({*(each.number for each in houses[5:]), old.number})


def test_a_phone_is_taken_in_where_hours_are_set_and_follows_its_household_to_any_village(village: Town) -> None:
    house, moves = village.house("王"), village.house("李")

    def add_other(session: Session) -> int:
        other = Village(code="NX", name="新村")
        session.add(other)
        session.flush()
        return other.id

    other = village.run(add_other)
    newcomer = village.house("陈")
    in_other = update(Household).where(Household.id == newcomer.id).values(village_id=other, group_id=None)
    village.run(lambda s: s.execute(in_other))
    assert plan(village) == 1
    homes = select(PhoneCheck.phone_id, PhoneCheck.village_id).order_by(PhoneCheck.phone_id)
    own, moved = village.phone(house.number).id, village.phone(moves.number).id
    assert village.read(lambda s: s.execute(homes).all()) == [(own, village.village_id), (moved, village.village_id)]
    move = update(Household).where(Household.id == moves.id).values(village_id=other, group_id=None)
    village.run(lambda s: s.execute(move))
    plan(village, SIX + DAY)
    assert village.read(lambda s: s.execute(homes).all()) == [(own, village.village_id), (moved, other)]


def test_a_phone_rests_for_a_week_after_any_drill_and_nothing_rings_beside_an_alarm_or_on_a_holiday(
    village: Town,
) -> None:
    wang, li = village.house("王"), village.house("李")
    whole = Scope(village.village_id, "墙下陶村")
    (drill,) = village.run(lambda s: drills.start_drills(s, whole, "村长", at(60), Hours(None, ZONE)))
    village.place(after=60)
    village.run(lambda s: drills.stop_drill(s, drill, "村长", at(90)))
    assert plan(village) == 0
    assert plan(village, SIX + 5 * DAY) == 0
    assert plan(village, SIX + 6 * DAY) == 1
    raised = village.raise_alarm(wang, after=NINE + 6 * DAY - 60)
    assert ring(village, NINE + 6 * DAY) == []
    closed = update(Incident).where(Incident.id == raised.incident_id).values(closed_at=at(NINE + 6 * DAY + 60))
    village.run(lambda s: s.execute(closed))
    (number,) = ring(village, NINE + 6 * DAY + 120)
    # A real call ends it; what had not rung is planned again, and nobody has missed anything.
    village.raise_alarm(li if number == wang.number else wang, after=NINE + 6 * DAY + 130)
    checks = village.read(lambda s: s.scalars(select(PhoneCheck)).all())
    assert [(each.missed, each.unsure) for each in checks] == [(0, 0), (0, 0)]
    assert sorted(each.rung_on or date.min for each in checks) == [date.min, date(2026, 11, 23)]
    village.run(lambda s: s.add(Holiday(day=date(2026, 12, 1), name="节日")))
    village.run(lambda s: s.execute(update(Incident).values(closed_at=at(NINE + 6 * DAY + 200))))
    assert plan(village, SIX + 7 * DAY) == 0
    assert plan(village, SIX + 8 * DAY) == 1


def test_new_numbers_are_tested_in_the_next_batch_and_a_village_without_hours_is_left_alone(village: Town) -> None:
    assert plan(village) == 0
    wang = village.house("王", group=None)
    assert village.run(lambda s: rolling_tests.plan_new(s, at(NINE + 300), ZONE)) == 1
    assert village.run(lambda s: rolling_tests.plan_new(s, at(NINE + 600), ZONE)) == 0
    assert ring(village, NINE + 900) == [wang.number]
    village.house("李")
    village.run(lambda s: village_hours.set_upkeep(s, village.village_id, None, "村长", at(NINE)))
    assert village.run(lambda s: rolling_tests.plan_new(s, at(NINE + 1200), ZONE)) == 0
    assert plan(village, SIX + DAY) == 0


def test_who_misses_is_asked_by_text_tested_sooner_and_after_two_misses_is_a_task(village: Town) -> None:
    wang = village.house("王")
    for week in range(2):
        plan(village, SIX + 7 * week * DAY)
        assert ring(village, NINE + 7 * week * DAY) == [wang.number]
        finish(village, NINE + 7 * week * DAY)
    texts = village.read(lambda s: s.scalars(select(Delivery).where(Delivery.channel == Channel.SMS)).all())
    assert [each.text for each in texts] == [
        "【十户联防】演练，不是真的警情：测试这部电话，登记的是墙下陶村3组王家。看到请回复1，不用出门。这是演练"
    ] * 2
    (task,) = village.read(lambda s: s.scalars(select(PhoneTask)).all())
    assert task.reason is TaskReason.UNANSWERED
    phone_id = village.phone(wang.number).id
    check = village.read(lambda s: s.get_one(PhoneCheck, phone_id))
    assert (check.missed, check.unsure) == (2, 4)
    # The text's answer counts as well; the phone stays unsure for a while, and is tested after a week.
    village.place(after=NINE + 7 * DAY + 1000)
    village.run(
        lambda s: drills.take_answer(s, s.get_one(Delivery, texts[1].id), Channel.SMS, at(NINE + 7 * DAY + 2000))
    )
    village.run(lambda s: note_proofs(s, at(NINE + 7 * DAY + 2100), ZONE))
    assert village.read(lambda s: s.get_one(PhoneCheck, phone_id)).missed == 0
    due = [day for day in range(8, 40) if plan(village, SIX + day * DAY)]
    assert due[0] == 7 + 7
    assert len(village.read(lambda s: s.scalars(select(Acknowledgement)).all())) == 1


def test_the_forecast_counts_the_phones_and_their_calls(village: Town) -> None:
    for place in range(10):
        village.house(f"户{place}")
    prove(village, village.house("新").number, date(2026, 11, 22))
    found = village.read(lambda s: rolling_tests.read_forecast(s, village.village_id, at(0), ZONE))
    assert (found.phones, found.proven, found.planned_today) == (11, 1, 0)
    assert (found.calls, found.calls_a_day) == (21, 1)
    assert (found.count_cost(None), str(found.count_cost(Decimal("0.0825")))) == (None, "1.73")


@pytest.mark.parametrize(
    ("hour", "minute", "slot"),
    [(8, 59, None), (9, 0, 0), (9, 14, 0), (9, 15, 41), (11, 0, None), (15, 0, 333), (18, 59, 958), (19, 0, None)],
)
def test_a_days_permitted_time_goes_by_in_quarters_of_an_hour(hour: int, minute: int, slot: int | None) -> None:
    assert find_slot(hour, minute, SPANS) == slot
    assert timedelta(hours=6) == sum((timedelta(hours=end - start) for start, end in SPANS), timedelta())
