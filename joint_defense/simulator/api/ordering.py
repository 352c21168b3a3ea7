"""What the API checks before it takes a call or a message, each with the carrier's own code."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from joint_defense.simulator.network.network import Network
from joint_defense.simulator.network.records import CallOrder
from joint_defense.simulator.network.refusals import Refusal
from joint_defense.simulator.network.wire import is_number
from joint_defense.simulator.telephony.texting import TextOrder

Form = Mapping[str, list[str]]

LONGEST_TWIML = 4_000
LONGEST_BODY = 1_600
LONGEST_RING = 600
VALIDITY_SECONDS = range(1, 36_001)
_WITHOUT_OPTIONS = frozenset({"To", "From", "Url", "Method", "Twiml", "StatusCallback", "StatusCallbackMethod"})
CALL_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


def read_first(form: Form, name: str) -> str:
    """A parameter's first value; empty where it is missing."""
    values = form.get(name)
    return values[0] if values else ""


def order_call(network: Network, form: Form) -> tuple[str, str, CallOrder]:
    """Sender, callee and order of a call. Raises Refusal."""
    to, sender = read_first(form, "To"), read_first(form, "From")
    if not to:
        raise Refusal(21201)
    if not sender:
        raise Refusal(21213)
    if not is_number(to):
        raise Refusal(21211, to)
    if not is_number(sender):
        raise Refusal(21212, sender)
    if not network.owns(sender):
        raise Refusal(21210, sender)
    if refused := network.handset(to).script.refuse_calls:
        raise Refusal(refused, to)
    if read_first(form, "ApplicationSid"):
        raise Refusal(21218, read_first(form, "ApplicationSid"))
    url, twiml = read_call_source(form)
    if not url and not twiml:
        raise Refusal(21205)
    if not network.dialect.takes_every_option:
        form = {name: values for name, values in form.items() if name in _WITHOUT_OPTIONS}
    order = CallOrder(
        url=url,
        twiml=twiml,
        method=_read_method(form, "Method"),
        fallback_url=_read_address(form, "FallbackUrl", 21205),
        fallback_method=_read_method(form, "FallbackMethod"),
        status_callback=_read_address(form, "StatusCallback", 21609),
        status_callback_method=_read_method(form, "StatusCallbackMethod"),
        events=_read_events(network, form),
        timeout=_ring_time(form),
        time_limit=_read_whole(form, "TimeLimit", 14_400),
        machine_detection=bool(read_first(form, "MachineDetection")),
    )
    return sender, to, order


def read_call_source(form: Form) -> tuple[str, str]:
    """Where a call's TwiML comes from: its address, or itself; the address wins. Raises Refusal."""
    url = _read_address(form, "Url", 21205)
    twiml = "" if url else read_first(form, "Twiml")
    if len(twiml) > LONGEST_TWIML:
        # The carrier documents the limit, and no code of its own for it.
        raise Refusal(20001, f"Twiml must be no longer than {LONGEST_TWIML} characters")
    return url, twiml


def order_text(network: Network, form: Form) -> TextOrder:
    """The order of a message. Raises Refusal."""
    to, sender, service = read_first(form, "To"), read_first(form, "From"), read_first(form, "MessagingServiceSid")
    if not to:
        raise Refusal(21604)
    if not is_number(to):
        raise Refusal(21211, to)
    if not sender and not service:
        raise Refusal(21603)
    if sender and not network.owns(sender):
        raise Refusal(21606, sender)
    if to == sender:
        raise Refusal(21266, to)
    body = read_first(form, "Body")
    if not body:
        raise Refusal(21602)
    if len(body) > LONGEST_BODY:
        raise Refusal(21617)
    callback = _read_address(form, "StatusCallback", 21609)
    if read_first(form, "ValidityPeriod") and _read_whole(form, "ValidityPeriod", 0) not in VALIDITY_SECONDS:
        raise Refusal(20001, "ValidityPeriod must be between 1 and 36000")
    sender = sender or network.options.numbers[0]
    if (sender, to) in network.stopped_texts:
        raise Refusal(21610)
    if refused := network.handset(to).script.refuse_texts:
        raise Refusal(refused, to)
    return TextOrder(sender, to, body, callback, service or None)


def _read_address(form: Form, name: str, code: int) -> str:
    value = read_first(form, name)
    if value:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "_" in parts.hostname:
            raise Refusal(code, value)
    return value


def _read_method(form: Form, name: str) -> str:
    value = read_first(form, name).upper() or "POST"
    if value not in {"GET", "POST"}:
        raise Refusal(20001, f"{name} must be GET or POST")
    return value


def _read_whole(form: Form, name: str, default: int) -> int:
    value = read_first(form, name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit():
        raise Refusal(20001, f"{name} must be a whole number")
    return int(value)


def _ring_time(form: Form) -> int:
    seconds = _read_whole(form, "Timeout", 60)
    if seconds > LONGEST_RING:
        raise Refusal(21208, str(seconds))
    return seconds


def _read_events(network: Network, form: Form) -> frozenset[str]:
    asked = frozenset(form.get("StatusCallbackEvent", ()))
    if unknown := asked - CALL_EVENTS:
        # The carrier places the call all the same, and complains in its log.
        network.notify(21626, f"Invalid StatusCallbackEvent: {' '.join(sorted(unknown))}", level="warning")
    return asked & CALL_EVENTS or frozenset({"completed"})
