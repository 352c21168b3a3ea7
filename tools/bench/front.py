"""`python -m tools.bench.front`: how long a webhook takes while strangers hold half-sent requests open.

The web process as the Procfile has it, over SQLite and without Redis; 200 sockets that send half a head, or a head and
half a body, and are opened anew when they are dropped; a signed webhook twenty times a second beside them.
`--worker-class gthread` measures gunicorn's own threads instead.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from twilio.request_validator import RequestValidator

from config import migrations
from config.settings import make_environment
from joint_defense.demo.launch import ROOT
from tests.support.ports import free_port

TOKEN = "a-token-of-the-bench"
HALVES = (
    b"POST /voice/inbound HTTP/1.1\r\nHost: x\r\nContent-Ty",
    b"POST /voice/inbound HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 300\r\n\r\nCallSid=CA1",
)
EVERY = 0.05


@dataclass(frozen=True)
class Taken:
    """Milliseconds of the webhooks that were answered, and how many were not within five seconds."""

    answered: list[float]
    failed: int

    @property
    def median(self) -> float:
        return statistics.median(self.answered) if self.answered else float("inf")

    def __str__(self) -> str:
        worst = max(self.answered, default=float("inf"))
        return f"median {self.median:.1f} ms, longest {worst:.0f} ms, {len(self.answered)} answered, {self.failed} not"


@contextmanager
def front(home: Path, *arguments: str) -> Iterator[str]:
    """The web process; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    database = f"sqlite:///{home / 'front.sqlite'}"
    migrations.upgrade(database)
    environment = make_environment(
        {
            "DATABASE_URL": database,
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEY": "a-secret-of-the-bench",
            "PUBLIC_BASE_URL": url,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
            "TWILIO_FROM_NUMBER": "+8657488880009",
            "STATE_DIR": str(home / "state"),
            "PORT": str(port),
        }
    )
    command = ["gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}", *arguments]
    with (home / "log").open("wb") as log:
        program = subprocess.Popen([*command, "app:create_app()"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(url)
            yield url
        finally:
            program.terminate()
            program.wait(20)


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            requests.get(f"{url}/healthz", timeout=2)
        except requests.RequestException:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("the web process did not start")


def measure(url: str, seconds: float) -> Taken:
    """A signed webhook from somebody on no list, again and again."""
    answered, failed = [], 0
    validator, until = RequestValidator(TOKEN), time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        params = {
            "CallSid": f"CA{number:032}",
            "From": "+8613800000000",
            "To": "+8657488880009",
            "CallStatus": "ringing",
        }
        address = f"{url}/voice/inbound"
        begun = time.monotonic()
        try:
            signature = validator.compute_signature(address, params)
            answer = requests.post(address, data=params, headers={"X-Twilio-Signature": signature}, timeout=5)
            assert answer.status_code == 200
            answered.append((time.monotonic() - begun) * 1000)
        except requests.RequestException:
            failed += 1
        time.sleep(EVERY)
    return Taken(answered, failed)


@contextmanager
def half_open(url: str, count: int) -> Iterator[None]:
    """So many half-sent requests; whichever is dropped is begun again."""
    port, ending = int(url.rpartition(":")[2]), threading.Event()
    held: list[socket.socket] = []

    def begin(number: int) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", port), timeout=5)
        made.sendall(HALVES[number % len(HALVES)])
        made.setblocking(False)
        return made

    def keep() -> None:
        while not ending.wait(0.5):
            for number, each in enumerate(held):
                try:
                    dropped = each.recv(1024) == b""
                except BlockingIOError:
                    dropped = False
                except OSError:
                    dropped = True
                if dropped:
                    each.close()
                    held[number] = begin(number)

    held += [begin(number) for number in range(count)]
    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join()
        for each in held:
            each.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.front", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--worker-class", default="")
    given = parser.parse_args()
    arguments = ["--worker-class", given.worker_class] if given.worker_class else []
    with tempfile.TemporaryDirectory(prefix="jd-front-") as home, front(Path(home), *arguments) as url:
        print(f"alone: {measure(url, 5)}", flush=True)
        with half_open(url, given.sockets):
            print(f"with {given.sockets} half-sent requests: {measure(url, given.seconds)}", flush=True)


if __name__ == "__main__":
    main()
