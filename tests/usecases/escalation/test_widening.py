"""Widening: with too few coming others are called, in the policy's steps, each once, and the caller is told."""

from __future__ import annotations

from collections import Counter
from functools import partial
from threading import Barrier, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from groups.models.responders import Responder, Team
from groups.models.roster import Group
from joint_defense.alarms import closing, inbound_texts, news_on_line, news_sent, wordless_calls
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.escalation import redials, widening
from joint_defense.alarms.news_on_line import Patience
from joint_defense.carriers.port import RefusedNumber
from joint_defense.incidents import policies
from joint_defense.incidents.answers import find_told
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules.escalation import BUILT_IN, Policy, Step, Whom
from joint_defense.rules.parties import Party
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, DeliveryState, IncidentKind, Purpose
from joint_defense.web.board.incident import read_board
from tests.support.factories import NOW, House, Town, at

CALL, SMS = Channel.CALL, Channel.SMS
ZONE = ZoneInfo("Asia/Shanghai")


def _execute(statement: Update, session: Session) -> None:
    session.execute(statement)


class Village:
    """A group of five with leader and deputy, a back-up group, two more beside it, and people on duty."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.backup, self.next, self.far = town.group("4组"), town.group("5组"), town.group("9组")
        for place, group_id in enumerate((self.backup, town.group_id, self.next, self.far)):
            placed = update(Group).where(Group.id == group_id).values(position=place)
            town.run(partial(_execute, placed))
        of_wang = update(Group).where(Group.id == town.group_id).values(backup_group_id=self.backup)
        town.run(partial(_execute, of_wang))
        self.wang = town.house("王建国")
        self.li = town.house("李月芳", "ml", leader=True)
        self.chen = town.house("陈国平", deputy=True)
        self.zhang = town.house("张明")
        self.zhao = town.house("赵根")
        self.backup_house = town.house("钱福", "mm", group=self.backup)
        self.next_house = town.house("孙康", group=self.next)
        self.far_house = town.house("周远", group=self.far)

    def responder(
        self, name: str, number: str, *, hours: str = "", centre: bool = False, team: Team = Team.SECURITY
    ) -> None:
        given = {"name": name, "number": number, "hours": hours, "team": team, "may_text": "86574" not in number}
        village_id = None if centre else self.town.village_id
        self.town.run(lambda s: s.add(Responder(village_id=village_id, **given)))

    def alarm(self, house: House | None = None, **more: Any) -> int:
        raised = self.town.raise_alarm(house or self.wang, **more)
        assert raised.incident_id is not None
        self.town.place()
        return raised.incident_id

    def tick(self, after: float) -> int:
        return self.town.run(lambda s: widening.widen_due(s, at(after), ZONE))

    def answers(self, house: House, given: Answer = Answer.COMING, *, after: float) -> None:
        self.answers_as(self.town.delivery(house.number, SMS), given, after=after)

    def answers_as(self, told: Delivery, given: Answer, *, after: float) -> None:
        self.town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), given, SMS, at(after)))

    def end_first_calls(self) -> None:
        """Nobody picks up: every call rings out."""
        self.town.run(
            lambda s: s.execute(
                update(Delivery).where(Delivery.state == DeliveryState.PLACED).values(state=DeliveryState.UNREACHED)
            )
        )

    def widened(self, incident_id: int) -> list[tuple[str, Channel]]:
        lines = self.town.lines(incident_id, Purpose.WIDENING)
        return [(line.household, line.channel) for line in lines]


@pytest.fixture
def village(town: Town) -> Village:
    found = Village(town)
    found.responder("墙下陶村值班室", "+8657487999001", team=Team.STATION)
    found.responder("老何", "+8613700000001", hours="周一 18:00-06:00")  # NOW is a Monday, 21:07 there
    found.responder("老郭", "+8613700000002", hours="周二 18:00-06:00")
    found.responder("镇值班室", "+8657487999002", centre=True, team=Team.STATION)
    return found


def test_whoever_is_called_besides_is_rung_after_the_neighbours_who_still_wait_for_their_turn(village: Village) -> None:
    incident_id = village.town.raise_alarm(village.wang).incident_id
    assert incident_id is not None
    assert village.tick(60) == 1
    # Second phones come after everybody's first.
    claims = [
        each for each in village.town.claim(after=61) if not village.town.delivery_by_id(each.delivery_id).urgency
    ]
    for channel in Channel:
        order = [claim.purpose for claim in claims if claim.channel is channel]
        assert order == sorted(order, key=[Purpose.ALARM, Purpose.WIDENING].index)
        assert {*order} == {Purpose.ALARM, Purpose.WIDENING}


def test_the_steps_come_at_their_seconds_and_call_whom_they_name(village: Village) -> None:
    incident_id = village.alarm()
    village.end_first_calls()
    assert village.tick(59) == 0
    assert village.tick(60) == 1
    first = village.widened(incident_id)
    assert {who for who, _ in first} == {"李月芳家", "陈国平家", "墙下陶村值班室", "治保老何"}
    assert village.tick(61) == 0
    assert village.tick(120) == 1
    assert {who for who, _ in village.widened(incident_id)[len(first) :]} == {"钱福家"}
    assert village.tick(240) == 1
    assert {who for who, _ in village.widened(incident_id)[len(first) + 4 :]} == {"孙康家", "镇值班室"}
    assert village.tick(1000) == 0
    told = [line.detail for line in village.town.timeline("widened")]
    assert [(each["step"], each["level"], each["whom"]) for each in told] == [
        (1, "plain", "leaders duty"),
        (2, "yellow", "backup"),
        (3, "red", "neighbours centre"),
    ]


def test_enough_households_hold_a_step_and_two_phones_of_one_house_are_one(village: Village) -> None:
    incident_id = village.alarm()
    village.answers(village.zhang, after=20)
    village.answers(village.zhang, Answer.ON_SCENE, after=40)
    village.answers(village.zhao, Answer.CANNOT, after=41)
    assert village.tick(60) == 1, "one household is coming, whatever it says how often"
    village.answers(village.zhao, after=100)
    assert village.tick(120) == 0
    assert village.tick(121) == 0
    due = [village.town.read(partial(widening.find_due, now=at(second))) for second in (121, 179, 180)]
    assert due == [[], [], [incident_id]], "what is held is not read again every second"
    assert [line.detail["coming"] for line in village.town.timeline("enough")] == [2], "said once"
    assert "钱福家" not in {who for who, _ in village.widened(incident_id)}


def test_when_a_household_turns_back_the_step_that_was_held_is_carried_out(village: Village) -> None:
    village.alarm()
    village.answers(village.zhang, after=20)
    village.answers(village.zhao, after=21)
    assert village.tick(60) == 0
    village.answers(village.zhao, Answer.CANNOT, after=90)
    assert village.tick(91) == 1


def test_a_clock_that_was_down_carries_out_the_late_steps_in_their_order_once(village: Village) -> None:
    incident_id = village.alarm()
    village.end_first_calls()
    assert village.tick(500) == 3
    assert [line.detail["step"] for line in village.town.timeline("widened")] == [1, 2, 3]
    assert village.tick(501) == 0
    numbers = [(line.number, line.channel) for line in village.town.lines(incident_id, Purpose.WIDENING)]
    assert len(numbers) == len(set(numbers))


def test_after_an_hour_nobody_further_is_called(village: Village) -> None:
    incident_id = village.alarm()
    assert village.tick(3601) == 0
    assert village.widened(incident_id) == []
    assert village.tick(3700) == 0


def test_a_closed_incident_is_not_widened(village: Village) -> None:
    incident_id = village.alarm()
    village.town.run(lambda s: closing.close(s, incident_id, "helped", "", "值班", at(50)))
    assert village.tick(60) == 0
    assert village.widened(incident_id) == []


def test_nobody_who_was_rung_is_rung_again_and_a_caller_never(village: Village) -> None:
    # A volunteer who lives in the group, one whose house calls for help, one who stands in two lists.
    village.responder("张明", village.zhang.number, team=Team.VOLUNTEERS)
    village.responder("王建国", village.wang.number, team=Team.VOLUNTEERS)
    village.responder("老何", "+8613700000001", centre=True)
    incident_id = village.alarm()
    village.end_first_calls()
    village.tick(500)
    widened = village.town.lines(incident_id, Purpose.WIDENING)
    assert not {village.zhang.number, village.wang.number} & {line.number for line in widened}
    assert [line.channel for line in widened if line.number == "+8613700000001"] == [CALL, SMS]


def test_a_second_caller_is_left_in_peace_too(village: Village) -> None:
    incident_id = village.alarm()
    village.town.raise_alarm(village.li, after=10)
    village.end_first_calls()
    village.tick(60)
    assert "李月芳家" not in {who for who, _ in village.widened(incident_id)}


def test_a_leader_who_has_answered_or_is_on_the_phone_is_not_rung_a_second_time(village: Village) -> None:
    incident_id = village.alarm()
    village.answers(village.li, Answer.CANNOT, after=10)
    assert village.tick(60) == 1
    # The deputy's first call is still ringing.
    assert {who for who, _ in village.widened(incident_id)} == {"墙下陶村值班室", "治保老何"}
    assert village.town.timeline("widened")[0].detail["missing"] == "leaders"


def test_a_later_step_that_names_leaders_rings_them_once_more_and_whoever_is_on_duty_not(village: Village) -> None:
    whom = (Whom.LEADERS, Whom.DUTY)
    twice = Policy((Step(60, 1, whom), Step(120, 1, whom)))
    village.town.run(lambda s: policies.change(s, None, twice, "镇里", at(0)))
    incident_id = village.alarm()
    for seconds in (60, 120):
        village.end_first_calls()
        assert village.tick(seconds) == 1
        village.town.place(after=seconds + 1)
    called = Counter(who for who, channel in village.widened(incident_id) if channel is CALL)
    # The Lis have two phones.
    assert called == {"李月芳家": 4, "陈国平家": 2, "墙下陶村值班室": 1, "治保老何": 1}


def test_two_clocks_at_once_carry_a_step_out_once(village: Village) -> None:
    incident_id = village.alarm()
    village.end_first_calls()
    barrier, done = Barrier(2), []

    def clock() -> None:
        barrier.wait()
        done.append(village.tick(130))

    clocks = [Thread(target=clock) for _ in range(2)]
    for each in clocks:
        each.start()
    for each in clocks:
        each.join()
    village.tick(131)
    assert sum(done) == 2
    assert len(village.town.timeline("widened")) == 2
    assert [line[0] for line in village.widened(incident_id)].count("钱福家") == 4, "two phones, each called and texted"


def test_the_policy_is_the_one_the_incident_opened_with(village: Village) -> None:
    town = village.town
    incident_id = village.alarm()
    quiet = Policy((Step(600, 1, (Whom.CENTRE,)),))
    assert town.run(lambda s: policies.change(s, None, quiet, "镇里", at(5))) == 1
    assert village.tick(60) == 1
    later = village.alarm(village.far_house, after=200)
    kept = {each.id: each.policy for each in town.incidents()}
    assert [step["after"] for step in (kept[incident_id] or {})["steps"]] == [60, 120, 240]
    # There is nobody to ring in its group, so that its only step is due at once.
    assert [(step["after"], step["whom"]) for step in (kept[later] or {})["steps"]] == [(1, ["centre"])]
    assert (kept[later] or {})["version"] == 1


def test_a_village_has_its_own_policy_or_follows_the_town_and_every_change_is_a_version(town: Town) -> None:
    own = Policy((Step(30, 1, (Whom.DUTY,)),))

    def change(village_id: int | None, policy: Policy | None) -> int | None:
        return town.run(lambda s: policies.change(s, village_id, policy, "陈主任", NOW))

    assert town.run(lambda s: policies.read_in_force(s, town.village_id)).policy == BUILT_IN
    assert change(None, own) == 1
    assert change(None, own) is None, "the same again is no version"
    assert town.run(lambda s: policies.read_in_force(s, town.village_id)).of == "town"
    assert change(town.village_id, Policy()) == 1
    assert town.run(lambda s: policies.read_in_force(s, town.village_id)).policy == Policy()
    assert change(town.village_id, None) == 2
    assert town.run(lambda s: policies.read_in_force(s, town.village_id)).policy == own
    assert [(v.number, v.made_by) for v in town.run(lambda s: policies.list_versions(s, town.village_id))] == [
        (2, "陈主任"),
        (1, "陈主任"),
    ]


def test_where_the_only_neighbours_refuse_the_next_people_are_called_at_once_and_step_by_step(village: Village) -> None:
    town, lonely = village.town, village.town.group("2组")
    wu, zheng, feng = (town.house(name, group=lonely) for name in ("吴远", "郑平", "冯云"))
    town.run(lambda s: setattr(s.get_one(Group, lonely), "backup_group_id", village.backup))
    incident_id = village.alarm(wu)
    village.answers(zheng, Answer.CANNOT, after=5)
    assert village.tick(6) == 0, "the Fengs may still come"
    village.answers(feng, Answer.CANNOT, after=8)
    assert village.tick(9) == 1
    assert {who for who, _ in village.widened(incident_id)} == {"墙下陶村值班室", "治保老何"}
    assert village.tick(10) == 0, "somebody is being rung again"
    town.place(after=10)
    village.answers_as(town.delivery("+8613700000001", SMS, Purpose.WIDENING), Answer.CANNOT, after=12)
    assert village.tick(13) == 0, "the duty phone still rings"
    # It is out of reach, and the clock finds that every try is over.
    town.run(lambda s: _give_up("+8657487999001", s))
    assert town.run(lambda s: redials.follow_up_due(s, (), at(15))) == 0
    assert village.tick(15) == 1
    assert {who for who, channel in village.widened(incident_id)} >= {"钱福家"}
    assert [line.detail["whom"] for line in town.timeline("widened")] == ["duty", "backup"]


def _give_up(number: str, session: Session) -> None:
    over = update(Delivery).where(Delivery.number == number)
    session.execute(over.values(state=DeliveryState.UNREACHED, follow_up=FollowUp.LOOK, due_at=at(14)))


def test_where_one_is_coming_or_calls_for_help_too_the_steps_keep_to_their_seconds_or_not(village: Village) -> None:
    town, lonely, small = village.town, village.town.group("2组"), village.town.group("1组")
    wu, zheng, feng = (town.house(name, group=lonely) for name in ("吴远", "郑平", "冯云"))
    first = village.alarm(wu)
    village.answers(zheng, after=5)
    village.answers(feng, Answer.CANNOT, after=8)
    assert (village.tick(59), village.tick(60)) == (0, 1), "one is coming, and nobody else is left"
    town.run(lambda s: closing.close(s, first, "helped", "", "值班", at(70)))
    # Whoever calls for help too does not come: with the only other one refusing, nobody is left.
    he, lv, shi = (town.house(name, group=small) for name in ("何远", "吕平", "施云"))
    village.alarm(he, after=300)
    town.raise_alarm(lv, after=305)
    village.answers(shi, Answer.CANNOT, after=310)
    assert village.tick(311) == 1
    # A drill keeps to its times, whatever is answered.
    village.answers(shi, Answer.COMING, after=320)
    (drilled,) = (each.id for each in town.incidents() if each.opened_at == at(300))
    town.run(lambda s: setattr(s.get_one(Incident, drilled), "kind", IncidentKind.DRILL))
    village.answers(shi, Answer.CANNOT, after=330)
    assert village.tick(331) == 0


def test_without_steps_or_a_word_nothing_is_ever_widened(village: Village) -> None:
    town = village.town
    town.run(lambda s: wordless_calls.report_wordless(s, "voice:CAw:wordless", village.zhang.number, NOW))
    town.run(lambda s: policies.change(s, town.village_id, Policy(), "镇里", NOW))
    village.alarm()
    assert [each.next_step_at for each in town.incidents()] == [None, None]
    assert village.tick(5000) == 0


def test_a_drill_rings_leaders_again_and_nobody_outside(village: Village) -> None:
    town = village.town
    incident_id = village.alarm()
    village.end_first_calls()

    def make_drill(session: Session) -> None:
        incident = session.get_one(Incident, incident_id)
        incident.kind = IncidentKind.DRILL
        policies.freeze(session, incident)

    town.run(make_drill)
    assert village.tick(1000) == 1
    assert {who for who, _ in village.widened(incident_id)} == {"李月芳家", "陈国平家"}
    urgencies = {each.urgency for each in town.deliveries(incident_id) if each.purpose is Purpose.WIDENING}
    assert min(urgencies) >= 40, "behind every real alarm"


def test_a_household_in_no_group_is_helped_by_whoever_is_on_duty(village: Village) -> None:
    alone = village.town.house("吴远", group=None)
    incident_id = village.alarm(alone)
    assert village.tick(300) == 3
    assert {who for who, _ in village.widened(incident_id)} == {"墙下陶村值班室", "治保老何", "镇值班室"}


def _asks(village: Village, alert_id: int, before: news_on_line.News | None, after: float) -> news_on_line.News:
    told, warned, widened = (before.told, before.warned, before.widened) if before else (0, 0, 0)
    patience = Patience()
    return village.town.run(
        lambda s: news_on_line.gather_news(
            s, s.get_one(Alert, alert_id), told, warned, at(after), patience, widened=widened
        )
    )


def test_a_caller_on_the_line_hears_of_each_widening_once(village: Village) -> None:
    village.alarm(sid="CAcaller")
    village.end_first_calls()
    alert = village.town.alerts()[0]
    first = _asks(village, alert.id, None, 58)
    village.tick(60)
    second = _asks(village, alert.id, first, 61)
    assert second.sentences == ("还没有人回应，请马上打110。", "来的人还不够，正在叫联防长、村值班人员。")
    third = _asks(village, alert.id, second, 65)
    assert third.sentences == ()
    village.answers(village.zhang, after=100)
    village.tick(120)
    assert _asks(village, alert.id, third, 121).sentences == ("张明家正在赶来。", "来的人还不够，正在叫支援组。")


def test_a_caller_who_has_hung_up_reads_both_in_one_text_once(village: Village) -> None:
    town = village.town
    incident_id = village.alarm(channel=SMS, call_sid=None)
    village.end_first_calls()

    def clock(after: float) -> None:
        village.tick(after)
        town.run(lambda s: news_sent.send_all(s, at(after), Patience()))

    def texts() -> list[str | None]:
        return [line.text for line in town.lines(incident_id, Purpose.NEWS)]

    for after in (59, 60, 61):
        clock(after)
    assert texts() == ["【十户联防】还没有人回应，请马上打110。来的人还不够，正在叫联防长、村值班人员。"]
    village.answers(village.zhang, after=100)
    for after in (101, 120, 121):
        clock(after)
    assert texts()[1:] == ["【十户联防】张明家正在赶来。", "【十户联防】张明家正在赶来。来的人还不够，正在叫支援组。"]


def test_a_silent_household_gets_nothing_of_it(village: Village) -> None:
    town = village.town
    silent = town.house("冯静", silent=True)
    incident_id = village.alarm(silent, sid="CAsilent")
    village.end_first_calls()
    for after in (60, 120, 240):
        village.tick(after)
        town.run(partial(news_sent.send_all, now=at(after), patience=Patience()))
    assert town.lines(incident_id, Purpose.NEWS) == []
    assert silent.number not in {line.number for line in town.lines(incident_id)}
    assert village.widened(incident_id)


def test_whoever_calls_for_help_in_another_group_is_not_called_to_help_in_this_one(village: Village) -> None:
    incident_id = village.alarm()
    village.end_first_calls()
    village.alarm(village.next_house)
    assert village.tick(240) == 3 + 3
    called = {who for who, _ in village.widened(incident_id)}
    assert "孙康家" not in called
    assert "镇值班室" in called


def test_a_responder_answers_by_text_and_counts_as_one_who_comes(village: Village) -> None:
    town = village.town
    incident_id = village.alarm()
    village.end_first_calls()
    village.tick(60)
    town.place(after=60)
    he = "+8613700000001"
    reply = town.run(lambda s: inbound_texts.take_message(s, inbound_texts.Text("SM1", he, "1"), at(70)))
    assert reply.text == "【十户联防】谢谢，已记下您正赶往王建国家。"
    village.answers(village.zhang, after=80)
    assert village.tick(120) == 0, "he and one household are two"
    board = town.run(lambda s: read_board(s, incident_id))
    assert board is not None
    row = next(row for row in board.rows if row.household == "治保老何")
    assert (row.role, row.state) == ("duty", "coming")
    assert town.run(lambda s: find_told(s, he))[0] is not None
    # And gets the all-clear.
    town.run(lambda s: closing.close(s, incident_id, "helped", "", "值班", at(200)))
    assert he in {line.number for line in town.lines(incident_id, Purpose.ALL_CLEAR)}


def test_a_responder_whose_number_the_carrier_refuses_is_marked_in_the_list(village: Village) -> None:
    town = village.town
    village.alarm()
    village.end_first_calls()
    village.tick(60)
    claims = {(each.to, each.channel): each for each in town.claim(after=60)}
    town.came(claims["+8613700000001", CALL], RefusedNumber("no such number", code=21211, status=400), after=60)
    codes = town.run(
        lambda s: s.execute(select(Responder.call_refused_code).where(Responder.number == "+8613700000001")).scalar()
    )
    assert codes == "21211"


def test_ringing_again_by_hand_rings_the_widened_circle_too(village: Village) -> None:
    town = village.town
    incident_id = village.alarm()
    village.end_first_calls()
    village.tick(120)
    town.place(after=121, state=AttemptState.NO_ANSWER)
    town.run(lambda s: closing.ring_again(s, incident_id, None, "值班", at(130)))
    town.place(after=131, state=AttemptState.NO_ANSWER)
    assert [line.household for line in town.lines(incident_id, Purpose.WIDENING)].count("墙下陶村值班室") == 2
    # A responder alone, and then once more: each time is another.
    duty = town.run(lambda s: s.scalars(select(Responder.id).where(Responder.name == "墙下陶村值班室")).one())
    for seconds in (140, 150):
        now = at(seconds)
        rung = town.run(
            partial(closing.ring_again, incident_id=incident_id, party=Party(None, duty), by="值班", now=now)
        )
        assert rung == closing.RungAgain(phones=1, busy=0)
        town.place(after=seconds + 1, state=AttemptState.NO_ANSWER)
    assert [line.household for line in town.lines(incident_id, Purpose.WIDENING)].count("墙下陶村值班室") == 4
    assert village.tick(240) == 1, "and the next step finds its way"


def test_an_incident_whose_policy_cannot_be_read_keeps_no_other_from_being_widened_nor_its_board_from_being_seen(
    village: Village,
) -> None:
    town = village.town
    strange = village.alarm()
    other = village.alarm(village.far_house)
    of_another_release = {"steps": [{"after": 1, "fewer_than": 2, "whom": ["helicopter"]}], "drills": False}
    town.run(lambda s: s.execute(update(Incident).where(Incident.id == strange).values(policy=of_another_release)))
    assert village.tick(60) == 3, "there is nobody to ring in the other's group, so that all its steps are due"
    assert village.widened(strange) == []
    assert village.widened(other)
    board = town.run(lambda s: read_board(s, strange))
    assert board is not None
    assert board.widening.next_at is None
