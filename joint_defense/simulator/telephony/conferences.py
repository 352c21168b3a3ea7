"""Conference rooms: calls that hear each other. A room begins with its second participant."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from joint_defense.simulator.network.network import Leg, Network
from joint_defense.simulator.network.webhooks import WebhookFailed, Webhooks
from joint_defense.simulator.network.wire import make_sid, write_rfc_2822
from joint_defense.simulator.telephony.twiml import Verb

Wait = Callable[[str, str], Coroutine[Any, Any, None]]
"""Plays what an address answers, asked by a method, on and on."""
LONGEST_NAME = 128
ROOMS_REMEMBERED = 500
CONFERENCE_EVENTS = frozenset({"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"})
_EVENT_NAMES = {
    "start": "conference-start",
    "end": "conference-end",
    "join": "participant-join",
    "leave": "participant-leave",
}


@dataclass(slots=True, eq=False)
class Room:
    """A conference from its first participant to its end."""

    sid: str
    name: str
    callback: str
    callback_method: str
    events: frozenset[str]
    participants: list[Leg] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_start: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    sequence: int = 0


class Conferences:
    """The rooms of the network."""

    def __init__(self, network: Network, webhooks: Webhooks) -> None:
        self._network = network
        self._webhooks = webhooks
        self._open: dict[str, Room] = {}
        self._rooms: deque[Room] = deque(maxlen=ROOMS_REMEMBERED)
        self._telling: set[asyncio.Task[None]] = set()

    async def attend(self, leg: Leg, verb: Verb, base: str, star_leaves: bool, wait: Wait) -> None:
        """Take a call into the room and keep it there until the room ends, or it leaves with the star key.

        Until the room begins the call hears what `wait` plays.
        """
        name = verb.text
        if len(name) > LONGEST_NAME or not name or "/" in name:
            self._network.notify(13254, f"Dial->Conference: Invalid Conference name: {name}", sid=leg.call.sid)
            return
        room = self._open.get(name) or self._make_room(leg, verb, base)
        room.participants.append(leg)
        room.may_start = room.may_start or verb.flag("startConferenceOnEnter", True)
        leg.call.conference = name
        leg.hear("Conference", name).complete = True
        self._note(room, "join", leg)
        if not room.begun.is_set() and room.may_start and len(room.participants) > 1:
            room.begun.set()
            self._note(room, "start", None)
        playing = asyncio.create_task(self._play_alone(room, verb, base, wait))
        try:
            await (self._wait_for_star(leg, room) if star_leaves else room.over.wait())
        finally:
            playing.cancel()
            self._leave(room, leg, ends=verb.flag("endConferenceOnExit", False))

    @staticmethod
    async def _play_alone(room: Room, verb: Verb, base: str, wait: Wait) -> None:
        address = verb.get("waitUrl")
        if not address or room.begun.is_set():
            return
        playing = asyncio.create_task(wait(urljoin(base, address), verb.get("waitMethod", "POST")))
        try:
            await room.begun.wait()
        finally:
            playing.cancel()

    def describe(self) -> list[dict[str, Any]]:
        """Every room that is remembered, oldest first."""
        return [
            {
                "sid": room.sid,
                "name": room.name,
                "status": "completed" if room.over.is_set() else "in-progress" if room.begun.is_set() else "init",
                "participants": [leg.call.handset_number for leg in room.participants],
                "history": list(room.history),
            }
            for room in self._rooms
        ]

    def forget(self) -> None:
        """Forget every room."""
        self._open.clear()
        self._rooms.clear()

    def _make_room(self, leg: Leg, verb: Verb, base: str) -> Room:
        wanted = frozenset(verb.get("statusCallbackEvent").split())
        if unknown := wanted - CONFERENCE_EVENTS:
            message = f"Dial->Conference: Invalid statusCallbackEvent: {' '.join(sorted(unknown))}"
            self._network.notify(16002, message, sid=leg.call.sid)
        callback = verb.get("statusCallback")
        # Only the first participant's callback counts.
        room = Room(
            sid=make_sid("CF"),
            name=verb.text,
            callback=urljoin(base, callback) if callback else "",
            callback_method=verb.get("statusCallbackMethod", "POST"),
            events=wanted & CONFERENCE_EVENTS or frozenset({"start", "end"}),
        )
        self._open[room.name] = room
        self._rooms.append(room)
        return room

    async def _wait_for_star(self, leg: Leg, room: Room) -> None:
        ended = asyncio.create_task(room.over.wait())
        try:
            while not ended.done():
                key = asyncio.create_task(leg.wait_for_key(None))
                await asyncio.wait({ended, key}, return_when=asyncio.FIRST_COMPLETED)
                key.cancel()
                if leg.digits and leg.digits.popleft() == "*":
                    return
        finally:
            ended.cancel()

    def _leave(self, room: Room, leg: Leg, ends: bool) -> None:
        room.participants.remove(leg)
        self._note(room, "leave", leg)
        if room.over.is_set():
            return
        if ends or not room.participants:
            room.over.set()
            if self._open.get(room.name) is room:
                del self._open[room.name]
            self._note(room, "end", None)

    def _note(self, room: Room, event: str, leg: Leg | None) -> None:
        number = leg.call.handset_number if leg else None
        room.history.append({"at": time.time(), "event": event, "number": number})
        self._network.events.publish("conference", lambda: {"name": room.name, "event": event, "number": number})
        if room.callback and event in room.events:
            params = self._params(room, event, leg)
            task = asyncio.create_task(self._tell(room, params))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    def _params(self, room: Room, event: str, leg: Leg | None) -> dict[str, str]:
        room.sequence += 1
        params = {
            "AccountSid": self._network.options.account_sid,
            "ConferenceSid": room.sid,
            "FriendlyName": room.name,
            "SequenceNumber": str(room.sequence),
            "StatusCallbackEvent": _EVENT_NAMES[event],
            "Timestamp": write_rfc_2822(time.time()) or "",
        }
        if leg is not None:
            params["CallSid"] = leg.call.sid
            params |= {"Muted": "false", "Hold": "false", "Coaching": "false"}
        return params

    async def _tell(self, room: Room, params: dict[str, str]) -> None:
        try:
            await self._webhooks.ask(room.callback, params, room.callback_method)
        except WebhookFailed as failure:
            self._network.notify(failure.code, str(failure), sid=room.sid, url=room.callback)
