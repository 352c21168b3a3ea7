"""The figures in a real browser: both widths, axe, keyboard, an export that opens, screenshots for the docs."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from config.database import Database
from groups.commands.demo.load import load_demo
from tests.journeys.browser.conftest import DESKTOP, PHONE, Site, Window, on_a_pc
from tests.journeys.browser.looks import sideways, violations

DAY = "as_of=2026-11-23"


@pytest.fixture
def town(site: Site) -> Site:
    """The demo town beside the site's own villages would be refused: it takes their place."""
    store: Database = site.store
    with store.begin() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("DELETE FROM accounts WHERE role = 'village_head'"))
        for table in ("phones", "households", "groups", "villages"):
            session.execute(text(f"DELETE FROM {table}"))
    with store.begin() as session:
        load_demo(session, carrier_is_simulator=True)
    return site


@on_a_pc
def test_a_liaison_reads_the_figures_and_takes_them_along_and_the_pages_around_them_have_no_fault(
    town: Site, window: Window
) -> None:
    window.sign_in("liaison")
    window.page.goto(f"{town.url}/coverage?{DAY}")

    page = window.page
    assert page.get_by_text("65.6%").first.is_visible()
    for width in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": 780})
        assert page.locator("svg[role=img]:visible").count() == 2
        small = page.evaluate(
            "() => [...document.querySelectorAll('svg[role=img]')].filter(each => each.checkVisibility())"
            ".map(each => each.getBoundingClientRect().width / each.viewBox.baseVal.width * 14)"
        )
        assert min(small) >= 12, "the smallest word of a drawing"
        assert [*violations(page), *sideways(page)] == []
        if shots := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(shots) / f"coverage-{width}.png", full_page=width > 400)

    with page.expect_download() as download:
        page.locator("#exports").get_by_text("CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert {row["村居"]: row["覆盖率"] for row in rows}["墙下陶村"] == "0.8571"
    assert [row["覆盖率"] for row in rows if row["村居"] == "合计"] == ["0.6560"]

    page.locator("main summary").first.focus()
    page.keyboard.press("Enter")
    page.locator("#village").select_option(label="墙下陶村")
    page.locator("#village").press("Tab")
    page.get_by_role("button", name="显示").press("Enter")
    page.wait_for_url("**village=HJ01**")
    assert page.get_by_role("heading", level=1).inner_text().startswith("墙下陶村")
    assert window.at_each_width(window.violations) == []
    _look_around(town, window)


def _look_around(town: Site, window: Window) -> None:
    window.forget_who_it_was()
    window.sign_in("admin")
    found = {}
    for path in (
        "/coverage/counts",
        "/coverage/api-clients",
        "/coverage?level=group&village=HJ01",
        "/coverage?as_of=x",
    ):
        window.page.goto(town.url + path)
        found[path] = window.at_each_width(lambda: [*violations(window.page), *sideways(window.page)])
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
