"""What an alarm proves about phones: an answer by key or text, a text that arrived; never a call merely picked up."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from groups.models.figures import ReachProof
from groups.models.roster import Phone
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.delivery.proofs import note_proofs
from joint_defense.delivery.tracking import record_status
from joint_defense.models import Delivery, Incident
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


def test_a_key_proves_the_phone_and_a_delivered_text_its_own(town: Town) -> None:
    wang, li, chen, zhao = town.house("王"), town.house("李"), town.house("陈"), town.house("赵")
    town.raise_alarm(wang)
    town.place()
    answered(town, li.number, Channel.CALL)
    heard(town, chen.number, Channel.SMS, "delivered")
    # Taken, and not a word: a machine does that too.
    heard(town, zhao.number, Channel.CALL, "completed")

    assert note(town) == 2
    assert proofs(town) == sorted([(li.number, date(2026, 11, 23), "call"), (chen.number, date(2026, 11, 23), "text")])
    assert note(town) == 0, "noted twice"


def test_a_proof_is_of_the_towns_own_day(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place(state=AttemptState.RINGING)
    heard(town, li.number, Channel.SMS, "delivered", after=NEXT_DAY_THERE)
    note(town, after=NEXT_DAY_THERE)
    assert [day for _, day, _ in proofs(town)] == [date(2026, 11, 24)]


def test_an_answer_to_a_drill_is_a_drills_proof(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    raised = town.raise_alarm(wang)
    town.run(lambda s: s.execute(update(Incident).values(kind=IncidentKind.DRILL)))
    assert raised is not None
    town.place()
    answered(town, li.number, Channel.CALL)
    note(town)
    assert [(number, kind) for number, _, kind in proofs(town)] == [(li.number, "drill")]


def test_incidents_long_past_are_not_looked_at_again(town: Town) -> None:
    wang, li = town.house("王"), town.house("李")
    town.raise_alarm(wang)
    town.place()
    answered(town, li.number, Channel.CALL)
    assert note(town, after=3 * 86_400) == 0
