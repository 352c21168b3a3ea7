"""A neighbour who presses 9 talks to whoever called for help, and so do the next ones."""

from __future__ import annotations

from tests.journeys.neighbours import Neighbours, Street, Telephone
from tests.journeys.town import Town
from tests.support.handsets import eventually

_TALK = frozenset({"joined", "left", "hung_up"})


def talking(town: Town, *phones: Telephone) -> bool:
    """Whether exactly these telephones are in a conference with each other."""
    numbers = {phone.number for phone in phones}
    return any(
        numbers == set(room["participants"]) for room in town.network.conferences() if room["status"] == "in-progress"
    )


def a_street_on_the_line(neighbours: Neighbours) -> Street:
    """A caller who holds the line; one neighbour is coming and still on the phone, the others are being rung."""
    street = neighbours.settle("王建国", "李大明", "陈小红", "赵德才")
    wang, *others = street.phones
    li = others[0]
    li.waits()
    wang.calls_for_help()
    li.picks_up_and_presses("1")
    li.gets_call("要跟对方通话请按9")
    for phone in others:
        phone.gets_text("王建国家求助")
    return street


def test_neighbours_talk_to_the_caller_who_is_told_who_and_hears_news_again_afterwards(
    town: Town, neighbours: Neighbours
) -> None:
    street = a_street_on_the_line(neighbours)
    wang, li, chen, zhao = street.phones
    for phone in (chen, zhao):
        phone.gets_call()
    li.presses("9")
    li.hears("正在为您接通对方。")
    wang.hears("李大明家已接通，请讲话。")
    eventually(lambda: talking(town, wang, li), "they talk")
    # Who was rung and missed it may call back, and join as well.
    eventually(lambda: chen.handset.state == "idle", "it rings no more")
    chen.handset.dial()
    chen.hears("能来请按1")
    chen.presses("1")
    chen.hears("要跟对方通话请按9")
    chen.presses("9")
    eventually(lambda: talking(town, wang, li, chen), "all three talk")
    chen.hangs_up()
    eventually(lambda: talking(town, wang, li), "two go on talking")
    zhao.texts("1")
    li.hangs_up()
    # Left alone the caller comes back to the news, and is not kept waiting with music.
    wang.hears("通话已结束，请别挂机。取消求助请按星号。")
    wang.hears("赵德才家正在赶来。")
    assert wang.handset.state == "in_call"
    # Whoever hangs up before the line has asked for more may not have heard the last sentence, and reads it.
    wang.may_get("正在赶来。")
    wang.hangs_up()
    eventually(lambda: street.caller_has_gone(), "it is known that the caller has hung up")
    told = [(each["kind"], each["household"]) for each in street.record()["timeline"] if each["kind"] in _TALK]
    assert told == [
        ("joined", "李大明家"),
        ("joined", "陈小红家"),
        ("left", "陈小红家"),
        ("left", "李大明家"),
        ("hung_up", "王建国家"),
    ]


def test_a_neighbour_comes_out_with_the_star_and_can_say_more(town: Town, neighbours: Neighbours) -> None:
    street = a_street_on_the_line(neighbours)
    wang, li, chen, zhao = street.phones
    li.presses("9")
    eventually(lambda: talking(town, wang, li), "they talk")
    li.presses("*")
    li.hears("通话已结束。")
    li.presses("3")
    wang.hears("李大明家已到现场。")
    for phone in (chen, zhao):
        phone.gets_call()


def test_two_stars_take_the_alarm_back_out_of_a_conversation_too(town: Town, neighbours: Neighbours) -> None:
    street = a_street_on_the_line(neighbours)
    wang, li, chen, zhao = street.phones
    li.presses("9")
    eventually(lambda: talking(town, wang, li), "they talk")
    wang.presses("*")
    wang.hears("取消求助请按星号")
    wang.presses("*")
    assert wang.own_call("completed").sentences[-1] == "求助已结束，正在通知邻居们。再见。"
    # Taken back, or rung in vain before that: a ring lasts a second and a half here.
    eventually(lambda: {phone.handset.state for phone in (chen, zhao)} == {"idle"}, "nothing rings any more")
    for phone in (chen, zhao):
        phone.gets_call()
    for phone in (li, chen, zhao):
        phone.gets_text("误按")


def test_one_star_by_mistake_leads_back_into_the_conversation(town: Town, neighbours: Neighbours) -> None:
    street = a_street_on_the_line(neighbours)
    wang, li, chen, zhao = street.phones
    li.presses("9")
    eventually(lambda: talking(town, wang, li), "they talk")
    wang.presses("*")
    wang.hears("取消求助请按星号")
    eventually(lambda: talking(town, wang, li), "they talk again")
    for phone in (chen, zhao):
        phone.gets_call()


def test_with_the_caller_gone_nobody_is_left_waiting_for_a_conversation(town: Town, neighbours: Neighbours) -> None:
    street = a_street_on_the_line(neighbours)
    wang, li, chen, zhao = street.phones
    wang.may_get("正在赶来")
    wang.hangs_up()
    wang.own_call("completed")
    eventually(lambda: street.caller_has_gone(), "it is known that the caller has hung up")
    li.presses("9")
    li.hears("对方已挂机，暂时接不通。")
    assert li.handset.state == "in_call"
    for phone in (chen, zhao):
        phone.gets_call()


def test_a_caller_who_finds_nobody_in_the_room_hears_the_news_there_and_the_next_neighbour(
    town: Town, neighbours: Neighbours
) -> None:
    street = a_street_on_the_line(neighbours)
    wang, li, chen, zhao = street.phones
    for phone in (chen, zhao):
        phone.gets_call()
    # That the first one hangs up at once is never told.
    town.network.fault(callbacks={"lose": True})
    li.presses("9")
    li.hears("正在为您接通对方。")
    li.hangs_up()
    wang.hears("现在没有邻居在线。返回请按星号。")
    zhao.texts("1")
    wang.hears("赵德才家正在赶来。")
    town.network.mend()
    eventually(lambda: chen.handset.state == "idle", "it rings no more")
    chen.handset.dial()
    chen.hears("能来请按1")
    chen.presses("1")
    chen.hears("要跟对方通话请按9")
    chen.presses("9")
    eventually(lambda: talking(town, wang, chen), "they talk")
    wang.presses("*")
    wang.hears("通话已结束，请别挂机。")
