"""The sender of a process: one event loop with warm connections that carries the requests of many alarms.

It looks for due deliveries when it is woken and every half second besides, so that neither Redis nor a lost wake-up
matters. Claims are small and committed before anything is sent; results are written down in batches, off the loop.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from config.database import clock
from joint_defense import dispatch, owners, tracking
from joint_defense.announcing import Announcer
from joint_defense.dispatch import Claim, Sent
from joint_defense.models import Alert, Incident
from joint_defense.rules.delivery import Channel
from joint_defense.rules.ports import Carrier, CarrierError, OutcomeUnknown, Receipt
from joint_defense.rules.wording import segments
from joint_defense.runtime import Runtime

SWEEP = 0.5
"""Seconds between two looks for due work when nobody wakes us."""
BITE = 25
"""Deliveries claimed at once. What a killed process had in hand must be looked up at the carrier: keep it small."""
ERRAND_BITE = 20
BEAT_EVERY = 1.0
LET_FINISH = 8.0
"""Seconds that requests in flight get to come back when the process is told to stop."""
DATABASE_RETRY = 0.25

log = structlog.stdlib.get_logger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Errand:
    """A word with the carrier about one call or message: to end it, or to ask after it."""

    delivery_id: int
    number: int
    channel: Channel
    sid: str
    ends: bool


@dataclass(frozen=True, slots=True)
class Bite:
    """What was claimed, what to say for it, and when (seconds) the pace allows more."""

    claims: list[Claim]
    incidents: dict[int, tuple[Incident, list[Alert]]]
    wait: float


class Dispatcher:
    """Sends what is due until told to stop. Lives in the event loop that runs `run`."""

    def __init__(self, runtime: Runtime, role: str) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._owner = owners.Owner(runtime.owners_directory, role)
        settings = runtime.settings
        self._announcer = Announcer(runtime.sender, settings.public_base_url, settings.ring_timeout, settings.zone)
        self._in_flight_limit = settings.requests_in_flight
        self._in_flight: dict[Channel, set[asyncio.Task[None]]] = {channel: set() for channel in Channel}
        self._results: asyncio.Queue[Sent] = asyncio.Queue()
        self._wakes = {channel: asyncio.Event() for channel in Channel}
        self._errand_wake = asyncio.Event()
        self._stopping = asyncio.Event()
        # Two lanes, the recorder and the caretaker talk to the database; none of them on the loop.
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="dispatch-db")
        self._carrier: Carrier

    def wake(self) -> None:
        """Something is due. Only from within the loop."""
        for event in (*self._wakes.values(), self._errand_wake):
            event.set()

    def stop(self) -> None:
        """Finish what is in flight, then end. Only from within the loop."""
        self._stopping.set()
        self.wake()

    async def run(self) -> None:
        """Send until stopped."""
        self._carrier = self._runtime.carrier()
        await self._carrier.warm()
        recorder = asyncio.create_task(self._record_results())
        caretakers = [asyncio.create_task(self._run_errands_forever()), asyncio.create_task(self._beat_forever())]
        try:
            await asyncio.gather(*(self._lane(channel) for channel in Channel))
            in_flight = [task for tasks in self._in_flight.values() for task in tasks]
            if in_flight:
                await asyncio.wait(in_flight, timeout=LET_FINISH)
            await asyncio.wait_for(self._results.join(), LET_FINISH)
        except TimeoutError:
            log.warning("stopped_with_results_unwritten", count=self._results.qsize())
        finally:
            for task in (recorder, *caretakers):
                task.cancel()
            await asyncio.gather(recorder, *caretakers, return_exceptions=True)
            await self._carrier.close()
            self._threads.shutdown(wait=True)
            self._owner.close()

    async def _lane(self, channel: Channel) -> None:
        """One channel's way out: claim, send, and wait until there may be more."""
        wake = self._wakes[channel]
        while not self._stopping.is_set():
            wake.clear()
            room = min(self._in_flight_limit - len(self._in_flight[channel]), BITE)
            pause = SWEEP
            if room > 0:
                bite = await self._in_database(lambda room=room: self._claim(channel, room))  # type: ignore[misc]
                if bite is not None:
                    for each in bite.claims:
                        self._start(each, bite)
                    if bite.claims and not bite.wait:
                        continue
                    pause = min(bite.wait or SWEEP, SWEEP)
            await _wait(wake, pause)

    def _claim(self, channel: Channel, room: int) -> Bite:
        pace = self._runtime.pace[channel]
        grant = pace.take(room)
        if not grant.count:
            return Bite([], {}, grant.wait)
        claims: list[Claim] = []
        try:
            with self._database.begin() as session:
                claims = dispatch.claim(session, channel, grant.count, self._owner.name, clock(session))
                incidents = dispatch.incidents_of(session, {each.incident_id for each in claims})
        finally:
            pace.give_back(grant.count - len(claims))
        # With nothing more to send the lane sleeps until it is woken, whatever the pace would allow.
        return Bite(claims, incidents, grant.wait if len(claims) == grant.count else 0.0)

    def _start(self, claim: Claim, bite: Bite) -> None:
        task = asyncio.create_task(self._send(claim, *bite.incidents[claim.incident_id]))
        flying = self._in_flight[claim.channel]
        flying.add(task)
        task.add_done_callback(lambda done: self._landed(claim, done))

    def _landed(self, claim: Claim, task: asyncio.Task[None]) -> None:
        flying = self._in_flight[claim.channel]
        full = len(flying) >= self._in_flight_limit
        flying.discard(task)
        if full:
            self._wakes[claim.channel].set()

    async def _send(self, claim: Claim, incident: Incident, alerts: list[Alert]) -> None:
        try:
            if claim.look_up_first:
                receipt = await self._look_up(claim, incident, alerts)
            elif claim.channel is Channel.CALL:
                receipt = await self._carrier.place_call(self._announcer.call(claim, incident, alerts))
            else:
                receipt = await self._send_message(claim, incident, alerts)
        except CarrierError as error:
            log.warning(
                "request_declined",
                delivery_id=claim.delivery_id,
                incident_id=claim.incident_id,
                code=error.code,
                error=type(error).__name__,
            )
            self._results.put_nowait(Sent(claim, error=error))
        except Exception:
            # Whatever went wrong, the request may have left: it is looked up, and never silently dropped.
            log.exception("sending_failed", delivery_id=claim.delivery_id, incident_id=claim.incident_id)
            self._results.put_nowait(Sent(claim, error=OutcomeUnknown("sending failed")))
        else:
            self._results.put_nowait(Sent(claim, receipt=receipt))

    async def _send_message(self, claim: Claim, incident: Incident, alerts: list[Alert]) -> Receipt:
        message = self._announcer.message(claim, incident, alerts)
        extra = segments(message.body) - 1
        if extra:
            pace = self._runtime.pace[Channel.SMS]
            await asyncio.get_running_loop().run_in_executor(self._threads, pace.charge, extra)
        return await self._carrier.send_message(message)

    async def _look_up(self, claim: Claim, incident: Incident, alerts: list[Alert]) -> Receipt | None:
        """The receipt of a request whose answer was lost; None if the carrier knows of none that could be it."""
        since = await self._in_database(lambda: self._first_request(claim))
        found = await self._carrier.look_up(claim.channel, claim.to, since or claim.requested_at)
        if claim.channel is Channel.SMS:
            body = self._announcer.message(claim, incident, alerts).body
            found = [each for each in found if each.body == body]
        known = await self._in_database(lambda: self._known({each.sid for each in found}))
        if known is None:
            raise OutcomeUnknown("the database did not answer")
        return next((each for each in found if each.sid not in known), None)

    def _first_request(self, claim: Claim) -> datetime | None:
        with self._database.begin() as session:
            return dispatch.first_request(session, [claim]).get(claim.delivery_id)

    def _known(self, sids: set[str]) -> set[str]:
        with self._database.begin() as session:
            return dispatch.known_sids(session, sids)

    async def _record_results(self) -> None:
        while True:
            batch = [await self._results.get()]
            while not self._results.empty() and len(batch) < 4 * BITE:
                batch.append(self._results.get_nowait())
            await self._write_down(batch)
            for _ in batch:
                self._results.task_done()
            if any(sent.receipt is None for sent in batch):
                self.wake()

    async def _write_down(self, batch: Sequence[Sent]) -> None:
        """Until the database has it. Results that cannot be written for another reason come back by their lease."""
        for pause in itertools.chain((DATABASE_RETRY,) * 4, itertools.repeat(1.0)):
            try:
                await asyncio.get_running_loop().run_in_executor(self._threads, self._record, batch)
                return
            except SQLAlchemyError as error:
                log.error("database_away", error=type(error).__name__, unwritten=len(batch))
                await asyncio.sleep(pause)
            except Exception:
                log.exception("results_not_written", deliveries=[sent.claim.delivery_id for sent in batch])
                return

    def _record(self, batch: Sequence[Sent]) -> None:
        with self._database.begin() as session:
            dispatch.record(session, batch, clock(session))

    async def _run_errands(self) -> None:
        """A word with the carrier about what it has in hand: end what nobody needs, ask after what it is silent on."""
        for errand in await self._in_database(self._errands) or ():
            try:
                if errand.ends:
                    await self._carrier.end_call(errand.sid)
                receipt = await self._carrier.fetch(errand.channel, errand.sid)
            except CarrierError as error:
                log.warning(
                    "errand_failed", delivery_id=errand.delivery_id, error=type(error).__name__, code=error.code
                )
                continue
            await self._in_database(
                lambda errand=errand, receipt=receipt: self._take_in(errand, receipt)  # type: ignore[misc]
            )

    def _errands(self) -> list[Errand]:
        with self._database.begin() as session:
            return [
                Errand(
                    delivery.id, attempt.number, delivery.channel, attempt.sid, tracking.ends_call(delivery, attempt)
                )
                for delivery, attempt in tracking.errands(session, ERRAND_BITE, clock(session))
                if attempt.sid is not None
            ]

    def _take_in(self, errand: Errand, receipt: Receipt) -> None:
        with self._database.begin() as session:
            tracking.take_in_answer(session, errand.delivery_id, errand.number, receipt, clock(session))

    async def _run_errands_forever(self) -> None:
        while True:
            self._errand_wake.clear()
            await self._run_errands()
            await _wait(self._errand_wake, SWEEP)

    async def _beat_forever(self) -> None:
        while True:
            await self._in_database(self._write_beat)
            await asyncio.sleep(BEAT_EVERY)

    def _write_beat(self) -> None:
        with self._database.begin() as session:
            owners.beat(session, self._owner.name, self._owner.role, clock(session))

    async def _in_database(self, work: Callable[[], Result]) -> Result | None:
        """Run `work` off the loop. What fails is logged and answered with None: the next sweep tries again."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except SQLAlchemyError as error:
            log.error("database_away", error=type(error).__name__)
        except Exception:
            log.exception("sweep_failed")
        return None


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
