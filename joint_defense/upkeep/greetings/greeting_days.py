"""Days of good mornings: who is asked now, who is asked next where nobody answers, and what an answer ends.

A day is opened once (`greeting_days` has a unique key), whatever the clock does. Its calls stand behind every alarm,
like those of a drill. A step follows only where the last one went out: a carrier that is away frightens no neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from config.database import insert_or_skip, insert_rows
from groups import directory
from joint_defense.delivery.plan import OnePhone, drop, make_row
from joint_defense.incidents.record import note_update
from joint_defense.models.greetings import Greeting, GreetingChange, GreetingDay
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.parties import DRILL, NOTICE
from joint_defense.rules.states import OVER, Channel, DeliveryState, IncidentKind, Occasion, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.upkeep.greetings import (
    ASKS,
    LAST_ALARM,
    WAITS,
    GreetingOutcome,
    GreetingStep,
    find_morning,
    find_next,
    find_night,
    is_night,
)
from joint_defense.rules.wording import greetings as words
from joint_defense.upkeep.checks import make_rung_phone
from joint_defense.upkeep.greetings import greeting_news
from joint_defense.upkeep.greetings.greeting_asked import Asked, list_asked, note_human_sign
from joint_defense.upkeep.greetings.greeting_calls import find_channels, find_phone, read_asked, write_greeting
from joint_defense.upkeep.greetings.greeting_lookers import plan_contact, plan_neighbours

AT_ONCE = 200
STILL_OF_USE = timedelta(minutes=10)
"""So long a request to look in may be on its way when the night begins, or a contact wishes one at night."""
NOT_OUT_YET = timedelta(minutes=1)
"""So long a call that has not left us is waited for, again and again, before anybody else is asked."""
NOT_OUT = frozenset({"not_placed", "refused"})
"""Failures of a call or text that has reached nobody."""
SETTLED = Occasion(round=1)
"""The text to those who were asked to look in that they need not any more."""
log = structlog.stdlib.get_logger(__name__)


def find_due(session: Session, now: datetime, zone: ZoneInfo) -> list[int]:
    """The greetings whose day is to be opened now."""
    local = now.astimezone(zone)
    minute, today = local.hour * 60 + local.minute, local.date()
    if is_night(local):
        return []
    due = select(Greeting.id).where(
        Greeting.ended_at.is_(None),
        Greeting.minute <= minute,
        or_(Greeting.last_on.is_(None), Greeting.last_on != today),
        or_(Greeting.paused_until.is_(None), Greeting.paused_until <= today),
    )
    return list(session.scalars(due.order_by(Greeting.minute, Greeting.id).limit(AT_ONCE)))


def open_day(session: Session, greeting_id: int, now: datetime, zone: ZoneInfo) -> int | None:
    """Ask somebody for the first time today; the incident that carries the call. None where they are not asked.

    Not beside a call for help of their own: they are asked once that is over.
    """
    greeting = session.get(Greeting, greeting_id, with_for_update=True, populate_existing=True)
    today = now.astimezone(zone).date()
    if greeting is None or greeting.ended_at is not None or greeting.last_on == today:
        return None
    if not directory.is_on_roster(session, greeting.household_id):
        _end_gone(session, greeting, now, zone)
        return None
    if _calls_for_help(session, greeting.household_id):
        return None
    greeting.last_on = today
    away = bool(directory.find_away(session, [greeting.household_id], now))
    _close_earlier(session, greeting, now, zone, away=away)
    if away:
        return None
    if not find_channels(session, greeting, None, GreetingStep.FIRST)[1]:
        return _report_unasked(session, greeting, now, zone)
    values = {"greeting_id": greeting.id, "day": today, "step": GreetingStep.FIRST, "opened_at": now}
    made = session.execute(insert_or_skip(session, GreetingDay, values).returning(GreetingDay.id)).scalar()
    if made is None:
        return None
    day = session.get_one(GreetingDay, made)
    day.incident_id = _make_incident(session, greeting, now).id
    _ask(session, day, greeting, now, zone)
    return day.incident_id


def _end_gone(session: Session, greeting: Greeting, now: datetime, zone: ZoneInfo) -> None:
    """They have left the roster: nobody is asked about them any more, and whoever enrolled them reads so. Who has moved
    is enrolled anew where they live now, by whoever answers for that place, and with other neighbours.
    """
    end_greeting(session, greeting, "", now)
    incident = _make_incident(session, greeting, now)
    incident.closed_at = now
    greeting_news.tell_gone(session, greeting, incident.id, now, zone)


def _report_unasked(session: Session, greeting: Greeting, now: datetime, zone: ZoneInfo) -> int | None:
    """They cannot be asked: whoever enrolled them is told, once until they can. The incident of that text."""
    if greeting.unasked_on is not None:
        return None
    greeting.unasked_on = now.astimezone(zone).date()
    incident = _make_incident(session, greeting, now)
    incident.closed_at = now
    phone = find_phone(session, greeting)
    greeting_news.tell_unasked(session, greeting, incident.id, phone, now, zone)
    return incident.id


def _make_incident(session: Session, greeting: Greeting, now: datetime) -> Incident:
    """What carries the calls. It names neither group nor household."""
    incident = Incident(
        kind=IncidentKind.GREETING,
        village_id=greeting.village_id,
        village_name="",
        group_id=None,
        group_name="",
        opened_at=now,
    )
    session.add(incident)
    session.flush()
    return incident


def _calls_for_help(session: Session, household_id: int, since: datetime | None = None) -> bool:
    """Whether the household calls for help at present; with `since`: or has called for it since then."""
    called = select(Alert.id).join(Incident)
    called = called.where(Alert.household_id == household_id, Alert.withdrawn_at.is_(None))
    if since is None:
        called = called.where(Incident.closed_at.is_(None))
    else:
        # A call without a word says of nobody that they are well, nor that help is on its way.
        called = called.where(Incident.kind == IncidentKind.ALARM)
        called = called.where(Incident.closed_at.is_(None) | (Alert.raised_at >= since))
    return session.scalar(called.limit(1)) is not None


def _close_earlier(session: Session, greeting: Greeting, now: datetime, zone: ZoneInfo, *, away: bool) -> None:
    earlier = select(GreetingDay).where(GreetingDay.greeting_id == greeting.id, GreetingDay.closed_at.is_(None))
    for day in session.scalars(earlier.with_for_update()).all():
        called = _calls_for_help(session, greeting.household_id, day.opened_at)
        over = GreetingOutcome.AWAY if away else GreetingOutcome.UNANSWERED
        _end_unanswered(session, day, greeting, GreetingOutcome.HELP if called else over, now, zone)


def _end_unanswered(
    session: Session, day: GreetingDay, greeting: Greeting, outcome: GreetingOutcome, now: datetime, zone: ZoneInfo
) -> None:
    """End a day without an answer. Where it was not gone through with, leader and whoever enrolled them are told."""
    unfinished = day.next_at is not None
    end_asking(session, day, outcome, "", now)
    phone = find_phone(session, greeting)
    if outcome is GreetingOutcome.UNANSWERED and unfinished and phone is not None:
        asked = any(_is_out(each) for each in read_asked(session, day))
        greeting_news.tell_left_open(session, greeting, day, phone, now, zone, asked=asked)


def find_days_due(session: Session, now: datetime) -> list[int]:
    """The open days whose next step is due."""
    due = select(GreetingDay.id).where(GreetingDay.closed_at.is_(None), GreetingDay.next_at <= now)
    return list(session.scalars(due.order_by(GreetingDay.next_at, GreetingDay.id).limit(AT_ONCE)))


def go_on(session: Session, day_id: int, now: datetime, zone: ZoneInfo, *, wished: bool = False) -> GreetingStep | None:
    """Nobody has answered: ask again, or ask the next one. The step that was taken; None for none.

    Not at night, unless a person wishes it (`wished`). `ALARM` is the caller's to carry out.
    """
    day = lock_day(session, day_id)
    if day.closed_at is not None or day.next_at is None or day.next_at > now:
        return None
    greeting = session.get_one(Greeting, day.greeting_id)
    if not directory.is_on_roster(session, greeting.household_id):
        _end_gone(session, greeting, now, zone)
        return None
    ends = _find_end(session, day, greeting, now, zone)
    if ends is not None:
        _end_unanswered(session, day, greeting, ends, now, zone)
        return None
    local = now.astimezone(zone)
    if is_night(local) and not wished and not _may_still_alarm(session, day, greeting, local):
        _drop_all(session, day, now)
        day.next_at = find_morning(local)
        return None
    if day.step in ASKS and not _has_gone_out(session, day, greeting, now, zone):
        return None
    following = find_next(day.step, has_contact=bool(greeting.contact_number), alarms=greeting.alarms)
    if following is None:
        day.next_at = None
        return None
    day.step = following
    note_update(session, _get_incident_id(day), UpdateKind.RING_AGAIN, now, by="clock", household="")
    if following not in ASKS:
        _ask_others(session, day, greeting, now, zone)
    elif not _ask(session, day, greeting, now, zone):
        return None
    return following


def _may_still_alarm(session: Session, day: GreetingDay, greeting: Greeting, local: datetime) -> bool:
    """Whether the step that is due late in the evening is the alarm they wish, after neighbours were asked in time."""
    if day.step is not GreetingStep.NEIGHBOURS or not greeting.alarms or local.hour * 60 + local.minute >= LAST_ALARM:
        return False
    asked = select(Delivery).where(Delivery.incident_id == day.incident_id, Delivery.purpose == Purpose.LOOK_IN)
    return day.day == local.date() and any(_is_out(each) for each in session.scalars(asked))


def _find_end(
    session: Session, day: GreetingDay, greeting: Greeting, now: datetime, zone: ZoneInfo
) -> GreetingOutcome | None:
    """Why a day is over without an answer; None: it goes on."""
    if greeting.ended_at is not None:
        return GreetingOutcome.ENDED
    if _calls_for_help(session, greeting.household_id, day.opened_at):
        return GreetingOutcome.HELP
    if directory.find_away(session, [greeting.household_id], now):
        return GreetingOutcome.AWAY
    # They are asked today again.
    return GreetingOutcome.UNANSWERED if day.day != now.astimezone(zone).date() else None


def _has_gone_out(session: Session, day: GreetingDay, greeting: Greeting, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the last call or text reached the carrier. Where it did not, it is waited for, or made once more."""
    rows = read_asked(session, day)
    last = [each for each in rows if each.round == rows[0].round]
    out = [each for each in last if _is_out(each)]
    if out or not last:
        return True
    if all(each.state in OVER for each in last):
        note_update(session, _get_incident_id(day), UpdateKind.RING_AGAIN, now, by="clock", household="")
        _ask(session, day, greeting, now, zone)
    else:
        day.next_at = now + NOT_OUT_YET
    return False


def _is_out(delivery: Delivery) -> bool:
    if delivery.state is DeliveryState.UNREACHED:
        return delivery.failure not in NOT_OUT
    return delivery.state in {DeliveryState.PLACED, DeliveryState.REACHED}


def _ask(session: Session, day: GreetingDay, greeting: Greeting, now: datetime, zone: ZoneInfo) -> bool:
    """Call or text them; the third time both. False where they cannot be asked any more: the day is over, and whoever
    enrolled them is told. Nobody else is asked about somebody who was not.
    """
    phone, channels = find_channels(session, greeting, day, day.step)
    _drop_all(session, day, now)
    if phone is None or not channels:
        end_asking(session, day, GreetingOutcome.UNASKED, "", now)
        _report_unasked(session, greeting, now, zone)
        return False
    greeting.unasked_on = None
    made = select(Delivery.round).where(Delivery.incident_id == day.incident_id, Delivery.purpose == Purpose.GREETING)
    round_ = max(session.scalars(made), default=-1) + 1
    rows = [
        make_row(
            *(make_rung_phone(phone), _get_incident_id(day), channel, Purpose.GREETING, now),
            urgency=DRILL,
            turn=0,
            text=write_greeting(phone, channel),
            occasion=Occasion(round=round_),
            not_after=find_night(now.astimezone(zone)),
        )
        for channel in channels
    ]
    insert_rows(session, Delivery, rows)
    day.next_at = now + WAITS[day.step]
    return True


def _ask_others(session: Session, day: GreetingDay, greeting: Greeting, now: datetime, zone: ZoneInfo) -> None:
    """Have the contact, or leader and neighbours, look after them."""
    day.next_at = now + WAITS[day.step] if day.step in WAITS else None
    phone = find_phone(session, greeting)
    if phone is None or day.step is GreetingStep.ALARM:
        return
    if day.step is GreetingStep.CONTACT:
        rows = plan_contact(session, day, greeting, phone, now)
    else:
        rows = plan_neighbours(session, day, phone, now, zone)
        if not rows:
            log.error("nobody_to_look_in", incident_id=day.incident_id)
    if not rows:
        day.next_at = now
    not_after = max(find_night(now.astimezone(zone)), now + STILL_OF_USE)
    insert_rows(session, Delivery, [row | {"not_after": not_after} for row in rows], skip_known=True)


def find_asked(session: Session, number: str) -> Asked | None:
    """The open day that this number's household was called or texted about last; None where there is none."""
    return next(iter(list_asked(session, number)), None)


def name_home(session: Session, asked: Asked, language: str) -> str:
    """The household that the day is about, as it was named to those who were asked."""
    first = _find_first_call(session, asked.day)
    if first is None:
        phone = find_phone(session, asked.greeting)
        return "" if phone is None else greeting_news.name_household(phone, language)[0]
    return first.household_name if language == words.CHINESE else first.household_name_en


def _find_first_call(session: Session, day: GreetingDay) -> Delivery | None:
    own = select(Delivery).where(Delivery.incident_id == day.incident_id, Delivery.purpose == Purpose.GREETING)
    return session.scalars(own.order_by(Delivery.id).limit(1)).first()


def find_of_delivery(session: Session, delivery: Delivery) -> Asked | None:
    """The day that a call belongs to, open or not."""
    row = session.execute(
        select(GreetingDay, Greeting)
        .join(Greeting, Greeting.id == GreetingDay.greeting_id)
        .where(GreetingDay.incident_id == delivery.incident_id)
    ).first()
    return None if row is None else Asked(*row, delivery)


def take_answer(session: Session, asked: Asked, channel: Channel, now: datetime, *, words_said: str = "") -> None:
    """A person has answered: that phone is proven, they are well, and whoever was to look in need not.

    `words_said`: more than that, in their own words; the contact reads them.
    """
    day = lock_day(session, asked.day.id)
    note_human_sign(session, asked.delivery, channel, now, asked.number)
    if day.closed_at is not None:
        return
    themselves = asked.delivery.purpose is Purpose.GREETING
    name = asked.delivery.household_name
    if themselves and words_said:
        _pass_on(session, asked, words_said, now)
    outcome = GreetingOutcome.WELL if themselves else GreetingOutcome.SEEN
    end_asking(session, day, outcome, name, now, but=asked.delivery.number)


def _pass_on(session: Session, asked: Asked, said: str, now: datetime) -> None:
    """To the contact, what was answered; where they take no texts nobody is told."""
    greeting = asked.greeting
    if not greeting.contact_texts:
        return
    known = directory.find_caller(session, greeting.contact_number)
    language = words.CHINESE if known is None else known.language
    own = asked.delivery
    home = own.household_name if language == words.CHINESE else own.household_name_en
    contact = OnePhone(
        greeting.household_id,
        *(greeting.contact_name, greeting.contact_name),
        number=greeting.contact_number,
        language=language,
    )
    row = make_row(
        *(contact, own.incident_id, Channel.SMS, Purpose.LOOK_IN, now),
        urgency=DRILL + NOTICE,
        turn=0,
        text=words.pass_on_words(home, said[:100], language),
        occasion=replace(SETTLED, round=2),
    )
    insert_rows(session, Delivery, [row], skip_known=True)


def have_neighbours_look_in(session: Session, asked: Asked, channel: Channel, now: datetime, zone: ZoneInfo) -> None:
    """The contact does not get through: leader and neighbours are asked at once."""
    day = lock_day(session, asked.day.id)
    note_human_sign(session, asked.delivery, channel, now, asked.number)
    if day.closed_at is None and day.step is GreetingStep.CONTACT:
        day.next_at = now
        go_on(session, day.id, now, zone, wished=True)


def ask_neighbours_now(session: Session, asked: Asked, channel: Channel, now: datetime, zone: ZoneInfo) -> None:
    """They have answered, and not that they are well: leader and neighbours look in at once. The day stays open."""
    day = lock_day(session, asked.day.id)
    note_human_sign(session, asked.delivery, channel, now, asked.number)
    if day.closed_at is None and (day.step in ASKS or day.step is GreetingStep.CONTACT):
        day.step, day.next_at = GreetingStep.CONTACT, now
        session.flush()
        go_on(session, day.id, now, zone)


def lock_day(session: Session, day_id: int) -> GreetingDay:
    """The day, held until the transaction ends: answers and the clock's steps come one after the other."""
    return session.get_one(GreetingDay, day_id, with_for_update=True, populate_existing=True)


def close_day(session: Session, day: GreetingDay, outcome: GreetingOutcome, by: str, now: datetime) -> None:
    """End a day: nobody is called for it any more."""
    day.closed_at, day.outcome, day.closed_by, day.next_at = now, outcome, by[:80], None
    incident = session.get(Incident, day.incident_id)
    if incident is not None and incident.closed_at is None:
        incident.closed_at = now
    _drop_all(session, day, now)


def end_asking(
    session: Session, day: GreetingDay, outcome: GreetingOutcome, by: str, now: datetime, *, but: str = ""
) -> None:
    """End a day because somebody knows that they are well, or away; whoever was to look in (`but`: this number) is
    told that they need not.
    """
    close_day(session, day, outcome, by, now)
    if outcome not in {GreetingOutcome.HELP, GreetingOutcome.UNANSWERED}:
        _tell_settled(session, day, but, now)


def _drop_all(session: Session, day: GreetingDay, now: datetime) -> None:
    pending = select(Delivery).where(Delivery.incident_id == day.incident_id, Delivery.state.not_in(OVER))
    drop(session, session.scalars(pending.order_by(Delivery.id).with_for_update()).all(), now)


def _tell_settled(session: Session, day: GreetingDay, but: str, now: datetime) -> None:
    """Those who were asked to look in need not go any more: by text, and by call whoever was asked by call alone."""
    asked = select(Delivery).where(
        Delivery.incident_id == day.incident_id,
        Delivery.purpose == Purpose.LOOK_IN,
        Delivery.round == 0,
        Delivery.attempt_count > 0,
        Delivery.number != but,
    )
    told: Sequence[Delivery] = session.scalars(asked.order_by(Delivery.id)).all()
    first = _find_first_call(session, day)
    if first is None:
        return
    rows = []
    # Of two the text comes last, and is taken.
    by_number = {one.number: one for one in sorted(told, key=lambda one: one.channel is Channel.SMS)}
    for each in by_number.values():
        home = first.household_name if each.language == words.CHINESE else first.household_name_en
        if day.outcome in {GreetingOutcome.WELL, GreetingOutcome.SEEN}:
            text = words.write_settled(home, each.language)
        else:
            text = words.write_called_off(home, each.language, away=day.outcome is GreetingOutcome.AWAY)
        urgency, not_after = DRILL + NOTICE, None
        if each.channel is Channel.CALL:
            # Not later than they were to be called about it at all.
            text, urgency, not_after = words.say_no_need(text, each.language), DRILL, each.not_after
            if not_after is not None and not_after <= now:
                continue
        row = (each, _get_incident_id(day), each.channel, Purpose.LOOK_IN, now)
        rows.append(make_row(*row, urgency=urgency, turn=0, text=text, occasion=SETTLED, not_after=not_after))
    insert_rows(session, Delivery, rows, skip_known=True)


def end_greeting(session: Session, greeting: Greeting, by: str, now: datetime) -> None:
    """They are not asked any more. What has ended keeps no contact."""
    greeting.ended_at, greeting.ended_by = now, by[:80]
    greeting.contact_name, greeting.contact_number, greeting.contact_texts = "", "", False
    session.execute(delete(GreetingChange).where(GreetingChange.greeting_id == greeting.id))
    still = select(GreetingDay).where(GreetingDay.greeting_id == greeting.id, GreetingDay.closed_at.is_(None))
    for day in session.scalars(still.with_for_update()).all():
        end_asking(session, day, GreetingOutcome.ENDED, by, now)


def _get_incident_id(day: GreetingDay) -> int:
    if day.incident_id is None:
        raise ValueError("a day without an incident")
    return day.incident_id
