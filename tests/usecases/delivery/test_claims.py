"""Claims, what comes of them, and words of the carrier from all four sides: answer, callback, look-up, question."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import literal, update
from sqlalchemy.orm import Session

from config.database import UtcDateTime
from joint_defense.alarms.closing import close
from joint_defense.carriers.port import (
    AccountTrouble,
    OutcomeUnknown,
    Receipt,
    RefusedNumber,
    Temporary,
    TooFast,
    Unanswered,
)
from joint_defense.delivery import claims, results, tracking
from joint_defense.delivery.claims import LEASE, Claim, count_calls_under_way, release_dead
from joint_defense.delivery.results import (
    END_AGAIN_AFTER,
    LOOK_UP_PAUSE,
    RETRY_PAUSE,
    Enquiry,
    Sent,
    claim_enquiries,
)
from joint_defense.delivery.rivals import find_known_sids
from joint_defense.delivery.tracking import NEVER_RANG_PAUSE
from joint_defense.models.incidents import Alert, Delivery
from joint_defense.rules.errors import ForeignCallback, UnknownDelivery
from joint_defense.rules.states import GIVE_UP_AFTER, AttemptState, Channel, ClosingOutcome, DeliveryState
from tests.support.factories import OWNER, House, Town, at

CALL, SMS = Channel.CALL, Channel.SMS
SID = "CAown"


@pytest.fixture
def houses(town: Town) -> list[House]:
    """The caller, and one neighbour."""
    return [town.house("王"), town.house("李")]


@pytest.fixture
def call(town: Town, houses: list[House]) -> Claim:
    """The neighbour's call, in a sender's hand; so is the text."""
    town.raise_alarm(houses[0])
    return next(claim for claim in town.claim() if claim.channel is CALL)


def delivery(town: Town, claim: Claim) -> Delivery:
    return town.delivery_by_id(claim.delivery_id)


def hears(town: Town, claim: Claim, word: str, *, sid: str = SID, code: str | None = None, after: float = 1) -> bool:
    """A status callback."""
    return town.run(lambda s: tracking.record_status(s, claim.delivery_id, claim.number, sid, word, code, at(after)))


def _report(session: Session, *, delivery_id: int, number: int) -> bool:
    return tracking.record_status(session, delivery_id, number, SID, "busy", None, at(2))


def again(town: Town, claim: Claim, after: float) -> Claim:
    """The same delivery, claimed once more."""
    return next(each for each in town.claim(after=after) if each.delivery_id == claim.delivery_id)


def end(town: Town, after: float) -> None:
    (incident,) = town.incidents()
    town.run(lambda s: close(s, incident.id, ClosingOutcome.FALSE_ALARM, "", "村", at(after)))


def test_a_claim_is_committed_before_anything_leaves(town: Town, call: Claim) -> None:
    found = delivery(town, call)
    assert (found.state, found.owner, found.attempt_count) == (DeliveryState.CLAIMED, OWNER, 1)
    assert town.attempt(found).state is AttemptState.REQUESTING
    assert town.claim() == []


def test_what_is_not_due_yet_or_not_of_this_channel_is_not_claimed(town: Town, houses: list[House]) -> None:
    town.raise_alarm(houses[0], after=10)
    assert town.claim(after=9) == []
    assert [claim.channel for claim in town.claim(after=10)] == [CALL, SMS]


def test_what_there_is_to_do_is_told_apart(town: Town, houses: list[House]) -> None:
    def find(after: float) -> claims.Due:
        asked = claims.select_what_is_due(literal(at(after), UtcDateTime()))
        return claims.read_what_is_due(town.run(lambda s: s.execute(asked).one()), at(after))

    assert find(9) == claims.Due(to_send=False, to_ask=False, in_hand=False, rests=True)
    town.raise_alarm(houses[0], after=10)
    assert find(9) == claims.Due(to_send=False, to_ask=False, in_hand=False, rests=False)
    assert find(10) == claims.Due(to_send=True, to_ask=False, in_hand=False, rests=False)
    (call, text) = town.claim(after=10)
    assert find(10) == claims.Due(to_send=False, to_ask=False, in_hand=True, rests=False)
    town.came(call, Receipt(SID, AttemptState.RINGING), after=10)
    town.came(text, Receipt("SM1", AttemptState.SENT), after=10)
    assert find(99) == claims.Due(to_send=False, to_ask=False, in_hand=False, rests=False)
    assert find(100) == claims.Due(to_send=False, to_ask=True, in_hand=False, rests=False)


def test_a_sender_has_what_its_own_claims_say_and_the_voices_in_their_order(town: Town, houses: list[House]) -> None:
    wang, li = houses
    raised = town.raise_alarm(wang)
    town.raise_alarm(li, after=5)
    town.raise_alarm(town.house("赵", group=town.group("4组")), after=6)
    # PostgreSQL puts what was changed last at the end.
    town.run(lambda s: s.execute(update(Alert).where(Alert.household_id == wang.id).values(text="着火了")))
    found = town.run(lambda s: claims.read_incidents(s, {raised.incident_id or 0}))
    assert {key: [each.household_id for each in of] for key, (_, of) in found.items()} == {
        raised.incident_id: [wang.id, li.id]
    }


def test_an_accepted_call_is_the_carriers(town: Town, call: Claim) -> None:
    town.came(call, Receipt(SID, AttemptState.QUEUED), after=1)
    found = delivery(town, call)
    assert (found.state, found.owner, town.attempt(found).sid) == (DeliveryState.PLACED, None, SID)
    assert found.due_at == at(1) + tracking.ASK_AFTER[AttemptState.QUEUED]


@pytest.mark.parametrize("error", [TooFast("slower", code=20429, status=429), Temporary("no connection")])
def test_what_was_never_taken_is_sent_again_as_the_same_attempt(town: Town, call: Claim, error: Temporary) -> None:
    town.came(call, error, after=1)
    found = delivery(town, call)
    assert (found.state, found.attempt_count, found.due_at) == (DeliveryState.WAITING, 0, at(1) + RETRY_PAUSE)
    assert not found.look_up_first
    assert again(town, call, after=4).number == 1


def test_a_call_that_was_declined_at_first_and_then_rang_in_vain_is_not_taken_for_one_that_never_rang(
    town: Town, call: Claim
) -> None:
    town.came(call, TooFast("slower", code=20429, status=429), after=1)
    anew = again(town, call, after=4)
    town.came(anew, Receipt(SID, AttemptState.QUEUED), after=5)
    hears(town, anew, "no-answer", after=45)
    found = delivery(town, call)
    assert found.state is not DeliveryState.WAITING
    assert (town.attempt(found).state, town.attempt(found).error_code) == (AttemptState.NO_ANSWER, None)


def test_after_a_lost_answer_the_carrier_is_asked_before_another_call(town: Town, call: Claim) -> None:
    town.came(call, OutcomeUnknown("gone"), after=1)
    found = delivery(town, call)
    assert (found.state, found.look_up_first, found.due_at) == (DeliveryState.WAITING, True, at(1) + LOOK_UP_PAUSE)
    assert town.attempt(found).error == "运营商没有回应，正在核实"
    asked = again(town, call, after=3)
    assert (asked.look_up_first, asked.number) == (True, 1)
    town.came(asked, None, after=3)
    assert town.attempt(delivery(town, call), 1).state is AttemptState.LOST
    anew = again(town, call, after=3)
    assert (anew.look_up_first, anew.number) == (False, 2)


def test_what_was_not_answered_in_time_is_looked_up_twice_before_another_call(town: Town, call: Claim) -> None:
    town.came(call, Unanswered("silence"), after=10)
    assert town.attempt(delivery(town, call)).state is AttemptState.UNANSWERED
    town.came(again(town, call, after=12), None, after=12)
    found = delivery(town, call)
    assert (found.state, found.look_up_first, found.due_at) == (DeliveryState.WAITING, True, at(12) + LOOK_UP_PAUSE)
    assert town.attempt(found).state is AttemptState.REQUESTING
    # That look-up is not answered in time either: the line is as bad as it was, and the count begins anew.
    town.came(again(town, call, after=14), Unanswered("silence"), after=24)
    assert town.attempt(delivery(town, call)).state is AttemptState.UNANSWERED
    town.came(again(town, call, after=26), None, after=26)
    asked = again(town, call, after=28)
    assert (asked.look_up_first, asked.number) == (True, 1)
    town.came(asked, None, after=28)
    assert town.attempt(delivery(town, call), 1).state is AttemptState.LOST
    assert again(town, call, after=28).number == 2


def test_what_was_not_answered_in_time_and_arrived_late_is_not_placed_again(town: Town, call: Claim) -> None:
    town.came(call, Unanswered("silence"), after=10)
    town.came(again(town, call, after=12), None, after=12)
    town.came(again(town, call, after=14), Receipt(SID, AttemptState.RINGING), after=14)
    found = delivery(town, call)
    assert (found.state, found.attempt_count, found.look_up_first) == (DeliveryState.PLACED, 1, False)


def test_a_call_found_by_the_look_up_is_not_placed_again(town: Town, call: Claim) -> None:
    town.came(call, OutcomeUnknown("gone"), after=1)
    town.came(again(town, call, after=3), Receipt(SID, AttemptState.RINGING), after=3)
    found = delivery(town, call)
    assert (found.state, found.attempt_count, found.look_up_first) == (DeliveryState.PLACED, 1, False)


def test_a_look_up_that_fails_is_put_off_and_stays_a_look_up(town: Town, call: Claim) -> None:
    town.came(call, OutcomeUnknown("gone"), after=1)
    for second, error in ((3, TooFast("slower")), (6, OutcomeUnknown("gone")), (9, Temporary("down"))):
        asked = again(town, call, after=second)
        assert asked.look_up_first
        town.came(asked, error, after=second)
    assert delivery(town, call).attempt_count == 1


def test_a_callback_before_the_lost_answer_settles_it(town: Town, call: Claim) -> None:
    town.came(call, OutcomeUnknown("gone"), after=1)
    hears(town, call, "ringing", after=2)
    found = delivery(town, call)
    assert (found.state, found.look_up_first, town.attempt(found).sid) == (DeliveryState.PLACED, False, SID)


def test_an_attempt_given_up_as_lost_that_rings_after_all_is_not_rung_again(town: Town, call: Claim) -> None:
    town.came(call, OutcomeUnknown("gone"), after=1)
    town.came(again(town, call, after=3), None, after=3)
    hears(town, call, "ringing", after=4)
    assert delivery(town, call).state is DeliveryState.PLACED
    assert town.claim(after=5) == []


def test_a_callback_that_overtakes_the_answer_stands(town: Town, call: Claim) -> None:
    hears(town, call, "completed")
    town.came(call, Receipt(SID, AttemptState.QUEUED), after=2)
    assert delivery(town, call).state is DeliveryState.REACHED
    town.came(call, OutcomeUnknown("gone"), after=3)
    assert delivery(town, call).state is DeliveryState.REACHED
    assert town.attempt(delivery(town, call)).state is AttemptState.COMPLETED


def test_one_final_callback_without_any_before_is_enough(town: Town, call: Claim) -> None:
    town.came(call, Receipt(SID, AttemptState.QUEUED))
    assert hears(town, call, "completed", after=30)
    attempt = town.attempt(delivery(town, call))
    assert (attempt.answered_at, attempt.ended_at) == (at(30), at(30))


@pytest.mark.parametrize(
    ("word", "failure"), [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("canceled", "canceled")]
)
def test_a_call_in_vain_is_over_and_says_why(town: Town, call: Claim, word: str, failure: str) -> None:
    hears(town, call, "ringing", after=2)
    hears(town, call, word, after=9)
    found = delivery(town, call)
    assert (found.state, found.failure) == (DeliveryState.UNREACHED, failure)
    attempt = town.attempt(found)
    assert (attempt.rang_at, attempt.answered_at, attempt.ended_at) == (at(2), None, at(9))


@pytest.mark.parametrize("code", ["10004", "20429", "20500"])
def test_a_call_that_failed_before_it_rang_is_placed_again(town: Town, call: Claim, code: str) -> None:
    town.came(call, Receipt(SID, AttemptState.QUEUED))
    hears(town, call, "failed", code=code, after=5)
    found = delivery(town, call)
    assert (found.state, found.due_at) == (DeliveryState.WAITING, at(5) + NEVER_RANG_PAUSE)
    claim = again(town, call, after=8)
    assert claim.number == 2
    # Not for ever: a carrier that lets no call begin for a quarter of an hour is not asked again.
    late = GIVE_UP_AFTER.total_seconds() + 1
    town.came(claim, Receipt(f"{SID}2", AttemptState.QUEUED), after=late)
    hears(town, claim, "failed", sid=f"{SID}2", code=code, after=late + 1)
    assert (delivery(town, call).state, delivery(town, call).failure) == (DeliveryState.UNREACHED, "not_placed")


def test_of_a_call_that_was_placed_a_second_time_the_second_is_asked_after(town: Town, call: Claim) -> None:
    town.came(call, Receipt(SID, AttemptState.QUEUED), after=1)
    hears(town, call, "failed", code="20429", after=2)
    town.came(again(town, call, after=9), Receipt("CAsecond", AttemptState.QUEUED), after=9)
    assert [enquiry.sid for enquiry in due(town, after=300) if enquiry.channel is CALL] == ["CAsecond"]
    assert town.run(count_calls_under_way) == {call.line: 1}, "the first has given up its place"


def test_a_word_that_says_nothing_new_or_nothing_at_all_changes_nothing(town: Town, call: Claim) -> None:
    assert hears(town, call, "ringing")
    assert not hears(town, call, "ringing", after=2)
    assert not hears(town, call, "initiated", after=3)
    assert not hears(town, call, "singing", after=4)
    assert town.attempt(delivery(town, call)).rang_at == at(1)


def test_a_callback_of_another_call_or_for_what_never_was_is_refused(town: Town, call: Claim) -> None:
    hears(town, call, "ringing")
    with pytest.raises(ForeignCallback):
        hears(town, call, "completed", sid="CAother")
    for delivery_id, number in ((call.delivery_id, 0), (call.delivery_id, 2), (10**9, 1)):
        with pytest.raises(UnknownDelivery):
            town.run(partial(_report, delivery_id=delivery_id, number=number))
    assert delivery(town, call).state is DeliveryState.PLACED


def test_a_refused_number_is_marked_on_the_roster_and_told_on_the_timeline_once(town: Town, call: Claim) -> None:
    town.came(call, RefusedNumber("The number +8613805000002 is not valid", code=21211, status=400))
    found = delivery(town, call)
    attempt = town.attempt(found)
    assert (found.state, found.failure) == (DeliveryState.UNREACHED, "21211")
    assert (attempt.state, attempt.error_code, attempt.error) == (AttemptState.REFUSED, "21211", "号码无效（空号）")
    assert town.phone(call.to).call_refused_code == "21211"
    assert town.phone(call.to).text_refused_code is None
    (line,) = town.timeline("refused")
    assert line.detail["number"] == "138****0002"
    assert line.detail["code"] == "21211"


def test_a_text_that_comes_back_as_a_landline_marks_the_number_for_texts(town: Town, houses: list[House]) -> None:
    town.raise_alarm(houses[0])
    sms = next(claim for claim in town.claim() if claim.channel is SMS)
    hears(town, sms, "undelivered", code="30006")
    assert (delivery(town, sms).failure, town.phone(sms.to).text_refused_code) == ("30006", "30006")
    # Switched off is no reason to strike anybody out.
    other = town.house("陈")
    town.raise_alarm(houses[1], after=300)
    second = next(claim for claim in town.claim(after=300) if claim.channel is SMS and claim.to == other.number)
    hears(town, second, "undelivered", code="30003", after=301)
    assert (delivery(town, second).failure, town.phone(other.number).text_refused_code) == ("30003", None)


def test_a_ring_that_gets_through_takes_the_mark_away(town: Town, call: Claim) -> None:
    town.change(call.to, call_refused_code="21211", call_refused_at=at(0))
    hears(town, call, "completed")
    assert town.phone(call.to).call_refused_code is None
    # So does what a look-up finds.
    town.change(call.to, text_refused_code="21610", text_refused_at=at(0))
    town.run(lambda s: release_dead(s, lambda _: False, at(3)))
    (text,) = town.claim(after=60)
    town.came(text, Receipt("SM1", AttemptState.DELIVERED), after=60)
    assert town.phone(call.to).text_refused_code is None


def test_trouble_with_the_account_is_loud_once_and_tried_again(town: Town, call: Claim) -> None:
    for second in (1, 20, 40):
        town.came(
            call if second == 1 else again(town, call, after=second), AccountTrouble("no", code=20003), after=second
        )
    assert [line.detail for line in town.timeline("account_trouble")] == [{"code": "20003"}]
    found = delivery(town, call)
    assert (found.state, found.due_at) == (DeliveryState.WAITING, at(40) + RETRY_PAUSE)
    assert town.attempt(found, 1).error == "运营商账号或密码不正确"


def test_of_what_a_refused_account_declines_one_tries_it_again_and_the_others_go_as_soon_as_it_is_taken(
    town: Town, houses: list[House]
) -> None:
    for name in "陈赵":
        town.house(name)
    town.raise_alarm(houses[0])
    refused = town.claim()
    declined = [Sent(each, error=AccountTrouble("no", status=401)) for each in refused]
    town.run(lambda s: results.record(s, declined, at(1)))
    # One of each channel: a refusal costs nobody anything, and a storm's worth of them would.
    trying = town.claim(after=2.5)
    assert [each.channel for each in trying] == [CALL, SMS]
    for each in trying:
        town.came(each, AccountTrouble("no", status=401), after=2.6)
    assert not town.claim(after=4)
    call, text = town.claim(after=4.1)
    town.came(call, Receipt("CA1", AttemptState.QUEUED), after=4.2)
    assert {each.channel for each in town.claim(after=4.2)} == {CALL}
    # Texts may be refused where calls are not.
    town.came(text, Receipt("SM1", AttemptState.SENT), after=4.3)
    assert [each.channel for each in town.claim(after=4.3)] == [SMS, SMS]
    assert {delivery(town, each).state for each in refused} == {DeliveryState.PLACED, DeliveryState.CLAIMED}


def test_an_alarm_that_could_not_be_placed_for_a_quarter_of_an_hour_is_given_up(town: Town, call: Claim) -> None:
    late = GIVE_UP_AFTER.total_seconds() + 1
    town.came(call, Temporary("no connection"), after=late)
    found = delivery(town, call)
    assert (found.state, found.failure) == (DeliveryState.UNREACHED, "not_placed")


def test_dead_owners_and_outrun_leases_give_their_claims_back_to_be_looked_up(town: Town, call: Claim) -> None:
    def sweep(alive: bool, after: float) -> int:
        return town.run(lambda s: release_dead(s, lambda _owner: alive, at(after)))

    assert sweep(alive=True, after=1) == 0
    assert sweep(alive=False, after=1) == 2
    found = delivery(town, call)
    assert (found.state, found.owner, found.look_up_first) == (DeliveryState.WAITING, None, True)
    town.claim(after=2)
    assert sweep(alive=True, after=2 + LEASE.total_seconds()) == 2
    assert delivery(town, call).attempt_count == 1


def test_once_an_account_is_out_what_waits_for_another_try_waits_no_longer_and_what_is_planned_for_later_does(
    town: Town, call: Claim
) -> None:
    text = next(each for each in (town.delivery_by_id(call.delivery_id + 1),) if each.channel is SMS)
    town.came(call, Temporary("no connection", status=500), after=1)
    assert delivery(town, call).due_at == at(2.5)
    town.run(lambda s: claims.hurry(s, at(1.2)))
    assert delivery(town, call).due_at == at(1.2)
    assert town.delivery_by_id(text.id).due_at == text.due_at  # in somebody's hand
    [again] = town.claim(after=1.2)
    town.came(again, OutcomeUnknown("cut"), after=2)
    town.run(lambda s: claims.hurry(s, at(2.1)))
    assert delivery(town, call).due_at == at(2.1)
    [lost] = town.claim(after=2.1)
    assert lost.look_up_first
    town.came(lost, Receipt(SID, AttemptState.RINGING), after=2.2)
    hears(town, call, "no-answer", after=9)
    planned = town.deliveries(call.incident_id)
    later = {each.id: each.due_at for each in planned if each.state is DeliveryState.WAITING}
    town.run(lambda s: claims.hurry(s, at(10)))
    assert {each: town.delivery_by_id(each).due_at for each in later} == later


def test_a_late_answer_to_a_claim_that_was_given_back_is_still_put_on_record(town: Town, call: Claim) -> None:
    town.run(lambda s: release_dead(s, lambda _owner: False, at(1)))
    town.came(call, Receipt(SID, AttemptState.QUEUED), after=2)
    found = delivery(town, call)
    assert (found.state, found.look_up_first) == (DeliveryState.PLACED, False)
    assert town.run(lambda s: find_known_sids(s, {SID, "CAother"})) == {SID}


def test_of_many_answers_at_once_each_is_written_down_beside_what_was_told_of_it_first(
    town: Town, houses: list[House]
) -> None:
    for name in "陈赵钱孙李":
        town.house(name)
    town.raise_alarm(houses[0])
    calls = [each for each in town.claim() if each.channel is CALL]
    plain, declined, told, unwanted, taken_over = calls[:5]
    sids = {each.delivery_id: f"CA{each.delivery_id}" for each in calls}
    town.run(
        lambda s: tracking.record_status(s, told.delivery_id, 1, sids[told.delivery_id], "in-progress", None, at(1))
    )
    town.run(lambda s: s.execute(update(Delivery).where(Delivery.id == unwanted.delivery_id).values(unwanted=True)))
    town.run(lambda s: s.execute(update(Delivery).where(Delivery.id == taken_over.delivery_id).values(owner="other")))
    answers = [Sent(each, receipt=Receipt(sids[each.delivery_id], AttemptState.QUEUED)) for each in calls]
    answers[1] = Sent(declined, error=Temporary("not now"))

    town.run(lambda s: results.record(s, answers, at(2)))

    found = {each.delivery_id: (delivery(town, each), town.attempt(delivery(town, each), 1)) for each in calls}
    for each in (plain, unwanted, taken_over, *calls[5:]):
        row, attempt = found[each.delivery_id]
        assert (row.state, row.owner, row.look_up_first) == (DeliveryState.PLACED, None, False)
        assert (attempt.state, attempt.sid, attempt.accepted_at) == (AttemptState.QUEUED, sids[row.id], at(2))
        # What nobody needs any more is ended at once; of the others the carrier is asked after a minute.
        assert row.due_at == (at(2) if each is unwanted else at(62))
    row, attempt = found[told.delivery_id]
    assert (row.state, attempt.state, attempt.answered_at) == (DeliveryState.PLACED, AttemptState.IN_PROGRESS, at(1))
    row, attempt = found[declined.delivery_id]
    assert (row.state, attempt.sid, attempt.error) == (DeliveryState.WAITING, None, "暂时连不上运营商")


def due(town: Town, after: float) -> list[Enquiry]:
    return town.run(lambda s: claim_enquiries(s, at(after)))


def test_an_unwanted_call_is_ended_as_soon_as_it_is_known(town: Town, call: Claim) -> None:
    end(town, after=5)
    assert due(town, after=5) == []  # still on its way: there is no call yet to end
    town.came(call, Receipt(SID, AttemptState.QUEUED), after=6)
    (enquiry,) = due(town, after=6)
    assert (enquiry.sid, enquiry.ends) == (SID, True)
    assert due(town, after=7) == []  # one sender goes
    (enquiry,) = due(town, after=6 + END_AGAIN_AFTER.total_seconds())
    town.run(lambda s: results.record_enquiry(s, enquiry, Receipt(SID, AttemptState.CANCELED), at(12)))
    assert delivery(town, call).state is DeliveryState.CANCELLED


def test_an_unwanted_call_that_is_answered_is_left_in_peace(town: Town, call: Claim) -> None:
    town.came(call, Receipt(SID, AttemptState.RINGING))
    hears(town, call, "in-progress", after=4)
    end(town, after=5)
    assert [enquiry.ends for enquiry in due(town, after=6)] == []


def test_a_silent_carrier_is_asked_and_believed(town: Town, call: Claim) -> None:
    town.came(call, Receipt(SID, AttemptState.RINGING))
    assert due(town, after=89) == []
    (enquiry,) = due(town, after=90)
    assert not enquiry.ends
    town.run(lambda s: results.record_enquiry(s, enquiry, Receipt(SID, AttemptState.NO_ANSWER), at(91)))
    assert (delivery(town, call).state, delivery(town, call).failure) == (DeliveryState.UNREACHED, "no_answer")


@pytest.mark.parametrize(
    ("state", "then"),
    [(AttemptState.IN_PROGRESS, DeliveryState.REACHED), (AttemptState.RINGING, DeliveryState.UNREACHED)],
)
def test_what_the_carrier_never_ends_is_closed_with_what_is_known(
    town: Town, call: Claim, state: AttemptState, then: DeliveryState
) -> None:
    town.came(call, Receipt(SID, state))
    long = results.LAST_ASK.total_seconds()
    (enquiry,) = due(town, after=long)
    town.run(lambda s: results.record_enquiry(s, enquiry, Receipt(SID, state), at(long)))
    assert delivery(town, call).state is DeliveryState.PLACED
    town.run(lambda s: results.record_enquiry(s, enquiry, Receipt(SID, state), at(long + 1)))
    assert delivery(town, call).state is then


def say_nothing(town: Town, call: Claim, after: float, *, unknown: bool = False) -> None:
    enquiry = Enquiry(call.delivery_id, call.number, call.channel, SID, call.line, ends=True)
    town.run(lambda s: results.record_silence(s, enquiry, at(after), unknown=unknown))


@pytest.mark.parametrize(
    ("state", "unwanted", "last", "then"),
    [
        (AttemptState.IN_PROGRESS, False, 1800, DeliveryState.REACHED),
        (AttemptState.RINGING, False, 720, DeliveryState.UNREACHED),
        (AttemptState.QUEUED, False, 720, DeliveryState.UNREACHED),
        (AttemptState.RINGING, True, 180, DeliveryState.CANCELLED),
    ],
)
def test_a_call_of_which_the_carrier_never_says_a_word_ends_all_the_same(
    town: Town, call: Claim, state: AttemptState, unwanted: bool, last: float, then: DeliveryState
) -> None:
    town.came(call, Receipt(SID, state))
    if unwanted:
        end(town, after=5)
    say_nothing(town, call, after=last)
    assert delivery(town, call).state is DeliveryState.PLACED
    say_nothing(town, call, after=last + 1)
    assert delivery(town, call).state is then
    say_nothing(town, call, after=last + 2)


@pytest.mark.parametrize(
    ("state", "then"),
    [(AttemptState.IN_PROGRESS, DeliveryState.REACHED), (AttemptState.RINGING, DeliveryState.UNREACHED)],
)
def test_a_call_that_the_carrier_does_not_know_is_over_but_for_the_first_moments(
    town: Town, call: Claim, state: AttemptState, then: DeliveryState
) -> None:
    town.came(call, Receipt(SID, state))
    say_nothing(town, call, after=10, unknown=True)
    assert delivery(town, call).state is DeliveryState.PLACED
    assert [enquiry.sid for enquiry in due(town, after=15)] == [SID]
    say_nothing(town, call, after=15, unknown=True)
    assert delivery(town, call).state is then


def test_a_call_that_cannot_ring_any_more_holds_no_place(town: Town, call: Claim) -> None:
    town.came(call, Receipt(SID, AttemptState.RINGING))

    def held(after: float) -> int:
        ring_time = timedelta(seconds=40)
        found = town.run(lambda s: count_calls_under_way(s, at(after), ring_time))
        return found.get(call.line, 0)

    before = held(59)
    assert held(61) < before
    hears(town, call, "in-progress", after=30)
    assert held(61) == 1


def test_pauses_are_short_beside_what_a_neighbour_would_notice() -> None:
    assert max(RETRY_PAUSE, LOOK_UP_PAUSE, NEVER_RANG_PAUSE) <= timedelta(seconds=2)
    assert timedelta(seconds=30) < LEASE
