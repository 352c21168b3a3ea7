"""One call of the carrier's is one attempt's, whoever finds it first."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest
from sqlalchemy import select, update

from groups.models.roster import Group
from joint_defense.carriers.port import OutcomeUnknown, Receipt, Unanswered, Undecided
from joint_defense.delivery import claims, results, rivals, tracking
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.results import Sent
from joint_defense.delivery.rivals import Rivals
from joint_defense.delivery.sender import choose
from joint_defense.models.incidents import Delivery
from joint_defense.rules.states import AttemptState, Channel, DeliveryState, Purpose
from tests.support.factories import House, Town, at

CALL = Channel.CALL
SID, OTHER = "CA1", "CA2"
RINGING = Receipt(SID, AttemptState.RINGING)


@pytest.fixture
def rung_twice(town: Town) -> House:
    """Who leads two groups, and is called by either."""
    leader = town.house("李大明", leader=True)
    town.group("4组")
    town.run(lambda session: session.execute(update(Group).values(leader_id=leader.id)))
    return leader


def two_calls(town: Town, leader: House) -> list[Claim]:
    """The calls of two incidents to one phone, in a sender's hand."""
    groups = town.read(lambda session: session.scalars(select(Group.id).order_by(Group.id)).all())
    for nth, group in enumerate(groups):
        town.raise_alarm(town.house(f"王{nth}", group=group), after=nth)
    # By two senders at the same moment, neither of whom sees what the other takes.
    with patch.object(claims, "KEEPS_OTHERS_BACK", timedelta(seconds=-60)):
        taken = [*town.claim(after=2), *town.claim(after=2)]
    found = [each for each in taken if each.channel is Channel.CALL and each.to == leader.number]
    assert len({each.incident_id for each in found}) == 2
    return found


def cut_off(town: Town, after: float = 3) -> list[Claim]:
    """Their sender has died: they are looked for at the carrier."""
    town.run(lambda session: claims.release_dead(session, lambda _: False, at(after)))
    found = town.claim(after=after)
    return [each for each in found if each.channel is Channel.CALL and each.look_up_first]


def test_two_look_ups_that_find_one_call_do_not_both_keep_it(town: Town, rung_twice: House) -> None:
    two_calls(town, rung_twice)
    looking = [each for each in cut_off(town) if each.to == rung_twice.number]
    town.run(lambda session: results.record(session, [Sent(each, receipt=RINGING) for each in looking], at(4)))
    states = [town.delivery_by_id(each.delivery_id).state for each in looking]
    assert sorted(states) == [DeliveryState.PLACED, DeliveryState.WAITING]
    waiting = town.delivery_by_id(looking[states.index(DeliveryState.WAITING)].delivery_id)
    assert (waiting.look_up_first, town.attempt(waiting).sid) == (True, None)
    # The same in two transactions, one after the other.
    (again,) = [each for each in town.claim(after=10) if each.delivery_id == waiting.id]
    town.came(again, RINGING, after=10)
    assert town.attempt(waiting).sid is None


def test_a_callback_that_names_its_attempt_takes_the_call_from_whoever_guessed(town: Town, rung_twice: House) -> None:
    first, second = two_calls(town, rung_twice)
    looking = {each.delivery_id: each for each in cut_off(town)}
    town.came(looking[first.delivery_id], RINGING, after=4)
    assert town.delivery_by_id(first.delivery_id).state is DeliveryState.PLACED
    told = town.run(
        lambda session: tracking.record_status(session, second.delivery_id, second.number, SID, "ringing", None, at(5))
    )
    assert told
    assert town.attempt(town.delivery_by_id(second.delivery_id)).sid == SID
    given_back = town.delivery_by_id(first.delivery_id)
    assert (given_back.state, given_back.look_up_first) == (DeliveryState.WAITING, True)
    assert town.attempt(given_back).sid is None


def test_the_answer_to_a_request_takes_the_call_from_whoever_guessed(town: Town, rung_twice: House) -> None:
    first, second = two_calls(town, rung_twice)
    guess = Claim(**{name: getattr(first, name) for name in Claim.__slots__} | {"look_up_first": True})
    town.came(guess, RINGING, after=4)
    town.came(second, RINGING, after=4)
    assert town.attempt(town.delivery_by_id(second.delivery_id)).sid == SID
    assert town.delivery_by_id(first.delivery_id).look_up_first


def test_a_look_up_knows_who_else_may_have_a_right_to_what_it_finds(town: Town, rung_twice: House) -> None:
    first, second = two_calls(town, rung_twice)
    found = town.run(lambda session: rivals.find_rivals(session, second, [SID]))
    assert found == Rivals(set(), on_their_way=1, looking=0, before=1)
    town.came(first, Unanswered("silence"), after=3)
    found = town.run(lambda session: rivals.find_rivals(session, second, [SID]))
    assert (found.on_their_way, found.looking) == (0, 1)
    town.came(first, RINGING, after=4)
    assert town.run(lambda session: rivals.find_rivals(session, second, [SID])) == Rivals({SID})


def test_a_text_is_known_by_its_words_and_another_incidents_is_no_rival_for_it(town: Town, rung_twice: House) -> None:
    groups = town.read(lambda session: session.scalars(select(Group.id).order_by(Group.id)).all())
    for nth, group in enumerate(groups):
        town.raise_alarm(town.house(f"王{nth}", group=group), after=nth)
    texts = [each for each in town.claim(after=2) if each.channel is Channel.SMS and each.to == rung_twice.number]
    assert len({each.incident_id for each in texts}) == 2
    town.came(texts[0], Unanswered("silence"), after=3)
    for each in texts:
        assert town.run(partial(rivals.find_rivals, claim=each, sids=["SM1"])) == Rivals(set())


def test_two_texts_of_one_incident_to_one_phone_are_no_rivals_as_they_say_different_things(town: Town) -> None:
    wang, li, chen = town.house("王"), town.house("李"), town.house("陈")
    town.raise_alarm(wang)
    town.raise_alarm(chen, after=1)
    texts = [each for each in town.claim(after=2) if each.channel is Channel.SMS and each.to == li.number]
    assert [each.purpose for each in texts] == [Purpose.ALARM, Purpose.SECOND_VOICE]
    for each in texts:
        town.came(each, Unanswered("silence"), after=3)
    # The younger one took the only text with its words for the older one's, and was sent again.
    for each in texts:
        assert town.run(partial(rivals.find_rivals, claim=each, sids=["SM1"])) == Rivals(set())


def test_what_left_just_before_its_sender_died_is_looked_for_a_second_later(town: Town, rung_twice: House) -> None:
    old, young = two_calls(town, rung_twice)
    town.run(
        lambda session: session.execute(update(Delivery).where(Delivery.id == old.delivery_id).values(due_at=at(60)))
    )
    assert {each.delivery_id for each in cut_off(town, after=2.5)} == {old.delivery_id}
    assert young.delivery_id in {each.delivery_id for each in town.claim(after=3.5)}


# Calls to one phone, newest first.
FOUND = [Receipt("newer", AttemptState.RINGING), Receipt("older", AttemptState.RINGING)]


@pytest.mark.parametrize(
    ("rivals", "expected"),
    [
        (Rivals(set()), "older"),
        (Rivals({"older"}), "newer"),
        (Rivals({"older", "newer"}), None),
        (Rivals(set(), looking=1, before=0), "older"),
        (Rivals(set(), looking=1, before=1), "newer"),
        (Rivals({"older"}, looking=1, before=1), None),
        (Rivals(set(), on_their_way=1, before=1), "newer"),
        (Rivals({"older"}, on_their_way=1, before=0), Undecided),
        (Rivals(set(), on_their_way=1, looking=1, before=2), Undecided),
    ],
)
def test_each_takes_its_turn_and_nobody_takes_what_may_be_anothers(
    rivals: Rivals, expected: str | type[Exception] | None
) -> None:
    if expected is Undecided:
        with pytest.raises(OutcomeUnknown):
            choose(FOUND, rivals)
        return
    chosen = choose(FOUND, rivals)
    assert (chosen.sid if chosen else None) == expected


def test_who_waits_for_another_says_nothing_of_a_carrier_that_is_away(town: Town, rung_twice: House) -> None:
    two_calls(town, rung_twice)
    looking = cut_off(town)
    town.came(looking[0], Undecided("another's"), after=4)
    assert town.timeline("carrier_away") == []
    assert town.delivery_by_id(looking[0].delivery_id).look_up_first


def test_one_call_at_a_time_is_on_its_way_to_a_phone_so_that_what_a_dead_sender_had_out_is_known(
    town: Town, rung_twice: House
) -> None:
    """Of two, of which one never arrived, nobody could tell which: the list shows neither incident nor delivery."""
    groups = town.read(lambda session: session.scalars(select(Group.id).order_by(Group.id)).all())
    for nth, group in enumerate([*groups, town.group("5组")]):
        town.raise_alarm(town.house(f"王{nth}", group=group), after=nth)

    def claim(after: float) -> list[Claim]:
        return [each for each in town.claim(after=after) if (each.channel, each.to) == (CALL, rung_twice.number)]

    (first,) = claim(2)
    assert claim(3) == []
    # Its sender dies: the other one waits until it is known what became of the call.
    town.run(lambda session: claims.release_dead(session, lambda _: False, at(4)))
    (looking,) = claim(5)
    assert (looking.delivery_id, looking.look_up_first) == (first.delivery_id, True)
    town.came(looking, None, after=5)
    (again,) = claim(5)
    assert (again.delivery_id, again.number, again.look_up_first) == (first.delivery_id, first.number + 1, False)
    town.came(again, RINGING, after=6)
    (other,) = claim(6)
    assert other.incident_id != first.incident_id
    assert town.delivery_by_id(other.delivery_id).attempt_count == other.number == 1


def test_a_call_that_nobody_tells_of_keeps_others_to_the_phone_back_for_a_while_only(
    town: Town, rung_twice: House
) -> None:
    groups = town.read(lambda session: session.scalars(select(Group.id).order_by(Group.id)).all())
    for nth, group in enumerate(groups):
        town.raise_alarm(town.house(f"王{nth}", group=group), after=nth)
    first = next(each for each in town.claim(after=2) if (each.channel, each.to) == (CALL, rung_twice.number))
    assert [each for each in town.claim(after=16.9) if each.channel is CALL] == []
    (other,) = (each for each in town.claim(after=17.1) if each.channel is CALL)
    assert (other.to, other.incident_id == first.incident_id) == (rung_twice.number, False)
