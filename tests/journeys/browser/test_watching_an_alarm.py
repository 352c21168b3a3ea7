"""An alarm from the keypress to the all-clear, watched on the board: the whole service, its telephones, a browser."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.journeys.browser.conftest import DESKTOP
from tests.journeys.neighbours import House, Neighbours
from tests.journeys.town import Town

SOON = 15_000


def _sign_in(browser: Browser, town: Town, name: str) -> Page:
    """An operator at a PC, with the account that the command has just made."""
    password = town.run("accounts", "create", name, "--role", "operator").rsplit(" ", 1)[-1]
    page = browser.new_context(viewport={"width": DESKTOP, "height": 900}).new_page()
    page.goto(f"{town.url}/")
    page.locator("#login").fill(name)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def test_an_alarm_is_watched_from_the_keypress_to_the_all_clear(
    town: Town, neighbours: Neighbours, browser: Browser
) -> None:
    page = _sign_in(browser, town, f"林调度{town.database.engine.dialect.name}")
    households = page.locator(".household")
    street = neighbours.settle("王建国", "李大明", "陈小红", House("赵德才", mobiles=0, landlines=1), leader=1)
    wang, li, chen, zhao = street.phones
    li.waits()
    chen.waits()
    zhao.answers(hang_up_after=5)

    wang.calls_for_help()
    li.picks_up_and_presses("1")
    li.gets_call("谢谢")

    page.get_by_role("link", name=f"墙下陶村{street.name}·桥东第1家").click(timeout=SOON)
    expect(page.get_by_role("heading", level=1)).to_have_text("王建国家求助")
    for household, words in (
        ("李大明家", "正在赶来"),
        ("陈小红家", "未接听，已发短信"),
        ("赵德才家", "已接听，未按键"),
    ):
        expect(households.filter(has_text=household).locator(".sign")).to_have_text(words, timeout=SOON)
    expect(households.filter(has_text="李大明家")).to_contain_text("联防长")
    expect(households.last).to_contain_text("李大明家")
    expect(page.locator(".figure-main dd")).to_have_text("1/3")
    zhao.gets_call(status="completed")

    # The neighbour who picked up and pressed nothing is rung again, and now comes.
    zhao.answers("1")
    households.filter(has_text="赵德才家").get_by_role("button").click()
    zhao.gets_call("谢谢,已告诉王建国家您")
    expect(page.locator(".figure-main dd")).to_have_text("2/3", timeout=SOON)

    page.get_by_role("link", name="解除警情").click()
    page.get_by_label("已救助").check()
    page.get_by_label("备注").fill("老人跌倒,已送卫生院")
    page.get_by_role("button", name="解除警情并通知大家").click()

    expect(page.locator(".closed")).to_contain_text("已救助")
    for phone in (li, chen):
        phone.gets_text("王建国家求助")
        phone.gets_text("王建国家的求助")
    chen.gets_call()
    zhao.gets_call("王建国家的求助", status="completed")
    expect(households.filter(has_text="李大明家")).to_contain_text("已告知解除", timeout=SOON)
    assert street.record()["outcome"] == "helped"
    wang.own_call("completed")
    page.context.close()
