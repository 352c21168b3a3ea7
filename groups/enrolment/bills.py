"""What the villages and the carrier pay: dated tariffs, and the bill of a month from dated subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from groups.enrolment.rules.bill import Bill, BillLine, Shares, shares_on
from groups.enrolment.rules.periods import LONGEST_PLAN
from groups.errors import InvalidTariff
from groups.models.batch import Batch
from groups.models.covered_days import lives_there, same_household
from groups.models.enrolment import Subscription, Tariff, is_active
from groups.models.figures import Residence
from groups.models.roster import Household, Village
from groups.rules.texts import flaw, tidied


@dataclass(frozen=True, slots=True)
class PaidFor:
    """A household of a bill: the door, the plan, what its month costs; `shares` None without a tariff."""

    household_id: int
    village: str
    door: str
    head: str
    number: str
    plan: str
    starts_on: date
    shares: Shares | None


def bill_of(session: Session, month: date, village_id: int | None = None) -> Bill:
    """The bill of the month that begins on `month`, of a village or of all."""
    tariffs = _shares(session)
    question = (
        select(Village.id, Village.code, Village.name, Subscription.plan, func.count())
        .select_from(Subscription)
        .join(Residence, same_household() & lives_there(month))
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
            BillLine(number, code, name, plan, households, shares_on(tariffs, plan, month))
            for number, code, name, plan, households in session.execute(question)
        ),
    )


def paid_for(session: Session, month: date, village_id: int | None = None) -> list[PaidFor]:
    """The households of a bill, one by one, by village and door."""
    tariffs = _shares(session)
    question = (
        select(
            Household.id,
            Village.name,
            Household.door,
            Household.head,
            Subscription.number,
            Subscription.plan,
            Subscription.starts_on,
        )
        .select_from(Subscription)
        .join(Household, Subscription.household_id == Household.id)
        .join(Residence, same_household() & lives_there(month))
        .join(Village, Residence.village_id == Village.id)
        .where(is_active(month))
        .order_by(Village.code, Residence.group_id, Household.position, Household.id)
    )
    if village_id is not None:
        question = question.where(Residence.village_id == village_id)
    return [PaidFor(*row, shares_on(tariffs, row[5], month)) for row in session.execute(question)]


def tariffs(session: Session) -> Sequence[Tariff]:
    """All tariffs, plan by plan, the latest first."""
    return session.scalars(select(Tariff).order_by(Tariff.plan, Tariff.starts_on.desc())).all()


def set_tariff(batch: Batch, plan: str, starts_on: date, village_fen: int, carrier_fen: int) -> Tariff:
    """What a month of a plan costs from a day on; a plan comes to be with its first. Raises InvalidTariff."""
    name = tidied(plan)
    if not name or len(name) > LONGEST_PLAN or flaw(name):
        raise InvalidTariff(
            f"套餐名须为1至{LONGEST_PLAN}个字 a plan's name is 1 to {LONGEST_PLAN} characters", reason="plan"
        )
    tariff = Tariff(plan=name, starts_on=starts_on, village_fen=village_fen, carrier_fen=carrier_fen)
    taken = select(Tariff.id).where(Tariff.plan == name, Tariff.starts_on == starts_on)
    try:
        if batch.session.scalar(taken) is not None:
            raise InvalidTariff(_taken(name, starts_on), reason="day")
        return batch.add(tariff, affects_from=starts_on)
    except IntegrityError as error:
        raise InvalidTariff(_taken(name, starts_on), reason="day") from error


def _taken(plan: str, day: date) -> str:
    return f"{plan}自{day}已有资费 this plan has a tariff from that day"


def _shares(session: Session) -> dict[str, list[tuple[date, Shares]]]:
    found: dict[str, list[tuple[date, Shares]]] = {}
    for tariff in tariffs(session):
        found.setdefault(tariff.plan, []).append((tariff.starts_on, (tariff.village_fen, tariff.carrier_fen)))
    return found
