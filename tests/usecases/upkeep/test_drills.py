"""Drills: who is rung, what stops them, whose answer proves a phone, and what refuses to begin."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from groups.models.figures import ReachProof
from groups.models.roster import Household, Phone
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.delivery.proofs import note_proofs
from joint_defense.models.incidents import Delivery, Incident, IncidentUpdate
from joint_defense.models.upkeep import PhoneCheck
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.states import Channel, ClosingOutcome, DeliveryState, IncidentKind, Purpose
from joint_defense.upkeep import drills, own_test, results
from joint_defense.upkeep.drills import LASTS, Hours, Scope
from joint_defense.upkeep.own_test import OwnTestOutcome
from tests.support.factories import House, Town, at

ZONE = ZoneInfo("Asia/Shanghai")
ANY_HOUR = Hours(None, ZONE)


def start(town: Town, *, after: float = 0, hours: Hours = ANY_HOUR, **scope: str) -> list[int]:
    whole = Scope(town.village_id, "墙下陶村", **scope)
    return town.run(lambda session: drills.start_drills(session, whole, "村长", at(after), hours))


def why_refused(town: Town, *, group: str = "", door: str = "", phone: str = "") -> str:
    with pytest.raises(DrillRefused) as refused:
        start(town, group=group, door=door, phone=phone)
    return refused.value.why


def answer_call(town: Town, house: House, *, after: float) -> None:
    told = town.delivery(house.number, Channel.CALL, Purpose.DRILL)
    town.run(lambda s: drills.take_answer(s, s.get_one(Delivery, told.id), Channel.CALL, at(after)))


def test_every_phone_of_those_at_home_is_rung_and_texted_once_behind_every_alarm(town: Town) -> None:
    wang, li = town.house("王", "ml", leader=True), town.house("李")
    away = town.house("陈")
    town.run(lambda s: s.execute(update(Household).where(Household.id == away.id).values(away_until=at(9999))))
    (drill,) = start(town, group="3组")
    planned = town.deliveries(drill)
    assert [(each.number, each.channel) for each in planned] == [
        (wang.number, Channel.CALL),
        (li.number, Channel.CALL),
        (wang.numbers[1], Channel.CALL),
        (wang.number, Channel.SMS),
        (li.number, Channel.SMS),
    ]
    assert min(each.urgency for each in planned) >= 40
    # A drill has no redials, no news and no all-clear.
    town.place()
    town.run(lambda s: drills.stop_drill(s, drill, "村长", at(60)))
    assert len(town.deliveries(drill)) == len(planned)


def test_a_group_a_door_or_a_phone_is_rung_alone(town: Town) -> None:
    other = town.group("4组")
    wang, li, zhao = town.house("王", "mm"), town.house("李"), town.house("赵", group=other)
    assert [each.group_name for each in town.incidents()] == []
    first, second = start(town)
    assert {each.number for each in town.deliveries(first)} == {*wang.numbers, li.number}
    assert {each.number for each in town.deliveries(second)} == {zhao.number}
    town.run(lambda s: [drills.stop_drill(s, each, "", at(1)) for each in (first, second)])
    (by_door,) = start(town, door="3-2")
    assert {each.number for each in town.deliveries(by_door)} == {li.number}
    town.run(lambda s: drills.stop_drill(s, by_door, "", at(1)))
    (by_phone,) = start(town, phone=wang.numbers[1])
    assert {each.number for each in town.deliveries(by_phone)} == {wang.numbers[1]}
    # One of a phone or a door is no drill of the group; but nobody is rung by two at once.
    of_groups = {each.id: each.group_id is not None for each in town.incidents()}
    assert of_groups == {first: True, second: True, by_door: False, by_phone: False}
    assert why_refused(town, phone=wang.numbers[1]) == "drill_open"
    assert len(start(town, phone=li.number)) == 1


def test_a_drill_is_refused_with_its_reason_and_plans_nothing(town: Town) -> None:
    wang = town.house("王")
    evening = Hours(((9, 11), (15, 19)), ZONE)
    with pytest.raises(DrillRefused, match="hours"):
        start(town, hours=evening)  # 21:07
    assert start(town, hours=evening, after=-3 * 3600), "18:07"
    assert why_refused(town) == "drill_open"
    town.run(lambda s: s.execute(update(Incident).values(closed_at=at(0))))
    assert why_refused(town, group="9组") == "unknown_group"
    assert why_refused(town, door="9-9") == "unknown_door"
    assert why_refused(town, phone="+8613999999999") == "unknown_phone"
    town.change(wang.number, may_call=False, may_text=False)
    assert why_refused(town) == "nobody"
    town.change(wang.number, may_call=True)
    town.raise_alarm(wang)
    assert why_refused(town) == "alarm_open"
    assert [each.kind for each in town.incidents()] == [IncidentKind.DRILL, IncidentKind.ALARM]


def test_a_real_alarm_stops_the_drill_at_once_and_rings_everybody(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    (drill,) = start(town)
    town.place()
    raised = town.raise_alarm(wang, after=5)
    stopped = next(each for each in town.incidents() if each.id == drill)
    assert (stopped.outcome, stopped.closed_at) == (ClosingOutcome.DRILL, at(5))
    assert all(each.unwanted for each in town.deliveries(drill) if each.channel is Channel.CALL)
    assert {(each.number, each.channel) for each in town.deliveries(raised.incident_id)} == {
        (li.number, Channel.CALL),
        (li.number, Channel.SMS),
    }


def test_a_call_without_a_word_is_a_call_for_help_to_drills_and_tests_alike(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    (drill,) = start(town)
    town.place()
    town.run(lambda s: report_wordless(s, "voice:CA1:wordless", wang.number, at(5)))
    assert {each.id: each.closed_at for each in town.incidents()}[drill] == at(5)
    assert why_refused(town) == "alarm_open"
    asked = town.run(lambda s: own_test.ask_for_test(s, "voice:CA2:test", li.number, at(10)))
    assert asked.outcome is OwnTestOutcome.ALARM_OPEN


def test_an_alarm_in_the_same_second_is_found_by_the_clock(town: Town) -> None:
    wang = town.house("王")
    (drill,) = start(town)
    town.place()
    assert town.read(lambda s: drills.find_done(s, at(1))) == []
    assert town.read(lambda s: drills.find_done(s, at(0) + LASTS)) == [drill]
    town.raise_alarm(wang)
    town.run(lambda s: s.execute(update(Incident).where(Incident.id == drill).values(closed_at=None)))
    town.run(lambda s: s.execute(delete(IncidentUpdate).where(IncidentUpdate.incident_id == drill)))
    assert town.read(lambda s: drills.find_done(s, at(1))) == [drill]
    # The clock ends it, and it counts as broken off: nobody has missed it.
    town.run(lambda s: drills.stop_drill(s, drill, "", at(1)))
    assert town.read(lambda s: drills.find_broken_off(s, [drill])) == {drill}
    assert set(town.read(lambda s: s.scalars(select(PhoneCheck.missed)).all())) <= {0}


def test_a_key_and_a_text_prove_their_phones_and_only_theirs(town: Town) -> None:
    wang, li, chen = town.house("王", "mm"), town.house("李"), town.house("陈")
    (drill,) = start(town)
    town.place()
    answer_call(town, wang, after=12)
    text = Text("SM1", li.number, "１")
    reply = town.run(lambda s: take_message(s, text, at(30)))
    assert reply.text is not None
    assert "演练" in reply.text
    found = town.read(lambda s: results.read_drill(s, drill, town.village_id))
    assert found is not None
    assert (found.line.phones, found.line.answered, found.median) == (4, 2, 30.0)
    assert [(each.household, each.rank, each.seconds, each.channel) for each in found.phones] == [
        ("陈家", 1, None, None),
        ("王家", 2, None, None),
        ("李家", 1, 30.0, Channel.SMS),
        ("王家", 1, 12.0, Channel.CALL),
    ]
    # Whoever has answered by text is not rung on that phone any more.
    assert town.delivery(li.number, Channel.CALL, Purpose.DRILL).unwanted
    assert not town.delivery(chen.number, Channel.CALL, Purpose.DRILL).unwanted

    town.run(lambda s: note_proofs(s, at(90), ZONE))
    kept = town.read(
        lambda s: s.execute(
            select(Phone.number, ReachProof.proven_on, ReachProof.kind).join(Phone, Phone.id == ReachProof.phone_id)
        ).all()
    )
    assert {(number, day, kind.value) for number, day, kind in kept} == {
        (wang.number, date(2026, 11, 23), "drill"),
        (li.number, date(2026, 11, 23), "drill"),
    }


def test_a_key_by_text_belongs_to_an_open_alarm_before_any_drill(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    (drill,) = start(town)
    town.place()
    town.raise_alarm(wang, after=5)
    town.place(after=5)
    town.run(lambda s: take_message(s, Text("SM1", li.number, "1"), at(20)))
    assert [(name, str(answer)) for name, answer in town.answers()] == [("李家", "coming")]
    found = town.read(lambda s: results.read_drill(s, drill, None))
    assert found is not None
    assert found.line.answered == 0


def test_a_call_for_help_in_a_drill_is_one(town: Town) -> None:
    town.house("王")
    li = town.house("李")
    (drill,) = start(town)
    town.place()
    reply = town.run(lambda s: take_message(s, Text("SM1", li.number, "救命，有人撬我家门"), at(20)))
    assert reply.incident_id not in {None, drill}
    assert town.incidents()[-1].kind is IncidentKind.ALARM


def test_a_drill_ends_by_itself_once_nothing_is_left_to_do(town: Town) -> None:
    town.house("王")
    (drill,) = start(town)
    town.run(lambda s: s.execute(update(Delivery).values(state=DeliveryState.UNREACHED)))
    assert town.read(lambda s: drills.find_done(s, at(1))) == [drill]
    assert town.run(lambda s: drills.stop_drill(s, drill, "", at(1)))
    assert not town.run(lambda s: drills.stop_drill(s, drill, "", at(2)))
    assert town.read(lambda s: results.list_drills(s, town.village_id))[0].closed_at == at(0) + timedelta(seconds=1)
