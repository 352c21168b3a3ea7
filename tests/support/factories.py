"""A village to raise alarms in, and a carrier's part played by hand.

    town = Town(database)
    wang = town.house("王建国")                       # a mobile of its own, in the group 3组
    li = town.house("李月芳", "ml", leader=True)        # a mobile first, a landline second; the group's leader
    raised = town.raise_alarm(wang)
    town.place()                                      # what is due goes out, and rings

Everything is committed at once. Moments count from `NOW`; `at(60)` is a minute later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.database import Base, Database
from groups.models.figures import Residence
from groups.models.roster import Group, Household, Language, Phone, PhoneKind, Village
from joint_defense.alarms import intake
from joint_defense.carriers.port import CarrierError, Receipt
from joint_defense.delivery import claims as delivery_claims
from joint_defense.delivery import results
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.results import Sent
from joint_defense.models.incidents import Acknowledgement, Alert, Attempt, Delivery, Incident, IncidentUpdate
from joint_defense.rules.parties import Party
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, DeliveryState, Purpose

NOW = datetime(2026, 11, 23, 13, 7, tzinfo=UTC)
"""21:07 of a November evening in the village."""
OWNER = "tests:1:0"

Result = TypeVar("Result")
Row = TypeVar("Row", bound=Base)

_KINDS: dict[str, dict[str, Any]] = {
    "m": {"kind": PhoneKind.MOBILE},
    "l": {"kind": PhoneKind.LANDLINE, "may_text": False},
    "t": {"kind": PhoneKind.MOBILE, "may_call": False},
    "e": {"kind": PhoneKind.MOBILE, "language": Language.ENGLISH},
}
"""Kinds of phones: m(obile), l(andline), t(exts only), and a mobile marked e(nglish)."""


def at(seconds: float) -> datetime:
    """So long after `NOW`."""
    return NOW + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class House:
    """A household and its numbers, in the order of their rank."""

    id: int
    name: str
    numbers: tuple[str, ...]

    @property
    def party(self) -> Party:
        return Party(self.id, None)

    @property
    def number(self) -> str:
        return self.numbers[0]


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery, as a test compares it."""

    household: str
    number: str
    channel: Channel
    purpose: Purpose
    state: DeliveryState
    text: str | None


def home_since(household: Household, day: date) -> Residence:
    """That a household has lived where the roster has it since a day; whoever writes rows by hand writes this, too."""
    return Residence(
        household_id=household.id, village_id=household.village_id, group_id=household.group_id, starts_on=day
    )


class Town:
    """A village with a group, to which a test adds who lives there. Doors stand in the order in which they come."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._doors = count(1)
        self._serial = count(1)
        self._sids = count(1)
        with database.begin() as session:
            village = Village(code="T01", name="墙下陶村", name_en="Qiangxiatao")
            session.add(village)
            session.flush()
            self.village_id = village.id
        self.group_id = self.group("3组")

    def group(self, name: str) -> int:
        """Another group of the village."""
        return self._write(Group(village_id=self.village_id, name=name)).id

    def house(
        self,
        head: str,
        phones: str = "m",
        *,
        group: int | None = 0,
        leader: bool = False,
        deputy: bool = False,
        silent: bool = False,
    ) -> House:
        """A household with phones of these kinds. `group` None: in none; 0: the first. It may lead the first one."""
        position = next(self._doors)
        with self.database.begin() as session:
            house = Household(
                village_id=self.village_id,
                group_id=self.group_id if group == 0 else group,
                head=head,
                door=f"3-{position}",
                landmark=f"桥东第{position}家",
                position=position,
                silent=silent,
            )
            session.add(house)
            session.flush()
            numbers = []
            for rank, kind in enumerate(phones, start=1):
                number = f"+86{'57487' if kind == 'l' else '13805'}{next(self._serial):06}"
                session.add(Phone(household_id=house.id, number=number, rank=rank, **_KINDS[kind]))
                numbers.append(number)
            own = session.get_one(Group, self.group_id)
            own.leader_id = house.id if leader else own.leader_id
            own.deputy_id = house.id if deputy else own.deputy_id
            return House(house.id, f"{head}家", tuple(numbers))

    def change(self, phone: str, **values: Any) -> None:
        """Change a phone on the roster."""
        self.run(lambda session: session.execute(update(Phone).where(Phone.number == phone).values(values)))

    def phone(self, number: str) -> Phone:
        """A phone of the roster, as it is now."""
        return self.read(lambda session: session.scalars(select(Phone).where(Phone.number == number)).one())

    def raise_alarm(
        self, house: House, *, number: str = "", sid: str = "", after: float = 0, **more: Any
    ) -> intake.IntakeResult:
        """An alarm by a call, so many seconds after NOW."""
        sid = sid or self.sid()
        given: dict[str, Any] = {"channel": Channel.CALL, "call_sid": sid} | more
        limits = given.pop("limits", None)
        trigger = intake.Trigger(f"voice:{sid}:alarm", number or house.number, **given)
        return self.run(lambda session: intake.raise_alarm(session, trigger, at(after), limits))

    def sid(self) -> str:
        """A carrier's id that has not been before."""
        return f"CA{next(self._sids):032x}"

    def place(
        self, *, after: float = 0, state: AttemptState = AttemptState.RINGING, only: str | None = None
    ) -> list[Claim]:
        """Send all that is due: the carrier takes calls as `state`, texts as sent. `only`: to that number."""
        receipts = {Channel.CALL: state, Channel.SMS: AttemptState.SENT}
        claims = self.claim(after=after)
        for claim in claims:
            if only in (None, claim.to):
                self.came(claim, Receipt(self.sid(), receipts[claim.channel]), after=after)
        return claims

    def claim(self, *, after: float = 0, owner: str = OWNER, limit: int = 1000) -> list[Claim]:
        """Take all that is due in hand, and send nothing yet."""
        return self.run(
            lambda session: [
                each
                for channel in (Channel.CALL, Channel.SMS)
                for each in delivery_claims.claim(session, channel, limit, owner, at(after))
            ]
        )

    def came(self, claim: Claim, what: Receipt | CarrierError | None, *, after: float = 0) -> None:
        """The carrier's answer to a claim."""
        sent = Sent(claim, error=what) if isinstance(what, CarrierError) else Sent(claim, receipt=what)
        self.run(lambda session: results.record(session, [sent], at(after)))

    def run(self, work: Callable[[Session], Result]) -> Result:
        """Do something in a transaction of its own."""
        with self.database.begin() as session:
            return work(session)

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Look something up."""
        return self.run(work)

    def lines(self, incident_id: int | None, *purposes: Purpose) -> list[Line]:
        """An incident's deliveries, in the order they were planned; only of these purposes, if any."""
        deliveries = self.deliveries(incident_id)
        return [
            Line(each.household_name, each.number, each.channel, each.purpose, each.state, each.text)
            for each in deliveries
            if not purposes or each.purpose in purposes
        ]

    def deliveries(self, incident_id: int | None) -> Sequence[Delivery]:
        wanted = select(Delivery).where(Delivery.incident_id == incident_id).order_by(Delivery.id)
        return list(self.read(lambda session: session.scalars(wanted).all()))

    def delivery(self, number: str, channel: Channel = Channel.CALL, purpose: Purpose = Purpose.ALARM) -> Delivery:
        """The newest delivery of that kind to a number."""
        wanted = (
            select(Delivery)
            .where(Delivery.number == number, Delivery.channel == channel, Delivery.purpose == purpose)
            .order_by(Delivery.id.desc())
        )
        return self.read(lambda session: session.scalars(wanted.limit(1)).one())

    def attempt(self, delivery: Delivery, number: int | None = None) -> Attempt:
        """An attempt of a delivery, its last by default."""
        key = (delivery.id, number or self.delivery_by_id(delivery.id).attempt_count)
        return self.read(lambda session: session.get_one(Attempt, key))

    def delivery_by_id(self, delivery_id: int) -> Delivery:
        return self.read(lambda session: session.get_one(Delivery, delivery_id))

    def incidents(self) -> list[Incident]:
        return list(self.read(lambda session: session.scalars(select(Incident).order_by(Incident.id)).all()))

    def alerts(self) -> list[Alert]:
        return list(self.read(lambda session: session.scalars(select(Alert).order_by(Alert.id)).all()))

    def answers(self) -> list[tuple[str, Answer]]:
        """All acknowledgements: (household, answer), in the order they came."""
        rows = select(Acknowledgement).order_by(Acknowledgement.id)
        return self.read(lambda session: [(each.household_name, each.answer) for each in session.scalars(rows)])

    def timeline(self, kind: str = "") -> list[IncidentUpdate]:
        """The lines of all timelines, only of a kind, if one is named."""
        rows = select(IncidentUpdate).order_by(IncidentUpdate.id)
        found = self.read(lambda session: session.scalars(rows).all())
        return [each for each in found if kind in ("", each.kind)]

    def _write(self, row: Row) -> Row:
        with self.database.begin() as session:
            session.add(row)
            session.flush()
            return row
