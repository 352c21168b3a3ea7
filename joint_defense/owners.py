"""Who holds a claim, and whether that process still lives.

An owner is a file with a lock on it. The kernel frees the lock at the very moment the process dies, `kill -9`
included, so nobody waits for a lease; an owner on another machine is judged by its heartbeat in the database.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from config.database import insert_or_update
from joint_defense.health_models import Heartbeat

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
