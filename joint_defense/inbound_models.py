"""The table of what comes in from outside: calls and messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, stored_as_value


class InboundKind(StrEnum):
    """What a call or message from outside turned out to be."""

    MENU = "menu"
    ALARM = "alarm"
    WORDLESS = "wordless"
    ANSWER = "answer"
    FLOOD = "flood"
    HELP = "help"
    STRANGER = "stranger"


class InboundEvent(Base):
    """A call or message that came in. `carrier_key` makes a repeated webhook a no-op with the same answer."""

    __tablename__ = "inbound_events"
    __table_args__ = (Index("ix_inbound_events_number_received_at", "number", "received_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    carrier_key: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[InboundKind] = mapped_column(stored_as_value(InboundKind))
    number: Mapped[str] = mapped_column(String(32))
    household_id: Mapped[int | None] = mapped_column(BigId)
    text: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))
    answer: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
