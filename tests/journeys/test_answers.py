"""The neighbours answer: by key, by text, by calling back; and what their answer does to other telephones."""

from __future__ import annotations

from tests.journeys.neighbours import House, Neighbours
from tests.journeys.town import Town
from tests.support.handsets import eventually


def test_a_key_counts_while_the_announcement_still_speaks(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.answers("1", press_after=1)
    wang.calls_for_help()
    call = li.gets_call("谢谢，已记下您正赶往王建国家。")
    assert call.heard[0].complete is False
    wang.hears("李大明家正在赶来。")
    li.gets_text("王建国家求助")


def test_an_answer_may_be_changed_and_the_caller_is_told(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    li.waits()
    wang.calls_for_help()
    li.picks_up_and_presses("1")
    wang.hears("李大明家正在赶来。")
    # By text: how long a neighbour stays on the line after their key depends on the machine.
    li.texts("2")
    wang.hears("李大明家来不了了。")
    li.texts("3")
    wang.hears("李大明家已到现场。")
    assert street.answers() == [("李大明家", "coming"), ("李大明家", "cannot"), ("李大明家", "on_scene")]
    li.is_alerted()
    chen.is_alerted()


def test_answers_come_by_text_in_many_forms(town: Town, neighbours: Neighbours) -> None:
    replies = {
        "李一": (" １ ", "coming"),
        "李二": ("好的。", "coming"),
        "李三": ("马上 到！", "coming"),
        "李四": ("２", "cannot"),
        "李五": ("我在外地，不能来", "cannot"),
        "李六": ("到了", "on_scene"),
    }
    street = neighbours.settle("王建国", *replies)
    wang, *others = street.phones
    for phone in others:
        phone.waits()
    wang.calls_for_help()
    for phone, (reply, _) in zip(others, replies.values(), strict=True):
        phone.gets_text("王建国家求助")
        thanks = phone.texts(reply)
        assert thanks is not None
        assert thanks.startswith("【十户联防】")
        assert "王建国家" in thanks
        # Whoever has answered by text need not be rung any more.
        assert phone.gets_call().status in {"queued", "ringing", "canceled"}
    assert street.answers() == [(f"{head}家", answer) for head, (_, answer) in replies.items()]
    assert "到现场" in wang.hears("李六家").text
    eventually(lambda: {phone.handset.state for phone in others} == {"idle"}, "nothing rings any more")


def test_a_households_answer_stops_its_other_phones_and_nobody_elses(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", House("李大明", mobiles=2, landlines=1), "陈小红")
    wang, chen = street.phones[0], street.phones[2]
    first, second, landline = street.houses[1]
    for phone in (first, second, landline, chen):
        phone.waits()
    wang.calls_for_help()
    for phone in (second, landline, chen):
        eventually(lambda phone=phone: phone.handset.state == "ringing", f"{phone.number} rings")  # type: ignore[misc]
    first.picks_up_and_presses("1")
    for phone in (second, landline):
        phone.gets_call(status="canceled")
    assert chen.handset.state == "ringing"
    first.gets_call("谢谢")
    chen.gets_call()
    for phone in (first, second, chen):
        phone.gets_text("王建国家求助")
    wang.hears("李大明家正在赶来。")


def test_picked_up_without_a_key_is_not_coming(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    li.answers(says="喂？喂？")
    wang.calls_for_help()
    call = li.gets_call("没有收到您的按键", status="completed")
    # Said twice by the call itself, and once more by us.
    assert len([sentence for sentence in call.sentences if "王建国家求助" in sentence]) == 3
    assert street.answers() == []
    assert "李大明家" not in wang.own_call().text
    li.gets_text("王建国家求助")


def test_whoever_was_rung_and_calls_back_hears_the_alarm_and_can_answer(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    wang.calls_for_help()
    li.gets_text("王建国家求助")
    li.gets_call(status="no-answer")
    li.handset.dial()
    li.hears("您家如果也需要帮忙，请按井号9。")
    li.presses("1")
    assert li.own_call().sentences[0].startswith("王建国家求助！")
    wang.hears("李大明家正在赶来。")
    chen.is_alerted()


def test_whoever_calls_back_may_need_help_as_well(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    wang.calls_for_help()
    li.is_alerted()
    li.hangs_up()
    li.handset.dial(press="#9")
    li.hears("您家也在求助")
    chen.gets_text("又有一户求助：李大明家")
    chen.is_alerted("【十户联防】王建国家求助")
    wang.gets_text("又有一户求助：李大明家")
    assert [alert["household"] for alert in street.record()["alerts"]] == ["王建国家", "李大明家"]


def test_with_several_alarms_open_an_answer_belongs_to_the_newest_and_says_so(
    town: Town, neighbours: Neighbours
) -> None:
    first = neighbours.settle("王建国", "赵德才")
    wang, zhao = first.phones
    second = neighbours.settle("孙有福", leader=zhao)
    sun = second.phones[0]
    zhao.handset.script("busy")
    wang.calls_for_help()
    zhao.is_alerted("王建国家求助")
    sun.calls_for_help()
    zhao.is_alerted("孙有福家求助")
    reply = zhao.texts("1")
    assert reply == "【十户联防】谢谢，已记下您正赶往孙有福家。（另有1起求助还没结束）"
    sun.hears("赵德才家正在赶来。")
    assert first.answers() == []


def test_a_phone_that_stopped_texts_is_still_rung_and_can_have_them_again(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    chen.handset.script("busy")
    li.answers(hang_up_after=3)
    li.texts("退订")
    wang.calls_for_help()
    li.gets_call("王建国家求助")
    chen.is_alerted()
    street.wait_until_over()
    assert street.states()["李大明家", "sms"] == ("unreached", "21610")
    wang.presses("**")
    wang.own_call("completed")
    # No text reaches it, so the all-clear comes by call.
    assert "误按" in li.gets_call("误按", status="completed").text
    chen.gets_text("误按")
    li.texts("订阅")
    wang.texts("救命")
    li.is_alerted("王建国家求助")
    chen.is_alerted("王建国家求助")
    li.texts("1")
    wang.gets_text("李大明家正在赶来。")


def test_a_late_answer_hears_that_it_is_over(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    chen.waits()
    wang.calls_for_help()
    li.is_alerted()
    chen.picks_up()
    chen.gets_call("王建国家求助")
    wang.presses("**")
    # Not until the caller's own call has ended: on a busy machine the neighbour's is over by then, too.
    eventually(lambda: street.record()["outcome"] == "false_alarm", "the alarm is taken back")
    chen.presses("1")
    assert chen.hears("这次求助已经结束").sentences[-1] == "这次求助已经结束，不用来了，谢谢您。"
    assert li.texts("收到") == "【十户联防】王建国家的事已解决，不用来了，谢谢您。您家如果也需要帮忙，请回复9。"
    assert li.texts("我马上来") == "【十户联防】王建国家的事已解决，不用来了，谢谢您。"
    li.gets_text("误按")
    chen.gets_text("王建国家求助")
    chen.gets_text("误按")
    assert street.answers() == []
