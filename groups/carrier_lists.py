"""The carrier's list becomes subscriptions: read it, match it, look through what is doubtful, and write the rest.

    brought = bring(session, content, "名单.xlsx", by, now)     nothing counts yet
    judgement = look_through(session, brought, ...)            as often as somebody likes
    decide(session, brought, {"Sheet1!7": household_id})       what a person has to say
    write(batch, brought, ...)                                 all of it, once

Everything is judged anew, with the households held, when it is written: what another liaison did meanwhile counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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

_WRITE_AT_ONCE = 1000
Progress = Callable[[int, int], None]
"""Told how many rows are done, of how many."""


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


def write(batch: Batch, brought: CarrierList, reading: Reading, progress: Progress | None = None) -> Judgement:
    """Write all that is certain or decided; what is in error or still doubtful is left out.

    Raises CarrierListError where it was written already.
    """
    session = batch.session
    session.refresh(brought, with_for_update=True)
    _check_open(brought)
    told = progress or (lambda done, of: None)
    entries = [read(row, reading.region, reading.area_code, reading.today) for row in rows_in(brought)]
    judgement = _judged(session, entries, brought.decisions, hold=True)
    of = len(judgement.begins) + len(judgement.edits)
    done = 0
    # First what ends: a household has room for the next only then.
    for some in _bites(sorted(judgement.edits)):
        edits = {number: _edited(judgement.edits[number]) for number in some}
        batch.change_all(Subscription, edits, affects_from=partial(_first_day, edits))
        told(done := done + len(some), of)
    for begun in _bites(judgement.begins):
        rows = [_row(household, standing) for household, standing in begun]
        batch.add_all(Subscription, rows, affects_from=lambda row: row.starts_on)
        told(done := done + len(begun), of)
    brought.written_at = batch.now
    brought.batch = batch.key if of else ""
    brought.outcome = {verdict.value: count for verdict, count in judgement.counts.items()}
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


def _bites(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + _WRITE_AT_ONCE] for start in range(0, len(rows), _WRITE_AT_ONCE))
