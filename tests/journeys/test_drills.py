"""A drill on the real processes: rung and texted like an alarm, answered by key and text, ended by a real call."""

from __future__ import annotations

from sqlalchemy import select, update

from config.database import read_clock
from groups.models.roster import Village
from joint_defense.models.incidents import Incident
from joint_defense.rules.states import ClosingOutcome, IncidentKind
from joint_defense.upkeep import results
from tests.journeys.neighbours import VILLAGE, Neighbours
from tests.journeys.town import Town
from tests.support.handsets import eventually


def test_a_drill_rings_and_texts_everybody_and_a_real_alarm_ends_it_at_once(town: Town, neighbours: Neighbours) -> None:
    street = neighbours.settle("王建国", "李大明", "陈小红")
    wang, li, chen = street.phones
    with town.database.begin() as session:
        # Other tests' incidents of this village are over.
        session.execute(update(Incident).where(Incident.closed_at.is_(None)).values(closed_at=read_clock(session)))
        code = session.scalars(select(Village.code).where(Village.name == VILLAGE)).one()
    li.answers("1")
    wang.waits()
    chen.waits()
    assert "演练已开始" in town.run("drill", "start", "--village", code, "--group", street.name, "--at-any-hour")
    with town.database.begin(reads=True) as session:
        drill_id = session.scalars(select(Incident.id).where(Incident.group_id == street.group_id)).one()

    li.gets_call("这是演练", status="completed")
    for each in street.phones:
        assert "演练，不是真的警情" in each.gets_text("演练")
    assert "不用出门" in str(chen.texts("1"))

    def answered() -> set[tuple[str, str | None]]:
        with town.database.begin(reads=True) as session:
            found = results.read_drill(session, drill_id, None)
            assert found is not None
            return {(each.household, each.channel) for each in found.phones if each.seconds is not None}

    eventually(lambda: answered() == {("李大明家", "call"), ("陈小红家", "sms")}, "both answers are on record")
    eventually(lambda: wang.handset.state == "ringing", "the third phone still rings")
    chen.may_be_rung()
    wang.gets_call()
    wang.put_down()

    chen.handset.script("busy")
    wang.calls_for_help()
    li.gets_text("王建国家求助")
    li.gets_call("王建国家求助")
    chen.gets_text("王建国家求助")
    with town.database.begin(reads=True) as session:
        drill = session.get_one(Incident, drill_id)
        assert (drill.kind, drill.outcome) == (IncidentKind.DRILL, ClosingOutcome.DRILL)
        assert drill.closed_at is not None
    street.wait_until_over()
