"""Whole ways over the carrier's webhooks: a villager has the own phone tested; a leader's text mends a dead number."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from sqlalchemy import select

from config.database import read_clock
from groups.models.figures import ProofKind, ReachProof
from joint_defense.delivery.proofs import note_proofs
from joint_defense.models.incidents import Delivery
from joint_defense.models.upkeep import PhoneTask
from joint_defense.rules.states import Channel, IncidentKind, Purpose
from joint_defense.rules.tasks import TaskOutcome, TaskStage
from joint_defense.upkeep import tasks, village_hours
from tests.edges.webhooks.test_webhooks import Carrier, carrier, open_carrier, town, wang  # noqa: F401  fixtures
from tests.support.factories import House, Town

ZONE = ZoneInfo("Asia/Shanghai")
OURS = "+8657412345678"
NEW = "+8613800138000"
LATER = 10**8
"""Seconds after NOW by which all is due."""


def test_a_villager_calls_presses_8_is_called_back_told_who_we_think_they_are_and_is_proven(
    carrier: Carrier,  # noqa: F811
    wang: House,  # noqa: F811
) -> None:
    town = carrier.town  # noqa: F811
    assert "紧急求助请按井号9" in carrier.call("/voice/inbound", wang.number)
    assert "马上打回来测试这部电话" in carrier.call("/voice/menu/1", wang.number, Digits="8")
    (call,) = town.place(after=LATER)
    assert (call.to, call.channel) == (wang.number, Channel.CALL)
    assert "这部电话登记的是墙下陶村3组王建国家" in (call.text or "")
    address = f"/voice/answer/{call.delivery_id}/1"
    assert "您的电话是通的" in carrier.call(address, OURS, sid="CA9", to=wang.number, Digits="1")
    town.run(lambda s: note_proofs(s, read_clock(s), ZONE))
    proofs = town.read(lambda s: s.execute(select(ReachProof.phone_id, ReachProof.kind)).all())
    assert [tuple(each) for each in proofs] == [(town.phone(wang.number).id, ProofKind.DRILL)]
    assert [each.kind for each in town.incidents()] == [IncidentKind.DRILL], "nobody else was rung"


def test_a_dead_number_is_mended_by_its_leaders_text_alone_and_rings_in_the_next_alarm(
    open_carrier: Callable[..., Carrier],  # noqa: F811
    town: Town,  # noqa: F811
) -> None:
    phones = open_carrier(drill_hours="0-24")
    chen, li, wang = town.house("陈", leader=True), town.house("李大明"), town.house("王建国")  # noqa: F811
    town.run(lambda s: village_hours.set_upkeep(s, town.village_id, ((0, 24),), "村长", read_clock(s)))
    town.change(li.number, failures=2)
    assert town.run(lambda s: tasks.open_for_failing(s, read_clock(s))) == 1
    town.run(lambda s: tasks.ask_on(s, town.village_id, read_clock(s), ZONE))
    assert "知道新号码请回复，例如：改 13800138000" in (
        town.delivery(chen.number, Channel.SMS, Purpose.TASK).text or ""
    )

    assert "马上打给尾号8000核对" in phones.text("改 13800138000", chen.number)
    town.place(after=LATER)
    asked = town.delivery(NEW, Channel.CALL, Purpose.TEST)
    said = phones.call(f"/voice/answer/{asked.id}/1", OURS, sid="CA9", to=NEW, Digits="1")
    assert "这部电话登记好了" in said
    town.run(lambda s: tasks.close_mended(s, read_clock(s), ZONE))
    (task,) = town.read(lambda s: s.scalars(select(PhoneTask)).all())
    assert (task.stage, task.outcome) == (TaskStage.LEADER, TaskOutcome.CHANGED), "nobody but the leader was asked"

    assert "马上呼叫2户邻居" in phones.call("/voice/menu/1", wang.number, sid="CA10", Digits="#9")
    alarm = town.incidents()[-1].id
    rung = select(Delivery.number).where(Delivery.incident_id == alarm, Delivery.channel == Channel.CALL)
    assert set(town.read(lambda s: s.scalars(rung).all())) == {NEW, chen.number}
