"""What people do about an incident: close it, take it back, ring again, note, name the category."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from joint_defense.alarms import closing
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.intake import IntakeResult as Raised
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.carriers.port import OutcomeUnknown, Receipt, RefusedNumber, TooFast
from joint_defense.delivery import claims, tracking
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.errors import IncidentClosed, UnknownIncident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from tests.support.factories import House, Town, at

CALL, SMS = Channel.CALL, Channel.SMS


def close(
    town: Town, raised: Raised, outcome: ClosingOutcome = ClosingOutcome.HELPED, note: str = "", after: float = 60
) -> bool:
    return town.run(lambda s: closing.close(s, raised.incident_id or 0, outcome, note, "村干部", at(after)))


def withdraw(town: Town, house: House, after: float = 60) -> bool:
    alert = next(each for each in town.alerts() if each.household_id == house.id)
    return town.run(lambda s: closing.withdraw(s, s.get_one(Alert, alert.id), at(after)))


def all_clear(town: Town, raised: Raised) -> list[tuple[str, Channel]]:
    return sorted((line.number, line.channel) for line in town.lines(raised.incident_id, Purpose.ALL_CLEAR))


def test_the_all_clear_goes_once_to_everyone_who_was_rung_or_texted(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李", "ml"), town.house("陈", "t")
    raised = town.raise_alarm(wang)
    town.place()
    assert close(town, raised)
    # By text where the phone takes one, else by a call; never to the caller's own household.
    assert all_clear(town, raised) == sorted([(li.numbers[0], SMS), (li.numbers[1], CALL), (chen.number, SMS)])
    assert {line.text for line in town.lines(raised.incident_id, Purpose.ALL_CLEAR)} == {
        "【十户联防】王家的事已解决，不用再去了。谢谢大家。"
    }
    assert [line.detail for line in town.timeline("closed")] == [{"by": "村干部", "outcome": "helped", "note": ""}]


def test_each_phone_reads_the_all_clear_in_its_language(town: Town) -> None:
    wang, smith = town.house("王"), town.house("Smith", "e")
    raised = town.raise_alarm(wang)
    town.place()
    close(town, raised, ClosingOutcome.FALSE_ALARM)
    (line,) = town.lines(raised.incident_id, Purpose.ALL_CLEAR)
    assert (line.number, line.text) == (
        smith.number,
        "[Joint Defence] The Wang household's alarm is over: it was a false one. No need to go. Thank you all.",
    )


def test_what_has_not_left_is_cancelled_and_what_rings_is_ended(town: Town) -> None:
    wang, li, chen, zhang = town.house("王"), town.house("李"), town.house("陈"), town.house("张")
    raised = town.raise_alarm(wang)
    for claim in town.claim():
        if claim.channel is CALL and claim.to == li.number:
            town.came(claim, Receipt(town.sid(), AttemptState.RINGING))
        elif claim.channel is CALL and claim.to == chen.number:
            town.came(claim, Receipt(town.sid(), AttemptState.IN_PROGRESS))
        else:
            town.came(claim, TooFast("slower"))
    close(town, raised)
    calls = {each.number: each for each in town.deliveries(raised.incident_id) if each.channel is CALL}
    assert (calls[li.number].state, calls[li.number].unwanted) == (DeliveryState.PLACED, True)
    assert calls[li.number].due_at == at(60)
    # Whoever listens is left in peace, and hears at the next question that it is over.
    assert calls[chen.number].due_at > at(60)
    assert calls[zhang.number].state is DeliveryState.CANCELLED
    # Nobody heard of it: nobody is told that it is over.
    assert zhang.number not in [number for number, _ in all_clear(town, raised)]
    assert {line.state for line in town.lines(raised.incident_id, Purpose.ALARM) if line.channel is SMS} == {
        DeliveryState.CANCELLED
    }


def test_a_phone_that_was_rung_and_not_yet_texted_gets_the_all_clear_by_text(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang)
    for claim in town.claim():
        town.came(claim, Receipt(town.sid(), AttemptState.RINGING) if claim.channel is CALL else TooFast("slower"))
    close(town, raised)
    assert all_clear(town, raised) == [(li.number, SMS)]


def test_no_alarm_text_leaves_after_the_all_clear_whatever_the_carrier_says(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李", "t"), town.house("陈", "t")
    raised = town.raise_alarm(wang)
    in_hand = town.claim()
    close(town, raised)
    town.came(in_hand[0], TooFast("slower"), after=61)
    town.came(in_hand[1], OutcomeUnknown("no answer"), after=61)
    (looked_up,) = [each for each in town.claim(after=70) if each.purpose is Purpose.ALARM]
    assert looked_up.look_up_first
    town.came(looked_up, None, after=71)
    assert {line.state for line in town.lines(raised.incident_id, Purpose.ALARM)} == {DeliveryState.CANCELLED}
    assert {number for number, _ in all_clear(town, raised)} == {li.number, chen.number}


def test_a_phone_the_carrier_refused_is_told_on_the_channel_that_it_takes(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李"), town.house("陈")
    raised = town.raise_alarm(wang)
    for claim in town.claim():
        refused = claim.channel is SMS or claim.to == chen.number
        outcome = RefusedNumber("no", code=21614) if refused else Receipt(town.sid(), AttemptState.RINGING)
        town.came(claim, outcome)
    close(town, raised)
    # One was rung and takes no text; the other was never reached at all.
    assert all_clear(town, raised) == [(li.number, CALL)]


def test_a_caller_who_hung_up_and_got_news_is_told_when_somebody_else_closes(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang, channel=SMS, call_sid=None)
    town.place()
    told = town.delivery(li.number)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Answer.COMING, CALL, at(30)))
    town.place(after=30)
    close(town, raised)
    assert (wang.number, SMS) in all_clear(town, raised)


def test_a_caller_on_the_line_or_who_took_it_back_needs_no_text(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang, channel=SMS, call_sid=None)
    town.place()
    told = town.delivery(li.number)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Answer.COMING, CALL, at(30)))
    town.place(after=30)
    assert withdraw(town, wang)
    assert wang.number not in [number for number, _ in all_clear(town, raised)]


def test_a_silent_caller_gets_no_all_clear(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李", silent=True), town.house("陈")
    raised = town.raise_alarm(wang)
    town.place()
    town.raise_alarm(li, after=5)
    close(town, raised)
    assert {number for number, _ in all_clear(town, raised)} == {chen.number, wang.number} - {wang.number}


def test_closing_twice_leaves_the_first_outcome_and_one_all_clear(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang)
    town.place()
    assert close(town, raised, ClosingOutcome.HELPED, "都好")
    assert not close(town, raised, ClosingOutcome.MALICIOUS, "不是", after=61)
    (incident,) = town.incidents()
    assert (incident.outcome, incident.note, incident.closed_at) == (ClosingOutcome.HELPED, "都好", at(60))
    assert len(all_clear(town, raised)) == 1
    assert len(town.timeline("closed")) == 1


@pytest.mark.parametrize("outcome", ClosingOutcome)
def test_every_outcome_is_kept(town: Town, outcome: ClosingOutcome) -> None:
    raised = town.raise_alarm(town.house("王"))
    close(town, raised, outcome)
    assert town.incidents()[0].outcome is outcome


def test_a_word_that_is_no_outcome_closes_nothing(town: Town) -> None:
    raised = town.raise_alarm(town.house("王"))
    with pytest.raises(ValueError, match="boredom"):
        town.run(lambda s: closing.close(s, raised.incident_id or 0, "boredom", "", "村", at(60)))
    assert town.incidents()[0].closed_at is None


def test_the_only_caller_who_takes_it_back_closes_it_as_a_false_alarm(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place()
    assert withdraw(town, wang)
    (incident,) = town.incidents()
    assert incident.outcome is ClosingOutcome.FALSE_ALARM
    assert [line.kind for line in town.timeline()] == ["opened", "overseers", "withdrawn", "closed"]
    assert withdraw(town, wang, after=70)
    assert len(town.timeline()) == 4


def test_one_of_two_callers_takes_back_only_the_own_call(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李"), town.house("陈")
    raised = town.raise_alarm(wang)
    town.raise_alarm(li, after=5)
    town.place(after=6)
    assert not withdraw(town, wang)
    assert town.incidents()[0].closed_at is None
    assert withdraw(town, li, after=70)
    # Wang, told by text that Li calls, is told that this is over too.
    assert {number for number, _ in all_clear(town, raised)} == {wang.number, chen.number}


def test_whoever_takes_it_back_and_calls_again_calls(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.raise_alarm(li, after=5)
    withdraw(town, wang)
    town.raise_alarm(wang, after=70)
    assert [each.withdrawn_at for each in town.alerts()] == [None, None]


def test_ring_again_calls_every_household_that_is_not_coming(town: Town) -> None:
    wang, li, chen, zhang = town.house("王"), town.house("李", "ml"), town.house("陈", "t"), town.house("张")
    raised = town.raise_alarm(wang)
    town.place(state=AttemptState.NO_ANSWER)
    told = town.delivery(zhang.number)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Answer.COMING, CALL, at(30)))
    count = town.run(lambda s: closing.ring_again(s, raised.incident_id or 0, None, "村干部", at(40)))
    assert count == closing.RungAgain(phones=3, busy=0)
    again = [each for each in town.deliveries(raised.incident_id) if each.round == 1 and each.purpose is Purpose.ALARM]
    assert sorted((each.number, each.channel) for each in again) == sorted(
        [(li.numbers[0], CALL), (li.numbers[1], CALL), (chen.number, SMS)]
    )
    assert {(each.state, each.attempt_count, each.due_at) for each in again} == {(DeliveryState.WAITING, 0, at(40))}


def test_a_late_ring_again_is_not_given_up_at_the_carriers_first_complaint(town: Town) -> None:
    wang, _ = town.house("王建国"), town.house("李月芳")
    raised = town.raise_alarm(wang)
    town.place(state=AttemptState.NO_ANSWER)
    half_an_hour = 1800
    town.run(lambda s: closing.ring_again(s, raised.incident_id or 0, None, "村干部", at(half_an_hour)))
    (call,) = town.claim(after=half_an_hour + 1)
    for minute in range(14):
        town.came(call, TooFast("slower", code=20429, status=429), after=half_an_hour + 1 + 60 * minute)
        assert town.delivery_by_id(call.delivery_id).state is DeliveryState.WAITING
        (call,) = town.claim(after=half_an_hour + 59 + 60 * minute)
    town.came(call, TooFast("slower", code=20429, status=429), after=half_an_hour + 15 * 60 + 1)
    found = town.delivery_by_id(call.delivery_id)
    assert (found.state, found.failure) == (DeliveryState.UNREACHED, "not_placed")
    # An all-clear is as old as the end.
    town.run(lambda s: closing.close(s, raised.incident_id or 0, ClosingOutcome.HELPED, "", "村干部", at(3000)))
    (clear,) = town.claim(after=3001)
    town.came(clear, TooFast("slower", code=20429, status=429), after=3002)
    assert town.delivery_by_id(clear.delivery_id).state is DeliveryState.WAITING


@pytest.mark.parametrize("kind", [UpdateKind.LATE, UpdateKind.AGAIN, UpdateKind.WIDENED, UpdateKind.VOICE])
def test_whatever_asks_for_rings_late_is_not_given_up_at_the_first_complaint(town: Town, kind: UpdateKind) -> None:
    wang, _ = town.house("王建国"), town.house("李月芳")
    raised = town.raise_alarm(wang)
    hour = 3600
    town.run(lambda s: note_update(s, raised.incident_id or 0, kind, at(hour), household="", seconds=hour))
    call = town.claim(after=hour + 1)[0]
    town.came(call, TooFast("slower", code=20429, status=429), after=hour + 2)
    assert town.delivery_by_id(call.delivery_id).state is DeliveryState.WAITING


def test_no_note_and_no_other_alarms_ring_makes_an_old_alarm_young(town: Town) -> None:
    wang, _ = town.house("王建国"), town.house("李月芳")
    elsewhere = town.group("4组")
    zhao, _ = town.house("赵", group=elsewhere), town.house("钱", group=elsewhere)
    raised = town.raise_alarm(wang)
    call, text = town.claim()
    other = town.raise_alarm(zhao, after=1000)
    town.run(lambda s: closing.add_note(s, raised.incident_id or 0, "路上", "村干部", at(1000)))
    town.run(lambda s: closing.ring_again(s, other.incident_id or 0, None, "村干部", at(1000)))
    town.came(text, TooFast("slower", code=20429, status=429), after=900)
    town.came(call, TooFast("slower", code=20429, status=429), after=1001)
    states = [town.delivery_by_id(each.delivery_id).state for each in (text, call)]
    assert states == [DeliveryState.WAITING, DeliveryState.UNREACHED], "a quarter of an hour is still in time"


def test_ring_again_for_one_household_rings_even_one_that_is_coming_and_no_other(town: Town) -> None:
    wang, li, _ = town.house("王"), town.house("李"), town.house("陈")
    raised = town.raise_alarm(wang)
    town.place(state=AttemptState.NO_ANSWER)
    for occasion in (1, 2):
        rung = town.run(lambda s: closing.ring_again(s, raised.incident_id or 0, li.party, "村", at(40)))
        assert rung == closing.RungAgain(phones=1, busy=0)
        town.place(after=41, state=AttemptState.NO_ANSWER)
        newest = town.delivery(li.number)
        assert (newest.round, newest.state) == (occasion, DeliveryState.UNREACHED)
    assert [line.detail for line in town.timeline("ring_again")] == [{"by": "村", "household": li.name}] * 2


def test_ring_again_leaves_phones_alone_that_ring_or_are_about_to_and_says_how_many(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.house("陈")
    raised = town.raise_alarm(wang)

    def again(seconds: float) -> closing.RungAgain:
        return town.run(lambda s: closing.ring_again(s, raised.incident_id or 0, None, "村", at(seconds)))

    assert again(1) == closing.RungAgain(phones=0, busy=2), "about to be rung"
    town.place(after=2, state=AttemptState.RINGING, only=li.number)
    assert again(3) == closing.RungAgain(phones=0, busy=2), "ringing, or in a sender's hand"
    call = town.delivery(li.number)
    sid = town.attempt(call).sid or ""
    town.run(lambda s: tracking.record_status(s, call.id, 1, sid, "no-answer", None, at(40)))
    assert again(41) == closing.RungAgain(phones=1, busy=1)
    assert town.delivery(li.number).round == 1


def test_what_nobody_closes_is_closed_by_the_clock_and_the_leader_alone_is_told(town: Town) -> None:
    wang, leader, li = town.house("王建国"), town.house("李月芳", leader=True), town.house("李大明")
    incident_id = town.raise_alarm(wang).incident_id or 0
    town.place(state=AttemptState.NO_ANSWER)
    day = 24 * 3600
    assert town.run(lambda s: closing.find_forgotten(s, at(day - 1))) == []
    assert town.run(lambda s: closing.find_forgotten(s, at(day))) == [incident_id]
    assert town.run(lambda s: closing.close_forgotten(s, incident_id, at(day)))
    assert not town.run(lambda s: closing.close_forgotten(s, incident_id, at(day)))
    (found,) = town.incidents()
    assert (found.closed_at, found.outcome) == (at(day), ClosingOutcome.LAPSED)
    assert [line.kind for line in town.timeline("lapsed")] == ["lapsed"]
    told = [each for each in town.deliveries(incident_id) if each.purpose is Purpose.ALL_CLEAR]
    assert [(each.number, each.channel) for each in told] == [(leader.number, SMS)]
    assert told[0].text == "【十户联防】王建国家的求助一直没有人解除，系统已自动结束。请确认是否平安。"
    assert li.number not in {each.number for each in told}


def test_a_caller_on_the_line_keeps_an_incident_open_and_a_call_without_a_word_lasts_two_hours(town: Town) -> None:
    wang = town.house("王建国")
    town.house("李月芳", leader=True)
    town.run(lambda s: report_wordless(s, "voice:CA1:wordless", wang.number, at(0)))
    assert town.run(lambda s: closing.find_forgotten(s, at(2 * 3600 - 1))) == []
    (silent,) = town.run(lambda s: closing.find_forgotten(s, at(2 * 3600)))
    assert town.run(lambda s: closing.close_forgotten(s, silent, at(2 * 3600)))
    held = town.raise_alarm(wang, after=3 * 3600).incident_id or 0
    with town.database.begin() as session:
        session.execute(update(Alert).where(Alert.incident_id == held).values(on_line_until=at(27 * 3600 + 10)))
    assert not town.run(lambda s: closing.close_forgotten(s, held, at(27 * 3600)))


def test_nobody_is_rung_again_after_the_all_clear(town: Town) -> None:
    raised = town.raise_alarm(town.house("王"))
    close(town, raised)
    with pytest.raises(IncidentClosed):
        town.run(lambda s: closing.ring_again(s, raised.incident_id or 0, None, "村", at(70)))


def test_an_incident_that_never_was_is_named_as_such(town: Town) -> None:
    for deed in (
        lambda s: closing.close(s, 999, ClosingOutcome.HELPED, "", "村", at(0)),
        lambda s: closing.ring_again(s, 999, None, "村", at(0)),
        lambda s: closing.add_note(s, 999, "x", "村", at(0)),
    ):
        with pytest.raises(UnknownIncident, match="999"):
            town.run(deed)


def test_a_note_stands_on_the_timeline_open_or_closed_and_not_without_end(town: Town) -> None:
    raised = town.raise_alarm(town.house("王"))
    town.run(lambda s: closing.add_note(s, raised.incident_id or 0, "  已联系派出所 ", "村干部", at(10)))
    close(town, raised)
    town.run(lambda s: closing.add_note(s, raised.incident_id or 0, "x" * 5000, "村干部", at(99)))
    first, second = town.timeline("note")
    assert first.detail == {"by": "村干部", "text": "已联系派出所"}
    assert len(second.detail["text"]) == closing.LONGEST_NOTE


def test_the_category_a_caller_names_is_what_those_not_yet_called_will_hear(town: Town) -> None:
    wang, _ = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang)
    (alert,) = town.alerts()
    for _ in range(2):
        town.run(lambda s: closing.name_category(s, s.get_one(Alert, alert.id), Category.FIRE, at(9)))
    assert len(town.timeline("category")) == 1
    incident, voices = town.run(lambda s: claims.read_incidents(s, [raised.incident_id or 0]))[raised.incident_id or 0]
    assert (incident.category, voices[0].category) == (Category.FIRE, Category.FIRE)
    close(town, raised)
    town.run(lambda s: closing.name_category(s, s.get_one(Alert, alert.id), Category.MEDICAL, at(99)))
    assert town.run(lambda s: s.get_one(Incident, raised.incident_id)).category is Category.FIRE
