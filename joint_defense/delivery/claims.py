"""Dispatch: which deliveries are sent now. No carrier is called in here.

A sender claims a small portion (committed before the first request leaves), sends it, and records what came back
(`results`). The claim's `owner` is the process that has it in hand; when that process dies, `release_dead` gives its
claims back, marked to be looked up at the carrier before they are sent again.

Claiming: as much of what is due as may leave now, by the pace of each number and by the calls it may hold.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, Table, bindparam, case, exists, func, select, true, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from config.database import UtcDateTime, insert_or_update
from groups import directory
from joint_defense.delivery.lines import Grant, Line, Lines, Places
from joint_defense.delivery.plan import make_move
from joint_defense.delivery.tracking import ask_of_places
from joint_defense.incidents.record import note_once, note_update
from joint_defense.models.incidents import Alert, Attempt, Delivery, Incident, is_in_state
from joint_defense.rules.states import AttemptState, Channel, DeliveryState, Purpose, Role
from joint_defense.rules.timeline import UpdateKind

LONGEST_RING = timedelta(minutes=10)
RINGS_OUT = timedelta(seconds=20)
"""So much longer than it may ring a call lasts at the carrier: until it begins, and until its end is told."""
LEASE = timedelta(seconds=60)
"""A claim is given back after so long even when its owner lives: its result could not be written down."""
ARRIVES_WITHIN = timedelta(seconds=1)
"""A request may be on its way to the carrier for so long after its sender has died: it is looked for no sooner."""
KEEPS_OTHERS_BACK = timedelta(seconds=15)
"""A call of which the carrier has not told yet lets no other one to the same phone leave, for at most so long."""
_COUNTING = 0x6A64_63_61_6C_6C
"""The advisory lock of whoever counts calls: "jdcall"."""


NO_LINE = Line("", "")


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in a sender's hand."""

    delivery_id: int
    incident_id: int
    number: int
    """Which attempt of the delivery this is, from 1."""
    channel: Channel
    purpose: Purpose
    alert_id: int
    """The voice that a second voice tells of."""
    to: str
    role: Role
    language: str
    text: str | None
    look_up_first: bool
    requested_at: datetime
    line: Line
    """What it goes out from; for one that is to be looked up, what it went out from."""
    owner: str
    stopped: bool = False
    """A text to a phone that wants none."""
    with_link: bool = False

    @property
    def sender(self) -> str:
        """The number of ours, or the like."""
        return self.line.sender


# The table, not the model: no row is loaded as an object here, and the ORM would take as long as the database.
_DELIVERIES: Table = Delivery.__table__  # type: ignore[assignment] # a Table, by the model
_TOLD_OF_A_CLAIM = _DELIVERIES.c[
    *("id", "incident_id", "attempt_count", "purpose", "alert_id", "number", "role", "language", "look_up_first"),
    *("text", "urgency", "turn", "with_link", "not_after"),
]


def claim(
    session: Session,
    channel: Channel,
    limit: int,
    owner: str,
    now: datetime,
    line: Line = NO_LINE,
    *,
    look_ups: bool = False,
) -> list[Claim]:
    """Take up to `limit` due deliveries of a channel into this owner's hand, most urgent first, of all incidents.

    They are to go out on `line`; what may be out already is looked up on the line that it went out on. `look_ups`:
    such alone.
    """
    asked = {"of": channel, "most": limit, "now": now, "sender": owner, "until": now + LEASE}
    asked |= {"lately": now - KEEPS_OTHERS_BACK} if channel is Channel.CALL and not look_ups else {}
    rows = session.execute(_CLAIMS[channel, look_ups], asked).all()
    late = {row.id for row in rows if row.not_after is not None and row.not_after <= now and not row.look_up_first}
    if late:
        # What nobody is to be disturbed with any more is not sent; no carrier has heard of it.
        over = make_move(DeliveryState.CLAIMED, DeliveryState.CANCELLED) | {"attempt_count": Delivery.attempt_count - 1}
        session.execute(update(Delivery).where(Delivery.id.in_(late)).values(**over))
    rows = sorted((row for row in rows if row.id not in late), key=lambda row: (row.urgency, row.turn, row.id))
    if channel is Channel.CALL:
        rows = _keep_one_of_each_phone(session, rows, now)
    fresh = [row for row in rows if not row.look_up_first]
    if fresh:
        _open_attempts(session, [(row.id, row.attempt_count) for row in fresh], line, now)
    lost = _read_lines(session, [row.id for row in rows if row.look_up_first])
    stopped = directory.find_opted_out(session, {row.number for row in rows}) if channel is Channel.SMS else set()
    claims = [_claim_of(row, channel, lost.get((row.id, row.attempt_count), line), owner, now) for row in rows]
    return [replace(each, stopped=True) if each.to in stopped else each for each in claims]


def _keep_one_of_each_phone(
    session: Session, rows: list[Row[*tuple[Any, ...]]], now: datetime
) -> list[Row[*tuple[Any, ...]]]:
    """Without further calls to one phone, the most urgent apart: they wait until it is known what became of that one.

    The carrier's list tells which phone a call went to, and not for what. Were the sender to die over two of them, of
    which one never arrived, nobody could tell which.
    """
    firsts: dict[str, int] = {}
    for row in rows:
        if not row.look_up_first:
            firsts.setdefault(row.number, row.id)
    further = {row.id for row in rows if not row.look_up_first and firsts[row.number] != row.id}
    if further:
        back = make_move(DeliveryState.CLAIMED, DeliveryState.WAITING, due_at=now)
        back |= {"attempt_count": Delivery.attempt_count - 1}
        session.execute(update(Delivery).where(Delivery.id.in_(further)).values(**back))
    return [row for row in rows if row.id not in further]


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _match_rings_soon(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether another call to the same phone is on its way to the carrier, or is looked for there."""
    other = aliased(Delivery)
    return exists().where(
        other.number == Delivery.number,
        other.channel == Channel.CALL,
        other.id != Delivery.id,
        (other.state == DeliveryState.CLAIMED) | ((other.state == DeliveryState.WAITING) & other.look_up_first),
        Attempt.delivery_id == other.id,
        Attempt.number == other.attempt_count,
        Attempt.requested_at > now,
    )


def _ask_to_claim(channel: Channel, *, look_ups: bool) -> ReturningUpdate[*tuple[Any, ...]]:
    now = bindparam("now", type_=UtcDateTime())
    free: ColumnElement[bool] = Delivery.look_up_first.is_(True) if look_ups else true()
    if channel is Channel.CALL and not look_ups:
        free = Delivery.look_up_first | ~_match_rings_soon(bindparam("lately", type_=UtcDateTime()))
    due = (
        select(Delivery.id)
        .where(is_in_state(DeliveryState.WAITING), Delivery.channel == bindparam("of"), Delivery.due_at <= now, free)
        .order_by(Delivery.urgency, Delivery.turn, Delivery.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        # A common table expression that locks is run once; as a plain subquery PostgreSQL may run it again for every
        # row, and claim more than `most`.
        .cte("due")
    )
    move: dict[str, Any] = make_move(DeliveryState.WAITING, DeliveryState.CLAIMED, owner="", due_at=_LONG_AGO)
    move |= {"owner": bindparam("sender"), "due_at": bindparam("until", type_=UtcDateTime())}
    of = _DELIVERIES.c
    return (
        update(_DELIVERIES)
        .where(of.id.in_(select(due.c.id)))
        .values(**move, attempt_count=of.attempt_count + case((of.look_up_first, 0), else_=1))
        .returning(*_TOLD_OF_A_CLAIM)
    )


# Put together once: done at each claim it takes longer than the claim.
_CLAIMS = {(channel, alone): _ask_to_claim(channel, look_ups=alone) for channel in Channel for alone in (False, True)}


def _read_lines(session: Session, delivery_ids: list[int]) -> dict[tuple[int, int], Line]:
    """By delivery and number the lines that attempts went out on."""
    if not delivery_ids:
        return {}
    query = select(Attempt.delivery_id, Attempt.number, Attempt.account, Attempt.sender)
    rows = session.execute(query.where(Attempt.delivery_id.in_(delivery_ids)))
    return {(row[0], row[1]): Line(row[2], row[3]) for row in rows}


def _claim_of(row: Row[*tuple[Any, ...]], channel: Channel, line: Line, owner: str, now: datetime) -> Claim:
    return Claim(
        delivery_id=row.id,
        incident_id=row.incident_id,
        number=row.attempt_count,
        channel=channel,
        purpose=row.purpose,
        alert_id=row.alert_id,
        to=row.number,
        role=row.role,
        language=row.language,
        text=row.text,
        look_up_first=row.look_up_first,
        requested_at=now,
        line=line,
        owner=owner,
        with_link=row.with_link,
    )


def is_held(session: Session, claim: Claim) -> bool:
    """Whether the claim is still its owner's: nobody has taken it over, and no callback has settled it."""
    held = select(Delivery.id).where(
        Delivery.id == claim.delivery_id,
        is_in_state(DeliveryState.CLAIMED),
        Delivery.owner == claim.owner,
        Delivery.attempt_count == claim.number,
    )
    return session.scalar(held) is not None


@dataclass(frozen=True, slots=True)
class Due:
    """Whether anything waits to be sent, whether the carrier is to be asked or told something, and whether anybody has
    something in hand. `rests`: nothing will be, either; nothing waits, and nothing is with the carrier.
    """

    to_send: bool
    to_ask: bool
    in_hand: bool
    rests: bool

    @property
    def anything(self) -> bool:
        """Whether there is any of that now."""
        return self.to_send or self.to_ask or self.in_hand


def select_what_is_due(now: ColumnElement[datetime]) -> Select[Any]:
    """What senders have to do, as columns: whoever asks again and again adds what else they want to know."""
    # The first to be asked after stands first in its index; those that wait are not in the order of their time.
    ask_at = select(func.min(Delivery.due_at)).where(is_in_state(DeliveryState.PLACED))
    none: Select[Any] = select()
    return none.add_columns(
        exists().where(is_in_state(DeliveryState.WAITING), Delivery.due_at <= now).label("to_send"),
        exists().where(is_in_state(DeliveryState.WAITING)).label("waits"),
        ask_at.scalar_subquery().label("ask_at"),
        match_in_hand().label("in_hand"),
    )


def match_in_hand() -> ColumnElement[bool]:
    """Whether any sender has anything in hand."""
    return exists().where(is_in_state(DeliveryState.CLAIMED))


def read_what_is_due(row: Row[Any], now: datetime) -> Due:
    """What such columns say."""
    return Due(
        to_send=bool(row.to_send),
        to_ask=row.ask_at is not None and row.ask_at <= now,
        in_hand=bool(row.in_hand),
        rests=not row.waits and not row.in_hand and row.ask_at is None,
    )


_OWNERS = select(Delivery.owner).where(is_in_state(DeliveryState.CLAIMED)).distinct()


def find_next_call(session: Session, now: datetime) -> int | None:
    """The incident of the call that is to leave next; None where none is due."""
    due = select(Delivery.incident_id).where(
        is_in_state(DeliveryState.WAITING), Delivery.channel == Channel.CALL, Delivery.due_at <= now
    )
    return session.scalar(due.order_by(Delivery.urgency, Delivery.turn, Delivery.id).limit(1))


def count_calls_under_way(
    session: Session, now: datetime | None = None, ring_time: timedelta = LONGEST_RING
) -> dict[Line, int]:
    """How many calls of each line are with the carrier or on their way there, of all incidents.

    Where `now` is given, a call that nobody has picked up holds its place no longer than it can ring, though nobody
    hears of it again.

    Whoever asks holds the count until the transaction ends, so that two senders do not fill the same place.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_COUNTING)))
    query = (
        select(Attempt.account, Attempt.sender, func.count())
        .join(Delivery, (Attempt.delivery_id == Delivery.id) & (Attempt.number == Delivery.attempt_count))
        .where(Delivery.channel == Channel.CALL, is_in_state(DeliveryState.CLAIMED) | is_in_state(DeliveryState.PLACED))
        .group_by(Attempt.account, Attempt.sender)
    )
    if now is not None:
        rings = Attempt.requested_at > now - ring_time - RINGS_OUT
        query = query.where(rings | (Attempt.state == AttemptState.IN_PROGRESS))
    return {Line(row[0], row[1]): row[2] for row in session.execute(query)}


def _open_attempts(session: Session, keys: Iterable[tuple[int, int]], line: Line, now: datetime) -> None:
    # A request the carrier declined for now left its row open; the next try carries the same number and row.
    rows = [
        {
            "delivery_id": delivery_id,
            "number": number,
            "state": AttemptState.REQUESTING,
            "account": line.account,
            "sender": line.sender,
            "requested_at": now,
        }
        for delivery_id, number in keys
    ]
    opened = insert_or_update(
        session, Attempt, keys=("delivery_id", "number"), update=("requested_at", "account", "sender")
    )
    session.execute(opened, rows)


_WITH_VOICES = (
    select(Incident, Alert)
    .outerjoin(Alert)
    .where(Incident.id.in_(bindparam("incidents", expanding=True)))
    .order_by(Alert.id)
)


def read_incidents(session: Session, ids: Iterable[int]) -> dict[int, tuple[Incident, list[Alert]]]:
    """What a sender has to say: the incidents and their voices, oldest first; a drill has none."""
    found: dict[int, tuple[Incident, list[Alert]]] = {}
    for incident, alert in session.execute(_WITH_VOICES, {"incidents": sorted(set(ids))}):
        _, alerts = found.setdefault(incident.id, (incident, []))
        if alert is not None:
            alerts.append(alert)
    return found


def hurry(session: Session, now: datetime) -> None:
    """What waits for another try does not wait any more: an account is out, and another one is there to carry.

    That is what is to be looked up, and what the account has declined, whose attempt is open and not counted.
    """
    declined = exists().where(Attempt.delivery_id == Delivery.id, Attempt.number > Delivery.attempt_count)
    session.execute(
        update(Delivery)
        .where(is_in_state(DeliveryState.WAITING), Delivery.look_up_first | declined, Delivery.due_at > now)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def release_dead(session: Session, alive: Callable[[str], bool], now: datetime) -> int:
    """Give back what dead owners had in hand, and what is past its lease, to be looked up before it is sent again.

    Returns how many deliveries that were. A row that is locked is left for the next look: its owner may hang in the
    very transaction that writes it down, and the others do not wait for that one.
    """
    owners = session.scalars(_OWNERS).all()
    if not owners:
        return 0
    dead = [owner for owner in owners if owner is None or not alive(owner)]
    free = (
        select(Delivery.id)
        .where(
            is_in_state(DeliveryState.CLAIMED),
            Delivery.owner.in_(dead) | Delivery.owner.is_(None) | (Delivery.due_at <= now),
        )
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    # What left just before its sender died may still be on its way to the carrier, whose list does not show it yet.
    just_left = Delivery.due_at > now + LEASE - ARRIVES_WITHIN
    move = make_move(DeliveryState.CLAIMED, DeliveryState.WAITING, due_at=now, look_up_first=True)
    move["due_at"] = case((just_left, now + ARRIVES_WITHIN), else_=now)
    released = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(select(free.c.id)))
        .values(move)
        .returning(Delivery.incident_id)
        .execution_options(synchronize_session=False)
    )
    cut_off = Counter(released.scalars())
    for incident_id, count in sorted(cut_off.items()):
        note_update(session, incident_id, UpdateKind.CUT_OFF, now, requests=count)
    return cut_off.total()


@dataclass(frozen=True, slots=True)
class Portion:
    """What was claimed, and what to say for it."""

    claims: list[Claim]
    incidents: dict[int, tuple[Incident, list[Alert]]]


@dataclass
class Allowance:
    """Leave to send, until it is claimed for. `places`: how many calls may be held at a time."""

    pace: Mapping[Channel, Lines]
    grants: dict[Channel, Grant]
    places: Places
    ring_time: timedelta = LONGEST_RING
    claims: dict[Channel, list[Claim]] = field(default_factory=dict)
    taken: dict[Channel, list[Line]] = field(default_factory=dict)
    """The line whose leave each claim has used: what is looked up may have gone out on another."""

    def claim(self, session: Session, owner: str, now: datetime) -> Portion:
        """Take in hand what is due, most urgent first, of all incidents."""
        for channel, grant in self.grants.items():
            granted: Mapping[Line, int] = grant.by_line
            if channel is Channel.CALL:
                granted = self._with_room(session, granted, now)
            claims = self._claim(session, channel, granted, owner, now)
            if granted is not grant.by_line:
                # A look-up takes no place, and what it looks for may ring already.
                beyond = {line: count - granted[line] for line, count in grant.by_line.items()}
                claims += self._claim(session, channel, beyond, owner, now, look_ups=True)
            self.claims[channel] = claims
        every = list(itertools.chain.from_iterable(self.claims.values()))
        # Also those that were never declined themselves, and only waited because others had been.
        slowed = {each.incident_id for each in every if self.pace[each.channel].slowed(each.line)}
        for incident_id in sorted(slowed):
            note_once(session, incident_id, UpdateKind.CARRIER_SLOW, now)
        incidents = read_incidents(session, {each.incident_id for each in every}) if every else {}
        return Portion(every, incidents)

    @property
    def for_anything(self) -> bool:
        """Whether anything may leave now."""
        return any(grant.count for grant in self.grants.values())

    def find_next_look(self, sweep: float) -> float:
        """Seconds until there may be more to send: at once after a full portion that the pace does not hold back."""
        waits = (
            min(grant.wait, sweep) if len(self.claims.get(channel, ())) == grant.count else sweep
            for channel, grant in self.grants.items()
        )
        return min(waits, default=sweep)

    def list_unused(self) -> Iterator[tuple[Channel, Line, int]]:
        """Of each channel and line how many more might have left."""
        for channel, grant in self.grants.items():
            used = Counter(each for each in self.taken.get(channel, ()))
            for line, count in grant.by_line.items():
                yield channel, line, count - used[line]

    def _claim(
        self,
        session: Session,
        channel: Channel,
        granted: Mapping[Line, int],
        owner: str,
        now: datetime,
        *,
        look_ups: bool = False,
    ) -> list[Claim]:
        claims: list[Claim] = []
        taken = self.taken.setdefault(channel, [])
        for line, count in granted.items():
            if count > 0:
                found = claim(session, channel, count, owner, now, line, look_ups=look_ups)
                claims += found
                taken += [line] * len(found)
                if len(found) < count:  # nothing more is due
                    break
        return claims

    def _with_room(self, session: Session, granted: Mapping[Line, int], now: datetime) -> Mapping[Line, int]:
        """Cut down to the calls there is a place for: a new account holds only two or three at once (10004)."""
        if not self.places or not any(granted.values()):
            return granted
        room = self.places.room(granted, count_calls_under_way(session, now, self.ring_time))
        if not any(room.values()):
            ask_of_places(session, now)
        return room


@contextmanager
def allow_sending(
    pace: Mapping[Channel, Lines],
    places: Places,
    room: Mapping[Channel, int],
    ring_time: timedelta = LONGEST_RING,
) -> Iterator[Allowance]:
    """Leave of the pace for up to `room` requests of each channel. What is not claimed for is given back."""
    grants = {channel: pace[channel].take(count) for channel, count in room.items() if count > 0}
    asked = Allowance(pace, grants, places, ring_time)
    try:
        yield asked
    finally:
        for channel, line, count in asked.list_unused():
            pace[channel].give_back(line, count)
