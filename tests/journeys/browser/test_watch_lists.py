"""A head keeps grids, responders and cameras with a finger: both widths, axe, targets, a preview before an import."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import select

from groups.models.accounts import AccountRole
from groups.models.responders import Camera, Responder, Team
from groups.models.roster import Grid, Group
from tests.edges.web.conftest import VILLAGE
from tests.journeys.browser.conftest import Window, on_a_phone
from tests.journeys.browser.looks import sideways, small_targets, violations

LISTS = f"/villages/{VILLAGE}/lists"


@on_a_phone
def test_the_lists_are_kept_on_a_phone_and_on_a_pc(window: Window, tmp_path: Path) -> None:
    site, page = window.site, window.page
    with site.store.begin() as session:
        group = session.scalars(select(Group).limit(1)).one()
        grid = Grid(village_id=group.village_id, name="第1网格")
        session.add(grid)
        session.flush()
        group.grid_id = grid.id
        session.add_all(
            [
                Camera(village_id=group.village_id, grid_id=grid.id, name="桥头监控", landmark="大樟树下"),
                Responder(village_id=group.village_id, team=Team.STATION, name="村值班室", number="+8657487999001"),
            ]
        )
    window.sign_in(AccountRole.VILLAGE_HEAD.value)
    wrong = {}

    def look() -> list[str]:
        return [*violations(page), *small_targets(page), *sideways(page)]

    for address in (LISTS, f"{LISTS}/grids", f"{LISTS}/cameras"):
        page.goto(site.url + address)
        page.locator("main summary").first.click()
        wrong[address] = window.at_each_width(look)
    page.goto(site.url + LISTS)
    page.locator("main summary").first.click()
    page.get_by_label("姓名").or_(page.get_by_label("名称")).first.fill("何建平")
    page.get_by_label("电话", exact=True).fill("13700000001")
    page.get_by_label("值班时间").fill("看情况")
    page.get_by_role("button", name="添加").click()
    expect(page.locator("#hours-wrong")).to_contain_text("看不懂值班时间")
    expect(page.locator("#hours")).to_be_focused()
    wrong["refused"] = window.at_each_width(look)
    page.get_by_label("值班时间").fill("周一至周日 全天")
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_text("何建平已保存")).to_be_visible()
    table = tmp_path / "值班.csv"
    table.write_text("姓名,电话,队伍\n郭振华,13700000002,巡防\n", encoding="utf-8")
    page.locator("main summary").nth(1).click()
    page.locator("#file").set_input_files(table)
    page.get_by_role("button", name="查看会有哪些改动").click()
    expect(page.get_by_text("新增")).to_be_visible()
    wrong["preview"] = window.at_each_width(look)
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_role("strong").filter(has_text="郭振华")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="修改 郭振华").click()
    wrong["row"] = window.at_each_width(look)
    page.goto(f"{site.url}/incidents/{site.incident_id}")
    expect(page.get_by_text("桥头监控")).to_be_visible()
    assert {address: found for address, found in wrong.items() if found} == {}
