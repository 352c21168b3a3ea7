from __future__ import annotations

from twilio.request_validator import RequestValidator

from tests.edges.simulator.application import Application, HttpResponse
from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, OURS, WANG, Carrier
from tests.support.handsets import Network, answers, eventually

GEOGRAPHY = {
    f"{who}{what}" for who in ("From", "To", "Caller", "Called") for what in ("City", "State", "Zip", "Country")
}


def test_a_voice_webhook_has_the_carriers_parameters(network: Network, application: Application) -> None:
    application.says("/voice", "<Say>Hello</Say>")

    sid = network.handset(WANG).dial()

    form = application.wait_for("/voice")[0].form
    assert (
        form.items()
        >= {
            "CallSid": sid,
            "AccountSid": ACCOUNT_SID,
            "From": WANG,
            "To": OURS,
            "Caller": WANG,
            "Called": OURS,
            "CallStatus": "ringing",
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
            "FromCountry": "CN",
        }.items()
    )
    assert set(form) == {
        *("CallSid", "AccountSid", "From", "To", "Caller", "Called", "CallStatus", "ApiVersion", "Direction"),
        *GEOGRAPHY,
    }


def test_a_text_webhook_has_the_carriers_parameters(network: Network, application: Application) -> None:
    network.handset(WANG).text("救命 ＃９")

    form = application.wait_for("/sms")[0].form
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert form["MessageSid"].startswith("SM")
    assert (
        form.items()
        >= {
            "AccountSid": ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "Body": "救命 ＃９",
            "From": WANG,
            "To": OURS,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ToCountry": "CN",
        }.items()
    )


def test_every_request_is_signed_with_the_token(carrier: Carrier, network: Network, application: Application) -> None:
    network.point_at(voice_url=application.url("/voice?village=%E5%A2%99&x=1"))
    application.says("/voice", '<Gather finishOnKey="" numDigits="2" action="/keys" method="GET"/>')
    application.says("/sms", "<Message>好</Message>")
    network.handset(WANG).dial(press="#9")
    network.handset(WANG).text("墙下陶村")
    network.handset(WANG).wait_for_own_call("completed")
    carrier.text(WANG, StatusCallback=application.url("/status?delivery=7"))
    application.wait_for("/status", 2)

    validator = RequestValidator(AUTH_TOKEN)
    for asked in application.asked:
        form = {} if asked.method == "GET" else asked.form
        assert validator.validate(asked.url, form, asked.signature), asked
    assert {asked.path for asked in application.asked} == {"/voice", "/keys", "/sms", "/status", "/voice-status"}
    assert not RequestValidator("another").validate(asked.url, form, asked.signature)


def test_who_hangs_up_while_the_application_thinks_is_heard_all_the_same(
    network: Network, application: Application
) -> None:
    application.says("/voice", '<Gather finishOnKey="" numDigits="2" action="/keys"/>')
    application.answers("/keys", HttpResponse("<Response/>", after=0.3))

    network.handset(WANG).dial(press="#9", hang_up_after=1)

    network.handset(WANG).wait_for_own_call("completed")
    assert application.wait_for("/keys")[0].form["Digits"] == "#9"
    eventually(lambda: [hook for hook in network.webhooks() if hook["status"] == 200 and "/keys" in hook["url"]], "it")


def test_the_application_learns_that_a_caller_has_hung_up(network: Network, application: Application) -> None:
    application.says("/voice", '<Say>Hello</Say><Pause length="900"/>')
    sid = network.handset(WANG).dial(hang_up_after=20)

    form = application.wait_for("/voice-status")[0].form
    assert (form["CallSid"], form["CallStatus"], form["Direction"]) == (sid, "completed", "inbound")
    assert 20 <= int(form["CallDuration"]) <= 24


def test_a_text_is_answered_by_what_the_application_says(network: Network, application: Application) -> None:
    application.says("/sms", "<Message>一</Message><Message><Body>二</Body></Message><Redirect>/more</Redirect>")
    application.says("/more", "<Message>三</Message>")

    assert network.handset(WANG).text("9") == "一\n二\n三"
    for body in "一二三":
        assert network.handset(WANG).wait_for_text(body).direction == "outbound-reply"


def test_an_empty_answer_to_a_text_is_no_answer(network: Network, application: Application) -> None:
    application.answers("/sms", HttpResponse("", status=204, content_type=""))

    assert network.handset(WANG).text("9") is None
    assert network.notifications() == []


def test_a_failure_to_answer_a_text_is_noted(network: Network, application: Application) -> None:
    application.answers("/sms", HttpResponse(status=500))

    assert network.handset(WANG).text("9") is None
    assert [entry["code"] for entry in network.notifications()] == [11200]


def test_every_request_is_recorded_with_its_answer(
    carrier: Carrier, network: Network, application: Application
) -> None:
    application.says("/announce", "<Say>Hello</Say>")
    network.handset(WANG).script(answers())
    call = carrier.call(WANG, Url=application.url("/announce"))
    network.handset(WANG).wait_for_call("completed")

    hook = network.webhooks(sid=call["sid"])[0]

    assert hook["url"] == application.url("/announce")
    assert hook["status"] == 200
    assert hook["response"] == "<Response><Say>Hello</Say></Response>"
    assert hook["params"]["CallSid"] == call["sid"]
    assert 0 < hook["ms"] < 5000
