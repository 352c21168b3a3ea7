"""An alarm while something is broken: our web server, Redis, the sender."""

from __future__ import annotations

from collections import Counter

from tests.journeys.neighbours import House, Neighbours
from tests.journeys.town import Town
from tests.support.handsets import eventually


def test_with_our_web_server_gone_a_callee_still_hears_who_and_where_and_can_answer_later(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.waits()
    wang.calls_for_help()
    li.gets_text("王建国家求助")
    eventually(lambda: li.handset.state == "ringing", "it rings")
    troubled_town.kill("web")
    li.handset.answer()
    who_and_where, keys, *again = li.gets_call("application error", status="completed").sentences
    assert who_and_where.startswith(f"王建国家求助！墙下陶村{street.name}，桥东第1家。")
    assert keys == "能来请按1，不能来请按2，到了请按3。"
    assert again[:2] == [who_and_where, keys]
    troubled_town.start("web")
    li.handset.dial()
    li.hears("您家如果也需要帮忙，请按井号9。")
    li.presses("1")
    li.hears("谢谢，已记下您正赶往王建国家。")
    # Its line broke off with our server, and it has not called again.
    wang.may_get("还没有人回应")
    wang.may_get("李大明家正在赶来。")


def test_with_redis_gone_at_the_moment_of_the_alarm_the_phones_ring_all_the_same(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    troubled_town.kill("redis")
    wang.calls_for_help()
    for phone in (li, chen):
        phone.is_alerted("王建国家求助")
    assert li.texts("1") == "【十户联防】谢谢，已记下您正赶往王建国家。"
    wang.hears("李大明家正在赶来。")
    troubled_town.start("redis")
    other = neighbours.settle("孙有福", "周小妹")
    other.phones[0].calls_for_help()
    other.phones[1].is_alerted("孙有福家求助")


def test_with_redis_and_the_sender_gone_the_web_server_sends_by_itself(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    troubled_town.kill("redis")
    troubled_town.end("worker")
    wang.calls_for_help()
    for phone in (li, chen):
        phone.is_alerted("王建国家求助")
    troubled_town.start("redis")


def test_with_the_sender_gone_for_good_the_caller_hears_of_no_ring_before_there_is_one(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    troubled_town.kill("worker")
    wang.calls_for_help()
    wang.hears("马上呼叫2户邻居，共2部电话。")
    for phone in (li, chen):
        phone.is_alerted("王建国家求助")
    wang.hears("正在给邻居打电话。")
    troubled_town.start("worker")


def test_a_sender_killed_in_the_middle_loses_nobody_and_rings_nobody_twice(
    troubled_town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", *(House(f"邻居{number}", mobiles=2) for number in "一二三四五六七八"))
    wang, others = street.phones[0], street.others(street.phones[0])
    numbers = {phone.number for phone in others}
    network = troubled_town.network
    # Some requests are lost on their way; the others are carried out, and neither an answer nor a callback says so.
    network.fault(hang_seconds=2, drop_before_accept=5, callbacks={"lose": True})
    wang.calls_for_help()

    def asked() -> list[str]:
        return [each["to"] for kind in ("call", "message") for each in network.placed(kind) if each["to"] in numbers]

    eventually(lambda: len(asked()) >= len(numbers), "it is in the middle of the fan-out")
    troubled_town.kill("worker")
    assert len(asked()) < 2 * len(numbers)
    network.mend()
    troubled_town.start("worker")
    for phone in others:
        phone.is_alerted("王建国家求助")
    neighbours.wait_until_all_is_sent()
    assert Counter(asked()) == dict.fromkeys(numbers, 2)
