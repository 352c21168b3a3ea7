"""Good mornings and what bounds them: the night, a phone that cannot be asked, those who are away, moved or erased."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update

from groups.directory import people
from groups.models.accounts import Account, AccountRole
from groups.models.figures import ReachProof
from groups.models.roster import Household, Phone
from joint_defense.delivery.proofs import note_proofs
from joint_defense.incidents import privacy
from joint_defense.models.greetings import Greeting, GreetingDay
from joint_defense.models.incidents import Acknowledgement, Alert, Delivery, Incident, IncidentUpdate
from joint_defense.operations import after_restore
from joint_defense.rules.states import Channel, DeliveryState, Purpose
from joint_defense.rules.upkeep.greetings import GreetingOutcome, GreetingStep
from joint_defense.upkeep.greetings import greeting_days
from tests.support.factories import House, Town, at
from tests.usecases.upkeep.test_greetings import CONTACT, DAY, MINUTE, SEVEN, ZONE, days, enrol, look, ring_out, text

HEAD = "+8613905748888"
HOUR = 3600.0
EIGHT_PM = SEVEN + 13 * HOUR
ALONE = {"contact_name": "", "contact_number": ""}


def add_head(town: Town) -> None:
    """The head, who has enrolled them: account 7."""
    head = Account(id=7, name="王村长", role=AccountRole.VILLAGE_HEAD, password_hash="-", created_at=at(0))
    head.village_id, head.phone = town.village_id, HEAD
    town.run(lambda s: s.add(head))


def leave_to_neighbours(town: Town, **more: object) -> tuple[House, House, House]:
    """Nobody has answered, and leader and a neighbour were asked to look in."""
    wang, li, near = town.house("王建国"), town.house("李月芳", leader=True), town.house("陈")
    enrol(town, wang, "7:00", **ALONE, **more)
    for minutes in (0, 15, 30):
        look(town, SEVEN + minutes * MINUTE)
        ring_out(town)
    assert look(town, SEVEN + 40 * MINUTE) == sorted([f"{li.number} sms", f"{near.number} sms"])
    return wang, li, near


def read_told(town: Town, number: str) -> str:
    """The last text to this number about looking in."""
    return str(town.delivery(number, Channel.SMS, Purpose.LOOK_IN).text)


def set_away(town: Town, house: House, until: float) -> None:
    away = update(Household).where(Household.id == house.id).values(away_until=at(until))
    town.run(lambda s: s.execute(away))


def test_nothing_rings_after_nine_and_what_the_evening_left_open_is_told_in_the_morning(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳", leader=True)
    town.house("陈")
    add_head(town)
    enrol(town, wang, "20:00", alarms=True, **ALONE)
    assert look(town, EIGHT_PM) == [f"{wang.number} call"]
    ring_out(town)
    for minutes in (150, 165, 175, 185, 205, 8 * 60):
        assert look(town, EIGHT_PM + minutes * MINUTE) == [], "the clock was away from 20:00 to 22:30"
    assert look(town, SEVEN + DAY) == sorted([f"{li.number} sms", f"{HEAD} sms"])
    assert read_told(town, li.number) == (
        "【十户联防】王建国家（墙下陶村3组·桥东第1家）11月24日的平安问候没有收到回应，系统没有继续问完。"
        "请您今天早上看一看，谢谢"
    )
    assert days(town) == [(date(2026, 11, 24), GreetingStep.FIRST, GreetingOutcome.UNANSWERED)]
    assert look(town, EIGHT_PM + DAY) == [f"{wang.number} call"]


def test_an_evening_that_went_as_planned_still_ends_in_the_alarm_that_they_wish(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳", leader=True)
    enrol(town, wang, "20:00", alarms=True)
    for minutes in (0, 15, 30, 40, 50):
        look(town, EIGHT_PM + minutes * MINUTE)
        ring_out(town)
    assert f"{li.number} call" in look(town, EIGHT_PM + 70 * MINUTE)
    assert days(town)[0][2] is GreetingOutcome.ALARM


def test_a_call_that_still_waits_at_night_is_not_placed_when_the_machine_is_back(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳", leader=True)
    enrol(town, wang, "20:00")
    for one in town.read(lambda s: greeting_days.find_due(s, at(EIGHT_PM), ZONE)):
        town.run(lambda s, one=one: greeting_days.open_day(s, one, at(EIGHT_PM), ZONE))  # type: ignore[misc]
    assert town.place(after=EIGHT_PM + 6 * HOUR) == []
    told = town.delivery(wang.number, purpose=Purpose.GREETING)
    assert (told.state, told.attempt_count, told.owner) == (DeliveryState.CANCELLED, 0, None)
    assert look(town, EIGHT_PM + 7 * HOUR) == []
    assert look(town, SEVEN + DAY) == [f"{li.number} sms"]
    assert "11月24日系统没能问候王建国家" in read_told(town, li.number)


def test_a_restore_at_night_rings_nobody(town: Town) -> None:
    leave_to_neighbours(town, alarms=True)
    night = SEVEN + 16.5 * HOUR
    town.run(lambda s: after_restore.settle(s, at(SEVEN + 50 * MINUTE), at(night)))
    for minutes in (0, 15, 30, 60, 120):
        assert look(town, night + minutes * MINUTE) == []


def test_nobody_is_asked_about_somebody_who_cannot_be_asked_and_whoever_enrolled_them_is_told_once(town: Town) -> None:
    wang = town.house("王建国")
    town.house("李月芳", leader=True)
    add_head(town)
    enrol(town, wang, alarms=True)
    town.change(wang.number, may_call=False, may_text=False)
    assert look(town, SEVEN) == [f"{HEAD} sms"]
    assert "王建国家的平安问候已暂停" in read_told(town, HEAD)
    for later in (4.0, 15 * MINUTE, HOUR, DAY, DAY + HOUR):
        assert look(town, SEVEN + later) == []
    assert days(town) == []
    assert town.read(lambda s: s.scalars(select(Greeting.unasked_on)).all()) == [date(2026, 11, 24)]
    town.change(wang.number, may_call=True)
    assert look(town, SEVEN + 2 * DAY) == [f"{wang.number} call"]
    ring_out(town)
    town.change(wang.number, may_call=False)
    assert look(town, SEVEN + 2 * DAY + 15 * MINUTE) == [f"{HEAD} sms"], "in the midst of a day, too"
    assert days(town)[-1][2] is GreetingOutcome.UNASKED
    assert look(town, SEVEN + 2 * DAY + HOUR) == []


def test_a_text_that_was_refused_counts_as_not_asked(town: Town) -> None:
    wang = town.house("王建国")
    town.house("李月芳", leader=True)
    town.change(wang.number, may_call=False)
    enrol(town, wang, channel=Channel.SMS, alarms=True)
    assert look(town, SEVEN) == [f"{wang.number} sms"]
    refused = {"state": DeliveryState.UNREACHED, "failure": "refused"}
    town.run(lambda s: s.execute(update(Delivery).values(refused)))
    for later in (15, 30, 40, 50, 70):
        assert look(town, SEVEN + later * MINUTE) == []
    assert [each[1:] for each in days(town)] == [(GreetingStep.FIRST, GreetingOutcome.UNASKED)]


def test_an_alarm_that_others_raise_for_them_proves_no_phone_of_theirs(town: Town) -> None:
    wang, _, _ = leave_to_neighbours(town, alarms=True)
    look(town, SEVEN + HOUR)
    assert [(each.number, each.by_others) for each in town.alerts()] == [(wang.number, True)]

    def read_proven() -> list[int]:
        town.run(lambda s: note_proofs(s, at(SEVEN + 61 * MINUTE), ZONE))
        return list(town.read(lambda s: s.scalars(select(ReachProof.phone_id)).all()))

    assert read_proven() == []
    town.raise_alarm(wang, after=SEVEN + HOUR + 30)
    assert [each.by_others for each in town.alerts()] == [False], "now they call themselves"
    assert read_proven() == [town.phone(wang.number).id]


def test_who_is_set_away_after_the_first_ring_is_asked_after_no_more(town: Town) -> None:
    wang, li, near = leave_to_neighbours(town, alarms=True)
    set_away(town, wang, 5 * DAY)
    assert look(town, SEVEN + HOUR) == sorted([f"{li.number} sms", f"{near.number} sms"])
    assert read_told(town, near.number) == "【十户联防】王建国家已登记外出，不用去看了，谢谢您"
    assert days(town)[0][2] is GreetingOutcome.AWAY


def test_a_quiet_task_ends_the_next_day_where_they_are_away(town: Town) -> None:
    wang, _, _ = leave_to_neighbours(town)
    assert look(town, SEVEN + HOUR) == []
    set_away(town, wang, 30 * DAY)
    look(town, SEVEN + DAY)
    assert [each[2] for each in days(town)] == [GreetingOutcome.AWAY]
    assert {each.closed_at is not None for each in town.incidents()} == {True}


def test_neighbours_on_their_way_are_told_that_the_greeting_has_ended(town: Town) -> None:
    _, li, near = leave_to_neighbours(town)
    town.run(
        lambda s: greeting_days.end_greeting(s, s.scalars(select(Greeting)).one(), "王村长", at(SEVEN + 45 * MINUTE))
    )
    assert look(town, SEVEN + 46 * MINUTE) == sorted([f"{li.number} sms", f"{near.number} sms"])
    assert "王建国家的平安问候已停止" in read_told(town, li.number)


def test_a_household_that_has_left_the_roster_is_greeted_no_more(town: Town) -> None:
    wang = town.house("王建国")
    town.house("李月芳", leader=True)
    enrol(town, wang, alarms=True)
    look(town, SEVEN)
    ring_out(town)
    for table, whose in ((Household, Household.id), (Phone, Phone.household_id)):
        gone = update(table).where(whose == wang.id).values(archived_at=at(SEVEN + 60))
        town.run(lambda s, gone=gone: s.execute(gone))  # type: ignore[misc]
    for minutes in (15, 30, 40, 50, 70):
        assert look(town, SEVEN + minutes * MINUTE) == []
    assert [each[2] for each in days(town)] == [GreetingOutcome.ENDED]
    assert town.read(lambda s: s.scalars(select(Greeting.contact_number)).all()) == [""]


def test_a_household_that_is_enrolled_anew_is_not_rung_twice_a_day(town: Town) -> None:
    wang = town.house("王建国")
    enrol(town, wang)
    assert look(town, SEVEN) == [f"{wang.number} call"]
    town.run(lambda s: greeting_days.end_greeting(s, s.scalars(select(Greeting)).one(), "王村长", at(SEVEN + 60)))
    enrol(town, wang, "9:00")
    assert look(town, SEVEN + 2 * HOUR) == []
    assert look(town, SEVEN + 2 * HOUR + DAY) == [f"{wang.number} call"]
    assert text(town, wang.number, "1", SEVEN + 2 * HOUR + DAY + 9) is not None


def make_subject(town: Town, house: House) -> people.Subject:
    return people.Subject(house.id, (house.number,))


def read_traces(town: Town) -> str:
    """All that incidents and good mornings keep."""
    tables = (Greeting, GreetingDay, Alert, Delivery, Acknowledgement, IncidentUpdate)
    return town.read(
        lambda s: "\n".join(
            str([getattr(row, column.name) for column in table.__table__.columns])
            for table in tables
            for row in s.scalars(select(table)).all()
        )
    )


def test_a_neighbour_who_was_asked_to_look_in_is_erased_while_the_task_is_open_and_after_a_call_for_help(
    town: Town,
) -> None:
    _, li, near = leave_to_neighbours(town)
    assert town.read(lambda s: privacy.find_running(s, make_subject(town, near))) == []
    town.run(lambda s: privacy.erase_from_incidents(s, make_subject(town, near)))
    assert "陈家" not in read_traces(town)
    assert text(town, li.number, "人摔倒了，快来帮忙", SEVEN + 50 * MINUTE) is not None
    assert "李月芳家去看后求助" in town.alerts()[0].text
    town.run(lambda s: s.execute(update(Incident).values(closed_at=at(SEVEN + HOUR))))
    town.run(lambda s: privacy.erase_from_incidents(s, make_subject(town, li)))
    assert [each for each in ("李月芳家", li.number) if each in read_traces(town)] == []
    assert "摔倒了" in town.alerts()[0].text


def test_whoever_is_greeted_is_erased_with_their_contact_while_neighbours_are_on_their_way(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳", leader=True)
    enrol(town, wang)
    for minutes in (0, 15, 30, 40, 50):
        look(town, SEVEN + minutes * MINUTE)
        ring_out(town)
    town.run(lambda s: privacy.erase_from_incidents(s, make_subject(town, wang)))
    traces = read_traces(town)
    assert [each for each in ("王建国", "桥东第1家", "王小明", CONTACT, wang.number) if each in traces] == []
    assert {each.closed_at is not None for each in town.incidents()} == {True}
    for later in (HOUR, DAY):
        assert look(town, SEVEN + later) == []
    assert li.number not in traces, "nothing tells who looked in on them"


def test_a_contact_is_erased_by_their_number(town: Town) -> None:
    wang = town.house("王建国")
    town.house("李月芳", leader=True)
    enrol(town, wang)
    for minutes in (0, 15, 30, 40):
        look(town, SEVEN + minutes * MINUTE)
        ring_out(town)
    assert text(town, CONTACT, "1", SEVEN + 41 * MINUTE) is not None
    assert "王小明" in read_traces(town)
    town.run(lambda s: privacy.erase_from_incidents(s, people.Subject(None, (CONTACT,))))
    assert [each for each in ("王小明", CONTACT) if each in read_traces(town)] == []


def test_a_contact_who_wishes_it_late_in_the_evening_has_neighbours_look_in_at_once(town: Town) -> None:
    wang, li = town.house("王建国"), town.house("李月芳", leader=True)
    enrol(town, wang, "20:00")
    for minutes in (0, 15, 30, 40):
        look(town, EIGHT_PM + minutes * MINUTE)
        ring_out(town)
    # The clock does not come to its next step meanwhile.
    assert text(town, CONTACT, "2", EIGHT_PM + 63 * MINUTE) is not None
    assert look(town, EIGHT_PM + 64 * MINUTE) == [f"{li.number} sms"]
