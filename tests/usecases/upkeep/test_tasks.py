"""A number that fails becomes a task: who is asked for it, when, with which words, and what ends it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from groups.models.accounts import Account, AccountRole
from groups.models.figures import ProofKind, ReachProof
from joint_defense.delivery.proofs import note_proofs
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.models.upkeep import Holiday, PhoneTask, UpkeepHours
from joint_defense.rules.hours import read_spans, write_spans
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.tasks import ASKED_FOR, TaskOutcome, TaskReason, TaskStage
from joint_defense.upkeep import drills, head_texts, own_test, rolling_tests, tasks, village_hours
from tests.support.factories import House, Town, at

ZONE = ZoneInfo("Asia/Shanghai")
DAY = 86400.0
MORNING = 11 * 3600.0 - 7 * 60
"""The next day's eight o'clock: NOW is 21:07."""
NINE = MORNING + 3600
STAYS = ASKED_FOR.total_seconds()


@pytest.fixture
def village(town: Town) -> Town:
    """It has set its hours to 9-11 and 15-19."""
    town.run(lambda s: village_hours.set_upkeep(s, town.village_id, ((9, 11), (15, 19)), "村长", at(0)))
    return town


def fail(town: Town, house: House, place: int = 0, *, refused: bool = False) -> None:
    values = {"call_refused_code": "21211"} if refused else {"failures": 2}
    town.change(house.numbers[place], **values)


def look(town: Town, after: float) -> list[str]:
    """What the clock does; the texts that it plans, each with whom it is for."""

    def last() -> int:
        return town.read(lambda s: s.scalar(select(Delivery.id).order_by(Delivery.id.desc()).limit(1))) or 0

    before = last()
    town.run(lambda s: tasks.close_mended(s, at(after), ZONE))
    town.run(lambda s: tasks.open_for_failing(s, at(after)))
    for village_id in town.read(lambda s: tasks.find_villages_due(s, at(after))):
        town.run(lambda s, one=village_id: tasks.ask_on(s, one, at(after), ZONE))  # type: ignore[misc]
    for village_id in town.read(lambda s: head_texts.find_heads_due(s, at(after), ZONE)):
        town.run(lambda s, one=village_id: head_texts.tell_heads(s, one, at(after), ZONE))  # type: ignore[misc]
    planned = select(Delivery).where(Delivery.id > before, Delivery.purpose == Purpose.TASK).order_by(Delivery.id)
    return [f"{each.number} {each.text}" for each in town.read(lambda s: s.scalars(planned).all())]


def stages(town: Town) -> list[TaskStage]:
    return list(town.read(lambda s: s.scalars(select(PhoneTask.stage).order_by(PhoneTask.id)).all()))


def outcomes(town: Town) -> list[TaskOutcome | None]:
    return list(town.read(lambda s: s.scalars(select(PhoneTask.outcome).order_by(PhoneTask.id)).all()))


def test_one_person_after_the_other_is_asked_in_the_hours_of_the_village_and_nobody_twice(village: Town) -> None:
    li = village.house("李大明", "mm")
    chen = village.house("陈", leader=True)
    head = Account(name="王村长", role=AccountRole.VILLAGE_HEAD, password_hash="-", created_at=at(0))
    head.village_id, head.phone = village.village_id, "+8613905740001"
    village.run(lambda s: s.add(head))
    village.change(li.number, failures=1)
    assert look(village, NINE) == [], "once is no task"
    fail(village, li)
    assert look(village, MORNING) == [], "it is eight o'clock"
    (asked,) = look(village, NINE)
    assert asked == (
        f"{li.numbers[1]} 【十户联防】您家的手机（尾号{li.number[-4:]}）打不通。请回复新号码，例如：改 13800138000"
    )
    assert look(village, NINE + 60) == []
    assert look(village, NINE + STAYS - 60) == []
    (asked,) = look(village, NINE + STAYS)
    assert asked == (
        f"{chen.number} 【十户联防】李大明家的手机（尾号{li.number[-4:]}）打不通。"
        "知道新号码请回复，例如：改 13800138000"
    )
    (told,) = look(village, NINE + 2 * STAYS)
    assert told == (f"{head.phone} 【十户联防】墙下陶村有1个号码打不通，等您处理：李大明家。请看村里的“待办号码”页。")
    assert look(village, NINE + 2 * STAYS + 6 * DAY) == []
    assert len(look(village, NINE + 2 * STAYS + 7 * DAY)) == 1, "every week"
    assert village.read(lambda s: tasks.count_open(s, village.village_id)) == tasks.OpenCount(1, 0, 1)
    # Texts about numbers leave behind everything else, and are no incident of anybody's.
    assert {each.closed_at == each.opened_at for each in village.incidents()} == {True}
    assert {each.urgency for each in village.read(lambda s: s.scalars(select(Delivery)).all())} == {60}


def test_who_takes_no_texts_is_passed_over_and_a_leader_gets_one_text_for_all(village: Town) -> None:
    chen = village.house("陈", leader=True)
    li, zhao = village.house("李", "ml"), village.house("赵")
    stopped = village.house("孙", "mm")
    village.change(stopped.numbers[1], text_refused_code="21610")
    for house in (li, zhao, stopped, chen):
        fail(village, house, refused=house is li)
    (asked,) = look(village, NINE)
    assert asked == (
        f"{chen.number} 【十户联防】李家的手机（尾号{li.number[-4:]}）、赵家的手机（尾号{zhao.number[-4:]}）、"
        f"孙家的手机（尾号{stopped.number[-4:]}）打不通。知道新号码请回复，例如：改 李家 13800138000"
    )
    assert stages(village) == [TaskStage.HEAD, TaskStage.LEADER, TaskStage.LEADER, TaskStage.LEADER]


def test_nothing_goes_out_beside_an_alarm_on_a_holiday_or_where_no_hours_are_set(village: Town) -> None:
    li, wang = village.house("李", "mm"), village.house("王")
    fail(village, li)
    raised = village.raise_alarm(wang, after=NINE - 60)
    assert look(village, NINE) == []
    village.run(lambda s: setattr(s.get_one(Incident, raised.incident_id), "closed_at", at(NINE + 1)))
    village.run(lambda s: s.add(Holiday(day=date(2026, 11, 24), name="节日")))
    assert look(village, NINE + 2) == []
    assert stages(village) == [TaskStage.NEW]
    village.run(lambda s: village_hours.set_upkeep(s, village.village_id, None, "村长", at(NINE)))
    assert look(village, NINE + DAY) == []
    assert stages(village) == [TaskStage.HEAD], "it stands on the page"
    assert [each.spans for each in village.read(lambda s: s.scalars(select(UpkeepHours)).all())] == ["9-11,15-19", None]


def test_a_task_ends_with_another_number_with_an_answer_or_with_a_word_of_the_head(village: Town) -> None:
    li, zhao, sun = village.house("李"), village.house("赵"), village.house("孙")
    for house in (li, zhao, sun):
        fail(village, house)
    look(village, NINE)
    village.change(li.number, archived_at=at(NINE))
    village.change(zhao.number, failures=0)
    look(village, NINE + 240)
    assert outcomes(village) == [TaskOutcome.CHANGED, None, None], "a voicemail picks up, too"
    assert village.run(lambda s: rolling_tests.plan_day(s, at(NINE + 241), ZONE)) == 1, "it can be tested again"
    kept = {"phone_id": village.phone(zhao.number).id, "household_id": zhao.id, "kind": ProofKind.CALL}
    kept |= {"proven_on": date(2026, 11, 24), "noted_at": at(NINE - 60)}
    village.run(lambda s: s.execute(insert(ReachProof).values(kept)))
    look(village, NINE + 241)
    assert outcomes(village) == [TaskOutcome.CHANGED, None, None], "that was before it failed"
    village.run(lambda s: own_test.ask_for_test(s, "voice:CA1:test", zhao.number, at(NINE + 242)))
    village.place(after=NINE + 250)
    rung = village.delivery(zhao.number, purpose=Purpose.TEST)
    answer = partial(drills.take_answer, channel=Channel.CALL, now=at(NINE + 260))
    village.run(lambda s: answer(s, s.get_one(Delivery, rung.id)))
    village.run(lambda s: note_proofs(s, at(NINE + 280), ZONE))
    third = village.read(lambda s: s.scalars(select(PhoneTask.id).order_by(PhoneTask.id)).all())[2]
    assert not village.run(lambda s: tasks.keep_number(s, third, village.village_id + 1, "别村", at(NINE)))
    assert village.run(lambda s: tasks.keep_number(s, third, village.village_id, "村长", at(NINE)))
    look(village, NINE + 300)
    assert outcomes(village) == [TaskOutcome.CHANGED, TaskOutcome.WORKS, TaskOutcome.KEPT]
    look(village, NINE + 29 * DAY)
    assert len(stages(village)) == 3, "it is left alone for a month"
    look(village, NINE + 31 * DAY)
    assert len(stages(village)) == 4


def test_whoever_answers_a_test_and_says_it_is_not_theirs_makes_a_task_and_proves_nothing(village: Town) -> None:
    li = village.house("李", "mm")
    village.run(lambda s: own_test.ask_for_test(s, "voice:CA1:test", li.number, at(0)))
    village.place(after=60)
    told = village.delivery(li.number, purpose=Purpose.TEST)
    village.run(lambda s: own_test.refuse_owner(s, s.get_one(Delivery, told.id), at(61)))
    village.run(lambda s: own_test.refuse_owner(s, s.get_one(Delivery, told.id), at(62)))
    (task,) = village.read(lambda s: s.scalars(select(PhoneTask)).all())
    assert task.reason is TaskReason.NOT_THEIRS
    assert village.answers() == []
    (asked,) = look(village, NINE)
    assert "接电话的人说不是这家的" in asked
    assert [each.detail["household"] for each in village.timeline("not_theirs")] == ["李家"]


@pytest.mark.parametrize(
    "words", ["", "9", "9-9", "11-9", "9-25", "9-11,10-12", "1-2,3-4,5-6,7-8,9-10", "a-b", "9-11,"]
)
def test_what_is_no_span_of_hours_is_none(words: str) -> None:
    assert read_spans(words) is None


def test_spans_are_read_in_order_and_written_alike() -> None:
    assert write_spans(read_spans(" 15-19, 9-11 ") or ()) == "9-11,15-19"
    assert timedelta(seconds=STAYS) == ASKED_FOR
