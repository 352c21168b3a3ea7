"""A month that was settled stays; what is known later goes to the next bill as a line of its own. Tariffs put right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import cast

import pytest
from sqlalchemy.orm import Session

from groups.enrolment import bills, paid_for, subscriptions
from groups.enrolment.rules.bill import Bill
from groups.enrolment.subscriptions import Enrolment
from groups.errors import InvalidDay, InvalidTariff
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.enrolment import Tariff
from groups.models.roster import Household, Village
from tests.support.factories import NOW, Town
from tests.usecases.enrolment.test_subscriptions import ZONE

LIAISON = Author("林联络", Source.PAGE)
JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))
PLAN = "月租"


def batch_of(session: object, action: str) -> Batch:
    return Batch(cast(Session, session), LIAISON, cast(Action, action), NOW, ZONE)


def sign_up(town: Town, head: str, starts_on: date, plan: str = PLAN, village_id: int = 0) -> int:
    house_id = town.house(head).id if not village_id else town.run(partial(_build, head=head, village_id=village_id))
    wanted = Enrolment(house_id, plan, starts_on, head, starts_on)
    town.run(lambda session: subscriptions.enrol(batch_of(session, "enrol"), wanted))
    return house_id


def _build(session: Session, head: str, village_id: int) -> int:
    house = Household(village_id=village_id, head=head)
    session.add(house)
    session.flush()
    return house.id


def settle(town: Town, month: date) -> None:
    town.run(lambda session: bills.settle_month(session, month, "林联络", NOW))


def bill(town: Town, month: date) -> Bill:
    return town.read(lambda session: bills.read_bill(session, month))


@pytest.fixture
def town(town: Town) -> Town:
    town.run(lambda session: session.add(Tariff(plan=PLAN, starts_on=JANUARY, village_fen=301, carrier_fen=299)))
    return town


def test_a_settled_month_stays_and_the_next_bill_has_the_difference(town: Town) -> None:
    wang = sign_up(town, "王建国", date(2025, 12, 1))
    sign_up(town, "李月芳", date(2025, 12, 1))
    for month in (JANUARY, FEBRUARY):
        settle(town, month)
    assert bill(town, FEBRUARY).total.fen == 1200

    # Learned in November: it had left before February.
    town.run(lambda session: subscriptions.cancel(batch_of(session, "cancel"), wang, date(2026, 1, 25)))

    assert (bill(town, FEBRUARY).total.households, bill(town, FEBRUARY).total.fen) == (2, 1200), "as it was settled"
    march = bill(town, MARCH)
    assert [(line.label, line.households, line.village_fen, line.carrier_fen) for line in march.lines] == [
        ("月租", 1, 301, 299),
        ("月租（2026-02差额）", -1, -301, -299),
    ]
    assert (march.total.households, march.total.fen) == (1, 0)
    assert [line.of_month for line in bill(town, APRIL).lines] == [None], "only the next month carries it"

    settle(town, MARCH)
    assert bill(town, MARCH).lines == march.lines
    assert [line.of_month for line in bill(town, APRIL).lines] == [None], "carried once"


def test_a_villages_bill_and_its_list_have_its_own_rows_and_prices(town: Town) -> None:
    def add_village(session: Session) -> int:
        village = Village(code="T02", name="四甲村")
        session.add_all([village, Tariff(plan="送手机", starts_on=JANUARY, village_fen=500, carrier_fen=1000)])
        session.flush()
        return village.id

    ours, theirs = town.village_id, town.run(add_village)
    wang = sign_up(town, "王建国", date(2025, 12, 1))
    sign_up(town, "李月芳", date(2025, 12, 1), "送手机", theirs)

    def read_lines(month: date, village: int) -> list[tuple[str, str, int, int]]:
        found = town.read(lambda session: bills.read_bill(session, month, village))
        return [(line.code, line.label, line.households, line.village_fen + line.carrier_fen) for line in found.lines]

    def list_heads(village: int) -> list[tuple[str, object]]:
        found = town.read(lambda session: paid_for.list_paid_for(session, JANUARY, village))
        return [(each.head, each.shares) for each in found]

    assert (list_heads(ours), list_heads(theirs)) == ([("王建国", (301, 299))], [("李月芳", (500, 1000))])
    in_january = ([("T01", "月租", 1, 600)], [("T02", "送手机", 1, 1500)])
    assert (read_lines(JANUARY, ours), read_lines(JANUARY, theirs)) == in_january
    settle(town, JANUARY)
    assert (read_lines(JANUARY, ours), read_lines(JANUARY, theirs)) == in_january, "settled"
    town.run(lambda session: subscriptions.cancel(batch_of(session, "cancel"), wang, date(2025, 12, 25)))
    assert read_lines(FEBRUARY, ours) == [("T01", "月租（2026-01差额）", -1, -600)]
    assert read_lines(FEBRUARY, theirs) == [("T02", "送手机", 1, 1500)]


def test_the_households_of_a_difference_are_named_and_come_to_it(town: Town) -> None:
    """Wang was never there in January, Li had another plan from February, and the tariff of both months was wrong."""
    wang, li = (sign_up(town, head, date(2025, 12, 1)) for head in ("王建国", "李月芳"))
    sign_up(town, "陈小红", date(2025, 12, 1))
    town.run(lambda session: session.add(Tariff(plan="年租", starts_on=JANUARY, village_fen=100, carrier_fen=100)))

    def do_later(days: int, work: Callable[[Batch], object]) -> None:
        at = NOW + timedelta(days=days)
        town.run(lambda session: work(Batch(session, LIAISON, Action.CORRECT, at, ZONE)))

    def settle_later(days: int, month: date) -> None:
        town.run(lambda session: bills.settle_month(session, month, "林联络", NOW + timedelta(days=days)))

    def list_named(month: date) -> list[tuple[str, str, object]]:
        drawn = bill(town, month)
        rows = town.read(lambda session: paid_for.list_differences(session, drawn))
        fen = sum(sum(each.shares or ()) for each in rows)
        assert fen == sum(line.village_fen + line.carrier_fen for line in drawn.lines if line.of_month)
        return [(each.head, each.label, each.shares) for each in rows]

    settle(town, JANUARY)
    assert list_named(JANUARY) == list_named(FEBRUARY) == []
    do_later(1, lambda batch: subscriptions.cancel(batch, wang, date(2025, 12, 31)))
    of_february = [("王建国", "月租（2026-01差额）", (-301, -299))]
    assert list_named(FEBRUARY) == of_february
    settle_later(2, FEBRUARY)
    assert list_named(FEBRUARY) == of_february, "settled, it says the same"
    do_later(3, lambda batch: subscriptions.change_plan(batch, li, "年租", FEBRUARY))
    do_later(4, lambda batch: bills.correct_tariff(batch, PLAN, JANUARY, 311, 299))
    assert list_named(MARCH) == [
        ("李月芳", "月租（2026-01差额）", (10, 0)),
        ("陈小红", "月租（2026-01差额）", (10, 0)),
        ("李月芳", "年租（2026-02差额）", (100, 100)),
        ("李月芳", "月租（2026-02差额）", (-301, -299)),
        ("陈小红", "月租（2026-02差额）", (10, 0)),
    ]
    assert list_named(FEBRUARY) == of_february


def test_months_are_settled_in_their_order_and_once(town: Town) -> None:
    sign_up(town, "王建国", date(2025, 12, 1))
    settle(town, JANUARY)
    for month in (JANUARY, MARCH, date(2025, 12, 1)):
        with pytest.raises(InvalidDay):
            settle(town, month)


def test_a_wrong_tariff_is_corrected_or_taken_out_and_says_before_which_months_that_changes(town: Town) -> None:
    sign_up(town, "王建国", date(2026, 9, 1))
    september, october = date(2026, 9, 1), date(2026, 10, 1)
    settle(town, september)
    town.run(lambda session: bills.set_tariff(batch_of(session, "set_tariff"), PLAN, october, 3010, 299))

    def corrects(batch: Batch) -> None:
        bills.correct_tariff(batch, PLAN, october, 310, 299)

    told = town.run(lambda session: bills.preview_change(batch_of(session, "set_tariff"), corrects))
    assert [(each.month, each.before.fen, each.after.fen, each.settled) for each in told] == [
        (october, 3309, 609, False),
        (date(2026, 11, 1), 3309, 609, False),
    ]
    assert bill(town, october).total.fen == 3309, "nothing was written"
    town.run(lambda session: corrects(batch_of(session, "set_tariff")))
    assert bill(town, october).total.fen == 609
    town.run(lambda session: bills.remove_tariff(batch_of(session, "remove_tariff"), PLAN, october))
    assert bill(town, october).total.fen == 600
    with pytest.raises(InvalidTariff):
        town.run(lambda session: bills.remove_tariff(batch_of(session, "remove_tariff"), PLAN, october))
    told = town.run(
        lambda session: bills.preview_change(
            batch_of(session, "set_tariff"), lambda batch: bills.correct_tariff(batch, PLAN, JANUARY, 302, 299)
        )
    )
    assert (told[0].month, told[0].settled) == (september, True)
