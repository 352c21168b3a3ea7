"""Where a demo lives: its secrets, database, logs, and the one lock that keeps two of them apart."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from joint_defense.demo.programs import DemoTrouble, Program, kill_family, read_birth

OWN_NUMBER = "+8657488889999"
HOST = "127.0.0.1"


class Home:
    """A directory that only its user can read. Everything in it is made at the first run and kept."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        self.logs = directory / "logs"
        self.logs.mkdir(exist_ok=True)
        self._lock: IO[str] | None = None

    @property
    def auth_token_file(self) -> Path:
        self._read_secret("auth_token", 16)
        return self.directory / "auth_token"

    @property
    def account_sid(self) -> str:
        return f"AC{self._read_secret('account', 16)}"

    def hold(self) -> None:
        """Keep other demos out for as long as this process lives, and end what a killed one left running.

        Raises DemoTrouble where another one runs.
        """
        self._lock = (self.directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoTrouble(
                "a demo is running from this directory already: stop it first (Ctrl-C where it runs)"
            ) from None
        for line in self._families.read_text().splitlines() if self._families.exists() else ():
            pid, _, birth = line.partition(" ")
            # A number that was given to another program meanwhile has another time of birth.
            if pid.isdigit() and birth and read_birth(int(pid)) == birth:
                kill_family(int(pid))
        self._families.unlink(missing_ok=True)
        # The last words of a process are looked for in its log: they must be this run's.
        for log in self.logs.iterdir():
            log.unlink()

    def clear(self) -> None:
        """Forget what earlier demos have left: town, accounts, secrets. Only for whoever holds it."""
        for entry in self.directory.iterdir():
            if entry.is_dir() and entry != self.logs:
                shutil.rmtree(entry)
            elif entry.is_file() and entry.name != "lock":
                entry.unlink()

    def remember(self, programs: list[Program]) -> None:
        """Note who runs, for the next demo to end should this one be killed."""
        self._families.write_text("".join(f"{each.pid} {read_birth(each.pid)}\n" for each in programs))

    def let_go(self) -> None:
        """Everything has ended."""
        self._families.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            with suppress(FileNotFoundError):
                (self.directory / "lock").unlink()

    def make_environment(self, *, port: int, sim_port: int, database_url: str | None, redis_url: str) -> dict[str, str]:
        """The settings of the demo's processes. Its carrier is the simulator, and nothing else can make it another."""
        return {
            "DATABASE_URL": database_url or f"sqlite:///{self.directory.resolve() / 'town.sqlite'}",
            "REDIS_URL": redis_url,
            "SECRET_KEY": self._read_secret("secret_key", 32),
            "PUBLIC_BASE_URL": f"http://{HOST}:{port}",
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self._read_secret("auth_token", 16),
            "TWILIO_API_BASE_URL": f"http://{HOST}:{sim_port}",
            "TWILIO_FROM_NUMBER": OWN_NUMBER,
            "CARRIER_DIALECT": "twilio",
            "TOWN_OFFICE_PHONE": "0574 8888 0000",
            # The simulator's lines are not scarce: what is to be seen is how fast we are.
            "CALLS_PER_SECOND": "0",
            "SMS_SEGMENTS_PER_SECOND": "0",
            "STATE_DIR": str(self.directory.resolve() / "state"),
            "PORT": str(port),
            # Eight threads are plenty for one machine's visitors, and each further process costs a second's start.
            "WEB_WORKERS": "1",
            # A town of simulated handsets is nobody's business but this machine's.
            "GUNICORN_CMD_ARGS": f"--bind {HOST}:{port}",
        }

    @property
    def _families(self) -> Path:
        return self.directory / "running"

    def _read_secret(self, name: str, size: int) -> str:
        """A random secret of `size` bytes in hexadecimal, the same at every run."""
        path = self.directory / name
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(size))
            draft.rename(path)
        return path.read_text()


def check_port(port: int, variable: str, what: str) -> None:
    """Raise DemoTrouble, naming the variable to change, unless something can listen on this port."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError as error:
            example = f"make demo {variable}={port + 1000 if port < 64000 else 8000}"
            raise DemoTrouble(f"port {port} for {what} cannot be used ({error.strerror}): try {example}") from None
