"""What whoever called for help hears, word for word, as long as they hold the line."""

from __future__ import annotations

from itertools import groupby

from joint_defense.rules.wording.calls import BEING_RUNG
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
    wang.hears("按错了请按两次星号")
    wang.presses("1")
    wang.hears("还没有人回应")
    for neighbour in (li, chen):
        eventually(lambda phone=neighbour: phone.handset.state == "idle", "it rings no more")  # type: ignore[misc]
    assert li.texts("马上到") == "【十户联防】谢谢，已记下您正赶往王建国家。"
    wang.hears("李大明家正在赶来。")
    chen.handset.dial()
    chen.hears("到了请按3")
    chen.presses("3")
    wang.hears("陈小红家已到现场。")
    wang.presses("*")
    wang.hears("再按一次星号")
    wang.presses("*")
    wang.own_call("completed")

    heard = said_to(wang)
    # Once, before or after the key that is pressed meanwhile; their phones may be still by then, and it is not said.
    assert heard.count(BEING_RUNG["zh"]) <= 1
    assert [sentence for sentence in heard if sentence != BEING_RUNG["zh"]] == [
        "十户联防。紧急求助请按井号9。",
        "求助已收到，马上呼叫3户邻居，共3部电话。有危险请打110。",
        "请别挂机。有贼请按1，着火请按2，伤病请按3，其他请按4。按错了请按两次星号。",
        "正在告诉邻居：有贼进屋。请同时打110。",
        "还没有人回应，请马上打110。",
        "李大明家正在赶来。",
        "陈小红家已到现场。",
        "再按一次星号，就取消求助。",
        "求助已结束，正在通知邻居们。再见。",
    ]
    for neighbour in (li, chen, zhao):
        neighbour.gets_text("王建国家求助")
        neighbour.gets_text("王建国家没事，是误按，不用去了。谢谢大家。")
        neighbour.gets_call(status="completed" if neighbour is zhao else "no-answer")


def test_a_neighbours_whole_conversation_word_for_word(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    li.waits()
    wang.calls_for_help()
    wang.hears("请别挂机")
    wang.presses("3")
    wang.hears("正在告诉邻居：有人受伤或发病。请同时打120。")
    li.picks_up_and_presses("1")
    heard = li.gets_call("谢谢", status="completed").sentences
    assert heard == [
        f"王建国家求助！墙下陶村{street.name}，桥东第1家。门牌1。",
        "谢谢，已记下您正赶往王建国家。",
        "有人受伤或发病。",
        "来不了了请按2，到了请按3。要告诉对方多久到，请再按1。要跟对方通话请按9。",
        "谢谢您。再见。",
    ]
    li.gets_text("王建国家求助")
    chen.is_alerted()


def test_with_nobody_coming_the_caller_is_told_again_and_again_to_dial_110(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.answers("2")
    wang.calls_for_help()
    wang.hears("还没有人回应，请马上打110。\n还没有人回应，请马上打110。")
    assert "李大明家" not in wang.own_call().text
    li.gets_text("王建国家求助")
    li.gets_call("已记下您不能去王建国家")


def test_of_a_fire_everything_said_and_written_later_knows(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    for neighbour in (li, chen):
        neighbour.waits()
    wang.calls_for_help()
    wang.hears("请别挂机")
    wang.presses("2")
    wang.hears("正在告诉邻居：着火了。请同时打119。")
    li.picks_up()
    li.gets_call(f"王建国家求助！墙下陶村{street.name}，桥东第1家。着火了")
    assert chen.texts("1") == "【十户联防】谢谢，已记下您正赶往王建国家。着火了，如还没人打119，请您打。"
    wang.hears("陈小红家正在赶来。")
    eventually(lambda: street.heard_answers() == 1, "the caller's line has asked once more")
    wang.hangs_up()
    eventually(street.caller_has_gone, "it is known that the caller has hung up")
    li.presses("1")
    wang.gets_text("李大明家正在赶来。着火了，如还没人打119，请您打。")
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
        neighbour.gets_text("误按")
    assert wang.texts("你好") is None
