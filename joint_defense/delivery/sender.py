"""From a claim to the carrier and back: one call or message, placed or looked up. No database row is written here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from joint_defense.carriers.port import Carrier, CarrierError, OutcomeUnknown, Receipt, Undecided
from joint_defense.delivery.claims import Claim, Rivals
from joint_defense.delivery.messages import Announcer
from joint_defense.delivery.pace import Pace
from joint_defense.delivery.results import Sent
from joint_defense.models import Alert, Incident
from joint_defense.rules.states import Channel
from joint_defense.rules.wording.alarm import segments

LookUpFacts = Callable[[Claim], Awaitable[datetime | None]]
AskRivals = Callable[[Claim, set[str]], Awaitable[Rivals | None]]

log = structlog.stdlib.get_logger(__name__)


class Sender:
    """Carries claims to the carrier. `first_request` and `rivals` ask the database, off the event loop."""

    def __init__(
        self,
        carrier: Carrier,
        announcer: Announcer,
        text_pace: Pace,
        *,
        first_request: LookUpFacts,
        rivals: AskRivals,
    ) -> None:
        self._carrier = carrier
        self._announcer = announcer
        self._text_pace = text_pace
        self._first_request = first_request
        self._rivals = rivals

    async def send(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Sent:
        """Place a call or send a message, or find out what became of the one before. Never raises."""
        try:
            if claim.look_up_first:
                return Sent(claim, receipt=await self._look_up(claim, incident, alerts))
            if claim.channel is Channel.CALL:
                return Sent(
                    claim, receipt=await self._carrier.place_call(self._announcer.call(claim, incident, alerts))
                )
            return Sent(claim, receipt=await self._send_message(claim, incident, alerts))
        except CarrierError as error:
            log.warning(
                "request_declined",
                delivery_id=claim.delivery_id,
                incident_id=claim.incident_id,
                code=error.code,
                error=type(error).__name__,
            )
            return Sent(claim, error=error)
        except Exception:
            # Whatever went wrong, the request may have left: it is looked up, and never silently dropped.
            log.exception("sending_failed", delivery_id=claim.delivery_id, incident_id=claim.incident_id)
            return Sent(claim, error=OutcomeUnknown("sending failed"))

    async def _send_message(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Receipt:
        message = self._announcer.message(claim, incident, alerts)
        extra = segments(message.body) - 1
        if extra and self._text_pace.limited:
            await asyncio.to_thread(self._text_pace.charge, claim.sender, extra)
        return await self._carrier.send_message(message)

    async def _look_up(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Receipt | None:
        """The receipt of a request whose answer was lost; None if the carrier knows of none that could be it."""
        since = await self._first_request(claim)
        found = await self._carrier.look_up(claim.channel, claim.to, since or claim.requested_at)
        if claim.channel is Channel.SMS:
            body = self._announcer.message(claim, incident, alerts).body
            found = [each for each in found if each.body == body]
        facts = await self._rivals(claim, {each.sid for each in found})
        if facts is None:
            raise OutcomeUnknown("the database did not answer")
        return choose(found, facts)


def choose(found: Sequence[Receipt], rivals: Rivals) -> Receipt | None:
    """Of calls to one phone, newest first, the one that is ours; None where there is none.

    Where others look for theirs too, each takes its turn, the oldest request the oldest call. Raises Undecided
    where one of them may still be on its way to the carrier: whose call it is shows when that one is back.
    """
    free = [each for each in reversed(found) if each.sid not in rivals.known]
    if not free:
        return None
    if rivals.on_their_way and len(free) <= rivals.on_their_way + rivals.looking:
        raise Undecided("another request to the same phone is on its way")
    return free[rivals.before] if rivals.before < len(free) else None
