"""Wakes the senders after a commit, and stands in for whoever is gone: sends while no worker does, ticks while no
clock does.

Each clock looks once a second, and each web process every two; both look twice a second while anything waits, is in
hand or is with the carrier, or somebody is gone, and at its time for each alarm that came in here. They begin to send
where no worker has said for `SILENT` that it lives, or where an alarm that is due has not been taken in hand by anybody
for `UNCLAIMED`: a worker may live and hang.
What a silent worker has in hand is given back by the same look, so that nobody waits for the clock's.
It ends again once a worker has been at it for a while. Two senders at once do no harm: claims are told apart by owner.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, Select, exists
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from config.database import AWAY, Database, read_clock
from config.services import Service
from joint_defense.delivery.claims import read_what_is_due, release_dead, select_what_is_due
from joint_defense.models.incidents import Delivery, is_in_state
from joint_defense.processes import heartbeats, queues
from joint_defense.processes.dispatcher import DispatcherThread
from joint_defense.processes.heartbeats import Role
from joint_defense.processes.questions import NOW, Ago, Question
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.sqlite_fence import Fence
from joint_defense.rules.states import FIRST_RINGS, DeliveryState

EVERY = 0.5
AT_REST = {Role.CLOCK: 1.0, Role.WEB: 2.0}
"""Seconds between two looks while there is nothing to do and nobody is gone: web looks beside a clock that lives."""
SILENT = heartbeats.SILENT_FOR
UNCLAIMED = timedelta(seconds=1)
LOAD_AFTER = 3.0
"""Seconds after the start in which nobody was missing: then there is time to load what sending needs."""
RELIEVED_AFTER = 10.0
"""Seconds that a worker must have sent before we leave it to it."""
CLOCK_SILENT = timedelta(seconds=5)
REPORT_EVERY = 5.0
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Need:
    """Whether a sender is wanted, whether a silent one may have something in hand, whether a worker lives, whether a
    clock is wanted, and whether nobody is gone, and there is nothing to do nor will be.
    """

    sender: bool
    in_hand: bool
    worker_lives: bool
    clock: bool
    rests: bool


def look(database: Database) -> tuple[Need, datetime]:
    """What is missing at this moment, which is the second."""
    row, now = _WHAT_IS_MISSING.ask(database)
    worker_silent = row.worker_at is None or now - row.worker_at > SILENT
    clock_silent = row.clock_at is None or now - row.clock_at > CLOCK_SILENT
    due = read_what_is_due(row, now)
    return (
        Need(
            sender=bool(row.unclaimed) or (worker_silent and due.anything),
            in_hand=worker_silent and due.in_hand,
            worker_lives=not worker_silent,
            clock=clock_silent,
            rests=due.rests and not (worker_silent or clock_silent),
        ),
        now,
    )


def _write_question(ago: Ago) -> Select[Any]:
    return select_what_is_due(ago(NOW)).add_columns(
        heartbeats.select_last_beat(Role.WORKER).label("worker_at"),
        heartbeats.select_last_beat(Role.CLOCK).label("clock_at"),
        _match_unclaimed(ago(UNCLAIMED)).label("unclaimed"),
    )


def _match_unclaimed(since: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether an alarm has been due since then, and nothing of it has been taken in hand."""
    other = aliased(Delivery)
    taken = exists().where(other.incident_id == Delivery.incident_id, other.attempt_count > 0)
    return exists().where(
        is_in_state(DeliveryState.WAITING),
        Delivery.purpose.in_(FIRST_RINGS),
        Delivery.attempt_count == 0,
        Delivery.due_at <= since,
        ~taken,
    )


_WHAT_IS_MISSING = Question(_write_question)


class StandIn:
    """Of one process. `tick` does what a clock does; None in the clock itself.

    It looks from `start` on. `send` begins to send at once, without a look.
    """

    def __init__(self, runtime: Runtime, role: Role, tick: Callable[[], object] | None = None) -> None:
        self._runtime = runtime
        self._tick = tick
        self._at_rest = AT_REST.get(role, EVERY)
        self._reporter = Reporter(runtime, role) if tick is not None else None
        self._fence = Fence(runtime.database.file)
        self._witness = heartbeats.Witness(runtime.owners_directory)
        self._own: DispatcherThread | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._roused = threading.Event()
        self._look_at = 0.0
        self._rests = False
        self._relieved_since: float | None = None
        self._next_tick = 0.0
        self._load_at: float | None = None

    @property
    def sends(self) -> bool:
        """Whether it stands in for a sender just now."""
        return self._own is not None and self._own.is_alive

    def start(self) -> None:
        """Begin to look."""
        if self._thread is None:
            self._load_at = time.monotonic() + LOAD_AFTER
            self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
            self._thread.start()

    def expect(self) -> None:
        """An alarm was taken in just now: look whether it leaves."""
        self._look_at = time.monotonic() + UNCLAIMED.total_seconds()
        self._roused.set()

    def send(self) -> None:
        """Begin to send, or look at once for what is due."""
        with self._lock:
            if not self.sends:
                self._own = DispatcherThread(self._runtime, Role.STAND_IN)
                self._own.start()
            elif self._own is not None:
                self._own.wake()

    def close(self) -> None:
        """Stop, once what is in flight has come back."""
        self._stopping.set()
        self._roused.set()
        if self._thread is not None:
            self._thread.join(5)
        self._end_sending()
        if self._reporter is not None and self._thread is not None:
            self._reporter.say_goodbye()

    def _end_sending(self) -> None:
        with self._lock:
            own, self._own = self._own, None
        if own is not None:
            own.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._fence.look()
                self._look()
                if self._reporter is not None:
                    self._reporter.report()
                self._get_ready()
            except AWAY as error:
                # It looks again at once; whatever waits meanwhile is on disk.
                log.warning("stand_in_without_database", error=type(error).__name__)
            except SQLAlchemyError:
                log.exception("stand_in_failed")
            except Exception:
                log.exception("stand_in_failed")
            self._rest()

    def _rest(self) -> None:
        """Until the next look. Who holds SQLite's place to write is looked at twice a second, whatever happens."""
        until = time.monotonic() + (self._at_rest if self._rests and not self._runtime.database.is_sqlite else EVERY)
        while not self._stopping.is_set() and (now := time.monotonic()) < until:
            # An alarm was taken in: the look for it comes in its time, and none before it for its sake.
            awaited = self._look_at + 0.01
            self._roused.clear()
            self._roused.wait((min(until, awaited) if awaited > now else until) - now)
            if now < awaited <= time.monotonic():
                return

    def _look(self) -> None:
        need, now = look(self._runtime.database)
        self._witness.note(now)
        self._rests = need.rests
        released = self._release() if need.in_hand else 0
        if need.sender:
            if not self.sends:
                log.warning("standing_in_for_the_sender", worker_lives=need.worker_lives)
                self.send()
            elif released:
                self.send()
            self._relieved_since = None
        elif self.sends:
            self._leave_it_to_workers(need)
        if need.clock and self._tick is not None and time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + 1.0
            log.warning("standing_in_for_the_clock")
            self._tick()

    def _release(self) -> int:
        with self._runtime.database.begin() as session:
            now = read_clock(session)
            return release_dead(session, self._witness.look(session, now), now)

    def _get_ready(self) -> None:
        if self._load_at is not None and time.monotonic() >= self._load_at:
            self._load_at = None
            self._runtime.load_carriers()

    def _leave_it_to_workers(self, need: Need) -> None:
        now = time.monotonic()
        if not need.worker_lives:
            self._relieved_since = None
        elif self._relieved_since is None:
            self._relieved_since = now
        elif now - self._relieved_since > RELIEVED_AFTER:
            self._relieved_since = None
            log.warning("leaving_it_to_the_workers")
            self._end_sending()


class Reporter:
    """Says every few seconds that a process lives, and what its place keeps on its disk."""

    def __init__(self, runtime: Runtime, role: Role) -> None:
        self._runtime = runtime
        self._role = role
        self._name: str | None = None
        self._next = 0.0

    def report(self) -> None:
        """Say it, where it is time."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REPORT_EVERY
        if self._name is None:
            self._name = heartbeats.name_of_process(self._runtime.owners_directory, self._role)
        heartbeats.beat_alone(self._runtime.database, self._name, self._role, self._runtime.spool.kept())

    def say_goodbye(self) -> None:
        """The process ends."""
        if self._name is not None:
            try:
                with self._runtime.database.begin() as session:
                    heartbeats.say_goodbye(session, self._name)
            except SQLAlchemyError as error:
                log.warning("goodbye_without_database", error=type(error).__name__)


STAND_IN = Service[StandIn]("stand_in")


class Waker:
    """Wakes the workers after a commit. Where that fails, and where no worker takes it up, this process sends."""

    def __init__(self, runtime: Runtime, stand_in: StandIn | None = None) -> None:
        self._runtime = runtime
        self._stand_in = stand_in or StandIn(runtime, Role.WEB)

    def wake(self, incident_id: int) -> None:
        """Something of this incident is due. Never raises: the alarm is in the database already."""
        try:
            queues.wake(self._runtime.redis, incident_id)
        except RedisError as error:
            log.error("redis_away", incident_id=incident_id, error=type(error).__name__)
            self._stand_in.send()
        self._stand_in.expect()

    def close(self) -> None:
        """Stop sending by itself, once what is in flight has come back."""
        self._stand_in.close()


WAKER = Service[Waker]("waker")
