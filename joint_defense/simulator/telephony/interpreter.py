"""Performs TwiML on a call: speaks, waits, gathers keys, dials on, asks the application what comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urljoin

from joint_defense.simulator.network.callbacks import make_call_params
from joint_defense.simulator.network.network import Fetch, Inline, Leg, Network, Step
from joint_defense.simulator.network.records import CallStatus
from joint_defense.simulator.network.webhooks import Reply, WebhookFailed, Webhooks
from joint_defense.simulator.telephony.conferences import Conferences
from joint_defense.simulator.telephony.gathering import gather
from joint_defense.simulator.telephony.speaking import SOUNDING, play_sound
from joint_defense.simulator.telephony.twiml import REFUSED, BadTwiml, Document, Verb, read_twiml

APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."
SECONDS_TO_SAY_SORRY = 4.0
_XML = frozenset({"text/xml", "application/xml", "text/html"})
# Verbs that connect an incoming call; a document may do others, or wait, while it still rings.
_ANSWERING = frozenset({"Say", "Play", "Gather", "Dial", "Hangup"})
# What may be heard by somebody alone in a room.
_ALONE = frozenset({"Say", "Play", "Pause", "Redirect"})

Bridge = Callable[[Leg, tuple[str, ...], float, str], Awaitable[tuple[CallStatus, str, int]]]


class HungUp(Exception):
    """The document ends the call. `status` is how it ended."""

    def __init__(self, status: CallStatus) -> None:
        super().__init__(status)
        self.status = status


class Interpreter:
    """Performs documents. `bridge` rings numbers for a call and says how that ended, the sid and the seconds."""

    def __init__(self, network: Network, webhooks: Webhooks, conferences: Conferences, bridge: Bridge) -> None:
        self._network = network
        self._webhooks = webhooks
        self._conferences = conferences
        self._bridge = bridge

    async def perform(self, leg: Leg, step: Step) -> CallStatus:
        """Go from document to document to the end of the call, and say how it ended."""
        following: Step | None = step
        try:
            while following is not None:
                document, base = await self._fetch_document(leg, following)
                following = await self._run(leg, document.verbs, base)
        except (BadTwiml, WebhookFailed) as failure:
            url = step.url if isinstance(step, Fetch) else ""
            self._network.notify(failure.code, str(failure), sid=leg.call.sid, url=url)
            self._connect(leg)
            sorry = leg.hear("Say", APPLICATION_ERROR, "en-US", "alice")
            await leg.sound(sorry, SECONDS_TO_SAY_SORRY, interruptible=False)
        except HungUp as end:
            return end.status
        self._connect(leg)
        return CallStatus.COMPLETED

    async def _fetch_document(self, leg: Leg, step: Step) -> tuple[Document, str]:
        if isinstance(step, Inline):
            return self._read(leg, step.twiml), ""
        try:
            reply = await self._webhooks.ask(step.url, self._params(leg) | dict(step.extra), step.method)
            return self._take_reply(leg, reply), reply.url
        except (BadTwiml, WebhookFailed) as failure:
            fallback = leg.call.order.fallback_url
            if not fallback:
                raise
            self._network.notify(failure.code, str(failure), sid=leg.call.sid, url=step.url)
            extra = dict(step.extra) | {"ErrorCode": str(failure.code), "ErrorUrl": step.url}
        reply = await self._webhooks.ask(fallback, self._params(leg) | extra, leg.call.order.fallback_method)
        return self._take_reply(leg, reply), reply.url

    def _params(self, leg: Leg) -> dict[str, str]:
        return make_call_params(self._network, leg.call)

    def _take_reply(self, leg: Leg, reply: Reply) -> Document:
        if reply.content_type in _XML:
            return self._read(leg, reply.text)
        if reply.content_type == "text/plain":
            return Document((Verb("Say", text=reply.text.strip()),))
        if reply.content_type.startswith("audio/"):
            return Document((Verb("Play", text=reply.url),))
        raise BadTwiml(12300, f"Invalid Content-Type: {reply.content_type or 'none'}")

    def _read(self, leg: Leg, source: str) -> Document:
        document = read_twiml(source, dialect=self._network.dialect)
        for code, warning in document.warnings:
            self._network.notify(code, warning, sid=leg.call.sid, level="warning")
        return document

    async def _run(self, leg: Leg, verbs: tuple[Verb, ...], base: str) -> Step | None:
        for place, verb in enumerate(verbs):
            if verb.name == "Reject" and place == 0 and leg.call.answered_at is None:
                raise HungUp(CallStatus.BUSY if verb.get("reason") == "busy" else CallStatus.NO_ANSWER)
            if verb.name == REFUSED:
                # Somleng writes it into a log of its own, and the line goes dead.
                self._network.notify(12200, f"Invalid element: {verb.text}", sid=leg.call.sid)
                self._connect(leg)
                raise HungUp(CallStatus.COMPLETED)
            if verb.name in _ANSWERING:
                self._connect(leg)
            if verb.name == "Hangup":
                raise HungUp(CallStatus.COMPLETED)
            following = await self._perform_verb(leg, verb, base)
            if following is not None:
                return following
        return None

    async def _perform_verb(self, leg: Leg, verb: Verb, base: str) -> Step | None:
        if verb.name in SOUNDING:
            await play_sound(leg, verb, base, interruptible=False)
        elif verb.name == "Gather":
            return await gather(leg, verb, base)
        elif verb.name == "Dial":
            return await self._dial(leg, verb, base)
        elif verb.name == "Redirect":
            return Fetch(join_address(base, verb.text), verb.get("method", "POST"))
        return None

    async def _dial(self, leg: Leg, verb: Verb, base: str) -> Step | None:
        rooms = [child for child in verb.children if child.name == "Conference"]
        if rooms:
            wait = partial(self._play_alone, leg)
            await self._conferences.attend(leg, rooms[0], base, verb.flag("hangupOnStar", False), wait)
            outcome = {"DialCallStatus": "answered"}
        else:
            numbers = tuple(child.text for child in verb.children) or tuple(filter(None, [verb.text]))
            if not numbers:
                raise BadTwiml(12100, "Dial: nothing to dial")
            leg.hear("Dial", " ".join(numbers)).complete = True
            own = leg.call.sender if leg.call.inbound else leg.call.to
            caller = verb.get("callerId", own)
            status, sid, seconds = await self._bridge(leg, numbers, verb.number("timeout", 30), caller)
            outcome = {"DialCallStatus": str(status), "DialCallSid": sid, "DialCallDuration": str(seconds)}
        if "action" not in verb.attributes:
            return None
        return Fetch(join_address(base, verb.get("action")), verb.get("method", "POST"), tuple(outcome.items()))

    async def _play_alone(self, leg: Leg, url: str, method: str) -> None:
        """What somebody hears who is alone in a room: documents that speak, rest and lead on, and no others."""
        following: Step | None = Fetch(url, method)
        try:
            while following is not None:
                document, base = await self._fetch_document(leg, following)
                following = None
                for verb in document.verbs:
                    if verb.name not in _ALONE:
                        self._network.notify(13238, f"waitUrl: {verb.name} is not allowed", sid=leg.call.sid, url=url)
                        return
                    following = await self._perform_verb(leg, verb, base)
        except (BadTwiml, WebhookFailed) as failure:
            self._network.notify(failure.code, str(failure), sid=leg.call.sid, url=url)

    def _connect(self, leg: Leg) -> None:
        if leg.call.answered_at is None:
            leg.answer()


def join_address(base: str, url: str) -> str:
    """An address of a document, as seen from the document at `base`; without either the call cannot go on."""
    absolute = urljoin(base, url)
    if not absolute.startswith(("http://", "https://")):
        raise BadTwiml(11100, f"Invalid URL format: {url or 'none'}, and the document itself has no address")
    return absolute
