from __future__ import annotations

from typing import Any

import pytest

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import LI, OURS, SECOND, WANG, Carrier
from tests.support.handsets import Network, NetworkError, answers, eventually

MENU = '<Gather numDigits="1" action="{action}"><Say>Press one</Say></Gather>'


def test_a_handset_without_a_script_rings_and_is_not_answered(carrier: Carrier, network: Network) -> None:
    carrier.call(WANG, Timeout="100")

    assert network.handset(WANG).wait_for_call("ringing").heard == ()
    assert network.handset(WANG).state == "ringing"
    call = network.handset(WANG).wait_for_call("no-answer")
    assert call.ended_at is not None
    # One second until it rings. Without the parameter it would have rung for sixty.
    assert call.ended_at - call.created_at >= (100 + 1) / 50


def test_each_call_meets_its_own_plan_and_later_ones_the_last(carrier: Carrier, network: Network) -> None:
    wang = network.handset(WANG).script("busy", "failed", answers(hang_up_after=1))

    for attempt, status in enumerate(("busy", "failed", "completed", "completed"), start=1):
        carrier.call(WANG)
        assert wang.wait_for_call(status, nth=attempt).attempt == attempt


def test_a_new_script_counts_its_calls_anew(carrier: Carrier, network: Network) -> None:
    wang = network.handset(WANG).script("busy", "failed")
    carrier.call(WANG)
    wang.wait_for_call("busy")

    wang.script("busy", "failed")
    carrier.call(WANG)

    assert wang.wait_for_call("busy", nth=2).attempt == 1


def test_the_person_answers_presses_speaks_and_hangs_up_when_the_script_says(
    carrier: Carrier, network: Network, application: Application
) -> None:
    application.says("/key", "<Pause length='300'/>")
    network.handset(WANG).script(answers("1", after=5, press_after=3, hang_up_after=20, says="喂？"))
    carrier.call(WANG, MENU.format(action=application.url("/key")))

    call = network.handset(WANG).wait_for_call("completed")

    assert application.at("/key")[0].form["Digits"] == "1"
    assert (call.pressed, call.says) == (("1",), "喂？")
    assert 20 <= call.duration < 150, "and not until the pause ends"
    assert call.answered_at is not None
    # One second until it rings, five until it is picked up.
    assert 6 / 50 <= call.answered_at - call.created_at < 50 / 50


def test_a_voicemail_answers_late_and_presses_nothing(
    carrier: Carrier, network: Network, application: Application
) -> None:
    network.handset(WANG).script("voicemail")
    call = carrier.call(WANG, MENU.format(action=application.url("/key")) + "<Say>Bye</Say>", MachineDetection="Enable")

    heard = network.handset(WANG).wait_for_call("completed")

    assert heard.sentences == ["Press one", "Bye"]
    assert application.at("/key") == []
    assert carrier.fetch(call)["answered_by"] == "machine_start"


def test_a_person_can_be_told_step_by_step(carrier: Carrier, network: Network, application: Application) -> None:
    application.says("/key", "<Pause length='300'/>")
    wang = network.handset(WANG).script("manual")
    carrier.call(WANG, MENU.format(action=application.url("/key")) + "<Pause length='300'/>", Timeout="600")
    wang.wait_for_call("ringing")

    wang.answer()
    wang.wait_until_hears("Press one")
    assert wang.state == "in_call"
    wang.press("2")
    assert application.wait_for("/key")[0].form["Digits"] == "2"
    wang.hang_up()

    wang.wait_for_call("completed")
    assert wang.state == "idle"


def test_a_line_may_wait_longer_for_a_person_than_the_networks_speed_says(
    carrier: Carrier, network: Network, application: Application
) -> None:
    menu = MENU.format(action=application.url("/key"))
    for number, patience in ((WANG, 1), (LI, 100)):
        network.handset(number).script({"do": "manual", "patience": patience})
        carrier.call(number, menu)
    network.handset(WANG).wait_for_call("no-answer")

    li = network.handset(LI)
    li.answer()
    li.wait_until_hears("Press one")
    li.press("2")

    assert application.wait_for("/key")[0].form["Digits"] == "2"


def test_declining_is_busy_to_the_caller(carrier: Carrier, network: Network) -> None:
    wang = network.handset(WANG).script("manual")
    carrier.call(WANG, Timeout="600")
    wang.wait_for_call("ringing")

    wang.hang_up()

    wang.wait_for_call("busy")


def test_what_a_handset_cannot_do_now_is_refused(network: Network, application: Application) -> None:
    application.says("/voice", "<Say>Hello</Say><Pause length='900'/>")
    wang = network.handset(WANG)
    for act in (wang.answer, wang.hang_up, lambda: wang.press("1")):
        with pytest.raises(NetworkError, match="is in no call"):
            act()

    wang.dial()
    with pytest.raises(NetworkError, match="is in a call already"):
        wang.dial()
    wang.wait_for_own_call("in-progress")
    with pytest.raises(NetworkError, match="does not ring"):
        wang.answer()


def test_keys_can_be_pressed_one_after_the_other_in_the_callers_own_time(
    network: Network, application: Application
) -> None:
    application.says("/voice", '<Gather numDigits="2" finishOnKey="" timeout="60" action="/voice"/>')

    network.handset(WANG).dial(press=[(2, "1"), (5, "w2"), (9, "*#")])

    assert [asked.form.get("Digits") for asked in application.wait_for("/voice", 3)] == [None, "12", "*#"]


def test_a_handset_replies_to_texts_it_is_to_reply_to(
    carrier: Carrier, network: Network, application: Application
) -> None:
    application.says("/sms", "<Message>求助 again</Message>")
    network.handset(WANG).script(texts={"reply": "1", "reply_after": 1, "reply_to": "求助"})

    carrier.text(WANG, "平安无事")
    carrier.text(WANG, "王家求助", From=SECOND)

    form = application.wait_for("/sms")[0].form
    assert (form["From"], form["To"], form["Body"]) == (WANG, SECOND, "1")
    network.handset(WANG).wait_for_text("again")
    assert len(application.at("/sms")) == 1


def test_a_handset_can_call_and_text_each_number_of_the_account(network: Network, application: Application) -> None:
    application.says("/voice", "<Say>Hello</Say>")

    network.handset(WANG).dial(SECOND)
    network.handset(WANG).text("9", SECOND)

    assert network.handset(WANG).wait_for_own_call("completed").to == SECOND
    assert application.at("/sms")[0].form["To"] == SECOND
    with pytest.raises(NetworkError, match="to must be a number of the account"):
        network.handset(WANG).dial(LI)


def test_a_handset_shows_its_name_state_script_calls_and_texts(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script("busy", name="王家")
    carrier.call(WANG)
    network.handset(WANG).wait_for_call("busy")
    carrier.text(WANG, "你好")
    network.handset(WANG).wait_for_text()

    shown = network.ask("GET", f"/sim/handsets/{WANG}")

    assert (shown["number"], shown["name"], shown["state"]) == (WANG, "王家", "idle")
    assert shown["script"]["calls"] == [{"do": "busy"}]
    assert (
        shown["calls"][0].items() >= {"direction": "outbound-api", "status": "busy", "from": OURS, "to": WANG}.items()
    )
    assert shown["messages"][0].items() >= {"body": "你好", "status": "delivered", "from": OURS, "to": WANG}.items()
    assert network.handsets() == [{"number": WANG, "name": "王家", "state": "idle", "call_sid": None, "attempts": 1}]


def test_a_reset_handset_is_a_handset_without_a_script(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script("busy")
    network.handset(WANG).reset()
    carrier.call(WANG, Timeout="600")

    network.handset(WANG).wait_for_call("ringing")


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ({"calls": []}, "calls must be a list with at least one entry"),
        ({"calls": [{"do": "dance"}]}, "calls.do must be one of answer, busy"),
        ({"calls": [{"do": "answer", "pres": []}]}, "calls: pres is not known"),
        ({"calls": [{"do": "manual", "patience": 0}]}, "patience must be a number from 1 to 1000"),
        ({"calls": [{"do": "answer", "after": -1}]}, "after must be a number of seconds"),
        ({"calls": [{"do": "answer", "press": [{"after": 1, "digits": "x"}]}]}, "digits must be keys of a telephone"),
        ({"calls": ["busy"]}, "calls: an object is needed"),
        ({"texts": {"do": "lose"}}, "texts.do must be one of deliver"),
        ({"refuse_calls": "21211"}, "refuse_calls must be an error code"),
        ({"call": []}, "the script: call is not known"),
    ],
)
def test_a_script_that_cannot_be_followed_is_refused(network: Network, script: dict[str, Any], complaint: str) -> None:
    with pytest.raises(NetworkError, match=complaint):
        network.ask("PUT", f"/sim/handsets/{WANG}", script)
    assert network.handsets() == []


def test_a_call_that_ends_by_the_carriers_time_limit_is_completed(carrier: Carrier, network: Network) -> None:
    network.handset(WANG).script(answers())
    carrier.call(WANG, "<Pause length='900'/>", TimeLimit="15")

    assert 15 <= network.handset(WANG).wait_for_call("completed").duration < 150
    eventually(lambda: network.handset(WANG).state == "idle", "the handset to be free")
