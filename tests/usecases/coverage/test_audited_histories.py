"""An auditor's recount: histories drawn by lot, with moves, backdating, undo and corrections, counted three times.

By the code; by plain Python over the rows as plain SQL reads them; and by a ledger of what was done, which replays
whatever has not been taken back. The three must agree on every figure, and each village with its groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from config.database import Database
from groups.coverage import counts as household_counts
from groups.coverage import exports
from groups.coverage import report as coverage_reports
from groups.coverage.audit import flaws_on
from groups.coverage.figures import Scope
from groups.coverage.known import as_known
from groups.coverage.rules.query import CoverageQuery, Step
from groups.coverage.rules.report import Level
from groups.coverage.rules.statement import Measure
from groups.coverage.statement import Compared, what_changed
from groups.enrolment import bills as subsidies
from groups.enrolment import subscriptions
from groups.enrolment.subscriptions import Enrolment
from groups.errors import GroupsError, NothingCounted
from groups.history.undo import undo
from groups.models.batch import Author, Batch
from groups.models.changes import Source
from groups.models.enrolment import Subscription, Tariff
from groups.models.roster import Grid, Group, Household, Village
from groups.roster import households as roster_households
from groups.rules.counting import CountKind
from tests.conftest import examples
from tests.support.ledger import Act, Ledger, tally

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2028, 1, 1)
PLANS = ("月租", "年租")
VILLAGES = ("VA", "VB", "VC")
KIND = CountKind.RESIDENT
LIAISON = Author("林联络", Source.PAGE)
HISTORIES, ACTS = 6, 45


@dataclass
class Stage:
    """The town's rows by the names that the ledger knows, and who does what."""

    database: Database
    rng: Random
    ledger: Ledger
    today: date = FIRST
    refused: int = 0
    minutes: int = 0
    told: list[tuple[datetime, date, str]] = field(default_factory=list)
    """What the code said at some moment of some day."""

    def __post_init__(self) -> None:
        self.villages: dict[str, int] = {}
        self.groups: dict[tuple[str, str], int] = {}
        self.households: dict[str, int] = {}
        with self.database.begin() as session:
            for code in VILLAGES:
                village = Village(code=code, name=f"{code}村")
                session.add(village)
                session.flush()
                self.villages[code] = village.id
                for number in range(2):
                    grid = Grid(village_id=village.id, name=f"{code}网格{number}")
                    session.add(grid)
                    session.flush()
                    group = Group(village_id=village.id, grid_id=grid.id, name=f"{code}{number}组", position=number)
                    session.add(group)
                    session.flush()
                    self.groups[code, group.name] = group.id
            for plan, fen in zip(PLANS, (301, 299), strict=True):
                session.add(Tariff(plan=plan, starts_on=date(2020, 1, 1), village_fen=fen, carrier_fen=100))

    def do(self, name: str, work: Callable[[Batch], Any], **said: Any) -> bool:
        """Do it, and write it into the ledger where it was not refused."""
        try:
            with self.database.begin() as session:
                batch = Batch(session, LIAISON, name, self.now, ZONE)
                work(batch)
        except GroupsError:
            self.refused += 1
            return False
        if batch.size:
            self.ledger.acts.append(Act(self.today, name, said, batch.key))
        return True

    @property
    def now(self) -> datetime:
        self.minutes += 1
        return datetime.combine(self.today, time(6), ZONE).astimezone(UTC) + timedelta(seconds=self.minutes)

    def any_day(self) -> date:
        """Some day of the history, as far as it has gone."""
        return FIRST - timedelta(days=20) + timedelta(days=self.rng.randint(0, (self.today - FIRST).days + 20))

    def somebody(self) -> str | None:
        present = [
            name for name, house in self.ledger.houses().items() if house.stays and house.stays[-1][1] is not None
        ]
        return self.rng.choice(sorted(present)) if present else None

    def household(self, batch: Batch, name: str) -> Household:
        return batch.session.get_one(Household, self.households[name])


def arrive(stage: Stage) -> None:
    village = stage.rng.choice(VILLAGES)
    group = stage.rng.choice(["", *(name for code, name in stage.groups if code == village)])
    name = f"户{len(stage.households)}"

    def work(batch: Batch) -> None:
        fields = roster_households.Fields(name)
        made = roster_households.add_household(
            batch, stage.villages[village], stage.groups.get((village, group)), fields
        )
        stage.households[name] = made.id

    stage.do("arrive", work, house=name, village=village, group=group)
    stage.today += timedelta(days=1)


def regroup(stage: Stage) -> None:
    if (name := stage.somebody()) is None:
        return
    place = stage.ledger.houses()[name].stays[-1][1]
    assert place is not None
    group = stage.rng.choice(["", *(each for code, each in stage.groups if code == place[0])])
    stage.do(
        "regroup",
        lambda batch: roster_households.move_household(
            batch, stage.household(batch, name), stage.groups.get((place[0], group))
        ),
        house=name,
        village=place[0],
        group=group,
    )


def move(stage: Stage) -> None:
    if (name := stage.somebody()) is None:
        return
    to = stage.rng.choice(VILLAGES)
    stage.do("move", lambda batch: subscriptions.move(batch, stage.households[name], to), house=name, village=to)


def archive(stage: Stage) -> None:
    if (name := stage.somebody()) is not None and stage.rng.random() < 0.5:
        stage.do(
            "archive",
            lambda batch: roster_households.archive_household(batch, stage.household(batch, name)),
            house=name,
        )


def enrol(stage: Stage) -> None:
    if (name := stage.somebody()) is None:
        return
    day, plan = stage.any_day(), stage.rng.choice(PLANS)
    ends = day + timedelta(days=stage.rng.randint(1, 30)) if stage.rng.random() < 0.3 else None
    wanted = Enrolment(stage.households[name], plan, day, "户主", day, ends_on=ends)
    stage.do("enrol", lambda batch: subscriptions.enrol(batch, wanted), house=name, day=day, ends=ends, plan=plan)


def cancel(stage: Stage) -> None:
    name, day = stage.somebody(), stage.any_day() + timedelta(days=3)
    if name is None or not stage.ledger.houses()[name].contracts:
        return
    last = stage.ledger.houses()[name].latest
    goes_on = last.resting or last.pieces[-1].ends is None or last.pieces[-1].ends > stage.today
    done = stage.do(
        "cancel", lambda batch: subscriptions.cancel(batch, stage.households[name], day), house=name, day=day
    )
    if goes_on and day >= last.pieces[0].starts:
        assert done, f"{name} could not be cancelled from {day}"


def suspend(stage: Stage) -> None:
    if (name := stage.somebody()) is not None:
        day = stage.any_day()
        stage.do(
            "suspend", lambda batch: subscriptions.suspend(batch, stage.households[name], day), house=name, day=day
        )


def resume(stage: Stage) -> None:
    if (name := stage.somebody()) is not None:
        day = stage.any_day()
        stage.do("resume", lambda batch: subscriptions.resume(batch, stage.households[name], day), house=name, day=day)


def change_plan(stage: Stage) -> None:
    if (name := stage.somebody()) is None:
        return
    day, plan = stage.any_day(), stage.rng.choice(PLANS)
    stage.do(
        "change_plan",
        lambda batch: subscriptions.change_plan(batch, stage.households[name], plan, day),
        house=name,
        day=day,
        plan=plan,
    )


def correct(stage: Stage) -> None:
    if (name := stage.somebody()) is None:
        return
    contracts = stage.ledger.houses()[name].contracts
    plain = [at for at, own in enumerate(contracts) if len(own.pieces) == 1 and not own.resting]
    if not plain:
        return
    at = stage.rng.choice(plain)
    starts = stage.any_day()
    ends = starts + timedelta(days=stage.rng.randint(0, 40)) if stage.rng.random() < 0.5 else None
    piece = contracts[at].pieces[0]

    def work(batch: Batch) -> None:
        rows = batch.session.query(Subscription).filter_by(
            household_id=stage.households[name], starts_on=piece.starts, ends_on=piece.ends
        )
        subscriptions.correct(batch, rows.order_by(Subscription.id.desc()).all()[0].id, starts_on=starts, ends_on=ends)

    stage.do("correct", work, house=name, number=at, starts=starts, ends=ends)


def count(stage: Stage) -> None:
    code, day, value = stage.rng.choice(VILLAGES), stage.any_day(), stage.rng.randint(0, 12)
    day = min(day, stage.today)
    stage.do(
        "count",
        lambda batch: household_counts.set_count(batch, code, KIND, day, value),
        village=code,
        day=day,
        value=value,
    )


def take_back(stage: Stage) -> None:
    """Take any earlier act back; where nothing was done to the same household since, it must be possible."""
    able = [act for act in stage.ledger.acts if not act.undone]
    if not able:
        return
    act = stage.rng.choice(able[-8:])
    try:
        with stage.database.begin() as session:
            undo(session, act.key, LIAISON, stage.now, ZONE)
    except GroupsError:
        later = able[able.index(act) + 1 :]
        assert any(_same(act, each) for each in later), f"{act} could not be taken back"
        stage.refused += 1
        return
    act.undone = True


def remember(stage: Stage) -> None:
    """Keep what the code says now of some day that has been."""
    day = min(stage.any_day(), stage.today)
    with stage.database.begin(reads=True) as session:
        stage.told.append((stage.now, day, answered(session, day)))


def answered(session: Session, day: date) -> str:
    """All figures of a day as text, or that there are none."""
    try:
        return exports.as_json(coverage_reports.report_on(session, CoverageQuery(day, level=Level.VILLAGE), ZONE)) + (
            exports.as_json(coverage_reports.report_on(session, CoverageQuery(day, level=Level.GROUP), ZONE))
        )
    except NothingCounted:
        return "nothing"


def _same(one: Act, other: Act) -> bool:
    if "house" in one.said:
        return bool(one.said["house"] == other.said.get("house"))
    return bool(one.said.get("village") == other.said.get("village"))


DEEDS = (arrive, arrive, regroup, move, move, archive, enrol, enrol, enrol, cancel, cancel, suspend, resume,
         change_plan, correct, count, take_back, take_back, remember, remember)  # fmt: skip


def rows_of(session: Session, table: str) -> list[dict[str, Any]]:
    """A table as plain SQL has it, its days as days."""
    found = []
    for row in session.execute(text(f"SELECT * FROM {table}")).mappings():
        found.append({
            name: date.fromisoformat(value) if name.endswith("_on") and isinstance(value, str) else value
            for name, value in row.items()
        })  # fmt: skip
    return found


def _on(row: dict[str, Any], day: date) -> bool:
    return row["starts_on"] <= day and (row["ends_on"] is None or day < row["ends_on"])


def recounted(session: Session, day: date) -> dict[tuple[int, int | None], tuple[int, int]]:
    """From the rows alone: by village and group, who lived there and how many of those were signed up."""
    signed_up = [row["household_id"] for row in rows_of(session, "subscriptions") if _on(row, day)]
    living = [row for row in rows_of(session, "residences") if _on(row, day)]
    assert len(set(signed_up)) == len(signed_up), f"somebody is signed up twice on {day}"
    assert len({row["household_id"] for row in living}) == len(living), f"somebody lives in two places on {day}"
    assert set(signed_up) <= {row["household_id"] for row in living}, f"somebody signed up lives nowhere on {day}"
    places = tally((row["village_id"], row["group_id"]) for row in living)
    own = tally((row["village_id"], row["group_id"]) for row in living if row["household_id"] in set(signed_up))
    return {place: (many, own.get(place, 0)) for place, many in places.items()}


def check_day(stage: Stage, session: Session, day: date) -> None:
    """Code, rows and ledger agree on the day, at every level."""
    counted = stage.ledger.counted(day)
    houses = {name: house.place(day) for name, house in stage.ledger.houses().items() if house.stays}
    by_rows = recounted(session, day)
    names = {number: place for place, number in stage.groups.items()}
    codes = {number: code for code, number in stage.villages.items()}
    told = {
        (codes[village], names[group][1] if group is not None else ""): numbers
        for (village, group), numbers in by_rows.items()
    }
    living = tally(place for place in houses.values() if place is not None)
    signed_up = tally(place for place, _ in counted.values())
    assert told == {place: (many, signed_up.get(place, 0)) for place, many in living.items()}, f"rows, {day}"
    known = stage.ledger.latest("count", ("village",), day)
    try:
        by_level = {
            level: coverage_reports.report_on(session, CoverageQuery(day, level=level), ZONE)
            for level in (Level.VILLAGE, Level.GROUP, Level.GRID)
        }
    except NothingCounted:
        assert known == {}
        return
    of_village = tally(place[0] for place, _ in counted.values())
    report = by_level[Level.VILLAGE]
    assert {each.code: (each.figure.subscribed, each.figure.households) for each in report.villages} == {
        code: (of_village.get(code, 0), known.get((code,))) for code in VILLAGES
    }, f"villages, {day}"
    assert report.town.subscribed == sum(of_village.get(code, 0) for (code,) in known)
    for level in (Level.GROUP, Level.GRID):
        places = by_level[level].places
        for code in VILLAGES:
            own = [each.figure for each in places if each.village_code == code]
            assert sum(each.subscribed for each in own) == of_village.get(code, 0), f"{level} of {code}, {day}"
    groups = {(each.village_code, each.name): each.figure for each in by_level[Level.GROUP].places}
    assert {place: (figure.households, figure.subscribed) for place, figure in groups.items()} == told


def check_bill(stage: Stage, session: Session, month: date) -> None:
    """The bill charges each household where it lived on the first day, for its plan."""
    counted = stage.ledger.counted(month)
    bill = subsidies.bill_of(session, month)
    assert {(line.code, line.plan): line.households for line in bill.lines} == tally(
        (place[0], plan) for place, plan in counted.values()
    )
    fen = dict(zip(PLANS, (301, 299), strict=True))
    assert bill.total.village_fen == sum(fen[plan] for _, plan in counted.values())
    assert sorted((each.head, each.plan) for each in subsidies.paid_for(session, month)) == sorted(
        (name, plan) for name, (_, plan) in counted.items()
    )


def check_series(stage: Stage, session: Session, first: date, last: date) -> None:
    """Every day of every series is what that day's own report says."""
    query = CoverageQuery(last, first, last, step=Step.DAY)
    try:
        report = coverage_reports.report_on(session, query, ZONE)
    except NothingCounted:
        return
    for series in report.series:
        for point in series.points:
            counted = stage.ledger.counted(point.day)
            known = {code for (code,) in stage.ledger.latest("count", ("village",), point.day)}
            wanted = {series.code} if series.code else known
            assert point.figure.subscribed == sum(place[0] in wanted for place, _ in counted.values()), point.day


def check_statements(stage: Stage, session: Session) -> None:
    """Between any two reports every difference is explained line by line, for the town and for each village."""
    days = sorted({stage.any_day() for _ in range(4)} | {stage.today})
    for since, until in pairwise(day for day in days if day <= stage.today):
        for moment in (stage.rng.choice(stage.told)[0] if stage.told else stage.now, stage.now):
            for code in (None, *VILLAGES):
                found = what_changed(session, Compared(since, moment, until), Scope(ZONE, KIND, code))
                assert all(part.adds_up for part in found.parts), (since, moment, until, code, found)
                with as_known(session, moment):
                    then = recounted_villages(session, since)
                own = {each: then.get(each, (0, None)) for each in ([code] if code else VILLAGES)}
                subscribed = found.part(Measure.SUBSCRIBED)
                households = found.part(Measure.HOUSEHOLDS)
                summed = [one for one in own.values() if code or one[1] is not None]
                assert subscribed.before == sum(one[0] for one in summed)
                assert (households.before or 0) == sum(one[1] or 0 for one in summed)
                assert subscribed.after == sum(
                    one[0]
                    for each, one in recounted_villages(session, until).items()
                    if code == each or (code is None and one[1] is not None)
                )


def recounted_villages(session: Session, day: date) -> dict[str, tuple[int, int | None]]:
    """From the rows alone: by village's code, who is signed up, and how many households were counted."""
    codes = {row["id"]: row["code"] for row in rows_of(session, "villages")}
    own: dict[str, int] = {}
    for (village, _), (_, many) in recounted(session, day).items():
        own[codes[village]] = own.get(codes[village], 0) + many
    counts: dict[str, tuple[date, int]] = {}
    for row in rows_of(session, "household_counts"):
        if row["counted_on"] <= day and row["kind"] == KIND:
            counts[codes[row["village_id"]]] = max(
                counts.get(codes[row["village_id"]], (date.min, 0)), (row["counted_on"], row["households"])
            )
    return {code: (own.get(code, 0), counts[code][1] if code in counts else None) for code in codes.values()}


# Six histories, each on one database: two of three of them cost a second less.
@pytest.mark.parametrize(
    ("database_url", "seed"),
    [("sqlite" if seed % 3 else "postgresql", seed) for seed in range(examples(HISTORIES))],
    indirect=["database_url"],
)
def test_an_independent_recount_of_a_hostile_history_finds_no_difference(database: Database, seed: int) -> None:
    stage = Stage(database, Random(seed), Ledger())  # noqa: S311  chance for a history
    for code in VILLAGES[:2]:
        stage.do(
            "count",
            lambda batch, code=code: household_counts.set_count(batch, code, KIND, FIRST, 10),  # type: ignore[misc]
            village=code,
            day=FIRST,
            value=10,
        )
    for _ in range(ACTS):
        stage.rng.choice(DEEDS)(stage)
        stage.today += timedelta(days=stage.rng.choice([0, 1, 1, 3, 6]))
    days = {stage.any_day() for _ in range(10)} | {FIRST, stage.today}
    with database.begin(reads=True) as session:
        for day in sorted(days):
            check_day(stage, session, day)
        for month in (date(2028, 1, 1), date(2028, 2, 1), date(2028, 3, 1), date(2028, 4, 1)):
            if month <= stage.today:
                check_bill(stage, session, month)
        check_series(stage, session, FIRST, stage.today)
    with database.begin(reads=True) as session:
        for moment, day, said in stage.told:
            with as_known(session, moment):
                assert answered(session, day) == said, f"what was known of {day} at {moment}"
        check_day(stage, session, stage.today)
        check_statements(stage, session)
        assert flaws_on(session, stage.today, ZONE) == []
