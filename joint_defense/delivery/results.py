"""Results: what the carrier said, written down: of the requests that a sender had in hand, for many at once; and of
what it has in hand already.

The latter are enquiries, of two kinds: to end a call that nobody needs any more, and to ask after one that the carrier
has been silent about (its callbacks are best effort: they may never come).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Integer, Table, bindparam, exists, select, update
from sqlalchemy.orm import Session

from config.database import UtcDateTime
from joint_defense.carriers import port
from joint_defense.carriers.port import (
    AccountTrouble,
    CarrierError,
    OutcomeUnknown,
    Receipt,
    RefusedNumber,
    TooFast,
    Unanswered,
    Undecided,
)
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.lines import Line
from joint_defense.delivery.plan import make_move, move
from joint_defense.delivery.tracking import (
    ASK_AFTER,
    ATTEMPTS,
    HOLDING,
    LOCKED,
    ask_for_follow_up,
    clear_refusals,
    ends_call,
    give_back_sid,
    give_up,
    hear,
    is_too_late_to_help,
    lock_attempt,
)
from joint_defense.incidents import conference
from joint_defense.incidents.record import note_once
from joint_defense.models.incidents import Attempt, Delivery, is_in_state
from joint_defense.rules.states import AttemptState, Channel, DeliveryState
from joint_defense.rules.timeline import UpdateKind

RETRY_PAUSE = timedelta(seconds=1.5)
ACCOUNT_PAUSE = timedelta(seconds=10)
"""What a refused account has declined waits so long, but for one of them: that one tries it after the usual pause, and
the others go out at once when it is taken."""
LOOK_UP_PAUSE = timedelta(seconds=1)
"""A lost answer: the status callback gets so long to tell before the carrier is asked."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LAST_LOOK_PAUSE = timedelta(milliseconds=300)
"""The same where the account carries no more, and another one waits to."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a claim: the carrier's receipt or its error. A look-up that found nothing has neither.

    `elsewhere`: its account or number carries no more, and another does. A look-up that fails then is the last one: no
    callback has told of the request either, and silence would be worse than the small chance of a second ring.
    """

    claim: Claim
    receipt: Receipt | None = None
    error: CarrierError | None = None
    elsewhere: bool = False


def record(session: Session, results: Sequence[Sent], now: datetime) -> None:
    """Write down what came of claims. A word of the carrier that came first by callback stands."""
    sids = {result.receipt.sid for result in results if result.receipt is not None}
    # Whoever holds one of these already is locked as well.
    holders = set(session.scalars(HOLDING, {"sids": sorted(sids)})) if sids else set()
    if not holders:
        taken = _record_taken(session, results, now)
        results = [each for each in results if each.claim.delivery_id not in taken]
        if not results:
            return
    by_attempt = {(result.claim.delivery_id, result.claim.number): result for result in results}
    ids = {delivery_id for delivery_id, _ in by_attempt} | holders
    locked = session.scalars(LOCKED, {"ids": sorted(ids)}).all()
    deliveries = {delivery.id: delivery for delivery in locked}
    # Asked once the locks are held: in one statement with them, PostgreSQL would show the attempts as they were before
    # a callback that we waited for, and an attempt would go back from its final state.
    attempts = session.scalars(ATTEMPTS, {"ids": sorted(ids)}).all()
    held = {attempt.sid: attempt for attempt in attempts if attempt.sid is not None}
    triers = _choose_triers(results, deliveries)
    taken_again: set[tuple[str, Channel]] = set()
    for attempt in attempts:
        result = by_attempt.get((attempt.delivery_id, attempt.number))
        if result is None:
            continue
        delivery = deliveries[attempt.delivery_id]
        if result.receipt is not None and not _record_own(session, attempt, result, held, deliveries, now):
            if delivery.state is DeliveryState.CLAIMED:
                move(delivery, DeliveryState.WAITING, due_at=now + LOOK_UP_PAUSE, look_up_first=True)
        elif result.receipt is not None:
            if attempt.error is not None:
                taken_again.add((result.claim.line.account, delivery.channel))
            # Also for an attempt that was given up meanwhile: a call that was placed is on record.
            _record_accepted(session, delivery, attempt, result.receipt, now)
        elif not _is_ours(delivery, attempt, result.claim):
            continue  # a callback has told more than we know, or another sender has taken it over
        elif result.error is not None:
            _record_declined(session, delivery, attempt, result, result.error, now, tries=delivery.id in triers)
        else:
            _record_not_found(delivery, attempt, now)
    clear_refusals(session, [each for each in locked if each.state is DeliveryState.REACHED])
    for account, channel in sorted(taken_again):
        _stop_waiting(session, account, channel, now + RETRY_PAUSE, now)
    _note_troubles(session, results, now)


# Tables, not models: no row is loaded as an object here, and the ORM would take longer than the database.
_DELIVERIES: Table = Delivery.__table__  # type: ignore[assignment] # a Table, by the model
_ATTEMPTS: Table = Attempt.__table__  # type: ignore[assignment] # a Table, by the model
_HELD = (
    select(*_DELIVERIES.c["id", "state", "owner", "attempt_count", "unwanted"])
    .where(_DELIVERIES.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_DELIVERIES.c.id)
    .with_for_update()
)
_ASKED = select(*_ATTEMPTS.c["delivery_id", "number", "state", "sid", "error"]).where(
    _ATTEMPTS.c.delivery_id.in_(bindparam("ids", expanding=True))
)
_PLACE = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        make_move(DeliveryState.CLAIMED, DeliveryState.PLACED, due_at=_LONG_AGO, look_up_first=False)
        | {"due_at": bindparam("ask_at", type_=UtcDateTime())}
    )
)
_TAKE = (
    update(_ATTEMPTS)
    .where(
        _ATTEMPTS.c.delivery_id == bindparam("of"),
        _ATTEMPTS.c.number == bindparam("attempt"),
    )
    .values(state=AttemptState.QUEUED, sid=bindparam("taken_as"), accepted_at=bindparam("at", type_=UtcDateTime()))
)


def _record_taken(session: Session, results: Sequence[Sent], now: datetime) -> set[int]:
    """Write down the plain ones, all at once: sent for the first time, taken, and nothing else heard of them.

    Most are: a neighbour's call that the carrier has queued. Row by row the same takes five times as long. Returns
    their deliveries. The rows of all results are locked until the transaction ends.
    """
    plain = {
        each.claim.delivery_id: each.receipt.sid
        for each in results
        if each.receipt is not None
        and each.receipt.state is AttemptState.QUEUED
        and each.receipt.error_code is None
        and not each.claim.look_up_first
    }
    claims = {each.claim.delivery_id: each.claim for each in results}
    if len(claims) < len(results) or len(set(plain.values())) < len(plain):
        return set()
    # All of them, in their order, as `LOCKED` has them: two that lock in parts would wait for one another.
    held = {
        row.id
        for row in session.execute(_HELD, {"ids": sorted(claims)})
        if row.id in plain
        and row.state is DeliveryState.CLAIMED
        and (row.owner, row.attempt_count) == (claims[row.id].owner, claims[row.id].number)
        and not row.unwanted
    }
    # Asked once the locks are held, see `record`.
    asked = session.execute(_ASKED, {"ids": sorted(held)}) if held else ()
    taken = {
        row.delivery_id
        for row in asked
        if row.number == claims[row.delivery_id].number
        and row.state is AttemptState.REQUESTING
        and row.sid is None
        and row.error is None
    }
    if taken:
        session.execute(_PLACE, {"ids": sorted(taken), "ask_at": now + ASK_AFTER[AttemptState.QUEUED]})
        rows = [
            {"of": each, "attempt": claims[each].number, "taken_as": plain[each], "at": now} for each in sorted(taken)
        ]
        session.execute(_TAKE, rows)
    return taken


def _choose_triers(results: Iterable[Sent], deliveries: Mapping[int, Delivery]) -> set[int]:
    """Of what an account has refused, and no other one carries, the most urgent: by channel, each one's delivery."""
    found: dict[tuple[str, Channel], Delivery] = {}
    for result in results:
        if isinstance(result.error, AccountTrouble) and not result.elsewhere:
            delivery = deliveries[result.claim.delivery_id]
            key = (result.claim.line.account, delivery.channel)
            found[key] = min(found.get(key, delivery), delivery, key=lambda each: (each.urgency, each.turn, each.id))
    return {each.id for each in found.values()}


def _stop_waiting(session: Session, account: str, channel: Channel, longer_than: datetime, now: datetime) -> None:
    """What an account has declined, and what waits until after then, is due now: it takes calls, or texts, again."""
    declined = exists().where(
        Attempt.delivery_id == Delivery.id, Attempt.number >= Delivery.attempt_count, Attempt.account == account
    )
    session.execute(
        update(Delivery)
        .where(is_in_state(DeliveryState.WAITING), Delivery.channel == channel, Delivery.due_at > longer_than, declined)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def _record_own(
    session: Session,
    attempt: Attempt,
    result: Sent,
    held: dict[str, Attempt],
    deliveries: Mapping[int, Delivery],
    now: datetime,
) -> bool:
    """Whether the receipt is this attempt's: one id, one attempt. What was looked up is a guess, the rest is known."""
    if result.receipt is None:
        return False
    holder = held.setdefault(result.receipt.sid, attempt)
    if holder is attempt:
        return True
    if result.claim.look_up_first:
        return False
    give_back_sid(session, deliveries[holder.delivery_id], holder, now)
    held[result.receipt.sid] = attempt
    return True


def _is_ours(delivery: Delivery, attempt: Attempt, claim: Claim) -> bool:
    held = delivery.state is DeliveryState.CLAIMED and delivery.owner == claim.owner
    return held and attempt.number == delivery.attempt_count


def _note_troubles(session: Session, results: Iterable[Sent], now: datetime) -> None:
    """Say on the timelines, once an incident, that the carrier holds it up: whoever watches sees why nobody rings."""
    held_up = {
        (
            result.claim.incident_id,
            UpdateKind.CARRIER_SLOW if isinstance(result.error, TooFast) else UpdateKind.CARRIER_AWAY,
        )
        for result in results
        if result.error is not None and not isinstance(result.error, RefusedNumber | AccountTrouble | Undecided)
    }
    for incident_id, kind in sorted(held_up):
        note_once(session, incident_id, kind, now)


def _record_not_found(delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    """The carrier knows nothing of a request whose answer was lost: it never arrived, and may be sent again.

    What we stopped waiting for may have been held up on the way there, and arrive with the look-up or just after it,
    when the line is back. So it is looked for once more.
    """
    if attempt.state is AttemptState.UNANSWERED:
        attempt.state = AttemptState.REQUESTING
        move(delivery, DeliveryState.WAITING, due_at=now + LOOK_UP_PAUSE)
        return
    _give_up_looking(delivery, attempt, now)


def _give_up_looking(delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    """It never arrived, as far as anybody knows, and is sent anew."""
    attempt.state = AttemptState.LOST
    if delivery.unwanted:
        move(delivery, DeliveryState.CANCELLED, look_up_first=False)
    else:
        move(delivery, DeliveryState.WAITING, due_at=now, look_up_first=False)


def _record_accepted(session: Session, delivery: Delivery, attempt: Attempt, receipt: Receipt, now: datetime) -> None:
    code = str(receipt.error_code) if receipt.error_code else None
    hear(session, delivery, attempt, receipt.state, now, sid=receipt.sid, error_code=code)


def _record_declined(
    session: Session,
    delivery: Delivery,
    attempt: Attempt,
    result: Sent,
    error: CarrierError,
    now: datetime,
    *,
    tries: bool,
) -> None:
    """Nothing was placed, or nobody knows. `tries`: it is the one that tries a refused account again."""
    code = str(error.code) if error.code else None
    attempt.error_code, attempt.error = code, port.explain_error(error)
    if isinstance(error, RefusedNumber):
        attempt.state, attempt.ended_at = AttemptState.REFUSED, now
        give_up(session, delivery, code or "refused", now)
        return
    if isinstance(error, AccountTrouble):
        note_once(session, delivery.incident_id, UpdateKind.ACCOUNT_TROUBLE, now, code=code or str(error.status))
    if is_too_late_to_help(session, delivery, now):
        attempt.ended_at = now
        give_up(session, delivery, "not_placed", now)
        return
    if delivery.unwanted and not isinstance(error, OutcomeUnknown) and not delivery.look_up_first:
        move(delivery, DeliveryState.CANCELLED)
        return
    if result.elsewhere and result.claim.look_up_first:
        note_once(session, delivery.incident_id, UpdateKind.CARRIER_CHANGED, now)
        _give_up_looking(delivery, attempt, now)
        return
    if isinstance(error, OutcomeUnknown):
        if isinstance(error, Unanswered):
            attempt.state = AttemptState.UNANSWERED
        pause = LOOK_UP_PAUSE if not result.elsewhere else LAST_LOOK_PAUSE
        move(delivery, DeliveryState.WAITING, due_at=now + pause, look_up_first=True)
        return
    if not delivery.look_up_first:
        delivery.attempt_count -= 1
    pause = ACCOUNT_PAUSE if isinstance(error, AccountTrouble) and not tries else RETRY_PAUSE
    if result.elsewhere:
        note_once(session, delivery.incident_id, UpdateKind.CARRIER_CHANGED, now)
        pause = timedelta(0)
    move(delivery, DeliveryState.WAITING, due_at=now + pause)


AT_ONCE = 20
END_AGAIN_AFTER = timedelta(seconds=5)
ASK_AGAIN_AFTER = timedelta(seconds=60)
LAST_ASK = timedelta(minutes=30)
"""After so long a delivery that the carrier says nothing final of is closed with what is known."""
LAST_ASK_OF_A_RING = timedelta(minutes=12)
"""The same for a call that nobody has picked up, where the carrier does not answer either: no carrier rings for longer
than ten minutes."""
LAST_END = timedelta(minutes=3)
"""The same for one that nobody needs, and that the carrier will not end."""
UNKNOWN_AFTER = timedelta(seconds=10)
"""What the carrier says it does not know is over, once so old: a list may lag behind what was just created."""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """A word with the carrier about attempt `number` of a delivery: to end it (`ends`), or to ask after it."""

    delivery_id: int
    number: int
    channel: Channel
    sid: str
    line: Line
    ends: bool


# Put together once: it is asked twice a second.
_TO_ASK = (
    select(Delivery, Attempt)
    .join(Attempt, (Attempt.delivery_id == Delivery.id) & (Attempt.number == Delivery.attempt_count))
    .where(
        is_in_state(DeliveryState.PLACED),
        Delivery.due_at <= bindparam("now", type_=UtcDateTime()),
        Attempt.sid.is_not(None),
    )
    .order_by(Delivery.due_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(of=Delivery, skip_locked=True)
)


def claim_enquiries(session: Session, now: datetime, limit: int = AT_ONCE) -> list[Enquiry]:
    """What is due, at most `limit`. Each one's next enquiry is put off, so that one sender goes."""
    rows = session.execute(_TO_ASK, {"now": now, "most": limit}).all()
    enquiries = []
    for delivery, attempt in rows:
        ends = ends_call(delivery, attempt)
        delivery.due_at = now + (END_AGAIN_AFTER if ends else ASK_AFTER.get(attempt.state, ASK_AGAIN_AFTER))
        enquiries.append(
            Enquiry(
                delivery.id,
                attempt.number,
                delivery.channel,
                attempt.sid or "",
                Line(attempt.account, attempt.sender),
                ends,
            )
        )
    return enquiries


def record_enquiry(session: Session, enquiry: Enquiry, receipt: Receipt, now: datetime) -> None:
    """The carrier's answer. Where it says nothing final for too long, what is known has to do."""
    delivery, attempt = lock_attempt(session, enquiry.delivery_id, enquiry.number)
    code = str(receipt.error_code) if receipt.error_code else None
    hear(session, delivery, attempt, receipt.state, now, sid=receipt.sid, error_code=code)
    if delivery.state is DeliveryState.REACHED:
        clear_refusals(session, [delivery])
    last = LAST_END if ends_call(delivery, attempt) else LAST_ASK
    if delivery.state is DeliveryState.PLACED and now - attempt.requested_at > last:
        _close(session, delivery, attempt, now)


def record_silence(session: Session, enquiry: Enquiry, now: datetime, *, unknown: bool) -> None:
    """The carrier would not say what became of it. `unknown`: it says that there is no such call or message.

    Whatever it answers, this ends: a call that is never heard of again would hold its place for ever.
    """
    delivery, attempt = lock_attempt(session, enquiry.delivery_id, enquiry.number)
    if delivery.state is not DeliveryState.PLACED or attempt.number != delivery.attempt_count:
        return
    age = now - attempt.requested_at
    if age > (UNKNOWN_AFTER if unknown else _find_last_ask(delivery, attempt)):
        conference.leave_conference(session, delivery, now)
        _close(session, delivery, attempt, now)
    elif unknown:
        delivery.due_at = now + END_AGAIN_AFTER


def _find_last_ask(delivery: Delivery, attempt: Attempt) -> timedelta:
    """How old a request has to be for what is known of it to do, where the carrier does not answer."""
    if ends_call(delivery, attempt):
        return LAST_END
    rings = delivery.channel is Channel.CALL and attempt.state is not AttemptState.IN_PROGRESS
    return LAST_ASK_OF_A_RING if rings else LAST_ASK


def _close(session: Session, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    if attempt.state in {AttemptState.SENT, AttemptState.IN_PROGRESS}:
        move(delivery, DeliveryState.REACHED)
        ask_for_follow_up(delivery, now)
    elif delivery.unwanted and delivery.channel is Channel.CALL:
        move(delivery, DeliveryState.CANCELLED)
    else:
        give_up(session, delivery, "no_report", now)
