"""What the alarm asks of a carrier (implemented by `carriers/twilio.py`), what it gets back, and what comes in by
itself: is it really the carrier, and what does its form say?

Errors of a carrier:

CarrierError              `code` as the carrier counts (Twilio's error codes), `status` of HTTP
 ├── Temporary            nothing was placed; the same request may be sent again, later
 │    └── TooFast         the carrier asks for a slower pace (429, 20429, 10004)
 ├── RefusedNumber        nothing was placed and never will be for this number on this channel
 ├── AccountTrouble       nothing was placed for anyone: credentials, sender or permissions are wrong
 └── OutcomeUnknown       the request may have been carried out: look it up before sending it again
      ├── Unanswered      nothing came in time: it may still be on its way there
      └── Undecided       the carrier has answered, and whose call it is shows later

What the codes mean for us, and how they are told to people, stands below. Source: Twilio's error dictionary; carriers
with the same API use the same numbers.

What only some carriers can do is a `Dialect`: by default we ask for nothing that any of them lacks. CARRIER_DIALECT
names the carrier, and so switches on what it has; the verbs of each are in docs/carriers.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Protocol

from twilio.request_validator import RequestValidator

from joint_defense.rules.states import FINAL, AttemptState, Channel, read_carrier_word


class CarrierError(Exception):
    """The parent: a request to the carrier that brought no call and no message, or may not have."""

    def __init__(self, message: str, *, code: int | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    unnumbered = "unknown"
    """What has happened, in a word, where neither a code nor a status says it."""

    @property
    def word(self) -> str:
        """What logs, `/readyz` and pages call it: the carrier's code, the status of HTTP, or what has happened."""
        return str(self.code or self.status or self.unnumbered)


class Temporary(CarrierError):
    unnumbered = "no connection"


class TooFast(Temporary):
    unnumbered = "too fast"


class RefusedNumber(CarrierError):
    pass


class AccountTrouble(CarrierError):
    pass


class OutcomeUnknown(CarrierError):
    unnumbered = "broken off"


class Unanswered(OutcomeUnknown):
    unnumbered = "no answer in time"


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


class Verdict(StrEnum):
    """What an error says about the next try."""

    TEMPORARY = "temporary"
    NUMBER = "number"
    """This number will never take it on this channel."""
    ACCOUNT = "account"
    """Nobody will be reached until somebody mends our account."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """An error code's verdict, and its words."""

    verdict: Verdict
    zh: str
    en: str


COUNTRY_NOT_CALLED = 99001
"""A code of ours: no carrier was asked."""
CODES: dict[int, Meaning] = {
    10004: Meaning(Verdict.TEMPORARY, "运营商同时通话数已满", "Too many calls at once for the carrier"),
    20429: Meaning(Verdict.TEMPORARY, "运营商要求放慢", "The carrier asks for a slower pace"),
    20500: Meaning(Verdict.TEMPORARY, "运营商内部故障", "The carrier has an internal fault"),
    30003: Meaning(Verdict.TEMPORARY, "手机关机或不在服务区", "The phone is switched off or out of reach"),
    30008: Meaning(Verdict.TEMPORARY, "短信未送达，原因不明", "The message was not delivered, reason unknown"),
    30036: Meaning(Verdict.TEMPORARY, "短信在有效期内未送达", "The message was not delivered in time"),
    21211: Meaning(Verdict.NUMBER, "号码无效（空号）", "The number is not valid"),
    21214: Meaning(Verdict.NUMBER, "号码无法接通", "The number cannot be reached"),
    21217: Meaning(Verdict.NUMBER, "号码格式不正确", "The number is malformed"),
    21610: Meaning(Verdict.NUMBER, "该手机已退订短信", "The phone has opted out of messages"),
    21612: Meaning(Verdict.NUMBER, "该号码收不到短信", "The number cannot be sent messages"),
    21614: Meaning(Verdict.NUMBER, "不是手机号码，收不到短信", "Not a mobile number: it takes no messages"),
    30004: Meaning(Verdict.NUMBER, "短信被拦截", "Messages to this number are blocked"),
    30005: Meaning(Verdict.NUMBER, "空号或已停机", "Unknown or discontinued number"),
    30006: Meaning(Verdict.NUMBER, "固定电话，收不到短信", "A landline: it takes no messages"),
    13224: Meaning(Verdict.NUMBER, "运营商不支持该号码", "The carrier does not serve this number"),
    13225: Meaning(Verdict.NUMBER, "该号码被运营商列入禁呼名单", "The carrier blocks calls to this number"),
    21216: Meaning(Verdict.NUMBER, "该号码被运营商列入禁呼名单", "The carrier blocks calls to this number"),
    COUNTRY_NOT_CALLED: Meaning(
        Verdict.NUMBER,
        "这个国家或地区不在可拨打范围，没有拨打",
        "Not called: its country is not among those that may be (COUNTRIES)",
    ),
    20003: Meaning(Verdict.ACCOUNT, "运营商账号或密码不正确", "The carrier refuses our credentials"),
    21210: Meaning(Verdict.ACCOUNT, "主叫号码不是我们的", "The calling number is not ours"),
    21606: Meaning(Verdict.ACCOUNT, "短信发送号码不是我们的", "The sending number is not ours"),
    21215: Meaning(Verdict.ACCOUNT, "账号没有拨打该地区的权限", "The account may not call this region"),
    21408: Meaning(Verdict.ACCOUNT, "账号没有向该地区发短信的权限", "The account may not text this region"),
    13227: Meaning(Verdict.ACCOUNT, "账号没有拨打该地区的权限", "The account may not call this region"),
    30007: Meaning(Verdict.TEMPORARY, "短信被运营商过滤", "The carrier filtered the message"),
}

# By kind, the special ones first, for errors whose code is not in the table.
_ERRORS: dict[type[CarrierError], tuple[str, str]] = {
    TooFast: ("运营商要求放慢", "The carrier asks for a slower pace"),
    Temporary: ("暂时连不上运营商", "The carrier cannot be reached for the moment"),
    RefusedNumber: ("运营商拒绝该号码", "The carrier refuses this number"),
    AccountTrouble: ("运营商拒绝了我们的请求", "The carrier refuses our requests"),
    OutcomeUnknown: ("运营商没有回应，正在核实", "The carrier did not answer; it is being looked up"),
    CarrierError: ("运营商出错", "The carrier has an error"),
}
TOO_FAST = frozenset({429, 10004, 20429})
_HTTP_TEMPORARY = frozenset({408, 425, 429})


def judge(code: int | None, status: int | None = None) -> Verdict:
    """The verdict on an error code; for a code that is not in the table, on the HTTP status it came with.

    An unknown refusal is put down to our account: that is loud, and does not strike a neighbour's number out.
    """
    if code in CODES:
        return CODES[code].verdict
    if status is None or status in _HTTP_TEMPORARY or status >= 500:
        return Verdict.TEMPORARY
    return Verdict.ACCOUNT


def explain_error(error: CarrierError, language: str = "zh") -> str:
    """What a carrier's refusal or silence means, in words; the carrier's own words are for the log."""
    known = CODES.get(error.code) if error.code is not None else None
    if known is not None:
        return known.zh if language == "zh" else known.en
    zh, en = next(words for kind, words in _ERRORS.items() if isinstance(error, kind))
    words = zh if language == "zh" else en
    number = error.code or error.status
    return f"{words}({number})" if number else words


def explain(code: str | int | None, language: str = "zh") -> str:
    """An error code in words, for a page or the timeline; the bare code where it is not known."""
    try:
        meaning = CODES.get(int(code)) if code is not None else None
    except ValueError:
        meaning = None
    if meaning is None:
        return "" if code is None else str(code)
    return meaning.zh if language == "zh" else meaning.en


SIGNATURE_HEADERS = ("X-Twilio-Signature", "X-SignalWire-Signature")
ReadNumber = Callable[[str], str]
"""From what a carrier calls one end of a line to E.164; "" for nobody."""
_ERROR_CODE = re.compile(r"[^A-Za-z0-9_-]")
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Signatures:
    """Checks that a request was signed with one of our keys: tokens (several while they are being rotated), and
    signing keys where a carrier signs with one of its own, as SignalWire does.
    """

    def __init__(self, keys: Iterable[str], public_base_url: str) -> None:
        self._keys = tuple(dict.fromkeys(keys))
        self._validators = [RequestValidator(key) for key in self._keys]
        self._base = public_base_url

    def hold(self, target: str, form: Mapping[str, str], body: bytes, signatures: Iterable[str]) -> bool:
        """Whether one of the signatures fits `target` (path and query as they were sent) and the form.

        SignalWire signs in two ways: as Twilio does, and over the body as it is sent. The public address comes from
        our settings, never from a header that a stranger can set.
        """
        url = self._base + target
        return any(
            any(validator.validate(url, form, signature) for validator in self._validators)
            or any(hmac.compare_digest(_sign_body(key, url, body), signature.encode()) for key in self._keys)
            for signature in signatures
            if signature
        )


def sign(key: str, url: str, form: Mapping[str, str]) -> str:
    """The signature that a carrier with this key gives a request, as Twilio computes it."""
    return str(RequestValidator(key).compute_signature(url, form))


def _sign_body(key: str, url: str, body: bytes) -> bytes:
    return hmac.new(key.encode(), url.encode() + body, hashlib.sha1).hexdigest().encode()


class BrokenForm(Exception):
    """A signed request without the fields it must have, or with fields that cannot be what they say."""


@dataclass(frozen=True, slots=True)
class InboundCall:
    """A call at our number, or a keypress on one. `keys` is None where the request says nothing of keys."""

    sid: str
    caller: str
    called: str
    keys: str | None
    speech: str = ""
    """What the carrier's speech recognition heard."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message at our number."""

    sid: str
    sender: str
    receiver: str
    text: str
    opt_out: str = ""
    """STOP, START or HELP where the carrier has taken the word for one of these itself, whatever the word was."""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a status callback says of one call or message."""

    sid: str
    channel: Channel
    sender: str
    status: str
    error_code: str | None
    account: str = ""
    """The carrier's account that it belongs to."""
    said_at: datetime | None = None
    """The carrier's own time stamp, to the second, where it gives one."""

    @property
    def too_fast(self) -> bool:
        """Whether it failed because the carrier wants a slower pace."""
        return self.error_code is not None and self.error_code.isdigit() and int(self.error_code) in TOO_FAST

    @property
    def ends_call(self) -> bool:
        """Whether it is the last word on a call."""
        return self.channel is Channel.CALL and read_carrier_word(self.channel, self.status) in FINAL


def read_call(form: Mapping[str, str], number: ReadNumber) -> InboundCall:
    """Raises BrokenForm."""
    keys = form.get("Digits")
    return InboundCall(
        sid=_read_sid(form, "CallSid"),
        caller=number(form.get("From", "")),
        called=number(form.get("To", "")),
        keys=keys if keys is None else re.sub(r"[^0-9*#]", "", keys)[:32],
        speech=form.get("SpeechResult", "").replace("\x00", "")[:400],
    )


def read_message(form: Mapping[str, str], number: ReadNumber) -> InboundMessage:
    """Raises BrokenForm."""
    return InboundMessage(
        sid=_read_sid(form, "MessageSid", "SmsSid"),
        sender=number(form.get("From", "")),
        receiver=number(form.get("To", "")),
        text=form.get("Body", "").replace("\x00", "")[:1600],
        opt_out=form.get("OptOutType", "").strip().upper()[:8],
    )


def read_status(form: Mapping[str, str], number: ReadNumber) -> StatusReport:
    """Raises BrokenForm."""
    return StatusReport(
        sid=_read_sid(form, "CallSid", "MessageSid", "SmsSid"),
        channel=Channel.CALL if form.get("CallSid") else Channel.SMS,
        sender=number(form.get("From", "")),
        status=form.get("CallStatus") or form.get("MessageStatus") or form.get("SmsStatus") or "",
        error_code=_ERROR_CODE.sub("", form.get("ErrorCode", ""))[:16] or None,
        account=form.get("AccountSid", "")[:64],
        said_at=_read_moment(form.get("Timestamp", "")),
    )


def _read_moment(text: str) -> datetime | None:
    """An RFC 2822 time; None for anything else."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def _read_sid(form: Mapping[str, str], *names: str) -> str:
    for name in names:
        if form.get(name):
            if _SID.fullmatch(form[name]):
                return form[name]
            break
    raise BrokenForm(f"{names[0]} is missing or malformed")


@dataclass(frozen=True, slots=True)
class Dialect:
    """`conference`: several calls can be connected with each other, so that a neighbour talks to the caller.

    `speech`: what is said while keys are awaited is recognised, and comes as `SpeechResult`.
    """

    conference: bool = False
    speech: bool = False


DIALECTS: Mapping[str, Dialect] = {
    "common": Dialect(),
    "twilio": Dialect(conference=True, speech=True),
    "signalwire": Dialect(conference=True, speech=True),
    "somleng": Dialect(),
}
