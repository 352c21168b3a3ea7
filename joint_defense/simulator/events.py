"""Changes as they happen, for whoever watches: a browser page, a demonstration's timeline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

# A watcher that reads slower than the network changes loses the oldest changes, and is told so.
BACKLOG = 2_000


class Hub:
    """Hands every change to every watcher. Without a watcher a change costs nothing."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[str | None]] = set()

    def publish(self, kind: str, view: Callable[[], Mapping[str, Any]]) -> None:
        """Tell the watchers of a change; `view` draws it, and is asked only when somebody watches."""
        if not self._watchers:
            return
        event = f"event: {kind}\ndata: {json.dumps(view(), ensure_ascii=False)}\n\n"
        for watcher in self._watchers:
            if watcher.full():
                with suppress(asyncio.QueueEmpty):
                    watcher.get_nowait()
            watcher.put_nowait(event)

    async def watch(self) -> AsyncIterator[str]:
        """Changes from now on, as server-sent events; a comment every 15 s shows that the line is alive."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(BACKLOG)
        self._watchers.add(queue)
        try:
            yield ": watching\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), 15)
                except TimeoutError:
                    yield ": alive\n\n"
                    continue
                if event is None:
                    return
                yield event
        finally:
            self._watchers.discard(queue)

    def close(self) -> None:
        """End every stream, so that the process can end."""
        for watcher in self._watchers:
            if watcher.full():
                watcher.get_nowait()
            watcher.put_nowait(None)
