"""The query of answers and its SQL twin: both say the same of who is coming."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

from sqlalchemy import select

from joint_defense.incidents.answers import match_coming, read_answers
from joint_defense.models.incidents import Acknowledgement, Alert
from joint_defense.rules.parties import Party
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import Channel
from tests.support.factories import NOW, Town


def test_the_rule_and_its_sql_agree_on_every_pair_of_answers_of_households_callers_and_responders(town: Town) -> None:
    caller, second = town.house("王"), town.house("李")
    incident_id = town.raise_alarm(caller).incident_id
    assert incident_id is not None
    town.raise_alarm(second, after=10)
    pairs = list(product([*Answer, None], repeat=2))
    with town.database.begin() as session:
        assert session.query(Alert).count() == 2
        parties = [Party(second.id, None)]
        parties += [Party(9000 + number, None) for number in range(16)] + [Party(None, number) for number in range(16)]
        for number, party in enumerate(parties):
            for late, answer in enumerate(pairs[number % len(pairs)]):
                if answer is not None:
                    session.add(
                        Acknowledgement(
                            incident_id=incident_id,
                            household_id=party.household_id,
                            responder_id=party.responder_id,
                            household_name=party.key,
                            number="+8613805000001",
                            answer=answer,
                            channel=Channel.CALL,
                            at=NOW + timedelta(seconds=late),
                        )
                    )
                    session.flush()
    with town.database.begin() as session:
        by_rule = {each.id for each in read_answers(session, incident_id).coming}
        by_sql = set(session.scalars(select(Acknowledgement.id).where(match_coming())))
        names = set(session.scalars(select(Acknowledgement.household_name).where(match_coming())))
    assert by_rule == by_sql
    assert len(by_rule) == 2 * sum(bool({Answer.COMING, Answer.ON_SCENE} & {(b or a)}) for a, b in pairs)
    assert str(second.id) not in names, "a household that calls for help too is not coming"
