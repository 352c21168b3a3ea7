"""The carrier of the simulation: what it carried out, what it says of that, and when."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from joint_defense.carriers.port import (
    OutboundCall,
    OutboundMessage,
    OutcomeUnknown,
    Receipt,
    RefusedNumber,
    Temporary,
    TooFast,
    Unanswered,
)
from joint_defense.rules.states import FINAL, AttemptState, Channel

TIMEOUT = 4.0
_ENDS = re.compile(r"/status/(\d+)/(\d+)")
WORDS = {
    AttemptState.RINGING: "ringing",
    AttemptState.IN_PROGRESS: "in-progress",
    AttemptState.COMPLETED: "completed",
    AttemptState.NO_ANSWER: "no-answer",
    AttemptState.CANCELED: "canceled",
    AttemptState.SENT: "sent",
    AttemptState.DELIVERED: "delivered",
}


@dataclass
class Carried:
    """A request that the carrier has carried out. `said` tells the service of a new state, some time or never."""

    sid: str
    channel: Channel
    to: str
    body: str
    delivery_id: int
    number: int
    at: datetime
    state: AttemptState = AttemptState.QUEUED


@dataclass
class Network:
    """All that the carrier has carried out. `reach` is told of each, to have the people behave."""

    chance: random.Random
    now: Callable[[], datetime]
    faults: dict[str, float]
    reach: Callable[[Carried], None]
    said: Callable[[Carried], None]
    carried: dict[str, Carried] = field(default_factory=dict)
    refuses: frozenset[str] = frozenset()
    busy: bool = True
    """Whether it has faults at present."""

    def draws(self, fault: str) -> bool:
        return self.busy and self.chance.random() < self.faults.get(fault, 0.0)

    def carry_out(self, channel: Channel, to: str, body: str, callback: str) -> Carried:
        found = _ENDS.search(callback)
        assert found is not None, callback
        made = Carried(
            f"{'CA' if channel is Channel.CALL else 'SM'}{len(self.carried):032x}",
            channel,
            to,
            body,
            int(found[1]),
            int(found[2]),
            self.now(),
        )
        self.carried[made.sid] = made
        self.reach(made)
        return made

    def move(self, carried: Carried, state: AttemptState) -> None:
        if carried.state not in FINAL:
            carried.state = state
            self.said(carried)


class SimulatedCarrier:
    """A process's connection to the network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def warm(self) -> None:
        return

    async def check_account(self) -> None:
        return

    async def close(self) -> None:
        return

    async def place_call(self, call: OutboundCall) -> Receipt:
        return await self._create(Channel.CALL, call.to, "", call.status_callback)

    async def send_message(self, message: OutboundMessage) -> Receipt:
        return await self._create(Channel.SMS, message.to, message.body, message.status_callback)

    async def _create(self, channel: Channel, to: str, body: str, callback: str) -> Receipt:
        network = self._network
        await asyncio.sleep(network.chance.uniform(0.02, 0.2))
        if to in network.refuses:
            raise RefusedNumber("no such number", code=21211, status=400)
        if network.draws("too fast"):
            raise TooFast("slower", code=20429, status=429)
        if network.draws("away"):
            raise Temporary("unavailable", status=503)
        if network.draws("request lost"):
            await asyncio.sleep(TIMEOUT)
            raise Unanswered("nothing came")
        made = network.carry_out(channel, to, body, callback)
        await asyncio.sleep(network.chance.uniform(0.02, 0.2))
        if network.draws("answer cut"):
            raise OutcomeUnknown("the connection broke")
        if network.draws("answer lost"):
            await asyncio.sleep(TIMEOUT)
            raise Unanswered("nothing came")
        return Receipt(made.sid, AttemptState.QUEUED if channel is Channel.CALL else AttemptState.SENT, to=to)

    async def look_up(self, channel: Channel, to: str, since: datetime) -> list[Receipt]:
        await asyncio.sleep(self._network.chance.uniform(0.02, 0.2))
        if self._network.draws("away"):
            raise Temporary("unavailable", status=503)
        return [
            Receipt(each.sid, each.state, body=each.body, to=each.to)
            for each in reversed(self._network.carried.values())
            if each.channel is channel and each.to == to and each.at >= since - timedelta(seconds=1)
        ]

    async def fetch(self, channel: Channel, sid: str) -> Receipt:
        await asyncio.sleep(self._network.chance.uniform(0.02, 0.2))
        if self._network.draws("away"):
            raise Temporary("unavailable", status=503)
        found = self._network.carried[sid]
        return Receipt(sid, found.state, body=found.body, to=found.to)

    async def end_call(self, sid: str) -> None:
        await asyncio.sleep(self._network.chance.uniform(0.02, 0.2))
        if self._network.draws("away"):
            raise Temporary("unavailable", status=503)
        self._network.move(self._network.carried[sid], AttemptState.CANCELED)
