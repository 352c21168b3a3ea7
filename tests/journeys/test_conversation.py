"""What whoever called for help hears, word for word, as long as they hold the line."""

from __future__ import annotations

from itertools import groupby

from tests.journeys.neighbours import House, Neighbours, Telephone
from tests.journeys.town import Town
from tests.support.handsets import eventually


def said_to(phone: Telephone) -> list[str]:
    """What was said in its last call, each sentence once however often it came in a row."""
    return [sentence for sentence, _ in groupby(phone.own_call().sentences)]


def test_the_callers_whole_conversation_word_for_word(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红", "赵德才")
    wang, li, chen, zhao = street.phones
    zhao.answers("2")

    wang.calls_for_help("#9")
    wang.hears("误报请按两次星号")
    wang.presses("1")
    wang.hears("暂无人应答")
    for neighbour in (li, chen):
        eventually(lambda phone=neighbour: phone.handset.state == "idle", "it rings no more")  # type: ignore[misc]
    assert li.texts("马上到") == "【十户联防】谢谢,已告诉王建国家您正在赶来。"
    wang.hears("李大明家正在赶来。")
    chen.handset.dial()
    chen.hears("到了请按3")
    chen.presses("3")
    wang.hears("陈小红家已到现场。")
    wang.presses("*")
    wang.hears("再按一次星号")
    wang.presses("*")
    wang.own_call("completed")

    assert said_to(wang) == [
        "十户联防。紧急求助请按井号9。",
        "求助已发出,正在呼叫3户邻居,共3部电话。危险时请拨打110。",
        "请不要挂机。有贼按1,着火按2,伤病按3,其他按4。误报请按两次星号。",
        "已告诉邻居有贼进屋。请同时拨打110。",
        "暂无人应答,请拨打110。",
        "李大明家正在赶来。",
        "陈小红家已到现场。",
        "再按一次星号,取消求助。",
        "求助已解除,邻居们都会得到通知。再见。",
    ]
    for neighbour in (li, chen, zhao):
        neighbour.gets_text("王建国家求助")
        neighbour.gets_text("王建国家的求助是误报,已解除,不用再去了。谢谢大家。")
        neighbour.gets_call(status="completed" if neighbour is zhao else "no-answer")


def test_a_neighbours_whole_conversation_word_for_word(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    li.waits()
    wang.calls_for_help()
    wang.hears("请不要挂机")
    wang.presses("3")
    wang.hears("已告诉邻居有人受伤或发病。请同时拨打120。")
    li.picks_up_and_presses("1")
    heard = li.gets_call("谢谢", status="completed").sentences
    assert heard == [
        f"王建国家求助!墙下陶村{street.name},桥东第1家。门牌1。",
        "谢谢,已告诉王建国家您正在赶来。",
        "有人受伤或发病。",
        "改为不能来请按2,到了请按3,要与求助人通话请按9。",
        "谢谢您。再见。",
    ]
    li.gets_text("王建国家求助")
    chen.is_alerted()


def test_with_nobody_coming_the_caller_is_told_again_and_again_to_dial_110(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.answers("2")
    wang.calls_for_help()
    wang.hears("暂无人应答,请拨打110。\n暂无人应答,请拨打110。")
    assert "李大明家" not in wang.own_call().text
    li.gets_text("王建国家求助")
    li.gets_call("已记下您不能去王建国家")


def test_of_a_fire_everything_said_and_written_later_knows(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    for neighbour in (li, chen):
        neighbour.waits()
    wang.calls_for_help()
    wang.hears("请不要挂机")
    wang.presses("2")
    wang.hears("已告诉邻居着火了。请同时拨打119。")
    li.picks_up()
    li.gets_call(f"王建国家求助!墙下陶村{street.name},桥东第1家。着火了")
    assert chen.texts("1") == "【十户联防】谢谢,已告诉王建国家您正在赶来。着火了,请拨119。"
    wang.hears("陈小红家正在赶来。")
    eventually(lambda: street.heard_answers() == 1, "the caller's line has asked once more")
    wang.hangs_up()
    eventually(street.caller_has_gone, "it is known that the caller has hung up")
    li.presses("1")
    wang.gets_text("李大明家正在赶来。着火了,请拨119。")
    li.gets_text("王建国家求助")
    chen.is_alerted()


def test_an_english_household_hears_and_reads_english(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", House("李大明", english=True))
    wang, li = street.phones
    li.answers("1")
    wang.calls_for_help()
    call = li.gets_call("Thank you")
    assert call.sentences[0].startswith("the Wang Jianguo household needs help!")
    assert {heard.language for heard in call.heard if heard.verb == "Say"} == {"en-GB"}
    li.gets_text("[Joint Defence] the Wang Jianguo household needs help")
    wang.hears("李大明家正在赶来。")


def test_a_silent_household_hears_nothing_and_gets_no_text(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle(House("王建国", silent=True), "李大明", "陈小红")
    wang, li, chen = street.phones
    li.answers("1")
    chen.answers("1")
    wang.calls_for_help()
    for neighbour in (li, chen):
        neighbour.gets_call("谢谢")
        neighbour.gets_text("王建国家求助")
    wang.hangs_up()
    assert wang.own_call("completed").sentences == []
    assert wang.texts("0") is None
    for neighbour in (li, chen):
        neighbour.gets_text("误报")
    assert wang.texts("你好") is None
