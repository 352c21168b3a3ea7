"""A head sees which numbers are to be mended, says that one is right, and sets the village's hours; commands alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from config.database import Database, read_clock
from groups.models.enrolment import Device, DeviceKind
from groups.models.roster import Phone, Village
from joint_defense.models.upkeep import PhoneTask
from joint_defense.upkeep import tasks, village_hours
from tests.conftest import MakeSettings
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, Visitor, open_app
from tests.edges.web.scenes import number, settle_group

PAGE = f"/villages/{VILLAGE}/numbers"


@pytest.fixture
def web(settings: MakeSettings) -> Iterator[Flask]:
    app = open_app(settings())
    yield app
    app.extensions["runtime"].close()


@pytest.fixture
def head(web: Flask, store: Database) -> Visitor:
    with store.begin() as session:
        settle_group(session, VILLAGE)
        failing = [number(1), number(2), number(3)]
        session.execute(update(Phone).where(Phone.number.in_(failing)).values(failures=2))
        now = read_clock(session)
        assert tasks.open_for_failing(session, now) == 3
        for village_id in tasks.find_villages_due(session, now):
            tasks.ask_on(session, village_id, now, web.extensions["runtime"].settings.zone)
    visitor = Visitor(web.test_client())
    assert visitor.sign_in("village_head").status_code == 303
    return visitor


def test_a_head_sees_the_count_at_home_and_says_that_a_number_is_right(head: Visitor, store: Database) -> None:
    home = head.get(f"/villages/{VILLAGE}").text
    assert ("有3个号码待处理" in home, "其中3个等您处理" in home, f'href="{PAGE}"' in home) == (True, True, True)
    page = head.get(PAGE).text
    assert [
        words for words in ("王建国家", "138 0000 1001", "连续两次打不通", "等村干部处理") if words not in page
    ] == []
    with store.begin() as session:
        task_id = session.scalars(select(PhoneTask.id).order_by(PhoneTask.id)).first()
    assert "30天内不再追问" in head.post(f"{PAGE}/{task_id}/keep", {}, of=PAGE, follow_redirects=True).text
    assert "已经处理过了" in head.post(f"{PAGE}/{task_id}/keep", {}, of=PAGE, follow_redirects=True).text
    assert "有2个号码待处理" in head.get(f"/villages/{VILLAGE}").text
    assert head.get(f"/villages/{OTHER_VILLAGE}/numbers").status_code == 404
    assert head.post(f"/villages/{OTHER_VILLAGE}/numbers/{task_id}/keep", {}, of=PAGE).status_code == 404


def test_hours_are_set_by_page_and_by_command_and_what_is_none_is_said(head: Visitor, web: Flask) -> None:
    assert "没有设时段" in head.get(PAGE).text
    wrong = head.post(f"{PAGE}/hours", {"hours": "19-15"}, of=PAGE)
    assert (wrong.status_code, "时段请写成" in wrong.text, 'value="19-15"' in wrong.text) == (422, True, True)
    assert (
        "只在9-11,15-19点" in head.post(f"{PAGE}/hours", {"hours": "15-19,9-11"}, of=PAGE, follow_redirects=True).text
    )
    run = web.test_cli_runner().invoke
    assert run(args=["upkeep", "hours", "--village", VILLAGE]).output == "9-11,15-19\n"
    assert run(args=["upkeep", "hours", "--village", VILLAGE, "--set", "8-8"]).exit_code == 1
    assert run(args=["upkeep", "hours", "--village", VILLAGE, "--set", "off"]).output == "off\n"
    assert run(args=["upkeep", "hours", "--village", "none"]).exit_code == 1
    assert "没有设时段" in head.get(PAGE).text
    assert run(args=["upkeep", "holidays", "--add", "2999-02-06", "春节"]).output == "2999-02-06\t春节\n"
    assert run(args=["upkeep", "holidays", "--remove", "2999-02-06"]).output == ""
    assert run(args=["upkeep", "holidays", "--remove", "spring"]).exit_code == 1
    listed = run(args=["upkeep", "tasks", "--village", VILLAGE]).output.splitlines()
    assert listed[0].split("\t")[2:] == ["王建国家", "138****1001", "failed", "head"]


def test_a_silent_device_has_words_of_its_own_and_is_asked_for_from_its_row(
    head: Visitor, web: Flask, store: Database
) -> None:
    with store.begin() as session:
        now = read_clock(session)
        line = session.scalars(select(Phone).where(Phone.number == number(4))).one()
        device = Device(household_id=line.household_id, kind=DeviceKind.KEY, serial="K0009", phone_id=line.id)
        device.given_on = date(2026, 1, 1)
        session.add(device)
        session.flush()
        one = device.id
        assert tasks.open_device_task(session, one, line.id, now)
    home = head.get(f"/villages/{VILLAGE}").text
    assert ("有3个号码待处理" in home, "有1个#9按键或专用手机没有测试" in home) == (True, True)
    page = head.get(PAGE).text
    said = ("1个在用，近30天按键测试过0个", "现在请这户按键测试", "按键没坏", "号码没错")
    assert [words for words in said if words not in page] == []
    assert page.count("号码没错") == 3, "of a device nobody says that its number is right"
    ask = f"/villages/{VILLAGE}/devices/{one}/ask"
    refused = head.post(ask, {}, of=PAGE)
    assert (refused.status_code, "只在本村的维护时段里请人按键测试" in refused.text) == (422, True)
    assert head.post(f"/villages/{VILLAGE}/devices/999/ask", {}, of=PAGE).status_code == 422
    assert head.post(f"/villages/{OTHER_VILLAGE}/devices/{one}/ask", {}, of=PAGE).status_code == 404
    with store.begin() as session:
        village = session.scalars(select(Village.id).where(Village.code == VILLAGE)).one()
        village_hours.set_upkeep(session, village, ((0, 24),), "村长", read_clock(session))
    local = now.astimezone(web.extensions["runtime"].settings.zone)
    if local.hour < 23:
        done = head.post(ask, {"back": "check"}, of=PAGE, follow_redirects=True)
        assert ("今天按一次测试" in done.text, "半月检查" in done.text) == (True, True)
