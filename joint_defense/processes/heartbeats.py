"""Who holds a claim, and whether that process still lives.

An owner is a file with a lock on it. The kernel frees the lock at the very moment the process dies, `kill -9`
included, so nobody waits for a lease; an owner on another machine is judged by its heartbeat in the database.

Signs of life: when worker and clock last said that they live, and what the carrier last said of our account.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from config.database import insert_or_update
from joint_defense.models import AccountCheck, Heartbeat

SILENT_FOR = timedelta(seconds=10)
"""An owner elsewhere whose heartbeat is older than this is taken for dead."""
FORGET_AFTER = timedelta(days=1)


def machine() -> str:
    """This machine, as owners name it. The boot id tells apart two containers that share a host name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        boot = "0"
    return f"{socket.gethostname()[:30]}-{boot}"


class Owner:
    """This process's claim to life: the lock is held from here to `close`, or to the process's death."""

    def __init__(self, directory: Path, role: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.role = role
        self.name = f"{machine()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._path = directory / _file_name(self.name)
        self._file = self._path.open("w", encoding="ascii")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Let go: whatever is still claimed under this name is given back by the next sweep."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def alive(session: Session, directory: Path, owner: str, now: datetime) -> bool:
    """Whether the process that goes by this name still lives."""
    if owner.rsplit(":", 2)[0] != machine():
        at = session.scalar(select(Heartbeat.at).where(Heartbeat.name == owner))
        return at is not None and now - at < SILENT_FOR
    path = directory / _file_name(owner)
    try:
        with path.open("r", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    path.unlink(missing_ok=True)
    return False


def beat(session: Session, name: str, role: str, now: datetime) -> None:
    """Say that the process called `name` lives."""
    statement = insert_or_update(session, Heartbeat, keys=("name",), update=("at",))
    session.execute(statement, [{"name": name, "role": role, "at": now}])


def senders(session: Session, now: datetime) -> int:
    """How many processes send: the workers, and whichever of web sends by itself. The clock only asks."""
    living = select(func.count()).where(Heartbeat.role != "clock", Heartbeat.at > now - SILENT_FOR)
    return session.scalar(living) or 0


def forget_silent(session: Session, now: datetime) -> None:
    """Drop the heartbeats of processes long gone."""
    session.execute(delete(Heartbeat).where(Heartbeat.at < now - FORGET_AFTER))


def last_beat(session: Session, role: str) -> datetime | None:
    """When a process of this role last said that it lives."""
    return session.scalar(select(Heartbeat.at).where(Heartbeat.role == role).order_by(Heartbeat.at.desc()).limit(1))


def _file_name(owner: str) -> str:
    return owner.replace("/", "_").replace(":", "_") + ".lock"


SILENT_AFTER = timedelta(seconds=30)
"""A worker or clock that has said nothing for so long is taken for dead."""
ROLES = ("worker", "clock")
WELL = "ok"
ASK_ACCOUNT_EVERY = timedelta(seconds=60)
ASK_ILL_ACCOUNT_EVERY = timedelta(seconds=5)
ACCOUNT_KNOWN_FOR = timedelta(minutes=3)
"""A carrier's word older than this says nothing of now: whoever asks (the worker) has stopped."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """`ages`: how long each role has been silent, None for never seen. `account`: ok, unknown, or what is wrong."""

    ages: dict[str, timedelta | None]
    account: str

    def word(self, role: str) -> str:
        """Ok or silent."""
        age = self.ages[role]
        return WELL if age is not None and age <= SILENT_AFTER else "silent"


def read_vitals(session: Session, account: str, now: datetime) -> Vitals:
    """All of them, for the account with this id."""
    beats = {role: last_beat(session, role) for role in ROLES}
    check = session.get(AccountCheck, account)
    fresh = check is not None and now - check.at <= ACCOUNT_KNOWN_FOR
    return Vitals(
        ages={role: None if at is None else max(now - at, timedelta(0)) for role, at in beats.items()},
        account=check.word if check is not None and fresh else "unknown",
    )


def account_is_due(session: Session, account: str, now: datetime) -> bool:
    """Whether the carrier is to be asked again: every minute, and soon after a bad word."""
    check = session.get(AccountCheck, account)
    if check is None:
        return True
    return now - check.at >= (ASK_ACCOUNT_EVERY if check.word == WELL else ASK_ILL_ACCOUNT_EVERY)


def note_account(session: Session, account: str, word: str, now: datetime) -> None:
    """Write down what the carrier said."""
    statement = insert_or_update(session, AccountCheck, keys=("account",), update=("word", "at"))
    session.execute(statement, [{"account": account, "word": word[:32], "at": now}])
