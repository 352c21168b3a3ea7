"""The exchange: places calls, lets handsets call in, and follows each call to its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from joint_defense.simulator.network.callbacks import Callbacks
from joint_defense.simulator.network.network import Fetch, Inline, Leg, Network, Step
from joint_defense.simulator.network.records import Call, CallOrder, CallStatus
from joint_defense.simulator.network.refusals import Refusal
from joint_defense.simulator.network.scripts import Press
from joint_defense.simulator.network.webhooks import Webhooks
from joint_defense.simulator.telephony.conferences import Conferences
from joint_defense.simulator.telephony.interpreter import Interpreter
from joint_defense.simulator.telephony.ringing import SIP_CODES, Ringer

_log = logging.getLogger(__name__)


class HandsetBusy(Exception):
    """The handset cannot do that now. The message is one line."""


class Exchange:
    """Every live call of the network."""

    def __init__(self, network: Network, webhooks: Webhooks, callbacks: Callbacks) -> None:
        self.network = network
        self.conferences = Conferences(network, webhooks)
        self._callbacks = callbacks
        self._ringer = Ringer(network, callbacks)
        self._interpreter = Interpreter(network, webhooks, self.conferences, self._bridge)
        self._legs: dict[str, Leg] = {}
        self._outbound = 0
        self._next_start = 0.0

    def place(self, sender: str, to: str, order: CallOrder) -> Call:
        """Take a call on behalf of the API: it rings when the account's calls per second allow. Raises Refusal."""
        limit = self.network.options.concurrent_calls
        if limit and self._outbound >= limit:
            raise Refusal(10004)
        leg = self._make_leg("outbound-api", sender, to, order)
        self._outbound += 1
        self._start(leg, self._run_outbound(leg, self._book_start()))
        return leg.call

    def dial_in(self, number: str, to: str, press: tuple[Press, ...], hang_up_after: float | None) -> Call:
        """A handset calls a number of the account. Raises HandsetBusy."""
        handset = self.network.handset(number)
        if handset.leg is not None:
            raise HandsetBusy(f"{number} is in a call already")
        options = self.network.options
        order = CallOrder(
            url=options.voice_url, fallback_url=options.voice_fallback_url, status_callback=options.voice_status_url
        )
        leg = self._make_leg("inbound", number, to, order)
        leg.call.status, leg.call.started_at = CallStatus.RINGING, leg.call.created_at
        handset.leg = leg
        self._start(leg, self._run_inbound(leg, press, hang_up_after))
        self.network.show_handset(number)
        return leg.call

    def get_leg(self, number: str) -> Leg:
        """The call a handset is in. Raises HandsetBusy when it is in none."""
        leg = self.network.handset(number).leg
        if leg is None:
            raise HandsetBusy(f"{number} is in no call")
        return leg

    def pick_up(self, number: str) -> Call:
        """The person answers. Raises HandsetBusy when it does not ring."""
        leg = self.get_leg(number)
        if leg.call.inbound or leg.call.status is not CallStatus.RINGING:
            raise HandsetBusy(f"{number} does not ring")
        leg.answer()
        return leg.call

    def put_down(self, number: str) -> Call:
        """The person hangs up, or declines: to the caller that is busy. Raises HandsetBusy."""
        leg = self.get_leg(number)
        if leg.call.status is CallStatus.IN_PROGRESS:
            leg.end(CallStatus.COMPLETED)
        else:
            leg.end(CallStatus.CANCELED if leg.call.inbound else CallStatus.BUSY)
        return leg.call

    def end(self, call: Call, *, only_waiting: bool) -> None:
        """End a call on behalf of the API; `only_waiting` leaves alone what is connected already.

        Raises Refusal where the carrier does not take that for a call which is over.
        """
        leg = self._legs.get(call.sid)
        if leg is None and not self.network.dialect.ends_twice:
            raise Refusal(21220)
        if leg is None or (only_waiting and call.status is CallStatus.IN_PROGRESS):
            return
        leg.end(CallStatus.COMPLETED if call.status is CallStatus.IN_PROGRESS else CallStatus.CANCELED)
        self._settle(leg, leg.final or CallStatus.CANCELED)

    def redirect(self, call: Call, step: Step) -> None:
        """Let a connected call go on with another document. Raises Refusal when it is not connected."""
        leg = self._legs.get(call.sid)
        if leg is None or call.status is not CallStatus.IN_PROGRESS or leg.performance is None:
            raise Refusal(21220)
        leg.perform_instead(step)

    async def stop(self) -> None:
        """Drop every call without a word to anybody."""
        tasks = [leg.task for leg in self._legs.values() if leg.task is not None]
        for leg in tuple(self._legs.values()):
            leg.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2)
        self._legs.clear()
        self._outbound, self._next_start = 0, 0.0
        self.conferences.forget()

    def _make_leg(self, direction: str, sender: str, to: str, order: CallOrder, parent: str | None = None) -> Leg:
        now = time.time()
        call = Call(self.network.make_id("CA"), direction, sender, to, order, now, now, parent_sid=parent)
        leg = Leg(self.network, call)
        self._legs[call.sid] = leg
        self.network.remember_call(call)
        return leg

    def _book_start(self) -> float:
        """Seconds this call stands in the account's queue. The pace is real time, whatever the network's speed."""
        rate = self.network.options.calls_per_second
        if not rate:
            return 0.0
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + 1 / rate
        return start - now

    def _start(self, leg: Leg, course: Coroutine[Any, Any, CallStatus]) -> None:
        leg.task = asyncio.create_task(course)
        leg.task.add_done_callback(lambda task: self._finish(leg, task))

    def _finish(self, leg: Leg, task: asyncio.Task[CallStatus]) -> None:
        if task.cancelled():
            if leg.final is not None:
                self._settle(leg, leg.final)
            return
        error = task.exception()
        if error is not None:
            _log.error("call %s broke off", leg.call.sid, exc_info=error)
        self._settle(leg, CallStatus.FAILED if error is not None else task.result())

    def _settle(self, leg: Leg, status: CallStatus) -> None:
        """A call is over: its record is closed and whoever asked is told. The first word counts."""
        call = leg.call
        if self._legs.pop(call.sid, None) is None:
            return
        now = time.time()
        if call.answered_at is not None:
            call.duration = max(1, round((now - call.answered_at) * self.network.speed))
        elif call.sip_code == 200:
            call.sip_code = SIP_CODES.get(status, 200)
        call.status, call.ended_at, call.updated_at = status, now, now
        if call.direction == "outbound-api":
            self._outbound -= 1
        handset = self.network.handset(call.handset_number)
        if handset.leg is leg:
            handset.leg = None
        leg.close()
        self._callbacks.tell_call(call, "completed")
        self.network.show_call(call)

    async def _run_outbound(self, leg: Leg, wait: float) -> CallStatus:
        if wait:
            await asyncio.sleep(wait)
            leg.call.queue_ms = round(wait * 1000)
        status = await self._ringer.ring(leg)
        if status is not CallStatus.IN_PROGRESS:
            return status
        order = leg.call.order
        return await self._converse(leg, Fetch(order.url, order.method) if order.url else Inline(order.twiml))

    async def _run_inbound(self, leg: Leg, press: tuple[Press, ...], hang_up_after: float | None) -> CallStatus:
        leg.accompany(self._follow_when_connected(leg, press, hang_up_after))
        return await self._converse(leg, Fetch(leg.call.order.url, leg.call.order.method))

    async def _follow_when_connected(self, leg: Leg, press: tuple[Press, ...], hang_up_after: float | None) -> None:
        await leg.picked_up.wait()
        self._ringer.follow(leg, press, hang_up_after)

    async def _converse(self, leg: Leg, first: Step) -> CallStatus:
        """Perform documents, and others instead when the API says so, until the call ends or its time is up."""
        step = first
        while True:
            performance = leg.performance = asyncio.create_task(self._interpreter.perform(leg, step))
            try:
                connected = time.time() - (leg.call.answered_at or time.time())
                left = self.network.real(leg.call.order.time_limit) - connected
                done, _ = await asyncio.wait({performance}, timeout=max(left, 0))
            finally:
                performance.cancel()
            if not done:
                return CallStatus.COMPLETED
            if not performance.cancelled():
                return performance.result()
            if leg.redirect is None:
                return CallStatus.COMPLETED
            step, leg.redirect = leg.redirect, None

    async def _bridge(
        self, parent: Leg, numbers: tuple[str, ...], ring_for: float, caller: str
    ) -> tuple[CallStatus, str, int]:
        """Ring numbers at once for a caller; the first to answer is connected until one of the two hangs up."""
        order = CallOrder(timeout=ring_for)
        children = [self._make_leg("outbound-dial", caller, to, order, parent.call.sid) for to in numbers]
        for child in children:
            self._start(child, self._run_child(child))
        try:
            answered = await self._find_first_to_answer(children)
            for other in children:
                if other is not answered:
                    other.end(CallStatus.CANCELED)
            if answered is None:
                return children[0].call.status, children[0].call.sid, 0
            await answered.over.wait()
            return CallStatus.COMPLETED, answered.call.sid, answered.call.duration
        finally:
            for child in children:
                child.end(CallStatus.COMPLETED if child.call.answered_at else CallStatus.CANCELED)

    async def _run_child(self, leg: Leg) -> CallStatus:
        status = await self._ringer.ring(leg)
        if status is CallStatus.IN_PROGRESS:
            leg.hear("Dial", leg.call.sender).complete = True
            await leg.over.wait()
        return status

    async def _find_first_to_answer(self, legs: list[Leg]) -> Leg | None:
        waiting = {asyncio.create_task(leg.decided.wait()): leg for leg in legs}
        try:
            while waiting:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    leg = waiting.pop(task)
                    if leg.call.answered_at is not None:
                        return leg
            return None
        finally:
            for task in waiting:
                task.cancel()
