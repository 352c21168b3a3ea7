"""Nights on a virtual clock: nothing to complain of, the same again by the same seed, and faults put back are found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from joint_defense.carriers.port import Undecided
from joint_defense.delivery.sender import Sender
from tools.simulate.judge import complaints
from tools.simulate.put_backs import ALL
from tools.simulate.world import Nights

FEW = frozenset(range(24))
NIGHT = 3
"""The seed of a night in which nothing goes wrong, and something does once nobody drains."""
PUT_BACK = ALL["2 nobody drains"]
"""Of the faults that are put back: `make simulate ARGS=--put-backs` has them all."""


@pytest.fixture(scope="module")
def nights() -> Iterator[Nights]:
    before = structlog.get_config()
    made = Nights()
    yield made
    made.close()
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def _no_other_loop() -> Iterator[None]:
    """A browser's test that ran before in this process leaves its loop running beneath; the night has its own."""
    beneath = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(beneath)


def test_a_night_of_faults_leaves_nothing_to_complain_of_is_the_same_again_and_a_fault_put_back_is_found(
    nights: Nights,
) -> None:
    first = nights.play(NIGHT, FEW)
    assert complaints(first) == []
    assert len(first.raised) >= len(FEW)
    again = nights.play(NIGHT, FEW)
    assert [(each.to, each.at) for each in again.network.carried.values()] == [
        (each.to, each.at) for each in first.network.carried.values()
    ]
    assert again.pressed == first.pressed
    # A night takes four seconds: the one without a complaint is the one to compare with.
    with PUT_BACK():
        assert complaints(nights.play(NIGHT, FEW)) != []


def test_a_look_up_whose_beginning_the_database_does_not_tell_is_put_off_and_nothing_is_sent_again() -> None:
    asked = dict.fromkeys(("find_first_request", "rivals", "tell_out", "tell_number"), _nothing)
    sender = Sender({}, Any, {}, Any, **asked)  # type: ignore[arg-type]
    with pytest.raises(Undecided):
        asyncio.run(sender._look_up(Any, Any, []))  # type: ignore[arg-type]


async def _nothing(*_: Any) -> None:
    return None
