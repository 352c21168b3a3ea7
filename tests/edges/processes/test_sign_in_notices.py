"""A sign-in from a new device is told to the account's phone by text, behind every text of an alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from config.database import Database
from groups.models.accounts import SignInNotice
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
