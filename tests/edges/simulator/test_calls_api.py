from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, LI, OURS, ROOT, WANG, Carrier, refusal
from tests.support.handsets import Network, answers

HELLO = "<Response><Say>Hello</Say></Response>"


def test_a_call_is_taken_and_queued(carrier: Carrier) -> None:
    call = carrier.call(WANG)

    assert call["status"] == "queued"
    assert (call["to"], call["from"], call["direction"]) == (WANG, OURS, "outbound-api")
    assert call["sid"].startswith("CA")
    assert len(call["sid"]) == 34
    assert call["uri"] == f"{ROOT}/Calls/{call['sid']}.json"
    assert call["start_time"] is None
    assert call["date_created"] is None


def test_the_few_parameters_that_somleng_knows_are_enough(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())

    response = carrier.post(
        "/Calls.json",
        To=WANG,
        From=OURS,
        Twiml=HELLO,
        StatusCallback="http://127.0.0.1:9/",
        StatusCallbackMethod="POST",
    )

    assert response.status_code == 201
    assert network.handset(WANG).wait_for_call("completed").sentences == ["Hello"]


@pytest.mark.parametrize("auth", [None, (ACCOUNT_SID, "wrong"), ("AC" + "f" * 32, AUTH_TOKEN)])
def test_wrong_credentials_are_refused(network: Network, auth: tuple[str, str] | None) -> None:
    session = requests.Session()
    session.trust_env = False

    response = session.post(f"{network.url}{ROOT}/Calls.json", data={"To": WANG}, auth=auth, timeout=30)

    assert refusal(response) == (401, 20003)
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert network.handset(WANG).calls == []


def test_another_account_is_not_ours(network: Network) -> None:
    path = ROOT.replace(ACCOUNT_SID, "AC" + "f" * 32)

    response = requests.get(
        f"{network.url}{path}/Calls.json", auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=30, proxies={"http": ""}
    )

    assert refusal(response) == (401, 20003)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": OURS, "Twiml": HELLO}, 21201),
        ({"To": "13805740001", "From": OURS, "Twiml": HELLO}, 21211),
        ({"To": "+86138057400", "From": OURS, "Twiml": HELLO}, 21211),
        ({"To": "+861380574000123", "From": OURS, "Twiml": HELLO}, 21211),
        ({"To": WANG, "Twiml": HELLO}, 21213),
        ({"To": WANG, "From": "nobody", "Twiml": HELLO}, 21212),
        ({"To": WANG, "From": LI, "Twiml": HELLO}, 21210),
        ({"To": WANG, "From": OURS}, 21205),
        ({"To": WANG, "From": OURS, "Url": "ftp://example.com"}, 21205),
        ({"To": WANG, "From": OURS, "ApplicationSid": "AP" + "0" * 32}, 21218),
        ({"To": WANG, "From": OURS, "Twiml": HELLO, "StatusCallback": "nowhere"}, 21609),
        ({"To": WANG, "From": OURS, "Twiml": HELLO, "Timeout": "soon"}, 20001),
        ({"To": WANG, "From": OURS, "Twiml": f"<Response><Say>{'长' * 4000}</Say></Response>"}, 20001),
    ],
)
def test_a_wrong_parameter_has_its_own_code(
    carrier: Carrier, network: Network, form: dict[str, str], code: int
) -> None:
    assert refusal(carrier.post("/Calls.json", **form)) == (400, code)
    assert network.placed("call") == []


def test_twiml_of_just_4000_characters_is_taken(carrier: Carrier) -> None:
    twiml = "<Response><Say>" + "长" * (4000 - len("<Response><Say></Say></Response>")) + "</Say></Response>"

    assert carrier.post("/Calls.json", To=WANG, From=OURS, Twiml=twiml).status_code == 201


def test_a_handset_can_be_one_that_the_carrier_refuses(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(refuse_calls=21214)

    assert refusal(carrier.post("/Calls.json", To=WANG, From=OURS, Twiml=HELLO)) == (400, 21214)
    assert network.requests("call")[0] | {"at": 0, "ms": 0} == {
        "at": 0,
        "ms": 0,
        "kind": "call",
        "to": WANG,
        "from": OURS,
        "sid": None,
        "status": 400,
        "code": 21214,
        "twiml": HELLO,
        "url": None,
    }


def test_a_call_that_does_not_exist_is_not_found(carrier: Carrier) -> None:
    assert refusal(carrier.get(f"/Calls/CA{'0' * 32}.json")) == (404, 20404)
    assert refusal(carrier.get("/Recordings.json")) == (404, 20404)


def test_a_fetched_call_has_the_dates_and_the_duration(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    created = carrier.call(WANG, "<Pause length='10'/>")
    network.handset(WANG).wait_for_call("completed")

    call = carrier.fetch(created)

    assert call["status"] == "completed"
    assert 10 <= int(call["duration"]) < 150
    assert all(call[name].endswith(" +0000") for name in ("date_created", "date_updated", "start_time", "end_time"))


def test_a_ringing_call_can_be_canceled(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script("manual")
    created = carrier.call(WANG, Timeout="600")
    network.handset(WANG).wait_for_call("ringing")

    assert carrier.update(created, Status="canceled").json()["status"] == "canceled"
    assert network.handset(WANG).state == "idle"
    assert carrier.fetch(created)["duration"] == "0"


def test_a_call_is_canceled_even_before_it_has_begun_to_ring(carrier: Carrier, network: Network) -> None:
    created = carrier.call(WANG)

    assert carrier.update(created, Status="completed").json()["status"] == "canceled"
    assert carrier.fetch(created)["status"] == "canceled"


def test_canceling_leaves_a_connected_call_alone_and_completing_ends_it(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    created = carrier.call(WANG, "<Pause length='600'/>")
    network.handset(WANG).wait_for_call("in-progress")

    assert carrier.update(created, Status="canceled").json()["status"] == "in-progress"
    assert carrier.update(created, Status="completed").json()["status"] == "completed"
    assert carrier.update(created, Status="completed").json()["status"] == "completed"


def test_a_connected_call_can_be_given_other_twiml(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    created = carrier.call(WANG, "<Say>Before</Say><Pause length='600'/><Say>Never</Say>")
    network.handset(WANG).wait_until_hears("Before")

    response = carrier.update(created, Twiml="<Response><Say>After</Say></Response>")

    assert response.status_code == 200
    assert network.handset(WANG).wait_for_call("completed").sentences == ["Before", "After"]


def test_a_call_that_is_not_connected_cannot_be_given_other_twiml(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script("manual")
    created = carrier.call(WANG, Timeout="600")
    network.handset(WANG).wait_for_call("ringing")

    assert refusal(carrier.update(created, Twiml=HELLO)) == (400, 21220)


def test_an_unknown_state_is_refused(carrier: Carrier) -> None:
    assert refusal(carrier.update(carrier.call(WANG), Status="answered")) == (400, 20001)


@pytest.mark.parametrize(
    ("plan", "status"), [("busy", "busy"), ("off", "no-answer"), ("failed", "failed"), ("no_answer", "no-answer")]
)
def test_a_call_in_vain_ends_in_its_own_way(
    carrier: Carrier, network: Network, plan: str | dict[str, Any], status: str
) -> None:
    network.handset(WANG).script(plan)
    created = carrier.call(WANG, Timeout="15")

    assert network.handset(WANG).wait_for_call(status).heard == ()
    assert carrier.fetch(created)["duration"] == "0"


def test_a_telephone_that_is_in_a_call_is_busy(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    carrier.call(WANG, "<Pause length='600'/>")
    network.handset(WANG).wait_for_call("in-progress")

    carrier.call(WANG)

    assert network.handset(WANG).wait_for_call("busy", nth=2).attempt == 2
