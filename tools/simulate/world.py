"""A night: a town whose groups call for help, processes that are killed, and a database that fails at a commit."""

from __future__ import annotations

import asyncio
import gc
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast
from unittest.mock import patch

import structlog
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import create_engine, event, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import StaticPool

import config.database.connections
from config.database import Database, read_clock
from config.settings import Settings
from joint_defense.alarms import held_alarms
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.intake import Outcome, Trigger, raise_alarm
from joint_defense.delivery import lines, pace, sender, tracking
from joint_defense.models.incidents import Delivery
from joint_defense.processes import clock as clock_process
from joint_defense.processes import dispatcher, heartbeats, spool, stand_in
from joint_defense.processes.dispatcher import Dispatcher
from joint_defense.processes.heartbeats import Role, Witness
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.spool import SpooledEvent, SpooledKind
from joint_defense.processes.stand_in import StandIn
from joint_defense.rules import replies
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel
from joint_defense.rules.triggers import make_alarm_key, make_press_key
from tools.simulate.carrier import WORDS, Carried, Network, SimulatedCarrier
from tools.simulate.loop import PROCESS, Killed, Process, VirtualLoop
from tools.simulate.town import (
    DUSK,
    GROUPS,
    SECOND_PHONE,
    build_town,
    count_neighbours,
    expected_for,
    has_silent,
    is_alone,
    leads_elsewhere,
    number_of,
)

HOSTS = {"sender 1": 1, "sender 2": 2, "clock": 1}
"""The processes that may die, and the host of each; web is on the first."""
STAND_IN = "web's stand-in"
LONG = timedelta(minutes=20)
HELD_CALLS = 150
"""How many calls the account may hold, in one night of four."""
BUSY = 40.0
"""Seconds of faults; after them everything works, and what was held up has to be made good."""
NIGHT = 110.0
KEYS = {Answer.COMING: "1", Answer.CANNOT: "2", Answer.ON_SCENE: "3"}
FAULTS = {
    "too fast": 0.03,
    "away": 0.04,
    "request lost": 0.02,
    "answer cut": 0.03,
    "answer lost": 0.02,
    "request held up": 0.02,
    "call is over": 0.3,
    "callback lost": 0.15,
    "callback doubled": 0.1,
    "callback late": 0.03,
    "commit fails": 0.01,
    "killed at a commit": 0.003,
    "killed at an await": 0.0005,
    "killed": 1.0,
    "gone for good": 1.0,
    "hangs": 1.0,
    "database away": 1.0,
    "cut off": 1.0,
    "disk full": 0.02,
    "clock jumps": 1.0,
    "kept for long": 0.04,
}
"""How likely each is, wherever it can be; of the last ones whether they happen at all."""


@dataclass
class Raised:
    """A call for help: of which group, who is to be reached, and what the service said of it."""

    group: int
    number: str
    expected: frozenset[str]
    sid: str
    at: float
    answered: bool = False
    kept: bool = False
    silent: bool = False
    planned: bool = True
    """Whether there was a neighbour to ring: those on duty are called at once where there is none."""


@dataclass
class Pressed:
    """A neighbour's key that was thanked for, or kept; in what order among all."""

    delivery_id: int
    number: str
    answer: Answer
    thanked: bool
    at: datetime


class _Time:
    """What `import time` gives in the modules that measure by it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        return 1000.0 + self._loop.now


class _Secrets:
    """What `import secrets` gives: the same again by the same seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def token_hex(self, size: int) -> str:
        return self._chance.randbytes(size).hex()

    def choice(self, among: Sequence[Any]) -> Any:
        return self._chance.choice(among)


class _NoRedis:
    """A Redis that is away all night: RQ makes it fast, never correct."""

    def register_script(self, _text: str) -> Callable[..., Any]:
        def away(**_: Any) -> Any:
            raise RedisAway("away")

        return away


class FaultyDatabase(Database):
    """SQLite in memory whose commits fail, and at whose commits processes die. `world` is whose night it is."""

    world: World | None = None

    def __init__(self) -> None:
        # One thread, one connection, and every statement of the alarm's way kept prepared.
        super().__init__("sqlite:///:memory:?cached_statements=2000")
        self.engine.dispose()
        self.engine = create_engine(
            "sqlite:///:memory:?cached_statements=2000",
            poolclass=StaticPool,
            pool_reset_on_return=None,
            connect_args={"isolation_level": None, "check_same_thread": False},
        )
        event.listen(self.engine, "connect", lambda made, _: made.execute("PRAGMA foreign_keys=ON"))
        # As `Database`, but not as a statement with all that belongs to one: there are sixty an alarm.
        event.listen(self.engine, "begin", lambda connection: connection.connection.driver_connection.execute("BEGIN"))
        self.session.configure(bind=self.engine)

    @property
    def connection(self) -> sqlite3.Connection:
        """What lies beneath."""
        found: Any = self.engine.raw_connection().driver_connection
        return cast(sqlite3.Connection, found)

    @contextmanager
    def begin(self, *, reads: bool = False, gives_way: bool = False) -> Iterator[Any]:
        world = self.world
        process = PROCESS.get()
        dies = False
        if world is None or process is None:
            faulty = None
        else:
            faulty = world
            if world.database_is_away or (process.name, "database") in world.cut:
                raise OperationalError("connect", None, Exception("away"))
        # As `Database.begin`, without its patience: nobody else is there to wait for.
        with self.session() as session:
            session.connection(execution_options={"reads": reads})
            yield session
            if faulty is not None:
                if faulty.network.draws("commit fails"):
                    # Away, which passes, or broken, which nobody foresees.
                    kind = faulty.chance.choice((OperationalError, ProgrammingError))
                    raise kind("commit", None, Exception("the disk"))
                dies = faulty.network.draws("killed at a commit")
                if dies and faulty.chance.random() < 0.5:
                    raise Killed  # rolled back
            session.commit()
        if dies:
            raise Killed  # committed, and nobody knows


class NightRuntime(Runtime):
    """Of one process of the night."""

    def __init__(self, settings: Settings, database: FaultyDatabase, world: World) -> None:
        super().__init__(settings)
        self.database.close()
        self.database = database
        self._world = world
        self.__dict__.update(redis=_NoRedis(), witness=Witness(self.owners_directory, world.time.monotonic))

    def carriers(self) -> dict[str, Any]:
        return {each.account_sid: SimulatedCarrier(self._world.network) for each in self.settings.accounts}


class _InLoop:
    """A `DispatcherThread` without a thread: a sender in the loop of the night, as the stand-in of a process."""

    def __init__(self, world: World, runtime: NightRuntime, role: Role) -> None:
        self._world, self._runtime, self._role = world, runtime, role
        self._process = Process(STAND_IN)
        self._made: Dispatcher | None = None

    def start(self) -> None:
        work = self._world.send(self._process, self._runtime, self._role, self._known)
        self._world.loop.start(self._process, work)

    def _known(self, made: Dispatcher) -> None:
        self._made = made

    def wake(self) -> None:
        if self._made is not None:
            self._made.wake()

    def stop(self) -> None:
        if self._made is not None:
            self._made.stop()

    @property
    def is_alive(self) -> bool:
        return not self._process.dead


@dataclass
class World:
    """One night, by its seed. `only`: the groups that call; `faults`: which are possible."""

    seed: int
    database: FaultyDatabase
    home: Path
    only: frozenset[int] | None = None
    faults: dict[str, float] = field(default_factory=lambda: dict(FAULTS))
    raised: list[Raised] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    database_is_away: bool = False
    cut: set[tuple[str, str]] = field(default_factory=set)
    """Which process does not reach whom: the database, or the carrier."""
    gone: set[str] = field(default_factory=set)
    """Processes that nobody starts again before the faults end."""
    jump: float = 0.0
    places: int | None = None
    """How many calls the account may hold, where that is not left to the seed; 0: any number."""

    def __post_init__(self) -> None:
        # Not a secret: a night.
        self.chance = random.Random(self.seed)  # noqa: S311
        self.loop = VirtualLoop()
        self.time = _Time(self.loop)
        drawn = HELD_CALLS if self.seed % 4 == 0 else 0
        self.held_calls = drawn if self.places is None else self.places
        self.settings = Settings.model_validate(
            {
                "database_url": "sqlite:///:memory:",
                "redis_url": "redis://127.0.0.1:1",
                "secret_key": "a-night",
                "public_base_url": "http://127.0.0.1:8000",
                "twilio_account_sid": "AC" + "0" * 32,
                "twilio_auth_token": "a-night",
                "twilio_api_base_url": "http://127.0.0.1:9",
                "twilio_from_number": "+8657412345678",
                "calls_per_second": 0,
                "sms_segments_per_second": 0,
                "redial_after": "20",
                "merge_window": "5",
                "concurrent_calls": str(self.held_calls),
                "state_dir": str(self.home),
            }
        )
        refused = frozenset(number_of(group, 1) for group in range(GROUPS) if self.chance.random() < 0.03)
        self.network = Network(self.chance, self.now, self.faults, self._reach, self._call_back, refuses=refused)
        self.network.at, self.network.cut = self._in, self.cut
        self.loop.strikes = self._strikes
        self.web = Process("web")
        self.runtime = NightRuntime(self.settings, self.database, self)
        self._processes: dict[str, Process] = {}
        self._reports: list[tracking.Report] = []

    def now(self) -> datetime:
        return DUSK + timedelta(seconds=self.loop.now + self.jump)

    def _in(self, seconds: float, work: Callable[[], object]) -> None:
        self.loop.at(self.loop.now + seconds, work)

    def _strikes(self, process: Process) -> bool:
        """Whether a process dies at this very step of its loop."""
        return process.name in HOSTS and self.network.draws("killed at an await")

    def play(self) -> None:
        """The whole night."""
        world = self

        class Night(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return world.now().astimezone(tz)

        self.database.world = self
        with ExitStack() as put:
            put.enter_context(patch.object(config.database.connections, "datetime", Night))
            put.enter_context(patch.object(stand_in, "DispatcherThread", partial(_InLoop, self)))
            for module in (dispatcher, spool, pace, sender, heartbeats, stand_in):
                put.enter_context(patch.object(module, "time", self.time))
            for measures in (heartbeats.Witness.__init__, lines.LineStatus.__init__):
                put.enter_context(patch.object(measures, "__defaults__", (self.time.monotonic,)))
            for module in (heartbeats, held_alarms):
                put.enter_context(patch.object(module, "secrets", _Secrets(self.chance)))
            for name in HOSTS:
                self._start(name)
            self._start(STAND_IN)
            self._plan_calls()
            self._plan_faults()
            self.loop.run_to(BUSY)
            self.network.busy = self.database_is_away = False
            self.cut.clear()
            for name in sorted(self.gone):
                self._start(name)
            self.loop.run_to(NIGHT)
        self.database.world = None
        for process in self._processes.values():
            process.kill()
        self.loop.drop()

    # Processes.

    def _start(self, name: str) -> None:
        self.gone.discard(name)
        process = self._processes[name] = Process(name)
        runtime = self.make_runtime(name)
        if name == STAND_IN:
            work = self._watch(runtime)
        else:
            process.at_death.append(partial(self._restart_later, name))
            work = self._keep_time(runtime) if name == "clock" else self.send(process, runtime, Role.WORKER)
        self.loop.start(process, work)

    def make_runtime(self, name: str) -> NightRuntime:
        """Of a process: those of one host see each other's locks and spool."""
        place = self.settings.state_dir if HOSTS.get(name, 1) == 1 else f"{self.settings.state_dir}-2"
        return NightRuntime(self.settings.model_copy(update={"state_dir": place}), self.database, self)

    def _kill(self, name: str) -> None:
        self._processes[name].kill()

    def _leave(self, names: Sequence[str]) -> None:
        """They die, and nobody starts them again for the rest of the faults."""
        self.gone |= set(names)
        for name in names:
            self._kill(name)

    def _hang(self, name: str, seconds: float) -> None:
        self._processes[name].hangs_until = self.loop.now + seconds

    def _restart_later(self, name: str) -> None:
        def start() -> None:
            if name not in self.gone and self._processes[name].dead:
                self._start(name)

        if self.loop.now < NIGHT - 1:
            self.loop.at(self.loop.now + self.chance.uniform(0.3, 3.0), start)

    async def _watch(self, runtime: NightRuntime) -> None:
        """The web process's stand-in: it sends and ticks while nobody else does."""
        made = StandIn(runtime, Role.WEB, clock_process.ClockStandIn(runtime).look)
        while True:
            # As its thread does; a death in it is one of its process, which is started again at once.
            with suppress(Exception, Killed):
                made._look()
            await asyncio.sleep(0.5)

    async def send(
        self, process: Process, runtime: NightRuntime, role: Role, made_known: Callable[[Dispatcher], object] = id
    ) -> None:
        """A sender's life."""
        made = Dispatcher(runtime, role)
        if made._owner._file is not None:
            process.at_death.append(made._owner._file.close)  # as the kernel does
        made_known(made)
        await made.run()

    async def _keep_time(self, runtime: NightRuntime) -> None:
        for second in range(10**6):
            parts = clock_process.PARTS
            if second % 5 == 0:
                parts = (*parts, *(part for _, part in clock_process.NOW_AND_THEN))
            clock_process.tick(runtime, "clock:1:0", parts)
            await asyncio.sleep(1.0)

    # What people do.

    def _plan_calls(self) -> None:
        for group in range(GROUPS):
            at = self.chance.uniform(0.5, BUSY - 5)
            again, other = self.chance.random() < 0.1, self.chance.random() < 0.1
            if self.only is not None and group not in self.only:
                continue
            if has_silent(group):
                before = max(at - self.chance.uniform(7, 15), 0.1)
                also = expected_for(group, lives_alone=False) - {number_of(group, 3)}
                self.loop.at(before, partial(self._call_for_help, group, 3, also, before))
            expected = expected_for(group)
            others = {number_of(group, 1), number_of(group, SECOND_PHONE)}
            few = is_alone(group) or self._leads_another(group) or count_neighbours(group) == 1
            joined = other and not few
            if joined:
                # A second household calls as well: neither is rung for the other.
                self.loop.at(at + 2, partial(self._call_for_help, group, 1, expected - others, at + 2))
                expected -= others
            self.loop.at(at, partial(self._call_for_help, group, 0, expected, at))
            if again and not joined:
                self.loop.at(at + 7, partial(self._call_for_help, group, 0, expected, at + 7))

    @staticmethod
    def _leads_another(group: int) -> bool:
        return group > 0 and leads_elsewhere(group - 1)

    def _plan_faults(self) -> None:
        chance = self.chance

        def may(fault: str, likely: float) -> bool:
            return bool(chance.random() < likely and self.faults.get(fault))

        def some_time() -> float:
            return chance.uniform(1, BUSY - 8)

        for _ in range(chance.randint(0, 6)):
            name = chance.choice(tuple(HOSTS))
            if may("killed", 1.0):
                self.loop.at(chance.uniform(1, BUSY), partial(self._kill, name))
        for _ in range(2):
            name, lasts = chance.choice(tuple(HOSTS)), chance.uniform(1, 8)
            if may("hangs", 0.4):
                self.loop.at(some_time(), partial(self._hang, name, lasts))
        if may("gone for good", 0.25):
            names = chance.choice((("sender 1", "sender 2"), tuple(HOSTS), ("clock",)))
            self.loop.at(some_time(), partial(self._leave, names))
        if may("database away", 0.4):
            begins, lasts = some_time(), chance.uniform(0.5, 6)
            self.loop.at(begins, lambda: setattr(self, "database_is_away", True))
            self.loop.at(begins + lasts, lambda: setattr(self, "database_is_away", False))
        for _ in range(2):
            pair = (chance.choice((*HOSTS, "web")), chance.choice(("database", "carrier")))
            begins, lasts = some_time(), chance.uniform(0.5, 8)
            if may("cut off", 0.4):
                self.loop.at(begins, partial(self.cut.add, pair))
                self.loop.at(begins + lasts, partial(self.cut.discard, pair))
        if may("clock jumps", 0.3):
            ahead = chance.uniform(-4, 8)
            self.loop.at(chance.uniform(2, BUSY), partial(self._jump, ahead))

    def _jump(self, seconds: float) -> None:
        self.jump = seconds
        self.network.clocks_differ += timedelta(seconds=abs(seconds))

    def _as_web(self, work: Callable[[], Any]) -> Any:
        """What a webhook does. None where the process died in it: the carrier hears nothing."""
        token = PROCESS.set(self.web)
        try:
            return work()
        except Killed:
            return None
        finally:
            PROCESS.reset(token)

    def _call_for_help(self, group: int, place: int, expected: frozenset[str], at: float) -> None:
        number, sid = number_of(group, place), f"CA-in-{group}-{place}-{at:.3f}"
        silent = place == 3
        raised = Raised(group, number, expected, sid, at, silent=silent, planned=place > 0 or not is_alone(group))
        trigger = Trigger(make_alarm_key(sid), number, Channel.CALL, call_sid=sid)
        self.raised.append(raised)
        if not silent and self.network.draws("kept for long"):
            # It has waited on the disk for twenty minutes, and the database comes back now.
            event = SpooledEvent(SpooledKind.ALARM, make_alarm_key(sid), number, self.now() - LONG, sid)
            self.runtime.spool.put(event)
            raised.kept = True
            return

        def record() -> None:
            try:
                with self.runtime.database.begin() as session:
                    answer = raise_alarm(session, trigger, read_clock(session), self.runtime.limits)
                raised.answered = answer.outcome in {Outcome.RAISED, Outcome.JOINED}
            except Exception:
                raised.kept = self._keep(SpooledKind.ALARM, make_alarm_key(sid), number, sid)

        self._as_web(record)

    def _keep(self, kind: SpooledKind, key: str, number: str, sid: str, text: str = "", delivery_id: int = 0) -> bool:
        if self.network.draws("disk full"):
            return False  # and whoever called is told to dial 110
        self.runtime.spool.put(SpooledEvent(kind, key, number, self.now(), sid, text, delivery_id))
        return True

    def _reach(self, carried: Carried) -> None:
        """A phone rings, or a text is on its way."""
        chance, now = self.chance, self.loop.now
        if carried.channel is Channel.SMS:
            self.loop.at(now + chance.uniform(0.5, 5), partial(self.network.move, carried, AttemptState.DELIVERED))
            return
        self.loop.at(now + chance.uniform(0.1, 0.8), partial(self.network.move, carried, AttemptState.RINGING))
        if chance.random() < 0.35:
            self.loop.at(now + chance.uniform(8, 15), partial(self.network.move, carried, AttemptState.NO_ANSWER))
            return
        picked = now + chance.uniform(1, 7)
        self.loop.at(picked, partial(self._pick_up, carried))

    def _pick_up(self, carried: Carried) -> None:
        if carried.state in {AttemptState.CANCELED, AttemptState.NO_ANSWER}:
            return
        self.network.move(carried, AttemptState.IN_PROGRESS)
        presses = self.chance.choice((Answer.COMING, Answer.COMING, Answer.CANNOT, Answer.ON_SCENE, None))
        after = self.loop.now + self.chance.uniform(1, 6)
        if presses is not None:
            self.loop.at(after, partial(self._press, carried, presses))
        self.loop.at(after + 1, partial(self.network.move, carried, AttemptState.COMPLETED))

    def _press(self, carried: Carried, answer: Answer) -> None:
        key = KEYS[answer]
        pressed = Pressed(carried.delivery_id, carried.to, answer, thanked=False, at=self.now())
        self.pressed.append(pressed)
        assert replies.KEYS[key] is answer

        def record() -> None:
            try:
                with self.runtime.database.begin() as session:
                    told = session.get_one(Delivery, carried.delivery_id)
                    heard = acknowledge(session, told, answer, Channel.CALL, read_clock(session))
                    thanked = not heard.closed
            except Exception:
                kept_as = make_press_key(carried.sid, carried.delivery_id, key)
                thanked = self._keep(SpooledKind.KEY, kept_as, carried.to, carried.sid, key, carried.delivery_id)
            # Where its process dies in this, nobody is thanked, though it may be on record.
            pressed.thanked = thanked

        self._as_web(record)

    def _call_back(self, carried: Carried) -> None:
        """Tell the service of a new state: some time, twice perhaps, perhaps never."""
        if carried.state not in WORDS or self.network.draws("callback lost"):
            return
        report = tracking.Report(carried.delivery_id, carried.number, carried.sid, WORDS[carried.state])
        for _ in range(2 if self.network.draws("callback doubled") else 1):
            longest = 60.0 if self.network.draws("callback late") else 2.0
            self._in(self.chance.uniform(0.01, longest), partial(self._put_down, report))

    def _put_down(self, report: tracking.Report) -> None:
        """Callbacks are taken in many at once, as the web process does in a storm."""
        self._reports.append(report)
        if len(self._reports) == 1:
            self.loop.at(self.loop.now + 0.2, self._take_reports)

    def _take_reports(self) -> None:
        reports, self._reports = self._reports, []

        def record() -> None:
            try:
                with self.runtime.database.begin() as session:
                    tracking.record_reports(session, reports, read_clock(session))
            except Exception:
                return

        self._as_web(record)


class Nights:
    """A town in memory, as it was before for each night."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="jd-nights-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self._database = FaultyDatabase()
        build_town(self._database)
        self._before = sqlite3.connect(":memory:")
        self._database.connection.backup(self._before)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

    def play(
        self,
        seed: int,
        only: frozenset[int] | None = None,
        without: frozenset[str] = frozenset(),
        more: Mapping[str, float] = MappingProxyType({}),
        places: int | None = None,
    ) -> World:
        """The night of this seed; its database stands until the next one.

        `without`: faults that do not happen; `more`: how likely these are in this night; `places`: see `World`.
        """
        for place in ("state", "state-2"):
            shutil.rmtree(self._home / place, ignore_errors=True)
        self._before.backup(self._database.connection)
        faults = {name: 0.0 if name in without else likely for name, likely in (FAULTS | dict(more)).items()}
        world = World(seed, self._database, self._home / "state", only, faults, places=places)
        # What a night leaves goes with the night: it is looked for once, and not every thousand rows.
        gc.disable()
        try:
            world.play()
        finally:
            gc.enable()
        return world

    def close(self) -> None:
        self._database.close()
        self._before.close()
        shutil.rmtree(self._home, ignore_errors=True)


def all_of(world: World, model: Any) -> list[Any]:
    """Every row of a table as it is after the night."""
    with world.database.begin(reads=True) as session:
        return list(session.scalars(select(model)))
