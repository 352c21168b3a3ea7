"""What people do about an incident: close it, take it back, ring again, add a note, name the category."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config.database import insert_rows
from joint_defense.alarms import held_alarms
from joint_defense.alarms.held_alarms import ReleasedBy
from joint_defense.delivery.plan import drop, make_row
from joint_defense.incidents import conference
from joint_defense.incidents.answers import find_callers_among, find_silent_callers, lock_incident, read_answers
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Alert, Delivery, Incident, is_in_state
from joint_defense.rules.errors import IncidentClosed, UnknownIncident
from joint_defense.rules.parties import DRILL, NOTICE, Party
from joint_defense.rules.states import (
    FIRST_RINGS,
    FIRST_TIME,
    LEADERS,
    Channel,
    ClosingOutcome,
    DeliveryState,
    IncidentKind,
    Occasion,
    Purpose,
)
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import written

LONGEST_NOTE = 1000


def close(session: Session, incident_id: int, outcome: ClosingOutcome | str, note: str, by: str, now: datetime) -> bool:
    """Close an incident and give the all-clear to everyone who was rung or texted, once.

    Returns False when somebody else was quicker: theirs stands. Raises UnknownIncident.
    """
    incident = _lock(session, incident_id)
    if incident.closed_at is not None:
        return False
    incident.closed_at, incident.outcome, incident.note = now, ClosingOutcome(outcome), note.strip()[:LONGEST_NOTE]
    note_update(session, incident.id, UpdateKind.CLOSED, now, by=by, outcome=incident.outcome, note=incident.note)
    deliveries = _lock_deliveries(session, incident.id)
    drop(session, deliveries, now)
    session.flush()
    if incident.kind is not IncidentKind.WORDLESS:
        _give_all_clear(session, incident, deliveries, now)
    return True


def withdraw(
    session: Session, alert: Alert, now: datetime, outcome: ClosingOutcome = ClosingOutcome.FALSE_ALARM
) -> bool:
    """The caller takes the call for help back: with nobody else calling, that closes it, with this outcome.

    Returns whether it is closed now.
    """
    incident = _lock(session, alert.incident_id)
    if incident.closed_at is not None:
        return True
    if alert.withdrawn_at is None:
        alert.withdrawn_at = now
        note_update(session, incident.id, UpdateKind.WITHDRAWN, now, household=alert.household_name)
    if any(each.withdrawn_at is None for each in incident.alerts):
        return False
    return close(session, incident.id, outcome, "", alert.household_name, now)


@dataclass(frozen=True, slots=True)
class RungAgain:
    """How many `phones` are rung again, and how many are `busy`: ringing, in a call with us, or about to be rung."""

    phones: int
    busy: int


def ring_again(session: Session, incident_id: int, party: Party | None, by: str, now: datetime) -> RungAgain:
    """Ring the phones of a household or responder once more, or (None) those of every household that is not coming yet.

    A phone that is busy with us is left alone: it would come back as busy. Raises UnknownIncident, IncidentClosed.
    """
    incident = _lock(session, incident_id)
    if incident.closed_at is not None:
        raise IncidentClosed(incident_id)
    if party is None and held_alarms.release(session, incident, ReleasedBy.WATCHER, now, name=by):
        session.flush()
        waiting = select(Delivery.number).where(Delivery.incident_id == incident.id, Delivery.channel == Channel.CALL)
        return RungAgain(len(set(session.scalars(waiting.where(is_in_state(DeliveryState.WAITING))))), 0)
    answers = read_answers(session, incident.id)
    planned = session.scalars(
        select(Delivery)
        .where(Delivery.incident_id == incident.id, Delivery.purpose.in_(FIRST_RINGS))
        .order_by(Delivery.id)
    ).all()
    rung = [each for each in planned if each.occasion.is_first]
    callable_phones = {each.number for each in rung if each.channel is Channel.CALL}
    chosen = [
        each
        for each in rung
        if (each.party == party if party is not None else not answers.comes(each.party))
        and (each.channel is Channel.CALL or each.number not in callable_phones)
    ]
    households = {each.household_id for each in chosen if each.household_id is not None}
    in_trouble = find_callers_among(session, households, [incident.id], now)
    chosen = [each for each in chosen if each.household_id not in in_trouble]
    busy = _find_busy_with_us(session, {each.number for each in chosen}, now)
    chosen = [each for each in chosen if each.number not in busy]
    occasion = Occasion(round=1 + max((each.round for each in planned), default=0))
    for purpose in FIRST_RINGS:
        insert_copies(session, [each for each in chosen if each.purpose is purpose], purpose, occasion, None, now)
    name = chosen[0].household_name if party is not None and chosen else ""
    note_update(session, incident.id, UpdateKind.RING_AGAIN, now, by=by, household=name)
    return RungAgain(len({each.number for each in chosen}), len(busy))


def _find_busy_with_us(session: Session, numbers: set[str], now: datetime) -> set[str]:
    """Those of these phones that ring, are in a call with us, or are about to be rung."""
    waiting = select(Delivery.number).where(
        Delivery.number.in_(numbers), Delivery.channel == Channel.CALL, is_in_state(DeliveryState.WAITING)
    )
    return conference.find_in_a_call(session, numbers, now) | set(session.scalars(waiting))


FORGOTTEN_AFTER = {IncidentKind.ALARM: timedelta(hours=24), IncidentKind.WORDLESS: timedelta(hours=2)}
"""What nobody has closed for so long is closed by the clock."""


def find_forgotten(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """The incidents that nobody has closed for too long, the oldest first."""
    old = [(Incident.kind == kind) & (Incident.opened_at <= now - after) for kind, after in FORGOTTEN_AFTER.items()]
    query = select(Incident.id).where(Incident.closed_at.is_(None), or_(*old)).order_by(Incident.id).limit(limit)
    return list(session.scalars(query))


def close_forgotten(session: Session, incident_id: int, now: datetime) -> bool:
    """Close what nobody has closed. The timeline says so; leaders and overseers who got a text get one about this.

    Nobody else: nothing is known of how it ended, so there is no all-clear. Whether it was closed here.
    """
    incident = _lock(session, incident_id)
    if incident.closed_at is not None or any(_is_on_line(each, now) for each in incident.alerts):
        return False
    incident.closed_at, incident.outcome = now, ClosingOutcome.LAPSED
    note_update(session, incident.id, UpdateKind.LAPSED, now)
    deliveries = _lock_deliveries(session, incident.id)
    drop(session, deliveries, now)
    session.flush()
    told = [each for each in deliveries if each.channel is Channel.SMS and (each.role in LEADERS or each.with_link)]
    leaders = {each.number: each for each in told}
    texts = {language: written.write_lapsed(_name_callers(incident, language), language) for language in ("zh", "en")}
    insert_copies(session, list(leaders.values()), Purpose.ALL_CLEAR, FIRST_TIME, texts, now)
    return True


def _is_on_line(alert: Alert, now: datetime) -> bool:
    return alert.on_line_until is not None and alert.on_line_until > now


def _name_callers(incident: Incident, language: str) -> list[str]:
    return [alert.name_in(language) for alert in incident.alerts]


def add_note(session: Session, incident_id: int, text: str, by: str, now: datetime) -> None:
    """Put a line of somebody's own on the timeline. Raises UnknownIncident."""
    incident = _lock(session, incident_id)
    note_update(session, incident.id, UpdateKind.NOTE, now, by=by, text=text.strip()[:LONGEST_NOTE])


def name_category(session: Session, alert: Alert, category: Category, now: datetime) -> None:
    """The caller says what has happened: whoever has not been reached yet hears it."""
    incident = _lock(session, alert.incident_id)
    if incident.closed_at is not None or alert.category is category:
        return
    alert.category = category
    incident.category = category
    note_update(session, incident.id, UpdateKind.CATEGORY, now, category=category)


def insert_copies(
    session: Session,
    deliveries: list[Delivery],
    purpose: Purpose,
    occasion: Occasion,
    texts: dict[str, str] | None,
    now: datetime,
) -> None:
    """New waiting deliveries to the same phones, with a text for each language where it is fixed."""
    rows = [
        make_row(
            each,
            each.incident_id,
            each.channel,
            purpose,
            now,
            occasion=occasion,
            urgency=each.urgency if texts is None else NOTICE + (DRILL if each.urgency >= DRILL else 0),
            turn=each.turn if texts is None else turn,
            text=None if texts is None else texts[each.language],
        )
        for turn, each in enumerate(deliveries)
    ]
    insert_rows(session, Delivery, rows)


def _give_all_clear(session: Session, incident: Incident, deliveries: list[Delivery], now: datetime) -> None:
    """To every phone that may have rung or got a text: by text where it takes one, else by a call.

    That is also a caller who has hung up and got news by text. A house where somebody may be listening gets none.
    """
    told: dict[str, Delivery] = {}
    touched = {each.number for each in deliveries if each.attempt_count > 0 and not _is_refused(each)}
    # Whoever has just closed it by taking it back knows, and so does a caller who holds the line.
    knowing = {
        alert.number
        for alert in incident.alerts
        if alert.withdrawn_at == now or (alert.on_line_until is not None and alert.on_line_until > now)
    }
    silent = {alert.household_id for alert in incident.alerts if alert.silent}
    # Whoever asked for help by text may have to be quiet, and is not rung; nor is a house rung or texted that calls
    # for help silently in another incident.
    texted = [alert for alert in incident.alerts if alert.channel is Channel.SMS and not alert.by_others]
    by_text_only = {alert.household_id for alert in texted}
    silent |= find_silent_callers(session, now)
    for delivery in deliveries:
        by_text = delivery.channel is Channel.SMS
        if delivery.number not in touched - knowing or delivery.household_id in silent or _is_refused(delivery):
            continue
        if not by_text and delivery.household_id in by_text_only:
            continue
        if delivery.number not in told or by_text:
            told[delivery.number] = delivery
    names = [alert.household_name for alert in incident.alerts]
    english = [alert.household_name_en for alert in incident.alerts]
    outcome = str(incident.outcome)
    texts = {
        "zh": written.write_all_clear(names, outcome, "zh"),
        "en": written.write_all_clear(english, outcome, "en"),
    }
    insert_copies(session, list(told.values()), Purpose.ALL_CLEAR, FIRST_TIME, texts, now)


def _is_refused(delivery: Delivery) -> bool:
    """Whether this delivery certainly reached nobody: the carrier took none of its requests."""
    return delivery.state is DeliveryState.UNREACHED and (delivery.failure or "").isdigit()


def _lock_deliveries(session: Session, incident_id: int) -> list[Delivery]:
    return list(
        session.scalars(
            # In the order in which everybody locks them: two at once wait for each other, and never in a circle.
            select(Delivery).where(Delivery.incident_id == incident_id).order_by(Delivery.id).with_for_update()
        )
    )


def _lock(session: Session, incident_id: int) -> Incident:
    if session.get(Incident, incident_id) is None:
        raise UnknownIncident(f"there is no incident {incident_id}")
    return lock_incident(session, incident_id)
