"""A good morning's line by the webhooks: its keys, words, a call back, and a pick-up that says nothing."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.database import read_clock
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Acknowledgement, Delivery
from joint_defense.rules.states import Channel, IncidentKind, Purpose
from joint_defense.rules.upkeep.greetings import GreetingOutcome, GreetingStep
from joint_defense.upkeep.greetings import greeting_days, wishes
from joint_defense.upkeep.greetings.wishes import EnrolledBy, Wish
from joint_defense.upkeep.number_changes import NumberRules
from tests.edges.webhooks.test_webhooks import (  # noqa: F401  fixtures
    OUR_NUMBER,
    Carrier,
    carrier,
    open_carrier,
    press,
    town,
    wang,
)
from tests.support.factories import House, Town

ZONE = ZoneInfo("Asia/Shanghai")
SENT = 10.0**8
SON = "+8613905749999"


def ask(of: Town, house: House) -> Delivery:
    """A day of theirs, with its first call placed."""

    phone_id = of.phone(house.number).id

    def begin(session: Session) -> None:
        now = read_clock(session)
        found = session.scalars(select(Greeting).where(Greeting.ended_at.is_(None))).one_or_none()
        if found is None:
            wish = Wish(phone_id, "7:00", contact_name="小明", contact_number=SON, contact_agreed=True, consent_by="王")
            found = wishes.enrol(session, of.village_id, wish, EnrolledBy("村长"), now, NumberRules())
        # The day before: each of a test's good mornings has a day of its own.
        for day in session.scalars(select(GreetingDay).order_by(GreetingDay.day)):
            day.day -= timedelta(days=1)
            session.flush()
        found.last_on = found.paused_until = None
        session.flush()
        assert greeting_days.open_day(session, found.id, now, ZONE) is not None

    of.run(begin)
    place(of)
    return of.delivery(house.number, purpose=Purpose.GREETING)


def place(of: Town) -> None:
    """Send what waits, at a moment long after the day."""
    of.run(lambda s: s.execute(update(Delivery).values(not_after=None)))
    of.place(after=SENT)


def read_day(of: Town) -> GreetingDay:
    return of.read(lambda s: s.scalars(select(GreetingDay).order_by(GreetingDay.id.desc()).limit(1)).one())


def test_only_a_key_says_that_somebody_is_well_or_away_and_nine_is_a_call_for_help(
    carrier: Carrier,  # noqa: F811
    wang: House,  # noqa: F811
) -> None:
    of = carrier.town
    call = ask(of, wang)
    silent = carrier.call(f"/voice/again/{call.id}/1", OUR_NUMBER, to=wang.number)
    assert "平安请按1" in silent
    assert "过一会儿再打给您" in carrier.call(f"/voice/again/{call.id}/1?last=1", OUR_NUMBER, to=wang.number)
    assert (read_day(of).closed_at, carrier.count(Acknowledgement)) == (None, 0), "a voicemail picks up, too"
    assert "没有这个按键" in press(carrier, call, "5")
    assert (read_day(of).closed_at, carrier.count(Acknowledgement)) == (None, 1), "a person, and nothing is known yet"
    assert "您平安就好" in press(carrier, call, "1")
    assert read_day(of).outcome is GreetingOutcome.WELL

    call = ask(of, wang)
    assert "要改天数，请现在按1到9" in press(carrier, call, "2")
    day = read_day(of)
    until = of.read(lambda s: s.scalars(select(Greeting.paused_until)).one())
    assert (day.outcome, until) == (GreetingOutcome.AWAY, day.day + timedelta(days=7))
    press(carrier, call, "3", "away")
    assert of.read(lambda s: s.scalars(select(Greeting.paused_until)).one()) == day.day + timedelta(days=3)

    call = ask(of, wang)
    raised = press(carrier, call, "9", sid="CA77")
    assert "/voice/wait/" in raised
    assert [each.kind for each in of.incidents()].count(IncidentKind.ALARM) == 1
    assert of.alerts()[0].household_name == wang.name


def test_words_on_the_line_and_a_call_back_count_and_a_contact_has_keys_of_their_own(
    carrier: Carrier,  # noqa: F811
    wang: House,  # noqa: F811
) -> None:
    of = carrier.town
    call = ask(of, wang)
    heard = {"to": wang.number, "SpeechResult": "您好我现在不方便接听电话请留言"}
    carrier.call(f"/voice/answer/{call.id}/1", OUR_NUMBER, **heard)
    assert read_day(of).closed_at is None
    carrier.call(f"/voice/answer/{call.id}/1", OUR_NUMBER, **(heard | {"SpeechResult": "我很好"}))
    assert read_day(of).outcome is GreetingOutcome.WELL

    call = ask(of, wang)
    back = carrier.call("/voice/inbound", wang.number, sid="CA80")
    assert ("平安请按1" in back, f"/voice/callback/{call.id}" in back) == (True, True)
    assert "您平安就好" in carrier.call(f"/voice/callback/{call.id}", wang.number, sid="CA80", Digits="1")
    assert "平安请按1" not in carrier.call("/voice/inbound", wang.number, sid="CA81")

    ask(of, wang)

    def to_contact(session: Session) -> None:
        day = session.scalars(select(GreetingDay).where(GreetingDay.closed_at.is_(None))).one()
        # At night nobody is asked, and the test runs at any hour.
        noon = read_clock(session).astimezone(ZONE).replace(hour=12)
        day.step, day.next_at = GreetingStep.THIRD, noon
        assert greeting_days.go_on(session, day.id, noon, ZONE) is GreetingStep.CONTACT

    of.run(to_contact)
    place(of)
    told = of.delivery(SON, purpose=Purpose.LOOK_IN)
    assert "马上请联防长和邻居去王建国家看" in press(carrier, told, "2")
    assert read_day(of).step is GreetingStep.NEIGHBOURS
    assert "谢谢您" in press(carrier, told, "1")
    assert read_day(of).outcome is GreetingOutcome.SEEN


def test_nine_on_a_call_back_about_somebody_else_calls_all_to_their_door_and_hash_nine_to_ones_own(
    carrier: Carrier,  # noqa: F811
    wang: House,  # noqa: F811
) -> None:
    of = carrier.town
    ask(of, wang)

    def to_neighbours(session: Session) -> None:
        day = session.scalars(select(GreetingDay).where(GreetingDay.closed_at.is_(None))).one()
        noon = read_clock(session).astimezone(ZONE).replace(hour=12)
        day.step, day.next_at = GreetingStep.CONTACT, noon
        assert greeting_days.go_on(session, day.id, noon, ZONE) is GreetingStep.NEIGHBOURS

    of.run(to_neighbours)
    place(of)
    by_text = select(Delivery).where(Delivery.purpose == Purpose.LOOK_IN, Delivery.channel == Channel.SMS)
    told = of.read(lambda s: s.scalars(by_text.order_by(Delivery.id).limit(1)).one())
    back = carrier.call("/voice/inbound", told.number, sid="CA90")
    assert f"请您去看望的是{wang.name}" in back
    address = f"/voice/callback/{told.id}?about=other"
    assert address in back
    assert "/voice/menu/1?before=hash" in carrier.call(address, told.number, sid="CA90", Digits="#")
    assert f"马上呼叫邻居去{wang.name}" in carrier.call(address, told.number, sid="CA90", Digits="9")
    assert [each.household_name for each in of.alerts()] == [wang.name]
