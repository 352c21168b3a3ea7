"""The page of the service itself: what is not well is taken on, maintenance begins and ends, and the month's costs."""

from __future__ import annotations

import json

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from joint_defense.incidents import service_alerts
from joint_defense.rules.upkeep.service_alerts import AlertKind, Trouble
from tests.conftest import MakeSettings
from tests.edges.web.conftest import SignedIn, Visitor, open_app
from tests.support.factories import at

PEOPLE = json.dumps([{"name": "王工", "phone": "+8613905740001", "hours": "0-24"}])


def test_what_is_not_well_is_taken_on_by_a_tap_and_maintenance_begins_and_ends(
    operator: Visitor, store: Database
) -> None:
    assert "还没有填人" in operator.get("/service").text
    assert 'href="/service"' in operator.get("/incidents").text
    with store.begin() as session:
        service_alerts.open_alert(session, Trouble(AlertKind.DISK, "m", "/var <b>"), at(0))
        (kept,) = service_alerts.list_open(session)
        path = f"/service/alerts/{kept.id}/take-on"
    page = operator.get("/service").text
    assert [each for each in ("磁盘快满了（/var &lt;b&gt;）", path, "还没有提醒") if each not in page] == []
    assert "已记下由您处理" in operator.post(path, {}, follow_redirects=True).text
    assert "已经有人处理" in operator.post(path, {}, follow_redirects=True).text, "pressed twice"
    assert path not in operator.get("/service").text
    assert "已经有人处理" in operator.post("/service/alerts/999999/take-on", {}, follow_redirects=True).text

    refused = operator.post("/service/quiet", {"hours": "5000", "reason": ""})
    assert (refused.status_code, "请选择时长" in refused.text, "请写明原因" in refused.text) == (422, True, True)
    assert operator.post("/service/quiet", {"hours": "2", "reason": "长" * 201}).status_code == 422
    begun = operator.post("/service/quiet", {"hours": "2", "reason": "换硬盘"}, follow_redirects=True).text
    assert ("换硬盘" in begun, "已开始维护" in begun) == (True, True)
    assert "没有提醒任何人" in operator.post("/service/test", {}, follow_redirects=True).text
    assert "维护已结束" in operator.post("/service/quiet/end", {}, follow_redirects=True).text
    with store.begin(reads=True) as session:
        assert service_alerts.find_quiet(session, read_clock(session)) is None


def test_a_test_names_who_was_told_and_the_month_is_priced(settings: MakeSettings) -> None:
    app = open_app(settings(alert_people=PEOPLE, call_price="0.10", text_price="0.05", monthly_budget="100"))
    admin = Visitor(app.test_client())
    admin.admit("admin")
    told = admin.post("/service/test", {}, follow_redirects=True).text
    assert "已测试提醒：王工" in told
    assert [each for each in ("本月费用", "100.00元", "0点到24点") if each not in told] == []
    assert "13905740001" not in told
    assert "备份恢复演练" not in told, "no drill has failed"
    app.extensions["runtime"].close()


def test_it_is_no_page_of_village_heads_and_liaisons(signed_in: SignedIn) -> None:
    for role in (AccountRole.VILLAGE_HEAD, AccountRole.LIAISON):
        assert signed_in(role).get("/service").status_code == 403
