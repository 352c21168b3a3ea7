"""The board and a household's page in Firefox: `make firefox` (docs/testing.md says why not with all the others)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from config.database import read_clock
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel
from tests.edges.web.conftest import VILLAGE
from tests.edges.web.scenes import deliveries_to
from tests.journeys.browser.conftest import PHONE, Site, Window

ROOT = Path(__file__).parents[3]


@pytest.fixture
def firefox(playwright: Playwright, tmp_path: Path) -> Iterator[Browser]:
    """Debian's Firefox, by WebDriver BiDi, with what stands between the two."""
    starter = tmp_path / "firefox"
    starter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "tools/firefox_shim.py"}" "$@"\n')
    starter.chmod(0o755)
    words: dict[str, str | float | bool] = {"intl.accept_languages": "zh-CN"}
    opened = playwright.firefox.launch(channel="moz-firefox", executable_path=starter, firefox_user_prefs=words)
    yield opened
    opened.close()


@pytest.fixture
def window(firefox: Browser, site: Site) -> Iterator[Window]:
    context = firefox.new_context(viewport={"width": PHONE, "height": 780})
    opened = Window(context, site)
    yield opened
    context.close()


def test_the_board_lives_and_a_number_is_changed_in_firefox(window: Window) -> None:
    page, site = window.page, window.site
    window.sign_in()
    page.goto(site.incident)
    expect(page.get_by_role("link", name="拨打110")).to_be_visible()
    expect(page.locator(".figure-main dd")).to_have_text("2/8")
    with site.store.begin() as session:
        acknowledge(
            session, deliveries_to(session, site.incident_id, 3)[0], Answer.COMING, Channel.SMS, read_clock(session)
        )
    expect(page.locator(".figure-main dd")).to_have_text("3/8")

    window.forget_who_it_was()
    window.sign_in("village_head")
    page.goto(f"{site.url}/villages/{VILLAGE}?q=wjg")
    page.get_by_role("link", name="王建国", exact=True).click()
    # By its keys: in Firefox the page's own policy lets no script of ours fill a field.
    page.locator("#number-1").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("13905741234")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".notice-success")).to_be_visible()
    page.goto(f"{site.url}/villages/{VILLAGE}/history")
    expect(page.locator(".doing h2").first).to_contain_text(re.compile("改了王建国家的号码"))
    page.get_by_role("button", name="撤销").first.click()
    expect(page.locator(".doing h2").first).to_contain_text("撤销了")
