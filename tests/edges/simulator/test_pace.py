from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, LI, OURS, WANG, Carrier, refusal
from tests.support.handsets import Network, answers, eventually

PER_SECOND = 5


@pytest.fixture(scope="module")
def paced() -> Iterator[Network]:
    with Network.launch(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        numbers=[OURS],
        speed=100,
        options=["--calls-per-second", str(PER_SECOND), "--concurrent-calls", "12"],
    ) as network:
        yield network


def test_calls_beyond_the_pace_are_queued_and_start_in_order(paced: Network) -> None:
    paced.reset()
    carrier = Carrier(paced.url)
    numbers = [f"+86138057400{number:02}" for number in range(10, 16)]
    for number in numbers:
        paced.handset(number).script("busy")
    placed = [carrier.call(number) for number in numbers]
    assert carrier.fetch(placed[-1])["status"] == "queued"

    ended = [paced.handset(number).wait_for_call("busy").ended_at for number in numbers]

    assert ended == sorted(ended, key=lambda at: at or 0)
    took = (ended[-1] or 0) - (ended[0] or 0)
    assert took >= 5 / PER_SECOND - 0.1
    # Whoever came last has waited for all of them, less what it took to ask for the six.
    assert int(carrier.fetch(placed[-1])["queue_time"]) > 1000 / PER_SECOND


def test_calls_beyond_the_concurrency_are_refused_until_one_ends(paced: Network) -> None:
    paced.reset()
    carrier = Carrier(paced.url)
    paced.handset(WANG).script(answers())
    first = carrier.call(WANG, "<Pause length='3000'/>")
    for number in range(11):
        carrier.call(f"+86138057420{number:02}", Timeout="600")

    twiml = "<Response/>"
    assert refusal(carrier.post("/Calls.json", To=LI, From=OURS, Twiml=twiml)) == (429, 10004)
    carrier.update(first, Status="completed")
    assert carrier.post("/Calls.json", To=LI, From=OURS, Twiml=twiml).status_code == 201


def test_many_creates_at_once_are_all_taken() -> None:
    with Network.launch(
        account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, numbers=[OURS], speed=100, options=["--latency-ms", "100"]
    ) as network:
        with ThreadPoolExecutor(20) as pool:
            sids = set(pool.map(lambda n: Carrier(network.url).call(f"+86138{n:08}")["sid"], range(100)))

        assert len(sids) == len(network.placed("call")) == 100
        assert all(request["ms"] >= 100 for request in network.requests("call"))
        eventually(lambda: len(network.handsets()) == 100, "every handset")
