"""Free ports for servers that cannot pick one themselves."""

from __future__ import annotations

import random
import socket


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago.

    Below those that the kernel hands out (from 32768): a connection that somebody opens meanwhile cannot take it.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
