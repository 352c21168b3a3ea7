"""Days of the demo town on virtual time: tests by themselves, tasks and changed numbers, through the real code.

    make upkeep-days ARGS="--days 60 --villages 4 --seed 1 [--database URL]"

The clock's parts are called as the clock calls them, at the moments of a virtual day; the carrier and the people are
played. Assumptions, not measurements: of the phones 70 % answer 9 tests of 10, 20 % 6 of 10, 10 % 3 of 10; 4 of 10
texts to a mobile that missed a test are answered (whoever answers at least every second test can be proven, with one
test a week); one number in 2,000 a day dies; 8 of 10 texts that ask for a number
are answered on the same day; one #9 device in 2,000 a day falls silent; 8 of 10 households that are asked to press a
device that works do, and 8 of 10 texts that ask for a silent one get it mended and pressed on the same day; each
village has a call for help of an hour every ten days. Prints one JSON object; exits 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.database import Database
from config.migrations import upgrade
from groups import directory
from groups.commands.demo.load import load_demo
from groups.models.enrolment import Device, DeviceTest
from groups.models.figures import ReachProof
from groups.models.roster import Household, Phone, Village
from joint_defense.alarms import device_presses
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.carriers.port import Receipt
from joint_defense.delivery import claims, proofs, results
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.results import Sent
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.models.upkeep import PhoneTask, TaskText
from joint_defense.rules.hours import Spans
from joint_defense.rules.states import AttemptState, Channel, IncidentKind, Purpose
from joint_defense.rules.tasks import TaskOutcome, TaskReason
from joint_defense.upkeep import device_tests, drills, number_changes, rolling_tests, tasks, village_hours
from joint_defense.upkeep.number_changes import NumberRules

ZONE = ZoneInfo("Asia/Shanghai")
SPANS: Spans = ((9, 11), (15, 19))
FIRST_DAY = date(2027, 3, 1)
CAN_BE = 0.5
"""Whose phone is answered so often can be proven with a test a week."""
ASKS_FOR_PRESS = re.compile("按一次|press your")
QUARTER = timedelta(minutes=15)
KINDS = ((0.7, 0.9), (0.2, 0.6), (0.1, 0.3))
DEVICES_DYING, DEVICES_PRESSED, DEVICES_MENDED = 1 / 2000, 0.8, 0.8
TEXTS_ANSWERED, NUMBERS_DYING, QUESTIONS_ANSWERED, ALARMS_A_DAY = 0.4, 1 / 2000, 0.8, 0.1
Result = TypeVar("Result")


@dataclass
class Days:
    """The town, its people and what has been seen of it."""

    database: Database
    rng: random.Random
    villages: list[int]
    spans: Spans = SPANS
    answers: dict[str, float] = field(default_factory=dict)
    """How likely a number is answered; 0: it is dead."""
    moved_to: dict[str, str] = field(default_factory=dict)
    """By the dead number the new one."""
    failed: dict[str, date] = field(default_factory=dict)
    """By number the day of the first call that could not be put through."""
    rung: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    tried: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    """The days of the calls that could not be put through, and rang nobody."""
    checked: int = 0
    """Calls that ask at a new number whether it is right: somebody has just named it, and waits for that."""
    calls: list[int] = field(default_factory=list)
    shares: list[tuple[float, float]] = field(default_factory=list)
    in_trouble: set[int] = field(default_factory=set)
    """The villages in which somebody calls for help at this moment."""
    beside: int = 0
    serial: int = 0
    replies: list[tuple[str, str]] = field(default_factory=list)
    silent: dict[int, date] = field(default_factory=dict)
    """By device since when it cannot be pressed."""
    presses: list[tuple[int, bool]] = field(default_factory=list)
    """Devices that are about to be pressed; whether key 8 on the device's own line is pressed before it."""
    asks: int = 0
    """Calls and texts that ask for the press of a device."""
    pressed_for_help: int = 0
    """Presses that were meant as the test, and called for help."""
    device_days: list[int] = field(default_factory=list)
    """The days from the day on which a device fell silent to its press."""

    def run(self, work: Callable[[Session], Result]) -> Result:
        with self.database.begin() as session:
            return work(session)

    def make_sid(self) -> str:
        self.serial += 1
        return f"CA{self.serial:032x}"

    def settle(self) -> None:
        """Give each phone its people, and each village its hours."""
        start = datetime.combine(FIRST_DAY, datetime.min.time(), ZONE)
        for number in self.run(self._list_numbers):
            self.answers[number] = self.rng.choices([kind[1] for kind in KINDS], [kind[0] for kind in KINDS])[0]
        for village in self.villages:
            self.run(lambda s, one=village: village_hours.set_upkeep(s, one, self.spans, "sim", start))  # type: ignore[misc]

    def _list_numbers(self, session: Session) -> list[str]:
        query = (
            select(Phone.number)
            .join(Household)
            .where(
                Household.village_id.in_(self.villages), Phone.archived_at.is_(None), Phone.may_call, ~Household.silent
            )
        )
        return list(session.scalars(query.order_by(Phone.id)))

    def live(self, day: date) -> None:
        """One day: some numbers die, the day is planned, and every quarter of the permitted hours is lived through."""
        morning = datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=6)
        now = morning.astimezone(UTC)
        for number in [each for each, likely in self.answers.items() if likely and self.rng.random() < NUMBERS_DYING]:
            self.answers[number] = 0.0
            self.serial += 1
            self.moved_to[number] = f"+86139{self.serial % 10**8:08}"
        for device in self.run(self._list_devices):
            if device not in self.silent and self.rng.random() < DEVICES_DYING:
                self.silent[device] = day
        self.run(lambda s: rolling_tests.plan_day(s, now, ZONE))
        quarters = [
            hour * 4 + quarter for start, end in self.spans for hour in range(start, end) for quarter in range(4)
        ]
        begins = {
            village: self.rng.randrange(len(quarters)) for village in self.villages if self.rng.random() < ALARMS_A_DAY
        }
        before = self._count_calls()
        for place, quarter in enumerate(quarters):
            moment = (morning + (quarter - 24) * QUARTER).astimezone(UTC)
            self._raise([v for v, at in begins.items() if at == place], moment)
            self._tick(moment, day)
            self._close([v for v, at in begins.items() if at + 3 == place], moment + timedelta(minutes=14))
        evening = (morning + timedelta(hours=14)).astimezone(UTC)
        self._close(self.villages, evening)
        self._end_drills(evening)
        self.run(lambda s: proofs.note_proofs(s, evening, ZONE))
        self.calls.append(self._count_calls() - before)
        self.shares.append(self._measure(day))

    def _count_calls(self) -> int:
        return sum(map(len, (*self.rung.values(), *self.tried.values())))

    def _tick(self, now: datetime, day: date) -> None:
        """What the clock does within a quarter of an hour, and what people do."""
        self._end_drills(now)
        self.run(lambda s: tasks.close_mended(s, now, ZONE))
        self.run(lambda s: tasks.open_for_failing(s, now))
        self.run(lambda s: rolling_tests.plan_new(s, now, ZONE))
        for village, slot in self.run(lambda s: rolling_tests.find_villages_due(s, now, ZONE)):
            self.run(lambda s, one=village, till=slot: rolling_tests.ring_due(s, one, till, now, ZONE))  # type: ignore[misc]
        for village in self.run(lambda s: tasks.find_villages_due(s, now)):
            self.run(lambda s, one=village: tasks.ask_on(s, one, now, ZONE))  # type: ignore[misc]
        for change in self.run(lambda s: number_changes.find_due(s, now)):
            self.run(lambda s, one=change: number_changes.go_on(s, one, now, NumberRules()))  # type: ignore[misc]
        self.run(lambda s: directory.end_gone_device_tests(s, now))
        for village in self.run(lambda s: device_tests.find_villages(s, now, ZONE)):
            self.run(lambda s, one=village: device_tests.go_on(s, one, now, ZONE))  # type: ignore[misc]
        pressed, self.presses = self.presses, []
        for device, asks_first in pressed:
            self.run(lambda s, one=device, first=asks_first: self._press(s, one, now, day, asks_first=first))  # type: ignore[misc]
        waiting, self.replies = self.replies, []
        for number, text in waiting:
            self.run(lambda s, who=number, what=text: take_message(s, Text(self.make_sid(), who, what), now))  # type: ignore[misc]
        self._carry(now + timedelta(seconds=30), day)

    def _list_devices(self, session: Session) -> list[int]:
        out = select(Device.id).join(Household, Household.id == Device.household_id)
        out = out.where(Household.village_id.in_(self.villages), Device.returned_on.is_(None))
        return list(session.scalars(out.where(Device.phone_id.is_not(None)).order_by(Device.id)))

    def _press(self, session: Session, device_id: int, now: datetime, day: date, *, asks_first: bool) -> None:
        """Somebody presses a device, and says by key 8 that it is the test."""
        device = directory.read_devices(session, [device_id]).get(device_id)
        line = None if device is None else directory.find_phone(session, device.phone_id)
        if device is None or line is None:
            return
        if asks_first and not device_tests.open_for_own_test(session, line.phone_id, now, ZONE):
            return
        sid = self.make_sid()
        press = device_tests.take_press(session, sid, "", line, now)
        if press is None:
            self.pressed_for_help += 1
            return
        device_presses.confirm_test(session, press, sid, now)
        if device_id in self.silent:
            self.device_days.append((day - self.silent.pop(device_id)).days)

    def _think_of_press(self, session: Session, to: str) -> None:
        """A household is asked to press its device."""
        whose = directory.find_caller(session, to)
        open_tests = select(DeviceTest.device_id).join(Device, Device.id == DeviceTest.device_id)
        asked = open_tests.where(
            Device.household_id == (0 if whose is None else whose.household_id), DeviceTest.closed_at.is_(None)
        )
        for device_id in session.scalars(asked.order_by(DeviceTest.id)).all():
            if device_id not in self.silent and self.rng.random() < DEVICES_PRESSED:
                self.presses.append((device_id, False))

    def _mend_device(self, session: Session, delivery_id: int) -> None:
        """Household or leader is texted about a silent device."""
        incident = session.get_one(Delivery, delivery_id).incident_id
        of_text = select(PhoneTask.device_id).join(TaskText, TaskText.task_id == PhoneTask.id)
        for device_id in session.scalars(of_text.where(TaskText.incident_id == incident, PhoneTask.device_id != 0)):
            if self.rng.random() < DEVICES_MENDED:
                self.presses.append((device_id, True))

    def _raise(self, villages: list[int], now: datetime) -> None:
        """Somebody calls for help there: as an alarm opens, so far as tests are concerned."""
        for village in villages:
            self.in_trouble.add(village)
            self.run(lambda s, one=village: self._open_alarm(s, one, now))  # type: ignore[misc]

    def _open_alarm(self, session: Session, village: int, now: datetime) -> None:
        row = Incident(kind=IncidentKind.ALARM, village_id=village, village_name="", group_name="", opened_at=now)
        session.add(row)
        session.flush()
        drills.stop_for_alarm(session, village, row.id, now)

    def _close(self, villages: list[int], now: datetime) -> None:
        ended = [each for each in villages if each in self.in_trouble]
        self.in_trouble.difference_update(ended)
        over = update(Incident).where(Incident.village_id.in_(ended), Incident.kind == IncidentKind.ALARM)
        self.run(lambda s: s.execute(over.where(Incident.closed_at.is_(None)).values(closed_at=now)))

    def _end_drills(self, now: datetime) -> None:
        for incident in self.run(lambda s: drills.find_done(s, now, limit=1000)):
            self.run(lambda s, one=incident: drills.stop_drill(s, one, "", now))  # type: ignore[misc]

    def _carry(self, now: datetime, day: date) -> None:
        """The carrier's part, and the people's."""
        for channel in (Channel.CALL, Channel.SMS):
            while taken := self.run(lambda s: claims.claim(s, channel, 200, "sim:1:0", now)):  # noqa: B023
                self.run(lambda s: self._carry_some(s, taken, now, day))

    def _carry_some(self, session: Session, taken: list[Claim], now: datetime, day: date) -> None:
        ends = {each.delivery_id: self._find_end(each, day) for each in taken}
        sent = [Sent(each, receipt=Receipt(self.make_sid(), ends[each.delivery_id])) for each in taken]
        results.record(session, sent, now)
        for each in taken:
            if each.purpose is Purpose.TEST and ASKS_FOR_PRESS.search(each.text or ""):
                self._take_ask(session, each, day, ends[each.delivery_id])
            elif each.channel is Channel.CALL:
                self._take_call(session, each, day, now, ends[each.delivery_id])
            elif each.purpose is Purpose.TEST and self.answers.get(each.to) and self.rng.random() < TEXTS_ANSWERED:
                self.replies.append((each.to, "1"))
            elif each.purpose is Purpose.TASK and self.rng.random() < QUESTIONS_ANSWERED:
                self.replies += [(each.to, line) for line in self._reply(each.text or "")]
            if each.purpose is Purpose.TASK:
                self._mend_device(session, each.delivery_id)

    def _take_ask(self, session: Session, claim: Claim, day: date, end: AttemptState) -> None:
        self.asks += 1
        delivery = session.get_one(Delivery, claim.delivery_id)
        self.beside += session.get_one(Incident, delivery.incident_id).village_id in self.in_trouble
        # A call takes the place of that week's test; a text rings nobody.
        if claim.channel is Channel.CALL:
            (self.tried if end is AttemptState.FAILED else self.rung)[claim.to].append(day)
        if end in {AttemptState.COMPLETED, AttemptState.DELIVERED} and self.answers.get(claim.to):
            self._think_of_press(session, claim.to)

    def _take_call(self, session: Session, claim: Claim, day: date, now: datetime, end: AttemptState) -> None:
        delivery = session.get_one(Delivery, claim.delivery_id)
        self.beside += session.get_one(Incident, delivery.incident_id).village_id in self.in_trouble
        if delivery.phone_id is None:
            self.checked += 1
        else:
            (self.tried if end is AttemptState.FAILED else self.rung)[claim.to].append(day)
        if end is AttemptState.COMPLETED:
            drills.take_answer(session, delivery, Channel.CALL, now)
            if delivery.phone_id is None:
                number_changes.confirm_change(session, delivery.incident_id, now, ZONE)

    def _find_end(self, claim: Claim, day: date) -> AttemptState:
        if claim.channel is Channel.SMS:
            return AttemptState.DELIVERED
        likely = self.answers.get(claim.to, 0.0)
        if not likely:
            self.failed.setdefault(claim.to, day)
            return AttemptState.FAILED
        return AttemptState.COMPLETED if self.rng.random() < likely else AttemptState.NO_ANSWER

    def _reply(self, asked: str) -> list[str]:
        """What somebody writes who is asked for numbers: those of the dead ones that are named by their last digits."""
        lines = []
        for ending in re.findall(r"尾号(\d{4})", asked):
            for dead, new in self.moved_to.items():
                if dead.endswith(ending) and not self.answers.get(dead):
                    self.answers[new] = KINDS[0][1]
                    lines.append(f"改 尾号{ending} {new.removeprefix('+86')}")
        return lines

    def _measure(self, day: date) -> tuple[float, float]:
        """The shares proven within 30 days: of the phones that can be, and of all that are alive."""
        alive = [each for each in self.run(self._list_numbers) if self.answers.get(each)]
        proven = select(Phone.number).join(ReachProof, ReachProof.phone_id == Phone.id)
        young = proven.where(ReachProof.proven_on > day - timedelta(days=30), Phone.archived_at.is_(None))
        known = set(self.run(lambda s: s.scalars(young).all()))
        can_be = [each for each in alive if self.answers[each] >= CAN_BE]
        return sum(each in known for each in can_be) / len(can_be), sum(each in known for each in alive) / len(alive)

    def _find_days_from_failure(self) -> float:
        """The median of the days from the first call that failed until another number stands in its place."""
        gone = select(Phone.number, Phone.archived_at).where(Phone.archived_at.is_not(None))
        mended = {number: at.astimezone(ZONE).date() for number, at in self.run(lambda s: s.execute(gone).all()) if at}
        took = [(mended[number] - first).days for number, first in self.failed.items() if number in mended]
        return statistics.median(took) if took else 0.0

    def tell(self) -> dict[str, float]:
        """What is promised, as it was seen; shares from the 30th day on."""
        ended = self.run(
            lambda s: s.execute(
                select(PhoneTask.opened_at, PhoneTask.closed_at, PhoneTask.outcome, PhoneTask.reason).where(
                    PhoneTask.closed_at.is_not(None)
                )
            ).all()
        )
        took: dict[bool, list[float]] = {True: [], False: []}
        for begin, end, how, why in ended:
            if end is not None and how is not TaskOutcome.KEPT and why is not TaskReason.SILENT_DEVICE:
                took[why is TaskReason.UNANSWERED].append((end - begin).total_seconds() / 86400)
        mended, unanswered = took[False], took[True]
        gaps = [(later - earlier).days for days in self.rung.values() for earlier, later in pairwise(days)]
        still_open = self.run(lambda s: s.scalar(select(func.count()).where(PhoneTask.closed_at.is_(None))) or 0)
        settled = self.shares[30:] or self.shares[-1:]
        return {
            "phones": len(self.answers),
            "proven_share": round(statistics.mean(of_those for of_those, _ in settled), 4),
            "proven_share_worst_day": round(min(of_those for of_those, _ in settled), 4),
            "proven_share_of_all": round(statistics.mean(of_all for _, of_all in settled), 4),
            "calls_a_day": round(statistics.mean(self.calls), 1),
            "calls_a_day_most": max(self.calls),
            "calls_to_new_numbers": self.checked,
            "tasks_open": still_open,
            "numbers_mended": len(mended),
            "days_to_mend_median": round(statistics.median(mended), 2) if mended else 0.0,
            "days_from_first_failure_median": self._find_days_from_failure(),
            "unanswered_ended": len(unanswered),
            "days_until_answered_median": round(statistics.median(unanswered), 2) if unanswered else 0.0,
            "rung_within_a_week": sum(gap < 7 for gap in gaps),
            "rung_beside_an_alarm": self.beside,
            **self._tell_of_devices(),
        }

    def _tell_of_devices(self) -> dict[str, float]:
        last = FIRST_DAY + timedelta(days=len(self.shares) - 1)
        since = datetime.combine(last - timedelta(days=29), datetime.min.time(), ZONE).astimezone(UTC)
        devices = self.run(self._list_devices)
        young = select(DeviceTest.device_id).where(DeviceTest.pressed_at > since, DeviceTest.device_id.in_(devices))
        pressed = set(self.run(lambda s: s.scalars(young).all()))
        begun = select(func.count()).where(PhoneTask.reason == TaskReason.SILENT_DEVICE)
        still = begun.where(PhoneTask.closed_at.is_(None))
        return {
            "devices": len(devices),
            "devices_pressed_share": round(len(pressed) / max(len(devices), 1), 4),
            "device_asks_a_day": round(self.asks / max(len(self.shares), 1), 1),
            "device_tasks": self.run(lambda s: s.scalar(begun) or 0),
            "device_tasks_open": self.run(lambda s: s.scalar(still) or 0),
            "device_days_silent_median": round(statistics.median(self.device_days), 2) if self.device_days else 0.0,
            "device_presses_for_help": self.pressed_for_help,
        }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--villages", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{folder}/days.sqlite"
        upgrade(url)
        database = Database(url)
        with database.begin() as session:
            load_demo(session, carrier_is_simulator=True)
            villages = list(session.scalars(select(Village.id).order_by(Village.id).limit(given.villages)))
        days = Days(database, random.Random(given.seed), villages)  # noqa: S311 - no secret
        days.settle()
        for count in range(given.days):
            days.live(FIRST_DAY + timedelta(days=count))
        told = days.tell() | {"seconds": round(time.monotonic() - begun, 1)}
    print(json.dumps(told))
    kept = told["proven_share"] >= 0.99 and told["days_from_first_failure_median"] <= 7
    sys.exit(0 if kept and not told["rung_within_a_week"] and not told["rung_beside_an_alarm"] else 1)


if __name__ == "__main__":
    main()
