"""Who holds a claim, and whether that process still lives.

An owner is a file with a lock on it. The kernel frees the lock at the very moment the process dies, `kill -9`
included, so nobody waits for a lease. Locks are seen by the processes of one state directory only: an owner of another
one, and one that keeps its lock and does nothing (SIGSTOP), is judged by its heartbeat in the database.

Signs of life: when each process last said that it lives, and what the carrier last said of our account.

Accounts are asked now and then, too, whether they still work: nobody is to learn at an alarm that they do not. One
sender's question is all senders': the answer is in the database, where they, `/readyz`, the pages and the metrics read
it. An account that carries no more is asked every few seconds, and carries again once it has rested and answers.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

import structlog
from sqlalchemy import Executable, ScalarSelect, Table, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from config.carriers import Account
from config.database import Database, UtcDateTime, insert_or_update, read_clock
from joint_defense.carriers.port import AccountTrouble, Carrier, CarrierError, TooFast
from joint_defense.delivery.lines import Line, LineStatus, find_carrying
from joint_defense.models.processes import AccountCheck, Heartbeat, NumberCheck
from joint_defense.processes.questions import Ago
from joint_defense.rules.states import Channel

SILENT_FOR = timedelta(seconds=2)
"""A sender that has said nothing for so long is taken for dead or hung. It says so twice a second while there is
anything to send or to ask, or something is with the carrier, and once a second at rest."""
FORGET_AFTER = timedelta(days=1)


class Role(StrEnum):
    """What a process does."""

    WEB = "web"
    WORKER = "worker"
    CLOCK = "clock"
    BULK = "bulk"
    STAND_IN = "stand-in"
    """A sender inside a web process or a clock, while no worker sends."""


SENDERS = frozenset({Role.WORKER, Role.STAND_IN})


def name_place(directory: Path) -> str:
    """Where a process runs, as owners name it: processes of one place see each other's locks.

    Containers may share a host name and a kernel: what tells them apart is an id kept in their state directory. A
    process that cannot read it or write there (a disk that is full, or mounted to be read only after an error) is a
    place of its own, whose heartbeat alone says that it lives.
    """
    try:
        kept = _read_id(directory)
    except OSError:
        kept = _UNKEPT
    return _write_place(kept)


_UNKEPT = secrets.token_hex(4)
"""This process's, where the directory keeps none. What is forked has its parent's: `Owner` makes one for itself."""


def _write_place(kept: str) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        boot = "0"
    return f"{socket.gethostname()[:30]}-{boot}-{kept}"


def _read_id(directory: Path) -> str:
    path = directory / "place.id"
    directory.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        beside = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
        beside.write_text(secrets.token_hex(4), encoding="ascii")
        try:
            # A link and not a rename: whoever comes second takes the first one's id.
            with suppress(FileExistsError):
                os.link(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()[:8]


def name_of_process(directory: Path, role: str) -> str:
    """A name for the heartbeat of a process that claims nothing."""
    return f"{name_place(directory)}:{os.getpid()}:{role}"


class Owner:
    """This process's claim to life: the lock is held from here to `close`, or to the process's death."""

    def __init__(self, directory: Path, role: str) -> None:
        self.role = role
        self._own = f"{os.getpid()}:{secrets.token_hex(4)}"
        self.place = name_place(directory)
        self._path = directory / _name_file(self.name)
        self._file: IO[str] | None = None
        try:
            self._file = self._path.open("w", encoding="ascii")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Without a lock nobody of this place may look for one.
            self.place = _write_place(secrets.token_hex(4))
            log.warning("state_directory_unusable", directory=str(directory), error=error.strerror)

    @property
    def name(self) -> str:
        """What its claims are held by."""
        return f"{self.place}:{self._own}"

    def close(self) -> None:
        """Let go: whatever is still claimed under this name is given back by the next sweep."""
        if self._file is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._file.close()


# Put together once: each process asks these twice a second.
_LAST_BEAT = select(Heartbeat.at).where(Heartbeat.name == bindparam("owner"))
_ACCOUNT_WORDS = select(AccountCheck.account, AccountCheck.word, AccountCheck.at)
_NUMBER_WORDS = select(NumberCheck.account, NumberCheck.sender, NumberCheck.word)


class Witness:
    """Judges which owners live, for one process.

    A silent heartbeat counts only where this process has seen the database without a break for as long as that, and
    its clock without a jump: after either every heartbeat is old, and nobody is dead of it.
    """

    LONGEST_BREAK = 1.5
    """Seconds between two looks that are no break yet; a clock looks every second, and so does whoever stands in."""

    LARGEST_JUMP = 1.0

    def __init__(self, directory: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._monotonic = monotonic
        self._looked_at = self._since = monotonic()
        self._seen: datetime | None = None

    def look(self, session: Session, now: datetime) -> Callable[[str], bool]:
        """Look at the heartbeats; whether the owner of a name lives."""
        self.note(now)
        trusts = self._looked_at - self._since >= SILENT_FOR.total_seconds()

        def lives(owner: str) -> bool:
            held = self._holds_lock(owner)
            if held is False:
                return False
            at = session.scalar(_LAST_BEAT, {"owner": owner})
            if at is None:  # it has not come to say so yet, or it ended and was forgotten
                return held is True or not trusts
            return not trusts or now - at < SILENT_FOR

        return lives

    def note(self, now: datetime) -> None:
        """The database has answered, and this is its time."""
        looked = self._monotonic()
        passed = looked - self._looked_at
        jumped = self._seen is not None and abs((now - self._seen).total_seconds() - passed) > self.LARGEST_JUMP
        if passed > self.LONGEST_BREAK or jumped:
            self._since = looked
        self._looked_at, self._seen = looked, now

    def _holds_lock(self, owner: str) -> bool | None:
        """Whether a process of this place holds its lock; None for one of another place."""
        if owner.rsplit(":", 2)[0] != name_place(self._directory):
            return None
        path = self._directory / _name_file(owner)
        try:
            with path.open("r", encoding="ascii") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        path.unlink(missing_ok=True)
        return False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a place keeps on its disk: events that `wait` for the database, and those `aside` for a person."""

    wait: int = 0
    aside: int = 0


def beat(session: Session, name: str, role: str, now: datetime, kept: Kept | None = None) -> None:
    """Say that the process called `name` lives, and what its place keeps."""
    kept = kept or Kept()
    statement = insert_or_update(session, Heartbeat, keys=("name",), update=("at", "spooled", "set_aside"))
    row = {"name": name, "role": role, "at": now, "started_at": now, "spooled": kept.wait, "set_aside": kept.aside}
    session.execute(statement, [row])


def beat_alone(database: Database, name: str, role: str, kept: Kept) -> None:
    """The same in a transaction of its own. PostgreSQL does not wait for its disk: where its machine fails, a second
    later it is said again.
    """
    if database.is_sqlite:
        with database.patient().begin() as session:
            beat(session, name, role, read_clock(session), kept)
        return
    row = {"name": name, "role": role, "spooled": kept.wait, "set_aside": kept.aside}
    database.run_alone(_write_beat(), row)


@cache
def _write_beat() -> Executable:
    # SQLite's users do without this dialect.
    from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415

    names = ("name", "role", "spooled", "set_aside")
    table = cast(Table, Heartbeat.__table__)
    now = func.statement_timestamp(type_=UtcDateTime())
    source = select(*(bindparam(name, type_=table.c[name].type) for name in names), now, now)
    source = source.where(func.set_config("synchronous_commit", "off", True) == "off")
    statement = insert(table).from_select([*names, "at", "started_at"], source, include_defaults=False)
    fresh = {name: statement.excluded[name] for name in ("at", "spooled", "set_aside")}
    return statement.on_conflict_do_update(index_elements=["name"], set_=fresh)


def say_goodbye(session: Session, name: str) -> None:
    """The process called `name` ends as it was told to: nobody is to miss it.

    When it was last there stays on record: at a deploy the next one is a moment behind.
    """
    session.execute(update(Heartbeat).where(Heartbeat.name == name).values(started_at=None))


def select_senders(ago: Ago) -> ScalarSelect[int]:
    """How many processes send: the workers, and whichever of web and clock stands in for them."""
    living = select(func.count()).where(Heartbeat.role.in_(SENDERS), Heartbeat.at > ago(4 * SILENT_FOR))
    return living.scalar_subquery()


def select_last_beat(role: Role) -> ScalarSelect[datetime]:
    """When a process of this role last said that it lives."""
    return select(func.max(Heartbeat.at)).where(Heartbeat.role == role).scalar_subquery()


def select_marks() -> tuple[ScalarSelect[Any], ...]:
    """What changes whenever something new is said of an account or a number."""
    counts = (select(func.count()).select_from(each).scalar_subquery() for each in (AccountCheck, NumberCheck))
    newest = (select(func.max(each.at)).scalar_subquery() for each in (AccountCheck, NumberCheck))
    return (*counts, *newest)


def forget_silent(session: Session, now: datetime) -> None:
    """Drop the heartbeats of processes long gone."""
    session.execute(delete(Heartbeat).where(Heartbeat.at < now - FORGET_AFTER))


def find_last_beat(session: Session, role: str) -> datetime | None:
    """When a process of this role last said that it lives."""
    return session.scalar(select(Heartbeat.at).where(Heartbeat.role == role).order_by(Heartbeat.at.desc()).limit(1))


def _name_file(owner: str) -> str:
    return owner.replace("/", "_").replace(":", "_") + ".lock"


SILENT_AFTER = timedelta(seconds=30)
"""A process that has said nothing for so long is taken for dead."""
ROLES = (Role.WORKER, Role.CLOCK)
"""Without one of each nothing goes well."""
WELL = "ok"
ASK_ACCOUNT_EVERY = timedelta(seconds=60)
ASK_ILL_ACCOUNT_EVERY = timedelta(seconds=5)
ACCOUNT_KNOWN_FOR = timedelta(minutes=3)
"""A carrier's word older than this says nothing of now: whoever asks (the worker) has stopped."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Of the processes and the account.

    ages      how long each role has been silent; None for never seen
    accounts  ok, unknown, or what is wrong, by the account's name
    numbers   what the carrier said of numbers that are not its account's, by account's name and number
    carries   which of them carry calls and texts
    living    how many processes of each role live
    missing   how many of each role died, and nobody of that role has started since
    kept      what each place keeps on its disk
    """

    ages: dict[str, timedelta | None]
    accounts: dict[str, str]
    numbers: dict[tuple[str, str], str]
    carries: dict[Channel, tuple[str, ...]]
    living: dict[str, int]
    missing: dict[str, int]
    kept: dict[str, Kept]

    @property
    def account(self) -> str:
        """Ok where calls and texts are carried, whatever is wrong with another account; else what is wrong."""
        wrong = [*(word for word in self.accounts.values() if word != WELL), *self.numbers.values()]
        for names in self.carries.values():
            words = [self.accounts[name] for name in names] or wrong
            if WELL not in words:
                return words[0]
        return WELL

    @property
    def refused_numbers(self) -> dict[str, str]:
        """By account's name how many of its numbers are not its own, as it says, and with which codes."""
        found: dict[str, list[str]] = {}
        for (name, _), word in self.numbers.items():
            found.setdefault(name, []).append(word)
        return {name: f"{len(words)} refused ({', '.join(sorted(set(words)))})" for name, words in found.items()}

    def word(self, role: str) -> str:
        """Ok, silent, or how many of how many are."""
        age = self.ages.get(role)
        missing, living = self.missing.get(role, 0), self.living.get(role, 0)
        if age is None or age > SILENT_AFTER:
            return "silent" if role in ROLES or missing else WELL
        return f"{missing} of {missing + living} silent" if missing else WELL

    @property
    def spool(self) -> str:
        """Ok, or how many events wait or are set aside."""
        return write_spool(Kept(*self.spooled))

    @property
    def spooled(self) -> tuple[int, int]:
        """How many events wait, and how many are set aside, on all machines."""
        places = self.kept.values()
        return sum(each.wait for each in places), sum(each.aside for each in places)


def write_spool(kept: Kept) -> str:
    """Ok, or how much waits and how much is set aside."""
    counts = ((kept.wait, "waiting"), (kept.aside, "set aside"))
    return ", ".join(f"{count} {word}" for count, word in counts if count) or WELL


def read_vitals(session: Session, accounts: Sequence[Account], now: datetime) -> Vitals:
    """All of them, for these accounts."""
    rows = session.scalars(select(Heartbeat).order_by(Heartbeat.at)).all()
    newest = {row.role: row.at for row in rows}
    living = {role: [row for row in rows if row.role == role and now - row.at <= SILENT_AFTER] for role in newest}
    said = read_accounts(session, now)
    words = {each.name: said[each.account_sid][0] if each.account_sid in said else "unknown" for each in accounts}
    names = {each.account_sid: each.name for each in accounts}
    refused = read_refused_numbers(session, accounts)
    # Rows come by their age, so a place is as its process that spoke last has it.
    kept = {_read_place(row.name): Kept(row.spooled, row.set_aside) for row in rows if row.role != Role.STAND_IN}
    return Vitals(
        ages={role: max(now - newest[role], timedelta(0)) if role in newest else None for role in (*ROLES, *newest)},
        accounts=words,
        numbers={(names[line.account], line.sender): word for line, word in refused.items()},
        carries=find_carrying(accounts, words, refused),
        living={role: len(each) for role, each in living.items()},
        missing={role: _count_missing(rows, role, now) for role in newest if role != Role.STAND_IN},
        kept=kept,
    )


def _count_missing(rows: Sequence[Heartbeat], role: str, now: datetime) -> int:
    """How many ended without a word and without a successor: one that started after their last beat."""
    mine = [row for row in rows if row.role == role]
    missing = 0
    starts = sorted(row.started_at for row in mine if row.started_at is not None)
    for row in mine:
        if row.started_at is None or now - row.at <= SILENT_AFTER:
            continue
        successor = next((start for start in starts if start > row.at), None)
        if successor is None:
            missing += 1
        else:
            starts.remove(successor)
    return missing


def _read_place(name: str) -> str:
    return name.rsplit(":", 2)[0]


def read_accounts(session: Session, now: datetime) -> dict[str, tuple[str, timedelta]]:
    """Of each account what was said of it last, and how long ago; what is too old to say anything is left out."""
    return measure_ages(read_account_words(session), now)


def read_account_words(session: Session) -> dict[str, tuple[str, datetime]]:
    """Of each account what was said of it last, and when."""
    rows = session.execute(_ACCOUNT_WORDS).all()
    return {row.account: (row.word, row.at) for row in rows}


def measure_ages(words: Mapping[str, tuple[str, datetime]], now: datetime) -> dict[str, tuple[str, timedelta]]:
    """These with how long ago it was; what is too old to say anything is left out."""
    known = {account: (word, max(now - at, timedelta(0))) for account, (word, at) in words.items()}
    return {account: found for account, found in known.items() if found[1] <= ACCOUNT_KNOWN_FOR}


def read_refused_numbers(session: Session, accounts: Iterable[Account]) -> dict[Line, str]:
    """Numbers of these accounts that the carrier said are not theirs, each with its code."""
    ours = {Line(each.account_sid, sender) for each in accounts for sender in (*each.from_number, *each.texting)}
    rows = session.execute(_NUMBER_WORDS).all()
    return {line: row.word for row in rows if (line := Line(row.account, row.sender)) in ours}


def note_number(session: Session, line: Line, word: str, now: datetime) -> None:
    """Write down what the carrier said of a number; "": something has left from it again."""
    if not word:
        found = (NumberCheck.account == line.account) & (NumberCheck.sender == line.sender)
        session.execute(delete(NumberCheck).where(found))
        return
    statement = insert_or_update(session, NumberCheck, keys=("account", "sender"), update=("word", "at"))
    row = {"account": line.account, "sender": line.sender[:40], "word": word[:32], "at": now}
    session.execute(statement, [row])


def forget_numbers(session: Session) -> None:
    """A sender starts, perhaps with other numbers: what was said before says nothing of these."""
    session.execute(delete(NumberCheck))


def is_account_due(session: Session, account: str, now: datetime) -> bool:
    """Whether the carrier is to be asked again: every minute, and soon after a bad word."""
    check = session.get(AccountCheck, account)
    if check is None:
        return True
    return now - check.at >= (ASK_ACCOUNT_EVERY if check.word == WELL else ASK_ILL_ACCOUNT_EVERY)


def note_account(session: Session, account: str, word: str, now: datetime) -> None:
    """Write down what the carrier said."""
    statement = insert_or_update(session, AccountCheck, keys=("account",), update=("word", "at"))
    session.execute(statement, [{"account": account, "word": word[:32], "at": now}])


LOOK_EVERY = 2.0
log = structlog.stdlib.get_logger(__name__)


class AccountWatch:
    """`in_database` runs work off the event loop, and answers None where the database is away."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        database: Database,
        status: LineStatus,
        in_database: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._carriers = carriers
        self._database = database
        self._status = status
        self._in_database = in_database

    async def run(self, complain: Callable[[str], Awaitable[None]]) -> None:
        """Until cancelled. `complain` hears of an account that asks for a slower pace."""
        await asyncio.gather(*(self._watch(account, complain) for account in self._carriers))

    async def _watch(self, account: str, complain: Callable[[str], Awaitable[None]]) -> None:
        # One carrier that hangs keeps nobody from asking the others.
        while True:
            if await self._in_database(lambda: self._is_due(account)):
                word = await self._ask(account, complain)
                await self._in_database(lambda word=word: self._note(account, word))  # type: ignore[misc]
            await asyncio.sleep(LOOK_EVERY)

    async def _ask(self, account: str, complain: Callable[[str], Awaitable[None]]) -> str:
        began = time.monotonic()
        try:
            await self._carriers[account].check_account()
        except CarrierError as error:
            word = error.word
            tell = log.error if isinstance(error, AccountTrouble) else log.warning
            tell("carrier_account_ill", account=account, word=word, reason=str(error))
            if isinstance(error, TooFast):
                await complain(account)
            outs = [self._status.note(Line(account, ""), channel, error, began, placing=False) for channel in Channel]
            return next(filter(None, outs), word)
        self._status.hear(account, WELL, 0.0)
        # While it rests it is not well, whatever it answers to a question.
        return self._status.word(account)

    def _is_due(self, account: str) -> bool:
        with self._database.begin(reads=True) as session:
            return is_account_due(session, account, self._database.estimate_now())

    def _note(self, account: str, word: str) -> bool:
        with self._database.begin() as session:
            note_account(session, account, word, read_clock(session))
        return True
