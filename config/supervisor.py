"""What a process tells whoever supervises it (systemd): that it serves, and that it lives. Elsewhere nothing."""

from __future__ import annotations

import socket
from contextlib import suppress

from config import settings

READY, ALIVE = "READY=1", "WATCHDOG=1"


def say_ready() -> None:
    """It serves from now on."""
    tell(settings.read_variable("NOTIFY_SOCKET"), READY)


def say_alive() -> None:
    """Its loop goes round. Where this stops for `WatchdogSec`, systemd starts another."""
    tell(settings.read_variable("NOTIFY_SOCKET"), ALIVE)


def tell(address: str, word: str) -> None:
    """Say it at this address; "" for nobody. Whoever supervises may be gone: that is no reason to stop."""
    if not address:
        return
    # "@" begins an address that is no file.
    where = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.connect(where)
        line.sendall(word.encode())
