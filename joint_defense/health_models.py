"""Who lives: the processes of ours by their heartbeats, and the carrier's account as it was seen last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class AccountCheck(Base):
    """What the carrier said when it was last asked for something that only a working account is answered."""

    __tablename__ = "account_checks"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    word: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class Heartbeat(Base):
    """When a process last said that it lives, by the database's clock."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
