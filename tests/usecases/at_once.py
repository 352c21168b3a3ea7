"""Several things at the same instant: let go together, each in its thread; or the second waits for the first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from config.database import Database

Result = TypeVar("Result")
_WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def at_once(*deeds: Callable[[], Result]) -> list[Result]:
    """What each of them came to, in their order. Raises what one of them raised."""
    gate = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Result]) -> Result:
        gate.wait(30)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [each.result(60) for each in [threads.submit(do, deed) for deed in deeds]]


def meanwhile(database: Database, first: Callable[[Session], object], then: Callable[[], Result]) -> Result:
    """On PostgreSQL: `then` begins once `first` is done and not committed: and has to wait for it."""
    with ThreadPoolExecutor(1) as threads, database.begin() as watch:
        with database.begin() as session:
            first(session)
            session.flush()
            waiting = threads.submit(then)
            until = time.monotonic() + 30
            while not watch.scalar(_WAITS) and not waiting.done() and time.monotonic() < until:
                time.sleep(0.005)
            assert not waiting.done(), "it did not wait"
        return waiting.result(30)
