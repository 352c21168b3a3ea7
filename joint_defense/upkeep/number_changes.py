"""Numbers that people change by text: the new number is called and asked first, whoever asked and the old one are told.

A change waits for a permitted hour, is called (three times at most), and ends; what it held of people goes then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.database import insert_rows
from config.settings import TIMEZONE
from groups import directory
from groups.directory import ChangeablePhone, PhoneNumber, PhoneOnRecord
from joint_defense.delivery.plan import OnePhone, make_row
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.models.upkeep import NumberChange
from joint_defense.rules.hours import Spans, is_within
from joint_defense.rules.number_changes import (
    Unclear,
    WantedChange,
    choose_phone,
    read_bare_number,
    read_change,
)
from joint_defense.rules.parties import DRILL, NOTICE
from joint_defense.rules.states import Channel, IncidentKind, Purpose
from joint_defense.rules.tasks import ChangeState
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.wording import number_changes as words
from joint_defense.upkeep import tasks, village_hours

ASKED_WITHIN = timedelta(days=30)
"""So long after a question a bare number is its answer."""
MOST_CALLS = 3
MOST_A_DAY = 5
"""So often a day another number is taken for one phone: we do not call whomever somebody names."""
CALLED_AGAIN = timedelta(hours=3)
ENDING = 4
_Write = Callable[[str, str, str], str]
"""Puts a line together from the household's name, the new number's last digits and the language."""


@dataclass(frozen=True, slots=True)
class NumberRules:
    """How a written number is read, and when a new one is called where the village has set no hours of its own."""

    region: str = "CN"
    area_code: str = ""
    countries: tuple[str, ...] = ("+86",)
    spans: Spans = ((9, 11), (15, 19))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(TIMEZONE))


def find_change(session: Session, number: str, text: str, now: datetime, *, bare: bool) -> WantedChange | None:
    """What a text from this number changes; None for another. `bare`: also a number alone, where one was asked for."""
    found = read_change(text)
    if found is not None or not bare:
        return found
    alone = read_bare_number(text)
    return alone if alone is not None and tasks.find_asked(session, number, now - ASKED_WITHIN) else None


def take_change(
    session: Session, sender: str, wanted: WantedChange, language: str, now: datetime, rules: NumberRules
) -> tuple[str, int | None]:
    """Take a new number from somebody by text: the line to answer with, and the call that it begins, if one does."""
    phones = directory.list_changeable(session, sender)
    if not phones:
        return words.write_not_allowed(language), None
    number = directory.read_written_number(wanted.number, rules.region, rules.area_code, rules.countries)
    if number is None:
        return words.write_broken(wanted.number, language), None
    asked = {each.phone.phone_id for each in tasks.find_asked(session, sender, now - ASKED_WITHIN)}
    meant = choose_phone(phones, asked, wanted, sender)
    if isinstance(meant, Unclear):
        return words.write_unclear(meant, wanted.name or wanted.ending, language), None
    owner = directory.find_household_of(session, number.e164)
    if owner is not None:
        return words.write_taken(wanted.number, language, same=owner == meant.household_id), None
    lately = NumberChange.phone_id == meant.phone_id, NumberChange.asked_at > now - timedelta(days=1)
    if (session.scalar(select(func.count()).where(*lately)) or 0) >= MOST_A_DAY:
        return words.write_too_many(language), None
    change = _keep(session, meant, number, sender, language, now)
    called = _call(session, change, now, rules)
    name = meant.household_name if language == words.CHINESE else meant.household_name_en
    return words.write_checking(name, number.e164[-ENDING:], language, now=called is not None), called


def _keep(
    session: Session, meant: ChangeablePhone, number: PhoneNumber, sender: str, language: str, now: datetime
) -> NumberChange:
    """The change on record; an earlier one of the same phone counts no more."""
    earlier = NumberChange.phone_id == meant.phone_id, NumberChange.closed_at.is_(None)
    session.execute(update(NumberChange).where(*earlier).values(state=ChangeState.REPLACED, **_make_closed(now)))
    change = NumberChange(
        phone_id=meant.phone_id,
        household_id=meant.household_id,
        new_number=number.e164,
        is_mobile=number.kind == "mobile",
        asked_by=sender,
        language=language,
        state=ChangeState.WAITING,
        calls=0,
        next_at=now,
        asked_at=now,
    )
    session.add(change)
    session.flush()
    return change


def _make_closed(now: datetime) -> dict[str, object]:
    """What is over keeps no number."""
    return {"closed_at": now, "next_at": None, "new_number": "", "asked_by": ""}


def find_due(session: Session, now: datetime, limit: int = 100) -> list[int]:
    """The changes that wait for a call, or whose call is over without an answer."""
    over = select(Incident.id).where(Incident.id == NumberChange.incident_id, Incident.closed_at.is_not(None)).exists()
    due = (NumberChange.state == ChangeState.WAITING) & (NumberChange.next_at <= now)
    due |= (NumberChange.state == ChangeState.CALLING) & over
    asked = select(NumberChange.id).where(NumberChange.closed_at.is_(None), due)
    return list(session.scalars(asked.order_by(NumberChange.id).limit(limit)))


def go_on(session: Session, change_id: int, now: datetime, rules: NumberRules) -> int | None:
    """Call a new number that waits, in a permitted hour; after a call in vain let it wait, or give up and say so.

    The call's incident, where one is planned.
    """
    change = session.get(NumberChange, change_id, with_for_update=True)
    if change is None or change.closed_at is not None:
        return None
    if change.state is ChangeState.WAITING:
        return _call(session, change, now, rules)
    phone = directory.read_phones(session, [change.phone_id])[change.phone_id]
    if change.calls < MOST_CALLS:
        change.state, change.next_at = ChangeState.WAITING, now + CALLED_AGAIN
    else:
        _tell_asker(session, change, phone, words.write_unreached, now)
        _close(change, ChangeState.UNREACHED, now)
    return None


def _call(session: Session, change: NumberChange, now: datetime, rules: NumberRules) -> int | None:
    """Plan the call to the new number, where it may ring now."""
    phone = directory.read_phones(session, [change.phone_id])[change.phone_id]
    if not phone.active:
        _tell_asker(session, change, phone, words.write_gone, now)
        _close(change, ChangeState.GONE, now)
        return None
    spans = village_hours.read_upkeep(session, phone.village_id).spans or rules.spans
    if not is_within(spans, now.astimezone(rules.zone).hour) or village_hours.has_open_alarm(session, phone.village_id):
        return None
    incident = Incident(
        kind=IncidentKind.DRILL,
        village_id=phone.village_id,
        village_name=phone.village_name,
        group_id=None,
        group_name=phone.group_name,
        opened_at=now,
    )
    session.add(incident)
    session.flush()
    note_update(session, incident.id, UpdateKind.OPENED, now, by=phone.household_name)
    chinese = f"{phone.village_name}{phone.group_name}{phone.household_name}"
    whose = chinese if change.language == words.CHINESE else phone.household_name_en
    new = OnePhone(
        *(phone.household_id, phone.household_name, phone.household_name_en), change.new_number, change.language
    )
    row = make_row(
        *(new, incident.id, Channel.CALL, Purpose.TEST, now),
        urgency=DRILL,
        turn=0,
        text=words.say_check(whose, change.language),
    )
    insert_rows(session, Delivery, [row])
    change.state, change.calls, change.incident_id = ChangeState.CALLING, change.calls + 1, incident.id
    return incident.id


def confirm_change(session: Session, incident_id: int, now: datetime, zone: ZoneInfo) -> bool:
    """Whoever answers at the new number says that it is right: it takes the old one's place, and both are told.

    False where the roster has changed meanwhile; what is settled already stays as it is.
    """
    change = _find_of(session, incident_id)
    if change is None:
        return False
    if change.closed_at is not None:
        return change.state is ChangeState.DONE
    old = directory.read_phones(session, [change.phone_id])[change.phone_id]
    number = PhoneNumber(change.new_number, "mobile" if change.is_mobile else "landline")
    new_id = directory.replace_number(session, change.phone_id, number, f"改 {change.asked_by[-4:]}", now, zone)
    if new_id is None:
        _tell_asker(session, change, old, words.write_gone, now)
        _close(change, ChangeState.GONE, now)
        return False
    on = now.astimezone(zone).date()
    directory.note_reached(session, [directory.Reached(new_id, change.household_id, on, directory.Proof.DRILL)])
    name = old.household_name if change.language == words.CHINESE else old.household_name_en
    told = words.write_changed(name, old.number[-ENDING:], change.new_number[-ENDING:], change.language)
    takes_texts = old.is_mobile and not old.text_refused
    for number_told in dict.fromkeys([change.asked_by, *([old.number] if takes_texts else [])]):
        _text(session, old, number_told, change.language, told, now)
    _close(change, ChangeState.DONE, now)
    return True


def refuse_change(session: Session, incident_id: int, now: datetime) -> None:
    """Whoever answers at the new number says that it is not theirs: nothing changes, and whoever asked is told."""
    change = _find_of(session, incident_id)
    if change is None or change.closed_at is not None:
        return
    phone = directory.read_phones(session, [change.phone_id])[change.phone_id]
    _tell_asker(session, change, phone, words.write_denied, now)
    _close(change, ChangeState.DENIED, now)


def _find_of(session: Session, incident_id: int) -> NumberChange | None:
    asked = select(NumberChange).where(NumberChange.incident_id == incident_id).order_by(NumberChange.id.desc())
    return session.scalars(asked.limit(1).with_for_update()).first()


def _close(change: NumberChange, state: ChangeState, now: datetime) -> None:
    change.state = state
    for name, value in _make_closed(now).items():
        setattr(change, name, value)


def _tell_asker(session: Session, change: NumberChange, phone: PhoneOnRecord, write: _Write, now: datetime) -> None:
    name = phone.household_name if change.language == words.CHINESE else phone.household_name_en
    text = write(name, change.new_number[-ENDING:], change.language)
    _text(session, phone, change.asked_by, change.language, text, now)


def _text(session: Session, phone: PhoneOnRecord, number: str, language: str, text: str, now: datetime) -> None:
    place = (phone.village_id, phone.village_name)
    incident = tasks.make_text_carrier(session, *place, now, phone.group_id, phone.group_name)
    told = OnePhone(phone.household_id, phone.household_name, phone.household_name_en, number, language)
    row = make_row(*(told, incident.id, Channel.SMS, Purpose.TASK, now), urgency=DRILL + NOTICE, turn=0, text=text)
    insert_rows(session, Delivery, [row])
