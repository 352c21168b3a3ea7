"""The enrolment's pages: the queue, a household, gifts, the bill, the carrier's list; whose they are."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from rq.serializers import JSONSerializer
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from config.database import Database, read_clock
from groups.enrolment.bills import settle_month
from groups.errors import NothingToUndo, say
from groups.models.accounts import Account, AccountRole
from groups.models.batch import Author
from groups.models.changes import Action, Change, Source
from groups.models.enrolment import Channel, Device, DeviceKind, DeviceTest, EndReason, Subscription, Tariff
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from groups.models.uploads import Upload
from groups.rules.days import find_local_day
from groups.uploads import jobs, uploads
from groups.web.enrolment import bills as enrolment_bills
from groups.web.enrolment import common
from groups.web.enrolment import history as enrolment_history
from groups.web.uploads import flow
from joint_defense.processes import queues
from joint_defense.processes import worker as processes_worker
from tests.conftest import MakeSettings
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.usecases.at_once import at_once

PLAN = "平安联防#9按键"
HOUSES = (
    ("王建国", "3-1", VILLAGE),
    ("李月芳", "3-2", VILLAGE),
    ("陈小红", "3-3", VILLAGE),
    ("赵德才", "9号", OTHER_VILLAGE),
)


@pytest.fixture
def liaison(signed_in: SignedIn, people: dict[str, int]) -> Visitor:
    return signed_in(AccountRole.LIAISON)


@pytest.fixture
def people(store: Database) -> dict[str, int]:
    """Households by their heads: two in one village's group, two namesakes, one in the other village."""
    with store.begin() as session:
        session.add(Tariff(plan=PLAN, starts_on=date(2024, 1, 1), village_fen=300, carrier_fen=250))
        villages = {village.code: village.id for village in session.scalars(select(Village))}
        group = Group(village_id=villages[VILLAGE], name="3组")
        session.add(group)
        session.flush()
        made: dict[str, Household] = {}
        for place, (head, door, code) in enumerate(
            [
                ("王建国", "3-1", VILLAGE),
                ("李月芳", "3-2", VILLAGE),
                ("陈小红", "3-3", VILLAGE),
                ("赵德才", "9号", OTHER_VILLAGE),
            ]
        ):
            own_group = group.id if code == VILLAGE else None
            made[head] = Household(
                village_id=villages[code], group_id=own_group, head=head, door=door, position=place + 1
            )
            session.add(made[head])
            session.flush()
            number = f"+861390000100{place}"
            session.add(Phone(household_id=made[head].id, number=number, kind=PhoneKind.MOBILE))
        return {head: household.id for head, household in made.items()}


@pytest.fixture
def today(store: Database, settings: MakeSettings) -> date:
    with store.begin() as session:
        return find_local_day(read_clock(session), settings().zone)


def subscriptions(store: Database) -> list[Subscription]:
    with store.begin() as session:
        return list(session.scalars(select(Subscription).order_by(Subscription.id)))


def sign_up(visitor: Visitor, household_id: int, **more: str) -> object:
    form = {"plan": PLAN, "consent_by": "本人", "gift": "key"} | more
    return visitor.post(f"/enrolment/sign-up/{household_id}", form, of=f"/enrolment/sign-up/{household_id}")


@pytest.mark.parametrize("text", ["王建国", "wangjianguo", "wjg", "3-1", "1390000 1000", "墙下陶 王"])
def test_one_that_is_found_alone_is_there_to_be_signed_up(liaison: Visitor, people: dict[str, int], text: str) -> None:
    answer = liaison.get("/enrolment", query_string={"q": text})
    assert answer.status_code == 303
    assert f"/enrolment/sign-up/{people['王建国']}" in answer.location


def test_among_several_the_first_that_has_not_signed_up_is_in_focus(liaison: Visitor, people: dict[str, int]) -> None:
    sign_up(liaison, people["王建国"])
    page = liaison.get("/enrolment", query_string={"q": "墙下陶"}).text
    focused = re.findall(r'<a class="household-link" href="([^"]+)" autofocus>\s*<span><strong>([^<]+)', page)
    assert [head for _, head in focused] == ["李月芳"]
    assert "开通" in page
    assert "没有找到" in liaison.get("/enrolment", query_string={"q": "nobody"}).text


def test_in_a_county_the_queues_village_is_typed_and_its_page_stays_small(
    liaison: Visitor, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "MOST_OFFERED", 1)
    page = liaison.get("/enrolment", query_string={"q": "3-", "village": "墙下陶"}).text
    assert "<option" not in page
    assert re.findall(r"<strong>([^<]+)</strong>", page) == ["王建国", "李月芳", "陈小红"]
    several = liaison.get("/enrolment", query_string={"q": "3-", "village": "村"})
    assert several.status_code == 422
    assert "q=3-" in re.findall(r'household-link" href="([^"]+)"', several.text)[0]
    home = liaison.get(f"/enrolment/households/{people['王建国']}").text
    assert '<input class="form-control" id="move-village"' in home
    monkeypatch.setattr(enrolment_bills, "MOST_OFFERED", 1)
    for head in ("王建国", "赵德才"):
        sign_up(liaison, people[head], starts_on="2026-01-01")
    bills = [liaison.get(f"/enrolment/bill?month=2026-02&page={page}").text for page in (1, 2)]
    assert [re.findall(r'<th scope="row"><a[^>]*>([^<]+)', bill) for bill in bills] == [["墙下陶村"], ["四甲村"]]
    assert all("11.00" in bill for bill in bills), "the sum is that of all"
    assert '<option value="QX"' not in bills[0] + liaison.get("/enrolment/devices").text


def test_signing_up_writes_plan_consent_and_gift_and_the_next_search_is_empty(
    liaison: Visitor, people: dict[str, int], store: Database, today: date
) -> None:
    answer = liaison.post(
        f"/enrolment/sign-up/{people['王建国']}",
        {"plan": PLAN, "consent_by": "王建国", "serial": "k1001", "gift": "key", "number": "139 0000 1000"},
        of=f"/enrolment/sign-up/{people['王建国']}",
        follow_redirects=True,
    )

    row = subscriptions(store)[0]
    assert (row.plan, row.starts_on, row.consent_by, row.consent_on) == (PLAN, today, "王建国", today)
    assert (row.channel, row.number) == (Channel.OFFICE, "+8613900001000")
    with store.begin() as session:
        device = session.scalars(select(Device)).one()
    assert (device.household_id, device.kind, device.serial) == (people["王建国"], DeviceKind.KEY, "K1001")
    assert "墙下陶村 王建国 已开通" in answer.text
    assert re.search(r'id="q" name="q" value=""[^>]* autofocus', answer.text)
    assert "K1001" in answer.text, "the day's list names the gift"


def test_plan_and_day_stay_for_the_next_one(liaison: Visitor, people: dict[str, int], today: date) -> None:
    before = (today - timedelta(days=3)).isoformat()
    sign_up(liaison, people["王建国"], starts_on=before, gift="phone", channel="shop")
    page = liaison.get(f"/enrolment/sign-up/{people['李月芳']}").text
    assert f'value="{before}"' in page
    assert '<option value="phone" selected' in page
    assert '<option value="shop" selected' in page


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"starts_on": "2999-01-01"}, 422, "2999-01-01"),
        ({"starts_on": "2150-01-01"}, 422, "尚未到来，开通日不能晚于今天"),
        ({"starts_on": "yesterday"}, 422, "不是日期"),
        ({"consent_by": ""}, 422, "须写明同意人"),
        ({"number": "12"}, 422, "没有这样的号码"),
        ({"number": "13900001001"}, 409, "墙下陶村李月芳家"),
        ({"serial": "??"}, 422, "不是设备编号"),
        ({"plan": "no such plan"}, 422, "套餐的资费"),
    ],
)
def test_what_is_wrong_is_said_where_it_was_typed_and_nothing_is_written(
    liaison: Visitor,
    people: dict[str, int],
    store: Database,
    fields: dict[str, str],
    status: int,
    words: str,
) -> None:
    form = {"plan": PLAN, "consent_by": "王建国", "gift": "key"} | fields
    answer = liaison.post(f"/enrolment/sign-up/{people['王建国']}", form, of="/enrolment/lists")
    assert answer.status_code == status
    assert words in answer.text
    assert subscriptions(store) == []


def test_who_came_second_is_told_so(liaison: Visitor, signed_in: SignedIn, people: dict[str, int]) -> None:
    other = signed_in(AccountRole.ADMIN)
    assert sign_up(liaison, people["王建国"]).status_code == 303  # type: ignore[attr-defined]
    form = {"plan": PLAN, "consent_by": "王建国"}
    answer = other.post(f"/enrolment/sign-up/{people['王建国']}", form, of="/account")
    assert answer.status_code == 409
    assert "一户只计一次" in answer.text


def test_what_was_signed_up_today_is_undone_with_a_tap(
    liaison: Visitor, people: dict[str, int], store: Database
) -> None:
    sign_up(liaison, people["王建国"], serial="K100")
    batch = re.findall(r'name="batch" value="([^"]+)"', liaison.get("/enrolment").text)
    assert len(batch) == 1
    answer = liaison.post("/enrolment/undo", {"batch": batch[0], "next": "/enrolment"}, follow_redirects=True)
    assert "已撤销" in answer.text
    assert subscriptions(store) == []
    assert liaison.post("/enrolment/undo", {"batch": "nothing"}).status_code == 404


def test_a_household_is_suspended_resumed_and_cancelled_and_its_history_says_so(
    liaison: Visitor, people: dict[str, int], store: Database, today: date
) -> None:
    home = f"/enrolment/households/{people['王建国']}"
    days = [(today - timedelta(days=ago)).isoformat() for ago in (90, 60, 30)]
    sign_up(liaison, people["王建国"], starts_on=days[0])
    for deed, day in (("suspend", days[1]), ("resume", days[2]), ("cancel", "")):
        answer = liaison.post(f"{home}/{deed}", {"day": day}, of=home)
        assert answer.status_code == 303, deed

    assert [(row.ends_on, row.end_reason) for row in subscriptions(store)] == [
        (today - timedelta(days=60), EndReason.SUSPENDED),
        (today, EndReason.CANCELLED),
    ]
    page = liaison.get(home).text
    for words in ("停机", "复机", "退订", "liaison", "撤销"):
        assert words in page
    again = liaison.post(f"{home}/cancel", {"day": ""}, of=home)
    assert again.status_code == 409
    assert "没有在用的开通" in again.text
    assert liaison.post(f"{home}/burn", {}, of=home).status_code == 404
    # Learned only now: it had ended before it was suspended.
    assert "实际更早结束" in again.text
    earlier = (today - timedelta(days=70)).isoformat()
    assert liaison.post(f"{home}/cancel", {"day": earlier}, of=home).status_code == 303
    assert [(str(row.ends_on), row.end_reason) for row in subscriptions(store)] == [(earlier, EndReason.CANCELLED)]


def test_an_undo_on_the_rosters_page_brings_no_second_subscription(
    liaison: Visitor, signed_in: SignedIn, people: dict[str, int], store: Database, today: date
) -> None:
    home = f"/enrolment/households/{people['王建国']}"
    days = [(today - timedelta(days=ago)).isoformat() for ago in (90, 60, 30, 10)]
    for start, end in (days[:2], days[2:]):
        sign_up(liaison, people["王建国"], starts_on=start)
        assert liaison.post(f"{home}/cancel", {"day": end}, of=home).status_code == 303
    before = [(row.starts_on, row.ends_on) for row in subscriptions(store)]
    with store.begin() as session:
        ended = session.scalars(select(Change.batch).where(Change.action == Action.CANCEL).order_by(Change.id)).first()

    changes = f"/villages/{VILLAGE}/history"
    answer = signed_in(AccountRole.ADMIN).post(f"{changes}/{ended}/undo", {}, of=changes, follow_redirects=True)
    assert "一户只计一次" in answer.text
    assert [(row.starts_on, row.ends_on) for row in subscriptions(store)] == before


def test_a_row_is_corrected_in_the_past_and_an_end_before_the_start_is_refused(
    liaison: Visitor, people: dict[str, int], store: Database, today: date
) -> None:
    sign_up(liaison, people["王建国"])
    page = f"/enrolment/subscriptions/{subscriptions(store)[0].id}/correct"
    start, before = ((today - timedelta(days=days)).isoformat() for days in (40, 41))
    fields = {"starts_on": start, "ends_on": before, "plan": PLAN, "consent_by": "王建国"}
    refused = liaison.post(page, fields, of=page)
    assert refused.status_code == 422
    assert "早于开通日" in refused.text
    assert liaison.post(page, fields | {"ends_on": ""}, of=page).status_code == 303
    assert subscriptions(store)[0].starts_on == today - timedelta(days=40)


def test_what_changes_a_settled_month_is_shown_before_it_is_done(
    liaison: Visitor, people: dict[str, int], store: Database, today: date
) -> None:
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    for head in ("王建国", "李月芳"):
        sign_up(liaison, people[head], starts_on=month.isoformat())
    with store.begin() as session:
        settle_month(session, month, "林联络", read_clock(session))
    page = f"/enrolment/subscriptions/{subscriptions(store)[0].id}/correct"
    fields = {"starts_on": (month + timedelta(days=1)).isoformat(), "ends_on": "", "plan": PLAN}
    asked = liaison.post(page, fields, of=page)
    assert (asked.status_code, "￥11.00 → ￥5.50" in asked.text) == (200, True)
    assert subscriptions(store)[0].starts_on == month, "nothing is written yet"
    assert liaison.post(page, _read_hidden(asked.text), of=page).status_code == 303
    assert subscriptions(store)[0].starts_on == month + timedelta(days=1)
    # So does a cancellation, beside what was billed; one of a later day changes no settled month, and is done at once.
    deed = f"/enrolment/households/{people['李月芳']}/cancel"
    asked = liaison.post(deed, {"day": month.isoformat()}, of=page)
    assert (asked.status_code, "￥11.00 → ￥0.00" in asked.text, subscriptions(store)[1].ends_on) == (200, True, None)
    assert liaison.post(deed, _read_hidden(asked.text), of=page).status_code == 303
    assert subscriptions(store)[1].ends_on == month
    assert liaison.post(f"/enrolment/households/{people['王建国']}/cancel", {}, of=page).status_code == 303
    assert subscriptions(store)[0].ends_on == today


def _read_hidden(page: str) -> dict[str, str]:
    """What the question's own form sends."""
    form = page[page.index('role="alert"') :]
    form = form[: form.index("</form>")]
    return {"confirmed": "1"} | dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_a_cancellation_of_years_ahead_asks_whether_the_day_is_meant(
    liaison: Visitor, people: dict[str, int], store: Database, today: date
) -> None:
    sign_up(liaison, people["王建国"])
    deed, page = (f"/enrolment/households/{people['王建国']}{word}" for word in ("/cancel", ""))
    far, soon = (f"{today.year + years}-01-01" for years in (10, 2))
    asked = liaison.post(deed, {"day": far}, of=page)
    assert (asked.status_code, f'name="meant" value="{far}"' in asked.text) == (422, True)
    assert subscriptions(store)[0].ends_on is None
    assert (
        liaison.post(deed, {"day": far.replace("-", "/"), "meant": far.replace("-", "/")}, of=page).status_code == 303
    )
    assert liaison.post(deed, {"day": soon}, of=page).status_code == 303, "told in advance, as contracts are"
    tariff = {"plan": PLAN, "starts_on": far, "village": "3", "carrier": "2"}
    assert liaison.post("/enrolment/tariffs/add", tariff, of="/enrolment/tariffs").status_code == 422
    tariff["meant"] = far
    assert liaison.post("/enrolment/tariffs/add", tariff, of="/enrolment/tariffs").status_code == 303


def test_who_takes_a_whole_list_back_may_think_for_longer_than_an_alarm(
    liaison: Visitor, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/enrolment/sign-up/{people['王建国']}"
    liaison.post(page, {"plan": PLAN, "consent_by": "本人", "starts_on": "2026-01-01"}, of=page)
    (key,) = re.findall(r'name="batch" value="([^"]+)"', liaison.get("/enrolment").text)
    silent: list[str] = []

    def look(session: Session, *_: object, **__: object) -> None:
        silent.append(session.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one())
        raise NothingToUndo(say("nothing_to_undo"))

    monkeypatch.setattr(enrolment_history, "undo", look)
    liaison.post("/enrolment/undo", {"batch": key}, of="/enrolment")
    assert silent == ["1min"]


def test_a_start_of_long_ago_asks_whether_it_is_meant(
    liaison: Visitor, people: dict[str, int], store: Database
) -> None:
    page = f"/enrolment/sign-up/{people['王建国']}"
    form = {"plan": PLAN, "consent_by": "本人", "starts_on": "1990-01-01"}
    asked = liaison.post(page, form, of=page)
    assert asked.status_code == 422
    assert "十多年前" in asked.text
    assert 'name="meant" value="1990-01-01"' in asked.text
    assert subscriptions(store) == []
    assert liaison.post(page, form | {"meant": "1990-01-01"}, of=page).status_code == 303
    assert [row.starts_on for row in subscriptions(store)] == [date(1990, 1, 1)]
    # So does a correction.
    correcting = f"/enrolment/subscriptions/{subscriptions(store)[0].id}/correct"
    fields = {"starts_on": "1991-01-01", "ends_on": "", "plan": PLAN, "consent_by": "本人"}
    asked = liaison.post(correcting, fields, of=correcting)
    assert (asked.status_code, 'name="meant" value="1991-01-01"' in asked.text) == (422, True)
    assert liaison.post(correcting, fields | {"meant": "1991-01-01"}, of=correcting).status_code == 303
    assert [row.starts_on for row in subscriptions(store)] == [date(1991, 1, 1)]


def test_a_gift_is_given_replaced_and_returned_and_stands_in_the_ledger(
    liaison: Visitor, people: dict[str, int], store: Database
) -> None:
    home = f"/enrolment/households/{people['王建国']}"
    liaison.post(f"{home}/give", {"kind": "key", "serial": "K77"}, of=home)
    elsewhere = f"/enrolment/households/{people['李月芳']}"
    answer = liaison.post(f"{elsewhere}/give", {"kind": "key", "serial": "K77"}, of=elsewhere)
    assert answer.status_code == 409
    assert "王建国" in answer.text
    with store.begin() as session:
        device_id = session.scalars(select(Device.id)).one()
    liaison.post(f"/enrolment/devices/{device_id}/replace", {"serial": "K78"}, of=home)
    assert liaison.post(f"/enrolment/devices/{device_id}/return", {}, of=home).status_code == 422

    out = liaison.get("/enrolment/devices?state=out").text
    assert "K78" in out
    assert "K77" not in out
    book = CalamineWorkbook.from_filelike(io.BytesIO(liaison.get("/enrolment/devices.xlsx").data))
    rows = book.get_sheet_by_index(0).to_python()
    assert {(row[4], row[7]) for row in rows[1:]} == {("K77", "已更换"), ("K78", "在用")}


def test_a_key_is_tied_to_a_line_of_its_own_household_alone_and_its_last_test_stands_beside_it(
    liaison: Visitor, people: dict[str, int], store: Database, today: date
) -> None:
    home = f"/enrolment/households/{people['王建国']}"
    with store.begin() as session:
        phones = {each.household_id: each.id for each in session.scalars(select(Phone).order_by(Phone.id.desc()))}
    own, other = phones[people["王建国"]], phones[people["李月芳"]]
    wrong = liaison.post(f"{home}/give", {"kind": "key", "serial": "K77", "line": str(other)}, of=home)
    assert wrong.status_code == 422
    assert "请选这户自己的一部电话" in wrong.text
    liaison.post(f"{home}/give", {"kind": "key", "serial": "K77", "line": str(own)}, of=home)
    with store.begin() as session:
        device = session.scalars(select(Device)).one()
        assert device.phone_id == own
        device_id = device.id
        asked = datetime(today.year, today.month, today.day, 1, tzinfo=UTC)
        test = DeviceTest(device_id=device_id, phone_id=own, asked_on=today, open_until=asked + timedelta(hours=10))
        session.add(test)
    assert "还没有按键测试" in liaison.get(home).text
    assert "等待按键" in liaison.get(home).text
    with store.begin() as session:
        session.scalars(select(DeviceTest)).one().pressed_at = asked
    assert "最近按键测试" in liaison.get(home).text
    tie = f"/enrolment/devices/{device_id}/tie"
    assert liaison.post(tie, {"line": str(other)}, of=home).status_code == 422
    assert liaison.post(tie, {}, of=home).status_code == 422
    assert liaison.post(tie, {"line": str(own)}, of=home).status_code == 303


def test_the_bill_is_the_same_on_the_page_and_in_the_workbook(
    liaison: Visitor, people: dict[str, int], today: date
) -> None:
    for head in ("王建国", "李月芳", "赵德才"):
        sign_up(liaison, people[head], starts_on="2026-01-15")
    page = liaison.get("/enrolment/bill?month=2026-02")
    assert "16.50" in page.text
    assert "墙下陶村" in page.text
    book = CalamineWorkbook.from_filelike(io.BytesIO(liaison.get("/enrolment/bill.xlsx?month=2026-02").data))
    total = book.get_sheet_by_name("账单").to_python()[-1]
    assert total[1:] == ["合计", "", 3.0, "", "", 9.0, 7.5, 16.5]
    assert len(book.get_sheet_by_name("明细").to_python()) == 4
    assert any("1日" in str(row[0]) for row in book.get_sheet_by_name("说明").to_python())
    assert liaison.get("/enrolment/bill?month=2999-01").status_code == 422
    assert liaison.get("/enrolment/bill?village=nowhere").status_code == 404


def test_a_tariff_is_set_in_yuan_and_kept_in_fen(liaison: Visitor, people: dict[str, int], store: Database) -> None:
    fields = {"plan": "平安宽带", "starts_on": "2026-01-01", "village": "2.5", "carrier": "￥3"}
    assert liaison.post("/enrolment/tariffs/add", fields, of="/enrolment/tariffs").status_code == 303
    with store.begin() as session:
        kept = session.scalars(select(Tariff).where(Tariff.plan == "平安宽带")).one()
    assert (kept.village_fen, kept.carrier_fen) == (250, 300)
    for wrong, name in (
        ({"village": "2.505"}, "village"),
        ({"carrier": ""}, "carrier"),
        ({"starts_on": "x"}, "starts_on"),
        ({"plan": " "}, "plan"),
        ({}, "starts_on"),
    ):
        refused = liaison.post("/enrolment/tariffs/add", fields | wrong, of="/enrolment/tariffs")
        assert refused.status_code == 422
        assert re.findall(r'aria-describedby="(\w+)-wrong"', refused.text) == [name]
        assert f'id="{name}-wrong"' in refused.text
    correction = {**fields, "carrier": "x", "deed": "correct"}
    refused = liaison.post("/enrolment/tariffs/change", correction, of="/enrolment/tariffs")
    assert (refused.status_code, refused.text.count('id="carrier-wrong"')) == (422, 1)
    for deed in ({"carrier": "4", "deed": "correct"}, {"deed": "remove"}):
        asked = liaison.post("/enrolment/tariffs/change", fields | deed, of="/enrolment/tariffs")
        assert (asked.status_code, "这会改变已出账的月份" in asked.text) == (200, True)
        assert "平安宽带 · 自" in " ".join(asked.text.split()), "what is to be done stands beside what it does"
        done = liaison.post("/enrolment/tariffs/change", fields | deed | {"confirmed": "1"}, of="/enrolment/tariffs")
        assert done.status_code == 303
    with store.begin() as session:
        assert session.scalars(select(Tariff.id).where(Tariff.plan == "平安宽带")).all() == []
    old = fields | {"starts_on": "1990-01-01"}
    asked = liaison.post("/enrolment/tariffs/add", old, of="/enrolment/tariffs")
    assert (asked.status_code, 'name="meant" value="1990-01-01"' in asked.text) == (422, True)
    meant = old | {"meant": "1990-01-01"}
    assert liaison.post("/enrolment/tariffs/add", meant, of="/enrolment/tariffs").status_code == 303


def test_a_village_head_reads_the_own_village_and_writes_nothing(
    signed_in: SignedIn, liaison: Visitor, people: dict[str, int]
) -> None:
    sign_up(liaison, people["王建国"], starts_on="2026-01-15", serial="K100")
    sign_up(liaison, people["赵德才"], starts_on="2026-01-15", serial="K200")
    head = signed_in(AccountRole.VILLAGE_HEAD)

    assert "王建国" in head.get(f"/enrolment/households/{people['王建国']}").text
    assert head.get(f"/enrolment/households/{people['赵德才']}").status_code == 404
    assert "赵德才" not in head.get("/enrolment", query_string={"q": "赵"}).text
    assert "K200" not in head.get("/enrolment/devices").text
    assert "四甲村" not in head.get("/enrolment/bill?month=2026-02").text
    assert head.get(f"/enrolment/bill?village={OTHER_VILLAGE}").status_code == 404
    home = f"/enrolment/households/{people['王建国']}"
    assert head.post(f"{home}/cancel", {}, of="/account").status_code == 403
    assert '<details class="deed"' not in head.get(home).text


LIST = """\
移动号码,客户姓名,装机地址,套餐,开通日期,结束日期
13900001000,王建国,墙下陶村3组3-1号,平安联防#9按键,2026-03-01,
,李月芳,墙下陶村3-2,平安联防#9按键,2026/3/2,
13900001002,王*红,墙下陶村7-7,平安联防#9按键,2026年3月3日,
13900009999,陈小红,墙下陶村8-8,平安联防#9按键,2026-03-04,
13900008888,没有人,别的村1-1,平安联防#9按键,2026-03-04,
13900001003,赵德才,四甲村9号,平安联防#9按键,2026-03-05,2026-03-01
"""


def bring(visitor: Visitor, text: str) -> str:
    form = {"file": (io.BytesIO(text.encode("gb18030")), "名单.csv")}
    answer = visitor.post("/enrolment/lists", form, of="/enrolment/lists", content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    location: str = answer.location
    return location


def number_of(page: str, store: Database) -> int:
    """The list's, of which the page's address says the key."""
    with store.begin() as session:
        return session.scalars(select(Upload.id).where(Upload.key == page.rsplit("/", 1)[1])).one()


def test_a_list_is_matched_its_doubtful_rows_decided_by_hand_and_written_once(
    liaison: Visitor, people: dict[str, int], store: Database
) -> None:
    page = bring(liaison, LIST)
    shown = liaison.get(page).text
    assert "确认写入 2 行" in shown
    assert shown.count('<fieldset class="beside">') == 2
    signs = re.findall(r'class="agreement">(.*?)</span>\s*</span></label>', shown, re.DOTALL)
    assert "号码一致" in signs[0]
    assert "门牌不同" in signs[0]
    assert "名册中没有这户" in shown
    assert "早于开通日" in shown
    assert subscriptions(store) == []

    liaison.post(f"{page}/decide", {"row:!4": str(people["陈小红"]), "row:!5": "0"}, of=page)
    assert "确认写入 3 行" in liaison.get(page).text
    mend = CalamineWorkbook.from_filelike(io.BytesIO(liaison.get(f"{page}/errors.xlsx").data))
    assert [row[2] for row in mend.get_sheet_by_index(0).to_python()[1:]] == ["没有人", "赵德才"]
    done = liaison.post(f"{page}/confirm", {}, of=page, follow_redirects=True)

    assert "写入。" in done.text
    assert {(row.household_id, row.starts_on, row.channel) for row in subscriptions(store)} == {
        (people["王建国"], date(2026, 3, 1), Channel.CARRIER),
        (people["李月芳"], date(2026, 3, 2), Channel.CARRIER),
        (people["陈小红"], date(2026, 3, 3), Channel.CARRIER),
    }
    again = liaison.post(f"{page}/confirm", {}, of="/enrolment/lists", follow_redirects=True)
    assert "已写入" in again.text
    assert len(subscriptions(store)) == 3


def test_a_list_brought_in_again_changes_nothing_and_all_of_it_is_undone_at_once(
    liaison: Visitor, people: dict[str, int], store: Database
) -> None:
    page = bring(liaison, LIST)
    liaison.post(f"{page}/confirm", {}, of=page)
    before = [(row.id, row.starts_on, row.ends_on) for row in subscriptions(store)]
    other = bring(liaison, LIST)
    assert "disabled" in liaison.get(other).text
    liaison.post(f"{other}/drop", {}, of=other)
    assert liaison.get(other).status_code == 404
    assert [(row.id, row.starts_on, row.ends_on) for row in subscriptions(store)] == before

    batch = re.findall(r'name="batch" value="([^"]+)"', liaison.get(page).text)[0]
    liaison.post("/enrolment/undo", {"batch": batch}, of=page)
    assert subscriptions(store) == []


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("名单.csv", "", "nothing is in this file"),
        ("名单.doc", LIST, ".xlsx"),
        ("名单.xlsx", "not a workbook", "not a workbook"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_in_words(liaison: Visitor, name: str, text: str, words: str) -> None:
    liaison.speak_english()
    form = {"file": (io.BytesIO(text.encode()), name)}
    answer = liaison.post("/enrolment/lists", form, of="/enrolment/lists", content_type="multipart/form-data")
    assert answer.status_code == 422
    assert words in answer.text


def long_list() -> str:
    return LIST + "".join(f",生人{number},外村{number}号,{PLAN},2025-01-01,\n" for number in range(1200))


def serve(web: Flask) -> None:
    """What the process `bulk` does, until its queue is empty: RQ's worker over a real Redis."""
    redis = web.extensions["runtime"].redis
    worker = processes_worker.PatientWorker(
        [queues.get_queue(queues.BULK, redis)], connection=redis, serializer=JSONSerializer
    )
    with web.app_context():
        worker.work(burst=True)


def test_a_long_list_is_looked_through_and_written_by_the_bulk_worker_with_a_progress_bar(
    web: Flask, liaison: Visitor, people: dict[str, int], store: Database
) -> None:
    page = bring(liaison, long_list())
    list_id = number_of(page, store)
    redis = web.extensions["runtime"].redis
    waiting = liaison.get(page).text
    assert "<progress" in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert "正在排队" in liaison.get(f"{page}/progress").text
    queued = queues.get_queue(queues.BULK, redis).get_jobs()
    assert [(job.func_name, job.args) for job in queued] == [(queues.UPLOAD_JOB, [list_id])]

    serve(web)
    assert liaison.get(f"{page}/progress").headers["HX-Redirect"] == page
    assert "确认写入 2 行" in liaison.get(page).text
    assert liaison.post(f"{page}/confirm", {}, of=page).status_code == 303
    assert "正在排队" in liaison.get(page).text
    assert subscriptions(store) == []
    serve(web)

    assert "写入。" in liaison.get(page).text
    assert len(subscriptions(store)) == 2
    with store.begin() as session:
        assert session.get_one(Upload, list_id).summary["counts"]["error"] == 1202
        assert len(set(session.scalars(select(Change.batch)))) == 1


def test_a_worker_that_dies_in_the_middle_of_a_list_has_written_nothing_and_it_can_be_tried_again(
    web: Flask, liaison: Visitor, people: dict[str, int], store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = bring(liaison, LIST)
    list_id = number_of(page, store)
    monkeypatch.setitem(web.extensions, "enlist_upload", lambda _: True)
    monkeypatch.setattr(flow, "LARGE", 0)
    liaison.post(f"{page}/confirm", {}, of=page)

    def dies(*_: object) -> bool:
        raise SystemExit("the power is gone")

    with monkeypatch.context() as broken, web.app_context():
        broken.setattr(uploads, "is_written", dies)
        with pytest.raises(SystemExit):
            jobs.work_on_upload(list_id)
    assert subscriptions(store) == []
    with store.begin() as session:
        assert session.scalars(select(Change)).all() == []
    assert liaison.get(f"{page}/progress").headers["HX-Redirect"] == page
    stopped = liaison.get(page).text
    assert "没有写入任何内容" in stopped
    assert "再试一次" in stopped

    with monkeypatch.context() as alone:
        alone.setitem(web.extensions, "enlist_upload", lambda _: False)
        liaison.post(f"{page}/again", {}, of=page)
    assert "写入。" in liaison.get(page).text
    assert len(subscriptions(store)) == 2


def test_two_at_a_list_at_once_write_it_once(
    web: Flask, liaison: Visitor, people: dict[str, int], store: Database, settings: MakeSettings
) -> None:
    page = bring(liaison, LIST)
    list_id = number_of(page, store)
    with store.begin() as session:
        by = Author("liaison", Source.IMPORT, session.scalar(select(Account.id).where(Account.name == "liaison")))
        uploads.confirm(session.get_one(Upload, list_id), by, read_clock(session))
    kept, kinds = settings(), web.extensions["list_kinds"]
    at_once(*[lambda: jobs.work_on(store, kept, kinds, list_id)] * 2)
    assert len(subscriptions(store)) == 2
    with store.begin() as session:
        assert len(set(session.scalars(select(Change.batch)))) == 1


def test_a_column_that_was_told_by_its_cells_is_shown_with_one_tap_to_change_it(
    liaison: Visitor, people: dict[str, int]
) -> None:
    lines = [f"1390000100{at},王建国,平安联防#9按键,2026-03-01" for at in range(3)]
    page = bring(liaison, "\n".join(["用户标识,姓名,套餐,开通日期", *lines]))
    assert "按内容推测的列" in liaison.get(page).text
    liaison.post(f"{page}/columns", {"column-0-0": ""}, of=page)
    assert "按内容推测的列" not in liaison.get(page).text


def test_columns_that_were_guessed_wrong_are_put_right_by_hand(
    liaison: Visitor, people: dict[str, int], store: Database
) -> None:
    page = bring(liaison, "甲,乙,丙,丁\n13900001000,王建国,平安联防#9按键,2026-03-01\n")
    shown = liaison.get(page).text
    assert "找不到列" in shown
    assert f"{page}/confirm" not in shown
    twice = {f"column-0-{place}": "number" for place in range(2)}
    assert liaison.post(f"{page}/columns", twice, of=page).status_code == 422
    words = {f"column-0-{place}": word for place, word in enumerate(("number", "name", "plan", "start"))}
    liaison.post(f"{page}/columns", words, of=page)
    assert "确认写入 1 行" in liaison.get(page).text
    liaison.post(f"{page}/confirm", {}, of=page)
    assert [row.household_id for row in subscriptions(store)] == [people["王建国"]]
    late = liaison.post(f"{page}/columns", words, of="/enrolment/lists")
    assert late.status_code == 422
