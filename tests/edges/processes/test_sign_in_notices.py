"""A sign-in from a new device is told to the account's phone by text, behind every text of an alarm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from config.database import Database, read_clock
from groups.accounts.texted_codes import MOST_AN_HOUR, MOST_TRIES
from groups.models.accounts import Account, SignInCode, SignInNotice
from groups.models.roster import Phone
from joint_defense.models.incidents import Delivery
from joint_defense.processes.sign_ins import GIVEN_UP_AFTER, tell_of_sign_ins
from joint_defense.rules.states import Channel, DeliveryState
from tests.conftest import MakeSettings
from tests.edges.web.conftest import PASSWORD, PHONE, VILLAGE, Visitor, open_app
from tests.edges.web.scenes import full_scene
from tests.support.handsets import Network, eventually

OURS = "+8657412345678"
SID, TOKEN = "AC" + "2" * 32, "a-token-of-the-notices"


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.launch(account_sid=SID, auth_token=TOKEN, numbers=[OURS], speed=50) as started:
        yield started


@pytest.fixture
def web(settings: MakeSettings, network: Network) -> Iterator[Flask]:
    app = open_app(settings(twilio_account_sid=SID, twilio_auth_token=TOKEN, twilio_api_base_url=network.url))
    yield app
    app.extensions["runtime"].close()


def _count_owed(store: Database) -> int:
    with store.begin() as session:
        return session.scalar(select(func.count(SignInNotice.id))) or 0


def test_a_new_device_is_told_once_and_waits_for_the_texts_of_an_alarm(web: Flask, network: Network) -> None:
    runtime, store = web.extensions["runtime"], web.extensions["database"]
    before = len(network.handset(PHONE).texts)
    visitor = Visitor(web.test_client())
    visitor.sign_in("village_head", "a wrong password")
    assert _count_owed(store) == 0
    visitor.sign_in("village_head")
    visitor.post("/sign-out")
    visitor.sign_in("13900001111")
    assert _count_owed(store) == 1, "the same browser is not told of again"
    Visitor(web.test_client()).sign_in("operator")
    assert _count_owed(store) == 1, "an account without a phone is owed nothing"

    with store.begin() as session:
        incident_id = full_scene(session, VILLAGE, runtime.database.estimate_now())
        texts = Delivery.channel == Channel.SMS
        session.execute(update(Delivery).where(texts).values(state=DeliveryState.WAITING))
        assert incident_id
    tell_of_sign_ins(runtime)
    with store.begin() as session:
        assert session.scalars(select(SignInNotice.taken_at)).one() is None
        session.execute(update(Delivery).where(texts).values(state=DeliveryState.CANCELLED))
    tell_of_sign_ins(runtime)
    eventually(lambda: _count_owed(store) == 0, "the text is sent")
    eventually(lambda: len(network.handset(PHONE).texts) == before + 1, "the text has arrived")
    told = network.handset(PHONE).texts[-1].body
    assert told.startswith("【十户联防】village_head的账号")
    assert "新设备" in told


def test_what_was_cut_short_is_sent_again_and_what_is_too_old_is_given_up(web: Flask, network: Network) -> None:
    runtime, store = web.extensions["runtime"], web.extensions["database"]
    before = len(network.handset(PHONE).texts)
    for _ in range(2):
        Visitor(web.test_client()).sign_in("13900001111", PASSWORD)
    now = runtime.database.estimate_now()
    with store.begin() as session:
        first, second = session.scalars(select(SignInNotice).order_by(SignInNotice.id))
        first.taken_at = now - timedelta(minutes=10)  # whoever had it in hand is gone
        second.signed_in_at = now - GIVEN_UP_AFTER - timedelta(minutes=1)
    tell_of_sign_ins(runtime)
    eventually(lambda: _count_owed(store) == 1, "the first is sent again")
    tell_of_sign_ins(runtime)
    eventually(lambda: _count_owed(store) == 0, "the second is given up")
    eventually(lambda: len(network.handset(PHONE).texts) == before + 1, "one of the two has arrived")


def _ask(visitor: Visitor, login: str) -> str:
    """The page that follows; its words are the same for everybody."""
    answer = visitor.post("/sign-in/text", {"login": login}, of="/sign-in/text", follow_redirects=True)
    assert answer.request.path == "/sign-in/text/code"
    return re.sub(r'value="[^"]*"', "", answer.text)


def _read_code(web: Flask, network: Network, so_far: int) -> str:
    """The digits of the text that comes."""
    tell_of_sign_ins(web.extensions["runtime"])
    eventually(lambda: len(network.handset(PHONE).texts) == so_far + 1, "the code has arrived")
    found = re.search(r"登录码(\d{6})", network.handset(PHONE).texts[-1].body)
    assert found is not None
    return found[1]


def _enter(visitor: Visitor, code: str, new: str = "") -> int:
    return visitor.post("/sign-in/text/code", {"code": code, "new": new}, of="/sign-in/text/code").status_code


def test_a_head_who_forgot_the_password_signs_in_once_by_a_text_and_sets_another(web: Flask, network: Network) -> None:
    store = web.extensions["database"]
    before = len(network.handset(PHONE).texts)
    visitor, other = Visitor(web.test_client()), Visitor(web.test_client())
    # Who wishes no texts gets the one that they have asked for.
    with store.begin() as session:
        session.execute(update(Phone).where(Phone.number == PHONE).values(may_text=False))
    _ask(visitor, "139 0000 1111")
    code = _read_code(web, network, before)
    with store.begin() as session:
        kept = session.scalars(select(SignInCode)).one()
        assert code not in str(vars(kept)), "the digits stand on the phone alone"

    _ask(other, "village_head")
    assert _enter(other, code) == 422, "in the browser that asked alone"
    assert _enter(visitor, "000000" if code != "000000" else "000001") == 422
    assert _enter(visitor, code, "12345678") == 422, "a weak password uses nothing up"
    assert _enter(visitor, f"{code[:3]} {code[3:]}", "nine old ginkgo trees") == 303
    assert visitor.get("/villages/QX").status_code == 200
    visitor.post("/sign-out")
    assert visitor.sign_in("13900001111", "nine old ginkgo trees").status_code == 303
    admin = Visitor(web.test_client())
    admin.sign_in("admin")
    assert "用短信登录码登录" in admin.get("/audit").text


def test_a_code_is_void_once_used_when_old_and_after_five_wrong_ones(web: Flask, network: Network) -> None:
    store = web.extensions["database"]

    def ask() -> tuple[Visitor, str]:
        visitor, so_far = Visitor(web.test_client()), len(network.handset(PHONE).texts)
        with store.begin() as session:
            session.execute(update(SignInCode).values(asked_at=read_clock(session) - timedelta(hours=2)))
        _ask(visitor, "village_head")
        return visitor, _read_code(web, network, so_far)

    visitor, code = ask()
    for _ in range(MOST_TRIES):
        assert _enter(visitor, "12345" if code != "12345" else "1") == 422
    assert _enter(visitor, code) == 422
    visitor, code = ask()
    with store.begin() as session:
        session.execute(update(SignInCode).values(expires_at=read_clock(session)))
    assert _enter(visitor, code) == 422
    visitor, code = ask()
    asked = visitor.client.get_cookie("joint-defence")
    assert asked is not None
    assert _enter(visitor, code) == 303
    again = Visitor(web.test_client())
    again.client.set_cookie("joint-defence", asked.value)
    assert _enter(again, code) == 422, "used"


def test_asking_tells_nobody_whether_there_is_such_an_account_and_sends_no_more_than_three_an_hour(
    web: Flask, network: Network
) -> None:
    store, runtime = web.extensions["database"], web.extensions["runtime"]
    with store.begin() as session:
        operator = session.scalars(select(Account).where(Account.name == "operator")).one()
        operator.phone = "+8613900002222"
    before = {number: len(network.handset(number).texts) for number in (PHONE, "+8613900002222")}
    visitor = Visitor(web.test_client())
    pages = {_ask(visitor, login) for login in ("nobody at all", "13700000000", "operator", "13900002222")}
    for _ in range(MOST_AN_HOUR + 2):
        pages.add(_ask(visitor, "village_head"))
    assert len(pages) == 1
    for sent in range(1, MOST_AN_HOUR + 1):
        tell_of_sign_ins(runtime)
        eventually(lambda so_far=sent: len(network.handset(PHONE).texts) == before[PHONE] + so_far, "a code")  # type: ignore[misc]
    tell_of_sign_ins(runtime)
    with store.begin() as session:
        noted = session.scalars(select(SignInCode).where(SignInCode.account_id.is_not(None))).all()
        assert len(noted) == MOST_AN_HOUR
        assert all(each.taken_at for each in noted)
    assert len(network.handset("+8613900002222").texts) == before["+8613900002222"], "operators ask the administrator"
