"""The carrier's webhooks: who is let in, what is answered, and what a repetition or a forgery changes."""

from __future__ import annotations

import hashlib
import hmac
import html
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from app import create_app
from config.database import read_clock
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Source
from groups.models.roster import FirstHelp, Household
from groups.roster.households import archive_household, change_number, list_phones, rename_household
from groups.roster.reading import list_houses
from groups.rules.phone import normalise
from joint_defense.alarms.closing import close
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.carriers.port import Receipt
from joint_defense.delivery import claims
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.lines import Line
from joint_defense.delivery.sender import Announcer, make_voice
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Acknowledgement, Attempt, Delivery, Incident
from joint_defense.models.upkeep import PhoneTask
from joint_defense.processes.queues import ALARM, get_queue
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel, ClosingOutcome, DeliveryState, IncidentKind, Purpose
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import alarm
from joint_defense.upkeep import drills
from joint_defense.web.board.incident import read_board
from joint_defense.web.words import write_headline
from tests.conftest import MakeSettings
from tests.support import carrier_verbs
from tests.support.factories import NOW, House, Town, at
from tests.support.handsets import eventually

OUR_NUMBER = "+8657412345678"
DIRECT = "+8657412340110"
STRANGER = "+8613900000000"
BASE = "http://127.0.0.1:8000"
TOKEN = "a-token-of-the-tests"


@dataclass
class Carrier:
    """Signs requests as the carrier does, unless told otherwise."""

    client: FlaskClient
    town: Town
    token: str = TOKEN

    def post(self, path: str, token: str | None = None, **form: str) -> TestResponse:
        path = path.removeprefix(BASE)
        signature = RequestValidator(token or self.token).compute_signature(BASE + path, form)
        return self.client.post(path, data=form, headers={"X-Twilio-Signature": signature})

    def call(self, path: str, caller: str, sid: str = "CA1", to: str = OUR_NUMBER, **form: str) -> str:
        answer = self.post(path, CallSid=sid, From=caller, To=to, **form)
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/xml")
        document = answer.get_data(as_text=True)
        carrier_verbs.check(document, self.client.application.extensions["settings"].carrier_dialect)
        return document

    def text(self, body: str, sender: str, sid: str = "SM1") -> str:
        answer = self.post("/sms/inbound", MessageSid=sid, From=sender, To=OUR_NUMBER, Body=body)
        assert answer.status_code == 200
        document = answer.get_data(as_text=True)
        carrier_verbs.check(document)
        return document

    def count(self, model: Any) -> int:
        return self.town.read(lambda session: session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.fixture
def town(database: Any) -> Town:
    return Town(database)


@pytest.fixture
def open_carrier(town: Town, settings: MakeSettings) -> Iterator[Callable[..., Carrier]]:
    apps = []

    def make(**changes: Any) -> Carrier:
        apps.append(create_app(settings(**changes)))
        return Carrier(apps[-1].test_client(), town)

    yield make
    for app in apps:
        app.extensions["runtime"].redis.close()
        app.extensions["runtime"].close()


@pytest.fixture
def carrier(open_carrier: Callable[..., Carrier]) -> Carrier:
    return open_carrier(direct_numbers=DIRECT)


@pytest.fixture
def wang(town: Town) -> House:
    town.house("李月芳", leader=True)
    return town.house("王建国")


@pytest.mark.parametrize(
    "path", ["/voice/inbound", "/voice/menu/1", "/sms/inbound", "/status/1/1", "/voice/answer/1/1"]
)
def test_a_request_that_the_carrier_did_not_sign_is_refused_and_changes_nothing(
    carrier: Carrier, wang: House, path: str
) -> None:
    form = {"CallSid": "CA1", "MessageSid": "SM1", "From": wang.number, "Digits": "#9", "Body": "救命"}
    assert carrier.client.post(path, data=form).status_code == 403
    assert carrier.post(path, token="another", **form).status_code == 403
    assert (carrier.count(InboundEvent), carrier.count(Incident)) == (0, 0)


def test_a_signature_over_other_words_is_refused(carrier: Carrier, wang: House) -> None:
    form = {"MessageSid": "SM1", "From": wang.number, "To": OUR_NUMBER, "Body": "你好"}
    signature = RequestValidator(TOKEN).compute_signature(BASE + "/sms/inbound", form)
    forged = carrier.client.post(
        "/sms/inbound", data=form | {"Body": "救命"}, headers={"X-Twilio-Signature": signature}
    )
    assert forged.status_code == 403
    assert carrier.count(Incident) == 0


def test_either_token_counts_while_they_are_rotated(open_carrier: Callable[..., Carrier], wang: House) -> None:
    carrier = open_carrier(twilio_auth_token="new,old")
    for token in ("new", "old"):
        answer = carrier.post("/voice/inbound", token=token, CallSid=f"CA{token}", From=wang.number, To=OUR_NUMBER)
        assert answer.status_code == 200
    assert carrier.post("/voice/inbound", token="older", CallSid="CA3", From=wang.number).status_code == 403


def test_either_header_and_either_way_of_signing_counts(open_carrier: Callable[..., Carrier], wang: House) -> None:
    carrier = open_carrier(carrier_signing_key="PSK-new,PSK-old")
    form = {"From": wang.number, "To": OUR_NUMBER, "Body": "你好 & ok"}

    def posted(signature: str, header: str, sid: str) -> int:
        body = urlencode(form | {"MessageSid": sid})
        headers = {header: signature, "Content-Type": "application/x-www-form-urlencoded"}
        return carrier.client.post("/sms/inbound", data=body, headers=headers).status_code

    def over_body(key: str, sid: str) -> str:
        signed = f"{BASE}/sms/inbound" + urlencode(form | {"MessageSid": sid})
        return hmac.new(key.encode(), signed.encode(), hashlib.sha1).hexdigest()

    for nth, key in enumerate((TOKEN, "PSK-new", "PSK-old", "PSK-older")):
        expected = 403 if key == "PSK-older" else 200
        for header in ("X-Twilio-Signature", "X-SignalWire-Signature"):
            sid = f"SM{nth}{header[2]}"
            as_twilio = RequestValidator(key).compute_signature(f"{BASE}/sms/inbound", form | {"MessageSid": sid})
            assert posted(as_twilio, header, sid) == expected
        assert posted(over_body(key, f"SM{nth}-raw"), "X-SignalWire-Signature", f"SM{nth}-raw") == expected
    # Somebody else's words under a signature that was right for others.
    assert posted(over_body(TOKEN, "SM9"), "X-SignalWire-Signature", "SM10") == 403


def test_a_public_address_with_a_path_keeps_it_in_every_answer(
    open_carrier: Callable[..., Carrier], wang: House
) -> None:
    base = "https://town.example.cn/lf"
    carrier = open_carrier(public_base_url=base)
    form = {"CallSid": "CA1", "From": wang.number, "To": OUR_NUMBER}

    def asked(path: str, **more: str) -> str:
        signature = RequestValidator(TOKEN).compute_signature(base + path, form | more)
        answer = carrier.client.post(path, data=form | more, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    menu = asked("/voice/inbound")
    raised = asked("/voice/menu/1", Digits="#9")
    for document in (menu, raised):
        addresses = re.findall(r'action="([^"]+)"|<Redirect[^>]*>([^<]+)<', document)
        assert addresses
        assert all("".join(each).startswith(f"{base}/voice/") for each in addresses)


@pytest.mark.parametrize(
    "written", ["{}", "86{}", "0086{}", "0{}", "+86{}", "sip:+86{}@10.1.2.3", "tel:+86{}", "sip:0{}@gw;user=phone"]
)
def test_a_neighbour_is_known_however_the_gateway_writes_the_number(
    carrier: Carrier, wang: House, written: str
) -> None:
    caller = written.format(wang.number.removeprefix("+86"))
    assert "求助已收到" in carrier.call("/voice/inbound", caller, to=written.format(DIRECT.removeprefix("+86")))
    assert "已收到" in carrier.text("救命", caller) or "邻居" in carrier.text("救命", caller, sid="SM2")
    assert carrier.count(Incident) == 1


@pytest.mark.parametrize("written", ["{}", "0574{}", "574{}", "86574{}", "+86574{}", "sip:{}@gw"])
def test_a_landline_is_known_with_its_area_code_and_without(carrier: Carrier, town: Town, written: str) -> None:
    caller, _ = town.house("王建国", "l"), town.house("李月芳")
    called = written.format(caller.number.removeprefix("+86574"))
    assert "马上呼叫1户邻居" in carrier.call("/voice/menu/1", called, Digits="#9")


def test_a_silent_household_that_was_texted_of_a_neighbours_alarm_hears_no_word_when_it_calls(
    carrier: Carrier, town: Town, wang: House
) -> None:
    quiet = town.house("静", silent=True)
    town.raise_alarm(wang)
    town.place()
    assert quiet.number in {each.number for each in town.deliveries(town.incidents()[0].id)}
    for path, keys in (("/voice/inbound", {}), ("/voice/menu/1", {"Digits": "#9"})):
        assert "<Say" not in carrier.call(path, quiet.number, sid="CA8", **keys)
    assert len(town.alerts()) == 2, "and its own call for help is taken in"


def test_a_withheld_number_is_a_stranger(carrier: Carrier, wang: House) -> None:
    for nth, caller in enumerate(("anonymous", "+266696687", "+86256", "")):
        assert "不在联防名单上" in carrier.call("/voice/inbound", caller, sid=f"CA{nth}", to=DIRECT)
    assert carrier.count(Incident) == 0


def test_a_body_too_large_is_refused(carrier: Carrier, wang: House) -> None:
    assert carrier.post("/sms/inbound", MessageSid="SM1", From=wang.number, Body="救" * 70_000).status_code == 413
    assert carrier.count(InboundEvent) == 0


def test_webhooks_are_posted_to(carrier: Carrier) -> None:
    assert carrier.client.get("/voice/inbound").status_code == 405


def test_a_known_phone_hears_a_short_menu_that_catches_the_pound_key(carrier: Carrier, wang: House) -> None:
    menu = carrier.call("/voice/inbound", wang.number)
    assert 'finishOnKey=""' in menu
    assert 'numDigits="2"' in menu
    assert "紧急求助请按井号9" in menu
    assert carrier.count(Incident) == 0


def test_the_key_raises_the_alarm_once_however_often_the_webhook_comes(carrier: Carrier, wang: House) -> None:
    first = carrier.call("/voice/menu/1", wang.number, Digits="#9")
    assert "马上呼叫1户邻居" in first
    assert carrier.call("/voice/menu/1", wang.number, Digits="#9") == first
    assert carrier.count(Incident) == 1


@pytest.mark.parametrize("digits", ["9", "9#", "99", "*9"])
def test_a_nine_in_a_hurry_raises_the_alarm_too(carrier: Carrier, wang: House, digits: str) -> None:
    carrier.call("/voice/menu/1", wang.number, Digits=digits)
    assert carrier.count(Incident) == 1


def test_a_pound_key_at_the_end_waits_for_its_nine(carrier: Carrier, wang: House) -> None:
    half = carrier.call("/voice/menu/1", wang.number, Digits="5#")
    assert "/voice/menu/1?before=hash" in half
    assert 'numDigits="1"' in half
    carrier.call("/voice/menu/1?before=hash", wang.number, Digits="9")
    assert carrier.count(Incident) == 1


def test_other_keys_raise_nothing_and_the_question_is_put_again(carrier: Carrier, wang: House) -> None:
    again = carrier.call("/voice/menu/1", wang.number, Digits="12")
    assert "需要帮忙，请按井号9" in again
    assert carrier.count(Incident) == 0


def test_the_eight_asks_for_a_test_call_and_is_never_taken_for_half_of_an_alarm(carrier: Carrier, wang: House) -> None:
    carrier.call("/voice/inbound", wang.number)
    said = carrier.call("/voice/menu/1", wang.number, Digits="8")
    assert "马上打回来测试这部电话" in said
    assert carrier.call("/voice/menu/1", wang.number, Digits="8") == said
    (test,) = carrier.town.incidents()
    assert (test.kind, len(carrier.town.deliveries(test.id))) == (IncidentKind.DRILL, 1)
    carrier.town.place(after=10**8)
    told = carrier.town.deliveries(test.id)[0]
    assert "按错了" not in carrier.call(f"/voice/answer/{told.id}/1", OUR_NUMBER, sid="CA9", to=wang.number, Digits="2")
    assert carrier.count(PhoneTask) == 1, "whoever says that it is not theirs makes a task"
    assert carrier.count(Acknowledgement) == 0
    thanked = carrier.call(f"/voice/answer/{told.id}/1", OUR_NUMBER, sid="CA9", to=wang.number, Digits="1")
    assert "您的电话是通的" in thanked
    carrier.town.run(lambda s: s.execute(update(Delivery).values(state=DeliveryState.PLACED)))
    assert "挂机等一等" in carrier.call("/voice/menu/1", wang.number, sid="CA2", Digits="8")
    # It is half of nothing: with a pound key behind it the nine may come, beside other keys it is a wrong one.
    assert "before=hash" in carrier.call("/voice/menu/1", wang.number, sid="CA3", Digits="8#")
    assert "按错了" in carrier.call("/voice/menu/1", wang.number, sid="CA3", Digits="81")
    carrier.call("/voice/menu/1?before=hash", wang.number, sid="CA3", Digits="9")
    assert [each.kind for each in carrier.town.incidents()] == [IncidentKind.DRILL, IncidentKind.ALARM]
    assert "正有人求助" in carrier.call("/voice/menu/2", wang.number, sid="CA4", Digits="88")
    assert "不在联防名单上" in carrier.call("/voice/menu/1", STRANGER, sid="CA5", Digits="8")


def test_whoever_calls_back_after_a_missed_test_hears_what_it_was_and_no_real_call_is_lost(
    carrier: Carrier, wang: House
) -> None:
    town = carrier.town

    def miss_a_test(sid: str) -> Incident:
        carrier.call("/voice/menu/1", wang.number, sid=sid, Digits="8")
        town.place(after=10**8)
        test = town.incidents()[-1]
        assert town.run(lambda s: drills.stop_drill(s, test.id, "", read_clock(s)))
        return test

    miss_a_test("CA1")
    asked = carrier.call("/voice/inbound", wang.number, sid="CA2")
    assert ("刚才打给您的是演练电话，不是真的警情" in asked, "紧急求助请按井号9" in asked) == (True, True)
    (address,) = set(re.findall(r"/voice/menu/1\?missed=\d+", asked))
    thanked = carrier.call(address, wang.number, sid="CA2", Digits="1")
    assert "您的电话是通的" in thanked
    assert carrier.call(address, wang.number, sid="CA2", Digits="1") == thanked, "the carrier repeats its webhook"
    assert carrier.count(Acknowledgement) == 1
    assert "您的电话是通的" not in carrier.call(address, STRANGER, sid="CA9", Digits="1")
    assert "刚才打给您的" not in carrier.call("/voice/inbound", wang.number, sid="CA3"), "it has been answered"
    town.run(lambda s: s.execute(update(InboundEvent).values(received_at=at(0))))
    miss_a_test("CA4")
    again = carrier.call("/voice/inbound", wang.number, sid="CA5")
    (address,) = set(re.findall(r"/voice/menu/1\?missed=\d+", again))
    once_more = carrier.call(address, wang.number, sid="CA5")
    assert "刚才是演练电话：没事请按1，需要帮忙请按井号9" in once_more
    (second,) = set(re.findall(r"/voice/menu/2\?missed=\d+", once_more))
    half = carrier.call(second, wang.number, sid="CA5", Digits="5#")
    assert re.search(r"/voice/menu/2\?before=hash&amp;missed=\d+", half)
    assert [each.kind for each in town.incidents()] == [IncidentKind.DRILL] * 2
    # It was said twice what it was. Who is silent then may be unable to speak: the leader is told, as ever.
    assert "正在通知您的联防长" in carrier.call(second, wang.number, sid="CA5")
    assert town.incidents()[-1].kind is IncidentKind.WORDLESS
    carrier.call(second, wang.number, sid="CA6", Digits="#9")
    assert town.incidents()[-1].kind is IncidentKind.ALARM


def test_a_new_number_by_text_is_asked_on_a_call_and_entered_by_its_key(
    open_carrier: Callable[..., Carrier], wang: House
) -> None:
    carrier = open_carrier(drill_hours="0-24")
    assert "马上打给尾号8000核对" in carrier.text("改 13800138000", wang.number)
    (call,) = carrier.town.deliveries(carrier.town.incidents()[0].id)
    carrier.town.place(after=10**8)
    address = f"/voice/answer/{call.id}/1"
    assert "按错了" in carrier.call(address, OUR_NUMBER, sid="CA9", to=call.number, Digits="5")
    said = carrier.call(address, OUR_NUMBER, sid="CA9", to=call.number, Digits="1")
    assert "这部电话登记好了" in said
    assert carrier.call(address, OUR_NUMBER, sid="CA9", to=call.number, Digits="1") == said
    assert carrier.town.phone("+8613800138000").household_id == wang.id
    assert "没有收到您的按键" in carrier.call(f"/voice/again/{call.id}/1", OUR_NUMBER, sid="CA9", to=call.number)
    assert "请求助" not in carrier.text("改 13800138001", STRANGER, sid="SM2")


def test_in_a_silent_household_the_eight_says_and_rings_nothing(carrier: Carrier, town: Town) -> None:
    quiet = town.house("静", silent=True)
    assert "<Say" not in carrier.call("/voice/menu/1", quiet.number, Digits="8")
    assert carrier.count(Incident) == 0


def test_of_a_caller_who_presses_nothing_twice_the_leader_is_told_once(carrier: Carrier, wang: House) -> None:
    assert "/voice/menu/2" in carrier.call("/voice/menu/1", wang.number)
    said = carrier.call("/voice/menu/2", wang.number)
    assert "正在通知您的联防长" in said
    assert carrier.call("/voice/menu/2", wang.number) == said
    deliveries = carrier.town.deliveries(carrier.town.incidents()[0].id)
    assert [(each.household_name, each.purpose, each.channel) for each in deliveries] == [
        ("李月芳家", "wordless", "sms")
    ]


def test_a_call_to_a_direct_number_is_the_alarm_itself(carrier: Carrier, wang: House) -> None:
    assert "马上呼叫1户邻居" in carrier.call("/voice/inbound", wang.number, to=DIRECT)
    assert carrier.count(Incident) == 1


@pytest.mark.parametrize("caller", [STRANGER, "anonymous", "", "+"])
def test_a_number_on_no_list_hears_110_in_two_languages_and_is_on_record(carrier: Carrier, caller: str) -> None:
    said = carrier.call("/voice/inbound", caller)
    assert "不在联防名单" in said
    assert "dial 110" in said
    events = carrier.town.read(lambda session: session.scalars(select(InboundEvent)).all())
    assert [event.kind for event in events] == [InboundKind.STRANGER]


def test_a_stranger_is_answered_by_text_once_a_day_and_a_repetition_as_before(carrier: Carrier) -> None:
    first = carrier.text("你好", STRANGER, "SM1")
    assert "不在联防名单" in first
    assert carrier.text("你好", STRANGER, "SM1") == first
    assert "<Message>" not in carrier.text("救命", STRANGER, "SM2")


def test_no_answer_goes_to_a_country_that_is_not_texted_and_what_was_written_is_taken_in(carrier: Carrier) -> None:
    assert "<Message>" not in carrier.text("你好", "+12025550123", "SM1")
    events = carrier.town.read(lambda session: session.scalars(select(InboundEvent)).all())
    assert [(event.kind, event.number) for event in events] == [(InboundKind.STRANGER, "+12025550123")]


def test_a_text_raises_an_alarm_and_anything_else_gets_a_line_of_help(carrier: Carrier, wang: House) -> None:
    assert "需要邻居帮忙请回复9" in carrier.text("在吗", wang.number, "SM1")
    assert carrier.count(Incident) == 0
    answered = carrier.text("# 9 。", wang.number, "SM2")
    assert "马上呼叫1户邻居" in answered
    assert carrier.text("# 9 。", wang.number, "SM2") == answered
    assert carrier.count(Incident) == 1


def test_a_webhook_without_its_id_still_gets_a_sentence(carrier: Carrier, wang: House) -> None:
    answer = carrier.post("/voice/inbound", From=wang.number, To=OUR_NUMBER)
    assert (answer.status_code, "请马上打110" in answer.get_data(as_text=True)) == (200, True)


@pytest.mark.parametrize(
    ("path", "form", "said", "logged"),
    [
        ("/voice/inbound", {"CallSid": "CA1"}, "紧急求助请按井号9", "menu_without_database"),
        ("/voice/menu/1", {"CallSid": "CA1", "Digits": "#9"}, "求助已记下", "event_spooled"),
        ("/sms/inbound", {"MessageSid": "SM1"}, "求助已记下", "event_spooled"),
        ("/voice/again/1/1", {"CallSid": "CA1"}, "系统出故障了，请马上打110", "webhook_failed"),
    ],
)
def test_whatever_fails_inside_an_alarm_is_kept_and_everybody_else_is_told_to_dial_110(
    carrier: Carrier,
    wang: House,
    caplog: pytest.LogCaptureFixture,
    path: str,
    form: dict[str, str],
    said: str,
    logged: str,
) -> None:
    app = carrier.client.application
    app.extensions["drainer"]._stopping.set()
    engine = app.extensions["database"].engine

    def broken(*_: object, **__: object) -> None:
        raise ProgrammingError("select", None, Exception("there is no such column"))

    event.listen(engine, "before_cursor_execute", broken)
    answer = carrier.post(path, **form, From=wang.number, To=OUR_NUMBER, Body="救命")
    event.remove(engine, "before_cursor_execute", broken)
    assert answer.status_code == 200
    assert said in answer.get_data(as_text=True)
    assert logged in caplog.text
    assert "failure_id" in caplog.text
    assert wang.number not in caplog.text
    kept = app.extensions["runtime"].spool.count()
    assert kept == (logged == "event_spooled")
    if kept:
        assert "'cause': 'broken'" in caplog.text


def test_callbacks_move_an_attempt_forward_and_never_back(carrier: Carrier, wang: House) -> None:
    raised = carrier.town.raise_alarm(wang)
    carrier.town.claim()
    call = next(each for each in carrier.town.deliveries(raised.incident_id) if each.channel == "call")
    path = f"/status/{call.id}/1"
    # Before our own create has returned, out of order, twice, and once more after the end.
    for status in ("ringing", "initiated", "in-progress", "completed", "completed", "ringing"):
        assert carrier.post(path, CallSid="CA77", CallStatus=status).status_code == 204
    attempt = carrier.town.read(lambda session: session.get_one(Attempt, (call.id, 1)))
    assert (attempt.state, attempt.sid) == (AttemptState.COMPLETED, "CA77")
    assert carrier.town.delivery_by_id(call.id).state is DeliveryState.REACHED


def test_a_callback_while_the_database_restarts_is_no_error_and_is_taken_in_afterwards(
    carrier: Carrier, wang: House
) -> None:
    raised = carrier.town.raise_alarm(wang)
    carrier.town.claim()
    call = next(each for each in carrier.town.deliveries(raised.incident_id) if each.channel == "call")
    breaker = carrier.client.application.extensions["runtime"].database._breaker
    breaker._rest_until = math.inf
    assert carrier.post(f"/status/{call.id}/1", CallSid="CA78", CallStatus="ringing").status_code == 204
    breaker._rest_until = 0.0

    def read_sid() -> str | None:
        return carrier.town.read(lambda session: session.get_one(Attempt, (call.id, 1))).sid

    eventually(lambda: read_sid() == "CA78", "it is on record")


@pytest.fixture
def neighbours(town: Town) -> tuple[House, House]:
    """A caller and a neighbour who leads nobody."""
    return town.house("王建国"), town.house("陈小红")


def rung_call(carrier: Carrier, caller: House, neighbour: House) -> Delivery:
    raised = carrier.town.raise_alarm(caller)
    carrier.town.place()
    return next(
        each
        for each in carrier.town.deliveries(raised.incident_id)
        if each.channel == "call" and each.number == neighbour.number
    )


def press(carrier: Carrier, rung: Delivery, keys: str, path: str = "answer", **form: str) -> str:
    return carrier.call(f"/voice/{path}/{rung.id}/1", OUR_NUMBER, to=rung.number, Digits=keys, **form)


def test_a_wrong_key_is_told_from_none(carrier: Carrier, neighbours: tuple[House, House]) -> None:
    rung = rung_call(carrier, *neighbours)
    assert "按错了，请按1、2或3。" in press(carrier, rung, "7")
    assert carrier.count(Acknowledgement) == 0
    assert "没有收到您的按键" in carrier.call(f"/voice/again/{rung.id}/1?last=1", OUR_NUMBER, to=rung.number)
    for answered, names in (("1", "按错了，请按2或3。"), ("2", "按错了，请按1。"), ("3", "按错了。<")):
        press(carrier, rung, answered)
        assert names in press(carrier, rung, "8")


def test_after_each_answer_the_keys_that_are_left_are_offered(
    carrier: Carrier, neighbours: tuple[House, House]
) -> None:
    rung = rung_call(carrier, *neighbours)
    coming = press(carrier, rung, "1")
    assert "来不了了请按2，到了请按3。" in coming
    assert "又能来了请按1。" in press(carrier, rung, "2")
    there = press(carrier, rung, "3")
    assert not any(f"请按{key}" in there for key in "123")


def test_how_soon_somebody_is_there_is_told_to_the_caller_and_shown(
    carrier: Carrier, neighbours: tuple[House, House]
) -> None:
    wang, chen = neighbours
    rung = rung_call(carrier, wang, chen)
    press(carrier, rung, "1")
    assert "马上到请按1，五分钟请按2，更久请按3。" in press(carrier, rung, "1")
    assert "约5分钟到" in press(carrier, rung, "2", "soon")
    board = carrier.town.read(lambda session: read_board(session, rung.incident_id))
    assert board is not None
    assert [(row.household, row.minutes) for row in board.rows] == [("陈小红家", 5)]
    alert = carrier.town.alerts()[0]
    news = carrier.call(f"/voice/wait/{alert.id}/0/0", wang.number)
    assert "陈小红家（约5分钟到）正在赶来。" in news


def test_a_key_for_minutes_becomes_no_other_answer_behind_a_wrong_one(
    carrier: Carrier, neighbours: tuple[House, House]
) -> None:
    rung = rung_call(carrier, *neighbours)
    press(carrier, rung, "1")
    document = press(carrier, rung, "1")
    for key in ("7", "#", "2"):
        address = html.unescape(re.findall(r'action="([^"]+)"', document)[0])
        document = carrier.call(address, OUR_NUMBER, to=rung.number, Digits=key)
        if key != "2":
            assert "按错了。" in document
            assert "马上到请按1，五分钟请按2" in document
    assert "约5分钟到" in document
    assert set(carrier.town.answers()) == {("陈小红家", Answer.COMING)}


@pytest.mark.parametrize(("dialect", "hears"), [("common", False), ("twilio", True), ("somleng", False)])
def test_spoken_words_count_by_the_same_rules_where_the_carrier_recognises_speech(
    open_carrier: Callable[..., Carrier], neighbours: tuple[House, House], dialect: str, hears: bool
) -> None:
    carrier = open_carrier(carrier_dialect=dialect)
    wang, chen = neighbours
    rung = rung_call(carrier, wang, chen)
    again = carrier.call(f"/voice/again/{rung.id}/1", OUR_NUMBER, to=rung.number)
    assert ('input="dtmf speech"' in again) is hears
    address = f"/voice/answer/{rung.id}/1"
    carrier.call(address, OUR_NUMBER, to=rung.number, SpeechResult="他家门口有人在打架吗")
    assert carrier.count(Acknowledgement) == 0
    assert [line.detail["text"] for line in carrier.town.timeline("said")] == ["他家门口有人在打架吗"]
    carrier.call(address, OUR_NUMBER, to=rung.number, SpeechResult="好的，我马上过来。")
    assert carrier.town.answers() == [("陈小红家", Answer.COMING)]


def test_what_is_said_besides_an_answer_is_kept_and_a_polite_word_changes_none(
    open_carrier: Callable[..., Carrier], neighbours: tuple[House, House]
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    wang, chen = neighbours
    # The caller texts, and so reads what a neighbour says.
    carrier.text("救命", wang.number, sid="SM7")
    carrier.town.place(after=10**9)
    rung = carrier.town.delivery(chen.number)

    def say(words: str) -> str:
        return carrier.call(f"/voice/answer/{rung.id}/1", OUR_NUMBER, to=rung.number, SpeechResult=words)

    assert "约10分钟到" in say("我来，十分钟到，带着梯子")
    board = carrier.town.read(lambda session: read_board(session, rung.incident_id))
    assert board is not None
    assert [(row.household, row.minutes) for row in board.rows if row.minutes] == [("陈小红家", 10)]
    passed = [line.text or "" for line in carrier.town.lines(rung.incident_id, Purpose.WORDS)]
    assert passed == ["【十户联防】陈小红家：我来，十分钟到，带着梯子"]
    press(carrier, rung, "2")
    assert "您说的话已记下。" in say("好的")
    assert carrier.town.answers()[-1] == ("陈小红家", Answer.CANNOT)
    said = [line.detail["text"] for line in carrier.town.timeline("said")]
    assert said == ["我来，十分钟到，带着梯子", "好的"]


@pytest.mark.parametrize("path", ["answer/{}/1", "callback/{}"])
def test_a_neighbour_who_says_that_their_own_house_needs_help_raises_an_alarm_on_the_same_line(
    open_carrier: Callable[..., Carrier], neighbours: tuple[House, House], path: str
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    wang, chen = neighbours
    rung = rung_call(carrier, wang, chen)
    ends = {"caller": OUR_NUMBER, "to": chen.number} if path.startswith("answer") else {"caller": chen.number}
    said = carrier.call("/voice/" + path.format(rung.id), sid="CA8", SpeechResult="我家也着火了快救命", **ends)
    assert "求助已收到" in said
    own = carrier.town.alerts()[-1]
    assert (own.household_name, own.category, own.text) == ("陈小红家", Category.FIRE, "我家也着火了快救命")
    assert carrier.town.answers() == []
    # The line is the caller's now: it is held, and a category and the stars count on it.
    address = html.unescape(re.findall(r'action="([^"]+)"', said)[0])
    assert "再按一次星号，就取消求助。" in carrier.call(address, sid="CA8", Digits="*", **ends)


@pytest.mark.parametrize(
    ("first", "last", "again", "heard", "told"),
    [
        ({"Digits": "5"}, {"Digits": "12"}, "按错了。需要", "按错了。正在通知", "没有按井号9，按的是512。"),
        ({"Digits": "5"}, {}, "按错了。需要", "没有收到按键。正在通知", "没有按井号9，按的是5。"),
        (
            {"SpeechResult": "今天天气不错"},
            {"SpeechResult": "那个什么来着"},
            "没有听懂您说的话。需要",
            "没有听懂您说的话，已记下。正在通知",
            "没有按井号9，说的是：“今天天气不错；那个什么来着”。",
        ),
        ({}, {}, "没有收到按键。需要", "没有收到按键。正在通知", "没有说话也没有按键。"),
    ],
)
def test_what_came_at_the_menu_instead_of_the_key_is_told_as_it_was(
    open_carrier: Callable[..., Carrier],
    wang: House,
    first: dict[str, str],
    last: dict[str, str],
    again: str,
    heard: str,
    told: str,
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    assert again in carrier.call("/voice/menu/1", wang.number, **first)
    assert heard in carrier.call("/voice/menu/2", wang.number, **last)
    incident, alert = carrier.town.incidents()[0], carrier.town.alerts()[0]
    assert told in alarm.write_wordless(make_voice(incident, alert, ZoneInfo("Asia/Shanghai")), "zh")
    board = carrier.town.read(lambda session: read_board(session, incident.id))
    assert board is not None
    with carrier.client.application.test_request_context(headers={"Accept-Language": "zh"}):
        headline = write_headline(board)
    assert ("按了5" if "Digits" in first else "说了话" if first else "没有说话") in headline
    spoken = [line.detail["text"] for line in carrier.town.timeline("said")]
    assert spoken == (["今天天气不错；那个什么来着"] if "SpeechResult" in first else [])


def test_what_was_said_at_the_menu_before_the_key_stands_with_the_alarm(
    open_carrier: Callable[..., Carrier], wang: House
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    carrier.call("/voice/menu/1", wang.number, SpeechResult="那个什么来着")
    for _ in range(2):
        carrier.call("/voice/menu/2", wang.number, Digits="#9")
    assert [line.detail["text"] for line in carrier.town.timeline("said")] == ["那个什么来着"]
    assert [each.kind for each in carrier.town.incidents()] == [IncidentKind.ALARM]


def test_a_lone_pound_key_is_a_wrong_key_and_not_none(carrier: Carrier, wang: House) -> None:
    half = carrier.call("/voice/menu/1", wang.number, Digits="#")
    then = html.unescape(re.findall(r"<Redirect[^>]*>([^<]*)<", half)[0])
    asked = html.unescape(re.findall(r'action="([^"]+)"', half)[0])
    assert "before=hash" in asked
    assert "按错了。需要帮忙，请按井号9。" in carrier.call(asked, wang.number)
    assert "按错了。需要帮忙，请按井号9。" in carrier.call(then, wang.number)


def test_somebody_who_cries_for_help_at_the_menu_needs_no_key(
    open_carrier: Callable[..., Carrier], wang: House
) -> None:
    carrier = open_carrier(carrier_dialect="twilio")
    carrier.call("/voice/menu/1", wang.number, SpeechResult="救命啊！")
    assert carrier.count(Incident) == 1


@pytest.mark.parametrize("end", ["answered=1", "last=1"])
def test_a_key_counts_to_the_last_word_of_an_alarm_call(carrier: Carrier, wang: House, end: str) -> None:
    raised = carrier.town.raise_alarm(wang)
    carrier.town.claim()
    rung = next(each for each in carrier.town.deliveries(raised.incident_id) if each.channel == "call")

    goodbye = carrier.call(f"/voice/again/{rung.id}/1?{end}", OUR_NUMBER, to=rung.number)
    assert re.search(r"<Gather[^>]*><Say[^>]*>[^<]*再见。</Say></Gather><Hangup />", goodbye)
    action = html.unescape(re.findall(r'action="([^"]+)"', goodbye)[0])
    thanks = carrier.call(action, OUR_NUMBER, to=rung.number, Digits="2")

    assert "已记下您不能去王建国家" in thanks
    answers = carrier.town.read(lambda session: list(session.scalars(select(Acknowledgement.answer))))
    assert answers == [Answer.CANNOT]


def test_a_forged_or_foreign_delivery_id_changes_nothing(carrier: Carrier, wang: House) -> None:
    carrier.town.raise_alarm(wang)
    carrier.town.place(state=AttemptState.QUEUED)
    before = carrier.town.read(lambda session: [(each.id, each.state) for each in session.scalars(select(Delivery))])
    known = before[0][0]
    assert carrier.post("/status/99999/1", CallSid="CA1", CallStatus="completed").status_code == 404
    assert carrier.post(f"/status/{known}/9", CallSid="CA1", CallStatus="completed").status_code == 404
    assert carrier.post(f"/status/{known}/1", CallSid="CAforeign", CallStatus="completed").status_code == 409
    assert carrier.post(f"/status/{known}/1", CallStatus="completed").status_code == 400
    after = carrier.town.read(lambda session: [(each.id, each.state) for each in session.scalars(select(Delivery))])
    assert after == before


@pytest.mark.parametrize(("code", "slowed"), [("10004", 2.0), ("20429", 2.0), ("30003", 1.0), (None, 1.0)])
def test_a_call_that_the_carrier_took_and_failed_for_coming_too_fast_slows_everybody_down(
    open_carrier: Callable[..., Carrier], settings: MakeSettings, town: Town, code: str | None, slowed: float
) -> None:
    wang, _ = town.house("王"), town.house("李")
    carrier = open_carrier()
    carrier.call("/voice/menu/1", wang.number, Digits="#9")
    call = next(claim for claim in _claim_now(town) if claim.channel is Channel.CALL)
    sid = town.sid()
    town.came(call, Receipt(sid, AttemptState.QUEUED), after=(town.read(read_clock) - NOW).total_seconds())
    form = {"CallSid": sid, "From": OUR_NUMBER, "To": call.to, "CallStatus": "failed"}
    for _ in range(2):  # told twice, it counts once
        carrier.post(f"/status/{call.delivery_id}/1", **form, **({"ErrorCode": code} if code else {}))
    another = Runtime(settings())
    assert another.pace[Channel.CALL].factors() == {Line("AC" + "0" * 32, OUR_NUMBER): slowed}
    another.close()
    expected = DeliveryState.WAITING if slowed > 1 else DeliveryState.UNREACHED
    assert town.delivery_by_id(call.delivery_id).state is expected


def _claim_now(town: Town) -> list[Claim]:
    """Take in hand what a webhook has just planned, by the database's clock as the webhook does."""
    return town.claim(after=(town.read(read_clock) - NOW).total_seconds())


def test_an_open_incident_says_who_needs_help_first_as_it_was_when_the_alarm_came(
    carrier: Carrier, wang: House
) -> None:
    town = carrier.town
    town.run(lambda session: setattr(session.get_one(Household, wang.id), "first_help", FirstHelp.ALONE))
    carrier.call("/voice/menu/1", wang.number, Digits="#9")
    town.run(lambda session: setattr(session.get_one(Household, wang.id), "first_help", None))
    [incident] = town.incidents()
    announcer = Announcer(BASE, 30, ZoneInfo("Asia/Shanghai"), "a key", {"AC1": "+8657488805255"})
    claims = {claim.channel: claim for claim in _claim_now(town)}
    said = {
        Channel.CALL: announcer.call(claims[Channel.CALL], incident, town.alerts()).twiml,
        Channel.SMS: announcer.message(claims[Channel.SMS], incident, town.alerts()).body,
    }
    call = said[Channel.CALL]
    assert call.index("王建国家求助") < call.index("桥东第2家") < call.index("家有独居老人")
    assert "桥东第2家（3-2），家有独居老人，" in said[Channel.SMS]
    # From a name nobody can be answered: the text names the number of that account to call.
    by = {sender: replace(claims[Channel.SMS], line=Line("AC1", sender)) for sender in ("JointDef", "+8657412345678")}
    bodies = {sender: announcer.message(claim, incident, town.alerts()).body for sender, claim in by.items()}
    assert "请打057488805255：能来按1" in bodies["JointDef"]
    assert bodies["+8657412345678"] == said[Channel.SMS]


def test_an_open_incident_keeps_the_roster_it_began_with_and_the_next_alarm_takes_the_new(
    carrier: Carrier, town: Town, wang: House
) -> None:
    li = town.house("李国强", "mm")
    gone = town.house("孙德才")
    carrier.call("/voice/menu/1", wang.number, sid="CA1", Digits="#9")
    [first] = town.incidents()
    begun = town.lines(first.id)
    alert = town.alerts()[0]
    new = "+8613805799999"

    def change_the_roster(session: Session) -> None:
        batch = Batch(session, Author("林", Source.PAGE), Action.EDIT_HOUSEHOLD, at(5), ZoneInfo("Asia/Shanghai"))
        household = session.get_one(Household, li.id)
        first_phone, second_phone = list_phones(session, li.id)
        change_number(batch, household, first_phone, normalise(new, "CN", "574"))
        batch.change(second_phone, archived_at=at(5))
        archive_household(batch, session.get_one(Household, gone.id))
        rename_household(batch, session.get_one(Household, wang.id), head="王建民", door="9-9", landmark="桥西")

    town.run(change_the_roster)
    assert town.lines(first.id) == begun
    board = town.read(lambda session: read_board(session, first.id))
    assert board is not None
    assert (board.voices[0].household, board.voices[0].place) == ("王建国家", alert.place)
    assert {row.household for row in board.rows} == {"李月芳家", "李国强家", "孙德才家"}
    requested = {claim.to for claim in _claim_now(town)}
    assert {*li.numbers, gone.number} <= requested
    assert new not in requested, "the alarm that is under way keeps the numbers it began with"

    # Whoever called the first time closes it; their next alarm is another incident.
    town.run(lambda session: close(session, first.id, ClosingOutcome.HELPED, "", "王建国家", read_clock(session)))
    carrier.call("/voice/menu/1", wang.number, sid="CA2", Digits="#9")
    second = town.incidents()[-1]
    assert second.id != first.id
    rung = {line.number for line in town.lines(second.id) if line.channel == Channel.CALL}
    assert rung & {new, *li.numbers, gone.number} == {new}
    assert town.alerts()[-1].household_name == "王建民家"


def test_whoever_is_away_is_texted_and_not_called(carrier: Carrier, town: Town, wang: House) -> None:
    away, back = town.house("孙德才"), town.house("赵阿根")

    def leave(session: Session) -> None:
        now = read_clock(session)
        session.get_one(Household, away.id).away_until = now + timedelta(days=3)
        session.get_one(Household, back.id).away_until = now - timedelta(seconds=1)

    town.run(leave)
    carrier.call("/voice/menu/1", wang.number, Digits="#9")
    lines = town.lines(town.incidents()[0].id)
    assert {line.channel for line in lines if line.number == away.number} == {Channel.SMS}
    assert {line.channel for line in lines if line.number == back.number} == {Channel.CALL, Channel.SMS}


def test_a_call_that_ends_makes_room_for_the_next_at_once_where_a_number_holds_only_so_many(
    open_carrier: Callable[..., Carrier], town: Town, wang: House, redis_url: str
) -> None:
    carrier = open_carrier(concurrent_calls="1")
    town.house("孙德才")
    carrier.call("/voice/menu/1", wang.number, Digits="#9")
    with Redis.from_url(redis_url) as redis:
        queued = get_queue(ALARM, redis)
        woken = [len(queued)]
        for word in ("ringing", "completed", "completed"):
            if word == "ringing" or len(woken) == 3:
                (claim,) = town.run(lambda s: claims.claim(s, Channel.CALL, 1, "tests:1:0", read_clock(s)))
            path = f"/status/{claim.delivery_id}/{claim.number}"
            form = {"CallSid": f"CAcall{claim.delivery_id}", "CallStatus": word}
            assert carrier.post(path, **form).status_code == 204
            woken.append(len(queued))
    # Somebody waits when the first call ends; when the second one does, nobody is left.
    assert [after - before for before, after in pairwise(woken)] == [0, 1, 0]


def test_a_phone_whose_calls_failed_twice_is_marked_until_one_is_picked_up(
    carrier: Carrier, town: Town, wang: House
) -> None:
    li = town.phone(town.house("李国强").number)
    quiet = town.phone(town.house("孙德才").number)

    def alarm(number: int, status: str) -> None:
        carrier.call("/voice/menu/1", wang.number, sid=f"CA{number}", Digits="#9")
        incident = town.incidents()[-1]
        for claim in _claim_now(town):
            if claim.to == li.number and claim.channel is Channel.CALL:
                path = f"/status/{claim.delivery_id}/{claim.number}"
                assert carrier.post(path, CallSid=f"CAli{number}", CallStatus=status).status_code == 204
        town.run(
            lambda session: close(session, incident.id, ClosingOutcome.HELPED, "", "王建国家", read_clock(session))
        )

    alarm(1, "failed")
    alarm(2, "failed")
    assert (town.phone(li.number).failures, town.phone(quiet.number).failures) == (2, 0)
    houses = town.read(lambda session: list_houses(session, town.village_id, town.group_id, read_clock(session)))
    assert [house.head for house in houses if house.needs_mending] == ["李国强"], "what the roster's page puts first"
    alarm(3, "completed")
    assert town.phone(li.number).failures == 0


def test_a_leader_on_a_landline_closes_a_call_without_a_word_by_key_and_no_other_key_answers_it(
    carrier: Carrier, wang: House
) -> None:
    leader = carrier.town.house("张明", "l", leader=True)
    carrier.town.run(lambda s: report_wordless(s, "voice:CA9:wordless", wang.number, read_clock(s)))
    carrier.town.claim(after=86400 * 365 * 10)
    (call,) = carrier.town.deliveries(carrier.town.incidents()[0].id)
    path = f"/voice/answer/{call.id}/1"
    assert "已处理请按0" in carrier.call(path, OUR_NUMBER, to=leader.number, Digits="1")
    assert carrier.count(Acknowledgement) == 0
    carrier.call(path, OUR_NUMBER, to=leader.number, Digits="0")
    assert carrier.town.incidents()[0].closed_at is not None
