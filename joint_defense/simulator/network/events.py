"""Changes as they happen, for whoever watches: a browser page, a demonstration's timeline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from typing import Any

# A watcher that reads slower than the network changes loses the oldest changes, and is told so.
BACKLOG = 2_000
ALIVE_EVERY = 15.0


Change = tuple[str, Mapping[str, Any]]
"""A kind, and what it is about."""


class Hub:
    """Hands every change to every watcher. Without a watcher a change costs nothing."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Change | None]] = set()

    def publish(self, kind: str, view: Callable[[], Mapping[str, Any]]) -> None:
        """Tell the watchers of a change; `view` draws it, and is asked only when somebody watches."""
        if not self._watchers:
            return
        change = kind, view()
        for watcher in self._watchers:
            if watcher.full():
                with suppress(asyncio.QueueEmpty):
                    watcher.get_nowait()
            watcher.put_nowait(change)

    async def changes(self) -> AsyncGenerator[list[Change]]:
        """Changes from now on, as many at a time as there are; none at all once at first, and after each 15 s."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(BACKLOG)
        self._watchers.add(queue)
        try:
            found: list[Change] = []
            yield found
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), ALIVE_EVERY)
                except TimeoutError:
                    yield []
                    continue
                found = []
                while change is not None:
                    found.append(change)
                    if queue.empty():
                        break
                    change = queue.get_nowait()
                yield found
                if change is None:
                    return
        finally:
            self._watchers.discard(queue)

    def close(self) -> None:
        """End every stream, so that the process can end."""
        for watcher in self._watchers:
            if watcher.full():
                watcher.get_nowait()
            watcher.put_nowait(None)


def as_event(kind: str, view: Mapping[str, Any]) -> str:
    """A change as a server-sent event."""
    return f"event: {kind}\ndata: {json.dumps(view, ensure_ascii=False)}\n\n"
