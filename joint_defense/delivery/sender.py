"""From a claim to the carrier and back: one call or message, placed or looked up. No database row is written here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import structlog

from groups import directory
from joint_defense.carriers.port import (
    COUNTRY_NOT_CALLED,
    Carrier,
    CarrierError,
    OutcomeUnknown,
    Receipt,
    RefusedNumber,
    Temporary,
    Unanswered,
    Undecided,
)
from joint_defense.delivery.claims import Claim, Rivals
from joint_defense.delivery.lines import WRONG_NUMBER, Line, Lines, LineStatus
from joint_defense.delivery.messages import Announcer
from joint_defense.delivery.results import Sent
from joint_defense.models.incidents import Alert, Incident
from joint_defense.rules.states import Channel
from joint_defense.rules.wording.alarm import count_segments

LookUpFacts = Callable[[Claim], Awaitable[datetime | None]]
TellOut = Callable[[str, str], None]
TellNumber = Callable[[Line, str], None]
AskRivals = Callable[[Claim, set[str]], Awaitable[Rivals | None]]

LAST_WORD = 0.5
"""Seconds that a request gets whose account has just gone out."""
Result = TypeVar("Result")

log = structlog.stdlib.get_logger(__name__)


class TakenOver(Exception):
    """Somebody else has the claim now: it is not sent from here, and nothing is said of it."""


class Sender:
    """Carries claims to the carriers.

    `find_first_request` and `rivals` ask the database, off the event loop; `tell_out` hears of an account that has just
    gone out, and why; `tell_number` of a number that the carrier does not know for its account's, and with "" of one
    from which something has left. `countries`: the beginnings of numbers that may be called and texted; none: any.
    """

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        announcer: Announcer,
        lines: Mapping[Channel, Lines],
        status: LineStatus,
        *,
        find_first_request: LookUpFacts,
        rivals: AskRivals,
        tell_out: TellOut,
        tell_number: TellNumber,
        countries: Collection[str] = (),
    ) -> None:
        self._carriers = carriers
        self._announcer = announcer
        self._lines = lines
        self._status = status
        self._first_request = find_first_request
        self._rivals = rivals
        self._tell_out = tell_out
        self._tell_number = tell_number
        self._countries = countries
        self._gone = {(account, channel): asyncio.Event() for account in carriers for channel in Channel}

    async def send(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Sent:
        """Place a call or send a message, or find out what became of the one before. Raises TakenOver alone."""
        if claim.line.account not in self._carriers:
            # It went out by an account that is not in the settings any more.
            claim = replace(claim, line=Line(next(iter(self._carriers)), claim.line.sender))
        began = time.monotonic()
        try:
            sent = Sent(claim, receipt=await self._carry(claim, incident, alerts))
        except CarrierError as error:
            log.warning(
                "request_declined",
                delivery_id=claim.delivery_id,
                incident_id=claim.incident_id,
                code=error.code,
                error=type(error).__name__,
            )
            sent = Sent(claim, error=error)
        except TakenOver:
            raise
        except Exception:
            # Whatever went wrong, the request may have left: it is looked up, and never silently dropped.
            log.exception("sending_failed", delivery_id=claim.delivery_id, incident_id=claim.incident_id)
            return Sent(claim, error=OutcomeUnknown("sending failed"))
        word = self._status.note(claim.line, claim.channel, sent.error, began, placing=not claim.look_up_first)
        if word:
            self._tell_out(claim.line.account, word)
        if not claim.look_up_first and (sent.error is None or sent.error.code in WRONG_NUMBER):
            self._tell_number(claim.line, "" if sent.error is None else str(sent.error.code))
        self.let_go()
        return replace(sent, elsewhere=self._goes_elsewhere(claim)) if sent.error is not None else sent

    def let_go(self) -> None:
        """Whatever hangs at an account that has gone out by now is given up, where another one waits to carry it."""
        for account, word in self._status.look():
            self._tell_out(account, word)
        for (account, channel), gone in self._gone.items():
            if self._status.out(account, channel):
                gone.set()
            else:
                gone.clear()

    def _goes_elsewhere(self, claim: Claim) -> bool:
        out = bool(self._status.out(claim.line.account, claim.channel))
        lines = self._lines[claim.channel]
        if not claim.look_up_first:
            out = out or self._status.is_number_out(claim.line, claim.channel)
        return out and lines.has_other(claim.line)

    async def _carry(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Receipt | None:
        if claim.look_up_first:
            return await self._look_up(claim, incident, alerts)
        if self._gone[claim.line.account, claim.channel].is_set() and self._goes_elsewhere(claim):
            raise Temporary("the account has gone out in the meantime")
        if claim.stopped:
            # As a carrier with a list of its own refuses it; not every one has such a list.
            raise RefusedNumber("the phone has told us to send no more texts", code=int(directory.OPTED_OUT))
        if not directory.is_called(claim.to, self._countries):
            raise RefusedNumber("its country is not called", code=COUNTRY_NOT_CALLED)
        carrier = self._carriers[claim.line.account]
        if claim.channel is Channel.CALL:
            return await self._ask_patiently(claim, carrier.place_call(self._announcer.call(claim, incident, alerts)))
        message = self._announcer.message(claim, incident, alerts)
        if extra := count_segments(message.body) - 1:
            await asyncio.to_thread(self._lines[claim.channel].charge, claim.line, extra)
        return await self._ask_patiently(claim, carrier.send_message(message))

    async def _ask_patiently(self, claim: Claim, request: Coroutine[Any, Any, Result]) -> Result:
        """The answer to a request; Unanswered where its account goes out meanwhile and another one waits to carry."""
        if len(self._carriers) == 1:
            return await request
        gone = self._gone[claim.line.account, claim.channel]
        asked, waiting = asyncio.create_task(request), asyncio.create_task(gone.wait())
        try:
            await asyncio.wait({asked, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done() and self._goes_elsewhere(claim):
                await asyncio.wait({asked}, timeout=LAST_WORD)
                if not asked.done():
                    raise Unanswered("given up: the account carries no more")
            return await asked
        finally:
            for task in (asked, waiting):
                task.cancel()

    async def _look_up(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Receipt | None:
        """The receipt of a request whose answer was lost; None if the carrier knows of none that could be it."""
        since = await self._first_request(claim)
        if since is None:
            # Since when it may be out is not known: a list that begins too late would not show it, and it would be
            # sent again.
            raise Undecided("the database did not answer")
        carrier = self._carriers[claim.line.account]
        asked = carrier.look_up(claim.channel, claim.to, since)
        found = await self._ask_patiently(claim, asked)
        if claim.channel is Channel.SMS:
            body = self._announcer.message(claim, incident, alerts).body
            found = [each for each in found if each.body == body]
        facts = await self._rivals(claim, {each.sid for each in found})
        if facts is None:
            raise Undecided("the database did not answer")
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
