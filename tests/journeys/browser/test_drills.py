"""A village's drills on a head's phone and on a PC: legible, and stopped by a tap."""

from __future__ import annotations

import os
from datetime import timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect
from sqlalchemy import select, update

from config.database import read_clock
from groups.models.roster import Household, Phone, Village
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.tasks import TaskReason
from joint_defense.upkeep import drills, tasks
from joint_defense.upkeep.drills import Hours, Scope
from tests.edges.web.conftest import VILLAGE
from tests.journeys.browser.conftest import Window, on_a_phone
from tests.journeys.browser.looks import small_targets, too_wide


@on_a_phone
def test_a_drill_is_watched_and_stopped_by_a_tap(window: Window) -> None:
    with window.site.store.begin() as session:
        now = read_clock(session)
        session.execute(update(Incident).values(closed_at=now))
        village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
        own = select(Phone).join(Household).where(Household.village_id == village.id).order_by(Phone.id).limit(2)
        for phone, reason in zip(session.scalars(own), (TaskReason.FAILED, TaskReason.NOT_THEIRS), strict=True):
            assert tasks.open_task(session, phone.id, reason, now)
        scope = Scope(village.id, village.name, group="3组")
        (drill,) = drills.start_drills(session, scope, "王村长", now, Hours(None, ZoneInfo("Asia/Shanghai")))
        told = select(Delivery).where(Delivery.purpose == Purpose.DRILL, Delivery.channel == Channel.CALL)
        for late, each in enumerate(session.scalars(told.order_by(Delivery.id).limit(4)).all()):
            drills.take_answer(session, each, Channel.CALL, now + timedelta(seconds=9 + 7 * late))
    page = window.page
    found: dict[str, list[str]] = {}
    window.sign_in("village_head")

    def look(name: str) -> None:
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}.png", full_page=True)
        found[name] = window.at_each_width(lambda: [*window.violations(), *small_targets(page)])
        assert too_wide(page) <= 0

    page.goto(f"{window.site.url}/villages/{VILLAGE}/numbers")
    look("numbers")
    page.goto(f"{window.site.url}/villages/{VILLAGE}")
    page.get_by_role("link", name="3组").click()
    page.get_by_text("模拟夜晚：第二户多久能赶来？").press("Enter")
    expect(page.get_by_text("按人的模型推算")).to_be_visible()
    page.get_by_text("按时段，以及所作的假设").press("Enter")
    look("group")
    page.goto(f"{page.url}/nights")
    look("nights")
    page.goto(f"{window.site.url}/villages/{VILLAGE}/drills")
    look("village")
    page.get_by_role("link", name="3组").click()
    expect(page.get_by_role("heading", name="演练 · 3组")).to_be_visible()
    expect(page.get_by_text("9 秒后按键应答")).to_be_visible()
    look("drill")
    with window.site.store.begin() as session:
        last = session.scalars(told.order_by(Delivery.id.desc()).limit(1)).one()
        drills.take_answer(session, last, Channel.CALL, now + timedelta(seconds=61))
    expect(page.get_by_text("61 秒后按键应答"), "without a touch").to_be_visible()
    page.get_by_role("button", name="停止演练").click()
    expect(page.get_by_text("没有人应答").first).to_be_visible()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    with window.site.store.begin() as session:
        assert session.get_one(Incident, drill).closed_at is not None
