"""The examples that an auditor gave (issue 20), each with its set-up: two villages VA and VB, ten households each.

Counts are 10, the plan costs 3.01 and 2.99 yuan, the year is 2028.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from groups.coverage import counts, exports
from groups.coverage import report as coverage_report
from groups.coverage.audit import find_flaws, make_audit
from groups.coverage.rules.charts import ChartWords, draw_bars, draw_trend
from groups.coverage.rules.figures import Figure, write_percent
from groups.coverage.rules.query import CoverageQuery
from groups.coverage.rules.report import Anomaly, CoverageReport, Level
from groups.coverage.rules.statement import Cause, Measure, Part
from groups.enrolment import subscriptions
from groups.enrolment.bills import read_bill, set_tariff
from groups.enrolment.subscriptions import Enrolment
from groups.history.undo import undo
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.enrolment import Subscription
from groups.models.roster import Group, Household, Village
from groups.roster import households as roster
from groups.roster.residences import follow_the_roster
from groups.rules.counting import CountKind

ZONE = ZoneInfo("Asia/Shanghai")
PLAN = "平安联防"
LIAISON = Author("林联络", Source.PAGE)
KIND = CountKind.RESIDENT


def on(text: str) -> date:
    """01-20 of 2028; or a whole day."""
    return date.fromisoformat(text if len(text) > 5 else f"2028-{text}")


def moment(text: str, hour: int = 10) -> datetime:
    day = on(text)
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)


class Example:
    """The two villages; what is done is entered on a day, and undone by the key that it returns."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.begin() as session:
            batch = Batch(session, LIAISON, Action.IMPORT_ROSTER, moment("2027-12-01"), ZONE)
            self.of: dict[str, list[int]] = {}
            for code in ("VA", "VB"):
                village = batch.add(Village(code=code, name=f"{code}村"))
                group = batch.add(Group(village_id=village.id, name=f"{code}一组"))
                rows = [Household(village_id=village.id, group_id=group.id, head=f"{code}{n}") for n in range(10)]
                self.of[code] = [batch.add(row).id for row in rows]
                counts.set_count(batch, code, KIND, on("2027-12-01"), 10)
            follow_the_roster(batch)
            set_tariff(batch, PLAN, on("2027-01-01"), 301, 299)

    def do(self, entered: str, name: str, work: Callable[[Batch], object], hour: int = 10) -> str:
        with self.database.begin() as session:
            batch = Batch(session, LIAISON, cast(Action, name), moment(entered, hour), ZONE)
            work(batch)
            return batch.key

    def sign_up(self, entered: str, household: int, starts: str, hour: int = 10) -> str:
        wanted = Enrolment(household, PLAN, on(starts), "户主", on(starts))
        return self.do(entered, "enrol", lambda batch: subscriptions.enrol(batch, wanted), hour)

    def move(self, entered: str, household: int, to: str) -> str:
        return self.do(entered, "move_village", lambda batch: subscriptions.move(batch, household, to))

    def cancel(self, entered: str, household: int, day: str) -> str:
        return self.do(entered, "cancel", lambda batch: subscriptions.cancel(batch, household, on(day)))

    def count(self, entered: str, code: str, day: str, households: int, kind: CountKind = KIND) -> str:
        return self.do(entered, "set_count", lambda batch: counts.set_count(batch, code, kind, on(day), households))

    def take_back(self, entered: str, key: str) -> None:
        with self.database.begin() as session:
            undo(session, key, LIAISON, moment(entered, 12), ZONE)

    def report(self, day: str, **asked: object) -> CoverageReport:
        with self.database.begin(reads=True) as session:
            return coverage_report.report_on(session, CoverageQuery(on(day), **asked), ZONE)  # type: ignore[arg-type]

    def subscribed(self, day: str) -> dict[str, int]:
        """By village; the groups and those in none must come to the same."""
        own = {each.code: each.figure.subscribed for each in self.report(day).villages}
        for level in (Level.GROUP, Level.GRID):
            summed = dict.fromkeys(own, 0)
            for place in self.report(day, level=level).places:
                summed[place.village_code] += place.figure.subscribed
            assert summed == own, f"{level} on {day}"
        with self.database.begin(reads=True) as session:
            assert find_flaws(session, on(day), ZONE) == []
        return own

    def bill(self, month: str) -> dict[str, tuple[int, int, int]]:
        with self.database.begin(reads=True) as session:
            lines = read_bill(session, on(month)).lines
        return {line.code: (line.households, line.village_fen, line.carrier_fen) for line in lines}

    def changed(self, since: str, until: str, measure: Measure = Measure.SUBSCRIBED) -> Part:
        statement = self.report(until, since=on(since)).statement
        assert statement is not None
        assert all(part.adds_up for part in statement.parts)
        return statement.part(measure)


@pytest.fixture
def example(database: Database) -> Example:
    return Example(database)


def test_1_what_is_entered_after_a_move_counts_where_the_household_lived(example: Example) -> None:
    household = example.of["VA"][0]
    example.move("01-10", household, "VB")
    example.sign_up("01-20", household, "01-01")
    assert example.subscribed("01-05") == {"VA": 1, "VB": 0}
    assert example.subscribed("01-10") == {"VA": 0, "VB": 1}
    assert example.bill("01-01") == {"VA": (1, 301, 299)}
    assert example.bill("02-01") == {"VB": (1, 301, 299)}
    with example.database.begin(reads=True) as session:
        audit = make_audit(session, CoverageQuery(on("01-05")), ZONE)
    (own,) = [row for row in audit.rows if row.counts]
    assert (own.code, own.head, audit.agrees) == ("VA", "VA0", True)


def test_1_so_does_a_resumption_entered_late(example: Example) -> None:
    household = example.of["VA"][0]
    example.sign_up("01-01", household, "01-01")
    example.do("01-03", "suspend", lambda batch: subscriptions.suspend(batch, household, on("01-03")))
    example.move("01-10", household, "VB")
    example.do("01-20", "resume", lambda batch: subscriptions.resume(batch, household, on("01-06")))
    found = [example.subscribed(day) for day in ("01-02", "01-04", "01-07", "01-12")]
    assert found == [{"VA": 1, "VB": 0}, {"VA": 0, "VB": 0}, {"VA": 1, "VB": 0}, {"VA": 0, "VB": 1}]


def test_1_a_home_of_before_the_arrival_goes_with_the_entry_that_made_it_necessary(example: Example) -> None:
    arrived: list[int] = []

    def arrive(batch: Batch) -> None:
        village = batch.session.scalars(select(Village.id).where(Village.code == "VA")).one()
        arrived.append(roster.add_household(batch, village, None, roster.Fields("新来")).id)

    def living(day: str, known_at: str = "03-01") -> int:
        report = example.report(day, level=Level.GROUP, known_at=moment(known_at))
        return sum(place.figure.households or 0 for place in report.places if place.village_code == "VA")

    example.do("02-12", "add_household", arrive)
    (household,) = arrived
    # A sign-up of before the arrival; a wrong one of longer ago; the second put right, the first taken back.
    ended = Enrolment(household, PLAN, on("01-01"), "户主", on("01-01"), ends_on=on("01-20"))
    second = example.do("02-17", "enrol", lambda batch: subscriptions.enrol(batch, ended))
    assert [living(day, "02-18") for day in ("2027-12-31", "01-01", "02-11", "02-12")] == [10, 11, 11, 11]
    wrong = Enrolment(household, PLAN, on("2027-12-12"), "户主", on("2027-12-12"), ends_on=on("2027-12-22"))
    example.do("02-24", "enrol", lambda batch: subscriptions.enrol(batch, wrong))
    with example.database.begin(reads=True) as session:
        rows = {row.starts_on: row.id for row in session.scalars(select(Subscription))}
    assert [living(day, "02-24") for day in ("2027-12-11", "2027-12-12", "2027-12-25")] == [10, 11, 11]
    put_right = {"starts_on": on("02-24"), "ends_on": on("02-24")}
    example.do("02-24", "correct", lambda batch: subscriptions.correct(batch, rows[on("2027-12-12")], **put_right), 11)
    assert [living(day) for day in ("2027-12-12", "2027-12-31", "01-01", "02-12")] == [10, 10, 11, 11]
    # What was said of December while the wrong one stood is said again of that moment.
    assert living("2027-12-12", "02-24") == 11
    example.take_back("02-25", second)
    assert [living(day) for day in ("2027-12-12", "01-01", "02-11", "02-12")] == [10, 10, 10, 11]
    assert example.subscribed("01-05") == {"VA": 0, "VB": 0}


def test_2_a_cancellation_from_before_a_move_is_accepted_and_the_month_after_is_not_paid(example: Example) -> None:
    household = example.of["VA"][0]
    example.sign_up("01-01", household, "01-01")
    example.move("02-01", household, "VB")
    assert example.bill("02-01") == {"VB": (1, 301, 299)}
    example.cancel("02-10", household, "01-25")
    assert example.subscribed("01-24") == {"VA": 1, "VB": 0}
    assert example.subscribed("01-25") == example.subscribed("02-05") == {"VA": 0, "VB": 0}
    assert example.bill("02-01") == {}


def test_2_a_sign_up_and_a_cancellation_on_one_day_is_a_day_of_none_and_on_record(example: Example) -> None:
    household = example.of["VA"][0]
    example.sign_up("01-05", household, "01-05")
    example.cancel("01-05", household, "01-05")
    assert example.subscribed("01-05") == {"VA": 0, "VB": 0}
    with example.database.begin() as session:
        (row,) = session.scalars(select(Subscription).where(Subscription.household_id == household))
        assert (row.starts_on, row.ends_on) == (on("01-05"), on("01-05"))
    example.sign_up("01-05", household, "01-05", hour=15)
    assert example.subscribed("01-05") == {"VA": 1, "VB": 0}


@pytest.mark.parametrize("act", ["archive", "move"])
def test_3_what_was_undone_is_as_if_it_had_not_been(example: Example, act: str) -> None:
    household = example.of["VA"][0]
    example.sign_up("01-01", household, "01-01")

    def archive(batch: Batch) -> None:
        roster.archive_household(batch, batch.session.get_one(Household, household))

    key = example.do("01-10", act, archive) if act == "archive" else example.move("01-10", household, "VB")
    example.take_back("01-20", key)
    days = ("01-05", "01-10", "01-15", "01-20", "02-01")
    assert [example.subscribed(day) for day in days] == [{"VA": 1, "VB": 0}] * len(days)
    (group,) = [place for place in example.report("01-15", level=Level.GROUP).places if place.figure.subscribed]
    assert (group.village_code, group.name) == ("VA", "VA一组")


def test_4_a_correction_entered_after_the_report_and_one_on_its_day_are_told_line_by_line(example: Example) -> None:
    example.sign_up("01-10", example.of["VA"][0], "01-10")
    example.sign_up("02-10", example.of["VA"][1], "01-20")
    example.sign_up("02-11", example.of["VB"][0], "01-31")
    part = example.changed("01-31", "02-20")
    assert (part.before, part.corrected, part.gained, part.lost, part.after) == (1, 2, 0, 0, 3)
    assert {(line.household, line.by, line.cause) for line in part.lines} == {
        ("VA1", "林联络", Cause.CORRECTED),
        ("VB0", "林联络", Cause.CORRECTED),
    }


def test_4_a_moved_start_shows_what_it_took_and_a_kind_of_count_does_not_touch_another(example: Example) -> None:
    household = example.of["VA"][0]
    example.sign_up("01-10", household, "01-10")
    with example.database.begin(reads=True) as session:
        row = session.scalars(select(Subscription.id)).one()
    example.do("02-05", "correct", lambda batch: subscriptions.correct(batch, row, starts_on=on("02-01"), ends_on=None))
    example.count("02-06", "VA", "02-01", 9, CountKind.REGISTERED)
    part = example.changed("01-31", "02-20")
    assert (part.before, part.corrected, part.gained, part.lost, part.after) == (1, -1, 1, 0, 1)
    assert example.changed("01-31", "02-20", Measure.HOUSEHOLDS).lines == ()


def test_4_a_new_village_comes_into_a_headline_with_a_line(example: Example) -> None:
    example.sign_up("01-10", example.of["VA"][0], "01-10")
    before = example.report("01-31")
    assert (before.started, len(before.villages)) == (1, 2)
    example.do("02-10", "add_village", lambda batch: batch.add(Village(code="VC", name="VC村")))
    part = example.changed("01-31", "02-20", Measure.VILLAGES)
    assert (part.before, part.after, [line.village for line in part.lines]) == (2, 3, ["VC村"])
    # Of a village that nobody has counted nothing comes into the sum.
    assert example.changed("01-31", "02-20", Measure.HOUSEHOLDS).lines == ()


def test_5_a_day_is_asked_for_as_it_was_known(example: Example) -> None:
    household = example.of["VA"][0]
    example.sign_up("01-10", household, "01-10")
    as_reported = exports.as_json(example.report("01-31", known_at=moment("02-01")))
    example.cancel("02-10", household, "01-15")
    assert exports.as_json(example.report("01-31", known_at=moment("02-01"))) == as_reported
    assert example.report("01-31").town == Figure(0, 20)
    assert example.report("01-31", known_at=moment("02-01")).town == Figure(1, 20)


def test_6_what_is_near_the_threshold_is_shown_as_it_is_and_17_of_12_is_no_demonstration(example: Example) -> None:
    example.do("01-01", "set_threshold", lambda batch: counts.set_threshold(batch, on("01-01"), 6667))
    example.count("01-02", "VA", "01-02", 3)
    for household in example.of["VA"][:2]:
        example.sign_up("01-03", household, "01-03")
    for household in example.of["VB"][:9]:
        example.sign_up("01-03", household, "01-03")
    example.count("01-02", "VB", "01-02", 6)
    first, second = example.report("01-10").villages
    assert (first.demonstration, write_percent(first.figure, 6667)) == (False, "66.667")
    assert (second.demonstration, second.anomaly) == (False, Anomaly.MORE_THAN_COUNTED)


def test_6_a_line_before_the_first_count_agrees_with_the_row_and_a_year_ago_is_the_same_day(example: Example) -> None:
    report = example.report("2028-02-29", first=on("2027-11-30"), last=on("2028-02-29"))
    of_town = report.series[0].points
    assert [point.figure.households for point in of_town] == [None, 20, 20, 20]
    assert report.readiness.grouped_before == 0
    assert example.report("2029-02-28").readiness.grouped_before == 20


def test_7_the_same_day_twice_in_a_list_is_an_error_of_the_list_and_neither_is_taken(example: Example) -> None:
    text = "代码,日期,户数\nVA,2028-01-05,11\nVB,2028-01-05,12\nVA,2028-01-05,13\n"

    def judged(session: Session) -> list[counts.Judged]:
        rows = counts.read_counts_file(text.encode(), "户数.csv").rows
        return counts.judge(session, rows, on("02-01"))

    with example.database.begin() as session:
        found = judged(session)
        assert [bool(each.problem) for each in found] == [True, False, True]
        assert "2, 4" in str(found[0].problem)
    example.do("02-01", "import_counts", lambda batch: counts.take(batch, judged(batch.session)))
    assert {each.code: each.figure.households for each in example.report("02-01").villages} == {"VA": 10, "VB": 12}


def test_7_what_a_wrong_count_changes_is_told_before_it_is_done(example: Example) -> None:
    example.sign_up("01-01", example.of["VA"][0], "01-01")
    with example.database.begin() as session:
        batch = Batch(session, LIAISON, Action.SET_COUNT, moment("03-10"), ZONE)
        effect = counts.preview_change(
            batch, "VA", KIND, ZONE, lambda batch: counts.set_count(batch, "VA", KIND, on("2027-12-01"), 5)
        )
    assert [(each.day, *each.village) for each in effect] == [
        (on("01-31"), Figure(1, 10), Figure(1, 5)),
        (on("02-29"), Figure(1, 10), Figure(1, 5)),
    ]
    assert effect[0].town == (Figure(1, 20), Figure(1, 15))
    assert example.report("01-31").town == Figure(1, 20)
    key = example.count("03-10", "VA", "2027-12-01", 5)
    example.take_back("03-11", key)
    assert example.report("01-31").town == Figure(1, 20)


def test_8_every_form_has_the_statement_that_adds_up_its_version_and_what_was_known_when(example: Example) -> None:
    example.sign_up("01-10", example.of["VA"][0], "01-10")
    example.sign_up("02-10", example.of["VB"][0], "01-20")
    report = example.report("02-20", since=on("01-31"), known_at=moment("02-21"))
    for text in (exports.as_csv(report).decode("utf-8-sig"), exports.as_text(report), exports.as_json(report)):
        for words in ("2028-02-21", "上年同日已在联防组", "林联络"):
            assert words in text, words
    assert "已开通户,1,1,0,0,2" in exports.as_csv(report).decode("utf-8-sig")
    assert "10:00" in exports.as_text(report)  # the town's own hour


def test_6_a_workbook_and_a_drawing_tell_what_is_near_the_threshold_from_what_reached_it(example: Example) -> None:
    example.do("01-01", "set_threshold", lambda batch: counts.set_threshold(batch, on("01-01"), 6667))
    example.count("01-02", "VA", "01-02", 3)
    for household in example.of["VA"][:2]:
        example.sign_up("01-03", household, "01-03")
    report = example.report("01-10", first=on("01-01"), last=on("01-10"))
    sheet = openpyxl.load_workbook(io.BytesIO(exports.as_xlsx(report)))["覆盖率"]
    headings = [cell.value for cell in sheet[1]]
    (cell,) = [row[headings.index("覆盖率")] for row in sheet.iter_rows(min_row=2) if row[0].value == "VA"]
    assert (cell.value, cell.number_format) == (2 / 3, "0.000%"), "66.667%, and no 66.67% without the mark"
    words = ChartWords("", "", "示范村", "未开展", "未统计", "示范村")
    assert ">66.667%</tspan> 2/3" in draw_bars(report, words)
    assert "示范村 66.67%" in draw_bars(report, words)
    assert "示范村 66.67%" in draw_trend(report.series[0].points, [6667] * len(report.series[0].points), words)
