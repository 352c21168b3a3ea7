"""What one transaction has in hand another waits for, and then goes by: rows and counts, on PostgreSQL.

On SQLite transactions are one after the other from their beginning.
"""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy.orm import Session

from config.database import Database
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.carriers.port import Receipt
from joint_defense.delivery import claims, results, tracking
from joint_defense.models.incidents import Delivery
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, DeliveryState
from tests.support.factories import OWNER, House, Town, at
from tests.usecases.at_once import meanwhile

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def houses(town: Town) -> list[House]:
    """The caller, and two neighbours."""
    return [town.house("王"), town.house("李", "mm"), town.house("陈")]


def test_a_call_that_a_sender_takes_in_hand_meanwhile_is_ended_and_not_only_crossed_out(
    database: Database, town: Town, houses: list[House]
) -> None:
    wang, li, chen = houses
    town.raise_alarm(wang)
    first = next(claim for claim in town.claim(limit=1) if claim.channel is Channel.CALL)
    told, second = town.delivery_by_id(first.delivery_id), town.delivery(li.numbers[1])
    assert told.number == li.number
    take = partial(claims.claim, channel=Channel.CALL, limit=10, owner=OWNER, now=at(1))

    def answer() -> object:
        return town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Answer.COMING, Channel.CALL, at(1)))

    meanwhile(database, lambda session: take(session), answer)
    second = town.delivery_by_id(second.id)
    assert (second.state, second.unwanted) == (DeliveryState.CLAIMED, True)
    ring = town.delivery(chen.number)
    assert (ring.state, ring.unwanted) == (DeliveryState.CLAIMED, False)
    town.run(lambda s: claims.release_dead(s, lambda _: False, at(1)))
    meanwhile(database, lambda session: take(session, now=at(5)), lambda: town.raise_alarm(chen, after=5))
    assert (town.delivery(chen.number).state, town.delivery(chen.number).unwanted) == (DeliveryState.CLAIMED, True)


def test_whoever_calls_too_as_a_sender_takes_its_call_in_hand_has_that_one_ended(
    database: Database, town: Town, houses: list[House]
) -> None:
    wang, _, chen = houses
    town.raise_alarm(wang)
    take = partial(claims.claim, channel=Channel.CALL, limit=10, owner=OWNER, now=at(1))
    meanwhile(database, lambda session: take(session), lambda: town.raise_alarm(chen, after=1))
    ring = town.delivery(chen.number)
    # Crossed out it would be nobody's, and the request that is on its way would ring a house that calls for help.
    assert (ring.state, ring.unwanted, ring.owner) == (DeliveryState.CLAIMED, True, OWNER)


def test_an_answer_to_our_question_that_comes_with_the_last_callback_does_not_take_it_back(
    database: Database, town: Town, houses: list[House]
) -> None:
    town.raise_alarm(houses[0])
    call = next(each for each in town.place(state=AttemptState.QUEUED) if each.channel is Channel.CALL)
    sid = town.attempt(town.delivery_by_id(call.delivery_id)).sid or ""
    enquiry = results.Enquiry(call.delivery_id, 1, Channel.CALL, sid, call.line, ends=False)
    rings = Receipt(sid, AttemptState.RINGING)
    meanwhile(
        database,
        lambda session: tracking.record_status(session, call.delivery_id, 1, sid, "completed", None, at(9)),
        lambda: town.run(lambda session: results.record_enquiry(session, enquiry, rings, at(10))),
    )
    found = town.delivery_by_id(call.delivery_id)
    assert (found.state, town.attempt(found).state) == (DeliveryState.REACHED, AttemptState.COMPLETED)


def test_two_senders_count_the_calls_one_after_the_other(database: Database, town: Town, houses: list[House]) -> None:
    town.raise_alarm(houses[0])

    def take(session: Session) -> None:
        assert claims.count_calls_under_way(session) == {}
        claims.claim(session, Channel.CALL, 1, OWNER, at(0))

    counted = meanwhile(database, take, lambda: town.run(claims.count_calls_under_way))
    assert list(counted.values()) == [1]
