"""Texts: what the API sends to handsets, and what handsets send to the account's numbers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from joint_defense.simulator.network.callbacks import Callbacks
from joint_defense.simulator.network.network import Network
from joint_defense.simulator.network.records import Message, MessageStatus
from joint_defense.simulator.network.scripts import TextPlan
from joint_defense.simulator.network.webhooks import Reply, WebhookFailed, Webhooks
from joint_defense.simulator.network.wire import API_VERSION, count_segments, find_country
from joint_defense.simulator.telephony.interpreter import join_address
from joint_defense.simulator.telephony.twiml import MESSAGE_VERBS, BadTwiml, Verb, read_twiml

# Seconds of telephony.
UNTIL_SENDING = 0.2
UNTIL_SENT = 0.5
UNTIL_DELIVERED = 1.0
MOST_REDIRECTS = 10
_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE", "退订", "TD", "T"})
_START = frozenset({"START", "YES", "UNSTOP", "订阅", "DY"})
STOPPED = "You have successfully been unsubscribed. Reply START to resubscribe. 您已退订，回复 START 或“订阅”恢复。"
STARTED = "You have successfully been re-subscribed. Reply STOP to unsubscribe. 您已恢复订阅，回复 STOP 或“退订”取消。"
# The code of a text that goes wrong, where the script names none.
_DEFAULT_ERROR = {"undelivered": 30003, "failed": 30008}


@dataclass(frozen=True, slots=True)
class TextOrder:
    """A text that the API was asked to send."""

    sender: str
    to: str
    body: str
    status_callback: str = ""
    service_sid: str | None = None


class Texting:
    """Every text of the network."""

    def __init__(self, network: Network, webhooks: Webhooks, callbacks: Callbacks) -> None:
        self.network = network
        self._webhooks = webhooks
        self._callbacks = callbacks
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, order: TextOrder) -> Message:
        """Take a text on behalf of the API and carry it to its handset."""
        status = MessageStatus.ACCEPTED if order.service_sid else MessageStatus.QUEUED
        message = self._make_message("outbound-api", order.sender, order.to, order.body, status)
        message.status_callback, message.service_sid = order.status_callback, order.service_sid
        self._run(self._deliver(message))
        return message

    def cancel(self, message: Message) -> None:
        """Take a text back that has not left yet."""
        if message.status in (MessageStatus.QUEUED, MessageStatus.ACCEPTED):
            self._become(message, MessageStatus.CANCELED)

    async def text(self, number: str, to: str, body: str) -> tuple[Message, str | None]:
        """A handset texts a number of the account. What the application answers goes back, and is returned too."""
        message = self._make_message("inbound", number, to, body, MessageStatus.RECEIVED)
        message.sent_at = message.created_at
        self.network.put_on(number, message)
        opt_out = self._subscribe_or_stop(number, to, body)
        if not self.network.options.sms_url:
            return message, None
        try:
            answers = await self._ask(self.network.options.sms_url, message, opt_out)
        except (WebhookFailed, BadTwiml) as failure:
            url = self.network.options.sms_url
            self.network.notify(failure.code, str(failure), sid=message.sid, url=url)
            return message, None
        sent = [answer for answer in answers if self._answer(to, number, answer)]
        return message, "\n".join(sent) or None

    async def stop(self) -> None:
        """Drop every text that is on its way."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=2)

    def _make_message(self, direction: str, sender: str, to: str, body: str, status: MessageStatus) -> Message:
        now = time.time()
        message = Message(
            self.network.make_id("SM"), direction, sender, to, body, now, now, status, count_segments(body)
        )
        self.network.remember_message(message)
        return message

    def _run(self, course: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(course)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, message: Message) -> None:
        plan = self.network.handset(message.to).script.texts
        await self.network.sleep(UNTIL_SENDING)
        if message.status is MessageStatus.CANCELED:
            return
        if plan.do == "failed":
            self._become(message, MessageStatus.FAILED, plan.error_code or _DEFAULT_ERROR["failed"])
            return
        # No callback says "sending"; the API shows it.
        message.status, message.updated_at = MessageStatus.SENDING, time.time()
        await self.network.sleep(UNTIL_SENT)
        message.sent_at = time.time()
        self._become(message, MessageStatus.SENT)
        await self.network.sleep(UNTIL_DELIVERED)
        if plan.do == "undelivered":
            self._become(message, MessageStatus.UNDELIVERED, plan.error_code or _DEFAULT_ERROR["undelivered"])
            return
        if plan.do == "deliver":
            self._become(message, MessageStatus.DELIVERED)
        self.network.put_on(message.to, message)
        await self._reply(message, plan)

    async def _reply(self, message: Message, plan: TextPlan) -> None:
        # Only texts that the application sent of itself are replied to: two automata would never stop.
        if plan.reply is None or message.direction != "outbound-api" or plan.reply_to not in message.body:
            return
        await self.network.sleep(plan.reply_after)
        await self.text(message.to, message.sender, plan.reply)

    def _become(self, message: Message, status: MessageStatus, error_code: int | None = None) -> None:
        message.status, message.error_code, message.updated_at = status, error_code, time.time()
        self._callbacks.tell_message(message)
        self.network.show_message(message.handset_number, message)

    def _answer(self, sender: str, to: str, body: str) -> bool:
        if (sender, to) in self.network.stopped_texts:
            self.network.notify(21610, "Attempt to send to unsubscribed recipient")
            return False
        self._run(self._deliver(self._make_message("outbound-reply", sender, to, body, MessageStatus.QUEUED)))
        return True

    def _subscribe_or_stop(self, number: str, to: str, body: str) -> str:
        """STOP and START are the carrier's own words: it acts on them, answers, and passes them on as what they are."""
        word = re.sub(r"[\s。.!！]+", "", body).upper()
        if word in _STOP and (to, number) not in self.network.stopped_texts:
            self._answer(to, number, STOPPED)
            self.network.stopped_texts.add((to, number))
            return "STOP"
        if word in _START and (to, number) in self.network.stopped_texts:
            self.network.stopped_texts.discard((to, number))
            self._answer(to, number, STARTED)
            return "START"
        return ""

    async def _ask(self, url: str, message: Message, opt_out: str) -> list[str]:
        answers: list[str] = []
        more = {"OptOutType": opt_out} if opt_out else {}
        method = "POST"
        for _ in range(MOST_REDIRECTS):
            reply = await self._webhooks.ask(url, self._params(message) | more, method)
            onward = None
            for verb in self._read_verbs(reply, message):
                if verb.name == "Redirect":
                    onward = verb
                    break
                answers.append(_read_body(verb))
            if onward is None:
                return [answer for answer in answers if answer]
            url, method = join_address(reply.url, onward.text), onward.get("method", "POST")
        raise BadTwiml(11215, "Too many redirects")

    def _read_verbs(self, reply: Reply, message: Message) -> tuple[Verb, ...]:
        if not reply.text.strip():
            return ()
        if reply.content_type == "text/plain":
            return (Verb("Message", text=reply.text.strip()),)
        if reply.content_type not in {"text/xml", "application/xml", "text/html"}:
            raise BadTwiml(12300, f"Invalid Content-Type: {reply.content_type or 'none'}")
        document = read_twiml(reply.text, MESSAGE_VERBS)
        for code, warning in document.warnings:
            self.network.notify(code, warning, sid=message.sid, level="warning")
        return document.verbs

    def _params(self, message: Message) -> dict[str, str]:
        """The parameters of an incoming text."""
        params = {
            "AccountSid": self.network.options.account_sid,
            "ApiVersion": API_VERSION,
            "Body": message.body,
            "From": message.sender,
            "MessageSid": message.sid,
            "NumMedia": "0",
            "NumSegments": str(message.segments),
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.to,
        }
        for prefix, number in (("From", message.sender), ("To", message.to)):
            params |= {f"{prefix}City": "", f"{prefix}State": "", f"{prefix}Zip": ""}
            params[f"{prefix}Country"] = find_country(number)
        return params


def _read_body(verb: Verb) -> str:
    bodies = [child.text for child in verb.children if child.name == "Body"]
    return "\n".join(bodies) or verb.text
