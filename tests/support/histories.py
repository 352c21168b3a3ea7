"""Hostile histories drawn by lot: what people of a town enter, late, twice, the wrong way round, and take back.

    stage = played(database, seed)

Each deed goes through the code, as a page would do it, and into a ledger that knows nothing of the code. A number
always gives the same history. `tests.support.recount` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from config.database import Database
from groups.coverage import counts as household_counts
from groups.coverage import exports, issued
from groups.coverage import report as coverage_reports
from groups.coverage.rules.query import CoverageQuery
from groups.coverage.rules.report import Level
from groups.enrolment import bills as subsidies
from groups.enrolment import subscriptions
from groups.enrolment.rules.bill import BillLine
from groups.enrolment.subscriptions import Enrolment
from groups.errors import GroupsError, NothingCounted
from groups.history.undo import undo
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.enrolment import Subscription, Tariff
from groups.models.roster import Grid, Group, Household, Village
from groups.roster import groups as roster_groups
from groups.roster import households as roster_households
from groups.roster.residences import follow_the_groups
from groups.rules.counting import CountKind
from tests.support.ledger import Act, Ledger

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2028, 1, 1)
PLANS = ("月租", "年租")
VILLAGES = ("VA", "VB", "VC")
KIND = CountKind.RESIDENT
LIAISON = Author("林联络", Source.PAGE)
AUTHORS = (LIAISON, Author("周主任", Source.PAGE), Author("command", Source.COMMAND))
ACTS = 45
OTHER_KIND = CountKind.REGISTERED


@dataclass
class Stage:
    """The town's rows by the names that the ledger knows, and who does what."""

    database: Database
    rng: Random
    ledger: Ledger = field(default_factory=Ledger)
    today: date = FIRST
    refused: int = 0
    seconds: int = 0
    told: list[tuple[datetime, date, str]] = field(default_factory=list)
    """What the code said at some moment of some day."""
    settled: dict[date, list[tuple[Any, ...]]] = field(default_factory=dict)
    """The bill of each settled month, as it was settled."""
    issued: dict[int, bytes] = field(default_factory=dict)

    authors: dict[datetime, str] = field(default_factory=dict)
    """Who did something at a moment."""
    done: dict[datetime, Act] = field(default_factory=dict)
    """The act that was entered, taken back or brought back at a moment."""
    erased: set[str] = field(default_factory=set)
    """Households of which nobody knows any more who they were."""

    def __post_init__(self) -> None:
        self.villages: dict[str, int] = {}
        self.grids: dict[str, list[int]] = {}
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
                    self.grids.setdefault(code, []).append(grid.id)
                    group = Group(village_id=village.id, grid_id=grid.id, name=f"{code}{number}组", position=number)
                    session.add(group)
                    session.flush()
                    self.groups[code, group.name] = group.id
            for plan, fen in zip(PLANS, (301, 299), strict=True):
                session.add(Tariff(plan=plan, starts_on=date(2020, 1, 1), village_fen=fen, carrier_fen=100))

    def do(self, name: str, work: Callable[[Batch], Any], **said: Any) -> bool:
        """Do it, and write it into the ledger where it was not refused."""
        now, by = self.now, self.somebody_in_office
        try:
            with self.database.begin() as session:
                batch = Batch(session, by, cast(Action, name), now, ZONE)
                work(batch)
        except GroupsError:
            self.refused += 1
            return False
        if batch.size:
            act = Act(self.today, name, said, batch.key, at=now)
            self.ledger.acts.append(act)
            self.authors[now], self.done[now] = by.name, act
        return True

    @property
    def somebody_in_office(self) -> Author:
        """Another one from deed to deed."""
        return AUTHORS[self.seconds % len(AUTHORS)]

    @property
    def now(self) -> datetime:
        """Each deed at a moment of its own: at one in the morning of the town's day, which is the day before in UTC."""
        self.seconds += 1
        return datetime.combine(self.today, time(1), ZONE).astimezone(UTC) + timedelta(seconds=self.seconds)

    def any_day(self) -> date:
        """Some day of the history, as far as it has gone."""
        return FIRST - timedelta(days=20) + timedelta(days=self.rng.randint(0, (self.today - FIRST).days + 20))

    def somebody(self) -> str | None:
        """A household that is on the roster."""
        present = [
            name for name, house in self.ledger.houses().items() if house.stays and house.stays[-1][1] is not None
        ]
        return self.rng.choice(sorted(present)) if present else None

    def groups_of(self, code: str) -> list[str]:
        """The groups of a village that were not merged into another."""
        gone = {(act.said["village"], act.said["gone"]) for act in self.ledger.in_force("merge")}
        return [name for village, name in self.groups if village == code and (village, name) not in gone]

    def household(self, batch: Batch, name: str) -> Household:
        return batch.session.get_one(Household, self.households[name])


def arrive(stage: Stage) -> None:
    village = stage.rng.choice(VILLAGES)
    group = stage.rng.choice(["", *stage.groups_of(village)])
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
    group = stage.rng.choice(["", *stage.groups_of(place[0])])
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
    if (name := stage.somebody()) is not None:
        _move(stage, name, stage.rng.choice(VILLAGES))


def move_there_and_back(stage: Stage) -> None:
    """Two moves on one day, the second perhaps back."""
    if (name := stage.somebody()) is not None:
        for to in stage.rng.sample(VILLAGES, 2):
            _move(stage, name, to)


def _move(stage: Stage, name: str, to: str) -> None:
    stage.do("move", lambda batch: subscriptions.move(batch, stage.households[name], to), house=name, village=to)


def merge(stage: Stage) -> None:
    """One group into the other."""
    code = stage.rng.choice(VILLAGES)
    groups = stage.groups_of(code)
    if len(groups) < 2 or stage.rng.random() < 0.6:
        return
    gone, into = stage.rng.sample(groups, 2)
    houses = [
        name for name, house in stage.ledger.houses().items() if house.stays and house.stays[-1][1] == (code, gone)
    ]

    def work(batch: Batch) -> None:
        found = (batch.session.get_one(Group, stage.groups[code, name]) for name in (gone, into))
        roster_groups.merge_groups(batch, *found)

    stage.do("merge", work, houses=houses, village=code, gone=gone, group=into)


def regrid(stage: Stage) -> None:
    """A group comes to another grid, or to none."""
    code = stage.rng.choice(VILLAGES)
    name = stage.rng.choice(stage.groups_of(code))
    grid = stage.rng.choice([None, *stage.grids[code]])

    def work(batch: Batch) -> None:
        batch.change(batch.session.get_one(Group, stage.groups[code, name]), grid_id=grid)
        follow_the_groups(batch, [stage.groups[code, name]])

    stage.do("regrid", work, village=code, grid_of=name, group=name)


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
    plain = [own for own in contracts if len(own.pieces) == 1 and not own.resting]
    if not plain:
        return
    wanted = stage.rng.choice(plain)
    starts = stage.any_day()
    ends = starts + timedelta(days=stage.rng.randint(0, 40)) if stage.rng.random() < 0.5 else None
    piece = wanted.pieces[0]

    def work(batch: Batch) -> None:
        rows = batch.session.query(Subscription).filter_by(
            household_id=stage.households[name], starts_on=piece.starts, ends_on=piece.ends
        )
        subscriptions.correct(batch, rows.order_by(Subscription.id.desc()).all()[0].id, starts_on=starts, ends_on=ends)

    stage.do("correct", work, house=name, contract=wanted.key, starts=starts, ends=ends)


def count(stage: Stage) -> None:
    code, day, value = stage.rng.choice(VILLAGES), min(stage.any_day(), stage.today), stage.rng.randint(0, 12)
    kind = stage.rng.choice([KIND, KIND, OTHER_KIND])
    stage.do(
        "count",
        lambda batch: household_counts.set_count(batch, code, kind, day, value),
        village=code,
        kind=kind,
        day=day,
        value=value,
    )


def remove_count(stage: Stage) -> None:
    known = [act.said for act in stage.ledger.in_force("count")]
    if known:
        said = stage.rng.choice(known)
        key = {name: said[name] for name in ("village", "kind", "day")}
        stage.do("remove_count", lambda batch: household_counts.remove_count(batch, *key.values()), **key)


def threshold(stage: Stage) -> None:
    day, value = min(stage.any_day(), stage.today), stage.rng.choice([3333, 5000, 6667, 8000])
    stage.do("threshold", lambda batch: household_counts.set_threshold(batch, day, value), day=day, value=value)


def tariff(stage: Stage) -> None:
    """A price from some day on, in the middle of a month too; one that stands is put right."""
    plan, day, fen = stage.rng.choice(PLANS), stage.any_day(), stage.rng.randint(1, 999)
    standing = any(act.said["plan"] == plan and act.said["day"] == day for act in stage.ledger.in_force("tariff"))
    write = subsidies.correct_tariff if standing else subsidies.set_tariff
    stage.do("tariff", lambda batch: write(batch, plan, day, fen, 100), plan=plan, day=day, value=fen)


def settle(stage: Stage) -> None:
    """The next month that has begun; the first may be any."""
    if stage.rng.random() < 0.5:
        return
    month = max(stage.settled, default=date(2027, 12, 1))
    month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    if month > stage.today:
        return
    with stage.database.begin() as session:
        stage.settled[month] = [*map(billed, subsidies.settle_month(session, month, LIAISON.name, stage.now).lines)]


def billed(line: BillLine) -> tuple[Any, ...]:
    """A line of a bill as it is printed."""
    return line.code, line.label, line.households, line.village_fen, line.carrier_fen


def issue(stage: Stage) -> None:
    """A report to the town, now and then two of one day."""
    if stage.rng.random() < 0.6:
        return
    day = min(stage.any_day(), stage.today)
    try:
        with stage.database.begin() as session:
            made = issued.issue(session, CoverageQuery(day), LIAISON, stage.now, ZONE)
            stage.issued[made.id] = issued.reprint(session, made.id, "json")
    except NothingCounted:
        stage.refused += 1


def take_back(stage: Stage) -> None:
    """Take any earlier act back; where nothing was done to the same household since, it must be possible."""
    able = [act for act in stage.ledger.acts if not act.undone]
    if not able:
        return
    act = stage.rng.choice(able[-8:])
    if (key := _undo(stage, act.key, act, undone=True)) is not None:
        act.undone, act.undone_by = True, key


def bring_back(stage: Stage) -> None:
    """Take the taking back of an act back: the act counts again."""
    able = [act for act in stage.ledger.acts if act.undone and act.undone_by]
    if able:
        act = stage.rng.choice(able[-4:])
        if (key := _undo(stage, act.undone_by, act, undone=False)) is not None:
            # It counts from now on as it did then; what was done meanwhile to the same household refuses it.
            act.undone, act.undone_by, act.key = False, "", key


def _undo(stage: Stage, key: str, act: Act, *, undone: bool) -> str | None:
    """Take the batch back, and what it was taken back by. It may be refused for what came later, and for that only."""
    now, by = stage.now, stage.somebody_in_office
    try:
        with stage.database.begin() as session:
            done = undo(session, key, by, now, ZONE).batch.key
    except GroupsError:
        others = [each for each in stage.ledger.acts if each is not act]
        assert any(act.concerns(each) for each in others), f"{act} could not be taken back"
        stage.refused += 1
        return None
    act.toggled.append((now, undone))
    stage.authors[now], stage.done[now] = by.name, act
    return done


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


DEEDS = (arrive, arrive, regroup, move, move, move_there_and_back, merge, regrid, archive, enrol, enrol, enrol, cancel,
         cancel, suspend, resume, change_plan, correct, count, remove_count, threshold, tariff, settle, issue,
         take_back, take_back, take_back, bring_back, remember, remember)  # fmt: skip


def played(database: Database, seed: int) -> Stage:
    """The history of this number, in an empty database. Raises AssertionError where the code refuses too much."""
    stage = Stage(database, Random(seed))  # noqa: S311  chance for a history
    for code in VILLAGES[:2]:
        stage.do(
            "count",
            lambda batch, code=code: household_counts.set_count(batch, code, KIND, FIRST, 10),  # type: ignore[misc]
            village=code,
            kind=KIND,
            day=FIRST,
            value=10,
        )
    for _ in range(ACTS):
        stage.rng.choice(DEEDS)(stage)
        stage.today += timedelta(days=stage.rng.choice([0, 0, 1, 1, 3, 6]))
    return stage
