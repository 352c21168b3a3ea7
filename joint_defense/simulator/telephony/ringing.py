"""Ringing a handset, and the person at it who follows the script."""

from __future__ import annotations

import asyncio
import time

from joint_defense.simulator.network.callbacks import Callbacks
from joint_defense.simulator.network.network import Handset, Leg, Network
from joint_defense.simulator.network.records import CallStatus
from joint_defense.simulator.network.scripts import CallPlan, Press

# Seconds of telephony: until the far network rings, says busy, or gives up on a phone that is switched off.
UNTIL_RINGING = 1.0
UNTIL_GIVEN_UP = 3.0
VOICEMAIL_PICKS_UP = 15.0
VOICEMAIL_RECORDS = 60.0
SIP_CODES = {CallStatus.BUSY: 486, CallStatus.NO_ANSWER: 487, CallStatus.FAILED: 404, CallStatus.CANCELED: 487}
SWITCHED_OFF = 480


class Ringer:
    """Rings handsets."""

    def __init__(self, network: Network, callbacks: Callbacks) -> None:
        self._network = network
        self._callbacks = callbacks

    async def ring(self, leg: Leg) -> CallStatus:
        """Ring the callee until somebody picks up (IN_PROGRESS) or it is in vain (how it ended)."""
        call = leg.call
        call.started_at = time.time()
        self._callbacks.tell_call(call, "initiated")
        handset = self._network.handset(call.to)
        handset.attempts += 1
        call.attempt = handset.attempts
        plan = handset.script.plan(handset.attempts)
        leg.patience = plan.patience
        await self._network.sleep(UNTIL_RINGING)
        in_vain = await self._without_ringing(leg, handset, plan)
        if in_vain is not None:
            return in_vain
        handset.leg = leg
        call.status, call.updated_at = CallStatus.RINGING, time.time()
        self._network.show_call(call)
        self._callbacks.tell_call(call, "ringing")
        leg.accompany(self._pick_up(leg, plan))
        try:
            async with asyncio.timeout(self._network.real(call.order.timeout * leg.patience)):
                await leg.picked_up.wait()
        except TimeoutError:
            return CallStatus.NO_ANSWER
        if call.order.machine_detection:
            call.answered_by = "machine_start" if plan.do == "voicemail" else "human"
        self._callbacks.tell_call(call, "answered")
        return CallStatus.IN_PROGRESS

    def follow(self, leg: Leg, press: tuple[Press, ...], hang_up_after: float | None) -> None:
        """From the answer on: press the keys, and hang up, when their time comes."""
        for one in press:
            leg.accompany(self._press_later(leg, one))
        if hang_up_after is not None:
            leg.accompany(self._hang_up_later(leg, hang_up_after))

    async def _without_ringing(self, leg: Leg, handset: Handset, plan: CallPlan) -> CallStatus | None:
        if handset.leg is not None or plan.do == "busy":
            return CallStatus.BUSY
        if plan.do == "failed":
            leg.call.error_code = plan.error_code
            return CallStatus.FAILED
        if plan.do == "off":
            await self._network.sleep(UNTIL_GIVEN_UP)
            leg.call.sip_code = SWITCHED_OFF
            return CallStatus.NO_ANSWER
        return None

    async def _pick_up(self, leg: Leg, plan: CallPlan) -> None:
        if plan.do == "answer":
            await self._network.sleep(plan.after)
            leg.call.says = plan.says
            leg.answer()
            self.follow(leg, plan.press, plan.hang_up_after)
        elif plan.do == "voicemail":
            await self._network.sleep(VOICEMAIL_PICKS_UP)
            leg.call.says, leg.call.voicemail = plan.says, True
            leg.answer()
            self.follow(leg, (), VOICEMAIL_RECORDS if plan.hang_up_after is None else plan.hang_up_after)
        elif plan.do == "manual":
            await leg.picked_up.wait()
            leg.call.says = plan.says
            self.follow(leg, plan.press, plan.hang_up_after)

    async def _press_later(self, leg: Leg, press: Press) -> None:
        await self._network.sleep(press.after)
        await leg.play_keys(press.digits)

    async def _hang_up_later(self, leg: Leg, after: float) -> None:
        await self._network.sleep(after)
        leg.end(CallStatus.COMPLETED)
