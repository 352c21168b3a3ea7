"""The carrier's list becomes subscriptions: read it, match it, look through what is doubtful, and write the rest.

    brought = bring(session, content, "名单.xlsx", by, now)     nothing counts yet
    judgement = look_through(session, brought, ...)            as often as somebody likes
    decide(session, brought, {"Sheet1!7": household_id})       what a person has to say
    ask_for(brought, ...)                                      somebody says so
    write_next(batch, brought, ...)                            some rows, until all are done

Everything is judged anew, with the households held, when it is written: what another liaison did meanwhile counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.carrier_index import in_bites, index_of, standing_of
from groups.carrier_list_models import CarrierList
from groups.changes import Batch
from groups.errors import CarrierListError
from groups.models import Channel, EndReason, Household, Subscription
from groups.rules.carrier_judgement import SKIP, Judgement, Standing, judge
from groups.rules.carrier_matching import Candidate
from groups.rules.carrier_rows import CarrierRow, Entry, read, rows_of
from groups.workbooks import MOST_ROWS, sheets_of

_WRITE_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Reading:
    """How numbers and days are read: the country, the area code without its 0, the town's day."""

    region: str
    area_code: str
    today: date


def bring(session: Session, content: bytes, name: str, by: str, now: datetime) -> CarrierList:
    """Keep a file's rows to be looked through. Raises RosterFileError, CarrierListError."""
    rows, lacking = rows_of(sheets_of(content, name, dated=True))
    if lacking:
        raise CarrierListError(
            f"找不到列：{'、'.join(lacking)}；须有号码或姓名、套餐、开通日期 the heading lacks these columns",
            lacking="、".join(lacking),
        )
    if len(rows) > MOST_ROWS:
        raise CarrierListError(f"超过{MOST_ROWS}行 more than {MOST_ROWS} rows")
    brought = CarrierList(
        file_name=name[-120:],
        brought_at=now,
        brought_by=by,
        rows=[[row.sheet, row.number, list(row.texts)] for row in rows],
        decisions={},
        outcome={},
    )
    session.add(brought)
    session.flush()
    return brought


def rows_in(brought: CarrierList) -> list[CarrierRow]:
    """The rows of a list that was brought in."""
    return [CarrierRow(sheet, number, tuple(texts)) for sheet, number, texts in brought.rows]


def look_through(session: Session, brought: CarrierList, reading: Reading) -> Judgement:
    """What writing the list would do now. Writes nothing."""
    entries = [read(row, reading.region, reading.area_code, reading.today) for row in rows_in(brought)]
    return _judged(session, entries, brought.decisions, hold=False)


def decide(session: Session, brought: CarrierList, decisions: Mapping[str, int | None]) -> None:
    """Say whom doubtful rows mean: a household, SKIP for nobody, None to leave it open. Raises CarrierListError."""
    _check_open(brought)
    households = {chosen for chosen in decisions.values() if chosen}
    known = set(in_bites(session, lambda some: select(Household.id).where(Household.id.in_(some)), households))
    kept = dict(brought.decisions)
    for key, chosen in decisions.items():
        if chosen is None:
            kept.pop(key, None)
        elif chosen == SKIP or (chosen,) in known:
            kept[key] = chosen
    brought.decisions = kept
    session.flush()


def ask_for(brought: CarrierList, by: str, now: datetime) -> None:
    """Say: write it. Raises CarrierListError where it was written already."""
    _check_open(brought)
    if brought.asked_at is None:
        brought.asked_at = brought.told_at = now
        brought.asked_by = by


def in_order(brought: CarrierList, reading: Reading) -> list[Entry]:
    """The list's rows as they are written, the earliest start first: what came before is there when it is judged."""
    entries = [read(row, reading.region, reading.area_code, reading.today) for row in rows_in(brought)]
    return sorted(entries, key=lambda entry: entry.starts_on)


def write_next(batch: Batch, brought: CarrierList, ordered: Sequence[Entry]) -> Judgement | None:
    """Write the next rows that are certain or decided; None where all are. To be committed, and called again.

    What is in error or still doubtful is left out. Some rows at a time keep nobody waiting: an alarm has to be written
    meanwhile. What was begun and broken off goes on where it stopped, as the same batch.
    """
    session = batch.session
    session.refresh(brought, ["done", "written_at", "outcome", "batch", "decisions"], with_for_update=True)
    if brought.written_at is not None:
        return None
    batch.key = brought.batch or batch.key
    some = ordered[brought.done : brought.done + _WRITE_AT_ONCE]
    judgement = _judged(session, some, brought.decisions, hold=True)
    # First what ends: a household has room for the next only then.
    edits = {number: _edited(values) for number, values in judgement.edits.items()}
    batch.change_all(Subscription, edits, affects_from=partial(_first_day, edits))
    rows = [_row(household, standing) for household, standing in judgement.begins]
    batch.add_all(Subscription, rows, affects_from=lambda row: row.starts_on)
    session.refresh(brought)
    counts = Counter(brought.outcome) + Counter({verdict.value: count for verdict, count in judgement.counts.items()})
    brought.outcome = dict(counts)
    brought.batch = batch.key if rows or edits else brought.batch
    brought.done += len(some)
    brought.told_at = batch.now
    if brought.done >= len(ordered):
        brought.written_at = batch.now
    session.flush()
    return judgement


def _check_open(brought: CarrierList) -> None:
    if brought.written_at is not None:
        raise CarrierListError(f"名单“{brought.file_name}”已写入 this list has been written already")


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
        "village_id": household.village_id,
        "plan": standing.plan,
        "number": standing.number,
        "starts_on": standing.starts_on,
        "ends_on": standing.ends_on,
        "end_reason": reason if standing.ends_on else None,
        "consent_on": None,
        "consent_by": "",
        "channel": Channel.CARRIER,
    }


def _judged(session: Session, entries: Sequence[Entry], decisions: Mapping[str, int], *, hold: bool) -> Judgement:
    index = index_of(session, entries, set(decisions.values()))
    matches = [index.match(entry) for entry in entries]
    meant = {match.household.id for match in matches if match.household} | (
        set(decisions.values()) & set(index.households)
    )
    if hold:
        _hold(session, meant)
    return judge(entries, matches, standing_of(session, meant), decisions, index.households)


def _hold(session: Session, households: Collection[int]) -> None:
    """In one order, so that two lists never wait for each other."""
    in_bites(
        session,
        lambda some: (
            select(Household.id).where(Household.id.in_(some)).order_by(Household.id).with_for_update(key_share=True)
        ),
        households,
    )
