"""Whoever has hung up, or texted, reads the news: the first, the third and the last neighbour who comes."""

from __future__ import annotations

from tests.journeys.neighbours import House, Neighbours
from tests.journeys.town import Town
from tests.support.handsets import eventually


def test_hung_up_the_caller_reads_of_the_first_the_third_and_the_last_who_comes(
    town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李一", "李二", "李三", "李四", "李五")
    wang, *others = street.phones
    others[0].waits()
    wang.calls_for_help()
    wang.hears("马上呼叫5户邻居")
    wang.hangs_up()
    eventually(street.caller_has_gone, "it is known that the caller has hung up")
    others[0].picks_up_and_presses("1")
    others[0].gets_call("谢谢")
    assert wang.gets_text("李一家") == "【十户联防】李一家正在赶来。"
    # By text: how long their telephones ring is no matter then.
    for phone in others[1:3]:
        phone.texts("1")
    assert wang.gets_text("李三家") == "【十户联防】李一家、李二家、李三家正在赶来。"
    for phone, answer in zip(others[3:], "21", strict=True):
        phone.texts(answer)
    assert wang.gets_text("李五家") == "【十户联防】李一家、李二家、李三家、李五家正在赶来。"
    for phone in others[1:]:
        phone.gets_call()
    for phone in others:
        phone.gets_text("王建国家求助")


def test_hung_up_and_with_nobody_coming_the_caller_reads_to_dial_110(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    wang.calls_for_help()
    wang.hears("马上呼叫1户邻居")
    wang.hangs_up()
    assert wang.gets_text("还没有人回应") == "【十户联防】还没有人回应，请马上打110。"
    li.is_alerted()


def test_what_was_heard_on_the_line_is_not_written_again(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    for phone in (li, chen):
        phone.waits()
    wang.calls_for_help()
    li.picks_up_and_presses("1")
    wang.hears("李大明家正在赶来。")
    eventually(lambda: street.heard_answers() == 1, "the caller's line has asked once more")
    wang.hangs_up()
    eventually(street.caller_has_gone, "it is known that the caller has hung up")
    chen.picks_up_and_presses("1")
    # The last: everybody has answered. `neighbours` sees to it that there is no other text.
    wang.gets_text("李大明家、陈小红家正在赶来。")
    for phone in (li, chen):
        phone.gets_call("谢谢")
        phone.gets_text("王建国家求助")


def test_hung_up_a_caller_whom_no_text_reaches_is_called_with_the_news(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle(House("王建国", mobiles=0, landlines=1), "李大明", "陈小红")
    wang, li, chen = street.phones
    for phone in (li, chen):
        phone.waits()
    wang.calls_for_help()
    wang.hears("马上呼叫2户邻居")
    wang.hangs_up()
    eventually(street.caller_has_gone, "it is known that the caller has hung up")
    wang.answers(hang_up_after=4)
    li.picks_up_and_presses("1")
    assert wang.gets_call("李大明家正在赶来。", status="completed").sentences[0] == "【十户联防】李大明家正在赶来。"
    li.gets_call("谢谢")
    chen.picks_up_and_presses("2")
    chen.gets_call("知道了")
    for phone in (li, chen):
        phone.gets_text("王建国家求助")
