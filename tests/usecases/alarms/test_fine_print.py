"""What a small slip in the alarm's way would change: a flipped comparison, a dropped filter, condition or lock."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from groups import directory
from joint_defense.alarms import closing
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.alarms.intake import Limits, Outcome
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.carriers.port import CarrierError, Temporary, TooFast
from joint_defense.delivery import claims, plan, tracking
from joint_defense.incidents.answers import find_told, read_answers
from joint_defense.models.incidents import Alert, Delivery
from joint_defense.rules.escalation import is_widened
from joint_defense.rules.parties import plan_rings
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import (
    AttemptState,
    Channel,
    ClosingOutcome,
    DeliveryState,
    Milestone,
    Occasion,
    Purpose,
    Role,
)
from tests.support.factories import House, Town, at

CALL, SMS = Channel.CALL, Channel.SMS


@pytest.fixture
def wang(town: Town) -> House:
    return town.house("王建国")


@pytest.fixture
def li(town: Town) -> House:
    return town.house("李月芳")


def end(town: Town, incident_id: int | None, after: float) -> None:
    town.run(lambda s: closing.close(s, incident_id or 0, ClosingOutcome.HELPED, "", "村干部", at(after)))


def test_the_flood_limit_counts_incidents_and_not_presses(town: Town, wang: House, li: House) -> None:
    twice = Limits(merge_window=180, alarms_per_hour=2)
    first = town.raise_alarm(wang, limits=twice)
    for second in (10, 20, 30):
        assert town.raise_alarm(wang, after=second, limits=twice).outcome is Outcome.JOINED
    end(town, first.incident_id, 40)
    second_alarm = town.raise_alarm(wang, after=50, limits=twice)
    assert second_alarm.outcome is Outcome.RAISED
    end(town, second_alarm.incident_id, 60)
    assert town.raise_alarm(wang, after=70, limits=twice).outcome is Outcome.FLOOD


def test_a_second_call_of_a_household_holds_the_line_from_then_on(town: Town, wang: House, li: House) -> None:
    town.raise_alarm(wang)
    town.raise_alarm(wang, after=100, sid="CA-again")
    (alert,) = town.alerts()
    assert (alert.on_line_until, alert.call_sid) == (at(130), "CA-again")


def test_whoever_joins_hears_how_many_others_are_told_and_is_not_one_of_them(
    town: Town, wang: House, li: House
) -> None:
    elsewhere = town.group("4组")
    zhao, _ = town.house("赵", group=elsewhere), town.house("钱", group=elsewhere)
    town.raise_alarm(zhao)
    town.house("陈小红", "mm")
    town.raise_alarm(wang)
    joined = town.raise_alarm(li, after=5)
    # The Chen household with two phones, and the Wangs, who are told of a second voice; nobody of the other alarm.
    assert (joined.households, joined.phones) == (2, 3)


def test_calling_again_stops_the_callers_own_call_with_news_and_nobody_elses(
    town: Town, wang: House, li: House
) -> None:
    raised = town.raise_alarm(wang)
    town.raise_alarm(li, after=5)

    def plan_news(session: object, alert: Alert) -> None:
        phone = plan.make_callers_phone(alert)
        row = plan.make_row(
            phone,
            raised.incident_id or 0,
            CALL,
            Purpose.NEWS,
            at(40),
            urgency=50,
            turn=0,
            text="…",
            occasion=Occasion(milestone=Milestone.FIRST),
        )
        session.add(Delivery(**row))  # type: ignore[attr-defined] # a Session

    for each in town.alerts():
        town.run(lambda s, each=each: plan_news(s, each))  # type: ignore[misc]
    town.raise_alarm(wang, after=60)
    states = {each.number: each.state for each in town.deliveries(raised.incident_id) if each.purpose is Purpose.NEWS}
    assert states == {wang.number: DeliveryState.CANCELLED, li.number: DeliveryState.WAITING}


def test_what_a_dead_sender_had_in_hand_stands_on_the_timeline_with_how_many_requests_it_was(
    town: Town, wang: House, li: House
) -> None:
    town.raise_alarm(wang)
    held = town.claim(owner="dead")
    assert town.run(lambda s: claims.release_dead(s, lambda _: False, at(3))) == len(held) == 2
    assert [line.detail for line in town.timeline("cut_off")] == [{"requests": 2}]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(TooFast("slower", status=429), "carrier_slow"), (Temporary("away", status=503), "carrier_away")],
)
def test_the_timeline_says_whether_the_carrier_is_slow_or_away(
    town: Town, wang: House, li: House, error: CarrierError, kind: str
) -> None:
    town.raise_alarm(wang)
    town.came(town.claim()[0], error)
    kinds = [line.kind for line in town.timeline() if line.kind.startswith("carrier")]
    assert kinds == [kind]


def test_what_may_be_out_already_is_ended_once_it_is_known_and_what_never_left_is_cancelled(
    town: Town, wang: House, li: House
) -> None:
    raised = town.raise_alarm(wang)
    call, text = (town.delivery(li.number, channel) for channel in (CALL, SMS))
    town.run(lambda s: setattr(s.get_one(Delivery, call.id), "look_up_first", True))
    town.run(lambda s: plan.drop(s, [s.get_one(Delivery, each.id) for each in (call, text)], at(1)))
    found = {each.id: (each.state, each.unwanted) for each in town.deliveries(raised.incident_id)}
    assert found == {call.id: (DeliveryState.WAITING, True), text.id: (DeliveryState.CANCELLED, False)}


def test_an_answer_belongs_to_an_alarm_or_a_second_voice_and_never_to_a_call_without_a_word(
    town: Town, wang: House
) -> None:
    leader = town.house("李月芳", leader=True)
    town.run(lambda s: report_wordless(s, "voice:CA9:wordless", wang.number, at(0)))
    town.place()
    assert town.run(lambda s: find_told(s, leader.number)) == (None, 0)
    raised = town.raise_alarm(wang, after=300)
    assert town.run(lambda s: find_told(s, leader.number)) == (None, 0), "nothing has been sent yet"
    town.place(after=301)
    told, others = town.run(lambda s: find_told(s, leader.number))
    assert told is not None
    assert (told.incident_id, others) == (raised.incident_id, 0)
    town.raise_alarm(leader, after=302)
    town.place(after=303)
    told, _ = town.run(lambda s: find_told(s, wang.number))
    assert told is not None
    assert (told.incident_id, told.purpose) == (raised.incident_id, Purpose.SECOND_VOICE)


def test_an_answer_to_one_alarm_is_none_to_another(town: Town, wang: House, li: House) -> None:
    elsewhere = town.group("4组")
    zhao, qian = town.house("赵", group=elsewhere), town.house("钱", group=elsewhere)
    first, second = town.raise_alarm(wang), town.raise_alarm(zhao)
    town.place()
    told = town.delivery(qian.number)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Answer.COMING, CALL, at(20)))
    assert town.run(lambda s: read_answers(s, first.incident_id or 0).parties) == set()
    assert town.run(lambda s: read_answers(s, second.incident_id or 0).parties) == {qian.party}


def test_the_first_id_that_a_call_is_known_by_stays(town: Town, wang: House, li: House) -> None:
    town.raise_alarm(wang)
    town.place(state=AttemptState.QUEUED)
    call = town.delivery(li.number)
    sid = town.attempt(call).sid
    town.run(
        lambda s: tracking.hear(s, *tracking.lock_attempt(s, call.id, 1), AttemptState.RINGING, at(2), sid="CA-other")
    )
    assert town.attempt(call).sid == sid


def test_new_phones_queue_behind_those_that_their_own_alarm_has_waiting(town: Town, wang: House, li: House) -> None:
    elsewhere = town.group("4组")
    zhao, _ = town.house("赵", group=elsewhere), town.house("钱", "mm", group=elsewhere)
    raised = town.raise_alarm(wang)

    def queue(session: Session) -> list[tuple[int, int]]:
        caller = directory.find_caller(session, li.number)
        assert caller is not None
        planned = plan_rings(directory.list_recipients(session, caller, at(0)))
        queued = plan.queue_behind_waiting(session, raised.incident_id or 0, planned)
        return [(one.turn, two.turn) for one, two in zip(planned, queued, strict=True)]

    assert town.read(queue) == [(0, 1), (0, 1)]
    town.place()
    town.raise_alarm(zhao)
    assert town.read(queue) == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("purpose", "role", "widened"),
    [
        (Purpose.ALARM, Role.MEMBER, False),
        (Purpose.ALARM, Role.LEADER, False),
        (Purpose.WIDENING, Role.LEADER, True),
        (Purpose.WIDENING, Role.MEMBER, True),
        (Purpose.REDIAL, Role.MEMBER, False),
        (Purpose.REDIAL, Role.DUTY, True),
    ],
)
def test_who_is_called_because_too_few_come_is_told_so(purpose: Purpose, role: Role, widened: bool) -> None:
    assert is_widened(purpose, role) is widened


@pytest.mark.parametrize("office", ["leader", "deputy"])
def test_leader_or_deputy_closes_a_call_without_a_word_by_text(town: Town, wang: House, office: str) -> None:
    leader = town.house("李月芳", **{office: True})  # type: ignore[arg-type]
    town.run(lambda s: report_wordless(s, "voice:CA9:wordless", wang.number, at(0)))
    town.place()
    reply = town.run(lambda s: take_message(s, Text("SM1", leader.number, "0"), at(60)))
    (incident,) = town.incidents()
    assert (incident.closed_at, incident.outcome) == (at(60), ClosingOutcome.HELPED)
    assert reply.text == "【十户联防】王建国家的事已解决，不用来了，谢谢您。"
    again = town.run(lambda s: take_message(s, Text("SM1", leader.number, "0"), at(90)))
    assert again.text == reply.text
