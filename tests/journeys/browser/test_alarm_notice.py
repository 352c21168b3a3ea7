"""A new alarm on whatever page is open: banner, title and sound within five seconds; and the page behind a link."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from config.database import read_clock
from joint_defense.delivery.sender import Links
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.states import Role
from tests.edges.web.scenes import raise_from
from tests.journeys.browser.conftest import PHONE, Window
from tests.journeys.browser.looks import small_targets, too_wide
from tests.support.handsets import eventually

# Keeps what has moved on the page without anybody's touch.
WATCH_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => shifts.push(...list.getEntries().map((each) => each.value)))
  .observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize("width", [PHONE], indirect=True, ids=["phone"])
def test_a_new_alarm_shows_on_any_page_within_five_seconds_with_title_and_sound(window: Window) -> None:
    page = window.page
    with window.site.store.begin() as session:
        session.get_one(Incident, window.site.incident_id).closed_at = read_clock(session)
    window.sign_in("village_head")
    page.goto(f"{window.site.url}/account")
    sound = page.get_by_role("button", name="新求助提示音：开")
    expect(sound).to_be_visible()
    sound.click()
    expect(page.get_by_role("button", name="新求助提示音：关")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="新求助提示音：关").click()
    expect(page.locator("[data-alarm]")).to_have_count(0)

    with window.site.store.begin() as session:
        incident_id = raise_from(session, 5, read_clock(session), key="CA9")
        window.site.asked.clear()
    expect(page.locator("#new-alarms [data-alarm]")).to_contain_text("赵阿根家求助")
    # Not by a watch: on a busy machine it would tell of the machine. The page looks so often, and the first look that
    # comes after the alarm brings it; one more may have begun before we saw the banner.
    assert int(page.locator("#new-alarms").get_attribute("data-every") or 0) <= 4_000
    assert 1 <= window.site.asked.count(urlsplit(page.locator("#new-alarms").get_attribute("data-ask") or "").path) <= 3
    expect(page).to_have_title(re.compile("🔔 赵阿根家求助"))
    expect(page.locator("#new-alarms")).to_have_attribute("data-sounded", str(incident_id))
    expect(page.get_by_role("alert").filter(has_text="赵阿根家")).to_be_visible()
    assert [*window.violations(), *small_targets(page)] == []
    assert too_wide(page) <= 0

    page.add_init_script(WATCH_SHIFTS)
    page.reload()
    expect(page.locator("[data-alarm]")).to_be_visible()
    expect(page.locator(".alarm-sound:not(.needs-script)")).to_be_visible()
    assert page.evaluate("shifts") == [], "nothing moves under a finger when the script begins"
    page.get_by_role("button", name="知道了").click()
    expect(page.locator("[data-alarm]")).to_have_count(0)
    expect(page).to_have_title("我的账号 · 十户联防")
    assert page.locator("#new-alarms").get_attribute("data-sounded") is None, "it has sounded before"
    eventually(
        lambda: "data-alarm=" not in page.request.get(f"{window.site.url}/account").text(),
        "what was seen is not drawn only to be taken away",
    )


def test_without_scripts_a_page_shows_open_alarms_and_a_link_opens_on_a_cheap_phone(plain_window: Window) -> None:
    page, site = plain_window.page, plain_window.site
    plain_window.sign_in("village_head")
    page.goto(f"{site.url}/account")
    expect(page.locator("[data-alarm]")).to_contain_text("王建国家求助")

    with site.store.begin() as session:
        told = session.scalars(select(Delivery).where(Delivery.with_link, Delivery.role == Role.HEAD)).one()
        links = Links(site.url, site.app.extensions["settings"].secret_key)
        address = links.make_address(told.incident_id, told.id, told.number)
    plain_window.forget_who_it_was()
    page.goto(address)
    expect(page.get_by_role("heading", name="王建国家、徐小红家求助")).to_be_visible()
    expect(page.get_by_role("link", name="拨打110")).to_have_attribute("href", "tel:110")
    height = page.get_by_role("link", name="拨打110").bounding_box()
    assert height is not None
    assert height["height"] >= 47.5
    assert plain_window.context.cookies() == []
