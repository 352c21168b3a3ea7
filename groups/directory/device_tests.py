"""The monthly test press of #9 keys and dedicated phones: which are due, which are open, what came of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from config.database import insert_or_skip
from groups.models.enrolment import Device, DeviceTest, DeviceTestOutcome
from groups.models.roster import Household, Phone

PRESSED_FOR = timedelta(days=30)
"""A press counts for so long: a device without one is silent."""
_ENDED = DeviceTestOutcome.ENDED


@dataclass(frozen=True, slots=True)
class DeviceOnLine:
    """A device that is with a household, tied to one of its phones. `kind`: `key` or `phone`."""

    device_id: int
    kind: str
    serial: str
    phone_id: int
    household_id: int


@dataclass(frozen=True, slots=True)
class OpenDeviceTest:
    """A test that is asked for and not over. `open_until`: until then a press is asked whether it is the test."""

    test_id: int
    device: DeviceOnLine
    asked_on: date
    reminded_on: date | None
    open_until: datetime


def _select_tied(now: datetime) -> Select[Device]:
    """The devices whose household may be asked: at home, not silent, the line still its own."""
    return (
        select(Device)
        .join(Household, Household.id == Device.household_id)
        .join(Phone, Phone.id == Device.phone_id)
        .where(
            Device.returned_on.is_(None),
            Phone.archived_at.is_(None),
            Phone.household_id == Device.household_id,
            Household.archived_at.is_(None),
            ~Household.silent,
            or_(Household.away_until.is_(None), Household.away_until <= now),
        )
    )


def list_devices_to_ask(
    session: Session, village_id: int, today: date, now: datetime, every: timedelta, limit: int
) -> list[DeviceOnLine]:
    """The devices of a village whose test is due: none open, and none asked for or pressed within `every`."""
    of_late = or_(DeviceTest.closed_at.is_(None), DeviceTest.asked_on > today - every)
    lately = and_(DeviceTest.device_id == Device.id, of_late, DeviceTest.outcome.is_distinct_from(_ENDED))
    due = _select_tied(now).where(Household.village_id == village_id, ~select(DeviceTest.id).where(lately).exists())
    rows = session.scalars(due.order_by(Device.id).limit(limit)).all()
    return [_make(each) for each in rows]


def list_device_villages(session: Session) -> set[int]:
    """The villages in which a device is tied to a line."""
    found = select(Household.village_id).join(Device, Device.household_id == Household.id)
    tied = found.where(Device.returned_on.is_(None), Device.phone_id.is_not(None))
    return set(session.scalars(tied.distinct()))


def open_device_test(session: Session, device: DeviceOnLine, on: date, until: datetime) -> int | None:
    """Note that a device's household is asked for the test press; None where one is open already."""
    row = {"device_id": device.device_id, "phone_id": device.phone_id, "asked_on": on, "open_until": until}
    made = session.execute(insert_or_skip(session, DeviceTest, row).returning(DeviceTest.id)).first()
    return None if made is None else made[0]


def note_device_reminder(session: Session, test_id: int, on: date, until: datetime) -> None:
    """Note that the household is asked once more."""
    test = session.get_one(DeviceTest, test_id)
    test.reminded_on, test.open_until = on, until


def find_open_device_test(session: Session, device_id: int) -> int | None:
    """The test of a device that is not over."""
    return session.scalar(
        select(DeviceTest.id).where(DeviceTest.device_id == device_id, DeviceTest.closed_at.is_(None))
    )


def keep_device_test_open(session: Session, test_id: int, until: datetime) -> None:
    """A press is waited for until then, if not for longer already."""
    test = session.get_one(DeviceTest, test_id)
    test.open_until = max(test.open_until, until)


def list_devices_on(session: Session, phone_id: int) -> list[DeviceOnLine]:
    """The devices that call from this line."""
    rows = session.scalars(
        select(Device).where(Device.phone_id == phone_id, Device.returned_on.is_(None)).order_by(Device.id)
    )
    return [_make(each) for each in rows]


def find_device_test(session: Session, phone_id: int, now: datetime) -> int | None:
    """The test for which a press on this line is waited for now."""
    waited = select(DeviceTest.id).where(
        DeviceTest.phone_id == phone_id, DeviceTest.closed_at.is_(None), DeviceTest.open_until > now
    )
    return session.scalar(waited.order_by(DeviceTest.id).limit(1))


def note_device_press(session: Session, test_id: int, at: datetime, *, as_test: bool) -> int | None:
    """A device was pressed for its test; `as_test`: whoever did it has said so. What was said last stands. The phone
    that it called from; None where that is on record already.
    """
    test = session.get(DeviceTest, test_id, with_for_update=True)
    if test is None or test.outcome not in {None, DeviceTestOutcome.ALARM}:
        return None
    test.pressed_at, test.closed_at = test.pressed_at or at, at
    test.outcome = DeviceTestOutcome.PRESSED if as_test else DeviceTestOutcome.ALARM
    return test.phone_id


def list_tested_lines(session: Session, since: datetime) -> list[tuple[int, int, datetime]]:
    """The phones from which a device was tested since then: phone, household, and when somebody said so by key."""
    pressed = select(DeviceTest.phone_id, Phone.household_id, DeviceTest.pressed_at).join(
        Phone, Phone.id == DeviceTest.phone_id
    )
    rows = session.execute(
        pressed.where(DeviceTest.outcome == DeviceTestOutcome.PRESSED, DeviceTest.pressed_at > since)
    )
    return [(phone_id, household_id, at) for phone_id, household_id, at in rows if at is not None]


def list_open_device_tests(session: Session, village_id: int, limit: int) -> list[OpenDeviceTest]:
    """The tests of a village that are not over, the oldest first."""
    rows = session.execute(
        select(DeviceTest, Device)
        .join(Device, Device.id == DeviceTest.device_id)
        .join(Household, Household.id == Device.household_id)
        .where(DeviceTest.closed_at.is_(None), Household.village_id == village_id)
        .order_by(DeviceTest.id)
        .limit(limit)
    )
    return [
        OpenDeviceTest(
            test.id,
            DeviceOnLine(device.id, device.kind.value, device.serial, test.phone_id, device.household_id),
            *(test.asked_on, test.reminded_on, test.open_until),
        )
        for test, device in rows
    ]


def end_gone_device_tests(session: Session, now: datetime) -> int:
    """End the tests of devices that were returned or tied to another line, or whose line has left; how many."""
    gone = session.scalars(
        select(DeviceTest)
        .join(Device, Device.id == DeviceTest.device_id)
        .join(Phone, Phone.id == DeviceTest.phone_id)
        .where(
            DeviceTest.closed_at.is_(None),
            or_(
                Device.returned_on.is_not(None),
                Device.phone_id.is_distinct_from(DeviceTest.phone_id),
                Phone.archived_at.is_not(None),
                Phone.household_id != Device.household_id,
            ),
        )
    ).all()
    for test in gone:
        test.closed_at, test.outcome = now, DeviceTestOutcome.ENDED
    return len(gone)


def miss_device_test(session: Session, test_id: int, now: datetime) -> bool:
    """Nobody has pressed it, though asked twice; False where it is over meanwhile."""
    test = session.get(DeviceTest, test_id, with_for_update=True)
    if test is None or test.closed_at is not None:
        return False
    test.closed_at, test.outcome = now, DeviceTestOutcome.MISSED
    return True


def find_silent_devices(session: Session, device_ids: Collection[int], since: datetime) -> set[int]:
    """Those of these devices that are out, on the line they were tied to, and were not pressed since then."""
    pressed = select(DeviceTest.id).where(DeviceTest.device_id == Device.id, DeviceTest.pressed_at > since)
    out = select(Device.id).where(Device.id.in_(device_ids), Device.returned_on.is_(None), Device.phone_id.is_not(None))
    return set(session.scalars(out.where(~pressed.exists())))


def read_devices(session: Session, device_ids: Collection[int]) -> dict[int, DeviceOnLine]:
    """Those of these devices that are out and tied to a line, by their ids."""
    rows = session.scalars(
        select(Device).where(Device.id.in_(device_ids), Device.returned_on.is_(None), Device.phone_id.is_not(None))
    )
    return {each.id: _make(each) for each in rows}


def count_devices(session: Session, village_id: int, since: datetime) -> tuple[int, int]:
    """How many devices of a village are out, and how many of them were pressed since then."""
    out = select(Device.id).join(Household, Household.id == Device.household_id)
    out = out.where(Household.village_id == village_id, Device.returned_on.is_(None), Household.archived_at.is_(None))
    pressed = select(DeviceTest.id).where(DeviceTest.device_id == Device.id, DeviceTest.pressed_at > since).exists()
    all_out = session.scalar(select(func.count()).select_from(out.subquery())) or 0
    lately = session.scalar(select(func.count()).select_from(out.where(pressed).subquery())) or 0
    return all_out, lately


def _make(device: Device) -> DeviceOnLine:
    if device.phone_id is None:
        raise ValueError("a device without a line")
    return DeviceOnLine(device.id, device.kind.value, device.serial, device.phone_id, device.household_id)
