"""An event loop whose time passes only when nobody has anything to do, and processes in it that can be killed."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any


class Killed(BaseException):
    """The process that runs this code is gone, at this very statement."""


class Process:
    """Whatever runs in it stops for good when it is killed; nothing is cleaned up but what the kernel does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.hangs_until = 0.0
        self.held_back = 0
        self.at_death: list[Callable[[], object]] = []

    def kill(self) -> None:
        if not self.dead:
            self.dead = True
            for each in self.at_death:
                each()


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class _Guarded:
    """A callback that the dead do not run, and the hung run when they go on, unless it was cancelled meanwhile."""

    def __init__(self, loop: VirtualLoop, callback: Callable[..., Any]) -> None:
        self._loop, self._callback = loop, callback
        self.handle: asyncio.Handle | None = None

    def __call__(self, *arguments: Any) -> None:
        process = PROCESS.get()
        if process is None:
            self._callback(*arguments)
            return
        if process.dead or (self.handle is not None and self.handle.cancelled()):
            return
        if process.hangs_until > self._loop.now:
            self._loop.put_off(process, self, arguments)
            return
        if self._loop.strikes(process):
            process.kill()
            return
        try:
            self._callback(*arguments)
        except Killed:
            process.kill()


class _Selector:
    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing will ever happen again")
        self._loop.now += timeout
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """Time is `now`, in seconds from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.strikes: Callable[[Process], bool] = lambda _: False
        """Whether a process dies at this step."""
        self._selector = _Selector(self)
        self._over = False
        # Kept to the end: a task that is thrown away runs what it has in `finally`, and the dead do not.
        self._tasks: list[asyncio.Task[Any]] = []
        self.set_task_factory(self._make_task)

    def _make_task(self, loop: asyncio.AbstractEventLoop, work: Any, **named: Any) -> asyncio.Task[Any]:
        made: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **named)
        made._log_destroy_pending = False  # type: ignore[attr-defined]
        self._tasks.append(made)
        if len(self._tasks) > 4000:
            self._tasks = [each for each in self._tasks if not each.done()]
        return made

    def time(self) -> float:
        return self.now

    def _process_events(self, _events: list[Any]) -> None:
        return

    def _write_to_self(self) -> None:
        return

    def call_soon(  # type: ignore[override]
        self, callback: Any, *arguments: Any, context: Any = None
    ) -> asyncio.Handle:
        if self._over:
            return asyncio.Handle(callback, arguments, self)
        guarded = _Guarded(self, callback)
        guarded.handle = handle = super().call_soon(guarded, *arguments, context=context)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *arguments: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        guarded = _Guarded(self, callback)
        guarded.handle = handle = super().call_at(when, guarded, *arguments, context=context)
        return handle

    def put_off(self, process: Process, guarded: _Guarded, arguments: tuple[Any, ...]) -> None:
        """It is run once its process goes on, in its order."""
        process.held_back += 1
        after = process.hangs_until + process.held_back * 1e-9
        super().call_at(after, guarded, *arguments, context=contextvars.copy_context())

    def run_in_executor(self, _executor: Any, work: Any, *arguments: Any) -> Any:  # type: ignore[override]
        """At once, in this thread: what other processes do comes before it or after it."""
        done = self.create_future()
        try:
            done.set_result(work(*arguments))
        except Killed:
            process = PROCESS.get()
            if process is not None:
                process.kill()  # and nobody waits for the outcome any more
        except Exception as error:
            done.set_exception(error)
        return done

    def start(self, process: Process, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` as this process."""

        async def live() -> None:
            try:
                await work
            except Killed:
                process.kill()

        context = contextvars.copy_context()
        context.run(PROCESS.set, process)
        context.run(self.create_task, live())

    def at(self, when: float, work: Callable[[], object]) -> None:
        """Do this then, as nobody's process."""
        context = contextvars.Context()
        self.call_at(max(when, self.now), work, context=context)

    def run_to(self, until: float) -> None:
        """Let time pass until then."""

        async def wait() -> None:
            await asyncio.sleep(until - self.now)

        self.run_until_complete(wait())

    def drop(self) -> None:
        """End it, and whatever still waits in it, without a word."""
        self._ready.clear()  # type: ignore[attr-defined] # nothing public forgets what is scheduled
        self._scheduled.clear()  # type: ignore[attr-defined]
        self._over = True
        for task in self._tasks:
            with suppress(RuntimeError):  # it has more to wait for, and nobody will
                task.get_coro().close()
        self.close()
