"""Draining: what waits in the spool is taken in, in its order, as soon as the database is back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from config.database import clock
from config.patience import AWAY
from joint_defense import late
from joint_defense.runtime import Runtime
from joint_defense.spool import SpooledEvent

EVERY = 0.5
"""Seconds between two tries while something waits."""
log = structlog.stdlib.get_logger(__name__)


def drain(runtime: Runtime, wake: Callable[[int], None]) -> bool:
    """Take in what waits; `wake` is told of each incident that has something to send. Whether nothing waits now."""
    if not runtime.spool.count():
        return True
    with runtime.spool.turn() as mine:
        if not mine:
            return False
        for event in runtime.spool.waiting():
            try:
                incident_id = _take_in(runtime, event)
            except AWAY:
                return False
            except Exception:
                # One that cannot be taken in must not keep back the others.
                log.exception("late_event_set_aside", kind=str(event.kind), carrier_key=event.carrier_key)
                runtime.spool.set_aside(event)
                continue
            runtime.spool.remove(event)
            if incident_id is not None:
                wake(incident_id)
    return True


def _take_in(runtime: Runtime, event: SpooledEvent) -> int | None:
    with runtime.database.begin() as session:
        now = clock(session)
        taken = late.take_in(session, event, now, runtime.limits)
    seconds = round((now - event.received_at).total_seconds(), 1)
    log.warning("late_event_taken_in", kind=str(event.kind), incident_id=taken.incident_id, seconds=seconds)
    return taken.incident_id


class Drainer:
    """Drains in a thread, from the moment something was spooled until nothing waits any more."""

    def __init__(self, runtime: Runtime, wake: Callable[[int], None]) -> None:
        self._runtime = runtime
        self._wake = wake
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Something waits, or may: look after it. Returns at once."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="drainer", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End, and leave the rest to the next process."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                with self._lock:
                    # Under the lock, so that whoever spools just now finds us running or starts the next.
                    if not self._runtime.spool.count():
                        self._thread = None
                        return
                drain(self._runtime, self._wake)
            except (SQLAlchemyError, OSError) as error:
                log.error("draining_failed", error=type(error).__name__)
