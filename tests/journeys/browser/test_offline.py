"""Without a network a head's phone shows the own village's numbers as they were kept, and nobody else's phone does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from config.database import read_clock
from groups.models.access_log import Look
from groups.models.accounts import AccountSession
from tests.journeys.browser.conftest import Window, on_a_phone
from tests.journeys.browser.looks import sideways, small_targets
from tests.support.handsets import eventually

_KEPT = """async () => {
  const kept = [];
  for (const name of await caches.keys())
    if (name.startsWith("offline-roster-")) kept.push(...(await (await caches.open(name)).keys()).map(each => name));
  return kept;
}"""
_AGE = """async (date) => {
  const name = (await caches.keys()).find(each => each.startsWith("offline-roster-"));
  const cache = await caches.open(name);
  const kept = await cache.match("/offline-roster");
  const headers = new Headers(kept.headers);
  headers.set("date", date);
  await cache.put("/offline-roster", new Response(await kept.blob(), {headers}));
}"""
_READY = "async () => { await navigator.serviceWorker.ready; return true; }"


@pytest.fixture
def page(window: Window) -> Iterator[Page]:
    """A head's page, with the roster kept and the script that answers without network at work."""
    window.sign_in("village_head")
    window.page.goto(f"{window.site.url}/roster")
    _wait_until_kept(window)
    window.page.evaluate(_READY)
    yield window.page
    # That a network is away is what the console complains of.
    window.complaints = [each for each in window.complaints if "ERR_" not in each]


def _wait_until_kept(window: Window) -> None:
    eventually(lambda: len(window.page.evaluate(_KEPT)) == 1, "the roster is kept")


def _count_looks(window: Window) -> int:
    with window.site.store.begin() as session:
        looks = select(func.count(Look.id)).where(Look.page == "offline_roster.show", Look.rows > 5)
        return session.scalar(looks) or 0


def _cut_network(window: Window) -> None:
    """The server goes: a browser's own switch does not reach the script that answers."""
    window.site.server.shutdown()
    window.site.server.server_close()


@on_a_phone
def test_without_network_the_numbers_are_shown_with_their_age_and_were_recorded_as_seen(
    window: Window, page: Page
) -> None:
    eventually(lambda: _count_looks(window) == 1, "that the numbers were handed out is on record")
    _cut_network(window)
    page.goto(f"{window.site.url}/villages/QX")
    expect(page.get_by_role("heading", name="没有网络：墙下陶村的号码")).to_be_visible()
    expect(page.get_by_text("（0小时前）")).to_be_visible()
    expect(page.locator("a[href^='tel:']").first).to_be_visible()
    assert page.locator(".brand svg").evaluate("each => each.getBoundingClientRect().width") > 10
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.site-header')).backgroundColor") == "rgb(11, 79, 138)"
    )
    assert [*window.violations(), *small_targets(page), *sideways(page)] == []

    six_days = format_datetime(datetime.now(UTC) - timedelta(days=6, hours=1), usegmt=True)
    page.evaluate(_AGE, six_days)
    page.goto(f"{window.site.url}/incidents")
    expect(page.get_by_role("heading", name="没有网络：墙下陶村的号码")).to_be_visible()
    page.evaluate(_AGE, format_datetime(datetime.now(UTC) - timedelta(days=7, minutes=1), usegmt=True))
    page.goto(f"{window.site.url}/incidents")
    expect(page.get_by_role("heading", name="没有网络", exact=True)).to_be_visible()
    assert page.evaluate(_KEPT) == [], "after seven days it is gone"


@on_a_phone
def test_the_numbers_go_at_sign_out_and_nobody_else_on_the_phone_sees_them(window: Window, page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("link", name="village_head").click()
    page.get_by_role("button", name=re.compile("^退出登录")).click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    eventually(lambda: page.evaluate(_KEPT) == [], "nothing is kept any more")

    window.sign_in("village_head")
    page.goto(f"{window.site.url}/roster")
    _wait_until_kept(window)
    # Signed out from elsewhere: the next page is the one where one signs in.
    with window.site.store.begin() as session:
        session.execute(update(AccountSession).values(revoked_at=read_clock(session)))
    page.goto(f"{window.site.url}/roster")
    eventually(lambda: page.evaluate(_KEPT) == [], "nothing is kept any more")
    _cut_network(window)
    page.goto(f"{window.site.url}/villages/QX")
    expect(page.get_by_role("heading", name="没有网络", exact=True)).to_be_visible()
    assert page.locator("a[href^='tel:']").count() == 0
