"""The ledger of gifts (赠机): #9 keys and dedicated phones, given, returned and replaced. Days are the town's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import match_beginning
from groups.enrolment.records import get_household
from groups.enrolment.rules.periods import find_overlap, read_serial
from groups.errors import DeviceElsewhere, EndsBeforeStart, InvalidDevice, StartsInFuture, say
from groups.models.batch import Batch
from groups.models.enrolment import Device, DeviceKind, DeviceTest
from groups.models.roster import Household, Phone, Village
from groups.rules.days import Period

LEDGER_PAGE = 100


@dataclass(frozen=True, slots=True)
class LedgerQuestion:
    """Which gifts to show: of a village, of a kind, only those that are out (True) or back (False), by a piece
    of the serial or the beginning of the head's name.

    None and empty mean: all.
    """

    village_id: int | None = None
    kind: DeviceKind | None = None
    out: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A gift, and the house it was given to."""

    device: Device
    village: str
    door: str
    head: str


def give(
    batch: Batch, household_id: int, kind: DeviceKind, serial: str, day: date, phone_id: int | None = None
) -> Device:
    """Give a household a thing, which calls from one of its lines; of a household with one phone alone it is that.

    Raises NoSuchHousehold, InvalidDevice, DeviceElsewhere, StartsInFuture.
    """
    get_household(batch.session, household_id, hold=True)
    plain = read_serial(serial)
    _check_day(day, batch.day)
    _check_free(batch.session, kind, plain, Period(day, None))
    lines = list_lines(batch.session, household_id)
    if phone_id is not None:
        _check_line(lines, phone_id)
    elif len(lines) == 1:
        phone_id = lines[0].id
    device = Device(
        household_id=household_id, kind=kind, serial=plain, given_on=day, returned_on=None, phone_id=phone_id
    )
    try:
        return batch.add(device)
    except IntegrityError as error:
        raise DeviceElsewhere(say("serial_just_given", serial=plain), serial=plain) from error


def set_line(batch: Batch, device_id: int, phone_id: int) -> None:
    """Say from which line of its household a thing calls. Raises InvalidDevice."""
    device = _hold(batch, device_id)
    _check_line(list_lines(batch.session, device.household_id), phone_id)
    if device.phone_id != phone_id:
        batch.change(device, phone_id=phone_id)


def list_lines(session: Session, household_id: int) -> Sequence[Phone]:
    """The phones that a household has now, in their order."""
    own = select(Phone).where(Phone.household_id == household_id, Phone.archived_at.is_(None))
    return session.scalars(own.order_by(Phone.rank, Phone.id)).all()


def _check_line(lines: Sequence[Phone], phone_id: int) -> None:
    if phone_id not in {each.id for each in lines}:
        raise InvalidDevice(say("choose_line_of_household"))


def list_last_tests(session: Session, device_ids: Collection[int]) -> dict[int, DeviceTest]:
    """The last test press that was asked for of each of these, if any."""
    newest = select(func.max(DeviceTest.id)).where(DeviceTest.device_id.in_(device_ids)).group_by(DeviceTest.device_id)
    rows = session.scalars(select(DeviceTest).where(DeviceTest.id.in_(newest)))
    return {each.device_id: each for each in rows}


def list_last_presses(session: Session, device_ids: Collection[int]) -> dict[int, datetime]:
    """When each of these was last pressed for a test, if ever."""
    rows = session.execute(
        select(DeviceTest.device_id, func.max(DeviceTest.pressed_at))
        .where(DeviceTest.device_id.in_(device_ids), DeviceTest.pressed_at.is_not(None))
        .group_by(DeviceTest.device_id)
    )
    return {device_id: at for device_id, at in rows if at is not None}


def take_back(batch: Batch, device_id: int, day: date) -> None:
    """Note that a thing was returned. Raises InvalidDevice, EndsBeforeStart, StartsInFuture."""
    device = _hold(batch, device_id)
    _check_returned(device, day, batch.day)
    batch.change(device, returned_on=day)


def replace(batch: Batch, device_id: int, serial: str, day: date) -> Device:
    """Take a thing back and give another of its kind. Raises what `give` and `take_back` raise."""
    device = _hold(batch, device_id)
    _check_returned(device, day, batch.day)
    if read_serial(serial) == device.serial:
        raise InvalidDevice(say("same_serial_as_before", serial=device.serial), serial=device.serial)
    batch.change(device, returned_on=day)
    lines = {each.id for each in list_lines(batch.session, device.household_id)}
    line = device.phone_id if device.phone_id in lines else None
    other = give(batch, device.household_id, device.kind, serial, day, line)
    batch.change(device, replaced_by_id=other.id)
    return other


def check_one_home(session: Session, device_ids: Sequence[int]) -> None:
    """Raises DeviceElsewhere where one of these is in two houses on a day: what an undo must not bring about."""
    for number in device_ids:
        device = session.get(Device, number)
        if device is not None:
            _check_free(session, device.kind, device.serial, Period(device.given_on, device.returned_on), but=device.id)


def list_devices(session: Session, household_id: int) -> Sequence[Device]:
    """A household's gifts, those that it has first, then the latest."""
    return session.scalars(
        select(Device)
        .where(Device.household_id == household_id)
        .order_by(Device.returned_on.is_not(None), Device.given_on.desc(), Device.id.desc())
    ).all()


def list_ledger(
    session: Session, question: LedgerQuestion, page: int = 1, size: int | None = LEDGER_PAGE
) -> list[LedgerLine]:
    """The gifts asked for, the latest first; `size` None: all of them."""
    rows = (
        select(Device, Village.name, Household.door, Household.head)
        .join(Household, Device.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .where(*_make_conditions(question))
        .order_by(Device.given_on.desc(), Device.id.desc())
    )
    if size is not None:
        rows = rows.limit(size).offset((page - 1) * size)
    return [LedgerLine(*row) for row in session.execute(rows)]


def count_ledger(session: Session, question: LedgerQuestion) -> dict[tuple[DeviceKind, bool], int]:
    """How many of each kind are out (True) and back (False), of those asked for."""
    out = Device.returned_on.is_(None)
    rows = select(Device.kind, out, func.count()).where(*_make_conditions(question)).group_by(Device.kind, out)
    if question.village_id is not None:
        # Beside a county's households only where they say which.
        rows = rows.join(Household, Device.household_id == Household.id)
    return {(kind, bool(is_out)): count for kind, is_out, count in session.execute(rows)}


def _make_conditions(question: LedgerQuestion) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if question.village_id is not None:
        wanted.append(Household.village_id == question.village_id)
    if question.kind is not None:
        wanted.append(Device.kind == question.kind)
    if question.out is not None:
        wanted.append(Device.returned_on.is_(None) if question.out else Device.returned_on.is_not(None))
    if text := question.text.strip():
        called = select(Household.id).where(match_beginning(Household.head, text))
        wanted.append(Device.serial.contains(text.upper(), autoescape=True) | Device.household_id.in_(called))
    return wanted


def _hold(batch: Batch, device_id: int) -> Device:
    """A thing that is out, and the household held that has it."""
    device = batch.session.get(Device, device_id)
    if device is None:
        raise InvalidDevice(say("no_such_device"))
    get_household(batch.session, device.household_id, hold=True, archived=True)
    batch.session.refresh(device)
    if device.returned_on is not None:
        raise InvalidDevice(
            say("returned_already", serial=device.serial, returned_on=device.returned_on), serial=device.serial
        )
    return device


def _check_free(session: Session, kind: DeviceKind, serial: str, wanted: Period, *, but: int | None = None) -> None:
    """Raises DeviceElsewhere where a thing is in a house in these days; `but`: the row that is asked about."""
    found = session.execute(
        select(Device.given_on, Device.returned_on, Village.name, Household.head)
        .join(Household, Device.household_id == Household.id)
        .join(Village, Household.village_id == Village.id)
        .where(Device.kind == kind, Device.serial == serial, *([Device.id != but] if but is not None else []))
    )
    for given_on, returned_on, village, head in found:
        if find_overlap(wanted, [Period(given_on, returned_on)]):
            raise DeviceElsewhere(
                say("serial_in_another_house", serial=serial, given_on=given_on, village=village, head=head),
                serial=serial,
                household=f"{village} {head}",
                day=str(given_on),
            )


def _check_returned(device: Device, day: date, today: date) -> None:
    _check_day(day, today)
    if day < device.given_on:
        raise EndsBeforeStart(
            say("returned_before_given", day=day, given_on=device.given_on),
            end=str(day),
            start=str(device.given_on),
        )


def _check_day(day: date, today: date) -> None:
    if day > today:
        raise StartsInFuture(say("day_to_come", day=day), day=str(day), today=str(today))
