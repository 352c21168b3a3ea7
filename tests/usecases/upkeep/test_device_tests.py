"""The monthly test press: asked for once a month, reminded after a week, then a task; who is asked, and who is not."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.models.accounts import Account, AccountRole
from groups.models.enrolment import Device, DeviceKind, DeviceTest, DeviceTestOutcome
from groups.models.figures import ReachProof
from groups.models.roster import Household
from joint_defense.alarms import device_presses
from joint_defense.delivery import proofs
from joint_defense.models.incidents import Delivery
from joint_defense.models.upkeep import PhoneCheck, PhoneTask
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.tasks import TaskOutcome, TaskReason, TaskStage
from joint_defense.upkeep import device_tests, head_texts, tasks, village_hours
from tests.support.factories import NOW, House, Town

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 24, 9, 30, tzinfo=ZONE)
SPANS = ((9, 11), (15, 19))


@pytest.fixture
def hours(town: Town) -> None:
    town.run(lambda s: village_hours.set_upkeep(s, town.village_id, SPANS, "村长", NOW))


def give(town: Town, house: House, serial: str, number: str = "", kind: DeviceKind = DeviceKind.KEY) -> int:
    line = town.phone(number or house.number).id

    def add(session: Session) -> int:
        device = Device(
            household_id=house.id, kind=kind, serial=serial, given_on=date(2026, 1, 1), returned_on=None, phone_id=line
        )
        session.add(device)
        session.flush()
        return device.id

    return town.run(add)


def go_on(town: Town, day: float = 0, hour: float = 0) -> list[int]:
    now = MORNING + timedelta(days=day, hours=hour)
    return town.run(lambda s: device_tests.go_on(s, town.village_id, now, ZONE))


def asked(town: Town) -> list[tuple[str, Channel]]:
    found = select(Delivery.number, Delivery.channel).where(Delivery.purpose == Purpose.TEST).order_by(Delivery.id)
    return [(number, channel) for number, channel in town.read(lambda s: s.execute(found).all())]


def read_tests(town: Town) -> list[DeviceTest]:
    return list(town.read(lambda s: s.scalars(select(DeviceTest).order_by(DeviceTest.id)).all()))


def test_a_household_is_asked_once_a_month_reminded_after_a_week_and_its_silent_device_is_a_task(
    town: Town, hours: None
) -> None:
    wang = town.house("王建国")
    town.house("李月芳", "m", leader=True)
    give(town, wang, "K1")
    assert go_on(town, hour=-1) == [], "before the village's hours"
    assert go_on(town, hour=8.6) == [], "there would be no time to press"
    (drill,) = go_on(town)
    (line,) = town.lines(drill)
    assert (line.number, line.channel) == (wang.number, Channel.SMS)
    assert line.text is not None
    assert "今天19点前" in line.text
    assert "按8" in line.text
    assert go_on(town, hour=0.1) == go_on(town, day=1) == go_on(town, day=6) == []
    assert len(go_on(town, day=7)) == 1
    assert asked(town) == [(wang.number, Channel.SMS)] * 2
    assert go_on(town, day=7, hour=6) == []
    assert go_on(town, day=8) == []
    (test,) = read_tests(town)
    assert (test.outcome, test.pressed_at) == (DeviceTestOutcome.MISSED, None)
    (task,) = town.read(lambda s: s.scalars(select(PhoneTask)).all())
    assert (task.reason, task.device_id) == (TaskReason.SILENT_DEVICE, test.device_id)
    # The month after it is asked again, task or not; a press ends the task, a mere call from the line does not.
    assert go_on(town, day=27) == []
    assert len(go_on(town, day=28)) == 1


def test_a_test_press_proves_its_line_and_a_text_that_asks_for_it_keeps_no_call_waiting_for_a_week(
    town: Town, hours: None
) -> None:
    wang = town.house("王建国")
    give(town, wang, "K1")
    line = town.phone(wang.number).id
    go_on(town)
    rests = town.read(lambda s: s.scalars(select(PhoneCheck.rung_on).where(PhoneCheck.phone_id == line)).one())
    assert rests == MORNING.date() - timedelta(days=4), "a text rings nobody"
    at_ten = MORNING + timedelta(minutes=30)

    def press(session: Session) -> None:
        caller = directory.find_phone(session, line)
        assert caller is not None
        press_id = device_tests.take_press(session, "CA1", "", caller, at_ten)
        assert press_id is not None
        assert device_presses.confirm_test(session, press_id, "CA1", at_ten) is False
        proofs.note_proofs(session, at_ten + timedelta(minutes=1), ZONE)

    town.run(press)
    proven = town.read(lambda s: [(each.phone_id, each.proven_on) for each in s.scalars(select(ReachProof)).all()])
    assert proven == [(line, MORNING.date())], "somebody has called from that phone, and pressed a key"


def test_its_task_asks_household_leader_and_head_and_only_a_press_or_a_return_ends_it(town: Town, hours: None) -> None:
    wang = town.house("王建国")
    li = town.house("李月芳", "m", leader=True)
    key = give(town, wang, "K1")
    line = town.phone(wang.number).id
    town.run(lambda s: tasks.open_device_task(s, key, line, MORNING))

    def ask(day: float) -> tuple[str, str]:
        (carrier,) = town.run(lambda s: tasks.ask_on(s, town.village_id, MORNING + timedelta(days=day), ZONE))
        (line,) = town.lines(carrier)
        return line.number, line.text or ""

    number, text = ask(0)
    assert number == wang.number
    assert "两次没有测试" in text
    number, text = ask(3.01)
    assert number == li.number
    assert "王建国家" in text
    assert "改 1" not in text
    later = MORNING + timedelta(days=6.02)
    assert town.run(lambda s: tasks.ask_on(s, town.village_id, later, ZONE)) == []
    head = Account(name="王村长", role=AccountRole.VILLAGE_HEAD, password_hash="-", created_at=MORNING)
    head.village_id, head.phone = town.village_id, "+8613905740001"
    town.run(lambda s: s.add(head))
    (told,) = town.run(lambda s: head_texts.tell_heads(s, town.village_id, later, ZONE))
    (weekly,) = town.lines(told)
    assert "有1个#9按键或专用手机两次没有测试，等您处理：王建国家" in (weekly.text or "")
    assert "打不通" not in (weekly.text or "")
    assert town.run(lambda s: tasks.close_mended(s, later, ZONE)) == 0
    assert town.run(lambda s: tasks.find_asked(s, wang.number, MORNING - timedelta(days=1))) == []
    town.run(lambda s: s.get_one(Device, key).__setattr__("returned_on", date(2026, 12, 1)))
    assert town.run(lambda s: tasks.close_mended(s, later, ZONE)) == 1
    (task,) = town.read(lambda s: s.scalars(select(PhoneTask)).all())
    assert (task.stage, task.outcome) == (TaskStage.HEAD, TaskOutcome.CHANGED)


def test_a_landline_is_called_and_who_may_not_be_asked_or_was_rung_this_week_is_not(town: Town, hours: None) -> None:
    wang, li, chen = town.house("王", "l"), town.house("李"), town.house("陈", silent=True)
    zhao, mute = town.house("赵"), town.house("孙", "l")
    for each, serial in ((wang, "K1"), (li, "K2"), (chen, "K3"), (zhao, "K4"), (mute, "K5")):
        give(town, each, serial)
    town.run(lambda s: s.get_one(Household, zhao.id).__setattr__("away_until", MORNING + timedelta(days=3)))
    town.change(mute.number, may_call=False)
    rung = {"phone_id": town.phone(li.number).id, "village_id": town.village_id, "missed": 0, "unsure": 0, "slot": 0}
    town.run(lambda s: s.add(PhoneCheck(**rung, rung_on=MORNING.date() - timedelta(days=3))))
    go_on(town)
    assert asked(town) == [(wang.number, Channel.CALL)]
    go_on(town, day=4)
    assert asked(town)[1:] == [(li.number, Channel.SMS), (zhao.number, Channel.SMS)]


def test_nothing_is_asked_beside_a_call_for_help_and_a_wish_is_refused_with_its_reason(town: Town, hours: None) -> None:
    wang, li = town.house("王"), town.house("李")
    key = give(town, wang, "K1")

    def wish(device: int, hour: float = 0) -> list[int]:
        now = MORNING + timedelta(hours=hour)
        return town.run(lambda s: device_tests.ask_now(s, device, town.village_id, now, ZONE))

    with pytest.raises(DrillRefused, match="unknown_device"):
        wish(key + 1)
    with pytest.raises(DrillRefused, match="hours"):
        wish(key, hour=3)
    assert len(wish(key)) == len(wish(key, hour=0.5)) == 1, "asked for twice, it is one test"
    assert len(read_tests(town)) == 1
    town.raise_alarm(li)
    with pytest.raises(DrillRefused, match="alarm_open"):
        wish(key)
    assert go_on(town, day=7) == []


def test_a_returned_device_and_one_on_another_line_have_no_test_open_any_more(town: Town, hours: None) -> None:
    wang = town.house("王", "mm")
    key = give(town, wang, "K1")
    go_on(town)
    other = town.phone(wang.numbers[1]).id
    town.run(lambda s: s.get_one(Device, key).__setattr__("phone_id", other))

    assert town.run(lambda s: directory.end_gone_device_tests(s, MORNING)) == 1
    (test,) = read_tests(town)
    assert test.outcome is DeviceTestOutcome.ENDED
    assert len(go_on(town, day=7)) == 1, "asked anew on its own line"
