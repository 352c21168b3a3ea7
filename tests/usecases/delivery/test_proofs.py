"""What an alarm proves about phones: a key, a reply, a call for help; never a call picked up or a text delivered."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from groups.models.figures import ReachProof
from groups.models.roster import Phone
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.delivery.proofs import note_proofs
from joint_defense.delivery.tracking import record_status
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, IncidentKind
from tests.support.factories import Town, at

ZONE = ZoneInfo("Asia/Shanghai")
NEXT_DAY_THERE = 4 * 3600
"""From 21:07 in the village to past its midnight, while the day of UTC has not changed."""


def note(town: Town, *, after: float = 600) -> int:
    return town.run(lambda session: note_proofs(session, at(after), ZONE))


def proofs(town: Town) -> list[tuple[str, date, str]]:
    """Number, day, kind."""
    question = select(Phone.number, ReachProof.proven_on, ReachProof.kind).join(Phone, Phone.id == ReachProof.phone_id)
    rows = town.read(lambda session: session.execute(question).all())
    return sorted((number, day, kind.value) for number, day, kind in rows)


def answered(town: Town, number: str, channel: Channel, *, after: float = 30) -> None:
    told = town.delivery(number, channel)
    town.run(lambda s: acknowledge(s, s.get_one(Delivery, told.id), Answer.CANNOT, channel, at(after)))


def heard(town: Town, number: str, channel: Channel, status: str, *, after: float = 30) -> None:
    told = town.delivery(number, channel)
    sid = town.attempt(told).sid or ""
    town.run(lambda s: record_status(s, told.id, 1, sid, status, None, at(after)))


def test_a_key_a_reply_and_a_call_for_help_prove_a_phone_and_no_machine_does(town: Town) -> None:
    wang, li, chen, zhao = town.house("王"), town.house("李"), town.house("陈"), town.house("赵")
    town.raise_alarm(wang)
    town.place()
    answered(town, li.number, Channel.CALL)
    answered(town, chen.number, Channel.SMS)
    # Taken, and not a word; delivered, and not read by anybody we know of: a voicemail does that too.
    heard(town, zhao.number, Channel.CALL, "completed")
    heard(town, zhao.number, Channel.SMS, "delivered")

    assert note(town) == 3
    day = date(2026, 11, 23)
    assert proofs(town) == sorted([(wang.number, day, "call"), (li.number, day, "call"), (chen.number, day, "text")])
    assert note(town) == 0, "noted twice"


def test_a_proof_is_of_the_towns_own_day(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place(state=AttemptState.RINGING)
    answered(town, li.number, Channel.SMS, after=NEXT_DAY_THERE)
    note(town, after=NEXT_DAY_THERE)
    assert [day for number, day, _ in proofs(town) if number == li.number] == [date(2026, 11, 24)]


def test_an_answer_to_a_drill_is_a_drills_proof(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang)
    town.run(lambda s: s.execute(update(Incident).values(kind=IncidentKind.DRILL)))
    assert raised is not None
    town.place()
    answered(town, li.number, Channel.CALL)
    note(town)
    assert (li.number, "drill") in [(number, kind) for number, _, kind in proofs(town)]


def test_incidents_long_past_are_not_looked_at_again(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place()
    answered(town, li.number, Channel.CALL)
    assert note(town, after=3 * 86_400) == 0


def test_an_answer_is_looked_for_two_days_long(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place()
    answered(town, li.number, Channel.CALL)
    assert note(town, after=2 * 86_400) == 0
    assert note(town, after=2 * 86_400 - 1) == 2
