"""The test of one phone: asked for by the villager or a head, heard by whom, refused with what, proven by whom."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from groups.models.figures import ReachProof
from groups.models.roster import Household
from joint_defense.delivery.proofs import note_proofs
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.states import Channel, Purpose
from joint_defense.upkeep import drills, own_test, results
from joint_defense.upkeep.drills import Hours, Scope
from joint_defense.upkeep.own_test import ONE_EVERY, RINGS_AFTER, OwnTest, OwnTestOutcome
from tests.support.factories import House, Town, at

ZONE = ZoneInfo("Asia/Shanghai")
ANY_HOUR = Hours(None, ZONE)


def ask(town: Town, number: str, *, key: str = "voice:CA1:test", after: float = 0) -> OwnTest:
    return town.run(lambda s: own_test.ask_for_test(s, key, number, at(after)))


def start(town: Town, house: House, hours: Hours = ANY_HOUR, village: int = 0) -> int:
    phone = town.phone(house.number).id
    return town.run(lambda s: own_test.start_test(s, village or town.village_id, phone, "村长", at(0), hours))


def test_a_villager_who_asks_is_called_back_once_the_line_is_free_and_a_key_proves_the_phone(town: Town) -> None:
    wang = town.house("王建国", group=None)
    made = ask(town, wang.number)
    assert (made.outcome, made.language) == (OwnTestOutcome.PLANNED, "zh")
    assert ask(town, wang.number, after=1) == made, "the carrier repeats its webhook"
    assert town.claim(after=1) == [], "the caller is still on the line"
    (call,) = town.place(after=RINGS_AFTER.total_seconds())
    assert (call.to, call.purpose, call.channel) == (wang.number, Purpose.TEST, Channel.CALL)
    assert call.text == ("演练！这是十户联防测试电话，不是真的警情，不用出门。这部电话登记的是墙下陶村王建国家。")
    told = town.delivery(wang.number, Channel.CALL, Purpose.TEST)
    town.run(lambda s: drills.take_answer(s, s.get_one(Delivery, told.id), Channel.CALL, at(30)))
    town.run(lambda s: note_proofs(s, at(60), ZONE))
    assert [kind.value for kind in town.read(lambda s: s.scalars(select(ReachProof.kind)).all())] == ["drill"]
    found = town.read(lambda s: results.read_drill(s, made.incident_id or 0, town.village_id))
    assert found is not None
    assert (found.line.of_one, found.line.phones, found.line.answered) == (True, 1, 1)


def test_a_phone_is_tested_once_an_hour_and_a_stranger_hears_that_it_is_on_no_list(town: Town) -> None:
    wang = town.house("王")
    assert ask(town, wang.number).outcome is OwnTestOutcome.PLANNED
    assert ask(town, wang.number, key="voice:CA2:test", after=20).outcome is OwnTestOutcome.UNDER_WAY
    town.run(lambda s: [drills.stop_drill(s, each.id, "", at(40)) for each in s.scalars(select(Incident)).all()])
    again = ONE_EVERY.total_seconds()
    assert ask(town, wang.number, key="voice:CA3:test", after=again - 1).outcome is OwnTestOutcome.TOO_OFTEN
    # What was refused does not count.
    assert ask(town, wang.number, key="voice:CA4:test", after=again + 1).outcome is OwnTestOutcome.PLANNED
    assert ask(town, "+8613900000000", key="voice:CA5:test") == OwnTest(OwnTestOutcome.STRANGER)


def test_nobody_is_tested_beside_an_alarm_and_an_alarm_ends_the_test(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李"), town.house("陈")
    made = ask(town, wang.number)
    town.raise_alarm(li, after=3)
    test = next(each for each in town.incidents() if each.id == made.incident_id)
    assert test.closed_at == at(3)
    assert ask(town, chen.number, key="voice:CA2:test", after=5).outcome is OwnTestOutcome.ALARM_OPEN
    with pytest.raises(DrillRefused, match="alarm_open"):
        start(town, chen)
    town.run(lambda s: s.execute(update(Incident).values(closed_at=at(6))))
    town.change(chen.number, may_call=False)
    assert ask(town, chen.number, key="voice:CA3:test", after=7).outcome is OwnTestOutcome.NOT_CALLED


def test_a_head_tests_one_phone_beside_no_drill_of_it_and_a_text_phone_gets_a_text(town: Town) -> None:
    wang, li, chen = town.house("王", "e"), town.house("李", "t"), town.house("陈")
    start(town, wang)
    start(town, li)
    planned = {
        each.number: (each.channel, each.text) for each in town.read(lambda s: s.scalars(select(Delivery)).all())
    }
    assert planned[wang.number][0] is Channel.CALL
    assert "as the Wang household" in (planned[wang.number][1] or "")
    assert planned[li.number] == (
        Channel.SMS,
        "【十户联防】演练，不是真的警情：测试这部电话，登记的是墙下陶村3组李家。看到请回复1，不用出门。这是演练",
    )
    with pytest.raises(DrillRefused, match="drill_open"):
        start(town, wang)
    with pytest.raises(DrillRefused, match="hours"):
        start(town, chen, Hours(((9, 11),), ZONE))
    with pytest.raises(DrillRefused, match="unknown_phone"):
        start(town, chen, village=town.village_id + 1)
    town.run(lambda s: s.execute(update(Household).where(Household.id == chen.id).values(away_until=at(99))))
    with pytest.raises(DrillRefused, match="nobody"):
        start(town, chen)
    # Tests of single phones do not keep the village's own drill waiting.
    whole = Scope(town.village_id, "墙下陶村")
    assert len(town.run(lambda s: drills.start_drills(s, whole, "村长", at(1), ANY_HOUR))) == 1
