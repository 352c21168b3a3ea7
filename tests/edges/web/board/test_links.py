"""The page behind the link in a text: for its incident and its overseer alone; fetching it changes nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.database import Base, Database, read_clock
from groups.models.access_log import Look
from groups.models.accounts import Account, AccountRole
from groups.models.responders import Responder, Team
from groups.models.roster import Group, Household, Phone
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.delivery.sender import Links
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel, ClosingOutcome, Role
from tests.conftest import fresh_database
from tests.edges.web.conftest import PHONE, VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import deliveries_to, number, raise_from, settle_group

DUTY = "+8613900003333"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return fresh_database(request)


@pytest.fixture
def incident_id(web: Flask, store: Database) -> int:
    """An alarm of door 1 with head, leader (door 2) and the centre's duty phone told; door 3 comes in five minutes."""
    with store.begin() as session:
        session.add(Responder(team=Team.STATION, name="镇中心", number=DUTY, village_id=None))
        settle_group(session, VILLAGE)
        raised = raise_from(session, 1, read_clock(session))
        coming = deliveries_to(session, raised, 3)[0]
        acknowledge(session, coming, Answer.COMING, Channel.SMS, read_clock(session), minutes=5)
        acknowledge(session, deliveries_to(session, raised, 4)[0], Answer.CANNOT, Channel.SMS, read_clock(session))
        return raised


def link(web: Flask, store: Database, incident_id: int, role: Role = Role.HEAD) -> str:
    """Where the link in this overseer's text leads."""
    with store.begin() as session:
        told = session.scalars(
            select(Delivery).where(Delivery.incident_id == incident_id, Delivery.with_link, Delivery.role == role)
        ).one()
        settings = web.extensions["settings"]
        links = Links("http://x/below", settings.secret_key)
        return links.make_address(incident_id, told.id, told.number).removeprefix("http://x/below")


def change(store: Database, table: type[Base], *where: Any, **values: Any) -> None:
    with store.begin() as session:
        session.execute(update(table).where(*where).values(values))


def refused(visitor: Visitor, address: str, status: int, chinese: str, english: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == status
    assert chinese in answer.text
    assert english in answer.text
    for secret in ("王建国", "墙下陶村", number(1)):
        assert secret not in answer.text


def _rows(session: Session) -> list[tuple[str, int, str]]:
    """All that the database holds, as far as anybody could notice."""
    found = []
    for table in Base.metadata.sorted_tables:
        if table.name == "looks":
            continue
        rows = sorted(repr(tuple(row)) for row in session.execute(select(table)))
        found.append((table.name, len(rows), "".join(rows)))
    return found


@pytest.mark.parametrize(("role", "knows_number"), [(Role.HEAD, True), (Role.LEADER, True), (Role.OPERATOR, False)])
def test_an_overseer_sees_who_where_and_who_comes_without_signing_in(
    web: Flask, visitor: Visitor, store: Database, incident_id: int, role: Role, knows_number: bool
) -> None:
    answer = visitor.get(link(web, store, incident_id, role))
    assert answer.status_code == 200
    page = answer.text
    for words in (
        "王建国家求助",
        "墙下陶村3组·桥东第1家",
        "9 家中有 1 家正在赶来",
        "陈桂芳家",
        "约5分钟到",
        "1户不能来",
    ):
        assert words in page
    assert 'href="tel:110"' in page
    numbers = set(re.findall(r"tel:(\+?[0-9]+)", page))
    assert numbers == {"110", *([number(1)] if knows_number else [])}
    assert not re.search(r"1380000\d{4}", page.replace(number(1), "") if knows_number else page)
    assert "<script" not in page
    assert '<meta http-equiv="refresh" content="10">' in page
    english = visitor.get(link(web, store, incident_id, role) + "?lang=en").text
    assert "The Wang Jianguo household calls for help" in english
    assert "Follow it" not in page


def test_whoever_fetches_it_changes_nothing_and_is_on_record(web: Flask, store: Database, incident_id: int) -> None:
    address = link(web, store, incident_id)
    with store.begin() as session:
        before = _rows(session)
    for method in ("GET", "HEAD", "GET"):
        answer = web.test_client().open(address, method=method, headers={"User-Agent": "a preview of links"})
        assert answer.status_code == 200
        assert (method == "HEAD") == (answer.data == b"")
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "'none'" in answer.headers["Content-Security-Policy"]
    assert web.test_client().post(address).status_code == 405
    with store.begin() as session:
        assert _rows(session) == before
        assert session.scalars(select(Look.page)).all() == ["links.show"]


def test_everything_that_the_page_loads_is_found_below_any_path(
    web: Flask, visitor: Visitor, store: Database, incident_id: int
) -> None:
    address = link(web, store, incident_id)
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', visitor.get(address).text)
    assert style.startswith("../../static/"), "from /below/i/1/2.abc it leads to /below/static"
    assert web.test_client().get(style.removeprefix("../.."), buffered=True).status_code == 200


def test_a_forged_link_and_one_of_another_incident_show_nothing(
    web: Flask, visitor: Visitor, store: Database, incident_id: int
) -> None:
    address = link(web, store, incident_id)
    head, _, signature = address.rpartition(".")
    forged = ("这个链接无效", "This link is not valid")
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    others = int(head.rpartition("/")[2]) + 1
    for wrong in (
        *(f"{head}.{flipped}", f"{head}.{signature[:-1]}", head, f"{address}x", f"/i/{incident_id}/"),
        *(f"/i/{incident_id}/{others}.{signature}", f"/i/{incident_id}/{'9' * 19}.{signature}"),
    ):
        if wrong.endswith("/"):
            assert visitor.get(wrong).status_code == 404
        else:
            refused(visitor, wrong, 403, *forged)
    refused(visitor, address.replace(f"/i/{incident_id}/", f"/i/{incident_id + 1}/"), 403, "另一起", "another incident")
    with store.begin() as session:
        plain = session.scalars(select(Delivery).where(~Delivery.with_link)).first()
        assert plain is not None
        links = Links("", web.extensions["settings"].secret_key)
        refused(visitor, links.make_address(incident_id, plain.id, plain.number), 403, *forged)


def test_a_link_is_good_until_a_day_after_the_end(
    web: Flask, visitor: Visitor, store: Database, incident_id: int
) -> None:
    address = link(web, store, incident_id)

    def close(ago: timedelta) -> None:
        with store.begin() as session:
            now: datetime = read_clock(session)
        change(store, Incident, closed_at=now - ago, outcome=ClosingOutcome.HELPED)

    close(timedelta(hours=23, minutes=59))
    page = visitor.get(address)
    assert page.status_code == 200
    assert "http-equiv" not in page.text
    assert number(1) not in page.text, "nobody needs the number any more"
    close(timedelta(hours=24))
    refused(visitor, address, 410, "这个链接已过期", "This link has expired")


def test_whoever_is_no_overseer_any_more_is_shown_nothing(
    web: Flask, visitor: Visitor, store: Database, incident_id: int
) -> None:
    no_longer = (403, "您已不能查看这一页", "not for you any more")
    head = link(web, store, incident_id)
    leader = link(web, store, incident_id, Role.LEADER)
    operator = link(web, store, incident_id, Role.OPERATOR)
    change(store, Account, Account.phone == PHONE, phone="+8613900007777")
    refused(visitor, head, *no_longer)
    change(store, Account, Account.phone == "+8613900007777", phone=PHONE)
    assert visitor.get(head).status_code == 200
    with store.begin() as session:
        change_to = session.scalars(select(Household.id).where(Household.door == "7号")).one()
        now = read_clock(session)
    change(store, Group, leader_id=change_to)
    refused(visitor, leader, *no_longer)
    change(store, Account, Account.phone == PHONE, archived_at=now)
    refused(visitor, head, *no_longer)
    change(store, Responder, Responder.number == DUTY, archived_at=now)
    refused(visitor, operator, *no_longer)


def test_a_silent_alarm_shows_no_number_and_nothing_to_its_own_household(
    web: Flask, visitor: Visitor, store: Database, incident_id: int
) -> None:
    change(store, Alert, silent=True)
    page = visitor.get(link(web, store, incident_id)).text
    assert "不要回拨：屋里可能有人在听。" in page
    assert number(1) not in page
    leader = link(web, store, incident_id, Role.LEADER)
    with store.begin() as session:
        leads = session.scalars(select(Phone.household_id).where(Phone.number == number(2))).one()
    change(store, Alert, household_id=leads)
    refused(visitor, leader, 403, "这一页现在不能查看", "cannot be shown now")


def test_the_board_says_who_was_told_and_what_became_of_it(
    signed_in: SignedIn, store: Database, incident_id: int
) -> None:
    page = signed_in(AccountRole.VILLAGE_HEAD).get(f"/incidents/{incident_id}").text
    assert "已立即通知" in page
    assert "已立即发链接给：李国强家、village_head、镇中心值班电话" in page


def test_head_and_administrator_choose_who_is_told_and_see_who_that_is_now(
    signed_in: SignedIn, store: Database, incident_id: int
) -> None:
    head, admin = signed_in(AccountRole.VILLAGE_HEAD), signed_in(AccountRole.ADMIN)
    address = f"/villages/{VILLAGE}/overseers"
    page = head.get(address).text
    assert page.count(" checked") == 3
    assert "village_head" in page
    assert PHONE not in page
    assert head.post(address, {"kinds": ["leaders"]}, of=address).status_code == 303
    page = head.get(address).text
    assert page.count(" checked") == 1
    assert "由village_head选定" in page
    assert head.post("/overseers", {"kinds": ["head"]}, of=address).status_code == 403
    assert admin.post("/overseers", {"kinds": ["head", "nonsense"]}, of="/overseers").status_code == 303
    assert head.post(address, {"follow": "1"}, of=address).status_code == 303
    assert "沿用镇里的选择" in head.get(address).text
    assert head.get(address).text.count(" checked") == 1
    change(store, Account, Account.phone == PHONE, phone="+8657488805111")
    assert "请在村干部的账号里填写手机号码" in head.get(address).text
    assert signed_in(AccountRole.LIAISON).post(address, {}, of=address).status_code == 403


def test_every_page_shows_an_open_alarm_to_whoever_may_watch_it(
    web: Flask, signed_in: SignedIn, incident_id: int
) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    shown = head.get("/account").text
    assert 'role="alert"' in shown
    assert f'href="/incidents/{incident_id}"' in shown
    assert "王建国家求助" in shown
    assert "data-alarm=" not in head.get(f"/incidents/{incident_id}").text, "its own page needs no banner of it"
    assert "new-alarms" not in signed_in(AccountRole.LIAISON).get("/account").text
    told = head.get("/alarms/live")
    assert told.json is not None
    assert [each["id"] for each in told.json["alarms"]] == [incident_id]
    assert head.get(f"/alarms/live?version={told.json['version']}").status_code == 204
    assert Visitor(web.test_client()).get("/alarms/live").status_code == 303


def test_another_villages_head_is_told_of_nothing(signed_in: SignedIn, store: Database, incident_id: int) -> None:
    change(store, Incident, village_id=999_999)
    told = signed_in(AccountRole.VILLAGE_HEAD).get("/alarms/live").json
    assert told is not None
    assert told["alarms"] == []
