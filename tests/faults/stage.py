"""Where faults happen: a town whose wires can be cut, its alarms, and what the carrier's own record says of them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import psutil
import redis
import requests
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from joint_defense.models import Delivery, Incident
from joint_defense.rules.delivery import DeliveryState
from tests.faults.proxy import Wire
from tests.handsets import eventually
from tests.journeys.neighbours import Neighbours, Street
from tests.journeys.town import DIRECT_NUMBER, Town

NEIGHBOURS = 6
WAYS = ("keys", "direct", "text")
PATIENCE = 40.0
ELSEWHERE = Path(__file__).parent / "elsewhere"


class BreakableTown(Town):
    """A town whose database (PostgreSQL), Redis and carrier are reached over wires; with more workers and clocks."""

    def __init__(self, home: Path, database_url: str, postgres_socket: str | None, **changes: str) -> None:
        super().__init__(home, database_url)
        self._postgres_socket = postgres_socket
        self._changes = changes
        self._wires = ExitStack()
        self._commands |= {f"{name}2": self._commands[name] for name in ("worker", "clock")}
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
        """Start a process (`worker2` and `clock2` are second ones) and go on at once."""
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
        for name in ("worker2", "clock2"):
            if self.running(name):
                self.kill(name)
        for name in ("web", "worker", "clock"):
            if not self.running(name) or not self._programs[name].running:
                self.launch(name)
        eventually(self._works, "the service works", within=60)

    def _works(self) -> bool:
        try:
            found = requests.get(f"{self.url}/readyz", timeout=5).json()
        except requests.RequestException:
            return False
        # A carrier that was ill is asked again only after some seconds, which no fault needs to wait for.
        return all(found[part] == "ok" for part in ("database", "redis", "worker", "clock"))


@dataclass
class Alarm:
    """A call for help, and who has to be rung and texted for it."""

    stage: Stage
    street: Street
    way: str
    raised_at: float = 0.0
    heard: str | None = None

    @property
    def expected(self) -> list[tuple[str, str]]:
        return [(kind, phone.number) for phone in self.street.phones[1:] for kind in ("call", "message")]

    def raise_(self) -> Alarm:
        """Call for help. Returns when the call is under way, and for a text when it is answered."""
        caller = self.street.phones[0]
        self.raised_at = time.time()
        match self.way:
            case "keys":
                caller.calls_for_help()
            case "direct":
                caller.handset.dial(to=DIRECT_NUMBER)
            case _:
                self.heard = caller.texts("救命")
        return self

    def placed(self) -> list[tuple[float, str, str, str]]:
        """(when, kind, number, the carrier's id) of the requests for it that the carrier carried out."""
        wanted = {number for _, number in self.expected}
        return [
            (each["at"], each["kind"], each["to"], each["sid"])
            for each in self.stage.town.network.requests(since=self.raised_at - 1)
            if each["sid"] and each["to"] in wanted and each["kind"] in ("call", "message")
        ]

    def begun(self, count: int = 1) -> None:
        """Wait until so many requests were carried out."""
        eventually(lambda: len(self.placed()) >= count, f"{count} requests", within=PATIENCE)

    def counts(self) -> Counter[tuple[str, str]]:
        return Counter((kind, number) for _, kind, number, _ in self.placed())

    def outstanding(self) -> int:
        """How many of its requests the service has still to make, or has made and not written down."""
        done = select(func.count()).where(
            Delivery.incident_id.in_(select(Incident.id).where(Incident.group_id == self.street.group_id)),
            Delivery.state.not_in([DeliveryState.WAITING, DeliveryState.CLAIMED]),
        )
        with self.stage.town.database.begin() as session:
            return len(self.expected) - (session.scalar(done) or 0)

    def holders(self) -> Counter[int]:
        """How many of its requests each process has in hand, by the process's id."""
        held = select(Delivery.owner).where(
            Delivery.incident_id.in_(select(Incident.id).where(Incident.group_id == self.street.group_id)),
            Delivery.state == DeliveryState.CLAIMED,
        )
        with self.stage.town.database.begin() as session:
            return Counter(int(owner.split(":")[1]) for owner in session.scalars(held) if owner)

    def misreported(self, timeline: Sequence[str]) -> list[str]:
        """What the incident's record does not say although it happened; `timeline` is what must stand there."""
        record = self.street.record()
        told = [each["kind"] for each in record["timeline"]]
        wrong = [f"no {kind!r} on the timeline" for kind in timeline if kind not in told]
        opened = [each.get("household") for each in record["timeline"] if each["kind"] == "opened"]
        if opened != [self.street.phones[0].home]:
            wrong.append(f"on the timeline it was opened by {opened}")
        known = {attempt["sid"] for delivery in record["deliveries"] for attempt in delivery["attempts"]}
        if unknown := [kind for _, kind, _, sid in self.placed() if sid not in known]:
            wrong.append(f"not on record although the carrier made them: {dict(Counter(unknown))}")
        return wrong


@dataclass
class Shown:
    """What a fault was done to, and what came of it that the carrier's record does not tell.

    since         the moment from which each alarm's first request is awaited (0: from when it was raised)
    timeline      what must stand on each alarm's timeline besides its opening
    outstanding   how many requests were still to be made or written down when it struck; None where it does not strike
                  in the middle of anything
    """

    alarms: list[Alarm]
    since: float = 0.0
    timeline: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)
    outstanding: int | None = None

    @property
    def struck_nothing(self) -> bool:
        """Everything had left already: it proves nothing."""
        return self.outstanding == 0


@dataclass
class Outcome:
    """Of one go: how much of what was expected was asked for, how much twice, and the longest gap in seconds.

    The gap is None where there was nothing more to ask for.
    """

    alarms: int
    requested: int
    expected: int
    doubled: int
    gap: float | None
    complaints: list[str]


class Stage:
    """One town and its alarms. `chance` decides what is left to chance."""

    def __init__(self, town: BreakableTown, chance: random.Random, postgres: Any = None, full: Any = None) -> None:
        self.town = town
        self.chance = chance
        self.server = postgres
        self.full = full
        self.neighbours = Neighbours(town)
        self._count = 0

    def alarm(self) -> Alarm:
        """A fresh group, where nobody has called yet."""
        self._count += 1
        street = self.neighbours.settle("王建国", *(f"邻居{number}" for number in range(NEIGHBOURS)))
        return Alarm(self, street, WAYS[self._count % len(WAYS)])

    def judge(self, shown: Shown) -> Outcome:
        """Wait until all is sent, and count."""
        complaints = list(shown.complaints)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not all(
            set(alarm.counts()) >= set(alarm.expected) for alarm in shown.alarms
        ):
            time.sleep(0.05)
        try:
            self.neighbours.wait_until_all_is_sent()
        except AssertionError as error:
            complaints.append(str(error))
        time.sleep(0.3)
        gaps, requested, expected, doubled = [], 0, 0, 0
        for alarm in shown.alarms:
            counts = alarm.counts()
            requested += len(set(counts) & set(alarm.expected))
            expected += len(alarm.expected)
            doubled += sum(count - 1 for count in counts.values())
            complaints += alarm.misreported(shown.timeline) if counts else []
            since = max(shown.since, alarm.raised_at)
            gaps += [at - since for at in sorted(at for at, *_ in alarm.placed() if at >= since)[:1]]
        return Outcome(len(shown.alarms), requested, expected, doubled, max(gaps, default=None), complaints)

    def clear(self) -> None:
        """Everybody goes home, and the town is whole again."""
        self.town.be_whole()
        self.neighbours.go_home()
        self.neighbours.streets.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        return
