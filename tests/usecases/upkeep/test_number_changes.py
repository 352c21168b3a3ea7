"""Another number by text: asked at the new phone first, told to both, refused with its words, on record with undo."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from groups.history.undo import undo
from groups.models.accounts import Account, AccountRole
from groups.models.batch import Author
from groups.models.changes import Change, Source
from groups.models.figures import ReachProof
from groups.models.roster import Phone
from joint_defense.alarms.inbound_texts import Reply, Text, take_message
from joint_defense.models.incidents import Delivery
from joint_defense.models.upkeep import NumberChange, PhoneTask
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.tasks import ChangeState, TaskOutcome
from joint_defense.upkeep import drills, number_changes, tasks, village_hours
from joint_defense.upkeep.number_changes import NumberRules
from tests.support.factories import House, Town, at

ZONE = ZoneInfo("Asia/Shanghai")
NEW = "+8613800138000"
NINE = 12 * 3600.0 - 7 * 60
"""Nine o'clock of the next day: NOW is 21:07."""


@pytest.fixture
def village(town: Town) -> Town:
    """It has set its hours to 9-11."""
    town.run(lambda s: village_hours.set_upkeep(s, town.village_id, ((9, 11),), "村长", at(0)))
    return town


def write(town: Town, number: str, body: str, after: float = NINE) -> Reply:
    return town.run(lambda s: take_message(s, Text(town.sid(), number, body), at(after)))


def ask_leader(town: Town, house: House) -> None:
    """The household has failed, and its leader has been asked by text."""
    town.change(house.number, failures=2)
    town.run(lambda s: tasks.open_for_failing(s, at(NINE)))
    town.run(lambda s: tasks.ask_on(s, town.village_id, at(NINE), ZONE))


def find_call(town: Town) -> Delivery:
    return town.delivery(NEW, Channel.CALL, Purpose.TEST)


def list_told(town: Town) -> dict[str, str | None]:
    """The newest text about numbers at each phone."""
    rows = select(Delivery).where(Delivery.purpose == Purpose.TASK).order_by(Delivery.id)
    return {each.number: each.text for each in town.read(lambda s: s.scalars(rows).all())}


def states(town: Town) -> list[ChangeState]:
    return list(town.read(lambda s: s.scalars(select(NumberChange.state).order_by(NumberChange.id)).all()))


def test_a_dead_number_is_mended_by_its_leaders_text_alone_and_rung_in_the_next_alarm(village: Town) -> None:
    li, chen = village.house("李大明"), village.house("陈", leader=True)
    ask_leader(village, li)
    assert list_told(village)[chen.number] == (
        f"【十户联防】李大明家的手机（尾号{li.number[-4:]}）打不通。知道新号码请回复，例如：改 13800138000"
    )
    reply = write(village, chen.number, "改 13800138000")
    assert reply.text == "【十户联防】收到。马上打给尾号8000核对，那边按1，李大明家的号码就改好。"
    call = find_call(village)
    assert "这部电话要登记为墙下陶村3组李大明家的联防电话" in (call.text or "")
    village.place(after=NINE)
    assert village.run(lambda s: number_changes.confirm_change(s, call.incident_id, at(NINE + 60), ZONE))
    assert village.run(lambda s: number_changes.confirm_change(s, call.incident_id, at(NINE + 61), ZONE)), "once more"
    told = f"【十户联防】李大明家的联防电话已由尾号{li.number[-4:]}改为尾号8000。不对请告诉村干部。"
    assert {chen.number: told, li.number: told}.items() <= list_told(village).items()
    assert (village.phone(NEW).household_id, village.phone(NEW).archived_at) == (li.id, None)
    assert village.phone(li.number).archived_at == at(NINE + 60)
    proven = select(func.count()).where(ReachProof.phone_id == village.phone(NEW).id)
    assert village.read(lambda s: s.scalar(proven)) == 1
    village.run(lambda s: tasks.close_mended(s, at(NINE + 300), ZONE))
    assert village.read(lambda s: s.scalars(select(PhoneTask.outcome)).one()) is TaskOutcome.CHANGED
    # What is over keeps no number.
    kept = village.read(lambda s: s.scalars(select(NumberChange)).one())
    assert (kept.state, kept.new_number, kept.asked_by) == (ChangeState.DONE, "", "")
    raised = village.raise_alarm(chen, after=NINE + 400)
    assert NEW in {each.number for each in village.deliveries(raised.incident_id)}
    # It is on record, and taken back.
    doing = village.read(lambda s: s.scalars(select(Change.batch).where(Change.source == Source.TEXT)).first())
    village.run(lambda s: undo(s, doing or "", Author("村长", Source.UNDO), at(NINE + 500), ZONE))
    assert village.phone(li.number).archived_at is None


def test_a_household_changes_its_own_number_and_the_call_waits_for_a_permitted_hour(village: Town) -> None:
    li = village.house("李", "mm")
    assert write(village, li.numbers[1], "换成 13800138000", after=0).text == (
        "【十户联防】收到。下个维护时段打给尾号8000核对，那边按1，李家的号码就改好。"
    )
    rules = NumberRules()
    (change,) = village.read(lambda s: number_changes.find_due(s, at(60)))
    assert village.run(lambda s: number_changes.go_on(s, change, at(60), rules)) is None
    # Three calls, none of them answered by key: nothing has changed, and whoever wrote is told.
    for turn in range(3):
        after = NINE + turn * 86400
        assert village.read(lambda s, when=after: number_changes.find_due(s, at(when))) == [change]  # type: ignore[misc]
        called = village.run(lambda s, when=after: number_changes.go_on(s, change, at(when), rules))  # type: ignore[misc]
        assert called is not None
        assert village.read(lambda s, when=after: number_changes.find_due(s, at(when))) == []  # type: ignore[misc]
        village.run(lambda s, one=called, when=after: drills.stop_drill(s, one, "", at(when + 900)))  # type: ignore[misc]
        village.run(lambda s, when=after: number_changes.go_on(s, change, at(when + 901), rules))  # type: ignore[misc]
    assert states(village) == [ChangeState.UNREACHED]
    assert list_told(village) == {
        li.numbers[1]: "【十户联防】尾号8000打了几次没有人按键，李家的号码没有改。请核对后再发。"
    }
    assert village.phone(li.numbers[1]).archived_at is None


def test_whoever_answers_there_may_say_that_it_is_not_theirs(village: Town) -> None:
    li = village.house("李")
    write(village, li.number, "改13800138000")
    called = find_call(village).incident_id
    village.run(lambda s: number_changes.refuse_change(s, called, at(NINE + 9)))
    assert states(village) == [ChangeState.DENIED]
    assert list_told(village) == {li.number: "【十户联防】尾号8000接电话的人说不是李家的，没有改。请核对后再发。"}
    assert not village.run(lambda s: number_changes.confirm_change(s, called, at(NINE + 9), ZONE))
    assert village.phone(li.number).archived_at is None


def test_each_flaw_has_its_words_and_nothing_is_changed(village: Town) -> None:
    li, chen, zhao = village.house("李", "mm"), village.house("陈", leader=True), village.house("赵")
    taken = zhao.number.removeprefix("+86")
    assert "“1380013800”不是能打的电话号码" in str(write(village, li.number, "改 1380013800").text)
    assert "不是能打的电话号码" in str(write(village, li.number, "改 +44 7911 123456").text)
    assert f"{taken}已登记在别家" in str(write(village, li.number, f"改 {taken}").text)
    assert "已经是这家的号码" in str(write(village, zhao.number, f"改 {taken}").text)
    assert "您的号码不在名单上" in str(write(village, "+8613900000000", "改 13800138000").text)
    assert "您能改的人家里没有“赵”" in str(write(village, li.number, "改 赵 13800138000").text)
    assert "请写上旧号码的后四位" in str(write(village, chen.number, "改 李家 13800138000").text)
    assert states(village) == []
    assert "李家的号码就改好" in str(write(village, chen.number, f"改 李家 {li.numbers[1][-4:]} 13800138000").text)
    # A second word counts, the first does not any more; too many in a day are stopped.
    for _ in range(4):
        write(village, chen.number, f"改 李家 {li.numbers[1][-4:]} 13800138001")
    assert states(village) == [*[ChangeState.REPLACED] * 4, ChangeState.CALLING]
    assert "今天改过多次" in str(write(village, chen.number, f"改 李家 {li.numbers[1][-4:]} 13800138002").text)
    assert village.read(lambda s: s.scalar(select(func.count()).select_from(Phone))) == 4


def test_a_head_changes_any_number_of_the_village_and_a_bare_number_answers_a_question_only(village: Town) -> None:
    li, zhao = village.house("李", "mm"), village.house("赵", group=None)
    head = Account(name="王村长", role=AccountRole.VILLAGE_HEAD, password_hash="-", created_at=at(0))
    head.village_id, head.phone = village.village_id, "+8613905740001"
    village.run(lambda s: s.add(head))
    assert "赵家的号码就改好" in str(write(village, "+8613905740001", "赵 改 13800138000").text)
    assert "请写上是哪一家" in str(write(village, "+8613905740001", "改 13800138001").text)
    assert "核对" not in str(write(village, li.numbers[1], "13800138003").text), "nobody has asked"
    ask_leader(village, li)
    reply = write(village, li.numbers[1], "13800138003")
    assert "李家的号码就改好" in str(reply.text)
    village.raise_alarm(zhao, after=NINE + 1)
    assert states(village) == [ChangeState.CALLING] * 2
    assert all(each.closed_at for each in village.incidents() if each.kind == "drill"), "an alarm ends the calls"
