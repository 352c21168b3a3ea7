"""The sender of a process: one event loop with warm connections that carries the requests of many alarms.

It looks for due deliveries when it is woken and every half second besides, so that neither Redis nor a lost wake-up
matters. Claims are small and committed before anything is sent; results are written down in batches, off the
loop.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy import Select
from sqlalchemy.exc import SQLAlchemyError

from config.database import read_clock
from config.logging import say_alive
from joint_defense.carriers import port
from joint_defense.carriers.port import Carrier, CarrierError, Receipt, TooFast, before_leaving
from joint_defense.delivery import claims, results, rivals
from joint_defense.delivery.claims import Claim, Portion, allow_sending
from joint_defense.delivery.lines import Line
from joint_defense.delivery.results import AT_ONCE, Enquiry, Sent, claim_enquiries, record_enquiry, record_silence
from joint_defense.delivery.rivals import Rivals
from joint_defense.delivery.sender import Announcer, Sender, TakenOver
from joint_defense.models.incidents import Alert, Incident
from joint_defense.processes import heartbeats
from joint_defense.processes.heartbeats import AccountWatch
from joint_defense.processes.questions import NOW, Ago, Question
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.states import FINAL, Channel

SWEEP = 0.5
"""Seconds between two looks for due work when nobody wakes us."""
PORTION = 50
"""Deliveries of a channel claimed at once: what a killed process had in hand must be looked up, so keep it small."""
REST = 5.0
"""Seconds after which claims and enquiries look by themselves, should the sweep have missed something."""
SWEEPS_A_LISTEN = 2
SWEEPS_A_LISTEN_AT_REST = 4
BEAT_AT_REST = 0.9
"""Seconds after which it says again that it lives, at every second look, while nothing waits, is in hand or is with the
carrier."""
LOOKS_A_SWEEP = 5
"""How often between two sweeps is looked whether an account has failed for long enough to be out."""
STALE = 1.0
"""Seconds after which a claim that has not been sent is looked at again, before it is begun and once more when its
connection is there: this process may have been stopped, and somebody else may have taken the claim over."""
LET_FINISH = 8.0
"""Seconds that requests in flight get to come back when the process is told to stop."""
LINGER = 0.015
"""Seconds the first result waits for others: they come in clusters, and a batch costs as much as one."""
DATABASE_RETRY = 0.25

log = structlog.stdlib.get_logger(__name__)
Result = TypeVar("Result")


class Dispatcher:
    """Sends what is due until told to stop. Lives in the event loop that runs `run`."""

    def __init__(self, runtime: Runtime, role: str) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._directory = runtime.owners_directory
        self._owner = heartbeats.Owner(self._directory, role)
        self._witness = heartbeats.Witness(self._directory)
        self._limit = runtime.settings.requests_in_flight
        self._in_flight: dict[Channel, set[asyncio.Task[None]]] = {channel: set() for channel in Channel}
        self._results: asyncio.Queue[Sent] = asyncio.Queue()
        self._due = asyncio.Event()
        self._enquiry_due = asyncio.Event()
        self._stopping = asyncio.Event()
        # Claims, results, enquiries and the heartbeat talk to the database; none of them on the loop.
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="dispatch-db")
        self._carriers: dict[str, Carrier]
        self._telling: set[asyncio.Task[Any]] = set()
        self._waits = False
        """Whether something waited at the last look that the last claim, which was not full, did not take."""
        self._took_all = False
        self._rests = False
        """Whether the last look found nothing to do, now or later."""
        self._beat_at = 0.0
        self._marks: tuple[Any, ...] | None = None
        self._words: dict[str, tuple[str, datetime]] = {}
        self._refused: dict[Line, str] = {}
        """Numbers that the carrier said are not ours, as the database has them."""
        self._sender: Sender

    def wake(self) -> None:
        """Something is due. Only from within the loop."""
        self._due.set()
        self._enquiry_due.set()

    def stop(self) -> None:
        """Finish what is in flight, then end. Only from within the loop."""
        self._stopping.set()
        self.wake()

    async def run(self) -> None:
        """Send until stopped."""
        self._carriers = self._runtime.carriers()
        self._sender = self._make_sender()
        # Not awaited: a carrier that hangs must not keep us from looking for what is due.
        beside = [
            *(asyncio.create_task(carrier.warm()) for carrier in self._carriers.values()),
            asyncio.create_task(self._record_results()),
            asyncio.create_task(self._run_enquiries()),
            asyncio.create_task(self._look_out()),
            asyncio.create_task(self._watch_accounts()),
        ]
        try:
            # Whoever started us did so because a sender died, as like as not; the clock may be gone with it.
            await asyncio.gather(self._run_in_database(self._begin), self._hear_complaints())
            await self._send_due()
            in_flight = [task for tasks in self._in_flight.values() for task in tasks]
            if in_flight:
                await asyncio.wait(in_flight, timeout=LET_FINISH)
            await asyncio.wait_for(self._results.join(), LET_FINISH)
        except TimeoutError:
            log.warning("stopped_with_results_unwritten", count=self._results.qsize())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            for carrier in self._carriers.values():
                await carrier.close()
            await self._run_in_database(self._say_goodbye)
            self._threads.shutdown(wait=True)
            self._owner.close()

    def _make_sender(self) -> Sender:
        settings = self._runtime.settings
        lines = {each.account_sid: each.from_number[0] for each in settings.accounts}
        return Sender(
            self._carriers,
            Announcer(settings.public_base_url, settings.ring_timeout, settings.zone, settings.secret_key, lines),
            self._runtime.pace,
            self._runtime.line_status,
            find_first_request=lambda claim: self._run_in_database(lambda: self._find_first_request(claim)),
            rivals=lambda claim, sids: self._run_in_database(lambda: self._find_rivals(claim, sids)),
            tell_out=self._tell_out,
            tell_number=self._tell_number,
            countries=settings.countries,
        )

    def _tell_out(self, account: str, word: str) -> None:
        """An account carries no more: every process and page is to know at once, not at the next question."""
        log.error("carrier_out", account=account, word=word)
        task = asyncio.create_task(self._note_out(account, word))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _tell_number(self, line: Line, word: str) -> None:
        """What became of a request from this number, where that is other than what is on record."""
        # Calls and texts are refused with codes of their own: the first one stands.
        if (line in self._refused) is bool(word):
            return
        if word:
            log.error("carrier_refuses_number", account=line.account, word=word)
            self._refused[line] = word
        else:
            del self._refused[line]
        task = asyncio.create_task(self._run_in_database(lambda: self._note_number(line, word)))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _note_number(self, line: Line, word: str) -> None:
        with self._database.begin() as session:
            heartbeats.note_number(session, line, word, read_clock(session))

    async def _note_out(self, account: str, word: str) -> None:
        await self._run_in_database(lambda: self._note_account(account, word))
        self._due.set()

    def _note_account(self, account: str, word: str) -> None:
        with self._database.begin() as session:
            now = read_clock(session)
            heartbeats.note_account(session, account, word, now)
            claims.hurry(session, now)

    async def _send_due(self) -> None:
        """Claim, send, and wait until there may be more."""
        while not self._stopping.is_set():
            say_alive()
            self._due.clear()
            taken_at = time.monotonic()
            room = {channel: min(self._limit - len(flying), PORTION) for channel, flying in self._in_flight.items()}
            taken = await self._run_in_database(partial(self._claim, room)) if any(room.values()) else None
            if taken is None:
                await _wait(self._due, SWEEP)
                continue
            portion, wait = taken
            self._took_all = wait == REST
            for claim in portion.claims:
                self._start(claim, portion, taken_at)
            await _wait(self._due, wait)

    def _claim(self, room: Mapping[Channel, int]) -> tuple[Portion, float]:
        """What is to be sent now, and in how many seconds there may be more."""
        ring_time = timedelta(seconds=self._runtime.settings.ring_timeout)
        with allow_sending(self._runtime.pace, self._runtime.places, room, ring_time) as granted:
            if not granted.for_anything:
                return Portion([], {}), granted.find_next_look(REST)
            with self._database.begin() as session:
                portion = granted.claim(session, self._owner.name, read_clock(session))
            return portion, granted.find_next_look(REST)

    def _start(self, claim: Claim, portion: Portion, taken_at: float) -> None:
        flying = self._in_flight[claim.channel]
        task = asyncio.create_task(self._send(claim, *portion.incidents[claim.incident_id], taken_at))
        flying.add(task)

        def note_landed(done: asyncio.Task[None]) -> None:
            was_full = len(flying) >= self._limit
            flying.discard(done)
            if was_full:
                self._due.set()

        task.add_done_callback(note_landed)

    async def _send(self, claim: Claim, incident: Incident, alerts: list[Alert], taken_at: float) -> None:
        known_at = taken_at

        async def check() -> None:
            nonlocal known_at
            while (asked_at := time.monotonic()) - known_at > STALE:
                if not await self._run_in_database(lambda: self._is_still_ours(claim)):
                    raise TakenOver
                known_at = asked_at

        before_leaving.set(check)
        try:
            await check()
            sent = await self._sender.send(claim, incident, alerts)
        except TakenOver:
            log.warning("claim_taken_over", delivery_id=claim.delivery_id, incident_id=claim.incident_id)
            return
        if isinstance(sent.error, TooFast):
            await self._slow_down(claim.channel, claim.line)
        self._results.put_nowait(sent)

    async def _slow_down(self, channel: Channel, line: Line) -> None:
        """The carrier asks for a slower pace, of all workers."""
        factor = await self._run_in_database(lambda: self._runtime.pace[channel].slow_down(line))
        log.warning("pace_slowed", channel=channel, factor=factor)

    def _begin(self) -> None:
        self._release_dead()
        if self._owner.role is heartbeats.Role.WORKER:
            with self._database.begin() as session:
                heartbeats.forget_numbers(session)

    def _release_dead(self) -> int:
        with self._database.begin() as session:
            now = read_clock(session)
            return claims.release_dead(session, self._witness.look(session, now), now)

    def _is_still_ours(self, claim: Claim) -> bool:
        with self._database.begin() as session:
            return claims.is_held(session, claim)

    def _find_first_request(self, claim: Claim) -> datetime | None:
        with self._database.begin() as session:
            return rivals.find_first_request(session, claim)

    def _find_rivals(self, claim: Claim, sids: set[str]) -> Rivals:
        with self._database.begin() as session:
            return rivals.find_rivals(session, claim, sids)

    async def _record_results(self) -> None:
        while True:
            batch = [await self._results.get()]
            await asyncio.sleep(LINGER)
            while not self._results.empty() and len(batch) < 4 * PORTION:
                batch.append(self._results.get_nowait())
            await self._write_down(batch)
            for _ in batch:
                self._results.task_done()
            # What waits though there was leave for it is kept back by a call to the same phone, perhaps one of these.
            if any(sent.receipt is None for sent in batch) or (self._waits and self._took_all):
                self._due.set()

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
            results.record(session, batch, read_clock(session))
        for claim, taken in ((each.claim, each.receipt is not None) for each in batch):
            ids = {"incident_id": claim.incident_id, "delivery_id": claim.delivery_id, "attempt": claim.number}
            log.info("request_taken" if taken else "request_not_taken", channel=claim.channel, **ids)

    async def _run_enquiries(self) -> None:
        """Words with the carrier about what it has in hand: end what nobody needs, ask after what it is silent on."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._enquiry_due.clear()
                enquiries = await self._run_in_database(self._list_enquiries) or []
                for enquiry in enquiries:
                    # Side by side: a street's telephones stop ringing together, and not one after the other.
                    task = asyncio.create_task(self._run(enquiry))
                    running.add(task)
                    task.add_done_callback(running.discard)
                await _wait(self._enquiry_due, 0 if len(enquiries) == AT_ONCE else REST)
        finally:
            for task in running:
                task.cancel()

    async def _run(self, enquiry: Enquiry) -> None:
        # One that has been taken out of the settings since is asked after at the first.
        carrier = self._carriers.get(enquiry.line.account) or next(iter(self._carriers.values()))
        if enquiry.ends:
            # Whatever comes of it: what has become of the call is asked all the same.
            with suppress(CarrierError):
                await self._ask(enquiry, carrier.end_call(enquiry.sid))
        try:
            receipt = await self._ask(enquiry, carrier.fetch(enquiry.channel, enquiry.sid))
        except CarrierError as error:
            unknown = error.status == 404
            await self._run_in_database(lambda: self._record_silence(enquiry, unknown))
            self._due.set()
            return
        if receipt.error_code in port.TOO_FAST:
            await self._slow_down(enquiry.channel, enquiry.line)
        await self._run_in_database(lambda: self._record_enquiry(enquiry, receipt))
        if receipt.state in FINAL and self._runtime.places:
            self._due.set()  # a place is free

    async def _ask(self, enquiry: Enquiry, request: Awaitable[Result]) -> Result:
        try:
            return await request
        except CarrierError as error:
            log.warning("enquiry_failed", delivery_id=enquiry.delivery_id, error=type(error).__name__, code=error.code)
            if isinstance(error, TooFast):
                await self._slow_down(enquiry.channel, enquiry.line)
            raise

    def _list_enquiries(self) -> list[Enquiry]:
        with self._database.begin() as session:
            return claim_enquiries(session, read_clock(session))

    def _record_enquiry(self, enquiry: Enquiry, receipt: Receipt) -> None:
        with self._database.begin() as session:
            record_enquiry(session, enquiry, receipt, read_clock(session))

    def _record_silence(self, enquiry: Enquiry, unknown: bool) -> None:
        with self._database.begin() as session:
            record_silence(session, enquiry, read_clock(session), unknown=unknown)

    async def _look_out(self) -> None:
        """Look for what is due that nobody wakes us for, all in one; and say that we live."""
        for sweep in itertools.count():
            due = await self._run_in_database(self._look)
            self._waits = due is not None and due.to_send
            if self._waits:
                self._due.set()
            if due is not None and due.to_ask:
                self._enquiry_due.set()
            if due is not None and due.in_hand:
                released: int | None = await self._run_in_database(self._release_dead)
                if released:
                    self._due.set()
            if sweep % (SWEEPS_A_LISTEN_AT_REST if self._rests else SWEEPS_A_LISTEN) == 0:
                await self._hear_complaints()
            looks = 1 if self._rests else LOOKS_A_SWEEP
            for _ in range(looks):
                self._sender.let_go()
                await asyncio.sleep(SWEEP / looks)

    async def _hear_complaints(self) -> None:
        """What the carrier told others: a number without a limit of its own asks nobody before it sends."""
        await asyncio.gather(*(self._run_in_database(pace.factors) for pace in self._runtime.pace.values()))

    async def _watch_accounts(self) -> None:
        watch = AccountWatch(self._carriers, self._database, self._runtime.line_status, self._run_in_database)
        await watch.run(self._complain)

    async def _complain(self, account: str) -> None:
        """The account asks for a slower pace where nothing was placed: by a list."""
        for channel, lines in self._runtime.pace.items():
            if account in lines.bundles:
                await self._slow_down(channel, Line(account, lines.bundles[account].numbers.senders[0]))

    def _look(self) -> claims.Due:
        if not self._rests or time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + BEAT_AT_REST
            heartbeats.beat_alone(self._database, self._owner.name, self._owner.role, self._runtime.spool.kept())
        row, now = _SIGNS.ask(self._database)
        self._witness.note(now)
        for pace in self._runtime.pace.values():
            pace.share_with(row.senders)
        if (marks := (row.accounts, row.numbers, row.account_at, row.number_at)) != self._marks:
            with self._database.begin(reads=True) as session:
                self._words = heartbeats.read_account_words(session)
                self._refused = heartbeats.read_refused_numbers(session, self._runtime.settings.accounts)
            self._marks = marks
        for account, (word, age) in heartbeats.measure_ages(self._words, now).items():
            if account in self._carriers:
                self._runtime.line_status.hear(account, word, age.total_seconds())
        due = claims.read_what_is_due(row, now)
        self._rests = due.rests
        return due

    def _say_goodbye(self) -> None:
        with self._database.begin() as session:
            heartbeats.say_goodbye(session, self._owner.name)

    async def _run_in_database(self, work: Callable[[], Result]) -> Result | None:
        """Run `work` off the loop. What fails is logged and answered with None: the next sweep tries again."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except SQLAlchemyError as error:
            log.error("database_away", error=type(error).__name__)
        except Exception:
            log.exception("sweep_failed")
        return None


def _write_question(ago: Ago) -> Select[Any]:
    names = ("accounts", "numbers", "account_at", "number_at")
    marks = (mark.label(name) for mark, name in zip(heartbeats.select_marks(), names, strict=True))
    return claims.select_what_is_due(ago(NOW)).add_columns(heartbeats.select_senders(ago).label("senders"), *marks)


_SIGNS = Question(_write_question)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


class DispatcherThread:
    """A Dispatcher in a thread of its own, for processes whose main thread does something else."""

    def __init__(self, runtime: Runtime, role: str) -> None:
        self._runtime = runtime
        self._role = role
        self._loop = asyncio.new_event_loop()
        self._dispatcher: Dispatcher | None = None
        self.stopping = False
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def wake(self) -> None:
        """Something is due: look now. Safe from any thread."""
        if self._dispatcher is not None:
            self._loop.call_soon_threadsafe(self._dispatcher.wake)

    def stop(self) -> None:
        """Finish what is in flight and end. Returns when it has."""
        self.stopping = True
        if not self._thread.is_alive():
            return
        if self._dispatcher is not None:
            self._loop.call_soon_threadsafe(self._dispatcher.stop)
        self._thread.join(2 * LET_FINISH + 2)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._dispatcher = Dispatcher(self._runtime, self._role)
        if self.stopping:  # told so before it was there to be told
            self._dispatcher.stop()
        await self._dispatcher.run()

    @property
    def is_alive(self) -> bool:
        """Whether it still sends."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until it has ended, for whatever reason."""
        self._thread.join()
