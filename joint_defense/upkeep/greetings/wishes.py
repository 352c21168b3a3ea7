"""Who wishes to be asked every day whether they are well: enrolled with their consent, changed, paused, ended.

Nobody but whoever enrolled them and administrators is shown who takes part: no list, export or board has it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller, PhoneNumber
from groups.rules.typed_text import find_flaw, tidy
from joint_defense.models.greetings import Greeting, GreetingChange, GreetingDay
from joint_defense.rules.errors import GreetingRefused
from joint_defense.rules.states import Channel
from joint_defense.rules.upkeep.greetings import (
    ASKS,
    AWAY_FOR,
    EARLIEST,
    LATEST,
    GreetingOutcome,
    Pause,
    WrongDay,
    check_pause,
    read_minute,
    read_pause,
    write_minute,
)
from joint_defense.rules.wording import greetings as words
from joint_defense.rules.wording.greetings import WORDS_VERSION
from joint_defense.upkeep.greetings import greeting_calls, greeting_days
from joint_defense.upkeep.number_changes import NumberRules


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wishes, as it was written: the phone and the time, whom to ask next, and their consent."""

    phone_id: int
    at: str
    channel: Channel = Channel.CALL
    contact_name: str = ""
    contact_number: str = ""
    contact_agreed: bool = False
    alarms: bool = False
    consent_by: str = ""


@dataclass(frozen=True, slots=True)
class EnrolledBy:
    """Who enrols: the account, if it is one, and its name; `consent_version` is the town's text in force today."""

    name: str
    account_id: int | None = None
    consent_version: int | None = None


@dataclass(frozen=True, slots=True)
class GreetingLine:
    """A greeting with its phone, and its last day, as whoever enrolled them sees it. `phone` None: it is gone."""

    greeting: Greeting
    phone: Caller | None
    last: GreetingDay | None

    @property
    def at(self) -> str:
        """The time of the day."""
        return write_minute(self.greeting.minute)


def enrol(session: Session, village_id: int, wish: Wish, by: EnrolledBy, now: datetime, rules: NumberRules) -> Greeting:
    """Put a wish on record. Raises GreetingRefused, with what is wrong by field."""
    caller, contact = _check(session, village_id, wish, rules)
    open_one = select(Greeting.id).where(Greeting.household_id == caller.household_id, Greeting.ended_at.is_(None))
    if session.scalar(open_one) is not None:
        raise GreetingRefused({"phone": "already"})
    local = now.astimezone(rules.zone)
    greeting = Greeting(
        village_id=village_id,
        household_id=caller.household_id,
        consent_by=tidy(wish.consent_by),
        consent_on=local.date(),
        consent_version=by.consent_version,
        words_version=WORDS_VERSION,
        account_id=by.account_id,
        made_at=now,
        made_by=by.name[:80],
    )
    # Once a day for a household, whatever was ended and enrolled anew meanwhile.
    earlier = select(func.max(Greeting.last_on)).where(Greeting.household_id == caller.household_id)
    greeting.last_on = session.scalar(earlier)
    _write(greeting, caller, wish, contact, local)
    session.add(greeting)
    session.flush()
    return greeting


def change(session: Session, greeting: Greeting, wish: Wish, by: str, now: datetime, rules: NumberRules) -> bool:
    """Put another hour, channel, contact or last step on record, and what stood before; the consent stays as given.

    `contact_agreed` is asked for only where the contact's number is new. False where nothing is changed. Raises
    GreetingRefused, with what is wrong by field: `contact_asked` where the contact of today is being asked.
    """
    phone = greeting_calls.find_phone(session, greeting)
    if phone is None:
        raise GreetingRefused({"phone": "phone_gone"})
    agreed = wish.contact_agreed or _has_agreed(greeting, wish.contact_number, rules)
    whole = replace(wish, phone_id=phone.phone_id, consent_by=greeting.consent_by, contact_agreed=agreed)
    caller, contact = _check(session, phone.village_id, whole, rules)
    if contact is None or contact.e164 != greeting.contact_number:
        _refuse_while_contact_is_asked(session, greeting)
    before = _keep(greeting, by, now)
    stays = greeting.phone_id
    _write(greeting, caller, whole, contact, now.astimezone(rules.zone))
    # Whose phone is not the one they chose any more is found anew each day.
    greeting.phone_id = stays
    changed = any(getattr(before, each) != getattr(greeting, each) for each in _CHANGED)
    if changed:
        session.add(before)
        session.flush()
    return changed


_CHANGED = ("channel", "minute", "contact_name", "contact_number", "contact_texts", "alarms")


def _keep(greeting: Greeting, by: str, now: datetime) -> GreetingChange:
    """What stands before a change."""
    stood = {each: getattr(greeting, each) for each in _CHANGED}
    return GreetingChange(greeting_id=greeting.id, made_at=now, made_by=by[:80], **stood)


def _has_agreed(greeting: Greeting, written: str, rules: NumberRules) -> bool:
    number = directory.read_written_number(written, rules.region, rules.area_code, rules.countries) if written else None
    return number is not None and number.e164 == greeting.contact_number


def _refuse_while_contact_is_asked(session: Session, greeting: Greeting) -> None:
    """Whoever has just been rung, or is about to press a key, stays the contact until today's question is settled."""
    asked = select(GreetingDay.id).where(
        GreetingDay.greeting_id == greeting.id, GreetingDay.closed_at.is_(None), GreetingDay.step.not_in(ASKS)
    )
    if session.scalar(asked.limit(1)) is not None:
        raise GreetingRefused({"contact_number": "contact_asked"})


def list_changes(session: Session, greeting_id: int) -> Sequence[GreetingChange]:
    """What was changed in a greeting, the last change first; each row says what stood before."""
    changes = select(GreetingChange).where(GreetingChange.greeting_id == greeting_id)
    return session.scalars(changes.order_by(GreetingChange.id.desc())).all()


def undo_change(session: Session, greeting: Greeting, now: datetime, rules: NumberRules) -> bool:
    """Take back the last change that stands; False where none does. Raises GreetingRefused where what stood before may
    not stand any more: a contact who takes no calls by now, or who is being asked.
    """
    last = next((each for each in list_changes(session, greeting.id) if each.undone_at is None), None)
    if last is None:
        return False
    phone = greeting_calls.find_phone(session, greeting)
    if phone is None:
        raise GreetingRefused({"phone": "phone_gone"})
    wish = Wish(
        phone.phone_id,
        write_minute(last.minute),
        last.channel,
        *(last.contact_name, last.contact_number),
        contact_agreed=True,
        alarms=last.alarms,
        consent_by=greeting.consent_by,
    )
    caller, contact = _check(session, phone.village_id, wish, rules)
    if last.contact_number != greeting.contact_number:
        _refuse_while_contact_is_asked(session, greeting)
    stays = greeting.phone_id
    _write(greeting, caller, wish, contact, now.astimezone(rules.zone))
    greeting.phone_id, last.undone_at = stays, now
    return True


def _write(greeting: Greeting, caller: Caller, wish: Wish, contact: PhoneNumber | None, local: datetime) -> None:
    minute = read_minute(wish.at) or 0
    if greeting.minute != minute and minute <= local.hour * 60 + local.minute:
        # Today's time has gone by before they wished for it.
        greeting.last_on = max(local.date(), greeting.last_on or local.date())
    greeting.phone_id, greeting.channel, greeting.minute = caller.phone_id, wish.channel, minute
    greeting.contact_name = tidy(wish.contact_name)[:40] if contact is not None else ""
    greeting.contact_number = "" if contact is None else contact.e164
    greeting.contact_texts = contact is not None and contact.kind == "mobile"
    greeting.alarms = wish.alarms


def _check(session: Session, village_id: int, wish: Wish, rules: NumberRules) -> tuple[Caller, PhoneNumber | None]:
    """The phone and the contact's number. Raises GreetingRefused with all that is wrong."""
    wrong: dict[str, str] = {}
    caller = directory.find_phone(session, wish.phone_id)
    if caller is None or caller.village_id != village_id:
        raise GreetingRefused({"phone": "phone_gone"})
    minute = read_minute(wish.at)
    if minute is None or not EARLIEST <= minute <= LATEST:
        wrong["at"] = "hour"
    if not (caller.may_call or caller.may_text):
        wrong["channel"] = "opted_out"
    elif wish.channel is Channel.CALL and not caller.may_call:
        wrong["channel"] = "no_calls"
    elif wish.channel is Channel.SMS and not caller.may_text:
        wrong["channel"] = "no_texts"
    elif wish.channel is Channel.SMS and directory.find_opted_out(session, [caller.number]):
        wrong["channel"] = "stopped"
    if flaw := _find_flaw_of_name(wish.consent_by):
        wrong["consent_by"] = "link" if flaw == "link" else "no_consent"
    contact = _check_contact(session, caller, wish, rules, wrong)
    if wrong:
        raise GreetingRefused(wrong)
    return caller, contact


def _check_contact(
    session: Session, caller: Caller, wish: Wish, rules: NumberRules, wrong: dict[str, str]
) -> PhoneNumber | None:
    if not wish.contact_number:
        if wish.contact_name:
            wrong["contact_number"] = "contact_missing"
        return None
    contact = directory.read_written_number(wish.contact_number, rules.region, rules.area_code, rules.countries)
    if contact is None:
        wrong["contact_number"] = "contact_broken"
        return None
    if contact.e164 in {each.number for each in directory.list_phones(session, [caller.household_id])}:
        wrong["contact_number"] = "contact_own"
    elif not _may_be_asked(session, contact.e164):
        wrong["contact_number"] = "contact_opted_out"
    # It stands in texts to neighbours.
    if flaw := _find_flaw_of_name(wish.contact_name):
        wrong["contact_name"] = "link" if flaw == "link" else "contact_unnamed"
    if not wish.contact_agreed:
        wrong["contact_agreed"] = "contact_not_asked"
    return contact


def _find_flaw_of_name(typed: str) -> str | None:
    name = tidy(typed)
    return find_flaw(name) if name else "missing"


def _may_be_asked(session: Session, number: str) -> bool:
    """Whether the contact's phone, where it is on the roster, may be called or texted at all."""
    known = directory.find_caller(session, number)
    return known is None or known.may_call or known.may_text


def find_one(session: Session, greeting_id: int, *, hold: bool = False) -> Greeting | None:
    """A greeting that has not ended."""
    found = session.get(Greeting, greeting_id, with_for_update=True if hold else None, populate_existing=True)
    return None if found is None or found.ended_at is not None else found


def find_of_number(session: Session, number: str) -> Greeting | None:
    """The greeting of the household that has this number."""
    caller = directory.find_caller(session, number)
    if caller is None:
        return None
    found = select(Greeting).where(Greeting.household_id == caller.household_id, Greeting.ended_at.is_(None))
    return session.scalars(found.with_for_update()).one_or_none()


def list_greetings(
    session: Session, villages: Collection[int] | None, account_id: int | None, *, all_of_them: bool = False
) -> list[GreetingLine]:
    """Those that an account has enrolled, or all (`all_of_them`: an administrator, a command); by their time."""
    asked = select(Greeting).where(Greeting.ended_at.is_(None))
    if villages is not None:
        asked = asked.where(Greeting.village_id.in_(villages))
    if not all_of_them:
        asked = asked.where(Greeting.account_id == account_id)
    rows = session.scalars(asked.order_by(Greeting.minute, Greeting.id)).all()
    phones = {each.phone_id: each for each in directory.list_by_ids(session, {row.phone_id for row in rows})}
    days = select(GreetingDay).where(GreetingDay.greeting_id.in_([row.id for row in rows])).order_by(GreetingDay.day)
    last = {day.greeting_id: day for day in session.scalars(days)}
    return [GreetingLine(row, phones.get(row.phone_id), last.get(row.id)) for row in rows]


def pause(session: Session, greeting: Greeting, until: date, by: str, now: datetime, zone: ZoneInfo) -> None:
    """They are away, and are asked again on that day. Raises WrongDay."""
    greeting.paused_until = check_pause(until, now.astimezone(zone).date())
    _close_open_day(session, greeting, GreetingOutcome.AWAY, by, now)


def resume(session: Session, greeting: Greeting, by: str, now: datetime, zone: ZoneInfo) -> None:
    """They are back, and have just given a sign: they are asked again tomorrow."""
    greeting.paused_until, greeting.last_on = None, now.astimezone(zone).date()
    _close_open_day(session, greeting, GreetingOutcome.WELL, by, now)


def settle(session: Session, greeting: Greeting, by: str, now: datetime) -> bool:
    """Somebody has seen that they are well. False where nothing is open."""
    return _close_open_day(session, greeting, GreetingOutcome.SEEN, by, now)


def _close_open_day(session: Session, greeting: Greeting, outcome: GreetingOutcome, by: str, now: datetime) -> bool:
    still = select(GreetingDay.id).where(GreetingDay.greeting_id == greeting.id, GreetingDay.closed_at.is_(None))
    closed = False
    for day_id in session.scalars(still).all():
        day = greeting_days.lock_day(session, day_id)
        if day.closed_at is None:
            greeting_days.end_asking(session, day, outcome, by, now)
            closed = True
    return closed


def find_wish(session: Session, number: str, text: str, today: date) -> tuple[Greeting, Pause | WrongDay] | None:
    """What a text 出门, 出门到5号 or 回来 of somebody who is greeted asks for; None for any other text."""
    try:
        wished: Pause | WrongDay | None = read_pause(text, today)
    except WrongDay as error:
        wished = error
    greeting = None if wished is None else find_of_number(session, number)
    return None if wished is None or greeting is None else (greeting, wished)


def take_wish(
    session: Session, greeting: Greeting, wished: Pause | WrongDay, language: str, now: datetime, zone: ZoneInfo
) -> str:
    """Do it; the line to answer with."""
    if isinstance(wished, WrongDay):
        return words.write_wrong_day(wished.why, language)
    if wished.back:
        resume(session, greeting, "", now, zone)
        return words.write_back(write_minute(greeting.minute), language)
    until = wished.until or now.astimezone(zone).date() + AWAY_FOR
    pause(session, greeting, until, "", now, zone)
    return words.write_away(until, language)
