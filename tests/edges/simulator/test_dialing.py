from __future__ import annotations

from typing import Any

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import CHEN, LI, OURS, WANG, Carrier
from tests.support.handsets import Network, answers, eventually

ROOM = "<Dial{dial}><Conference{room}>incident-1</Conference></Dial><Say>After</Say>"


def room(network: Network, name: str = "incident-1") -> dict[str, Any]:
    return next(found for found in reversed(network.conferences()) if found["name"] == name)


def events(found: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(event["event"], event["number"]) for event in found["history"]]


def test_a_caller_is_connected_with_a_number(network: Network, application: Application) -> None:
    application.says("/voice", f'<Dial action="/dialed" callerId="{OURS}"><Number>{LI}</Number></Dial><Say>Never</Say>')
    application.says("/dialed", "<Say>Bye</Say>")
    network.handset(LI).script(answers(hang_up_after=10))

    network.handset(WANG).dial()

    caller = network.handset(WANG).wait_for_own_call("completed")
    called = network.handset(LI).wait_for_call("completed")
    form = application.at("/dialed")[0].form
    assert called.parent_sid == caller.sid
    assert (called.sender, called.direction) == (OURS, "outbound-dial")
    assert (form["DialCallStatus"], form["DialCallSid"]) == ("completed", called.sid)
    assert 10 <= int(form["DialCallDuration"]) < 150
    assert caller.sentences == ["Bye"]


def test_a_number_that_does_not_answer_goes_on_with_the_next_verb(network: Network, application: Application) -> None:
    application.says("/voice", f'<Dial timeout="10">{LI}</Dial><Say>Nobody</Say>')

    network.handset(WANG).dial()

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["Nobody"]
    assert network.handset(LI).wait_for_call().status == "no-answer"


def test_the_first_of_several_numbers_to_answer_is_connected(network: Network, application: Application) -> None:
    application.says("/voice", f"<Dial><Number>{LI}</Number><Number>{CHEN}</Number></Dial>")
    network.handset(LI).script(answers(after=30))
    network.handset(CHEN).script(answers(after=1, hang_up_after=5))

    network.handset(WANG).dial()

    network.handset(WANG).wait_for_own_call("completed")
    assert network.handset(CHEN).wait_for_call().status == "completed"
    assert network.handset(LI).wait_for_call().status == "canceled"


def test_the_called_number_is_hung_up_with_the_caller(network: Network, application: Application) -> None:
    application.says("/voice", f"<Dial>{LI}</Dial>")
    network.handset(LI).script(answers())
    network.handset(WANG).dial()
    network.handset(LI).wait_for_call("in-progress")

    network.handset(WANG).hang_up()

    network.handset(LI).wait_for_call("completed")


def test_a_conference_begins_with_its_second_participant(
    carrier: Carrier, network: Network, application: Application
) -> None:
    application.says("/voice", ROOM.format(dial="", room=""))
    network.handset(WANG).dial()
    call = network.handset(WANG).wait_for_own_call("in-progress")
    eventually(lambda: network.conferences(), "a room")
    assert room(network)["status"] == "init"

    network.handset(LI).script(answers())
    carrier.call(LI, ROOM.format(dial="", room=""))
    eventually(lambda: room(network)["status"] == "in-progress", "the room to begin")

    assert room(network)["participants"] == [WANG, LI]
    assert network.handset(LI).calls[0].conference == "incident-1"
    for number in (WANG, LI):
        network.handset(number).hang_up()
    eventually(lambda: room(network)["status"] == "completed", "the room to end")
    assert events(room(network)) == [
        ("join", WANG),
        ("join", LI),
        ("start", None),
        ("leave", WANG),
        ("leave", LI),
        ("end", None),
    ]
    assert network.handset(WANG).calls[0].sid == call.sid


def test_a_participant_can_end_the_conference_for_all(
    carrier: Carrier, network: Network, application: Application
) -> None:
    application.says("/voice", ROOM.format(dial="", room=' endConferenceOnExit="true"'))
    network.handset(WANG).dial()
    network.handset(LI).script(answers())
    carrier.call(LI, ROOM.format(dial="", room=""))
    eventually(lambda: network.conferences() and room(network)["status"] == "in-progress", "the room to begin")

    network.handset(WANG).hang_up()

    assert network.handset(LI).wait_for_call("completed").sentences == ["After"]


def test_a_participant_leaves_with_the_star_key_where_that_is_allowed(
    network: Network, application: Application
) -> None:
    application.says("/voice", ROOM.format(dial=' hangupOnStar="true" action="/left"', room=""))
    application.says("/left", "<Say>You left</Say>")
    network.handset(WANG).dial(press=[(2, "12"), (3, "*")])

    assert network.handset(WANG).wait_for_own_call("completed").sentences == ["You left"]
    assert application.at("/left")[0].form["DialCallStatus"] == "answered"


def test_only_the_first_participants_callback_counts(
    carrier: Carrier, network: Network, application: Application
) -> None:
    def told(path: str) -> str:
        return f' statusCallback="{application.url(path)}" statusCallbackEvent="start join leave end"'

    application.says("/voice", ROOM.format(dial="", room=told("/first")))
    network.handset(WANG).dial()
    eventually(lambda: network.conferences(), "a room")
    network.handset(LI).script(answers(hang_up_after=5))
    carrier.call(LI, ROOM.format(dial="", room=told("/second")))
    network.handset(LI).wait_for_call("completed")
    network.handset(WANG).hang_up()

    told_events = [asked.form["StatusCallbackEvent"] for asked in application.wait_for("/first", 6)]
    assert sorted(told_events) == sorted(
        ["participant-join"] * 2 + ["participant-leave"] * 2 + ["conference-start", "conference-end"]
    )
    assert application.at("/second") == []


def test_a_python_list_is_no_list_of_conference_events(network: Network, application: Application) -> None:
    application.says("/voice", ROOM.format(dial="", room=""" statusCallbackEvent="['start', 'end']" """))

    network.handset(WANG).dial()

    eventually(lambda: [entry["code"] for entry in network.notifications()] == [16002], "the carrier's complaint")


def test_a_caller_is_moved_into_a_conference_by_the_api(
    carrier: Carrier, network: Network, application: Application
) -> None:
    application.says("/voice", '<Say>Wait</Say><Pause length="900"/>')
    sid = network.handset(WANG).dial()
    network.handset(WANG).wait_until_hears("Wait")

    moved = carrier.post(f"/Calls/{sid}.json", Twiml=f"<Response>{ROOM.format(dial='', room='')}</Response>")

    assert moved.status_code == 200
    eventually(lambda: network.conferences() and room(network)["participants"] == [WANG], "the caller in the room")
