"""A delivery moves by the table of moves, in one place, and its other columns with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from joint_defense.delivery.plan import make_move, move
from joint_defense.models.incidents import Delivery
from joint_defense.rules.errors import ForbiddenMove
from joint_defense.rules.states import OVER, DeliveryState

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("before", sorted(OVER))
@pytest.mark.parametrize("after", DeliveryState)
def test_a_delivery_that_is_over_stays_as_it_is(before: DeliveryState, after: DeliveryState) -> None:
    delivery = Delivery(state=before, failure="busy" if before is DeliveryState.UNREACHED else None)
    with pytest.raises(ForbiddenMove):
        move(delivery, after, due_at=NOON)
    assert delivery.state is before


def test_a_delivery_that_leaves_its_sender_has_no_owner() -> None:
    for after in (DeliveryState.WAITING, DeliveryState.PLACED):
        delivery = Delivery(state=DeliveryState.CLAIMED, owner="worker-1", look_up_first=True)
        move(delivery, after, due_at=NOON)
        assert (delivery.state, delivery.owner, delivery.due_at) == (after, None, NOON)
        assert delivery.look_up_first


def test_only_an_unreached_delivery_has_a_failure() -> None:
    delivery = Delivery(state=DeliveryState.PLACED)
    move(delivery, DeliveryState.UNREACHED, failure="no_report")
    assert delivery.failure == "no_report"
    for after, failure in ((DeliveryState.UNREACHED, None), (DeliveryState.REACHED, "busy")):
        with pytest.raises(ForbiddenMove):
            make_move(DeliveryState.PLACED, after, failure=failure)


def test_only_a_claimed_delivery_has_an_owner_and_only_one_that_is_not_over_is_due() -> None:
    for after, owner, due_at in (
        (DeliveryState.CLAIMED, None, NOON),
        (DeliveryState.PLACED, "worker-1", NOON),
        (DeliveryState.PLACED, None, None),
        (DeliveryState.REACHED, None, NOON),
    ):
        with pytest.raises(ForbiddenMove):
            make_move(DeliveryState.WAITING, after, owner=owner, due_at=due_at)
