"""What a line of "what changed" names: the day, the act and the person that made the difference, at every level."""

from __future__ import annotations

from datetime import date
from typing import cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from groups.coverage import counts, issued
from groups.coverage.rules.query import CoverageQuery
from groups.coverage.rules.report import Level
from groups.coverage.rules.statement import Cause, Line, Measure, Statement
from groups.enrolment import subscriptions
from groups.enrolment.bills import set_tariff
from groups.errors import ChangedSince
from groups.history.obstacles import Why
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.enrolment import Subscription
from groups.models.roster import Group, Household
from groups.roster import groups as roster_groups
from groups.roster import households as roster
from tests.usecases.coverage.test_named_examples import KIND, LIAISON, PLAN, ZONE, Example, moment, on

Told = tuple[str, int, str, str, str, str]
"""A line's cause, by how many, village, household, month and day, and act."""


@pytest.fixture
def example(database: Database) -> Example:
    return Example(database)


def statement_of(example: Example, since: str, until: str, **asked: object) -> Statement:
    found = example.report(until, since=on(since), **asked).statement
    assert found is not None
    assert all(part.adds_up for part in found.parts)
    return found


def tell(line: Line) -> Told:
    day = f"{line.on:%m-%d}" if line.on else ""
    return line.cause.value, line.delta, line.village.removesuffix("村"), line.household, day, line.action


def told(statement: Statement, measure: Measure = Measure.SUBSCRIBED) -> list[Told]:
    return [tell(line) for line in statement.part(measure).lines]


def test_whoever_came_or_left_did_so_by_the_act_and_on_the_day_that_made_the_difference(example: Example) -> None:
    own = example.of["VA"]
    example.do("01-01", "set_tariff", lambda batch: set_tariff(batch, "年租", on("2027-01-01"), 1, 1))

    def change_plan(entered: str, household: int) -> None:
        day = on(entered)
        example.do(entered, "change_plan", lambda batch: subscriptions.change_plan(batch, household, "年租", day))

    def rest(household: int, first: str, last: str) -> None:
        example.do(first, "suspend", lambda batch: subscriptions.suspend(batch, household, on(first)))
        example.do(last, "resume", lambda batch: subscriptions.resume(batch, household, on(last)))

    def regroup(entered: str, household: int) -> None:
        example.do(
            entered,
            "move_household",
            lambda batch: roster.move_household(batch, batch.session.get_one(Household, household), None),
        )

    for household in own[:4]:
        example.sign_up("01-03", household, "01-03")
    for household in own[4:7]:
        example.sign_up("02-03", household, "02-03")
    change_plan("02-10", own[0])
    rest(own[1], "02-10", "02-12")
    regroup("02-10", own[2])
    example.move("02-10", own[3], "VB")
    for household in own[:4]:
        example.cancel("02-14", household, "02-14")
    change_plan("02-11", own[4])
    rest(own[5], "02-05", "02-08")
    regroup("02-15", own[6])
    left = [("left", -1, "VA", f"VA{number}", "02-14", "cancel") for number in range(3)]
    came = [
        ("joined", 1, "VA", "VA4", "02-03", "enrol"),
        ("joined", 1, "VA", "VA6", "02-03", "enrol"),
        ("joined", 1, "VA", "VA5", "02-08", "resume"),
    ]
    of_town = statement_of(example, "01-31", "02-20")
    moved = [("moved", delta, code, "VA3", "02-10", "move_village") for code, delta in (("VA", -1), ("VB", 1))]
    assert told(of_town) == [*came, *left, ("left", -1, "VB", "VA3", "02-14", "cancel"), *moved]
    part = of_town.part(Measure.SUBSCRIBED)
    assert (part.before, part.corrected, part.gained, part.lost, part.after) == (4, 0, 3, 4, 3)
    of_village = told(statement_of(example, "01-31", "02-20", village="VA"))
    assert of_village == [*came, ("left", -1, "VA", "VA3", "02-10", "move_village"), *left]
    assert told(statement_of(example, "01-31", "02-20", village="VB")) == []


def test_a_correction_is_of_the_person_who_made_it_whoever_wrote_later_what_holds_later(example: Example) -> None:
    household = example.of["VA"][0]

    def by(who: str, entered: str, name: str, work: object) -> None:
        with example.database.begin() as session:
            work(Batch(session, Author(who, Source.PAGE), cast(Action, name), moment(entered), ZONE))  # type: ignore[operator]

    by("甲", "02-05", "enrol", lambda batch: subscriptions.enrol(
        batch, subscriptions.Enrolment(household, PLAN, on("01-10"), "户主", on("01-10"))))  # fmt: skip
    by("丙", "02-12", "move_village", lambda batch: subscriptions.move(batch, household, "VB"))
    by("丁", "02-14", "cancel", lambda batch: subscriptions.cancel(batch, household, on("02-14")))
    lines = statement_of(example, "01-31", "02-20").part(Measure.SUBSCRIBED).lines
    assert [(line.cause, line.delta, line.village, line.by) for line in lines] == [
        (Cause.CORRECTED, 1, "VA村", "甲"),
        (Cause.LEFT, -1, "VB村", "丁"),
        (Cause.MOVED, -1, "VA村", "丙"),
        (Cause.MOVED, 1, "VB村", "丙"),
    ]
    # What was written later is not known at an earlier moment, neither in a figure nor in a line.
    (earlier,) = statement_of(example, "01-31", "02-13", known_at=moment("02-11")).part(Measure.SUBSCRIBED).lines
    assert (earlier.by, earlier.after) == ("甲", "2028-01-10 – …")


def test_a_statement_of_a_moment_names_no_later_act_and_no_report_that_knew_more(example: Example) -> None:
    households = example.of["VA"]
    for household in households[:2]:
        example.sign_up("01-03", household, "01-03")
    example.cancel("02-05", households[0], "02-05")
    example.count("02-10", "VA", "02-10", 12)
    with example.database.begin() as session:
        report = issued.issue(session, CoverageQuery(on("02-20"), since=on("01-31")), LIAISON, moment("02-20"), ZONE)
        number, before = report.id, report.digest
        row = session.scalars(select(Subscription.id).where(Subscription.household_id == households[0])).one()
        later = issued.issue(session, CoverageQuery(on("01-31")), LIAISON, moment("02-25"), ZONE).id

    def correct(batch: Batch) -> None:
        subscriptions.correct(batch, row, starts_on=on("01-03"), ends_on=on("02-07"))

    example.do("03-01", "correct", correct)
    example.count("03-01", "VA", "02-10", 13)
    asked = statement_of(example, "01-31", "02-20", known_at=moment("02-20"))
    assert asked.report is None, "that report knew more"
    assert told(asked) == [("left", -1, "VA", "VA0", "02-05", "cancel")]
    (line,) = asked.part(Measure.HOUSEHOLDS).lines
    assert (line.at, line.after) == (moment("02-10"), "12")
    with example.database.begin() as session:
        again = CoverageQuery(on("02-20"), since=on("01-31"), known_at=moment("02-20"))
        assert issued.issue(session, again, LIAISON, moment("03-02"), ZONE).digest == before, f"report {number}"
    now = statement_of(example, "01-31", "02-20")
    assert (now.report, told(now)) == (later, [("left", -1, "VA", "VA0", "02-07", "correct")])


def test_a_count_taken_out_is_told_by_who_took_it_out_and_each_count_by_its_own_day(example: Example) -> None:
    example.count("01-15", "VA", "01-15", 12)
    example.do("02-05", "remove_count", lambda batch: counts.remove_count(batch, "VA", KIND, on("01-15")))
    example.count("02-08", "VB", "02-08", 14)
    example.count("02-12", "VB", "02-11", 11)
    found = statement_of(example, "01-31", "02-20")
    assert told(found, Measure.HOUSEHOLDS) == [
        ("corrected", -2, "VA", "", "01-15", "remove_count"),
        ("counted", 4, "VB", "", "02-08", "set_count"),
        ("counted", -3, "VB", "", "02-11", "set_count"),
    ]


def test_a_village_that_starts_or_reaches_the_threshold_is_told_with_what_made_it_so(example: Example) -> None:
    for household in example.of["VA"][:7]:
        example.sign_up("01-03", household, "01-03")
    example.do("02-10", "set_threshold", lambda batch: counts.set_threshold(batch, on("02-10"), 6000))
    example.sign_up("02-12", example.of["VB"][0], "02-11")
    example.sign_up("02-11", example.of["VB"][1], "02-11")
    found = statement_of(example, "01-31", "02-20")
    (line,) = found.part(Measure.DEMONSTRATION).lines
    assert (tell(line), line.before, line.after) == (
        ("became", 1, "VA", "", "02-10", "set_threshold"), "70.00% (≥ 80%)", "70.00% (≥ 60%)",
    )  # fmt: skip
    # Of two that began on one day, the one that was entered first.
    assert told(found, Measure.STARTED) == [("became", 1, "VB", "VB1", "02-11", "enrol")]
    example.count("02-15", "VA", "01-15", 20)
    example.cancel("02-16", example.of["VB"][1], "02-11")
    example.cancel("02-17", example.of["VB"][0], "02-11")
    found = statement_of(example, "02-11", "02-20", since_known_at=moment("02-13"))
    assert told(found, Measure.DEMONSTRATION) == [("corrected", -1, "VA", "", "02-11", "set_count")]
    assert told(found, Measure.STARTED) == [("corrected", -1, "VB", "VB0", "02-11", "cancel")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_below_a_village_every_row_is_explained_too(example: Example) -> None:
    own = example.of["VA"]
    for household in own[:2]:
        example.sign_up("01-03", household, "01-03")

    def split(batch: Batch) -> None:
        group = batch.session.scalars(select(Group).where(Group.name == "VA一组")).one()
        other = batch.add(Group(village_id=group.village_id, name="VA二组", position=1))
        for number in (own[0], own[5]):
            roster.move_household(batch, batch.session.get_one(Household, number), other.id)

    example.do("02-10", "split_group", split)
    example.move("02-12", own[1], "VB")
    example.do(
        "02-14", "archive_household", lambda b: roster.archive_household(b, b.session.get_one(Household, own[6]))
    )
    example.do("02-15", "merge_groups", lambda batch: roster_groups.merge_groups(
        batch, *(batch.session.scalars(select(Group).where(Group.name == name)).one() for name in ("VA二组", "VA一组"))
    ))  # fmt: skip
    for until in (on("02-11"), on("02-20")):
        _check_rows(example, on("01-31"), until)
    found = statement_of(example, "01-31", "02-11", level=Level.GROUP)
    shown = [(line.place, line.before, line.after, line.action) for line in found.part(Measure.SUBSCRIBED).lines]
    assert shown == [(place, "VA一组", "VA二组", "split_group") for place in ("VA一组", "VA二组")]


def _check_rows(example: Example, since: date, until: date) -> None:
    """The lines, added up row by row, are the differences of the rows."""
    for level in (Level.GROUP, Level.GRID):
        before, after = (
            {
                (place.village_name, place.name): (place.figure.subscribed, place.figure.households or 0)
                for place in example.report(day.isoformat(), level=level).places
            }
            for day in (since, until)
        )
        found = statement_of(example, since.isoformat(), until.isoformat(), level=level)
        for at, measure in enumerate((Measure.SUBSCRIBED, Measure.LIVING)):
            summed = dict.fromkeys(before.keys() | after.keys(), 0)
            for line in found.part(measure).lines:
                summed[line.village, line.place] += line.delta
            nobody = (0, 0)
            assert summed == {
                row: after.get(row, nobody)[at] - before.get(row, nobody)[at] for row in before.keys() | after.keys()
            }, (level, measure)


def test_a_household_brought_back_went_along_with_the_merge_of_its_group(example: Example) -> None:
    own = example.of["VA"]
    example.sign_up("01-03", own[0], "01-03")

    def group_of(session: Session, name: str) -> Group:
        return session.scalars(select(Group).where(Group.name == name)).one()

    def add_group(batch: Batch) -> None:
        batch.add(Group(village_id=group_of(batch.session, "VA一组").village_id, name="VA二组", position=1))

    def places(day: str) -> dict[str, int]:
        rows = example.report(day, level=Level.GROUP, village="VA").places
        return {place.name: place.figure.subscribed for place in rows if place.figure.subscribed}

    example.do("01-05", "add_group", add_group)
    gone = example.do("01-10", "archive_household", lambda batch: roster.archive_household(
        batch, batch.session.get_one(Household, own[0])))  # fmt: skip
    merged = example.do("01-12", "merge_groups", lambda batch: roster_groups.merge_groups(
        batch, group_of(batch.session, "VA一组"), group_of(batch.session, "VA二组")))  # fmt: skip
    example.take_back("01-20", gone)
    assert [places(day) for day in ("01-11", "01-12", "01-15", "01-21")] == [{"VA一组": 1}, *[{"VA二组": 1}] * 3]
    assert example.subscribed("01-15") == {"VA": 1, "VB": 0}
    with pytest.raises(ChangedSince):
        example.take_back("01-21", merged)


def test_a_household_whose_group_went_nobody_knows_where_is_not_brought_back_into_none(example: Example) -> None:
    household = example.of["VA"][0]

    def move_all_but_one(batch: Batch) -> None:
        for number in example.of["VA"][1:]:
            roster.move_household(batch, batch.session.get_one(Household, number), None)

    example.do("01-05", "move_household", move_all_but_one)
    key = example.do("01-10", "archive_household", lambda batch: roster.archive_household(
        batch, batch.session.get_one(Household, household)))  # fmt: skip
    example.do("01-12", "archive_group", lambda batch: roster_groups.archive_group(
        batch, batch.session.scalars(select(Group).where(Group.name == "VA一组")).one()))  # fmt: skip
    with pytest.raises(ChangedSince) as refused:
        example.take_back("01-20", key)
    assert {one.why for one in refused.value.obstacles} == {Why.NOT_THERE}
