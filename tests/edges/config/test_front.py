"""The front of the web process: whole requests only, deadlines, and threads of their own for the carrier."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from waitress.adjustments import Adjustments

from config.front import BODY_SECONDS, HEAD_SECONDS, IDLE_SECONDS, SLOWEST, Lanes, TimedChannel
from tools.bench.front import front, half_open, measure

HEAD = b"POST /voice/inbound HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with front(Path(tmp_path_factory.mktemp("front"))) as url:
        yield url


def test_two_hundred_half_sent_requests_keep_no_webhook_waiting(address: str) -> None:
    alone = measure(address, 1)
    with half_open(address, 200):
        beside = measure(address, 2)
    assert beside.failed == alone.failed == 0
    # Fifty milliseconds on a quiet machine (`python -m tools.bench.front`); other tests share this one's processors.
    assert beside.median < max(50, 3 * alone.median)


def test_a_body_in_pieces_a_kept_connection_and_a_refused_signature_are_as_ever(address: str) -> None:
    with requests.Session() as session:
        assert session.get(f"{address}/healthz", timeout=5).json() == {"status": "ok"}
        pieces = iter([b"CallSid=CA1&", b"From=%2B8613800000000"])
        assert session.post(f"{address}/voice/inbound", data=pieces, timeout=5).status_code == 403


@pytest.fixture
def channel() -> Iterator[tuple[TimedChannel, list[Any]]]:
    ours, theirs = socket.socketpair()
    tasks: list[Any] = []
    server = SimpleNamespace(add_task=tasks.append, active_channels={}, trigger=None)
    made = TimedChannel(server, ours, ("", 0), Adjustments(), map={})
    yield made, tasks
    ours.close()
    theirs.close()


def test_a_head_a_body_and_the_next_request_have_a_deadline_each(channel: tuple[TimedChannel, list[Any]]) -> None:
    made, tasks = channel
    begun = made.owes_since
    assert not made.is_overdue(begun + HEAD_SECONDS - 1)
    assert made.is_overdue(begun + HEAD_SECONDS + 1), "not a byte of it has come"
    made.received(b"POST / HT")
    assert made.is_overdue(begun + HEAD_SECONDS + 1), "a byte now and then buys no time"
    size = 10 * SLOWEST
    made.received(b"TP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
    assert not made.is_overdue(begun + HEAD_SECONDS + 1)
    assert not made.is_overdue(begun + BODY_SECONDS + 9)
    assert made.is_overdue(begun + BODY_SECONDS + 11)
    made.received(b"x" * size)
    assert len(tasks) == 1
    assert not made.is_overdue(begun + 1000), "it is our turn"
    made.requests = []
    assert not made.is_overdue(begun + 1000 + IDLE_SECONDS - 1)
    assert made.is_overdue(begun + 1000 + IDLE_SECONDS + 1)
    made.received(b"GET / HTTP/1.1\r\n")
    assert not made.is_overdue(time.monotonic() + HEAD_SECONDS - 1)


def test_pages_that_take_all_their_threads_keep_no_webhook_waiting() -> None:
    lanes, ending, done = Lanes(first=1, pages=2), threading.Event(), threading.Event()

    def task(path: str, service: Any) -> Any:
        return SimpleNamespace(requests=[SimpleNamespace(path=path)], service=service, cancel=lambda: None)

    for _ in range(5):
        lanes.add_task(task("/villages", lambda: ending.wait(20)))
    lanes.add_task(task("/voice/inbound", done.set))
    try:
        assert done.wait(5)
    finally:
        ending.set()
        lanes.shutdown(timeout=5)
