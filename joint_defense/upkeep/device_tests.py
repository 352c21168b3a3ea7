"""Ask for the monthly test press of devices, once more after a week, and make a silent device somebody's task.

A press is a call for help unless somebody says by key, on that call, that it is the test: silence, a call that is hung
up, another key and a second press are calls for help.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller, DeviceOnLine
from joint_defense.models.upkeep import DevicePress, PhoneCheck
from joint_defense.rules.errors import DrillRefused
from joint_defense.rules.hours import Spans
from joint_defense.rules.states import Channel
from joint_defense.rules.upkeep.rolling_tests import REST
from joint_defense.rules.wording import device_tests as words
from joint_defense.upkeep import checks, own_test, tasks, village_hours

ASKED_EVERY = timedelta(days=28)
"""So long after the last test was asked for the next one is."""
REMINDED_AFTER = timedelta(days=7)
"""The week has one ask."""
LEAST_TIME = timedelta(hours=1)
"""So long before the day's hours end nothing is asked any more: there would be no time to press."""
RAISED_AFTER = timedelta(seconds=20)
"""So long after a press whose call said nothing more it is raised as a call for help: the question takes six seconds,
and the answer has five. A call that is known to be over waits no longer.
"""
RESTS_AFTER_TEXT = timedelta(days=3)
"""So long a phone that was texted for a press is not tested by a call."""
OPEN_FOR = timedelta(minutes=30)
"""So long a press is waited for after somebody has asked for a test from the device's own line (key 8)."""
AT_ONCE = 50
"""So many devices of a village are asked for at a time."""


def find_end(now: datetime, spans: Spans, zone: ZoneInfo) -> datetime | None:
    """Until when a press that is asked for now is waited for: the end of the day's last hours.

    None where there is too little time left.
    """
    local = now.astimezone(zone)
    last = max((until for _, until in spans), default=0)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + timedelta(hours=last)
    return end if end - local >= LEAST_TIME else None


def find_villages(session: Session, now: datetime, zone: ZoneInfo) -> list[int]:
    """The villages with devices, in which something may be asked now."""
    return sorted(village_hours.find_villages_allowing(session, now, zone, directory.list_device_villages(session)))


def go_on(session: Session, village_id: int, now: datetime, zone: ZoneInfo) -> list[int]:
    """Ask for what is due in a village, remind, and make tasks; the drills that carry the calls and texts.

    Nothing is done outside the village's hours, nor beside a call for help in it.
    """
    if village_id not in village_hours.find_villages_allowing(session, now, zone, [village_id]):
        return []
    end = find_end(now, village_hours.read_upkeep(session, village_id).spans or (), zone)
    today = now.astimezone(zone).date()
    reminded: list[tuple[DeviceOnLine, int | None]] = []
    for test in directory.list_open_device_tests(session, village_id, 10 * AT_ONCE):
        if test.open_until > now:
            continue
        if test.reminded_on is not None:
            if test.reminded_on < today and directory.miss_device_test(session, test.test_id, now):
                tasks.open_device_task(session, test.device.device_id, test.device.phone_id, now)
        elif test.asked_on <= today - REMINDED_AFTER and len(reminded) < AT_ONCE:
            reminded.append((test.device, test.test_id))
    if end is None:
        return []
    due = directory.list_devices_to_ask(session, village_id, today, now, ASKED_EVERY, AT_ONCE)
    return _ask(session, [*reminded, *((each, None) for each in due)], now, end, zone)


def ask_now(session: Session, device_id: int, village_id: int | None, now: datetime, zone: ZoneInfo) -> list[int]:
    """Ask for a device's test at once, because somebody wishes it; the drills that carry call or text.

    Raises DrillRefused: `unknown_device` (none is out, or it is tied to no line), `hours`, `alarm_open`, `nobody`.
    """
    device = directory.read_devices(session, [device_id]).get(device_id)
    line = None if device is None else directory.find_phone(session, device.phone_id)
    if device is None or line is None or (village_id is not None and line.village_id != village_id):
        raise DrillRefused("unknown_device")
    if village_hours.has_open_alarm(session, line.village_id):
        raise DrillRefused("alarm_open")
    end = find_end(now, village_hours.read_upkeep(session, line.village_id).spans or (), zone)
    allowed = village_hours.find_villages_allowing(session, now, zone, [line.village_id])
    if end is None or line.village_id not in allowed:
        raise DrillRefused("hours")
    still = directory.find_open_device_test(session, device_id)
    rung = _ask(session, [(device, still)], now, end, zone, wished=True)
    if not rung:
        raise DrillRefused("nobody")
    return rung


def open_for_own_test(session: Session, phone_id: int, now: datetime, zone: ZoneInfo) -> bool:
    """Somebody asks for a test from this line (key 8): for half an hour a press of its device is the test, if they say
    so. Whether a device is tied to the line.
    """
    until, today = now + OPEN_FOR, now.astimezone(zone).date()
    waited = False
    for device in directory.list_devices_on(session, phone_id):
        test_id = directory.find_open_device_test(session, device.device_id)
        if test_id is None:
            directory.open_device_test(session, device, today, until)
        else:
            directory.keep_device_test_open(session, test_id, until)
        waited = True
    return waited


def _ask(
    session: Session,
    wanted: Sequence[tuple[DeviceOnLine, int | None]],
    now: datetime,
    end: datetime,
    zone: ZoneInfo,
    *,
    wished: bool = False,
) -> list[int]:
    """Call or text each household, but those rung or asked within a week for anything (`wished`: those too)."""
    today = now.astimezone(zone).date()
    rested = set() if wished else _find_rung_lately(session, [each for each, _ in wanted], now, zone)
    asked: dict[tuple[Channel, str], list[Caller]] = defaultdict(list)
    for device, test_id in wanted:
        found = _choose(session, device)
        if found is None or device.phone_id in rested or found[0].phone_id in rested:
            continue
        phone, channel = found
        if test_id is None:
            if directory.open_device_test(session, device, today, end) is None:
                continue
        else:
            directory.note_device_reminder(session, test_id, today, end)
        rested.add(phone.phone_id)
        asked[channel, device.kind].append(phone)
    hour = end.astimezone(zone).hour or 24
    texted = [each for (channel, _), phones in asked.items() if channel is Channel.SMS for each in phones]
    rung_on = _read_rung(session, [each.phone_id for each in texted])
    drills = [
        own_test.ring_all(session, phones, "clock", now, zone, channel=channel, write=_make_writer(channel, kind, hour))
        for (channel, kind), phones in asked.items()
    ]
    # A text rings nobody, and most presses prove the line: where none comes, the number is tested in a few days.
    sooner = today - (REST - RESTS_AFTER_TEXT)
    for each in texted:
        checks.note_rung(session, {each.phone_id: each.village_id}, max(rung_on.get(each.phone_id, sooner), sooner))
    return drills


def _read_rung(session: Session, phone_ids: Collection[int]) -> dict[int, date]:
    """When these phones were rung last by a drill or test, if ever."""
    rung = select(PhoneCheck.phone_id, PhoneCheck.rung_on).where(PhoneCheck.phone_id.in_(phone_ids))
    return {phone_id: on for phone_id, on in session.execute(rung) if on is not None}


def _make_writer(channel: Channel, kind: str, hour: int) -> own_test.Writer:
    if channel is Channel.SMS:
        return lambda _whose, language: words.write_ask(kind, hour, language)
    return lambda whose, language: words.say_ask(kind, whose, hour, language)


def _find_rung_lately(session: Session, devices: Sequence[DeviceOnLine], now: datetime, zone: ZoneInfo) -> set[int]:
    households = {each.household_id for each in devices}
    theirs = {each.phone_id for each in directory.list_phones(session, sorted(households))}
    since = now.astimezone(zone).date() - REST
    rung = select(PhoneCheck.phone_id).where(PhoneCheck.phone_id.in_(theirs), PhoneCheck.rung_on > since)
    return set(session.scalars(rung))


def _choose(session: Session, device: DeviceOnLine) -> tuple[Caller, Channel] | None:
    """By which phone of the household it is asked: a text to the device's line or to another phone, else a call to
    the line. None where the household takes neither.
    """
    line = directory.find_phone(session, device.phone_id)
    if line is None or line.household_id != device.household_id or line.silent:
        return None
    others = [each.phone_id for each in directory.list_phones(session, [device.household_id])]
    phones = [line, *(each for each in directory.list_by_ids(session, others) if each.phone_id != line.phone_id)]
    opted_out = directory.find_opted_out(session, [each.number for each in phones])
    for each in phones:
        if each.may_text and each.number not in opted_out:
            return each, Channel.SMS
    return (line, Channel.CALL) if line.may_call else None


def take_press(session: Session, call_sid: str, line_account: str, caller: Caller, now: datetime) -> int | None:
    """A press on this line, for which a test is waited for: its id, until it is known whether it is the test.

    None where it is a call for help at once: no test is waited for, somebody in the village calls for help already,
    it is pressed for the second time, or somebody may be listening who must not know.
    """
    known = session.scalars(select(DevicePress).where(DevicePress.call_sid == call_sid)).one_or_none()
    if known is not None:
        return known.id if known.is_test is None and known.raise_at is not None else None
    test_id = None if caller.silent else directory.find_device_test(session, caller.phone_id, now)
    if test_id is None or village_hours.has_open_alarm(session, caller.village_id):
        return None
    unsettled = select(DevicePress.id).where(DevicePress.number == caller.number, DevicePress.raise_at.is_not(None))
    if session.scalar(unsettled.limit(1)) is not None:
        return None
    press = DevicePress(
        test_id=test_id,
        household_id=caller.household_id,
        number=caller.number,
        call_sid=call_sid,
        line_account=line_account,
        pressed_at=now,
        raise_at=now + RAISED_AFTER,
    )
    session.add(press)
    session.flush()
    return press.id


def settle(session: Session, press: DevicePress, now: datetime, *, is_test: bool) -> None:
    """It is known what a press was: nothing is raised for it any more, and the ledger has it."""
    press.raise_at, press.is_test, press.number = None, is_test, ""
    line = directory.note_device_press(session, press.test_id, press.pressed_at, as_test=is_test)
    if is_test:
        # Somebody has called from that phone, and pressed a key: it is proven like by any answer.
        checks.note_answer(session, line)


def hurry(session: Session, call_sid: str, now: datetime) -> None:
    """The call of a press is over, and nobody said that it was the test: it is raised at once."""
    press = session.scalars(
        select(DevicePress).where(DevicePress.call_sid == call_sid, DevicePress.raise_at > now).with_for_update()
    ).one_or_none()
    if press is not None:
        press.raise_at = now
