"""A press while its test is waited for: only the key of the test says that it is one; all else calls for help."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from groups.models.enrolment import Device, DeviceKind, DeviceTest, DeviceTestOutcome
from joint_defense.alarms import device_presses
from joint_defense.alarms.intake import Limits
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.models.upkeep import DevicePress
from joint_defense.rules.states import ClosingOutcome, IncidentKind, Purpose
from joint_defense.upkeep.device_tests import RAISED_AFTER
from tests.edges.webhooks.test_webhooks import (  # noqa: F401  fixtures
    BASE,
    Carrier,
    carrier,
    open_carrier,
    town,
)
from tests.support.factories import House, Town


class Street:
    """A household whose key is to be tested, and the neighbours who would be rung."""

    def __init__(self, carrier: Carrier) -> None:  # noqa: F811
        self.carrier, self.town = carrier, carrier.town
        self.wang = self.town.house("王建国", "ml")
        self.li = self.town.house("李大明")
        self.wait_for_test()

    def wait_for_test(self) -> None:
        line = self.town.phone(self.wang.number).id

        def give(session: Session) -> None:
            now = read_clock(session)
            day = date(2026, 1, 1)
            device = Device(
                household_id=self.wang.id,
                kind=DeviceKind.KEY,
                serial="K1",
                given_on=day,
                returned_on=None,
                phone_id=line,
            )
            session.add(device)
            session.flush()
            until = now + timedelta(hours=2)
            session.add(DeviceTest(device_id=device.id, phone_id=line, asked_on=now.date(), open_until=until))

        self.town.run(give)

    def press(self, sid: str = "CA1", number: str = "") -> str:
        """A key dials, and sends #9 to the menu."""
        caller = number or self.wang.number
        menu = self.carrier.call("/voice/inbound", caller, sid=sid)
        found = re.search(r'action="([^"]*)"', menu)
        assert found is not None
        self.document = self.carrier.call(html.unescape(found[1]).removeprefix(BASE), caller, sid=sid, Digits="#9")
        return self.document

    def answer(self, keys: str = "", sid: str = "CA1", speech: str = "") -> str:
        """The next key on that line; empty for none."""
        found = re.search(r'action="([^"]*)"', self.document)
        assert found is not None
        form = {"Digits": keys} if keys else {"SpeechResult": speech} if speech else {}
        path = html.unescape(found[1]).removeprefix(BASE)
        self.document = self.carrier.call(path, self.wang.number, sid=sid, **form)
        return self.document

    def count_alarms(self) -> int:
        return len([each for each in self.town.incidents() if each.kind is IncidentKind.ALARM])

    def tick(self) -> None:
        """The clock looks, long after the press."""

        def look(session: Session) -> None:
            now = read_clock(session) + RAISED_AFTER + timedelta(seconds=1)
            for press_id in device_presses.find_overdue(session, now):
                device_presses.raise_overdue(session, press_id, now, Limits())

        self.town.run(look)

    def read_test(self) -> DeviceTest:
        return self.town.read(lambda s: s.scalars(select(DeviceTest)).one())

    def is_rung(self, house: House) -> bool:
        asked = select(Delivery.id).where(Delivery.number == house.number, Delivery.purpose == Purpose.ALARM)
        return self.town.read(lambda s: s.scalar(asked.limit(1))) is not None


@pytest.fixture
def street(carrier: Carrier) -> Street:  # noqa: F811
    return Street(carrier)


def test_key_8_is_the_test_and_help_is_one_key_away_all_the_same(street: Street) -> None:
    assert "是测试请按8" in street.press()
    assert street.count_alarms() == 0
    assert "测试成功" in street.answer("8")
    street.tick()
    assert street.count_alarms() == 0
    assert not street.is_rung(street.li)
    test = street.read_test()
    assert (test.outcome, test.pressed_at is not None) == (DeviceTestOutcome.PRESSED, True)
    street.answer("9")
    assert street.count_alarms() == 1
    assert street.is_rung(street.li)


def test_thanks_and_silence_after_the_test_end_the_call(street: Street) -> None:
    street.press()
    street.answer("8")
    assert "<Gather" not in street.answer()
    street.tick()
    assert street.count_alarms() == 0


@pytest.mark.parametrize("keys", ["", "9", "1", "*", "#"])
def test_silence_and_every_other_key_call_for_help_at_once(street: Street, keys: str) -> None:
    street.press()
    street.answer(keys)
    assert street.count_alarms() == 1
    assert street.is_rung(street.li)
    street.tick()
    assert street.count_alarms() == 1, "the clock raises it no second time"
    assert street.read_test().outcome is DeviceTestOutcome.ALARM


def test_who_hangs_up_is_helped_by_the_clock_and_sooner_where_the_carrier_says_so(street: Street) -> None:
    street.press()
    street.carrier.post(
        "/voice/ended", CallSid="CA1", From=street.wang.number, To="+8657188880000", CallStatus="completed"
    )
    (press,) = street.town.read(lambda s: s.scalars(select(DevicePress)).all())
    assert press.raise_at is not None
    assert press.raise_at < press.pressed_at + RAISED_AFTER
    street.tick()
    assert street.count_alarms() == 1
    assert street.is_rung(street.li)
    (alert,) = street.town.alerts()
    assert alert.call_sid == "CA1"


def test_the_second_press_is_help_at_once_and_the_first_makes_no_second_alarm(street: Street) -> None:
    street.press()
    assert "是测试请按8" not in street.press(sid="CA2")
    assert street.count_alarms() == 1
    street.tick()
    assert street.count_alarms() == 1


def test_a_press_after_the_test_and_one_from_the_other_phone_are_help_at_once(street: Street) -> None:
    street.press()
    street.answer("8")
    assert "是测试请按8" not in street.press(sid="CA2")
    assert street.count_alarms() == 1


def test_another_phone_of_the_household_and_a_text_are_help_at_once(street: Street) -> None:
    street.press()
    street.carrier.text("救命", street.wang.number)
    assert street.count_alarms() == 1
    # Whoever then presses 8 does not take that back.
    street.answer("8")
    assert all(each.withdrawn_at is None for each in street.town.alerts())
    street.tick()
    assert street.count_alarms() == 1


def test_the_households_other_phone_is_asked_nothing(street: Street) -> None:
    street.press(number=street.wang.numbers[1])
    assert street.count_alarms() == 1


def test_beside_a_call_for_help_in_the_village_nobody_is_asked_whether_it_is_a_test(street: Street) -> None:
    street.carrier.text("救命", street.li.number)
    assert "是测试请按8" not in street.press()
    assert len(street.town.alerts()) == 2


def test_key_8_after_the_alarm_went_out_takes_it_back(street: Street) -> None:
    street.press()
    question = street.document
    street.tick()
    assert street.count_alarms() == 1
    street.document = question
    assert "撤回" in street.answer("8")
    (incident,) = street.town.read(lambda s: s.scalars(select(Incident)).all())
    assert incident.outcome is ClosingOutcome.ACCIDENTAL
    assert street.read_test().outcome is DeviceTestOutcome.PRESSED
    assert street.town.read(lambda s: s.scalars(select(Alert)).one()).withdrawn_at is not None


def test_the_carrier_repeating_its_webhook_asks_once_more_and_changes_nothing(street: Street) -> None:
    first = street.press()
    assert street.press() == first
    assert street.town.read(lambda s: len(s.scalars(select(DevicePress)).all())) == 1


def test_without_a_test_a_press_is_help_at_once_and_key_8_from_the_line_opens_half_an_hour(
    carrier: Carrier,  # noqa: F811
    town: Town,  # noqa: F811
) -> None:
    street = Street(carrier)
    town.run(lambda s: s.scalars(select(DeviceTest)).one().__setattr__("open_until", read_clock(s)))
    said = carrier.call("/voice/menu/1", street.wang.number, sid="CA7", Digits="8")
    assert "半小时内按一次" in said
    assert "是测试请按8" in street.press(sid="CA8")
    town.run(lambda s: s.scalars(select(DeviceTest)).one().__setattr__("open_until", read_clock(s)))
    street.tick()
    assert street.count_alarms() == 1
