"""From a trigger to an incident and its deliveries: once, for everybody, and never stopped by a limit too early."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.alarms import closing
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.escalation import widening
from joint_defense.alarms.intake import Limits, Outcome, Trigger, raise_alarm
from joint_defense.alarms.wordless_calls import WordlessReport, report_wordless
from joint_defense.incidents.answers import find_callers_among
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Delivery
from joint_defense.rules.replies import Answer as Coming
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, IncidentKind, Purpose
from joint_defense.rules.triggers import Category
from tests.support.factories import House, Town, at
from tests.usecases.at_once import at_once

CALL, SMS = Channel.CALL, Channel.SMS


def events(town: Town) -> list[tuple[str, InboundKind]]:
    rows = town.read(lambda session: session.scalars(select(InboundEvent).order_by(InboundEvent.id)).all())
    return [(each.number, each.kind) for each in rows]


def planned(town: Town, incident_id: int | None, *purposes: Purpose) -> list[tuple[str, str, Channel]]:
    return [(line.household, line.number, line.channel) for line in town.lines(incident_id, *purposes)]


def test_an_alarm_plans_a_call_and_a_text_to_every_phone_of_the_others_that_takes_one(town: Town) -> None:
    wang = town.house("王", "ml")
    li, chen, zhang = town.house("李", "ml"), town.house("陈", "t"), town.house("张", "lm")
    raised = town.raise_alarm(wang)
    assert (raised.outcome, raised.households, raised.phones, raised.repeated) == (Outcome.RAISED, 3, 5, False)
    assert sorted(planned(town, raised.incident_id)) == sorted(
        [
            *((li.name, li.numbers[0], CALL), (li.name, li.numbers[0], SMS), (li.name, li.numbers[1], CALL)),
            (chen.name, chen.number, SMS),
            *((zhang.name, zhang.numbers[0], CALL), (zhang.name, zhang.numbers[1], CALL)),
            (zhang.name, zhang.numbers[1], SMS),
        ]
    )
    assert {line.state for line in town.lines(raised.incident_id)} == {DeliveryState.WAITING}


def test_first_phones_of_the_nearest_doors_are_the_most_urgent(town: Town) -> None:
    first, second = town.house("甲"), town.house("乙")
    wang = town.house("王")
    fourth, fifth = town.house("丙", "mm"), town.house("丁")
    raised = town.raise_alarm(wang)
    calls = [each for each in town.deliveries(raised.incident_id) if each.channel is CALL]
    order = [each.number for each in sorted(calls, key=lambda each: (each.urgency, each.turn, each.id))]
    assert order == [second.number, fourth.numbers[0], first.number, fifth.number, fourth.numbers[1]]


def test_leader_and_deputy_are_rung_wherever_they_live(town: Town) -> None:
    elsewhere = town.group("4组")
    wang = town.house("王")
    leader = town.house("村", group=elsewhere, leader=True)
    deputy = town.house("副", group=None, deputy=True)
    town.house("外", group=elsewhere)
    raised = town.raise_alarm(wang)
    assert {name for name, _, _ in planned(town, raised.incident_id)} == {leader.name, deputy.name}
    assert {each.role for each in town.deliveries(raised.incident_id)} == {"leader", "deputy"}


def test_a_second_identical_webhook_is_a_no_op_with_the_same_answer(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    first = town.raise_alarm(wang, sid="CA1")
    again = town.raise_alarm(wang, sid="CA1", after=400)
    assert again.repeated
    assert (again.incident_id, again.alert_id, again.households, again.outcome) == (
        *(first.incident_id, first.alert_id, first.households),
        Outcome.RAISED,
    )
    assert len(town.incidents()) == len(events(town)) == 1
    assert len(town.lines(first.incident_id)) == 2


def test_the_same_webhook_eight_times_at_the_same_instant_is_one_alarm(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    answers = at_once(*[lambda: town.raise_alarm(wang, sid="CA1")] * 8)
    assert {(each.outcome, each.incident_id, each.alert_id, each.phones) for each in answers} == {
        (Outcome.RAISED, answers[0].incident_id, answers[0].alert_id, 1)
    }
    assert sum(not each.repeated for each in answers) == 1
    assert len(town.incidents()) == len(town.alerts()) == 1
    assert len(town.lines(answers[0].incident_id)) == 2


def test_two_households_within_the_window_are_one_incident_with_two_voices(town: Town) -> None:
    wang, li, chen, zhang = town.house("王"), town.house("李"), town.house("陈"), town.house("张", "l")
    first = town.raise_alarm(wang)
    second = town.raise_alarm(li, after=179)
    assert (second.outcome, second.incident_id) == (Outcome.JOINED, first.incident_id)
    assert [each.household_name for each in town.alerts()] == [wang.name, li.name]
    rung = [line.number for line in town.lines(first.incident_id, Purpose.ALARM) if line.channel is CALL]
    assert sorted(rung) == sorted([li.number, chen.number, zhang.number])
    told = town.lines(first.incident_id, Purpose.SECOND_VOICE)
    assert sorted((line.number, line.channel) for line in told) == sorted([(wang.number, SMS), (chen.number, SMS)])
    assert [line.kind for line in town.timeline()] == ["opened", "overseers", "voice"]


def test_four_households_at_the_same_instant_are_one_incident_in_which_nobody_is_rung_twice(town: Town) -> None:
    callers = [town.house(head) for head in ("王", "李", "陈", "张")]
    others = [town.house(head, "ml") for head in ("赵", "钱")]
    answers = at_once(*[lambda house=house: town.raise_alarm(house) for house in callers])
    assert {each.incident_id for each in answers} == {answers[0].incident_id}
    assert sorted(each.outcome for each in answers) == ["joined", "joined", "joined", "raised"]
    rung = [line.number for line in town.lines(answers[0].incident_id, Purpose.ALARM) if line.channel is CALL]
    assert len(rung) == len(set(rung))
    assert {number for house in others for number in house.numbers} <= set(rung)
    # Everybody hears of every voice but the own: the first by the alarm, the others by a text each.
    told = [line.number for line in town.lines(answers[0].incident_id, Purpose.SECOND_VOICE)]
    assert [told.count(house.number) for house in others] == [3, 3]


def test_whoever_the_first_alarm_did_not_reach_is_rung_for_the_second_voice(town: Town) -> None:
    wang, li = town.house("王", leader=True), town.house("李")
    raised = town.raise_alarm(wang)
    newcomer = town.house("新")
    town.raise_alarm(li, after=30)
    rung = [line.number for line in town.lines(raised.incident_id, Purpose.ALARM) if line.channel is CALL]
    assert rung == [li.number, newcomer.number]
    # Its own text says of both: another of the second voice would be one too many.
    assert [line.number for line in town.lines(raised.incident_id, Purpose.SECOND_VOICE)] == [wang.number]


def test_a_number_that_has_moved_to_another_household_since_does_not_break_the_second_voice(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李"), town.house("陈")
    raised = town.raise_alarm(wang)
    moved = town.house("新")
    town.change(chen.number, archived_at=at(1))
    town.change(moved.number, number=chen.number)
    assert town.raise_alarm(li, after=30).outcome is Outcome.JOINED
    rung = [line.number for line in town.lines(raised.incident_id, Purpose.ALARM) if line.channel is CALL]
    assert sorted(rung) == sorted([li.number, chen.number])


def test_a_household_that_calls_for_help_itself_is_not_rung_for_its_neighbour_any_more(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李", "ml"), town.house("陈")
    raised = town.raise_alarm(wang)
    town.raise_alarm(li, after=1)
    states = {(line.number, line.channel): line.state for line in town.lines(raised.incident_id, Purpose.ALARM)}
    assert states == {
        (li.numbers[0], CALL): DeliveryState.CANCELLED,
        (li.numbers[1], CALL): DeliveryState.CANCELLED,
        # The text stays: it says what the neighbour's trouble is.
        (li.numbers[0], SMS): DeliveryState.WAITING,
        (chen.number, CALL): DeliveryState.WAITING,
        (chen.number, SMS): DeliveryState.WAITING,
    }


def test_a_silent_household_that_calls_second_gets_no_call_and_no_text(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李", silent=True), town.house("陈")
    raised = town.raise_alarm(wang)
    assert town.raise_alarm(li, after=1).silent
    town.raise_alarm(chen, after=2)
    assert {line.state for line in town.lines(raised.incident_id) if line.household == li.name} == {
        DeliveryState.CANCELLED
    }


def test_the_same_household_again_is_noted_and_rings_nobody(town: Town) -> None:
    wang, _ = town.house("王", "mm"), town.house("李")
    first = town.raise_alarm(wang, sid="CA1")
    again = town.raise_alarm(wang, number=wang.numbers[1], sid="CA2", after=20)
    assert (again.outcome, again.alert_id) == (Outcome.JOINED, first.alert_id)
    assert len(town.lines(first.incident_id)) == 2
    assert [line.kind for line in town.timeline()] == ["opened", "overseers", "again"]
    assert town.alerts()[0].call_sid == "CA2"


def test_after_the_window_or_the_all_clear_an_alarm_is_a_new_incident(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    first = town.raise_alarm(wang)
    second = town.raise_alarm(li, after=180)
    assert second.outcome is Outcome.RAISED
    assert second.incident_id != first.incident_id
    town.run(lambda s: closing.close(s, second.incident_id or 0, ClosingOutcome.HELPED, "", "村", at(190)))
    third = town.raise_alarm(li, after=191)
    assert third.incident_id not in (first.incident_id, second.incident_id)
    assert third.outcome is Outcome.RAISED


def test_two_groups_have_two_incidents(town: Town) -> None:
    wang, other = town.house("王"), town.house("别", group=town.group("4组"))
    assert town.raise_alarm(wang).incident_id != town.raise_alarm(other).incident_id


def test_a_household_in_no_group_is_recorded_reaches_nobody_and_is_joined_by_itself_only(town: Town) -> None:
    alone, other = town.house("孤", group=None), town.house("另", group=None)
    raised = town.raise_alarm(alone)
    assert (raised.outcome, raised.households, raised.phones) == (Outcome.RAISED, 0, 0)
    assert town.raise_alarm(alone, after=5).outcome is Outcome.JOINED
    assert town.raise_alarm(other, after=6).outcome is Outcome.RAISED


def test_a_stranger_is_recorded_and_opens_nothing(town: Town) -> None:
    nobody = House(0, "", ("+8613999999999",))
    assert town.raise_alarm(nobody, sid="CA1").outcome is Outcome.STRANGER
    assert town.raise_alarm(nobody, sid="CA1").outcome is Outcome.STRANGER
    assert events(town) == [(nobody.number, InboundKind.STRANGER)]
    assert town.incidents() == []


def test_the_flood_limit_stops_the_seventh_incident_of_an_hour_and_no_first_one(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    apart = Limits(merge_window=0, alarms_per_hour=6)
    outcomes = []
    for each in range(7):
        raised = town.raise_alarm(wang, after=each, limits=apart)
        outcomes.append(raised.outcome)
        close(town, raised.incident_id, after=each + 0.5)
    assert outcomes == [Outcome.RAISED] * 6 + [Outcome.FLOOD]
    assert events(town)[-1] == (wang.number, InboundKind.FLOOD)
    # Another number, of the same group at the same moment, has its first alarm.
    assert town.raise_alarm(li, after=8, limits=apart).outcome is Outcome.RAISED
    assert town.raise_alarm(wang, after=3601, limits=apart).outcome is Outcome.RAISED


def test_however_strict_the_limit_a_numbers_first_alarm_goes_out(town: Town) -> None:
    wang = town.house("王", "mm", silent=True)
    strict = Limits(merge_window=0, alarms_per_hour=1)
    raised = town.raise_alarm(wang, limits=strict)
    assert raised.outcome is Outcome.RAISED
    close(town, raised.incident_id, after=0.5)
    flooded = town.raise_alarm(wang, after=1, limits=strict)
    assert (flooded.outcome, flooded.silent) == (Outcome.FLOOD, True)
    assert town.raise_alarm(wang, number=wang.numbers[1], after=2, limits=strict).outcome is Outcome.RAISED


def test_an_alarm_by_text_carries_its_words_and_category_and_holds_no_line(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    town.raise_alarm(wang, channel=SMS, call_sid=None, category=Category.FIRE, text="着火了")
    (alert,) = town.alerts()
    assert (alert.category, alert.text, alert.on_line_until, alert.call_sid) == (Category.FIRE, "着火了", None, None)
    assert town.incidents()[0].category is Category.FIRE


def test_a_later_change_of_the_roster_does_not_rewrite_what_happened(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang)
    town.change(li.number, number="+8613800000000")
    assert {line.number for line in town.lines(raised.incident_id)} == {li.number}


def wordless(town: Town, house: House, sid: str = "CA1", after: float = 0) -> WordlessReport:
    def report(session: Session) -> WordlessReport:
        return report_wordless(session, f"voice:{sid}:wordless", house.number, at(after))

    return town.run(report)


def test_of_a_call_without_a_word_the_leader_alone_is_told_by_text(town: Town) -> None:
    wang, leader, _ = town.house("王"), town.house("村", "mlm", leader=True), town.house("李")
    report = wordless(town, wang)
    assert report.told
    told = town.lines(report.incident_id)
    assert [(line.number, line.channel, line.purpose) for line in told] == [
        (leader.numbers[0], SMS, Purpose.WORDLESS),
        (leader.numbers[2], SMS, Purpose.WORDLESS),
    ]
    assert town.incidents()[0].kind is IncidentKind.WORDLESS


def test_a_leader_outside_the_group_is_told(town: Town) -> None:
    wang, leader = town.house("王"), town.house("村", group=town.group("4组"), leader=True)
    assert [line.number for line in town.lines(wordless(town, wang).incident_id)] == [leader.number]


def test_when_the_leader_is_the_one_who_called_the_deputy_is_told(town: Town) -> None:
    leader, deputy = town.house("村", leader=True), town.house("副", deputy=True)
    assert [line.number for line in town.lines(wordless(town, leader).incident_id)] == [deputy.number]


def test_a_leader_with_a_landline_only_or_without_texts_is_rung(town: Town) -> None:
    wang, leader = town.house("王"), town.house("村", "l", leader=True)
    assert [(line.number, line.channel) for line in town.lines(wordless(town, wang).incident_id)] == [
        (leader.number, CALL)
    ]
    other = town.house("新", "m", leader=True)
    town.change(other.number, text_refused_code="21610", text_refused_at=at(0))
    report = wordless(town, wang, "CA2", after=200)
    assert (other.number, CALL) in [(line.number, line.channel) for line in town.lines(report.incident_id)]


def test_without_leader_and_deputy_nobody_can_be_told_and_the_report_says_so(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    report = wordless(town, wang)
    assert not report.told
    assert town.lines(report.incident_id) == []


def test_the_same_wordless_call_again_or_another_soon_after_tells_nobody_twice(town: Town) -> None:
    wang, _ = town.house("王"), town.house("村", leader=True)
    first = wordless(town, wang)
    assert wordless(town, wang, after=1) == first
    assert wordless(town, wang, "CA2", after=60) == first
    assert len(town.lines(first.incident_id)) == 1
    assert [line.kind for line in town.timeline()] == ["wordless", "wordless"]


def test_a_wordless_call_during_the_own_alarm_is_a_line_of_its_timeline(town: Town) -> None:
    wang, _ = town.house("王"), town.house("村", leader=True)
    raised = town.raise_alarm(wang)
    assert wordless(town, wang, after=10).incident_id == raised.incident_id
    assert len(town.incidents()) == 1


def test_an_alarm_after_a_wordless_call_is_an_alarm(town: Town) -> None:
    wang, _ = town.house("王"), town.house("村", leader=True)
    wordless(town, wang)
    assert town.raise_alarm(wang, after=5).outcome is Outcome.RAISED


MINUTE = 60


def close(town: Town, incident_id: int | None, *, after: float) -> None:
    if incident_id is not None:
        town.run(lambda s: closing.close(s, incident_id, ClosingOutcome.HELPED, "", "村干部", at(after)))


def test_pressing_again_belongs_to_the_households_own_open_incident_and_rings_who_has_not_answered(town: Town) -> None:
    wang, li, chen = town.house("王建国"), town.house("李月芳"), town.house("陈小红")
    first = town.raise_alarm(wang)
    town.place(state=AttemptState.NO_ANSWER)
    told = town.delivery(chen.number)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Coming.COMING, CALL, at(20)))
    for press in range(1, 9):
        joined = town.raise_alarm(wang, after=press * 181)
        assert (joined.outcome, joined.incident_id) == (Outcome.JOINED, first.incident_id)
        rung = [each for each in town.deliveries(first.incident_id) if each.round == press]
        assert {each.number for each in rung} == {li.number}, "whoever is coming is left alone"
        town.place(after=press * 181 + 1, state=AttemptState.NO_ANSWER)
    assert len(town.incidents()) == 1
    before = len(town.deliveries(first.incident_id))
    town.raise_alarm(wang, after=8 * 181 + 60)
    assert len(town.deliveries(first.incident_id)) == before, "they were rung again a minute ago"


def test_a_neighbours_later_alarm_neither_rings_nor_texts_a_silent_household_and_texts_another_that_calls(
    town: Town,
) -> None:
    quiet, loud, li, zhang = town.house("王", silent=True), town.house("赵"), town.house("李"), town.house("张")
    town.raise_alarm(quiet)
    town.raise_alarm(loud, after=4 * MINUTE)
    third = town.raise_alarm(li, after=8 * MINUTE)
    reached = {(each.number, each.channel) for each in town.deliveries(third.incident_id)}
    assert reached == {(zhang.number, CALL), (zhang.number, SMS), (loud.number, SMS)}
    assert third.households == 2


def test_a_household_whose_open_call_is_old_is_rung_again_for_its_neighbours(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳")
    town.raise_alarm(wang)
    month = 30 * 24 * 3600
    raised = town.raise_alarm(li, after=month)
    assert (wang.number, CALL) in {(each.number, each.channel) for each in town.deliveries(raised.incident_id)}
    with town.database.begin() as session:
        # The line is held to the thirtieth second.
        assert find_callers_among(session, [wang.id], (), at(7229)) == {wang.id}
        assert find_callers_among(session, [wang.id], (), at(7231)) == set()


@pytest.mark.parametrize("group", ["none", "alone"])
def test_with_nobody_to_ring_the_people_on_duty_are_called_at_once(town: Town, group: str) -> None:
    wang = town.house("王建国", group=None if group == "none" else town.group("9组"))
    raised = town.raise_alarm(wang)
    (incident,) = town.incidents()
    steps = (incident.policy or {"steps": []})["steps"]
    assert raised.households == 0
    assert [step["after"] for step in steps] == list(range(1, len(steps) + 1))
    assert incident.next_step_at == at(1)
    town.run(lambda s: widening.widen_due(s, at(len(steps)), ZoneInfo("Asia/Shanghai")))
    assert town.incidents()[0].steps_done == len(steps)


def _calls_and_closes(town: Town, callers: list[tuple[House, str]], every: float) -> list[Outcome]:
    """Each in turn calls from this number, and closes as malicious what that has opened."""
    outcomes = []
    for turn, (house, number) in enumerate(callers):
        moment = at(turn * every)
        trigger = Trigger(f"voice:{town.sid()}:alarm", number, Channel.CALL)
        raised = town.run(partial(raise_alarm, trigger=trigger, now=moment))
        outcomes.append(raised.outcome)
        if raised.outcome is Outcome.RAISED and raised.incident_id is not None:
            over = ClosingOutcome.MALICIOUS
            town.run(
                partial(closing.close, incident_id=raised.incident_id, outcome=over, note="", by=house.name, now=moment)
            )
    return outcomes


def test_a_household_is_not_heard_more_often_for_having_several_phones(town: Town) -> None:
    town.house("李", leader=True)
    wang = town.house("王", "mm")
    outcomes = _calls_and_closes(town, [(wang, wang.numbers[turn % 2]) for turn in range(14)], every=1.6)
    assert outcomes == [Outcome.RAISED] * 6 + [Outcome.FLOOD] * 8


def test_households_that_take_turns_flood_their_group_and_never_stop_anothers_first_alarm(town: Town) -> None:
    town.house("李", leader=True)
    forged = [town.house(f"王{number}") for number in range(4)]
    outcomes = _calls_and_closes(town, [(forged[turn % 4], forged[turn % 4].number) for turn in range(20)], every=1.6)
    assert outcomes == [Outcome.RAISED] * 12 + [Outcome.FLOOD] * 8
    quiet = town.house("陈")
    assert _calls_and_closes(town, [(quiet, quiet.number)], every=0) == [Outcome.RAISED]
