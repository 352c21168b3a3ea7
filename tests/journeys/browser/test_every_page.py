"""What is true of every page: for eyes, fingers, screen readers, at both widths, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from config.database import read_clock
from groups.models.accounts import Account
from groups.models.roster import Household
from joint_defense.alarms.closing import close
from joint_defense.rules.states import ClosingOutcome
from tests.edges.web.conftest import VILLAGE
from tests.journeys.browser.conftest import DESKTOP, PHONE, Window, on_a_phone
from tests.journeys.browser.looks import sideways, small_targets, text_sizes

PAGES = {
    "list": "/incidents",
    "incident": "/incidents/{incident}",
    "note": "/incidents/{incident}/note",
    "close": "/incidents/{incident}/close",
    "account": "/account",
    "no such page": "/nowhere",
    "calm month": "/incidents?month=2020-01",
    "menu": "/account",
}

BY_NIGHT = {"list", "incident", "note", "close"}


def _open(window: Window, page: str) -> None:
    window.page.goto(window.site.url + PAGES[page].format(incident=window.site.incident_id))
    if page == "menu" and window.page.locator(".menu summary").is_visible():
        header = window.page.locator(".site-header").bounding_box()
        assert header is not None
        assert header["height"] < 60, "one line on a phone"
        window.page.locator(".menu summary").click()


# What axe looks at differs with the width (what stands where) and with the language (labels), and never with both.
@pytest.mark.parametrize(
    ("width", "english"), [(PHONE, False), (DESKTOP, True)], indirect=["width"], ids=["phone-chinese", "pc-english"]
)
def test_axe_finds_nothing_on_any_page_and_fingers_and_eyes_find_enough(window: Window, english: bool) -> None:
    if english:
        window.speak_english()
    window.page.goto(f"{window.site.url}/sign-in")
    found = {"sign-in": [*window.violations(), *window.at_each_width(lambda: small_targets(window.page))]}
    window.sign_in_on_its_page(password="wrong")
    found["wrong password"] = window.violations()
    window.sign_in_on_its_page()
    for page in PAGES:
        _open(window, page)
        found[page] = [*window.violations(), *window.at_each_width(lambda: _unfit(window))]
        if page in BY_NIGHT:
            found[f"{page} by night"] = _look_by_night(window)
    window.page.goto(f"{window.site.url}/account/second-factor")
    window.page.locator("main form button").click()
    expect(window.page.locator("svg.qr")).to_be_visible()
    # The QR code and its key fit a phone.
    found["second factor"] = [*window.violations(), *window.at_each_width(lambda: sideways(window.page))]
    _open(window, "note")
    window.page.get_by_role("button").last.click()
    expect(window.page.locator(".field-error")).to_be_visible()
    found["empty note"] = window.violations()
    with window.site.store.begin() as session:
        close(session, window.site.incident_id, ClosingOutcome.HELPED, "灶台起火已扑灭", "林", read_clock(session))
    _open(window, "incident")
    found["closed incident"] = window.violations()

    assert {page: wrong for page, wrong in found.items() if wrong} == {}


def _look_by_night(window: Window) -> list[str]:
    """What axe finds wrong with the page that is open, where the system is dark; a line where it is not dark itself."""
    window.page.emulate_media(color_scheme="dark")
    ground = window.page.evaluate("getComputedStyle(document.body).backgroundColor")
    found = [*window.violations(), *([] if ground == "rgb(15, 22, 29)" else [f"the ground is {ground}"])]
    window.page.emulate_media(color_scheme="light")
    return found


def _at_twice_the_size(window: Window) -> list[str]:
    """A line, where letters of 200 % need the page to be scrolled sideways."""
    window.page.evaluate("document.documentElement.style.fontSize = '225%'")
    return [f"at 200 %: {wrong}" for wrong in sideways(window.page)]


def _unfit(window: Window) -> list[str]:
    """What is too small for a finger or an eye, or does not fit on the screen."""
    sizes = text_sizes(window.page)
    total = sum(count for _, count in sizes)
    large = sum(count for size, count in sizes if size >= 18)
    wrong = [f"text of {size} px" for size, _ in sizes if size < 16]
    wrong += [] if large > 0.85 * total else [f"only {large} of {total} letters are large"]
    return [*wrong, *small_targets(window.page), *sideways(window.page)]


@on_a_phone
def test_every_page_can_be_walked_with_the_keyboard_and_on_paper_it_has_no_buttons(window: Window) -> None:
    page = window.page
    window.sign_in()
    # Nothing new comes in while somebody walks: what is asked of the page's elements would be asked of their followers.
    page.route(re.compile("/live"), lambda route: route.fulfill(status=204))
    for width in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": 780})
        _open(window, "incident")
        page.keyboard.press("Tab")

        expect(page.locator(".skip-link")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        page.keyboard.press("Tab")
        assert "solid" in str(page.locator(":focus").evaluate("each => getComputedStyle(each).outline"))

        page.emulate_media(media="print")
        for words in ("王建国家、徐小红家求助", "赵阿根家", "时间线"):
            assert page.get_by_role("heading", name=words).or_(page.get_by_text(words)).first.is_visible()
        assert page.locator(".btn:visible, header:visible, footer:visible").count() == 0
        page.emulate_media(media="screen")


# Lists that were brought in have a key of their own: they are looked at where they are brought in.
# Not pages: files, parts of pages that scripts swap in, streams, and what machines read; what is kept for when there is
# no network is looked at by itself.
_NO_PAGE = re.compile(
    r"^/(api|voice|sms|status|healthz|readyz|metrics|static|\w+/static|offline-)|[.]|export|/live$|/progress$|/row$"
)


@on_a_phone
def test_no_page_of_the_site_is_left_out(window: Window) -> None:
    window.sign_in("admin")
    with window.site.store.begin() as session:
        household = session.scalars(select(Household).where(Household.group_id.is_not(None))).first()
        assert household is not None
        known = {
            "code": VILLAGE,
            "group_id": household.group_id,
            "household_id": household.id,
            "account_id": session.scalars(select(Account.id)).first(),
            "incident_id": window.site.incident_id,
            "kind": "responders",
            "topic": "texts",
        }
    wrong = {}
    looked_at = 0
    for rule in window.site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or _NO_PAGE.search(rule.rule) or not rule.arguments <= known.keys():
            continue
        _, address = rule.build(known, append_unknown=False) or ("", "")
        answer = window.page.goto(window.site.url + address)
        assert answer is not None
        # Figures of a village that nobody has counted are refused in words, on a page as good as the others.
        assert answer.status == (422 if rule.rule == "/coverage" else 200), rule.rule
        looked_at += 1
        if found := [
            *window.violations(),
            *small_targets(window.page),
            *sideways(window.page),
            *_at_twice_the_size(window),
        ]:
            wrong[rule.rule] = found

    assert wrong == {}
    assert looked_at > 30
