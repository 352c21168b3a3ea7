"""b-messy.xlsx is brought, what it warns of mended, undone, and printed: on a phone, on a PC, without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from groups.account_models import AccountRole
from tests.edges.web.conftest import OTHER_VILLAGE
from tests.journeys.browser.conftest import Site, Window
from tests.journeys.browser.looks import small_targets

MESSY = Path(__file__).parents[2] / "data" / "rosters" / "b-messy.xlsx"


def bring(page: Page, site: Site) -> None:
    """From a village's home to the preview of the list."""
    page.goto(f"{site.url}/villages/{OTHER_VILLAGE}")
    page.get_by_role("link", name="导入名单").click()
    page.locator("#file").set_input_files(MESSY)
    page.get_by_role("button", name="看看会有什么变化").click()
    expect(page.get_by_text("尚未保存")).to_be_visible()


def well_formed(window: Window) -> None:
    assert window.violations() == []
    assert window.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert small_targets(window.page) == []


@pytest.fixture
def keeper(window: Window) -> Window:
    window.sign_in(AccountRole.ADMIN.value)
    return window


def test_a_messy_list_is_brought_mended_undone_and_printed(keeper: Window) -> None:
    page, site = keeper.page, keeper.site
    page.goto(f"{site.url}/villages/{OTHER_VILLAGE}/import")
    well_formed(keeper)
    bring(page, site)
    well_formed(keeper)
    page.locator(".fold summary").click()
    expect(page.get_by_label("联系电话")).to_have_value("mobile")
    well_formed(keeper)
    page.locator(".filters .verdict-warning").click()
    expect(page.locator(".verdicts > li")).to_have_count(3)
    page.get_by_role("button", name="确认：保存43户").click()
    expect(page.get_by_text("新增43户")).to_be_visible()
    well_formed(keeper)

    # What it warned of is mended where the household stands.
    page.get_by_role("link", name="查看名册").click()
    page.locator("#q").fill("zxf")
    page.locator("#q").press("Enter")
    page.get_by_role("link", name="郑小芳").click()
    page.locator("input[type=tel]").first.fill("13900008888")
    page.get_by_role("button", name=re.compile("保存")).first.click()
    expect(page.get_by_text("139 0000 8888").first).to_be_visible()

    page.goto(f"{site.url}/villages/{OTHER_VILLAGE}/directory")
    well_formed(keeper)
    page.get_by_role("button", name="用浏览器打印").click()
    expect(page.locator(".sheet")).to_have_count(5)
    expect(page.get_by_text("139 0000 8888")).to_be_visible()
    assert keeper.violations() == []


def test_the_whole_import_is_undone_on_its_own_page(keeper: Window) -> None:
    bring(keeper.page, keeper.site)
    keeper.page.get_by_role("button", name="确认：保存43户").click()
    keeper.page.get_by_role("button", name="撤销整次导入").click()
    expect(keeper.page.get_by_text("导入已撤销").first).to_be_visible()
    keeper.page.goto(f"{keeper.site.url}/villages/{OTHER_VILLAGE}/directory")
    expect(keeper.page.get_by_text("还没有可打印的联防组")).to_be_visible()


def test_a_list_is_brought_and_printed_without_scripts(plain_window: Window) -> None:
    page = plain_window.page
    plain_window.sign_in(AccountRole.ADMIN.value)
    bring(page, plain_window.site)
    page.get_by_role("button", name="确认：保存43户").click()
    expect(page.get_by_text("新增43户")).to_be_visible()
    page.goto(f"{plain_window.site.url}/villages/{OTHER_VILLAGE}/directory/print")
    expect(page.locator(".sheet")).to_have_count(5)
