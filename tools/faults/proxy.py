"""A wire that can be cut: a TCP relay in front of a server, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

PIECE = 64 * 1024


class Wire:
    """Relays to a server's address: a (host, port) or the path of a socket. `port` is where it listens.

    `refuse` turns new connections away and cuts the others, as when the server is down; `hang` takes everything and
    passes nothing on, as when a switch is dead; `mend` passes on what waited; `lead_to` leads new ones elsewhere.
    """

    def __init__(self, server: tuple[str, int] | str) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None
        self._passing: asyncio.Event
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self) -> None:
        """Nobody is there."""
        self._do(self._shut())

    def lead_to(self, server: tuple[str, int] | str) -> None:
        """New connections lead there from now on."""
        self._server = server

    def hang(self) -> None:
        """Nothing gets through, and nothing is refused."""
        self._do(self._stop_passing())

    def mend(self) -> None:
        """All is well again."""
        self._do(self._open())

    async def _open(self) -> None:
        if not hasattr(self, "_passing"):
            self._passing = asyncio.Event()
        self._passing.set()
        if self._listening is None:
            self._listening = await asyncio.start_server(self._relay, "127.0.0.1", self.port, reuse_address=True)
            self.port = self._listening.sockets[0].getsockname()[1]

    async def _stop_passing(self) -> None:
        self._passing.clear()

    async def _shut(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _close(self) -> None:
        await self._shut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            await self._passing.wait()
            if isinstance(self._server, str):
                back, there = await asyncio.open_unix_connection(self._server)
            else:
                back, there = await asyncio.open_connection(*self._server)
            self._writers.add(there)
            ways = [asyncio.ensure_future(self._carry(*way)) for way in ((reader, there), (back, writer))]
            self._tasks.update(ways)
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
                self._tasks.discard(way)
        except OSError:
            pass
        finally:
            for end in (writer, there):
                if end is not None:
                    self._writers.discard(end)
                    end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await self._passing.wait()
                writer.write(piece)
                await writer.drain()

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]
