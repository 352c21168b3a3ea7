"""Who is rung first where a carrier's pace makes phones wait, over several alarms at once; and when the last one is."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import update

from joint_defense.alarms.closing import close
from joint_defense.carriers.port import OutcomeUnknown, Receipt
from joint_defense.delivery import claims as delivery_claims
from joint_defense.delivery.lines import Grant, Line, Places
from joint_defense.delivery.results import claim_enquiries
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.parties import DRILL
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, IncidentKind
from joint_defense.web.board.incident import Outlook, Watch, read_board
from tests.support.factories import OWNER, House, Town, at


def one_by_one(town: Town, count: int, after: float = 0) -> list[str]:
    """The numbers that are called, when one call may leave at a time."""
    return [
        claim.to
        for _ in range(count)
        for claim in town.run(lambda s: delivery_claims.claim(s, Channel.CALL, 1, OWNER, at(after)))
    ]


def street(town: Town, name: str, houses: int, phones: str = "m") -> list[House]:
    """A group of its own."""
    group = town.group(name)
    return [town.house(f"{name}{number}", phones, group=group) for number in range(houses)]


def outlook(town: Town, incident_id: int | None, rate: float, after: float = 0) -> Outlook | None:
    board = town.run(lambda s: read_board(s, incident_id or 0, Watch(lambda: rate, at(after))))
    assert board is not None
    return board.outlook


def test_two_alarms_at_once_take_turns_and_no_second_phone_goes_before_anybodys_first(town: Town) -> None:
    ours, theirs = street(town, "甲", 4, "mm"), street(town, "乙", 4, "mm")
    town.raise_alarm(ours[0])
    town.raise_alarm(theirs[0])
    called = one_by_one(town, 12)
    firsts = [number for pair in zip(ours[1:], theirs[1:], strict=True) for number in (pair[0].number, pair[1].number)]
    seconds = [house.numbers[1] for pair in zip(ours[1:], theirs[1:], strict=True) for house in pair]
    assert called == firsts + seconds


def test_a_later_alarm_catches_up_before_the_earlier_one_goes_on(town: Town) -> None:
    ours, theirs = street(town, "甲", 5), street(town, "乙", 4)
    town.raise_alarm(ours[0])
    assert one_by_one(town, 2) == [ours[1].number, ours[2].number]
    town.raise_alarm(theirs[0])
    assert one_by_one(town, 5) == [
        theirs[1].number,
        theirs[2].number,
        *(house.number for pair in zip(ours[3:4], theirs[3:4], strict=True) for house in pair),
        ours[4].number,
    ]


def test_a_drill_waits_for_every_ring_of_an_alarm_and_for_its_all_clear(town: Town) -> None:
    drill, alarm = street(town, "甲", 3), street(town, "乙", 3, "lm")
    practised = town.raise_alarm(drill[0]).incident_id
    town.run(lambda s: s.execute(update(Incident).where(Incident.id == practised).values(kind=IncidentKind.DRILL)))
    to_drill = update(Delivery).where(Delivery.incident_id == practised)
    town.run(lambda s: s.execute(to_drill.values(urgency=Delivery.urgency + DRILL)))
    raised = town.raise_alarm(alarm[0]).incident_id
    assert one_by_one(town, 1) == [alarm[1].numbers[0]]
    assert one_by_one(town, 3) == [alarm[2].numbers[0], alarm[1].numbers[1], alarm[2].numbers[1]]
    for claim in town.claim(limit=4):
        if claim.channel is Channel.SMS:
            town.came(claim, Receipt(town.sid(), AttemptState.SENT))
    town.run(lambda s: close(s, raised or 0, ClosingOutcome.HELPED, "", "村", at(5)))
    texts = town.run(lambda s: delivery_claims.claim(s, Channel.SMS, 1, OWNER, at(5)))
    assert {each.incident_id for each in texts} == {raised}


def test_of_ten_households_and_a_call_a_second_the_board_says_when_the_last_one_rings(town: Town) -> None:
    ten = street(town, "甲", 10, "mm")
    raised = town.raise_alarm(ten[0]).incident_id
    assert outlook(town, raised, rate=1) == Outlook(9, at(9))
    assert one_by_one(town, 4) == [house.number for house in ten[1:5]]
    assert outlook(town, raised, rate=1, after=4) == Outlook(5, at(9))
    # Half of what leaves from now on is another alarm's, until that one has caught up.
    town.raise_alarm(street(town, "乙", 3)[0])
    assert outlook(town, raised, rate=1, after=4) == Outlook(5, at(11))
    assert outlook(town, raised, rate=0.5, after=4) == Outlook(5, at(18))
    one_by_one(town, 7)
    assert outlook(town, raised, rate=1, after=11) is None  # second phones are nobody's first ring


def test_without_a_pace_there_is_nothing_to_wait_for(town: Town) -> None:
    ten = street(town, "甲", 10)
    assert outlook(town, town.raise_alarm(ten[0]).incident_id, rate=0) is None


def test_what_is_under_way_is_counted_for_each_line_and_what_there_is_room_for_by_both_limits(town: Town) -> None:
    three = street(town, "甲", 4)
    town.raise_alarm(three[0])
    one, other, elsewhere = Line("AC1", "+8657411111111"), Line("AC1", "+8657422222222"), Line("AC2", "+8657433333333")
    for line, count in ((one, 2), (other, 1), (elsewhere, 0)):
        claims = town.run(
            partial(delivery_claims.claim, channel=Channel.CALL, limit=count, owner=OWNER, now=at(0), line=line)
        )
        assert [each.line for each in claims] == [line] * count
        if not claims:
            continue
        town.came(claims[0], Receipt(town.sid(), AttemptState.RINGING), after=1)
    assert town.run(lambda session: delivery_claims.count_calls_under_way(session)) == {one: 2, other: 1}
    room = Places({"AC1": 4, "AC2": 0}, {one: 2, other: 0})
    granted = {one: 5, other: 5, elsewhere: 5}
    assert room.room(granted, {one: 1, other: 1}) == {one: 1, other: 1, elsewhere: 5}


class Leave:
    """A pace that grants what a test says, and remembers what came back."""

    def __init__(self, by_line: dict[Line, int], slow: Line | None = None) -> None:
        self.by_line, self.slow, self.back = by_line, slow, dict[Line, int]()

    def take(self, wanted: int) -> Grant:
        return Grant(self.by_line, 0.25)

    def give_back(self, line: Line, unused: int) -> None:
        self.back[line] = unused

    def slowed(self, line: Line) -> bool:
        return line == self.slow


def test_leave_that_nothing_left_by_is_given_back_and_who_waits_for_a_slow_line_reads_so(town: Town) -> None:
    ours, theirs = street(town, "甲", 2), street(town, "乙", 2, "l")
    slow, other = Line("AC1", "+8657411111111"), Line("AC1", "+8657422222222")
    called, texted = Leave({other: 3, slow: 2}), Leave({slow: 1, other: 4}, slow)

    def send(*, room: int = 10, after: float = 0) -> tuple[int, bool, float]:
        pace: Any = {Channel.CALL: called, Channel.SMS: texted}
        asked = dict.fromkeys(Channel, room)
        with delivery_claims.allow_sending(pace, Places({}, {}), asked) as granted:
            portion = town.run(lambda session: granted.claim(session, OWNER, at(after)))
            return len(portion.claims), granted.for_anything, granted.find_next_look(9.0)

    mine, yours = town.raise_alarm(ours[0]).incident_id, town.raise_alarm(theirs[0]).incident_id
    assert send(after=-1) == (0, True, 9.0), "nothing is due yet"
    assert (called.back, texted.back) == ({other: 3, slow: 2}, {slow: 1, other: 4})
    # Two calls, and a text of the first alarm by the line that the carrier holds back.
    assert send() == (3, True, 9.0)
    assert (called.back, texted.back) == ({other: 1, slow: 2}, {slow: 0, other: 4})
    assert [(line.incident_id, line.detail) for line in town.timeline("carrier_slow")] == [(mine, {})]
    assert mine != yours
    called.by_line, texted.by_line = {other: 0}, {slow: 0}
    assert send() == (0, False, 0.25), "at once when there is leave again"
    assert send(room=0) == (0, False, 9.0), "nothing was asked for"


def test_where_every_place_is_taken_a_call_of_which_nothing_is_heard_is_asked_after_soon(town: Town) -> None:
    """A carrier that lost word of an end must not keep those who wait from being rung for minutes."""
    three = street(town, "甲", 4)
    town.raise_alarm(three[0])
    line = Line("AC1", "+8657411111111")
    leave = Leave({line: 5})

    def send(after: float) -> list[delivery_claims.Claim]:
        pace: Any = {Channel.CALL: leave}
        with delivery_claims.allow_sending(pace, Places({"AC1": 2}, {}), {Channel.CALL: 5}) as granted:
            return town.run(lambda session: granted.claim(session, OWNER, at(after))).claims

    def asked_after(after: float) -> set[str]:
        return {each.sid for each in town.run(lambda session: claim_enquiries(session, at(after)))}

    first, second = send(0)
    town.came(first, Receipt("CA1", AttemptState.IN_PROGRESS), after=1)
    town.came(second, Receipt("CA2", AttemptState.RINGING), after=20)
    assert send(30) == []
    assert asked_after(30) == set(), "it has been silent for 29 s"
    assert send(31) == []
    assert asked_after(31) == {"CA1"}
    assert send(50) == []
    assert asked_after(50) == {"CA2"}, "the other one was asked after 19 s ago"
    # Nobody waits for its place: it is asked after in its time.
    waiting = update(Delivery).where(Delivery.state == DeliveryState.WAITING)
    town.run(lambda session: session.execute(waiting.values(due_at=at(99))))
    assert send(61) == []
    assert asked_after(61) == set()


def test_what_may_ring_already_is_looked_for_though_every_place_is_taken(town: Town) -> None:
    """Else nobody could tell whose call it is, once another alarm has rung the same phone."""
    three = street(town, "甲", 4)
    town.raise_alarm(three[0])
    line = Line("AC1", "+8657411111111")
    leave = Leave({line: 5})
    pace: Any = {Channel.CALL: leave}

    def send(after: float) -> list[delivery_claims.Claim]:
        with delivery_claims.allow_sending(pace, Places({"AC1": 2}, {}), {Channel.CALL: 5}) as granted:
            return town.run(lambda session: granted.claim(session, OWNER, at(after))).claims

    held, lost = send(0)
    town.came(held, Receipt("CA1", AttemptState.RINGING), after=1)
    town.came(lost, OutcomeUnknown("the connection broke"), after=1)
    (taken,) = send(1)  # its place is free as far as anybody knows
    assert taken.to not in {held.to, lost.to}
    again, *more = send(5)
    assert (again.delivery_id, again.number, again.look_up_first, more) == (lost.delivery_id, 1, True, [])
    assert leave.back == {line: 4}


def test_what_may_be_out_is_looked_for_on_the_line_that_it_went_out_on(town: Town) -> None:
    two = street(town, "甲", 2)
    town.raise_alarm(two[0])
    one, other = Line("AC1", "+8657411111111"), Line("AC2", "+8657422222222")
    claim = partial(delivery_claims.claim, channel=Channel.CALL, limit=1, owner=OWNER)
    (lost,) = town.run(partial(claim, now=at(0), line=one))
    town.came(lost, OutcomeUnknown("the connection broke"), after=1)
    (again,) = town.run(partial(claim, now=at(5), line=other))
    assert (again.delivery_id, again.look_up_first, again.line) == (lost.delivery_id, True, one)
