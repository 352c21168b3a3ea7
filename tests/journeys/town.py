"""The whole service as it runs in a town: the Procfile's processes, a Redis, a database and a network of handsets.

    with Town(home, database_url) as town:
        town.kill("worker")     # as a power cut would
        town.start("worker")

Its telephones live `SPEED` times as fast as ours, and so does what the service does by its own watch.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from config.database import Database, read_clock
from config.settings import make_environment
from joint_defense.demo.launch import ROOT, read_procfile
from joint_defense.demo.programs import Program, start
from joint_defense.incidents import policies
from joint_defense.rules import escalation
from tests.support import carrier_verbs
from tests.support.handsets import Network, eventually
from tests.support.ports import free_port
from tests.support.servers import RedisServer

SPEED = 20
OUR_NUMBER = "+8657488880009"
DIRECT_NUMBER = "+8657488880110"
"""Whoever calls this one need not press anything."""
SERVICE = ("web", "worker", "clock")
STARTED_WITHIN = 90
_PHONE_NUMBER = re.compile(r"\+86(?:1[0-9]{10}|574[0-9]{8})")


class Town:
    """Every process of the service, by its name in the Procfile; `redis` besides."""

    def __init__(self, home: Path, database_url: str, speed: float = SPEED, dialect: str = "twilio") -> None:
        self.dialect = dialect
        self.speed = speed
        self.home = home
        self.database = Database(database_url)
        self._redis = RedisServer()
        self._programs: dict[str, Program] = {}
        self._commands = read_procfile()
        self._read_logs: dict[Path, int] = {}
        self._web_sends = False
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._account = "AC" + secrets.token_hex(16)
        self._token = secrets.token_hex(16)
        self._signing_key = f"PSK_{secrets.token_hex(16)}"
        self._database_url = database_url
        self.network: Network

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        with ExitStack() as started:
            started.callback(self.database.close)
            started.enter_context(self._redis)
            self.network = started.enter_context(self._make_network())
            started.callback(self._kill_all)
            self._environment = make_environment(self._settings())
            # Nobody is called besides, unless a test says so: most of them answer with fewer than two.
            self.widen_as({"steps": []})
            for name in SERVICE:
                self._launch(name)
            self.wait_until_ready()
            self._ending = started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._ending.close()

    def _make_network(self) -> Network:
        return Network.launch(
            account_sid=self._account,
            auth_token=self._token,
            numbers=[OUR_NUMBER, DIRECT_NUMBER],
            voice_url=f"{self.url}/voice/inbound",
            sms_url=f"{self.url}/sms/inbound",
            speed=self.speed,
            options=[
                *("--voice-status-url", f"{self.url}/voice/ended"),
                *("--dialect", self.dialect, "--signing-key", self._signing_key),
            ],
        )

    def _kill_all(self) -> None:
        for program in self._programs.values():
            program.kill()

    def _settings(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self._database_url,
            "REDIS_URL": self._redis.url,
            "SECRET_KEY": secrets.token_hex(16),
            "PUBLIC_BASE_URL": self.url,
            "TWILIO_ACCOUNT_SID": self._account,
            "TWILIO_AUTH_TOKEN": self._token,
            "TWILIO_API_BASE_URL": self.network.url + ("/api/laml" if self.dialect == "signalwire" else ""),
            "TWILIO_FROM_NUMBER": OUR_NUMBER,
            "CARRIER_DIALECT": self.dialect,
            # Only SignalWire signs with it; its API stands under a path.
            "CARRIER_SIGNING_KEY": self._signing_key,
            "DIRECT_NUMBERS": DIRECT_NUMBER,
            "CALLS_PER_SECOND": "0",
            "SMS_SEGMENTS_PER_SECOND": "0",
            # Whoever is at several telephones of a test, one after the other, needs time.
            "RING_TIMEOUT": "50",
            # So late that nobody is rung again who does not expect it; test_redials has its own.
            "REDIAL_AFTER": "3600",
            "NOBODY_AFTER": str(60 / self.speed),
            "NOBODY_AGAIN": str(20 / self.speed),
            # Not scaled: hung-up callers are told of by the number's status callback, and a busy machine is slow.
            "CALLER_GONE_AFTER": "15",
            "STATE_DIR": str(self.home / "state"),
            "PORT": str(self._port),
            "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{self._port}",
        }

    def kill(self, name: str) -> None:
        """End a process and its children at once, as a crash or a power cut would."""
        if name == "redis":
            # From now on web may send by itself, and would hide a sender's failure in a later test.
            self._web_sends = True
            self._redis.kill()
        else:
            self._programs.pop(name).kill()

    def end(self, name: str) -> None:
        """Tell a process to end, and wait until it has."""
        program = self._programs.pop(name)
        program.send(program.stop_signal)
        program.popen.wait(timeout=STARTED_WITHIN)

    def start(self, name: str, **settings: str) -> None:
        """Start a process again, with these settings changed for it, and wait until all are there."""
        if name == "redis":
            self._redis.start()
        else:
            self._launch(name, settings)
        self.wait_until_ready()

    def beside(self, name: str, **settings: str) -> Program:
        """One more process of this name, which whoever asked for it ends."""
        return start(
            name,
            self._commands[name],
            log=self._log(name),
            environ=self._environment | settings,
            directory=ROOT,
        )

    def recover(self) -> None:
        """Bring back what is gone, and forget what was logged."""
        self.network.mend()
        if not self._redis.program.running:
            self._redis.start()
        for name in SERVICE:
            if name not in self._programs:
                self._launch(name)
        if self._web_sends:
            self.kill("web")
            self._launch("web")
        self.wait_until_ready()
        self.trouble()

    def wait_until_ready(self) -> None:
        """Until web, database, Redis, worker and clock all say that they are there."""
        eventually(self._is_ready, "the service is ready", within=STARTED_WITHIN)

    def run(self, *arguments: str) -> str:
        """Run one of the service's commands to its end; what it printed."""
        command = start(
            "command",
            ["flask", "--app", "app", *arguments],
            log=self._log("command"),
            environ=self._environment,
            directory=ROOT,
        )
        assert command.popen.wait(timeout=STARTED_WITHIN) == 0, command.read_last_words()
        return command.read_last_words(lines=1)

    def widen_as(self, policy: dict[str, Any]) -> None:
        """From now on incidents are widened like this."""
        with self.database.begin() as session:
            policies.change(session, None, escalation.from_json(policy), "tests", read_clock(session))

    def check_documents(self) -> None:
        """Whatever the service has answered or sent along with a call is in the carrier's own language."""
        answered = [asked["response"] for asked in self.network.webhooks()]
        for document in answered + [asked["twiml"] for asked in self.network.requests("call")]:
            # The network keeps no more than the beginning of a long one.
            if document and document.rstrip().endswith("</Response>"):
                by_name = any(word in document for word in ("<Conference", "/alone", "dtmf speech"))
                carrier_verbs.check(document, self.dialect if by_name else "common")

    def trouble(self) -> list[str]:
        """What the processes have logged as an error since this was asked last, and numbers that stand unmasked."""
        found = []
        for entry in self._new_lines():
            if _PHONE_NUMBER.search(entry):
                found.append(f"a number stands unmasked: {entry}")
            elif not entry.startswith("{") or json.loads(entry).get("level") in {"error", "critical"}:
                found.append(entry)
        return found

    def _new_lines(self) -> Iterator[str]:
        for name in SERVICE:
            path = self._log(name)
            with path.open("rb") as log:
                log.seek(self._read_logs.get(path, 0))
                text = log.read()
            self._read_logs[path] = self._read_logs.get(path, 0) + len(text)
            yield from text.decode(errors="replace").splitlines()

    def _is_ready(self) -> bool:
        for name, program in self._programs.items():
            assert program.running, f"{name} has ended: {program.read_last_words()}"
        try:
            return requests.get(f"{self.url}/readyz", timeout=30).status_code == 200
        except requests.RequestException:
            return False

    def _launch(self, name: str, settings: Mapping[str, str] | None = None) -> None:
        if name == "web":
            self._web_sends = False
        self._programs[name] = start(
            name,
            self._commands[name],
            log=self._log(name),
            environ=self._environment | dict(settings or {}),
            directory=ROOT,
        )

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"
