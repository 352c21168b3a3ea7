"""What comes in from outside: calls and messages, and the numbers whose alarms are stopped for a time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from joint_defense.models import incidents  # noqa: F401 - the table that these point to


class InboundKind(StrEnum):
    """What a call or message from outside turned out to be."""

    MENU = "menu"
    ALARM = "alarm"
    WORDLESS = "wordless"
    ANSWER = "answer"
    FLOOD = "flood"
    TOLD = "told"
    """Words about an alarm that conclude nothing: they are passed on."""
    MACHINE = "machine"
    """No person wrote it."""
    HELP = "help"
    STRANGER = "stranger"
    MUTED = "muted"
    """An alarm of a number that an operator has muted."""
    TEST = "test"
    """A villager has asked for a test of the own phone."""


class InboundEvent(Base):
    """A call or message that came in. `carrier_key` makes a repeated webhook a no-op with the same answer."""

    __tablename__ = "inbound_events"
    __table_args__ = (Index("ix_inbound_events_number_received_at", "number", "received_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    carrier_key: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[InboundKind] = mapped_column(store_as_value(InboundKind))
    number: Mapped[str] = mapped_column(String(255))
    household_id: Mapped[int | None] = mapped_column(BigId)
    responder_id: Mapped[int | None] = mapped_column(BigId)
    text: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))
    answer: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Mute(Base):
    """New alarms of a number are stopped until then, by whom and why; or until somebody lifted it."""

    __tablename__ = "mutes"
    __table_args__ = (Index("ix_mutes_number_until", "number", "until"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(16))
    household_name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    muted_at: Mapped[datetime]
    muted_by: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
