"""The table of when whom is called besides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint, text
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
