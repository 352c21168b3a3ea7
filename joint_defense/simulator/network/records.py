"""What the network remembers of a call and of a message. Times are epoch seconds; durations are the telephone's."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

# A caller who stays on the line for an hour hears many sentences; the latest are enough.
HEARD_KEPT = 1000


class CallStatus(StrEnum):
    """A call's state, as the carrier's API names it."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"


CALL_OVER = frozenset(
    {CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED}
)


class MessageStatus(StrEnum):
    """A message's state, as the carrier's API names it."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    RECEIVED = "received"


MESSAGE_UNDER_WAY = frozenset({MessageStatus.ACCEPTED, MessageStatus.QUEUED, MessageStatus.SENDING})


@dataclass(frozen=True, slots=True)
class Owned:
    """A number of the account. Its id is made of it, so that it stays the same."""

    number: str

    @property
    def sid(self) -> str:
        return "PN" + hashlib.sha256(self.number.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class CallOrder:
    """What was asked for with a call: where its TwiML comes from and who is told of its course."""

    url: str = ""
    method: str = "POST"
    twiml: str = ""
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    timeout: float = 60
    time_limit: float = 14_400
    machine_detection: bool = False


@dataclass(slots=True)
class Heard:
    """One thing that came out of the earpiece. `complete` is False while it sounds, and when a key cut it short."""

    at: float
    at_ms: int
    verb: str
    text: str
    language: str
    voice: str
    complete: bool = False


@dataclass(slots=True, eq=False)
class Call:
    """A call, from `sender` to `to`; `attempt` counts the calls this handset has had to answer."""

    sid: str
    direction: str
    sender: str
    to: str
    order: CallOrder
    created_at: float
    updated_at: float
    status: CallStatus = CallStatus.QUEUED
    parent_sid: str | None = None
    attempt: int = 0
    started_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    duration: int = 0
    queue_ms: int = 0
    answered_by: str | None = None
    sip_code: int = 200
    error_code: int | None = None
    conference: str | None = None
    sequence: int = 0
    says: str | None = None
    voicemail: bool = False
    heard: deque[Heard] = field(default_factory=lambda: deque(maxlen=HEARD_KEPT))
    pressed: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return self.status in CALL_OVER

    @property
    def inbound(self) -> bool:
        return self.direction == "inbound"

    @property
    def handset_number(self) -> str:
        """The number of the handset at this end of the line."""
        return self.sender if self.inbound else self.to


@dataclass(slots=True, eq=False)
class Message:
    """A text, from `sender` to `to`."""

    sid: str
    direction: str
    sender: str
    to: str
    body: str
    created_at: float
    updated_at: float
    status: MessageStatus
    segments: int
    status_callback: str = ""
    service_sid: str | None = None
    sent_at: float | None = None
    error_code: int | None = None

    @property
    def inbound(self) -> bool:
        return self.direction == "inbound"

    @property
    def handset_number(self) -> str:
        """The number of the handset that wrote or gets it."""
        return self.sender if self.inbound else self.to
