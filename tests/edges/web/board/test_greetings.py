"""Good mornings on pages: enrolled with what is wrong beside its field, and seen by nobody whom they do not concern."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from config.database import Database, read_clock
from groups.models.roster import Household, Phone
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Incident
from joint_defense.upkeep.greetings import greeting_days
from tests.conftest import MakeSettings
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, Visitor, open_app
from tests.edges.web.scenes import number, settle_group

PAGE = f"/villages/{VILLAGE}/greetings"
CONTACT = "13905749999"


@pytest.fixture
def web(settings: MakeSettings) -> Iterator[Flask]:
    app = open_app(settings())
    yield app
    app.extensions["runtime"].close()


@pytest.fixture(autouse=True)
def street(web: Flask, store: Database) -> None:
    with store.begin() as session:
        settle_group(session, VILLAGE)


def sign_in(web: Flask, role: str) -> Visitor:
    visitor = Visitor(web.test_client())
    assert visitor.sign_in(role).status_code == 303
    return visitor


def test_a_head_enrols_pauses_settles_and_ends_and_each_mistake_is_told_beside_its_field(
    web: Flask, store: Database
) -> None:
    head = sign_in(web, "village_head")
    assert f'href="{PAGE}"' in head.get(f"/villages/{VILLAGE}").text
    own = number(1)
    given = {"phone": own, "at": "4:30", "channel": "call", "contact_name": "小明", "contact_number": own}
    wrong = head.post(PAGE, given, of=PAGE)
    assert wrong.status_code == 422
    said = ("请选5:00到20:00之间的时间", "这是本户自己的电话", "请先问过联系人", "没有同意不能每天问候")
    assert [words for words in said if words not in wrong.text] == []
    assert (wrong.text.count('aria-invalid="true"'), 'value="4:30"' in wrong.text) == (4, True)
    nobody = head.post(PAGE, given | {"phone": "13900000000"}, of=PAGE)
    assert "这部电话不在本村名单上" in nobody.text

    right = {"at": "6:15", "contact_number": CONTACT, "contact_agreed": "1", "alarms": "1", "consent_by": "王建国"}
    page = head.post(PAGE, given | right, of=PAGE, follow_redirects=True).text
    assert [
        words for words in ("王建国家", "06:15", "小明", "139 0574 9999", "最后发出求助") if words not in page
    ] == []
    again = head.post(PAGE, given | right, of=PAGE)
    assert "已经登记了每天的平安问候" in again.text
    with store.begin() as session:
        greeting = session.scalars(select(Greeting)).one()
        made = (greeting.consent_by, greeting.consent_version, greeting.words_version, greeting.account_id is not None)
        assert made == ("王建国", None, 1, True)
        one, zone, now = greeting.id, web.extensions["runtime"].settings.zone, read_clock(session)
        greeting.last_on = None
        session.flush()
        assert greeting_days.open_day(session, one, now, zone) is not None
    assert f'href="{PAGE}/{one}"' in head.get(PAGE).text
    change = {"at": "25:00", "channel": "call", "contact_name": "小红", "contact_number": "13905748888", "alarms": "1"}
    wrong = head.post(f"{PAGE}/{one}", change, of=f"{PAGE}/{one}")
    said = ("请选5:00到20:00之间的时间", "请先问过联系人", 'value="25:00"', 'value="小红"')
    assert (wrong.status_code, [words for words in said if words not in wrong.text]) == (422, [])
    right = change | {"at": "6:45", "contact_agreed": "1"}
    page = head.post(f"{PAGE}/{one}", right, of=f"{PAGE}/{one}", follow_redirects=True).text
    assert [w for w in ("从明天起每天06:45问候", "小红", "修改记录", "小明 139 0574 9999") if w not in page] == []
    assert "没有任何改动" in head.post(f"{PAGE}/{one}", right, of=f"{PAGE}/{one}", follow_redirects=True).text
    back = head.post(f"{PAGE}/{one}/undo", {}, of=f"{PAGE}/{one}", follow_redirects=True).text
    assert 'value="139 0574 9999"' in back, "as people write it"
    assert ('value="06:15"' in back, "已撤销" in back, "撤销这次修改" in back) == (True, True, False)
    assert "没有可以撤销的修改" in head.post(f"{PAGE}/{one}/undo", {}, of=f"{PAGE}/{one}", follow_redirects=True).text
    assert "问了一次，还没有回应" in head.get(PAGE).text
    assert "有人看过，平安" in head.post(f"{PAGE}/{one}/seen", {}, of=PAGE, follow_redirects=True).text
    past = head.post(f"{PAGE}/{one}/pause", {"until": "2020-01-01"}, of=PAGE)
    assert (past.status_code, "这一天已经过去了" in past.text, 'value="2020-01-01"' in past.text) == (422, True, True)
    assert "回来了" in head.post(f"{PAGE}/{one}/pause", {"until": "明天"}, of=PAGE, follow_redirects=True).text
    assert "明天起照常问候" in head.post(f"{PAGE}/{one}/resume", {}, of=PAGE, follow_redirects=True).text
    assert "联系人已删除" in head.post(f"{PAGE}/{one}/end", {}, of=PAGE, follow_redirects=True).text
    with store.begin() as session:
        ended = session.get_one(Greeting, one)
        assert (ended.contact_number, ended.contact_name, ended.ended_at is not None) == ("", "", True)
    assert head.post(f"{PAGE}/{one}/end", {}, of=PAGE).status_code == 404
    assert head.get(f"/villages/{OTHER_VILLAGE}/greetings").status_code == 404


def test_who_takes_part_stands_on_no_list_export_or_board_and_on_nobody_elses_page(web: Flask, store: Database) -> None:
    admin = sign_in(web, "admin")
    with store.begin() as session:
        phone = session.scalars(select(Phone).where(Phone.number == number(1))).one()
        household = session.get_one(Household, phone.household_id)
        group_id, household_id = household.group_id, household.id
    # A minute that no page shows as the time of now.
    with store.begin() as session:
        minute = f"5:{(read_clock(session).minute + 30) % 60:02}"
    wish = {"phone": number(1), "at": minute, "channel": "call", "contact_name": "小明", "contact_agreed": "1"}
    wish |= {"contact_number": CONTACT, "consent_by": "独居的老王"}
    assert "独居的老王" in admin.post(PAGE, wish, of=PAGE, follow_redirects=True).text
    with store.begin() as session:
        one = session.scalars(select(Greeting)).one()
        day = GreetingDay(greeting_id=one.id, day=one.consent_on, step="first", opened_at=one.made_at)
        incident = Incident(kind="greeting", village_id=one.village_id, village_name="", group_name="")
        incident.opened_at = one.made_at
        session.add(incident)
        session.flush()
        day.incident_id, incident_id = incident.id, incident.id
        session.add(day)
    head = sign_in(web, "village_head")
    assert "独居的老王" not in head.get(PAGE).text
    assert head.post(f"{PAGE}/{one.id}/end", {}, of=PAGE).status_code == 404
    assert head.post(f"{PAGE}/{one.id}", {"at": "6:00"}, of=PAGE).status_code == 404
    assert head.get(f"{PAGE}/{one.id}").status_code == 404
    village = f"/villages/{VILLAGE}"
    places = ["/incidents", f"/incidents/{incident_id}", "/past", village, f"{village}/history", f"{village}/drills"]
    places += [f"{village}/groups/{group_id}", f"{village}/households/{household_id}", f"{village}/numbers"]
    places += [f"{village}/check", f"{village}/export.csv", f"{village}/directory", "/audit", "/summary"]
    signs = ("平安问候", "独居的老王", CONTACT, "139 0574 9999", "小明")
    for visitor in (head, admin):
        for place in places:
            page = visitor.get(place)
            text = page.text.replace(f'href="{PAGE}"', "").replace(">平安问候<", "")
            shown = [sign for sign in signs[1:] if sign in text]
            shown += re.findall(rf"(?<![\d:])0?{minute}(?![\d:])", text)
            assert (place, shown, page.status_code < 500) == (place, [], True)
    assert admin.get(f"/incidents/{incident_id}").status_code == 404
    run = web.test_cli_runner().invoke
    assert str(incident_id) not in [line.split("\t")[0] for line in run(args=["alarm", "list"]).output.splitlines()]
    assert run(args=["alarm", "show", str(incident_id)]).exit_code == 1
