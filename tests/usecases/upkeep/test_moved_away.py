"""A household that has moved to another village: nobody is asked or rung for the old place, and the new one has it."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from groups import directory
from groups.models.enrolment import Device, DeviceKind, DeviceTest, DeviceTestOutcome
from groups.models.roster import Household, Phone, Village
from joint_defense.models.greetings import Greeting
from joint_defense.models.incidents import Delivery
from joint_defense.models.upkeep import PhoneTask
from joint_defense.rules.states import Purpose
from joint_defense.rules.tasks import TaskOutcome, TaskReason
from joint_defense.upkeep import device_tests, rolling_tests, tasks, village_hours
from tests.support.factories import Town, at
from tests.usecases.upkeep.test_greetings import SEVEN, ZONE, enrol, look
from tests.usecases.upkeep.test_greetings_bounded import HEAD, add_head

NINE = SEVEN + 2.5 * 3600


def test_tasks_tests_and_good_mornings_end_where_a_household_has_left_and_begin_anew_where_it_lives(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳", leader=True)
    add_head(town)
    enrol(town, wang)
    line = town.phone(wang.number).id
    spans = ((9, 11), (15, 19))

    def prepare(session: Session) -> None:
        village_hours.set_upkeep(session, town.village_id, spans, "村长", at(0))
        device = Device(household_id=wang.id, kind=DeviceKind.KEY, serial="K1", given_on=date(2026, 1, 1))
        device.phone_id = line
        session.add(device)
        session.flush()
        assert tasks.open_task(session, line, TaskReason.NOT_THEIRS, at(0))
        assert tasks.open_device_task(session, device.id, line, at(0))
        rolling_tests.plan_day(session, at(SEVEN), ZONE)

    town.run(prepare)
    (asked,) = town.run(lambda s: device_tests.go_on(s, town.village_id, at(NINE), ZONE))
    assert [each.number for each in town.lines(asked)] == [wang.number]

    town.place(after=NINE + 1)

    def move(session: Session) -> int:
        """Off this village's roster, and onto the other's with the same number."""
        for table, whose in ((Household, Household.id), (Phone, Phone.household_id)):
            session.execute(update(table).where(whose == wang.id).values(archived_at=at(NINE + 60)))
        other = Village(code="V2", name="河头村")
        session.add(other)
        session.flush()
        home = Household(village_id=other.id, head="王建国", door="9", position=1)
        session.add(home)
        session.flush()
        kind = session.scalars(select(Phone.kind).where(Phone.id == line)).one()
        session.add(Phone(household_id=home.id, number=wang.number, rank=1, kind=kind))
        village_hours.set_upkeep(session, other.id, spans, "村长", at(0))
        return other.id

    there = town.run(move)
    later = at(NINE + 120)
    # Nobody is asked for the old place: neither the household nor its former leader.
    assert town.run(lambda s: tasks.ask_on(s, town.village_id, later, ZONE)) == []
    ended = town.read(lambda s: s.scalars(select(PhoneTask.outcome)).all())
    assert ended == [TaskOutcome.CHANGED, TaskOutcome.CHANGED]
    assert town.run(lambda s: directory.end_gone_device_tests(s, later)) == 1
    assert town.read(lambda s: s.scalars(select(DeviceTest.outcome)).all()) == [DeviceTestOutcome.ENDED]
    assert town.run(lambda s: device_tests.go_on(s, town.village_id, later + timedelta(days=40), ZONE)) == []
    assert town.run(lambda s: rolling_tests.ring_due(s, town.village_id, 999, later, ZONE)) is not None
    rung = select(Delivery.number).where(Delivery.purpose == Purpose.TEST, Delivery.phone_id != line)
    assert town.read(lambda s: set(s.scalars(rung).all())) == {li.number}
    town.place(after=NINE + 121)
    # Whoever enrolled them reads that nobody asks any more.
    assert look(town, SEVEN + 86400) == [f"{HEAD} sms"]
    told = town.read(lambda s: s.scalars(select(Delivery.text).order_by(Delivery.id.desc()).limit(1)).one())
    assert told is not None
    assert "王建国家已不在名单上，平安问候已停止" in told
    assert town.read(lambda s: s.scalars(select(Greeting.ended_at)).one()) is not None
    # The new head sees the number as one that nobody has proven there, and it is tested in that village's hours.
    points = town.read(lambda s: directory.read_roster_points(s, there, later, date(2026, 11, 24)))
    assert [each.number for each in points.unproven] == [wang.number]
    assert town.run(lambda s: rolling_tests.plan_new(s, later, ZONE)) == 1
    (village, slot), *_ = town.read(lambda s: rolling_tests.find_villages_due(s, later, ZONE))
    assert village == there
    assert town.run(lambda s: rolling_tests.ring_due(s, there, slot, later, ZONE)) is not None
