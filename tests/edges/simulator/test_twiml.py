from __future__ import annotations

from itertools import pairwise

import pytest

from tests.edges.simulator.application import Application, HttpResponse
from tests.edges.simulator.carrier import OURS, WANG, Carrier
from tests.support.handsets import Network, answers

SORRY = "We are sorry, an application error has occurred. Goodbye."


def codes(network: Network) -> list[int]:
    return [entry["code"] for entry in network.notifications()]


def test_hash_nine_is_lost_with_the_default_finish_key(network: Network, application: Application) -> None:
    application.says("/voice", '<Gather numDigits="2" action="/pressed"/><Say>Nothing was pressed</Say>')

    network.handset(WANG).dial(press="#9")

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["Nothing was pressed"]
    assert application.at("/pressed") == []


def test_hash_nine_gives_empty_digits_where_empty_results_are_wanted(
    network: Network, application: Application
) -> None:
    application.says("/voice", '<Gather numDigits="2" action="/pressed" actionOnEmptyResult="true"/>')

    network.handset(WANG).dial(press="#9")

    form = application.wait_for("/pressed")[0].form
    assert (form["Digits"], form["FinishedOnKey"]) == ("", "#")


def test_hash_nine_is_caught_at_once_with_an_empty_finish_key(network: Network, application: Application) -> None:
    application.says("/voice", '<Gather numDigits="2" finishOnKey="" action="/pressed" timeout="500"/>')
    application.says("/pressed", "<Say>Help is coming</Say>")

    network.handset(WANG).dial(press="#9")

    call = network.handset(WANG).wait_for_own_call("completed")
    assert application.at("/pressed")[0].form["Digits"] == "#9"
    assert call.sentences == ["Help is coming"]
    assert call.duration < 250


def test_a_lone_key_counts_after_the_timeout(network: Network, application: Application) -> None:
    application.says("/voice", '<Gather numDigits="2" finishOnKey="" action="/pressed" timeout="20"/>')
    application.says("/pressed", "<Say>Well</Say>")

    network.handset(WANG).dial(press="9")

    call = network.handset(WANG).wait_for_own_call("completed")
    assert application.at("/pressed")[0].form["Digits"] == "9"
    assert call.heard[0].at_ms >= 20_000


def test_the_finish_key_itself_is_not_among_the_digits(network: Network, application: Application) -> None:
    application.says("/voice", '<Gather action="/pressed"/>')

    network.handset(WANG).dial(press="12#3")

    form = application.wait_for("/pressed")[0].form
    assert (form["Digits"], form["FinishedOnKey"]) == ("12", "#")


def test_nothing_pressed_goes_on_with_the_next_verb_after_five_seconds(
    network: Network, application: Application
) -> None:
    application.says("/voice", '<Gather action="/pressed"><Say>一二三四五六七八九</Say></Gather><Say>Nothing</Say>')

    network.handset(WANG).dial()

    call = network.handset(WANG).wait_for_own_call("completed")
    # Nine ideographs take two seconds, and the timeout begins when they have been said.
    assert 7_000 <= call.heard[1].at_ms < 30_000
    assert application.at("/pressed") == []


def test_a_key_cuts_what_is_said_short(network: Network, application: Application) -> None:
    long = "长" * 450
    application.says("/voice", f'<Gather numDigits="1" action="/pressed"><Say>{long}</Say></Gather>')
    application.says("/pressed", "<Say>Thanks</Say>")

    network.handset(WANG).dial(press="1", press_after=2)

    call = network.handset(WANG).wait_for_own_call("completed")
    assert [(heard.text, heard.complete) for heard in call.heard] == [(long, False), ("Thanks", True)]
    assert call.heard[1].at_ms < 90_000


def test_keys_pressed_before_a_gather_wait_for_it(network: Network, application: Application) -> None:
    application.says(
        "/voice", '<Say>一二三四五六七八九</Say><Gather numDigits="1" action="/pressed"><Say>Menu</Say></Gather>'
    )
    application.says("/pressed", "")

    network.handset(WANG).dial(press="5", press_after=0.1)

    assert application.wait_for("/pressed")[0].form["Digits"] == "5"
    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["一二三四五六七八九"]


def test_a_gather_that_takes_no_keys_hears_none(network: Network, application: Application) -> None:
    application.says("/voice", '<Gather input="speech" action="/pressed"><Say>Speak</Say></Gather><Say>Nothing</Say>')

    network.handset(WANG).dial(press="1")

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["Speak", "Nothing"]
    assert application.at("/pressed") == []


def test_without_an_action_the_document_itself_is_asked_again(network: Network, application: Application) -> None:
    def menu(form: dict[str, str]) -> HttpResponse:
        inside = "<Say>Done</Say>" if form.get("Digits") else '<Gather numDigits="1"/>'
        return HttpResponse(f"<Response>{inside}</Response>")

    application.answers("/voice", menu)

    network.handset(WANG).dial(press="7")

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["Done"]
    assert application.at("/voice")[1].form["Digits"] == "7"


def test_speech_takes_its_time_and_is_recorded_with_language_and_voice(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    carrier.call(
        WANG,
        '<Say language="cmn-CN" voice="Polly.Zhiyu">王家求助，墙下陶村三组</Say><Say>one two three four five</Say>'
        '<Pause length="3"/><Play>https://example.com/a.mp3</Play><Say>End</Say>',
    )

    call = network.handset(WANG).wait_for_call("completed")

    assert [heard.verb for heard in call.heard] == ["Say", "Say", "Pause", "Play", "Say"]
    assert (call.heard[0].language, call.heard[0].voice) == ("cmn-CN", "Polly.Zhiyu")
    # Ten ideographs, five words, the pause, the recording.
    lasted = [after.at_ms - heard.at_ms for heard, after in pairwise(call.heard)]
    assert all(least <= each < least + 20_000 for least, each in zip([2200, 2000, 3000, 5000], lasted, strict=True))
    assert all(heard.complete for heard in call.heard)
    assert network.notifications() == []


def test_speech_repeats_as_often_as_it_is_told(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    carrier.call(WANG, '<Say loop="3">Again</Say>')

    assert network.handset(WANG).wait_for_call("completed").sentences == ["Again"] * 3


def test_speech_markup_is_read_as_its_words(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    carrier.call(WANG, '<Say>Call <say-as interpret-as="digits">110</say-as><break time="2s"/> now</Say><Say>End</Say>')

    call = network.handset(WANG).wait_for_call("completed")
    assert call.sentences == ["Call 110 now", "End"]
    assert call.heard[1].at_ms >= 2_000
    assert network.notifications() == []


def test_relative_addresses_are_seen_from_the_document(network: Network, application: Application) -> None:
    application.says("/voice", '<Redirect method="GET">deep/er?x=1</Redirect><Say>Never</Say>')
    application.says("/deep/er", "<Redirect>next</Redirect>")
    application.says("/deep/next", "<Say>Arrived</Say><Hangup/><Say>Never</Say>")

    network.handset(WANG).dial()

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["Arrived"]
    asked = application.at("/deep/er")[0]
    assert (asked.method, asked.form["x"]) == ("GET", "1")
    assert "CallSid=" in asked.url


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_rejected_call_is_never_connected(
    network: Network, application: Application, reason: str, status: str
) -> None:
    application.says("/voice", f'<Reject reason="{reason}"/>')

    network.handset(WANG).dial()

    call = network.handset(WANG).wait_for_own_call(status)
    assert call.answered_at is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (HttpResponse("<Response><Say>unclosed</Response>"), 12100),
        (HttpResponse("<html/>"), 12100),
        (HttpResponse(""), 12100),
        (HttpResponse('<!DOCTYPE x [<!ENTITY a "b">]><Response/>'), 12100),
        (HttpResponse("{}", content_type="application/json"), 12300),
        (HttpResponse("<Response/>", content_type=""), 12300),
        (HttpResponse("<Response/>", status=500), 11200),
        (HttpResponse("<Response/>", status=404), 11200),
        (HttpResponse(f"<Response><Say>{'a' * 70_000}</Say></Response>"), 11750),
        (HttpResponse("<Response><Dial/></Response>"), 12100),
        (HttpResponse("<Response><Redirect>ftp://x</Redirect></Response>"), 11100),
    ],
)
def test_an_answer_that_is_no_twiml_is_an_application_error(
    network: Network, application: Application, answer: HttpResponse, code: int
) -> None:
    application.answers("/voice", answer)

    network.handset(WANG).dial()

    assert network.handset(WANG).wait_for_own_call("completed").sentences == [SORRY]
    assert codes(network) == [code]


def test_nobody_at_the_address_is_an_application_error(network: Network) -> None:
    network.point_at(voice_url="http://127.0.0.1:9/voice")

    network.handset(WANG).dial()

    assert network.handset(WANG).wait_for_own_call("completed").sentences == [SORRY]
    assert codes(network) == [11205]
    assert [hook["status"] for hook in network.webhooks() if ":9/" in hook["url"]] == [None]


def test_a_callee_hears_twiml_that_came_with_the_call_though_nobody_answers_its_key(
    carrier: Carrier, network: Network
) -> None:
    network.handset(WANG).script(answers("1"))
    carrier.call(WANG, '<Gather numDigits="1" action="http://127.0.0.1:9/key"><Say>王家求助</Say></Gather>')

    assert network.handset(WANG).wait_for_call("completed").sentences == ["王家求助", SORRY]


def test_a_relative_action_in_twiml_that_came_with_the_call_is_an_error(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers("1"))
    carrier.call(WANG, '<Gather numDigits="1" action="/key"/>')

    assert network.handset(WANG).wait_for_call("completed").sentences == [SORRY]
    assert codes(network) == [11100]


def test_the_fallback_address_takes_over_and_learns_why(network: Network, application: Application) -> None:
    network.point_at(voice_fallback_url=application.url("/fallback"))
    application.answers("/voice", HttpResponse(status=503))
    application.says("/fallback", "<Say>Dial 110</Say>")

    network.handset(WANG).dial()

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["Dial 110"]
    form = application.at("/fallback")[0].form
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", application.url("/voice"))


def test_what_the_schema_does_not_know_is_passed_over_and_noted(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    carrier.call(
        WANG,
        '<Say langauge="en-US">One</Say><Shout>Two</Shout><Gather timeout="0"><Dial>+8613805740009</Dial></Gather>'
        '<Say language="zh">Three</Say><Say voice="Zhiyu">Four</Say>',
    )

    assert network.handset(WANG).wait_for_call("completed").sentences == ["One", "Three", "Four"]
    assert codes(network) == [12200, 12200, 12200, 13512, 13511]
    assert {entry["level"] for entry in network.notifications()} == {"warning"}


def test_a_redirect_of_the_web_server_loses_the_digits(network: Network, application: Application) -> None:
    application.says("/voice", '<Gather numDigits="1" action="/moved"/>')
    application.answers("/moved", HttpResponse(status=302, location=application.url("/there")))
    application.says("/there", "<Say>Here</Say>")

    network.handset(WANG).dial(press="1")

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["Here"]
    there = application.at("/there")[0]
    assert (there.method, there.form) == ("GET", {})


def test_a_call_from_the_api_can_fetch_its_twiml(carrier: Carrier, network: Network, application: Application) -> None:
    application.says("/announce", "<Say>Fetched</Say>")
    network.handset(WANG).script(answers())
    carrier.call(WANG, Url=application.url("/announce"), Twiml="<Response><Say>Ignored</Say></Response>")

    assert network.handset(WANG).wait_for_call("completed").sentences == ["Fetched"]
    form = application.at("/announce")[0].form
    assert (form["CallStatus"], form["Direction"], form["From"]) == ("in-progress", "outbound-api", OURS)
