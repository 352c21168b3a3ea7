"""A whole alarm in writing: a caller who cannot hear, neighbours whose phones answer by themselves, quoted answers."""

from __future__ import annotations

import re

import requests

from tests.journeys.neighbours import Neighbours
from tests.journeys.town import Town

MACHINE = "您好，我正在开车，短信已收到，稍后回复。如有紧急情况请打我电话。"
FETCHERS = ("facebookexternalhit/1.1", "WhatsApp/2.23", "Mozilla/5.0 (compatible; MicroMessenger preview)")


def test_a_deaf_caller_an_automatic_reply_a_quoted_answer_and_a_link_that_previews_fetch(
    town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红", "张阿牛", leader=1)
    wang, li, chen, zhang = street.phones
    assert "马上呼叫3户邻居" in (wang.texts("我耳朵听不见 家里进贼了 快来救命") or "")
    alarm = chen.gets_text("王建国家求助")
    assert "家里进贼了" in alarm

    zhang.gets_text("王建国家求助")
    wang.may_get("还没有人回应")
    assert [zhang.texts(MACHINE) for _ in range(2)] == [None, None]
    assert street.answers() == [], "a machine comes to nobody's help"

    assert "谢谢" in (chen.texts(f"「{alarm}」\n- - - - - - -\n马上来") or "")
    wang.gets_text("陈小红家正在赶来")
    assert "陈小红家" in (wang.texts("谁来了") or "")
    wang.texts("他们在后院 有刀")
    chen.gets_text("他们在后院 有刀")

    link = re.search(r"http\S+/i/\S+", li.gets_text("王建国家求助"))
    assert link is not None
    before = street.answers(), [each["kind"] for each in street.record()["timeline"]]
    for fetcher in FETCHERS:
        for method in ("HEAD", "GET"):
            got = requests.request(method, link[0], headers={"User-Agent": fetcher}, timeout=10)
            assert (got.status_code, "set-cookie" in got.headers) == (200, False)
    assert "陈小红家" in got.text
    assert "有刀" in got.text
    assert (street.answers(), [each["kind"] for each in street.record()["timeline"]]) == before

    assert "谢谢" in (li.texts("3") or "")
    assert "李大明家已到现场" in (wang.texts("有人到了吗") or "")
    li.gets_text("有刀")
    assert street.answers() == [("陈小红家", "coming"), ("李大明家", "on_scene")]
    for phone in (li, chen, zhang):
        phone.gets_call()
    assert "已取消" in (wang.texts("没事了，谢谢大家") or "")
    for phone in (li, chen, zhang):
        phone.gets_text("王建国家的事已解决，不用再去了")
