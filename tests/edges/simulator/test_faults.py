from __future__ import annotations

import time
from collections import Counter

import pytest
import requests

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import LI, OURS, WANG, Carrier, refusal
from tests.support.handsets import Network, answers, eventually

CALL = {"To": WANG, "From": OURS, "Twiml": "<Response/>"}
TEXT = {"To": WANG, "From": OURS, "Body": "x"}
EVERY = ["initiated", "ringing", "answered", "completed"]


@pytest.mark.parametrize(("status", "code"), [(500, 20500), (429, 20429)])
def test_requests_fail_until_the_fault_is_mended(carrier: Carrier, network: Network, status: int, code: int) -> None:
    network.fault(status=status)

    assert refusal(carrier.post("/Calls.json", **CALL)) == (status, code)
    assert refusal(carrier.post("/Messages.json", **TEXT)) == (status, code)
    assert refusal(carrier.get("/Calls.json")) == (status, code)
    assert network.requests("call")[0].items() >= {"to": WANG, "sid": None, "status": status}.items()
    network.mend()
    assert carrier.get("/Calls.json").json()["calls"] == []
    assert carrier.call(WANG)


def test_a_fault_ends_after_so_many_requests(carrier: Carrier, network: Network) -> None:
    network.fault(status=500, count=2)

    assert [carrier.post("/Calls.json", **CALL).status_code for _ in range(3)] == [500, 500, 201]
    assert network.ask("GET", "/sim/faults") == {}


def test_a_fault_ends_after_its_time(carrier: Carrier, network: Network) -> None:
    network.fault(status=500, for_seconds=1)

    assert carrier.post("/Calls.json", **CALL).status_code == 500
    time.sleep(1)
    eventually(lambda: carrier.post("/Calls.json", **CALL).status_code == 201, "the carrier takes calls again")


def test_a_fault_can_touch_only_calls_or_only_texts(carrier: Carrier, network: Network) -> None:
    network.fault(status=500, paths="messages")

    assert carrier.post("/Calls.json", **CALL).status_code == 201
    assert carrier.post("/Messages.json", **TEXT).status_code == 500


def test_knobs_are_turned_and_taken_back_one_by_one(network: Network) -> None:
    network.fault(status=429, count=5)
    network.fault(hang_seconds=1, callbacks={"lose": True})
    network.fault(count=None, callbacks={"delay_ms": 5})

    assert network.ask("GET", "/sim/faults") == {
        "status": 429,
        "hang_seconds": 1,
        "callbacks": {"lose": True, "delay_ms": 5},
    }
    network.fault(callbacks=None, status=None)
    assert network.ask("GET", "/sim/faults") == {"hang_seconds": 1}


def test_a_request_that_hangs_was_carried_out_all_the_same(carrier: Carrier, network: Network) -> None:
    network.fault(hang_seconds=1.0, count=1)
    carrier.patience = 0.3

    with pytest.raises(requests.ReadTimeout):
        carrier.post("/Calls.json", **CALL)

    network.handset(WANG).wait_for_call()


def test_a_connection_can_be_cut_after_the_call_was_taken(carrier: Carrier, network: Network) -> None:
    network.fault(drop_after_accept=1)

    with pytest.raises(requests.ConnectionError):
        carrier.post("/Calls.json", **CALL)

    assert len(carrier.get("/Calls.json", To=WANG).json()["calls"]) == 1
    assert len(network.placed("call")) == 1
    assert carrier.post("/Calls.json", **CALL).status_code == 201


def test_a_connection_can_be_cut_before_anything_was_done(carrier: Carrier, network: Network) -> None:
    network.fault(drop_before_accept=2, paths="messages")

    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            carrier.post("/Messages.json", **TEXT)

    assert carrier.get("/Messages.json").json()["messages"] == []
    assert [one["status"] for one in network.requests("message")] == [None, None]
    assert carrier.post("/Messages.json", **TEXT).status_code == 201


def test_callbacks_can_all_be_lost(carrier: Carrier, network: Network, application: Application) -> None:
    network.fault(callbacks={"lose": True})
    network.handset(WANG).script("busy")
    call = carrier.call(WANG, StatusCallback=application.url("/status"), StatusCallbackEvent=EVERY)
    network.handset(WANG).wait_for_call("busy")

    eventually(lambda: len(network.webhooks(sid=call["sid"])) == 2, "two lost callbacks in the journal")
    assert {hook["response"] for hook in network.webhooks(sid=call["sid"])} == {"lost"}
    assert application.at("/status") == []


def test_all_callbacks_but_the_last_can_be_lost(carrier: Carrier, network: Network, application: Application) -> None:
    network.fault(callbacks={"lose": "all_but_final"})
    network.handset(WANG).script(answers())
    carrier.call(WANG, StatusCallback=application.url("/status"), StatusCallbackEvent=EVERY)
    carrier.text(LI, StatusCallback=application.url("/text-status"))

    assert application.wait_for("/status")[0].form["CallStatus"] == "completed"
    assert application.wait_for("/text-status")[0].form["MessageStatus"] == "delivered"
    assert len(application.at("/status")) == len(application.at("/text-status")) == 1


def test_callbacks_can_come_twice(carrier: Carrier, network: Network, application: Application) -> None:
    network.fault(callbacks={"double": True})
    network.handset(WANG).script("busy")
    carrier.call(WANG, StatusCallback=application.url("/status"), StatusCallbackEvent=EVERY)

    told = application.wait_for("/status", 4)
    assert Counter(asked.form["CallStatus"] for asked in told) == {"initiated": 2, "busy": 2}


def test_callbacks_can_come_late(carrier: Carrier, network: Network, application: Application) -> None:
    network.fault(callbacks={"delay_ms": 400})
    network.handset(WANG).script("busy")
    begun = time.monotonic()
    carrier.call(WANG, StatusCallback=application.url("/status"))

    application.wait_for("/status")
    assert time.monotonic() - begun >= 0.4


def test_callbacks_can_come_out_of_order(carrier: Carrier, network: Network, application: Application) -> None:
    network.fault(callbacks={"shuffle_ms": 300})
    for number in range(24):
        network.handset(f"+86138057410{number:02}").script("busy")
        carrier.call(f"+86138057410{number:02}", StatusCallback=application.url("/status"), StatusCallbackEvent=EVERY)

    told = [asked.form for asked in application.wait_for("/status", 48)]
    seen: dict[str, list[str]] = {}
    for form in told:
        seen.setdefault(form["CallSid"], []).append(form["CallStatus"])
    orders = {tuple(order) for order in seen.values()}
    assert orders == {("initiated", "busy"), ("busy", "initiated")}
