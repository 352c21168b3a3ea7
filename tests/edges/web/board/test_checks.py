"""A half-monthly check: what stands open leads to where it is mended, a sign-off is kept, the head is told."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from config.database import Database, read_clock
from groups.models.accounts import Account, AccountRole
from groups.models.enrolment import Device, DeviceKind, DeviceTest, Subscription
from groups.models.figures import ProofKind, ReachProof, Residence
from groups.models.roster import Group, Household, Phone, Village
from joint_defense.models.incidents import Delivery
from joint_defense.models.upkeep import ChecksBegin, VillageCheck, VillageCheckText
from joint_defense.rules.errors import CheckRefused
from joint_defense.rules.village_checks import CheckState, find_due_before, find_due_on, find_next_due, find_state
from joint_defense.upkeep import head_texts, tasks, village_checks, village_hours
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import number, settle_group
from tests.support.factories import home_since

PAGE = f"/villages/{VILLAGE}/check"


@pytest.fixture
def lived_in(web: Flask, store: Database) -> dict[str, Any]:
    """A group of ten, proven today but for three: a number that fails, one never answered, one without a phone."""
    with store.begin() as session:
        group = settle_group(session, VILLAGE)
        now = read_clock(session)
        today = now.astimezone(web.extensions["settings"].zone).date()
        houses = session.scalars(select(Household).order_by(Household.position)).all()
        session.add_all(home_since(house, date(2020, 1, 1)) for house in houses)
        rows = session.scalars(select(Phone).order_by(Phone.id)).all()
        unproven = {number(1), number(3)}
        for phone in rows:
            if phone.number not in unproven:
                proof = {"phone_id": phone.id, "household_id": phone.household_id, "kind": ProofKind.CALL}
                session.add(ReachProof(**proof, proven_on=today))
        session.execute(update(Phone).where(Phone.number == number(1)).values(failures=2))
        session.execute(update(Phone).where(Phone.number == number(5)).values(archived_at=now))
        small = Group(village_id=group.village_id, name="4组")
        alone = Household(village_id=group.village_id, head="钱", door="40号", position=40)
        session.add_all([small, alone])
        session.flush()
        session.add_all(
            [
                Subscription(household_id=alone.id, starts_on=date(2026, 1, 1)),
                Device(household_id=houses[2].id, kind=DeviceKind.KEY, serial="K77", given_on=date(2026, 1, 1)),
                Device(household_id=houses[3].id, kind=DeviceKind.KEY, serial="K78", given_on=date(2026, 1, 1)),
            ]
        )
        session.flush()
        # Of the two keys one was pressed for its test.
        key, line = session.scalars(select(Device).where(Device.serial == "K78")).one(), houses[3].phones[0]
        test = DeviceTest(device_id=key.id, phone_id=line.id, asked_on=now.date(), open_until=now, pressed_at=now)
        session.add(test)
        assert tasks.open_for_failing(session, now - timedelta(days=4)) == 1
        return {
            "houses": [each.id for each in houses],
            "alone": alone.id,
            "small": small.id,
            "village": group.village_id,
        }


def sections(page: str) -> dict[str, int]:
    return {key: int(count) for key, count in re.findall(r'<h2 id="(\w+)">.*?(\d+)</h2>', page)}


def test_each_line_of_a_check_leads_to_where_it_is_mended(lived_in: dict[str, Any], signed_in: SignedIn) -> None:
    page = signed_in(AccountRole.VILLAGE_HEAD).get(PAGE).text
    assert sections(page) == {
        "failing": 1,
        "without_number": 2,
        "unproven": 1,
        "small_groups": 1,
        "ungrouped": 1,
        "silent_devices": 1,
        "tasks": 1,
    }
    house = f'href="/villages/{VILLAGE}/households/'
    assert [each for each in (lived_in["houses"][i] for i in (0, 2, 4)) if f'{house}{each}"' not in page] == []
    assert f'{house}{lived_in["alone"]}"' in page
    assert f'href="/villages/{VILLAGE}/groups/{lived_in["small"]}"' in page
    assert f'href="/villages/{VILLAGE}/numbers"' in page
    assert ("K77" in page, "K78" in page, "已等4天" in page) == (True, False, True)


def test_a_sign_off_is_kept_as_it_stood_and_nothing_is_signed_that_was_not_seen(
    lived_in: dict[str, Any], signed_in: SignedIn, store: Database
) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    seen = re.search(r'name="mark" value="(\w+)"', head.get(PAGE).text)
    assert seen is not None
    with store.begin() as session:
        session.execute(update(Phone).where(Phone.number == number(7)).values(failures=2))
    stale = head.post(PAGE, {"mark": seen[1]}, of=PAGE)
    assert (stale.status_code, "情况有变" in stale.text, sections(stale.text)["failing"]) == (409, True, 2)
    now_seen = re.search(r'name="mark" value="(\w+)"', stale.text)
    assert now_seen is not None
    assert "的检查没有人签字，记录上会一直这样写着。您现在只签" in stale.text
    signed = head.post(PAGE, {"mark": now_seen[1]}, of=PAGE, follow_redirects=True).text
    assert "没有人签字" in signed, "the one before stays as it is"
    assert ("已由village_head签字" in signed, 'name="mark"' in signed) == (True, False)
    again = head.post(PAGE, {"mark": "other"}, of="/account")
    assert (again.status_code, "已经签过字" in again.text) == (409, True)
    with store.begin() as session:
        (check,) = session.scalars(select(VillageCheck)).all()
        kept = {key: len(rows) for key, rows in check.stood_open.items()}
        session.execute(update(Phone).where(Phone.failures > 0).values(failures=0))
        session.execute(update(Household).where(Household.id == lived_in["houses"][0]).values(head="已删除"))
    assert kept == {
        "failing": 2,
        "without_number": 2,
        "unproven": 1,
        "small_groups": 1,
        "ungrouped": 1,
        "silent_devices": 1,
        "tasks": 1,
    }
    frozen = head.get(f"{PAGE}/{check.due_on}").text
    assert ("打不通的号码：2" in frozen, "王建国" in frozen, "个人信息已删除的户" in frozen) == (True, False, True)
    assert [head.get(f"{PAGE}/{day}").status_code for day in ("2020-01-01", "yesterday")] == [404, 404]


def test_a_check_that_is_overdue_stands_at_home_in_the_town_and_in_the_heads_weekly_text(
    lived_in: dict[str, Any], signed_in: SignedIn, store: Database, web: Flask
) -> None:
    zone = web.extensions["settings"].zone
    village_id = lived_in["village"]
    late = datetime(2026, 12, 3, 1, 30, tzinfo=UTC)
    with store.begin() as session:
        village_hours.set_upkeep(session, village_id, ((9, 11),), "村长", late)
        session.execute(update(Account).where(Account.role == AccountRole.VILLAGE_HEAD).values(phone="+8613905740001"))
        assert head_texts.find_heads_due(session, late.replace(day=1), zone) == [], "it is due today"
        assert head_texts.find_heads_due(session, late.replace(hour=4), zone) == [], "it is noon"
        assert head_texts.find_heads_due(session, late, zone) == [village_id]
        assert len(head_texts.tell_heads(session, village_id, late, zone)) == 1
        assert head_texts.find_heads_due(session, late.replace(day=9), zone) == [], "a week has not gone by"
        assert head_texts.find_heads_due(session, late.replace(day=10), zone) == [village_id]
        (text,) = session.scalars(select(Delivery.text)).all()
        assert "墙下陶村12月1日的半月检查还没有签字" in (text or "")
        (told,) = session.scalars(select(VillageCheckText)).all()
        assert (told.due_on, told.incident_id is not None) == (date(2026, 12, 1), True)
        other = session.scalars(select(Village.id).where(Village.code == OTHER_VILLAGE)).one()
        states = {
            village.village_id: (check.state, check.overdue)
            for village, check in village_checks.list_town(session, date(2026, 12, 3))
        }
        assert states == {village_id: (CheckState.OVERDUE, 2), other: (CheckState.NOT_YET, 0)}
        with pytest.raises(CheckRefused, match="not_yet"):
            village_checks.sign_off(session, other, "村长", "", late, zone)
        points = village_checks.read_points(session, village_id, late, zone)
        village_checks.sign_off(session, village_id, "村长", points.mark, late, zone)
        assert head_texts.find_heads_due(session, late.replace(day=10), zone) == []
        lines = village_checks.list_checks(session, village_id, date(2027, 1, 16))
        assert [(str(each.due_on), each.signed_by) for each in lines[:4]] == [
            ("2027-01-01", ""),
            ("2026-12-16", ""),
            ("2026-12-01", "村长"),
            ("2026-11-16", ""),
        ]
    town = signed_in(AccountRole.LIAISON).get("/checks").text
    assert ("墙下陶村" in town, "四甲村" in town) == (True, True)
    head = signed_in(AccountRole.VILLAGE_HEAD)
    assert head.get("/checks").status_code == 403
    assert head.get(f"/villages/{OTHER_VILLAGE}/check").status_code == 404
    run = web.test_cli_runner().invoke
    assert {line.split("\t")[0] for line in run(args=["upkeep", "checks"]).output.splitlines()} == {"QX", "SJ"}
    assert '"failing": 1' in run(args=["upkeep", "check", "--village", VILLAGE]).output


def test_a_page_drawn_before_midnight_does_not_sign_the_next_check(
    lived_in: dict[str, Any], store: Database, web: Flask
) -> None:
    zone, village_id = web.extensions["settings"].zone, lived_in["village"]
    before, after = datetime(2026, 12, 15, 15, 59, tzinfo=UTC), datetime(2026, 12, 15, 16, 1, tzinfo=UTC)
    with store.begin() as session:
        shown = village_checks.read_points(session, village_id, before, zone)
        with pytest.raises(CheckRefused, match="next_begun"):
            village_checks.sign_off(session, village_id, "村长", shown.mark, after, zone)
        now_shown = village_checks.read_points(session, village_id, after, zone)
        assert now_shown.freeze() == shown.freeze(), "nothing else has changed"
        made = village_checks.sign_off(session, village_id, "村长", now_shown.mark, after, zone)
        assert made.due_on == date(2026, 12, 16)
        assert village_checks.list_checks(session, village_id, date(2026, 12, 16))[0].signed_at is None


def test_checks_that_nobody_ever_signed_are_listed_from_the_first_that_was_due(
    lived_in: dict[str, Any], store: Database
) -> None:
    own, today = lived_in["village"], date(2026, 12, 20)
    with store.begin() as session:
        other = session.scalars(select(Village.id).where(Village.code == OTHER_VILLAGE)).one()
        newcomer = Household(village_id=other, head="孙", door="1号", position=1)
        session.add(newcomer)
        session.flush()
        supposed = Residence(household_id=newcomer.id, village_id=other, starts_on=date(2020, 1, 1), supposed=True)
        supposed.ends_on = date(2026, 11, 10)
        session.add_all([supposed, home_since(newcomer, date(2026, 11, 10))])
        session.flush()
        listed = [str(each.due_on) for each in village_checks.list_checks(session, other, today)]
        assert listed == ["2026-12-01", "2026-11-16"]
        assert len(village_checks.list_checks(session, own, today)) == village_checks.LISTED
        # The town had households, and was brought up to date on the 10th of December: nothing was due before.
        session.add(ChecksBegin(id=1, begin_on=date(2026, 12, 10)))
        session.flush()
        states = [village_checks.read_now(session, own, day).state for day in (date(2026, 12, 12), today)]
        assert states == [CheckState.NOT_YET, CheckState.OVERDUE]
        assert village_checks.find_overdue(session, date(2026, 12, 12)) == set()
        assert village_checks.list_checks(session, own, today) == []
        later = village_checks.list_checks(session, own, date(2027, 1, 2))
        assert [(str(each.due_on), each.signed_at) for each in later] == [("2026-12-16", None)]


def test_a_village_whose_head_cannot_be_told_is_not_asked_about_every_minute(
    lived_in: dict[str, Any], store: Database, web: Flask
) -> None:
    zone = web.extensions["settings"].zone
    village_id = lived_in["village"]
    late = datetime(2026, 12, 3, 1, 30, tzinfo=UTC)
    with store.begin() as session:
        village_hours.set_upkeep(session, village_id, ((9, 11),), "村长", late)
        session.execute(update(Account).values(phone=None))
        assert head_texts.tell_heads(session, village_id, late, zone) == []
        assert head_texts.find_heads_due(session, late + timedelta(minutes=1), zone) == []
        (told,) = session.scalars(select(VillageCheckText)).all()
        assert told.incident_id is None


def test_checks_are_due_on_the_first_and_the_sixteenth() -> None:
    days = [(2026, 11, 30), (2026, 12, 1), (2026, 12, 15), (2026, 12, 16), (2027, 1, 15)]
    assert [str(find_due_on(date(*day))) for day in days] == [
        *("2026-11-16", "2026-12-01", "2026-12-01", "2026-12-16", "2027-01-01")
    ]
    assert str(find_next_due(date(2026, 12, 16))) == "2027-01-01"
    assert str(find_next_due(date(2027, 2, 1))) == "2027-02-16"
    assert str(find_due_before(date(2027, 1, 1))) == "2026-12-16"
    assert find_state(date(2026, 12, 16), signed=False, expected=True) is CheckState.DUE
    assert find_state(date(2026, 12, 17), signed=False, expected=True) is CheckState.OVERDUE
    assert find_state(date(2026, 12, 17), signed=True, expected=True) is CheckState.SIGNED
    assert find_state(date(2026, 12, 17), signed=False, expected=False) is CheckState.NOT_YET


def test_an_empty_village_has_nothing_to_sign(signed_in: SignedIn) -> None:
    visitor: Visitor = signed_in(AccountRole.ADMIN)
    page = visitor.get(f"/villages/{OTHER_VILLAGE}/check").text
    assert ('name="mark"' in page, set(sections(page).values())) == (False, {0})
