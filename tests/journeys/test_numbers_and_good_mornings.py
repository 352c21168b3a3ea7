"""What keeps numbers and people proven, on the real processes: the villager's own test, a dead number that its leader
mends by text alone, a good morning that nobody answers up to the contact.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from config.database import read_clock
from groups.models.roster import Phone, Village
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Acknowledgement, Incident
from joint_defense.models.upkeep import PhoneTask
from joint_defense.rules.tasks import TaskOutcome, TaskReason
from joint_defense.rules.upkeep.greetings import GreetingOutcome, GreetingStep
from joint_defense.upkeep import checks, village_hours
from tests.journeys.neighbours import House, Neighbours, Telephone
from tests.journeys.town import Town
from tests.support.handsets import eventually


@pytest.fixture
def clock_at_ten(town: Town) -> Iterator[None]:
    """The clock process where it is ten in the morning. What can wait has its turn as it starts."""
    yield
    town.kill("clock")
    town.start("clock")


def start_clock_at_ten(town: Town) -> None:
    with town.database.begin() as session:
        hour = read_clock(session).hour
    east = (10 - hour + 11) % 24 - 11
    town.kill("clock")
    # The signs of these zones are the other way round.
    town.start("clock", TIMEZONE=f"Etc/GMT{-east:+d}" if east else "Etc/GMT")


def close_what_is_open(town: Town) -> str:
    """Other tests' incidents of this village are over; its code."""
    with town.database.begin() as session:
        session.execute(update(Incident).where(Incident.closed_at.is_(None)).values(closed_at=read_clock(session)))
        return session.scalars(select(Village.code)).first() or ""


def test_a_villager_has_the_own_phone_tested_by_key_eight_and_is_called_back(
    town: Town, neighbours: Neighbours
) -> None:
    street = neighbours.settle("王建国", "李大明")
    li = street.phones[1]
    close_what_is_open(town)
    li.answers("1")
    li.handset.dial(press="8")
    assert "马上打回来测试这部电话" in li.own_call().text or li.hears("马上打回来测试这部电话")
    li.hangs_up()
    called_back = li.gets_call("这部电话登记的是", status="completed")
    assert f"{street.name}李大明家" in called_back.text

    def answered() -> bool:
        with town.database.begin(reads=True) as session:
            given = select(Acknowledgement.id).where(Acknowledgement.number == li.number)
            return session.scalar(given.limit(1)) is not None

    eventually(answered, "the key is on record")


def test_a_dead_number_is_mended_by_its_leaders_text_alone_and_the_new_one_rings_in_the_next_alarm(
    town: Town, neighbours: Neighbours, clock_at_ten: None
) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红", leader=0)
    wang, dead, chen = street.phones
    new = Telephone(town, House("李大明"), dead.number.replace("+86138", "+86137"))
    close_what_is_open(town)
    dead.handset.script("failed")
    with town.database.begin() as session:
        village = session.scalars(select(Village)).first()
        assert village is not None
        village_hours.set_upkeep(session, village.id, ((0, 24),), "村长", read_clock(session))
        # Everybody was tested today: this is about the number that fails.
        known = session.scalars(select(Phone.id)).all()
        checks.note_rung(session, dict.fromkeys(known, village.id), read_clock(session).date())
        # Two calls in a row could not be put through.
        session.execute(update(Phone).where(Phone.number == dead.number).values(failures=2))
    start_clock_at_ten(town)
    asked = wang.gets_text("李大明家的手机")
    assert "知道新号码请回复，例如：改 13800138000" in asked

    new.answers("1")
    answered = wang.texts(f"改 李大明 {new.number.removeprefix('+86')}") or ""
    assert "那边按1，李大明家的号码就改好" in answered
    new.gets_call(status="completed")
    assert f"尾号{new.number[-4:]}" in wang.gets_text("联防电话已由尾号")
    dead.may_get("联防电话已由尾号")
    with town.database.begin() as session:
        village_hours.set_upkeep(session, village.id, None, "村长", read_clock(session))

    chen.answers(hang_up_after=15)
    wang.calls_for_help()
    new.is_alerted()
    chen.is_alerted()
    street.wait_for_answers(("李大明家", "coming"))
    street.wait_until_over()
    assert town.network.requests(kind="call", to=dead.number) == []
    new.may_get("")
    new.put_down()
    start_clock_at_ten(town)

    def closed() -> list[tuple[TaskReason, TaskOutcome | None]]:
        with town.database.begin(reads=True) as session:
            old = select(Phone.id).where(Phone.number == dead.number)
            rows = session.execute(select(PhoneTask.reason, PhoneTask.outcome).where(PhoneTask.phone_id.in_(old))).all()
            return [(reason, outcome) for reason, outcome in rows]

    eventually(lambda: closed() == [(TaskReason.FAILED, TaskOutcome.CHANGED)], "its task is closed")


def test_a_good_morning_without_an_answer_comes_to_the_contact_who_says_that_they_are_well(
    town: Town, neighbours: Neighbours, clock_at_ten: None
) -> None:
    street = neighbours.settle("王建国", "李大明", leader=1)
    wang, li = street.phones
    contact = Telephone(town, House("王小明"), wang.number.replace("+86138", "+86139"))
    code = close_what_is_open(town)
    whose = ("--village", code, "--phone", wang.number.removeprefix("+86"), "--consent-by", "王建国")
    asked_next = ("--contact", contact.number.removeprefix("+86"), "--contact-name", "王小明", "--contact-agreed")
    town.run("greeting", "add", "--at", "5:00", *whose, *asked_next)
    with town.database.begin() as session:
        session.execute(update(Greeting).values(last_on=None))
    wang.handset.reset()
    contact.answers("1")
    start_clock_at_ten(town)

    def hasten(step: GreetingStep) -> None:
        """The quarter of an hour after this step has gone by."""

        def stands() -> bool:
            with town.database.begin() as session:
                day = session.scalars(select(GreetingDay)).one_or_none()
                if day is None or day.step is not step:
                    return False
                day.next_at = read_clock(session) - timedelta(seconds=1)
                return True

        eventually(stands, f"it stands at {step}")

    for step in (GreetingStep.FIRST, GreetingStep.SECOND, GreetingStep.THIRD):
        wang.gets_call(status="no-answer")
        hasten(step)
    wang.gets_text("平安问候")
    assert "王建国家" in contact.gets_text("没有回应，请马上联系")
    contact.gets_call("请马上联系", status="completed")

    def ended() -> datetime | None:
        with town.database.begin(reads=True) as session:
            day = session.scalars(select(GreetingDay)).one()
            assert day.outcome in (None, GreetingOutcome.SEEN)
            return day.closed_at

    eventually(ended, "the contact's key ends the day")
    assert contact.unexpected() == []
    assert li.unexpected() == [], "no neighbour is asked"
    with town.database.begin(reads=True) as session:
        one = session.scalars(select(Greeting.id)).one()
    town.run("greeting", "end", str(one))
