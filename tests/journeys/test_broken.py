"""An alarm while something is broken: our web server, Redis, the sender."""

from __future__ import annotations

from tests.handsets import eventually
from tests.journeys.neighbours import Neighbours
from tests.journeys.town import Town


def test_with_our_web_server_gone_a_callee_still_hears_who_and_where(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.waits()
    wang.calls_for_help(hang_up_after=20)
    li.gets_text("王建国家求助")
    eventually(lambda: li.handset.state == "ringing", "it rings")
    troubled_town.kill("web")
    li.handset.answer()
    call = li.gets_call("能来请按1")
    assert call.sentences[0].startswith(f"王建国家求助!墙下陶村{street.name},桥东第1家。")


def test_with_redis_gone_at_the_moment_of_the_alarm_the_phones_ring_all_the_same(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    troubled_town.kill("redis")
    wang.calls_for_help(hang_up_after=20)
    for phone in (li, chen):
        phone.is_alerted("王建国家求助")
    troubled_town.start("redis")


def test_a_sender_killed_in_the_middle_loses_nobody_and_rings_nobody_twice(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", *(f"邻居{number}" for number in "一二三四五六七八"))
    wang, others = street.phones[0], street.others(street.phones[0])
    troubled_town.network.fault(hang_seconds=1)
    wang.calls_for_help(hang_up_after=30)
    numbers = {phone.number for phone in others}
    eventually(
        lambda: [each for each in troubled_town.network.placed("call") if each["to"] in numbers], "a call is out"
    )
    troubled_town.kill("worker")
    troubled_town.network.mend()
    troubled_town.start("worker")
    for phone in others:
        phone.is_alerted("王建国家求助")
    neighbours.wait_until_all_is_sent()
    placed = [each["to"] for each in troubled_town.network.placed("call") if each["to"] in numbers]
    assert sorted(placed) == sorted(numbers)
