"""Those responsible are told at once: one text each, with a link that is theirs alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from groups.models.accounts import Account, AccountRole
from groups.models.responders import Responder, Team
from joint_defense.alarms import overseers
from joint_defense.alarms.closing import close, close_forgotten
from joint_defense.alarms.escalation import redials
from joint_defense.alarms.held_alarms import release_overdue
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.carriers.port import Receipt, RefusedNumber
from joint_defense.delivery.claims import Claim, read_incidents
from joint_defense.delivery.sender import Announcer
from joint_defense.models.incidents import Delivery
from joint_defense.rules.parties import OverseerKind
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, Purpose, Role
from joint_defense.rules.wording.alarm import count_segments
from tests.support.factories import NOW, Town, at

HEAD, OPERATOR, DUTY = "+8613900001111", "+8613900002222", "+8613900003333"
BASE = "https://lianfang.town.example.cn/jd"


def account(town: Town, name: str, phone: str, role: AccountRole = AccountRole.VILLAGE_HEAD) -> int:
    with town.database.begin() as session:
        made = Account(
            name=name,
            phone=phone,
            role=role,
            village_id=town.village_id if role is AccountRole.VILLAGE_HEAD else None,
            password_hash="-",
            created_at=NOW,
        )
        session.add(made)
        session.flush()
        return made.id


def duty_phone(town: Town, **values: Any) -> None:
    given: dict[str, Any] = {"team": Team.STATION, "name": "镇中心", "number": DUTY, "village_id": None} | values
    with town.database.begin() as session:
        session.add(Responder(**given))


def linked(town: Town, incident_id: int | None) -> list[tuple[str, Purpose]]:
    return [(each.number, each.purpose) for each in town.deliveries(incident_id) if each.with_link]


def bodies(town: Town, claims: Sequence[Claim]) -> dict[tuple[str, Purpose], str]:
    """What each text says, as the sender puts it together."""
    announcer = Announcer(BASE, 40, ZoneInfo("Asia/Shanghai"), "a key")
    with town.database.begin() as session:
        found = read_incidents(session, {each.incident_id for each in claims})
        return {
            (each.to, each.purpose): announcer.message(each, *found[each.incident_id]).body
            for each in claims
            if each.channel is Channel.SMS
        }


def told(town: Town) -> tuple[str, str]:
    (line,) = town.timeline("overseers")
    return line.detail["told"], line.detail["without"]


def test_head_leader_and_operator_get_one_text_each_behind_the_neighbours_with_a_link(town: Town) -> None:
    wang = town.house("王建国")
    leader, neighbour = town.house("李", "mm", leader=True), town.house("陈")
    account(town, "陶村干部", HEAD)
    duty_phone(town)
    raised = town.raise_alarm(wang)

    assert linked(town, raised.incident_id) == [
        (leader.number, Purpose.ALARM),
        (HEAD, Purpose.LINK),
        (DUTY, Purpose.LINK),
    ]
    assert (raised.households, raised.phones) == (2, 3)
    assert told(town) == ("李家、陶村干部、镇中心值班电话", "")
    claims = town.place()
    texts = [each.to for each in claims if each.channel is Channel.SMS]
    assert texts[-2:] == [HEAD, DUTY], "behind every neighbour's"
    said = bodies(town, claims)
    for number, purpose in linked(town, raised.incident_id):
        body = said[number, purpose]
        assert "王建国家求助！墙下陶村3组·桥东第1家" in body
        assert f"{BASE}/i/{raised.incident_id}/" in body
        assert count_segments(body) <= 2
    assert "能来请回复1，不能来请回复2，到了请回复3" in said[leader.number, Purpose.ALARM]
    assert "电话" not in said[HEAD, Purpose.LINK]
    assert all("/i/" not in said[number, Purpose.ALARM] for number in (leader.numbers[1], neighbour.number))

    town.run(lambda session: close(session, raised.incident_id or 0, ClosingOutcome.HELPED, "", "林", at(300)))
    cleared = {line.number for line in town.lines(raised.incident_id, Purpose.ALL_CLEAR)}
    assert {HEAD, DUTY, leader.number, neighbour.number} <= cleared


def test_a_head_who_is_a_neighbour_as_well_gets_one_text(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    account_id = account(town, "李干部", li.number)
    raised = town.raise_alarm(wang)

    (text,) = [each for each in town.deliveries(raised.incident_id) if each.channel is Channel.SMS]
    assert (text.number, text.purpose, text.with_link, text.account_id) == (li.number, Purpose.ALARM, True, account_id)


@pytest.mark.parametrize("silent", [True, False])
def test_the_household_that_calls_gets_no_link(town: Town, silent: bool) -> None:
    wang = town.house("王", silent=silent, leader=True)
    town.house("李")
    account(town, "王干部", wang.number)
    raised = town.raise_alarm(wang)
    assert linked(town, raised.incident_id) == []
    assert told(town) == ("", "head leaders operators")


def test_no_link_goes_to_a_house_where_somebody_may_be_listening(town: Town) -> None:
    other = town.group("4组")
    watched = town.house("周", group=other, silent=True)
    wang = town.house("王")
    town.house("李")
    account(town, "周干部", watched.number)
    town.raise_alarm(watched)
    raised = town.raise_alarm(wang, after=1)
    assert linked(town, raised.incident_id) == []


def test_a_village_chooses_who_is_told_and_else_the_town_does(town: Town) -> None:
    wang, leader = town.house("王"), town.house("李", leader=True)
    account(town, "陶村干部", HEAD)
    account(town, "值班小林", OPERATOR, AccountRole.OPERATOR)

    choices: list[tuple[int | None, tuple[OverseerKind, ...] | None]] = [
        (None, (OverseerKind.HEAD,)),
        (town.village_id, (OverseerKind.LEADERS, OverseerKind.OPERATORS)),
        (town.village_id, ()),
        (town.village_id, None),
        (None, None),
    ]
    found = []
    for nth, (village_id, kinds) in enumerate(choices):
        with town.database.begin() as session:
            assert overseers.choose(session, village_id, kinds, "林", NOW)
            assert not overseers.choose(session, village_id, kinds, "林", NOW), "the same is no change"
        raised = town.raise_alarm(wang, after=600 * nth)
        found.append({number for number, _ in linked(town, raised.incident_id)})
        with town.database.begin() as session:
            close(session, raised.incident_id or 0, ClosingOutcome.HELPED, "", "林", NOW)
    assert found == [{HEAD}, {leader.number, OPERATOR}, set(), {HEAD}, {HEAD, leader.number, OPERATOR}]


def test_the_operators_on_duty_are_told_and_without_any_who_takes_texts_all_operators(town: Town) -> None:
    wang = town.house("王")
    account(town, "值班小林", OPERATOR, AccountRole.OPERATOR)
    duty_phone(town, hours="每天 08:00-18:00")
    duty_phone(town, number="+8657488880001", may_text=False)
    duty_phone(town, number="+8613900004444", team=Team.VOLUNTEERS)
    by_night = town.raise_alarm(wang)
    assert [number for number, _ in linked(town, by_night.incident_id)] == [OPERATOR]
    town.run(lambda session: close(session, by_night.incident_id or 0, ClosingOutcome.HELPED, "", "林", at(9)))
    by_day = town.raise_alarm(wang, after=12 * 3600)
    assert [number for number, _ in linked(town, by_day.incident_id)] == [DUTY]


def test_a_phone_that_wants_no_texts_gets_no_link_until_it_wants_them_again(town: Town) -> None:
    wang = town.house("王")
    account(town, "陶村干部", HEAD)
    duty_phone(town)

    def writes(number: str, body: str, after: float) -> str | None:
        text = Text(town.sid(), number, body)
        return town.run(lambda session: take_message(session, text, at(after)).text)

    raised = town.raise_alarm(wang)
    town.place()
    for number in (HEAD, DUTY):
        assert "已停发短信" in (writes(number, "STOP", 5) or "")
    town.run(lambda session: close(session, raised.incident_id or 0, ClosingOutcome.HELPED, "", "林", at(9)))
    assert all(claim.stopped for claim in town.claim(after=10) if claim.to in {HEAD, DUTY})
    again = town.raise_alarm(wang, after=600)
    assert linked(town, again.incident_id) == []
    assert town.timeline("overseers")[-1].detail == {"told": "", "without": "head leaders operators"}
    town.run(lambda session: close(session, again.incident_id or 0, ClosingOutcome.HELPED, "", "林", at(601)))
    for number in (HEAD, DUTY):
        assert "短信已恢复" in (writes(number, "START", 700) or "")
    assert len(linked(town, town.raise_alarm(wang, after=1200).incident_id)) == 2


def test_a_link_that_the_carrier_does_not_deliver_is_told_in_a_call_but_not_to_a_phone_that_takes_none(
    town: Town,
) -> None:
    wang = town.house("王")
    account(town, "陶村干部", HEAD)
    duty_phone(town, may_call=False)
    raised = town.raise_alarm(wang)
    refused = RefusedNumber("takes no texts", code=21614, status=400)
    for claim in town.claim(after=1):
        town.came(claim, refused if claim.purpose is Purpose.LINK else Receipt(town.sid(), AttemptState.DELIVERED))
    for seconds in (2, 3):
        town.run(lambda session, after=seconds: redials.follow_up_due(session, (), at(after)))  # type: ignore[misc]
    calls = [each for each in town.lines(raised.incident_id, Purpose.LINK) if each.channel is Channel.CALL]
    assert [each.number for each in calls] == [HEAD], "the duty phone takes no calls"
    assert calls[0].text == (
        "十户联防。王家求助！墙下陶村3组，桥东第1家。门牌3-1。已通知邻居。短信发不到这部电话，请登录网页看进展。"
    )
    (line,) = town.timeline("other_way")
    assert (line.detail["household"], line.detail["channel"]) == ("陶村干部", "call")


def test_a_leader_who_was_asked_first_gets_the_link_as_soon_as_all_are_called(town: Town) -> None:
    wang, li = town.house("王"), town.house("李", leader=True)
    town.house("陈")
    first = town.raise_alarm(wang)
    town.run(lambda session: close(session, first.incident_id or 0, ClosingOutcome.MALICIOUS, "", "林", at(30)))
    town.claim(after=40)
    raised = town.raise_alarm(wang, after=600)
    held = bodies(town, town.claim(after=601))
    assert "/i/" not in held[li.number, Purpose.ALARM], "asked first: nothing is to be followed yet"
    assert town.run(lambda session: release_overdue(session, raised.incident_id or 0, at(640)))
    then = bodies(town, town.claim(after=641))
    assert "看进展：https://" in then[li.number, Purpose.LINK]
    assert [number for number, purpose in then if purpose is Purpose.LINK] == [li.number]


def test_what_an_overseer_writes_back_stands_on_the_timeline_and_raises_nothing(town: Town) -> None:
    wang = town.house("王")
    town.house("李")
    account(town, "陶村干部", HEAD)
    raised = town.raise_alarm(wang)
    town.place()
    reply = town.run(lambda session: take_message(session, Text(town.sid(), HEAD, "着火了？我带两个人过去"), at(30)))
    assert reply.text == "【十户联防】收到，已记在这起求助里。"
    (said,) = town.timeline("said")
    assert (said.detail["household"], said.detail["text"]) == ("陶村干部", "着火了？我带两个人过去")
    assert len(town.incidents()) == 1
    assert raised.incident_id == said.incident_id


def test_what_nobody_closes_is_told_to_overseers_too(town: Town) -> None:
    wang = town.house("王")
    account(town, "陶村干部", HEAD)
    raised = town.raise_alarm(wang)
    town.place(state=AttemptState.COMPLETED)
    assert town.run(lambda session: close_forgotten(session, raised.incident_id or 0, at(25 * 3600)))
    assert [line.number for line in town.lines(raised.incident_id, Purpose.ALL_CLEAR)] == [HEAD]


def test_a_text_with_a_link_is_planned_once_whatever_is_repeated(town: Town) -> None:
    wang = town.house("王")
    account(town, "陶村干部", HEAD)
    first = town.raise_alarm(wang, sid="CA1")
    town.raise_alarm(wang, sid="CA1")
    town.raise_alarm(wang, after=20)
    assert linked(town, first.incident_id) == [(HEAD, Purpose.LINK)]
    roles = town.read(lambda session: session.scalars(select(Delivery.role).where(Delivery.with_link)).all())
    assert roles == [Role.HEAD]


def test_a_closed_account_and_another_villages_head_are_not_told(town: Town) -> None:
    wang = town.house("王")
    gone = account(town, "前干部", HEAD)
    town.run(lambda session: session.execute(update(Account).where(Account.id == gone).values(archived_at=NOW)))
    raised = town.raise_alarm(wang)
    assert linked(town, raised.incident_id) == []
