"""What incidents keep about people: how it ends when its time is over, a household's share of it, and its erasure.

What happened when, who came and how fast stays; the numbers in it are told apart as #1, #2 … afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, or_, select, update
from sqlalchemy.orm import Session

from config.database import match_any
from config.retention import Due, Kept
from groups.directory import people
from joint_defense.models.greetings import Greeting, GreetingChange, GreetingDay
from joint_defense.models.inbound import InboundEvent, Mute
from joint_defense.models.incidents import Acknowledgement, Alert, Delivery, Incident, IncidentUpdate
from joint_defense.models.upkeep import NumberChange
from joint_defense.rules.states import OVER, DeliveryState, IncidentKind, Purpose

ERASED, ERASED_EN = people.ERASED, "Erased"
_SAID = frozenset({"text", "note"})
"""Particulars of a timeline's line that somebody has written."""


def make_dues() -> tuple[Due, ...]:
    """What is deleted on the alarm's side, by kind."""
    of_nobody = InboundEvent.household_id.is_(None) & InboundEvent.responder_id.is_(None)
    return (
        Due(
            Kept.INCIDENTS,
            Incident.id,
            lambda moment: and_(Incident.closed_at < moment, Incident.blanked_at.is_(None)),
            _blank_incidents,
            20,
        ),
        Due(
            Kept.INCIDENTS,
            InboundEvent.id,
            # What rang no alarm: a question, an answer that came too late.
            lambda moment: and_(InboundEvent.received_at < moment, ~of_nobody, InboundEvent.incident_id.is_(None)),
            _delete_inbound,
        ),
        Due(
            Kept.STRANGERS,
            InboundEvent.id,
            lambda moment: and_(InboundEvent.received_at < moment, of_nobody, InboundEvent.incident_id.is_(None)),
            _delete_inbound,
        ),
        Due(Kept.STRANGERS, Mute.id, lambda moment: Mute.until < moment, _delete_mutes),
        Due(Kept.GREETINGS, GreetingDay.id, lambda moment: GreetingDay.closed_at < moment, _delete_greeting_days),
        Due(
            Kept.GREETINGS, GreetingChange.id, lambda moment: GreetingChange.made_at < moment, _delete_greeting_changes
        ),
        Due(Kept.GREETINGS, Greeting.id, lambda moment: Greeting.ended_at < moment, _delete_greetings),
    )


def _delete_inbound(session: Session, ids: list[int], now: datetime) -> None:
    session.execute(delete(InboundEvent).where(match_any(session, InboundEvent.__table__.c.id, ids)))


def _delete_mutes(session: Session, ids: list[int], now: datetime) -> None:
    session.execute(delete(Mute).where(match_any(session, Mute.__table__.c.id, ids)))


def _delete_greeting_days(session: Session, ids: list[int], now: datetime) -> None:
    session.execute(delete(GreetingDay).where(match_any(session, GreetingDay.__table__.c.id, ids)))


def _delete_greeting_changes(session: Session, ids: list[int], now: datetime) -> None:
    session.execute(delete(GreetingChange).where(match_any(session, GreetingChange.__table__.c.id, ids)))


def _delete_greetings(session: Session, ids: list[int], now: datetime) -> None:
    session.execute(delete(GreetingDay).where(match_any(session, GreetingDay.__table__.c.greeting_id, ids)))
    session.execute(delete(GreetingChange).where(match_any(session, GreetingChange.__table__.c.greeting_id, ids)))
    session.execute(delete(Greeting).where(match_any(session, Greeting.__table__.c.id, ids)))


def _blank_incidents(session: Session, ids: list[int], now: datetime) -> None:
    for incident in session.scalars(select(Incident).where(Incident.id.in_(ids))).all():
        _blank_numbers(session, incident.id)
        session.execute(update(Alert).where(Alert.incident_id == incident.id).values(text="", first_help=""))
        session.execute(update(Delivery).where(Delivery.incident_id == incident.id).values(text=None))
        events = update(InboundEvent).where(InboundEvent.incident_id == incident.id)
        session.execute(events.values(text="", answer={}))
        for line in session.scalars(select(IncidentUpdate).where(IncidentUpdate.incident_id == incident.id)):
            line.detail = {name: value for name, value in line.detail.items() if name not in _SAID | {"number"}}
        incident.note, incident.blanked_at = "", now
    session.flush()


def _blank_numbers(session: Session, incident_id: int, numbers: Sequence[str] | None = None) -> None:
    """Put #1, #2 … in the place of the incident's numbers (None: all), the same for the same number."""
    asked = select(Delivery.number).where(Delivery.incident_id == incident_id)
    of_alerts = select(Alert.number).where(Alert.incident_id == incident_id)
    here = {*session.scalars(asked), *session.scalars(of_alerts)}
    of_events = select(InboundEvent.number).where(InboundEvent.incident_id == incident_id)
    here |= set(session.scalars(of_events))
    taken = sum(number.startswith("#") for number in here)
    gone = sorted(number for number in here if not number.startswith("#") and (numbers is None or number in numbers))
    for place, number in enumerate(gone, start=taken + 1):
        for table in (Delivery, Alert, Acknowledgement, InboundEvent):
            row: Any = table
            where = (row.incident_id == incident_id) & (row.number == number)
            session.execute(update(table).where(where).values(number=f"#{place}"))


def find_running(session: Session, subject: people.Subject) -> list[int]:
    """The open incidents that the household or the numbers are part of: they need what is known.

    A good morning is none: what is left of it is taken back as it is erased.
    """
    calls = select(Alert.incident_id).where(_is_of(Alert, subject))
    called = select(Delivery.incident_id).where(_is_of(Delivery, subject))
    open_ones = select(Incident.id).where(Incident.closed_at.is_(None), Incident.kind != IncidentKind.GREETING)
    return list(session.scalars(open_ones.where(or_(Incident.id.in_(calls), Incident.id.in_(called)))))


def read_sheet(session: Session, subject: people.Subject) -> list[people.SheetLine]:
    """What incidents keep of the household or the numbers."""
    lines = [
        people.SheetLine("求助 Alarm", alert.raised_at, f"{alert.number} {alert.place} {alert.text}".strip())
        for alert in session.scalars(select(Alert).where(_is_of(Alert, subject)).order_by(Alert.id))
    ]
    for told in session.scalars(select(Delivery).where(_is_of(Delivery, subject)).order_by(Delivery.id)):
        # Not what was said: it names others.
        text = f"{told.number} {told.channel} {told.purpose} {told.state}"
        lines.append(people.SheetLine("通知 Told", told.incident.opened_at, f"#{told.incident_id} {text}"))
    for said in session.scalars(select(Acknowledgement).where(_is_of(Acknowledgement, subject))):
        lines.append(people.SheetLine("答复 Answer", said.at, f"#{said.incident_id} {said.number} {said.answer}"))
    for event in session.scalars(select(InboundEvent).where(_is_of(InboundEvent, subject)).order_by(InboundEvent.id)):
        lines.append(
            people.SheetLine("来电来信 Inbound", event.received_at, f"{event.number} {event.kind} {event.text}")
        )
    lines += _list_greetings(session, subject)
    lines += [
        people.SheetLine("换号 Number", each.asked_at, f"{each.new_number} {each.asked_by} {each.state}".strip())
        for each in session.scalars(select(NumberChange).where(_is_in_change(subject)).order_by(NumberChange.id))
    ]
    for mute in session.scalars(select(Mute).where(Mute.number.in_(subject.numbers))):
        lines.append(people.SheetLine("静音 Mute", mute.muted_at, f"{mute.number} {mute.reason} {mute.muted_by}"))
    return lines


def _list_greetings(session: Session, subject: people.Subject) -> list[people.SheetLine]:
    """Good mornings of the household, and those that name one of the numbers as the contact."""
    lines = []
    as_contact = Greeting.contact_number.in_(subject.numbers) & (Greeting.contact_number != "")
    for each in session.scalars(select(Greeting).where(or_(_is_greeted(subject), as_contact)).order_by(Greeting.id)):
        own = each.household_id == subject.household_id
        consent = f"consent {each.consent_by} {each.consent_on} v{each.consent_version or '?'}"
        contact = f"{each.contact_name} {each.contact_number}"
        text = f"{each.minute // 60:02}:{each.minute % 60:02} {each.channel} {contact} {consent}" if own else contact
        lines.append(people.SheetLine("问候 Greeting", each.made_at, " ".join(text.split())))
    before = GreetingChange.contact_number.in_(subject.numbers) & (GreetingChange.contact_number != "")
    changed = select(GreetingChange).join(Greeting).where(or_(_is_greeted(subject), before))
    for was in session.scalars(changed.order_by(GreetingChange.id)):
        text = f"{was.contact_name} {was.contact_number}"
        lines.append(people.SheetLine("问候的修改 Change", was.made_at, text.strip() or f"{was.minute // 60:02}:"))
    asked = select(GreetingDay).join(Greeting).where(_is_greeted(subject)).order_by(GreetingDay.id)
    for day in session.scalars(asked):
        lines.append(people.SheetLine("问候日 Day", day.day, f"{day.outcome or day.step}"))
    return lines


def _is_greeted(subject: people.Subject) -> ColumnElement[bool]:
    return Greeting.household_id == subject.household_id if subject.household_id is not None else false()


def _is_in_change(subject: people.Subject) -> ColumnElement[bool]:
    return or_(
        NumberChange.household_id == subject.household_id,
        NumberChange.new_number.in_(subject.numbers),
        NumberChange.asked_by.in_(subject.numbers),
    )


def _stop_greetings(session: Session, subject: people.Subject) -> list[int]:
    """End the good mornings of the household, and take back what is still to be sent about them, or to the household
    about others; the incidents that carried its own.
    """
    days = select(GreetingDay.incident_id).join(Greeting).where(_is_greeted(subject))
    # Days are kept for less long than the calls of them.
    asked = select(Delivery.incident_id).where(_is_of(Delivery, subject), Delivery.purpose == Purpose.GREETING)
    own = sorted({each for each in (*session.scalars(days), *session.scalars(asked)) if each is not None})
    ends = update(Incident).where(match_any(session, Incident.__table__.c.id, own), Incident.closed_at.is_(None))
    session.execute(ends.values(closed_at=Incident.opened_at))
    carriers = select(Incident.id).where(Incident.kind == IncidentKind.GREETING)
    theirs = or_(match_any(session, Delivery.__table__.c.incident_id, own), _is_of(Delivery, subject))
    pending = select(Delivery).where(Delivery.incident_id.in_(carriers), theirs, Delivery.state.not_in(OVER))
    for delivery in session.scalars(pending.with_for_update()).all():
        # What waits is cancelled by whoever is to send it; what is out is ended.
        waits = delivery.state is DeliveryState.WAITING and not delivery.look_up_first
        delivery.not_after, delivery.unwanted = delivery.due_at, not waits
    return own


def _erase_from_greetings(session: Session, subject: people.Subject, own: Sequence[int], names: set[str]) -> set[int]:
    """What good mornings keep of the household (everything but times, in texts to others, too), of a contact by its
    number, and of whoever looked in on somebody. The incidents besides in which names are to be cut; adds to `names`.
    """
    for incident_id in own:
        _blank_numbers(session, incident_id)
    texts = select(Delivery).where(match_any(session, Delivery.__table__.c.incident_id, own))
    for told in session.scalars(texts):
        told.text = None
    # A contact stands on no roster: their calls are kept under the household that named them.
    called = (
        select(Delivery)
        .join(Incident)
        .where(
            Incident.kind == IncidentKind.GREETING, Delivery.number.in_(subject.numbers), Delivery.phone_id.is_(None)
        )
    )
    touched = set(own)
    for told in session.scalars(called).all():
        touched.add(told.incident_id)
        names |= {told.household_name, told.household_name_en} - {"", ERASED, ERASED_EN}
        said = (Acknowledgement.incident_id == told.incident_id) & (Acknowledgement.number == told.number)
        blank = {"household_name": ERASED, "household_name_en": ERASED_EN}
        session.execute(update(Acknowledgement).where(said).values(**blank))
        told.household_name, told.household_name_en, told.text = ERASED, ERASED_EN, None
    looked_in = select(Delivery.incident_id).where(_is_of(Delivery, subject), Delivery.purpose == Purpose.LOOK_IN)
    days = select(GreetingDay).where(GreetingDay.incident_id.in_(looked_in) | GreetingDay.incident_id.in_(touched))
    greetings = set()
    for day in session.scalars(days).all():
        greetings.add(day.greeting_id)
        day.closed_by = ERASED if day.closed_by in names else day.closed_by
    # Whoever was sent to look in, and called for help, stands in the words of that alarm.
    of = select(Greeting.household_id).where(Greeting.id.in_(greetings))
    for alert in session.scalars(select(Alert).where(Alert.by_others, Alert.household_id.in_(of))).all():
        alert.text = _cut(alert.text, names)
        touched.add(alert.incident_id)
    session.flush()
    of_theirs = select(Greeting.id).where(_is_greeted(subject))
    session.execute(delete(GreetingDay).where(GreetingDay.greeting_id.in_(of_theirs)))
    session.execute(delete(GreetingChange).where(GreetingChange.greeting_id.in_(of_theirs)))
    session.execute(delete(Greeting).where(_is_greeted(subject)))
    for table in (Greeting, GreetingChange):
        named = update(table).where(table.contact_number.in_(subject.numbers), table.contact_number != "")
        session.execute(named.values(contact_name="", contact_number="", contact_texts=False))
    return touched


def erase_from_incidents(session: Session, subject: people.Subject) -> int:
    """Blank who the household or the numbers are in every incident; in how many. None is open: see `find_running`."""
    names: set[str] = set()
    incidents: set[int] = set()
    greeted = _stop_greetings(session, subject)
    for table in (Alert, Delivery, Acknowledgement):
        rows: Sequence[Any] = session.scalars(select(table).where(_is_of(table, subject))).all()
        for row in rows:
            incidents.add(row.incident_id)
            names |= {row.household_name, row.household_name_en} - {"", ERASED, ERASED_EN}
            row.household_name, row.household_name_en = ERASED, ERASED_EN
            if isinstance(row, Alert):
                row.place = row.place_en = row.door = row.text = row.first_help = ""
            elif isinstance(row, Delivery):
                row.text = None
    session.flush()
    incidents |= _erase_from_greetings(session, subject, greeted, names)
    for incident_id in sorted(incidents):
        _blank_numbers(session, incident_id, subject.numbers)
        for line in session.scalars(select(IncidentUpdate).where(IncidentUpdate.incident_id == incident_id)):
            line.detail = _cut_names(line.detail, names)
        incident = session.get_one(Incident, incident_id)
        incident.note = _cut(incident.note, names | _list_heads(names))
        texts = select(Delivery).where(Delivery.incident_id == incident_id, Delivery.text.is_not(None))
        for told in session.scalars(texts):
            told.text = _cut(told.text, names)
    for event in session.scalars(select(InboundEvent).where(_is_of(InboundEvent, subject))).all():
        event.number, event.text, event.answer = f"#{event.id}", "", {}
    session.execute(delete(Mute).where(Mute.number.in_(subject.numbers)))
    # Number changes that are under way; those that are over keep no number.
    session.execute(delete(NumberChange).where(_is_in_change(subject)))
    session.flush()
    return len(incidents)


def _cut_names(detail: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """A line's particulars without the names, and without what such a household has said."""
    if detail.get("household") not in names:
        written = names | _list_heads(names)
        return {name: _cut(value, written if name in _SAID else names) for name, value in detail.items()}
    kept = {name: value for name, value in detail.items() if name not in _SAID | {"number", "place"}}
    return kept | {"household": ERASED}


def _list_heads(names: set[str]) -> set[str]:
    """The heads' bare names, as somebody writes them into a note; one sign alone may be any word."""
    return {head for name in names if name.endswith("家") and len(head := name.removesuffix("家")) > 1}


def _cut(value: Any, names: set[str]) -> Any:
    if isinstance(value, str):
        # The longest first: what is left of 王建国家 without 王建国 would still be read as a house.
        for name in sorted(names, key=len, reverse=True):
            value = value.replace(name, ERASED)
    return value


def _is_of(table: Any, subject: people.Subject) -> Any:
    """Of the household; by its number alone only where no household stands: another may have the number by now."""
    of_nobody = table.household_id.is_(None) & table.number.in_(subject.numbers)
    return of_nobody if subject.household_id is None else or_(table.household_id == subject.household_id, of_nobody)
