"""What an auditor asked of bills, reports and entries beside the figures themselves."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from config.database import Database
from groups.coverage import audit, counts, exports, issued
from groups.coverage.rules.query import CoverageQuery, read_query
from groups.enrolment import bills, subscriptions
from groups.enrolment.paid_for import is_listed_as_billed, list_paid_for
from groups.errors import EndsBeforeStart, InvalidDay, NotSubscribed, ReportDamaged
from groups.models.roster import Household, Village
from groups.roster import households as roster
from groups.roster.residences import follow_the_roster
from tests.usecases.coverage.test_named_examples import LIAISON, PLAN, ZONE, Example, moment, on


@pytest.fixture
def example(database: Database) -> Example:
    return Example(database)


def settle(example: Example, month: str, entered: str) -> None:
    with example.database.begin() as session:
        bills.settle_month(session, on(month), "林联络", moment(entered))


def lines_of(example: Example, month: str) -> list[tuple[str, str, int, int]]:
    with example.database.begin(reads=True) as session:
        lines = bills.read_bill(session, on(month)).lines
    return [(line.code, line.label, line.households, line.village_fen + line.carrier_fen) for line in lines]


def paid_for(example: Example, month: str) -> list[str]:
    with example.database.begin(reads=True) as session:
        bill, households = bills.read_bill(session, on(month)), list_paid_for(session, on(month))
    assert is_listed_as_billed(bill, households)
    return [each.head for each in households]


def test_what_is_learned_of_months_before_the_first_settled_one_is_billed_once(example: Example) -> None:
    own = example.of["VA"]
    example.sign_up("2027-12-20", own[0], "2027-12-01")
    settle(example, "01-01", "02-01")
    example.sign_up("02-10", own[1], "2027-11-15")
    difference = [("VA", f"{PLAN}（{month}差额）", 1, 600) for month in ("2027-12", "2028-01")]
    assert lines_of(example, "02-01") == [("VA", PLAN, 2, 1200), *difference]
    # The months before stand as they were known when the first was settled.
    assert lines_of(example, "2027-12-01") == lines_of(example, "01-01") == [("VA", PLAN, 1, 600)]
    settle(example, "02-01", "03-01")
    assert lines_of(example, "03-01") == [("VA", PLAN, 2, 1200)], "carried once"
    example.cancel("03-10", own[0], "2027-12-01")
    gone = [("VA", f"{PLAN}（{month}差额）", -1, -600) for month in ("2027-12", "2028-01", "2028-02")]
    assert lines_of(example, "03-01") == [("VA", PLAN, 1, 600), *gone]


def test_the_households_of_a_settled_bill_are_those_that_it_was_settled_with(example: Example) -> None:
    own = example.of["VA"]
    for household in own[:2]:
        example.sign_up("01-01", household, "01-01")
    settle(example, "01-01", "01-20")
    example.cancel("02-10", own[0], "01-01")
    example.sign_up("02-10", own[2], "01-01")
    example.do("02-11", "edit_household", lambda b: b.change(b.session.get_one(Household, own[1]), head="改名"))
    assert paid_for(example, "01-01") == ["VA0", "VA1"]
    assert paid_for(example, "02-01") == ["改名", "VA2"]


def test_a_preview_says_of_a_settled_month_what_was_billed_for_it(example: Example) -> None:
    own = example.of["VA"]
    example.sign_up("01-01", own[0], "01-01")
    settle(example, "01-01", "02-01")
    example.sign_up("02-05", own[1], "01-01")

    def dearer(batch: object) -> None:
        bills.correct_tariff(batch, PLAN, on("2027-01-01"), 311, 299)  # type: ignore[arg-type]

    def preview(entered: str) -> list[tuple[date, int, int, bool]]:
        told: list[bills.MonthChanged] = []
        example.do(entered, "set_tariff", lambda batch: told.extend(bills.preview_change(batch, dearer)))
        return [(each.month, each.before.fen, each.after.fen, each.settled) for each in told]

    assert preview("02-10") == [(on("01-01"), 600, 1220, True), (on("02-01"), 1200, 1220, False)]
    settle(example, "02-01", "03-01")
    assert preview("03-10")[:2] == [(on("01-01"), 1200, 1220, True), (on("02-01"), 1200, 1220, True)]


def test_a_month_that_has_not_begun_is_not_settled(example: Example) -> None:
    with pytest.raises(InvalidDay):
        settle(example, "2099-01-01", "02-01")
    settle(example, "01-01", "01-01")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("settled_lines", "village_fen = 1"),
        ("settled_months", "settled_by = '别人'"),
        ("issued_reports", "issued_by = '别人'"),
        ("issued_reports", "as_of = '2028-01-30'"),
        ("issued_files", "digest = 'x'"),
    ],
)
def test_the_books_tell_of_what_was_altered_after_it_was_signed(example: Example, table: str, change: str) -> None:
    example.sign_up("01-01", example.of["VA"][0], "01-01")
    settle(example, "01-01", "02-01")
    with example.database.begin() as session:
        number = issued.issue(session, CoverageQuery(on("01-31")), LIAISON, moment("02-01"), ZONE).id
    with example.database.begin() as session:
        assert audit.find_flaws(session, on("02-01"), ZONE) == []
        session.execute(text(f"UPDATE {table} SET {change}"))
        (flaw,) = audit.find_flaws(session, on("02-01"), ZONE)
    assert flaw.code == ("books_month" if table.startswith("settled") else "books_report")
    if table == "issued_reports":
        with example.database.begin(reads=True) as session, pytest.raises(ReportDamaged):
            issued.reprint(session, number, "json")


def test_what_ended_or_left_the_roster_may_have_ended_earlier(example: Example) -> None:
    ended, archived, resting = example.of["VA"][:3]
    for household in (ended, archived, resting):
        example.sign_up("01-01", household, "01-01")
    example.cancel("02-01", ended, "02-01")
    example.do("02-02", "suspend", lambda batch: subscriptions.suspend(batch, resting, on("02-02")))
    example.move("02-03", archived, "VB")
    example.do(
        "02-05", "archive_household", lambda b: roster.archive_household(b, b.session.get_one(Household, archived))
    )
    assert example.subscribed("01-26") == {"VA": 3, "VB": 0}
    for household in (ended, archived, resting):
        example.cancel("02-10", household, "01-25")
    assert example.subscribed("01-24") == {"VA": 3, "VB": 0}
    assert example.subscribed("01-26") == example.subscribed("02-04") == {"VA": 0, "VB": 0}
    for day in ("01-25", "02-07"):
        with pytest.raises(NotSubscribed):
            example.cancel("02-11", ended, day)
    with pytest.raises(EndsBeforeStart):
        example.cancel("02-11", ended, "2027-12-31")


def test_a_decimal_does_not_look_as_if_it_reached_a_threshold_that_it_does_not(example: Example) -> None:
    example.do("01-01", "set_threshold", lambda batch: counts.set_threshold(batch, on("01-01"), 6667))
    example.count("01-02", "VA", "01-02", 3)
    for household in example.of["VA"][:2]:
        example.sign_up("01-03", household, "01-03")
    report = example.report("01-10")
    assert '"coverage": "0.66667"' in exports.as_json(report)
    assert "VA,VA村,3,2,0.66667," in exports.as_csv(report).decode("utf-8-sig")
    assert "0.1538" in exports.as_json(report), "four places where they do"


def test_nobody_asks_what_will_be_known(example: Example) -> None:
    now, latest = moment("02-10"), on("02-10")
    assert read_query({"known_at": "2028-02-10"}, latest, ZONE, now).known_at == now, "today, up to now"
    for words in ({"known_at": "2028-02-10 23:00"}, {"known_at": "2028-03-01"}, {"known_at": "2099-01-01"}):
        for name in ("known_at", "since_known_at"):
            with pytest.raises(InvalidDay) as refused:
                read_query({name: words["known_at"]}, latest, ZONE, now)
            assert refused.value.message.code == "moment_to_come"


def test_an_audit_says_whose_households_are_in_no_sum_of_the_town(example: Example) -> None:
    def add_village(batch: object) -> None:
        village = batch.add(Village(code="VC", name="VC村"))  # type: ignore[attr-defined]
        house = batch.add(Household(village_id=village.id, head="VC0"))  # type: ignore[attr-defined]
        follow_the_roster(batch)  # type: ignore[arg-type]
        example.of["VC"] = [house.id]

    example.do("01-02", "add_village", add_village)
    for code in ("VA", "VC"):
        example.sign_up("01-05", example.of[code][0], "01-05")
    with example.database.begin(reads=True) as session:
        audited = audit.make_audit(session, CoverageQuery(on("01-31")), ZONE)
    assert audited.agrees
    own, town = [*audit._list_foot(audited)][-2:]
    assert own[-1] == "一致；当日尚无户数统计，不计入全镇合计"
    assert town[4:] == ("计入1户（另有1户在尚无户数统计的村居）", "与报表", "一致")


def test_a_list_of_counts_with_a_day_of_long_ago_asks_for_a_word(example: Example) -> None:
    rows = counts.read_counts_file("代码,日期,户数\nVA,1990-01-01,11\nVB,2028-01-05,12\n".encode(), "户数.csv").rows
    with example.database.begin() as session:
        first, second = counts.judge(session, rows, on("02-01"))
    assert (first.problem and first.problem.code, second.problem) == ("list_count_long_ago", None)
    example.count("02-01", "VA", "1990-01-01", 11)
    with example.database.begin(reads=True) as session:
        assert len(counts.read_counts(session)) == 3, "one by one it is taken"
