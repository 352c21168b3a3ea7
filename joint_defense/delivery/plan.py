"""From a plan to rows: the deliveries that the senders will find, and those that nobody needs any more.

Here, too, is the one place that moves a delivery from one state to another (`make_move`, `move`), as
`rules.states.MOVES` allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.database import insert_rows
from groups.directory import Recipient
from joint_defense.models.incidents import Alert, Attempt, Delivery
from joint_defense.rules.errors import ForbiddenMove
from joint_defense.rules.parties import Planned
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.states import FIRST_TIME, OVER, Channel, DeliveryState, Occasion, Purpose, Role, may_move

LOOK_AGAIN = timedelta(seconds=5)
"""Somebody is on the phone, or something is under way that nobody will report: look again after so long."""


class Addressee(Protocol):
    """A phone to reach, as a delivery keeps it; `groups.directory.Recipient` and a delivery itself are one."""

    @property
    def household_id(self) -> int | None: ...
    @property
    def responder_id(self) -> int | None: ...
    @property
    def household_name(self) -> str: ...
    @property
    def household_name_en(self) -> str: ...
    @property
    def phone_id(self) -> int | None: ...
    @property
    def number(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def phone_rank(self) -> int: ...
    @property
    def distance(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OnePhone:
    """A phone that is called or texted for itself, and not as one of its household's: it may be on no roster."""

    household_id: int
    household_name: str
    household_name_en: str
    number: str
    language: str
    phone_id: int | None = None
    responder_id: None = None
    role: Role = Role.MEMBER
    phone_rank: int = 1
    distance: int = 0


def make_callers_phone(alert: Alert) -> OnePhone:
    """The phone of an alert, to be told something."""
    return OnePhone(
        role=Role.CALLER,
        household_id=alert.household_id,
        household_name=alert.household_name,
        household_name_en=alert.household_name_en,
        phone_id=alert.phone_id,
        number=alert.number,
        language=alert.language,
    )


def insert_deliveries(
    session: Session,
    incident_id: int,
    purpose: Purpose,
    planned: Iterable[Planned[Recipient]],
    now: datetime,
    *,
    occasion: Occasion = FIRST_TIME,
) -> None:
    """A waiting delivery for each planned phone and channel, due now.

    The phones are the caller's to choose: none that the incident already has for this purpose and occasion.
    """
    rows = [
        make_row(
            each.phone,
            incident_id,
            each.channel,
            purpose,
            now,
            occasion=occasion,
            urgency=each.urgency,
            turn=each.turn,
        )
        for each in planned
    ]
    insert_rows(session, Delivery, rows)


def queue_behind_waiting(
    session: Session, incident_id: int, planned: Iterable[Planned[Recipient]]
) -> list[Planned[Recipient]]:
    """The plan with each phone's turn after those that the incident has waiting: they were to be rung before it."""
    waiting = session.execute(
        select(Delivery.channel, Delivery.urgency, func.max(Delivery.turn))
        .where(Delivery.incident_id == incident_id, Delivery.state == DeliveryState.WAITING)
        .group_by(Delivery.channel, Delivery.urgency)
    )
    first = {(row[0], row[1]): row[2] + 1 for row in waiting}
    return [replace(each, turn=each.turn + first.get((each.channel, each.urgency), 0)) for each in planned]


def make_row(
    phone: Addressee,
    incident_id: int,
    channel: Channel,
    purpose: Purpose,
    now: datetime,
    *,
    urgency: int,
    turn: int,
    occasion: Occasion = FIRST_TIME,
    text: str | None = None,
    account_id: int | None = None,
    with_link: bool = False,
    not_after: datetime | None = None,
) -> dict[str, Any]:
    """The row of a delivery that waits, due now; it is not sent from `not_after` on.

    All have the same columns, as `insert_rows` wants them.
    """
    return {
        "incident_id": incident_id,
        "channel": channel,
        "purpose": purpose,
        **asdict(occasion),
        "household_id": phone.household_id,
        "responder_id": phone.responder_id,
        "household_name": phone.household_name,
        "household_name_en": phone.household_name_en,
        "phone_id": phone.phone_id,
        "number": phone.number,
        "language": phone.language,
        "role": Role(phone.role),
        "phone_rank": phone.phone_rank,
        "urgency": urgency,
        "turn": min(turn, 32_000),
        "distance": min(phone.distance, 32_000),
        "state": DeliveryState.WAITING,
        "due_at": now,
        "not_after": not_after,
        "attempt_count": 0,
        "look_up_first": False,
        "unwanted": False,
        "text": text,
        "with_link": with_link,
        "account_id": account_id,
    }


@dataclass
class Decided:
    """What comes of a look at deliveries that are over: new ones, and what is to be seen to later (None: nothing)."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    later: dict[int, tuple[FollowUp, datetime] | None] = field(default_factory=dict)

    def put_off(self, delivery_id: int, what: FollowUp, until: datetime) -> None:
        """See to one of those that were looked at, then."""
        if delivery_id in self.later:
            self.later[delivery_id] = (what, until)

    def take_down(self, session: Session) -> None:
        """Write it to the database. What is planned already is not planned again."""
        insert_rows(session, Delivery, self.rows, skip_known=True)
        done = [id_ for id_, later in self.later.items() if later is None]
        if done:
            forget = update(Delivery).where(Delivery.id.in_(done)).values(follow_up=None)
            session.execute(forget.execution_options(synchronize_session=False))
        put_off = [
            {"id": id_, "follow_up": later[0], "due_at": later[1]}
            for id_, later in self.later.items()
            if later is not None
        ]
        if put_off:
            session.execute(update(Delivery), put_off)


def drop(session: Session, deliveries: Iterable[Delivery], now: datetime) -> None:
    """Cancel what has not been sent; have the carrier end what rings. Whoever is on the phone is left in peace.

    What a sender has in hand may be out already: it is not sent again, and a call of it is ended once it is known.
    """
    for delivery in deliveries:
        if delivery.state is DeliveryState.WAITING and not delivery.look_up_first:
            move(delivery, DeliveryState.CANCELLED)
        elif delivery.state in {DeliveryState.WAITING, DeliveryState.CLAIMED}:
            delivery.unwanted = True
        elif delivery.state is DeliveryState.PLACED and delivery.channel is Channel.CALL:
            delivery.unwanted = True
            attempt = session.get(Attempt, (delivery.id, delivery.attempt_count))
            if attempt is not None and attempt.answered_at is None:
                delivery.due_at = now


def make_move(
    before: DeliveryState,
    after: DeliveryState,
    *,
    due_at: datetime | None = None,
    owner: str | None = None,
    failure: str | None = None,
    look_up_first: bool | None = None,
) -> dict[str, Any]:
    """The columns of a delivery that goes from one state to the other, for a row or for an UPDATE of many.

    Only a claimed one has an `owner`, and only one that is unreached a `failure`; `due_at` is demanded unless it is
    over. `look_up_first` stays as it is where nothing is said of it. Raises ForbiddenMove.
    """
    if not may_move(before, after):
        raise ForbiddenMove(f"a delivery cannot go from {before} to {after}")
    if (owner is not None) != (after is DeliveryState.CLAIMED):
        raise ForbiddenMove(f"a delivery that is {after} and {'has no' if owner is None else 'has an'} owner")
    if (failure is not None) != (after is DeliveryState.UNREACHED):
        raise ForbiddenMove(f"a delivery that is {after} with the failure {failure}")
    if (due_at is None) != (after in OVER):
        raise ForbiddenMove(f"a delivery that is {after} is due at {due_at}")
    columns: dict[str, Any] = {"state": after, "owner": owner, "failure": failure}
    if due_at is not None:
        columns["due_at"] = due_at
    if look_up_first is not None:
        columns["look_up_first"] = look_up_first
    return columns


def move(
    delivery: Delivery,
    after: DeliveryState,
    *,
    due_at: datetime | None = None,
    failure: str | None = None,
    look_up_first: bool | None = None,
) -> None:
    """Move a delivery whose row is locked. Raises ForbiddenMove.

    Only senders claim, many at once: that is an UPDATE with `make_move`.
    """
    columns = make_move(delivery.state, after, due_at=due_at, failure=failure, look_up_first=look_up_first)
    for name, value in columns.items():
        setattr(delivery, name, value)
