"""The network as carriers other than Twilio: what an application meets there."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator

import pytest

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, LI, OURS, WANG, Carrier, refusal
from tests.support.handsets import Network, answers

SIGNING_KEY = "PSK_a-signing-key"
Behave = Callable[[str], tuple[Network, Carrier]]


@pytest.fixture
def behave(application: Application) -> Iterator[Behave]:
    """A network of its own that behaves as a carrier."""
    running: list[Network] = []

    def launch(dialect: str) -> tuple[Network, Carrier]:
        network = Network.launch(
            account_sid=ACCOUNT_SID,
            auth_token=AUTH_TOKEN,
            numbers=[OURS],
            voice_url=application.url("/voice"),
            sms_url=application.url("/sms"),
            options=["--dialect", dialect, "--signing-key", SIGNING_KEY],
        )
        running.append(network)
        return network, Carrier(network.url)

    yield launch
    for network in running:
        network.close()


def test_somleng_ends_a_call_without_a_word_at_a_verb_that_it_does_not_know(
    behave: Behave, application: Application
) -> None:
    network, _ = behave("somleng")
    heard = {
        "<Say>一</Say><Pause/><Say>二</Say>": ["一"],
        '<Gather action="/x"><Say>一</Say><Pause/></Gather><Say>二</Say>': [],
        "<Say>一</Say><Dial><Conference>room</Conference></Dial><Say>二</Say>": ["一"],
        '<Gather timeout="1"><Say>一</Say></Gather><Say>二</Say>': ["一", "二"],
    }
    for nth, (document, sentences) in enumerate(heard.items(), start=1):
        application.says("/voice", document)
        network.handset(WANG).dial()
        assert network.handset(WANG).wait_for_own_call("completed", nth=nth).sentences == sentences
    assert [each["code"] for each in network.notifications()] == [12200] * 3


def test_somleng_tells_once_of_a_call_and_once_of_a_text(behave: Behave, application: Application) -> None:
    network, carrier = behave("somleng")
    network.handset(WANG).script(answers(hang_up_after=1))
    events = ["initiated", "ringing", "answered", "completed"]
    carrier.call(WANG, StatusCallback=application.url("/call"), StatusCallbackEvent=events)
    carrier.text(LI, StatusCallback=application.url("/text"))
    network.handset(WANG).wait_for_call("completed")
    (call,) = application.wait_for("/call")
    assert (call.form["CallStatus"], call.form["SequenceNumber"]) == ("completed", "0")
    (text,) = application.wait_for("/text")
    assert text.form["MessageStatus"] == "delivered"


def test_somleng_lists_the_whole_account_and_ends_no_call_twice(behave: Behave) -> None:
    network, carrier = behave("somleng")
    network.handset(WANG).script("manual")
    first, second = carrier.call(WANG), carrier.call(LI)
    listed = carrier.get("/Calls.json", To=WANG, PageSize="50").json()["calls"]
    assert [each["sid"] for each in listed] == [second["sid"], first["sid"]]
    assert not first["sid"].startswith("CA")
    assert carrier.update(first, Status="completed").status_code == 200
    assert refusal(carrier.update(first, Status="completed")) == (400, 21220)


def test_signalwire_signs_with_its_signing_key_in_two_ways_and_stands_under_its_own_path(
    behave: Behave, application: Application
) -> None:
    network, carrier = behave("signalwire")
    application.says("/voice", "<Say>你好</Say>")
    network.handset(WANG).dial()
    network.handset(WANG).wait_for_own_call("completed")
    asked = application.at("/voice")[0]
    own = hmac.new(SIGNING_KEY.encode(), (asked.url + asked.body).encode(), hashlib.sha1).hexdigest()
    assert asked.headers["X-SignalWire-Signature"] == own
    assert asked.signature
    carrier.url += "/api/laml"
    assert carrier.call(WANG)["status"] == "queued"
