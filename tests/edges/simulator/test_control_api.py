from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import requests

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, LI, OURS, SECOND, WANG, Carrier
from tests.support.handsets import Network, NetworkError, answers, eventually


def test_it_says_that_it_is_well(network: Network) -> None:
    assert network.ask("GET", "/sim/healthz") == {
        "ok": True,
        "simulator": "joint-defence",
        "numbers": [OURS, SECOND],
        "speed": 50.0,
    }


def test_what_the_carrier_was_asked_is_recorded_in_order(carrier: Carrier, network: Network) -> None:
    call, text = carrier.call(WANG), carrier.text(LI, "求助")
    carrier.get("/Calls.json", To=WANG)
    carrier.fetch(call)
    carrier.update(call, Status="canceled")

    recorded = network.requests()

    assert [(one["kind"], one["to"], one["sid"], one["status"]) for one in recorded] == [
        ("call", WANG, call["sid"], 201),
        ("message", LI, text["sid"], 201),
        ("list", WANG, None, 200),
        ("fetch", WANG, call["sid"], 200),
        ("update", WANG, call["sid"], 200),
    ]
    assert recorded[0]["twiml"] == "<Response><Say>Hello</Say></Response>"
    assert recorded[1]["body"] == "求助"
    assert recorded[0]["at"] < recorded[1]["at"]


def test_what_was_recorded_can_be_narrowed_and_forgotten(carrier: Carrier, network: Network) -> None:
    carrier.call(WANG)
    carrier.call(LI)
    first, second = network.requests()

    assert network.requests(to=LI) == [second]
    assert network.requests(kind="message") == []
    assert network.requests(since=second["at"]) == [second]
    network.clear_requests()
    assert network.requests() == []
    assert first["to"] == WANG


def test_a_reset_network_knows_nothing_and_calls_nobody_back(
    carrier: Carrier, network: Network, application: Application
) -> None:
    network.handset(WANG).script(answers())
    network.handset(LI).text("STOP")
    network.fault(status=500)
    network.fault(status=None)
    call = carrier.call(
        WANG,
        "<Say>Hi</Say><Pause length='900'/>",
        StatusCallback=application.url("/status"),
        StatusCallbackEvent=["completed"],
    )
    network.handset(WANG).wait_until_hears("Hi")

    network.reset()

    assert network.handsets() == []
    assert network.requests() == []
    assert carrier.get(f"/Calls/{call['sid']}.json").status_code == 404
    assert carrier.get("/Calls.json").json()["calls"] == []
    assert carrier.text(LI)["status"] == "queued"
    assert application.at("/status") == []


def test_changes_are_told_as_they_happen(carrier: Carrier, network: Network, application: Application) -> None:
    application.says("/key", "")
    with requests.get(f"{network.url}/sim/events", stream=True, timeout=30, proxies={"http": ""}) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        told: list[tuple[str, dict[str, Any]]] = []
        lines = (line.decode() for line in stream.iter_lines(chunk_size=1))
        assert next(lines) == ": watching"

        def watch() -> None:
            kind = ""
            for line in lines:
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    told.append((kind, json.loads(line.removeprefix("data: "))))
                if kind == "reset" and line.startswith("data: "):
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        network.handset(WANG).script(answers("1"))
        carrier.call(WANG, f'<Gather numDigits="1" action="{application.url("/key")}"><Say>求助</Say></Gather>')
        network.handset(WANG).wait_for_call("completed")
        carrier.text(WANG, "你好")
        network.handset(WANG).wait_for_text()
        network.reset()
        watcher.join(30)

    states = [view["state"] for kind, view in told if kind == "handset"]
    assert [state for place, state in enumerate(states) if state != states[place - 1] or not place] == [
        "idle",
        "ringing",
        "in_call",
        "idle",
    ]
    assert [view["text"] for kind, view in told if kind == "heard"] == ["求助"]
    assert [view["digits"] for kind, view in told if kind == "pressed"] == ["1"]
    assert [view["status"] for kind, view in told if kind == "message"][-1] == "delivered"
    assert {view["kind"] for kind, view in told if kind == "request"} == {"call", "message"}


@pytest.mark.parametrize(
    ("method", "path", "given", "complaint"),
    [
        ("PUT", "/sim/handsets/110", {}, "is not a telephone number in E.164"),
        ("PUT", f"/sim/handsets/{WANG}", [], "the request must be a JSON object"),
        ("POST", f"/sim/handsets/{WANG}/dial", {"from": OURS}, "from is not known"),
        ("POST", f"/sim/handsets/{WANG}/dial", {"press": [{"digits": "a"}]}, "digits must be keys"),
        ("POST", f"/sim/handsets/{WANG}/text", {"body": ""}, "body must be a text"),
        ("PUT", "/sim/faults", {"status": 404}, "status cannot be 404"),
        ("PUT", "/sim/faults", {"colour": "red"}, "colour is not a fault"),
        ("PUT", "/sim/faults", {"callbacks": {"lose": "some"}}, "lose cannot be 'some'"),
        ("PUT", "/sim/urls", {"voice_url": "here"}, "voice_url must be an http"),
        ("GET", "/sim/requests?since=noon", None, "since must be epoch seconds"),
    ],
)
def test_bad_input_is_answered_in_one_line(
    network: Network, method: str, path: str, given: Any, complaint: str
) -> None:
    with pytest.raises(NetworkError, match=complaint) as refused:
        network.ask(method, path, given)
    assert "\n" not in str(refused.value)


def test_what_is_no_json_is_refused(network: Network) -> None:
    response = requests.put(f"{network.url}/sim/faults", data="{", timeout=30, proxies={"http": ""})

    assert response.status_code == 400
    assert response.json() == {"error": "the request is not JSON"}


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_a_foreign_page_cannot_control_the_network(network: Network, headers: dict[str, str]) -> None:
    response = requests.post(f"{network.url}/sim/reset", headers=headers, timeout=30, proxies={"http": ""})

    assert response.status_code == 403


def test_a_network_keeps_only_the_latest() -> None:
    with Network.launch(
        account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, numbers=[OURS], speed=500, options=["--keep", "20"]
    ) as small:
        carrier = Carrier(small.url)
        small.handset(WANG).script("busy")
        sids = []
        for turn in range(60):
            sids.append(carrier.call(WANG)["sid"])
            carrier.text(WANG, f"text {turn}")
        eventually(lambda: small.handset(WANG).calls[-1].over, "the last call to end")
        carrier.call(WANG)

        assert len(small.requests()) == 20
        assert len(small.handset(WANG).calls) <= 22
        assert len(small.handset(WANG).texts) <= 20
        assert carrier.get(f"/Calls/{sids[0]}.json").status_code == 404
        assert len(carrier.get("/Messages.json", PageSize="1000").json()["messages"]) == 20
