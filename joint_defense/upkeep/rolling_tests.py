"""Rolling tests: every number stays proven within 30 days by itself, with the fewest calls.

Once a day the tests of all villages that have set hours are planned, in a few statements; through the day each
village's phones ring in small batches, behind everything else. A phone rests a week after any drill or test. New
numbers are tested in the next batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from groups import directory
from joint_defense.models.upkeep import Holiday, PhoneCheck, PhoneTask, UpkeepDay
from joint_defense.rules.tasks import TaskReason
from joint_defense.rules.upkeep.rolling_tests import DAYS_FOR_ALL, PROVEN_FOR, REST, SLOTS, TESTED_AFTER, find_slot
from joint_defense.upkeep import own_test, village_hours

VILLAGES_AT_ONCE = 300
PHONES_AT_ONCE = 5000
"""No statement may keep the database longer than anybody else's would."""
AT_ONCE = 100
"""So many phones of a village ring in one batch."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the tests of a village are to cost: phones that can be tested, those proven, and calls in 30 days."""

    phones: int
    proven: int
    calls: int
    planned_today: int

    @property
    def calls_a_day(self) -> int:
        return -(-self.calls // PROVEN_FOR.days)

    def count_cost(self, call_price: Decimal | None) -> Decimal | None:
        """What the calls of 30 days cost, in yuan to the fen, at so many yuan a call; None where no price is known."""
        return None if call_price is None else (self.calls * call_price).quantize(Decimal("0.01"))


def plan_day(session: Session, now: datetime, zone: ZoneInfo) -> int | None:
    """Plan today's tests of all villages that have set hours, once; how many, or None where that is done already."""
    today = now.astimezone(zone).date()
    made = session.execute(insert_or_skip(session, UpkeepDay, {"day": today, "planned": 0}).returning(UpkeepDay.day))
    if made.first() is None:
        return None
    villages = [village_id for village_id, each in village_hours.read_all(session).items() if each.spans is not None]
    if not villages or session.get(Holiday, today) is not None:
        return 0
    session.execute(update(PhoneCheck).where(PhoneCheck.planned_on.is_not(None)).values(planned_on=None))
    _follow_the_roster(session, now, villages)
    for start in range(0, len(villages), VILLAGES_AT_ONCE):
        _plan(session, now, today, villages[start : start + VILLAGES_AT_ONCE])
    planned = session.scalar(select(func.count()).where(PhoneCheck.planned_on == today)) or 0
    session.execute(update(UpkeepDay).where(UpkeepDay.day == today).values(planned=planned))
    return planned


def _follow_the_roster(session: Session, now: datetime, villages: list[int]) -> None:
    """A row for each phone of these villages that has none yet; a household that has moved to another village is tested
    in that village's hours. Both in one look through a county's phones.
    """
    testable = directory.select_testable(now).subquery()
    new = and_(PhoneCheck.phone_id.is_(None), testable.c.village_id.in_(villages))
    asked = select(testable.c.phone_id, testable.c.village_id, PhoneCheck.phone_id.is_(None)).outerjoin(
        PhoneCheck, PhoneCheck.phone_id == testable.c.phone_id
    )
    # Read before anything is written: in one statement PostgreSQL may look through what it has just written for each.
    rows = session.execute(asked.where(or_(new, PhoneCheck.village_id != testable.c.village_id))).all()
    _insert_rows(session, now, [phone_id for phone_id, _, is_new in rows if is_new])
    moved: dict[int, list[int]] = defaultdict(list)
    for phone_id, village_id, is_new in rows:
        if not is_new:
            moved[village_id].append(phone_id)
    for village_id, phone_ids in moved.items():
        for start in range(0, len(phone_ids), PHONES_AT_ONCE):
            some = PhoneCheck.phone_id.in_(phone_ids[start : start + PHONES_AT_ONCE])
            follow = update(PhoneCheck).where(some).values(village_id=village_id)
            session.execute(follow.execution_options(synchronize_session=False))


def _take_in_new(session: Session, now: datetime, villages: list[int], above: int) -> int:
    """A row for each phone with a higher id that has none yet; how many."""
    testable = directory.select_testable(now, villages).subquery()
    known = select(PhoneCheck.phone_id).where(PhoneCheck.phone_id == testable.c.phone_id).exists()
    new = session.scalars(select(testable.c.phone_id).where(~known, testable.c.phone_id > above)).all()
    _insert_rows(session, now, new)
    return len(new)


def _insert_rows(session: Session, now: datetime, new: Sequence[int]) -> None:
    columns = ["phone_id", "village_id", "missed", "unsure", "slot"]
    for start in range(0, len(new), PHONES_AT_ONCE):
        found = directory.select_testable(now).subquery()
        some = found.c.phone_id.in_(new[start : start + PHONES_AT_ONCE])
        rows = select(found.c.phone_id, found.c.village_id, literal(0), literal(0), literal(0)).where(some)
        session.execute(insert(PhoneCheck.__table__).from_select(columns, rows))  # type: ignore[arg-type]


def _plan(session: Session, now: datetime, today: date, villages: list[int]) -> None:
    """One statement: of those whose proof was growing old when last looked at, what is due by the proofs of today; the
    longest unproven first, at most a part of each village, spread over the day.
    """
    ranked = _rank_due(now, today, villages).subquery()
    most = _count_most(villages).subquery()
    many = case((ranked.c.many < most.c.most, ranked.c.many), else_=most.c.most)
    found = (
        select(
            ranked.c.phone_id,
            ranked.c.proven_on,
            and_(ranked.c.due, ranked.c.place <= most.c.most).label("chosen"),
            (SLOTS * (ranked.c.place - 1) // many).label("slot"),
        )
        .join(most, most.c.village_id == ranked.c.village_id)
        .subquery()
    )
    statement = (
        update(PhoneCheck)
        .where(
            PhoneCheck.phone_id == found.c.phone_id,
            found.c.chosen | PhoneCheck.proven_on.is_distinct_from(found.c.proven_on),
        )
        .values(
            proven_on=found.c.proven_on,
            planned_on=case((found.c.chosen, today)),
            slot=case((found.c.chosen, found.c.slot), else_=0),
        )
    )
    session.execute(statement.execution_options(synchronize_session=False))


def _rank_due(now: datetime, today: date, villages: list[int]) -> Select[int, date | None, bool, int, int]:
    # Each phone's row says by now in which village it is.
    testable = directory.select_with_proof(now, villages).subquery()
    # Looked up once a phone: PostgreSQL would look for the last proof wherever a condition names it.
    looked_at = (
        select(
            testable.c.phone_id,
            PhoneCheck.village_id,
            testable.c.proven_on,
            PhoneCheck.unsure,
            or_(PhoneCheck.rung_on.is_(None), PhoneCheck.rung_on <= today - REST).label("rested"),
        )
        .join(PhoneCheck, PhoneCheck.phone_id == testable.c.phone_id)
        .where(PhoneCheck.village_id.in_(villages), _match_old(PhoneCheck.proven_on, PhoneCheck.unsure, today))
        .cte("looked_at", nesting=True)
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    # A number that does not get through is not testable at all; once it does, only a person's answer ends its task.
    not_theirs = select(PhoneTask.phone_id).where(
        PhoneTask.closed_at.is_(None), PhoneTask.reason == TaskReason.NOT_THEIRS
    )
    is_old = _match_old(looked_at.c.proven_on, looked_at.c.unsure, today)
    judged = select(
        looked_at.c.phone_id,
        looked_at.c.village_id,
        looked_at.c.proven_on,
        and_(looked_at.c.rested, is_old, looked_at.c.phone_id.not_in(not_theirs)).label("due"),
    ).subquery()
    alike = (judged.c.village_id, judged.c.due)
    order = (judged.c.proven_on.is_not(None), judged.c.proven_on, judged.c.phone_id)
    return select(
        *judged.c,
        func.row_number().over(partition_by=alike, order_by=order).label("place"),
        func.count().over(partition_by=alike).label("many"),
    )


def _count_most(villages: list[int]) -> Select[int, int]:
    """How many phones of each village are tested on one day at most."""
    most = (func.count() + DAYS_FOR_ALL - 1) // DAYS_FOR_ALL
    counted = select(PhoneCheck.village_id, most.label("most")).where(PhoneCheck.village_id.in_(villages))
    return counted.group_by(PhoneCheck.village_id)


def _match_old(
    proven_on: SQLColumnExpression[date | None], unsure: SQLColumnExpression[int], today: date
) -> ColumnElement[bool]:
    """Whether this proof of a phone is so old that it is to be tested."""
    old = [and_(unsure == each, proven_on <= today - after) for each, after in enumerate(TESTED_AFTER[:-1])]
    last = and_(unsure >= len(TESTED_AFTER) - 1, proven_on <= today - TESTED_AFTER[-1])
    return or_(proven_on.is_(None), *old, last)


def plan_new(session: Session, now: datetime, zone: ZoneInfo) -> int:
    """Plan the test of numbers that came onto the roster since the day was planned; at most a part of each village.

    The others are planned with the next day.
    """
    today = now.astimezone(zone).date()
    if session.get(UpkeepDay, today) is None or session.get(Holiday, today) is not None:
        return 0
    villages = [village_id for village_id, each in village_hours.read_all(session).items() if each.spans is not None]
    last = session.scalar(select(func.max(PhoneCheck.phone_id))) or 0
    if not villages or not _take_in_new(session, now, villages, above=last):
        return 0
    testable = directory.select_with_proof(now).subquery()
    new = (
        select(
            PhoneCheck.phone_id,
            func.row_number().over(partition_by=PhoneCheck.village_id, order_by=PhoneCheck.phone_id).label("place"),
        )
        .join(testable, testable.c.phone_id == PhoneCheck.phone_id)
        # Whoever has just said that the new number is right has answered there.
        .where(PhoneCheck.phone_id > last, testable.c.proven_on.is_(None))
        .subquery()
    )
    first = select(new.c.phone_id).where(new.c.place <= AT_ONCE)
    chosen = update(PhoneCheck).where(PhoneCheck.phone_id.in_(first)).values(planned_on=today, slot=0)
    return session.connection().execute(chosen.execution_options(synchronize_session=False)).rowcount


def find_villages_due(session: Session, now: datetime, zone: ZoneInfo) -> list[tuple[int, int]]:
    """The villages with phones to be rung now, each with how much of its time has gone by."""
    local = now.astimezone(zone)
    waiting = select(PhoneCheck.village_id, func.min(PhoneCheck.slot)).where(PhoneCheck.planned_on == local.date())
    first = {row[0]: row[1] for row in session.execute(waiting.group_by(PhoneCheck.village_id))}
    allowing = village_hours.find_villages_allowing(session, now, zone, set(first))
    spans = village_hours.read_all(session, allowing)
    found = []
    for village_id in sorted(allowing):
        slot = find_slot(local.hour, local.minute, spans[village_id].spans or ())
        if slot is not None and first[village_id] <= slot:
            found.append((village_id, slot))
    return found


def ring_due(session: Session, village_id: int, slot: int, now: datetime, zone: ZoneInfo) -> int | None:
    """Ring a village's phones whose time has come, as one drill; its id, or None where none is left."""
    today = now.astimezone(zone).date()
    rows = session.scalars(
        select(PhoneCheck)
        .where(PhoneCheck.planned_on == today, PhoneCheck.village_id == village_id, PhoneCheck.slot <= slot)
        .order_by(PhoneCheck.slot, PhoneCheck.phone_id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    if village_id not in village_hours.find_villages_allowing(session, now, zone, [village_id]):
        return None
    for row in rows:
        row.planned_on = None
    # What was rung since the plan was made (a drill of the head's, a test) rests.
    rested = [row.phone_id for row in rows if row.rung_on is None or row.rung_on <= today - REST]
    phones = [
        each for each in directory.list_by_ids(session, rested) if each.village_id == village_id and each.may_call
    ]
    return own_test.ring_all(session, phones, "clock", now, zone) if phones else None


def read_forecast(session: Session, village_id: int, now: datetime, zone: ZoneInfo) -> Forecast:
    """What the tests of a village's phones are expected to come to in the next 30 days, with those that miss."""
    today = now.astimezone(zone).date()
    testable = directory.select_with_proof(now, [village_id]).subquery()
    rows = session.execute(
        select(testable.c.proven_on, PhoneCheck.unsure, PhoneCheck.planned_on).outerjoin(
            PhoneCheck, PhoneCheck.phone_id == testable.c.phone_id
        )
    ).all()
    proven, calls, planned = 0, 0.0, 0
    for proven_on, unsure, planned_on in rows:
        proven += proven_on is not None and proven_on > today - PROVEN_FOR
        planned += planned_on == today
        period = TESTED_AFTER[min(unsure or 0, len(TESTED_AFTER) - 1)]
        due_in = timedelta(0) if proven_on is None else max(proven_on + period - today, timedelta(0))
        if due_in < PROVEN_FOR:
            calls += 1 + (PROVEN_FOR - due_in).days // period.days
    return Forecast(len(rows), proven, round(calls), planned)
