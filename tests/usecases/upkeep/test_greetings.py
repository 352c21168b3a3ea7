"""Good mornings: who is asked when, who is asked next, what an answer ends, and what is never done."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from groups.models.accounts import Account, AccountRole
from groups.models.figures import ReachProof
from groups.models.roster import Household
from joint_defense.alarms import greeting_answers
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.alarms.intake import Limits
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.carriers.port import Temporary
from joint_defense.delivery.proofs import note_proofs
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.errors import GreetingRefused
from joint_defense.rules.states import Channel, DeliveryState, IncidentKind, Purpose
from joint_defense.rules.upkeep.greetings import GreetingOutcome, GreetingStep
from joint_defense.upkeep.greetings import greeting_days, wishes
from joint_defense.upkeep.greetings.wishes import EnrolledBy, Wish
from joint_defense.upkeep.number_changes import NumberRules
from tests.support.factories import House, Town, at

ZONE = ZoneInfo("Asia/Shanghai")
DAY = 86400.0
SEVEN = 10 * 3600.0 - 7 * 60
"""The next day's seven o'clock: NOW is 21:07."""
MINUTE = 60.0
CONTACT = "+8613905749999"


def enrol(town: Town, house: House, hour: str = "7:00", **more: object) -> int:
    contact = {"contact_name": "王小明", "contact_number": "13905749999", "contact_agreed": True}
    given = contact | {"consent_by": "王建国"} | more
    wish = Wish(town.phone(house.number).id, hour, **given)  # type: ignore[arg-type]
    by = EnrolledBy("村长", account_id=7)
    return town.run(lambda s: wishes.enrol(s, town.village_id, wish, by, at(0), NumberRules()).id)


def look(town: Town, after: float) -> list[str]:
    """What the clock does, and what the senders send then: to whom, by what."""

    def open_one(session: Session, one: int) -> None:
        greeting_days.open_day(session, one, at(after), ZONE)

    def go_on(session: Session, one: int) -> None:
        if greeting_days.go_on(session, one, at(after), ZONE) is GreetingStep.ALARM:
            greeting_answers.raise_unanswered(session, one, at(after), Limits())

    for day_id in town.read(lambda s: greeting_days.find_days_due(s, at(after))):
        town.run(lambda s, one=day_id: go_on(s, one))  # type: ignore[misc]
    for greeting_id in town.read(lambda s: greeting_days.find_due(s, at(after), ZONE)):
        town.run(lambda s, one=greeting_id: open_one(s, one))  # type: ignore[misc]
    return sorted(f"{each.to} {each.channel}" for each in town.place(after=after))


def ring_out(town: Town) -> None:
    """Nobody picks up, or a voicemail does: what was placed is over."""
    over = {"state": DeliveryState.REACHED}
    town.run(lambda s: s.execute(update(Delivery).where(Delivery.state == DeliveryState.PLACED).values(over)))


def answer(town: Town, number: str, after: float, channel: Channel = Channel.CALL) -> None:
    def take(session: Session) -> None:
        asked = greeting_days.find_asked(session, number)
        assert asked is not None
        greeting_days.take_answer(session, asked, channel, at(after))

    town.run(take)


def text(town: Town, number: str, body: str, after: float) -> str | None:
    message = Text(town.sid(), number, body)
    return town.run(lambda s: take_message(s, message, at(after))).text


def days(town: Town) -> list[tuple[date, GreetingStep, GreetingOutcome | None]]:
    rows = select(GreetingDay).order_by(GreetingDay.id)
    return [(each.day, each.step, each.outcome) for each in town.read(lambda s: s.scalars(rows).all())]


def test_somebody_is_asked_once_a_day_at_their_time_and_a_key_says_that_they_are_well(town: Town) -> None:
    wang = town.house("王建国")
    enrol(town, wang)
    assert look(town, 60) == [], "the time of today had gone by before they wished for it"
    assert look(town, SEVEN - 1) == []
    assert look(town, SEVEN) == [f"{wang.number} call"]
    told = town.delivery(wang.number, purpose=Purpose.GREETING)
    assert told.text == ("您好，这是十户联防的平安问候，打给王建国家。\n平安请按1，要出门几天请按2，需要帮忙请按9。")
    assert told.urgency >= 40, "behind every real call"
    answer(town, wang.number, SEVEN + 30)
    for later in (31, 900, 3600, 13 * 3600):
        assert look(town, SEVEN + later) == [], "once a day, whatever the clock says"
    assert look(town, SEVEN - 3600) == [], "a clock that is put back asks nobody again"
    assert look(town, SEVEN + DAY) == [f"{wang.number} call"]
    assert days(town)[0] == (date(2026, 11, 24), GreetingStep.FIRST, GreetingOutcome.WELL)
    town.run(lambda s: note_proofs(s, at(SEVEN + DAY), ZONE))
    (proof,) = town.read(lambda s: s.scalars(select(ReachProof)).all())
    assert (proof.phone_id, proof.proven_on) == (town.phone(wang.number).id, date(2026, 11, 24))
    kinds = [(each.kind, each.group_name, each.village_name) for each in town.incidents()]
    assert set(kinds) == {(IncidentKind.GREETING, "", "")}, "no list tells whose it is"


def test_without_an_answer_contact_then_leader_and_neighbours_are_asked_and_at_last_all_if_it_is_wished(
    town: Town,
) -> None:
    wang, li = town.house("王建国", "m"), town.house("李月芳", leader=True)
    near, far, furthest = town.house("陈"), town.house("赵", "l"), town.house("孙")
    enrol(town, wang, alarms=True)
    assert look(town, SEVEN) == [f"{wang.number} call"]
    ring_out(town)
    assert look(town, SEVEN + 14 * MINUTE) == []
    assert look(town, SEVEN + 15 * MINUTE) == [f"{wang.number} call"]
    ring_out(town)
    assert look(town, SEVEN + 30 * MINUTE) == [f"{wang.number} call", f"{wang.number} sms"]
    ring_out(town)
    assert look(town, SEVEN + 40 * MINUTE) == [f"{CONTACT} call", f"{CONTACT} sms"]
    asked = town.delivery(CONTACT, Channel.SMS, Purpose.LOOK_IN).text
    assert asked == (
        "【十户联防】王建国家（墙下陶村3组·桥东第1家）今天三次平安问候都没有回应，请马上联系。"
        "知道平安请回复1，要请邻居上门看请回复2，出了事请直接写出什么事"
    )
    assert look(town, SEVEN + 50 * MINUTE) == sorted([f"{li.number} sms", f"{near.number} sms", f"{far.number} call"])
    assert look(town, SEVEN + 69 * MINUTE) == []
    rung = look(town, SEVEN + 70 * MINUTE)
    assert f"{furthest.number} call" in rung
    assert f"{wang.number} call" not in rung
    assert [each[1:] for each in days(town)] == [(GreetingStep.ALARM, GreetingOutcome.ALARM)]
    assert "按本户意愿求助" in town.alerts()[0].text
    assert look(town, SEVEN + 71 * MINUTE) == []


def test_a_quiet_task_stays_open_until_somebody_has_seen_them_and_the_others_are_told(town: Town) -> None:
    wang, li, near = town.house("王建国"), town.house("李月芳", leader=True), town.house("陈")
    enrol(town, wang, contact_name="", contact_number="")
    for minutes in (0, 15, 30):
        look(town, SEVEN + minutes * MINUTE)
        ring_out(town)
    assert look(town, SEVEN + 40 * MINUTE) == sorted([f"{li.number} sms", f"{near.number} sms"]), "no contact is named"
    assert look(town, SEVEN + 5 * 3600) == [], "no alarm is wished: it stays a task"
    assert days(town)[0][2] is None
    assert text(town, near.number, "门没开，敲了没人应", SEVEN + 5 * 3600) == (
        "【十户联防】收到。王建国家的人平安请回复1；要大家去帮忙请写出什么事，例如：摔倒了"
    )
    assert text(town, near.number, "1", SEVEN + 5 * 3600 + 9) == "【十户联防】收到：王建国家平安，谢谢您"
    assert look(town, SEVEN + 5 * 3600 + 10) == [f"{li.number} sms"]
    told = town.delivery(li.number, Channel.SMS, Purpose.LOOK_IN).text
    assert told == "【十户联防】王建国家已确认平安，不用去看了，谢谢您"
    assert days(town)[0][2] is GreetingOutcome.SEEN
    assert [each for each in town.incidents() if each.kind is IncidentKind.ALARM] == []


def test_words_in_answer_are_well_a_call_for_help_or_passed_on_and_a_machine_is_no_answer(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳", leader=True)
    enrol(town, wang, channel=Channel.SMS)

    def ask(day: int) -> float:
        moment = SEVEN + day * DAY
        assert look(town, moment) == [f"{wang.number} sms"]
        return moment + 60

    assert text(town, wang.number, "我很好，谢谢", ask(0)) == ("【十户联防】收到，您平安就好。需要帮忙随时打本号码按#9")
    assert "会转告联系人" in (text(town, wang.number, "有点头晕，不想吃饭", ask(1)) or "")
    assert town.delivery(CONTACT, Channel.SMS, Purpose.LOOK_IN).text == (
        "【十户联防】王建国家回复了平安问候：“有点头晕，不想吃饭”。请您关心一下"
    )
    town.place(after=SEVEN + DAY + 70)
    answered = text(town, wang.number, "我摔倒了起不来", ask(2))
    assert "马上呼叫1户邻居" in (answered or "")
    assert town.alerts()[0].text == "我摔倒了起不来"
    assert f"{li.number} call" in look(town, SEVEN + 2 * DAY + 61)
    assert look(town, SEVEN + 2 * DAY + 15 * MINUTE) == [], "help is on its way: nobody asks any more"
    assert [each[2] for each in days(town)] == [GreetingOutcome.WELL, GreetingOutcome.WELL, GreetingOutcome.HELP]
    town.run(lambda s: s.execute(update(Incident).values(closed_at=at(SEVEN + 2 * DAY + 3600))))
    assert text(town, wang.number, "[自动回复] 我正在开车，稍后回复您", ask(3)) is None
    assert days(town)[3][2] is None


def test_whoever_was_to_look_in_and_finds_trouble_calls_all_to_their_door(town: Town) -> None:
    wang, li, near = town.house("王建国"), town.house("李月芳", leader=True), town.house("陈")
    enrol(town, wang)
    for minutes in (0, 15, 30):
        look(town, SEVEN + minutes * MINUTE)
        ring_out(town)
    look(town, SEVEN + 40 * MINUTE)
    assert text(town, CONTACT, "2", SEVEN + 41 * MINUTE) == "【十户联防】收到，马上请联防长和邻居去王建国家看"
    assert look(town, SEVEN + 41 * MINUTE + 1) == sorted([f"{li.number} sms", f"{near.number} sms"])
    answered = text(town, near.number, "人摔倒了，快来帮忙", SEVEN + 50 * MINUTE)
    assert answered == "【十户联防】已收到，马上呼叫邻居去王建国家。报警请打110，急救请打120"
    (alert,) = town.alerts()
    assert (alert.household_name, alert.text) == ("王建国家", "陈家去看后求助：人摔倒了，快来帮忙")
    assert days(town)[0][2] is GreetingOutcome.HELP


def test_nobody_is_asked_beside_a_call_for_help_of_their_own_and_a_call_in_hand_does_not_ring(town: Town) -> None:
    wang = town.house("王建国")
    town.house("李月芳")
    enrol(town, wang)
    report = town.run(lambda s: report_wordless(s, "voice:CA9:wordless", wang.number, at(SEVEN - 60)))
    assert look(town, SEVEN) == []
    town.run(lambda s: setattr(s.get_one(Incident, report.incident_id), "closed_at", at(SEVEN + 600)))
    town.run(
        lambda s: [greeting_days.open_day(s, one, at(SEVEN + 601), ZONE) for one in s.scalars(select(Greeting.id))]
    )
    town.raise_alarm(wang, after=SEVEN + 602)
    assert town.delivery(wang.number, purpose=Purpose.GREETING).state is DeliveryState.CANCELLED
    look(town, SEVEN + 601 + 15 * MINUTE)
    assert days(town)[0][2] is GreetingOutcome.HELP


def test_a_carrier_that_is_away_frightens_nobody_and_what_did_not_leave_is_asked_again(town: Town) -> None:
    wang = town.house("王建国")
    town.house("李月芳", leader=True)
    enrol(town, wang, alarms=True)
    for greeting_id in town.read(lambda s: greeting_days.find_due(s, at(SEVEN), ZONE)):
        town.run(lambda s, one=greeting_id: greeting_days.open_day(s, one, at(SEVEN), ZONE))  # type: ignore[misc]
    (claim,) = town.claim(after=SEVEN)
    town.came(claim, Temporary("503"), after=SEVEN + 1)
    for minutes in (15, 16, 17):
        now = at(SEVEN + minutes * MINUTE)
        for day_id in town.read(lambda s: greeting_days.find_days_due(s, now)):  # noqa: B023
            town.run(lambda s, one=day_id, when=now: greeting_days.go_on(s, one, when, ZONE))  # type: ignore[misc]
    assert days(town)[0][1] is GreetingStep.FIRST
    (claim,) = town.claim(after=SEVEN + 17 * MINUTE)
    town.came(claim, Temporary("503"), after=SEVEN + 17 * MINUTE + 1)
    assert town.delivery(wang.number, purpose=Purpose.GREETING).state is DeliveryState.UNREACHED
    assert look(town, SEVEN + 19 * MINUTE) == [f"{wang.number} call"], "once more"
    assert days(town)[0][1] is GreetingStep.FIRST
    ring_out(town)
    assert look(town, SEVEN + 34 * MINUTE) == [f"{wang.number} call"]
    assert days(town)[0][1] is GreetingStep.SECOND


def test_a_clock_that_was_away_asks_later_the_same_day_and_never_two_days_at_once(town: Town) -> None:
    wang = town.house("王建国")
    enrol(town, wang)
    assert look(town, SEVEN + 14 * 3600 + 60) == [], "it is past nine in the evening"
    assert look(town, SEVEN + DAY + 6 * 3600) == [f"{wang.number} call"], "better late than not at all"
    ring_out(town)
    assert look(town, SEVEN + 3 * DAY) == [f"{wang.number} call"]
    assert [(each[0].day, each[2]) for each in days(town)] == [(25, GreetingOutcome.UNANSWERED), (27, None)]


def test_a_text_pauses_until_a_day_and_another_ends_the_pause(town: Town) -> None:
    wang, chen = town.house("王建国"), town.house("陈")
    enrol(town, wang)
    assert text(town, chen.number, "出门", SEVEN) != text(town, wang.number, "出门到26号", SEVEN)
    assert look(town, SEVEN + DAY) == [], "26th: away until then"
    assert look(town, SEVEN + 2 * DAY) == [f"{wang.number} call"]
    assert text(town, wang.number, "我出门了", SEVEN + 2 * DAY + 60) == (
        "【十户联防】收到，12月3日起再问候您。提前回来请回复：回来"
    )
    assert days(town)[-1][2] is GreetingOutcome.AWAY
    assert look(town, SEVEN + 2 * DAY + 15 * MINUTE) == []
    assert text(town, wang.number, "出门到2026-11-20", SEVEN + 2 * DAY + 99) == (
        "【十户联防】这一天已经过去了，没有暂停。请写以后的日子，例如：出门到5号"
    )
    assert text(town, wang.number, "回来了", SEVEN + 3 * DAY) == "【十户联防】欢迎回来，明天07:00起照常问候您"
    assert look(town, SEVEN + 3 * DAY + 60) == []
    assert look(town, SEVEN + 4 * DAY) == [f"{wang.number} call"]


WRONG: list[tuple[dict[str, object], dict[str, str]]] = [
    ({"at": "25"}, {"at": "hour"}),
    ({"at": "4:59"}, {"at": "hour"}),
    ({"at": "20:01"}, {"at": "hour"}),
    ({"at": "早上"}, {"at": "hour"}),
    ({"consent_by": ""}, {"consent_by": "no_consent"}),
    ({"contact_number": "12345"}, {"contact_number": "contact_broken"}),
    ({"contact_number": "own"}, {"contact_number": "contact_own"}),
    ({"contact_number": ""}, {"contact_number": "contact_missing"}),
    ({"contact_name": ""}, {"contact_name": "contact_unnamed"}),
    ({"contact_name": "http://fake.cn/a"}, {"contact_name": "link"}),
    ({"contact_agreed": False}, {"contact_agreed": "contact_not_asked"}),
    ({"at": "3", "consent_by": ""}, {"at": "hour", "consent_by": "no_consent"}),
]


def test_a_wish_that_cannot_be_met_says_what_is_wrong_field_by_field(town: Town) -> None:
    wang = town.house("王建国", "ml")
    for given, wrong in WRONG:
        more = {name: value for name, value in given.items() if name != "at"}
        if given.get("contact_number") == "own":
            more["contact_number"] = wang.numbers[1]
        with pytest.raises(GreetingRefused) as refused:
            enrol(town, wang, str(given.get("at", "7")), **more)
        assert refused.value.wrong == wrong
    assert town.read(lambda s: s.scalars(select(Greeting)).all()) == []


def test_hour_and_contact_are_changed_on_record_and_taken_back_and_a_new_contact_is_asked_first(town: Town) -> None:
    wang = town.house("王建国")
    one = enrol(town, wang)

    def change(after: float = 0, **more: object) -> bool:
        def do(session: Session) -> bool:
            greeting = session.get_one(Greeting, one)
            stands = {"at": "7:00", "contact_name": "王小明", "contact_number": "139 0574 9999"}
            wish = Wish(0, **(stands | more))  # type: ignore[arg-type]
            return wishes.change(session, greeting, wish, "村长", at(after), NumberRules())

        return town.run(do)

    def undo(after: float = 0) -> bool:
        return town.run(lambda s: wishes.undo_change(s, s.get_one(Greeting, one), at(after), NumberRules()))

    def stands() -> tuple[int, str, str, str]:
        of = town.read(lambda s: s.get_one(Greeting, one))
        return of.minute, of.contact_name, of.contact_number, of.consent_by

    assert not change(), "nothing is changed"
    assert change(at="8:00")
    assert stands() == (480, "王小明", CONTACT, "王建国"), "the consent stays as it was given"
    with pytest.raises(GreetingRefused) as refused:
        change(at="4:00", contact_number="13905748888", contact_name="小红")
    assert refused.value.wrong == {"at": "hour", "contact_agreed": "contact_not_asked"}
    assert change(at="8:00", contact_number="13905748888", contact_name="小红", contact_agreed=True)
    assert stands()[1:3] == ("小红", "+8613905748888")
    rows = town.read(lambda s: [(x.minute, x.contact_number, x.made_by) for x in wishes.list_changes(s, one)])
    assert rows == [(480, CONTACT, "村长"), (420, CONTACT, "村长")], "what stood before, the last first"
    assert (undo(), stands()) == (True, (480, "王小明", CONTACT, "王建国"))
    assert (undo(), stands()[0], undo()) == (True, 420, False)
    assert look(town, SEVEN) == [f"{wang.number} call"]
    assert change(SEVEN + 60, at="9:00")
    assert look(town, SEVEN + 2 * 3600) == [f"{wang.number} call"], "the second ring of today, and no second day"
    for after in (2.5, 2.8):
        look(town, SEVEN + after * 3600)
    with pytest.raises(GreetingRefused) as refused:
        change(SEVEN + 3 * 3600, at="9:00", contact_number="13905748888", contact_name="小红", contact_agreed=True)
    assert refused.value.wrong == {"contact_number": "contact_asked"}
    assert undo(SEVEN + 3 * 3600), "the hour alone may be changed meanwhile"
    town.run(lambda s: greeting_days.end_greeting(s, s.get_one(Greeting, one), "村长", at(SEVEN + 4 * 3600)))
    assert town.read(lambda s: list(wishes.list_changes(s, one))) == [], "what has ended keeps no contact"


def test_a_phone_is_asked_in_no_way_that_its_household_has_refused(town: Town) -> None:
    wang, landline = town.house("王建国"), town.house("李", "l")
    with pytest.raises(GreetingRefused, match="no_texts"):
        enrol(town, landline, channel=Channel.SMS)
    town.change(wang.number, text_refused_code="21610")
    with pytest.raises(GreetingRefused, match="stopped"):
        enrol(town, wang, channel=Channel.SMS)
    town.change(wang.number, may_call=False)
    with pytest.raises(GreetingRefused, match="no_calls"):
        enrol(town, wang)
    town.change(wang.number, may_text=False)
    with pytest.raises(GreetingRefused, match="opted_out"):
        enrol(town, wang)
    enrol(town, landline)
    with pytest.raises(GreetingRefused, match="already"):
        enrol(town, landline)
    town.run(lambda s: s.execute(update(Household).where(Household.id == landline.id).values(away_until=at(2 * DAY))))
    assert look(town, SEVEN) == [], "the roster says that they are away"
    assert days(town) == []


def test_only_whoever_enrolled_them_and_an_administrator_are_shown_who_takes_part(town: Town) -> None:
    enrol(town, town.house("王建国"))
    head = Account(name="王村长", role=AccountRole.VILLAGE_HEAD, password_hash="-", created_at=at(0))
    head.village_id = town.village_id
    town.run(lambda s: s.add(head))

    def names(account_id: int | None, *, all_of_them: bool = False) -> list[str]:
        found = town.read(lambda s: wishes.list_greetings(s, None, account_id, all_of_them=all_of_them))
        return [each.phone.household_name for each in found if each.phone is not None]

    assert names(7) == ["王建国家"]
    assert names(8) == names(None) == []
    assert names(None, all_of_them=True) == ["王建国家"]
