"""An alarm is raised: by key, by text, on the direct number; by one neighbour, or by two at once."""

from __future__ import annotations

from tests.journeys.neighbours import House, Neighbours
from tests.journeys.town import DIRECT_NUMBER, OUR_NUMBER, Town

MENU = "十户联防。紧急求助请按井号9。"


def test_a_key_rings_and_texts_everybody_else_once_and_says_who_and_where_first(
    town: Town, neighbours: Neighbours
) -> None:
    elsewhere = neighbours.settle("孙有福")
    street = neighbours.settle(
        "王建国", House("李大明", mobiles=2), House("陈小红", mobiles=1, landlines=1), leader=elsewhere.phones[0]
    )
    wang, others = street.phones[0], [*street.others(street.phones[0]), *elsewhere.phones]
    for phone in others:
        phone.answers(hang_up_after=15)
    wang.calls_for_help()
    group = street.name
    for phone in others:
        if not phone.is_landline:
            text = phone.gets_text("王建国家求助")
            assert f"墙下陶村{group}·桥东第1家" in text
            assert "能来请回复1，不能来请回复2，到了请回复3" in text
        call = phone.gets_call("能来请按1", status="completed")
        assert call.sender == OUR_NUMBER
        who_and_where, keys, *again = call.sentences
        assert who_and_where.startswith(f"王建国家求助！墙下陶村{group}，桥东第1家。")
        assert keys == "能来请按1，不能来请按2，到了请按3。"
        assert again[0] == who_and_where
    assert wang.hears("马上呼叫3户邻居，共5部电话").sentences[0] == MENU
    street.wait_until_over()
    assert street.states() == {
        ("李大明家", "call"): ("reached", None),
        ("李大明家", "sms"): ("reached", None),
        ("陈小红家", "call"): ("reached", None),
        ("陈小红家", "sms"): ("reached", None),
        ("孙有福家", "call"): ("reached", None),
        ("孙有福家", "sms"): ("reached", None),
    }
    assert {each["state"] for delivery in street.record()["deliveries"] for each in delivery["attempts"]} == {
        "completed",
        "delivered",
    }


def test_a_text_raises_the_alarm_and_travels_to_the_neighbours(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    for phone in (li, chen):
        phone.waits()
    reply = wang.texts("着火了！厨房，快来 救命")
    assert reply == "【十户联防】已收到，马上呼叫2户邻居。按错了请回复0。报警请打110。"
    for phone, key in ((li, "1"), (chen, "3")):
        text = phone.gets_text("王建国家求助：着火了")
        assert "原话：“着火了！厨房，快来 救命”" in text
        assert text.endswith("必要时打119")
        phone.picks_up_and_presses(key)
        announced = phone.gets_call("谢谢，已记下您").sentences[0]
        assert announced.startswith("王建国家求助！")
        assert "着火了" in announced
    # Whoever texts is never called: an intruder may be listening. `neighbours` sees to that.
    wang.gets_text("【十户联防】李大明家正在赶来。")
    wang.gets_text("【十户联防】陈小红家已到现场。李大明家正在赶来。")


def test_two_neighbours_at_once_are_one_incident_with_two_voices(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", House("陈小红", mobiles=2), "赵德才", "孙有福")
    wang, li, *_ = street.phones
    for caller in (wang, li):
        # Whoever is a moment later may be on the way to be told of the first.
        caller.may_be_rung()
        caller.may_get("求助")
        caller.calls_for_help()
    for caller in (wang, li):
        caller.hears("有危险请打110")
    first, second = (alert["household"] for alert in street.record()["alerts"])
    assert {first, second} == {"王建国家", "李大明家"}
    assert street.incidents() == 1
    for phone in street.others(wang, li):
        phone.gets_call()
        phone.gets_text(f"【十户联防】{first}求助")
        phone.gets_text(f"又有一户求助：{second}")
    zhao = street.phones[3]
    zhao.hangs_up()
    zhao.handset.dial()
    call = zhao.hears("能来请按1")
    assert call.sentences[0].startswith(f"{second}求助！")
    assert f"{first}求助！" in call.sentences[0]


def test_the_same_household_again_rings_nobody_anew(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    wang.may_get("还没有人回应")
    wang.calls_for_help()
    wang.hears("马上呼叫2户邻居")
    wang.hangs_up()
    wang.own_call("completed")
    wang.calls_for_help()
    wang.hears("马上告诉2户邻居")
    for phone in (li, chen):
        phone.is_alerted()
    assert street.incidents() == 1
    assert len(street.record()["alerts"]) == 1


def test_a_call_to_the_direct_number_is_the_alarm(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明")
    wang, li = street.phones
    wang.handset.dial(DIRECT_NUMBER)
    li.is_alerted("王建国家求助")
    assert wang.own_call().sentences[0] == "求助已收到，马上呼叫1户邻居，共1部电话。有危险请打110。"


def test_of_a_caller_who_presses_nothing_the_leader_is_told(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红", leader=2)
    wang, _, chen = street.phones
    wang.handset.dial()
    assert wang.own_call("completed").sentences == [
        MENU,
        "没有收到按键。需要帮忙，请按井号9。",
        "没有收到按键。正在通知您的联防长跟您联系。有危险请直接打110。",
    ]
    chen.gets_text("王建国家")
    assert street.record()["kind"] == "wordless"


def test_a_leader_with_a_landline_only_is_rung_about_a_caller_without_a_word(
    town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", House("陈小红", mobiles=0, landlines=1), leader=2)
    wang, _, chen = street.phones
    chen.answers()
    wang.handset.dial()
    assert chen.gets_call(status="completed").sentences[0].startswith("【十户联防】王建国家")
    wang.own_call("completed")


def test_a_stranger_is_sent_to_110_in_two_languages(town: Town, neighbours: Neighbours) -> None:
    stranger = town.network.handset("+8613999990001")
    stranger.dial(press="#9")
    call = stranger.wait_for_own_call("completed")
    assert call.sentences == [
        "您的号码不在联防名单上，没法通知邻居。情况紧急请马上打110。",
        "Your number is not on a list, so no neighbours can be rung. In an emergency, dial 110 now.",
    ]
    assert "110" in (stranger.text("救命") or "")
    assert stranger.text("救命啊") is None


def test_every_kind_of_telephone_comes_to_its_own_end(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle(
        "王建国",
        "占线户",
        "关机户",
        "留言户",
        House("固话户", mobiles=0, landlines=1),
        "空号户",
        "不收短信户",
    )
    wang, busy, off, voicemail, landline, dead, no_texts = street.phones
    busy.handset.script("busy")
    off.handset.script("off", texts={"do": "undelivered", "error_code": 30003})
    voicemail.handset.script({"do": "voicemail", "hang_up_after": 30})
    landline.answers("1")
    off.may_get("王建国家求助")
    dead.handset.script(refuse_calls=21211, refuse_texts=21211)
    no_texts.handset.script({"do": "answer", "hang_up_after": 5}, refuse_texts=21614)
    wang.calls_for_help()
    assert wang.hears("正在赶来").sentences[-1] == "固话户家正在赶来。"
    busy.is_alerted()
    off.gets_call(status="no-answer")
    voicemail.is_alerted()
    landline.gets_call("谢谢")
    no_texts.gets_call("王建国家求助")
    street.wait_until_over()
    assert street.states() == {
        ("占线户家", "call"): ("unreached", "busy"),
        ("占线户家", "sms"): ("reached", None),
        ("关机户家", "call"): ("unreached", "no_answer"),
        ("关机户家", "sms"): ("unreached", "30003"),
        ("留言户家", "call"): ("reached", None),
        ("留言户家", "sms"): ("reached", None),
        ("固话户家", "call"): ("reached", None),
        ("空号户家", "call"): ("unreached", "21211"),
        ("空号户家", "sms"): ("unreached", "21211"),
        ("不收短信户家", "call"): ("reached", None),
        ("不收短信户家", "sms"): ("unreached", "21614"),
    }
    assert street.answers() == [("固话户家", "coming")]
    refused = [each for each in street.record()["timeline"] if each["kind"] == "refused"]
    assert {(each["household"], each["code"]) for each in refused} == {("空号户家", "21211"), ("不收短信户家", "21614")}
