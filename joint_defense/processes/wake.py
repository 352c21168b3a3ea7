"""A dispatcher beside other work: in a thread, started with the process or only when Redis is away."""

from __future__ import annotations

import asyncio
import threading

import structlog
from redis.exceptions import RedisError

from joint_defense.processes import queues
from joint_defense.processes.dispatcher import LET_FINISH, Dispatcher
from joint_defense.processes.runtime import Runtime

log = structlog.stdlib.get_logger(__name__)


class DispatcherThread:
    """A Dispatcher in a thread of its own, for processes whose main thread does something else."""

    def __init__(self, runtime: Runtime, role: str) -> None:
        self._runtime = runtime
        self._role = role
        self._loop = asyncio.new_event_loop()
        self._dispatcher: Dispatcher | None = None
        self.stopping = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Something is due: look now. Safe from any thread."""
        if self._dispatcher is not None:
            self._loop.call_soon_threadsafe(self._dispatcher.wake)

    def stop(self) -> None:
        """Finish what is in flight and end. Returns when it has."""
        self.stopping = True
        if not self._thread.is_alive():
            return
        if self._dispatcher is not None:
            self._loop.call_soon_threadsafe(self._dispatcher.stop)
        self._thread.join(2 * LET_FINISH + 2)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._dispatcher = Dispatcher(self._runtime, self._role)
        if self.stopping:  # told so before it was there to be told
            self._dispatcher.stop()
        await self._dispatcher.run()

    @property
    def is_alive(self) -> bool:
        """Whether it still sends."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until it has ended, for whatever reason."""
        self._thread.join()


class Waker:
    """Wakes the workers after a commit; when Redis is away, this process sends by itself."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._own: DispatcherThread | None = None
        self._lock = threading.Lock()

    def wake(self, incident_id: int) -> None:
        """Something of this incident is due. Never raises: the alarm is in the database already."""
        try:
            queues.wake(self._runtime.redis, incident_id)
        except RedisError as error:
            log.error("redis_away", incident_id=incident_id, error=type(error).__name__)
            with self._lock:
                if self._own is None or not self._own.is_alive:
                    self._own = DispatcherThread(self._runtime, "web")
                    self._own.start()
                    return
                self._own.wake()

    def close(self) -> None:
        """Stop sending by itself, once what is in flight has come back."""
        with self._lock:
            if self._own is not None:
                self._own.stop()
                self._own = None
