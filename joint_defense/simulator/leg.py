"""A live call's end: the keys pressed on it, what sounds in it, and how it is told to end or to do something else."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from joint_defense.simulator.network import Network
from joint_defense.simulator.records import Call, CallStatus, Heard

BETWEEN_WAITING_KEYS = 0.5


@dataclass(frozen=True, slots=True)
class Fetch:
    """Where the next document comes from: the standard parameters and these are sent there."""

    url: str
    method: str = "POST"
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Inline:
    """The next document itself."""

    twiml: str


Step = Fetch | Inline


class Leg:
    """One end of a call that is not over yet. Its call's record is `call`."""

    def __init__(self, network: Network, call: Call) -> None:
        self.network = network
        self.call = call
        self.digits: deque[str] = deque()
        self.picked_up = asyncio.Event()
        self.decided = asyncio.Event()
        self.over = asyncio.Event()
        self.final: CallStatus | None = None
        self.redirect: Step | None = None
        self.performance: asyncio.Task[CallStatus] | None = None
        self.task: asyncio.Task[CallStatus] | None = None
        self._key = asyncio.Event()
        self._helpers: set[asyncio.Task[None]] = set()

    def answer(self) -> None:
        """Both ends are connected."""
        now = time.time()
        self.call.status, self.call.answered_at, self.call.updated_at = CallStatus.IN_PROGRESS, now, now
        self.picked_up.set()
        self.decided.set()
        self.network.show_call(self.call)

    def press(self, digits: str) -> None:
        """Keys pressed at this end, one after the other; they wait in the line until something gathers them."""
        keys = [key for key in digits if key != "w"]
        self.digits.extend(keys)
        self.call.pressed.append("".join(keys))
        self._key.set()
        self.network.show_press(self.call, digits)

    async def play_keys(self, digits: str) -> None:
        """Press keys, resting where a `w` says so."""
        for part_number, part in enumerate(digits.split("w")):
            if part_number:
                await self.network.sleep(BETWEEN_WAITING_KEYS)
            if part:
                self.press(part)

    async def key_within(self, seconds: float | None) -> bool:
        """Wait until a key is in the line, at most so long. False when none came."""
        if self.digits:
            return True
        self._key.clear()
        try:
            async with asyncio.timeout(None if seconds is None else self.network.real(seconds)):
                await self._key.wait()
        except TimeoutError:
            return False
        return True

    def hear(self, verb: str, text: str, language: str = "", voice: str = "") -> Heard:
        """Record what begins to sound at this end."""
        now = time.time()
        since = now - (self.call.answered_at or now)
        heard = Heard(now, round(since * 1000 * self.network.speed), verb, text, language, voice)
        self.call.heard.append(heard)
        self.network.show_heard(self.call, heard)
        return heard

    async def sound(self, heard: Heard, seconds: float, interruptible: bool) -> None:
        """Let it sound to its end, or to the first key where keys may cut it short."""
        if interruptible:
            heard.complete = not await self.key_within(seconds)
        else:
            await self.network.sleep(seconds)
            heard.complete = True

    def end(self, status: CallStatus) -> None:
        """Break the call off; `status` is how it ended. A call that is ending already ends as it was."""
        if self.final is None and self.task is not None and not self.task.done():
            self.final = status
            self.task.cancel()

    def perform_instead(self, step: Step) -> None:
        """Leave what the call is doing and go on with another document."""
        self.redirect = step
        if self.performance is not None:
            self.performance.cancel()

    def accompany(self, course: Coroutine[Any, Any, None]) -> None:
        """Run something beside the call, until the call ends at the latest."""
        task = asyncio.create_task(course)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    def close(self) -> None:
        """The call is over: whatever ran beside it stops."""
        for helper in tuple(self._helpers):
            helper.cancel()
        self.decided.set()
        self.over.set()
