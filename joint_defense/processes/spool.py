"""The spool: what could not be taken in, each event a file on this machine's disk until it is.

A file is whole or not there: it is written beside, forced to the disk and then linked to its name, which is made of the
carrier's key, so that a repeated webhook finds it there. Only the service's user may read it: it holds a number.

What fails is tried again, ever more rarely, until a person sets it aside; a file that is no event is aside from the
start, for nobody can try it. What is aside stays on the disk, is counted, and can be tried again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import structlog
from pydantic import AwareDatetime, ConfigDict, TypeAdapter

from config.sealing import Seal, WrongKey
from joint_defense.processes.heartbeats import Kept
from joint_defense.rules.errors import NotSpooled

log = structlog.stdlib.get_logger(__name__)

MOST = 5_000
"""Events kept at once: far more than a town's worst hour, and a bound for whoever floods us."""
_ENDING = ".event"
_ASIDE = ".failed"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before what failed is tried again: each time twice as long."""


class SpooledKind(StrEnum):
    """What came in."""

    ALARM = "alarm"
    """#9, or a call to a direct number."""
    WORDLESS = "wordless"
    SAID = "said"
    """What was pressed or said at the menu before the call came to anything."""
    TEXT = "text"
    KEY = "key"
    """A neighbour's key on an alarm call."""


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """`received_at` is when it came in, by the database's clock as far as that was known."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")

    kind: SpooledKind
    carrier_key: str
    number: str
    received_at: AwareDatetime
    sid: str
    text: str = ""
    """A message's words, or the key that was pressed."""
    delivery_id: int = 0


_EVENT = TypeAdapter(SpooledEvent)


@dataclass(frozen=True, slots=True)
class Listed:
    """An event on the disk, by the name of its file; `event` is None where the file is no event, or its key is away."""

    name: str
    event: SpooledEvent | None
    aside: bool
    sealed: bool = False


class Spool:
    """The events in a directory. Several processes of a machine share it."""

    def __init__(self, directory: Path, most: int = MOST, seal: Seal | None = None) -> None:
        self._directory = directory
        self._seal = seal or Seal()
        self._most = most
        # Of each key how often it failed here, and when it may be tried again (monotonic).
        self._told_of: set[str] = set()
        self._failed: dict[str, tuple[int, float]] = {}

    def put(self, event: SpooledEvent) -> None:
        """Keep it, once; it is on the disk when this returns. Raises NotSpooled: then it is not kept."""
        path = self._name_file(event.carrier_key)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists():
                return
            if self.count() >= self._most:
                raise NotSpooled(f"{self._most} events wait already")
            self._write(path, self._seal.close(_EVENT.dump_json(event)))
        except OSError as error:
            raise NotSpooled(f"{type(error).__name__}: {error.strerror}") from error

    def _write(self, path: Path, content: bytes) -> None:
        beside = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # A link and not a rename: whoever comes second with the same key leaves the first one's file alone.
            with suppress(FileExistsError):
                os.link(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        self._sync()

    def holds(self, carrier_key: str) -> bool:
        """Whether this event waits here."""
        return self._name_file(carrier_key).exists()

    def count(self) -> int:
        """How many wait."""
        return self.kept().wait

    def kept(self) -> Kept:
        """How many wait, and how many are set aside."""
        try:
            endings = [path.suffix for path in self._directory.iterdir()]
        except OSError:  # not there yet, or not to be read
            return Kept()
        return Kept(endings.count(_ENDING), endings.count(_ASIDE))

    def is_due(self, event: SpooledEvent) -> bool:
        """Whether this event may be tried now."""
        return time.monotonic() >= self._failed.get(event.carrier_key, (0, 0.0))[1]

    def put_off(self, event: SpooledEvent) -> int:
        """It could not be taken in: later. Returns how often that has been so in this process."""
        times = self._failed.get(event.carrier_key, (0, 0.0))[0] + 1
        pause = min(FIRST_PAUSE * 2 ** min(times - 1, 10), LONGEST_PAUSE)
        self._failed[event.carrier_key] = (times, time.monotonic() + pause)
        return times

    def list_waiting(self) -> list[SpooledEvent]:
        """Those that wait, oldest first. What is no event is set aside."""
        events = []
        for path in self._directory.glob(f"*{_ENDING}"):
            try:
                events.append(self._read(path))
            except FileNotFoundError:
                continue
            except WrongKey:
                # It waits for its key: nothing is lost, and whoever looks after the machine is told.
                if path.name not in self._told_of:
                    self._told_of.add(path.name)
                    log.error("spooled_event_sealed", name=path.stem, reason="no key in DATA_KEYS opens it")
            except ValueError:
                self._set_aside(path)
        return sorted(events, key=lambda event: (event.received_at, event.carrier_key))

    def remove(self, event: SpooledEvent) -> None:
        """It is in the database now."""
        self._failed.pop(event.carrier_key, None)
        self._name_file(event.carrier_key).unlink(missing_ok=True)
        self._sync()

    def set_aside(self, name: str) -> bool:
        """A person has decided that this event (by `listed`'s name) is not to be tried again. False: none waits."""
        path = self._directory / f"{name}{_ENDING}"
        found = path.exists()
        self._set_aside(path)
        return found

    def try_again(self) -> int:
        """Let everything that is aside wait again. Returns how many that is; what is no event stays aside."""
        count = 0
        for path in self._directory.glob(f"*{_ASIDE}"):
            try:
                event = self._read(path)
            except (ValueError, OSError, WrongKey):
                continue
            path.rename(path.with_suffix(_ENDING))
            self._failed.pop(event.carrier_key, None)
            count += 1
        return count

    def list_kept(self) -> list[Listed]:
        """All that is here, for a person, oldest first: those that wait and those aside."""
        found = []
        for ending in (_ENDING, _ASIDE):
            for path in self._directory.glob(f"*{ending}"):
                event: SpooledEvent | None
                sealed = False
                try:
                    event = self._read(path)
                except ValueError:
                    event = None
                except WrongKey:
                    event, sealed = None, True
                except OSError:
                    continue
                found.append(Listed(path.stem, event, ending == _ASIDE, sealed))
        return sorted(found, key=lambda each: (each.event.received_at.isoformat() if each.event else "", each.name))

    def close_anew(self) -> tuple[int, int]:
        """Seal every file with the first key. Returns how many were, and how many no key opens: those are as they were.

        For whoever has the `turn`: nobody takes in meanwhile what is written here.
        """
        closed, left = 0, 0
        for path in [each for ending in (_ENDING, _ASIDE) for each in self._directory.glob(f"*{ending}")]:
            try:
                content = self._seal.close(self._seal.open(path.read_bytes()))
            except FileNotFoundError:
                continue
            except WrongKey:
                left += 1
                continue
            beside = path.with_suffix(f".{os.getpid()}.{os.urandom(4).hex()}")
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            closed += 1
        if closed:
            self._sync()
        return closed, left

    def _read(self, path: Path) -> SpooledEvent:
        return _EVENT.validate_json(self._seal.open(path.read_bytes()))

    def _set_aside(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            path.rename(path.with_suffix(_ASIDE))

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Within the block nobody else of this machine takes events in; False: somebody is at it."""
        with (self._directory / "turn.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _name_file(self, carrier_key: str) -> Path:
        return self._directory / (hashlib.sha256(carrier_key.encode()).hexdigest()[:32] + _ENDING)

    def _sync(self) -> None:
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
