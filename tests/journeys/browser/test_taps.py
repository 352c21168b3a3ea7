"""How many taps each of six tasks takes, walked on a phone; docs/look.md has the figures, and what it took before.

A press, a tick and each of the two taps of a choice count one; typing does not. What a task begins at is the page that
its reader has open: the list of incidents for an operator, the village's home for a head.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Locator, expect
from sqlalchemy import select

from groups.models.roster import Household, Phone, PhoneKind, Village
from tests.edges.web.conftest import VILLAGE
from tests.edges.web.scenes import number
from tests.journeys.browser.conftest import Site, Window, on_a_phone
from tests.support.past_incidents import close_past

LOOK = Path(__file__).parents[3] / "docs/look.md"
UNGROUPED = 40


class Finger:
    """Counts its taps."""

    def __init__(self) -> None:
        self.taps = 0

    def tap(self, target: Locator) -> None:
        self.taps += 1
        target.click()

    def choose(self, target: Locator, label: str) -> None:
        """Open the list, and choose."""
        self.taps += 2
        target.select_option(label=label)


def _settle(site: Site) -> str:
    """Forty households in no group, a number that is refused, and alarms of last month, one much slower."""
    last_month = (datetime.now(UTC).replace(day=1) - timedelta(days=9)).replace(hour=2)
    with site.store.begin() as session:
        village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
        session.scalars(select(Phone).where(Phone.number == number(4))).one().call_refused_code = "21211"
        for place in range(UNGROUPED):
            house = Household(
                village_id=village.id, head=f"新户{place}", door=f"{place}号", landmark="桥西", position=place
            )
            session.add(house)
            session.flush()
            session.add(Phone(household_id=house.id, number=f"+861390001{place:04}", kind=PhoneKind.MOBILE))
        for at, (head, seconds) in enumerate((("快一", 20), ("慢二", 900), ("快三", 30))):
            opened = last_month + timedelta(days=at)
            close_past(session, head, opened, comers=((seconds, seconds + 60),), village=(village.id, village.name))
    return f"{last_month:%Y-%m}"


@on_a_phone
def test_each_of_six_tasks_takes_no_more_taps_than_the_document_says(window: Window) -> None:
    month = _settle(window.site)
    page, taken = window.page, {}
    window.sign_in()
    page.goto(f"{window.site.url}/incidents")
    finger = Finger()
    expect(page.locator(".alarm")).to_contain_text(re.compile("李国强家.*赶来|赶来.*李国强家", re.DOTALL))
    taken["see who comes"] = finger.taps

    finger = Finger()
    finger.tap(page.get_by_role("link", name="查找以往警情"))
    finger.tap(page.get_by_role("link", name="上月最慢的"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(month)
    expect(page.locator("#found > li").first).to_contain_text("慢二家")
    taken["find last month's slowest alarm"] = finger.taps

    window.forget_who_it_was()
    window.sign_in("village_head")
    home = f"{window.site.url}/villages/{VILLAGE}"
    page.goto(home)
    finger = Finger()
    finger.tap(page.get_by_role("link", name="加入住户"))
    page.get_by_label("户主").fill("新来的")
    page.locator("#number-1").fill("13905741111")
    finger.choose(page.get_by_label("联防组"), "3组")
    finger.tap(page.get_by_role("button", name="保存"))
    expect(page.locator(".notice-success")).to_contain_text("新来的")
    taken["add a household"] = finger.taps

    page.goto(home)
    finger = Finger()
    page.get_by_role("searchbox").fill("wjg")
    finger.tap(page.get_by_role("button", name="查找"))
    finger.tap(page.get_by_role("link", name="王建国", exact=True))
    finger.tap(page.get_by_role("button", name="外出"))
    expect(page.locator(".notice-success")).to_contain_text("外出")
    taken["mark away"] = finger.taps

    page.goto(home)
    finger = Finger()
    finger.tap(page.locator(".problems a[href$='/to-check']"))
    card = page.locator(".house", has_text="张志明")
    finger.tap(card.locator("summary").first)
    card.locator("input[name=number]").first.fill("13905742222")
    finger.tap(card.get_by_role("button", name="保存").first)
    expect(page.locator(".house", has_text="张志明")).to_contain_text("139 0574 2222")
    taken["mend a failing number"] = finger.taps

    page.goto(home)
    finger = Finger()
    finger.tap(page.locator(".problems a[href$='/ungrouped']"))
    finger.tap(page.get_by_role("link", name="编组"))
    finger.tap(page.get_by_role("button", name="确认编组"))
    expect(page.locator(".notice-success")).to_be_visible()
    page.goto(f"{home}/ungrouped")
    expect(page.get_by_text("所有住户都已编组")).to_be_visible()
    taken["assign 40 ungrouped households"] = finger.taps

    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| \*\*(\d+)\*\*", LOOK.read_text(), re.MULTILINE)
    assert taken == {task: int(taps) for task, taps in rows}
