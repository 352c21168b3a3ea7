"""Status callbacks, with the parameters of the carrier, and the ways they go astray on request."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from joint_defense.simulator.network.network import Network
from joint_defense.simulator.network.records import Call, Message, MessageStatus
from joint_defense.simulator.network.webhooks import WebhookFailed, Webhooks
from joint_defense.simulator.network.wire import API_VERSION, find_country, write_rfc_2822

# The carrier opens many connections at once, yet not without end.
CALLBACKS_IN_FLIGHT = 256
# What CallStatus says in the callback of an event; the last event says the call's own state.
_EVENT_STATUS = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}
_FINAL_MESSAGE = frozenset(
    {MessageStatus.DELIVERED, MessageStatus.UNDELIVERED, MessageStatus.FAILED, MessageStatus.CANCELED}
)
# The carrier names places for numbers at home only.
_NOWHERE = {f"{who}{what}": "" for who in ("Called", "Caller", "From", "To") for what in ("City", "State", "Zip")}


def make_call_params(network: Network, call: Call) -> dict[str, str]:
    """The parameters that every voice request carries."""
    from_country, to_country = find_country(call.sender), find_country(call.to)
    params = _NOWHERE | {
        "AccountSid": network.options.account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": str(call.status),
        "Called": call.to,
        "CalledCountry": to_country,
        "Caller": call.sender,
        "CallerCountry": from_country,
        "Direction": call.direction,
        "From": call.sender,
        "FromCountry": from_country,
        "To": call.to,
        "ToCountry": to_country,
    }
    if call.parent_sid:
        params["ParentCallSid"] = call.parent_sid
    if call.answered_by:
        params["AnsweredBy"] = call.answered_by
    return params


def make_message_params(network: Network, message: Message) -> dict[str, str]:
    """The parameters of a message status callback."""
    params = {
        "AccountSid": network.options.account_sid,
        "ApiVersion": API_VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": str(message.status),
        "SmsSid": message.sid,
        "SmsStatus": str(message.status),
        "To": message.to,
    }
    if message.service_sid:
        params["MessagingServiceSid"] = message.service_sid
    if message.error_code:
        params["ErrorCode"] = str(message.error_code)
    if message.status is MessageStatus.DELIVERED:
        params["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime())
    return params


class Callbacks:
    """Tells the application what becomes of calls and messages."""

    def __init__(self, network: Network, webhooks: Webhooks) -> None:
        self._network = network
        self._webhooks = webhooks
        self._places = asyncio.Semaphore(CALLBACKS_IN_FLIGHT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}

    def tell_call(self, call: Call, event: str) -> None:
        """A call has come to `event`: initiated, ringing, answered or completed (over, however it ended)."""
        order, dialect = call.order, self._network.dialect
        events = frozenset({"completed"}) if dialect.tells_the_end_only else order.events
        if not order.status_callback or event not in events:
            return
        params = make_call_params(self._network, call)
        params |= {
            "CallStatus": _EVENT_STATUS.get(event, str(call.status)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.sequence if dialect.counts_callbacks else 0),
            "Timestamp": write_rfc_2822(time.time()) or "",
        }
        call.sequence += 1
        if event == "completed":
            params |= {
                "CallDuration": str(call.duration),
                "Duration": str(-(-call.duration // 60)),
                "SipResponseCode": str(call.sip_code),
            }
            if call.error_code:
                params["ErrorCode"] = str(call.error_code)
        self._send(call.sid, order.status_callback, order.status_callback_method, params, final=event == "completed")

    def tell_message(self, message: Message) -> None:
        """A message has come to its present state."""
        final = message.status in _FINAL_MESSAGE
        if message.status_callback and (final or not self._network.dialect.tells_the_end_only):
            params = make_message_params(self._network, message)
            self._send(message.sid, message.status_callback, "POST", params, final=final)

    def drop_all(self) -> None:
        """Send nothing more of what waits."""
        for task in tuple(self._tasks):
            task.cancel()

    def _send(self, sid: str, url: str, method: str, params: dict[str, str], *, final: bool) -> None:
        faults = self._network.faults.callbacks
        if faults.loses(final):
            lost = {"at": time.time(), "url": url, "params": params, "status": None, "ms": 0.0, "response": "lost"}
            self._network.webhooks.append(lost)
            return
        for _ in range(2 if faults.double else 1):
            # In order as far as the network goes; a shuffle lets each one run for itself.
            before = None if faults.shuffle_ms or faults.double else self._latest.get(sid)
            task = asyncio.create_task(self._carry(before, faults.wait(), url, method, params))
            self._latest[sid] = task
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._forget(sid, done))

    def _forget(self, sid: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._latest.get(sid) is task:
            del self._latest[sid]

    async def _carry(
        self, before: asyncio.Task[None] | None, wait: float, url: str, method: str, params: dict[str, str]
    ) -> None:
        if wait:
            await asyncio.sleep(wait)
        if before is not None and not before.done():
            await asyncio.wait({before})
        async with self._places:
            # A callback that fails is not tried again: the carrier leaves it at the log entry.
            with suppress(WebhookFailed):
                await self._webhooks.ask(url, params, method)
