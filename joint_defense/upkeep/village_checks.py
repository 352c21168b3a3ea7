"""The half-monthly check of a village: what stands open now, its sign-off with that on record, and who is overdue."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from groups import directory
from groups.directory import RosterPoints, VillageOnRecord
from joint_defense.models.upkeep import ChecksBegin, VillageCheck
from joint_defense.rules.errors import CheckRefused
from joint_defense.rules.village_checks import CheckState, Section, find_due_before, find_due_on, find_state
from joint_defense.upkeep import tasks
from joint_defense.upkeep.tasks import OpenTask

LISTED = 24
"""So many checks of a village are listed: a year's."""


@dataclass(frozen=True, slots=True)
class OpenPoints:
    """What stands open in a village for the check of `due_on`: of its roster, and the tasks, the oldest first."""

    due_on: date
    roster: RosterPoints
    tasks: tuple[OpenTask, ...]

    def freeze(self) -> dict[str, list[Any]]:
        """For each section what it holds, without a name or number of anybody: what is kept of it.

        A phone is `[phone, household]`, a household its id, a group `[group, name, households]`, a device
        `[device, kind, serial, household]`, a task `[task, household, reason, opened (ISO, UTC)]`.
        """
        own = self.roster
        return {
            Section.FAILING: [[each.phone_id, each.household.household_id] for each in own.failing],
            Section.WITHOUT_NUMBER: [each.household_id for each in own.without_number],
            Section.UNPROVEN: [[each.phone_id, each.household.household_id] for each in own.unproven],
            Section.SMALL_GROUPS: [[each.group_id, each.name, each.households] for each in own.small_groups],
            Section.UNGROUPED: [each.household_id for each in own.ungrouped],
            Section.SILENT_DEVICES: [
                [each.device_id, each.kind, each.serial, each.household.household_id] for each in own.silent_devices
            ],
            Section.TASKS: [
                [each.task.id, each.task.household_id, each.task.reason, each.task.opened_at.isoformat()]
                for each in self.tasks
            ],
        }

    @property
    def mark(self) -> str:
        """The same as long as the same things stand open for the same check, whose day is its first eight digits."""
        held = sha256(json.dumps(self.freeze(), ensure_ascii=False).encode()).hexdigest()
        return f"{self.due_on:%Y%m%d}{held[:32]}"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check of a village by the day it was due; not signed off: `signed_at` None, and nothing is known of it."""

    due_on: date
    signed_at: datetime | None = None
    signed_by: str = ""
    open: int = 0


@dataclass(frozen=True, slots=True)
class CheckNow:
    """How the present check of a village stands; `overdue` in days, 0 where it is not."""

    state: CheckState
    line: CheckLine
    overdue: int = 0


def read_points(session: Session, village_id: int, now: datetime, zone: ZoneInfo) -> OpenPoints:
    """What stands open in a village now."""
    today = now.astimezone(zone).date()
    roster = directory.read_roster_points(session, village_id, now, today)
    found = sorted(tasks.list_open(session, village_id), key=lambda each: (each.task.opened_at, each.task.id))
    return OpenPoints(find_due_on(today), roster, tuple(found))


def sign_off(session: Session, village_id: int, by: str, mark: str, now: datetime, zone: ZoneInfo) -> VillageCheck:
    """Put on record that somebody has gone through the present check, with what stands open now.

    `mark` is that of the points which were shown. Raises CheckRefused where others stand open by now, where they were
    shown for an earlier check, where somebody has signed it off already, or where none is due yet.
    """
    due_on = find_due_on(now.astimezone(zone).date())
    if not find_expected(session, due_on, [village_id]):
        raise CheckRefused("not_yet")
    if mark[:8].isdecimal() and mark[:8] < f"{due_on:%Y%m%d}":
        raise CheckRefused("next_begun")
    if find_check(session, village_id, due_on) is not None:
        raise CheckRefused("signed")
    points = read_points(session, village_id, now, zone)
    if points.mark != mark:
        raise CheckRefused("changed")
    row = {"village_id": village_id, "due_on": due_on, "signed_at": now, "signed_by": by[:80]}
    adding = insert_or_skip(session, VillageCheck, row | {"stood_open": points.freeze()})
    made = session.scalar(adding.returning(VillageCheck.id))
    if made is None:
        # Somebody else was faster.
        raise CheckRefused("signed")
    return session.get_one(VillageCheck, made)


def read_now(session: Session, village_id: int, today: date) -> CheckNow:
    """How the check of this half-month stands in a village."""
    return read_all_now(session, today, [village_id])[village_id]


def read_all_now(session: Session, today: date, village_ids: Collection[int]) -> dict[int, CheckNow]:
    """The same of several villages by their ids: four questions, however many they are."""
    due_on = find_due_on(today)
    rows = session.scalars(select(VillageCheck).where(VillageCheck.due_on == due_on)).all()
    signed = {row.village_id: _make_line(row) for row in rows}
    expected = find_expected(session, due_on, village_ids if len(village_ids) == 1 else None)
    found = {}
    for village_id in village_ids:
        state = find_state(today, signed=village_id in signed, expected=village_id in expected)
        overdue = (today - due_on).days if state is CheckState.OVERDUE else 0
        found[village_id] = CheckNow(state, signed.get(village_id, CheckLine(due_on)), overdue)
    return found


def find_overdue(session: Session, today: date) -> set[int]:
    """The villages whose present check is overdue."""
    due_on = find_due_on(today)
    if due_on == today:
        return set()
    signed = select(VillageCheck.village_id).where(VillageCheck.due_on == due_on)
    return find_expected(session, due_on) - set(session.scalars(signed))


def find_expected(session: Session, due_on: date, village_ids: Collection[int] | None = None) -> set[int]:
    """The town's villages, or those of these, of which a check was due on a day: they had a household by then, and the
    town had these checks.
    """
    begin = _find_begin(session)
    if begin is not None and due_on < begin:
        return set()
    return directory.find_villages_lived_in(session, due_on, village_ids)


def _find_begin(session: Session) -> date | None:
    return session.scalar(select(ChecksBegin.begin_on))


def list_checks(session: Session, village_id: int, today: date) -> list[CheckLine]:
    """The earlier checks of a village, the newest first, back to the first that was due, signed off or not."""
    rows = session.scalars(
        select(VillageCheck)
        .where(VillageCheck.village_id == village_id)
        .order_by(VillageCheck.due_on.desc())
        .limit(LISTED + 1)
    ).all()
    signed = {row.due_on: _make_line(row) for row in rows}
    first = _find_first(session, village_id)
    found: list[CheckLine] = []
    due_on = find_due_before(find_due_on(today))
    while first is not None and due_on >= first and len(found) < LISTED:
        found.append(signed.get(due_on, CheckLine(due_on)))
        due_on = find_due_before(due_on)
    return found


def _find_first(session: Session, village_id: int) -> date | None:
    """On or after which day a village's first check was due; None where none ever was."""
    first_signed = session.scalar(select(func.min(VillageCheck.due_on)).where(VillageCheck.village_id == village_id))
    since, begin = directory.find_lived_in_since(session, village_id), _find_begin(session)
    expected = since if since is None or begin is None else max(since, begin)
    return min((each for each in (first_signed, expected) if each is not None), default=None)


def find_check(session: Session, village_id: int, due_on: date) -> VillageCheck | None:
    """A check as it was signed off; None where it was not."""
    own = (VillageCheck.village_id == village_id) & (VillageCheck.due_on == due_on)
    return session.scalars(select(VillageCheck).where(own)).one_or_none()


def count_signed(session: Session, due_days: Sequence[date]) -> dict[int, int]:
    """How many of the checks due on these days each village has signed off; villages with none are left out."""
    counted = select(VillageCheck.village_id, func.count()).where(VillageCheck.due_on.in_(due_days))
    rows = session.execute(counted.group_by(VillageCheck.village_id))
    return {village_id: count for village_id, count in rows}  # noqa: C416 - a row is no pair to a type checker


def list_town(session: Session, today: date) -> list[tuple[VillageOnRecord, CheckNow]]:
    """Every village of the town and how its check stands: those overdue first, then those due, each by its code."""
    villages = directory.list_villages(session)
    states = read_all_now(session, today, {each.village_id for each in villages})
    order = list(_ORDER)
    found = [(each, states[each.village_id]) for each in villages]
    return sorted(found, key=lambda each: (order.index(each[1].state), each[0].code))


_ORDER = (CheckState.OVERDUE, CheckState.DUE, CheckState.SIGNED, CheckState.NOT_YET)


def count_days(since: datetime, now: datetime, zone: ZoneInfo) -> int:
    """How many days ago something began, by the town's calendar."""
    between: timedelta = now.astimezone(zone).date() - since.astimezone(zone).date()
    return between.days


def _make_line(row: VillageCheck) -> CheckLine:
    return CheckLine(row.due_on, row.signed_at, row.signed_by, sum(map(len, row.stood_open.values())))
