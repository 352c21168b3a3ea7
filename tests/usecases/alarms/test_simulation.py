"""Nights on a virtual clock: nothing to complain of, the same again by the same seed, and faults put back are found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import pytest
import structlog
from sqlalchemy import update

from joint_defense.delivery import claims, results
from joint_defense.models import Delivery
from joint_defense.processes import clock as clock_process
from tools.simulate.judge import complaints
from tools.simulate.world import Nights

FEW = frozenset(range(24))
NIGHT = 3
"""The seed of a night in which nothing goes wrong, and each of the faults that are put back does."""


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


def test_a_night_of_faults_leaves_nothing_to_complain_of_and_is_the_same_again(nights: Nights) -> None:
    first = nights.play(NIGHT, FEW)
    assert complaints(first) == []
    assert len(first.raised) >= len(FEW)
    again = nights.play(NIGHT, FEW)
    assert [(each.to, each.at) for each in again.network.carried.values()] == [
        (each.to, each.at) for each in first.network.carried.values()
    ]
    assert again.pressed == first.pressed


def _without_looking_up() -> Any:
    whole = claims.release_dead

    def release(*given: Any) -> int:
        count = whole(*given)
        given[0].execute(update(Delivery).values(look_up_first=False))
        return count

    return patch.object(claims, "release_dead", release)


def _nobody_drains() -> Any:
    return patch.object(clock_process, "PARTS", tuple(p for p in clock_process.PARTS if p.__name__ != "_drain"))


def _lost_answers_are_sent_again() -> Any:
    return patch.object(results, "OutcomeUnknown", type("Never", (Exception,), {}))


@pytest.mark.parametrize("put_back", [_without_looking_up, _nobody_drains, _lost_answers_are_sent_again])
def test_a_fault_of_the_past_put_back_is_found(
    nights: Nights, put_back: Callable[[], AbstractContextManager[Any]]
) -> None:
    # The others are for the day when nights have changed: one that complains without the fault finds nothing.
    for seed in (NIGHT, 1, 2, 4, 7):
        with put_back():
            found = complaints(nights.play(seed, FEW))
        if found and (seed == NIGHT or not complaints(nights.play(seed, FEW))):
            return
    pytest.fail("no night has found it")
