"""The carrier of the simulation: what it carried out, what it says of that, and when."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from joint_defense.carriers.port import (
    CarrierError,
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
from tools.simulate.loop import PROCESS

TIMEOUT = 4.0
SLOW = "list is slow"
"""The carrier's list shows what has left only after most of a second. Not in every night: seeds that were found before
are to be the same nights still."""
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
    cut: set[tuple[str, str]] = field(default_factory=set)
    at: Callable[[float, Callable[[], object]], None] = lambda _seconds, _work: None
    """Do something in so many seconds, whoever lives then."""
    _calls: list[Carried] = field(default_factory=list)
    most_held: int = 0
    """The most calls that it has had in hand at once."""
    clocks_differ: timedelta = timedelta(seconds=1)
    """The list begins so much before the moment that is asked for; more, once our clock has jumped. `carriers.twilio`
    leaves two minutes: with as much, a list that begins too late would not show in a night.
    """
    on_a_held_phone: list[tuple[Carried, Carried]] = field(default_factory=list)
    """Calls to a phone that another call held at that moment, and that one."""

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
        if channel is Channel.CALL:
            held = [each for each in self._calls if each.state not in FINAL]
            self.on_a_held_phone += [(made, each) for each in held if each.to == to]
            self._calls = [*held, made]
            self.most_held = max(self.most_held, len(self._calls))
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
        """What has left is carried out, whether or not whoever sent it lives to hear of it."""
        network, chance = self._network, self._network.chance
        if await self._is_cut_off():
            raise Unanswered("nothing came")
        if to in network.refuses:
            await asyncio.sleep(chance.uniform(0.04, 0.4))
            raise RefusedNumber("no such number", code=21211, status=400)
        if network.draws("too fast"):
            await asyncio.sleep(chance.uniform(0.04, 0.4))
            raise TooFast("slower", code=20429, status=429)
        if network.draws("away"):
            await asyncio.sleep(chance.uniform(0.04, 0.4))
            raise Temporary("unavailable", status=503)
        if network.draws("request lost"):
            await asyncio.sleep(TIMEOUT)
            raise Unanswered("nothing came")
        made: list[Carried] = []
        held_up = network.draws("request held up")
        arrives = TIMEOUT + chance.uniform(0.0, 0.9) if held_up else chance.uniform(0.02, 0.2)
        if SLOW in network.faults and not held_up and network.draws(SLOW):
            arrives += chance.uniform(0.2, 0.75)
        process = PROCESS.get()

        def arrive() -> None:
            # What is held up for seconds after its sender has fallen silent cannot be told from what never comes:
            # docs/reliability.md names it.
            if not (held_up and process is not None and (process.dead or process.hangs_until > 0)):
                made.append(network.carry_out(channel, to, body, callback))

        network.at(arrives, arrive)
        if held_up:
            await asyncio.sleep(TIMEOUT)
            raise Unanswered("nothing came")
        await asyncio.sleep(arrives + chance.uniform(0.02, 0.2))
        if network.draws("answer cut"):
            raise OutcomeUnknown("the connection broke")
        if network.draws("answer lost"):
            await asyncio.sleep(TIMEOUT)
            raise Unanswered("nothing came")
        return Receipt(made[0].sid, AttemptState.QUEUED if channel is Channel.CALL else AttemptState.SENT, to=to)

    async def _is_cut_off(self) -> bool:
        process = PROCESS.get()
        if process is None or (process.name, "carrier") not in self._network.cut:
            return False
        await asyncio.sleep(TIMEOUT)
        return True

    async def look_up(self, channel: Channel, to: str, since: datetime) -> list[Receipt]:
        if await self._is_cut_off():
            raise Unanswered("nothing came")
        await asyncio.sleep(self._network.chance.uniform(0.02, 0.2))
        if self._network.draws("away"):
            raise Temporary("unavailable", status=503)
        return [
            Receipt(each.sid, each.state, body=each.body, to=each.to)
            for each in reversed(self._network.carried.values())
            if each.channel is channel and each.to == to and each.at >= since - self._network.clocks_differ
        ]

    async def fetch(self, channel: Channel, sid: str) -> Receipt:
        if await self._is_cut_off():
            raise Unanswered("nothing came")
        await asyncio.sleep(self._network.chance.uniform(0.02, 0.2))
        if self._network.draws("away"):
            raise Temporary("unavailable", status=503)
        found = self._network.carried[sid]
        return Receipt(sid, found.state, body=found.body, to=found.to)

    async def end_call(self, sid: str) -> None:
        if await self._is_cut_off():
            raise Unanswered("nothing came")
        await asyncio.sleep(self._network.chance.uniform(0.02, 0.2))
        if self._network.draws("away"):
            raise Temporary("unavailable", status=503)
        ended = self._network.carried[sid]
        if ended.state in FINAL:
            raise CarrierError("the call is over", code=21220, status=400)
        self._network.move(ended, AttemptState.CANCELED)
