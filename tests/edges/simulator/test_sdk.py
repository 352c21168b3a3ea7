"""The official SDK, synchronous and asynchronous, must not notice that this is not its carrier."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, LI, OURS, WANG
from tests.support import loops
from tests.support.handsets import Network, answers

HELLO = "<Response><Say>Hello</Say></Response>"


@pytest.fixture
def client(network: Network) -> Iterator[Client]:
    http = TwilioHttpClient(timeout=5)
    http.session.trust_env = False
    client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http)
    client.api.base_url = network.url
    yield client
    http.session.close()


def test_it_places_fetches_lists_and_ends_calls(client: Client, network: Network) -> None:
    network.handset(WANG).script(answers())
    asked = datetime.now(UTC)

    call = client.calls.create(
        to=WANG,
        from_=OURS,
        twiml="<Response><Say>Hello</Say><Pause length='900'/></Response>",
        timeout=40,
        status_callback="http://127.0.0.1:9/",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    network.handset(WANG).wait_until_hears("Hello")

    assert client.calls(call.sid or "").fetch().status == "in-progress"
    assert [found.sid for found in client.calls.list(to=WANG, start_time_after=asked)] == [call.sid]
    assert client.calls.list(to=WANG, start_time_before=asked - timedelta(minutes=1)) == []
    assert client.calls(call.sid or "").update(status="completed").status == "completed"
    finished = client.calls(call.sid or "").fetch()
    assert finished.start_time is not None
    assert abs((finished.start_time - asked).total_seconds()) <= 10


def test_it_sends_and_lists_texts_over_several_pages(client: Client, network: Network) -> None:
    sent = [client.messages.create(to=WANG, from_=OURS, body=f"text {number}").sid for number in range(7)]

    listed = client.messages.list(to=WANG, page_size=3)

    assert [message.sid for message in listed] == sent[::-1]
    assert client.messages(sent[0] or "").fetch().body == "text 0"
    today = client.messages.list(date_sent_after=datetime.now(UTC) - timedelta(seconds=60), limit=2)
    assert len(today) == 2
    network.handset(WANG).wait_for_text("text 6")


def test_it_understands_the_refusals(client: Client, network: Network) -> None:
    network.handset(LI).script(refuse_texts=21614)

    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=LI, from_=OURS, body="x")

    assert (refused.value.status, refused.value.code) == (400, 21614)
    client.auth = (ACCOUNT_SID, "wrong")
    with pytest.raises(TwilioRestException) as unknown:
        client.calls.create(to=LI, from_=OURS, twiml=HELLO)
    assert (unknown.value.status, unknown.value.code) == (401, 20003)


# The SDK still hands aiohttp its credentials in a way that aiohttp wants changed by its version 4.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
def test_its_asynchronous_client_places_many_calls_at_once(network: Network) -> None:
    numbers = [f"+86138057430{number:02}" for number in range(40)]

    async def place() -> list[str]:
        http = AsyncTwilioHttpClient()
        client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http)
        client.api.base_url = network.url
        try:
            calls = await asyncio.gather(
                *(client.calls.create_async(to=number, from_=OURS, twiml=HELLO) for number in numbers)
            )
            first = await client.calls(calls[0].sid or "").fetch_async()
            assert first.to == numbers[0]
            return [call.sid or "" for call in calls]
        finally:
            await http.close()

    sids = loops.run(place())

    assert len(set(sids)) == 40
    assert {request["to"] for request in network.placed("call")} == set(numbers)


def test_it_asks_for_what_began_on_a_day(client: Client, network: Network) -> None:
    call, text = (
        client.calls.create(to=WANG, from_=OURS, twiml=HELLO),
        client.messages.create(WANG, from_=OURS, body="x"),
    )
    now = datetime.now(UTC)
    yesterday = now - timedelta(days=1)

    for day in (now, now.date()):
        # The SDK writes a day as its first second.
        assert [each.sid for each in client.calls.list(start_time=day)] == [call.sid]
        assert [each.sid for each in client.messages.list(date_sent=day)] == [text.sid]
    assert client.calls.list(start_time=yesterday) == []
    assert client.messages.list(date_sent=yesterday) == []


def test_it_shows_the_account_and_its_numbers_and_deletes(client: Client, network: Network) -> None:
    assert client.api.v2010.accounts(ACCOUNT_SID).fetch().status == "active"
    assert [each.phone_number for each in client.incoming_phone_numbers.list(phone_number=OURS)] == [OURS]
    network.handset(WANG).script("busy")
    call = client.calls.create(to=WANG, from_=OURS, twiml=HELLO)
    network.handset(WANG).wait_for_call("busy")
    assert client.calls(call.sid or "").delete()
    assert client.calls.list() == []
