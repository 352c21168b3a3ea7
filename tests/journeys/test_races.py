"""Two things at the same moment: whatever comes first, nobody is left out and nobody is told twice."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from tests.journeys.neighbours import Neighbours
from tests.journeys.town import Town
from tests.support.handsets import eventually


def at_once(*doings: Callable[[], object]) -> None:
    """Do all of these at the same moment."""
    start = Barrier(len(doings))

    def do(doing: Callable[[], object]) -> None:
        start.wait()
        doing()

    threads = [Thread(target=do, args=(doing,)) for doing in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_false_alarm_while_the_calls_are_being_placed(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", *(f"邻居{number}" for number in "一二三四五六七八"))
    wang, *others = street.phones
    for phone in others:
        phone.waits()
    # The carrier places each call at once, and takes its time to say so.
    town.network.fault(hang_seconds=0.5)
    try:
        wang.calls_for_help()
        eventually(lambda: town.network.requests(kind="call", to=others[0].number), "the first call is on its way")
        wang.presses("**")
        wang.own_call("completed")
    finally:
        town.network.mend()
    for phone in others:
        phone.gets_call(status="canceled")
        phone.gets_text("王建国家求助")
        phone.gets_text("误按")


def test_two_people_close_at_once(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红", leader=1, deputy=2)
    wang, li, chen = street.phones
    for phone in (li, chen):
        phone.waits()
    wang.calls_for_help()
    for phone in (li, chen):
        phone.gets_text("王建国家求助")
        eventually(lambda phone=phone: phone.handset.state == "ringing", "it rings")  # type: ignore[misc]
    at_once(lambda: li.texts("解除"), lambda: chen.texts("解除"), lambda: wang.texts("误报"))
    for phone in (li, chen):
        phone.gets_text("王建国家")
        phone.gets_call(status="canceled")
    wang.hears("求助已结束")
    assert [each["kind"] for each in street.record()["timeline"]].count("closed") == 1


def test_the_last_answer_while_the_caller_hangs_up_is_heard_or_read(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.waits()
    wang.may_get("李大明家正在赶来。")
    wang.calls_for_help()
    wang.hears("按错了请按两次星号")
    li.picks_up()
    at_once(lambda: li.presses("1"), wang.hangs_up)
    li.gets_call("谢谢，已记下您正赶往王建国家。")
    eventually(
        lambda: "李大明家正在赶来。" in wang.own_call().text or wang.gets_text("李大明家正在赶来。"), "the caller knows"
    )
    li.gets_text("王建国家求助")


def test_an_answer_at_the_moment_of_the_close_counts_or_hears_that_it_is_over(
    town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    wang.calls_for_help()
    li.gets_text("王建国家求助")
    replies: list[str | None] = []
    at_once(lambda: replies.append(li.texts("1")), lambda: wang.texts("误报"))
    over, thanks = "【十户联防】王建国家的事已解决，不用来了，谢谢您。", "【十户联防】谢谢，已记下您正赶往王建国家。"
    assert replies in ([over], [thanks])
    assert street.answers() == ([("李大明家", "coming")] if replies == [thanks] else [])
    li.gets_text("误按")
    li.gets_call()
    wang.own_call("completed")
