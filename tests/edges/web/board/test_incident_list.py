from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.closing import close
from joint_defense.models.incidents import Alert, Incident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome, IncidentKind
from joint_defense.web.board import incident_list
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import deliveries_to, full_scene, raise_from, settle_group

SHANGHAI = ZoneInfo("Asia/Shanghai")


def _past(store: Database, opened_at: datetime, count: int = 1, *, village_id: int = 1) -> None:
    with store.begin() as session:
        for number in range(count):
            opened = opened_at + timedelta(seconds=number)
            session.add(
                Incident(
                    kind=IncidentKind.ALARM,
                    village_id=village_id,
                    village_name="墙下陶村",
                    group_name="3组",
                    opened_at=opened,
                    closed_at=opened + timedelta(minutes=5),
                    outcome=ClosingOutcome.FALSE_ALARM,
                    alerts=[
                        Alert(
                            household_id=number,
                            household_name=f"住户{number}家",
                            household_name_en=f"the {number} household",
                            place="墙下陶村3组",
                            place_en="Qiangxiatao group 3",
                            phone_id=number,
                            number="+8613800001001",
                            language="zh",
                            channel=Channel.CALL,
                            raised_at=opened,
                        )
                    ],
                )
            )


def _households(page: str) -> list[str]:
    return re.findall(r"<strong>(.*?)</strong>", page)


def test_open_incidents_stand_first_with_how_many_are_coming(operator: Visitor, store: Database) -> None:
    with store.begin() as session:
        now = read_clock(session)
        full_scene(session, VILLAGE, now - timedelta(seconds=100))
    _past(store, now - timedelta(seconds=50))
    page = operator.get("/incidents").text

    assert _households(page) == ["王建国家", "住户0家"]
    assert "有 1 起警情" in page
    assert "2/8 家正在赶来" in page
    assert "2 家求助" in page


def test_open_incidents_stand_by_need_the_widened_first_then_where_nobody_comes_with_the_names_of_those_who_do(
    operator: Visitor, store: Database
) -> None:
    steps = [{"after": 60, "fewer_than": 2, "whom": ["centre"], "level": "red"}]
    with store.begin() as session:
        now = read_clock(session)
        settle_group(session, VILLAGE)
        one, two, three, four = (
            raise_from(session, door, now - timedelta(minutes=30 - 6 * door), key=f"CA{door}") for door in (1, 2, 3, 4)
        )
        for incident_id, comers in ((one, (5, 6, 7, 8)), (three, ())):
            for door in comers:
                told = deliveries_to(session, incident_id, door)[0]
                acknowledge(session, told, Answer.COMING, Channel.CALL, now)
        widened = session.get_one(Incident, four)
        widened.policy, widened.steps_done = {"steps": steps, "drills": False}, 1
    page = operator.get("/incidents").text
    order = [int(each) for each in re.findall(r'<a href="/incidents/(\d+)"', page)]
    assert order == [four, two, three, one]
    assert "人手不够，已叫周边组和镇中心" in page
    assert "赵阿根家、周美华家、吴文斌家，还有1家" in page
    assert re.search(r"已 <b data-age=\"\d+\">24</b> 分钟", page)


def test_in_a_worst_hour_the_list_has_the_newest_and_the_neediest_and_says_how_many_are_not_shown(
    operator: Visitor, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_list, "MOST_OPEN", 3)
    monkeypatch.setattr(incident_list, "NEWEST_OPEN", 1)
    with store.begin() as session:
        now = read_clock(session)
        settle_group(session, VILLAGE)
        ages = {door: timedelta(minutes=36 - 6 * door) for door in (1, 2, 3, 4, 5)}
        raised = [raise_from(session, door, now - age, key=f"CA{door}") for door, age in ages.items()]
        coming = deliveries_to(session, raised[0], 5)[0]
        acknowledge(session, coming, Answer.COMING, Channel.CALL, now)
        session.get_one(Incident, raised[2]).steps_done = 1
    page = operator.get("/incidents").text
    shown = [int(each) for each in re.findall(r'<a href="/incidents/(\d+)"', page)]
    assert set(shown) == {raised[2], raised[1], raised[4]}, "widened, open for longest with nobody coming, the newest"
    assert "有 5 起警情" in page
    assert "另有2起未解除警情未在此显示" in page


def test_a_calm_town_is_said_to_be_calm(operator: Visitor) -> None:
    page = operator.get("/incidents").text

    assert "目前平安" in page
    assert "本月无警情" in page


def test_a_month_begins_at_midnight_of_the_town(operator: Visitor, store: Database) -> None:
    _past(store, datetime(2026, 3, 1, 0, 0, 0, tzinfo=SHANGHAI))
    _past(store, datetime(2026, 2, 28, 23, 59, 59, tzinfo=SHANGHAI))

    march, february = operator.get("/incidents?month=2026-03").text, operator.get("/incidents?month=2026-02").text

    assert "2026年03月01日 00:00" in march
    assert "2026年02月28日 23:59" not in march
    assert "2026年02月28日 23:59" in february
    assert 'href="/incidents?month=2026-02"' in march
    assert 'href="/incidents?month=2026-04"' in march


def test_a_month_with_many_incidents_has_pages_and_none_is_lost(operator: Visitor, store: Database) -> None:
    _past(store, datetime(2026, 3, 5, tzinfo=SHANGHAI), 130)
    first = operator.get("/incidents?month=2026-03").text
    following = re.search(r'href="(/incidents\?month=2026-03&amp;before=\d+)"', first)
    assert following is not None
    second = operator.get(following[1].replace("&amp;", "&")).text

    assert (len(_households(first)), len(_households(second))) == (100, 30)
    assert len(set(_households(first) + _households(second))) == 130
    assert "before=" not in second[second.index("<nav class=") :]


def test_a_month_that_is_none_is_not_there(operator: Visitor) -> None:
    assert operator.get("/incidents?month=2026-13").status_code == 404
    assert operator.get("/incidents?month=x").status_code == 404


def test_a_new_incident_is_on_the_list_at_the_next_question(operator: Visitor, store: Database) -> None:
    address = re.search(r'hx-get="([^"]+)"', operator.get("/incidents").text)
    assert address is not None
    assert operator.get(address[1], headers={"HX-Request": "true"}).status_code == 204

    with store.begin() as session:
        incident_id = full_scene(session, VILLAGE, read_clock(session))
    answer = operator.get(address[1], headers={"HX-Request": "true"})

    assert "<title>(1) 警情 · 十户联防</title>" in answer.text
    assert f'href="/incidents/{incident_id}"' in answer.text


def test_a_village_head_sees_the_own_village_only(signed_in: SignedIn, store: Database) -> None:
    with store.begin() as session:
        now = read_clock(session)
        incident_id = full_scene(session, VILLAGE, now)
        close(session, incident_id, ClosingOutcome.HELPED, "", "x", now)
        own = session.get_one(Incident, incident_id).village_id
    _past(store, now, village_id=own + 1)

    assert _households(signed_in(AccountRole.VILLAGE_HEAD).get("/incidents").text) == ["王建国家"]
    assert len(_households(signed_in(AccountRole.ADMIN).get("/incidents").text)) == 2
