"""What comes in from the carrier: is it really the carrier, and what does its form say."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from twilio.request_validator import RequestValidator

from joint_defense.carriers.port import TOO_FAST
from joint_defense.rules.states import FINAL, Channel, read_carrier_word

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
