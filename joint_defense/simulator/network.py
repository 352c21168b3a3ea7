"""The network's memory: its numbers, handsets, calls and texts, and the journals. Nothing here grows without bound."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from joint_defense.simulator import views
from joint_defense.simulator.events import Hub
from joint_defense.simulator.faults import Faults
from joint_defense.simulator.phone_book import PhoneBook
from joint_defense.simulator.records import Call, Heard, Message
from joint_defense.simulator.scripts import UNSCRIPTED, Script

if TYPE_CHECKING:
    from joint_defense.simulator.leg import Leg

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


class Network:
    """Everything the network knows. Telephony times are divided by `speed`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.speed = options.speed
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
        self.events.publish("call", lambda: views.call_view(call) | {"handset": call.handset_number})
        self.show_handset(call.handset_number)

    def show_handset(self, number: str) -> None:
        """Tell the watchers a handset's state."""
        handset = self.handsets.get(number)
        if handset is not None:
            self.events.publish("handset", lambda: views.handset_summary(handset))

    def show_press(self, call: Call, digits: str) -> None:
        """Tell the watchers which keys were pressed."""
        self.events.publish(
            "pressed", lambda: {"handset": call.handset_number, "sid": call.sid, "digits": digits, "at": time.time()}
        )

    def show_heard(self, call: Call, heard: Heard) -> None:
        """Tell the watchers what sounds in a handset."""
        self.events.publish(
            "heard", lambda: {"handset": call.handset_number, "sid": call.sid} | views.heard_view(heard)
        )

    def show_message(self, number: str, message: Message) -> None:
        """Tell the watchers of a text on a handset."""
        self.events.publish("message", lambda: {"handset": number} | views.message_view(message))

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
