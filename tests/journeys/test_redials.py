"""Who does not answer is rung again, until they do or everything was tried; on the real processes, pauses scaled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.neighbours import House, Neighbours
from tests.journeys.town import Town
from tests.support.handsets import answers, eventually


@pytest.fixture
def redialling_town(town: Town) -> Iterator[Town]:
    """The clock alone plans redials: it is told to be quick about them."""
    town.kill("clock")
    town.start("clock", REDIAL_AFTER="0.5,1,1.5")
    yield town
    town.kill("clock")
    town.start("clock")


def test_who_does_not_answer_is_rung_again_until_they_do_or_everything_was_tried(
    redialling_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红", House("孙有福", mobiles=0, landlines=1), "周小妹")
    wang, li, chen, sun, zhou = street.phones
    li.handset.script("busy", {"do": "no_answer"}, answers("1"))
    chen.handset.script(answers(hang_up_after=1.0))  # picks up, and presses nothing
    sun.handset.script("busy")
    zhou.answers("2")
    wang.calls_for_help()
    li.gets_text("王建国家求助")
    for status in ("busy", "no-answer", "completed"):
        li.gets_call(status=status)
    wang.hears("李大明家正在赶来。")
    for _ in range(4):
        chen.gets_call(status="completed")
        sun.gets_call(status="busy")
    chen.gets_text("王建国家求助")
    zhou.is_alerted()
    street.wait_for_answers(("周小妹家", "cannot"), ("李大明家", "coming"))
    eventually(lambda: set(street.record()["unreachable"]) == {"陈小红家", "孙有福家"}, "both are given up")
    rounds = [
        (each["household"], each["round"]) for each in street.record()["deliveries"] if each["purpose"] == "redial"
    ]
    assert sorted(rounds) == [
        *(("孙有福家", each) for each in (1, 2, 3)),
        *(("李大明家", each) for each in (1, 2)),
        *(("陈小红家", each) for each in (1, 2, 3)),
    ]
    lines = [line["household"] for line in street.record()["timeline"] if line["kind"] == "unreachable"]
    assert sorted(lines) == ["孙有福家", "陈小红家"]


def test_both_clocks_and_a_fresh_one_ring_nobody_twice_for_the_same_round(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    for phone in (li, chen):
        phone.handset.script("busy")
    troubled_town.kill("clock")
    wang.calls_for_help()
    for phone in (li, chen):
        phone.gets_call(status="busy")
        phone.gets_text("王建国家求助")
    # Nobody has planned anything: the database alone says what is still to do.
    clocks = [troubled_town.beside("clock", REDIAL_AFTER="0.5") for _ in range(2)]
    for phone in (li, chen):
        phone.gets_call(status="busy")
    eventually(lambda: len(street.record()["unreachable"]) == 2, "both are given up")
    for program in clocks:
        program.kill()
    rounds = [each["round"] for each in street.record()["deliveries"] if each["purpose"] == "redial"]
    assert rounds == [1, 1]
