"""Whom to call when too few come, on the web: a village's plan and the town's, in versions; the town centre's list."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from config.database import Database, read_clock
from groups import directory
from groups.models.accounts import AccountRole
from joint_defense.incidents import policies
from joint_defense.models.incidents import Incident
from joint_defense.rules.escalation import BUILT_IN, Level, Policy, Step, Whom
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import raise_from, settle_group

PLAN = f"/villages/{VILLAGE}/widening"
TWO_STEPS = {
    "after-0": "45",
    "fewer_than-0": "3",
    "whom-0": ["duty", "leaders"],
    "level-0": "plain",
    "after-1": "90",
    "fewer_than-1": "2",
    "whom-1": "backup",
    "level-1": "red",
}
SAVED = Policy((Step(45, 3, (Whom.LEADERS, Whom.DUTY)), Step(90, 2, (Whom.BACKUP,), Level.RED)))


@pytest.fixture
def head(signed_in: SignedIn) -> Visitor:
    return signed_in(AccountRole.VILLAGE_HEAD)


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _in_force(store: Database, code: str) -> tuple[str, Policy]:
    with store.begin() as session:
        village = directory.find_village(session, code)
        assert village is not None
        found = policies.read_in_force(session, village[0])
        return found.of, found.policy


def test_a_heads_plan_is_a_version_that_the_next_incident_takes(store: Database, head: Visitor) -> None:
    assert "现行：系统自带的预案" in head.get(PLAN).text
    page = head.post(PLAN, TWO_STEPS | {"version": "0"}, of=PLAN, follow_redirects=True).text
    assert "已保存为第1版" in page
    assert re.search(r"45秒后 赶来不足3户时呼叫： .*值班.* 90秒后 红色 赶来不足2户时呼叫： 支援组", _text(page))
    assert _in_force(store, VILLAGE) == ("village", SAVED)
    assert _in_force(store, OTHER_VILLAGE) == ("built-in", BUILT_IN)
    with store.begin() as session:
        settle_group(session, VILLAGE)
        now = read_clock(session)
        incident = session.get_one(Incident, raise_from(session, 1, now))
        assert incident.next_step_at == now + timedelta(seconds=45)
        assert incident.policy is not None
        assert (incident.policy["of"], incident.policy["version"]) == ("village", 1)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"after-1": "45"}, "after-1", "秒数须大于前一步（45）"),
        ({"after-0": "4000"}, "after-0", "请填1至3600的整数"),
        ({"fewer_than-0": "二"}, "fewer_than-0", "请填1至99的整数"),
        ({"whom-1": []}, "whom-1", "请选择呼叫谁"),
        ({"level-0": "red", "level-1": "yellow"}, "level-1", "级别不能低于前一步"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_saved(
    store: Database, head: Visitor, change: dict[str, object], field: str, words: str
) -> None:
    answer = head.post(PLAN, TWO_STEPS | change, of=PLAN)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-wrong"[^§]{{0,400}}{words}', answer.text), field
    assert re.search(r'name="fewer_than-1"[^>]*value="2"', answer.text), "what was typed stays"
    assert _in_force(store, VILLAGE)[0] == "built-in"


def test_a_step_is_taken_out_an_older_version_comes_back_and_the_town_is_followed(
    store: Database, head: Visitor, signed_in: SignedIn
) -> None:
    head.post(PLAN, TWO_STEPS | {"version": "0"}, of=PLAN)
    emptied = {name: value for name, value in TWO_STEPS.items() if name != "whom-1"} | {"after-1": "", "version": "1"}
    head.post(PLAN, emptied, of=PLAN)
    assert _in_force(store, VILLAGE)[1].steps == SAVED.steps[:1]
    head.post(f"{PLAN}/restore", {"version": "1"}, of=PLAN)
    assert _in_force(store, VILLAGE) == ("village", SAVED)
    admin = signed_in(AccountRole.ADMIN)
    admin.post("/widening", {"after-0": "30", "fewer_than-0": "1", "whom-0": "centre", "version": "0"}, of="/widening")
    head.post(f"{PLAN}/restore", {"version": "0"}, of=PLAN)
    assert _in_force(store, VILLAGE) == ("town", Policy((Step(30, 1, (Whom.CENTRE,)),)))
    assert "本村沿用全镇预案" in head.get(PLAN).text
    assert head.post(f"{PLAN}/restore", {"version": "77"}, of=PLAN).status_code == 404
    assert head.post(f"{PLAN}/restore", {"version": ""}, of=PLAN).status_code == 404, "no version is not the town's"


def test_who_saves_over_anothers_version_sees_it_first(store: Database, head: Visitor, signed_in: SignedIn) -> None:
    admin = signed_in(AccountRole.ADMIN)
    admin.post(PLAN, {"after-0": "20", "fewer_than-0": "1", "whom-0": "duty", "version": "0"}, of=PLAN)
    late = head.post(PLAN, TWO_STEPS | {"version": "0"}, of=PLAN)
    assert late.status_code == 409
    assert "admin刚刚保存了另一版" in late.text
    assert 'name="version" value="1"' in late.text
    assert _in_force(store, VILLAGE)[1].steps[0].after == 20
    head.post(PLAN, TWO_STEPS | {"version": "1"}, of=PLAN)
    assert _in_force(store, VILLAGE) == ("village", SAVED)


def test_the_towns_plan_and_another_villages_are_not_the_heads(store: Database, head: Visitor) -> None:
    assert head.get(f"/villages/{OTHER_VILLAGE}/widening").status_code == 404
    assert head.post(f"/villages/{OTHER_VILLAGE}/widening", TWO_STEPS, of=PLAN).status_code == 404
    assert head.post("/widening", TWO_STEPS, of=PLAN).status_code == 403
    assert _in_force(store, OTHER_VILLAGE)[0] == "built-in"


def test_the_towns_centre_has_a_list_that_the_administrator_keeps_and_takes_back(
    store: Database, signed_in: SignedIn, head: Visitor
) -> None:
    admin = signed_in(AccountRole.ADMIN)
    assert "/centre" in admin.get("/villages").text
    duty = {"team": "值班室", "name": "镇中心", "number": "0574 8765 4321", "hours": ""}
    page = admin.post("/centre", duty, of="/centre", follow_redirects=True)
    assert "0574 8765 4321" in _text(page.text)
    undo = re.search(r'action="(/audit/[^"]+/undo)"', page.text)
    with store.begin() as session:
        rung = directory.list_on_duty(session, None, read_clock(session))
        assert [(each.number, each.role) for each in rung] == [("+8657487654321", directory.Role.CENTRE)]
    assert "镇中心" in signed_in(AccountRole.LIAISON).get("/centre").text
    assert head.get("/centre").status_code == 403
    assert admin.get("/centre/export/csv").text.count("镇中心") == 1
    assert undo is not None
    assert admin.post(undo[1], of="/centre").status_code == 303
    with store.begin() as session:
        assert directory.list_on_duty(session, None, read_clock(session)) == []
