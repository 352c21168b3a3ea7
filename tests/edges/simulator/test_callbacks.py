from __future__ import annotations

import re

from tests.edges.simulator.application import Application, HttpResponse
from tests.edges.simulator.carrier import ACCOUNT_SID, OURS, WANG, Carrier
from tests.support.handsets import Network, answers, eventually

EVERY = ["initiated", "ringing", "answered", "completed"]


def test_a_call_tells_its_course(carrier: Carrier, network: Network, application: Application) -> None:
    network.handset(WANG).script(answers())
    url = application.url("/status?delivery=12")
    call = carrier.call(WANG, '<Pause length="8"/>', StatusCallback=url, StatusCallbackEvent=EVERY)

    told = [asked.form for asked in application.wait_for("/status", 4)]

    assert [form["CallStatus"] for form in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in told] == ["0", "1", "2", "3"]
    for form in told:
        assert (
            form.items()
            >= {
                "CallSid": call["sid"],
                "AccountSid": ACCOUNT_SID,
                "From": OURS,
                "To": WANG,
                "Direction": "outbound-api",
                "CallbackSource": "call-progress-events",
            }.items()
        )
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", form["Timestamp"])
    assert 8 <= int(told[3]["CallDuration"]) <= 12
    assert (told[3]["Duration"], told[3]["SipResponseCode"]) == ("1", "200")
    assert all("CallDuration" not in form for form in told[:3])
    assert application.at("/status")[0].url == url


def test_only_the_end_is_told_unless_more_is_asked_for(
    carrier: Carrier, network: Network, application: Application
) -> None:
    network.handset(WANG).script("busy")
    carrier.call(WANG, StatusCallback=application.url("/default"))
    network.handset(WANG).wait_for_call("busy")
    carrier.call(WANG, StatusCallback=application.url("/some"), StatusCallbackEvent=["initiated"])
    network.handset(WANG).wait_for_call("busy", nth=2)

    form = application.wait_for("/default")[0].form
    assert (form["CallStatus"], form["SipResponseCode"], form["CallDuration"]) == ("busy", "486", "0")
    assert form["SequenceNumber"] == "0"
    assert [asked.form["CallStatus"] for asked in application.wait_for("/some")] == ["initiated"]
    assert len(application.at("/default")) == 1


def test_a_callback_can_come_before_the_create_has_returned(network: Network, application: Application) -> None:
    with Network.launch(
        account_sid=ACCOUNT_SID, auth_token="t", numbers=[OURS], speed=100, options=["--latency-ms", "400"]
    ) as slow:
        carrier = Carrier(slow.url)
        carrier.authorise(ACCOUNT_SID, "t")
        call = carrier.call(WANG, StatusCallback=application.url("/status"), StatusCallbackEvent=EVERY)

        early = application.at("/status")

        assert [asked.form["CallStatus"] for asked in early][:2] == ["initiated", "ringing"]
        assert early[0].form["CallSid"] == call["sid"]
        assert slow.requests("call")[0]["ms"] >= 400


def test_a_text_tells_its_course(carrier: Carrier, network: Network, application: Application) -> None:
    message = carrier.text(WANG, StatusCallback=application.url("/status"))

    told = [asked.form for asked in application.wait_for("/status", 2)]

    assert [form["MessageStatus"] for form in told] == ["sent", "delivered"]
    for form in told:
        assert form["SmsStatus"] == form["MessageStatus"]
        assert form["MessageSid"] == form["SmsSid"] == message["sid"]
        assert (form["From"], form["To"], form["AccountSid"]) == (OURS, WANG, ACCOUNT_SID)


def test_a_callback_that_fails_is_not_sent_again(carrier: Carrier, network: Network, application: Application) -> None:
    application.answers("/status", HttpResponse(status=500))
    network.handset(WANG).script("busy")
    call = carrier.call(WANG, StatusCallback=application.url("/status"), StatusCallbackEvent=EVERY)

    told = application.wait_for("/status", 2)

    assert [asked.form["CallStatus"] for asked in told] == ["initiated", "busy"]
    eventually(
        lambda: [hook["status"] for hook in network.webhooks(sid=call["sid"])] == [500, 500],
        "both answers in the journal",
    )


def test_a_callback_can_be_a_get(carrier: Carrier, network: Network, application: Application) -> None:
    network.handset(WANG).script("busy")
    carrier.call(WANG, StatusCallback=application.url("/status?d=1"), StatusCallbackMethod="GET")

    asked = application.wait_for("/status")[0]
    assert (asked.method, asked.form["d"], asked.form["CallStatus"]) == ("GET", "1", "busy")
