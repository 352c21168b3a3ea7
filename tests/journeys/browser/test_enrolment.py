"""A queue at the village office on a PC and a phone, and the carrier's list with doubtful rows, in real browsers."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from groups.models.accounts import AccountRole
from groups.models.enrolment import Device, Subscription, Tariff
from groups.models.roster import Household, Phone, PhoneKind, Village
from tests.edges.web.conftest import VILLAGE
from tests.journeys.browser.conftest import Site, Window, on_a_pc
from tests.journeys.browser.looks import sideways, violations

PLAN = "平安联防#9按键"
QUEUE = ("孙一平", "孙二安", "孙三联", "孙四防", "孙五户", "孙六门", "孙七村", "孙八组", "孙九键", "孙十家")


@pytest.fixture
def queue(site: Site) -> list[str]:
    """Ten households that have not signed up, and what their plan costs."""
    with site.store.begin() as session:
        session.add(Tariff(plan=PLAN, starts_on=date(2024, 1, 1), village_fen=300, carrier_fen=300))
        village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
        for place, head in enumerate(QUEUE):
            house = Household(village_id=village.id, head=head, door=f"{200 + place}号", position=900 + place)
            session.add(house)
            session.flush()
            number = f"+861391111000{place}"
            session.add(Phone(household_id=house.id, number=number, kind=PhoneKind.MOBILE))
    return list(QUEUE)


@on_a_pc
def test_ten_households_are_signed_up_with_three_keys_each(window: Window, queue: list[str]) -> None:
    page = window.page
    window.sign_in(AccountRole.LIAISON.value)
    page.goto(f"{window.site.url}/enrolment")
    for place, head in enumerate(queue):
        expect(page.locator("#q")).to_be_focused()
        # A door, a number's end, pinyin, a name: one key each, as somebody in the queue says it.
        page.keyboard.type((f"{200 + place}号", f"1111000{place}", head)[place % 3])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=head)).to_be_visible()
        expect(page.locator("#serial")).to_be_focused()
        if place % 2:
            page.keyboard.type(f"K200{place}")
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"{head} 已开通")).to_be_visible()
    expect(page.get_by_role("heading", name="今日已办理 10")).to_be_visible()
    assert window.at_each_width(window.violations) == []

    for address in ("/enrolment?q=sun", "/enrolment/devices", "/enrolment/bill", "/enrolment/tariffs"):
        page.goto(window.site.url + address)
        assert window.at_each_width(lambda: [*violations(page), *sideways(page)]) == [], address
    page.goto(f"{window.site.url}/enrolment")
    page.get_by_role("link", name=queue[0]).click()
    expect(page.get_by_role("heading", name=queue[0])).to_be_visible()
    assert window.at_each_width(window.violations) == [], "a household"
    page.get_by_text("停机").first.click()
    page.get_by_label("自", exact=True).first.fill("2000-01-01")
    page.get_by_role("button", name="停机").click()
    expect(page.locator("#wrong")).to_contain_text("早于开通日")
    assert window.at_each_width(window.violations) == [], "a refusal"

    page.goto(f"{window.site.url}/enrolment")
    page.get_by_role("button", name=re.compile(f"撤销.*{queue[-1]}")).click()
    expect(page.get_by_role("heading", name="今日已办理 9")).to_be_visible()
    with window.site.store.begin() as session:
        assert session.scalars(select(func.count(Subscription.id))).one() == 9
        assert session.scalars(select(func.count(Device.id))).one() == 4


def test_of_several_the_first_is_one_key_away_and_nothing_needs_a_script(
    plain_window: Window, queue: list[str]
) -> None:
    page = plain_window.page
    plain_window.sign_in(AccountRole.LIAISON.value)
    page.goto(f"{plain_window.site.url}/enrolment")
    page.locator("#q").fill("sun")
    page.locator("#q").press("Enter")
    first = page.locator(".household-link").first
    expect(first).to_be_focused()
    head = first.locator("strong").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("#serial")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{head} 已开通")).to_be_visible()


@on_a_pc
def test_a_carriers_list_has_its_doubtful_rows_decided_side_by_side(window: Window, queue: list[str]) -> None:
    page = window.page
    rows = ["号码,姓名,地址,套餐,开通日期,结束日期"]
    rows += [
        f"1391111000{place},{head},墙下陶村{200 + place}号,{PLAN},2026-03-0{place + 1},"
        for place, head in enumerate(queue[:6])
    ]
    rows += [f"13911110006,孙小七,墙下陶村9-9,{PLAN},2026-03-07,", f",孙八祖,墙下陶村207号,{PLAN},2026-03-08,"]
    window.sign_in(AccountRole.LIAISON.value)
    page.goto(f"{window.site.url}/enrolment/lists")
    assert window.at_each_width(window.violations) == []
    content = "\n".join(rows).encode()
    page.set_input_files("#file", {"name": "三月.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="核对").click()

    expect(page.get_by_role("heading", name="存疑：是哪一户？ 2")).to_be_visible()
    expect(page.get_by_role("button", name="确认写入 6 行")).to_be_visible()
    assert window.at_each_width(window.violations) == []
    beside = page.locator("fieldset", has_text="孙小七")
    expect(beside.get_by_text("孙七村")).to_be_visible()
    beside.get_by_label("孙七村").check()
    page.locator("fieldset", has_text="孙八祖").get_by_label("都不是").check()
    page.get_by_role("button", name="保存以上选择").click()
    expect(page.get_by_role("heading", name="已人工确定 2")).to_be_visible()
    page.get_by_role("button", name="确认写入 7 行").click()

    expect(page.get_by_text("写入。")).to_be_visible()
    with window.site.store.begin() as session:
        assert session.scalars(select(func.count(Subscription.id))).one() == 7
