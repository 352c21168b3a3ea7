"""The network's memory: its numbers, handsets, calls and texts, and the journals. Nothing here grows without bound.

A live call's end: the keys pressed on it, what sounds in it, and how it is told to end or to do something else.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from joint_defense.simulator.network import views
from joint_defense.simulator.network.dialects import DIALECTS
from joint_defense.simulator.network.events import Hub
from joint_defense.simulator.network.faults import Faults
from joint_defense.simulator.network.phone_book import PhoneBook
from joint_defense.simulator.network.records import Call, CallStatus, Heard, Message
from joint_defense.simulator.network.scripts import UNSCRIPTED, Script
from joint_defense.simulator.network.wire import make_sid

Kept = TypeVar("Kept")


@dataclass(slots=True)
class Options:
    """How the network is set up. Addresses may be changed while it runs; an empty one is not asked."""

    account_sid: str
    auth_token: str
    numbers: tuple[str, ...]
    voice_url: str = ""
    sms_url: str = ""
    voice_status_url: str = ""
    voice_fallback_url: str = ""
    speed: float = 1.0
    latency_ms: float = 0.0
    calls_per_second: float = 0.0
    concurrent_calls: int = 0
    keep: int = 50_000
    dialect: str = "twilio"
    signing_key: str = ""
    balance: str = ""
    """What the account has left, like "8.50 CNY"; empty: the carrier does not tell."""


@dataclass(slots=True, eq=False)
class Handset:
    """A telephone. `attempts` counts its incoming calls since its script was set; `leg` is the call it is in."""

    number: str
    name: str = ""
    script: Script = UNSCRIPTED
    scripted: dict[str, Any] | None = None
    attempts: int = 0
    leg: Leg | None = None
    calls: deque[Call] = field(default_factory=deque)
    messages: deque[Message] = field(default_factory=deque)

    @property
    def state(self) -> str:
        """idle, ringing, dialing (its own call is not answered yet) or in_call."""
        if self.leg is None:
            return "idle"
        if self.leg.call.status is CallStatus.IN_PROGRESS:
            return "in_call"
        return "dialing" if self.leg.call.inbound else "ringing"

    def summary(self) -> dict[str, Any]:
        """As a list of the control API shows it: without its history."""
        return {
            "number": self.number,
            "name": self.name,
            "state": self.state,
            "call_sid": self.leg.call.sid if self.leg else None,
            "attempts": self.attempts,
        }

    def view(self) -> dict[str, Any]:
        """As the control API shows it alone: with everything it remembers, oldest first."""
        return self.summary() | {
            "script": self.scripted,
            "calls": [views.show_call(call) for call in self.calls],
            "messages": [views.show_message(message) for message in self.messages],
        }


class Network:
    """Everything the network knows. Telephony times are divided by `speed`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.speed = options.speed
        self.dialect = DIALECTS[options.dialect]
        self.events = Hub()
        self.faults = Faults()
        self.phone_book = PhoneBook()
        self.handsets: dict[str, Handset] = {}
        self.calls: OrderedDict[str, Call] = OrderedDict()
        self.messages: OrderedDict[str, Message] = OrderedDict()
        self.stopped_texts: set[tuple[str, str]] = set()
        self.requests: deque[dict[str, Any]] = deque(maxlen=options.keep)
        self.webhooks: deque[dict[str, Any]] = deque(maxlen=options.keep)
        self.notifications: deque[dict[str, Any]] = deque(maxlen=1000)

    def make_id(self, prefix: str) -> str:
        """A fresh id of a call or message, as this carrier writes them: only Twilio's begin with the resource."""
        return make_sid(prefix) if self.dialect.prefixed_ids else str(uuid4())

    def real(self, seconds: float) -> float:
        """How long a span of telephony takes here."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        """Let a span of telephony pass."""
        await asyncio.sleep(seconds / self.speed)

    def owns(self, number: str) -> bool:
        """Whether the account holds this number."""
        return number in self.options.numbers

    def handset(self, number: str) -> Handset:
        """The handset with this number; any number is one."""
        handset = self.handsets.get(number)
        if handset is None:
            handset = self.handsets[number] = Handset(number)
        return handset

    def take_phone_book(self, book: PhoneBook) -> None:
        """Know from now on whose handsets these are. What stood in a group before stays at its end."""
        self.phone_book = book.with_former(self.phone_book)
        self.events.publish("phone_book", lambda: {"phones": len(self.phone_book)})

    def remember_call(self, call: Call) -> None:
        """Keep a call, and let the oldest one go that is over."""
        self.calls[call.sid] = call
        self.handset(call.handset_number).calls.append(call)
        while len(self.calls) > self.options.keep and (oldest := next(iter(self.calls.values()))).over:
            del self.calls[oldest.sid]
            _drop(self.handset(oldest.handset_number).calls, oldest)
        self.show_call(call)

    def forget_call(self, call: Call) -> None:
        """A call is taken off the account's list; its handset still knows it."""
        self.calls.pop(call.sid, None)

    def forget_message(self, message: Message) -> None:
        """A text is taken off the account's list; it stands on its handset all the same."""
        self.messages.pop(message.sid, None)

    def remember_message(self, message: Message) -> None:
        """Keep a text, and let the oldest one go."""
        self.messages[message.sid] = message
        if len(self.messages) > self.options.keep:
            _, oldest = self.messages.popitem(last=False)
            _drop(self.handset(oldest.handset_number).messages, oldest)

    def put_on(self, number: str, message: Message) -> None:
        """A text stands on a handset now."""
        if message.sid in self.messages:
            self.handset(number).messages.append(message)
            self.show_message(number, message)

    def notify(self, code: int, message: str, *, sid: str = "", url: str = "", level: str = "error") -> None:
        """Write to the carrier's error log, as its debugger shows it."""
        entry = {"at": time.time(), "level": level, "code": code, "message": message, "sid": sid, "url": url}
        self.notifications.append(entry)
        self.events.publish("notification", lambda: entry)

    def show_call(self, call: Call) -> None:
        """Tell the watchers what has become of a call."""
        self.events.publish("call", lambda: views.show_call(call) | {"handset": call.handset_number})
        self.show_handset(call.handset_number)

    def show_handset(self, number: str) -> None:
        """Tell the watchers a handset's state."""
        handset = self.handsets.get(number)
        if handset is not None:
            self.events.publish("handset", lambda: handset.summary())

    def show_press(self, call: Call, digits: str) -> None:
        """Tell the watchers which keys were pressed."""
        self.events.publish(
            "pressed", lambda: {"handset": call.handset_number, "sid": call.sid, "digits": digits, "at": time.time()}
        )

    def show_heard(self, call: Call, heard: Heard) -> None:
        """Tell the watchers what sounds in a handset."""
        self.events.publish(
            "heard", lambda: {"handset": call.handset_number, "sid": call.sid} | views.show_heard(heard)
        )

    def show_message(self, number: str, message: Message) -> None:
        """Tell the watchers of a text on a handset."""
        self.events.publish("message", lambda: {"handset": number} | views.show_message(message))

    def forget(self) -> None:
        """Forget handsets, calls, texts, journals, faults and the phone book. Live calls are to be ended first."""
        for kept in (self.handsets, self.calls, self.messages, self.stopped_texts):
            kept.clear()
        for journal in (self.requests, self.webhooks, self.notifications):
            journal.clear()
        self.faults = Faults()
        self.phone_book = PhoneBook()
        self.events.publish("reset", dict)


def _drop(kept: deque[Kept], oldest: Kept) -> None:
    if kept and kept[0] is oldest:
        kept.popleft()


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
        self.patience = 1.0
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

    async def wait_for_key(self, seconds: float | None) -> bool:
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
            heard.complete = not await self.wait_for_key(seconds)
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
