"""The cases of texts, sent by who would write them over the use case and a database; each is undone again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from joint_defense.alarms.closing import close
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.models.incidents import Acknowledgement, Alert, IncidentUpdate
from joint_defense.rules.states import ClosingOutcome
from tests.support.factories import House, Town, at

GIVEN = json.loads((Path(__file__).parents[2] / "data/texts/given.json").read_text(encoding="utf-8"))


def outcome(session: Session, sender: House, state: str, body: str) -> str:
    """What a text comes to, as the tables show it."""
    alerts = session.scalar(select(func.count()).select_from(Alert)) or 0
    said = select(func.count()).where(IncidentUpdate.kind == "said")
    before = session.scalar(said) or 0
    take_message(session, Text("SM-case", sender.number, body), at(60))
    session.flush()
    answer = session.scalars(select(Acknowledgement.answer).order_by(Acknowledgement.id.desc())).first()
    if (session.scalar(select(func.count()).select_from(Alert)) or 0) > alerts:
        return "alarm"
    if session.scalars(select(Alert).where(Alert.withdrawn_at.is_not(None))).first() is not None:
        return "taken_back"
    if answer is not None:
        return str(answer)
    passed = (session.scalar(said) or 0) > before
    if state == "member":
        return "no_alarm"
    return "passed_on" if passed and state == "caller" else "none"


@pytest.mark.parametrize("state", ["caller", "neighbour", "member", "after_all_clear"])
def test_the_given_texts_come_to_what_is_right(town: Town, state: str) -> None:
    wang, chen = town.house("王"), town.house("陈")
    town.house("李", leader=True)
    if state != "member":
        raised = town.raise_alarm(wang)
        town.place()
        assert raised.incident_id is not None
        if state == "after_all_clear":
            town.run(lambda s: close(s, raised.incident_id or 0, ClosingOutcome.HELPED, "", "村", at(30)))
    sender = wang if state == "caller" else chen
    wrong = []
    for case in (each for each in GIVEN if each["state"] == state):
        with town.database.begin() as session:
            given = outcome(session, sender, state, case["body"])
            session.rollback()
        fine = given in case["right"] or (given == "none" and "passed_on" in case["right"] and state != "caller")
        if not fine:
            wrong.append((case["body"], given, case["right"]))
    print(*wrong, sep="\n")
    assert wrong == []
