"""Starting the whole service as the Procfile says, with its Redis and the simulator, keeping it up, and ending it.

The Procfile: the one place that says which processes the service is made of.

Accounts for whoever looks at the demo, one a role: made at the first run, their password printed once.
"""

from __future__ import annotations

import secrets
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from config.settings import make_environment
from joint_defense.demo.embedded_redis import EmbeddedRedis
from joint_defense.demo.home import HOST, OWN_NUMBER, Home
from joint_defense.demo.programs import DemoTrouble, Program, start, stop

MOST_RESTARTS = 5
PATIENCE = 60.0


class Launch:
    """The demo's processes. `stop_all` ends every one of them, whatever state the start is in."""

    def __init__(self, home: Home, settings: Mapping[str, str], redis: EmbeddedRedis) -> None:
        self._home = home
        self._environment = make_environment(settings)
        self._redis = redis
        self._commands = read_procfile()
        self._running: dict[str, Program] = {}
        self._restarts: Counter[str] = Counter()

    def start_redis(self) -> None:
        """Raises DemoTrouble."""
        self._keep(self._redis.start())

    def start_simulator(self, port: int, web_port: int, speed: float) -> None:
        """The carrier and its handsets; they call our webhooks."""
        web = f"http://{HOST}:{web_port}"
        self._commands["simulator"] = [
            *(sys.executable, "-m", "joint_defense.simulator", "--port", str(port), "--speed", str(speed)),
            *("--account-sid", self._home.account_sid, "--auth-token-file", str(self._home.auth_token_file)),
            *("--number", OWN_NUMBER, "--voice-url", f"{web}/voice/inbound", "--sms-url", f"{web}/sms/inbound"),
        ]
        self._start("simulator")

    def run_once(self, name: str, command: Sequence[str] = ()) -> None:
        """Run a command to its end. Raises DemoTrouble with its last line where it fails."""
        program = start(
            name,
            command or self._commands[RELEASE],
            log=self._log(name),
            environ=self._environment,
            directory=ROOT,
        )
        self._keep(program)
        code = program.popen.wait()
        del self._running[name]
        if code != 0:
            raise DemoTrouble(f"{name} failed: {program.read_last_words(1) or f'exit code {code}'}")

    def run_with_input(self, name: str, command: Sequence[str], given: str) -> None:
        """Run a command to its end that reads a secret; nothing of it is logged. Raises DemoTrouble where it fails."""
        program = Path(sys.executable).with_name(command[0])
        ended = subprocess.run(  # noqa: S603 - our own command
            [str(program), *command[1:]],
            input=given,
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise DemoTrouble(f"{name} failed: {ended.stderr.strip().rpartition(chr(10))[2]}")

    def start_service(self) -> None:
        """Every process of the Procfile but the release, at once."""
        for name in self._commands:
            if name not in {RELEASE, "simulator"}:
                self._start(name)

    def wait_until_ready(self, addresses: Sequence[str]) -> None:
        """Until each of these answers 200. Raises DemoTrouble when a process ends meanwhile, or after a minute."""
        deadline = time.monotonic() + PATIENCE
        for address in addresses:
            while not _answers(address):
                for program in self._running.values():
                    if not program.running:
                        raise DemoTrouble(f"{program.name} ended: {program.read_last_words(1) or 'it left no word'}")
                if time.monotonic() > deadline:
                    raise DemoTrouble(f"{address} is not ready after {PATIENCE:.0f} s; see {self._home.logs}")
                time.sleep(0.05)

    def restart_the_fallen(self) -> dict[str, str]:
        """Start again what has ended by itself: name -> a line. Raises DemoTrouble for one that will not stay up."""
        lines = {}
        for name, program in list(self._running.items()):
            if program.running:
                continue
            code = program.popen.returncode
            program.kill()
            self._restarts[name] += 1
            if self._restarts[name] > MOST_RESTARTS:
                raise DemoTrouble(f"{name} keeps ending (exit code {code}): {program.read_last_words(1)}")
            lines[name] = f"{name} ended (exit code {code}) and was started again"
            if name == "redis":
                self._keep(self._redis.start())
            else:
                self._start(name)
        return lines

    def stop_all(self) -> list[str]:
        """End every process; Redis last, because the others talk to it. Returns who had to be killed."""
        redis = self._running.pop("redis", None)
        stubborn = stop(self._running.values())
        if redis is not None:
            stubborn += stop([redis])
        self._running.clear()
        return [program.name for program in stubborn]

    def _start(self, name: str) -> None:
        command = self._commands[name]
        self._keep(start(name, command, log=self._log(name), environ=self._environment, directory=ROOT))

    def _keep(self, program: Program) -> None:
        self._running[program.name] = program
        self._home.remember(list(self._running.values()))

    def _log(self, name: str) -> Path:
        return self._home.logs / f"{name}.log"


def _answers(address: str) -> bool:
    with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310
        return bool(answer.status == 200)
    return False


ROOT = Path(__file__).resolve().parents[2]
RELEASE = "release"


def read_procfile(path: Path = ROOT / "Procfile") -> dict[str, list[str]]:
    """The command of each process type, in the file's order, `release` (run once, before the others) among them."""
    commands = {}
    for line in path.read_text().splitlines():
        name, separator, command = line.partition(":")
        if separator and not line.startswith("#"):
            commands[name.strip()] = shlex.split(command)
    return commands


OPERATOR = "operator"
OTHERS = {"head": "village_head", "liaison": "liaison", "admin": "admin"}
"""Their names, and the roles they have."""
HEADS_PHONE = "+8619800009901"
"""In no roster: whoever watches sees the text with the link among the handsets in no list."""
_PASSWORD_BYTES = 9
_ACCOUNTS = ("flask", "--app", "app", "accounts")


def are_known(session: Session) -> bool:
    """Whether the accounts stand already."""
    return len(_list_accounts(session)) == 1 + len(OTHERS)


def give_password(launch: Launch, session: Session, village_code: str) -> str:
    """Make the accounts, or give those that stand another password; the head's village is the shown one.

    The password, which is kept nowhere: the demo's people are invented, so one serves all four. Raises DemoTrouble.
    """
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    existing = _list_accounts(session)
    session.rollback()  # SQLite has one writer, and the commands are to write
    for name, role in {OPERATOR: OPERATOR, **OTHERS}.items():
        of = ("--village", village_code, "--phone", HEADS_PHONE) if role == "village_head" else ()
        doing = ("reset-password", name) if name in existing else ("create", name, "--role", role, *of)
        launch.run_with_input("accounts", (*_ACCOUNTS, *doing, "--password-stdin"), password)
    return password


def _list_accounts(session: Session) -> set[str]:
    names = session.scalars(text("SELECT name FROM accounts WHERE archived_at IS NULL"))
    return {OPERATOR, *OTHERS} & set(names)
