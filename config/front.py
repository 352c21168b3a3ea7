"""The front of the web process: whole requests only, and the carrier's before the pages'.

gunicorn's own threads read a request themselves, so that whoever sends half of one holds a thread, and a few of them
hold the service. Here one loop (waitress) reads all connections; a thread is given a request once its last byte is
there. What is not there in time is dropped. Webhooks have threads of their own: no page keeps an alarm waiting.

gunicorn still forks, watches, reloads and ends the processes.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher

HEAD_SECONDS = 10.0
"""From a connection's or request's first moment until its head is there."""
BODY_SECONDS = 30.0
SLOWEST = 16 * 1024
"""Bytes a second that a body must bring after that: a list of 10 MB over a poor line takes ten minutes."""
IDLE_SECONDS = 15.0
"""Carriers and browsers come back within seconds: a connection stays open for them."""
UNREAD_SECONDS = 60.0
"""So long an answer may lie there unread."""
LARGEST_HEAD = 32 * 1024
LARGEST_BODY = 12 * 1024 * 1024
"""Of any request: a list of 10 MB and its form. Other pages and the webhooks have smaller limits of their own."""
MOST_CONNECTIONS = 2000
TURN = 0.5
"""Seconds between looks at the deadlines, and at whether the process is to end."""
LINGER = 0.5
"""Seconds that a process that is to end waits for requests on the connections it has let in."""
FIRST = ("/voice/", "/sms/", "/status/", "/healthz", "/readyz")
"""Where the carrier and the watchers come in."""


class Lanes:
    """Two pools of threads: one for what cannot wait, one for the pages."""

    def __init__(self, first: int, pages: int) -> None:
        self._first, self._pages = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        self._first.set_thread_count(first)
        self._pages.set_thread_count(pages)

    def add_task(self, channel: Any) -> None:
        """Have a connection's next whole request answered."""
        path: str = channel.requests[0].path if channel.requests else ""
        (self._first if path.startswith(FIRST) else self._pages).add_task(channel)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> None:
        """End the threads, once they have answered what they have in hand."""
        self._first.shutdown(cancel_pending, timeout)
        self._pages.shutdown(cancel_pending, timeout)


class TimedChannel(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """A connection that knows since when it has owed us a request, its head or its body."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.owes_since = time.monotonic()
        self.answered = False
        super().__init__(*arguments, **named)

    def received(self, data: bytes) -> Any:
        """Bytes came. The clock of a request starts with its first one."""
        if self.request is None and self.answered:
            self.owes_since = time.monotonic()
        done = super().received(data)
        if self.requests:
            self.answered = True
        return done

    def is_overdue(self, now: float) -> bool:
        """Whether what it owes should have been there by now."""
        if self.requests or self.total_outbufs_len:
            self.owes_since = now  # it is our turn, unless they do not take what we answer
            return not self.requests and bool(time.time() - self.last_activity > UNREAD_SECONDS)
        owed = now - self.owes_since
        if self.request is None:
            return owed > (IDLE_SECONDS if self.answered else HEAD_SECONDS)
        if not self.request.headers_finished:
            return owed > HEAD_SECONDS
        return bool(owed > BODY_SECONDS + self.request.content_length / SLOWEST)


class BufferedWorker(Worker):  # type: ignore[misc] # gunicorn has no types
    """A gunicorn worker whose connections waitress reads."""

    def run(self) -> None:
        """Serve until told to end."""
        connections: dict[int, Any] = {}
        lanes = Lanes(self.cfg.threads, max(2, self.cfg.threads // 2))
        servers = [self._listen(each, connections, lanes) for each in self.sockets]
        while self.alive:
            self.notify()
            wasyncore.loop(timeout=TURN, use_poll=True, map=connections, count=1)
            _drop_overdue(connections)
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                break
        self._finish(connections, servers)
        lanes.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(connections, ignore_all=True)

    def _listen(self, listener: Any, connections: dict[int, Any], lanes: Lanes) -> BaseWSGIServer:
        bound: socket.socket = listener.sock
        settings = Adjustments(
            sockets=[],
            threads=self.cfg.threads,
            ident=None,
            connection_limit=MOST_CONNECTIONS,
            cleanup_interval=3600,  # `_drop_overdue` does it
            max_request_header_size=LARGEST_HEAD,
            max_request_body_size=LARGEST_BODY,
            clear_untrusted_proxy_headers=False,
            asyncore_use_poll=True,
        )
        kind = UnixWSGIServer if bound.family == socket.AF_UNIX else TcpWSGIServer
        server = kind(
            self.wsgi,
            connections,
            True,
            bound,
            dispatcher=lanes,
            adj=settings,
            bind_socket=False,
            sockinfo=(bound.family, bound.type, bound.proto, bound.getsockname()),
        )
        server.channel_class = TimedChannel
        return server

    def _finish(self, connections: dict[int, Any], servers: list[BaseWSGIServer]) -> None:
        """Take no more, and let what is in hand be answered."""
        for server in servers:
            server.accepting = False
            server.del_channel(connections)
        started = time.monotonic()
        # Whoever was let in a moment ago has said nothing yet.
        until, lingers = started + self.cfg.graceful_timeout, started + LINGER
        while (now := time.monotonic()) < until and (
            now < lingers or any(_is_at_work(each) for each in connections.values())
        ):
            self.notify()
            wasyncore.loop(timeout=0.05, use_poll=True, map=connections, count=1)


def _is_at_work(connection: Any) -> bool:
    return isinstance(connection, TimedChannel) and bool(connection.requests or connection.total_outbufs_len)


def _drop_overdue(connections: dict[int, Any]) -> None:
    now = time.monotonic()
    for each in list(connections.values()):
        if isinstance(each, TimedChannel) and each.is_overdue(now):
            each.handle_close()
