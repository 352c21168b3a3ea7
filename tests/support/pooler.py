"""A pooler in transaction mode before a PostgreSQL, as pgbouncer is one: each transaction gets another connection."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_STARTUP = 196608
_READY, _TERMINATE, _KEY_DATA = b"Z", b"X", b"K"
# What is answered by a ReadyForQuery: a simple query, the end of an extended one, a function's call.
_ASKS = frozenset((b"Q", b"S", b"F"))
_IDLE = b"I"


class _Server:
    """One connection to PostgreSQL, and what it said at its beginning."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, greeting: bytes) -> None:
        self.reader, self.writer, self.greeting = reader, writer, greeting
        self.unanswered = 0

    @classmethod
    async def open(cls, socket: str, database: str) -> _Server:
        reader, writer = await asyncio.open_unix_connection(socket)
        words = b"".join(word + b"\0" for word in (b"user", b"postgres", b"database", database.encode(), b""))
        writer.write((len(words) + 8).to_bytes(4) + _STARTUP.to_bytes(4) + words)
        greeting = b""
        while True:
            kind, message = await _read_message(reader)
            greeting += message if kind != _KEY_DATA else b""
            if kind == _READY:
                return cls(reader, writer, greeting)


class Pooler:
    """`url` leads to the database through it. Nothing of a connection outlives a transaction, and nobody is told."""

    def __init__(self, server_socket: str, database: str, *, connections: int = 3) -> None:
        self._socket, self._database, self._connections = server_socket, database, connections
        self._home = Path(tempfile.mkdtemp(prefix="jdtest-pooler-", dir="/tmp"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="pooler", daemon=True)
        self._listening = threading.Event()
        self._free: asyncio.Queue[_Server]
        self.url = f"postgresql+psycopg://postgres@/{database}?host={self._home}"
        self.has_server = True
        """Whether the PostgreSQL behind it can be reached; it itself goes on to answer."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(30), "the pooler does not listen"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)
        shutil.rmtree(self._home)

    def _run(self) -> None:
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        self._stopping, self._free = asyncio.Event(), asyncio.Queue()
        for _ in range(self._connections):
            self._free.put_nowait(await _Server.open(self._socket, self._database))
        clients: set[asyncio.Task[None]] = set()

        def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            clients.add(asyncio.create_task(self._serve(reader, writer)))

        async with await asyncio.start_unix_server(welcome, self._home / ".s.PGSQL.5432"):
            self._listening.set()
            await self._stopping.wait()
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        while not self._free.empty():
            self._free.get_nowait().writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(self._free, writer)
        try:
            await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)
            free = await self._free.get()
            self._free.put_nowait(free)
            writer.write(free.greeting)
            while True:
                kind, message = await _read_message(reader)
                if kind == _TERMINATE:
                    return
                if not self.has_server and client.server is None:
                    writer.write(_make_error("08P01", "server login has been failing"))
                    return
                await client.pass_on(kind, message)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            if (left := client.leave()) is not None:
                # In the middle of a transaction: nobody gets this connection any more.
                left.writer.close()
                self._free.put_nowait(await _Server.open(self._socket, self._database))
            writer.close()


class _Client:
    """Somebody who believes to have a connection: the server's, from the first word of a transaction to its end."""

    def __init__(self, free: asyncio.Queue[_Server], writer: asyncio.StreamWriter) -> None:
        self._free, self._writer = free, writer
        self.server: _Server | None = None
        self._answers: asyncio.Task[None] | None = None

    async def pass_on(self, kind: bytes, message: bytes) -> None:
        if self.server is None:
            self.server = await self._free.get()
            self._answers = asyncio.create_task(self._pass_back(self.server))
        self.server.unanswered += kind in _ASKS
        self.server.writer.write(message)

    async def _pass_back(self, server: _Server) -> None:
        while True:
            kind, message = await _read_message(server.reader)
            if kind == _READY:
                server.unanswered -= 1
                if message[-1:] == _IDLE and not server.unanswered:
                    # Before its client hears of it, whose next word is to find it gone.
                    self.server = None
                    self._free.put_nowait(server)
                    self._writer.write(message)
                    return
            self._writer.write(message)

    def leave(self) -> _Server | None:
        """The connection that it still has in hand."""
        if self.server is not None and self._answers is not None:
            self._answers.cancel()
        return self.server


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Its kind, and all of it."""
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


def _make_error(state: str, said: str) -> bytes:
    fields = b"".join(name + word.encode() + b"\0" for name, word in ((b"S", "FATAL"), (b"C", state), (b"M", said)))
    return b"E" + (len(fields) + 5).to_bytes(4) + fields + b"\0"
