"""Tracking: what the carrier says of an attempt, and what follows for its delivery.

Words come from four sides (the answer to our request, a callback, a look-up, a fetch) in any order; `hear` is the one
place where they meet. The caller of every function here holds the rows' locks until its commit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from groups import directory
from joint_defense.carriers import port
from joint_defense.delivery.plan import move
from joint_defense.incidents import conference
from joint_defense.incidents.record import mask_number, note_once
from joint_defense.models.incidents import Attempt, Delivery, IncidentUpdate, is_in_state
from joint_defense.rules.errors import ForeignCallback, UnknownDelivery
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.states import (
    FINAL,
    GIVE_UP_AFTER,
    OVER,
    RINGS,
    AttemptState,
    Channel,
    DeliveryState,
    Purpose,
    advance,
    read_carrier_word,
)
from joint_defense.rules.timeline import UpdateKind

ASK_AFTER = {
    AttemptState.QUEUED: timedelta(seconds=60),
    AttemptState.RINGING: timedelta(seconds=90),
    AttemptState.IN_PROGRESS: timedelta(seconds=180),
    AttemptState.SENT: timedelta(seconds=120),
}
"""How long the carrier may be silent after each state before it is asked."""

ASK_OF_A_PLACE = timedelta(seconds=30)
"""How long it may be silent about a call whose place others wait for."""

FOLLOWED = frozenset({*RINGS, Purpose.WORDLESS})
"""What is tried again, or in another way, where it was in vain."""
TOLD = frozenset({Purpose.NEWS, Purpose.SECOND_VOICE, Purpose.ALL_CLEAR, Purpose.LINK})
"""What is told, and asks for no answer: it is told in another way where it failed for good."""
_REACHED = frozenset({AttemptState.COMPLETED, AttemptState.DELIVERED})
# A call that failed for one of these never rang: it is placed again.
_NEVER_RANG = frozenset({"10004", "20429", "20500"})
LONGEST_LAG_MS = 2**31 - 1
NEVER_RANG_PAUSE = timedelta(seconds=2)


# Put together once: several times for each call and text they are asked, and that takes as long as the answer.
_THESE: BindParameter[Any] = bindparam("ids", expanding=True)
HOLDING = select(Attempt.delivery_id).where(Attempt.sid.in_(bindparam("sids", expanding=True)))
"""The deliveries that have one of these `sids`."""
LOCKED = select(Delivery).where(Delivery.id.in_(_THESE)).order_by(Delivery.id).with_for_update()
"""The deliveries of these `ids`, held until the transaction ends."""
ATTEMPTS = select(Attempt).where(Attempt.delivery_id.in_(_THESE)).order_by(Attempt.delivery_id)
"""Theirs."""


@dataclass(frozen=True, slots=True)
class Report:
    """A status callback for attempt `number` of a delivery. `said_at` is the carrier's time stamp."""

    delivery_id: int
    number: int
    sid: str
    status: str
    error_code: str | None = None
    said_at: datetime | None = None


Unfitting = UnknownDelivery | ForeignCallback
"""Why a report is not taken in."""


def record_status(
    session: Session,
    delivery_id: int,
    number: int,
    sid: str,
    status: str,
    error_code: str | None,
    now: datetime,
    said_at: datetime | None = None,
) -> bool:
    """A status callback for attempt `number` of a delivery. Returns whether it told us anything new.

    Raises UnknownDelivery, and ForeignCallback where the attempt is known to be another call.
    """
    (found,) = record_reports(session, [Report(delivery_id, number, sid, status, error_code, said_at)], now)
    if isinstance(found, Exception):
        raise found
    return found


def record_reports(session: Session, reports: Sequence[Report], now: datetime) -> list[bool | Unfitting]:
    """Status callbacks, in their order: of each, whether it told us anything new, or why it is not taken in."""
    holding = session.scalars(HOLDING, {"sids": sorted({each.sid for each in reports})})
    deliveries, attempts = _lock({each.delivery_id for each in reports} | set(holding), session)
    holders = {attempt.sid: attempt for attempt in attempts.values() if attempt.sid is not None}
    outcomes: list[bool | Unfitting] = []
    reached: list[Delivery] = []
    for each in reports:
        delivery, attempt = deliveries.get(each.delivery_id), attempts.get((each.delivery_id, each.number))
        if delivery is None or attempt is None:
            outcomes.append(UnknownDelivery(f"there is no attempt {each.number} of delivery {each.delivery_id}"))
        elif attempt.sid not in (None, each.sid):
            outcomes.append(ForeignCallback(f"attempt {each.number} of delivery {each.delivery_id} has another id"))
        else:
            holder = holders.setdefault(each.sid, attempt)
            if holder is not attempt:
                # Its address is ours and names this attempt: the other one took it for its own in a look-up.
                give_back_sid(session, deliveries[holder.delivery_id], holder, now)
                holders[each.sid] = attempt
            was = delivery.state
            outcomes.append(_record(session, delivery, attempt, each, now))
            if delivery.state is DeliveryState.REACHED is not was:
                reached.append(delivery)
    clear_refusals(session, reached)
    return outcomes


def _lock(ids: Collection[int], session: Session) -> tuple[dict[int, Delivery], dict[tuple[int, int], Attempt]]:
    these, anew = {"ids": sorted(ids)}, {"populate_existing": True}
    deliveries = session.scalars(LOCKED, these, execution_options=anew).all()
    # Asked once the locks are held: in one statement with them they would be as they were before.
    attempts = session.scalars(ATTEMPTS, these, execution_options=anew).all()
    return {each.id: each for each in deliveries}, {(each.delivery_id, each.number): each for each in attempts}


def _record(session: Session, delivery: Delivery, attempt: Attempt, report: Report, now: datetime) -> bool:
    heard = read_carrier_word(delivery.channel, report.status)
    if heard is None:
        return False
    before = (attempt.state, attempt.sid)
    hear(session, delivery, attempt, heard, now, sid=report.sid, error_code=report.error_code)
    told = before != (attempt.state, attempt.sid)
    if told and report.said_at is not None:
        attempt.callback_lag_ms = min(max(int((now - report.said_at).total_seconds() * 1000), 0), LONGEST_LAG_MS)
    return told


def lock_attempt(session: Session, delivery_id: int, number: int) -> tuple[Delivery, Attempt]:
    """The delivery and its attempt, locked until the transaction ends. Raises UnknownDelivery."""
    delivery = session.get(Delivery, delivery_id, with_for_update=True)
    attempt = session.get(Attempt, (delivery_id, number)) if delivery is not None else None
    if delivery is None or attempt is None:
        raise UnknownDelivery(f"there is no attempt {number} of delivery {delivery_id}")
    return delivery, attempt


def give_back_sid(session: Session, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    """A call that a look-up took for this attempt's was another's: it is looked for once more."""
    attempt.sid = None
    if attempt.state not in FINAL:
        attempt.state = AttemptState.REQUESTING
    if attempt.number == delivery.attempt_count and delivery.state is DeliveryState.PLACED:
        move(delivery, DeliveryState.WAITING, due_at=now, look_up_first=True)
    session.flush()


class Requests(StrEnum):
    """How far the requests of an incident have come."""

    NONE = "none"
    """The carrier has none of them: nobody has taken one in hand, or it has declined them all."""
    LEAVING = "leaving"
    """One is on its way to the carrier, which has none yet."""
    UNKNOWN = "unknown"
    """The carrier has not answered: a phone may ring, and nobody knows."""
    RINGING = "ringing"
    """A call that asks for help is with the carrier."""
    MADE = "made"
    """Some have left, and no such call is under way now."""


def read_requests(session: Session, incident_id: int) -> Requests:
    """How far the requests of an incident have come."""
    begun = select(Delivery.channel, Delivery.purpose, Delivery.state, Delivery.look_up_first).where(
        Delivery.incident_id == incident_id, Delivery.attempt_count > 0
    )
    made = session.execute(begun.distinct()).all()
    waiting, leaving = DeliveryState.WAITING, DeliveryState.CLAIMED
    if any(
        each.channel is Channel.CALL and each.purpose in RINGS and each.state is DeliveryState.PLACED for each in made
    ):
        return Requests.RINGING
    if any(each.state not in {waiting, leaving} for each in made):
        return Requests.MADE
    if any(each.look_up_first for each in made):
        return Requests.UNKNOWN
    return Requests.LEAVING if any(each.state is leaving for each in made) else Requests.NONE


def clear_refusals(session: Session, deliveries: Collection[Delivery]) -> None:
    """These have just reached their phones: whatever the roster held against the numbers is forgotten."""
    for channel in Channel:
        reached = [each for each in deliveries if each.channel is channel]
        if reached:
            phones = {each.phone_id for each in reached if each.phone_id is not None}
            responders = {each.responder_id for each in reached if each.responder_id is not None}
            accounts = {each.number for each in reached if each.account_id is not None}
            directory.clear_refused(session, phones, responders, text=channel is Channel.SMS, accounts=accounts)


def hear(
    session: Session,
    delivery: Delivery,
    attempt: Attempt,
    heard: AttemptState,
    now: datetime,
    *,
    sid: str | None = None,
    error_code: str | None = None,
) -> None:
    """Take in what the carrier says of an attempt, and settle the delivery where that settles it.

    The caller hands the deliveries that are reached by this to `clear_refusals`.
    """
    attempt.sid = attempt.sid or sid
    state = advance(attempt.state, heard)
    if state is not attempt.state:
        if attempt.state in {AttemptState.REQUESTING, AttemptState.UNANSWERED, AttemptState.LOST}:
            # What an earlier try was declined for says nothing of the call that was placed in the end.
            attempt.error_code = attempt.error = None
        attempt.state = state
        _stamp(attempt, state, now)
        if error_code is not None:
            attempt.error_code = error_code
            attempt.error = port.explain(error_code)
        if state in FINAL:
            conference.leave_conference(session, delivery, now)
    if attempt.number == delivery.attempt_count and delivery.state not in OVER:
        _follow(session, delivery, attempt, now)


def ask_of_places(session: Session, now: datetime) -> None:
    """All places are taken: calls of which nothing has been heard for a while are asked after at once.

    One whose end nobody has told of would hold its place for minutes, and those who wait are not rung.
    """
    waits = aliased(Delivery)
    due = exists().where(is_in_state(DeliveryState.WAITING, waits), waits.channel == Channel.CALL, waits.due_at <= now)
    silent = [
        (Attempt.state == state) & (Delivery.due_at <= now + ASK_AFTER[state] - ASK_OF_A_PLACE)
        for state in (AttemptState.QUEUED, AttemptState.RINGING, AttemptState.IN_PROGRESS)
    ]
    held = exists().where(Attempt.delivery_id == Delivery.id, Attempt.number == Delivery.attempt_count, or_(*silent))
    session.execute(
        update(Delivery)
        .where(is_in_state(DeliveryState.PLACED), Delivery.channel == Channel.CALL, Delivery.due_at > now, held, due)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def _stamp(attempt: Attempt, state: AttemptState, now: datetime) -> None:
    attempt.accepted_at = attempt.accepted_at or now
    if state is AttemptState.RINGING:
        attempt.rang_at = now
    elif state is AttemptState.IN_PROGRESS or (state is AttemptState.COMPLETED and attempt.answered_at is None):
        # A carrier with one final callback says "completed" of a call that somebody took, and nothing before.
        attempt.answered_at = now
    if state in FINAL:
        attempt.ended_at = now


def _follow(session: Session, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    """Whose turn it is after the current attempt's state."""
    delivery.look_up_first = False
    if attempt.state in _REACHED:
        move(delivery, DeliveryState.REACHED)
        ask_for_follow_up(delivery, now)
    elif attempt.state not in FINAL:
        # Nobody needs it any more: the request to end it is due at once, unless somebody is on it already.
        end_it = ends_call(delivery, attempt)
        move(delivery, DeliveryState.PLACED, due_at=now if end_it else now + ASK_AFTER[attempt.state])
    elif delivery.unwanted and delivery.channel is Channel.CALL:
        move(delivery, DeliveryState.CANCELLED)
    elif attempt.error_code in _NEVER_RANG and is_too_late_to_help(session, delivery, now):
        give_up(session, delivery, "not_placed", now)
    elif attempt.error_code in _NEVER_RANG:
        move(delivery, DeliveryState.WAITING, due_at=now + NEVER_RANG_PAUSE)
    else:
        failed = attempt.state is AttemptState.FAILED and delivery.channel is Channel.CALL
        give_up(session, delivery, attempt.error_code or str(attempt.state), now, not_put_through=failed)


_ASKS_FOR_RINGS = (
    UpdateKind.RING_AGAIN,
    UpdateKind.AGAIN,
    UpdateKind.VOICE,
    UpdateKind.WIDENED,
    UpdateKind.LATE,
)


def is_too_late_to_help(session: Session, delivery: Delivery, now: datetime) -> bool:
    """Whether it could not be placed for so long that it only frightens.

    An all-clear is as old as the end. In an open incident everything is as young as the last time that rings were
    asked for: "ring again", another call of the household, a step of widening, an alarm that came in late.
    """
    incident = delivery.incident
    if now - (incident.closed_at or incident.opened_at) <= GIVE_UP_AFTER:
        return False
    if incident.closed_at is not None:
        return True
    asked_again = session.scalar(
        select(func.max(IncidentUpdate.at)).where(
            IncidentUpdate.incident_id == incident.id, IncidentUpdate.kind.in_(_ASKS_FOR_RINGS)
        )
    )
    return asked_again is None or now - asked_again > GIVE_UP_AFTER


def ask_for_follow_up(delivery: Delivery, now: datetime) -> None:
    """It is over: have the clock look whether its household needs another ring. A text that went out needs none."""
    failed = delivery.state is DeliveryState.UNREACHED
    unanswered = delivery.purpose in FOLLOWED and (failed or delivery.channel is Channel.CALL)
    if unanswered or (failed and delivery.purpose in TOLD):
        delivery.follow_up, delivery.due_at = FollowUp.LOOK, now


def ends_call(delivery: Delivery, attempt: Attempt) -> bool:
    """Whether this call is to be ended: nobody needs it any more, and nobody has picked it up."""
    ringing = attempt.state in {AttemptState.QUEUED, AttemptState.RINGING}
    return delivery.unwanted and delivery.channel is Channel.CALL and ringing


def give_up(
    session: Session, delivery: Delivery, failure: str, now: datetime, *, not_put_through: bool = False
) -> None:
    """The delivery has failed; a number that is refused for good is marked on the roster and the timeline.

    `not_put_through`: a call that the carrier took, and that never rang. A number where that is so in one alarm after
    the other, and nobody has answered in between, is old, perhaps. Busy and not picked up say nothing against it.
    """
    move(delivery, DeliveryState.UNREACHED, failure=failure)
    ask_for_follow_up(delivery, now)
    verdict = port.judge(int(failure)) if failure.isdigit() else None
    if verdict is not port.Verdict.NUMBER:
        ours = verdict is port.Verdict.ACCOUNT
        phone_id = delivery.phone_id
        if not_put_through and not ours and phone_id is not None and not _has_failed_before(session, delivery):
            directory.mark_failed(session, phone_id, now)
        return
    directory.mark_refused(
        session,
        phone_id=delivery.phone_id,
        responder_id=delivery.responder_id,
        number=delivery.number,
        text=delivery.channel is Channel.SMS,
        code=failure,
        now=now,
    )
    note_once(
        session,
        delivery.incident_id,
        UpdateKind.REFUSED,
        now,
        household=delivery.household_name,
        number=mask_number(delivery.number),
        channel=delivery.channel,
        code=failure,
    )


def _has_failed_before(session: Session, delivery: Delivery) -> bool:
    """Whether another call to this phone could not be put through in this incident: that counts once."""
    other = (
        select(Delivery.id)
        .join(Attempt, (Attempt.delivery_id == Delivery.id) & (Attempt.number == Delivery.attempt_count))
        .where(
            Delivery.incident_id == delivery.incident_id,
            Delivery.phone_id == delivery.phone_id,
            Delivery.channel == Channel.CALL,
            Delivery.state == DeliveryState.UNREACHED,
            Delivery.id != delivery.id,
            Attempt.state == AttemptState.FAILED,
        )
    )
    return session.scalar(other.limit(1)) is not None
