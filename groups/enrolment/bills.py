"""What the villages and the carrier pay: dated tariffs, and the bill of a month from dated subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.settings import TIMEZONE
from groups.enrolment.rules.bill import Bill, BillLine, BillTotal, Shares, find_shares
from groups.enrolment.rules.periods import LONGEST_PLAN
from groups.errors import InvalidDay, InvalidTariff, Message, say
from groups.models.batch import Batch
from groups.models.changes import Change
from groups.models.enrolment import (
    SettledLine,
    SettledMonth,
    Subscription,
    Tariff,
    is_active,
    match_living_there,
    match_same_household,
)
from groups.models.figures import Residence
from groups.models.known_at import as_known
from groups.models.roster import Village
from groups.models.seals import make_digest, seal_month
from groups.rules.days import find_local_day
from groups.rules.typed_text import judge_name, tidy

ZONE = ZoneInfo(TIMEZONE)
"""Where nobody names another."""


@dataclass(frozen=True, slots=True)
class MonthChanged:
    """A month's sums as they are and as they would be; one that is `settled` stays, and the next has the difference.

    Of a settled one `before` is what was billed for it, on its own bill and as differences on later ones.
    """

    month: date
    before: BillTotal
    after: BillTotal
    settled: bool


def read_bill(session: Session, month: date, village_id: int | None = None) -> Bill:
    """The bill of the month that begins on `month`, of a village or of all.

    A month that was settled stays as it was settled, and with the first one all that went before it, as that was known
    then. What is known of them since is a line of its own on the bill of the first month that is not settled yet.
    """
    settled = session.get(SettledMonth, month)
    if settled is not None:
        return Bill(month, tuple(_read_kept_lines(session, month, village_id)), settled.settled_by)
    first = find_first_settled(session)
    if first is not None and month < first.month:
        by = first.settled_by
        with as_known(session, first.settled_at):
            return Bill(month, count_bill(session, month, village_id).lines, by)
    counted = count_bill(session, month, village_id)
    return Bill(month, (*counted.lines, *_find_differences(session, month, village_id)))


def settle_month(session: Session, month: date, by: str, now: datetime, zone: ZoneInfo = ZONE) -> Bill:
    """Settle a month: its bill stays as it is now. The months before the first one count as settled with it.

    Raises InvalidDay where it is done, or not the next, or has not begun in the town.
    """
    if month > find_local_day(now, zone):
        raise InvalidDay(say("month_to_come", text=f"{month:%Y-%m}"))
    last = session.scalar(select(func.max(SettledMonth.month)))
    if last is not None and month <= last:
        raise InvalidDay(say("month_out_of_order", month=f"{month:%Y-%m}", last=f"{last:%Y-%m}"))
    if last is not None and month != _find_next_month(last):
        raise InvalidDay(say("settle_earlier_month_first", month=f"{_find_next_month(last):%Y-%m}"))
    bill = read_bill(session, month)
    rows = [
        {
            "month": month,
            "of_month": line.of_month or month,
            "village_id": line.village_id,
            "village": line.village,
            "plan": line.plan,
            "households": line.households,
            "unpriced": 0 if line.priced else line.households,
            "village_fen": line.village_fen,
            "carrier_fen": line.carrier_fen,
        }
        for line in bill.lines
    ]
    settled = SettledMonth(month=month, settled_at=now, settled_by=by[:64], digest=make_digest(rows))
    settled.seal = seal_month(settled)
    session.add(settled)
    session.flush()
    session.add_all(SettledLine(**row) for row in rows)
    session.flush()
    return bill


def find_first_settled(session: Session) -> SettledMonth | None:
    """The month that was settled first; None: none was."""
    return session.scalar(select(SettledMonth).order_by(SettledMonth.month).limit(1))


def preview_settled(batch: Batch, change: Callable[[Batch], object], since: date) -> list[MonthChanged]:
    """By how much a change that holds from `since` would change months that are settled. Nothing is written.

    Raises what the change raises.
    """
    last = batch.session.scalar(select(func.max(SettledMonth.month)))
    if last is None or since > last:
        return []
    return [each for each in preview_change(batch, change, since) if each.settled]


def preview_change(batch: Batch, change: Callable[[Batch], object], since: date | None = None) -> list[MonthChanged]:
    """By how much a change would change the months billed so far, those from `since` on too. Nothing is written."""
    session = batch.session
    first = min(session.scalar(select(func.min(Subscription.starts_on))) or batch.day, since or batch.day)
    months, month = [], first.replace(day=1)
    while month <= batch.day:
        months.append(month)
        month = _find_next_month(month)
    settled = _sum_billed(session, months)
    before = {month: count_bill(session, month).total for month in months}
    after: dict[date, BillTotal] = {}
    try:
        with session.begin_nested():
            change(batch)
            session.flush()
            after = {month: count_bill(session, month).total for month in months}
            raise _OnlyTried
    except _OnlyTried:
        session.expire_all()
    return [
        MonthChanged(month, settled.get(month, before[month]), after[month], month in settled)
        for month in months
        if before[month] != after[month]
    ]


def _sum_billed(session: Session, months: Sequence[date]) -> dict[date, BillTotal]:
    """What was billed so far for each of these months that is settled."""
    first = find_first_settled(session)
    last = session.scalar(select(func.max(SettledMonth.month)))
    if first is None or last is None:
        return {}
    kept, found = _sum_kept_lines(session), {}
    for month in (each for each in months if each <= last):
        sums = [each for (of_month, _, _), each in kept.items() if of_month == month]
        if month < first.month:
            # It went before all that were settled: only differences of it are kept.
            then = read_bill(session, month).total
            sums.append((then.households, then.unpriced, then.village_fen, then.carrier_fen))
        found[month] = BillTotal(*(sum(each[at] for each in sums) for at in range(4)))
    return found


def _sum_kept_lines(session: Session) -> dict[tuple[date, int, str], tuple[int, int, int, int]]:
    """By month, village and plan what was billed so far: households, those without a tariff, and both shares."""
    asked = select(
        SettledLine.of_month,
        SettledLine.village_id,
        SettledLine.plan,
        *(
            cast(func.sum(column), BigInteger)
            for column in (
                SettledLine.households,
                SettledLine.unpriced,
                SettledLine.village_fen,
                SettledLine.carrier_fen,
            )
        ),
    ).group_by(SettledLine.of_month, SettledLine.village_id, SettledLine.plan)
    return {(month, village, plan): tuple(sums) for month, village, plan, *sums in session.execute(asked)}


class _OnlyTried(Exception):
    """Takes a change back whose effect was looked at."""


def _find_next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _read_kept_lines(session: Session, month: date, village_id: int | None) -> list[BillLine]:
    question = (
        select(SettledLine, Village.code)
        .join(Village, Village.id == SettledLine.village_id)
        .where(SettledLine.month == month)
        .order_by(Village.code, SettledLine.of_month.desc(), SettledLine.plan)
    )
    if village_id is not None:
        question = question.where(SettledLine.village_id == village_id)
    found = []
    for row, code in session.execute(question):
        own = row.of_month == month
        each = (
            (row.village_fen // row.households, row.carrier_fen // row.households) if own and row.households else None
        )
        found.append(
            BillLine(
                row.village_id,
                code,
                row.village,
                row.plan,
                row.households,
                None if row.unpriced else each,
                None if own else row.of_month,
                None if own else (row.village_fen, row.carrier_fen),
            )
        )
    return found


def _find_differences(session: Session, month: date, village_id: int | None) -> list[BillLine]:
    """What the settled months cost more or less than was settled; only the first month after them carries that."""
    last = session.scalar(select(func.max(SettledMonth.month)))
    if last is None or month != _find_next_month(last):
        return []
    billed = {key: (households, *fen) for key, (households, _, *fen) in _sum_kept_lines(session).items()}
    billed = _add_unsettled(session, billed)
    months = sorted({*session.scalars(select(SettledMonth.month)), *(each for each, _, _ in billed)})
    names = {
        number: (code, name) for number, code, name in session.execute(select(Village.id, Village.code, Village.name))
    }
    found = []
    for of_month in months:
        now = _count_lines(session, of_month)
        before = {(village, plan): kept for (when, village, plan), kept in billed.items() if when == of_month}
        for village, plan in sorted(now.keys() | before.keys()):
            is_now, was = now.get((village, plan), (0, 0, 0)), before.get((village, plan), (0, 0, 0))
            households, *fen = (one - other for one, other in zip(is_now, was, strict=True))
            if (households or any(fen)) and village_id in {None, village}:
                code, name = names[village]
                found.append(BillLine(village, code, name, plan, households, None, of_month, (fen[0], fen[1])))
    return found


_Billed = dict[tuple[date, int, str], tuple[int, ...]]


def _add_unsettled(session: Session, billed: _Billed) -> _Billed:
    """Beside what was billed: what the months before the first settled one came to, as that was known then.

    Only the months of which something was written down since are counted: in all others nothing can differ.
    """
    first = find_first_settled(session)
    if first is None:
        return billed
    until, at = first.month, first.settled_at
    touched = session.scalar(
        select(func.min(Change.affects_from)).where(
            Change.changed_at > at,
            Change.table.in_(("subscriptions", "residences", "tariffs")),
            Change.affects_from < until,
        )
    )
    if touched is None:
        return billed
    begun = session.scalar(select(func.min(Subscription.starts_on))) or until
    with as_known(session, at):
        begun = min(begun, session.scalar(select(func.min(Subscription.starts_on))) or until)
        month = max(begun, touched).replace(day=1)
        added: _Billed = {}
        while month < until:
            own = _count_lines(session, month)
            added |= {(month, village, plan): kept for (village, plan), kept in own.items()}
            # A month in which nobody was known to be signed up has a place, too: somebody may be by now.
            added.setdefault((month, 0, ""), (0, 0, 0))
            month = _find_next_month(month)
    for key, kept in billed.items():
        added[key] = tuple(one + other for one, other in zip(added.get(key, (0, 0, 0)), kept, strict=True))
    return added


def _count_lines(session: Session, month: date) -> dict[tuple[int, str], tuple[int, ...]]:
    return {
        (line.village_id, line.plan): (line.households, line.village_fen, line.carrier_fen)
        for line in count_bill(session, month).lines
    }


def count_bill(session: Session, month: date, village_id: int | None = None) -> Bill:
    """The bill of a month from all that is known now, settled or not."""
    tariffs = read_shares(session)
    question = (
        select(Village.id, Village.code, Village.name, Subscription.plan, func.count())
        .select_from(Subscription)
        .join(Residence, match_same_household() & match_living_there(month))
        .join(Village, Residence.village_id == Village.id)
        .where(is_active(month))
        .group_by(Village.id, Village.code, Village.name, Subscription.plan)
        .order_by(Village.code, Subscription.plan)
    )
    if village_id is not None:
        question = question.where(Village.id == village_id)
    return Bill(
        month,
        tuple(
            BillLine(number, code, name, plan, households, find_shares(tariffs, plan, month))
            for number, code, name, plan, households in session.execute(question)
        ),
    )


def correct_tariff(batch: Batch, plan: str, starts_on: date, village_fen: int, carrier_fen: int) -> None:
    """Put a tariff right that was entered wrong. Raises InvalidTariff where there is none."""
    batch.change(
        _get_tariff(batch.session, plan, starts_on),
        affects_from=starts_on,
        village_fen=village_fen,
        carrier_fen=carrier_fen,
    )


def remove_tariff(batch: Batch, plan: str, starts_on: date) -> None:
    """Take a tariff out that should never have been there: the one before goes on. Raises InvalidTariff."""
    batch.remove(_get_tariff(batch.session, plan, starts_on), affects_from=starts_on)


def _get_tariff(session: Session, plan: str, starts_on: date) -> Tariff:
    found = session.scalar(
        select(Tariff).where(Tariff.plan == tidy(plan), Tariff.starts_on == starts_on).with_for_update()
    )
    if found is None:
        raise InvalidTariff(say("no_such_tariff", plan=tidy(plan)[:LONGEST_PLAN], starts_on=starts_on), reason="day")
    return found


def read_tariffs(session: Session) -> Sequence[Tariff]:
    """All tariffs, plan by plan, the latest first."""
    return session.scalars(select(Tariff).order_by(Tariff.plan, Tariff.starts_on.desc())).all()


def set_tariff(batch: Batch, plan: str, starts_on: date, village_fen: int, carrier_fen: int) -> Tariff:
    """What a month of a plan costs from a day on; a plan comes to be with its first. Raises InvalidTariff."""
    name = tidy(plan)
    if wrong := judge_name(name, say("plan_name_length", most=LONGEST_PLAN), LONGEST_PLAN):
        raise InvalidTariff(wrong, reason="plan")
    tariff = Tariff(plan=name, starts_on=starts_on, village_fen=village_fen, carrier_fen=carrier_fen)
    taken = select(Tariff.id).where(Tariff.plan == name, Tariff.starts_on == starts_on)
    try:
        if batch.session.scalar(taken) is not None:
            raise InvalidTariff(_explain_taken(name, starts_on), reason="day")
        return batch.add(tariff, affects_from=starts_on)
    except IntegrityError as error:
        raise InvalidTariff(_explain_taken(name, starts_on), reason="day") from error


def _explain_taken(plan: str, day: date) -> Message:
    return say("tariff_from_this_day", plan=plan, day=day)


def read_shares(session: Session) -> dict[str, list[tuple[date, Shares]]]:
    """By plan its tariffs: from which day what a month costs, the latest first."""
    found: dict[str, list[tuple[date, Shares]]] = {}
    for tariff in read_tariffs(session):
        found.setdefault(tariff.plan, []).append((tariff.starts_on, (tariff.village_fen, tariff.carrier_fen)))
    return found
