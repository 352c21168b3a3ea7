"""What villages and the town have chosen: when whom is called besides, and who is told at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId


class EscalationPolicy(Base):
    """A version of when whom is called besides (升级预案): a village's, or without a village the town's.

    Versions count from 1 and stay; the newest is in force for incidents that open from then on. `policy` is
    `rules.escalation.Policy` as JSON; NULL: the village follows the town, the town what is built in.
    """

    __tablename__ = "escalation_policies"
    __table_args__ = (
        UniqueConstraint("village_id", "version"),
        # To a constraint no empty village is like another: the town's versions have an index of their own.
        Index(
            "uq_escalation_policies_version_of_town",
            "version",
            unique=True,
            sqlite_where=text("village_id IS NULL"),
            postgresql_where=text("village_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int | None] = mapped_column(BigId)
    version: Mapped[int]
    policy: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))


class OverseerChoice(Base):
    """Which overseers are told at once when an incident opens: a village's choice, or without a village the town's.

    Rows stay; the newest of a village is in force. `kinds` are values of `rules.overseers.OverseerKind`; NULL: the
    village follows the town, the town what is built in.
    """

    __tablename__ = "overseer_choices"
    __table_args__ = (Index("ix_overseer_choices_village_id_id", "village_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    village_id: Mapped[int | None] = mapped_column(BigId)
    kinds: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
