"""Who lives: our processes by their heartbeats; and the carrier's accounts and numbers as they were seen last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class AccountCheck(Base):
    """What the carrier said when it was last asked for something that only a working account is answered."""

    __tablename__ = "account_checks"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    word: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class NumberCheck(Base):
    """A number of ours (or whatever texts go out from) that the carrier said is not its account's: with which code, and
    when. It stands here until something leaves from there again, or a sender starts anew.
    """

    __tablename__ = "number_checks"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    sender: Mapped[str] = mapped_column(String(40), primary_key=True)
    word: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class Heartbeat(Base):
    """When a process last said that it lives, by the database's clock, and what its place keeps in its spool."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    # None: it has ended as it was told to, or said so to the release before this one.
    started_at: Mapped[datetime | None]
    spooled: Mapped[int] = mapped_column(default=0, server_default="0")
    set_aside: Mapped[int] = mapped_column(default=0, server_default="0")
