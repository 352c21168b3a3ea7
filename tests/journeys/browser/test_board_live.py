"""The board while things happen: in a browser with scripts, without them, and with the line cut."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from sqlalchemy import delete

from config.database import read_clock
from groups.models.accounts import AccountSession
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.models.incidents import Incident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel
from tests.edges.web.conftest import PASSWORD
from tests.edges.web.scenes import deliveries_to, raise_from
from tests.journeys.browser.conftest import Site, Window, on_a_pc, on_a_phone


def _answers(site: Site, door: int, answer: Answer) -> None:
    with site.store.begin() as session:
        told = deliveries_to(session, site.incident_id, door)[0]
        acknowledge(session, told, answer, Channel.SMS, read_clock(session))


def _come(page: Page, of_all: str) -> None:
    expect(page.locator(".figure-main dd")).to_have_text(of_all)


@on_a_phone
def test_an_answer_shows_by_itself_and_takes_nobodys_focus_or_place(window: Window) -> None:
    window.sign_in()
    window.page.goto(window.site.incident)
    _come(window.page, "2/8")
    beside = window.page.locator(".household", has_text="张志明家")
    beside.locator("summary").click()
    expect(beside.get_by_role("button", name="再呼叫")).to_be_visible()
    window.page.locator("#to-note").focus()

    _answers(window.site, 3, Answer.COMING)

    _come(window.page, "3/8")
    expect(window.page.locator(".household", has_text="陈桂芳家").locator(".sign")).to_have_text("正在赶来")
    expect(window.page.locator("#to-note")).to_be_focused()
    expect(beside.get_by_role("button", name="再呼叫")).to_be_visible()
    expect(window.page.locator("#announcement")).to_have_text("8 家中有 3 家正在赶来。")


@on_a_pc
def test_a_new_incident_shows_on_the_list_and_in_the_tabs_title(window: Window) -> None:
    window.sign_in()
    window.page.goto(window.site.url)
    expect(window.page).to_have_title(re.compile("警情"))
    with window.site.store.begin() as session:
        session.get_one(Incident, window.site.incident_id).closed_at = read_clock(session)
    expect(window.page.get_by_role("heading", name="目前平安")).to_be_visible()

    with window.site.store.begin() as session:
        raise_from(session, 5, read_clock(session), key="CA9")

    expect(window.page.get_by_role("heading", name="有 1 起警情")).to_be_visible()
    expect(window.page).to_have_title("(1) 警情 · 十户联防")
    window.page.get_by_role("link", name="赵阿根家").click()
    expect(window.page.get_by_role("heading", name="赵阿根家求助")).to_be_visible()


@on_a_pc
def test_a_lost_connection_is_said_with_the_time_and_taken_back(window: Window) -> None:
    window.sign_in()
    window.page.goto(window.site.incident)
    banner = window.page.locator("#connection")
    expect(banner).to_be_hidden()
    with window.page.expect_response(re.compile(r"/incidents/\d+/live")) as asked:
        pass
    last = asked.value.headers["board-time"]

    window.context.set_offline(True)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("连接中断，正在重试。 最后更新")
    assert banner.inner_text()[-8:] >= last
    window.context.set_offline(False)
    expect(banner).to_be_hidden()
    # What htmx says of the cut line itself is no fault of the page.
    window.complaints[:] = [each for each in window.complaints if not each.startswith("htmx:")]


@on_a_pc
def test_whoever_is_signed_out_elsewhere_is_led_to_the_sign_in_and_back(window: Window) -> None:
    window.sign_in()
    window.page.goto(window.site.incident)
    # Not by taking its cookie away: an answer that is on its way would bring it back.
    with window.site.store.begin() as session:
        session.execute(delete(AccountSession))

    expect(window.page).to_have_url(re.compile("/sign-in"))
    window.page.locator("#login").fill("operator")
    window.page.locator("#password").fill(PASSWORD)
    window.page.get_by_role("button", name="登录").click()
    expect(window.page).to_have_url(window.site.incident)


@on_a_phone
def test_an_incident_is_handled_by_taps(window: Window) -> None:
    window.sign_in()
    window.page.goto(window.site.incident)
    window.page.locator(".household", has_text="张志明家").locator("summary").click()
    window.page.get_by_role("button", name=re.compile("再呼叫.*张志明家")).click()
    expect(window.page.get_by_text("正在再次呼叫 2 部电话")).to_be_visible()
    window.page.get_by_role("link", name="添加备注").click()
    window.page.get_by_label("备注").fill("已联系村医")
    window.page.get_by_role("button", name="记入时间线").click()
    expect(window.page.locator(".timeline")).to_contain_text("operator：已联系村医")
    window.page.get_by_role("link", name="解除警情").click()
    window.page.get_by_label("已救助").check()
    window.page.get_by_role("button", name="解除警情并通知大家").click()

    expect(window.page.get_by_text("警情已解除，正在通知")).to_be_visible()
    expect(window.page.locator(".closed")).to_contain_text("已救助")
    expect(window.page.get_by_role("button", name="呼叫")).to_have_count(0)


@on_a_phone
def test_a_password_can_be_looked_at(window: Window) -> None:
    window.page.goto(f"{window.site.url}/sign-in")
    window.page.locator("#password").fill("abc")
    window.page.get_by_role("button", name="显示").click()
    expect(window.page.locator("#password")).to_have_attribute("type", "text")
    window.page.get_by_role("button", name="隐藏").click()
    expect(window.page.locator("#password")).to_have_attribute("type", "password")


def test_without_scripts_everything_works_and_the_page_reloads_itself(plain_window: Window) -> None:
    page, site = plain_window.page, plain_window.site
    plain_window.sign_in()
    page.goto(site.incident)
    _come(page, "2/8")
    _answers(site, 3, Answer.COMING)
    _come(page, "3/8")
    # What is folded out stays so until the page comes anew, ten seconds later.
    with page.expect_navigation():
        pass
    page.locator(".household", has_text="张志明家").locator("summary").click()
    page.get_by_role("button", name=re.compile("再呼叫.*张志明家")).click()
    expect(page.get_by_text("正在再次呼叫 2 部电话")).to_be_visible()
    # The menu is opened where nothing closes it: a page that does not reload itself.
    page.get_by_role("link", name="添加备注").click()
    page.get_by_text("菜单").click()
    page.get_by_role("button", name="English").click()
    page.get_by_label("Note").fill("doctor is on the way")
    page.get_by_role("button", name="Put it on the timeline").click()
    expect(page.get_by_text("operator: doctor is on the way")).to_be_visible()
    page.get_by_role("link", name="Close the incident").click()
    page.get_by_label("False alarm").check()
    page.get_by_role("button", name="Close and give the all-clear").click()
    expect(page.locator(".closed")).to_contain_text("False alarm")
    page.goto(f"{site.url}/account")
    page.get_by_text("Menu").click()
    page.get_by_role("link", name="operator").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    # Shown only where a script can make them work.
    expect(page.get_by_role("button", name="Show")).to_have_count(0)
