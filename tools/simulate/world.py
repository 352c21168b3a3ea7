"""A night: a town whose groups call for help, processes that are killed, and a database that fails at a commit."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError, ProgrammingError

import config.database
from config.database import Base, Database, read_clock
from config.settings import Settings
from groups.models import accounts as _accounts  # noqa: F401 - a table that others refer to
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.intake import Outcome, Trigger, raise_alarm
from joint_defense.delivery import lines, pace, tracking
from joint_defense.models import Delivery
from joint_defense.processes import clock as clock_process
from joint_defense.processes import dispatcher, spool
from joint_defense.processes.dispatcher import Dispatcher
from joint_defense.processes.heartbeats import Role, Witness
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.spool import SpooledEvent, SpooledKind
from joint_defense.rules import replies
from joint_defense.rules.carrier_keys import make_alarm_key, make_press_key
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import AttemptState, Channel
from tools.simulate.carrier import WORDS, Carried, Network, SimulatedCarrier
from tools.simulate.loop import PROCESS, Killed, Process, VirtualLoop

DUSK = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
GROUPS = 120
NEIGHBOURS = 3
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
    "callback lost": 0.15,
    "callback doubled": 0.1,
    "commit fails": 0.01,
    "killed at a commit": 0.003,
    "killed": 1.0,
    "database away": 1.0,
    "disk full": 0.02,
    "clock jumps": 1.0,
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


@dataclass
class Pressed:
    """A neighbour's key that was thanked for, or kept."""

    delivery_id: int
    number: str
    answer: Answer
    thanked: bool


class _Time:
    """What `import time` gives in the modules that measure by it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        return 1000.0 + self._loop.now


class _NoRedis:
    """A Redis that is away all night: RQ makes it fast, never correct."""

    def register_script(self, _text: str) -> Callable[..., Any]:
        def away(**_: Any) -> Any:
            raise RedisAway("away")

        return away


class FaultyDatabase(Database):
    """SQLite whose commits fail, and at whose commits processes die. `world` is whose night it is."""

    world: World | None = None

    def __init__(self, url: str) -> None:
        super().__init__(url)

        @event.listens_for(self.engine, "connect")
        def _fast(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA journal_mode=MEMORY")
            connection.execute("PRAGMA synchronous=OFF")

    @contextmanager
    def begin(self, *, reads: bool = False) -> Iterator[Any]:
        world = self.world
        process = PROCESS.get()
        if world is None or process is None:
            with super().begin(reads=reads) as session:
                yield session
            return
        if world.database_is_away:
            raise OperationalError("connect", None, Exception("away"))
        with super().begin(reads=reads) as session:
            yield session
            if world.network.draws("commit fails"):
                # Away, which passes, or broken, which nobody foresees.
                kind = world.chance.choice((OperationalError, ProgrammingError))
                raise kind("commit", None, Exception("the disk"))
            dies = world.network.draws("killed at a commit")
            if dies and world.chance.random() < 0.5:
                raise Killed  # rolled back
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
    jump: float = 0.0

    def __post_init__(self) -> None:
        # Not a secret: a night.
        self.chance = random.Random(self.seed)  # noqa: S311
        self.loop = VirtualLoop()
        self.time = _Time(self.loop)
        self.settings = Settings.model_validate(
            {
                "database_url": str(self.database.engine.url),
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
                "state_dir": str(self.home),
            }
        )
        refused = frozenset(number_of(group, 1) for group in range(GROUPS) if self.chance.random() < 0.03)
        self.network = Network(self.chance, self.now, self.faults, self._reach, self._call_back, refuses=refused)
        self.web = Process("web")
        self.runtime = NightRuntime(self.settings, self.database, self)
        self._processes: dict[str, Process] = {}
        self._reports: list[tracking.Report] = []

    def now(self) -> datetime:
        return DUSK + timedelta(seconds=self.loop.now + self.jump)

    def play(self) -> None:
        """The whole night."""
        world = self

        class Night(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return world.now().astimezone(tz)

        self.database.world = self
        with ExitStack() as put:
            put.enter_context(patch.object(config.database, "datetime", Night))
            for module in (dispatcher, spool, lines, pace):
                if hasattr(module, "time"):
                    put.enter_context(patch.object(module, "time", self.time))
            for name in ("sender 1", "sender 2", "clock"):
                self._start(name)
            self._plan_calls()
            self._plan_faults()
            self.loop.run_to(BUSY)
            self.network.busy = self.database_is_away = False
            self.loop.run_to(NIGHT)
        self.database.world = None
        for process in self._processes.values():
            process.kill()
        self.loop.drop()

    # Processes.

    def _start(self, name: str) -> None:
        process = self._processes[name] = Process(name)
        runtime = NightRuntime(self.settings, self.database, self)
        process.at_death.append(partial(self._restart_later, name))
        self.loop.start(process, self._keep_time(runtime) if name == "clock" else self._send(process, runtime))

    def _kill(self, name: str) -> None:
        self._processes[name].kill()

    def _restart_later(self, name: str) -> None:
        if self.loop.now < NIGHT - 1:
            self.loop.at(self.loop.now + self.chance.uniform(0.3, 3.0), partial(self._start, name))

    async def _send(self, process: Process, runtime: NightRuntime) -> None:
        made = Dispatcher(runtime, Role.WORKER)
        process.at_death.append(made._owner._file.close)  # as the kernel does
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
            again = self.chance.random() < 0.1
            if self.only is None or group in self.only:
                self.loop.at(at, partial(self._call_for_help, group, number_of(group, 0), at))
                if again:
                    self.loop.at(at + 7, partial(self._call_for_help, group, number_of(group, 0), at + 7))

    def _plan_faults(self) -> None:
        if self.faults.get("killed"):
            for _ in range(self.chance.randint(0, 6)):
                name = self.chance.choice(("sender 1", "sender 2", "clock"))
                self.loop.at(self.chance.uniform(1, BUSY), partial(self._kill, name))
        if self.faults.get("database away") and self.chance.random() < 0.4:
            begins, lasts = self.chance.uniform(2, BUSY - 8), self.chance.uniform(0.5, 6)
            self.loop.at(begins, lambda: setattr(self, "database_is_away", True))
            self.loop.at(begins + lasts, lambda: setattr(self, "database_is_away", False))
        if self.faults.get("clock jumps") and self.chance.random() < 0.3:
            ahead = self.chance.uniform(0, 8)
            self.loop.at(self.chance.uniform(2, BUSY), lambda: setattr(self, "jump", ahead))

    def _as_web(self, work: Callable[[], Any]) -> Any:
        """What a webhook does. None where the process died in it: the carrier hears nothing."""
        token = PROCESS.set(self.web)
        try:
            return work()
        except Killed:
            return None
        finally:
            PROCESS.reset(token)

    def _call_for_help(self, group: int, number: str, at: float) -> None:
        sid = f"CA-in-{group}-{at:.3f}"
        expected = frozenset(number_of(group, each) for each in range(1, NEIGHBOURS + 1))
        raised = Raised(group, number, expected, sid, at)
        trigger = Trigger(make_alarm_key(sid), number, Channel.CALL, call_sid=sid)

        def record() -> None:
            try:
                with self.runtime.database.begin() as session:
                    answer = raise_alarm(session, trigger, read_clock(session), self.runtime.limits)
                raised.answered = answer.outcome in {Outcome.RAISED, Outcome.JOINED}
            except Exception:
                raised.kept = self._keep(SpooledKind.ALARM, make_alarm_key(sid), number, sid)

        self._as_web(record)
        self.raised.append(raised)

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
            self.pressed.append(Pressed(carried.delivery_id, carried.to, answer, thanked))

        self._as_web(record)

    def _call_back(self, carried: Carried) -> None:
        """Tell the service of a new state: some time, twice perhaps, perhaps never."""
        if carried.state not in WORDS or self.network.draws("callback lost"):
            return
        report = tracking.Report(carried.delivery_id, carried.number, carried.sid, WORDS[carried.state])
        for _ in range(2 if self.network.draws("callback doubled") else 1):
            self.loop.at(self.loop.now + self.chance.uniform(0.01, 2.0), partial(self._put_down, report))

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


def number_of(group: int, place: int) -> str:
    """The number of the household at this place of a group; the one at 0 calls for help."""
    return f"+86138{group:04}{place:04}"


def build_town(path: Path) -> None:
    """A roster of `GROUPS` groups, each with a household that calls and `NEIGHBOURS` others."""
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine)
    with database.begin() as session:
        village = Village(code="N01", name="夜村", name_en="Yecun")
        session.add(village)
        session.flush()
        for each in range(GROUPS):
            group = Group(village_id=village.id, name=f"{each}组")
            session.add(group)
            session.flush()
            for place in range(NEIGHBOURS + 1):
                house = Household(
                    village_id=village.id,
                    group_id=group.id,
                    head="王李陈张"[place] + "建国",
                    door=f"{each}-{place}",
                    landmark="桥东",
                    position=place,
                )
                session.add(house)
                session.flush()
                kind = {"kind": PhoneKind.MOBILE, "may_call": True, "may_text": place != 2, "language": "zh"}
                session.add(Phone(household_id=house.id, number=number_of(each, place), rank=1, **kind))
    database.close()


class Nights:
    """A town on a disk in memory, fresh for each night."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="jd-nights-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self._template, self._path = self._home / "template.sqlite", self._home / "town.sqlite"
        build_town(self._template)
        self._database = FaultyDatabase(f"sqlite:///{self._path}")
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

    def play(self, seed: int, only: frozenset[int] | None = None, without: frozenset[str] = frozenset()) -> World:
        """The night of this seed; its database stands until the next one."""
        self._database.close()
        shutil.rmtree(self._home / "state", ignore_errors=True)
        shutil.copyfile(self._template, self._path)
        faults = {name: 0.0 if name in without else likely for name, likely in FAULTS.items()}
        world = World(seed, self._database, self._home / "state", only, faults)
        world.play()
        return world

    def close(self) -> None:
        self._database.close()
        shutil.rmtree(self._home, ignore_errors=True)


def all_of(world: World, model: Any) -> list[Any]:
    """Every row of a table as it is after the night."""
    with world.database.begin(reads=True) as session:
        return list(session.scalars(select(model)))
