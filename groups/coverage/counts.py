"""The dated counts of households and the thresholds: what coverage is divided by and measured against.

Every change is on record with who made it; a count that others changed meanwhile is not overwritten unseen. A list of
counts is read from a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import match_any
from groups.coverage import trends
from groups.coverage.figures import Scope, count_subscribed
from groups.coverage.rules.count_rows import (
    COLUMN_WORDS,
    MOST_HOUSEHOLDS,
    VOCABULARY,
    CountRow,
    find_lacking,
    read_count_rows,
)
from groups.coverage.rules.figures import BASIS_POINTS, Figure, list_month_ends
from groups.errors import CountedMeanwhile, CountsFileError, InvalidCount, Message, say
from groups.files.columns import Columns, FoundLists, find_lists
from groups.files.isolated import read_apart
from groups.files.reading import MOST_ROWS
from groups.models.batch import Batch
from groups.models.enrolment import Subscription
from groups.models.figures import HouseholdCount, IssuedReport, Threshold
from groups.models.roster import Village
from groups.roster.villages import get_village
from groups.rules.counting import CountKind
from groups.rules.days import is_unlikely
from groups.rules.typed_text import strip_kind_of_village
from groups.uploads.columns_said import read_columns_of_shown

_NO_LIST = say("counts_without_heading")


@dataclass(frozen=True, slots=True)
class CountsFile:
    """A list of counts as it was read: its sheets with their columns, and its rows; or why there are none."""

    sheets: FoundLists
    rows: Sequence[CountRow] = ()
    reason: Message | None = None


def open_counts(content: bytes, name: str, default_day: date | None, said: Columns) -> CountsFile:
    """The counts in a file, `said`: with the columns as somebody says they are. Raises RosterFileError.

    `default_day` is that of the rows that name none.
    """
    file = read_apart(content, name, dated=True)
    found = find_lists(file.sheets, VOCABULARY, said, file.hidden)
    layouts = found.layouts
    if not layouts:
        return CountsFile(found, reason=_NO_LIST)
    for layout in layouts:
        if reason := find_lacking(layout, default_day):
            return CountsFile(found, reason=reason)
    if sum(len(layout.rows) for layout in layouts) > MOST_ROWS:
        return CountsFile(found, reason=say("more_than_rows", most=MOST_ROWS))
    several = len(layouts) > 1
    rows = [
        row for layout in layouts for row in read_count_rows(layout, default_day, layout.sheet.label if several else "")
    ]
    return CountsFile(found, rows)


def read_counts_file(
    content: bytes, name: str, default_day: date | None = None, columns: Sequence[str] = ()
) -> CountsFile:
    """A file with counts; `columns`: what columns hold, 户数=D. Raises CountsFileError, RosterFileError."""
    opened = open_counts(content, name, default_day, {})
    if columns:
        said = read_columns_of_shown(columns, opened.sheets.shown(), COLUMN_WORDS)
        opened = open_counts(content, name, default_day, said)
    if opened.reason:
        raise CountsFileError(opened.reason)
    return opened


@dataclass(frozen=True, slots=True)
class Judged:
    """A row of a list beside what is known: `before` is the count that it replaces; `problem` keeps it out.

    `subscribed` households are signed up on that day: more than were counted is worth a look, and no hindrance.
    """

    row: CountRow
    village_id: int | None
    village_name: str
    before: int | None
    subscribed: int
    problem: Message | None

    @property
    def is_new(self) -> bool:
        """Whether it would change anything."""
        return not self.problem and self.before != self.row.households

    @property
    def exceeded(self) -> bool:
        """Whether more have signed up than it counts."""
        return not self.problem and self.row.households is not None and self.subscribed > self.row.households


def read_counts(session: Session, villages: Collection[int] | None = None) -> Sequence[HouseholdCount]:
    """All counts, or those of some villages, village by village, the latest first."""
    question = select(HouseholdCount).order_by(
        HouseholdCount.village_id, HouseholdCount.counted_on.desc(), HouseholdCount.kind
    )
    if villages is not None:
        question = question.where(match_any(session, HouseholdCount.village_id, sorted(villages)))
    return session.scalars(question).all()


def set_count(
    batch: Batch,
    village_code: str,
    kind: CountKind,
    day: date,
    households: int,
    *,
    seen: int | None = None,
    unseen_ok: bool = True,
) -> bool:
    """Write down how many households a village had from `day` on; whether that is news.

    With `unseen_ok` False the count must still be `seen` (None: there is none). Raises UnknownVillage, InvalidCount.
    """
    village = get_village(batch.session, village_code, hold=True)
    if flaw := _find_flaw(day, households, batch.day):
        raise InvalidCount(flaw)
    existing = _find_count(batch.session, village.id, kind, day)
    if not unseen_ok and (existing.households if existing else None) != seen:
        raise CountedMeanwhile(say("count_changed_meanwhile"))
    if existing is not None:
        return batch.change(existing, affects_from=day, households=households)
    batch.add(HouseholdCount(village_id=village.id, kind=kind, counted_on=day, households=households), affects_from=day)
    return True


def count_subscribed_in(session: Session, village_code: str, day: date) -> int:
    """How many households of a village are signed up on a day. Raises UnknownVillage."""
    village = get_village(session, village_code)
    return count_subscribed(session, day, [village.id]).get(village.id, 0)


def remove_count(batch: Batch, village_code: str, kind: CountKind, day: date) -> None:
    """Take a count out that should never have been there. Raises UnknownVillage, InvalidCount."""
    village = get_village(batch.session, village_code, hold=True)
    existing = _find_count(batch.session, village.id, kind, day)
    if existing is None:
        raise InvalidCount(say("no_such_count"))
    batch.remove(existing, affects_from=day)


@dataclass(frozen=True, slots=True)
class DayRefigured:
    """What a day that has been would show: of the village and of the town as it is, and as it would be.

    `reported`: a report of that day was issued; it stays as it is.
    """

    day: date
    village: tuple[Figure, Figure]
    town: tuple[Figure, Figure]
    reported: bool


def preview_change(
    batch: Batch, village_code: str, kind: CountKind, zone: ZoneInfo, change: Callable[[Batch], object]
) -> list[DayRefigured]:
    """By how much a change of a village's counts would change month ends, and days that were reported, before today.

    Nothing is written. Raises what the change raises, and UnknownVillage.
    """
    session, yesterday = batch.session, batch.day - timedelta(days=1)
    scope = Scope(zone, kind, get_village(session, village_code).code)
    begun = session.scalar(select(func.min(Subscription.starts_on))) or batch.day
    first = max(begun, batch.day - timedelta(days=trends.MOST_DAYS - 1))
    reported = set(session.scalars(select(IssuedReport.as_of).where(IssuedReport.as_of.between(first, yesterday))))
    wanted = sorted({*(day for day in list_month_ends(first, yesterday) if _ends_month(day)), *reported})
    if not wanted:
        return []
    before = _read_figures(session, wanted, scope)
    after: dict[date, tuple[Figure, Figure]] = {}
    try:
        with session.begin_nested():
            change(batch)
            session.flush()
            after = _read_figures(session, wanted, scope)
            raise _OnlyTried
    except _OnlyTried:
        session.expire_all()
    nothing = (Figure(0, None), Figure(0, None))
    told = [(day, before.get(day, nothing), after.get(day, nothing)) for day in wanted]
    return [
        DayRefigured(day, (was[0], becomes[0]), (was[1], becomes[1]), day in reported)
        for day, was, becomes in told
        if was != becomes
    ]


class _OnlyTried(Exception):
    """Takes a change back whose effect was looked at."""


def _ends_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def _read_figures(session: Session, days: Sequence[date], scope: Scope) -> dict[date, tuple[Figure, Figure]]:
    """The village's and the town's figure on each of these days."""
    of_village, of_town = (
        {point.day: point.figure for point in trends.read_trend(session, days[0], days[-1], each, daily=True)}
        for each in (scope, replace(scope, village_code=None))
    )
    return {day: (of_village.get(day, Figure(0, None)), of_town[day]) for day in days}


class KnownCounts(NamedTuple):
    """What a list is held against: villages by id, code and name, and the counts by village, kind and day."""

    villages: tuple[tuple[int, str, str], ...]
    counts: Mapping[tuple[int, CountKind, date], int]


def read_known(session: Session) -> KnownCounts:
    """The villages and counts as they stand."""
    there = select(Village.id, Village.code, Village.name).where(Village.archived_at.is_(None)).order_by(Village.id)
    villages = tuple((number, code, name) for number, code, name in session.execute(there))
    counts = {(each.village_id, each.kind, each.counted_on): each.households for each in read_counts(session)}
    return KnownCounts(villages, counts)


class _Place(NamedTuple):
    id: int
    code: str
    name: str


def judge(session: Session, rows: Iterable[CountRow], today: date, against: KnownCounts | None = None) -> list[Judged]:
    """Hold a list's rows against what is known (`against`: as it was read), and each other. Nothing is written."""
    villages, known = against or read_known(session)
    by_word: dict[str, list[_Place]] = defaultdict(list)
    by_bare_name: dict[str, list[_Place]] = defaultdict(list)
    for each in (_Place(*village) for village in villages):
        for word in {each.code, each.name}:
            by_word[word].append(each)
        by_bare_name[strip_kind_of_village(each.name)].append(each)
    subscribed: dict[date, dict[int, int]] = {}
    judged = []
    for row in rows:
        found = by_word.get(row.village) or by_bare_name.get(strip_kind_of_village(row.village), [])
        problem = row.problem or _find_misfit(row, found, today)
        village = found[0] if len(found) == 1 else None
        if problem or village is None or row.counted_on is None:
            judged.append(Judged(row, None, row.village, None, 0, problem))
            continue
        key = (village.id, row.kind, row.counted_on)
        if row.counted_on not in subscribed:
            subscribed[row.counted_on] = count_subscribed(session, row.counted_on)
        signed_up = subscribed[row.counted_on].get(village.id, 0)
        judged.append(Judged(row, village.id, village.name, known.get(key), signed_up, problem))
    return _without_rivals(judged)


def _without_rivals(judged: list[Judged]) -> list[Judged]:
    """The rows, those in error that say of one village, kind and day twice how many there were: which one holds?"""
    lines: dict[tuple[int | None, CountKind, date | None], list[int]] = defaultdict(list)
    for each in judged:
        if not each.problem:
            lines[each.village_id, each.row.kind, each.row.counted_on].append(each.row.line)
    found = []
    for each in judged:
        own = lines.get((each.village_id, each.row.kind, each.row.counted_on), [])
        if len(own) > 1 and not each.problem:
            told = ", ".join(str(line) for line in own[:5])
            problem = say("twice_in_list", lines=told)
            found.append(replace(each, problem=problem))
        else:
            found.append(each)
    return found


def take(batch: Batch, judged: Iterable[Judged]) -> int:
    """Write the sound rows of a list; how many were news. Raises CountedMeanwhile where one has changed meanwhile."""
    news = {
        (each.village_id, each.row.kind, each.row.counted_on): each
        for each in judged
        if each.is_new and each.village_id is not None and each.row.counted_on is not None
    }
    villages = sorted({village_id for village_id, _, _ in news})
    held = select(Village.id).where(match_any(batch.session, Village.id, villages)).order_by(Village.id)
    batch.session.execute(held.with_for_update(key_share=True))
    existing = {(each.village_id, each.kind, each.counted_on): each for each in read_counts(batch.session, villages)}
    edits: dict[int, dict[str, int | None]] = {}
    new = []
    for key, each in news.items():
        found = existing.get(key)
        if (found.households if found else None) != each.before:
            raise CountedMeanwhile(say("count_changed_meanwhile"))
        if found is not None:
            edits[found.id] = {"households": each.row.households}
        else:
            village_id, kind, day = key
            values = {"village_id": village_id, "kind": kind, "counted_on": day, "households": each.row.households}
            new.append(values)
    batch.change_all(HouseholdCount, edits, affects_from=lambda row: row.counted_on)
    batch.add_all(HouseholdCount, new, affects_from=lambda row: row.counted_on)
    return len(news)


def set_threshold(batch: Batch, day: date, basis_points: int) -> bool:
    """From `day` on, a village with this coverage (hundredths of a per cent) is a demonstration village.

    Whether that is news. Raises InvalidCount; CountedMeanwhile where somebody else is writing one for that day now.
    """
    if not 1 <= basis_points <= BASIS_POINTS:
        raise InvalidCount(say("threshold_out_of_range"))
    existing = batch.session.scalar(select(Threshold).where(Threshold.starts_on == day).with_for_update())
    if existing is not None:
        return batch.change(existing, affects_from=day, basis_points=basis_points)
    try:
        batch.add(Threshold(starts_on=day, basis_points=basis_points), affects_from=day)
    except IntegrityError as error:
        # Two at the same moment: there was no row yet that the one could have held while the other looked.
        raise CountedMeanwhile(say("threshold_changed_meanwhile", day=day)) from error
    return True


def remove_threshold(batch: Batch, day: date) -> None:
    """Take a threshold out again: the one before it goes on. Raises InvalidCount."""
    existing = batch.session.scalar(select(Threshold).where(Threshold.starts_on == day).with_for_update())
    if existing is None:
        raise InvalidCount(say("no_such_threshold"))
    batch.remove(existing, affects_from=day)


def _find_count(session: Session, village_id: int, kind: CountKind, day: date) -> HouseholdCount | None:
    return session.scalar(
        select(HouseholdCount).where(
            HouseholdCount.village_id == village_id, HouseholdCount.kind == kind, HouseholdCount.counted_on == day
        )
    )


def _find_misfit(row: CountRow, found: Sequence[_Place], today: date) -> Message | None:
    if not found:
        return say("no_such_village")
    if len(found) > 1:
        return say("several_villages_of_this_name")
    if row.counted_on is None or row.households is None:
        return say("day_or_households_missing")
    if is_unlikely(row.counted_on, today):
        return say("list_count_long_ago", day=row.counted_on)
    return _find_flaw(row.counted_on, row.households, today)


def _find_flaw(day: date, households: int, today: date) -> Message | None:
    if day > today:
        return say("count_of_a_day_to_come")
    if not 0 <= households <= MOST_HOUSEHOLDS:
        return say("households_out_of_range", most=f"{MOST_HOUSEHOLDS:,}")
    return None
