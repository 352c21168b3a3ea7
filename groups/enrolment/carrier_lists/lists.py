"""The carrier's list becomes subscriptions: read it, match it, look through what is doubtful, and write the rest.

    brought = bring(session, content, "名单.xlsx", by, now)     nothing counts yet
    choose_columns(brought, {(0, 3): "address"}, now)          where they were guessed wrong
    decide(session, brought, {"Sheet1!7": household_id}, now)  what a person has to say
    ask_for(brought, by, now)                                  somebody says so
    write(batch, brought, matched)                             all of it, or nothing

Between those, `list_jobs` matches the rows and looks them through: work of seconds for a long list. Everything is
judged anew, with the households held, when it is written: what another liaison did meanwhile counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import among
from groups.enrolment.carrier_lists.index import hold, standing_of
from groups.enrolment.carrier_lists.rules.judgement import SKIP, Judgement, Standing, judge
from groups.enrolment.carrier_lists.rules.matching import Candidate, Index, Match
from groups.enrolment.carrier_lists.rules.picture import packed
from groups.enrolment.carrier_lists.rules.rows import (
    CarrierRow,
    ColumnSeen,
    Entry,
    Layout,
    ListColumn,
    layouts_of,
    read,
    rows_of,
)
from groups.errors import CarrierListError
from groups.files.reading import MOST_ROWS, sheets_of
from groups.files.sheet import Sheet
from groups.models.batch import Batch
from groups.models.enrolment import CarrierList, Channel, EndReason, Subscription
from groups.models.roster import Household
from groups.roster.residences import house_the_subscribed

_WRITE_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Reading:
    """How numbers and days are read: the country, the area code without its 0, the town's day."""

    region: str
    area_code: str
    today: date


@dataclass(frozen=True, slots=True)
class Matched:
    """The rows of a list, and whom each means as far as the roster says."""

    entries: Sequence[Entry]
    matches: Sequence[Match]
    index: Index
    decisions: Mapping[str, int]

    @property
    def meant(self) -> set[int]:
        """The households that rows mean, or that somebody has chosen."""
        chosen = set(self.decisions.values()) & set(self.index.households)
        return {match.household.id for match in self.matches if match.household} | chosen

    def judged(self, standing: Mapping[int, Sequence[Standing]]) -> Judgement:
        """What the list comes to beside what these households have."""
        return judge(self.entries, self.matches, standing, self.decisions, self.index.households)


def bring(session: Session, content: bytes, name: str, by: str, now: datetime) -> CarrierList:
    """Keep a file's rows to be looked through. Raises RosterFileError, CarrierListError where nothing is in it.

    A list that lacks columns is kept too, with no rows: somebody may say what its columns hold.
    """
    sheets, layouts = _understood(content, name)
    brought = CarrierList(
        file_name=name[-120:],
        brought_at=now,
        brought_by=by,
        content=content,
        decisions={},
        outcome={},
    )
    _take(brought, sheets, layouts, now)
    session.add(brought)
    session.flush()
    return brought


def rows_of_file(content: bytes, name: str) -> list[CarrierRow]:
    """The rows of a file that is such a list. Raises RosterFileError, CarrierListError."""
    sheets, layouts = _understood(content, name)
    rows = rows_of(sheets, layouts)
    if not rows:
        raise _without_rows(layouts)
    return rows


def lacking_words(layouts: Sequence[Layout]) -> str:
    """What a list lacks that has no rows."""
    lacking = layouts[0].lacking if layouts else []
    if not lacking:
        return "没有数据行 the list has no rows"
    return f"找不到列：{'、'.join(lacking)}；须有号码或姓名、套餐、开通日期 the heading lacks these columns"


def layouts_in(brought: CarrierList) -> list[Layout]:
    """How the sheets of a list that was brought in are understood."""
    return [
        Layout(
            kept["sheet"],
            kept["at"],
            tuple(
                ColumnSeen(
                    each["index"],
                    each["heading"],
                    tuple(each["samples"]),
                    ListColumn(each["holds"]) if each["holds"] else None,
                )
                for each in kept["columns"]
            ),
        )
        for kept in brought.layouts or ()
    ]


def check_rows(brought: CarrierList) -> None:
    """Raises CarrierListError where the list has no rows, as far as its columns are understood."""
    if not brought.length:
        raise _without_rows(layouts_in(brought))


def choose_columns(brought: CarrierList, said: Mapping[tuple[int, int], str], now: datetime) -> None:
    """Say what columns hold, by the sheet's place and the column's: a ListColumn's value, or nothing.

    The list is read again and to be looked through again; what was decided about its rows goes. Raises
    CarrierListError where two columns of a sheet hold the same, or it is being written.
    """
    _check_open(brought)
    layouts = []
    for place, layout in enumerate(layouts_in(brought)):
        holding = [said.get((place, each.index), each.holds or "") for each in layout.columns]
        twice = {word for word in holding if word and holding.count(word) > 1}
        if twice:
            raise CarrierListError("两列不能是同一内容 two columns cannot hold the same")
        seen = [
            ColumnSeen(each.index, each.heading, each.samples, ListColumn(word) if word else None)
            for each, word in zip(layout.columns, holding, strict=True)
        ]
        layouts.append(Layout(layout.sheet, layout.at, tuple(seen)))
    brought.decisions = {}
    _take(brought, sheets_of(brought.content, brought.file_name, dated=True), layouts, now)


def decide(session: Session, brought: CarrierList, decisions: Mapping[str, int | None], now: datetime) -> None:
    """Say whom doubtful rows mean: a household, SKIP for nobody, None to leave it open. Raises CarrierListError."""
    _check_open(brought)
    households = {chosen for chosen in decisions.values() if chosen}
    known = set(session.scalars(select(Household.id).where(among(session, Household.id, sorted(households)))))
    kept = dict(brought.decisions)
    for key, chosen in decisions.items():
        if chosen is None:
            kept.pop(key, None)
        elif chosen == SKIP or chosen in known:
            kept[key] = chosen
    brought.decisions = kept
    look_again(brought, now)
    session.flush()


def look_again(brought: CarrierList, now: datetime) -> None:
    """Have it looked through: with other decisions or columns, or because whoever was at it is gone."""
    brought.looked_at, brought.told_at, brought.done = None, now, 0


def ask_for(brought: CarrierList, by: str, now: datetime) -> None:
    """Say: write it. Raises CarrierListError where that was said already."""
    _check_open(brought)
    check_rows(brought)
    brought.asked_at = brought.told_at = now
    brought.asked_by, brought.done = by, 0


def entries_of(rows: Sequence[CarrierRow], reading: Reading) -> list[Entry]:
    """What the rows say, each for itself."""
    return [read(row, reading.region, reading.area_code, reading.today) for row in rows]


def rows_in(brought: CarrierList) -> list[CarrierRow]:
    """The rows of a list that was brought in."""
    return [CarrierRow(sheet, number, tuple(texts)) for sheet, number, texts in brought.rows]


def write(batch: Batch, matched: Matched, progress: Callable[[int], None]) -> Judgement | None:
    """Write all rows that are certain or decided; None, and nothing is written, where a household is elsewhere by now.

    What is in error or still doubtful is left out. `progress` is told how much is done, in per cent.
    """
    session = batch.session
    held = hold(session, matched.meant)
    if any(held.get(each) != matched.index.households[each].village_id for each in matched.meant):
        return None
    progress(10)
    judgement = matched.judged(standing_of(session, matched.meant))
    progress(20)
    # First what ends: a household has room for the next only then.
    edits = {number: _edited(values) for number, values in judgement.edits.items()}
    batch.change_all(Subscription, edits, affects_from=partial(_first_day, edits))
    rows = [_row(household, standing) for household, standing in judgement.begins]
    for start in range(0, len(rows), _WRITE_AT_ONCE):
        batch.add_all(Subscription, rows[start : start + _WRITE_AT_ONCE], affects_from=lambda row: row.starts_on)
        progress(30 + 55 * (start + _WRITE_AT_ONCE) // (len(rows) + _WRITE_AT_ONCE))
    house_the_subscribed(batch, [household.id for household, _ in judgement.begins])
    return judgement


def is_written(batch: Batch, brought: CarrierList, judgement: Judgement) -> bool:
    """Say so; False where another has written it meanwhile: then this has to be taken back.

    The list's row is taken only now, so that others can tell how far it is while it is written.
    """
    batch.session.refresh(brought, ["written_at"], with_for_update=True)
    if brought.written_at is not None:
        return False
    brought.batch = batch.key if batch.size else ""
    brought.outcome = {verdict.value: count for verdict, count in judgement.counts.items()}
    brought.picture = packed(judgement, brought.decisions)
    brought.done, brought.told_at, brought.written_at = 100, batch.now, batch.now
    batch.session.flush()
    return True


def _without_rows(layouts: Sequence[Layout]) -> CarrierListError:
    return CarrierListError(lacking_words(layouts), lacking="、".join(layouts[0].lacking if layouts else ()))


def _understood(content: bytes, name: str) -> tuple[list[Sheet], list[Layout]]:
    sheets = list(sheets_of(content, name, dated=True))
    layouts = layouts_of(sheets)
    if not layouts:
        raise CarrierListError("文件中没有内容，须有号码或姓名、套餐、开通日期 nothing is in this file")
    return sheets, layouts


def _take(brought: CarrierList, sheets: Sequence[Sheet], layouts: Sequence[Layout], now: datetime) -> None:
    rows = rows_of(sheets, layouts)
    if len(rows) > MOST_ROWS:
        raise CarrierListError(f"超过{MOST_ROWS}行 more than {MOST_ROWS} rows")
    brought.layouts = [asdict(layout) for layout in layouts]
    brought.rows = [[row.sheet, row.number, list(row.texts)] for row in rows]
    brought.length = len(rows)
    look_again(brought, now)


def _check_open(brought: CarrierList) -> None:
    if brought.written_at is not None:
        raise CarrierListError(f"名单“{brought.file_name}”已写入 this list has been written already")
    if brought.asked_at is not None:
        raise CarrierListError(f"名单“{brought.file_name}”正在写入 this list is being written")


def _first_day(edits: Mapping[int, Mapping[str, Any]], row: Subscription) -> date:
    ends_on: date = edits[row.id].get("ends_on") or row.starts_on
    return min(ends_on, row.ends_on or ends_on)


def _edited(values: Mapping[str, object]) -> dict[str, Any]:
    edited = {name: value for name, value in values.items() if name != "replaced"}
    if "ends_on" in values:
        edited["end_reason"] = EndReason.REPLACED if values.get("replaced") else EndReason.CANCELLED
    return edited


def _row(household: Candidate, standing: Standing) -> dict[str, Any]:
    reason = EndReason.REPLACED if standing.replaced else EndReason.CANCELLED
    return {
        "household_id": household.id,
        "plan": standing.plan,
        "number": standing.number,
        "starts_on": standing.starts_on,
        "ends_on": standing.ends_on,
        "end_reason": reason if standing.ends_on else None,
        "consent_on": None,
        "consent_by": "",
        "channel": Channel.CARRIER,
    }
