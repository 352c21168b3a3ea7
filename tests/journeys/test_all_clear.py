"""It is over: by the caller, the leader or an operator. Everybody who was rung or texted is told, once."""

from __future__ import annotations

import re
import secrets

import requests

from tests.journeys.neighbours import House, Neighbours, Street
from tests.journeys.town import Town
from tests.support.handsets import eventually


def a_street_in_alarm(neighbours: Neighbours) -> Street:
    """A caller on the line; one neighbour is coming, one rings, one has nothing but a landline."""
    street = neighbours.settle("王建国", "李大明", "陈小红", House("赵德才", mobiles=0, landlines=1), leader=1)
    wang, li, chen, zhao = street.phones
    li.waits()
    chen.waits()
    zhao.answers(hang_up_after=5)
    wang.calls_for_help()
    zhao.gets_call(status="completed")
    eventually(lambda: chen.handset.state == "ringing", "it rings")
    chen.gets_call()
    for phone in (li, chen):
        phone.gets_text("王建国家求助")
    # Last: the line on which the leader may end it is not held for long.
    li.picks_up_and_presses("1")
    li.gets_call("谢谢")
    wang.hears("李大明家正在赶来。")
    return street


def everybody_is_told(street: Street, words: str) -> None:
    _, li, chen, zhao = street.phones
    for phone in (li, chen):
        assert phone.gets_text("【十户联防】王建国家").endswith(words)
    # A landline takes no text.
    told = zhao.gets_call("王建国家", status="completed").sentences
    assert all(sentence.endswith(words) for sentence in told)
    assert chen.handset.state == "idle"
    street.wait_until_over()


def test_by_the_caller_with_two_stars(town: Town, neighbours: Neighbours) -> None:
    street = a_street_in_alarm(neighbours)
    wang = street.phones[0]
    wang.presses("**")
    wang.own_call("completed")
    everybody_is_told(street, "没事，是误按，不用去了。谢谢大家。")
    assert street.record()["outcome"] == "false_alarm"


def test_by_the_caller_with_a_text(town: Town, neighbours: Neighbours) -> None:
    street = a_street_in_alarm(neighbours)
    wang = street.phones[0]
    assert wang.texts("误报。") == "【十户联防】已取消，正在通知邻居们。"
    wang.own_call("completed")
    everybody_is_told(street, "没事，是误按，不用去了。谢谢大家。")


def test_by_the_leader_with_a_key(town: Town, neighbours: Neighbours) -> None:
    street = a_street_in_alarm(neighbours)
    wang, li = street.phones[:2]
    li.hears("事情解决了，请按0。")
    li.presses("0")
    wang.hears("求助已结束")
    everybody_is_told(street, "的事已解决，不用再去了。谢谢大家。")
    assert (street.record()["outcome"], street.record()["timeline"][-1]["by"]) == ("helped", "李大明家")


def test_by_the_leader_with_a_text(town: Town, neighbours: Neighbours) -> None:
    street = a_street_in_alarm(neighbours)
    wang, li = street.phones[:2]
    assert li.texts("解除") == "【十户联防】王建国家的事已解决，不用来了，谢谢您。"
    wang.hears("求助已结束")
    everybody_is_told(street, "的事已解决，不用再去了。谢谢大家。")


def test_by_an_operator_on_the_board(town: Town, neighbours: Neighbours) -> None:
    street = a_street_in_alarm(neighbours)
    incident = street.record()["id"]
    with requests.Session() as browser:
        sign_in(browser, town)
        page = f"{town.url}/incidents/{incident}/close"
        given = {"outcome": "accidental", "note": "小孩误按"} | token(browser.get(page).text)
        assert browser.post(page, data=given).status_code == 200
    street.phones[0].hears("求助已结束")
    everybody_is_told(street, "没事，是误按，不用去了。谢谢大家。")
    assert street.record()["note"] == "小孩误按"


def test_a_caller_who_got_news_by_text_is_told_by_text(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", leader=1)
    wang, li = street.phones
    li.answers("1")
    wang.texts("救命")
    wang.gets_text("李大明家正在赶来。")
    li.hears("请按0")
    li.presses("0")
    wang.gets_text("王建国家的事已解决")
    li.gets_call()
    li.gets_text("王建国家求助")
    li.gets_text("王建国家的事已解决")


def test_who_is_on_the_way_and_takes_no_texts_any_more_is_called(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    li.answers("1")
    chen.answers("2")
    wang.calls_for_help()
    for phone in (li, chen):
        phone.is_alerted()
    wang.hears("李大明家正在赶来。")
    for phone in (li, chen):
        phone.texts("STOP")
        phone.answers(hang_up_after=4)
    wang.presses("**")
    li.gets_call("不用去了", status="completed")
    street.wait_until_over()
    assert [each["household"] for each in street.record()["timeline"] if each["kind"] == "other_way"] == ["李大明家"]


def sign_in(browser: requests.Session, town: Town) -> None:
    name = f"值班员{secrets.token_hex(3)}"
    password = re.search(r": (\S+)$", town.run("accounts", "create", name, "--role", "operator"))
    assert password is not None
    page = f"{town.url}/sign-in"
    given = {"login": name, "password": password[1]} | token(browser.get(page).text)
    assert "/sign-in" not in browser.post(page, data=given).url


def token(page: str) -> dict[str, str]:
    """The page's proof against forged requests."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return {"csrf_token": found[1]}
