"""A town whose wires can be cut, and whose processes can be killed, stopped, doubled and started again."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
import redis
import requests
from sqlalchemy import func, select, update
from twilio.request_validator import RequestValidator

from config.database import read_clock
from joint_defense.models.processes import Heartbeat
from joint_defense.processes.heartbeats import Role
from tests.journeys.town import OUR_NUMBER, Town
from tests.support.handsets import Network, eventually
from tools.faults.proxy import Wire


class BreakableTown(Town):
    """A town whose database (PostgreSQL), Redis and carrier are reached over wires; with more workers and clocks."""

    def __init__(self, home: Path, database_url: str, postgres_socket: str | None, **changes: str) -> None:
        super().__init__(home, database_url)
        self._postgres_socket = postgres_socket
        self._changes = changes
        self._wires = ExitStack()
        self._commands |= {f"{name}2": self._commands[name] for name in ("web", "worker", "clock")}
        self.backup: Network | None = None
        self.carrier: Wire
        self.redis: Wire
        self.postgres: Wire | None = None

    def _settings(self) -> dict[str, str]:
        settings = super()._settings()
        carrier = urlsplit(self.network.url)
        self.carrier = self._wires.enter_context(Wire((str(carrier.hostname), int(carrier.port or 0))))
        self.redis = self._wires.enter_context(Wire(unquote(urlsplit(settings["REDIS_URL"].replace("unix:", "")).path)))
        settings["TWILIO_API_BASE_URL"] = f"http://127.0.0.1:{self.carrier.port}"
        settings["REDIS_URL"] = f"redis://127.0.0.1:{self.redis.port}"
        settings["CARRIER_TIMEOUT"] = "4"
        settings["ALARMS_PER_HOUR"] = "1000"
        if self._postgres_socket is not None:
            self.postgres = self._wires.enter_context(Wire(self._postgres_socket))
            name = settings["DATABASE_URL"].rpartition("?")[0].rpartition("/")[2]
            settings["DATABASE_URL"] = f"postgresql+psycopg://postgres@127.0.0.1:{self.postgres.port}/{name}"
        return settings | self._changes

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        super().__exit__(kind, error, tb)
        self._wires.close()

    @property
    def redis_url(self) -> str:
        return self._redis.url

    def launch(self, name: str, **environment: str) -> None:
        """Start a process (`worker2` is a second one) and go on at once."""
        before = self._environment
        self._environment = before | environment
        self._launch(name)
        self._environment = before

    def signal(self, name: str, sign: Any) -> None:
        """To the process alone."""
        self._programs[name].send(sign)

    def process_ids(self, name: str) -> set[int]:
        """Of a process and its children."""
        process = psutil.Process(self._programs[name].pid)
        return {process.pid, *(child.pid for child in process.children(recursive=True))}

    def both_send(self, names: Sequence[str]) -> None:
        """Wait until each of these processes has said that it lives."""
        pids = {str(self._programs[name].pid) for name in names}

        def living() -> bool:
            with self.database.begin() as session:
                return pids <= {name.split(":")[1] for name in session.scalars(select(Heartbeat.name))}

        eventually(living, f"{names} are there", within=60)

    def running(self, name: str) -> bool:
        return name in self._programs

    def ready_web_workers(self) -> int:
        """How many have said so, ever."""
        return self._log("web").read_text(errors="replace").count("web_worker_ready")

    def forget(self, name: str) -> None:
        """It was told to end: end what is left of it, if anything."""
        self._programs.pop(name).kill()

    def start_redis(self) -> None:
        """Again, and go on at once."""
        self._redis.start()

    @contextmanager
    def second_account(self, sender: str = "") -> Iterator[None]:
        """From here to the end a second account, with a carrier of its own, stands by. `sender`: the first one's number
        instead of its own.
        """
        sid, number = "AC" + secrets.token_hex(16), "+8657488880008"
        self.backup = self._wires.enter_context(
            Network.launch(account_sid=sid, auth_token=self._token, numbers=[number])
        )
        pace = {"calls_per_second": 0, "sms_segments_per_second": 0}
        first = {
            "name": "main",
            "account_sid": self._account,
            "auth_token": self._token,
            "api_base_url": f"http://127.0.0.1:{self.carrier.port}",
            "from_number": sender or OUR_NUMBER,
        }
        second = {
            "name": "backup",
            "account_sid": sid,
            "auth_token": self._token,
            "api_base_url": self.backup.url,
            "from_number": number,
            "weight": 0,
        }
        self._start_again(CARRIERS=json.dumps([first | pace, second | pace]))
        try:
            yield
        finally:
            self._start_again()

    def _start_again(self, **settings: str) -> None:
        # The clock too: it stands in for a sender, by the accounts that it knows.
        for name in ("web", "worker", "clock"):
            self.kill(name)
            self.launch(name, **settings)
        eventually(self._works, "the service works", within=60)

    def taken(self, since: float) -> list[dict[str, Any]]:
        """What the carrier was asked since then; the second account's, too, where there has been one."""
        asked = self.network.requests(since=since)
        return asked + self.backup.requests(since=since) if self.backup is not None else asked

    def call_back(self, url: str, params: dict[str, str]) -> None:
        """A status callback as the carrier signs it."""
        signature = RequestValidator(self._token).compute_signature(url, params)
        answer = requests.post(url, data=params, headers={"X-Twilio-Signature": signature}, timeout=15)
        assert answer.status_code == 204, answer.status_code

    def empty_redis(self) -> None:
        """Killed, and there again with nothing in it."""
        self.kill("redis")
        self.start_redis()
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def power_cut(self, *names: str) -> float:
        """kill -9 of all of these. The moment at which they were gone: what was on its way before does not count."""
        for name in names:
            self.kill(name)
        return time.time()

    def be_whole(self) -> None:
        """Everything as it was before a fault."""
        for wire in (self.carrier, self.redis, self.postgres):
            if wire is not None:
                wire.mend()
        self.network.mend()
        if not self._redis.program.running:
            self._redis.start()
        for name in ("web2", "worker2", "clock2"):
            if self.running(name):
                self.kill(name)
        for name in ("web", "worker", "clock"):
            if not self.running(name) or not self._programs[name].running:
                self.launch(name)
        self._miss_nobody()
        eventually(self._works, "the service works", within=60)

    def leave_it_to_the_workers(self) -> None:
        """Wait until nobody stands in for a worker that an earlier go killed: whoever still does sends beside it."""
        eventually(lambda: not self._stand_ins(), "nobody stands in", within=60)

    def _stand_ins(self) -> int:
        with self.database.begin() as session:
            living = read_clock(session) - timedelta(seconds=2)
            standing = select(func.count()).where(Heartbeat.role == Role.STAND_IN, Heartbeat.at > living)
            return session.scalar(standing) or 0

    def _miss_nobody(self) -> None:
        """Take those that a fault killed off the list of processes that are missed: a second worker has no successor,
        and `/readyz` would ask for it for a day.
        """
        living = {str(pid) for name in self._programs for pid in self.process_ids(name)}
        with self.database.begin() as session:
            dead = [name for name in session.scalars(select(Heartbeat.name)) if name.split(":")[1] not in living]
            session.execute(update(Heartbeat).where(Heartbeat.name.in_(dead)).values(started_at=None))

    def _works(self) -> bool:
        try:
            found = requests.get(f"{self.url}/readyz", timeout=5).json()
        except requests.RequestException:
            return False
        # A carrier that was ill is asked again only after some seconds, which no fault needs to wait for.
        return all(found[part] == "ok" for part in ("database", "redis", "worker", "clock"))
