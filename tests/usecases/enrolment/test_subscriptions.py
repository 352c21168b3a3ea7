"""Subscriptions, gifts and the bill, on both databases: what may be, what is refused, who was first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groups.coverage.figures import count_subscribed
from groups.enrolment import bills, devices, paid_for, subscriptions
from groups.enrolment.records import list_subscriptions
from groups.enrolment.rules.bill import BillTotal
from groups.enrolment.subscriptions import Enrolment
from groups.errors import (
    ChangedSince,
    DeviceElsewhere,
    EndsBeforeStart,
    EnrolmentRefused,
    GroupsError,
    InvalidDevice,
    InvalidTariff,
    NoConsent,
    NotPossible,
    NotSubscribed,
    NumberElsewhere,
    StartsInFuture,
    SubscriptionOverlaps,
    UnknownPlan,
)
from groups.errors.words import write_both
from groups.history.undo import undo
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.enrolment import Device, DeviceKind, EndReason, Subscription, Tariff, is_active
from groups.models.roster import Village
from tests.support.factories import NOW, House, Town
from tests.usecases.at_once import at_once

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 23)
KEY_PLAN, PHONE_PLAN = "平安联防#9按键", "专用手机"
LIAISON = Author("林联络", Source.PAGE)
Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def _tariffs(town: Town) -> None:
    def write(session: Session) -> None:
        session.add(Tariff(plan=KEY_PLAN, starts_on=date(2024, 1, 1), village_fen=300, carrier_fen=300))
        session.add(Tariff(plan=KEY_PLAN, starts_on=date(2026, 1, 1), village_fen=300, carrier_fen=205))
        session.add(Tariff(plan=PHONE_PLAN, starts_on=date(2024, 1, 1), village_fen=500, carrier_fen=1000))
        session.add(Village(code="T02", name="四甲村"))

    town.run(write)


def do(town: Town, action: str, work: Callable[[Batch], Any]) -> str:
    """Do something in a batch; its key."""

    def done(session: Session) -> str:
        batch = Batch(session, LIAISON, cast(Action, action), NOW, ZONE)
        work(batch)
        return batch.key

    return town.run(done)


def wanted(house: House, starts_on: date = TODAY, **more: Any) -> Enrolment:
    given: dict[str, Any] = {"plan": KEY_PLAN, "consent_by": house.name, "consent_on": starts_on} | more
    return Enrolment(house.id, given.pop("plan"), starts_on, given.pop("consent_by"), given.pop("consent_on"), **given)


def enrol(town: Town, house: House, starts_on: date = TODAY, **more: Any) -> str:
    return do(town, "enrol", lambda batch: subscriptions.enrol(batch, wanted(house, starts_on, **more)))


def rows(town: Town, house: House) -> Sequence[Subscription]:
    return town.read(lambda session: list_subscriptions(session, house.id))


def periods(town: Town, house: House) -> list[tuple[date, date | None, EndReason | None]]:
    return [(row.starts_on, row.ends_on, row.end_reason) for row in rows(town, house)]


def counted(town: Town, day: date) -> int:
    """How many households count on a day, asked as the figures ask."""
    question = select(func.count()).select_from(Subscription).where(is_active(day))
    return town.read(lambda session: session.scalars(question).one())


def test_a_household_signs_up_with_its_consent_and_is_counted_from_that_day(town: Town) -> None:
    wang = town.house("王建国")

    enrol(town, wang, number=wang.number)

    row = rows(town, wang)[0]
    assert (row.plan, row.number, row.starts_on, row.ends_on) == (KEY_PLAN, wang.number, TODAY, None)
    assert (row.consent_by, row.consent_on) == (wang.name, TODAY)
    assert (counted(town, TODAY - timedelta(days=1)), counted(town, TODAY)) == (0, 1)


@pytest.mark.parametrize(
    ("refusal", "change"),
    [
        (StartsInFuture, {"starts_on": TODAY + timedelta(days=1)}),
        (EndsBeforeStart, {"ends_on": TODAY - timedelta(days=1)}),
        (NoConsent, {"consent_by": " "}),
        (NoConsent, {"starts_on": date(2026, 11, 1), "consent_on": TODAY}),
        (UnknownPlan, {"plan": "没有的套餐"}),
    ],
)
def test_what_cannot_be_is_refused_in_two_languages_and_writes_nothing(
    town: Town, refusal: type[EnrolmentRefused], change: dict[str, Any]
) -> None:
    wang = town.house("王建国")
    with pytest.raises(refusal) as refused:
        enrol(town, wang, **change)
    assert any("一" <= sign <= "鿿" for sign in write_both(refused.value.message))
    assert any("a" <= sign <= "z" for sign in write_both(refused.value.message))
    assert rows(town, wang) == []


@pytest.mark.parametrize("starts_on", [date(2026, 10, 1), date(2026, 10, 31), TODAY, date(2026, 9, 1)])
def test_a_household_has_one_at_a_time(town: Town, starts_on: date) -> None:
    wang = town.house("王建国")
    enrol(town, wang, date(2026, 10, 1))
    with pytest.raises(SubscriptionOverlaps, match="2026-10-01"):
        enrol(town, wang, starts_on)
    assert len(rows(town, wang)) == 1


def test_a_past_one_may_be_entered_where_it_ends_before_the_next(town: Town) -> None:
    wang = town.house("王建国")
    enrol(town, wang, date(2026, 10, 1))
    enrol(town, wang, date(2026, 3, 1), ends_on=date(2026, 10, 1))
    assert counted(town, date(2026, 9, 30)) == counted(town, date(2026, 10, 1)) == 1


def test_a_number_that_stands_elsewhere_is_refused_and_says_where(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")
    with pytest.raises(NumberElsewhere, match="village=墙下陶村 head=李月芳"):
        enrol(town, wang, number=li.number)
    enrol(town, li, number="+8613900000009")
    with pytest.raises(NumberElsewhere, match="李月芳"):
        enrol(town, wang, number="+8613900000009")


def test_suspended_it_does_not_count_and_resumed_it_goes_on_as_before(town: Town) -> None:
    wang = town.house("王建国")
    enrol(town, wang, date(2026, 9, 1), number=wang.number)
    do(town, "suspend", lambda batch: subscriptions.suspend(batch, wang.id, date(2026, 10, 1)))
    assert (counted(town, date(2026, 9, 30)), counted(town, date(2026, 10, 1))) == (1, 0)

    do(town, "resume", lambda batch: subscriptions.resume(batch, wang.id, date(2026, 11, 1)))

    assert periods(town, wang) == [
        (date(2026, 9, 1), date(2026, 10, 1), EndReason.SUSPENDED),
        (date(2026, 11, 1), None, None),
    ]
    before, after = rows(town, wang)
    assert (after.plan, after.number, after.consent_by) == (before.plan, before.number, before.consent_by)
    with pytest.raises(NotSubscribed):
        do(town, "resume", lambda batch: subscriptions.resume(batch, wang.id, TODAY))


@pytest.mark.parametrize("day", [TODAY, TODAY + timedelta(days=8), date(2026, 10, 15)], ids=["now", "later", "past"])
def test_it_is_cancelled_now_or_at_a_date(town: Town, day: date) -> None:
    wang = town.house("王建国")
    enrol(town, wang, date(2026, 10, 1))
    do(town, "cancel", lambda batch: subscriptions.cancel(batch, wang.id, day))
    assert periods(town, wang) == [(date(2026, 10, 1), day, EndReason.CANCELLED)]
    assert (counted(town, day - timedelta(days=1)), counted(town, day)) == (1, 0)


def test_nothing_ends_before_it_starts_and_nobody_cancels_what_is_not_there(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")
    enrol(town, wang, date(2026, 10, 1))
    with pytest.raises(EndsBeforeStart):
        do(town, "cancel", lambda batch: subscriptions.cancel(batch, wang.id, date(2026, 9, 30)))
    with pytest.raises(NotSubscribed):
        do(town, "cancel", lambda batch: subscriptions.cancel(batch, li.id, TODAY))


def test_another_plan_or_number_goes_on_without_a_gap(town: Town) -> None:
    wang = town.house("王建国", "mm")
    enrol(town, wang, date(2026, 9, 1), number=wang.numbers[0])
    do(town, "change_plan", lambda batch: subscriptions.change_plan(batch, wang.id, PHONE_PLAN, date(2026, 10, 1)))
    do(town, "change_billed", lambda batch: subscriptions.change_number(batch, wang.id, wang.numbers[1], TODAY))
    do(town, "change_plan", lambda batch: subscriptions.change_plan(batch, wang.id, KEY_PLAN, TODAY))

    assert [(row.plan, row.number) for row in rows(town, wang)] == [
        (KEY_PLAN, wang.numbers[0]),
        (PHONE_PLAN, wang.numbers[0]),
        (KEY_PLAN, wang.numbers[1]),
    ]
    assert [counted(town, date(2026, 9, 1) + timedelta(days=day)) for day in range(84)] == [1] * 84


def test_whoever_moves_to_another_village_takes_the_subscription_along_and_undo_brings_it_back(town: Town) -> None:
    wang = town.house("王建国", leader=True)
    enrol(town, wang, date(2026, 10, 1))
    do(town, "cancel", lambda batch: subscriptions.cancel(batch, wang.id, date(2026, 12, 1)))

    key = do(town, "move_village", lambda batch: subscriptions.move(batch, wang.id, "T02", "12号"))

    assert periods(town, wang) == [(date(2026, 10, 1), date(2026, 12, 1), EndReason.CANCELLED)], "as it was told"
    yesterday = TODAY - timedelta(days=1)
    assert town.read(lambda session: (count_subscribed(session, yesterday), count_subscribed(session, TODAY))) == (
        {town.village_id: 1},
        {town.read(lambda session: session.scalars(select(Village.id).where(Village.code == "T02")).one()): 1},
    )
    with pytest.raises(NotPossible):
        do(town, "move_village", lambda batch: subscriptions.move(batch, wang.id, "T02"))
    town.run(lambda session: undo(session, key, LIAISON, NOW, ZONE))
    assert periods(town, wang) == [(date(2026, 10, 1), date(2026, 12, 1), EndReason.CANCELLED)]
    assert town.read(lambda session: count_subscribed(session, TODAY)) == {town.village_id: 1}


def test_a_correction_of_the_past_changes_past_figures_and_says_from_which_day(town: Town) -> None:
    wang = town.house("王建国")
    enrol(town, wang, date(2026, 10, 1))
    row = rows(town, wang)[0]

    do(
        town,
        "correct",
        lambda batch: subscriptions.correct(batch, row.id, starts_on=date(2026, 9, 15), plan=PHONE_PLAN),
    )

    assert (counted(town, date(2026, 9, 14)), counted(town, date(2026, 9, 15))) == (0, 1)
    with pytest.raises(StartsInFuture):
        do(town, "correct", lambda batch: subscriptions.correct(batch, row.id, starts_on=TODAY + timedelta(days=1)))


def test_undo_takes_an_enrolment_back_with_its_gift_unless_something_was_done_on_top(town: Town) -> None:
    wang = town.house("王建国")

    def both(batch: Batch) -> None:
        subscriptions.enrol(batch, wanted(wang, date(2026, 10, 1)))
        devices.give(batch, wang.id, DeviceKind.KEY, "K1001", date(2026, 10, 1))

    key = do(town, "enrol", both)
    later = do(town, "cancel", lambda batch: subscriptions.cancel(batch, wang.id, TODAY))
    with pytest.raises(ChangedSince):
        town.run(lambda session: undo(session, key, LIAISON, NOW, ZONE))
    town.run(lambda session: undo(session, later, LIAISON, NOW, ZONE))
    town.run(lambda session: undo(session, key, LIAISON, NOW, ZONE))

    assert rows(town, wang) == []
    assert town.read(lambda session: devices.list_devices(session, wang.id)) == []


def test_two_liaisons_at_once_lose_nothing(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")

    def try_to(work: Callable[[], Any]) -> Callable[[], str]:
        def tried() -> str:
            try:
                work()
            except GroupsError as error:
                return error.code
            return "done"

        return tried

    came = at_once(
        try_to(lambda: enrol(town, wang)),
        try_to(lambda: enrol(town, wang, plan=PHONE_PLAN)),
        try_to(lambda: enrol(town, li)),
    )
    assert sorted(came[:2]) == ["done", "overlaps"]
    assert came[2] == "done"
    assert counted(town, TODAY) == 2

    came = at_once(
        try_to(lambda: do(town, "give", lambda batch: devices.give(batch, wang.id, DeviceKind.KEY, "K1", TODAY))),
        try_to(lambda: do(town, "give", lambda batch: devices.give(batch, wang.id, DeviceKind.KEY, "K77", TODAY))),
        try_to(lambda: do(town, "give", lambda batch: devices.give(batch, li.id, DeviceKind.KEY, "K77", TODAY))),
    )
    assert sorted(came[1:]) == ["device_elsewhere", "done"]


def test_a_thing_is_in_one_house_at_a_time(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")

    def give(house: House, serial: str, day: date) -> str:
        return do(town, "give_device", lambda batch: devices.give(batch, house.id, DeviceKind.KEY, serial, day))

    give(wang, " k-1001 ", date(2026, 10, 1))
    with pytest.raises(DeviceElsewhere, match="王建国"):
        give(li, "K-1001", TODAY)
    device = town.read(lambda session: session.scalars(select(Device)).one())
    with pytest.raises(EndsBeforeStart):
        do(town, "return_device", lambda batch: devices.take_back(batch, device.id, date(2026, 9, 30)))
    do(town, "return_device", lambda batch: devices.take_back(batch, device.id, date(2026, 11, 1)))
    with pytest.raises(InvalidDevice):
        do(town, "return_device", lambda batch: devices.take_back(batch, device.id, TODAY))
    with pytest.raises(DeviceElsewhere):
        give(li, "K-1001", date(2026, 10, 15))
    give(li, "K-1001", date(2026, 11, 1))
    with pytest.raises(InvalidDevice):
        give(li, "?", TODAY)


def test_a_gift_is_replaced_by_another_of_its_kind(town: Town) -> None:
    wang = town.house("王建国")
    do(town, "give_device", lambda batch: devices.give(batch, wang.id, DeviceKind.PHONE, "P001", date(2026, 10, 1)))
    old = town.read(lambda session: session.scalars(select(Device)).one())
    do(town, "replace_device", lambda batch: devices.replace(batch, old.id, "P002", TODAY))

    new, old = town.read(lambda session: devices.list_devices(session, wang.id))
    assert (new.serial, new.kind, new.given_on, new.returned_on) == ("P002", DeviceKind.PHONE, TODAY, None)
    assert (old.serial, old.returned_on, old.replaced_by_id) == ("P001", TODAY, new.id)


def test_a_month_is_paid_for_where_and_as_it_counts_on_its_first_day(town: Town) -> None:
    early, late, left, moved = (town.house(head) for head in ("王建国", "李月芳", "陈小红", "赵德才"))
    enrol(town, early, date(2025, 12, 1))
    enrol(town, late, date(2026, 10, 2))
    enrol(town, left, date(2026, 9, 1), plan=PHONE_PLAN)
    enrol(town, moved, date(2026, 10, 1), plan=PHONE_PLAN)
    do(town, "cancel", lambda batch: subscriptions.cancel(batch, left.id, date(2026, 10, 2)))
    do(town, "change_plan", lambda batch: subscriptions.change_plan(batch, moved.id, KEY_PLAN, date(2026, 10, 20)))

    def total(month: date) -> BillTotal:
        return town.read(lambda session: bills.read_bill(session, month).total)

    assert total(date(2025, 12, 1)) == BillTotal(1, 0, 300, 300)
    assert total(date(2026, 10, 1)) == BillTotal(3, 0, 300 + 500 + 500, 205 + 1000 + 1000)
    assert total(date(2026, 11, 1)) == BillTotal(3, 0, 900, 615)
    households = town.read(lambda session: paid_for.list_paid_for(session, date(2026, 11, 1)))
    assert sorted(each.head for each in households) == ["李月芳", "王建国", "赵德才"]


def test_a_plan_before_its_first_tariff_is_in_no_sum_and_says_so(town: Town) -> None:
    wang = town.house("王建国")
    enrol(town, wang, date(2023, 12, 15))
    bill = town.read(lambda session: bills.read_bill(session, date(2024, 1, 1)))
    assert bill.total == BillTotal(1, 0, 300, 300)
    enrol(town, town.house("李月芳"), date(2023, 5, 1))
    assert town.read(lambda session: bills.read_bill(session, date(2023, 6, 1)).total) == BillTotal(1, 1, 0, 0)


def test_a_plan_has_one_tariff_from_a_day_on(town: Town) -> None:
    do(town, "set_tariff", lambda batch: bills.set_tariff(batch, PHONE_PLAN, date(2026, 12, 1), 400, 900))
    with pytest.raises(InvalidTariff):
        do(town, "set_tariff", lambda batch: bills.set_tariff(batch, PHONE_PLAN, date(2026, 12, 1), 1, 1))
    with pytest.raises(InvalidTariff):
        do(town, "set_tariff", lambda batch: bills.set_tariff(batch, " ", date(2026, 12, 1), 1, 1))
