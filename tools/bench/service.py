"""The service under measurement: real servers, the Procfile's processes, and a carrier of its own."""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config import migrations
from config.settings import Settings, load, make_environment
from joint_defense.demo.launch import RELEASE, ROOT, read_procfile
from joint_defense.demo.programs import Program, start, stop
from tests.support.ports import free_port
from tests.support.servers import PostgresServer, RedisServer
from tools.bench.cpu import cpu_seconds, proportional_megabytes

READY_WITHIN = 60.0
FOR_MEASURING = frozenset({"MERGE_WINDOW", "ALARMS_PER_HOUR", "NOBODY_AFTER", "REDIAL_AFTER"})


class Service:
    """Everything that runs, from the start of the `with` block to its end.

    `callbacks`: the carrier calls back. `as_in_a_town`: settings that are otherwise, for measuring, keep the town's
    values: how often somebody may call, what is merged, who is called again. `on_sqlite`: the database is a file.
    """

    def __init__(self, *, callbacks: bool = False, as_in_a_town: bool = False, on_sqlite: bool = False) -> None:
        self._on_sqlite = on_sqlite
        self._callbacks = callbacks
        self._as_in_a_town = as_in_a_town
        self._open = ExitStack()
        self._programs: list[Program] = []

    def __enter__(self) -> Self:
        home = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="jd-bench-")))
        redis = self._open.enter_context(RedisServer())
        servers, url = [redis.program], f"sqlite:///{home / 'town.sqlite'}"
        if not self._on_sqlite:
            postgres = self._open.enter_context(PostgresServer(durable=True))
            assert postgres.program is not None
            servers, url = [postgres.program, redis.program], postgres.url()
        carrier_port = free_port()
        self.carrier = f"http://127.0.0.1:{carrier_port}"
        environment = _environment(url, redis.url, self.carrier, home)
        if self._as_in_a_town:
            environment = {name: value for name, value in environment.items() if name not in FOR_MEASURING}
        self.settings: Settings = load(environment)
        migrations.upgrade(self.settings.database_url)
        self._open.callback(lambda: stop(self._programs))
        carrier = [sys.executable, "-m", "tools.bench.carrier", str(carrier_port)]
        if self._callbacks:
            carrier.append(self.settings.twilio_auth_token[0])
        self._programs = [start("carrier", carrier, log=home / "carrier.log", directory=ROOT)]
        for name, command in read_procfile().items():
            if name != RELEASE:
                log, variables = home / f"{name}.log", make_environment(environment)
                self._programs.append(start(name, command, log=log, environ=variables, directory=ROOT))
        self._counted = [*servers, *self._programs[1:]]
        self._wait_until_ready()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._open.close()

    def cpu(self) -> float:
        """Processor seconds of everything but the carrier, so far."""
        return cpu_seconds(program.pid for program in self._counted)

    def pids(self) -> dict[str, int]:
        """The service's own processes."""
        return {each.name: each.pid for each in self._programs if each.name in {"web", "worker", "clock", "bulk"}}

    def memory(self) -> dict[str, float]:
        """Megabytes of the service's own processes, by name; what several share is shared out among them."""
        return {name: proportional_megabytes(pid) for name, pid in self.pids().items()}

    def ask_carrier(self, method: str, path: str) -> Any:
        request = urllib.request.Request(self.carrier + path, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while True:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"{self.settings.public_base_url}/readyz", timeout=2),
            ):
                return
            fallen = next((program for program in self._programs if not program.running), None)
            if fallen is not None or time.monotonic() > deadline:
                blamed = fallen or self._programs[1]
                raise RuntimeError(f"{blamed.name} is not ready: {blamed.read_last_words()}")
            time.sleep(0.1)


def _environment(database_url: str, redis_url: str, carrier: str, home: Path) -> dict[str, str]:
    port = free_port()
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a-secret-key-of-the-benchmark",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "a-token-of-the-benchmark",
        "TWILIO_API_BASE_URL": carrier,
        "TWILIO_FROM_NUMBER": "+8657488889999",
        "CALLS_PER_SECOND": "0",
        "SMS_SEGMENTS_PER_SECOND": "0",
        # One caller raises alarm after alarm here, each of them an incident of its own.
        "MERGE_WINDOW": "0",
        "ALARMS_PER_HOUR": "100000",
        # Nobody answers here: the text that tells a caller so after a minute is not what is measured.
        "NOBODY_AFTER": "86400",
        # Nor is anybody rung again.
        "REDIAL_AFTER": "86400",
        "PORT": str(port),
        "STATE_DIR": str(home / "state"),
        "LOG_LEVEL": "WARNING",
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
    }
