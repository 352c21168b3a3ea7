"""The figures' pages: coverage for liaison, administrator and head; counts, thresholds, API clients; exports."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Change, Source
from groups.models.enrolment import EndReason, Subscription
from groups.models.figures import HouseholdCount, Threshold
from groups.models.roster import Household, Village
from groups.rules.counting import CountKind
from groups.web.enrolment import common
from groups.web.figures import coverage
from tests.edges.web.conftest import SignedIn, Visitor
from tests.support.factories import home_since

COUNTED = date(2026, 1, 1)


@pytest.fixture
def figures(store: Database) -> None:
    """QX has 4 of 5 households signed up since February, SJ 1 of 10 since March."""
    with store.begin() as session:
        villages = {village.code: village.id for village in session.scalars(select(Village))}
        for code, households, signed_up, month in (("QX", 5, 4, 2), ("SJ", 10, 1, 3)):
            village_id = villages[code]
            session.add(
                HouseholdCount(
                    village_id=village_id, kind=CountKind.RESIDENT, counted_on=COUNTED, households=households
                )
            )
            for number in range(signed_up):
                household = Household(village_id=village_id, head=f"{code}户主{number}", door=f"{number}号")
                session.add(household)
                session.flush()
                session.add(Subscription(household_id=household.id, starts_on=date(2026, month, 1)))
                session.add(home_since(household, COUNTED))


@pytest.fixture
def liaison(signed_in: SignedIn, figures: None) -> Visitor:
    return signed_in(AccountRole.LIAISON)


@pytest.fixture
def admin(signed_in: SignedIn, figures: None) -> Visitor:
    return signed_in(AccountRole.ADMIN)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_says_the_figures_of_the_day_in_the_address(liaison: Visitor) -> None:
    page = liaison.get("/coverage?as_of=2026-02-10")
    assert page.status_code == 200
    words = plain(page.text)
    assert "26.7%" in words
    assert "4/15" in words
    assert "1/2" in words
    assert "墙下陶村 80.0% 自2026-02-01起" in words
    assert "未开展" in words
    later = plain(liaison.get("/coverage?as_of=2026-03-10&since=2026-02-28").text)
    assert "33.3%" in later
    assert "开通 4 0 +1 0 5" in later, "reported, corrected, came, went, now"
    assert "+1 新增 · 四甲村 SJ户主0" in later
    assert "+1 达到 · 四甲村 SJ户主0 0号 · 2026-03-01 0.00% → 10.00%" in later, "whose sign-up made it start, and when"


def test_an_earlier_day_is_asked_for_on_the_page_itself(liaison: Visitor) -> None:
    page = liaison.get("/coverage?as_of=2026-05-10&denominator=resident&from=2026-02-01&to=2026-05-10&by=day")
    sent = dict(re.findall(r'<input class="form-control" type="date"[^>]* name="(\w+)" value="([^"]*)"', page.text))
    assert (sent["as_of"], sent["since"]) == ("2026-05-10", "")
    assert liaison.get("/coverage", query_string=sent | {"as_of": "2026-02-10", "to": ""}).status_code == 200
    (link,) = re.findall(r'href="([^"]+)">四甲村</a>', page.text)
    assert "from=2026-02-01" in link
    assert "by=day" in link
    assert "全部村居" in liaison.get(link.replace("&amp;", "&")).text


def test_one_row_stands_for_the_town_where_that_is_asked_for(liaison: Visitor) -> None:
    page = liaison.get("/coverage?as_of=2026-03-10&level=town").text
    table = page.partition('<table class="figures-table wide">')[2].partition("</table>")[0]
    assert re.findall(r">([^<>\s]+)</t[dh]>", table.partition("<tbody>")[2]) == [
        "2/2", "33.3%", "5", "15", "1", "0", "0/0",
    ]  # fmt: skip


def test_the_drawing_has_every_village_and_says_what_it_is(liaison: Visitor) -> None:
    page = liaison.get("/coverage?as_of=2026-03-10").text
    drawings = re.findall(r"<svg xmlns.*?</svg>", page, re.DOTALL)
    assert len(drawings) == 4
    assert all('role="img"' in drawing and "aria-label=" in drawing for drawing in drawings)
    assert all(name in drawings[0] for name in ("墙下陶村", "四甲村", "80.0%", "10.0%"))
    assert "style=" not in "".join(drawings)


def test_more_villages_than_are_drawn_come_a_page_at_a_time(liaison: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MOST_BARS", 1)
    first = liaison.get("/coverage?as_of=2026-03-10").text
    assert "第1页，共2页" in plain(first)
    (link,) = re.findall(r'rel="next" href="([^"#]+)', first)
    second = liaison.get(link.replace("&amp;", "&")).text
    listed = [re.findall(r'<th scope="row"><a[^>]*>([^<]+)', page) for page in (first, second)]
    assert listed == [["墙下陶村"], ["四甲村"]]
    assert "四甲村" in re.findall(r"<svg xmlns.*?</svg>", second, re.DOTALL)[0]
    assert all("33.3%" in plain(page) for page in (first, second)), "the town's sum is that of all"
    # Of a county the line comes when the page is there: the page asks for it, and without scripts its reader does.
    assert "2026-02-28" not in plain(first.split('id="line"')[1].split("</section>")[0])
    (asked,) = re.findall(r'id="line" hx-get="([^"]+)"', first)
    line = liaison.get(asked.replace("&amp;", "&")).text
    assert line.strip().startswith('<section id="line">')
    assert "2026-02-28 26.7% 4" in plain(line)
    assert line.count("<svg xmlns") == 2
    (rest,) = re.findall(r'href="([^"#]+)#line"', first)
    assert "2026-02-28 26.7% 4" in plain(liaison.get(rest.replace("&amp;", "&")).text)
    assert liaison.get("/coverage?line=1&from=2026-03-10&to=2026-03-01").status_code == 422


def test_in_a_county_a_village_is_typed_and_asked_for_again_where_several_are_meant(
    liaison: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "MOST_OFFERED", 1)
    asked = "/coverage?as_of=2026-03-10&village="
    page = liaison.get(f"{asked}四甲").text
    assert "<h1>四甲村" in page
    assert '<option value="SJ"' not in page
    several = liaison.get(f"{asked}村")
    assert several.status_code == 422
    links = re.findall(r'household-link" href="([^"]+)"', several.text)
    assert "<h1>墙下陶村" in liaison.get(links[0].replace("&amp;", "&")).text
    assert "as_of=2026-03-10" in links[1]
    nobody = liaison.get(f"{asked}nowhere")
    assert (nobody.status_code, "nowhere" in nobody.text) == (404, True)
    counts = liaison.get("/coverage/counts").text
    assert "四甲村" not in counts
    written = liaison.post(
        "/coverage/counts",
        {"village": "四甲村", "kind": "resident", "day": "2026-03-05", "households": "12", "confirmed": "1"},
        of="/coverage/counts",
        follow_redirects=True,
    )
    assert "2026-03-05 · 常住户 · 12" in plain(written.text)
    assert "墙下陶村" not in written.text


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "pdf"])
def test_an_export_is_a_file_with_the_pages_figures(liaison: Visitor, form: str) -> None:
    page = liaison.get("/coverage?as_of=2026-03-10").text
    (link,) = re.findall(rf'href="(/coverage/export\.{form}[^"]*)"', page)
    answer = liaison.get(link.replace("&amp;", "&"))
    assert answer.status_code == 200
    assert f'attachment; filename="coverage-2026-03-10.{form}"' in answer.headers["Content-Disposition"]
    if form == "csv":
        assert "QX,墙下陶村,5,4,0.8000,示范村" in answer.data.decode("utf-8-sig")
    elif form == "json":
        assert json.loads(answer.data)["town"]["coverage"] == "0.3333"
    elif form == "xlsx":
        assert openpyxl.load_workbook(io.BytesIO(answer.data))["覆盖率"]["E2"].value == 0.8
    else:
        assert answer.data.startswith(b"%PDF")


def test_a_head_sees_the_own_village_beside_the_town_and_no_other(signed_in: SignedIn, figures: None) -> None:
    head = signed_in(AccountRole.VILLAGE_HEAD)
    words = plain(head.get("/coverage?as_of=2026-03-10&since=2026-01-31").text)
    assert "墙下陶村" in words
    assert "33.3%" in words
    assert "四甲村" not in words
    assert "SJ户主" not in words
    assert head.get("/coverage?village=SJ").status_code == 404
    assert head.get("/coverage/export.csv?village=SJ").status_code == 404
    assert "四甲村" not in head.get("/coverage/export.csv?as_of=2026-03-10").data.decode("utf-8-sig")
    assert head.get("/coverage/counts").status_code == 403


def test_an_operator_has_no_figures_and_a_liaison_no_tokens(signed_in: SignedIn, liaison: Visitor) -> None:
    assert signed_in(AccountRole.OPERATOR).get("/coverage").status_code == 403
    assert liaison.get("/coverage/api-clients").status_code == 403
    refused = liaison.post("/coverage/counts/thresholds", {"percent": "1"}, of="/coverage/counts")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("as_of=2025-12-31", "早于首次户数统计"),
        ("as_of=nonsense", "不是日期"),
        ("from=2026-03-01&to=2026-02-01", "早于"),
        ("since=2026-03-10&as_of=2026-03-10", "不早于"),
        ("denominator=cats", "不在可选项中"),
        ("as_of=2199-01-01", "尚未到来"),
        ("from=2026-01-01&to=2199-01-01", "尚未到来"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bad_question_is_answered_in_words(liaison: Visitor, query: str, words: str) -> None:
    answer = liaison.get(f"/coverage?{query}")
    assert answer.status_code == 422
    assert words in answer.text
    assert liaison.get("/coverage?village=NO").status_code == 404


def test_more_signed_up_than_counted_is_said_and_never_capped(liaison: Visitor) -> None:
    written = liaison.post(
        "/coverage/counts",
        {"village": "QX", "kind": "resident", "day": "2026-03-05", "households": "3", "confirmed": "1"},
        of="/coverage/counts",
    )
    assert written.status_code == 303
    page = liaison.get("/coverage?as_of=2026-03-10")
    assert "133.3%" in plain(page.text)
    assert "已开通多于户数" in page.text
    assert "80.0%" in plain(liaison.get("/coverage?as_of=2026-03-04").text)


@pytest.mark.parametrize("households", ["1,2", "12,34", "1,2,3", "-3", "1.5"])
def test_what_might_be_two_numbers_is_no_count(liaison: Visitor, store: Database, households: str) -> None:
    typed = {"village": "QX", "kind": "resident", "day": "2026-03-05", "households": households, "confirmed": "1"}
    assert liaison.post("/coverage/counts", typed, of="/coverage/counts").status_code == 422
    assert liaison.post("/coverage/counts", typed | {"households": "１,234"}, of="/coverage/counts").status_code == 303
    with store.begin() as session:
        assert session.scalars(select(HouseholdCount.households).order_by(HouseholdCount.id)).all() == [5, 10, 1234]


def test_a_backdated_cancellation_moves_past_figures_and_says_who_and_when(liaison: Visitor, store: Database) -> None:
    with store.begin() as session:
        now = read_clock(session)
        batch = Batch(session, Author("陈联络", Source.PAGE), Action.CANCEL, now, liaison_zone(liaison))
        first = session.scalars(select(Subscription).order_by(Subscription.id)).first()
        assert first is not None
        batch.change(first, affects_from=date(2026, 2, 20), ends_on=date(2026, 2, 20), end_reason=EndReason.CANCELLED)
        today = batch.day
    assert "20.0%" in plain(liaison.get("/coverage?as_of=2026-02-28").text)
    page = plain(liaison.get(f"/coverage?as_of={today}&since={today - timedelta(days=1)}").text)
    assert "陈联络" in page
    assert "QX户主0" in page
    assert "2026-02-20" in page
    assert "-1" in page


def liaison_zone(visitor: Visitor) -> Any:
    return visitor.client.application.extensions["settings"].zone


def bring_counts(liaison: Visitor, text: str, **more: str) -> str:
    """The address of a list of counts that was taken in."""
    files = {"file": (io.BytesIO(text.encode()), "counts.csv"), "day": "2026-04-01", **more}
    answer = liaison.post("/coverage/counts/import", files, of="/coverage/counts", content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    location: str = answer.location
    return location


def test_counts_are_looked_through_before_they_are_written(liaison: Visitor, store: Database) -> None:
    address = bring_counts(liaison, "村居,常住户\n墙下陶村,2\n四甲村,12\n没有村,3\n")
    page = liaison.get(address).text
    assert "当日已开通4户" in page
    assert "没有这个村居" in page
    with store.begin() as session:
        assert len(session.scalars(select(HouseholdCount)).all()) == 2
    done = liaison.post(f"{address}/confirm", {}, of=address)
    assert done.status_code == 303
    with store.begin() as session:
        counts = session.scalars(select(HouseholdCount.households).order_by(HouseholdCount.id)).all()
        assert counts == [5, 10, 2, 12]
        assert {change.changed_by for change in session.scalars(select(Change))} == {"liaison"}
    again = liaison.post(f"{address}/confirm", {}, of=address, follow_redirects=True)
    assert "已写入" in again.text
    liaison.post(f"{address}/undo", {}, of=address)
    with store.begin() as session:
        assert session.scalars(select(HouseholdCount.households).order_by(HouseholdCount.id)).all() == [5, 10]


def test_counts_that_changed_since_the_preview_are_shown_again_and_not_overwritten(
    liaison: Visitor, store: Database
) -> None:
    address = bring_counts(liaison, "村居,常住户\n四甲村,12\n")
    form = {"village": "SJ", "kind": "resident", "day": "2026-04-01", "households": "11", "confirmed": "1"}
    liaison.post("/coverage/counts", form, of="/coverage/counts")
    shown = liaison.post(f"{address}/confirm", {}, of=address, follow_redirects=True).text
    assert "您查看之后户数又有改动" in shown
    with store.begin() as session:
        assert 12 not in session.scalars(select(HouseholdCount.households)).all()
    liaison.post(f"{address}/confirm", {}, of=address)
    with store.begin() as session:
        assert 12 in session.scalars(select(HouseholdCount.households)).all()


def test_columns_of_counts_are_named_by_hand_where_nobody_could_tell(liaison: Visitor, store: Database) -> None:
    address = bring_counts(liaison, "甲,乙\nSJ,12\n")
    assert "找不到表头" in liaison.get(address).text
    same = {"column-0-0": "code", "column-0-1": "code"}
    assert liaison.post(f"{address}/columns", same, of=address).status_code == 422
    liaison.post(f"{address}/columns", {"column-0-0": "code", "column-0-1": "households"}, of=address)
    liaison.post(f"{address}/confirm", {}, of=address)
    with store.begin() as session:
        assert 12 in session.scalars(select(HouseholdCount.households)).all()


def test_a_file_that_holds_no_counts_is_refused_where_it_was_brought(liaison: Visitor) -> None:
    for content, name, words in ((b"", "counts.csv", "没有内容"), (b"PK\x03\x04", "counts.xlsx", "文件不完整")):
        form = {"file": (io.BytesIO(content), name)}
        answer = liaison.post(
            "/coverage/counts/import", form, of="/coverage/counts", content_type="multipart/form-data"
        )
        assert (answer.status_code, words in answer.text) == (422, True)


def test_a_wrong_count_is_refused_and_a_mistaken_one_taken_out(liaison: Visitor, store: Database) -> None:
    form = {"village": "QX", "kind": "resident", "day": "2026-03-05", "households": "many"}
    for wrong, status, name in (
        ({}, 422, "households"),
        ({"village": "NO", "households": "1"}, 404, "village"),
        ({"day": "2999-01-01", "households": "1"}, 422, "day"),
        ({"day": "soon", "households": "1"}, 422, "day"),
        ({"kind": "", "households": "1"}, 422, "kind"),
    ):
        refused = liaison.post("/coverage/counts", form | wrong, of="/coverage/counts")
        assert refused.status_code == status
        assert re.findall(r'aria-describedby="(\w+)-wrong"', refused.text) == [name]
    assert liaison.post("/coverage/counts/remove", form | {"day": ""}, of="/coverage/counts").status_code == 422
    gone = liaison.post(
        "/coverage/counts/remove", form | {"day": "2026-01-01", "confirmed": "1"}, of="/coverage/counts"
    )
    assert gone.status_code == 303
    with store.begin() as session:
        assert len(session.scalars(select(HouseholdCount)).all()) == 1


def test_an_administrator_sets_thresholds_by_day(admin: Visitor, store: Database) -> None:
    for form in ({"percent": "85", "day": "2026-03-01"}, {"percent": "12.5", "day": "2026-05-01"}):
        assert admin.post("/coverage/counts/thresholds", form, of="/coverage/counts").status_code == 303
    assert "自2026-02-01起" in plain(admin.get("/coverage?as_of=2026-02-28").text)
    assert "示范村：墙" not in plain(admin.get("/coverage?as_of=2026-03-10").text)
    assert admin.post("/coverage/counts/thresholds", {"percent": "x"}, of="/coverage/counts").status_code == 422
    assert admin.post("/coverage/counts/thresholds", {"remove": "2026-05-01"}, of="/coverage/counts").status_code == 303
    with store.begin() as session:
        assert session.scalars(select(Threshold.basis_points)).all() == [8500]


def test_an_administrator_lets_a_program_read_and_turns_it_away(admin: Visitor, web: Flask) -> None:
    form = {"name": "平台", "scope": "coverage:read", "per_minute": "60"}
    made = admin.post("/coverage/api-clients", form, of="/coverage/api-clients")
    token = re.findall(r'value="(jd_[^"]+)"', made.text)[0]
    assert token not in admin.get("/coverage/api-clients").text

    def status() -> int:
        return web.test_client().get("/api/v1/coverage", headers={"Authorization": f"Bearer {token}"}).status_code

    assert status() == 200
    assert admin.post("/coverage/api-clients", form, of="/coverage/api-clients").status_code == 422
    assert admin.post("/coverage/api-clients/revoke", {"name": "平台"}, of="/coverage/api-clients").status_code == 303
    assert status() == 401
