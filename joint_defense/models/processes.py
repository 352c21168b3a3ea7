"""Who lives: our processes by their heartbeats; and the carrier's accounts and numbers as they were seen last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from joint_defense.models import incidents  # noqa: F401 - the table that one of these points to
from joint_defense.rules.upkeep.service_alerts import AlertKind


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


class ServiceAlert(Base):
    """Something that is not well with the service itself, and who was told (系统提醒).

    `incident_id` carries its calls and texts. `told` counts whose turn it was; the next one is told at `next_at`
    (None: nobody is to be, any more).
    """

    __tablename__ = "service_alerts"
    __table_args__ = (
        Index(
            "uq_service_alerts_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_service_alerts_incident_id", "incident_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[AlertKind] = mapped_column(store_as_value(AlertKind))
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    told: Mapped[int] = mapped_column(default=0, server_default="0")
    next_at: Mapped[datetime | None]
    taken_on_at: Mapped[datetime | None]
    taken_on_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))


class QuietSpan(Base):
    """Maintenance: nobody is told of the service in this time."""

    __tablename__ = "quiet_spans"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[str] = mapped_column(String(80))
