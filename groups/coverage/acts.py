"""Who did what: the rows of a household, a village or the town as each act on record left them.

An act is a batch of the record of changes. Rows of which no record tells were always there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Table, select
from sqlalchemy.orm import Session

from config.database import Base, match_any
from groups.models.batch import AT_ONCE, simplify
from groups.models.changes import Change
from groups.models.enrolment import Subscription
from groups.models.figures import HouseholdCount, Residence, Threshold
from groups.models.roster import Village

_Rows = Mapping[tuple[str, int], Mapping[str, Any]]
"""Rows by their table and id, their values as the record keeps them."""
Place = tuple[int, int | None]
"""A village, and in it a group or grid (None: in none, or nobody asked)."""
_Change = Row[*tuple[Any, ...]]
"""The columns of a `Change` that are read here."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done: what, by whom, when it was written down, and its place in the record.

    An act without a name is older than the record.
    """

    at: datetime | None = None
    number: int = 0
    action: str = ""
    by: str = ""

    @property
    def order(self) -> tuple[float, int]:
        """Acts sort by it as they were written down."""
        return (self.at.timestamp() if self.at else 0.0, self.number)


@dataclass(frozen=True, slots=True)
class Version:
    """The rows of one owner as an act left them."""

    act: Act
    rows: _Rows

    def write_days(self, other: Version, day: date) -> tuple[str, str]:
        """Of the subscription that holds on the day in one of the two: its days in this one, and in the other."""
        keys = [key for each in (other, self) for key in each._find_holding(day)]
        rows = [version.rows.get(keys[0]) if keys else None for version in (self, other)]
        before, after = ("" if row is None else f"{row['starts_on']} – {row['ends_on'] or '…'}" for row in rows)
        return before, after

    def _find_holding(self, day: date) -> list[tuple[str, int]]:
        text = day.isoformat()
        return [
            key
            for key, row in self.rows.items()
            if key[0] == "subscriptions" and row["starts_on"] <= text and (row["ends_on"] or "9999") > text
        ]

    def of(self, table: str) -> list[Mapping[str, Any]]:
        """Those of one table."""
        return [row for (name, _), row in self.rows.items() if name == table]


@dataclass(frozen=True, slots=True)
class Past:
    """All versions of one owner's rows up to the moment that is asked about, the earliest first."""

    versions: Sequence[Version]

    @property
    def last(self) -> Version:
        """As it is known at that moment."""
        return self.versions[-1]

    def known(self, moment: datetime) -> Version:
        """As it was known at an earlier moment."""
        return next(
            (each for each in reversed(self.versions) if each.act.at is None or each.act.at <= moment),
            self.versions[0],
        )

    def written_after(self, moment: datetime) -> list[Version]:
        """The versions that came after it."""
        return [each for each in self.versions if each.act.at is not None and each.act.at > moment]

    def find_act(self, holds: Callable[[Version], bool]) -> Act:
        """The act that made this hold for the last time; it holds in the last version."""
        return self.versions[find_last_true([holds(each) for each in self.versions])].act


def find_last_true(held: Sequence[bool]) -> int:
    """Where it came to hold for the last time; 0 where it never did."""
    return next((at for at in range(len(held) - 1, 0, -1) if held[at] and not held[at - 1]), 0)


@dataclass(frozen=True, slots=True)
class Ends:
    """A version's dated rows of a household, as days: what it had signed up for, and where it lived."""

    subscriptions: tuple[tuple[date, date | None, str], ...]
    """Each from when to when, and why it ended."""
    homes: tuple[tuple[date, date | None, Place], ...]

    def covers(self, day: date) -> bool:
        """Whether it is signed up on the day."""
        return any(starts <= day and (ends is None or day < ends) for starts, ends, _ in self.subscriptions)

    def find_home(self, day: date) -> Place | None:
        """Where it lives on the day."""
        return next((at for starts, ends, at in self.homes if starts <= day and (ends is None or day < ends)), None)

    def find_reason(self, day: date) -> str:
        """Why what it had signed up for ended on the day."""
        return next((reason for starts, ends, reason in self.subscriptions if ends == day and starts < day), "")

    def list_days(self, after: date, until: date) -> list[date]:
        """The days on which anything begins or ends."""
        edges = {edge for starts, ends, *_ in (*self.subscriptions, *self.homes) for edge in (starts, ends)}
        return sorted(edge for edge in edges if edge is not None and after < edge <= until)


def make_ends(version: Version, place: str | None) -> Ends:
    """The version's rows as days; `place` is the column that is asked for beside the village: group_id, grid_id."""
    return Ends(
        tuple(
            (_read_day(row["starts_on"]), _find_day(row["ends_on"]), row.get("end_reason") or "")
            for row in version.of("subscriptions")
        ),
        tuple(
            (
                _read_day(row["starts_on"]),
                _find_day(row["ends_on"]),
                (row["village_id"], row.get(place) if place else None),
            )
            for row in version.of("residences")
        ),
    )


def list_dated(version: Version, table: str, day: str, value: str, kind: str | None = None) -> dict[date, int]:
    """The version's counts (of a kind) or thresholds by their day."""
    return {_read_day(row[day]): row[value] for row in version.of(table) if kind is None or row["kind"] == kind}


def read_households(
    session: Session, households: Sequence[int], known_at: datetime | None
) -> Iterator[dict[int, Past]]:
    """The homes and subscriptions of these households, so many at a time.

    Inside `as_known`, `known_at` is its moment: what was written later is not looked at.
    """
    for start in range(0, len(households), AT_ONCE):
        some = households[start : start + AT_ONCE]
        rows: dict[int, dict[tuple[str, int], dict[str, Any]]] = defaultdict(dict)
        for model in (Subscription, Residence):
            _read_rows(session, model, match_any(session, model.household_id, some), "household_id", rows)
        changes = _read_changes(
            session, ("subscriptions", "residences"), match_any(session, Change.household_id, some), known_at
        )
        yield _make_pasts(some, rows, changes, "household_id")


def read_villages(session: Session, villages: Sequence[int], known_at: datetime | None) -> dict[int, Past]:
    """These villages with their counts of households."""
    rows: dict[int, dict[tuple[str, int], dict[str, Any]]] = defaultdict(dict)
    _read_rows(session, Village, match_any(session, Village.id, villages), "id", rows)
    of_counts = match_any(session, HouseholdCount.village_id, villages)
    _read_rows(session, HouseholdCount, of_counts, "village_id", rows)
    changes = _read_changes(
        session, ("villages", "household_counts"), match_any(session, Change.village_id, villages), known_at
    )
    return _make_pasts(villages, rows, changes, "village_id")


def read_town(session: Session, known_at: datetime | None) -> Past:
    """The town's thresholds."""
    rows: dict[int, dict[tuple[str, int], dict[str, Any]]] = defaultdict(dict)
    _read_rows(session, Threshold, Threshold.id.is_not(None), None, rows)
    changes = _read_changes(session, ("thresholds",), Change.row_id.is_not(None), known_at)
    return _make_pasts([0], rows, changes, None)[0]


@dataclass(slots=True)
class _Undoing:
    """Rows on their way back, change by change."""

    rows: dict[tuple[str, int], dict[str, Any]]
    versions: list[Version] = field(default_factory=list)
    act: Act | None = None
    batch: str = ""

    def take_back(self, change: _Change) -> None:
        if change.batch != self.batch:
            self._close()
            self.batch = change.batch
        self.act = Act(change.changed_at, change.id, change.action, change.changed_by)
        key = (change.table, change.row_id)
        if change.before is None:
            self.rows.pop(key, None)
        elif change.after is None:
            self.rows[key] = dict(change.before)
        else:
            self.rows[key] = self.rows.get(key, {}) | change.before

    def _close(self) -> None:
        if self.act is not None:
            self.versions[-1] = Version(self.act, self.versions[-1].rows)
        self.versions.append(Version(Act(), dict(self.rows)))

    def finish(self) -> Past:
        self._close()
        return Past(self.versions[::-1])


def _make_pasts(
    owners: Sequence[int],
    rows: Mapping[int, dict[tuple[str, int], dict[str, Any]]],
    changes: Sequence[_Change],
    owner: str | None,
) -> dict[int, Past]:
    found = {number: _Undoing(rows.get(number, {})) for number in owners}
    for change in changes:
        found[getattr(change, owner) if owner else 0].take_back(change)
    return {number: each.finish() for number, each in found.items()}


def _read_rows(
    session: Session,
    model: type[Base],
    wanted: ColumnElement[bool],
    owner: str | None,
    into: dict[int, dict[tuple[str, int], dict[str, Any]]],
) -> None:
    table = cast(Table, model.__table__)
    for row in session.execute(select(table).where(wanted)).mappings():
        values = {name: simplify(value) for name, value in row.items()}
        into[row[owner] if owner else 0][table.name, row["id"]] = values


def _read_changes(
    session: Session, tables: Sequence[str], wanted: ColumnElement[bool], known_at: datetime | None
) -> Sequence[_Change]:
    """Of these tables, the last first."""
    asked = select(
        Change.id, Change.batch, Change.changed_at, Change.changed_by, Change.action, Change.table, Change.row_id,
        Change.before, Change.after, Change.household_id, Change.village_id,
    ).where(wanted, Change.table.in_(tables))  # fmt: skip
    if known_at is not None:
        asked = asked.where(Change.changed_at <= known_at)
    return session.execute(asked.order_by(Change.changed_at.desc(), Change.id.desc())).all()


@lru_cache(maxsize=8192)
def _read_day(text: str) -> date:
    return date.fromisoformat(text)


def _find_day(text: str | None) -> date | None:
    return _read_day(text) if text else None
