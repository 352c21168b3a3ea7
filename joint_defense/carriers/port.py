"""What the alarm asks of a carrier, and what it gets back. Implemented by `carriers/twilio.py`.

Errors of a carrier:

CarrierError              `code` as the carrier counts (Twilio's error codes), `status` of HTTP
 ├── Temporary            nothing was placed; the same request may be sent again, later
 │    └── TooFast         the carrier asks for a slower pace (429, 20429, 10004)
 ├── RefusedNumber        nothing was placed and never will be for this number on this channel
 ├── AccountTrouble       nothing was placed for anyone: credentials, sender or permissions are wrong
 └── OutcomeUnknown       the request may have been carried out: look it up before sending it again
      ├── Unanswered      nothing came in time: it may still be on its way there
      └── Undecided       the carrier has answered, and whose call it is shows later
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from joint_defense.rules.states import AttemptState, Channel


class CarrierError(Exception):
    """The parent: a request to the carrier that brought no call and no message, or may not have."""

    def __init__(self, message: str, *, code: int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Temporary(CarrierError):
    pass


class TooFast(Temporary):
    pass


class RefusedNumber(CarrierError):
    pass


class AccountTrouble(CarrierError):
    pass


class OutcomeUnknown(CarrierError):
    pass


class Unanswered(OutcomeUnknown):
    pass


class Undecided(OutcomeUnknown):
    pass


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call to place. `twiml` is what the callee hears, whether our web server is up or not.

    Without a `status_callback` ("") nobody is told what becomes of it.
    """

    to: str
    sender: str
    twiml: str
    status_callback: str
    ring_timeout: int


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A message to send. `valid_for` is how many seconds the carrier may try before it is pointless."""

    to: str
    sender: str
    body: str
    status_callback: str
    valid_for: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The carrier's word on one call or message: its id, its state, its error code if it failed, whom it is to, a
    message's text.
    """

    sid: str
    state: AttemptState
    error_code: int | None = None
    body: str = ""
    to: str = ""


before_leaving: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("before_leaving", default=None)
"""What a carrier awaits once it has a connection, right before it writes a request of this task; whatever this raises
keeps the request from leaving, and comes out of the carrier's method as it is.

Getting a connection can take seconds, and the process can be stopped meanwhile (SIGSTOP, a virtual machine that is
moved): somebody else may have sent the same request since.
"""


class Carrier(Protocol):
    """A voice and SMS carrier. Every method raises CarrierError's children, what `before_leaving` raises, and nothing
    else.
    """

    async def warm(self) -> None:
        """Load what the first alarm would wait for, and open a connection. Never raises."""

    async def check_account(self) -> None:
        """Ask for something that only an account in order is answered. Raises what is wrong with it."""

    async def place_call(self, call: OutboundCall) -> Receipt:
        """Ring a phone."""

    async def send_message(self, message: OutboundMessage) -> Receipt:
        """Send a text."""

    async def look_up(self, channel: Channel, to: str, since: datetime) -> list[Receipt]:
        """The calls or messages we asked for to this number since then, newest first."""

    async def fetch(self, channel: Channel, sid: str) -> Receipt:
        """What has become of one call or message."""

    async def end_call(self, sid: str) -> None:
        """Hang up, or stop ringing. A call that is over already stays so."""

    async def close(self) -> None:
        """Give the connections back."""
