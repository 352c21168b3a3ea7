from __future__ import annotations

from datetime import timedelta

import pytest

from app import create_app
from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from joint_defense.alarms import held_alarms
from tests.conftest import MakeSettings
from tests.edges.web.conftest import SignedIn, Visitor
from tests.support.factories import Town


@pytest.fixture
def number(store: Database) -> str:
    """Of a household that may call for help."""
    return Town(store).house("王").number


def test_an_operator_mutes_a_number_with_a_reason_and_undoes_it(
    operator: Visitor, store: Database, number: str
) -> None:
    refused = operator.post("/mutes", {"number": "13800000000", "hours": "2", "reason": "半夜乱打"})
    assert (refused.status_code, "没有哪一户用这个号码" in refused.text, "半夜乱打" in refused.text) == (
        422,
        True,
        True,
    )
    assert "请写明原因" in operator.post("/mutes", {"number": number, "hours": "2", "reason": ""}).text
    assert "请选择时长" in operator.post("/mutes", {"number": number, "hours": "99", "reason": "x"}).text
    page = operator.post("/mutes", {"number": number, "hours": "2", "reason": "半夜乱打"}, follow_redirects=True).text
    assert [
        each for each in ("已暂停受理这个号码的求助", "半夜乱打", "暂停到", "拦下0次求助") if each not in page
    ] == []
    with store.begin() as session:
        now = read_clock(session)
        assert held_alarms.is_muted(session, number, now)
        assert not held_alarms.is_muted(session, number, now + timedelta(hours=2, seconds=1))
        mute_id = held_alarms.list_mutes(session, now)[0].id
    assert "已恢复受理" in operator.post(f"/mutes/{mute_id}/lift", {}, follow_redirects=True).text
    assert "已经结束" in operator.post(f"/mutes/{mute_id}/lift", {}, follow_redirects=True).text
    assert 'href="/mutes"' in operator.get("/incidents").text


def test_a_village_head_and_a_liaison_mute_nobody(signed_in: SignedIn) -> None:
    for role in (AccountRole.VILLAGE_HEAD, AccountRole.LIAISON):
        assert signed_in(role).get("/mutes").status_code == 403


def test_the_commands_do_the_same(settings: MakeSettings, store: Database, number: str) -> None:
    runner = create_app(settings()).test_cli_runner()
    assert (
        "no household has this number" in runner.invoke(args=["alarm", "mute", "13800000000", "--reason", "x"]).output
    )
    assert "muted" in runner.invoke(args=["alarm", "mute", number, "--hours", "3", "--reason", "半夜乱打"]).output
    listed = runner.invoke(args=["alarm", "mutes"]).output
    assert "半夜乱打" in listed
    assert number not in listed
    mute_id = listed.split("\t", 1)[0]
    assert "no longer muted" in runner.invoke(args=["alarm", "unmute", mute_id]).output
    assert runner.invoke(args=["alarm", "unmute", mute_id]).exit_code == 1
