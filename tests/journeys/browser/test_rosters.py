"""A village head's way through the rosters in real browsers: on a phone, on a PC, and without scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect
from sqlalchemy import select

from config.database import read_clock
from groups.accounts.invitations import invite
from groups.models.accounts import Account
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.roster import Group, Household, Phone
from joint_defense.alarms.intake import Trigger, raise_alarm
from joint_defense.models.incidents import Delivery
from joint_defense.rules.states import Channel
from tests.edges.web.conftest import VILLAGE
from tests.edges.web.scenes import number, settle_group
from tests.journeys.browser.conftest import DESKTOP, PHONE, Site, Window, on_a_pc, on_a_phone
from tests.journeys.browser.looks import sideways, small_targets, text_sizes

PASSWORD = "three old camphor trees"
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Village:
    """The ids of the group 5组 that stands beside the scene's, and the head's sign-in code."""

    group: int
    code: str


def _prepare(site: Site) -> Village:
    with site.store.begin() as session:
        group = session.scalars(select(Group).where(Group.name == "3组")).first() or settle_group(session, VILLAGE)
        other = Group(village_id=group.village_id, name="5组", position=9)
        session.add(other)
        session.flush()
        account = session.scalars(select(Account).where(Account.name == "village_head")).one()
        batch = Batch(session, Author("admin", Source.COMMAND), Action.INVITE, read_clock(session), ZONE)
        return Village(group.id, invite(batch, account))


def _first_sign_in(window: Window, code: str) -> Page:
    page = window.page
    page.goto(f"{window.site.url}/first-sign-in")
    page.locator("#code").fill(code)
    return _choose_password(page)


def _first_sign_in_by_camera(window: Window, code: str) -> Page:
    """The code stands behind the #: no server sees it, and the browser's history does not keep it."""
    page = window.page
    page.goto(f"{window.site.url}/first-sign-in#{code}")
    expect(page.locator("#code")).to_have_value(code)
    expect(page).to_have_url(f"{window.site.url}/first-sign-in")
    expect(page.locator("#new")).to_be_focused()
    return _choose_password(page)


def _choose_password(page: Page) -> Page:
    page.locator("#new").fill(PASSWORD)
    page.get_by_role("button", name="设置密码并登录").click()
    expect(page.get_by_role("heading", name="墙下陶村")).to_be_visible()
    return page


def _rung(site: Site, door: int) -> set[str]:
    """The numbers that a #9 from behind this door rings."""
    with site.store.begin() as session:
        later = read_clock(session) + timedelta(hours=1)
        answer = raise_alarm(session, Trigger(f"CA-{later}", number(door), Channel.CALL), later)
        rows = select(Delivery.number).where(
            Delivery.incident_id == answer.incident_id, Delivery.channel == Channel.CALL
        )
        return set(session.scalars(rows))


@on_a_phone
def test_a_head_signs_in_changes_a_number_in_two_taps_moves_a_household_and_takes_it_back(window: Window) -> None:
    village = _prepare(window.site)
    page = _first_sign_in_by_camera(window, village.code)
    page.get_by_role("link", name=re.compile("^3组")).click()

    # Two taps and typing: 改号, the digits, 保存.
    card = page.locator(".house", has_text="陈桂芳")
    card.locator("summary").click()
    expect(card.locator("input[name=number]")).to_be_focused()
    page.keyboard.type("13905748888")
    card.get_by_role("button", name="保存").click()
    expect(page.locator(".house", has_text="陈桂芳")).to_contain_text("新号码：139 0574 8888")

    page.locator(".house", has_text="赵阿根").get_by_role("link", name="赵阿根", exact=True).click()
    page.get_by_text("换组、移出名册").click()
    page.get_by_label("联防组").select_option(label="5组")
    page.get_by_role("button", name="移动").click()
    expect(page.get_by_role("heading", name="5组")).to_be_visible()
    expect(page.locator(".house", has_text="赵阿根")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("已撤销")).to_be_visible()

    page.get_by_role("link", name=re.compile("墙下陶村")).first.click()
    page.get_by_role("searchbox").fill("zag")
    page.get_by_role("button", name="查找").click()
    expect(page.locator(".house", has_text="赵阿根")).to_contain_text("3组")

    rung = _rung(window.site, 7)
    assert "+8613905748888" in rung, "the changed number rings"
    assert number(3) not in rung, "the old one stays silent"


@on_a_pc
def test_a_row_is_edited_in_place_and_a_row_of_doors_is_put_in_order(window: Window) -> None:
    village = _prepare(window.site)
    page = _first_sign_in(window, village.code)
    page.goto(f"{window.site.url}/villages/{VILLAGE}/groups/{village.group}")
    page.locator(".house", has_text="周美华").get_by_role("link", name=re.compile("修改")).click()
    page.get_by_label("方位").fill("祠堂西第1家")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".house", has_text="周美华")).to_contain_text("祠堂西第1家")

    page.get_by_role("link", name="门户顺序").click()
    page.locator(".house", has_text="周美华").get_by_role("button", name=re.compile("上移")).click()
    expect(page.locator(".house").nth(4)).to_contain_text("周美华")
    expect(page.locator(".house").first).to_have_attribute("draggable", "true")
    # A row that is exchanged while it is held is let go of: the exchange is over when htmx has settled, and the
    # page stands still once the notice's script runs.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)
    expect(page.locator(".alarm-sound:not(.needs-script)")).to_be_visible()
    # The row stands at its new place before the server has heard of it.
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator(".house", has_text="周美华").drag_to(
            page.locator(".house").first, target_position={"x": 40, "y": 3}
        )
    expect(page.locator(".house").first).to_contain_text("周美华")
    page.reload()
    expect(page.locator(".house").first).to_contain_text("周美华")


def test_a_head_keeps_the_roster_without_scripts(plain_window: Window) -> None:
    village = _prepare(plain_window.site)
    page = _first_sign_in(plain_window, village.code)
    page.get_by_role("link", name=re.compile("^3组")).click()
    card = page.locator(".house", has_text="陈桂芳")
    card.locator("summary").click()
    card.locator("input[name=number]").fill("87654321")
    card.get_by_role("button", name="保存").click()
    expect(page.locator(".house", has_text="陈桂芳")).to_contain_text("0574 8765 4321")
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".house", has_text="陈桂芳")).to_contain_text("138 0000 1003")
    page.locator(".house", has_text="周美华").get_by_role("link", name=re.compile("修改")).click()
    page.get_by_label("门牌").fill("6号甲")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".house", has_text="周美华")).to_contain_text("6号甲")
    page.get_by_role("link", name="门户顺序").click()
    page.locator(".house", has_text="周美华").get_by_role("button", name=re.compile("上移")).click()
    expect(page.locator(".house").nth(4)).to_contain_text("周美华")


@on_a_phone
def test_every_page_of_the_rosters_is_legible_and_axe_finds_nothing(window: Window) -> None:
    """In both languages; axe looks at Chinese on a phone and at English on a PC."""
    village = _prepare(window.site)
    page = _first_sign_in(window, village.code)
    with window.site.store.begin() as session:
        wang = session.scalars(select(Household).where(Household.head == "王建国")).one()
        session.scalars(select(Phone).where(Phone.number == number(4))).one().call_refused_code = "21211"
        wang_id = wang.id
    home = f"{window.site.url}/villages/{VILLAGE}"
    pages = {
        "home": home,
        "found": f"{home}?q=wang",
        "group": f"{home}/groups/{village.group}",
        "order": f"{home}/groups/{village.group}?ordering=1",
        "settings": f"{home}/groups/{village.group}/settings",
        "household": f"{home}/households/{wang_id}",
        "new": f"{home}/households/new?group={village.group}",
        "history": f"{home}/history",
        "ungrouped": f"{home}/ungrouped",
        "to check": f"{home}/to-check",
    }
    found: dict[str, object] = {}
    for name, address in pages.items():
        page.goto(address)
        found[name] = _looks_of(window, axe_at={PHONE})
    window.speak_english()
    for name, address in pages.items():
        page.goto(address)
        found[f"{name} in English"] = _looks_of(window, axe_at={DESKTOP})
    page.goto(pages["group"])
    page.locator("details.renumber summary").first.click()
    page.locator(".renumber[open] input[name=number]").fill("1")
    page.locator(".renumber[open] button").click()
    page.locator(".renumber[open] .field-error").wait_for()
    found["wrong number"] = window.at_each_width(window.violations)
    window.forget_who_it_was()
    window.speak_english()
    window.sign_in("admin")
    for name in ("villages", "accounts", "audit", "first-sign-in"):
        page.goto(f"{window.site.url}/{name}")
        found[name] = _looks_of(window, axe_at={PHONE, DESKTOP})

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _looks_of(window: Window, *, axe_at: set[int]) -> list[str]:
    page = window.page

    def look() -> list[str]:
        size = page.viewport_size
        by_axe = window.violations() if size and size["width"] in axe_at else []
        return [*by_axe, *small_targets(page), *_illegible(page)]

    return window.at_each_width(look)


def _illegible(page: Page) -> list[str]:
    smallest = min(size for size, _ in text_sizes(page))
    return [*([] if smallest >= 16 else [f"text of {smallest} px"]), *sideways(page)]
