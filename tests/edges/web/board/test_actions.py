from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from joint_defense.delivery.plan import make_row
from joint_defense.models.incidents import Delivery, Incident, IncidentUpdate
from joint_defense.rules.states import Channel, DeliveryState, Purpose
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import deliveries_to, full_scene


@pytest.fixture
def scene(store: Database) -> int:
    with store.begin() as session:
        return full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))


def _waiting(store: Database) -> int:
    with store.begin() as session:
        return session.scalar(select(func.count(Delivery.id)).where(Delivery.state == DeliveryState.WAITING)) or 0


def _last_line(store: Database, incident_id: int) -> tuple[str, dict[str, object]]:
    with store.begin() as session:
        line = session.scalars(
            select(IncidentUpdate).where(IncidentUpdate.incident_id == incident_id).order_by(IncidentUpdate.id.desc())
        ).first()
        assert line is not None
        return line.kind, line.detail


def test_one_household_is_rung_again_at_a_tap(operator: Visitor, store: Database, scene: int) -> None:
    with store.begin() as session:
        household_id = deliveries_to(session, scene, 4)[0].household_id
    before = _waiting(store)

    page = operator.post(f"/incidents/{scene}/ring-again", {"household": household_id}, follow_redirects=True)

    assert "正在再次呼叫 2 部电话" in page.text, "the household has two mobiles"
    assert _waiting(store) == before + 2
    assert _last_line(store, scene) == ("ring_again", {"by": "operator", "household": "张志明家"})
    assert operator.post(f"/incidents/{scene}/ring-again", {"household": "x"}).status_code == 404
    assert _waiting(store) == before + 2, "a household that cannot be read does not mean everybody"


def test_one_responder_is_rung_again_at_a_tap_and_no_household_of_the_same_id(
    operator: Visitor, store: Database, scene: int
) -> None:
    with store.begin() as session:
        like = deliveries_to(session, scene, 4)[0]
        responder_id = like.household_id
        row = make_row(like, scene, Channel.CALL, Purpose.WIDENING, like.due_at, urgency=0, turn=0)
        # Nobody has this phone in hand at present.
        row |= {"state": DeliveryState.UNREACHED}
        who = {"household_id": None, "responder_id": responder_id, "phone_id": None, "number": "+8613700000031"}
        session.execute(insert(Delivery).values(row | who | {"household_name": "治保陈国平", "role": "duty"}))
    page = operator.get(f"/incidents/{scene}").text
    assert f'name="responder" value="{responder_id}" id="ring-responder-{responder_id}"' in page
    before = _waiting(store)

    operator.post(f"/incidents/{scene}/ring-again", {"responder": responder_id})

    assert _waiting(store) == before + 1
    assert _last_line(store, scene) == ("ring_again", {"by": "operator", "household": "治保陈国平"})


def test_all_who_are_not_coming_are_rung_again_at_a_tap(operator: Visitor, store: Database, scene: int) -> None:
    operator.post(f"/incidents/{scene}/ring-again")

    with store.begin() as session:
        rung = set(
            session.scalars(
                select(Delivery.household_name).where(Delivery.round > 0, Delivery.purpose == Purpose.ALARM)
            )
        )
    assert {"赵阿根家", "陈桂芳家", "孙德才家"} <= rung
    assert not {"李国强家", "欧阳立新家"} & rung


def test_a_note_goes_on_the_timeline_under_its_writers_name(operator: Visitor, store: Database, scene: int) -> None:
    page = operator.post(
        f"/incidents/{scene}/note",
        {"text": " 已联系村医\r\n正在路上\x07 "},
        of=f"/incidents/{scene}/note",
        follow_redirects=True,
    )

    assert "operator：已联系村医" in page.text
    assert _last_line(store, scene) == ("note", {"by": "operator", "text": "已联系村医\n正在路上"})


@pytest.mark.parametrize(("text", "words"), [("  ", "请填写备注"), ("长" * 1001, "最多 1000 个字")])
def test_an_empty_or_endless_note_is_refused_and_kept_in_the_form(
    operator: Visitor, store: Database, scene: int, text: str, words: str
) -> None:
    answer = operator.post(f"/incidents/{scene}/note", {"text": text})

    assert answer.status_code == 422
    assert words in answer.text
    assert text.strip() in answer.text
    assert _last_line(store, scene)[0] != "note"


def test_closing_takes_an_outcome_and_tells_everybody(operator: Visitor, store: Database, scene: int) -> None:
    page = operator.post(
        f"/incidents/{scene}/close",
        {"outcome": "false_alarm", "note": "孩子误按"},
        of=f"/incidents/{scene}/close",
        follow_redirects=True,
    )

    assert "警情已解除，正在通知所有被呼叫的人" in page.text
    with store.begin() as session:
        incident = session.get_one(Incident, scene)
        told = session.scalars(select(Delivery.household_name).where(Delivery.purpose == Purpose.ALL_CLEAR)).all()
    assert (incident.outcome, incident.note) == ("false_alarm", "孩子误按")
    assert "李国强家" in told


@pytest.mark.parametrize("outcome", ["", "party"])
def test_an_incident_is_not_closed_without_a_known_outcome(
    operator: Visitor, store: Database, scene: int, outcome: str
) -> None:
    answer = operator.post(f"/incidents/{scene}/close", {"outcome": outcome, "note": "写了一半"})

    assert answer.status_code == 422
    assert "请选择处理结果" in answer.text
    assert "写了一半" in answer.text
    with store.begin() as session:
        assert session.get_one(Incident, scene).closed_at is None


def test_the_second_to_close_learns_that_the_first_ones_word_stands(
    operator: Visitor, signed_in: SignedIn, store: Database, scene: int
) -> None:
    signed_in(AccountRole.VILLAGE_HEAD).post(f"/incidents/{scene}/close", {"outcome": "helped"})

    page = operator.post(f"/incidents/{scene}/close", {"outcome": "malicious"}, follow_redirects=True)

    assert "已有人先解除了警情" in page.text
    assert "已救助" in page.text
    with store.begin() as session:
        assert session.get_one(Incident, scene).outcome == "helped"
    assert "这起警情已经解除" in operator.get(f"/incidents/{scene}/close").text


def test_nobody_is_rung_for_a_closed_incident(operator: Visitor, store: Database, scene: int) -> None:
    operator.post(f"/incidents/{scene}/close", {"outcome": "helped"})
    before = _waiting(store)

    page = operator.post(f"/incidents/{scene}/ring-again", follow_redirects=True)

    assert "警情已解除，不再呼叫" in page.text
    assert _waiting(store) == before


@pytest.mark.parametrize("action", ["ring-again", "note", "close"])
def test_a_form_of_another_site_changes_nothing(operator: Visitor, store: Database, scene: int, action: str) -> None:
    before = _last_line(store, scene)

    answer = operator.client.post(
        f"/incidents/{scene}/{action}", data={"text": "x", "outcome": "helped"}, headers={"Accept": "text/html"}
    )

    assert answer.status_code == 400
    assert "页面已过期" in answer.text
    assert _last_line(store, scene) == before


@pytest.mark.parametrize("action", ["ring-again", "note", "close"])
def test_an_incident_that_is_not_there_cannot_be_acted_on(operator: Visitor, action: str) -> None:
    assert operator.post(f"/incidents/4711/{action}", {"text": "x", "outcome": "helped"}).status_code == 404
