from __future__ import annotations

import pytest

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import LI, OURS, WANG, Carrier, refusal
from tests.support.handsets import Network


def test_a_text_is_taken_and_arrives(carrier: Carrier, network: Network) -> None:
    message = carrier.text(WANG, "王家求助")

    assert message["status"] == "queued"
    assert message["num_segments"] == "1"
    assert message["direction"] == "outbound-api"
    got = network.handset(WANG).wait_for_text("王家求助")
    assert (got.sender, got.status) == (OURS, "delivered")
    assert carrier.fetch(message)["status"] == "delivered"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": OURS, "Body": "x"}, 21604),
        ({"To": "110", "From": OURS, "Body": "x"}, 21211),
        ({"To": WANG, "Body": "x"}, 21603),
        ({"To": WANG, "From": LI, "Body": "x"}, 21606),
        ({"To": OURS, "From": OURS, "Body": "x"}, 21266),
        ({"To": WANG, "From": OURS}, 21602),
        ({"To": WANG, "From": OURS, "Body": "x" * 1601}, 21617),
        ({"To": WANG, "From": OURS, "Body": "x", "StatusCallback": "nowhere"}, 21609),
        ({"To": WANG, "From": OURS, "Body": "x", "ValidityPeriod": "36001"}, 20001),
    ],
)
def test_a_wrong_parameter_has_its_own_code(carrier: Carrier, form: dict[str, str], code: int) -> None:
    assert refusal(carrier.post("/Messages.json", **form)) == (400, code)


def test_a_landline_can_be_one_that_takes_no_texts(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(refuse_texts=21614)

    assert refusal(carrier.post("/Messages.json", To=WANG, From=OURS, Body="x")) == (400, 21614)


@pytest.mark.parametrize(
    ("plan", "status", "code", "arrives"),
    [
        ({"do": "undelivered"}, "undelivered", 30003, False),
        ({"do": "undelivered", "error_code": 30006}, "undelivered", 30006, False),
        ({"do": "failed", "error_code": 30007}, "failed", 30007, False),
        ({"do": "sent_only"}, "sent", None, True),
    ],
)
def test_a_text_can_go_wrong(
    carrier: Carrier,
    network: Network,
    application: Application,
    plan: dict[str, object],
    status: str,
    code: int | None,
    arrives: bool,
) -> None:
    network.handset(WANG).script(texts=plan)
    message = carrier.text(WANG, StatusCallback=application.url("/status"))

    last = application.wait_for("/status", 2 if status == "undelivered" else 1)[-1].form

    assert last["MessageStatus"] == last["SmsStatus"] == status
    assert last.get("ErrorCode") == (None if code is None else str(code))
    fetched = carrier.fetch(message)
    assert (fetched["status"], fetched["error_code"]) == (status, code)
    assert bool(fetched["error_message"]) is bool(code)
    if arrives:
        network.handset(WANG).wait_for_text()
    else:
        assert network.handset(WANG).received == []


@pytest.mark.parametrize(
    ("body", "segments"),
    [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("警" * 70, 1), ("警" * 71, 2), ("警" * 135, 3)],
)
def test_segments_are_counted_as_the_carrier_bills_them(carrier: Carrier, body: str, segments: int) -> None:
    assert carrier.text(WANG, body)["num_segments"] == str(segments)


def test_a_text_can_be_canceled_before_it_leaves_and_redacted_after(carrier: Carrier, network: Network) -> None:
    canceled = carrier.text(LI)
    assert carrier.update(canceled, Status="canceled").json()["status"] == "canceled"

    sent = carrier.text(WANG, "秘密")
    network.handset(WANG).wait_for_text("秘密")
    assert carrier.update(sent, Body="").json()["body"] == ""
    assert refusal(carrier.update(sent, Body="other")) == (400, 20001)
    assert network.handset(LI).received == []


def test_who_texts_stop_gets_no_more_texts_until_start(
    carrier: Carrier, network: Network, application: Application
) -> None:
    wang = network.handset(WANG)

    for stop, start in (("STOP", "start"), ("退订", "订阅")):
        wang.text(stop)
        assert refusal(carrier.post("/Messages.json", To=WANG, From=OURS, Body="x")) == (400, 21610)
        wang.text(start)
        assert carrier.text(WANG)["status"] == "queued"

    assert [asked.form["Body"] for asked in application.at("/sms")] == ["STOP", "start", "退订", "订阅"]
    assert "unsubscribed" in wang.wait_for_text("unsubscribed").body
    wang.wait_for_text("re-subscribed")


def test_what_the_application_answers_to_stop_does_not_arrive(network: Network, application: Application) -> None:
    application.says("/sms", "<Message>再见</Message>")

    assert network.handset(WANG).text("STOP") is None
    assert network.notifications()[-1]["code"] == 21610
