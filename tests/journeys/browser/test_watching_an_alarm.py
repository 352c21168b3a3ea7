"""An alarm raised on the simulator's page, answered there, and watched on the board until the all-clear.

The whole service, its telephones and browsers; the telephones live slowly enough for fingers, and in one database:
what happens in the other is held by the journeys without a browser.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.browser.conftest import DESKTOP, PHONE
from tests.journeys.browser.looks import too_wide, violations
from tests.journeys.neighbours import House, Neighbours, Street, Telephone
from tests.journeys.town import Town

SPEED = 5


@pytest.fixture(scope="module")
def running_town(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Instead of the two towns of the other journeys."""
    home = tmp_path_factory.mktemp("slow-town")
    shutil.copyfile(_sqlite_template, home / "town.sqlite")
    with Town(home, f"sqlite:///{home / 'town.sqlite'}", SPEED) as town:
        yield town


def _page(browser: Browser, width: int, *, scripts: bool = True) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN", java_script_enabled=scripts)
    return context.new_page()


def _sign_in(page: Page, town: Town, name: str) -> None:
    """An operator, with the account that the command has just made."""
    password = town.run("accounts", "create", name, "--role", "operator").rsplit(" ", 1)[-1]
    page.goto(f"{town.url}/")
    page.locator("#login").fill(name)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def _handsets_of(street: Street) -> str:
    """The simulator's page with these handsets, whose names it is told now."""
    phones = [{"number": each.number, "household": each.home} for each in street.every_phone]
    group = {"name": street.name, "phones": phones}
    book = {"villages": [{"code": "T1", "name": "墙下陶村", "groups": [group]}]}
    street.town.network.ask("PUT", "/sim/phone-book", book)
    return f"{street.town.network.url}/"


class Hand:
    """Somebody's hand at a handset of the page."""

    def __init__(self, page: Page, phone: Telephone) -> None:
        self.handset = page.locator(f"#handset-{phone.number[1:]}")
        self.screen = self.handset.locator(".screen")

    def taps(self, button: str) -> None:
        self.handset.get_by_role("button", name=button, exact=True).first.click()

    def reads(self, words: str) -> None:
        expect(self.screen).to_contain_text(words)

    def rings(self) -> None:
        expect(self.handset).to_have_attribute("data-state", "ringing")

    def opens_the_rest(self) -> None:
        if not self.handset.get_by_label("短信内容").is_visible():
            self.handset.locator("summary").click()

    def behaves(self, behaviour: str) -> None:
        self.opens_the_rest()
        self.handset.get_by_label("来电时").select_option(behaviour)
        self.taps("设定")
        expect(self.handset.get_by_label("来电时")).to_have_value(behaviour)

    def texts(self, body: str) -> None:
        self.opens_the_rest()
        self.handset.get_by_label("短信内容").fill(body)
        self.taps("发送")


def _taps(page: Page, role: Literal["button", "link"], name: str) -> None:
    """On a page without scripts, where every tap is answered with a new page: a second one would overtake the first."""
    with page.expect_navigation():
        page.get_by_role(role, name=name).first.click()


def _sign(page: Page, household: str) -> Locator:
    return page.locator(".household", has_text=household).locator(".sign")


def test_an_alarm_is_raised_on_a_handset_answered_on_others_and_watched_until_the_all_clear(
    town: Town, neighbours: Neighbours, browser: Browser
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红", House("赵德才", mobiles=0, landlines=1), leader=1)
    village, own_phone, board = _page(browser, DESKTOP), _page(browser, PHONE), _page(browser, DESKTOP)
    _sign_in(board, town, "林调度")
    address = _handsets_of(street)
    village.goto(address)
    own_phone.goto(f"{address}?number={quote(street.phones[0].number)}")
    wang = Hand(own_phone, street.phones[0])
    li, chen, zhao = (Hand(village, phone) for phone in street.phones[1:])
    zhao.behaves("busy")

    wang.taps("# 9 求助")
    wang.reads("求助已收到，马上呼叫3户邻居")
    li.rings()
    chen.rings()
    li.taps("接听")
    li.reads("王建国家求助！")
    li.taps("按键 1")
    li.reads("谢谢，已记下您正赶往王建国家。")
    wang.reads("李大明家正在赶来。")
    chen.reads("【十户联防】王建国家求助")
    chen.texts("2")
    chen.reads("已记下您不能去王建国家")
    # Only now: looking takes longer on a busy machine than a caller is given time for a key.
    assert violations(village) == violations(own_phone) == []
    assert too_wide(own_phone) <= 0

    board.get_by_role("link", name=f"墙下陶村{street.name}·桥东第1家").click()
    expect(board.get_by_role("heading", level=1)).to_have_text("王建国家求助")
    expect(_sign(board, "李大明家")).to_have_text("正在赶来")
    expect(_sign(board, "陈小红家")).to_have_text("不能来")
    expect(board.locator(".household", has_text="赵德才家")).to_contain_text("占线")
    expect(board.locator(".figure-main dd")).to_have_text("1/3")

    # The one who was busy is rung again from the board, and now comes.
    zhao.behaves("comes")
    board.locator(".household", has_text="赵德才家").locator("summary").click()
    board.locator(".household", has_text="赵德才家").get_by_role("button").click()
    zhao.reads("谢谢，已记下您正赶往王建国家。")
    expect(board.locator(".figure-main dd")).to_have_text("2/3")

    board.get_by_role("link", name="解除警情").click()
    board.get_by_label("已救助").check()
    board.get_by_label("备注").fill("老人跌倒，已送卫生院")
    board.get_by_role("button", name="解除警情并通知大家").click()
    expect(board.locator(".closed")).to_contain_text("已救助")
    chen.reads("王建国家")
    expect(board.locator(".household", has_text="李大明家")).to_contain_text("已告知解除")
    assert street.record()["outcome"] == "helped"
    for phone in street.phones[1:]:
        phone.may_be_rung()
        phone.may_get("王建国家")
    for page in (village, own_phone, board):
        page.context.close()


def test_without_scripts_on_a_small_phone_an_alarm_goes_all_the_way(
    town: Town, neighbours: Neighbours, browser: Browser
) -> None:
    street = neighbours.settle("孙有福", "钱仙珠", leader=1)
    handsets, board = _page(browser, PHONE, scripts=False), _page(browser, PHONE, scripts=False)
    _sign_in(board, town, "陈调度")
    address = _handsets_of(street)
    sun, qian = (f"{address}?number={quote(phone.number)}" for phone in street.phones)

    handsets.goto(address)
    _taps(handsets, "button", "# 9 求助")
    street.phones[0].handset.wait_for_own_call()
    handsets.goto(qian)
    street.phones[1].handset.wait_for_call("ringing")
    _taps(handsets, "link", "刷新")
    _taps(handsets, "button", "接听")
    _taps(handsets, "button", "按键 1")
    street.phones[1].hears("谢谢，已记下您正赶往孙有福家。")
    _taps(handsets, "link", "刷新")
    expect(handsets.locator(".screen")).to_contain_text("谢谢，已记下您正赶往孙有福家。")

    board.goto(town.url)
    board.get_by_role("link", name=f"墙下陶村{street.name}·桥东第1家").click()
    expect(board.locator(".figure-main dd")).to_have_text("1/1")

    # Taken back on the handset that called: two stars.
    handsets.goto(sun)
    for _ in range(2):
        _taps(handsets, "button", "按键 *")
    street.phones[0].own_call("completed")
    street.phones[1].gets_text("误按")
    board.reload()
    expect(board.locator(".closed")).to_contain_text("误报")
    street.phones[1].is_alerted()
    for page in (handsets, board):
        page.context.close()
