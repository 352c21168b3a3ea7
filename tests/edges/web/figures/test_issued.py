"""A report that was issued stays what it was, whatever is corrected; the audit says why each household counts."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import date

import openpyxl
import pytest

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.enrolment import Subscription, Tariff
from groups.models.figures import HouseholdCount, IssuedFile
from groups.models.roster import Household, Village
from groups.rules.counting import CountKind
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.support.factories import home_since

DAY = "2026-03-10"
PLAN = "平安联防#9按键"


@pytest.fixture
def liaison(signed_in: SignedIn, store: Database) -> Visitor:
    """Of ten households of a village two have signed up; nobody of the other's."""
    with store.begin() as session:
        session.add(Tariff(plan=PLAN, starts_on=date(2024, 1, 1), village_fen=300, carrier_fen=250))
        for village in session.query(Village):
            counted = {"kind": CountKind.RESIDENT, "counted_on": date(2026, 1, 1), "households": 10}
            session.add(HouseholdCount(village_id=village.id, **counted))
            for number in range(2 if village.code == VILLAGE else 0):
                household = Household(village_id=village.id, head=f"户主{number}", door=f"{number}号")
                session.add(household)
                session.flush()
                session.add(home_since(household, date(2026, 1, 1)))
                days = {"starts_on": date(2026, 2, 1), "plan": PLAN, "consent_by": "本人"}
                session.add(Subscription(household_id=household.id, **days))
    return signed_in(AccountRole.LIAISON)


def issued(liaison: Visitor) -> str:
    answer = liaison.post("/coverage/reports", {"as_of": DAY, "since": "2026-02-28"}, of=f"/coverage?as_of={DAY}")
    assert answer.status_code == 303
    return str(answer.location)


def cancelled(liaison: Visitor, store: Database, day: str) -> None:
    with store.begin() as session:
        household_id = session.query(Household.id).order_by(Household.id).first()
    assert household_id is not None
    page = f"/enrolment/households/{household_id[0]}"
    assert liaison.post(f"{page}/cancel", {"day": day}, of=page).status_code == 303


def test_an_issued_report_is_printed_again_byte_for_byte_and_set_beside_what_is_known_now(
    liaison: Visitor, store: Database
) -> None:
    page = issued(liaison)
    files = {form: liaison.get(f"{page}/report.{form}").data for form in ("csv", "xlsx", "json", "pdf")}
    told = json.loads(files["json"])
    assert (told["town"]["subscribed"], told["as_of"]) == (2, DAY)
    assert told["known_at"] is not None

    cancelled(liaison, store, "2026-03-01")

    assert {form: liaison.get(f"{page}/report.{form}").data for form in files} == files
    assert json.loads(liaison.get(f"/coverage/export.json?as_of={DAY}").data)["town"]["subscribed"] == 1
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", liaison.get(page).text))
    assert hashlib.sha256(files["json"]).hexdigest() in words
    assert "20.0% 2/10 10.0% 1/10" in words
    assert "-1 更正 · 墙下陶村 户主0 0号" in words
    # And the same by asking what was known then.
    asked = f"/coverage/export.json?as_of={DAY}&known_at={told['known_at'].replace('+', '%2B')}&since=2026-02-28"
    assert json.loads(liaison.get(asked).data) == told
    # The report of a later day compares with what was issued, and explains the correction.
    later = json.loads(liaison.get(f"/coverage/export.json?as_of=2026-03-20&since={DAY}").data)["changes"]
    (subscribed,) = [figure for figure in later["figures"] if figure["figure"] == "subscribed"]
    assert [subscribed[name] for name in ("before", "corrected", "gained", "lost", "after")] == [2, -1, 0, 0, 1]
    assert later["report"] == int(page.rsplit("/", 1)[1])


def test_a_report_whose_bytes_were_touched_is_not_handed_out(liaison: Visitor, store: Database) -> None:
    page = issued(liaison)
    with store.begin() as session:
        session.query(IssuedFile).filter_by(form="csv").update({"content": b"better figures"})
    answer = liaison.get(f"{page}/report.csv")
    assert answer.status_code == 500
    assert "损坏" in answer.text


def test_the_audit_says_of_every_household_why_it_counts_and_adds_up_to_the_town(
    liaison: Visitor, store: Database
) -> None:
    cancelled(liaison, store, "2026-03-01")
    content = liaison.get(f"/coverage/audit.xlsx?as_of={DAY}").data
    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = [[cell.value for cell in row] for row in book.active]
    # Whoever is handed the sheet is told of which day it is, and by which count.
    notes = {row[0].value: row[1].value for row in book["说明"]}
    assert (f"{notes['统计日期']:%Y-%m-%d}", notes["知悉时点"]) == (DAY, "出表时已知的全部")
    assert notes["户数口径"].startswith("常住户")
    assert [(row[3], row[10], row[11]) for row in rows[1:3]] == [
        ("户主0", 0, "2026-03-01起已退订"),
        ("户主1", 1, "2026-02-01起开通，仍在用"),
    ]
    assert rows[-1][1:7] == ["全镇", "合计", "户数20", "计入1户", "与报表", "一致"]
    assert [row[6] for row in rows[3:5]] == ["一致", "一致"]


def test_nobody_but_liaison_and_administrator_issues_or_audits(signed_in: SignedIn, liaison: Visitor) -> None:
    page = issued(liaison)
    for role in (AccountRole.VILLAGE_HEAD, AccountRole.OPERATOR):
        other = signed_in(role)
        for address in (page, f"{page}/report.json", "/coverage/reports", f"/coverage/audit.xlsx?as_of={DAY}"):
            assert other.get(address).status_code in {403, 404}, (role, address)
    assert OTHER_VILLAGE in liaison.get(f"{page}/report.csv").data.decode("utf-8-sig")
