"""A village head starts a drill on a page, watches it, and stops it; another village's is not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from config.database import Database, read_clock
from groups.models.roster import Household, Phone
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.states import Channel, IncidentKind
from joint_defense.upkeep import drills
from tests.conftest import MakeSettings
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, Visitor, open_app
from tests.edges.web.scenes import number, raise_from, settle_group

PAGE = f"/villages/{VILLAGE}/drills"


@pytest.fixture
def web(settings: MakeSettings) -> Iterator[Flask]:
    """Drills may ring at whatever hour this test runs."""
    app = open_app(settings(drill_hours="0-24"))
    yield app
    app.extensions["runtime"].close()


@pytest.fixture
def head(web: Flask, store: Database) -> Visitor:
    with store.begin() as session:
        settle_group(session, VILLAGE)
    visitor = Visitor(web.test_client())
    assert visitor.sign_in("village_head").status_code == 303
    return visitor


def test_a_head_starts_a_drill_sees_who_answers_and_stops_it(head: Visitor, store: Database) -> None:
    home = head.get(f"/villages/{VILLAGE}").text
    assert f'href="{PAGE}"' in home
    assert "还没有演练过" in head.get(PAGE).text
    begun = head.post(PAGE, {"group": "3组"}, of=PAGE)
    assert begun.status_code == 303, begun.text
    page = begun.location
    with store.begin() as session:
        drill = session.scalars(select(Incident)).one()
        assert drill.kind is IncidentKind.DRILL
        told = session.scalars(select(Delivery).where(Delivery.channel == Channel.CALL).order_by(Delivery.id)).first()
        assert told is not None
        drills.take_answer(session, told, Channel.CALL, read_clock(session))
        drill_id = drill.id
    seen = head.get(page).text
    assert [
        words
        for words in ("进行中", "秒后按键应答", "停止演练", "1 部已应答", 'http-equiv="refresh"')
        if words not in seen
    ] == []
    assert "138" not in seen, "a drill's page shows no number"
    refused = head.post(PAGE, {"group": "3组"}, of=PAGE)
    assert (refused.status_code, "本村正在演练" in refused.text) == (422, True)
    assert "演练已结束" in head.post(f"{page}/stop", {}, of=page, follow_redirects=True).text
    assert "早已结束" in head.post(f"{page}/stop", {}, of=page, follow_redirects=True).text
    assert "没有人应答" in head.get(page).text
    assert "3组" in head.get(PAGE).text
    # It is no incident of the board's.
    assert head.get(f"/incidents/{drill_id}").status_code == 404
    assert f"/incidents/{drill_id}" not in head.get("/incidents").text


def test_a_drill_is_not_begun_beside_an_alarm_and_another_villages_is_not_there(head: Visitor, store: Database) -> None:
    with store.begin() as session:
        raise_from(session, 1, read_clock(session))
    asked = head.post(PAGE, {"group": ""}, of=PAGE)
    assert (asked.status_code, "要打全村12部电话吗" in asked.text, 'name="whole"' in asked.text) == (422, True, True)
    refused = head.post(PAGE, {"group": "", "whole": "1"}, of=PAGE)
    assert (refused.status_code, "正有人求助" in refused.text) == (422, True)
    assert "没有这个组" in head.post(PAGE, {"group": "99组"}, of=PAGE).text
    assert head.get(f"/villages/{OTHER_VILLAGE}/drills").status_code == 404
    with store.begin() as session:
        now = read_clock(session)
        other = Incident(kind=IncidentKind.DRILL, village_id=2, village_name="四甲村", group_name="1组", opened_at=now)
        session.add(other)
        session.flush()
        other_id = other.id
    assert head.get(f"/drills/{other_id}").status_code == 404
    assert head.post(f"/drills/{other_id}/stop", {}, of=PAGE).status_code == 404


def test_a_head_tests_one_phone_from_its_households_page(head: Visitor, store: Database) -> None:
    with store.begin() as session:
        house, phone = session.execute(select(Phone.household_id, Phone.id).where(Phone.number == number(4, 2))).one()
    page = f"/villages/{VILLAGE}/households/{house}"
    assert "测试这部电话" in head.get(page).text
    begun = head.post(f"/villages/{VILLAGE}/phones/{phone}/test", {}, of=page)
    assert begun.status_code == 303, begun.text
    shown = head.get(begun.location).text
    assert ("测试号码" in shown, "张志明" in shown, "演练进行中" in shown) == (True, True, True)
    refused = head.post(f"/villages/{VILLAGE}/phones/{phone}/test", {}, of=page)
    assert (refused.status_code, "这部电话正在演练或测试" in refused.text) == (422, True)
    assert "测试号码" in head.get(PAGE).text
    nowhere = head.post(PAGE, {"group": "3组", "door": "没有这样的门牌"}, of=PAGE)
    assert (nowhere.status_code, "本村没有这个门牌" in nowhere.text) == (422, True)
    assert 'value="没有这样的门牌"' in nowhere.text
    with store.begin() as session:
        own, door = session.execute(
            select(Phone.number, Household.door).join(Household).where(Phone.number == number(2))
        ).one()
    whole = head.post(PAGE, {"group": "3组", "door": door}, of=PAGE)
    assert whole.status_code == 303, whole.text
    with store.begin() as session:
        last = int(whole.location.rsplit("/", 1)[1])
        rung = set(session.scalars(select(Delivery.household_name).where(Delivery.incident_id == last)))
        assert own in set(session.scalars(select(Delivery.number).where(Delivery.incident_id == last)))
    assert len(rung) == 1, "the household alone, whatever group is chosen"
    assert head.post(f"/villages/{OTHER_VILLAGE}/phones/{phone}/test", {}, of=page).status_code == 404
